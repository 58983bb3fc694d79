/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source: where people and groups come from; one driver per folder below src/source/.
 *
 * A driver turns what its peer or file says into a stream of `struct entry` and ends it with a completeness. It draws
 * no conclusion: it knows neither rules nor database. The one promise that matters: READ_COMPLETE is said only when the
 * driver knows that it has seen everything there is. Anything else (a size limit, a lost page, a truncated file) is
 * READ_INCOMPLETE, and nobody loses anything by it.
 *
 * A driver whose peer can say what changed has news too: a refresh from where the last one left off (its cookies), and
 * after that whatever happens, as it happens. Cookies are kept by the caller, together with what followed from the news.
 */
#ifndef ROSTER_SOURCE_H
#define ROSTER_SOURCE_H

#include "roster/config.h"
#include "roster/directory.h"
#include "roster/error.h"

enum completeness {
	READ_FAILED,     /* nothing can be concluded; the error says why */
	READ_INCOMPLETE, /* what came is true, what did not come may exist all the same; the reason says why */
	READ_COMPLETE    /* this is everything */
};
const char *completeness_name(enum completeness completeness); /* "failed", "incomplete", "complete" */

/* Receives the stream. Both return 0, or -1 with err set to stop the read. */
struct entry_sink {
	int (*entry)(struct entry_sink *sink, const struct entry *entry, struct error *err);
	/* A record that could not become an entry (no id, invalid DN, undecodable): it is named, the stream goes on.
	 * what: its DN or position; why: what is wrong and what to do. An id when one is known, else NULL: a known entry
	 * that could not be read this time is kept as it was, never taken as gone. */
	int (*unreadable)(struct entry_sink *sink, const char *id, const char *what, const char *why,
			  struct error *err);
};

/* Where the news of one part of a source left off. */
struct source_cookie {
	const char *part;       /* the name of the part */
	struct digest settings; /* of what the answer depended on: with others, it is no cookie */
	const char *bytes;
	size_t size;
	bool mark; /* only says how far the source was: kept also when there is nothing to go on from */
};
struct source_cookies {
	struct source_cookie *items;
	size_t count;
};

struct read_result {
	enum completeness completeness;
	char reason[512]; /* why it is not complete */
	/* ignored: read, but neither user nor group nor unit */
	unsigned long entries, unreadable, ignored;
	struct source_cookies marks; /* how far the source was; live until the next call */
};

/* --- news --------------------------------------------------------------------------------------------------------------- */

/* An entry below which others are: when its name changes, theirs do, and no source says so. */
struct place {
	const char *id, *dn;
};

/* Receives news. Each returns 0, or -1 with err set to stop. */
struct news_sink {
	struct entry_sink entries; /* an entry exists and is as it says, new or not */
	/* The source says that the entry of that kind is gone; ENTRY_KINDS: the place. */
	int (*removed)(struct news_sink *sink, int kind, const char *id, struct error *err);
	int (*place)(struct news_sink *sink, const struct place *place, struct error *err);
	/* Whether all that was named so far is of entries that were there before, of their kinds and under their names: then no
	 * place has another name. It may be false although they are. */
	int (*names_stand)(struct news_sink *sink, bool *ret, struct error *err);
};

enum news_offer {
	NEWS_NONE, /* it cannot say what changed: read everything */
	NEWS_ANEW, /* it can from now on: the first refresh is everything */
	NEWS_GO_ON /* it goes on from the cookies */
};

struct news_ask {
	const struct source_cookies *cookies; /* borrowed; NULL for none */
	bool persist;                         /* after the refresh, news_wait() will be called */
};

enum news_verdict {
	NEWS_GOOD,
	NEWS_INVALID, /* nothing follows from it: the peer does not know any more what changed since, ask without cookies */
	NEWS_REFUSED /* nothing follows from it: the peer does not do it for us; read everything another way */
};

struct news_result {
	enum news_verdict verdict;
	char reason[512]; /* of a verdict that is not good, or why it is not whole; "" for a part that is elsewhere */
	unsigned long entries, unreadable;
	bool whole;             /* asked without cookies: what was not named is not there */
	bool tells_no_removals; /* what is gone is found by reading everything, and in no other way */
	/* What to go on from after all that was handed over; lives until the next call. None: ask anew. */
	struct source_cookies cookies;
};

struct news_wait {
	int64_t ms;
	int fd; /* also wake when this is readable; -1 for none */
	/* What comes together is handed over together: up to so many entries and milliseconds. */
	unsigned long most;
	int64_t most_ms;
};

/* What is known of a source from before. */
struct source_past {
	const struct source_cookies *kept;
	bool any; /* an administrator wants what the source has, also when it is older */
};

struct source; /* opened by a driver; its first member is this opaque handle's driver struct */

struct source_ops {
	const char *name; /* the value of `type` in the configuration */
	int (*open)(const struct source_config *config, struct source **ret, struct error *err);
	/* The configuration with what the file leaves to the peer filled in; asks the peer where it has to. Lives as long as
	 * the source. NULL for a driver to which the file says everything. */
	int (*settle)(struct source *source, const struct source_config **ret, struct error *err);
	/* Stream every entry in scope. 0 with result filled (complete or incomplete), -1 when it failed. */
	int (*read_all)(struct source *source, struct entry_sink *sink, struct read_result *result, struct error *err);
	void (*close)(struct source **source); /* accepts NULL, sets NULL */
	/* The same as read_all, of the first page of everything. NULL for a driver that has none. */
	int (*preview)(struct source *source, struct entry_sink *sink, struct read_result *result, struct error *err);
	/* Before it is asked for anything: what was known. NULL for a driver whose peer cannot be behind that. */
	void (*recall)(struct source *source, const struct source_past *past);
	/* It will be read in a moment: connect while the caller does something else. What goes wrong the read says. NULL for a
	 * driver that has nothing to do ahead. */
	void (*prepare)(struct source *source);

	/* All NULL for a driver without news. Start: connect, say what there is, and ask for what does not wait. Read: the refresh, once after a start
	 * that offered one. Wait: 1 with news handed over, 0 when the time is over, the descriptor is readable or a signal
	 * came, -1 when the connection is lost (stop, and start again). Stop: end it; a source that was never started may be
	 * stopped. */
	int (*news_start)(struct source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err);
	int (*news_read)(struct source *source, struct news_sink *sink, struct news_result *result, struct error *err);
	int (*news_wait)(struct source *source, const struct news_wait *wait, struct news_sink *sink,
			 struct news_result *result, struct error *err);
	void (*news_stop)(struct source *source);

	/* Ask about one person, whatever else is under way: hand over how he is, or that he is gone. 1 when that cannot be asked.
	 * NULL for a driver that never can. */
	int (*reread)(struct source *source, const char *id, struct news_sink *sink, struct error *err);
};

/* What the drivers of these sources need of the whole process; before the first of them is opened. */
void source_prepare(const struct config *config);

/* The driver for `type`, or NULL. The core learns its drivers from one table, in src/source/registry.c. */
const struct source_ops *source_driver(const char *type);

#endif
