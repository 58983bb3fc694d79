/* SPDX-License-Identifier: Apache-2.0 */
/* What the mirror knows of a source, in memory: an open-addressing table of ids and content digests. */
#include "roster/arena.h"
#include "roster/store.h"
#include "roster/text.h"
#include "store/private.h"

#include <stdlib.h>
#include <string.h>

/* Entries without an id are a handful, or the whole read is not worth trusting. */
enum { SPARED_MOST = 1000 };

struct known {
	struct digest id;
	uint64_t content; /* half of the digest: it only has to tell two readings of one entry apart */
	bool used, seen, gone;
	bool doubted; /* the same content may mean something else by now */
	uint8_t kind;
};

struct mirror {
	struct known *slots;
	size_t room, used, live[ENTRY_KINDS];
	struct digest spared[SPARED_MOST];
	size_t spared_count;
	bool whole; /* it holds every entry of the source */
};

/* A UUID is a key as it is; other ids are digested. */
static struct digest key_of(const char *id)
{
	struct digest key;

	return uuid_parse(id, key.bytes) ? key : digest_of(id, strlen(id));
}

/* UUIDs that are made by a clock, or counted, differ in few bits, wherever these are: a multiplication carries them up, a shift
 * brings them down again. */
static size_t spread(const struct digest *id)
{
	uint64_t halves[2];

	memcpy(halves, id->bytes, sizeof halves);
	uint64_t mixed = halves[0] ^ halves[1];
	mixed = (mixed ^ mixed >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(mixed ^ mixed >> 32);
}

static struct known *find(const struct mirror *mirror, const struct digest *id)
{
	size_t at = spread(id);

	for (at &= mirror->room - 1; mirror->slots[at].used; at = (at + 1) & (mirror->room - 1))
		if (digest_equal(&mirror->slots[at].id, id))
			break;
	return &mirror->slots[at];
}

static void grow(struct mirror *mirror)
{
	struct known *old = mirror->slots;
	size_t count = mirror->room;

	mirror->room = count == 0 ? 1024 : count * 2;
	mirror->slots = xcalloc(mirror->room, sizeof *mirror->slots);
	for (size_t i = 0; i < count; i++)
		if (old[i].used)
			*find(mirror, &old[i].id) = old[i];
	free(old);
}

static struct known *insert(struct mirror *mirror, const struct digest *id)
{
	if ((mirror->used + 1) * 4 > mirror->room * 3)
		grow(mirror);
	struct known *slot = find(mirror, id);
	if (!slot->used) {
		slot->used = true;
		slot->id = *id;
		mirror->used++;
	}
	return slot;
}

static uint64_t half(const struct digest *digest)
{
	uint64_t value;

	memcpy(&value, digest->bytes, sizeof value);
	return value;
}

static enum entry_kind kind_named(const char *name)
{
	for (enum entry_kind kind = 0; kind < ENTRY_KINDS; kind++)
		if (strcmp(entry_kind_name(kind), name) == 0)
			return kind;
	return ENTRY_USER;
}

static int load_batch(const struct pg_rows *rows, void *context, struct error *err)
{
	struct mirror *mirror = context;

	for (size_t i = 0; i < pg_count(rows); i++) {
		const char *id = pg_text(rows, i, 0);
		struct digest key = key_of(id), content = {0};
		if (!uuid_parse(pg_text(rows, i, 1), content.bytes))
			return error_set(err, ERR_INTERNAL, "entry %s of the mirror has a content digest that is none",
					 id);
		struct known *slot = find(mirror, &key);
		if (slot->used)
			continue;
		slot = insert(mirror, &key);
		slot->content = half(&content);
		slot->gone = pg_boolean(rows, i, 2);
		slot->kind = (uint8_t)kind_named(pg_text(rows, i, 3));
		/* Of a group that is told of, who is meant by a name may have changed although the names have not. */
		slot->doubted = !mirror->whole && slot->kind == ENTRY_GROUP;
		mirror->live[slot->kind] += !slot->gone;
	}
	return 0;
}

struct mirror *mirror_new(void)
{
	struct mirror *mirror = xcalloc(1, sizeof *mirror);

	grow(mirror);
	return mirror;
}

static int read_called(const struct pg_rows *rows, struct mirror_look *look, struct error *err)
{
	memset(look->called, 0, look->count * sizeof *look->called);
	for (size_t i = 0; i < pg_count(rows); i++) {
		size_t at = (size_t)pg_integer(rows, i, 5) - 1;
		if (at >= look->count || !uuid_parse(pg_text(rows, i, 4), look->called[at].reference.bytes))
			return error_set(err, ERR_INTERNAL, "entry %s of the mirror has a reference that is none",
					 pg_text(rows, i, 0));
		if (pg_boolean(rows, i, 2))
			look->called[at].reference = (struct digest){{0}};
		look->called[at].placed = pg_boolean(rows, i, 6);
		look->closes = look->closes || pg_boolean(rows, i, 7);
	}
	return 0;
}

int store_mirror_look(struct store *store, int source, struct mirror_look *look, struct mirror *mirror,
		      struct error *err)
{
	char number[NUMBER_TEXT];
	struct str array = {0};
	struct pg_rows *rows = NULL;

	pg_array(look->ids, look->count, &array);
	const char *params[] = {number_text(source, number), str_text(&array)};
	int rc = pg_query(store->pg,
			  "select d.external_id, d.content, d.gone_since is not null and d.closed is null, d.kind, "
			  "d.reference, n.ordinal, exists (select from directory_places p where p.source = $1 and "
			  "p.reference = d.parent), d.closed is not null or d.ends_by is not null "
			  "from unnest($2::text[]) with ordinality n(id, ordinal) "
			  "join directory_entries d on d.source = $1 and d.external_id = n.id",
			  params, 2, &rows, err);
	if (rc == 0)
		rc = load_batch(rows, mirror, err);
	if (rc == 0)
		rc = read_called(rows, look, err);
	pg_free(&rows);
	str_free(&array);
	return rc;
}

int store_mirror_load(struct store *store, int source, struct mirror **ret, struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(source, number)};
	struct mirror *mirror = mirror_new();

	mirror->whole = true;
	if (pg_stream(store->pg,
		      "select external_id, content, gone_since is not null and closed is null, kind from "
		      "directory_entries where source = $1",
		      params, 1, &(struct pg_reader){.batch = load_batch, .context = mirror, .ahead = true},
		      err) != 0) {
		mirror_free(&mirror);
		return -1;
	}
	*ret = mirror;
	return 0;
}

