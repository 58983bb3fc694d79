/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"
#include "config/scan.h"
#include "roster/text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, SHOWN_MAX = 40 };

enum state { WANT_NAME, WANT_SEPARATOR, WANT_VALUE, AFTER_VALUE };

/* A name seen in a group that is still open, to find a second one. */
struct name {
	const char *start;
	size_t size;
	int line;
};

/* An open group or list. The bottom frame stands for the file. */
struct frame {
	char opener; /* '\0' at the bottom */
	struct token token;
	struct name of;
	enum state state;
	size_t first_name;
};

struct syntax {
	struct loader *loader;
	struct document *document;
	struct frame frames[DEPTH_MAX + 1];
	size_t depth;
	struct name *names;
	size_t name_count, name_room;
	struct token last;    /* the token before */
	int reported_line;    /* one finding per line: those that follow from it would only confuse */
	size_t reported;      /* its place among the findings */
	bool broken;          /* libconfig would not read it, or read another file */
	bool cut_string;      /* brackets cannot be trusted any more */
	bool too_deep;        /* what follows would be misjudged */
	struct frame suspect; /* the first group whose end is indented unlike its beginning */
	int suspect_end;
	const char *repeat; /* the beginning of a setting that is set already, or NULL */
	size_t repeat_depth;
};

static struct frame *top(struct syntax *syntax)
{
	return &syntax->frames[syntax->depth];
}

static bool in_list(struct syntax *syntax)
{
	return top(syntax)->opener == '[' || top(syntax)->opener == '(';
}

static struct position position_of(const struct syntax *syntax, int line)
{
	return (struct position){syntax->document->file, line};
}

static void report_token(struct syntax *syntax, struct token token, const char *text, const char *hint)
{
	if (token.line == syntax->reported_line)
		return;
	syntax->reported_line = token.line;
	syntax->reported = syntax->loader->findings->count;
	report_error(syntax->loader, position_of(syntax, token.line), hint, "%s", text);
}

static void wrong(struct syntax *syntax, struct token token, const char *text, const char *hint)
{
	syntax->broken = true;
	report_token(syntax, token, text, hint);
}

/* What libconfig reads, though not as it was meant: the others of its settings can be judged. */
static void wrong_value(struct syntax *syntax, struct token token, const char *text, const char *hint)
{
	const struct name *name = &syntax->names[syntax->name_count - 1];

	report_token(syntax, token, text, hint);
	if (syntax->name_count > top(syntax)->first_name)
		report_early(syntax->loader,
			     &(struct reported){syntax->document->file, name->line, name->start, name->size});
}

/* A token as it may be shown: a string could be a secret. */
static const char *shown(struct syntax *syntax, struct token token)
{
	if (token.kind == TOKEN_STRING)
		return "a string";
	if (token.kind == TOKEN_END)
		return "the end of the file";
	if (token.kind == TOKEN_NAME || token.kind == TOKEN_WORD)
		return "a word";
	int size = token.size < SHOWN_MAX ? (int)token.size : SHOWN_MAX;
	return arena_printf(syntax->loader->arena, "\"%.*s\"", size, token.start);
}

