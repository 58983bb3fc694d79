/* SPDX-License-Identifier: Apache-2.0 */
/* The ways that are open; obstacles.c says what is in the way of the others. */
#include "roster/reasons.h"

#include "job/obstacles.h"
#include "roster/json.h"
#include "roster/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_TEXT_MOST = 16 * 1024 * 1024 };

/* Columns of the questions. */
enum { PERSON_ID, PERSON_LOGIN, PERSON_ACTIVE, PERSON_STATE, PERSON_IDENTITIES };
enum { RESOURCE_ID, RESOURCE_PERMISSION, RESOURCE_HEAD, RESOURCE_NAME, RESOURCE_APPLIES, RESOURCE_ARCHIVED };
enum {
	PATH_ROLE,
	PATH_ROLE_ID,
	PATH_ANCHOR,
	PATH_ANCHOR_ID,
	PATH_SOURCE,
	PATH_SOURCE_ID,
	PATH_THROUGH,
	PATH_DISTANCE,
	PATH_SINCE,
	PATH_SINCE_AT,
	PATH_OPENS,
	PATH_BY,
	PATH_CAUSE
};
enum { DOOR_ENTRY, DOOR_SEEN, DOOR_GROUPS, DOOR_RULE, DOOR_POSITION, DOOR_CAPTURES };

static const char *copy(const struct search *search, const struct pg_rows *rows, size_t row, int column)
{
	return arena_strdup(search->arena, pg_text(rows, row, column));
}

static const char *copy_member(const struct search *search, const struct json *object, const char *name)
{
	const char *text = json_as_text(json_get(object, name));

	return arena_strdup(search->arena, text == NULL ? "" : text);
}

static int read_identities(struct search *search, const char *text, struct error *err)
{
	struct json *array = NULL;

	if (text[0] == '\0')
		return 0;
	if (json_parse(text, strlen(text), PATH_TEXT_MOST, &array, err) != 0)
		return -1;
	search->identity_count = json_count(array);
	search->identities = arena_alloc_array(search->arena, search->identity_count + 1, sizeof *search->identities);
	for (size_t i = 0; i < search->identity_count; i++) {
		const struct json *item = json_item(array, i);
		search->identities[i] =
		    (struct explain_identity){copy_member(search, item, "source"), copy_member(search, item, "entry"),
					      copy_member(search, item, "linked_by")};
	}
	json_free(&array);
	return 0;
}

static int find_person(struct search *search, const char *who, struct error *err)
{
	struct pg_rows *rows = NULL;
	int rc;

	if (model_call(search->store, MODEL_PERSON_STATE, &who, &rows, err) != 0)
		return -1;
	search->user = copy(search, rows, 0, PERSON_ID);
	search->login = copy(search, rows, 0, PERSON_LOGIN);
	search->inactive = pg_boolean(rows, 0, PERSON_ACTIVE) ? NULL : copy(search, rows, 0, PERSON_STATE);
	rc = read_identities(search, pg_text(rows, 0, PERSON_IDENTITIES), err);
	pg_free(&rows);
	return rc;
}

static int find_resource(struct search *search, const struct explain_question *question, int64_t *revision,
			 struct error *err)
{
	const char *params[] = {question->resource, question->permission, question->as_of};
	struct pg_rows *rows = NULL;

	if (model_call(search->store, question->as_of == NULL ? MODEL_RESOURCE_STATE : MODEL_RESOURCE_THEN, params,
		       &rows, err) != 0)
		return -1;
	search->resource = copy(search, rows, 0, RESOURCE_ID);
	search->permission = question->permission == NULL ? NULL : copy(search, rows, 0, RESOURCE_PERMISSION);
	search->permission_name = question->permission;
	search->resource_name = copy(search, rows, 0, RESOURCE_NAME);
	search->applies = pg_boolean(rows, 0, RESOURCE_APPLIES);
	search->archived = pg_boolean(rows, 0, RESOURCE_ARCHIVED);
	search->as_of = question->as_of == NULL ? NULL : copy(search, rows, 0, RESOURCE_HEAD);
	*revision = pg_integer(rows, 0, RESOURCE_HEAD);
	pg_free(&rows);
	return 0;
}

static int read_groups(const struct search *search, const char *text, struct explain_door *door, struct error *err)
{
	struct json *array = NULL;

	if (json_parse(text, strlen(text), PATH_TEXT_MOST, &array, err) != 0)
		return -1;
	door->group_count = json_count(array);
	door->groups = arena_alloc_array(search->arena, door->group_count + 1, sizeof *door->groups);
	for (size_t i = 0; i < door->group_count; i++)
		door->groups[i] = arena_strdup(search->arena, json_as_text(json_item(array, i)));
	json_free(&array);
	return 0;
}

static int fill_doors(const struct search *search, const struct pg_rows *rows, struct explain_path *path,
		      struct error *err)
{
	path->door_count = pg_count(rows);
	path->doors = arena_alloc_array(search->arena, path->door_count + 1, sizeof *path->doors);
	for (size_t i = 0; i < path->door_count; i++) {
		path->doors[i] = (struct explain_door){
		    .entry = copy(search, rows, i, DOOR_ENTRY),
		    .seen_at = copy(search, rows, i, DOOR_SEEN),
		    .rule = copy(search, rows, i, DOOR_RULE),
		    .position = copy(search, rows, i, DOOR_POSITION),
		    .captures = copy(search, rows, i, DOOR_CAPTURES),
		};
		if (read_groups(search, pg_text(rows, i, DOOR_GROUPS), &path->doors[i], err) != 0)
			return -1;
	}
	return 0;
}

