/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/replica.h"

#include "roster/log.h"

#include <stdlib.h>
#include <string.h>

static const char part_start[] = "database ";

static bool is_one_of_several(const struct ldap_source *source)
{
	return source->config->server.url_count > 1 && source->spoken == dialect_find(DIALECT_OPENLDAP);
}

/* --- marks -------------------------------------------------------------------------------------------------------------- */

static void clear(struct replica_mark marks[REPLICA_MARKS], size_t *count)
{
	for (size_t i = 0; i < *count; i++) {
		free(marks[i].part);
		csns_free(&marks[i].csns);
		str_free(&marks[i].cookie);
		marks[i] = (struct replica_mark){0};
	}
	*count = 0;
}

/* NULL when there is no room for another. */
static struct replica_mark *mark_of(struct replica_mark marks[REPLICA_MARKS], size_t *count, const char *part)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(marks[i].part, part) == 0)
			return &marks[i];
	if (*count == REPLICA_MARKS)
		return NULL;
	struct replica_mark *mark = &marks[(*count)++];
	mark->part = xstrdup(part);
	return mark;
}

void replica_recall(struct ldap_source *source, const struct source_past *past)
{
	struct replica *replica = &source->replica;

	clear(replica->held, &replica->held_count);
	replica->takes_any = past->any;
	for (size_t i = 0; i < past->kept->count; i++) {
		const struct source_cookie *cookie = &past->kept->items[i];
		struct replica_mark *mark = NULL;
		if (text_starts_with(cookie->part, part_start))
			mark = mark_of(replica->held, &replica->held_count, cookie->part);
		if (mark)
			csns_add_cookie(&mark->csns, cookie->bytes, cookie->size);
	}
}

/* The longest naming context the entry is in, as a part: "" when there is none. */
static void write_part(const struct ldap_source *source, const char *base, struct str *ret)
{
	const char *context = str_text(&source->contexts), *end = context + source->contexts.size;
	struct str name = {0}, above = {0};
	size_t longest = 0;

	if (dn_canonical(base, strlen(base), &name, NULL))
		end = context;
	for (; context < end; context += strlen(context) + 1) {
		str_clear(&above);
		if (dn_canonical(context, strlen(context), &above, NULL) || above.size <= longest ||
		    !(strcmp(str_text(&name), str_text(&above)) == 0 || dn_is_under(str_text(&name), str_text(&above))))
			continue;
		longest = above.size;
		str_clear(ret);
		str_printf(ret, "%s%s", part_start, str_text(&above));
	}
	str_free(&name);
	str_free(&above);
}

void replica_begin_marks(struct ldap_source *source)
{
	clear(source->replica.now, &source->replica.now_count);
}

void replica_take_cookie(struct ldap_source *source, const char *base, const char *cookie, size_t size)
{
	struct replica *replica = &source->replica;
	struct str part = {0};

	if (!is_one_of_several(source))
		return;
	write_part(source, base, &part);
	struct replica_mark *mark = part.size > 0 ? mark_of(replica->now, &replica->now_count, str_text(&part)) : NULL;
	if (mark)
		csns_add_cookie(&mark->csns, cookie, size);
	str_free(&part);
}

void replica_give_marks(struct ldap_source *source, struct source_cookies *ret)
{
	struct replica *replica = &source->replica;

	for (size_t i = 0; i < replica->now_count; i++) {
		struct replica_mark *mark = &replica->now[i];
		if (mark->csns.count == 0)
			continue;
		str_clear(&mark->cookie);
		csns_write_cookie(&mark->csns, &mark->cookie);
		ret->items[ret->count++] = (struct source_cookie){
		    .part = mark->part, .bytes = str_text(&mark->cookie), .size = mark->cookie.size, .mark = true};
	}
}

/* --- one server --------------------------------------------------------------------------------------------------------- */

static int take_context(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct replica_mark *mark = context;
	const struct ldap_attribute *csns = ldap_entry_attribute(entry, "contextCSN");

	(void)err;
	for (size_t i = 0; csns && i < csns->count; i++)
		csns_add(&mark->csns, csns->values[i].data, csns->values[i].size);
	return 0;
}

/* It may keep this from us: then nothing is known. */
static int read_mark(struct replica_mark *mark, struct ldap_connection *connection, struct error *err)
{
	static const char *attributes[] = {"contextCSN", NULL};
	struct ldap_search search = {.base = mark->part + strlen(part_start),
				     .scope = SCOPE_BASE,
				     .filter = "(objectClass=*)",
				     .attributes = attributes,
				     .entry = take_context,
				     .context = mark};
	struct ldap_outcome outcome;
	struct error refused = {0};

	if (ldap_connection_search(connection, &search, &outcome, &refused) && refused.class != ERR_DENIED)
		return error_set(err, refused.class, "%s", refused.text);
	return 0;
}

static int read_marks(struct ldap_source *source, struct ldap_connection *connection, struct error *err)
{
	struct replica *replica = &source->replica;
	const char *base;

	for (size_t i = 0; i < source->scope_count; i++) {
		if (server_find_base(source, &source->scopes[i], connection, &base, err))
			return -1;
		replica_take_cookie(source, base, "", 0);
	}
	for (size_t i = 0; i < replica->now_count; i++)
		if (read_mark(&replica->now[i], connection, err))
			return -1;
	return 0;
}

