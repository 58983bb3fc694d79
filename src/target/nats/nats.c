/* SPDX-License-Identifier: Apache-2.0 */
#include "target/nats/nats.h"

#include "roster/arena.h"
#include "roster/jetstream.h"
#include "target/nats/numbers.h"
#include "target/nats/split.h"
#include "target/nats/subject.h"
#include "target/worker.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* What is kept of a target from delivery to delivery. */
struct stream {
	struct jetstream *jetstream; /* NULL: not connected */
	struct numbers numbers;      /* while it is */
};

/* --- the connection -------------------------------------------------------------------------------------------------------- */

static void disconnect(struct stream *stream)
{
	jetstream_close(&stream->jetstream);
	numbers_free(&stream->numbers);
}

enum { SERVERS_MOST = 64 };

static size_t list_servers(char *words, const char *urls[SERVERS_MOST])
{
	size_t count = 0;
	char *rest = NULL;

	for (const char *url = strtok_r(words, " ", &rest); url && count < SERVERS_MOST;
	     url = strtok_r(NULL, " ", &rest))
		urls[count++] = url;
	return count;
}

static int open_stream(const struct target_config *target, const char *token, struct jetstream **ret, struct error *err)
{
	const char *urls[SERVERS_MOST];
	char *words = xstrdup(target->url);
	const struct jetstream_settings settings = {.urls = urls,
						    .url_count = list_servers(words, urls),
						    .stream = target->nats.stream,
						    .ca_file = target->ca_file,
						    .credentials = target->nats.credentials,
						    .token = token,
						    .timeout_ms = target->timeout_ms};
	int status = jetstream_open(&settings, ret, err);

	free(words);
	return status;
}

static int connect_to(const struct target_config *target, struct stream *stream, struct error *err)
{
	bool shows_token = *target->nats.token.text != '\0';
	struct secret token = {0};

	if (stream->jetstream)
		return 0;
	if (shows_token && secret_read(&target->nats.token, &token, err))
		return -1;
	int status = open_stream(target, shows_token ? token.bytes : NULL, &stream->jetstream, err);
	secret_wipe(&token);
	return status;
}

/* --- one message ----------------------------------------------------------------------------------------------------------- */

/* One message on its way under one subject. */
struct letter {
	struct stream *stream;
	const struct pieces *pieces;
	struct jetstream_message message;
};

/* What is the last of its subject: 1 when that is this message already. One that tells more is of somebody who leads these targets
 * since. */
static int look(struct letter *letter, struct error *err)
{
	struct jetstream_last last = {0};
	int found = jetstream_last(letter->stream->jetstream, letter->message.subject, &last, err), status = found;

	if (found > 0) {
		status = strcmp(str_text(&last.id), letter->message.id) == 0 ? 1 : 0;
		if (status == 0 && split_is_later(last.body.data, last.body.size, letter->pieces))
			status = error_set(err, ERR_CONFLICT, "%s: a later message is there: another rosterd tells it",
					   letter->message.subject);
	}
	letter->message.after = found > 0 ? last.number : 0;
	str_free(&last.id);
	str_free(&last.body);
	return status;
}

/* 1 when it is stored, 0 when there is another before it. */
static int store(struct letter *letter, struct error *err)
{
	uint64_t number = 0;
	int status = jetstream_store(letter->stream->jetstream, &letter->message, &number, err);

	if (status == 1)
		numbers_put(&letter->stream->numbers, letter->message.subject, number);
	else
		numbers_forget(&letter->stream->numbers, letter->message.subject);
	return status;
}

static int deliver(struct letter *letter, struct error *err)
{
	int status = 0;

	if (numbers_find(&letter->stream->numbers, letter->message.subject, &letter->message.after))
		status = store(letter, err);
	if (status == 0)
		status = look(letter, err);
	if (status == 0)
		status = store(letter, err);
	if (status == 0)
		return error_set(err, ERR_CONFLICT, "%s: somebody else sends messages under this subject",
				 letter->message.subject);
	return status < 0 ? -1 : 0;
}

