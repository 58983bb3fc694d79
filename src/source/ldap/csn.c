/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/csn.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

/* 'd' a digit, 'x' one of a hexadecimal number. */
static const char form[] = "dddddddddddddd.ddddddZ#xxxxxx#xxx#xxxxxx";
enum { SERVER_AT = 30, SERVER_SIZE = 3 };

_Static_assert(sizeof(form) == CSN_SIZE + 1, "the form of a number is as long as a number");

static bool is_csn(const char *text, size_t size)
{
	if (size != CSN_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9', letter = text[i] >= 'a' && text[i] <= 'f';
		if (form[i] == 'd' ? !digit : form[i] == 'x' ? !digit && !letter : text[i] != form[i])
			return false;
	}
	return true;
}

static int compare_servers(const char *a, const char *b)
{
	return memcmp(a + SERVER_AT, b + SERVER_AT, SERVER_SIZE);
}

/* Where that of the same server is, or would be. */
static size_t place_of(const struct csns *csns, const char *csn)
{
	size_t at = 0;

	while (at < csns->count && compare_servers(csns->items[at], csn) < 0)
		at++;
	return at;
}

static bool has_server(const struct csns *csns, size_t at, const char *csn)
{
	return at < csns->count && compare_servers(csns->items[at], csn) == 0;
}

static void make_place(struct csns *csns, size_t at)
{
	if (csns->count == csns->room) {
		csns->room = csns->room ? 2 * csns->room : 4;
		csns->items = xrealloc(csns->items, csns->room, sizeof(*csns->items));
	}
	memmove(csns->items + at + 1, csns->items + at, (csns->count - at) * sizeof(*csns->items));
	memset(csns->items[at], 0, sizeof(*csns->items));
	csns->count++;
}

bool csns_add(struct csns *csns, const char *text, size_t size)
{
	if (!is_csn(text, size))
		return false;
	size_t at = place_of(csns, text);
	if (!has_server(csns, at, text))
		make_place(csns, at);
	if (memcmp(csns->items[at], text, CSN_SIZE) < 0)
		memcpy(csns->items[at], text, CSN_SIZE);
	return true;
}

static bool add_list(struct csns *csns, const char *list, const char *end)
{
	while (list < end) {
		const char *next = memchr(list, ';', (size_t)(end - list));
		if (!next)
			next = end;
		if (!csns_add(csns, list, (size_t)(next - list)))
			return false;
		list = next + 1;
	}
	return true;
}

bool csns_add_cookie(struct csns *csns, const char *cookie, size_t size)
{
	static const char field[] = "csn=";
	const char *end = cookie + size;
	bool found = false;

	while (cookie < end) {
		const char *next = memchr(cookie, ',', (size_t)(end - cookie));
		if (!next)
			next = end;
		bool is_list = (size_t)(next - cookie) > strlen(field) && memcmp(cookie, field, strlen(field)) == 0;
		if (is_list && !add_list(csns, cookie + strlen(field), next))
			return false;
		found = found || is_list;
		cookie = next + 1;
	}
	return found;
}

const char *csns_missing(const struct csns *csns, const struct csns *held)
{
	for (size_t i = 0; i < held->count; i++) {
		size_t at = place_of(csns, held->items[i]);
		if (!has_server(csns, at, held->items[i]) || memcmp(csns->items[at], held->items[i], CSN_SIZE) < 0)
			return held->items[i];
	}
	return NULL;
}

void csns_write_cookie(const struct csns *csns, struct str *ret)
{
	for (size_t i = 0; i < csns->count; i++)
		str_printf(ret, "%s%s", i == 0 ? "rid=000,csn=" : ";", csns->items[i]);
}

void csns_free(struct csns *csns)
{
	free(csns->items);
	*csns = (struct csns){0};
}

void csn_renew_cookie(struct str *kept, const char *newer, size_t size)
{
	struct csns csns = {0};
	bool readable = csns_add_cookie(&csns, newer, size);

	if (readable)
		csns_add_cookie(&csns, str_text(kept), kept->size);
	str_clear(kept);
	if (readable)
		csns_write_cookie(&csns, kept);
	else
		str_append(kept, newer, size);
	csns_free(&csns);
}
