/* SPDX-License-Identifier: Apache-2.0 */
/* The road from a revision to a target that confirms it. */
#include "job/bodies.h"
#include "job/windows.h"
#include "roster/arena.h"
#include "roster/delivery.h"
#include "roster/elapsed.h"
#include "roster/job.h"
#include "roster/log.h"
#include "roster/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEAD_WAIT_MS = 500,        /* between two attempts to become the leader */
	IDLE_WAIT_MS = 30000,      /* a wake-up may get lost with a connection: look all the same */
	OWN_FAULT_WAIT_MS = 60000, /* a key that cannot be read is soon repaired, and bothers nobody meanwhile */
};

/* The parts of one target that are sent one after the other before the database is asked again; their texts live in an
 * arena of their own. Those that are confirmed meanwhile are noted together: one that is not noted when the process dies
 * is sent once more. */
struct sending {
	struct parts parts; /* of one window, in order */
	struct str *bodies; /* theirs */
	size_t at;          /* under way; those before it are confirmed */
	struct arena *arena;
	struct delivery delivery;
	const struct target_config *target;
	bool busy;
};

struct deliverer {
	const struct config *config;
	const char *type, *only;
	const struct serve_hooks *hooks; /* NULL: once */
	const struct target_ops *driver;
	struct store *store;
	struct writer writer;
	struct bodies bodies;
	struct target *target;
	struct sending *sendings; /* as many as there are targets */
	size_t count, running;
	bool look;       /* ask the database what is owed and due */
	int64_t look_at; /* the same, by clock_ms() */
	int64_t owing;   /* targets that are not up to date after all, when it was done once */
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

static void free_sending(struct deliverer *d, struct sending *sending)
{
	for (size_t i = 0; i < sending->parts.count; i++)
		bodies_give_back(&d->bodies, &sending->bodies[i]);
	arena_free(&sending->arena);
	*sending = (struct sending){.busy = false};
	d->running--;
}

static int send_part(struct deliverer *d, struct sending *sending, struct error *err)
{
	const struct part *part = &sending->parts.items[sending->at];
	const struct str *body = &sending->bodies[sending->at];
	struct error fault = {0};

	sending->delivery = (struct delivery){sending->target, part->id, str_text(body), body->size, sending};
	if (d->driver->send(d->target, &sending->delivery, &fault) == 0)
		return 0;
	int rc = store_parts_confirmed(d->store, &sending->parts, sending->at, err) != 0 ||
			 settle_later(d, part, fault.text, OWN_FAULT_WAIT_MS, err) != 0
		     ? -1
		     : 0;
	free_sending(d, sending);
	return rc;
}

static int settle_rest(struct deliverer *d, const struct part *part, const struct verdict *verdict, struct error *err)
{
	switch (verdict->kind) {
	case VERDICT_CONFIRMED:
		return 0;
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

/* A part that is confirmed is followed by the next one at once. */
static int settle(struct deliverer *d, const struct verdict *verdict, struct error *err)
{
	struct sending *sending = verdict->context;
	const struct part *part = &sending->parts.items[sending->at];
	int rc;

	if (verdict->kind == VERDICT_CONFIRMED) {
		log_info("target %s confirmed window %" PRId64 ", part %d, in %.0f ms", part->target_name, part->window,
			 part->number, verdict->seconds * 1e3);
		if (++sending->at < sending->parts.count)
			return send_part(d, sending, err);
	}
	d->look = true;
	rc = store_parts_confirmed(d->store, &sending->parts, sending->at, err) != 0 ||
		     settle_rest(d, part, verdict, err) != 0
		 ? -1
		 : 0;
	free_sending(d, sending);
	return rc;
}

/* --- sending ------------------------------------------------------------------------------------------------------------ */

static struct sending *free_slot(struct deliverer *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (!d->sendings[i].busy)
			return &d->sendings[i];
	return NULL;
}

/* Parts and their bytes. */
static int take_parts(struct deliverer *d, const struct part *parts, size_t count, struct sending *sending,
		      struct error *err)
{
	struct brief_people *people = NULL;
	int rc = 0;

	sending->parts.items = arena_alloc_array(sending->arena, count, sizeof *parts);
	sending->bodies = arena_alloc_array(sending->arena, count, sizeof *sending->bodies);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct part *part = &sending->parts.items[i];
		*part = parts[i];
		part->id = arena_strdup(sending->arena, part->id);
		part->target_name = arena_strdup(sending->arena, part->target_name);
		rc = bodies_take(&d->bodies, d->store, part, &people, &sending->bodies[i], err);
		sending->parts.count++;
	}
	brief_people_free(&people);
	return rc;
}

/* The parts of one target: the first of them and those behind it. */
static int start_target(struct deliverer *d, const struct part *parts, size_t count, struct error *err)
{
	const struct target_config *target = config_target(d->config, parts->target_name);
	struct sending *sending = free_slot(d);

	if (target == NULL || sending == NULL)
		return 0;
	*sending = (struct sending){.target = target, .arena = arena_new(), .busy = true};
	d->running++;
	return take_parts(d, parts, count, sending, err) == 0 ? send_part(d, sending, err) : -1;
}

/* The targets that have parts under way, "{3,17}". */
static void list_busy(const struct deliverer *d, struct str *out)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->sendings[i].busy)
			str_printf(out, "%s%d", out->size == 0 ? "{" : ",", d->sendings[i].parts.items[0].target);
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
	for (size_t i = 0, next; rc == 0 && i < parts.count; i = next) {
		for (next = i + 1; next < parts.count && parts.items[next].target == parts.items[i].target;)
			next++;
		rc = start_target(d, &parts.items[i], next - i, err);
	}
	str_free(&busy);
	arena_free(&arena);
	return rc;
}

