/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signin: administrators prove who they are to an identity provider, and get a session of the database for it.
 *
 * Somebody who asks is told where to go and what to type there (RFC 8628); each time he asks again, the provider is asked
 * whether he has been there. What it says then, an ID token, is verified here (OpenID Connect Core section 3.1.3.7), and its
 * subject is a person of the source that signin names. acr, amr and auth_time of it say whether a second factor was shown, and
 * when.
 */
#ifndef ROSTER_SIGNIN_H
#define ROSTER_SIGNIN_H

#include "roster/config.h"
#include "roster/error.h"
#include "roster/json.h"

struct signin;

/* config must live as long, and have a section signin. */
int signin_new(const struct config *config, struct signin **ret, struct error *err);
void signin_free(struct signin **signin); /* accepts NULL, sets NULL */

/* Begin one. The reply, a root the caller frees: {"handle", "user_code", "verification_uri", "verification_uri_complete",
 * "seconds", "interval"}. handle is a secret of who asked. With factor a second one is to be shown now, whatever was before. */
int signin_begin(struct signin *signin, bool factor, struct json **reply, struct error *err);
/* How is it? {"state": "pending", "interval"}, or, once, {"state": "done", "token", "login", "until", "factor_until",
 * "factor_flaw"}: factor_flaw says why no second factor was seen. ERR_DENIED when nothing will come of it any more. */
int signin_poll(struct signin *signin, const char *handle, struct json **reply, struct error *err);

#endif
