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

/* --- signals ------------------------------------------------------------------------------------------------------- */

static void check_transmitter(struct loader *loader, const struct source_config *source, const struct conf_node *node)
{
	const struct conf_node *signals = conf_child(node, "signals");
	const struct client_config issuer = {.issuer = source->signals.issuer};
	const struct checked_client transmitter = {loader, &issuer, signals, source->name};

	if (!signals)
		return;
	check_issuer(&transmitter);
	check_provider_address(&transmitter, "jwks_url", source->signals.jwks_url);
	if (!*loader->config->signals_listen)
		report_error(loader, node_position(signals), "write signals: { listen: \"127.0.0.1:8444\" }",
			     "sources.%s.signals has nowhere to be heard", source->name);
}

void check_signals(struct loader *loader)
{
	check_listen(loader, "signals", loader->config->signals_listen);
	for (size_t i = 0; i < loader->config->source_count; i++)
		check_transmitter(loader, &loader->config->sources[i], loader->source_nodes[i]);
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

/* A realm of Keycloak gives its people ids of its own. */
static void check_source(const struct checked_client *checked, const char *name)
{
	const struct source_config *source = *name ? config_source(checked->loader->config, name) : NULL;

	if (*name && !source)
		client_wrong(checked, "source", "name one of sources", "names no source");
	if (source && strcmp(source->type, DIALECT_KEYCLOAK) == 0 && *source->client.issuer &&
	    strcmp(source->client.issuer, checked->client->issuer) != 0)
		report_warning(checked->loader, child_position(checked->node, "issuer"),
			       "let both be of one realm, or set subject to a claim with the ids of that source",
			       "\"issuer\" is not that of sources.%s, whose people have other ids in its tokens", name);
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
	check_source(&client, signin->source);
	if (*signin->client.scope && !strstr(signin->client.scope, "openid"))
		client_wrong(&client, "scope", "add openid",
			     "has no \"openid\", without which nobody says who signed in");
}
