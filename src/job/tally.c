/* SPDX-License-Identifier: Apache-2.0 */
#include "job/tally.h"

#include <stdio.h>
#include <string.h>

/* The sum of the digests of the lines. It also feeds the caller's sink. */
struct tally {
	struct change_sink sink;
	struct change_sink *next;
	uint64_t sum[2];
};

void digest_text(const struct digest *digest, char text[FINGERPRINT_TEXT])
{
	for (size_t i = 0; i < sizeof digest->bytes; i++)
		snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
}

static int tally_change(struct change_sink *sink, const struct change *change, struct error *err)
{
	struct tally *tally = (struct tally *)sink;
	struct str line = {0};
	uint64_t words[2];

	str_printf(&line, "%s %s %s %s %s %s", change->kind, change->action, change->external_id, change->login,
		   change->anchor, change->role);
	struct digest digest = digest_of(str_text(&line), line.size);
	memcpy(words, digest.bytes, sizeof words);
	tally->sum[0] += words[0];
	tally->sum[1] += words[1];
	str_free(&line);
	return tally->next == NULL ? 0 : tally->next->change(tally->next, change, err);
}

int tally_plan(struct store *store, int64_t run, struct change_sink *next, char digest[FINGERPRINT_TEXT],
	       struct error *err)
{
	struct tally tally = {.sink.change = tally_change, .next = next};
	struct digest sum;

	if (store_plan_walk(store, run, &tally.sink, err) != 0)
		return -1;
	memcpy(sum.bytes, tally.sum, sizeof sum.bytes);
	digest_text(&sum, digest);
	return 0;
}
