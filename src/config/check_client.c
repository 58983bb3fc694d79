/* SPDX-License-Identifier: Apache-2.0 */
/* Who roster is to a provider of identities: for a source, and for those who sign in. */
#include "config/address.h"
#include "config/checked_source.h"

#include <string.h>

static bool has(const struct checked_client *checked, const char *key)
{
	return conf_child(checked->node, key) != NULL;
}

void client_wrong(const struct checked_client *checked, const char *key, const char *hint, const char *what)
{
	report_error(checked->loader, child_position(checked->node, key), hint, "\"%s\" %s", key, what);
}

/* --- addresses ----------------------------------------------------------------------------------------------------- */

void check_provider_address(const struct checked_client *checked, const char *key, const char *url)
{
	struct flaw flaws[FLAWS_MAX];
	size_t count = *url ? address_url_flaws(url, true, flaws) : 0;

	for (size_t i = 0; i < count; i++)
		client_wrong(checked, key, flaws[i].hint, flaws[i].what);
}

/* What stands behind a ? of an issuer would be part of its name, and nobody's is (OIDC Discovery 1.0 section 3). Of Entra, the
 * metadata of "common" are of no tenant. */
void check_issuer(const struct checked_client *checked)
{
	const char *issuer = checked->client->issuer;

	check_provider_address(checked, "issuer", issuer);
	if (strchr(issuer, '?'))
		client_wrong(checked, "issuer", "remove the ? and what follows", "has a query, which no issuer has");
	if (strstr(issuer, "/common/") || strstr(issuer, "/organizations/") || strstr(issuer, "/consumers/"))
		client_wrong(checked, "issuer", "write the id of your tenant in its place", "is that of no one tenant");
}

/* --- the proof ----------------------------------------------------------------------------------------------------- */

static void check_auth(const struct checked_client *checked)
{
	const char *auth = checked->client->auth;
	bool by_key = strcmp(auth, "jwt") == 0 || strcmp(auth, "tls") == 0, by_none = strcmp(auth, "none") == 0;

	if (*auth && !by_key && !by_none && !has(checked, "client_secret"))
		client_wrong(checked, "client_auth", "set client_secret", "needs \"client_secret\" beside it");
	if (by_key && !has(checked, "client_key"))
		client_wrong(checked, "client_auth", "set client_key", "needs \"client_key\" beside it");
	if (by_none && (has(checked, "client_secret") || has(checked, "client_key")))
		client_wrong(checked, "client_auth", "remove it",
			     "says that nothing is proven, and there is what proves it");
	if (strcmp(auth, "tls") == 0 && !has(checked, "client_cert"))
		client_wrong(checked, "client_auth", "set client_cert", "needs \"client_cert\" beside it");
	if (has(checked, "client_secret") && has(checked, "client_key"))
		client_wrong(checked, "client_key", "set one of the two", "and \"client_secret\" exclude each other");
	if (has(checked, "client_cert") && !has(checked, "client_key"))
		client_wrong(checked, "client_cert", "set client_key", "needs \"client_key\" beside it");
}

void check_client_keys(const struct checked_client *checked, bool may_be_public)
{
	bool proves = has(checked, "client_secret") || has(checked, "client_key");

	if (!has(checked, "client_id"))
		report_error(checked->loader, node_position(checked->node),
			     "write client_id: \"NAME\", as the provider knows roster", "%s has no \"client_id\"",
			     checked->path);
	else if (!proves && !(may_be_public && strcmp(checked->client->auth, "none") == 0))
		client_wrong(checked, "client_id",
			     may_be_public
				 ? "set client_secret: \"credential:NAME\", or client_key; or client_auth: \"none\""
				 : "set client_secret: \"credential:NAME\", or client_key",
			     "has neither \"client_secret\" nor \"client_key\" beside it");
	check_auth(checked);
}
