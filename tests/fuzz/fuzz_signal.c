/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a security event token says: whoever signs it may say anything, and what is taken down can be stored.
 */
#include "roster/arena.h"
#include "roster/signals.h"
#include "roster/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text)
{
	size_t size = strlen(text);

	must(size > 0 && size <= 1000 && text_is_valid(text, size) && !text_has_control(text, size));
}

static void check_token(const struct signal_token *token)
{
	check_text(token->issuer);
	check_text(token->id);
	for (size_t i = 0; i < token->event_count; i++) {
		const struct signal_event *event = &token->events[i];
		check_text(event->kind);
		check_text(event->subject);
		must(strcmp(event->subject_kind, "id") == 0 || strcmp(event->subject_kind, "email") == 0);
		must(event->at >= 0 && event->at < INT64_C(1000000000000));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct json *claims = NULL;
	struct signal_token token;
	struct error err = {0};

	if (json_parse((const char *)data, size, 64 * 1024, &claims, NULL) == 0 &&
	    json_kind_of(claims) == JSON_KIND_OBJECT) {
		if (signal_token_read(claims, arena, &token, &err) == 0)
			check_token(&token);
		else
			must(err.class == ERR_DATA && *err.text != '\0');
	}
	json_free(&claims);
	arena_free(&arena);
	return 0;
}
