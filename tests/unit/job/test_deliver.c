/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/windows.h"
#include "roster/arena.h"
#include "roster/delivery.h"
#include "roster/job.h"
#include "roster/target.h"

/* The database and the target are doubles: what is tested is that nothing is left lying, however fast a target answers. */
enum { TARGET = 7, PARTS_A_ROUND = 3, ROUNDS_MOST = 100 };

static struct {
	int owed;             /* parts that were not written yet */
	int written;          /* written, not confirmed */
	int first, confirmed; /* numbers: of the first that is written; so many have been confirmed */
	int rounds, sent;
	int waits;  /* so often the target has nothing to say when it is asked */
	int silent; /* since the last part was sent */
	void *under_way;
} world;

/* --- the database ------------------------------------------------------------------------------------------------------- */

int store_open(const struct database_config *database, enum store_right right, struct store **ret, struct error *err)
{
	(void)database;
	(void)right;
	(void)ret;
	(void)err;
	return 0;
}

void store_close(struct store **store)
{
	(void)store;
}

int store_schema_check(struct store *store, struct error *err)
{
	(void)store;
	(void)err;
	return 0;
}

int store_driver_lead(struct store *store, const char *type, struct error *err)
{
	(void)store;
	(void)type;
	(void)err;
	return 1;
}

int store_targets_register(struct store *store, const struct config *config, const char *type, struct error *err)
{
	(void)store;
	(void)config;
	(void)type;
	(void)err;
	return 0;
}

int store_listen(struct store *store, const char *channel, struct error *err)
{
	(void)store;
	(void)channel;
	(void)err;
	return 0;
}

int store_hurry(struct store *store, const char *type, const char *name, struct error *err)
{
	(void)store;
	(void)type;
	(void)name;
	(void)err;
	return 0;
}

int store_notified(struct store *store, struct error *err)
{
	(void)store;
	(void)err;
	return 0;
}

int store_notified_within(struct store *store, int64_t wait_ms, struct error *err)
{
	(void)store;
	(void)wait_ms;
	(void)err;
	return 0;
}

int store_socket(const struct store *store)
{
	(void)store;
	return -1;
}

/* All that was written and is not under way. */
int store_parts_due(struct store *store, const char *type, const struct str *busy, struct arena *arena,
		    struct parts *ret, struct error *err)
{
	(void)store;
	(void)type;
	(void)err;
	ret->count = strcmp(str_text(busy), "{}") == 0 ? (size_t)world.written : 0;
	ret->items = arena_alloc_array(arena, ret->count + 1, sizeof *ret->items);
	for (size_t i = 0; i < ret->count; i++)
		ret->items[i] = (struct part){
		    .target = TARGET,
		    .target_name = "app",
		    .window = 1,
		    .number = world.first + (int)i,
		    .id = "id",
		};
	return 0;
}

int store_part_body(struct store *store, const struct part *part, struct str *out, struct error *err)
{
	(void)store;
	(void)part;
	(void)err;
	str_add(out, "{}");
	return 0;
}

int store_part_people(struct store *store, const struct part *part, struct brief_people *people, struct error *err)
{
	(void)people;
	return store_part_refused(store, part, "no part of this test is a brief", err);
}

int store_next_due(struct store *store, const char *type, const struct str *busy, int64_t *ret, struct error *err)
{
	(void)store;
	(void)type;
	(void)err;
	*ret = world.written > 0 && strcmp(str_text(busy), "{}") == 0 ? 0 : -1;
	return 0;
}

int store_parts_confirmed(struct store *store, const struct parts *parts, size_t count, struct error *err)
{
	(void)store;
	(void)err;
	assert_int_equal(parts->items[0].number, world.first);
	world.first += (int)count;
	world.written -= (int)count;
	world.confirmed += (int)count;
	return 0;
}

int store_part_refused(struct store *store, const struct part *part, const char *reason, struct error *err)
{
	(void)store;
	(void)part;
	return error_set(err, ERR_INTERNAL, "%s", reason);
}

int store_target_disabled(struct store *store, const struct part *part, const char *reason, struct error *err)
{
	return store_part_refused(store, part, reason, err);
}

