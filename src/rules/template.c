/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/internal.h"

#include <string.h>

/* Places that are named, and not a way through the tree. */
static const struct prefix {
	const char *text;
	const char *what;
} prefixes[] = {{"app:", "an app"}, {"access-group:", "an access group"}};

/* NULL when it begins with none of them. */
static const struct prefix *find_prefix(const char *place)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (text_starts_with(place, prefixes[i].text))
			return &prefixes[i];
	return NULL;
}

const char *captures_find(const struct captures *captures, const char *name)
{
	size_t count = captures ? regex_capture_count(captures->regex) : 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(regex_capture_name(captures->regex, i), name) == 0)
			return captures->values[i];
	return NULL;
}

/* A whole name of `into`. One that holds a capture is judged when it is filled in. */
static int check_name(const char *name, size_t size, const char *into, struct error *err)
{
	const char *why = name_refusal(name, size);

	if (!why || (size > 0 && memmem(name, size, "${", 2)))
		return 0;
	if (size == 0)
		return error_set(err, ERR_CONFIG, "into \"%s\" has an empty name: drop the spare \"/\", or name it",
				 into);
	return error_set(err, ERR_CONFIG, "into \"%s\": the name \"%.*s\" %s", into, (int)size, name, why);
}

static int check_path(const char *into, struct error *err)
{
	if (strcmp(into, "/") == 0)
		return 0;
	for (const char *name = into; *name == '/';) {
		const char *next = strchrnul(++name, '/');
		if (check_name(name, (size_t)(next - name), into, err) != 0)
			return -1;
		name = next;
	}
	return 0;
}

static int check_named(const char *into, const struct prefix *prefix, struct error *err)
{
	const char *name = into + strlen(prefix->text);

	if (strchr(name, '/'))
		return error_set(err, ERR_CONFIG, "into \"%s\": the name of %s cannot hold a \"/\"", into,
				 prefix->what);
	return check_name(name, strlen(name), into, err);
}

static int check_place(const char *into, struct error *err)
{
	static const char *const platform = "platform";
	const struct prefix *prefix = find_prefix(into);

	if (!text_is_valid(into, strlen(into)))
		return error_set(err, ERR_CONFIG, "into is not UTF-8");
	if (text_has_control(into, strlen(into)))
		return error_set(err, ERR_CONFIG, "into holds a control character");
	if (into[0] == '/')
		return check_path(into, err);
	if (prefix)
		return check_named(into, prefix, err);
	if (strcmp(into, platform) == 0)
		return 0;
	error_set(err, ERR_CONFIG,
		  "into \"%s\" is no place: write \"/group/path\", \"platform\", \"app:NAME\" or "
		  "\"access-group:NAME\"",
		  into);
	if (strchr(into, '/') || !text_nearest(into, &platform, 1))
		return -1;
	return error_hint(err, "did you mean \"%s\"?", platform);
}

/* Cut the piece that starts at *rest; both kinds have at least one byte. */
static int parse_piece(const char **rest, struct arena *arena, struct piece *piece, struct error *err)
{
	const char *start = *rest, *end;

	piece->capture = text_starts_with(start, "${");
	if (!piece->capture) {
		end = strstr(start, "${");
		*rest = end ? end : start + strlen(start);
		piece->text = arena_strndup(arena, start, (size_t)(*rest - start));
		return 0;
	}
	start += 2;
	end = start + strspn(start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	if (end == start || *end != '}')
		return error_set(err, ERR_CONFIG, "into: \"%s\" does not name a capture: write ${name}", *rest);
	piece->text = arena_strndup(arena, start, (size_t)(end - start));
	*rest = end + 1;
	return 0;
}

int template_parse(const char *into, struct arena *arena, struct template *ret, struct error *err)
{
	size_t most = 1;

	if (check_place(into, err) != 0)
		return -1;
	for (const char *at = strstr(into, "${"); at; at = strstr(at + 2, "${"))
		most += 2;
	ret->pieces = arena_alloc_array(arena, most, sizeof(*ret->pieces));
	ret->count = 0;
	ret->path = into[0] == '/';
	for (const char *rest = into; *rest; ret->count++)
		if (parse_piece(&rest, arena, &ret->pieces[ret->count], err) != 0)
			return -1;
	return 0;
}

static const char *refuse(struct arena *arena, const char *what, const char *name, const char *why)
{
	struct str text = {0};
	const char *copy;

	str_printf(&text, "%s ", what);
	quote(name, strlen(name), &text);
	str_printf(&text, " %s", why);
	copy = arena_strndup(arena, text.data, text.size);
	str_free(&text);
	return copy;
}

static bool add_capture(const char *name, const struct captures *captures, struct arena *arena, struct str *out,
			const char **why)
{
	const char *value = captures_find(captures, name);
	const char *refusal = value ? name_refusal(value, strlen(value)) : NULL;
	const char *what = arena_printf(arena, "${%s}", name);

	if (!value)
		*why = arena_printf(arena, "%s took no part in the match", what);
	else if (refusal)
		*why = refuse(arena, what, value, refusal);
	else
		str_add(out, value);
	return value && !refusal;
}

/* Captures and literal text may each be good and only together too long. */
static bool name_is_good(const char *name, size_t size, struct arena *arena, const char **why)
{
	const char *refusal = name_refusal(name, size);

	if (refusal)
		*why = refuse(arena, "the name", arena_strndup(arena, name, size), refusal);
	return !refusal;
}

static bool anchor_is_good(const char *anchor, struct arena *arena, const char **why)
{
	const struct prefix *prefix = find_prefix(anchor);
	bool good = true;

	if (prefix)
		return name_is_good(anchor + strlen(prefix->text), strlen(anchor) - strlen(prefix->text), arena, why);
	if (strcmp(anchor, "/") == 0)
		return true;
	for (const char *name = anchor; good && *name == '/';) {
		const char *next = strchrnul(++name, '/');
		good = name_is_good(name, (size_t)(next - name), arena, why);
		name = next;
	}
	return good;
}

const char *template_expand(const struct template *template, const struct captures *captures, struct arena *arena,
			    const char **why)
{
	struct str text = {0};
	const char *anchor = NULL;

	for (size_t i = 0; i < template->count; i++) {
		const struct piece *piece = &template->pieces[i];
		if (!piece->capture)
			str_add(&text, piece->text);
		else if (!add_capture(piece->text, captures, arena, &text, why))
			goto out;
	}
	anchor = arena_strdup(arena, str_text(&text));
	if (!anchor_is_good(anchor, arena, why))
		anchor = NULL;
out:
	str_free(&text);
	return anchor;
}

const char *anchor_below(const char *anchor, const char *name, struct arena *arena, const char **why)
{
	const char *refusal = name_refusal(name, strlen(name));

	if (refusal) {
		*why = refuse(arena, "the name", name, refusal);
		return NULL;
	}
	return arena_printf(arena, "%s/%s", strcmp(anchor, "/") == 0 ? "" : anchor, name);
}