/* What is there without a door: an import knows none, and a source may not have taken it yet. */
static int find_kept(const struct search *search, const char *const params[], struct explain_path *path,
		     struct error *err)
{
	struct pg_rows *rows = NULL;

	if (model_call(search->store, MODEL_WHY_KEPT, params, &rows, err) != 0)
		return -1;
	path->kept = copy(search, rows, 0, 0);
	/* Nobody reads it any more, so no run will come. */
	if (path->kept[0] != '\0' && config_source(search->config, path->source) == NULL)
		path->kept = arena_printf(search->arena,
					  "%s is not in the configuration and keeps what it gave; see: "
					  "rosterctl source retire %s",
					  path->source, path->source);
	pg_free(&rows);
	return 0;
}

/* What a source gives came through doors of the directory. */
static int find_doors(const struct search *search, const struct pg_rows *paths, size_t row, struct explain_path *path,
		      struct error *err)
{
	const char *params[] = {search->user, pg_text(paths, row, PATH_ANCHOR_ID), pg_text(paths, row, PATH_ROLE_ID),
				pg_text(paths, row, PATH_SOURCE_ID)};
	struct pg_rows *rows = NULL;
	int rc;

	if (search->as_of != NULL || strcmp(path->source, "hand") == 0)
		return 0;
	if (model_call(search->store, MODEL_DIRECTORY_PATHS, params, &rows, err) != 0)
		return -1;
	rc = fill_doors(search, rows, path, err);
	pg_free(&rows);
	return rc == 0 && path->door_count == 0 ? find_kept(search, params, path, err) : rc;
}

static int fill_paths(const struct search *search, const struct pg_rows *rows, struct explanation *ret,
		      struct error *err)
{
	ret->path_count = pg_count(rows);
	ret->paths = arena_alloc_array(search->arena, ret->path_count + 1, sizeof *ret->paths);
	for (size_t i = 0; i < ret->path_count; i++) {
		struct explain_path *path = &ret->paths[i];
		*path = (struct explain_path){
		    .role = copy(search, rows, i, PATH_ROLE),
		    .anchor = copy(search, rows, i, PATH_ANCHOR),
		    .source = copy(search, rows, i, PATH_SOURCE),
		    .through = copy(search, rows, i, PATH_THROUGH),
		    .distance = pg_integer(rows, i, PATH_DISTANCE),
		    .since = pg_integer(rows, i, PATH_SINCE),
		    .since_at = copy(search, rows, i, PATH_SINCE_AT),
		    .opens = copy(search, rows, i, PATH_OPENS),
		    .by = copy(search, rows, i, PATH_BY),
		    .cause = copy(search, rows, i, PATH_CAUSE),
		    .kept = "",
		};
		if (find_doors(search, rows, i, path, err) != 0)
			return -1;
	}
	return 0;
}

static int find_paths(const struct search *search, struct explanation *ret, struct error *err)
{
	const char *params[] = {search->user, search->resource, search->permission, search->as_of};
	struct pg_rows *rows = NULL;
	int rc;

	if (model_call(search->store, search->as_of == NULL ? MODEL_PATHS : MODEL_PATHS_THEN, params, &rows, err) != 0)
		return -1;
	rc = fill_paths(search, rows, ret, err);
	pg_free(&rows);
	return rc;
}

/* Of a yes targets must know its latest way; of a no, everything. */
static int find_told(const struct search *search, struct explanation *ret, struct error *err)
{
	int64_t since = ret->allowed ? 0 : ret->revision;
	char revision[32];
	const char *params[] = {search->resource, revision};
	struct pg_rows *rows = NULL;

	for (size_t i = 0; i < ret->path_count; i++)
		since = ret->paths[i].since > since ? ret->paths[i].since : since;
	snprintf(revision, sizeof revision, "%" PRId64, since);
	if (model_call(search->store, MODEL_TOLD, params, &rows, err) != 0)
		return -1;
	ret->told_count = pg_count(rows);
	ret->told = arena_alloc_array(search->arena, ret->told_count + 1, sizeof *ret->told);
	for (size_t i = 0; i < ret->told_count; i++)
		ret->told[i] = (struct explain_told){copy(search, rows, i, 0), copy(search, rows, i, 1),
						     copy(search, rows, i, 2), copy(search, rows, i, 3)};
	pg_free(&rows);
	return 0;
}

int explain_access(const struct config *config, struct store *store, const struct explain_question *question,
		   struct arena *arena, struct explanation *ret, struct error *err)
{
	struct search search = {.config = config, .store = store, .arena = arena};

	*ret = (struct explanation){.permission = question->permission == NULL ? "" : question->permission};
	if (find_person(&search, question->who, err) != 0 ||
	    find_resource(&search, question, &ret->revision, err) != 0 || find_paths(&search, ret, err) != 0)
		return -1;
	ret->login = search.login;
	ret->identities = search.identities;
	ret->identity_count = search.identity_count;
	ret->id = search.user;
	ret->resource = search.resource_name;
	ret->allowed = search.allowed = ret->path_count > 0;
	ret->then = search.as_of != NULL;
	if (obstacles_find(&search, err) != 0 || (!ret->then && find_told(&search, ret, err) != 0))
		return -1;
	ret->obstacles = search.obstacles;
	ret->obstacle_count = search.obstacle_count;
	return 0;
}
