/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

static void add_quoted(struct str *out, const char *before, const char *text)
{
	str_add(out, before);
	str_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			str_add(out, "'\\''");
		else
			str_add_char(out, *text);
	}
	str_add_char(out, '\'');
}

void ldap_connection_command(const struct ldap_connection *connection, const struct ldap_search *search,
			     struct str *out)
{
	static const char *const scopes[] = {"base", "one", "sub"};

	if (*connection->ca_file)
		add_quoted(out, "LDAPTLS_CACERT=", connection->ca_file);
	str_add(out, *connection->ca_file ? " ldapsearch -LLL" : "ldapsearch -LLL");
	str_add(out, connection->external ? " -Q -Y EXTERNAL" : " -x");
	add_quoted(out, " -H ", connection->url);
	if (connection->starttls)
		str_add(out, " -ZZ");
	if (!connection->external && *connection->bind_dn) {
		add_quoted(out, " -D ", connection->bind_dn);
		str_add(out, " -W");
	}
	if (search->page_size > 0)
		str_printf(out, " -E '!pr=%lld/noprompt'", (long long)search->page_size);
	add_quoted(out, " -b ", search->base);
	str_printf(out, " -s %s", scopes[search->scope]);
	add_quoted(out, " ", search->filter);
	for (const char **attribute = search->attributes; *attribute; attribute++)
		add_quoted(out, " ", *attribute);
}
