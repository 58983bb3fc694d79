/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One refresh of RFC 4533 (section 3.3) as logic over its messages: no connection, no clock, no log.
 *
 * The caller hands over each message, stages the entries it is told to store, and at the end is told what follows:
 * which entries the server removed by name (explicit), whether those it did not name are gone (inferred, and for the
 * guard to judge), and what cookie to keep. Nothing follows before the end, and nothing from an end that is not clean.
 * Entries are told apart by UUID: a DN that is deleted and made again in one refresh is two entries.
 */
#ifndef ROSTER_SOURCE_LDAP_REFRESH_H
#define ROSTER_SOURCE_LDAP_REFRESH_H

#include "roster/ldap_sync.h"
#include "roster/text.h"
#include "source/ldap/uuids.h"

/* What an answer, and so a cookie, depends on. A server does not notice that a filter changed: it says "no changes". */
struct refresh_settings {
	const char **urls; /* in their order: another order costs one full refresh */
	size_t url_count;
	const char *bind_dn, *vendor;
	const char *base, *filter;
	enum ldap_scope scope;
	const char **attributes; /* NULL-terminated */
};
struct digest refresh_settings_digest(const struct refresh_settings *settings);

struct refresh_terms {
	bool persist;            /* the refresh stage of refreshAndPersist */
	struct digest settings;  /* of this search */
	struct digest stored_by; /* of the search that gave the stored cookie */
	struct ldap_value stored;
	/* 389-DS ends refreshOnly as a present phase without having named what is present: infer nothing from that when
	 * a cookie was sent. */
	bool names_no_present;
};

enum refresh_step {
	REFRESH_GOES_ON,
	REFRESH_STORE, /* the entry of this message exists and is as the message says; then it goes on */
	REFRESH_OVER   /* see the verdict */
};

enum refresh_verdict {
	REFRESH_NOTHING, /* no clean end: nothing is concluded, what was staged is dropped, the cookie stays */
	REFRESH_GOOD,
	REFRESH_ANEW, /* the server cannot go on from our cookie: forget it, conclude nothing, refresh without one */
	REFRESH_NEWER /* our cookie is newer than the server: nothing is concluded; another URL, or anew and an alarm */
};

enum refresh_cookie { COOKIE_STAYS, COOKIE_IS_NEW, COOKIE_IS_GONE };

/* Starts as {0}; between refresh_start() and refresh_free() only these functions change it. */
struct refresh {
	struct ldap_value cookie; /* send this; borrowed from the terms; size 0 for none */

	/* After REFRESH_OVER. */
	enum refresh_verdict verdict;
	bool absent_is_gone; /* what was not named is gone; true only when everything that exists was named */
	enum refresh_cookie cookie_act;
	struct str new_cookie; /* with COOKIE_IS_NEW */

	/* Private. */
	struct uuids uuids;
	bool persist, names_no_present, over, present_phase, elsewhere, empty_cookie;
};

void refresh_start(struct refresh *refresh, const struct refresh_terms *terms);
/* A message of the server (not a mere end of waiting), until REFRESH_OVER. */
enum refresh_step refresh_take(struct refresh *refresh, const struct ldap_sync_message *message);
/* Walk over all that were named, with what was said of them: at the end UUID_REMOVED is an explicit removal, and not to have
 * been named an absence. *position starts as 0. NULL at the end. */
const struct uuid_slot *refresh_next(const struct refresh *refresh, size_t *position);
void refresh_free(struct refresh *refresh);

#endif
