/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/snapshot.h"

#include "message/names.h"
#include "roster/arena.h"
#include "roster/brief.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

/* Room for one more in an array that grows. */
#define GROW(array, count, room)                                                                                       \
	do {                                                                                                           \
		if ((count) == (room)) {                                                                               \
			(room) = (room) == 0 ? FIRST_ROOM : (room)*2;                                                  \
			(array) = xrealloc((array), (room), sizeof *(array));                                          \
		}                                                                                                      \
	} while (0)

struct holder {
	uint32_t person, role;
};

struct anchor {
	struct holder *holders; /* of roles that give something */
	size_t count, room;
	size_t reaches; /* the resource that was looked at last, counted from 1, when it is reached from here */
};

/* A role that gives nothing: it matters where its holder has one that does. */
struct opener {
	uint32_t anchor, role;
	size_t next; /* of the same person, counted from 1; 0 behind the last */
};

struct place {
	const char *name;
	uint32_t kind;
	size_t first, count; /* of links */
};

struct person {
	struct piece text; /* empty: nobody knows him any more */
	uint32_t set;      /* of roles, on the resource that is told */
	size_t openers;    /* the first one, counted from 1; 0: none */
};

struct bearing {
	uint32_t kind, role;
};

/* Roles that somebody holds and that bear on a kind of resource. */
struct set {
	uint32_t kind;
	bool *has;                       /* by role */
	uint32_t *with;                  /* by role: the set that has it too; 0: not looked for yet */
	const char *permissions, *roles; /* NULL: nobody has said yet */
	bool asked;
	struct piece text; /* empty: permits nothing, or not written yet */
};

struct snapshot {
	struct arena *arena;
	struct names kinds, roles, resources, anchor_names, users;
	struct bearing *bearings;
	size_t bearing_count, bearing_room;
	bool *gives; /* by role: something, on some kind */
	size_t gives_count, gives_room;
	struct opener *openers;
	size_t opener_count, opener_room;
	struct place *places;
	size_t place_count, place_room;
	uint32_t *links; /* of places to anchors */
	size_t link_count, link_room;
	struct anchor *anchors; /* by number, as people are */
	size_t anchor_count, anchor_room;
	struct person *people;
	size_t people_count, people_room;
	struct set *sets; /* [0] is nobody's; then one without a role for each kind; then what is met */
	size_t set_count, set_room;
	uint32_t *questions; /* sets that somebody has and nobody has said anything about */
	size_t question_count, question_room;
	uint32_t *found; /* people of the resource that is told */
	size_t found_count, found_room;
	struct str resource;
};

struct snapshot *snapshot_new(void)
{
	struct snapshot *snapshot = xcalloc(1, sizeof *snapshot);

	snapshot->arena = arena_new();
	return snapshot;
}

void snapshot_free(struct snapshot **snapshot)
{
	struct snapshot *s = *snapshot;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->anchor_count; i++)
		free(s->anchors[i].holders);
	names_free(&s->kinds);
	names_free(&s->roles);
	names_free(&s->resources);
	names_free(&s->anchor_names);
	names_free(&s->users);
	free(s->bearings);
	free(s->gives);
	free(s->openers);
	free(s->places);
	free(s->links);
	free(s->anchors);
	free(s->people);
	free(s->sets);
	free(s->questions);
	free(s->found);
	str_free(&s->resource);
	arena_free(&s->arena);
	free(s);
	*snapshot = NULL;
}

/* --- facts -------------------------------------------------------------------------------------------------------------- */

static uint32_t anchor_number(struct snapshot *s, const char *id, size_t size)
{
	uint32_t number = names_number(&s->anchor_names, id, size);

	if (number == s->anchor_count) {
		GROW(s->anchors, s->anchor_count, s->anchor_room);
		s->anchors[s->anchor_count++] = (struct anchor){0};
	}
	return number;
}

