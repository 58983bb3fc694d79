/* SPDX-License-Identifier: Apache-2.0 */
#include "job/windows.h"

#include "roster/arena.h"
#include "roster/delivery.h"
#include "roster/elapsed.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	PAGE = 25000,          /* resources of a snapshot whose facts are held at a time: some 5 MB beside the people */
	AT_ONCE_MS = 500,      /* longer than this nobody waits for messages that are written */
	PART_BYTES = 1000000,  /* servers in front of apps often refuse a body above 1 MiB */
	ROUND_BYTES = 8000000, /* of a snapshot, before what is written goes out */
};

/* Writes the parts of one window after the other. */
struct pen {
	struct told_sink sink;
	struct store *store;
	const struct config *config;
	struct arena *arena;
	struct delivery_facts facts;
	struct message *message;
	struct window window;
	struct message_window about;
	bool open;
	struct writer *writer;
	struct page *page;   /* of the snapshot that is written */
	size_t batch, bytes; /* written in this round */
	int parts;
	struct str resources, body; /* of the part being written */
	int64_t resource;           /* of the last row; 0: none yet */
};

static void name_resource(struct pen *pen, int64_t resource)
{
	str_printf(&pen->resources, "%s%" PRId64, pen->resources.size == 0 ? "{" : ",", resource);
}

static int finish_part(struct pen *pen, bool last, struct error *err)
{
	str_add(&pen->resources, pen->resources.size == 0 ? "{}" : "}");
	message_write(pen->message, &pen->about, ++pen->parts, last, &pen->body);
	pen->bytes += pen->body.size;
	const struct str *brief = message_brief(pen->message);
	int rc = store_part_add(pen->store, &pen->window, &pen->resources, brief->size > 0 ? brief : &pen->body, err);
	/* Most parts are sent at once: they need not be read again. */
	bodies_keep(pen->writer->bodies, &pen->window, pen->parts, &pen->body);
	str_clear(&pen->resources);
	return rc;
}

static bool is_full(const struct pen *pen, size_t more)
{
	return message_count(pen->message) == pen->batch ||
	       (message_count(pen->message) > 0 && message_size(pen->message) + more > PART_BYTES);
}

static int begin_window(struct pen *pen, const struct window *window, struct error *err)
{
	const struct target_config *target = config_target(pen->config, window->target_name);

	pen->window = *window;
	pen->batch = target == NULL ? 1 : (size_t)target->batch;
	pen->parts = window->parts;
	pen->bytes = 0;
	pen->resource = 0;
	pen->open = true;
	message_be_brief(pen->message, false);
	pen->about = (struct message_window){
	    .target = window->target_name,
	    .history = pen->facts.history,
	    .number = window->number,
	    .after = window->after,
	    .revision = window->revision,
	    .snapshot = window->kind == WINDOW_SNAPSHOT,
	    /* Completely told means that the rest is taken back: not what left the patterns and is to stay. */
	    .complete = window->kind == WINDOW_SNAPSHOT && window->main && target != NULL && !target->left_keep,
	};
	return store_causes(pen->store, pen->arena, &pen->about, err);
}

/* --- differences ------------------------------------------------------------------------------------------------------- */

static int difference_row(struct told_sink *sink, const struct told *row, struct error *err)
{
	struct pen *pen = (struct pen *)sink;

	if (is_full(pen, 0)) {
		if (finish_part(pen, false, err) != 0)
			return -1;
		pen->resource = 0;
	}
	if (row->resource != pen->resource)
		name_resource(pen, row->resource);
	pen->resource = row->resource;
	message_add(pen->message, row);
	return 0;
}

static int end_difference(struct pen *pen, struct error *err)
{
	if (!pen->open)
		return 0;
	pen->open = false;
	return message_count(pen->message) > 0 ? finish_part(pen, true, err)
					       : store_window_close(pen->store, &pen->window, err);
}

/* Of all targets at one cursor: the first row of a target opens its window. */
struct main_pen {
	struct told_sink sink;
	struct pen *pen;
	int64_t cursor, head;
};

static int main_row(struct told_sink *sink, const struct told *row, struct error *err)
{
	struct main_pen *main = (struct main_pen *)sink;
	struct pen *pen = main->pen;

	if (!pen->open || pen->window.target != row->target) {
		struct window window = {
		    .target = row->target,
		    .target_name = arena_strdup(pen->arena, row->target_name),
		    .after = main->cursor,
		    .revision = main->head,
		    .kind = WINDOW_DIFFERENCE,
		    .main = true,
		};
		if (end_difference(pen, err) != 0 || store_window_open(pen->store, &window, err) != 0 ||
		    begin_window(pen, &window, err) != 0)
			return -1;
	}
	return difference_row(&pen->sink, row, err);
}

