/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer: what a connection string says about the host at the other end, without asking anybody.
 */
#ifndef ROSTER_CONFIG_PEER_H
#define ROSTER_CONFIG_PEER_H

#include "roster/arena.h"
#include "roster/error.h"

#include <stdbool.h>

/* A PostgreSQL connection string in either spelling. Strings are "" when absent. */
struct conninfo {
	const char *host, *hostaddr, *sslmode, *service;
	bool has_user, has_password;
};

/* The message of an error does not repeat the text, which may hold a password. */
int conninfo_parse(const char *text, struct arena *arena, struct conninfo *ret, struct error *err);
/* Every host it may connect to is this one; a service is not looked up. */
bool conninfo_is_local(const struct conninfo *conninfo);
/* scheme://HOST...: is HOST this one? */
bool peer_is_local_url(const char *url);

#endif