static uint32_t person_number(struct snapshot *s, const char *user)
{
	uint32_t number = names_number(&s->users, user, strlen(user));

	if (number == s->people_count) {
		GROW(s->people, s->people_count, s->people_room);
		s->people[s->people_count++] = (struct person){.set = 0};
	}
	return number;
}

static uint32_t role_number(struct snapshot *s, const char *role)
{
	uint32_t number = names_number(&s->roles, role, strlen(role));

	if (number == s->gives_count) {
		GROW(s->gives, s->gives_count, s->gives_room);
		s->gives[s->gives_count++] = false;
	}
	return number;
}

void snapshot_add_role(struct snapshot *s, const char *role, const char *kind, bool gives)
{
	uint32_t number = role_number(s, role);

	s->gives[number] = s->gives[number] || gives;
	GROW(s->bearings, s->bearing_count, s->bearing_room);
	s->bearings[s->bearing_count++] = (struct bearing){names_number(&s->kinds, kind, strlen(kind)), number};
}

/* The next number of "{3,17}", NULL behind the last; *at goes on behind it. */
static const char *next_number(const char **at, size_t *size)
{
	const char *start = *at + strspn(*at, "{,");

	*size = strspn(start, "0123456789");
	*at = start + *size;
	return *size == 0 ? NULL : start;
}

void snapshot_add_resource(struct snapshot *s, const char *resource, const char *name)
{
	if (names_number(&s->resources, resource, strlen(resource)) < s->place_count)
		return;
	GROW(s->places, s->place_count, s->place_room);
	s->places[s->place_count++] = (struct place){.name = arena_strdup(s->arena, name)};
}

void snapshot_add_reach(struct snapshot *s, const char *resource, const char *kind, const char *anchors)
{
	struct place *place = &s->places[names_number(&s->resources, resource, strlen(resource))];
	const char *anchor;
	size_t size;

	place->kind = names_number(&s->kinds, kind, strlen(kind));
	place->first = s->link_count;
	while ((anchor = next_number(&anchors, &size)) != NULL) {
		GROW(s->links, s->link_count, s->link_room);
		s->links[s->link_count++] = anchor_number(s, anchor, size);
	}
	place->count = s->link_count - place->first;
}

void snapshot_add_holding(struct snapshot *s, const char *user, const char *anchor, const char *role)
{
	struct holder holder = {person_number(s, user), role_number(s, role)};
	uint32_t number = anchor_number(s, anchor, strlen(anchor));
	struct anchor *at = &s->anchors[number];

	if (!s->gives[holder.role]) {
		struct person *person = &s->people[holder.person];
		GROW(s->openers, s->opener_count, s->opener_room);
		s->openers[s->opener_count++] = (struct opener){number, holder.role, person->openers};
		person->openers = s->opener_count;
		return;
	}
	GROW(at->holders, at->count, at->room);
	at->holders[at->count++] = holder;
}

void snapshot_add_person(struct snapshot *s, const struct told *row)
{
	struct person *person = &s->people[person_number(s, row->user)];
	struct str text = {0};

	message_write_user(row, &text);
	person->text = (struct piece){arena_strndup(s->arena, text.data, text.size), text.size};
	str_free(&text);
}

/* --- questions ---------------------------------------------------------------------------------------------------------- */

static void list_names(const struct names *names, struct str *out)
{
	str_add_char(out, '{');
	for (size_t i = 0; i < names->count; i++) {
		if (i > 0)
			str_add_char(out, ',');
		str_add(out, names->texts[i]);
	}
	str_add_char(out, '}');
}

void snapshot_resources(const struct snapshot *s, struct str *out)
{
	list_names(&s->resources, out);
}

void snapshot_anchors(const struct snapshot *s, struct str *out)
{
	list_names(&s->anchor_names, out);
}

void snapshot_users(const struct snapshot *s, struct str *out)
{
	list_names(&s->users, out);
}