int store_target_later(struct store *store, const struct part *part, const char *reason, int64_t *wait_ms,
		       struct error *err)
{
	(void)wait_ms;
	return store_part_refused(store, part, reason, err);
}

int store_targets_owing(struct store *store, const char *type, int64_t *ret, struct error *err)
{
	(void)store;
	(void)type;
	(void)err;
	*ret = world.owed + world.written > 0 ? 1 : 0;
	return 0;
}

/* --- what is written ---------------------------------------------------------------------------------------------------- */

/* As of a large snapshot: some parts, and no more before these are confirmed. */
int windows_open(struct writer *writer, bool *more, struct error *err)
{
	int count = world.owed < PARTS_A_ROUND ? world.owed : PARTS_A_ROUND;

	(void)writer;
	if (++world.rounds > ROUNDS_MOST)
		return error_set(err, ERR_INTERNAL, "it goes round and round");
	*more = false;
	if (world.written > 0)
		return 0;
	world.written = count;
	world.owed -= count;
	return 0;
}

void windows_forget(struct writer *writer)
{
	(void)writer;
}

/* --- the target --------------------------------------------------------------------------------------------------------- */

static int double_open(const struct config *config, struct target **ret, struct error *err)
{
	(void)config;
	(void)err;
	*ret = xcalloc(1, 1);
	return 0;
}

static int double_send(struct target *target, const struct delivery *delivery, struct error *err)
{
	(void)target;
	(void)err;
	assert_null(world.under_way);
	world.under_way = delivery->context;
	world.silent = 0;
	world.sent++;
	return 0;
}

static int double_wait(struct target *target, int fd, int64_t wait_ms, struct verdict *ret, struct error *err)
{
	(void)target;
	(void)fd;
	(void)wait_ms;
	(void)err;
	if (world.under_way == NULL || world.silent++ < world.waits)
		return 0;
	*ret = (struct verdict){.context = world.under_way, .kind = VERDICT_CONFIRMED};
	world.under_way = NULL;
	return 1;
}

static void double_close(struct target **target)
{
	free(*target);
	*target = NULL;
}

static const struct target_ops driver = {
    .name = "double", .open = double_open, .send = double_send, .wait = double_wait, .close = double_close};

const struct target_ops *target_driver(const char *type)
{
	(void)type;
	return &driver;
}

const struct target_ops *target_driver_at(size_t index)
{
	return index == 0 ? &driver : NULL;
}

/* --- tests -------------------------------------------------------------------------------------------------------------- */

/* Tell one target so many parts; waits: how often it is asked in vain before it answers to one. */
static void tell(int parts, int waits)
{
	struct target_config target = {.name = "app", .type = "double", .batch = 1};
	struct config config = {.targets = &target, .target_count = 1};
	struct error err = {0};

	memset(&world, 0, sizeof world);
	world.owed = parts;
	world.waits = waits;
	world.first = 1;
	int rc = deliver_once(&config, "double", NULL, &err);
	if (rc != 0)
		print_error("%d: %s\n", rc, err.text);
	assert_int_equal(rc, 0);
	assert_int_equal(world.sent, parts);
	assert_int_equal(world.confirmed, parts);
}

/* Each answer is there as soon as its part was sent: what comes behind the parts of a round is not forgotten. */
static void test_a_target_that_answers_at_once(void **state)
{
	(void)state;
	tell(10 * PARTS_A_ROUND, 0);
}

static void test_a_target_that_takes_its_time(void **state)
{
	(void)state;
	for (int waits = 1; waits < 5; waits++)
		tell(10 * PARTS_A_ROUND, waits);
}

static void test_nothing_is_owed(void **state)
{
	(void)state;
	tell(0, 0);
}

static void test_fewer_parts_than_a_round_has(void **state)
{
	(void)state;
	tell(1, 0);
	tell(1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_target_that_answers_at_once),
	    cmocka_unit_test(test_a_target_that_takes_its_time),
	    cmocka_unit_test(test_nothing_is_owed),
	    cmocka_unit_test(test_fewer_parts_than_a_round_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
