/* SPDX-License-Identifier: Apache-2.0 */
/*
 * News of an LDAP source: content synchronization (RFC 4533) of each of its parts, for OpenLDAP.
 */
#ifndef ROSTER_SOURCE_LDAP_NEWS_H
#define ROSTER_SOURCE_LDAP_NEWS_H

#include "roster/source.h"

/* As in struct source_ops. */
int ldap_news_start(struct source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err);
int ldap_news_read(struct source *source, struct news_sink *sink, struct news_result *result, struct error *err);
int ldap_news_wait(struct source *source, const struct news_wait *wait, struct news_sink *sink,
		   struct news_result *result, struct error *err);
void ldap_news_stop(struct source *source);

#endif
