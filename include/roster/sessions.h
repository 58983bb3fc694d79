/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sessions: people who signed in, as the database knows them.
 *
 * `rosterd: signin` opens a session for somebody a provider vouches for, and gives its token away; the database keeps no more
 * than its digest. Whoever begins a session with the token acts as that person until it ends, and not as the login of the
 * connection.
 */
#ifndef ROSTER_SESSIONS_H
#define ROSTER_SESSIONS_H

#include "roster/store.h"

/* Of a session that is open. Texts are times as the database writes them. */
struct session_facts {
	const char *login, *until;
	const char *factor_until; /* how long the second factor that was shown counts; "" when there is none */
};

struct session_claim {
	const char *source, *subject; /* whose person, and the id there */
	int64_t factor_age;           /* seconds since a second factor was shown; -1 when none was */
};

enum { SESSION_TOKEN = 65 };

/* Open one, with STORE_SIGNIN; token is filled in. ERR_DATA when the source knows nobody of that id, ERR_DENIED when he is
 * suspended. */
int store_session_open(struct store *store, const struct session_claim *claim, char token[SESSION_TOKEN],
		       struct arena *arena, struct session_facts *ret, struct error *err);
/* From here on the store acts as that person, with STORE_OPERATOR: 1. Or as nobody, because the session has ended: 0. */
int store_session_begin(struct store *store, const char *token, struct arena *arena, struct session_facts *ret,
			struct error *err);
/* The token is good for nothing any more. */
int store_session_end(struct store *store, struct error *err);

/* 32 bytes that nobody can guess, in hexadecimal. */
int session_secret(char text[SESSION_TOKEN], struct error *err);

#endif