static int deliver_piece(struct stream *stream, const struct work *work, const struct delivery *delivery,
			 const struct pieces *pieces, size_t index, struct error *err)
{
	const struct piece *piece = &pieces->items[index];
	struct str subject = {0}, id = {0};

	subject_of(work->target->nats.subject, piece->name ? piece->name : "complete", &subject);
	str_printf(&id, "%s_%" PRId64, delivery->id, piece->resource);
	struct letter letter = {
	    stream,
	    pieces,
	    {.subject = str_text(&subject), .id = str_text(&id), .body = piece->body, .size = piece->size}};
	int status = deliver(&letter, err);
	str_free(&subject);
	str_free(&id);
	return status;
}

/* --- a delivery ------------------------------------------------------------------------------------------------------------ */

static bool told_to_stop(const struct work *work)
{
	struct pollfd watched = {.fd = work->stop, .events = POLLIN};

	return poll(&watched, 1, 0) > 0;
}

static bool is_too_large(const struct stream *stream, const struct piece *piece, struct verdict *ret)
{
	size_t most = jetstream_most(stream->jetstream);

	/* Beside the body there are its id and what is expected. */
	if (piece->size + 1024 <= most)
		return false;
	verdict_set(ret, VERDICT_REFUSED, -1,
		    "a message of %zu bytes is more than the server takes (%zu); set a smaller batch", piece->size,
		    most);
	return true;
}

static int deliver_all(struct stream *stream, const struct work *work, const struct delivery *delivery,
		       struct arena *arena, struct verdict *ret, struct error *err)
{
	struct pieces pieces;

	if (split_message(delivery->body, delivery->size, arena, &pieces, err) || connect_to(work->target, stream, err))
		return -1;
	for (size_t i = 0; i < pieces.count; i++) {
		if (told_to_stop(work))
			return error_set(err, ERR_CONFLICT, "told to stop before all was sent");
		if (is_too_large(stream, &pieces.items[i], ret))
			return 0;
		if (deliver_piece(stream, work, delivery, &pieces, i, err))
			return -1;
	}
	return 0;
}

static void forget(struct work *work)
{
	struct stream *stream = work->state;

	if (!stream)
		return;
	disconnect(stream);
	free(stream);
	work->state = NULL;
}

/* A connection that was kept may be to a server that went down since, where another of its cluster is there. */
static int deliver_by_any(struct stream *stream, const struct work *work, const struct delivery *delivery,
			  struct arena *arena, struct verdict *ret, struct error *err)
{
	bool kept = stream->jetstream != NULL;
	int status = deliver_all(stream, work, delivery, arena, ret, err);

	if (status && kept && err->class == ERR_UNREACHABLE) {
		disconnect(stream);
		*err = (struct error){0};
		status = deliver_all(stream, work, delivery, arena, ret, err);
	}
	return status;
}

static void apply(struct work *work, const struct delivery *delivery, struct verdict *ret)
{
	struct arena *arena = arena_new();
	struct error err = {0};

	if (!work->state)
		work->state = xcalloc(1, sizeof(struct stream));
	if (deliver_by_any(work->state, work, delivery, arena, ret, &err)) {
		disconnect(work->state);
		verdict_set(ret, VERDICT_LATER, -1, "%s", err.text);
	}
	arena_free(&arena);
}

/* --- the driver ------------------------------------------------------------------------------------------------------------ */

static int nats_open(const struct config *config, struct target **ret, struct error *err)
{
	static const struct worker_ops ops = {apply, forget};

	(void)config;
	return workers_open(&ops, ret, err);
}

const struct target_ops nats_target = {
    .name = TARGET_NATS,
    .open = nats_open,
    .send = workers_send,
    .wait = workers_wait,
    .close = workers_close,
};
