/* SPDX-License-Identifier: Apache-2.0 */
#include "source/registry.h"

#include "roster/ldap.h"

#include <string.h>

static const struct source_ops *const drivers[] = {
    &ldap_source_ops,
    &ldif_source_ops,
};

/* One driver, for every API; what it is called says which. */
static const char *const apis[] = {DIALECT_KEYCLOAK, DIALECT_SCIM,      DIALECT_GRAPH, DIALECT_OKTA,
				   DIALECT_GOOGLE,   DIALECT_AUTHENTIK, DIALECT_REST};

const struct source_ops *source_driver(const char *type)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(*drivers); i++)
		if (strcmp(drivers[i]->name, type) == 0)
			return drivers[i];
	for (size_t i = 0; i < sizeof(apis) / sizeof(*apis); i++)
		if (strcmp(apis[i], type) == 0)
			return &rest_source_ops;
	return NULL;
}

void source_prepare(const struct config *config)
{
	bool any = false, mechanisms = false;

	for (size_t i = 0; i < config->source_count; i++) {
		any = any || strcmp(config->sources[i].type, "ldap") == 0;
		mechanisms = mechanisms || strcmp(config->sources[i].ldap.sasl, "gssapi") == 0;
	}
	if (any)
		ldap_prepare(mechanisms);
}

const char *completeness_name(enum completeness completeness)
{
	static const char *const names[] = {
	    [READ_FAILED] = "failed",
	    [READ_INCOMPLETE] = "incomplete",
	    [READ_COMPLETE] = "complete",
	};
	return names[completeness];
}