static int write_main(struct pen *pen, const char *type, const struct cursors *cursors, struct error *err)
{
	for (size_t i = 0; i < cursors->count; i++) {
		struct main_pen main = {{main_row}, pen, cursors->items[i], cursors->head};
		if (store_told_main(pen->store, type, cursors, i, &main.sink, err) != 0 ||
		    end_difference(pen, err) != 0)
			return -1;
	}
	return 0;
}

static int write_lanes(struct pen *pen, const struct window *window, struct error *err)
{
	pen->sink.row = difference_row;
	return begin_window(pen, window, err) != 0 || store_told_lanes(pen->store, window, &pen->sink, err) != 0
		   ? -1
		   : end_difference(pen, err);
}

/* --- snapshots ----------------------------------------------------------------------------------------------------------- */

/* That of the window, an empty one, or the one that was begun longest ago. */
static struct page *choose_page(struct writer *writer, const struct window *window)
{
	struct page *chosen = NULL;

	for (size_t i = 0; i < PAGES; i++) {
		struct page *page = &writer->pages[i];
		if (page->snapshot != NULL && page->target == window->target && page->window == window->number)
			return page;
		if (page->snapshot == NULL)
			chosen = page;
	}
	return chosen != NULL ? chosen : &writer->pages[writer->oldest++ % PAGES];
}

/* The facts of the next resources of this window, as of its revision. */
static int read_page(struct pen *pen, const struct window *window, struct error *err)
{
	struct page *page = choose_page(pen->writer, window);

	pen->page = page;
	if (page->snapshot != NULL && page->target == window->target && page->window == window->number &&
	    page->reached == window->reached && page->next < snapshot_count(page->snapshot))
		return 0;
	snapshot_free(&page->snapshot);
	*page = (struct page){
	    .snapshot = snapshot_new(),
	    .target = window->target,
	    .window = window->number,
	    .reached = window->reached,
	};
	int rc = store_snapshot_read(pen->store, window, PAGE, page->snapshot, err);
	page->last = snapshot_count(page->snapshot) < PAGE;
	return rc;
}

/* What this page says about people, for parts that are briefs: once it is clear that there are many of them. */
static int keep_people(struct pen *pen, struct error *err)
{
	struct page *page = pen->page;
	struct str texts = {0};
	size_t first = 0, next;
	int rc;

	do {
		str_clear(&texts);
		next = snapshot_list_people(page->snapshot, first, PART_BYTES, &texts);
		rc = store_people_keep(pen->store, &pen->window, first, &texts, err);
		first = next;
	} while (rc == 0 && next > 0);
	str_free(&texts);
	page->people_kept = rc == 0;
	return rc;
}

/* A resource is named in every part that has rows of it. */
static int write_resource(struct pen *pen, size_t index, struct error *err)
{
	struct snapshot *snapshot = pen->page->snapshot;
	struct snapshot_resource resource;

	if (snapshot_look(snapshot, index) > 0 && store_snapshot_sets(pen->store, &pen->window, snapshot, err) != 0)
		return -1;
	snapshot_tell(snapshot, index, &pen->facts.names, &resource);
	for (size_t i = 0; i < resource.people; i++) {
		const struct told_change change = snapshot_change(snapshot, i);
		if (is_full(pen, change.resource.size + change.user.size + change.access.size)) {
			if (i > 0) {
				message_list(pen->message, resource.id, resource.name, false);
				name_resource(pen, resource.id);
			}
			if (finish_part(pen, false, err) != 0)
				return -1;
		}
		message_add_change(pen->message, &change);
	}
	message_list(pen->message, resource.id, resource.name, true);
	name_resource(pen, resource.id);
	pen->page->reached = resource.id;
	return 0;
}

/* As many resources as a round has room for. */
static int write_page(struct pen *pen, bool *last, struct error *err)
{
	struct page *page = pen->page;
	size_t count = snapshot_count(page->snapshot);

	if (page->next > 0 && !page->people_kept && keep_people(pen, err) != 0)
		return -1;
	message_be_brief(pen->message, page->people_kept);
	while (page->next < count && pen->bytes + message_size(pen->message) < ROUND_BYTES) {
		if (message_size(pen->message) > PART_BYTES && finish_part(pen, false, err) != 0)
			return -1;
		if (write_resource(pen, page->next++, err) != 0)
			return -1;
	}
	*last = page->last && page->next == count;
	return 0;
}

