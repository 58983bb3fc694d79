/* SPDX-License-Identifier: Apache-2.0 */
/* By which attribute entries of several sources are one person. */
#include "config/checked_source.h"
#include "roster/text.h"

#include <string.h>
#include <strings.h>

/* What people can usually write about themselves: who may choose his own value could become somebody else. */
static const char *const self_written[] = {
    "mail",          "email",         "emails",       "secondEmail",
    "recoveryEmail", "otherMails",    "cn",           "commonName",
    "displayName",   "name",          "nickName",     "preferredUsername",
    "givenName",     "firstName",     "sn",           "surname",
    "lastName",      "fullName",      "description",  "info",
    "gecos",         "loginShell",    "jpegPhoto",    "thumbnailPhoto",
    "photo",         "picture",       "phoneNumbers", "telephoneNumber",
    "mobile",        "mobilePhone",   "homePhone",    "recoveryPhone",
    "postalAddress", "streetAddress", "addresses",    "preferredLanguage",
    "locale",        "timezone",      "labeledURI",   "url",
    "profileUrl",    "sshPublicKey",
};

static bool is_listed(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(self_written) / sizeof(*self_written); i++)
		if (strlen(self_written[i]) == size && strncasecmp(self_written[i], name, size) == 0)
			return true;
	return false;
}

/* Of a pointer, what is in such a member is written with it. */
static bool is_self_written(const char *name)
{
	size_t size;

	for (; *name; name += size + (name[size] != '\0')) {
		size = strcspn(name, "/[");
		if (is_listed(name, size))
			return true;
		if (name[size] == '[')
			size += strcspn(name + size, "/");
	}
	return false;
}

/* Where nobody writes his own address, or the server says whose it is verified to be. */
static bool is_kept_mail(const struct source_config *source)
{
	const struct dialect *dialect = dialect_find(source_is_api(source) ? source->type : source->dialect);

	return (dialect->keeps_mail || dialect->verified) && text_equal_fold(source->link, source->users.email);
}

static bool has_counterpart(const struct config *config, const struct source_config *source)
{
	for (size_t i = 0; i < config->source_count; i++)
		if (&config->sources[i] != source && *config->sources[i].link)
			return true;
	return false;
}

void check_link(const struct checked_source *checked)
{
	const struct source_config *source = checked->source;

	if (!*source->link)
		return;
	if (is_self_written(source->link) && !is_kept_mail(source))
		report_error(checked->loader, child_position(checked->node, "link"),
			     "name one that only an administrator can, such as an employee number",
			     "\"%s\" is no link: people can write it themselves, and become somebody else",
			     source->link);
	else if (!checked->loader->partial && !has_counterpart(checked->loader->config, source))
		report_error(checked->loader, child_position(checked->node, "link"),
			     "say which attribute of another source has the same value, as its link",
			     "no other source has a link, so this one leads nowhere");
}
