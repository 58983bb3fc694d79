/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/following.h"
#include "source/ldap/changelog.h"

#include <string.h>

static const struct following makes[] = {
    {
	.make = DIALECT_OPENLDAP,
	.id = "entryUUID",
	.needs = "the server does not offer content synchronization (overlay syncprov)",
	.is_of_database = true,
	.counts_by_server = true,
    },
    {
	.make = DIALECT_389,
	.id = "nsUniqueId",
	.needs = "the server does not offer content synchronization (the plug-ins Retro Changelog and Content "
		 "Synchronization)",
	.names_no_present = true,
	.is_of_one_url = true,
	.only_names = true,
	.persists_apart = true,
	.has_echoes = true,
	.remembers = changelog_remembers,
    },
};

/* Ids must be those the protocol speaks of. */
static const char *obstacle(const struct ldap_source *source, const struct following *following)
{
	if (!source->knows_sync)
		return following->needs;
	for (size_t i = 0; i < source->scope_count; i++)
		if (!text_equal_fold(source->scopes[i].id, following->id))
			return text_equal_fold(following->id, "entryUUID") ? "attributes.id is not entryUUID"
									   : "attributes.id is not nsUniqueId";
	return NULL;
}

const struct following *following_find(const struct ldap_source *source, const char **why)
{
	const char *make = source->spoken->name;

	*why = "the server does not say that it is OpenLDAP or 389 Directory Server";
	if (strcmp(source->config->ldap.changes, "full") == 0) {
		*why = "changes: \"full\" is set";
		return NULL;
	}
	/* Its record is of what its name server needs, unless somebody who knows it says what it is. */
	if (strcmp(source->dialect->name, DIALECT_IPA) == 0) {
		*why = "FreeIPA keeps a record of changes for its DNS only";
		return NULL;
	}
	if (strcmp(make, DIALECT_IPA) == 0)
		make = source->dialect->name;
	for (size_t i = 0; i < sizeof(makes) / sizeof(*makes); i++)
		if (strcmp(makes[i].make, make) == 0) {
			*why = obstacle(source, &makes[i]);
			return *why ? NULL : &makes[i];
		}
	return NULL;
}
