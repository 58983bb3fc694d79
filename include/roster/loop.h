/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop: one thread that waits for time, signals, readable descriptors and the end of child processes; the facade over
 * libevent.
 *
 * Functions are called one after the other from loop_run(), never in a signal handler. A timer or a reader may be freed
 * from any of them, its own included. Whatever is made for a loop must be freed before it; memory that cannot be had ends
 * the process.
 */
#ifndef ROSTER_LOOP_H
#define ROSTER_LOOP_H

#include "roster/error.h"

#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop_timer;
struct loop_reader;

struct loop *loop_new(void);
void loop_free(struct loop **loop);
/* Until loop_stop(), which may also be called before. */
int loop_run(struct loop *loop, struct error *err);
void loop_stop(struct loop *loop);

/* Fires once, that long after it was started; starting it again moves that moment. */
struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *context), void *context);
void loop_timer_start(struct loop_timer *timer, int64_t milliseconds);
void loop_timer_stop(struct loop_timer *timer);
void loop_timer_free(struct loop_timer **timer);

/* Called as long as fd is readable or at its end; the caller owns fd and closes it after the reader is freed. */
struct loop_reader *loop_reader_new(struct loop *loop, int fd, void (*readable)(int fd, void *context), void *context);
void loop_reader_free(struct loop_reader **reader);

/* Several of one signal may be one call. The process's own handling is back after loop_free(). */
void loop_on_signal(struct loop *loop, int number, void (*caught)(int number, void *context), void *context);
/* Every child process that ends, with its status as waitpid() gives it. */
void loop_on_exit(struct loop *loop, void (*ended)(pid_t pid, int status, void *context), void *context);

#endif
