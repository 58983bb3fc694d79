/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of people who signed in. */
#include "roster/sessions.h"
#include "roster/sha256.h"
#include "store/private.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { SECRET_BYTES = (SESSION_TOKEN - 1) / 2 };

int session_secret(char text[SESSION_TOKEN], struct error *err)
{
	uint8_t bytes[SECRET_BYTES];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return error_set(err, ERR_INTERNAL, "the system gives no random bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof bytes);
	return 0;
}

static void take_facts(const struct pg_rows *rows, struct arena *arena, struct session_facts *ret)
{
	*ret = (struct session_facts){.login = arena_strdup(arena, pg_text(rows, 0, 0)),
				      .until = arena_strdup(arena, pg_text(rows, 0, 1)),
				      .factor_until = arena_strdup(arena, pg_text(rows, 0, 2))};
}

/* The server is told the digest alone: what it logs of statements opens nothing. */
int store_session_open(struct store *store, const struct session_claim *claim, char token[SESSION_TOKEN],
		       struct arena *arena, struct session_facts *ret, struct error *err)
{
	char age[NUMBER_TEXT], digest[SHA256_TEXT];
	struct sha256 *sha256 = sha256_new();
	struct pg_rows *rows = NULL;
	int rc = session_secret(token, err);

	if (rc == 0) {
		sha256_add(sha256, token, strlen(token));
		sha256_finish(sha256, digest);
		const char *params[] = {claim->source, claim->subject, digest,
					claim->factor_age < 0 ? NULL : number_text(claim->factor_age, age)};
		rc = pg_query(store->pg,
			      "select login, date_trunc('second', expires_at), date_trunc('second', proof_expires_at) "
			      "from open_session($1, $2, decode($3, 'hex'), make_interval(secs => $4))",
			      params, sizeof params / sizeof *params, &rows, err);
	}
	if (rc == 0)
		take_facts(rows, arena, ret);
	pg_free(&rows);
	sha256_free(&sha256);
	return rc;
}

int store_session_begin(struct store *store, const char *token, struct arena *arena, struct session_facts *ret,
			struct error *err)
{
	struct pg_rows *rows = NULL;

	if (pg_query(store->pg,
		     "select login, date_trunc('second', expires_at), date_trunc('second', proof_expires_at) "
		     "from begin_session($1)",
		     &token, 1, &rows, err) != 0)
		return -1;
	int found = pg_count(rows) > 0;
	if (found)
		take_facts(rows, arena, ret);
	pg_free(&rows);
	return found;
}

int store_session_end(struct store *store, struct error *err)
{
	return pg_query(store->pg, "select end_session()", NULL, 0, NULL, err);
}
