/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elapsed: how much time has passed. Milliseconds of a clock that never goes back and that nobody can set; the number
 * itself means nothing, differences do.
 */
#ifndef ROSTER_ELAPSED_H
#define ROSTER_ELAPSED_H

#include <stdint.h>

int64_t clock_ms(void);

#endif
