/* SPDX-License-Identifier: Apache-2.0 */
/*
 * news_private: what the refresh (news.c), the waiting after it (news_wait.c) and the parts of both (news_part.c) share.
 */
#ifndef ROSTER_SOURCE_LDAP_NEWS_PRIVATE_H
#define ROSTER_SOURCE_LDAP_NEWS_PRIVATE_H

#include "source/ldap/decode.h"
#include "source/ldap/dynamic.h"
#include "source/ldap/news.h"
#include "source/ldap/part.h"

struct news {
	struct ldap_source *source;
	struct arena *arena;
	const char *url; /* of the server all parts are about */
	const struct following *following;
	struct ldap_connection *reader; /* of those that were only named; NULL while none is read */
	struct part parts[PARTS_MOST];
	size_t count;
	bool persist, goes_on;
	int epoll; /* all connections, and the caller's descriptor */
	int other; /* the caller's descriptor in it; -1 for none */
	size_t turn;
	struct decoder decoder;
	/* Groups whose members the server computes. */
	struct dynamic dynamic;
	bool knows_dynamic; /* all there are */
	bool moved;         /* the server is further than where it was gone on from */
	bool dynamic_due;   /* they may not be what they were */
	int64_t dynamic_at; /* not before */
	struct source_cookie cookies[PARTS_MOST + REPLICA_MARKS + 1];
	struct news_sink *sink;
	struct news_result *result;
};

/* Does the refresh end before the search that persists begins? */
static inline bool news_refreshes_apart(const struct news *news)
{
	return !news->persist || news->following->persists_apart;
}
/* After refreshes that were searches of their own: from there on, for all parts. */
int news_follow(struct news *news, struct error *err);
int news_start_part(struct news *news, struct part *part, bool persist, struct error *err);
/* Give the sink an entry, or what is wrong with it; id: when it is known. */
int news_hand_over_entry(struct news *news, struct part *part, const char *id, const struct ldap_entry *entry,
			 struct error *err);
/* Give the sink the entry of a message, or what is wrong with it. */
int news_hand_over(struct news *news, struct part *part, const struct ldap_sync_message *message, struct error *err);
int news_hand_over_removal(struct news *news, const struct part *part, const struct ldap_uuid *uuid, struct error *err);
/* Groups whose members the server computes: all, when anything may have changed them. How long that took bounds how often it is
 * done. 1 when they were handed over, 0 when there are none or it is too soon, -1. */
int news_read_dynamic(struct news *news, struct error *err);
/* The kept word that there are none of them. */
bool news_has_no_dynamic(const struct news *news, const struct source_cookies *cookies);
void news_give_dynamic(struct news *news, struct source_cookies *cookies);
/* What the server said of where a part is. */
void news_take_cookie(const struct news *news, struct part *part, const char *cookie, size_t size);
/* Say how far all parts are; nothing when one of them does not know. */
void news_give_cookies(struct news *news);

#endif
