/* SPDX-License-Identifier: Apache-2.0 */
/*
 * News of an Active Directory: who changed since the last poll (ad_changes.h), and what he is like now (ad_reread.h). It
 * says nothing by itself, so to wait for news is to wait for the next poll.
 */
#ifndef ROSTER_SOURCE_LDAP_AD_NEWS_H
#define ROSTER_SOURCE_LDAP_AD_NEWS_H

#include "source/ldap/server.h"

/* As in struct source_ops; of a settled source. */
int ad_news_start(struct ldap_source *source, const struct news_ask *ask, enum news_offer *ret, struct error *err);
int ad_news_read(struct ldap_source *source, struct news_sink *sink, struct news_result *result, struct error *err);
int ad_news_wait(const struct news_wait *wait, struct news_result *result, struct error *err);
void ad_news_stop(struct ldap_source *source);

#endif
