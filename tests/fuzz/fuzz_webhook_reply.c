/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an answer to a webhook: a status line, headers, an empty line, a body. Without a status line there was no
 * answer, and the bytes are what the library says about that.
 */
#include "link/http_private.h"
#include "roster/text.h"
#include "target/webhook/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000, STATUS_AT = 9 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* Three digits, as libcurl takes them; 0 where there is no status line. */
static int status_of(const char *text)
{
	char digits[4] = "";

	if (!text_starts_with(text, "HTTP/1.1 ") || strspn(text + STATUS_AT, "0123456789") < 3)
		return 0;
	memcpy(digits, text + STATUS_AT, 3);
	return (int)strtol(digits, NULL, 10);
}

/* The first line of text without its end; returns where the next begins, NULL behind the last. */
static const char *next_line(const char *text, struct str *line)
{
	size_t size = strcspn(text, "\n");

	str_clear(line);
	str_append(line, text, size > 0 && text[size - 1] == '\r' ? size - 1 : size);
	return text[size] == '\0' ? NULL : text + size + 1;
}

/* A value without the white space around it, as libcurl hands it out. */
static int64_t wait_of(struct str *line)
{
	static const char name[] = "retry-after:";
	char *value = line->data + sizeof(name) - 1;

	while (line->size > 0 && strchr(" \t", line->data[line->size - 1]) != NULL)
		line->data[--line->size] = '\0';
	return line->size < sizeof(name) ? -1 : http_retry_after(value + strspn(value, " \t"));
}

static bool is_wait(const struct str *line)
{
	static const char name[] = "retry-after:";

	for (size_t i = 0; i < sizeof(name) - 1; i++)
		if (i >= line->size || ascii_lower(line->data[i]) != name[i])
			return false;
	return true;
}

static void fill_reply(const char *text, size_t size, struct http_reply *reply)
{
	struct str line = {0};
	const char *at = text;

	reply->status = status_of(text);
	if (reply->status == 0) {
		error_set(&reply->error, ERR_UNREACHABLE, "%s", text);
		return;
	}
	while ((at = next_line(at, &line)) != NULL && line.size > 0)
		if (is_wait(&line))
			reply->retry_after_ms = wait_of(&line);
	if (at != NULL) {
		reply->body = at;
		reply->size = size - (size_t)(at - text);
	}
	str_free(&line);
}

static void check(const struct http_reply *reply, const struct verdict *verdict)
{
	size_t size = strnlen(verdict->reason, sizeof(verdict->reason));

	must(size < sizeof(verdict->reason));
	must(text_is_valid(verdict->reason, size));
	must(!text_has_control(verdict->reason, size));
	must(verdict->wait_ms >= -1 && verdict->wait_ms <= DAY_MS);
	must((verdict->kind == VERDICT_CONFIRMED) == (reply->status >= 200 && reply->status < 300));
	must((verdict->kind == VERDICT_DISABLED) == (reply->status == 410));
	must(verdict->kind != VERDICT_CONFIRMED || size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = {.retry_after_ms = -1, .body = ""};
	struct str text = {0};
	struct verdict verdict;

	/* libcurl refuses a header with NUL; a body ends there for who reads it as text. */
	str_append(&text, data, size < HTTP_REPLY_MAX ? size : HTTP_REPLY_MAX);
	fill_reply(str_text(&text), text.size, &reply);
	/* What is left of the last verdict must not show through. */
	memset(&verdict, 0xA5, sizeof(verdict));
	verdict_of(&reply, &verdict);
	check(&reply, &verdict);
	str_free(&text);
	return 0;
}
