/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the server for one kind of entry, derived from the configuration: base, filter and attribute names.
 */
#ifndef ROSTER_SOURCE_LDAP_SCOPE_H
#define ROSTER_SOURCE_LDAP_SCOPE_H

#include "roster/arena.h"
#include "roster/source.h"

struct scope {
	enum entry_kind kind;
	const char *base, *filter, *id;
	/* NULL-terminated. The first `kept` are passed on, those up to `told` say something of the account; those behind (id,
	 * objectClass) are for the driver. */
	const char **attributes;
	size_t count, kept, told;
	bool extended_dns; /* members come with their SID */
	bool is_computed;  /* some of it the server makes up when it is asked, and leaves out when it tells by itself */
};

/* Fill scopes[] in the order in which kinds win (users, groups, units); a scope that asks what an earlier one asks is
 * left out. The number of them. All memory is from arena or the configuration. */
size_t scope_list(const struct source_config *config, const struct dialect *dialect, struct arena *arena,
		  struct scope scopes[ENTRY_KINDS]);

/* Place of name (exactly so, ASCII case-insensitive) among the attributes, or count. */
size_t scope_find(const struct scope *scope, const char *name);

/* Of "member;range=0-1499" that of "member": a part of the values (MS-ADTS section 3.1.1.3.1.3.3). */
size_t scope_plain_size(const char *name);
/* Is it a part of the values of an attribute that is asked for? */
bool scope_is_range(const struct scope *scope, const char *name);

#endif
