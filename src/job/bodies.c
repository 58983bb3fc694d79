/* SPDX-License-Identifier: Apache-2.0 */
#include "job/bodies.h"

#include "roster/arena.h"

#include <stdlib.h>

enum { KEPT_BYTES = 32000000 };

struct str bodies_spare(struct bodies *bodies)
{
	return bodies->spare_count > 0 ? bodies->spares[--bodies->spare_count] : (struct str){0};
}

void bodies_give_back(struct bodies *bodies, struct str *body)
{
	if (body->data == NULL || bodies->spare_count == SPARES) {
		str_free(body);
		return;
	}
	str_clear(body);
	bodies->spares[bodies->spare_count++] = *body;
	*body = (struct str){0};
}

void bodies_keep(struct bodies *bodies, const struct window *window, int number, struct str *body)
{
	/* Whoever was not fetched by now may never be. */
	if (bodies->bytes + body->size > KEPT_BYTES)
		bodies_forget(bodies);
	bodies->kept = xrealloc(bodies->kept, bodies->count + 1, sizeof *bodies->kept);
	bodies->kept[bodies->count++] = (struct kept){window->target, window->number, number, *body};
	bodies->bytes += body->size;
	*body = bodies_spare(bodies);
}

void bodies_forget(struct bodies *bodies)
{
	for (size_t i = 0; i < bodies->count; i++)
		bodies_give_back(bodies, &bodies->kept[i].body);
	bodies->count = bodies->bytes = 0;
}

static int read_body(struct store *store, const struct part *part, struct brief_people **people, struct str *ret,
		     struct error *err)
{
	struct str brief = {0};

	if (store_part_body(store, part, &brief, err) != 0) {
		str_free(&brief);
		return -1;
	}
	if (!brief_refers(&brief)) {
		str_free(ret);
		*ret = brief;
		return 0;
	}
	int rc = 0;
	if (*people == NULL) {
		*people = brief_people_new();
		rc = store_part_people(store, part, *people, err);
	}
	if (rc == 0)
		rc = brief_expand(&brief, *people, ret, err);
	str_free(&brief);
	return rc;
}

int bodies_take(struct bodies *bodies, struct store *store, const struct part *part, struct brief_people **people,
		struct str *ret, struct error *err)
{
	for (size_t i = 0; i < bodies->count; i++) {
		struct kept *kept = &bodies->kept[i];
		if (kept->target != part->target || kept->window != part->window || kept->number != part->number)
			continue;
		*ret = kept->body;
		bodies->bytes -= ret->size;
		*kept = bodies->kept[--bodies->count];
		return 0;
	}
	*ret = bodies_spare(bodies);
	if (read_body(store, part, people, ret, err) == 0)
		return 0;
	bodies_give_back(bodies, ret);
	return -1;
}

void bodies_free(struct bodies *bodies)
{
	bodies_forget(bodies);
	for (size_t i = 0; i < bodies->spare_count; i++)
		str_free(&bodies->spares[i]);
	free(bodies->kept);
	*bodies = (struct bodies){0};
}
