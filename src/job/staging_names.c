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

/* The name of an entry of an API is a path, or a login: nobody is named by it but in rules. */
static int add_canonical(struct stager *stager, const char *name, struct error *err)
{
	if (!stager_has_paths(stager))
		return dn_canonical(name, strlen(name), &stager->text, err);
	return text_fold(name, strlen(name), &stager->text);
}

bool stager_has_paths(const struct stager *stager)
{
	return dialect_find(stager->source->dialect)->is_api;
}

int stager_reference(struct stager *stager, const char *dn, struct digest *ret)
{
	str_clear(&stager->text);
	if (!text_is_valid(dn, strlen(dn)) || add_canonical(stager, dn, NULL) != 0)
		return -1;
	*ret = stager_name(stager, "dn", str_text(&stager->text), stager->text.size);
	return 0;
}

int stager_names(struct stager *stager, const char *dn, struct digest *reference_of, struct digest *parent_of,
		 struct error *err)
{
	str_clear(&stager->text);
	if (!text_is_valid(dn, strlen(dn)))
		return error_set(err, ERR_DATA, "its DN is not UTF-8");
	if (add_canonical(stager, dn, err) != 0)
		return -1;
	*reference_of = stager_name(stager, "dn", str_text(&stager->text), stager->text.size);
	const char *parent = stager_has_paths(stager) ? "" : dn_parent(str_text(&stager->text));
	*parent_of = stager_name(stager, "dn", parent, strlen(parent));
	return 0;
}

void stager_note(struct stager *stager, const char *text)
{
	if (stager->remark_count < REMARKS_MOST)
		stager->remarks[stager->remark_count++] = text;
}
