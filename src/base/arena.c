/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* With the address sanitizer, memory the arena has not handed out is as untouchable as freed memory. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif

#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define poison(bytes, size)   ASAN_POISON_MEMORY_REGION(bytes, size)
#define unpoison(bytes, size) ASAN_UNPOISON_MEMORY_REGION(bytes, size)
#else
#define poison(bytes, size)   ((void)(bytes), (void)(size))
#define unpoison(bytes, size) ((void)(bytes), (void)(size))
#endif

enum { BLOCK_ROOM = 64 * 1024, ALIGNMENT = alignof(max_align_t) };

struct block {
	struct block *next;
	size_t room, taken;
	alignas(max_align_t) char bytes[];
};

/* The first block is the one being filled. A piece too large for a block of BLOCK_ROOM gets one of its own, behind it. */
struct arena {
	struct block *blocks;
	size_t used;
};

void die(const char *message)
{
	fprintf(stderr, "roster: %s\n", message);
	_exit(70);
}

static size_t multiply(size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		die("asked for more memory than a process can have");
	return bytes;
}

void *xmalloc(size_t size)
{
	void *bytes = malloc(size > 0 ? size : 1);
	if (!bytes)
		die("out of memory");
	return bytes;
}

void *xcalloc(size_t count, size_t size)
{
	void *bytes = xmalloc(multiply(count, size));
	return memset(bytes, 0, count * size);
}

void *xrealloc(void *old, size_t count, size_t size)
{
	size_t bytes = multiply(count, size);
	void *fresh = realloc(old, bytes > 0 ? bytes : 1);
	if (!fresh)
		die("out of memory");
	return fresh;
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(xmalloc(size), text, size);
}

static struct block *block_new(size_t room)
{
	if (room > SIZE_MAX - sizeof(struct block))
		die("asked for more memory than a process can have");
	struct block *block = xmalloc(sizeof(*block) + room);
	*block = (struct block){.room = room};
	poison(block->bytes, room);
	return block;
}

static void block_free(struct block *block)
{
	unpoison(block->bytes, block->room);
	free(block);
}

struct arena *arena_new(void)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));
	arena->blocks = block_new(BLOCK_ROOM);
	return arena;
}

/* Free all blocks but keep. */
static void free_blocks(struct arena *arena, const struct block *keep)
{
	struct block *next;

	for (struct block *block = arena->blocks; block; block = next) {
		next = block->next;
		if (block != keep)
			block_free(block);
	}
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	free_blocks(*arena, NULL);
	free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *keep = arena->blocks;

	free_blocks(arena, keep);
	keep->next = NULL;
	keep->taken = 0;
	poison(keep->bytes, keep->room);
	arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

/* A block with room for size bytes: the first, a fresh first one, or one of its own behind the first. */
static struct block *block_for(struct arena *arena, size_t size)
{
	struct block *first = arena->blocks;

	if (size <= first->room - first->taken)
		return first;
	bool alone = size > BLOCK_ROOM / 4;
	struct block *fresh = block_new(alone ? size : BLOCK_ROOM);
	if (alone) {
		fresh->next = first->next;
		first->next = fresh;
	} else {
		fresh->next = first;
		arena->blocks = fresh;
	}
	return fresh;
}

/* Not zeroed. */
static void *take(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX - ALIGNMENT)
		die("asked for more memory than a process can have");
	size_t rounded = size > 0 ? (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
	struct block *block = block_for(arena, rounded);
	char *bytes = block->bytes + block->taken;
	block->taken += rounded;
	arena->used += rounded;
	unpoison(bytes, size);
	return bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
	return arena_alloc(arena, multiply(count, size));
}

char *arena_strndup(struct arena *arena, const char *text, size_t size)
{
	char *copy = take(arena, size < SIZE_MAX ? size + 1 : size);
	if (size > 0)
		memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *xvasprintf(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		die("a text could not be formatted");
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = xvasprintf(format, args);
	va_end(args);
	char *copy = arena_strdup(arena, text);
	free(text);
	return copy;
}
