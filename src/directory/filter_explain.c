/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/filter.h"

#include <limits.h>
#include <string.h>

/* How much of an entry is quoted before people stop reading. */
enum { VALUES_SHOWN = 3, VALUE_SHOWN = 80 };

/* wanted is the truth that would make the whole filter match: under a "!" it is false. */
struct question {
	const struct entry *entry;
	struct str *scratch, *out;
};

static bool is_leaf(const struct filter *filter)
{
	return filter->attribute != NULL;
}

/* How many leaves would have to change: the way through the tree that needs the fewest is the one worth telling. */
static unsigned distance(const struct question *question, const struct filter *filter, bool wanted)
{
	bool sum = (filter->kind == FILTER_AND) == wanted;
	unsigned total = sum ? 0 : UINT_MAX;

	if (filter_evaluate(filter, question->entry, question->scratch) == (wanted ? TRUTH_TRUE : TRUTH_FALSE))
		return 0;
	if (filter->kind == FILTER_NOT)
		return distance(question, filter->children, !wanted);
	if (is_leaf(filter))
		return 1;
	for (const struct filter *child = filter->children; child; child = child->next) {
		unsigned one = distance(question, child, wanted);

		if (sum)
			total += one;
		else if (one < total)
			total = one;
	}
	return total;
}

static void add_value(const struct value *value, struct str *out)
{
	size_t size = value->size;

	if (!text_is_valid(value->data, size)) {
		str_printf(out, "%zu bytes that are not text", size);
		return;
	}
	if (size > VALUE_SHOWN)
		for (size = VALUE_SHOWN; ((unsigned char)value->data[size] & 0xC0) == 0x80;)
			size--;
	str_printf(out, "\"%.*s%s\"", (int)size, value->data, size < value->size ? "..." : "");
}

static void add_values(const struct attribute *attribute, struct str *out)
{
	for (size_t i = 0; i < attribute->count && i < VALUES_SHOWN; i++) {
		if (i > 0)
			str_add(out, ", ");
		add_value(&attribute->values[i], out);
	}
	if (attribute->count > VALUES_SHOWN)
		str_printf(out, " and %zu more", attribute->count - VALUES_SHOWN);
}

static void explain_leaf(const struct question *question, const struct filter *filter, bool wanted)
{
	static const char *const relations[] = {
	    [FILTER_EQUAL] = "",           [FILTER_SUBSTRINGS] = "like ",  [FILTER_AT_LEAST] = "at least ",
	    [FILTER_AT_MOST] = "at most ", [FILTER_FOREIGN] = "matching ",
	};
	const struct attribute *attribute = entry_attribute(question->entry, filter->attribute);

	if (!attribute || attribute->count == 0) {
		str_printf(question->out, "%s is absent", filter->attribute);
		return;
	}
	str_printf(question->out, "%s is ", filter->attribute);
	add_values(attribute, question->out);
	if (wanted)
		str_printf(question->out, ", not %s\"%s\"", relations[filter->kind], filter->written);
}

static const struct filter *nearest_child(const struct question *question, const struct filter *filter, bool wanted)
{
	bool first_failing = (filter->kind == FILTER_AND) == wanted;
	const struct filter *nearest = NULL;
	unsigned least = UINT_MAX;

	for (const struct filter *child = filter->children; child; child = child->next) {
		unsigned one = distance(question, child, wanted);

		if (one == 0 || (nearest && (first_failing || one >= least)))
			continue;
		nearest = child;
		least = one;
	}
	return nearest;
}

static void explain(const struct question *question, const struct filter *filter, bool wanted)
{
	if (is_leaf(filter)) {
		explain_leaf(question, filter, wanted);
		return;
	}
	if (filter->kind == FILTER_NOT) {
		explain(question, filter->children, !wanted);
		return;
	}
	const struct filter *nearest = nearest_child(question, filter, wanted);
	if (nearest)
		explain(question, nearest, wanted);
	else
		str_printf(question->out, "nothing is asked for in (%c)", filter->kind == FILTER_AND ? '&' : '|');
}

void filter_explain(const struct filter *filter, const struct entry *entry, struct str *out)
{
	struct str scratch = {0};
	struct question question = {.entry = entry, .scratch = &scratch, .out = out};

	if (filter_evaluate(filter, entry, &scratch) == TRUTH_TRUE)
		str_add(out, "it matches");
	else
		explain(&question, filter, true);
	str_free(&scratch);
}
