/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/filter.h"
#include "directory/prepare.h"

#include <string.h>

/* Deeper than anybody writes, and shallow enough for any stack. */
enum { DEPTH_LIMIT = 64 };

struct parser {
	const char *text, *at;
	struct arena *arena;
	struct error *err;
	unsigned depth;
	bool for_server; /* it compares in ways of its own */
};

static int fail(const struct parser *parser, const char *at, const char *what)
{
	return error_set(parser->err, ERR_CONFIG, "filter \"%s\", column %zu: %s", parser->text,
			 (size_t)(at - parser->text) + 1, what);
}

/* RFC 4515 knows no white space between its parts; people break long filters over lines all the same. */
static void skip_white(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t\r\n");
}

static int expect(struct parser *parser, char c, const char *what)
{
	if (*parser->at != c)
		return fail(parser, parser->at, what);
	parser->at++;
	return 0;
}

static struct filter *new_filter(const struct parser *parser, enum filter_kind kind)
{
	struct filter *filter = arena_alloc(parser->arena, sizeof(*filter));

	filter->kind = kind;
	return filter;
}

/* --- attribute descriptions (RFC 4512 section 2.5) and values ------------------------------------------------------ */

static bool is_name_character(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ';' || c == '_';
}

static int parse_attribute(struct parser *parser, struct filter *filter)
{
	const char *start = parser->at;

	while (is_name_character(*parser->at))
		parser->at++;
	if (parser->at == start || *start == ';' || *start == '-' || *start == '.')
		return fail(parser, start, "an attribute name is missing");
	filter->attribute = arena_strndup(parser->arena, start, (size_t)(parser->at - start));
	filter->syntax = syntax_of(filter->attribute);
	return 0;
}

/* ":dn:2.4.6.8.10:=" or "~=". */
static int parse_foreign_operator(struct parser *parser, struct filter *filter)
{
	filter->kind = FILTER_FOREIGN;
	filter->syntax = SYNTAX_EXACT;
	if (*parser->at == '~') {
		parser->at++;
		return expect(parser, '=', "expected ~=");
	}
	while (*parser->at == ':' && parser->at[1] != '=') {
		parser->at++;
		while (is_name_character(*parser->at))
			parser->at++;
	}
	if (expect(parser, ':', "expected := behind the matching rule") < 0)
		return -1;
	return expect(parser, '=', "expected := behind the matching rule");
}

