/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record: the records of an LDIF file (RFC 2849 ldif-attrval-record), one at a time.
 *
 * A fault inside a record is told in the record and the stream goes on. What makes the file as a whole unfit (changes
 * instead of content, a URL to be fetched, a newer version) ends the stream with an error that names the line.
 */
#ifndef ROSTER_SOURCE_LDIF_RECORD_H
#define ROSTER_SOURCE_LDIF_RECORD_H

#include "roster/arena.h"
#include "roster/directory.h"
#include "roster/error.h"

#include "source/ldif/lines.h"

enum ldif_record_kind {
	LDIF_ENTRY,
	LDIF_RESULT,   /* "result: 0 Success", as ldapsearch writes behind the entries */
	LDIF_REFERENCE /* "ref: ldap://...": entries that stand on another server */
};

/* All memory is from the arena given to ldif_record_next(). */
struct ldif_record {
	enum ldif_record_kind kind;
	unsigned long line; /* where it begins */
	const char *dn;     /* NULL when it has none */
	struct attribute *attributes;
	size_t attribute_count;
	const char *problem; /* why it is not a whole entry; the attributes that could be read are there; else NULL */
	bool cut;            /* the file ends inside it */
	const char *text;    /* of LDIF_RESULT and LDIF_REFERENCE */
};

struct ldif_records {
	struct ldif_lines *lines;
	size_t limit; /* bytes of one record */
	bool started;
};

/* 1 with the next record, 0 at the end of the file, -1 when the file cannot be used. */
int ldif_record_next(struct ldif_records *records, struct arena *arena, struct ldif_record *ret, struct error *err);

#endif
