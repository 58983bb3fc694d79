/* SPDX-License-Identifier: Apache-2.0 */
/* The road from a revision to a target that confirms it. */
#include "job/windows.h"
#include "roster/arena.h"
#include "roster/delivery.h"
#include "roster/job.h"
#include "roster/log.h"
#include "roster/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEAD_WAIT_MS = 5000,       /* between two attempts to become the leader */
	IDLE_WAIT_MS = 30000,      /* a wake-up may get lost with a connection: look all the same */
	OWN_FAULT_WAIT_MS = 60000, /* a key that cannot be read is soon repaired, and bothers nobody meanwhile */
};

/* One part on its way; its texts live in an arena of their own. */
struct sending {
	struct part part;
	struct arena *arena;
	struct delivery delivery;
	bool busy;
};

struct deliverer {
	const struct config *config;
	const char *type, *only;
	const struct serve_hooks *hooks; /* NULL: once */
	const struct target_ops *driver;
	struct store *store;
	struct target *target;
	struct sending *sendings; /* as many as there are targets */
	size_t count, running;
	int64_t owing; /* targets that are not up to date after all, when it was done once */
};

/* --- what became of it ------------------------------------------------------------------------------------------------- */

static int settle_later(struct deliverer *d, const struct part *part, const char *reason, int64_t wait_ms,
			struct error *err)
{
	char buffer[32];

	if (store_target_later(d->store, part, reason, &wait_ms, err) != 0)
		return -1;
	log_warn("target %s: %s; window %" PRId64 " is sent again in %s", part->target_name, reason, part->window,
		 duration_format(wait_ms / 1000 * 1000, buffer, sizeof buffer));
	return 0;
}

static int settle(struct deliverer *d, const struct part *part, const struct verdict *verdict, struct error *err)
{
	switch (verdict->kind) {
	case VERDICT_CONFIRMED:
		log_info("target %s confirmed window %" PRId64 ", part %d, in %.0f ms", part->target_name, part->window,
			 part->number, verdict->seconds * 1e3);
		return store_part_confirmed(d->store, part, err);
	case VERDICT_REFUSED:
		log_warn("target %s refuses window %" PRId64 ", part %d: %s; its resources are tried one by one",
			 part->target_name, part->window, part->number, verdict->reason);
		return store_part_refused(d->store, part, verdict->reason, err);
	case VERDICT_DISABLED:
		log_warn("target %s is switched off: %s", part->target_name, verdict->reason);
		return store_target_disabled(d->store, part, verdict->reason, err);
	default:
		return settle_later(d, part, verdict->reason, verdict->wait_ms, err);
	}
}

static void free_sending(struct deliverer *d, struct sending *sending)
{
	arena_free(&sending->arena);
	*sending = (struct sending){.busy = false};
	d->running--;
}

/* --- sending ------------------------------------------------------------------------------------------------------------ */

static struct sending *free_slot(struct deliverer *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (!d->sendings[i].busy)
			return &d->sendings[i];
	return NULL;
}

static int start_part(struct deliverer *d, const struct part *part, struct error *err)
{
	const struct target_config *target = config_target(d->config, part->target_name);
	struct sending *sending = free_slot(d);
	struct error fault = {0};

	if (target == NULL || sending == NULL)
		return 0;
	*sending = (struct sending){.part = *part, .arena = arena_new(), .busy = true};
	sending->part.target_name = target->name;
	sending->part.id = arena_strdup(sending->arena, part->id);
	sending->part.body = arena_strndup(sending->arena, part->body, part->size);
	sending->delivery =
	    (struct delivery){target, sending->part.id, sending->part.body, sending->part.size, sending};
	d->running++;
	if (d->driver->send(d->target, &sending->delivery, &fault) == 0)
		return 0;
	int rc = settle_later(d, &sending->part, fault.text, OWN_FAULT_WAIT_MS, err);
	free_sending(d, sending);
	return rc;
}

/* The targets that have a part under way, as an array of the database. */
static void list_busy(const struct deliverer *d, struct str *out)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->sendings[i].busy)
			str_printf(out, "%s%d", out->size == 0 ? "{" : ",", d->sendings[i].part.target);
	str_add(out, out->size == 0 ? "{}" : "}");
}

static int start_parts(struct deliverer *d, struct error *err)
{
	struct arena *arena = arena_new();
	struct str busy = {0};
	struct parts parts;
	int rc;

	list_busy(d, &busy);
	rc = store_parts_due(d->store, d->type, &busy, arena, &parts, err);
	for (size_t i = 0; rc == 0 && i < parts.count; i++)
		rc = start_part(d, &parts.items[i], err);
	str_free(&busy);
	arena_free(&arena);
	return rc;
}

/* Wait for a verdict, a wake-up from the database, or the time; settle what came. 1 when something happened. */
static int wait_and_settle(struct deliverer *d, int64_t wait_ms, struct error *err)
{
	struct verdict verdict;
	int rc = d->driver->wait(d->target, store_socket(d->store), wait_ms, &verdict, err);

	if (rc != 1)
		return rc;
	struct sending *sending = verdict.context;
	rc = settle(d, &sending->part, &verdict, err);
	free_sending(d, sending);
	return rc == 0 ? 1 : -1;
}

/* --- rounds -------------------------------------------------------------------------------------------------------------- */

