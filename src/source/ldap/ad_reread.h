/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What entries of an Active Directory are like now, of which it is known that they changed.
 */
#ifndef ROSTER_SOURCE_LDAP_AD_REREAD_H
#define ROSTER_SOURCE_LDAP_AD_REREAD_H

#include "source/ldap/ad_changes.h"

/* Hand each to the sink as what it is now: an entry of its kind, a place, or gone from where we look. One that is neither
 * deleted nor to be seen is unreadable: it stays as it was. */
int ad_reread(struct ldap_source *source, struct ldap_connection *connection, const struct ad_changes *changes,
	      struct news_sink *sink, struct news_result *result, struct error *err);

#endif
