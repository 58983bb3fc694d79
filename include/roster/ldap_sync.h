/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_sync: the content synchronization operation (RFC 4533) on a connection of ldap.h.
 *
 * It takes off your hands: the control and its values, telling the messages of the operation apart, waiting for them
 * with a deadline, for another descriptor and for signals at the same time, and noticing that a server which says
 * nothing is not there any more. It draws no conclusion: what a refresh means for what we hold the caller decides.
 *
 * A connection carries one sync that persists, or several that do not, and nothing else meanwhile; close them before the
 * connection. Who waits for one of several gets what comes for any of them. What a message points to lives until the next
 * call for a sync of the same connection. operation_ms of the connection bounds every silence in
 * which the server owes us something, as long as the caller waits here; run_ms does not count, the caller's own
 * deadlines do. Times are milliseconds, errors are classed as in ldap.h and name URL, base and filter. After an error
 * the connection is unusable.
 */
#ifndef ROSTER_LDAP_SYNC_H
#define ROSTER_LDAP_SYNC_H

#include "roster/ldap.h"

#include <signal.h>

/* entryUUID of RFC 4530, or what the server takes for it. */
struct ldap_uuid {
	uint8_t bytes[16];
};

struct ldap_sync;

/* Everything is borrowed until ldap_sync_start() returns. */
struct ldap_sync_search {
	const char *base;
	enum ldap_scope scope;
	const char *filter;       /* RFC 4515 */
	const char **attributes;  /* NULL-terminated; operational ones by name */
	bool persist;             /* refreshAndPersist, else refreshOnly (section 2.2) */
	struct ldap_value cookie; /* size 0 for none */
	/* When the cookie is too old to go on from: send everything again; else the server may answer
	 * e-syncRefreshRequired instead (section 2.2). */
	bool reload_hint;
	/* While the server persists and is silent for so long, ask it for something (contextCSN of the base): no answer
	 * within operation_ms, and the connection is dead. 0 to never ask. */
	int64_t heartbeat_ms;
};

/* Send the search. The control is critical: a server that does not know it refuses (code 12 in SYNC_DONE). */
int ldap_sync_start(struct ldap_connection *connection, const struct ldap_sync_search *search, struct ldap_sync **ret,
		    struct error *err);
/* Ends the operation when it is still going on (Abandon of RFC 4511 section 4.11); unless there was an error the
 * connection is free for other searches. Accepts NULL, sets NULL. */
void ldap_sync_close(struct ldap_sync **sync);

/* The socket, for who waits for more than this: call ldap_sync_next() with 0 ms until it says no more. */
int ldap_sync_socket(const struct ldap_sync *sync);

enum ldap_sync_kind {
	/* Nothing came from the server. */
	SYNC_DEADLINE,   /* the wait is over */
	SYNC_DESCRIPTOR, /* the other descriptor is readable, or has an error */
	SYNC_SIGNAL,     /* a signal was handled */
	/* What the server said. */
	SYNC_ENTRY,     /* an entry with its state (section 2.3) */
	SYNC_REFERENCE, /* a part of the tree is on another server */
	SYNC_IDS,       /* syncIdSet (section 2.5) */
	SYNC_COOKIE,    /* newcookie: nothing but the cookie */
	SYNC_PHASE,     /* refreshDelete or refreshPresent: a phase of the refresh ended */
	SYNC_DONE       /* the result of the search (section 2.4): nothing follows */
};

enum ldap_sync_state { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE };

/* How the search ended. */
enum ldap_sync_end {
	SYNC_CLEAN,            /* success, and its control came when it had to */
	SYNC_REFRESH_REQUIRED, /* e-syncRefreshRequired (4096): the cookie is no good, start without */
	SYNC_COOKIE_NEWER, /* slapd's 53 "consumer state is newer than provider": the server was set back, or lags */
	SYNC_FAILED        /* any other code, those of a cut answer (a size limit) included */
};

struct ldap_sync_message {
	enum ldap_sync_kind kind;
	struct ldap_sync
	    *of; /* that the server speaks of: one of several over the connection; NULL when nothing came */
	/* Of any message of the server. data is NULL when none came; an empty one is no cookie either, but says that
	 * the server made nothing of ours. */
	struct ldap_value cookie;

	/* SYNC_ENTRY; SYNC_REFERENCE, where a zero uuid says that none came */
	enum ldap_sync_state state;
	struct ldap_uuid uuid;
	struct ldap_entry entry; /* without attributes when present or deleted */
	const char *reference;   /* a URL, or "" */

	/* SYNC_IDS */
	const struct ldap_uuid *ids;
	size_t id_count;

	/* SYNC_IDS: these are deleted, else present. SYNC_PHASE, SYNC_DONE: a delete phase ended, else a present
	 * phase. */
	bool deletes;
	bool refresh_done; /* SYNC_PHASE: no other phase follows */

	/* SYNC_DONE */
	enum ldap_sync_end end;
	int code;
	enum error_class class; /* of the code; ERR_NONE for SYNC_CLEAN */
	const char *reason;     /* the code, the server's text and what to do; "" for SYNC_CLEAN */
};

struct ldap_sync_wait {
	int64_t ms; /* 0 looks once; INT64_MAX waits for ever */
	int fd;     /* also wake when this is readable; -1 for none */
	/* The mask while waiting, as in ppoll(2): block the signals you handle, and leave them out here, and none is
	 * lost between two calls. NULL leaves the mask alone. */
	const sigset_t *signals;
};

/* Wait for one message: 1 when the server said something, 0 when something else ended the wait, or -1. What waits at
 * the descriptor, and a pending signal, come before messages: who streams without end does not shut them out. */
int ldap_sync_next(struct ldap_sync *sync, const struct ldap_sync_wait *wait, struct ldap_sync_message *ret,
		   struct error *err);

#endif
