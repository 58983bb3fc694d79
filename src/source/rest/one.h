/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one: one person or group, asked for by its id: how it is, or that it is gone.
 */
#ifndef ROSTER_SOURCE_REST_ONE_H
#define ROSTER_SOURCE_REST_ONE_H

#include "source/rest/read.h"

struct one_reading {
	struct reading reading;
	struct news_sink *sink;
	enum entry_kind kind;
};

/* Hand over how it is; that it is gone, when it is not there any more or matches no longer. */
int one_read(struct one_reading *again, const char *id, struct error *err);
int one_is_gone(struct one_reading *again, const char *id, struct error *err);

#endif
