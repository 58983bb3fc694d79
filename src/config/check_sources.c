/* SPDX-License-Identifier: Apache-2.0 */
#include "config/checked_source.h"

#include "config/address.h"
#include "config/peer.h"

#include <string.h>

/* An attribute of a directory has a name, and nothing is in it. */
static void check_names(const struct checked_source *checked, const char *group)
{
	const struct conf_node *kind = conf_child(checked->node, group);
	const struct conf_node *names = kind ? conf_child(kind, "attributes") : NULL;

	for (size_t i = 0; names && i < names->count; i++) {
		const struct conf_node *node = names->children[i];
		if (node->type == CONF_STRING && node->text && strpbrk(node->text, "/ "))
			report_error(checked->loader, node_position(node),
				     "write one name, as \"uid\" or \"sAMAccountName\"",
				     "\"%s\" is not the name of an attribute", node->name);
	}
}

static bool has_credentials(const struct checked_source *checked)
{
	return source_has(checked, "bind_dn") || source_has(checked, "password");
}

static void check_server(const struct checked_source *checked, const char *url)
{
	struct flaw flaws[FLAWS_MAX];
	size_t count = address_ldap_flaws(url, flaws);

	for (size_t i = 0; i < count; i++)
		report_error(checked->loader, child_position(checked->node, "url"), flaws[i].hint, "\"url\" %s",
			     flaws[i].what);
}

/* What it has of other domains is a part of each entry: no members of their global and local groups. */
static void check_catalogue(const struct checked_source *checked, const char *url)
{
	const char *dialect = checked->source->dialect;

	if (address_is_catalogue(url) && (*dialect == '\0' || strcmp(dialect, DIALECT_AD) == 0))
		report_error(checked->loader, child_position(checked->node, "url"),
			     "use ldaps://HOST (port 636), and a source for each domain; for another server on that "
			     "port set its dialect",
			     "%s is a global catalog, which lacks members of groups and more", url);
}

static void check_url(const struct checked_source *checked, const char *url)
{
	const struct ldap_config *ldap = &checked->source->ldap;
	struct position position = child_position(checked->node, "url");

	if (!text_starts_with(url, "ldap://") && !text_starts_with(url, "ldaps://") &&
	    !text_starts_with(url, "ldapi://")) {
		report_error(checked->loader, position, "write ldaps://HOST, ldap://HOST or ldapi://PATH",
			     "%s is not the address of an LDAP server", url);
		return;
	}
	if (!text_starts_with(url, "ldapi://")) {
		check_server(checked, url);
		check_catalogue(checked, url);
	}
	if (!text_starts_with(url, "ldap://")) {
		if (ldap->starttls)
			report_error(checked->loader, child_position(checked->node, "starttls"), "remove starttls",
				     "\"starttls\" is for ldap:// addresses, not for %s", url);
		return;
	}
	if (has_credentials(checked) && !ldap->starttls && !ldap->allow_plaintext && !peer_is_local_url(url))
		report_error(checked->loader, position,
			     "use ldaps://, or starttls: true; allow_plaintext: true if it must be",
			     "the password would go to %s without encryption", url);
}

static void check_bind(const struct checked_source *checked)
{
	static const char *const pairs[][2] = {{"bind_dn", "password"}, {"password", "bind_dn"}};

	for (size_t i = 0; i < 2; i++)
		if (source_has(checked, pairs[i][0]) && !source_has(checked, pairs[i][1]))
			report_error(checked->loader, child_position(checked->node, pairs[i][0]),
				     "set both, or none for an anonymous bind", "\"%s\" needs \"%s\" beside it",
				     pairs[i][0], pairs[i][1]);
	if (source_has(checked, "sasl") && has_credentials(checked))
		report_error(checked->loader, child_position(checked->node, "sasl"), "set one of the two",
			     "\"sasl\" and a bind with a password exclude each other");
}

static void check_keytab(const struct checked_source *checked)
{
	bool gssapi = strcmp(checked->source->ldap.sasl, "gssapi") == 0;

	if (gssapi && !source_has(checked, "keytab"))
		report_error(checked->loader, child_position(checked->node, "sasl"), "set keytab to its file",
			     "\"sasl: gssapi\" needs a \"keytab\" beside it");
	for (size_t i = 0; gssapi && i < checked->source->server.url_count; i++)
		if (checked->source->ldap.starttls || !text_starts_with(checked->source->server.urls[i], "ldap://"))
			report_error(checked->loader, child_position(checked->node, "sasl"),
				     "use ldap:// addresses, without starttls",
				     "Kerberos encrypts by itself, and is not for %s with TLS or over a socket",
				     checked->source->server.urls[i]);
	if (!gssapi && source_has(checked, "keytab"))
		report_error(checked->loader, child_position(checked->node, "keytab"),
			     "set sasl: \"gssapi\", or remove it", "\"keytab\" is for \"sasl: gssapi\" only");
}

static void check_ldap(const struct checked_source *checked)
{
	source_require(checked, "url", "write url: \"ldaps://HOST\"");
	check_bind(checked);
	check_keytab(checked);
	for (size_t i = 0; i < checked->source->server.url_count; i++)
		check_url(checked, checked->source->server.urls[i]);
}

static void check_ldif(const struct checked_source *checked)
{
	source_require(checked, "file", "write file: \"people.ldif\"");
}

static void check_source(const struct checked_source *checked)
{
	static const char *const kinds[] = {"users", "groups", "units"};

	if (!*checked->source->type)
		return;
	check_types(checked->loader, checked->node, "sources.*", "source", checked->source->type);
	if (source_is_api(checked->source)) {
		check_api(checked);
		checked->source->dialect = checked->source->type;
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		check_names(checked, kinds[i]);
	if (strcmp(checked->source->type, "ldap") == 0)
		check_ldap(checked);
	else
		check_ldif(checked);
}

void check_sources(struct loader *loader)
{
	for (size_t i = 0; i < loader->config->source_count; i++) {
		struct checked_source checked = {loader, &loader->config->sources[i], loader->source_nodes[i]};
		if (strcmp(checked.source->name, "hand") == 0)
			report_error(loader, node_position(checked.node), "choose another name",
				     "\"hand\" stands for what administrators give by hand and is no source");
		check_source(&checked);
		/* A server can be asked; a file means what is usual, unless it says otherwise. */
		if (*checked.source->dialect || strcmp(checked.source->type, "ldap") != 0)
			dialect_fill(dialect_find(checked.source->dialect), checked.source);
		check_link(&checked);
	}
}
