/* SPDX-License-Identifier: Apache-2.0 */
/*
 * News of a server that says nothing by itself: what was changed since the last poll by its own times (stamp.h). Everything is
 * as it says; nothing follows from what it does not say.
 */
#ifndef ROSTER_SOURCE_LDAP_STAMP_NEWS_H
#define ROSTER_SOURCE_LDAP_STAMP_NEWS_H

#include "source/ldap/server.h"

/* Does the configuration want it? */
bool stamp_news_wanted(const struct ldap_source *source);
/* As in struct source_ops; of a settled source. */
int stamp_news_start(struct ldap_source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err);
int stamp_news_read(struct ldap_source *source, struct news_sink *sink, struct news_result *result, struct error *err);
void stamp_news_stop(struct ldap_source *source);

#endif
