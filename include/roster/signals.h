/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals: what an identity provider says by itself of somebody: that an account was closed or opened, that sessions were revoked
 * (security event tokens of RFC 8417, the events of OpenID RISC 1.0 and CAEP 1.0), pushed as RFC 8935 says.
 *
 * `rosterd: signals` judges a token and takes down what it says; its role of the database may do no more. Who leads the source
 * heeds it: the person is suspended at once, within the limits of safety, and the provider is asked about that person.
 */
#ifndef ROSTER_SIGNALS_H
#define ROSTER_SIGNALS_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/json.h"
#include "roster/oidc.h"
#include "roster/store.h"

/* --- a token --------------------------------------------------------------------------------------------------------------- */

/* One thing that happened; texts are the claims' or in arena. */
struct signal_event {
	const char *kind;         /* "account-disabled", "account-enabled", "session-revoked" */
	const char *subject_kind; /* "id", "email" */
	const char *subject;
	int64_t at; /* seconds since 1970 */
};

struct signal_token {
	const char *issuer, *id;
	struct signal_event *events; /* that mean something here; a token may well have none */
	size_t event_count;
};

/* What claims that were judged say. ERR_DATA when it is no security event token. */
int signal_token_read(const struct json *claims, struct arena *arena, struct signal_token *ret, struct error *err);

/* --- whoever pushes -------------------------------------------------------------------------------------------------------- */

struct transmitter;

/* Of a source that has signals; source and http must live as long. */
struct transmitter *transmitter_new(const struct source_config *source, struct http *http);
void transmitter_free(struct transmitter **transmitter); /* accepts NULL, sets NULL */
const struct source_config *transmitter_source(const struct transmitter *transmitter);
/* Judge what was pushed. authorization: the header, NULL for none. On -1 *code is the error code of RFC 8935 section 2.4, or NULL
 * when it is not the transmitter's fault. The claims, a root the caller frees. */
int transmitter_judge(struct transmitter *transmitter, const char *authorization, const char *token,
		      struct json **claims, const char **code, struct error *err);

/* --- the inbox ------------------------------------------------------------------------------------------------------------- */

/* Take a token down, with STORE_SIGNALS; what is there already is left. */
int store_signal_add(struct store *store, const char *source, const struct signal_token *token, struct error *err);

/* What nobody has heeded yet, with STORE_DAEMON: the entry it is about as the mirror has it, id NULL where that is nobody. */
struct signal_row {
	int64_t signal;
	const char *event;
	struct mirror_row entry;
};
int store_signals_take(struct store *store, int source, struct arena *arena, struct signal_row **ret, size_t *count,
		       struct error *err);
int store_signals_heeded(struct store *store, const struct signal_row *rows, size_t count, const char *outcome,
			 struct error *err);

#endif
