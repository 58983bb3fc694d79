/* SPDX-License-Identifier: Apache-2.0 */
/* Where rosterd listens, and whom it lets in there. */
#include "config/address.h"
#include "config/checked_source.h"
#include "roster/jwt.h"

#include <string.h>

static void check_listen(struct loader *loader, const char *section, const char *listen)
{
	struct flaw flaw;

	if (*listen && !address_can_listen(listen, &flaw))
		report_error(loader, child_position(conf_child(loader->root, section), "listen"), flaw.hint,
			     "\"listen\" %s", flaw.what);
}

void check_status(struct loader *loader)
{
	check_listen(loader, "status", loader->config->status_listen);
}

/* --- signing in ---------------------------------------------------------------------------------------------------- */

static void check_algorithms(const struct checked_client *checked, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!jwt_algorithm_is_known(names[i]))
			client_wrong(checked, "algorithms", "RS256, ES256 and PS256 are, and those with 384 and 512",
				     arena_printf(checked->loader->arena,
						  "names \"%s\", which is none that proves anything", names[i]));
}

/* Who is on another host would hand over his token without encryption. */
static void check_socket(const struct checked_client *checked, const char *listen)
{
	if (*listen && !text_starts_with(listen, "unix:"))
		client_wrong(checked, "listen", "write listen: \"unix:/run/roster/signin.sock\"",
			     "must be a unix socket: who may connect is said by its folder");
}

void check_signin(struct loader *loader)
{
	const struct signin_config *signin = &loader->config->signin;
	const struct checked_client client = {loader, &signin->client, conf_child(loader->root, "signin"), "signin"};

	if (!signin->present)
		return;
	check_listen(loader, "signin", signin->listen);
	check_socket(&client, signin->listen);
	check_issuer(&client);
	check_provider_address(&client, "token_url", signin->client.token_url);
	check_provider_address(&client, "device_url", signin->client.device_url);
	check_provider_address(&client, "jwks_url", signin->client.jwks_url);
	check_client_keys(&client, true);
	check_algorithms(&client, signin->algorithms, signin->algorithm_count);
	if (*signin->source && !config_source(loader->config, signin->source))
		client_wrong(&client, "source", "name one of sources", "names no source");
	if (*signin->client.scope && !strstr(signin->client.scope, "openid"))
		client_wrong(&client, "scope", "add openid",
			     "has no \"openid\", without which nobody says who signed in");
}
