/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/ldap.h"

#include "roster/arena.h"
#include "source/ldap/ad_news.h"
#include "source/ldap/news.h"
#include "source/ldap/replica.h"
#include "source/ldap/scan.h"
#include "source/ldap/server.h"
#include "source/ldap/stamp_news.h"
#include "source/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the driver --------------------------------------------------------------------------------------------------------- */

static int ldap_source_open(const struct source_config *config, struct source **ret, struct error *err)
{
	struct ldap_source *source;

	*ret = NULL;
	if (config->server.url_count == 0)
		return error_set(err, ERR_CONFIG, "source %s has no url", config->name);
	source = xcalloc(1, sizeof(*source));
	source->config = config;
	source->arena = arena_new();
	*ret = (struct source *)source;
	return 0;
}

static int ldap_source_settle(struct source *source, const struct source_config **ret, struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;

	*ret = &ldap->settled;
	return server_settle(ldap, err);
}

static int ldap_source_read_all(struct source *source, struct entry_sink *sink, struct read_result *result,
				struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;
	struct ldap_connection *connection = NULL;
	int status = -1;

	*result = (struct read_result){.completeness = READ_FAILED};
	if (!server_settle(ldap, err) && !replica_open(ldap, &connection, err))
		status = scan_all(ldap, connection, sink, result, err);
	ldap_connection_close(&connection);
	result->marks = (struct source_cookies){.items = ldap->marks};
	replica_give_marks(ldap, &result->marks);
	return status;
}

static void ldap_source_recall(struct source *source, const struct source_past *past)
{
	replica_recall((struct ldap_source *)source, past);
}

static void ldap_source_prepare(struct source *source)
{
	server_open_ahead((struct ldap_source *)source);
}

/* --- news: each make has its own way of telling ------------------------------------------------------------------------- */

static bool is_ad(const struct ldap_source *source)
{
	return source->dialect == dialect_find(DIALECT_AD);
}

static int news_start(struct source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;

	if (server_settle(ldap, err))
		return -1;
	if (is_ad(ldap))
		return ad_news_start(ldap, ask, ret, err);
	return stamp_news_wanted(ldap) ? stamp_news_start(ldap, ask, ret, err) : ldap_news_start(source, ask, ret, err);
}

static int news_read(struct source *source, struct news_sink *sink, struct news_result *result, struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;

	if (is_ad(ldap))
		return ad_news_read(ldap, sink, result, err);
	return stamp_news_wanted(ldap) ? stamp_news_read(ldap, sink, result, err)
				       : ldap_news_read(source, sink, result, err);
}

static int news_wait(struct source *source, const struct news_wait *wait, struct news_sink *sink,
		     struct news_result *result, struct error *err)
{
	struct ldap_source *ldap = (struct ldap_source *)source;

	return is_ad(ldap) || stamp_news_wanted(ldap) ? ad_news_wait(wait, result, err)
						      : ldap_news_wait(source, wait, sink, result, err);
}

static void news_stop(struct source *source)
{
	ldap_news_stop(source);
	ad_news_stop((struct ldap_source *)source);
	stamp_news_stop((struct ldap_source *)source);
}

static void ldap_source_close(struct source **source)
{
	struct ldap_source *closing = (struct ldap_source *)*source;

	if (!closing)
		return;
	news_stop(*source);
	server_forget(closing);
	replica_free(closing);
	str_free(&closing->contexts);
	arena_free(&closing->arena);
	free(closing);
	*source = NULL;
}

const struct source_ops ldap_source_ops = {
    .name = "ldap",
    .open = ldap_source_open,
    .settle = ldap_source_settle,
    .read_all = ldap_source_read_all,
    .close = ldap_source_close,
    .recall = ldap_source_recall,
    .prepare = ldap_source_prepare,
    .news_start = news_start,
    .news_read = news_read,
    .news_wait = news_wait,
    .news_stop = news_stop,
};
