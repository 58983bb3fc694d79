/* SPDX-License-Identifier: Apache-2.0 */
/* tally: by what a change list is known again. */
#ifndef JOB_TALLY_H
#define JOB_TALLY_H

#include "roster/store.h"

void digest_text(const struct digest *digest, char text[FINGERPRINT_TEXT]);
/* The digest of what a run plans, whatever the order; next sees every change in order, NULL for nobody. */
int tally_plan(struct store *store, int64_t run, struct change_sink *next, char digest[FINGERPRINT_TEXT],
	       struct error *err);

#endif
