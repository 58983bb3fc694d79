/* SPDX-License-Identifier: Apache-2.0 */
/* exposition: metrics as Prometheus reads them, text format 0.0.4. */
#ifndef DAEMON_EXPOSITION_H
#define DAEMON_EXPOSITION_H

#include "roster/metrics.h"
#include "roster/str.h"

#include <stdbool.h>

extern const char exposition_type[]; /* media type */

struct exposition {
	const struct samples *known; /* what the database said last; count 0 before the first answer */
	bool up;                     /* the database answered the last question */
	bool any;                    /* it has answered one */
	int64_t age_ms;              /* of what is known */
	const char *version;
};

/* Append every metric there is, with HELP and TYPE, also one without a sample; samples of unknown metrics are left out. */
void exposition_print(const struct exposition *exposition, struct str *out);

#endif
