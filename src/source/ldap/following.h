/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In what servers differ that say what changed (RFC 4533). Which of them a server is its rootDSE says; what it offers is no
 * proof, as servers copy each other's lists.
 */
#ifndef ROSTER_SOURCE_LDAP_FOLLOWING_H
#define ROSTER_SOURCE_LDAP_FOLLOWING_H

#include "source/ldap/server.h"

struct following {
	const char *make;  /* a DIALECT_* */
	const char *id;    /* the attribute that its messages name entries by */
	const char *needs; /* what does not offer it when it is not offered */
	/* It ends refreshOnly as if it had named what is present. */
	bool names_no_present;
	/* A cookie says how far the database is, whatever was searched for. */
	bool is_of_database;
	/* A cookie counts the changes of each server apart, and may name only the one that something was changed at. */
	bool counts_by_server;
	/* A cookie is good at the URL that gave it, and at no other. */
	bool is_of_one_url;
	/* With a cookie, its refresh says which entries changed; what they are has to be read. */
	bool only_names;
	/* The refresh of a search that persists does not end when it is cut: it is one of its own, and persisting goes on
	 * from there. */
	bool persists_apart;
	/* What its plug-ins do to an entry while it is deleted comes after that it was deleted. */
	bool has_echoes;
	/* Does the server still have what changed since this cookie? 1, 0 with why, or -1. NULL: it says so itself. */
	int (*remembers)(const struct ldap_source *source, struct ldap_connection *connection, const char *cookie,
			 char why[256], struct error *err);
};

/* NULL for a server that is not followed, and *why. */
const struct following *following_find(const struct ldap_source *source, const char **why);

#endif