/* Wait for a verdict, a wake-up from the database, or the time; settle what came. 1 when something happened. */
static int wait_and_settle(struct deliverer *d, int64_t wait_ms, struct error *err)
{
	struct verdict verdict;
	int rc = d->driver->wait(d->target, store_socket(d->store), wait_ms, &verdict, err);

	if (rc == 1)
		return settle(d, &verdict, err) == 0 ? 1 : -1;
	return rc;
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
	if (*ret < 0 || *ret > IDLE_WAIT_MS)
		*ret = IDLE_WAIT_MS;
	return rc;
}

/* Take all notifications that have come: how many does not matter. */
static int drain(struct deliverer *d, struct error *err)
{
	int rc;

	while ((rc = store_notified(d->store, err)) == 1)
		d->look = true;
	return rc;
}

/* Verdicts that are there already. */
static int settle_all(struct deliverer *d, struct error *err)
{
	int rc;

	while ((rc = wait_and_settle(d, 0, err)) == 1)
		;
	return rc;
}

/* Open what is owed, send what is due. Settled parts make room for the next ones. */
static int look(struct deliverer *d, struct error *err)
{
	int64_t wait_ms = 0;

	/* Set again by what is settled below: a target may have answered to all its parts before this is over. */
	d->look = false;
	if (windows_open(&d->writer, &d->look, err) != 0 || start_parts(d, err) != 0)
		return -1;
	/* What was started goes out before the database is asked again. */
	if (settle_all(d, err) != 0 || pause_ms(d, &wait_ms, err) != 0)
		return -1;
	d->look_at = clock_ms() + wait_ms;
	/* Nobody is told anything: do not sit on what it took. */
	if (d->running == 0 && !d->look)
		bodies_free(&d->bodies);
	/* A wake-up that came with the answer to a statement has been read already: the socket would stay silent. */
	return drain(d, err);
}

/* Look when there is something to be seen, then wait. While parts follow one another nothing is asked. */
static int round_trip(struct deliverer *d, bool *idle, struct error *err)
{
	int rc;

	if (drain(d, err) != 0 || ((d->look || clock_ms() >= d->look_at) && look(d, err) != 0))
		return -1;
	int64_t wait_ms = d->look ? 0 : d->look_at - clock_ms();
	*idle = d->running == 0 && wait_ms > 0;
	if (*idle && d->hooks == NULL)
		return 0;
	if (d->hooks != NULL)
		d->hooks->alive();
	rc = wait_and_settle(d, wait_ms < 0 ? 0 : wait_ms, err);
	return rc == 1 ? settle_all(d, err) : rc;
}

static int deliver_all(struct deliverer *d, struct error *err)
{
	bool idle = false;

	while (!told_to_stop(d) && !(d->hooks == NULL && idle))
		if (round_trip(d, &idle, err) != 0)
			return -1;
	/* What was confirmed need not be sent again by who comes next. */
	for (size_t i = 0; i < d->count; i++)
		if (d->sendings[i].busy &&
		    store_parts_confirmed(d->store, &d->sendings[i].parts, d->sendings[i].at, err) != 0)
			return -1;
	return 0;
}

/* --- the life of a deliverer ---------------------------------------------------------------------------------------------- */

static int lead(struct deliverer *d, struct error *err)
{
	int rc = 0;

	while (!told_to_stop(d) && (rc = store_driver_lead(d->store, d->type, err)) == 0) {
		if (d->hooks == NULL)
			return error_set(err, ERR_CONFLICT, "another process serves them");
		d->hooks->alive();
		if (store_notified_within(d->store, LEAD_WAIT_MS, err) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

/* There is no child for a type without targets, and always one for webhooks: it says for the others that they are gone. */
static int register_targets(struct deliverer *d, struct error *err)
{
	const struct target_ops *other;

	if (store_targets_register(d->store, d->config, d->type, err) != 0)
		return -1;
	for (size_t i = 0; strcmp(d->type, TARGET_WEBHOOK) == 0 && (other = target_driver_at(i)) != NULL; i++)
		if (!config_has_target(d->config, other->name) &&
		    store_targets_register(d->store, d->config, other->name, err) != 0)
			return -1;
	return 0;
}

static int prepare(struct deliverer *d, struct error *err)
{
	if (store_open(&d->config->database, STORE_DAEMON, &d->store, err) != 0 ||
	    store_schema_check(d->store, err) != 0 || lead(d, err) != 0)
		return -1;
	if (told_to_stop(d))
		return 0;
	if (store_listen(d->store, "roster_revision", err) != 0 || store_listen(d->store, "roster_request", err) != 0 ||
	    register_targets(d, err) != 0)
		return -1;
	if (d->hooks != NULL)
		d->hooks->ready();
	else if (store_hurry(d->store, d->type, d->only, err) != 0)
		return -1;
	d->writer = (struct writer){.store = d->store, .config = d->config, .type = d->type, .bodies = &d->bodies};
	d->look = true;
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
		if (d->sendings[i].busy)
			free_sending(d, &d->sendings[i]);
	free(d->sendings);
	windows_forget(&d->writer);
	bodies_free(&d->bodies);
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
