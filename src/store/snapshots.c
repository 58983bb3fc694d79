/* SPDX-License-Identifier: Apache-2.0 */
/* The facts a snapshot is made of. */
#include "roster/delivery.h"
#include "store/private.h"

#include <string.h>

static int take_resources(const struct pg_rows *rows, void *context, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++)
		snapshot_add_resource(context, pg_text(rows, i, 0), pg_text(rows, i, 1));
	return 0;
}

static int take_roles(const struct pg_rows *rows, void *context, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++)
		snapshot_add_role(context, pg_text(rows, i, 0), pg_text(rows, i, 1), pg_boolean(rows, i, 2));
	return 0;
}

static int take_reach(const struct pg_rows *rows, void *context, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++)
		snapshot_add_reach(context, pg_text(rows, i, 0), pg_text(rows, i, 1), pg_text(rows, i, 2));
	return 0;
}

static int take_holdings(const struct pg_rows *rows, void *context, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++)
		snapshot_add_holding(context, pg_text(rows, i, 0), pg_text(rows, i, 1), pg_text(rows, i, 2));
	return 0;
}

static int take_people(const struct pg_rows *rows, void *context, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++) {
		const struct told row = {
		    .user = pg_text(rows, i, 0),
		    .login = pg_text(rows, i, 1),
		    .email = optional_text(rows, i, 2),
		    .name = optional_text(rows, i, 3),
		    .external_ids = pg_text(rows, i, 4),
		};
		snapshot_add_person(context, &row);
	}
	return 0;
}

static int take_sets(const struct pg_rows *rows, void *context, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++)
		snapshot_add_set(context, (size_t)pg_integer(rows, i, 0), pg_text(rows, i, 1), pg_text(rows, i, 2));
	return 0;
}

static int read_holdings(struct store *store, const char *revision, struct snapshot *snapshot, struct error *err)
{
	struct str anchors = {0}, kinds = {0}, users = {0};
	int rc;

	snapshot_anchors(snapshot, &anchors);
	snapshot_kinds(snapshot, &kinds);
	const char *params[] = {str_text(&anchors), str_text(&kinds), revision};
	rc = pg_stream(store->pg, "select * from snapshot_holdings($1, $2, $3)", params, 3,
		       &(struct pg_reader){.batch = take_holdings, .context = snapshot}, err);
	if (rc == 0) {
		snapshot_users(snapshot, &users);
		const char *asked[] = {str_text(&users)};
		rc = pg_stream(store->pg, "select * from snapshot_people($1)", asked, 1,
			       &(struct pg_reader){.batch = take_people, .context = snapshot}, err);
	}
	str_free(&anchors);
	str_free(&kinds);
	str_free(&users);
	return rc;
}

static int read_reach(struct store *store, const char *revision, struct snapshot *snapshot, struct error *err)
{
	struct str resources = {0};

	snapshot_resources(snapshot, &resources);
	const char *params[] = {str_text(&resources), revision};
	int rc = pg_stream(store->pg, "select * from snapshot_reach($1, $2)", params, 2,
			   &(struct pg_reader){.batch = take_reach, .context = snapshot}, err);
	str_free(&resources);
	return rc;
}

int store_snapshot_read(struct store *store, const struct window *window, size_t most, struct snapshot *snapshot,
			struct error *err)
{
	char target[NUMBER_TEXT], number[NUMBER_TEXT], limit[NUMBER_TEXT], revision[NUMBER_TEXT];
	const char *params[] = {number_text(window->target, target), number_text(window->number, number),
				number_text((int64_t)most, limit)};
	const char *at[] = {number_text(window->revision, revision)};

	if (pg_stream(store->pg, "select * from snapshot_resources($1, $2, $3)", params, 3,
		      &(struct pg_reader){.batch = take_resources, .context = snapshot}, err) != 0 ||
	    pg_stream(store->pg, "select * from snapshot_roles($1)", at, 1,
		      &(struct pg_reader){.batch = take_roles, .context = snapshot}, err) != 0)
		return -1;
	if (snapshot_count(snapshot) == 0)
		return 0;
	return read_reach(store, revision, snapshot, err) != 0 ? -1 : read_holdings(store, revision, snapshot, err);
}

int store_snapshot_sets(struct store *store, const struct window *window, struct snapshot *snapshot, struct error *err)
{
	struct str kinds = {0}, sets = {0};
	char revision[NUMBER_TEXT];

	snapshot_sets(snapshot, &kinds, &sets);
	const char *params[] = {str_text(&kinds), str_text(&sets), number_text(window->revision, revision)};
	int rc = pg_stream(store->pg, "select * from snapshot_sets($1, $2, $3)", params, 3,
			   &(struct pg_reader){.batch = take_sets, .context = snapshot}, err);
	str_free(&kinds);
	str_free(&sets);
	return rc;
}
