/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/empty.h"

struct empty_finding {
	const struct scope *scope;
	struct decoder *decoder;
	struct seen *found;
};

static int note(void *context, const struct ldap_entry *entry, struct error *err)
{
	const struct empty_finding *finding = context;

	(void)err;
	decode(finding->decoder, finding->scope, entry);
	if (finding->decoder->entry.id)
		seen_add(finding->found, finding->decoder->entry.id);
	return 0;
}

static bool passes_over(void *context, const char *dn)
{
	(void)context;
	(void)dn;
	return true;
}

/* One attribute in each question: of several at once 389 Directory Server forgets that it may not tell. */
static int look(struct ldap_connection *connection, const struct ldap_search *among, const struct needy_class *needy,
		struct empty_finding *finding, struct error *err)
{
	const char *attributes[] = {finding->scope->id, NULL};
	struct ldap_search search = *among;
	struct ldap_outcome outcome;
	struct error why = {0};
	struct str filter = {0};

	str_printf(&filter, "(&%s(objectClass=%s)(!(%s=*)))", among->filter, needy->class, needy->attribute);
	search.filter = str_text(&filter);
	search.attributes = attributes;
	search.entry = note;
	search.passes_over = passes_over;
	search.context = finding;
	int status = ldap_connection_search(connection, &search, &outcome, &why);
	str_free(&filter);
	return status && why.class == ERR_UNREACHABLE ? error_set(err, why.class, "%s", why.text) : 0;
}

int empty_find(const struct ldap_source *source, struct ldap_connection *connection, const struct scope *scope,
	       const struct ldap_search *among, struct decoder *decoder, struct error *err)
{
	int status = 0;

	empty_forget(decoder);
	if (!source->spoken->empty_groups || scope->kind != ENTRY_GROUP)
		return 0;
	for (size_t i = 0; i < NEEDY_CLASSES && !status; i++) {
		struct empty_finding finding = {.scope = scope, .decoder = decoder, .found = &decoder->empty[i]};
		if (scope_find(scope, needy_classes[i].attribute) < scope->count)
			status = look(connection, among, &needy_classes[i], &finding, err);
	}
	return status;
}

void empty_forget(struct decoder *decoder)
{
	for (size_t i = 0; i < NEEDY_CLASSES; i++)
		seen_free(&decoder->empty[i]);
}