void mirror_free(struct mirror **mirror)
{
	if (*mirror == NULL)
		return;
	free((*mirror)->slots);
	free(*mirror);
	*mirror = NULL;
}

size_t mirror_count(const struct mirror *mirror, enum entry_kind kind)
{
	return mirror->live[kind];
}

int mirror_kind(const struct mirror *mirror, const char *id)
{
	struct digest key = key_of(id);
	const struct known *slot = find(mirror, &key);

	return slot->used && (slot->seen || !slot->gone) ? slot->kind : -1;
}

bool mirror_seen(const struct mirror *mirror, const char *id)
{
	struct digest key = key_of(id);

	return find(mirror, &key)->seen;
}

void mirror_unsee(struct mirror *mirror, const char *id)
{
	struct digest key = key_of(id);

	find(mirror, &key)->seen = false;
}

enum mirror_state mirror_see(struct mirror *mirror, enum entry_kind kind, const char *id, const struct digest *content)
{
	struct digest key = key_of(id);
	struct known *slot = find(mirror, &key);
	bool is_new = !slot->used;

	if (is_new)
		slot = insert(mirror, &key);
	else if (slot->seen)
		return MIRROR_TWICE;
	slot->seen = true;
	slot->kind = (uint8_t)kind;
	if (is_new)
		return MIRROR_NEW;
	/* One that comes back is staged whole: its edges and mappings went with it. */
	return content == NULL || (!slot->gone && !slot->doubted && half(content) == slot->content) ? MIRROR_SAME
												    : MIRROR_CHANGED;
}

bool mirror_holds(const struct mirror *mirror, const char *id, const struct digest *content)
{
	struct digest key = key_of(id);
	const struct known *slot = find(mirror, &key);

	return slot->used && !slot->gone && half(content) == slot->content;
}

bool mirror_spare(struct mirror *mirror, const struct digest *reference)
{
	if (mirror->spared_count == SPARED_MOST)
		return false;
	mirror->spared[mirror->spared_count++] = *reference;
	return true;
}

static bool is_spared(const struct mirror *mirror, const char *reference)
{
	struct digest digest;

	if (mirror->spared_count == 0 || !uuid_parse(reference, digest.bytes))
		return false;
	for (size_t i = 0; i < mirror->spared_count; i++)
		if (digest_equal(&mirror->spared[i], &digest))
			return true;
	return false;
}

static bool misses_nothing(const struct mirror *mirror)
{
	for (size_t i = 0; i < mirror->room; i++)
		if (mirror->slots[i].used && !mirror->slots[i].gone && !mirror->slots[i].seen)
			return false;
	return mirror->whole;
}

struct gone_context {
	const struct mirror *mirror;
	struct str ids; /* NUL-separated */
	size_t count;
};