/* Nobody knows what the target was told: it is told that nothing is left. */
static int emptied_row(struct told_sink *sink, const struct told *row, struct error *err)
{
	struct pen *pen = (struct pen *)sink;

	(void)err;
	message_list(pen->message, row->resource, row->resource_name, true);
	name_resource(pen, row->resource);
	return 0;
}

static int write_emptied(struct pen *pen, const struct window *window, struct error *err)
{
	pen->sink.row = emptied_row;
	if (begin_window(pen, window, err) != 0)
		return -1;
	pen->about.snapshot = true;
	pen->open = false;
	return store_lane_resources(pen->store, window, &pen->sink, err) == 0 ? finish_part(pen, true, err) : -1;
}

static int spared_row(struct told_sink *sink, const struct told *row, struct error *err)
{
	struct pen *pen = (struct pen *)sink;

	(void)err;
	message_list(pen->message, row->resource, row->resource_name, false);
	return 0;
}

static int write_snapshot(struct pen *pen, const struct window *window, struct error *err)
{
	bool last = false;

	if (begin_window(pen, window, err) != 0 || read_page(pen, window, err) != 0 || write_page(pen, &last, err) != 0)
		return -1;
	pen->open = false;
	pen->sink.row = spared_row;
	if (last && pen->about.complete && store_snapshot_spared(pen->store, window, &pen->sink, err) != 0)
		return -1;
	/* After a refusal there may be nothing left to say. */
	bool silent = snapshot_count(pen->page->snapshot) == 0 && !pen->about.complete;
	if ((!silent && finish_part(pen, last, err) != 0) ||
	    store_snapshot_reached(pen->store, window, last ? 0 : pen->page->reached, err) != 0)
		return -1;
	if (last)
		snapshot_free(&pen->page->snapshot);
	return silent ? store_window_close(pen->store, window, err) : 0;
}

/* --- all ------------------------------------------------------------------------------------------------------------------- */

static int write_window(struct pen *pen, const struct window *window, struct error *err)
{
	if (window->kind == WINDOW_SNAPSHOT)
		return write_snapshot(pen, window, err);
	if (window->kind == WINDOW_WITHDRAWAL && window->after == 0)
		return write_emptied(pen, window, err);
	return write_lanes(pen, window, err);
}

/* What messages say beside their rows; only when there is something to say. */
static int learn(struct pen *pen, struct error *err)
{
	if (pen->message != NULL)
		return 0;
	if (store_delivery_facts(pen->store, pen->arena, &pen->facts, err) != 0)
		return -1;
	pen->message = message_new(&pen->facts.names);
	return 0;
}

/* In one transaction: what all targets of a cursor share. */
static int open_all(struct pen *pen, const char *type, struct windows *windows, struct error *err)
{
	struct cursors cursors;

	if (store_begin(pen->store, err) != 0 ||
	    store_targets_open(pen->store, type, pen->config->source_count > 0, pen->arena, &cursors, err) != 0 ||
	    (cursors.count > 0 && learn(pen, err) != 0) || write_main(pen, type, &cursors, err) != 0 ||
	    store_lanes_open(pen->store, type, &cursors, pen->arena, windows, err) != 0 ||
	    (windows->count > 0 && learn(pen, err) != 0))
		return -1;
	return store_commit(pen->store, err);
}

static int write_apart(struct pen *pen, const struct window *window, struct error *err)
{
	return store_begin(pen->store, err) == 0 && write_window(pen, window, err) == 0 ? store_commit(pen->store, err)
											: -1;
}

void windows_forget(struct writer *writer)
{
	for (size_t i = 0; i < PAGES; i++)
		snapshot_free(&writer->pages[i].snapshot);
}

int windows_open(struct writer *writer, bool *more, struct error *err)
{
	struct pen pen = {.store = writer->store, .config = writer->config, .arena = arena_new(), .writer = writer};
	struct windows windows = {NULL, 0};
	int64_t until = clock_ms() + AT_ONCE_MS;
	size_t written = 0;

	pen.body = bodies_spare(writer->bodies);
	int rc = open_all(&pen, writer->type, &windows, err);

	while (rc == 0 && written < windows.count && (written == 0 || clock_ms() < until))
		rc = write_apart(&pen, &windows.items[written++], err);
	*more = written < windows.count;
	if (rc != 0) {
		store_rollback(writer->store);
		windows_forget(writer);
		bodies_forget(writer->bodies);
	}
	message_free(&pen.message);
	str_free(&pen.resources);
	bodies_give_back(writer->bodies, &pen.body);
	arena_free(&pen.arena);
	return rc;
}
