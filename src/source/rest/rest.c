/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver for people and groups behind an HTTP API: identity providers, SCIM 2.0 servers, and what an administrator describes.
 *
 * What proves that a read is everything: each listing was read to its end, by its own account of where that is; no object came
 * twice and none moved from page to page; as many came as it says there are.
 */
#include "source/registry.h"
#include "source/rest/delta.h"
#include "source/rest/one.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `struct source` is in this driver. */
struct rest_source {
	const struct source_config *config;
	struct api api;
	struct entry_maker maker;
	struct delta delta;
	bool goes_on;     /* from cookies, the news that were started */
	bool knows_pages; /* how it hands them out */
};

static void rest_close(struct source **source)
{
	struct rest_source *rest = (struct rest_source *)*source;

	if (!rest)
		return;
	delta_stop(&rest->delta);
	api_close(&rest->api);
	free(rest);
	*source = NULL;
}

static int rest_open(const struct source_config *config, struct source **ret, struct error *err)
{
	struct rest_source *rest = xcalloc(1, sizeof(*rest));
	struct source *source = (struct source *)rest;

	rest->config = config;
	if (api_open(config, &rest->api, err) ||
	    entry_maker_init(&rest->maker, config, rest->api.shape, rest->api.arena, err)) {
		rest_close(&source);
		return error_prefix(err, "source %s", config->name);
	}
	rest->delta = (struct delta){.config = config, .api = &rest->api, .maker = &rest->maker};
	*ret = source;
	return 0;
}

/* A server that does not say does as is usual. */
static void learn_pages(struct rest_source *rest)
{
	struct arena *arena = arena_new();
	struct page page = {0};

	if (!rest->knows_pages && strcmp(rest->config->type, DIALECT_SCIM) == 0 &&
	    api_get(&rest->api, arena_printf(arena, "%s/ServiceProviderConfig", rest->api.url), arena, &page, NULL) ==
		0)
		shape_take_scim_pages(rest->api.shape, page.body);
	rest->knows_pages = true;
	page_free(&page);
	arena_free(&arena);
}

static int read_it(struct rest_source *rest, bool preview, struct entry_sink *sink, struct read_result *result,
		   struct error *err)
{
	struct reading reading = {
	    .api = &rest->api, .maker = &rest->maker, .sink = sink, .result = result, .preview = preview};
	int status;

	*result = (struct read_result){.completeness = READ_COMPLETE};
	reading.arena = arena_new();
	api_begin(&rest->api);
	learn_pages(rest);
	status = read_people(&reading, err);
	if (status == 0)
		status = read_groups(&reading, err);
	if (status)
		result->completeness = READ_FAILED;
	arena_free(&reading.arena);
	return status;
}

static int rest_read_all(struct source *source, struct entry_sink *sink, struct read_result *result, struct error *err)
{
	return read_it((struct rest_source *)source, false, sink, result, err);
}

static int rest_preview(struct source *source, struct entry_sink *sink, struct read_result *result, struct error *err)
{
	return read_it((struct rest_source *)source, true, sink, result, err);
}

/* --- news: of an API that tells what has changed ---------------------------------------------------------------------------- */

static int news_start(struct source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	struct rest_source *rest = (struct rest_source *)source;

	(void)err;
	*ret = NEWS_NONE;
	if (strcmp(rest->config->type, DIALECT_GRAPH) != 0)
		return 0;
	rest->goes_on = delta_start(&rest->delta, ask);
	*ret = rest->goes_on ? NEWS_GO_ON : NEWS_ANEW;
	return 0;
}

static int news_read(struct source *source, struct news_sink *sink, struct news_result *result, struct error *err)
{
	struct rest_source *rest = (struct rest_source *)source;
	struct read_result read;

	*result = (struct news_result){.verdict = NEWS_GOOD};
	api_begin(&rest->api);
	if (rest->goes_on)
		return delta_read(&rest->delta, sink, result, err);
	if (delta_begin_anew(&rest->delta, err) || rest_read_all(source, &sink->entries, &read, err))
		return -1;
	result->entries = read.entries;
	result->unreadable = read.unreadable;
	result->whole = read.completeness == READ_COMPLETE;
	snprintf(result->reason, sizeof(result->reason), "%s", read.reason);
	delta_give_cookies(&rest->delta, result);
	return 0;
}

/* It says nothing by itself: the next poll asks. */
static int news_wait(struct source *source, const struct news_wait *wait, struct news_sink *sink,
		     struct news_result *result, struct error *err)
{
	struct pollfd other = {.fd = wait->fd, .events = POLLIN};
	int64_t ms = wait->ms < INT32_MAX ? wait->ms : INT32_MAX;

	(void)source;
	(void)sink;
	*result = (struct news_result){.verdict = NEWS_GOOD};
	if (poll(&other, wait->fd >= 0 ? 1 : 0, (int)ms) < 0 && errno != EINTR)
		return error_set(err, ERR_INTERNAL, "cannot wait: %m");
	return 0;
}

static void news_stop(struct source *source)
{
	delta_stop(&((struct rest_source *)source)->delta);
}

/* An id that an administrator chose is none that the API can be asked for. */
static int rest_reread(struct source *source, const char *id, struct news_sink *sink, struct error *err)
{
	struct rest_source *rest = (struct rest_source *)source;
	struct read_result read = {.completeness = READ_COMPLETE};
	struct one_reading one = {
	    .reading = {.api = &rest->api, .maker = &rest->maker, .sink = &sink->entries, .result = &read},
	    .sink = sink,
	    .kind = ENTRY_USER};

	if (!rest->api.shape->one_user || strcmp(rest->config->users.id, dialect_find(rest->config->type)->id) != 0)
		return 1;
	one.reading.arena = arena_new();
	api_begin(&rest->api);
	int status = one_read(&one, id, err);
	arena_free(&one.reading.arena);
	return status;
}

const struct source_ops rest_source_ops = {
    .name = "rest",
    .open = rest_open,
    .read_all = rest_read_all,
    .preview = rest_preview,
    .close = rest_close,
    .news_start = news_start,
    .news_read = news_read,
    .news_wait = news_wait,
    .news_stop = news_stop,
    .reread = rest_reread,
};
