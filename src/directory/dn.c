/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/dn_type.h"
#include "directory/prepare.h"

#include "roster/directory.h"
#include "roster/dnparse.h"

#include <stdlib.h>
#include <string.h>

/* A canonical DN escapes in hexadecimal only, never with a bare backslash before the character: so every "," in it
 * separates two RDNs, and dn_parent() and dn_is_under() need no parser. */
static bool needs_escape(const char *value, size_t size, size_t i)
{
	unsigned char c = (unsigned char)value[i];

	if (c < 0x20 || c == 0x7F)
		return true;
	if (c == ' ')
		return i == 0 || i == size - 1;
	if (c == '#')
		return i == 0;
	return strchr("\"+,;<>\\", c) != NULL;
}

void dn_escape(const char *value, size_t size, struct str *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		if (!needs_escape(value, size, i)) {
			str_add_char(out, value[i]);
			continue;
		}
		str_add_char(out, '\\');
		str_add_char(out, digits[(unsigned char)value[i] >> 4]);
		str_add_char(out, digits[(unsigned char)value[i] & 15]);
	}
}

/* --- the plain DN, as nearly all are: ASCII, no escapes, no quotes, one AVA per RDN -------------------------------- */

enum { PLAIN_SIZE = 1024 };

static bool is_letter(char lower)
{
	return lower >= 'a' && lower <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && *at == ' ')
		at++;
	return at;
}

/* Both read from *at to the delimiter and return the end of what they wrote to `to`, which is no more than they read, or NULL
 * when it is not plain. */
static char *plain_type(const char **at, const char *end, char *to)
{
	char *start = to;
	const char *from = *at;

	for (; from < end; from++) {
		char c = ascii_lower(*from);

		if (!is_letter(c) && !(to > start && (is_digit(c) || c == '-')))
			break;
		*to++ = c;
	}
	from = skip_spaces(from, end);
	if (to == start || from == end || *from != '=')
		return NULL;
	*at = from + 1;
	const char *other = dn_type_short(start, (size_t)(to - start));
	if (other == NULL)
		return to;
	return strlen(other) <= (size_t)(to - start) ? stpcpy(start, other) : NULL;
}

/* What a character that can be copied becomes; NUL for those that need a second look. */
static char plain_character(char c)
{
	static const char becomes[128] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					 "\0!\0#$%&'()*\0\0-./"
					 "0123456789:\0\0=\0?"
					 "@abcdefghijklmno"
					 "pqrstuvwxyz[\0]^_"
					 "`abcdefghijklmno"
					 "pqrstuvwxyz{|}~\0";

	return (unsigned char)c < sizeof(becomes) ? becomes[(unsigned char)c] : '\0';
}

static char *plain_value(const char **at, const char *end, char *to)
{
	const char *from = skip_spaces(*at, end);

	if (from < end && *from == '#')
		return NULL;
	while (from < end && *from != ',' && *from != ';') {
		char c = plain_character(*from);

		if (c != '\0') {
			*to++ = c;
			from++;
			continue;
		}
		if (*from != ' ')
			return NULL;
		from = skip_spaces(from, end);
		if (from < end && *from != ',' && *from != ';')
			*to++ = ' ';
	}
	*at = from;
	return to;
}

/* The size written to `to`, which has room for size bytes; 0 when this is not a plain DN. */
static size_t plain_canonical(const char *dn, size_t size, char *to)
{
	const char *end = dn + size, *at = dn;
	char *start = to;

	for (;;) {
		at = skip_spaces(at, end);
		to = plain_type(&at, end, to);
		if (!to)
			return 0;
		*to++ = '=';
		to = plain_value(&at, end, to);
		if (!to)
			return 0;
		if (at == end)
			return (size_t)(to - start);
		*to++ = ',';
		at++;
	}
}

/* --- any DN ------------------------------------------------------------------------------------------------------ */

static bool is_text_tag(unsigned char tag)
{
	enum { OCTETS = 0x04, UTF8 = 0x0C, NUMERIC = 0x12, PRINTABLE = 0x13, IA5 = 0x16, VISIBLE = 0x1A };

	return tag == OCTETS || tag == UTF8 || tag == NUMERIC || tag == PRINTABLE || tag == IA5 || tag == VISIBLE;
}

/* The text inside a BER string that is in the one form DER allows; false when it is something else. */
static bool ber_text(const struct dn_ava *ava, struct value *ret)
{
	const unsigned char *ber = (const unsigned char *)ava->value;
	size_t length, header = 2;

	if (ava->value_size < 2 || !is_text_tag(ber[0]))
		return false;
	length = ber[1];
	if (length > 0x80) {
		header += length & 0x7F;
		if (header > 2 + 3 || ava->value_size < header)
			return false;
		length = 0;
		for (size_t i = 2; i < header; i++)
			length = length << 8 | ber[i];
	}
	if (length == 0x80 || ava->value_size != header + length || !text_is_valid(ava->value + header, length))
		return false;
	*ret = (struct value){.data = ava->value + header, .size = length};
	return true;
}

