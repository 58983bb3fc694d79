/* SPDX-License-Identifier: Apache-2.0 */
/* Each search as a line somebody may paste into a shell, which finds out the same without roster. */
#include "link/ldap_private.h"
#include "roster/ldap_sync.h"
#include "roster/log.h"

#include <ctype.h>

static void add_connection(const struct ldap_connection *connection, struct str *out)
{
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
}

static void add_question(const char *base, enum ldap_scope scope, const char *filter, const char **attributes,
			 struct str *out)
{
	static const char *const scopes[] = {"base", "one", "sub"};

	str_add_word(out, " -b ", base);
	str_printf(out, " -s %s", scopes[scope]);
	str_add_word(out, " ", filter);
	for (const char **attribute = attributes; *attribute; attribute++)
		str_add_word(out, " ", *attribute);
}

static void add_controls(const struct ldap_search *search, struct str *out)
{
	if (search->page_size > 0)
		str_printf(out, " -E '!pr=%lld/noprompt'", (long long)search->page_size);
	/* Without a cookie, which holds octets: everything. */
	if (search->dirsync)
		str_printf(out, " -E '!dirSync=%d/0'", (int)search->dirsync->flags);
	if (search->show_deleted)
		str_add(out, " -E '!showDeleted'");
	if (search->extended_dns)
		str_add(out, " -E '!extendedDn=1'");
}

/* Those of the servers that are followed are text; of another one everything is asked for. */
static bool is_printable(const struct ldap_value *cookie)
{
	for (size_t i = 0; i < cookie->size; i++)
		if (!isprint((unsigned char)cookie->data[i]))
			return false;
	return cookie->size > 0;
}

static void add_sync(const struct ldap_sync_search *search, struct str *out)
{
	struct str control = {0};

	str_printf(&control, "!sync=%s", search->persist ? "rp" : "ro");
	if (is_printable(&search->cookie)) {
		str_add_char(&control, '/');
		str_append(&control, search->cookie.data, search->cookie.size);
	}
	str_add_word(out, " -E ", str_text(&control));
	str_free(&control);
}

void ldap_log_search(const struct ldap_connection *connection, const struct ldap_search *search)
{
	struct str command = {0};

	if (!log_wants(LOG_DEBUG_LEVEL))
		return;
	add_connection(connection, &command);
	add_controls(search, &command);
	add_question(search->base, search->scope, search->filter, search->attributes, &command);
	log_debug("search: %s", str_text(&command));
	str_free(&command);
}

void ldap_log_sync(const struct ldap_connection *connection, const struct ldap_sync_search *search)
{
	struct str command = {0};

	if (!log_wants(LOG_DEBUG_LEVEL))
		return;
	add_connection(connection, &command);
	add_sync(search, &command);
	add_question(search->base, search->scope, search->filter, search->attributes, &command);
	log_debug("search: %s", str_text(&command));
	str_free(&command);
}
