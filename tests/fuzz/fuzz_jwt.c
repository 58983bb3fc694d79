/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token: nobody can make one that is good without the key; and a set of keys.
 */
#include "roster/arena.h"
#include "roster/jwt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* That of RFC 7515 appendix A.3, whose private half signs nothing here. */
static const char set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void check_token(const char *token, const struct jwt_keys *keys)
{
	static const char *const algorithms[] = {"ES256", "RS256"};
	const struct jwt_expect expect = {.algorithms = algorithms,
					  .algorithm_count = 2,
					  .issuer = "joe",
					  .audience = "roster",
					  .now = 1300819000,
					  .leeway = 60};
	struct json *claims = NULL;
	struct error err = {0};

	must(jwt_judge(token, keys, &expect, &claims, &err) != JWT_GOOD);
	must(!claims && err.class == ERR_DENIED && *err.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size);
	struct jwt_keys *keys = NULL, *given = NULL;
	struct jwt_key *key = NULL;
	struct error err = {0};

	must(jwt_keys_parse(set, sizeof(set) - 1, &keys, &err) == 0);
	check_token(text, keys);
	if (jwt_keys_parse(text, size, &given, &err) == 0)
		check_token(text, given);
	if (jwt_key_parse(text, size, NULL, &key, &err) == 0)
		must(*jwt_key_algorithm(key) != '\0');
	jwt_key_free(&key);
	jwt_keys_free(&given);
	jwt_keys_free(&keys);
	arena_free(&arena);
	return 0;
}