void snapshot_kinds(const struct snapshot *s, struct str *out)
{
	str_add_char(out, '{');
	for (uint32_t kind = 0; kind < s->kinds.count; kind++) {
		size_t i = 0;
		while (i < s->place_count && (s->places[i].count == 0 || s->places[i].kind != kind))
			i++;
		if (i < s->place_count)
			str_printf(out, "%s%s", str_text(out)[out->size - 1] == '{' ? "" : ",", s->kinds.texts[kind]);
	}
	str_add_char(out, '}');
}

/* --- sets of roles -------------------------------------------------------------------------------------------------------- */

static uint32_t add_set(struct snapshot *s, uint32_t kind, const bool *has)
{
	struct set set = {.kind = kind};

	set.has = arena_alloc_array(s->arena, s->roles.count + 1, sizeof *set.has);
	set.with = arena_alloc_array(s->arena, s->roles.count + 1, sizeof *set.with);
	if (has != NULL)
		memcpy(set.has, has, s->roles.count * sizeof *has);
	GROW(s->sets, s->set_count, s->set_room);
	s->sets[s->set_count] = set;
	return (uint32_t)s->set_count++;
}

static bool bears(const struct snapshot *s, uint32_t kind, uint32_t role)
{
	size_t i = 0;

	while (i < s->bearing_count && (s->bearings[i].kind != kind || s->bearings[i].role != role))
		i++;
	return i < s->bearing_count;
}

/* The set that has this role too: there already, or a new one. */
static uint32_t find_set(struct snapshot *s, uint32_t set, uint32_t role)
{
	uint32_t kind = s->sets[set].kind, same = 0;

	if (s->sets[set].has[role] || !bears(s, kind, role))
		return set;
	uint32_t larger = add_set(s, kind, s->sets[set].has);
	s->sets[larger].has[role] = true;
	while (s->sets[same].kind != kind ||
	       memcmp(s->sets[same].has, s->sets[larger].has, s->roles.count * sizeof(bool)) != 0)
		same++;
	if (same < larger)
		s->set_count--;
	return same;
}

static uint32_t set_with(struct snapshot *s, uint32_t set, uint32_t role)
{
	uint32_t with = s->sets[set].with[role];

	if (with == 0) {
		with = find_set(s, set, role);
		s->sets[set].with[role] = with;
	}
	return with;
}

static void write_set(struct snapshot *s, struct set *set, const struct message_names *names)
{
	struct str text = {0};
	const struct told row = {
	    .permissions_before = "{}",
	    .permissions_after = set->permissions,
	    .roles_before = "{}",
	    .roles_after = set->roles,
	};

	message_write_access(&row, names, &text);
	set->text = (struct piece){arena_strndup(s->arena, text.data, text.size), text.size};
	str_free(&text);
}

/* --- telling ------------------------------------------------------------------------------------------------------------ */

/* When all facts are there, so that every role has its number. */
static void begin_sets(struct snapshot *s)
{
	add_set(s, UINT32_MAX, NULL);
	for (uint32_t kind = 0; kind < s->kinds.count; kind++)
		add_set(s, kind, NULL);
}

static void add_role(struct snapshot *s, uint32_t nothing, const struct holder *holder)
{
	struct person *person = &s->people[holder->person];
	uint32_t set = person->set;

	if (person->text.size == 0)
		return;
	person->set = set_with(s, set == 0 ? nothing : set, holder->role);
	if (person->set == nothing) {
		person->set = 0;
	} else if (set == 0) {
		GROW(s->found, s->found_count, s->found_room);
		s->found[s->found_count++] = holder->person;
	}
}

/* Whoever was found has the roles too that only open something there. */
static void add_openers(struct snapshot *s, size_t place)
{
	for (size_t i = 0; i < s->found_count; i++) {
		struct person *person = &s->people[s->found[i]];
		for (size_t next = person->openers; next > 0; next = s->openers[next - 1].next) {
			const struct opener *opener = &s->openers[next - 1];
			if (s->anchors[opener->anchor].reaches == place + 1)
				person->set = set_with(s, person->set, opener->role);
		}
	}
}

