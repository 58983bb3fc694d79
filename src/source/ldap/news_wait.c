/* SPDX-License-Identifier: Apache-2.0 */
/* What comes after the refresh: waiting for all parts, for the caller's descriptor and for the time at once. */
#include "source/ldap/named.h"

#include "roster/elapsed.h"

#include <errno.h>
#include <sys/epoll.h>

static int fail_ended(const struct part *part, const struct ldap_sync_message *message, struct error *err)
{
	return error_set(err, ERR_UNREACHABLE, "the server ended the search for %ss: %s", part->name,
			 *message->reason ? message->reason : "without a reason");
}

static int take_removal(struct news *news, struct part *part, const struct ldap_uuid *uuid, struct error *err)
{
	if (news->following->has_echoes)
		uuids_set(&part->removed, uuid, UUID_REMOVED);
	if (uuids_get(&part->changed, uuid) == UUID_CAME)
		uuids_set(&part->changed, uuid, UUID_REMOVED);
	return news_hand_over_removal(news, part, uuid, err);
}

/* What was removed comes back as added, as far as it comes back: that it was modified is said of what it was. */
static bool is_echo(const struct part *part, const struct ldap_sync_message *message)
{
	return message->state == SYNC_MODIFY && uuids_get(&part->removed, &message->uuid) == UUID_REMOVED;
}

static int take_entry(struct news *news, struct part *part, const struct ldap_sync_message *message, struct error *err)
{
	if (is_echo(part, message))
		return 0;
	if (uuids_get(&part->removed, &message->uuid) == UUID_REMOVED)
		uuids_set(&part->removed, &message->uuid, UUID_PRESENT);
	if ((part->over && !part->scope->is_computed) || part->kind == ENTRY_KINDS)
		return news_hand_over(news, part, message, err);
	uuids_set(&part->changed, &message->uuid, UUID_CAME);
	return 0;
}

/* In the middle of a refresh that begins with the search that persists, it stands for what is still to come. */
static void take_cookie(const struct news *news, struct part *part, const struct ldap_sync_message *message)
{
	if (message->kind == SYNC_PHASE && message->refresh_done)
		part->over = true;
	if (!part->over || !message->cookie.data || message->cookie.size == 0)
		return;
	news_take_cookie(news, part, message->cookie.data, message->cookie.size);
}

static int take_news(struct news *news, struct part *part, const struct ldap_sync_message *message, struct error *err)
{
	int status = 0;

	if (message->kind == SYNC_DONE)
		return fail_ended(part, message, err);
	if (message->kind == SYNC_ENTRY && message->state == SYNC_DELETE)
		status = take_removal(news, part, &message->uuid, err);
	else if (message->kind == SYNC_ENTRY && message->state != SYNC_PRESENT)
		status = take_entry(news, part, message, err);
	for (size_t i = 0; message->kind == SYNC_IDS && message->deletes && i < message->id_count && !status; i++)
		status = take_removal(news, part, &message->ids[i], err);
	take_cookie(news, part, message);
	return status;
}

/* Those of whom the server said only that they changed. */
static int read_changed(struct news *news, struct error *err)
{
	char why[512];
	int status = 0;

	for (size_t i = 0; i < news->count && !status; i++) {
		struct part *part = &news->parts[i];
		if (part->changed.count > 0)
			status = named_read(news, part, &part->changed, why, err);
		uuids_free(&part->changed);
	}
	/* Whoever asks again is told them again, and may read everything. */
	return status > 0 ? error_set(err, ERR_UNREACHABLE, "%s", why) : status;
}