static void unexpected(struct syntax *syntax, struct token token, const char *wanted, const char *hint)
{
	wrong(syntax, token,
	      arena_printf(syntax->loader->arena, "found %s where %s should be", shown(syntax, token), wanted), hint);
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static void check_duplicate(struct syntax *syntax, struct token token)
{
	for (size_t i = top(syntax)->first_name; i < syntax->name_count; i++) {
		const struct name *name = &syntax->names[i];
		if (name->size != token.size || memcmp(name->start, token.start, token.size) != 0)
			continue;
		report_error(syntax->loader, position_of(syntax, token.line), "keep one of the two",
			     "\"%.*s\" is already set in line %d", (int)token.size, token.start, name->line);
		if (!syntax->repeat)
			syntax->repeat_depth = syntax->depth;
		syntax->repeat = syntax->repeat ? syntax->repeat : token.start;
		return;
	}
}

/* The token stands behind a value. libconfig reads nothing where a setting is repeated: it gets the first one, so that all
 * the others are judged. */
static void end_repeat(struct syntax *syntax, struct token token)
{
	if (!syntax->repeat || syntax->depth != syntax->repeat_depth || top(syntax)->state != AFTER_VALUE ||
	    token.kind == TOKEN_STRING)
		return;
	document_blank(syntax->document, syntax->repeat, token.start + (token.kind == TOKEN_TERMINATOR));
	syntax->repeat = NULL;
	syntax->loader->partial = true;
}

static void remember_name(struct syntax *syntax, struct token token)
{
	if (syntax->name_count == syntax->name_room) {
		syntax->name_room = syntax->name_room ? 2 * syntax->name_room : 64;
		syntax->names = xrealloc(syntax->names, syntax->name_room, sizeof(*syntax->names));
	}
	syntax->names[syntax->name_count++] = (struct name){token.start, token.size, token.line};
}

/* --- brackets ------------------------------------------------------------------------------------------------------ */

static bool is_value(struct token token)
{
	return token.kind == TOKEN_STRING || token.kind == TOKEN_INTEGER || token.kind == TOKEN_REAL ||
	       token.kind == TOKEN_TRUTH || token.kind == TOKEN_NAME || token.kind == TOKEN_WORD ||
	       token.kind == TOKEN_OPEN;
}

static void open_bracket(struct syntax *syntax, struct token token)
{
	struct name of = {0};

	if (syntax->depth == DEPTH_MAX) {
		wrong(syntax, token, "groups are nested too deeply", NULL);
		syntax->too_deep = true;
		return;
	}
	if (top(syntax)->opener == '[')
		wrong(syntax, token, "a [ ] list holds only plain values", NULL);
	if (!in_list(syntax) && syntax->name_count > top(syntax)->first_name)
		of = syntax->names[syntax->name_count - 1];
	top(syntax)->state = AFTER_VALUE;
	syntax->depth++;
	*top(syntax) = (struct frame){
	    .opener = *token.start,
	    .token = token,
	    .of = of,
	    .state = *token.start == '{' ? WANT_NAME : WANT_VALUE,
	    .first_name = syntax->name_count,
	};
}

static void report_open(struct syntax *syntax, const struct frame *frame, const char *hint)
{
	syntax->broken = true;
	if (syntax->cut_string)
		return;
	if (frame->of.size > 0)
		report_error(syntax->loader, position_of(syntax, frame->token.line), hint,
			     "the \"%c\" of \"%.*s\" is never closed", frame->opener, (int)frame->of.size,
			     frame->of.start);
	else
		report_error(syntax->loader, position_of(syntax, frame->token.line), hint,
			     "this \"%c\" is never closed", frame->opener);
}

static void pop(struct syntax *syntax)
{
	syntax->name_count = top(syntax)->first_name;
	syntax->depth--;
}

static void notice_indent(struct syntax *syntax, struct token token)
{
	const struct frame *frame = top(syntax);

	if (syntax->suspect_end || !token.first || token.line == frame->token.line ||
	    token.indent == frame->token.indent)
		return;
	syntax->suspect = *frame;
	syntax->suspect_end = token.line;
}

static char opener_of(char closer)
{
	return closer == '}' ? '{' : closer == ']' ? '[' : '(';
}

static void close_bracket(struct syntax *syntax, struct token token)
{
	size_t match = syntax->depth;

	while (match > 0 && syntax->frames[match].opener != opener_of(*token.start))
		match--;
	if (match == 0) {
		wrong(syntax, token, arena_printf(syntax->loader->arena, "this \"%c\" closes nothing", *token.start),
		      "remove it, or look for the bracket that closed the group too early");
		return;
	}
	for (; syntax->depth > match; pop(syntax))
		report_open(syntax, top(syntax),
			    arena_printf(syntax->loader->arena, "the \"%c\" in line %d ends what is around it",
					 *token.start, token.line));
	notice_indent(syntax, token);
	pop(syntax);
}

/* At the end of the file. With one bracket missing it is the outermost group that stays open; where ends stop being
 * indented like their beginnings is nearer to the mistake. */
static void report_unclosed(struct syntax *syntax)
{
	if (syntax->depth == 1 && syntax->suspect_end) {
		report_open(syntax, &syntax->suspect,
			    arena_printf(syntax->loader->arena,
					 "the bracket in line %d is indented like the end of another group",
					 syntax->suspect_end));
		return;
	}
	for (size_t i = 1; i <= syntax->depth; i++)
		report_open(syntax, &syntax->frames[i], NULL);
}

/* --- values -------------------------------------------------------------------------------------------------------- */

static void check_integer(struct syntax *syntax, struct token token)
{
	struct arena *arena = syntax->loader->arena;
	const char *text = arena_strndup(arena, token.start, token.size);
	char *rest;

	errno = 0;
	long long number = strtoll(text, &rest, strpbrk(text, "xX") ? 16 : 10);
	if (errno == ERANGE)
		wrong_value(syntax, token, arena_printf(arena, "the number %.*s is too large", SHOWN_MAX, text), NULL);
	else if (*rest == '\0' && (number > INT_MAX || number < INT_MIN))
		wrong_value(syntax, token,
			    arena_printf(arena, "the number %s is too large to be written without a suffix", text),
			    arena_printf(arena, "write %sL", text));
}

/* Escapes that libconfig reads, or will read, as something no regular expression, DN or filter means by them. */
static void check_escapes(struct syntax *syntax, struct token token)
{
	for (size_t i = 1; i + 1 < token.size; i++) {
		if (token.start[i] != '\\')
			continue;
		char c = token.start[++i];
		struct arena *arena = syntax->loader->arena;
		if (c != 'a' && c != 'b' && c != 'f' && c != 'v')
			continue;
		report_warning(syntax->loader, position_of(syntax, token.line),
			       arena_printf(arena, "write \\\\%c for a backslash and the letter %c", c, c),
			       "\\%c in a string %s a control character", c,
			       c == 'f' ? "is" : "becomes, from libconfig 1.8 on,");
		return;
	}
}

/* A word without quotes. */
static void bare_word(struct syntax *syntax, struct token token)
{
	static const char *const truths[] = {"yes", "on", "no", "off"};
	struct arena *arena = syntax->loader->arena;
	const char *word = arena_strndup(arena, token.start, token.size < SHOWN_MAX ? token.size : SHOWN_MAX);

	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		if (!text_equal_fold(word, truths[i]))
			continue;
		wrong(syntax, token, arena_printf(arena, "\"%s\" is no value", word),
		      i < 2 ? "write true" : "write false");
		return;
	}
	wrong(syntax, token, "a text needs quotes", "write it as \"...\"");
}

