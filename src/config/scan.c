/* SPDX-License-Identifier: Apache-2.0 */
#include "config/scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct scanner scan_start(const char *text)
{
	return (struct scanner){text, text, 1};
}

static void new_line(struct scanner *scanner)
{
	scanner->at++;
	scanner->line++;
	scanner->line_start = scanner->at;
}

/* False when the comment does not end. */
static bool skip_long_comment(struct scanner *scanner)
{
	for (scanner->at += 2; *scanner->at;) {
		if (scanner->at[0] == '*' && scanner->at[1] == '/') {
			scanner->at += 2;
			return true;
		}
		if (*scanner->at == '\n')
			new_line(scanner);
		else
			scanner->at++;
	}
	return false;
}

/* Up to the next token; false in a comment that does not end, which then is the token. */
static bool skip_space(struct scanner *scanner)
{
	for (;;) {
		if (*scanner->at == '\n') {
			new_line(scanner);
		} else if (*scanner->at == ' ' || *scanner->at == '\t') {
			scanner->at++;
		} else if (*scanner->at == '#' || strncmp(scanner->at, "//", 2) == 0) {
			scanner->at += strcspn(scanner->at, "\n");
		} else if (strncmp(scanner->at, "/*", 2) == 0) {
			struct scanner start = *scanner;
			if (!skip_long_comment(scanner)) {
				*scanner = start;
				return false;
			}
		} else {
			return true;
		}
	}
}

static size_t string_size(const char *start, enum token_kind *kind)
{
	const char *at = start + 1;

	while (*at && *at != '"' && *at != '\n')
		at += at[0] == '\\' && at[1] && at[1] != '\n' ? 2 : 1;
	*kind = *at == '"' ? TOKEN_STRING : TOKEN_CUT_STRING;
	return (size_t)(at - start) + (*at == '"');
}

static bool is_word_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("_-+.*", c));
}

static size_t digits(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && isdigit((unsigned char)text[count]))
		count++;
	return count;
}

static bool is_suffix(const char *text, size_t size)
{
	return size == 0 || (size == 1 && *text == 'L') || (size == 2 && strncmp(text, "LL", 2) == 0);
}

static bool is_hexadecimal(const char *text, size_t size)
{
	size_t at = 2;

	if (size < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X'))
		return false;
	while (at < size && isxdigit((unsigned char)text[at]))
		at++;
	return at > 2 && is_suffix(text + at, size - at);
}

static enum token_kind number_kind(const char *text, size_t size)
{
	size_t at = *text == '+' || *text == '-';
	size_t whole = digits(text + at, size - at);

	if (is_hexadecimal(text, size))
		return TOKEN_INTEGER;
	at += whole;
	if (whole > 0 && is_suffix(text + at, size - at))
		return TOKEN_INTEGER;
	size_t fraction = 0;
	if (at < size && text[at] == '.') {
		fraction = digits(text + at + 1, size - at - 1);
		at += 1 + fraction;
	}
	if (whole + fraction == 0)
		return TOKEN_WORD;
	if (at < size && (text[at] == 'e' || text[at] == 'E')) {
		at++;
		at += at < size && (text[at] == '+' || text[at] == '-');
		size_t exponent = digits(text + at, size - at);
		if (exponent == 0)
			return TOKEN_WORD;
		at += exponent;
	}
	return at == size ? TOKEN_REAL : TOKEN_WORD;
}

static enum token_kind word_kind(const char *text, size_t size)
{
	if ((size == 4 && strncasecmp(text, "true", 4) == 0) || (size == 5 && strncasecmp(text, "false", 5) == 0))
		return TOKEN_TRUTH;
	if (!isalpha((unsigned char)*text))
		return number_kind(text, size);
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return TOKEN_WORD;
	return TOKEN_NAME;
}

static size_t word_size(const char *text)
{
	size_t size = 0;

	while (is_word_char(text[size]))
		size++;
	return size;
}

static enum token_kind sign_kind(const char *at)
{
	switch (*at) {
	case '\0':
		return TOKEN_END;
	case ':':
	case '=':
		return TOKEN_SEPARATOR;
	case ';':
	case ',':
		return TOKEN_TERMINATOR;
	case '{':
	case '[':
	case '(':
		return TOKEN_OPEN;
	case '}':
	case ']':
	case ')':
		return TOKEN_CLOSE;
	default:
		return strncmp(at, "@include", 8) == 0 ? TOKEN_INCLUDE : TOKEN_STRANGE;
	}
}

/* One UTF-8 character at least, so that it can be shown whole. */
static size_t sign_size(const char *at, enum token_kind kind)
{
	size_t size = kind == TOKEN_INCLUDE ? 8 : kind != TOKEN_END;

	while (kind == TOKEN_STRANGE && ((unsigned char)at[size] & 0xC0) == 0x80)
		size++;
	return size;
}

static void place(const struct scanner *scanner, struct token *token)
{
	const char *at = scanner->line_start;

	for (; *at == ' ' || *at == '\t'; at++)
		token->indent = *at == '\t' ? token->indent / 8 * 8 + 8 : token->indent + 1;
	token->line = scanner->line;
	token->start = scanner->at;
	token->first = at == scanner->at;
}

struct token scan_next(struct scanner *scanner)
{
	struct token token = {0};
	bool whole = skip_space(scanner);

	place(scanner, &token);
	if (!whole) {
		token.kind = TOKEN_CUT_COMMENT;
		token.size = strlen(scanner->at);
	} else if (*scanner->at == '"') {
		token.size = string_size(scanner->at, &token.kind);
	} else if (is_word_char(*scanner->at)) {
		token.size = word_size(scanner->at);
		token.kind = word_kind(scanner->at, token.size);
	} else {
		token.kind = sign_kind(scanner->at);
		token.size = sign_size(scanner->at, token.kind);
	}
	scanner->at += token.size;
	return token;
}
