/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telling: the planned changes of a run, one by one in order, to whoever wants to see them, and the digest of them all: by
 * that a plan somebody agreed to is known again. Both cost as much as there are changes, so neither is done unasked.
 */
#ifndef JOB_TELLING_H
#define JOB_TELLING_H

#include "roster/store.h"

/* A digest in hexadecimal. */
void digest_text(const struct digest *digest, char text[FINGERPRINT_TEXT]);

/* The digest of the whole change list, or of what is held of it; sink, NULL for none, sees as many of the first changes as it
 * takes. */
struct telling {
	struct store *store;
	int64_t run;
	bool held;
	struct change_sink *sink;
};
int tell_whole(const struct telling *telling, char digest[FINGERPRINT_TEXT], struct error *err);

#endif
