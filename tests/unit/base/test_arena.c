/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* So that malloc says no to a size no machine has, instead of the sanitizer ending the test. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* Runs what in a child; its exit status, and what it wrote to standard error. */
static int run_child(void (*what)(void), char *said, size_t size)
{
	int ends[2], status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		what();
		_exit(0);
	}
	close(ends[1]);
	size_t total = 0;
	for (ssize_t got = 1; got > 0; total += (size_t)got) {
		got = read(ends[0], said + total, size - 1 - total);
		assert_true(got >= 0);
	}
	said[total] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *arena = arena_new();
	char *before = NULL;

	(void)state;
	for (size_t size = 0; size < 3000; size++) {
		char *piece = arena_alloc(arena, size);
		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
		assert_ptr_not_equal(piece, before);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xFF, size);
		before = piece;
	}
	arena_free(&arena);
}

static void pieces_keep_their_bytes_while_others_come(void **state)
{
	enum { PIECES = 500, LARGE = 300 * 1024 };
	struct arena *arena = arena_new();
	unsigned char *pieces[PIECES];

	(void)state;
	for (size_t i = 0; i < PIECES; i++) {
		pieces[i] = arena_alloc(arena, i % 50 == 7 ? LARGE : 1 + i * 37 % 900);
		memset(pieces[i], (int)(i % 251), i % 50 == 7 ? LARGE : 1 + i * 37 % 900);
	}
	for (size_t i = 0; i < PIECES; i++) {
		size_t size = i % 50 == 7 ? LARGE : 1 + i * 37 % 900;
		assert_int_equal(pieces[i][0], i % 251);
		assert_int_equal(pieces[i][size - 1], i % 251);
	}
	arena_free(&arena);
}

static void large_piece_does_not_waste_the_block_being_filled(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	char *first = arena_alloc(arena, 16);
	char *large = arena_alloc(arena, 1024 * 1024);
	char *next = arena_alloc(arena, 16);
	large[1024 * 1024 - 1] = 1;
	assert_ptr_equal(next, first + 16);
	arena_free(&arena);
}

static void reset_forgets_and_uses_the_same_memory_zeroed(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	char *before = arena_alloc(arena, 100);
	memset(before, 'x', 100);
	assert_true(arena_used(arena) >= 100);
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	char *after = arena_alloc(arena, 100);
	assert_ptr_equal(after, before);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(after[i], 0);
	arena_free(&arena);
}

static void reset_keeps_one_block_of_many(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++)
			arena_alloc(arena, 1000);
		arena_alloc(arena, 1000 * 1000);
		assert_in_range(arena_used(arena), 2000 * 1000, 2100 * 1000);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(&arena);
}

static void free_accepts_null_and_sets_null(void **state)
{
	struct arena *arena = NULL;

	(void)state;
	arena_free(&arena);
	arena = arena_new();
	arena_free(&arena);
	assert_null(arena);
}

static void text_is_copied(void **state)
{
	struct arena *arena = arena_new();
	char original[] = "alice";

	(void)state;
	char *copy = arena_strdup(arena, original);
	char *part = arena_strndup(arena, original, 3);
	char *bytes = arena_strndup(arena, "a\0b", 3);
	char *empty = arena_strndup(arena, NULL, 0);
	original[0] = 'X';
	assert_string_equal(copy, "alice");
	assert_string_equal(part, "ali");
	assert_memory_equal(bytes, "a\0b", 4);
	assert_string_equal(empty, "");
	assert_null(arena_strdup(arena, NULL));
	arena_free(&arena);
}

static void printf_formats_any_length(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(arena_printf(arena, "%s/%d", "pay", 7), "pay/7");
	char *wide = arena_printf(arena, "%100000d", 42);
	assert_int_equal(strlen(wide), 100000);
	assert_string_equal(wide + 99998, "42");
	arena_free(&arena);
}

static void array_is_zeroed(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	const uint64_t *array = arena_alloc_array(arena, 10, sizeof(*array));
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(array[i], 0);
	arena_free(&arena);
}

static struct arena *doomed; /* what the children below ask for too much */

static void alloc_too_much(void)
{
	xmalloc(SIZE_MAX / 2);
}

static void alloc_array_overflow(void)
{
	arena_alloc_array(doomed, SIZE_MAX / 2, 3);
}

static void alloc_round_overflow(void)
{
	arena_alloc(doomed, SIZE_MAX);
}

static void alloc_header_overflow(void)
{
	arena_alloc(doomed, SIZE_MAX - 16);
}

static void strndup_overflow(void)
{
	arena_strndup(doomed, "", SIZE_MAX);
}

static void realloc_overflow(void)
{
	xrealloc(NULL, SIZE_MAX, 2);
}

static void realloc_too_much(void)
{
	xrealloc(NULL, SIZE_MAX / 2, 1);
}

static void calloc_overflow(void)
{
	xcalloc(SIZE_MAX, 2);
}

static void process_without_memory_ends_with_a_message(void **state)
{
	char said[4096];

	(void)state;
	assert_int_equal(run_child(alloc_too_much, said, sizeof(said)), 70);
	assert_non_null(strstr(said, "roster: out of memory\n"));
	assert_int_equal(run_child(realloc_too_much, said, sizeof(said)), 70);
	assert_non_null(strstr(said, "roster: out of memory\n"));
}

static void size_that_overflows_ends_the_process(void **state)
{
	static void (*const all[])(void) = {alloc_array_overflow, alloc_round_overflow, alloc_header_overflow,
					    strndup_overflow,     realloc_overflow,     calloc_overflow};
	char said[4096];

	(void)state;
	doomed = arena_new();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(run_child(all[i], said, sizeof(said)), 70);
		assert_string_equal(said, "roster: asked for more memory than a process can have\n");
	}
	arena_free(&doomed);
}

static void heap_helpers_give_what_they_promise(void **state)
{
	(void)state;
	char *nothing = xmalloc(0);
	assert_non_null(nothing);
	nothing = xrealloc(nothing, 0, 8);
	assert_non_null(nothing);
	free(nothing);

	int *numbers = xcalloc(4, sizeof(*numbers));
	assert_int_equal(numbers[3], 0);
	numbers[3] = 7;
	numbers = xrealloc(numbers, 1000, sizeof(*numbers));
	assert_int_equal(numbers[3], 7);
	free(numbers);

	char *copy = xstrdup("bob");
	assert_string_equal(copy, "bob");
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
	    cmocka_unit_test(pieces_keep_their_bytes_while_others_come),
	    cmocka_unit_test(large_piece_does_not_waste_the_block_being_filled),
	    cmocka_unit_test(reset_forgets_and_uses_the_same_memory_zeroed),
	    cmocka_unit_test(reset_keeps_one_block_of_many),
	    cmocka_unit_test(free_accepts_null_and_sets_null),
	    cmocka_unit_test(text_is_copied),
	    cmocka_unit_test(printf_formats_any_length),
	    cmocka_unit_test(array_is_zeroed),
	    cmocka_unit_test(process_without_memory_ends_with_a_message),
	    cmocka_unit_test(size_that_overflows_ends_the_process),
	    cmocka_unit_test(heap_helpers_give_what_they_promise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
