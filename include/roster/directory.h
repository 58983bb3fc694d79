/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory: what a source said, before anybody draws a conclusion from it: entries, DNs, values, filters.
 *
 * Pure: no I/O, no clock, no log. A driver in source/ makes `struct entry` from what the wire or the file gave it; the
 * functions here give names one canonical form (RFC 4514, RFC 4518), so that two spellings of one DN are one DN, and
 * evaluate filters (RFC 4515) over an entry. This is the only place where a DN or a filter is parsed, escaped or compared.
 */
#ifndef ROSTER_DIRECTORY_H
#define ROSTER_DIRECTORY_H

#include "roster/arena.h"
#include "roster/error.h"
#include "roster/str.h"
#include "roster/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets; may hold NUL and anything else. data[size] is always NUL so that text can be printed. Borrowed. */
struct value {
	const char *data;
	size_t size;
};

/* name as the source wrote it, options ("cn;lang-es") included. */
struct attribute {
	const char *name;
	struct value *values;
	size_t count;
};

enum entry_kind { ENTRY_USER, ENTRY_GROUP, ENTRY_UNIT, ENTRY_KINDS };
const char *entry_kind_filter(enum entry_kind kind); /* what such entries usually are, of any server */
const char *entry_kind_name(enum entry_kind kind);   /* "user", "group", "unit": also the enum labels in the database */

/* What an entry says of the account itself. A lock that ends by itself, after wrong passwords, is nothing of this. */
struct account {
	const char *closed;  /* "nsAccountLock is TRUE"; NULL when it is open */
	const char *ends_by; /* the attribute that says when it closes; NULL: it does not say */
	int64_t ends;        /* then: seconds since 1970 */
	unsigned shown;      /* the bit 1 << i: it has account_attribute(i), whatever that says */
};

/* One entry as read. Everything is borrowed from the driver and lives until the sink returns. */
struct entry {
	enum entry_kind kind;
	const char *id; /* immutable id in its canonical text form (a UUID in lower case ...) */
	const char *dn; /* as the source wrote it */
	struct attribute *attributes;
	size_t attribute_count;
	const char *origin;     /* "people.ldif:120", for messages; may be NULL */
	struct account account; /* of a user */
	/* Windows: its own identifier ("S-1-5-21-..."), which members may be named by; of a user the identifier of the group he
	 * is in without being listed there. NULL for none. */
	const char *security_id, *primary_group;
};

/* The attribute named exactly so, ASCII case-insensitive, options not stripped; NULL when absent. */
const struct attribute *entry_attribute(const struct entry *entry, const char *name);
/* Its first value as NUL-terminated text; NULL when absent, empty or not valid UTF-8. */
const char *entry_text(const struct entry *entry, const char *name);
/* One value of a multivalued attribute, chosen so that the order of arrival does not matter: the value that also stands
 * in the RDN, else the bytewise smallest valid one; NULL when there is none. */
const char *entry_chosen_text(const struct entry *entry, const char *name);

/* The canonical text of an immutable id: a UUID in lower case, the 16 octets of an objectGUID and an nsUniqueId as a UUID,
 * any other text as it is. ERR_DATA when the attribute has not exactly one value, or one that is no text. */
int entry_id(const struct attribute *attribute, struct arena *arena, const char **ret, struct error *err);
/* What its attributes say of the account, whatever the make of the directory; texts are from arena or the entry. */
void entry_account(const struct entry *entry, struct arena *arena, struct account *ret);
/* The attributes it looks at, one after the other; NULL behind the last. */
const char *account_attribute(size_t index);
/* Passwords, keys and hashes (userPassword, unicodePwd ...): no driver hands these on, whoever asks. */
bool attribute_is_secret(const char *name);

/* --- security identifiers (MS-DTYP section 2.4.2) ------------------------------------------------------------------ */

/* Append "S-1-5-21-..."; -1 when the octets are none. */
int security_id_format(const struct value *value, struct str *out);
/* The identifier of the same domain with this last part; NULL when there can be none. */
const char *security_id_beside(const char *id, const char *relative, struct arena *arena);

/* What Active Directory writes when asked for extended DNs (MS-ADTS section 3.1.1.3.4.1.5): "<GUID=...>;<SID=...>;CN=...". */
struct extended_dn {
	const char *dn;          /* the rest; all of a DN that is not extended */
	const char *security_id; /* within the text, or NULL */
	size_t security_id_size;
};
void extended_dn_split(const char *text, struct extended_dn *ret);

/* --- DNs ------------------------------------------------------------------------------------------------------- */

/* Append the canonical form of a DN: attribute types in lower case by their usual short name (2.5.4.3 is cn), values
 * case-folded and prepared (RFC 4518: NFKC, white space trimmed and collapsed), AVAs of one RDN sorted, everything
 * special escaped in one way, "," between RDNs without a space. All spellings RFC 4514 and RFC 1779 allow of one DN
 * give the same bytes. -1 with ERR_DATA when it is not a DN. The root DN "" gives "". */
int dn_canonical(const char *dn, size_t size, struct str *out, struct error *err);
/* Raise it whenever some DN or login gets other bytes or another reference than in a release before: what the mirror keeps
 * of entries that do not change would stay as it was made then. */
enum { NAMES_VERSION = 1 };
bool dn_equal(const char *a, const char *b); /* false when either is not a DN */

/* On canonical DNs only: the parent ("" above the last RDN), and whether dn is base or lies below it. */
const char *dn_parent(const char *canonical);
bool dn_is_under(const char *canonical, const char *canonical_base);

/* Append the first RDN's (first) value, unescaped, as the DN spells it: "Sales" of "OU=Sales,DC=x". */
int dn_first_value(const char *dn, struct str *out, struct error *err);
/* Append value escaped for a DN (RFC 4514 section 2.4). */
void dn_escape(const char *value, size_t size, struct str *out);

/* --- Filters --------------------------------------------------------------------------------------------------- */

/* RFC 4515 with and, or, not, equality, presence, substrings, >= and <=; extensible and approximate matching are
 * refused (ERR_CONFIG, naming the column). Values compare by the attribute's matching rule: case-insensitive and
 * white-space-insensitive unless the attribute is known to be exact (uidNumber, gidNumber and other integers compare as numbers with >= and <=;
 * memberUid exact); DN-valued attributes (member, manager ...) as DNs. As servers do, a comparison with an attribute the
 * entry does not have is false, so its negation matches; one with a value that cannot be read is undefined, three-valued
 * as RFC 4511 4.5.1.7 says, and an undefined filter does not match. */
struct filter;
int filter_parse(const char *text, struct arena *arena, struct filter **ret, struct error *err);
/* One that is sent to a server, who may know more: approximate and extensible matching are taken too, and undefined here. */
int filter_parse_for_server(const char *text, struct arena *arena, struct filter **ret, struct error *err);
bool filter_matches(const struct filter *filter, const struct entry *entry);
/* Append why it does not match, for people: `employeeType is "internal", not "contractor"`, `mail is absent`. */
void filter_explain(const struct filter *filter, const struct entry *entry, struct str *out);
/* Call each for every attribute name the filter mentions (names repeat). */
void filter_attributes(const struct filter *filter, void (*each)(const char *name, void *context), void *context);

#endif
