/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_sync_values.h"

#include <lber.h>
#include <ldap.h>
#include <string.h>

enum { TAG_SET = 0x31 };

/* --- encoding --------------------------------------------------------------------------------------------------------- */

void sync_request_encode(const struct ldap_sync_search *search, struct str *out)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval cookie = {.bv_len = search->cookie.size, .bv_val = (char *)search->cookie.data};
	int mode = search->persist ? LDAP_SYNC_REFRESH_AND_PERSIST : LDAP_SYNC_REFRESH_ONLY;
	struct berval encoded = {0};

	if (!ber)
		die("liblber has no memory");
	int status = ber_printf(ber, "{e", mode);
	if (status >= 0 && search->cookie.size > 0)
		status = ber_printf(ber, "O", &cookie);
	/* RFC 4511 section 5.1: a default value is left out. */
	if (status >= 0 && search->reload_hint)
		status = ber_printf(ber, "b", (ber_int_t)-1);
	if (status >= 0)
		status = ber_printf(ber, "}");
	if (status < 0 || ber_flatten2(ber, &encoded, 0) < 0)
		die("liblber has no memory");
	str_append(out, encoded.bv_val, encoded.bv_len);
	ber_free(ber, 1);
}

/* --- reading elements ------------------------------------------------------------------------------------------------- */

/* A value being read. liblber writes into what it reads and looks one octet beyond: so it gets a copy of its own. */
struct reader {
	BerElement *ber;
	struct arena *arena;
};

static int reader_open(struct reader *reader, const void *data, size_t size, struct arena *arena)
{
	struct berval octets = {.bv_len = size, .bv_val = (char *)data};

	*reader = (struct reader){.arena = arena};
	if (size == 0)
		return -1;
	reader->ber = ber_init(&octets);
	if (!reader->ber)
		die("liblber has no memory");
	return 0;
}

static void reader_close(struct reader *reader)
{
	ber_free(reader->ber, 1);
}

static ber_len_t left(const struct reader *reader)
{
	ber_len_t octets = 0;

	ber_get_option(reader->ber, LBER_OPT_BER_REMAINING_BYTES, &octets);
	return octets;
}

/* Enter a constructed element: *end is what is left behind it. */
static int enter(const struct reader *reader, ber_tag_t tag, ber_len_t *end)
{
	ber_len_t size;

	if (ber_skip_tag(reader->ber, &size) != tag || size > left(reader))
		return -1;
	*end = left(reader) - size;
	return 0;
}

/* The next element before end, whatever it is: 1; 0 when there is none, -1 when it reaches beyond. */
static int take_any(const struct reader *reader, ber_len_t end, ber_tag_t *tag, struct berval *ret)
{
	ber_len_t before = left(reader);

	if (before <= end)
		return before == end ? 0 : -1;
	*tag = ber_skip_element(reader->ber, ret);
	return *tag == LBER_DEFAULT || left(reader) < end ? -1 : 1;
}

/* The next element before end, if it has this tag: 1, 0 or -1. */
static int take(const struct reader *reader, ber_len_t end, ber_tag_t tag, struct berval *ret)
{
	ber_len_t size;
	ber_tag_t found;

	if (left(reader) <= end || ber_peek_tag(reader->ber, &size) != tag)
		return 0;
	return take_any(reader, end, &found, ret);
}

/* What a later version of the protocol puts behind the parts we know is skipped (RFC 4511 section 4). */
static int leave(const struct reader *reader, ber_len_t end)
{
	struct berval content;
	ber_tag_t tag;
	int status;

	while ((status = take_any(reader, end, &tag, &content)) > 0) {
		if (tag == LBER_BOOLEAN || tag == LBER_OCTETSTRING || tag == LBER_ENUMERATED || tag == TAG_SET)
			return -1;
	}
	return status;
}

/* --- the parts of which the values are made --------------------------------------------------------------------------- */

/* ret->data stays NULL when there is none. */
static int take_cookie(const struct reader *reader, ber_len_t end, struct ldap_value *ret)
{
	struct berval content;
	int status = take(reader, end, LBER_OCTETSTRING, &content);

	if (status > 0) {
		ret->data = arena_strndup(reader->arena, content.bv_val, content.bv_len);
		ret->size = content.bv_len;
	}
	return status < 0 ? -1 : 0;
}

static int take_boolean(const struct reader *reader, ber_len_t end, bool *ret)
{
	struct berval content;
	int status = take(reader, end, LBER_BOOLEAN, &content);

	if (status <= 0)
		return status;
	if (content.bv_len != 1)
		return -1;
	/* TRUE is 0xFF on the wire of LDAP and any octet but zero in BER. */
	*ret = content.bv_val[0] != 0;
	return 0;
}

static int take_state(const struct reader *reader, ber_len_t end, enum ldap_sync_state *ret)
{
	static const enum ldap_sync_state states[] = {[LDAP_SYNC_PRESENT] = SYNC_PRESENT,
						      [LDAP_SYNC_ADD] = SYNC_ADD,
						      [LDAP_SYNC_MODIFY] = SYNC_MODIFY,
						      [LDAP_SYNC_DELETE] = SYNC_DELETE};
	struct berval content;

	if (take(reader, end, LBER_ENUMERATED, &content) <= 0 || content.bv_len != 1)
		return -1;
	size_t state = (unsigned char)content.bv_val[0];
	if (state >= sizeof(states) / sizeof(*states))
		return -1;
	*ret = states[state];
	return 0;
}

