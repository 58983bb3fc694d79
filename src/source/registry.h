/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROSTER_SOURCE_REGISTRY_H
#define ROSTER_SOURCE_REGISTRY_H

#include "roster/source.h"

/* One per driver; a new one is a folder, a line here and a line in registry.c. */
extern const struct source_ops ldap_source_ops;
extern const struct source_ops ldif_source_ops;
extern const struct source_ops rest_source_ops;

#endif
