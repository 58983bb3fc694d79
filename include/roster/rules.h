/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules: which directory entries open which doors.
 *
 * Pure. Compiled once from the configuration, then asked for one entry at a time: which rules match it, and what does
 * each give: an anchor ("/pay/api", "platform", "app:crm", "access-group:finance") and a role (or group administration). For a group entry the
 * match is for everyone who is in it, directly or through nesting; for a unit (OU) for the people directly in it; for a
 * user for that person. Who that is in the end is the database's set algebra, not ours.
 *
 * All matching rules count, in file order, unless one says stop. Captures are normalised (NFKC, case-folded) and then
 * refused if empty, ".", ".." or holding "/" or a control character, or longer than 100 characters: a group's name
 * cannot climb the tree.
 */
#ifndef ROSTER_RULES_H
#define ROSTER_RULES_H

#include "roster/config.h"
#include "roster/directory.h"

struct rules; /* borrows the configuration it was compiled from; asked by one thread at a time */

/* One match. Strings are from the arena given to rules_match(). */
struct mapping {
	const struct rule_config *rule;
	const char
	    *anchor; /* canonical: path segments case-kept as captured (folded), no trailing "/" ; "/" is the root */
	const char *role; /* NULL when admin */
	bool admin;
	const char *captures; /* "unit=pay team=api kind=devs", for explain; "" when none */
};

struct mappings {
	struct mapping *items;
	size_t count;
	/* Rules that matched and gave nothing: reported. undecided ones could not be evaluated (a capture that is no name, a
	 * value that is not text, a limit of the regular expression, a rule before them that says stop and could not be
	 * decided): the entry's earlier mappings of those rules stay as they are. The others have answered: a value that is
	 * not in the role map gives nothing any more. */
	struct rule_problem {
		const struct rule_config *rule;
		const char *why;
		bool undecided;
	} * problems;
	size_t problem_count;
};

/* The rules for this source, in file order. ERR_CONFIG names the first wrong one with its file and line. */
int rules_compile(const struct config *config, const char *source_name, struct arena *arena, struct rules **ret,
		  struct error *err);
void rules_free(struct rules **rules);

/* Evaluate all rules of this source against one entry. */
void rules_match(struct rules *rules, const struct entry *entry, struct arena *arena, struct mappings *ret);

/* Append why a rule does not match this entry, or gave it nothing:
 * `users filter does not match: employeeType is "internal"`. */
void rules_explain(struct rules *rules, const struct rule_config *config, const struct entry *entry, struct str *out);

/* A digest over everything that decides about matches and about who administers the groups they make, in file order
 * and without positions: when it changes, all entries are matched anew and the guard asks once. */
struct digest rules_fingerprint(const struct rules *rules);

/* What is wrong with one rule. */
struct rule_faults {
	struct rule_fault {
		const char *key;  /* the key of the rule it is about */
		const char *text; /* needs no position */
	} * items;
	size_t count;
};
/* Check one rule as far as the configuration alone allows (filter parses, regex compiles, every ${capture} and role_by
 * names a capture, the role map is not empty ...): everything wrong with it at once, but nothing about its flaws. */
void rules_check(const struct rule_config *config, struct arena *arena, struct rule_faults *ret);

/* Call each for every attribute name the rule reads from entries. */
int rules_attributes(const struct rule_config *config, void (*each)(const char *name, void *context), void *context,
		     struct error *err);

#endif
