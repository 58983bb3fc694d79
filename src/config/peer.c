/* SPDX-License-Identifier: Apache-2.0 */
#include "config/peer.h"

#include "roster/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* --- hosts --------------------------------------------------------------------------------------------------------- */

static bool is_local(const char *host, size_t size)
{
	static const char *const names[] = {"", "localhost", "127.0.0.1", "::1", "[::1]"};

	if (size > 0 && (*host == '/' || *host == '@'))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == size && strncasecmp(names[i], host, size) == 0)
			return true;
	return false;
}

static bool all_local(const char *hosts)
{
	for (;; hosts++) {
		size_t size = strcspn(hosts, ",");
		if (!is_local(hosts, size))
			return false;
		hosts += size;
		if (!*hosts)
			return true;
	}
}

bool conninfo_is_local(const struct conninfo *conninfo)
{
	return all_local(conninfo->host) && all_local(conninfo->hostaddr);
}

bool peer_is_local_url(const char *url)
{
	const char *host = strstr(url, "://");
	if (!host)
		return false;
	host += strlen("://");
	size_t size = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
	return size > 0 && size <= strlen(host) && is_local(host, size);
}

/* --- keyword = value ----------------------------------------------------------------------------------------------- */

static void take(struct conninfo *conninfo, const char *keyword, const char *value)
{
	if (strcmp(keyword, "host") == 0)
		conninfo->host = value;
	else if (strcmp(keyword, "hostaddr") == 0)
		conninfo->hostaddr = value;
	else if (strcmp(keyword, "sslmode") == 0)
		conninfo->sslmode = value;
	else if (strcmp(keyword, "service") == 0)
		conninfo->service = value;
	else if (strcmp(keyword, "user") == 0)
		conninfo->has_user = true;
	else if (strcmp(keyword, "password") == 0)
		conninfo->has_password = true;
}

static const char *skip_space(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* A value, bare or in single quotes, with backslash escapes; gives what is behind it, NULL without closing quote. */
static const char *parse_value(const char *text, struct arena *arena, const char **ret)
{
	struct str value = {0};
	bool quoted = *text == '\'';

	for (text += quoted; *text && (quoted ? *text != '\'' : !isspace((unsigned char)*text)); text++) {
		if (*text == '\\' && text[1])
			text++;
		str_add_char(&value, *text);
	}
	*ret = arena_strdup(arena, str_text(&value));
	str_free(&value);
	if (quoted)
		return *text ? text + 1 : NULL;
	return text;
}

static int parse_keywords(const char *text, struct arena *arena, struct conninfo *ret, struct error *err)
{
	const char *value;

	for (text = skip_space(text); *text; text = skip_space(text)) {
		size_t size = strcspn(text, "= \t\n\r\f\v");
		const char *keyword = arena_strndup(arena, text, size);
		text = skip_space(text + size);
		if (*text != '=' || size == 0)
			return error_set(err, ERR_CONFIG, "a keyword is not followed by = and a value");
		text = parse_value(skip_space(text + 1), arena, &value);
		if (!text)
			return error_set(err, ERR_CONFIG, "a quoted value is not closed");
		take(ret, keyword, value);
	}
	return 0;
}

/* --- postgresql:// ------------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at ? (int)(at - digits) : -1;
}

static const char *percent_decode(const char *text, size_t size, struct arena *arena)
{
	char *out = arena_alloc(arena, size + 1);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		bool escaped =
		    text[i] == '%' && i + 2 < size && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
		out[used++] = escaped ? (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
		i += escaped ? 2 : 0;
	}
	return out;
}

/* "a:5432,[::1],b" without the ports. */
static const char *hosts_only(const char *text, size_t size, struct arena *arena)
{
	struct str hosts = {0};
	const char *end = text + size;

	while (text < end) {
		const char *bracket = *text == '[' ? memchr(text, ']', (size_t)(end - text)) : NULL;
		const char *stop = bracket ? bracket + 1 : text;
		while (stop < end && *stop != ':' && *stop != ',')
			stop++;
		str_append(&hosts, text, (size_t)(stop - text));
		const char *comma = memchr(stop, ',', (size_t)(end - stop));
		if (comma)
			str_add_char(&hosts, ',');
		text = comma ? comma + 1 : end;
	}
	const char *decoded = percent_decode(str_text(&hosts), hosts.size, arena);
	str_free(&hosts);
	return decoded;
}

static void parse_parameters(const char *text, struct arena *arena, struct conninfo *ret)
{
	while (*text) {
		size_t size = strcspn(text, "&");
		const char *equals = memchr(text, '=', size);
		size_t name = equals ? (size_t)(equals - text) : size;
		if (equals)
			take(ret, percent_decode(text, name, arena),
			     percent_decode(equals + 1, size - name - 1, arena));
		text += size + (text[size] == '&');
	}
}

static void parse_uri(const char *text, struct arena *arena, struct conninfo *ret)
{
	size_t size = strcspn(text, "/?");
	const char *at = memchr(text, '@', size);

	if (at) {
		ret->has_user = at > text;
		ret->has_password = memchr(text, ':', (size_t)(at - text)) != NULL;
		size -= (size_t)(at - text) + 1;
		text = at + 1;
	}
	ret->host = hosts_only(text, size, arena);
	text += size;
	text += strcspn(text, "?");
	if (*text == '?')
		parse_parameters(text + 1, arena, ret);
}

int conninfo_parse(const char *text, struct arena *arena, struct conninfo *ret, struct error *err)
{
	*ret = (struct conninfo){.host = "", .hostaddr = "", .sslmode = "", .service = ""};
	if (!text_starts_with(text, "postgresql://") && !text_starts_with(text, "postgres://"))
		return parse_keywords(text, arena, ret, err);
	parse_uri(strstr(text, "://") + strlen("://"), arena, ret);
	return 0;
}
