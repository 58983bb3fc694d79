/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/changelog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int64_t changelog_number(const char *cookie)
{
	const char *mark = strrchr(cookie, '#');
	int64_t number;

	return mark && server_read_number(mark + 1, &number) ? number : -1;
}

/* What is there of the changelog: itself, which shows that the account may look, and one of two changes. */
struct look {
	bool may_look, found;
};

static int take_change(void *context, const struct ldap_entry *entry, struct error *err)
{
	struct look *look = context;

	(void)err;
	look->may_look = true;
	for (size_t i = 0; i < entry->count; i++)
		look->found = look->found || text_equal_fold(entry->attributes[i].name, "changeNumber");
	return 0;
}

/* The oldest go first, and the last one stays: who finds the last he knows, or the one after it, misses none. */
static int look_for(struct ldap_connection *connection, int64_t number, struct look *ret, struct error *err)
{
	static const char *attributes[] = {"changeNumber", NULL};
	char filter[160];
	struct ldap_search search = {.base = "cn=changelog",
				     .scope = SCOPE_SUBTREE,
				     .filter = filter,
				     .attributes = attributes,
				     .entry = take_change,
				     .context = ret};
	struct ldap_outcome outcome;
	struct error refused = {0};

	snprintf(filter, sizeof(filter), "(|(cn=changelog)(changeNumber=%" PRId64 ")(changeNumber=%" PRId64 "))",
		 number, number + 1);
	if (ldap_connection_search(connection, &search, &outcome, &refused) == 0)
		return 0;
	*ret = (struct look){0};
	if (refused.class == ERR_DENIED || outcome.code == LDAP_CODE_NO_SUCH_OBJECT)
		return 0;
	return error_set(err, refused.class, "%s", refused.text);
}

int changelog_remembers(const struct ldap_source *source, struct ldap_connection *connection, const char *cookie,
			char why[256], struct error *err)
{
	const struct server_changes *changes = &source->changes;
	int64_t number = changelog_number(cookie);
	struct look look = {0};
	bool known = changes->last >= 0 && changes->first >= 0;

	if (number >= 0 && known && look_for(connection, number, &look, err))
		return -1;
	/* One whose number is still to come was given by another changelog. */
	if (number >= 0 && known && number <= changes->last && number + 1 >= changes->first &&
	    (look.found || !look.may_look))
		return 1;
	if (known)
		snprintf(why, 256,
			 "its changelog (%" PRId64 " to %" PRId64 ") does not have all changes after %" PRId64
			 "; let nsslapd-changelogmaxage be longer than what rosterd may be away for",
			 changes->first, changes->last, number);
	else
		snprintf(why, 256, "it does not say in its rootDSE how far back its changelog reaches");
	return 0;
}