static int gone_batch(const struct pg_rows *rows, void *context, struct error *err)
{
	struct gone_context *gone = context;

	(void)err;
	for (size_t i = 0; i < pg_count(rows); i++) {
		const char *id = pg_text(rows, i, 0);
		struct digest key = key_of(id);
		if (find(gone->mirror, &key)->seen || is_spared(gone->mirror, pg_text(rows, i, 1)))
			continue;
		str_append(&gone->ids, id, strlen(id) + 1);
		gone->count++;
	}
	return 0;
}

static int copy_gone(struct store *store, int64_t run, const struct gone_context *gone, struct error *err)
{
	const char *id = str_text(&gone->ids);

	if (pg_copy_start(store->pg, "copy staged_gone (run, external_id, explicit) from stdin", err) != 0)
		return -1;
	for (size_t i = 0; i < gone->count; i++, id += strlen(id) + 1) {
		pg_copy_integer(store->pg, run);
		pg_copy_text(store->pg, id);
		pg_copy_text(store->pg, "f");
		if (pg_copy_row(store->pg, err) != 0)
			return -1;
	}
	return pg_copy_end(store->pg, err);
}

static int find_stranger(struct store *store, int64_t run, struct arena *arena, struct store_gone *gone,
			 struct error *err)
{
	char number[NUMBER_TEXT];
	struct pg_rows *rows = NULL;
	struct str dns = {0};
	int rc;

	pg_array(gone->nameless, gone->nameless_count, &dns);
	const char *params[] = {number_text(run, number), str_text(&dns)};
	rc = pg_query(store->pg, "select find_stranger($1, $2)", params, 2, &rows, err);
	if (rc == 0 && !pg_is_null(rows, 0, 0))
		gone->stranger = arena_strdup(arena, pg_text(rows, 0, 0));
	pg_free(&rows);
	str_free(&dns);
	return rc;
}

/* The ids themselves are not kept in memory: they are asked for once more, and those not seen are staged. */
int store_stage_gone(struct store *store, int64_t run, const struct mirror *mirror, struct arena *arena,
		     struct store_gone *ret, struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(run, number)};
	struct gone_context gone = {.mirror = mirror};

	if (misses_nothing(mirror))
		return 0;
	int rc =
	    pg_stream(store->pg,
		      "select d.external_id, d.reference from directory_entries d join runs r on r.source = d.source "
		      "where r.id = $1 and (d.gone_since is null or d.closed is not null)",
		      params, 1, &(struct pg_reader){.batch = gone_batch, .context = &gone}, err);

	ret->count = gone.count;
	if (rc == 0 && gone.count > 0 && ret->nameless_count > 0)
		rc = find_stranger(store, run, arena, ret, err);
	if (rc == 0 && gone.count > 0 && ret->stranger == NULL)
		rc = copy_gone(store, run, &gone, err);
	str_free(&gone.ids);
	return rc;
}

struct walk {
	int (*each)(const struct mirror_row *row, void *context, struct error *err);
	void *context;
};

static int walk_rows(const struct pg_rows *rows, void *context, struct error *err)
{
	struct walk *walk = context;

	for (size_t i = 0; i < pg_count(rows); i++) {
		const struct mirror_row row = {
		    .kind = kind_named(pg_text(rows, i, 0)),
		    .id = pg_text(rows, i, 1),
		    .dn = pg_text(rows, i, 2),
		    .attributes = pg_text(rows, i, 3),
		};
		if (walk->each(&row, walk->context, err) != 0)
			return -1;
	}
	return 0;
}

int store_mirror_walk(struct store *store, int64_t run,
		      int (*each)(const struct mirror_row *row, void *context, struct error *err), void *context,
		      struct error *err)
{
	char number[NUMBER_TEXT];
	const char *params[] = {number_text(run, number)};
	struct walk walk = {each, context};

	/* A cursor is planned for its first rows, and of what was staged just now there are no statistics: it would go through all
	 * of that for each entry. */
	if (pg_query(store->pg, "set local enable_nestloop = off", NULL, 0, NULL, err) != 0 ||
	    pg_stream(store->pg,
		      "select d.kind, d.external_id, d.dn, d.attributes from directory_entries d "
		      "join runs r on r.source = d.source where r.id = $1 and (d.gone_since is null or d.closed is "
		      "not null) and not exists "
		      "(select from staged_entries s where s.run = r.id and s.external_id = d.external_id)",
		      params, 1, &(struct pg_reader){.batch = walk_rows, .context = &walk}, err) != 0)
		return -1;
	return pg_query(store->pg, "set local enable_nestloop to default", NULL, 0, NULL, err);
}
