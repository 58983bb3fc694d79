/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/one.h"

#include <string.h>

int one_is_gone(struct one_reading *again, const char *id, struct error *err)
{
	const char *kept = entry_kept_id(again->reading.maker, again->kind, id, again->reading.arena);

	return again->sink->removed(again->sink, (int)again->kind, kept, err);
}

/* With the attributes that a listing asks for, where they are named. */
static const char *question(const struct one_reading *again, const char *id)
{
	const struct shape *shape = again->reading.maker->shape;
	bool user = again->kind == ENTRY_USER;
	const char *select = strstr(user ? shape->users.path : shape->groups.path, "?$select=");

	return arena_printf(again->reading.arena, "%s%s%s", again->reading.api->url,
			    walk_path(user ? shape->one_user : shape->one_group, id, NULL, again->reading.arena),
			    select ? select : "");
}

/* Who does not match the filter any more is none of those that are read. */
int one_read(struct one_reading *again, const char *id, struct error *err)
{
	struct reading *reading = &again->reading;
	unsigned long ignored = reading->result->ignored;
	struct page page = {0};
	int status = api_get(reading->api, question(again, id), reading->arena, &page, err);

	if (status && page.status == 404)
		return one_is_gone(again, id, err);
	if (status)
		return -1;
	const char *told = pick_text(page.body, "id", NULL, reading->arena);
	if (!told || strcmp(told, id) != 0)
		status = error_set(err, ERR_PROTOCOL, "%s answers with somebody else", page.url);
	else if (again->kind == ENTRY_USER)
		status = read_hand_over(reading, ENTRY_USER, page.body, id, NULL, err);
	else
		status = read_group(reading, page.body, id, err);
	if (status == 0 && reading->result->ignored > ignored)
		status = one_is_gone(again, id, err);
	page_free(&page);
	return status;
}