/* Where it does not say how far it is, nothing is compared; and that is said once. */
static const char *missing_of(struct ldap_source *source, const struct replica_mark *held, const char *url)
{
	struct replica *replica = &source->replica;
	const struct replica_mark *now = NULL;

	for (size_t i = 0; i < replica->now_count; i++)
		if (strcmp(replica->now[i].part, held->part) == 0)
			now = &replica->now[i];
	if (!now)
		return NULL;
	if (now->csns.count > 0)
		return csns_missing(&now->csns, &held->csns);
	if (!replica->told_hidden)
		log_warn(
		    "source %s: %s does not show contextCSN of %s, so that roster cannot tell whether it lags: let the "
		    "bind DN read it",
		    source->config->name, url, held->part + strlen(part_start));
	replica->told_hidden = true;
	return NULL;
}

/* 1 when it is, 0 when it is not, and that is said, -1. */
static int is_current(struct ldap_source *source, struct ldap_connection *connection, struct error *err)
{
	struct replica *replica = &source->replica;
	const char *url = ldap_connection_url(connection), *missing = NULL;

	replica_begin_marks(source);
	if (!is_one_of_several(source))
		return 1;
	if (read_marks(source, connection, err))
		return -1;
	for (size_t i = 0; i < replica->held_count && !missing; i++)
		missing = missing_of(source, &replica->held[i], url);
	if (!missing || replica->takes_lagging)
		return 1;
	log_warn(
	    "source %s: %s is behind what was read before (it has not come to %s): another server is tried (to take it "
	    "as it is: rosterctl sync --full)",
	    source->config->name, url, missing);
	return 0;
}

/* --- all of them -------------------------------------------------------------------------------------------------------- */

static void leave_out(struct ldap_source *source, const char *url)
{
	struct replica *replica = &source->replica;
	size_t count = source->config->server.url_count;

	if (!replica->left_out)
		replica->left_out = xcalloc(count, sizeof(*replica->left_out));
	for (size_t i = 0; i < count; i++)
		if (strcmp(source->config->server.urls[i], url) == 0)
			replica->left_out[i] = true;
}

static size_t count_left_out(const struct ldap_source *source)
{
	size_t count = 0;

	for (size_t i = 0; source->replica.left_out && i < source->config->server.url_count; i++)
		count += source->replica.left_out[i];
	return count;
}

static void try_all_again(struct ldap_source *source)
{
	free(source->replica.left_out);
	source->replica.left_out = NULL;
}

/* 1 with a connection, 0 with one to a server that is behind, -1 when nobody else can be had. */
static int open_next(struct ldap_source *source, struct ldap_connection **ret, struct error *err)
{
	const struct server_choice choice = {.except = source->replica.left_out};

	if (count_left_out(source) == source->config->server.url_count)
		return error_set(err, ERR_UNREACHABLE, "no server has come to what was read before");
	if (server_open(source, &choice, ret, err))
		return -1;
	int status = is_current(source, *ret, err);
	if (status == 0)
		leave_out(source, ldap_connection_url(*ret));
	if (status != 1)
		ldap_connection_close(ret);
	return status;
}

static int open_current(struct ldap_source *source, struct ldap_connection **ret, struct error *err)
{
	int status;

	do
		status = open_next(source, ret, err);
	while (status == 0);
	return status == 1 ? 0 : -1;
}

static int open_lagging(struct ldap_source *source, struct ldap_connection **ret, struct error *err)
{
	try_all_again(source);
	source->replica.takes_lagging = true;
	int status = open_current(source, ret, err);
	source->replica.takes_lagging = false;
	if (!status)
		log_warn("source %s: what %s has is taken as it is, although more was read before",
			 source->config->name, ldap_connection_url(*ret));
	return status;
}

int replica_open(struct ldap_source *source, struct ldap_connection **ret, struct error *err)
{
	struct error failure = {0};
	int status = open_current(source, ret, &failure);
	size_t behind = status ? count_left_out(source) : 0;

	if (behind > 0 && source->replica.takes_any)
		status = open_lagging(source, ret, &failure);
	try_all_again(source);
	if (!status)
		return 0;
	error_set(err, failure.class, "%s", failure.text);
	if (behind > 0 && !source->replica.takes_any)
		error_hint(err, "%sto take one that is behind as it is: rosterctl sync --full",
			   behind < source->config->server.url_count ? "others are behind what was read before; " : "");
	return -1;
}

int replica_reject(struct ldap_source *source, const char *url, struct error *err)
{
	leave_out(source, url);
	error_set(err, ERR_UNREACHABLE, "%s is behind what was read before (result code 53): another server is tried",
		  url);
	return error_hint(err, "to take it as it is: rosterctl sync --full");
}

void replica_free(struct ldap_source *source)
{
	struct replica *replica = &source->replica;

	clear(replica->held, &replica->held_count);
	clear(replica->now, &replica->now_count);
	try_all_again(source);
}
