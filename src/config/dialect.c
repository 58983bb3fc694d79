/* SPDX-License-Identifier: Apache-2.0 */
/* What directories of one make call things. */
#include "roster/config.h"

#include <string.h>
#include <strings.h>

const char config_unset[1] = "";

/* Names of attributes by which a directory says that an account is closed, or when it closes. */
static const char *const openldap_account[] = {"pwdAccountLockedTime", "pwdStartTime", "pwdEndTime", "shadowExpire",
					       NULL};
static const char *const ad_account[] = {"userAccountControl", "accountExpires", NULL};
static const char *const ds389_account[] = {"nsAccountLock", "shadowExpire", NULL};
static const char *const ipa_account[] = {"nsAccountLock", "krbPrincipalExpiration", NULL};
static const char *const other_account[] = {"shadowExpire", NULL};

static const struct dialect dialects[] = {
    {
	.name = DIALECT_OTHER,
	.title = "a directory of no known make",
	.id = "entryUUID",
	.login = "uid",
	.user_name = "cn",
	.account = other_account,
    },
    {
	.name = DIALECT_OPENLDAP,
	.title = "OpenLDAP",
	.id = "entryUUID",
	.login = "uid",
	.user_name = "cn",
	.group_filter = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)"
			"(objectClass=group)(objectClass=groupOfURLs))",
	.account = openldap_account,
    },
    {
	.name = DIALECT_AD,
	.title = "Active Directory",
	.id = "objectGUID",
	.login = "sAMAccountName",
	.user_name = "displayName",
	/* 805306368 is a person's account; computers, managed accounts and trusts are of the class user too. */
	.user_filter = "(sAMAccountType=805306368)",
	.group_filter = "(objectClass=group)",
	.member = "member",
	.account = ad_account,
	.keeps_mail = true,
	.names_by_identity = true,
    },
    {
	.name = DIALECT_389,
	.title = "389 Directory Server",
	.id = "nsUniqueId",
	.login = "uid",
	.user_name = "cn",
	.account = ds389_account,
	.empty_groups = true,
	.tells_backlinks = true,
    },
    {
	.name = DIALECT_IPA,
	.title = "FreeIPA",
	.id = "ipaUniqueID",
	.login = "uid",
	.user_name = "cn",
	.user_filter = "(&(objectClass=person)(objectClass=posixAccount))",
	.group_filter = "(objectClass=ipaUserGroup)",
	.member = "member",
	/* Stage users and deleted ones are elsewhere, and all groups are here a second time for old clients. */
	.below = "cn=accounts",
	.account = ipa_account,
	.empty_groups = true,
	.tells_backlinks = true,
    },
    {
	.name = DIALECT_REST,
	.title = "an API described in the file",
	.id = "id",
	.login = "username",
	.email = "email",
	.user_name = "name",
	.group_name = "name",
	.place = "id",
	.enabled = "",
	.names_by_identity = true,
	.is_api = true,
    },
    {
	.name = DIALECT_KEYCLOAK,
	.title = "Keycloak",
	.id = "id",
	.login = "username",
	.email = "email",
	.user_name = "firstName lastName",
	.group_name = "name",
	.place = "path",
	.verified = "emailVerified",
	.enabled = "enabled",
	.names_by_identity = true,
	.is_api = true,
    },
    {
	.name = DIALECT_SCIM,
	.title = "a SCIM 2.0 server",
	.id = "id",
	.login = "userName",
	.email = "/emails[?primary=true]/value",
	.user_name = "displayName",
	.group_name = "displayName",
	.place = "id",
	.enabled = "active",
	.names_by_identity = true,
	.is_api = true,
    },
    {
	.name = DIALECT_GRAPH,
	.title = "Microsoft Graph",
	.keeps_mail = true,
	.id = "id",
	.login = "userPrincipalName",
	.email = "mail",
	.user_name = "displayName",
	.group_name = "displayName",
	.place = "id",
	.enabled = "accountEnabled",
	.names_by_identity = true,
	.is_api = true,
    },
    {
	.name = DIALECT_OKTA,
	.title = "Okta",
	.id = "id",
	.login = "login",
	.email = "email",
	.user_name = "firstName lastName",
	.group_name = "name",
	.place = "id",
	/* Those of whom a password is awaited are in force all the same. */
	.enabled = "status=ACTIVE,PROVISIONED,RECOVERY,PASSWORD_EXPIRED,LOCKED_OUT",
	.names_by_identity = true,
	.is_api = true,
    },
    {
	.name = DIALECT_GOOGLE,
	.title = "Google Workspace",
	.keeps_mail = true,
	.id = "id",
	.login = "primaryEmail",
	.email = "primaryEmail",
	.user_name = "/name/fullName",
	.group_name = "name",
	.place = "email",
	.enabled = "!suspended !archived",
	.names_by_identity = true,
	.is_api = true,
    },
    {
	.name = DIALECT_AUTHENTIK,
	.title = "authentik",
	.id = "pk",
	.login = "username",
	.email = "email",
	.user_name = "name",
	.group_name = "name",
	.place = "name",
	.enabled = "is_active",
	.names_by_identity = true,
	.is_api = true,
    },
};

const struct dialect *dialect_find(const char *name)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(*dialects); i++)
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	return &dialects[0];
}

bool source_is_api(const struct source_config *source)
{
	return dialect_find(source->type)->is_api;
}

const char *source_link_proof(const struct source_config *source)
{
	if (!*source->link || strcasecmp(source->link, source->users.email) != 0)
		return NULL;
	return dialect_find(source->dialect)->verified;
}

/* Only what the file says nothing about. */
static void fill(const char **field, const char *text)
{
	if (*field == config_unset)
		*field = text ? text : "";
}

void dialect_fill(const struct dialect *dialect, struct source_config *source)
{
	fill(&source->users.filter, dialect->user_filter);
	fill(&source->users.id, dialect->id);
	fill(&source->users.login, dialect->login);
	fill(&source->users.email, dialect->email ? dialect->email : "mail");
	fill(&source->users.name, dialect->user_name);
	fill(&source->groups.filter, dialect->group_filter);
	fill(&source->groups.id, dialect->id);
	fill(&source->groups.name, dialect->group_name ? dialect->group_name : "cn");
	fill(&source->groups.member, dialect->member);
	fill(&source->users.enabled, dialect->enabled);
	fill(&source->groups.place, dialect->place);
	fill(&source->units.filter, NULL);
	fill(&source->units.id, dialect->id);
	fill(&source->units.name, "ou");
}