int news_follow(struct news *news, struct error *err)
{
	for (size_t i = 0; i < news->count; i++) {
		news->parts[i].over = false;
		if (news_start_part(news, &news->parts[i], true, err))
			return -1;
	}
	return 0;
}
/* What has come over one connection: adds how many messages. */
static int drain_part(struct news *news, struct part *part, unsigned long most, unsigned long *taken, struct error *err)
{
	struct ldap_sync_message message;
	int status = 1;

	while (*taken < most) {
		status = ldap_sync_next(part->sync, &(struct ldap_sync_wait){.ms = 0, .fd = -1}, &message, err);
		if (status <= 0)
			return status;
		if (take_news(news, part, &message, err))
			return -1;
		++*taken;
	}
	return 0;
}

/* Whatever is there, until nothing more is, or it is enough. */
static int drain(struct news *news, const struct news_wait *wait, unsigned long *taken, struct error *err)
{
	int64_t until = clock_ms() + wait->most_ms;
	unsigned long before;

	do {
		before = *taken;
		for (size_t i = 0; i < news->count; i++)
			if (drain_part(news, &news->parts[i], wait->most, taken, err))
				return -1;
	} while (*taken > before && *taken < wait->most && clock_ms() < until);
	return 0;
}

static int watch(struct news *news, int operation, int fd, struct error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(news->epoll, operation, fd, &event) == 0
		   ? 0
		   : error_set(err, ERR_INTERNAL, "cannot wait for a descriptor: %m");
}

static int watch_other(struct news *news, int fd, struct error *err)
{
	if (fd == news->other)
		return 0;
	/* One that was closed meanwhile is not in it any more. */
	if (news->other >= 0)
		epoll_ctl(news->epoll, EPOLL_CTL_DEL, news->other, NULL);
	news->other = fd;
	return fd < 0 ? 0 : watch(news, EPOLL_CTL_ADD, fd, err);
}

static int watch_all(struct news *news, int fd, struct error *err)
{
	if (news->epoll >= 0)
		return watch_other(news, fd, err);
	news->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (news->epoll < 0)
		return error_set(err, ERR_INTERNAL, "cannot wait for descriptors: %m");
	for (size_t i = 0; i < news->count; i++)
		if (watch(news, EPOLL_CTL_ADD, ldap_sync_socket(news->parts[i].sync), err))
			return -1;
	return watch_other(news, fd, err);
}

/* The parts take turns: who is waited for is also asked whether he is there. 1 when something came, or 0. */
static int sleep_on(struct news *news, int64_t ms, unsigned long *taken, struct error *err)
{
	struct part *part = &news->parts[news->turn++ % news->count];
	struct ldap_sync_message message;
	int status = ldap_sync_next(part->sync, &(struct ldap_sync_wait){.ms = ms, .fd = news->epoll}, &message, err);

	if (status <= 0)
		return status;
	++*taken;
	return take_news(news, part, &message, err);
}

/* Not longer than until the groups that are due may be read. */
static int64_t patience(const struct news *news, const struct news_wait *wait)
{
	int64_t left = news->dynamic_due ? news->dynamic_at - clock_ms() : wait->ms;

	return left < 0 ? 0 : left < wait->ms ? left : wait->ms;
}

static int await_news(struct news *news, const struct news_wait *wait, unsigned long *taken, struct error *err)
{
	if (watch_all(news, wait->fd, err) || drain(news, wait, taken, err))
		return -1;
	if (*taken > 0)
		return 0;
	return sleep_on(news, patience(news, wait), taken, err) || drain(news, wait, taken, err) ? -1 : 0;
}

int ldap_news_wait(struct source *source, const struct news_wait *wait, struct news_sink *sink,
		   struct news_result *result, struct error *err)
{
	struct news *news = ((struct ldap_source *)source)->news;
	unsigned long taken = 0;

	*result = (struct news_result){.verdict = NEWS_GOOD};
	news->sink = sink;
	news->result = result;
	if (await_news(news, wait, &taken, err) || read_changed(news, err))
		return -1;
	/* Anything at all may be what their members depend on. */
	news->dynamic_due = news->dynamic_due || taken > 0;
	int read = news_read_dynamic(news, err);
	if (read < 0)
		return -1;
	news_give_cookies(news);
	return taken > 0 || read > 0;
}
