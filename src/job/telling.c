/* SPDX-License-Identifier: Apache-2.0 */
#include "job/telling.h"

#include <stdio.h>
#include <string.h>

/* Digest of a change list, whatever its order: the sum of the digests of its lines. It also feeds the caller's sink. */
struct tally {
	struct change_sink sink;
	struct change_sink *next;
	bool held; /* nothing else is in the digest */
	unsigned long told;
	uint64_t sum[2];
	struct str line;
};

void digest_text(const struct digest *digest, char text[FINGERPRINT_TEXT])
{
	for (size_t i = 0; i < sizeof digest->bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
}

static bool is_wanted(const struct tally *tally)
{
	return tally->next != NULL && (tally->next->most == 0 || tally->told < tally->next->most);
}

static void add(struct tally *tally, const struct change *change)
{
	uint64_t words[2];

	str_clear(&tally->line);
	str_printf(&tally->line, "%s %s %s %s %s %s", change->kind, change->action, change->external_id, change->login,
		   change->anchor, change->role);
	struct digest digest = digest_of(str_text(&tally->line), tally->line.size);
	memcpy(words, digest.bytes, sizeof words);
	tally->sum[0] += words[0];
	tally->sum[1] += words[1];
}

static int tally_change(struct change_sink *sink, const struct change *change, struct error *err)
{
	struct tally *tally = (struct tally *)sink;

	if (!tally->held || change->held || change->rejected)
		add(tally, change);
	if (!is_wanted(tally))
		return 0;
	tally->told++;
	return tally->next->change(tally->next, change, err);
}

int tell_whole(const struct telling *telling, char digest[FINGERPRINT_TEXT], struct error *err)
{
	struct tally tally = {.sink.change = tally_change, .next = telling->sink, .held = telling->held};
	struct digest sum;
	int rc = store_plan_walk(telling->store, telling->run, &tally.sink, err);

	str_free(&tally.line);
	if (rc != 0)
		return -1;
	memcpy(sum.bytes, tally.sum, sizeof sum.bytes);
	digest_text(&sum, digest);
	return 0;
}
