/* SPDX-License-Identifier: Apache-2.0 */
/* loop_private: what other facades over libevent need of the loop. */
#ifndef LINK_LOOP_PRIVATE_H
#define LINK_LOOP_PRIVATE_H

#include "roster/loop.h"

struct event_base;

struct event_base *loop_base(const struct loop *loop);

#endif