static bool told_to_stop(const struct deliverer *d)
{
	return d->hooks != NULL && d->hooks->must_stop();
}

/* Until something is due, or a wake-up may have got lost. */
static int pause_ms(struct deliverer *d, int64_t *ret, struct error *err)
{
	struct str busy = {0};

	list_busy(d, &busy);
	int rc = store_next_due(d->store, d->type, &busy, ret, err);
	str_free(&busy);
	if (rc != 0)
		return -1;
	if (*ret < 0 || *ret > IDLE_WAIT_MS)
		*ret = IDLE_WAIT_MS;
	return 0;
}

/* Take all notifications that have come: how many does not matter. */
static int drain(struct deliverer *d, struct error *err)
{
	int rc;

	do {
		rc = store_notified(d->store, err);
	} while (rc == 1);
	return rc;
}

/* All verdicts that are there already. 1 when there were any. */
static int settle_all(struct deliverer *d, struct error *err)
{
	int any = 0, rc;

	while ((rc = wait_and_settle(d, 0, err)) == 1)
		any = 1;
	return rc < 0 ? -1 : any;
}

/* One after the other: open what is owed, send what is due, wait. Settled parts make room for the next ones; nothing is
 * opened while the answer to a wake-up is a plain "nothing new". */
static int round_trip(struct deliverer *d, bool *idle, struct error *err)
{
	int64_t wait_ms = 0;
	bool more = false;
	int rc;

	if (drain(d, err) != 0 || windows_open(d->store, d->config, d->type, &more, err) != 0 ||
	    start_parts(d, err) != 0)
		return -1;
	/* What was started goes out before the database is asked again. */
	rc = settle_all(d, err);
	if (rc != 0 || told_to_stop(d))
		return rc < 0 ? -1 : 0;
	if (pause_ms(d, &wait_ms, err) != 0)
		return -1;
	/* A wake-up that came with the answer to a statement has been read already: the socket would stay silent. */
	rc = store_notified(d->store, err);
	if (rc < 0)
		return -1;
	if (more || rc == 1)
		wait_ms = 0;
	*idle = d->running == 0 && wait_ms > 0;
	if (*idle && d->hooks == NULL)
		return 0;
	if (d->hooks != NULL)
		d->hooks->alive();
	rc = wait_and_settle(d, wait_ms, err);
	return rc == 1 && settle_all(d, err) < 0 ? -1 : rc < 0 ? -1 : 0;
}

static int deliver_all(struct deliverer *d, struct error *err)
{
	bool idle = false;

	while (!told_to_stop(d) && !(d->hooks == NULL && idle))
		if (round_trip(d, &idle, err) != 0)
			return -1;
	return 0;
}

/* --- the life of a deliverer ---------------------------------------------------------------------------------------------- */

static int lead(struct deliverer *d, struct error *err)
{
	int rc = 0;

	while (!told_to_stop(d) && (rc = store_driver_lead(d->store, d->type, err)) == 0) {
		if (d->hooks == NULL)
			return error_set(err, ERR_CONFLICT, "targets of type %s are served by another process",
					 d->type);
		d->hooks->alive();
		if (store_notified_within(d->store, LEAD_WAIT_MS, err) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

static int prepare(struct deliverer *d, struct error *err)
{
	if (store_open(&d->config->database, STORE_DAEMON, &d->store, err) != 0 ||
	    store_schema_check(d->store, err) != 0 || lead(d, err) != 0)
		return -1;
	if (told_to_stop(d))
		return 0;
	if (store_listen(d->store, "roster_revision", err) != 0 || store_listen(d->store, "roster_request", err) != 0 ||
	    store_targets_register(d->store, d->config, d->type, err) != 0)
		return -1;
	if (d->hooks != NULL)
		d->hooks->ready();
	else if (store_hurry(d->store, d->type, d->only, err) != 0)
		return -1;
	return d->driver->open(d->config, &d->target, err);
}

static int run(struct deliverer *d, struct error *err)
{
	int rc;

	d->driver = target_driver(d->type);
	if (d->driver == NULL)
		return error_set(err, ERR_CONFIG, "there is no driver for targets of type \"%s\"", d->type);
	d->count = d->config->target_count;
	d->sendings = xcalloc(d->count + 1, sizeof *d->sendings);
	rc = prepare(d, err);
	if (rc == 0 && d->target != NULL)
		rc = deliver_all(d, err);
	if (rc == 0 && d->hooks == NULL)
		rc = store_targets_owing(d->store, d->type, &d->owing, err);
	if (rc != 0)
		error_prefix(err, "targets of type %s", d->type);
	d->driver->close(&d->target);
	for (size_t i = 0; i < d->count; i++)
		arena_free(&d->sendings[i].arena);
	free(d->sendings);
	store_close(&d->store);
	return rc;
}

int deliver_serve(const struct config *config, const char *type, const struct serve_hooks *hooks, struct error *err)
{
	struct deliverer d = {.config = config, .type = type, .hooks = hooks};

	return run(&d, err);
}

int deliver_once(const struct config *config, const char *type, const char *only, struct error *err)
{
	struct deliverer d = {.config = config, .type = type, .only = only};

	if (run(&d, err) != 0)
		return -1;
	return d.owing > 0 ? 1 : 0;
}
