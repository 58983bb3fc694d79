/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/brief.h"

#include "roster/arena.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER_ROOM = 24, FIRST_ROOM = 1024 };

/* --- writing ------------------------------------------------------------------------------------------------------------ */

/* There is one for each change: printf() would take as long as all the rest. */
static void add_number(struct str *out, size_t number, char end)
{
	char digits[NUMBER_ROOM];
	size_t at = sizeof digits;

	digits[--at] = end;
	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	str_append(out, digits + at, sizeof digits - at);
}

static void add_sized(struct str *out, const char *text, size_t size)
{
	add_number(out, size, ':');
	str_append(out, text, size);
}

void brief_add_text(struct brief *brief, const char *text, size_t size)
{
	str_add_char(&brief->text, 't');
	add_sized(&brief->text, text, size);
}

static bool is_at(const struct brief *brief, const struct brief_place *place, const struct piece *piece)
{
	return place->size == piece->size && memcmp(brief->text.data + place->at, piece->text, piece->size) == 0;
}

static struct brief_place add_piece(struct brief *brief, char kind, const struct piece *piece)
{
	str_add_char(&brief->text, kind);
	add_sized(&brief->text, piece->text, piece->size);
	return (struct brief_place){brief->text.size - piece->size, piece->size};
}

/* People of a resource come in the order of what they hold, not of what they may do: the same few take turns. */
static void set_behind(struct brief *brief, const struct piece *piece)
{
	size_t number = 0;

	if (brief->count > 0 && is_at(brief, &brief->behinds[brief->behind], piece))
		return;
	while (number < brief->count && !is_at(brief, &brief->behinds[number], piece))
		number++;
	if (number < brief->count) {
		str_add_char(&brief->text, 'r');
		add_number(&brief->text, number, ',');
	} else {
		/* When there is no room, the last one is overwritten. */
		number = number < BRIEF_BEHINDS ? number : BRIEF_BEHINDS - 1;
		brief->behinds[number] = add_piece(brief, 'a', piece);
		brief->count = number + 1;
	}
	brief->behind = number;
}

void brief_add_change(struct brief *brief, const struct told_change *change)
{
	if (brief->before.size == 0 || !is_at(brief, &brief->before, &change->resource))
		brief->before = add_piece(brief, 'b', &change->resource);
	set_behind(brief, &change->access);
	add_number(&brief->text, change->person, ',');
}

void brief_clear(struct brief *brief)
{
	struct str text = brief->text;

	str_clear(&text);
	*brief = (struct brief){.text = text};
}

void brief_add_person(struct str *texts, const struct piece *person)
{
	add_sized(texts, person->text, person->size);
}

/* --- reading ------------------------------------------------------------------------------------------------------------ */

struct brief_people {
	struct arena *arena;
	struct piece *items;
	size_t count, room;
};

struct reader {
	const char *at, *end;
};

static bool read_number(struct reader *reader, char end, size_t *ret)
{
	const char *start = reader->at;
	size_t number = 0;

	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (size_t)(*reader->at - '0'), &number))
			return false;
	*ret = number;
	return reader->at > start && reader->at < reader->end && *reader->at++ == end;
}

static bool read_sized(struct reader *reader, struct piece *ret)
{
	if (!read_number(reader, ':', &ret->size) || ret->size > (size_t)(reader->end - reader->at))
		return false;
	ret->text = reader->at;
	reader->at += ret->size;
	return true;
}

struct brief_people *brief_people_new(void)
{
	struct brief_people *people = xcalloc(1, sizeof *people);

	people->arena = arena_new();
	return people;
}

void brief_people_free(struct brief_people **people)
{
	if (*people == NULL)
		return;
	free((*people)->items);
	arena_free(&(*people)->arena);
	free(*people);
	*people = NULL;
}

int brief_people_add(struct brief_people *people, const char *texts, size_t size, struct error *err)
{
	const char *copy = arena_strndup(people->arena, texts, size);
	struct reader reader = {copy, copy + size};
	struct piece person;

	while (reader.at < reader.end) {
		if (!read_sized(&reader, &person))
			return error_set(err, ERR_INTERNAL, "texts of people are not as they were written");
		if (people->count == people->room) {
			people->room = people->room == 0 ? FIRST_ROOM : people->room * 2;
			people->items = xrealloc(people->items, people->room, sizeof *people->items);
		}
		people->items[people->count++] = person;
	}
	return 0;
}

bool brief_refers(const struct str *brief)
{
	return brief->size > 0 && brief->data[0] != '{';
}

struct expansion {
	struct reader reader;
	const struct brief_people *people;
	struct piece before, behind, behinds[BRIEF_BEHINDS];
	size_t behind_count;
	size_t count; /* of changes */
	struct str *out;
};

static void append(struct str *out, const struct piece *piece)
{
	str_append(out, piece->text, piece->size);
}

static bool expand_person(struct expansion *e)
{
	size_t number;

	if (!read_number(&e->reader, ',', &number) || e->people == NULL || number >= e->people->count)
		return false;
	if (e->count++ > 0)
		str_add_char(e->out, ',');
	append(e->out, &e->before);
	append(e->out, &e->people->items[number]);
	append(e->out, &e->behind);
	return true;
}

/* The last one is overwritten when there is no room, as by who wrote it. */
static bool read_behind(struct expansion *e)
{
	size_t number = e->behind_count < BRIEF_BEHINDS ? e->behind_count : BRIEF_BEHINDS - 1;

	if (!read_sized(&e->reader, &e->behind))
		return false;
	e->behinds[number] = e->behind;
	e->behind_count = number + 1;
	return true;
}

static bool recall_behind(struct expansion *e)
{
	size_t number;

	if (!read_number(&e->reader, ',', &number) || number >= e->behind_count)
		return false;
	e->behind = e->behinds[number];
	return true;
}

static bool expand_one(struct expansion *e)
{
	struct piece text;

	switch (*e->reader.at) {
	case 't':
		e->reader.at++;
		if (!read_sized(&e->reader, &text))
			return false;
		append(e->out, &text);
		return true;
	case 'b':
		e->reader.at++;
		return read_sized(&e->reader, &e->before);
	case 'a':
		e->reader.at++;
		return read_behind(e);
	case 'r':
		e->reader.at++;
		return recall_behind(e);
	default:
		return expand_person(e);
	}
}

int brief_expand(const struct str *brief, const struct brief_people *people, struct str *out, struct error *err)
{
	struct expansion e = {.reader = {brief->data, brief->data + brief->size}, .people = people, .out = out};

	if (!brief_refers(brief)) {
		str_append(out, brief->data, brief->size);
		return 0;
	}
	while (e.reader.at < e.reader.end)
		if (!expand_one(&e))
			return error_set(err, ERR_INTERNAL, "a part is not as it was written");
	return 0;
}
