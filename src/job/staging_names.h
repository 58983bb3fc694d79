/* SPDX-License-Identifier: Apache-2.0 */
/* staging_names: what entries are called and what is remarked about them while they are staged (staging.c, members.c). */
#ifndef JOB_STAGING_NAMES_H
#define JOB_STAGING_NAMES_H

#include "job/known.h"
#include "job/lists.h"
#include "job/staging.h"

enum { REMARKS_MOST = 20 };

struct stager {
	const struct source_config *source;
	struct digest_state *digest;
	struct str text;
	struct digest alias, primary_group;
	struct digest settings; /* part of every content: other settings read every entry anew */
	const char *remarks[REMARKS_MOST];
	size_t remark_count;
	bool whole; /* nothing that is staged is taken back */
	struct known_references known;
	struct lists *lists;
};

/* References carry the source's name: the same DN in two directories is two entries. */
struct digest stager_name(struct stager *stager, const char *space, const char *text, size_t size);
/* That of a security identifier: whoever has it, in whatever directory, since another domain names its people by it. */
struct digest stager_security_id(struct stager *stager, const char *id, size_t size);

/* Entries have ids that members are named by, and paths instead of DNs. */
bool stager_has_paths(const struct stager *stager);
/* Add a remark; text lives as long as what is filled. */
void stager_note(struct stager *stager, const char *text);

#endif
