/* SPDX-License-Identifier: Apache-2.0 */
#include "source/ldap/stamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What is asked for again each time: longer than any transaction, than what clocks of servers differ in, and than a change takes
 * to come here from another one. */
enum { OVERLAP_SECONDS = 600, DIGITS = 14 };

const char *const stamp_attributes[2] = {"modifyTimestamp", "createTimestamp"};

/* A GeneralizedTime (RFC 4517 section 3.3.13) in UTC with seconds; a fraction says nothing more. */
static bool read_stamp(const struct ldap_value *value, char ret[STAMP_TEXT])
{
	if (value->size < DIGITS + 1 || strspn(value->data, "0123456789") != DIGITS ||
	    value->data[value->size - 1] != 'Z')
		return false;
	snprintf(ret, STAMP_TEXT, "%.14sZ", value->data);
	return true;
}

void stamps_see(struct stamps *stamps, const struct ldap_entry *entry)
{
	char stamp[STAMP_TEXT];
	bool any = false;

	for (size_t i = 0; i < sizeof(stamp_attributes) / sizeof(*stamp_attributes); i++) {
		const struct ldap_attribute *attribute = ldap_entry_attribute(entry, stamp_attributes[i]);
		if (!attribute || !read_stamp(&attribute->values[0], stamp))
			continue;
		any = true;
		if (strcmp(stamp, stamps->latest) > 0)
			memcpy(stamps->latest, stamp, sizeof(stamp));
	}
	stamps->count++;
	stamps->missing += !any;
}

void stamp_limit(char stamp[STAMP_TEXT], time_t now)
{
	struct tm tm;
	char limit[STAMP_TEXT];

	if (gmtime_r(&now, &tm) && strftime(limit, sizeof(limit), "%Y%m%d%H%M%SZ", &tm) > 0 && strcmp(stamp, limit) > 0)
		memcpy(stamp, limit, sizeof(limit));
}

const char *stamp_filter(const char *stamp, struct arena *arena)
{
	struct tm tm = {0};
	char since[STAMP_TEXT];

	if (sscanf(stamp, "%4d%2d%2d%2d%2d%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
		   &tm.tm_sec) != 6)
		return NULL;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	const time_t from = timegm(&tm) - OVERLAP_SECONDS;
	if (!gmtime_r(&from, &tm) || strftime(since, sizeof(since), "%Y%m%d%H%M%SZ", &tm) == 0)
		return NULL;
	return arena_printf(arena, "(|(modifyTimestamp>=%s)(createTimestamp>=%s))", since, since);
}
