/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries that a server named by their UUID, without saying all that was asked of them: they are read, many in one search.
 */
#ifndef ROSTER_SOURCE_LDAP_NAMED_H
#define ROSTER_SOURCE_LDAP_NAMED_H

#include "source/ldap/news_private.h"

/* Hand over those that came (UUID_CAME) as they are by now. Who is not there any more is left out: of that there are other
 * news, or there will be. Over a connection of its own, as the part's may be busy. */
int named_read(struct news *news, const struct part *part, const struct uuids *uuids, struct error *err);

#endif
