/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `struct source` is for this driver, and its server: connecting, and what the server says of itself.
 */
#ifndef ROSTER_SOURCE_LDAP_SERVER_H
#define ROSTER_SOURCE_LDAP_SERVER_H

#include "roster/arena.h"
#include "roster/ldap.h"
#include "source/ldap/csn.h"
#include "source/ldap/scope.h"

struct news;    /* see news_private.h */
struct ad_news; /* see ad_news.c */
struct ahead;
struct stamp_news; /* see stamp_news.c */
struct stamps;     /* see stamp.h */

/* The numbers of its changelog; -1 for none. */
struct server_changes {
	int64_t first, last;
};

/* Which of several servers lag: see replica.h. A mark is how far one database is. */
enum { REPLICA_MARKS = ENTRY_KINDS };
struct replica_mark {
	char *part; /* the name it is kept under */
	struct csns csns;
	struct str cookie; /* as it is kept */
};
struct replica {
	struct replica_mark held[REPLICA_MARKS], now[REPLICA_MARKS];
	size_t held_count, now_count;
	bool *left_out; /* by the place of the URL, for one attempt; NULL for none */
	bool takes_any, takes_lagging, told_hidden;
};

struct ldap_source {
	const struct source_config *config;
	struct source_config settled;  /* with the names of the server's dialect */
	const struct dialect *dialect; /* whose those are; NULL until it is known */
	struct arena *arena;           /* as long as the source */
	struct scope scopes[ENTRY_KINDS];
	size_t scope_count;
	struct news *news;            /* NULL while there is none */
	struct ad_news *ad;           /* the same of an Active Directory */
	struct stamp_news *stamped;   /* the same of a server that is asked by times */
	struct stamps *stamps;        /* of the search under way, or NULL */
	struct ahead *ahead;          /* a connection that is being opened, or NULL */
	struct ldap_connection *held; /* one that was opened to ask for the dialect, or NULL */
	/* What the server said of itself at the last connection. */
	char vendor[128];
	char suffix[512];    /* its only or its default naming context; "" when there is none */
	char base[640];      /* where in it people and groups are, when the file does not say */
	struct str contexts; /* all naming contexts, each with its NUL */
	const struct dialect *spoken;
	bool knows_sync;
	struct server_changes changes;
	bool told;       /* why it has no news */
	bool is_limited; /* it does not answer all at once */
	struct replica replica;
	struct source_cookie marks[REPLICA_MARKS]; /* of the last whole read */
};

/* Which of the servers to try: one that is already spoken with, or all but some, by their places. NULL: all. */
struct server_choice {
	const char *only;
	const bool *except;
};
int server_connect(const struct source_config *config, const struct server_choice *choice, struct ldap_connection **ret,
		   struct error *err);
/* Connect, and read the rootDSE; what was begun ahead is taken. */
int server_open(struct ldap_source *source, const struct server_choice *choice, struct ldap_connection **ret,
		struct error *err);
/* A number as a server writes it: digits, and nothing else. */
bool server_read_number(const char *text, int64_t *ret);
/* Know the dialect, and with it what to ask for. */
int server_settle(struct ldap_source *source, struct error *err);
/* Begin it ahead, in a thread that touches the source until server_open(), or server_forget(). */
void server_open_ahead(struct ldap_source *source);
void server_forget(struct ldap_source *source);
/* The URL of a connection as the configuration has it. */
const char *server_url(const struct source_config *config, const struct ldap_connection *connection);
/* The rootDSE (RFC 4512 section 5.1). A server may hide it: that is no error. */
int server_read_root(struct ldap_source *source, struct ldap_connection *connection, struct error *err);
/* Say, once, why it is not asked what changed. */
void server_tell_whole(struct ldap_source *source, const char *why);
/* Why its word on what changed is not enough for these filters: who is in a group is written at the people, too, and no news of
 * them. NULL when it is. */
const char *server_find_untold(const struct ldap_source *source, struct arena *arena);
/* Active Directory refers to its own other contexts (its configuration, DNS zones), which hold no people and no groups. */
bool server_passes_over(const struct ldap_source *source, const char *dn);
/* The base of a scope, or what the server names as its only one. */
int server_find_base(const struct ldap_source *source, const struct scope *scope,
		     const struct ldap_connection *connection, const char **base, struct error *err);

/* What a cookie of all scopes was made with: another account, filter or attribute makes it worthless. way: by which way of
 * asking, and of which server where each counts for itself. */
struct digest server_settings(const struct ldap_source *source, const char *way);

#endif
