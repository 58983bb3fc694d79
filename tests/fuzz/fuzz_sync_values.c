/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the value of a synchronization control: refused, or read within them and with bounded memory.
 */
#include "link/ldap_sync_values.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int decoder(const void *data, size_t size, struct arena *arena, struct ldap_sync_message *ret);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* What was read is somewhere among the bytes. */
static void must_contain(const uint8_t *data, size_t size, const void *part, size_t part_size)
{
	must(part_size == 0 || memmem(data, size, part, part_size) != NULL);
}

static void check(const struct ldap_sync_message *message, const uint8_t *data, size_t size)
{
	must(message->cookie.data || message->cookie.size == 0);
	if (message->cookie.data)
		must(message->cookie.data[message->cookie.size] == '\0');
	must_contain(data, size, message->cookie.data, message->cookie.size);
	must(message->id_count <= size / 18);
	for (size_t i = 0; i < message->id_count; i++)
		must_contain(data, size, message->ids[i].bytes, sizeof(message->ids[i].bytes));
}

/* The cookie goes into the next request as it came. */
static void check_request(const struct ldap_sync_message *message)
{
	const struct ldap_sync_search search = {.cookie = message->cookie, .persist = message->deletes};
	struct str request = {0};

	sync_request_encode(&search, &request);
	must(request.size >= 5 + message->cookie.size);
	must_contain((const uint8_t *)request.data, request.size, message->cookie.data, message->cookie.size);
	str_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static decoder *const decoders[] = {sync_state_decode, sync_done_decode, sync_info_decode};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof(decoders) / sizeof(*decoders); i++) {
		struct ldap_sync_message message = {0};
		if (decoders[i](data, size, arena, &message) == 0) {
			check(&message, data, size);
			check_request(&message);
		}
	}
	must(arena_used(arena) <= 6 * size + 256);
	arena_free(&arena);
	return 0;
}