static void take_value(struct syntax *syntax, struct token token)
{
	if (token.kind == TOKEN_OPEN) {
		open_bracket(syntax, token);
		return;
	}
	top(syntax)->state = AFTER_VALUE;
	if (token.kind == TOKEN_NAME || token.kind == TOKEN_WORD)
		bare_word(syntax, token);
	else if (token.kind == TOKEN_INTEGER)
		check_integer(syntax, token);
	else if (token.kind == TOKEN_STRING)
		check_escapes(syntax, token);
}

/* --- states -------------------------------------------------------------------------------------------------------- */

static const char *last_name(struct syntax *syntax)
{
	const struct name *name = &syntax->names[syntax->name_count - 1];
	return arena_printf(syntax->loader->arena, "\"%.*s\"", (int)name->size, name->start);
}

static void want_name(struct syntax *syntax, struct token token)
{
	if (token.kind == TOKEN_NAME || token.kind == TOKEN_TRUTH || token.kind == TOKEN_WORD) {
		if (token.kind != TOKEN_NAME)
			wrong(syntax, token, "this cannot be a name",
			      "a name begins with a letter and holds only letters, digits, - and _");
		check_duplicate(syntax, token);
		remember_name(syntax, token);
		top(syntax)->state = WANT_SEPARATOR;
	} else if (token.kind == TOKEN_CLOSE) {
		close_bracket(syntax, token);
	} else if (token.kind == TOKEN_TERMINATOR) {
		unexpected(syntax, token, "a name", "remove it: one \";\" ends a setting, and it may be left out");
	} else {
		unexpected(syntax, token, "a name", NULL);
	}
}

static void want_separator(struct syntax *syntax, struct token token)
{
	if (token.kind == TOKEN_SEPARATOR) {
		top(syntax)->state = WANT_VALUE;
		return;
	}
	unexpected(syntax, token, "a \":\"",
		   arena_printf(syntax->loader->arena, "write a \":\" between %s and its value", last_name(syntax)));
	top(syntax)->state = WANT_NAME;
	if (is_value(token))
		take_value(syntax, token);
	else if (token.kind == TOKEN_CLOSE)
		close_bracket(syntax, token);
}

static void want_value(struct syntax *syntax, struct token token)
{
	struct arena *arena = syntax->loader->arena;
	bool comma = in_list(syntax) && syntax->last.kind == TOKEN_TERMINATOR;

	if (is_value(token)) {
		take_value(syntax, token);
	} else if (token.kind == TOKEN_CLOSE) {
		if (comma)
			wrong(syntax, token, arena_printf(arena, "there is a \",\" before the \"%c\"", *token.start),
			      "the last value of a list has no comma behind it");
		else if (!in_list(syntax))
			wrong(syntax, token, arena_printf(arena, "%s has no value", last_name(syntax)), NULL);
		close_bracket(syntax, token);
	} else if (token.kind == TOKEN_TERMINATOR && !in_list(syntax)) {
		wrong(syntax, token, arena_printf(arena, "%s has no value", last_name(syntax)), NULL);
		top(syntax)->state = WANT_NAME;
	} else {
		unexpected(syntax, token, "a value", comma ? "there is one comma too many" : NULL);
	}
}