static int parse_operator(struct parser *parser, struct filter *filter)
{
	const char *at = parser->at;

	if (parser->for_server && (*at == '~' || *at == ':'))
		return parse_foreign_operator(parser, filter);
	if (*at == '~')
		return fail(parser, at, "approximate matching (~=) is not supported, use = with * instead");
	if (*at == ':')
		return fail(parser, at, "extensible matching (:=) is not supported");
	filter->kind = *at == '>' ? FILTER_AT_LEAST : *at == '<' ? FILTER_AT_MOST : FILTER_EQUAL;
	if (filter->kind != FILTER_EQUAL)
		parser->at++;
	return expect(parser, '=', "expected =, >= or <= behind the attribute name");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Read literal text up to "*" or ")". */
static int parse_literal(struct parser *parser, struct str *out)
{
	for (; *parser->at != '\0' && strchr("*)", *parser->at) == NULL; parser->at++) {
		if (*parser->at == '(')
			return fail(parser, parser->at, "a ( in a value is written \\28");
		if (*parser->at != '\\') {
			str_add_char(out, *parser->at);
			continue;
		}
		int high = hex_digit(parser->at[1]);
		int low = high < 0 ? -1 : hex_digit(parser->at[2]);

		if (low < 0)
			return fail(parser, parser->at, "a \\ must be followed by two hexadecimal digits");
		str_add_char(out, (char)(high << 4 | low));
		parser->at += 2;
	}
	return 0;
}

static struct value keep(const struct parser *parser, const struct str *str)
{
	return (struct value){.data = arena_strndup(parser->arena, str_text(str), str->size), .size = str->size};
}

/* --- the comparison -------------------------------------------------------------------------------------------------- */

static int prepare_assertion(const struct parser *parser, const char *start, struct filter *filter,
			     const struct str *literal)
{
	static const char *const problems[] = {
	    [SYNTAX_FOLDED] = "the value is not UTF-8",
	    [SYNTAX_INTEGER] = "this attribute is compared with an integer",
	    [SYNTAX_DN] = "this attribute is compared with a DN",
	};
	struct str prepared = {0};
	int result = syntax_prepare(filter->syntax, str_text(literal), literal->size, &prepared);

	filter->prepared = keep(parser, &prepared);
	str_free(&prepared);
	return result < 0 ? fail(parser, start, problems[filter->syntax]) : 0;
}

static int add_piece(const struct parser *parser, const char *start, struct filter *filter, struct piece *piece,
		     const struct str *literal)
{
	unsigned kept = (piece->first ? 0u : PREPARE_KEEP_LEADING) | (piece->last ? 0u : PREPARE_KEEP_TRAILING);
	struct piece **end = &filter->pieces;
	struct str prepared = {0};

	int result = 0;

	if (filter->syntax == SYNTAX_EXACT)
		str_append(&prepared, str_text(literal), literal->size);
	else
		result = prepare_text(str_text(literal), literal->size, kept, &prepared);
	piece->text = keep(parser, &prepared);
	str_free(&prepared);
	if (result < 0)
		return fail(parser, start, "the value is not UTF-8");
	while (*end)
		end = &(*end)->next;
	*end = piece;
	return 0;
}

/* Called at the first "*", with the literal before it. */
static int parse_substrings(struct parser *parser, struct filter *filter, const char *start, struct str *literal)
{
	bool first = true;

	for (;;) {
		bool last = *parser->at != '*';

		if (literal->size > 0) {
			struct piece *piece = arena_alloc(parser->arena, sizeof(*piece));

			piece->first = first;
			piece->last = last;
			if (add_piece(parser, start, filter, piece, literal) < 0)
				return -1;
		}
		if (last)
			break;
		first = false;
		parser->at++;
		str_clear(literal);
		start = parser->at;
		if (parse_literal(parser, literal) < 0)
			return -1;
	}
	filter->kind = filter->pieces ? FILTER_SUBSTRINGS : FILTER_PRESENT;
	return 0;
}

static int parse_value(struct parser *parser, struct filter *filter, struct str *literal)
{
	const char *start = parser->at;

	if (parse_literal(parser, literal) < 0)
		return -1;
	if (*parser->at == '*' && filter->kind != FILTER_EQUAL)
		return fail(parser, parser->at, "a * is written \\2a behind >=, <=, ~= and :=");
	if (*parser->at == '*') {
		if (parse_substrings(parser, filter, start, literal) < 0)
			return -1;
	} else if (prepare_assertion(parser, start, filter, literal) < 0) {
		return -1;
	}
	if (filter->pieces && (filter->syntax == SYNTAX_INTEGER || filter->syntax == SYNTAX_DN))
		return fail(parser, start, "DNs and integers cannot be compared in part, only as a whole");
	if (filter->syntax == SYNTAX_DN && (filter->kind == FILTER_AT_LEAST || filter->kind == FILTER_AT_MOST))
		return fail(parser, start, "DNs have no order");
	filter->written = arena_strndup(parser->arena, start, (size_t)(parser->at - start));
	return 0;
}

/* From here on the parsers return NULL with parser->err set when it is not a filter. */
static struct filter *parse_leaf(struct parser *parser)
{
	struct filter *filter = new_filter(parser, FILTER_EQUAL);
	struct str literal = {0};
	int result;

	if (parse_attribute(parser, filter) < 0 || parse_operator(parser, filter) < 0)
		return NULL;
	result = parse_value(parser, filter, &literal);
	str_free(&literal);
	return result < 0 ? NULL : filter;
}

/* --- the tree -------------------------------------------------------------------------------------------------------- */

static struct filter *parse_filter(struct parser *parser);

static struct filter *parse_children(struct parser *parser, enum filter_kind kind)
{
	struct filter *filter = new_filter(parser, kind), *last = NULL;

	parser->at++;
	for (skip_white(parser); *parser->at == '('; skip_white(parser)) {
		if (kind == FILTER_NOT && last) {
			fail(parser, parser->at, "! takes one filter only");
			return NULL;
		}
		struct filter *child = parse_filter(parser);

		if (!child)
			return NULL;
		if (last)
			last->next = child;
		else
			filter->children = child;
		last = child;
	}
	if (kind != FILTER_NOT || last)
		return filter;
	fail(parser, parser->at, "expected ( behind !");
	return NULL;
}

static struct filter *parse_inside(struct parser *parser)
{
	switch (*parser->at) {
	case '&':
		return parse_children(parser, FILTER_AND);
	case '|':
		return parse_children(parser, FILTER_OR);
	case '!':
		return parse_children(parser, FILTER_NOT);
	default:
		return parse_leaf(parser);
	}
}

static struct filter *parse_filter(struct parser *parser)
{
	struct filter *filter;

	if (++parser->depth > DEPTH_LIMIT) {
		fail(parser, parser->at, "nested too deeply");
		return NULL;
	}
	if (expect(parser, '(', "expected (") < 0)
		return NULL;
	skip_white(parser);
	filter = parse_inside(parser);
	parser->depth--;
	return filter && expect(parser, ')', "expected )") == 0 ? filter : NULL;
}

static int parse_whole(struct parser *parser, struct filter **ret)
{
	struct filter *filter;

	skip_white(parser);
	filter = parse_filter(parser);
	if (!filter)
		return -1;
	skip_white(parser);
	if (*parser->at != '\0')
		return fail(parser, parser->at, "the filter should end here");
	*ret = filter;
	return 0;
}

int filter_parse(const char *text, struct arena *arena, struct filter **ret, struct error *err)
{
	struct parser parser = {.text = text, .at = text, .arena = arena, .err = err};

	return parse_whole(&parser, ret);
}

int filter_parse_for_server(const char *text, struct arena *arena, struct filter **ret, struct error *err)
{
	struct parser parser = {.text = text, .at = text, .arena = arena, .err = err, .for_server = true};

	return parse_whole(&parser, ret);
}
