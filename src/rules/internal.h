/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of rules: one rule made ready to be asked, and the template of the anchor it gives.
 */
#ifndef RULES_INTERNAL_H
#define RULES_INTERNAL_H

#include "roster/regex.h"
#include "roster/rules.h"

/* --- names ----------------------------------------------------------------------------------------------------- */

/* Why these bytes (UTF-8) cannot be the name of a group, an app or an access group: "is empty", "holds a /" ...; NULL when they can. */
const char *name_refusal(const char *name, size_t size);

/* Append text for people: control characters as \xNN, cut when long, bytes that are not text only counted. */
void add_printable(const char *text, size_t size, struct str *out);
/* The same in double quotes. */
void quote(const char *text, size_t size, struct str *out);

/* --- templates: "/${unit}/team" -------------------------------------------------------------------------------- */

struct captures {
	const struct regex *regex;
	const char **values; /* as regex_match() filled them */
};

/* The value of a capture, NULL when it took no part. */
const char *captures_find(const struct captures *captures, const char *name);

struct piece {
	const char *text;
	bool capture; /* text names one, else it is literal */
};

struct template
{
	struct piece *pieces;
	size_t count;
	bool path; /* a place in the group tree, not the platform, an app or an access group */
};

int template_parse(const char *into, struct arena *arena, struct template *ret, struct error *err);
/* The anchor, or NULL with *why. captures may be NULL when no piece is one. */
const char *template_expand(const struct template *template, const struct captures *captures, struct arena *arena,
			    const char **why);
/* The path one name further down, or NULL with *why. */
const char *anchor_below(const char *anchor, const char *name, struct arena *arena, const char **why);

/* --- rules ----------------------------------------------------------------------------------------------------- */

struct rule {
	const struct rule_config *config;
	enum entry_kind kind; /* of the entries it looks at */
	struct template into;
	const char *key;       /* group, subtree: the canonical DN; by_path: the folded path */
	bool by_path;          /* group: of a source whose names are not DNs */
	struct filter *filter; /* filter, users */
	const char *attribute; /* match */
	const char *pattern;   /* match: as written */
	struct regex *regex;   /* match */
	struct captures captures;
	const char **choices; /* the folded values of config->roles */
};

struct rules {
	const struct config *config;
	struct rule *items;
	size_t count;
	struct str fold; /* scratch for one value */
};

/* rule is {0}; rule_release() it also when this failed, which is when there are faults. */
int rule_compile(const struct rule_config *config, struct arena *arena, struct rule *rule, struct rule_faults *faults);
void rule_release(struct rule *rule);

enum outcome {
	MATCH_NO,
	MATCH_YES,
	MATCH_UNKNOWN /* it could not be found out; a problem says why */
};

/* One entry while rules look at it. Its names are worked out once, and only when a rule asks. */
struct view {
	const struct entry *entry;
	struct arena *arena;
	struct str *fold;      /* scratch */
	const char *dn, *path; /* canonical, folded; NULL when nobody asked yet */
};
const char *view_dn(struct view *view); /* "" when it is no DN */

/* One rule alone, as if no other stood before it; adds to ret. */
enum outcome rule_match(struct rule *rule, struct view *view, struct mappings *ret);

#endif
