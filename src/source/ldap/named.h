/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that a server named by their UUID, without saying all that was asked of them: they are read, many in one search.
 */
#ifndef ROSTER_SOURCE_LDAP_NAMED_H
#define ROSTER_SOURCE_LDAP_NAMED_H

#include "source/ldap/news_private.h"

/* Hand over those that came (UUID_CAME) as they are by now, over a connection of its own, as the part's may be busy. 0; 1
 * with why when not all of them can be had: it may be that somebody went since, or that the account may not ask so; -1. */
int named_read(struct news *news, struct part *part, const struct uuids *uuids, char why[512], struct error *err);

#endif