/* Each set that somebody has there is asked about once. */
static void ask_of_sets(struct snapshot *s)
{
	s->question_count = 0;
	for (size_t i = 0; i < s->found_count; i++) {
		struct set *set = &s->sets[s->people[s->found[i]].set];
		if (set->permissions != NULL || set->asked)
			continue;
		set->asked = true;
		GROW(s->questions, s->question_count, s->question_room);
		s->questions[s->question_count++] = (uint32_t)(set - s->sets);
	}
}

size_t snapshot_look(struct snapshot *s, size_t index)
{
	const struct place *place = &s->places[index];

	if (s->set_count == 0)
		begin_sets(s);
	for (size_t i = 0; i < s->found_count; i++)
		s->people[s->found[i]].set = 0;
	s->found_count = 0;
	for (size_t i = 0; i < place->count; i++) {
		struct anchor *anchor = &s->anchors[s->links[place->first + i]];
		anchor->reaches = index + 1;
		for (size_t k = 0; k < anchor->count; k++)
			add_role(s, place->kind + 1, &anchor->holders[k]);
	}
	add_openers(s, index);
	ask_of_sets(s);
	return s->question_count;
}

static void list_roles(const struct snapshot *s, const struct set *set, struct str *out)
{
	const char *before = "\"{";

	for (uint32_t role = 0; role < s->roles.count; role++) {
		if (!set->has[role])
			continue;
		str_printf(out, "%s%s", before, s->roles.texts[role]);
		before = ",";
	}
	str_add(out, "}\"");
}

void snapshot_sets(const struct snapshot *s, struct str *kinds, struct str *sets)
{
	for (size_t i = 0; i < s->question_count; i++) {
		const struct set *set = &s->sets[s->questions[i]];
		str_printf(kinds, "%c%s", i == 0 ? '{' : ',', s->kinds.texts[set->kind]);
		str_add_char(sets, i == 0 ? '{' : ',');
		list_roles(s, set, sets);
	}
	str_add_char(kinds, '}');
	str_add_char(sets, '}');
}

void snapshot_add_set(struct snapshot *s, size_t number, const char *permissions, const char *roles)
{
	struct set *set = &s->sets[s->questions[number - 1]];

	set->permissions = arena_strdup(s->arena, permissions);
	set->roles = arena_strdup(s->arena, roles);
}

/* Whether they may do something at all; then it is written, too. */
static bool permits(struct snapshot *s, struct set *set, const struct message_names *names)
{
	if (set->text.size == 0 && strcmp(set->permissions, "{}") != 0)
		write_set(s, set, names);
	return set->text.size > 0;
}

void snapshot_tell(struct snapshot *s, size_t index, const struct message_names *names, struct snapshot_resource *ret)
{
	const struct place *place = &s->places[index];
	int64_t id = strtoll(s->resources.texts[index], NULL, 10);
	size_t count = 0;

	for (size_t i = 0; i < s->found_count; i++) {
		struct person *person = &s->people[s->found[i]];
		if (permits(s, &s->sets[person->set], names))
			s->found[count++] = s->found[i];
		else
			person->set = 0;
	}
	s->found_count = count;
	str_clear(&s->resource);
	message_write_resource(id, place->name, &s->resource);
	*ret = (struct snapshot_resource){id, place->name, s->found_count};
}

size_t snapshot_count(const struct snapshot *s)
{
	return s->place_count;
}

struct told_change snapshot_change(const struct snapshot *s, size_t person)
{
	const struct person *who = &s->people[s->found[person]];

	return (struct told_change){
	    .resource = {s->resource.data, s->resource.size},
	    .user = who->text,
	    .access = s->sets[who->set].text,
	    .person = s->found[person],
	};
}

size_t snapshot_list_people(const struct snapshot *s, size_t first, size_t most, struct str *out)
{
	size_t start = out->size;

	while (first < s->people_count && out->size - start < most)
		brief_add_person(out, &s->people[first++].text);
	return first < s->people_count ? first : 0;
}
