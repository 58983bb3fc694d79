/* SPDX-License-Identifier: Apache-2.0 */
#include "directory/filter.h"

#include <string.h>

static bool matches_pieces(const struct filter *filter, const struct str *value)
{
	const char *at = str_text(value), *end = at + value->size;

	for (const struct piece *piece = filter->pieces; piece; piece = piece->next) {
		size_t size = piece->text.size;

		if ((size_t)(end - at) < size)
			return false;
		const char *found = piece->last ? end - size : at;
		if (!piece->first && !piece->last)
			found = memmem(at, (size_t)(end - at), piece->text.data, size);
		if (!found || memcmp(found, piece->text.data, size) != 0)
			return false;
		at = found + size;
	}
	return true;
}

static bool matches_prepared(const struct filter *filter, const struct str *prepared)
{
	struct value value = {.data = str_text(prepared), .size = prepared->size};

	switch (filter->kind) {
	case FILTER_SUBSTRINGS:
		return matches_pieces(filter, prepared);
	case FILTER_AT_LEAST:
		return syntax_compare(filter->syntax, &value, &filter->prepared) >= 0;
	case FILTER_AT_MOST:
		return syntax_compare(filter->syntax, &value, &filter->prepared) <= 0;
	default:
		return syntax_compare(filter->syntax, &value, &filter->prepared) == 0;
	}
}

/* One matching value is enough; a value that cannot be read leaves the question open. */
static enum truth evaluate_values(const struct filter *filter, const struct attribute *attribute, struct str *scratch)
{
	enum truth truth = TRUTH_FALSE;

	for (size_t i = 0; i < attribute->count; i++) {
		const struct value *value = &attribute->values[i];

		str_clear(scratch);
		if (syntax_prepare(filter->syntax, value->data, value->size, scratch) < 0)
			truth = TRUTH_UNDEFINED;
		else if (matches_prepared(filter, scratch))
			return TRUTH_TRUE;
	}
	return truth;
}

static enum truth evaluate_leaf(const struct filter *filter, const struct entry *entry, struct str *scratch)
{
	const struct attribute *attribute = entry_attribute(entry, filter->attribute);
	bool present = attribute && attribute->count > 0;

	if (filter->kind == FILTER_FOREIGN)
		return TRUTH_UNDEFINED;
	if (filter->kind == FILTER_PRESENT)
		return present ? TRUTH_TRUE : TRUTH_FALSE;
	return present ? evaluate_values(filter, attribute, scratch) : TRUTH_FALSE;
}

/* AND is the least truth of its children and starts from true; OR is the mirror image. */
static enum truth evaluate_children(const struct filter *filter, const struct entry *entry, struct str *scratch)
{
	bool all = filter->kind == FILTER_AND;
	enum truth decided = all ? TRUTH_FALSE : TRUTH_TRUE, truth = all ? TRUTH_TRUE : TRUTH_FALSE;

	for (const struct filter *child = filter->children; child && truth != decided; child = child->next) {
		enum truth one = filter_evaluate(child, entry, scratch);

		if (all ? one < truth : one > truth)
			truth = one;
	}
	return truth;
}

enum truth filter_evaluate(const struct filter *filter, const struct entry *entry, struct str *scratch)
{
	switch (filter->kind) {
	case FILTER_AND:
	case FILTER_OR:
		return evaluate_children(filter, entry, scratch);
	case FILTER_NOT:
		return (enum truth)(TRUTH_TRUE - filter_evaluate(filter->children, entry, scratch));
	default:
		return evaluate_leaf(filter, entry, scratch);
	}
}

bool filter_matches(const struct filter *filter, const struct entry *entry)
{
	struct str scratch = {0};
	enum truth truth = filter_evaluate(filter, entry, &scratch);

	str_free(&scratch);
	return truth == TRUTH_TRUE;
}

void filter_attributes(const struct filter *filter, void (*each)(const char *name, void *context), void *context)
{
	if (filter->attribute)
		each(filter->attribute, context);
	for (const struct filter *child = filter->children; child; child = child->next)
		filter_attributes(child, each, context);
}
