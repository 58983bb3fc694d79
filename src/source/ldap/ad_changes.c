/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/ad_changes.h"

#include "roster/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No object has it: the answer is empty, and says how far the server is. */
static const char nobody[] = "(objectGUID=\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00)";

enum { GUID_SIZE = 16, GUID_HEX = 32 };

const char *ad_way_name(enum ad_way way)
{
	return way == AD_DIRSYNC ? "dirsync" : "usn";
}

/* --- the list ------------------------------------------------------------------------------------------------------------ */

static int take_change(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct ad_changes *changes = context;
	const struct ldap_attribute *guid = ldap_entry_attribute(entry, "objectGUID"),
				    *deleted = ldap_entry_attribute(entry, "isDeleted");

	if (!guid || guid->values[0].size != GUID_SIZE)
		return error_set(err, ERR_PROTOCOL, "the server says that %s changed, and not who that is", entry->dn);
	if (changes->count == changes->room) {
		changes->room = changes->room ? 2 * changes->room : 64;
		changes->items = xrealloc(changes->items, changes->room, sizeof(*changes->items));
	}
	struct ad_change *change = &changes->items[changes->count++];
	memcpy(change->guid.bytes, guid->values[0].data, GUID_SIZE);
	change->deleted = deleted && text_equal_fold(deleted->values[0].data, "TRUE");
	return 0;
}

/* Who is deleted stays so. */
static int compare(const void *a, const void *b)
{
	const struct ad_change *left = a, *right = b;
	int order = memcmp(left->guid.bytes, right->guid.bytes, GUID_SIZE);

	return order ? order : (int)right->deleted - (int)left->deleted;
}

static void keep_each_once(struct ad_changes *changes)
{
	size_t kept = 0;

	if (changes->count > 0)
		qsort(changes->items, changes->count, sizeof(*changes->items), compare);
	for (size_t i = 0; i < changes->count; i++)
		if (i == 0 || memcmp(changes->items[i].guid.bytes, changes->items[i - 1].guid.bytes, GUID_SIZE) != 0)
			changes->items[kept++] = changes->items[i];
	changes->count = kept;
}

void ad_changes_free(struct ad_changes *changes)
{
	free(changes->items);
	*changes = (struct ad_changes){0};
}

/* --- searches ------------------------------------------------------------------------------------------------------------ */

static bool passes_over(void *context, const char *dn)
{
	(void)context;
	(void)dn;
	return true; /* of the naming context itself everything comes */
}

static int search(const struct ldap_connection *connection, struct ldap_search *search, struct ldap_outcome *outcome,
		  struct error *err)
{
	int status = ldap_connection_search((struct ldap_connection *)connection, search, outcome, err);
	if (!status && !outcome->complete)
		return error_set(err, ERR_PROTOCOL, "%s", outcome->reason);
	return status;
}

/* The server answered, and we do not like what it said: another question is of use. */
static bool is_answer(const struct error *err)
{
	return err->class == ERR_DENIED || err->class == ERR_CONFIG || err->class == ERR_PROTOCOL;
}

/* --- DirSync ------------------------------------------------------------------------------------------------------------- */

/* All that any of our searches asks for: what changes besides is nothing to us. name: the RDN. */
static const char **attributes_of(const struct ldap_source *source, struct arena *arena)
{
	static const char *const ours[] = {"objectGUID", "isDeleted", "name", "objectClass"};
	size_t count = sizeof(ours) / sizeof(*ours), used = 0;

	for (size_t i = 0; i < source->scope_count; i++)
		count += source->scopes[i].count;
	const char **names = arena_alloc_array(arena, count + 1, sizeof(*names));
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		names[used++] = ours[i];
	for (size_t i = 0; i < source->scope_count; i++)
		for (size_t k = 0; k < source->scopes[i].count; k++)
			names[used++] = source->scopes[i].attributes[k];
	return names;
}

static int read_dirsync(struct ldap_source *source, struct ldap_connection *connection, const char *filter,
			struct str *cookie, struct ad_changes *ret, struct error *err)
{
	struct arena *arena = arena_new();
	struct ldap_dirsync dirsync = {.flags = DIRSYNC_OBJECT_SECURITY | DIRSYNC_INCREMENTAL_VALUES};
	struct ldap_outcome outcome;
	struct ldap_search question = {.base = source->suffix,
				       .scope = SCOPE_SUBTREE,
				       .filter = filter,
				       .attributes = attributes_of(source, arena),
				       .dirsync = &dirsync,
				       .entry = take_change,
				       .passes_over = passes_over,
				       .context = ret};

	str_append(&dirsync.cookie, str_text(cookie), cookie->size);
	int status = search(connection, &question, &outcome, err);
	if (!status) {
		str_clear(cookie);
		str_append(cookie, str_text(&dirsync.cookie), dirsync.cookie.size);
	}
	str_free(&dirsync.cookie);
	arena_free(&arena);
	return status;
}

