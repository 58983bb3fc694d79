/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that lives as long as a run, a batch or one entry, and is given back at once.
 *
 * Pass the arena explicitly; nothing allocated from it is freed by itself. Allocation never returns NULL: a process
 * that cannot get memory ends with a message (a run is disposable and the supervisor starts another).
 */
#ifndef ROSTER_ARENA_H
#define ROSTER_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* Accepts NULL and sets *arena to NULL. */
void arena_free(struct arena **arena);
/* Forget everything allocated, keep one block for the next round. */
void arena_reset(struct arena *arena);
/* Bytes handed out since creation or the last reset (for tests and memory budgets). */
size_t arena_used(const struct arena *arena);

/* Zeroed, aligned for any object. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_array(struct arena *arena, size_t count, size_t size); /* ends the process on overflow */
char *arena_strdup(struct arena *arena, const char *text);               /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t size); /* copies size bytes, adds NUL */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* End the process with this message: for what nobody can be told as an error, such as a library without memory. */
_Noreturn void die(const char *message);

/* The same promise for memory that is freed by free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t count, size_t size);
char *xstrdup(const char *text);
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

#endif