static void add_hex(const struct dn_ava *ava, struct str *out)
{
	str_add_char(out, '#');
	for (size_t i = 0; i < ava->value_size; i++)
		str_printf(out, "%02x", (unsigned char)ava->value[i]);
}

static int add_value(const struct dn_ava *ava, struct str *out, struct error *err)
{
	struct value value = {.data = ava->value, .size = ava->value_size};
	struct str prepared = {0};

	if (ava->hex && !ber_text(ava, &value)) {
		add_hex(ava, out);
		return 0;
	}
	if (prepare_text(value.data, value.size, 0, &prepared) < 0) {
		str_free(&prepared);
		return error_set(err, ERR_DATA, "the value of %.*s in the DN is not UTF-8", (int)ava->type_size,
				 ava->type);
	}
	dn_escape(str_text(&prepared), prepared.size, out);
	str_free(&prepared);
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Append one RDN; its AVAs are sorted by their canonical text. */
static int add_rdn(const struct dn_ava *avas, size_t count, struct str *out, struct error *err)
{
	char **texts = xcalloc(count, sizeof(*texts));
	int result = 0;

	for (size_t i = 0; i < count && result == 0; i++) {
		struct str text = {0};

		dn_type_append(avas[i].type, avas[i].type_size, &text);
		str_add_char(&text, '=');
		result = add_value(&avas[i], &text, err);
		texts[i] = str_take(&text);
	}
	if (result == 0)
		qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			str_add_char(out, '+');
		str_add(out, texts[i] ? texts[i] : "");
		free(texts[i]);
	}
	free(texts);
	return result;
}

static size_t rdn_size(const struct dn_parts *parts, size_t first)
{
	size_t next = first;

	while (next < parts->count && parts->avas[next].rdn == parts->avas[first].rdn)
		next++;
	return next - first;
}

static int any_canonical(const char *dn, size_t size, struct str *out, struct error *err)
{
	size_t start = out->size, count;
	struct dn_parts parts;
	int result = 0;

	if (dnparse(dn, size, &parts, err) < 0)
		return -1;
	for (size_t i = 0; i < parts.count && result == 0; i += count) {
		count = rdn_size(&parts, i);
		if (i > 0)
			str_add_char(out, ',');
		result = add_rdn(parts.avas + i, count, out, err);
	}
	dnparse_free(&parts);
	if (result < 0 && out->data) {
		out->size = start;
		out->data[start] = '\0';
	}
	return result;
}

int dn_canonical(const char *dn, size_t size, struct str *out, struct error *err)
{
	char plain[PLAIN_SIZE];
	size_t written = size <= PLAIN_SIZE ? plain_canonical(dn, size, plain) : 0;

	if (written == 0)
		return any_canonical(dn, size, out, err);
	str_append(out, plain, written);
	return 0;
}

bool dn_equal(const char *a, const char *b)
{
	struct str left = {0}, right = {0};
	bool equal = dn_canonical(a, strlen(a), &left, NULL) == 0 && dn_canonical(b, strlen(b), &right, NULL) == 0 &&
		     strcmp(str_text(&left), str_text(&right)) == 0;

	str_free(&left);
	str_free(&right);
	return equal;
}

const char *dn_parent(const char *canonical)
{
	const char *comma = strchr(canonical, ',');

	return comma ? comma + 1 : canonical + strlen(canonical);
}

bool dn_is_under(const char *canonical, const char *canonical_base)
{
	size_t size = strlen(canonical), base_size = strlen(canonical_base);

	if (base_size == 0)
		return true;
	if (size < base_size || strcmp(canonical + size - base_size, canonical_base) != 0)
		return false;
	return size == base_size || canonical[size - base_size - 1] == ',';
}

int dn_first_value(const char *dn, struct str *out, struct error *err)
{
	struct dn_parts parts;
	struct value value;

	if (dnparse(dn, strlen(dn), &parts, err) < 0)
		return -1;
	if (parts.count == 0) {
		dnparse_free(&parts);
		return error_set(err, ERR_DATA, "the root DN has no value");
	}
	value = (struct value){.data = parts.avas[0].value, .size = parts.avas[0].value_size};
	if (parts.avas[0].hex)
		ber_text(&parts.avas[0], &value);
	str_append(out, value.data, value.size);
	dnparse_free(&parts);
	return 0;
}