/* --- USN ----------------------------------------------------------------------------------------------------------------- */

/* The numbers of a domain controller mean something to it alone, and only until it is restored: then it has another
 * invocationId (MS-ADTS section 3.1.1.1.9). */
struct place_in_time {
	char invocation[GUID_HEX + 1], highest[24];
	char service[512];
};

static int take_place(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct place_in_time *place = context;
	const struct ldap_attribute *highest = ldap_entry_attribute(entry, "highestCommittedUSN"),
				    *service = ldap_entry_attribute(entry, "dsServiceName"),
				    *invocation = ldap_entry_attribute(entry, "invocationId");

	(void)err;
	if (highest)
		snprintf(place->highest, sizeof(place->highest), "%s", highest->values[0].data);
	if (service)
		snprintf(place->service, sizeof(place->service), "%s", service->values[0].data);
	for (size_t i = 0; invocation && i < invocation->values[0].size && i < GUID_SIZE; i++)
		snprintf(place->invocation + 2 * i, 3, "%02x", (unsigned char)invocation->values[0].data[i]);
	return 0;
}

static int read_place(struct ldap_connection *connection, struct place_in_time *ret, struct error *err)
{
	static const char *root[] = {"highestCommittedUSN", "dsServiceName", NULL},
			  *settings[] = {"invocationId", NULL};
	struct ldap_outcome outcome;
	struct ldap_search question = {.base = "",
				       .scope = SCOPE_BASE,
				       .filter = "(objectClass=*)",
				       .attributes = root,
				       .entry = take_place,
				       .context = ret};

	*ret = (struct place_in_time){0};
	if (ldap_connection_search(connection, &question, &outcome, err))
		return -1;
	question.base = ret->service;
	question.attributes = settings;
	if (!*ret->service || ldap_connection_search(connection, &question, &outcome, err))
		return -1;
	return *ret->invocation && *ret->highest
		   ? 0
		   : error_set(err, ERR_DENIED, "the server does not tell the number of its last update, or who it is");
}

static int read_usn(struct ldap_source *source, struct ldap_connection *connection, struct str *cookie,
		    struct ad_changes *ret, struct error *err)
{
	static const char *attributes[] = {"objectGUID", "isDeleted", NULL};
	struct place_in_time now;
	struct ldap_outcome outcome;
	char invocation[GUID_HEX + 1] = "", filter[64];
	uint64_t usn = 0;

	if (read_place(connection, &now, err))
		return -1;
	if (sscanf(str_text(cookie), "%32[0-9a-f] %" SCNu64, invocation, &usn) != 2 ||
	    strcmp(invocation, now.invocation) != 0)
		return error_set(err, ERR_PROTOCOL, "it is another domain controller, or one that was restored");
	if (strtoull(now.highest, NULL, 10) < usn)
		return error_set(err, ERR_PROTOCOL, "its updates were set back");
	snprintf(filter, sizeof(filter), "(uSNChanged>=%" PRIu64 ")", usn + 1);
	struct ldap_search question = {.base = source->suffix,
				       .scope = SCOPE_SUBTREE,
				       .filter = filter,
				       .attributes = attributes,
				       .page_size = source->config->server.page_size,
				       .show_deleted = true,
				       .entry = take_change,
				       .passes_over = passes_over,
				       .context = ret};
	if (search(connection, &question, &outcome, err))
		return -1;
	str_clear(cookie);
	str_printf(cookie, "%s %s", now.invocation, now.highest);
	return 0;
}

/* --- both ---------------------------------------------------------------------------------------------------------------- */

int ad_changes_now(struct ldap_source *source, struct ldap_connection *connection, enum ad_way way, struct str *cookie,
		   struct error *err)
{
	struct ad_changes none = {0};
	struct place_in_time now;
	int status;

	str_clear(cookie);
	if (way == AD_DIRSYNC) {
		status = read_dirsync(source, connection, nobody, cookie, &none, err);
		ad_changes_free(&none);
	} else {
		status = read_place(connection, &now, err);
		if (!status)
			str_printf(cookie, "%s %s", now.invocation, now.highest);
	}
	return status == 0 ? AD_GOOD : is_answer(err) ? AD_REFUSED : -1;
}

int ad_changes_since(struct ldap_source *source, struct ldap_connection *connection, enum ad_way way,
		     struct str *cookie, struct ad_changes *ret, struct error *err)
{
	int status = way == AD_DIRSYNC ? read_dirsync(source, connection, "(objectClass=*)", cookie, ret, err)
				       : read_usn(source, connection, cookie, ret, err);

	keep_each_once(ret);
	return status == 0 ? AD_GOOD : is_answer(err) ? AD_INVALID : -1;
}
