/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

void ldap_connection_command(const struct ldap_connection *connection, const struct ldap_search *search,
			     struct str *out)
{
	static const char *const scopes[] = {"base", "one", "sub"};

	if (*connection->ca_file)
		str_add_word(out, "LDAPTLS_CACERT=", connection->ca_file);
	str_add(out, *connection->ca_file ? " ldapsearch -LLL" : "ldapsearch -LLL");
	str_add(out, connection->external ? " -Q -Y EXTERNAL" : connection->gssapi ? " -Q -Y GSSAPI -N" : " -x");
	str_add_word(out, " -H ", connection->url);
	if (connection->starttls)
		str_add(out, " -ZZ");
	if (!connection->external && !connection->gssapi && *connection->bind_dn) {
		str_add_word(out, " -D ", connection->bind_dn);
		str_add(out, " -W");
	}
	if (search->page_size > 0)
		str_printf(out, " -E '!pr=%lld/noprompt'", (long long)search->page_size);
	/* Without a cookie, which holds octets: everything. */
	if (search->dirsync)
		str_printf(out, " -E '!dirSync=%d/0'", (int)search->dirsync->flags);
	if (search->show_deleted)
		str_add(out, " -E '!showDeleted'");
	if (search->extended_dns)
		str_add(out, " -E '!extendedDn=1'");
	str_add_word(out, " -b ", search->base);
	str_printf(out, " -s %s", scopes[search->scope]);
	str_add_word(out, " ", search->filter);
	for (const char **attribute = search->attributes; *attribute; attribute++)
		str_add_word(out, " ", *attribute);
}
