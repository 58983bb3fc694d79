/* SPDX-License-Identifier: Apache-2.0 */
/* What entries are called, as the mirror keeps it: digests, equal where names are. */
#include "job/staging_names.h"

#include <string.h>

struct digest stager_name(struct stager *stager, const char *space, const char *text, size_t size)
{
	digest_add(stager->digest, stager->source->name, strlen(stager->source->name));
	digest_add(stager->digest, space, strlen(space));
	digest_add(stager->digest, text, size);
	return digest_finish(stager->digest);
}

struct digest stager_security_id(struct stager *stager, const char *id, size_t size)
{
	digest_add(stager->digest, "sid", 3);
	digest_add(stager->digest, id, size);
	return digest_finish(stager->digest);
}

int stager_reference(struct stager *stager, const char *dn, struct digest *ret)
{
	str_clear(&stager->text);
	if (!text_is_valid(dn, strlen(dn)) || dn_canonical(dn, strlen(dn), &stager->text, NULL) != 0)
		return -1;
	*ret = stager_name(stager, "dn", str_text(&stager->text), stager->text.size);
	return 0;
}

int stager_names(struct stager *stager, const char *dn, struct digest *reference_of, struct digest *parent_of)
{
	if (stager_reference(stager, dn, reference_of) != 0)
		return -1;
	const char *parent = dn_parent(str_text(&stager->text));
	*parent_of = stager_name(stager, "dn", parent, strlen(parent));
	return 0;
}

void stager_note(struct stager *stager, const char *text)
{
	if (stager->remark_count < REMARKS_MOST)
		stager->remarks[stager->remark_count++] = text;
}
