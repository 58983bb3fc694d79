/* SPDX-License-Identifier: Apache-2.0 */
#include "config/document.h"
#include "config/keys.h"

#include <ctype.h>
#include <string.h>

#define MASK "********"

/* Walks the text byte by byte, blind to the grammar: a masked line must be safe even when the file is broken. */
struct walk {
	const char *at, *end;
	struct str *out;
	bool quoted; /* inside a string, as far as this line tells */
};

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool contains_fold(const char *word, const char *part)
{
	return strcasestr(word, part) != NULL;
}

/* A misspelt name of a secret counts too. */
static bool is_secretive(const char *word)
{
	static const char *const parts[] = {"pass", "secret", "token", "pwd"};
	size_t count;
	const struct key *keys = keys_all(&count);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (contains_fold(word, parts[i]))
			return true;
	for (size_t i = 0; i < count; i++) {
		const char *leaf = key_leaf(&keys[i]);
		if (keys[i].kind == KEY_SECRET && text_nearest(word, &leaf, 1))
			return true;
		/* Too short to look for what is near it: "site" is near "sign". Its keys are known by their form, see
		 * is_signing_key(). */
		if (keys[i].kind == KEY_SECRETS && strncasecmp(word, leaf, strlen(leaf)) == 0)
			return true;
	}
	return false;
}

/* A key to sign with, wherever it stands. */
static bool is_signing_key(const char *word)
{
	return contains_fold(word, "whsec_");
}

static void copy_space(struct walk *walk)
{
	while (walk->at < walk->end && isspace((unsigned char)*walk->at))
		str_add_char(walk->out, *walk->at++);
}

static bool starts(const struct walk *walk, const char *text)
{
	size_t size = strlen(text);
	return (size_t)(walk->end - walk->at) >= size && memcmp(walk->at, text, size) == 0;
}

static void skip_quoted(struct walk *walk, char quote)
{
	while (walk->at < walk->end && *walk->at != quote && *walk->at != '\n')
		walk->at += *walk->at == '\\' && walk->at + 1 < walk->end && walk->at[1] != '\n' ? 2 : 1;
}

/* One quoted piece; its end may be missing. */
static void mask_quoted(struct walk *walk, char quote)
{
	str_add_char(walk->out, *walk->at++);
	const char *start = walk->at;
	bool reference = starts(walk, "credential:") || starts(walk, "file:");
	skip_quoted(walk, quote);
	if (reference)
		str_append(walk->out, start, (size_t)(walk->at - start));
	else
		str_add(walk->out, MASK);
	if (walk->at < walk->end && *walk->at == quote)
		str_add_char(walk->out, *walk->at++);
}

/* A value without quotes; what may be a comment goes with it, to the end of the line. */
static void mask_bare(struct walk *walk)
{
	const char *start = walk->at;
	bool comment = walk->at < walk->end && (*walk->at == '#' || *walk->at == '/');

	while (walk->at < walk->end && *walk->at != '\n' &&
	       (comment || (!isspace((unsigned char)*walk->at) && !strchr(";,{[(}])\"", *walk->at))))
		walk->at++;
	if (walk->at > start)
		str_add(walk->out, MASK);
}

/* A group or list, which no secret is: whatever stands in it, to the closing bracket. */
static void mask_bracketed(struct walk *walk)
{
	int depth = 0;

	do {
		const char *start = walk->at;
		copy_space(walk);
		if (walk->at < walk->end && (*walk->at == '"' || *walk->at == '\''))
			mask_quoted(walk, *walk->at);
		else
			mask_bare(walk);
		if (walk->at > start || walk->at == walk->end)
			continue;
		depth += strchr("{[(", *walk->at) ? 1 : strchr("}])", *walk->at) ? -1 : 0;
		str_add_char(walk->out, *walk->at++);
	} while (walk->at < walk->end && depth > 0);
}

/* Inside a string, as in a connection string. A quote here may end it or begin another: then the line is not shown. */
static void mask_inner(struct walk *walk)
{
	if (walk->at < walk->end && *walk->at == '\'') {
		mask_quoted(walk, '\'');
	} else if (walk->at < walk->end && *walk->at == '"') {
		walk->at += strcspn(walk->at, "\n");
		str_add(walk->out, MASK);
	} else {
		mask_bare(walk);
	}
}

/* Behind a secretive name: a separator, then one bare value or quoted pieces side by side. */
static void mask_value(struct walk *walk)
{
	copy_space(walk);
	if (walk->at == walk->end || (*walk->at != ':' && *walk->at != '='))
		return;
	str_add_char(walk->out, *walk->at++);
	copy_space(walk);
	if (walk->quoted) {
		mask_inner(walk);
		return;
	}
	if (walk->at < walk->end && strchr("{[(", *walk->at))
		mask_bracketed(walk);
	else if (walk->at < walk->end && *walk->at != '"' && *walk->at != '\'')
		mask_bare(walk);
	copy_space(walk);
	while (walk->at < walk->end && (*walk->at == '"' || *walk->at == '\'')) {
		mask_quoted(walk, *walk->at);
		copy_space(walk);
	}
}

/* Base64, whose characters are those of a name and three more. */
static void mask_signing_key(struct walk *walk)
{
	while (walk->at < walk->end && (is_name_char(*walk->at) || strchr("+/=", *walk->at)))
		walk->at++;
	str_add(walk->out, MASK);
}

static void walk_word(struct walk *walk)
{
	char word[64];
	const char *start = walk->at;

	while (walk->at < walk->end && is_name_char(*walk->at))
		walk->at++;
	size_t size = (size_t)(walk->at - start);
	size_t known = size < sizeof(word) ? size : sizeof(word) - 1;
	memcpy(word, start, known);
	word[known] = '\0';
	if (is_signing_key(word)) {
		mask_signing_key(walk);
		return;
	}
	str_append(walk->out, start, size);
	if (is_secretive(word))
		mask_value(walk);
}

/* The password in scheme://user:password@host. */
static void walk_authority(struct walk *walk)
{
	str_append(walk->out, walk->at, 3);
	walk->at += 3;
	const char *start = walk->at, *colon = NULL, *host = NULL;

	for (const char *at = start; at < walk->end && !isspace((unsigned char)*at) && *at != '"'; at++) {
		colon = *at == ':' && !colon ? at : colon;
		host = *at == '@' ? at : host;
	}
	if (!host || !colon || colon > host)
		return;
	str_append(walk->out, start, (size_t)(colon - start) + 1);
	str_add(walk->out, MASK);
	walk->at = host;
}

static void walk_char(struct walk *walk)
{
	char c = *walk->at++;

	str_add_char(walk->out, c);
	if (c == '"')
		walk->quoted = !walk->quoted;
	else if (c == '\n')
		walk->quoted = false;
	else if (c == '\\' && walk->quoted && walk->at < walk->end && *walk->at != '\n')
		str_add_char(walk->out, *walk->at++);
}

void mask_secrets(const char *text, size_t size, struct str *out)
{
	struct walk walk = {text, text + size, out, false};

	while (walk.at < walk.end) {
		if (is_name_char(*walk.at))
			walk_word(&walk);
		else if (starts(&walk, "://"))
			walk_authority(&walk);
		else
			walk_char(&walk);
	}
}