static int take_uuid(const struct reader *reader, ber_len_t end, struct ldap_uuid *ret)
{
	struct berval content;
	int status = take(reader, end, LBER_OCTETSTRING, &content);

	if (status <= 0)
		return left(reader) == end ? 0 : -1;
	if (content.bv_len != sizeof(ret->bytes))
		return -1;
	memcpy(ret->bytes, content.bv_val, sizeof(ret->bytes));
	return 1;
}

static int take_ids(const struct reader *reader, ber_len_t outer, struct ldap_sync_message *ret)
{
	/* The least that an id takes: tag, size and 16 octets. */
	enum { ID_SIZE = 18 };
	ber_len_t end;
	int status;

	if (left(reader) <= outer || enter(reader, TAG_SET, &end) || end < outer)
		return -1;
	size_t room = (left(reader) - end) / ID_SIZE;
	struct ldap_uuid *ids = arena_alloc_array(reader->arena, room + 1, sizeof(*ids));
	while ((status = take_uuid(reader, end, &ids[ret->id_count])) > 0)
		ret->id_count++;
	ret->ids = ids;
	return status;
}

/* --- the values ------------------------------------------------------------------------------------------------------- */

static int read_state(const struct reader *reader, struct ldap_sync_message *ret)
{
	ber_len_t end;

	if (enter(reader, LBER_SEQUENCE, &end) || end > 0 || take_state(reader, end, &ret->state) ||
	    take_uuid(reader, end, &ret->uuid) <= 0)
		return -1;
	return take_cookie(reader, end, &ret->cookie) || leave(reader, end) ? -1 : 0;
}

static int read_done(const struct reader *reader, struct ldap_sync_message *ret)
{
	ber_len_t end;

	if (enter(reader, LBER_SEQUENCE, &end) || end > 0)
		return -1;
	ret->deletes = false;
	return take_cookie(reader, end, &ret->cookie) || take_boolean(reader, end, &ret->deletes) || leave(reader, end)
		   ? -1
		   : 0;
}

static int read_new_cookie(const struct reader *reader, struct ldap_sync_message *ret)
{
	struct berval content;

	ret->kind = SYNC_COOKIE;
	if (take(reader, 0, LDAP_TAG_SYNC_NEW_COOKIE, &content) <= 0 || left(reader) > 0)
		return -1;
	ret->cookie.data = arena_strndup(reader->arena, content.bv_val, content.bv_len);
	ret->cookie.size = content.bv_len;
	return 0;
}

static int read_phase(const struct reader *reader, ber_tag_t tag, struct ldap_sync_message *ret)
{
	ber_len_t end;

	ret->kind = SYNC_PHASE;
	ret->deletes = tag == LDAP_TAG_SYNC_REFRESH_DELETE;
	ret->refresh_done = true;
	if (enter(reader, tag, &end) || end > 0)
		return -1;
	return take_cookie(reader, end, &ret->cookie) || take_boolean(reader, end, &ret->refresh_done) ||
		       leave(reader, end)
		   ? -1
		   : 0;
}

static int read_id_set(const struct reader *reader, struct ldap_sync_message *ret)
{
	ber_len_t end;

	ret->kind = SYNC_IDS;
	ret->deletes = false;
	if (enter(reader, LDAP_TAG_SYNC_ID_SET, &end) || end > 0)
		return -1;
	if (take_cookie(reader, end, &ret->cookie) || take_boolean(reader, end, &ret->deletes))
		return -1;
	return take_ids(reader, end, ret) || leave(reader, end) ? -1 : 0;
}

static int read_info(const struct reader *reader, struct ldap_sync_message *ret)
{
	ber_len_t size;
	ber_tag_t tag = ber_peek_tag(reader->ber, &size);

	if (tag == LDAP_TAG_SYNC_NEW_COOKIE)
		return read_new_cookie(reader, ret);
	if (tag == LDAP_TAG_SYNC_REFRESH_DELETE || tag == LDAP_TAG_SYNC_REFRESH_PRESENT)
		return read_phase(reader, tag, ret);
	return tag == LDAP_TAG_SYNC_ID_SET ? read_id_set(reader, ret) : -1;
}

static int decode(const void *data, size_t size, struct arena *arena,
		  int (*read)(const struct reader *, struct ldap_sync_message *), struct ldap_sync_message *ret)
{
	struct reader reader;

	if (reader_open(&reader, data, size, arena))
		return -1;
	int status = read(&reader, ret);
	reader_close(&reader);
	return status;
}

int sync_state_decode(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret)
{
	return decode(data, size, arena, read_state, ret);
}

int sync_done_decode(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret)
{
	return decode(data, size, arena, read_done, ret);
}

int sync_info_decode(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret)
{
	return decode(data, size, arena, read_info, ret);
}
