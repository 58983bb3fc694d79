/* SPDX-License-Identifier: Apache-2.0 */
/* private: what the files of the store share. */
#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "roster/pg.h"
#include "roster/store.h"

struct store {
	struct pg *pg;
	bool open; /* a transaction is open */
};

/* Parameters that are numbers: room for one as text. */
enum { NUMBER_TEXT = 24 };
const char *number_text(int64_t number, char text[NUMBER_TEXT]);
static inline const char *boolean_text(bool truth)
{
	return truth ? "true" : "false";
}

#endif
