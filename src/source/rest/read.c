/* SPDX-License-Identifier: Apache-2.0 */
#include "source/rest/read.h"

#include "roster/text.h"

#include <stdio.h>
#include <string.h>

int read_unreadable(struct reading *reading, const char *id, const char *what, const char *why, struct error *err)
{
	reading->result->unreadable++;
	if (reading->sink->unreadable(reading->sink, id, what, why, err) == 0)
		return 0;
	reading->stopped = true;
	return -1;
}

int read_broken(struct reading *reading, const struct error *why, struct error *err)
{
	struct read_result *result = reading->result;

	if (why->class == ERR_CONFLICT || result->entries == 0) {
		if (err)
			*err = *why;
		return -1;
	}
	result->completeness = READ_INCOMPLETE;
	snprintf(result->reason, sizeof(result->reason), "%.500s", why->text);
	text_clean(result->reason);
	return 0;
}

static const char *name_of(const struct reading *reading, enum entry_kind kind, const struct json *object,
			   const char *id, struct arena *arena)
{
	const struct source_config *config = reading->maker->config;
	const struct pick_homes *homes =
	    kind == ENTRY_USER ? &reading->maker->shape->user_homes : &reading->maker->shape->group_homes;
	const char *name =
	    pick_text(object, kind == ENTRY_USER ? config->users.login : config->groups.name, homes, arena);

	return arena_printf(arena, "%s %s%s%s%s", entry_kind_name(kind), name ? name : "without a name", id ? " (" : "",
			    id ? id : "", id ? ")" : "");
}

int read_hand_over(struct reading *reading, enum entry_kind kind, const struct json *object, const char *id,
		   const struct member_list *members, struct error *err)
{
	struct arena *arena = arena_new();
	struct error flaw = {0};
	struct entry entry;
	int status, made;

	if (json_kind_of(object) != JSON_KIND_OBJECT || !id) {
		const char *what = json_kind_of(object) == JSON_KIND_OBJECT
				       ? name_of(reading, kind, object, NULL, arena)
				       : arena_printf(arena, "%s in a list", entry_kind_name(kind));
		status = read_unreadable(reading, NULL, what,
					 "it has no id; set attributes.id to what never changes and all have", err);
		arena_free(&arena);
		return status;
	}
	made = entry_make(reading->maker, &(struct found){kind, object, id, members}, arena, &entry, &flaw);
	if (made > 0) {
		reading->result->entries++;
		status = reading->sink->entry(reading->sink, &entry, err);
		reading->stopped = reading->stopped || status != 0;
	} else if (made == 0) {
		reading->result->ignored++;
		status = 0;
	} else {
		status = read_unreadable(reading, entry_kept_id(reading->maker, kind, id, arena),
					 name_of(reading, kind, object, id, arena), flaw.text, err);
	}
	arena_free(&arena);
	return status;
}

/* --- people ---------------------------------------------------------------------------------------------------------------- */

struct person_sink {
	struct pager_sink sink;
	struct reading *reading;
};

static int take_person(struct pager_sink *sink, const struct json *object, const char *id, struct error *err)
{
	struct person_sink *people = (struct person_sink *)sink;

	return read_hand_over(people->reading, ENTRY_USER, object, id, NULL, err);
}

static int read_listed(struct reading *reading, const struct listing *listing, struct error *err)
{
	struct person_sink people = {{take_person}, reading};
	struct walk walk = {.listing = listing,
			    .path = listing->path,
			    .id = reading->maker->config->users.id,
			    .homes = &reading->maker->shape->user_homes,
			    .one_page = reading->preview};
	struct error why = {0};

	if (!listing->path || reading->result->completeness != READ_COMPLETE)
		return 0;
	switch (walk_listing(reading->api, &walk, &people.sink, &why)) {
	case WALK_WHOLE:
		return 0;
	case WALK_BROKEN:
		return read_broken(reading, &why, err);
	case WALK_STOPPED:
		break;
	}
	if (err)
		*err = why;
	return -1;
}

int read_people(struct reading *reading, struct error *err)
{
	const struct shape *shape = reading->maker->shape;

	return read_listed(reading, &shape->users, err) == 0 ? read_listed(reading, &shape->more_users, err) : -1;
}