static void after_list_value(struct syntax *syntax, struct token token)
{
	if (token.kind == TOKEN_CLOSE) {
		close_bracket(syntax, token);
	} else if (token.kind == TOKEN_TERMINATOR) {
		if (*token.start == ';')
			unexpected(syntax, token, "a \",\"", "the values of a list are separated by commas");
		top(syntax)->state = WANT_VALUE;
	} else if (token.kind == TOKEN_SEPARATOR) {
		unexpected(syntax, token, "a \",\"",
			   "a list has values without names; a group of settings is written { }");
		top(syntax)->state = WANT_VALUE;
	} else {
		unexpected(syntax, token, "a \",\"", "there is no comma between two values of this list");
		if (is_value(token))
			take_value(syntax, token);
	}
}

static void after_value(struct syntax *syntax, struct token token)
{
	if (in_list(syntax)) {
		after_list_value(syntax, token);
	} else if (token.kind == TOKEN_TERMINATOR) {
		top(syntax)->state = WANT_NAME;
	} else if (token.kind != TOKEN_STRING || syntax->last.kind != TOKEN_STRING) {
		want_name(syntax, token);
	} else if (token.line == syntax->last.line) {
		wrong_value(syntax, token, "two strings stand side by side",
			    "they would be joined into one: separate what is a list by commas, and settings by \";\"");
	} else {
		check_escapes(syntax, token);
	}
}

/* What was found before on its line was read with quotes the wrong way round: this is the one thing to say. */
static void cut_string(struct syntax *syntax, struct token token)
{
	const char *text = "a string is not closed in its line";
	const char *hint = "add the missing \"; a line break in a string is written \\n";

	if (token.line == syntax->reported_line) {
		syntax->loader->findings->items[syntax->reported].text = text;
		syntax->loader->findings->items[syntax->reported].hint = hint;
	}
	wrong(syntax, token, text, hint);
	syntax->cut_string = true;
	top(syntax)->state = AFTER_VALUE;
}

/* What is wrong wherever it stands; false for a token that the states judge. */
static bool handle_broken(struct syntax *syntax, struct token token)
{
	switch (token.kind) {
	case TOKEN_CUT_STRING:
		cut_string(syntax, token);
		return true;
	case TOKEN_CUT_COMMENT:
		wrong(syntax, token, "this comment is never closed", "end it with */");
		return true;
	case TOKEN_INCLUDE:
		wrong(syntax, token, "@include is not used here",
		      "set include_dir to a directory: every *.conf file there is read");
		return true;
	case TOKEN_STRANGE:
		wrong(syntax, token,
		      arena_printf(syntax->loader->arena, "found %s outside a string", shown(syntax, token)),
		      (unsigned char)*token.start >= 0x80 ? "quotes are written \"...\", and spaces are plain ones"
							  : NULL);
		return true;
	default:
		return false;
	}
}

static void handle(struct syntax *syntax, struct token token)
{
	static void (*const states[])(struct syntax *, struct token) = {
	    [WANT_NAME] = want_name,
	    [WANT_SEPARATOR] = want_separator,
	    [WANT_VALUE] = want_value,
	    [AFTER_VALUE] = after_value,
	};

	end_repeat(syntax, token);
	if (!handle_broken(syntax, token))
		states[top(syntax)->state](syntax, token);
	syntax->last = token;
}

static void handle_end(struct syntax *syntax, struct token token)
{
	enum state state = top(syntax)->state;

	end_repeat(syntax, token);
	if (!in_list(syntax) && (state == WANT_SEPARATOR || state == WANT_VALUE))
		wrong(syntax, token, arena_printf(syntax->loader->arena, "%s has no value", last_name(syntax)), NULL);
	if (!syntax->too_deep)
		report_unclosed(syntax);
}

int syntax_check(struct loader *loader, struct document *document)
{
	struct syntax syntax = {.loader = loader, .document = document};
	struct scanner scanner = scan_start(document->text);
	struct token token;

	while ((token = scan_next(&scanner)).kind != TOKEN_END && !syntax.too_deep)
		handle(&syntax, token);
	handle_end(&syntax, token);
	free(syntax.names);
	return syntax.broken ? -1 : 0;
}
