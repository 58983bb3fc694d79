/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/http.h"

#include <string.h>

static void add_header(struct str *out, const struct http_header *header)
{
	struct str line = {0};

	str_add(&line, header->name);
	/* curl leaves a header out that ends in a colon and sends an empty one for a semicolon. */
	str_add(&line, *header->value ? ": " : ";");
	str_add(&line, header->value);
	str_add_word(out, " -H ", str_text(&line));
	str_free(&line);
}

/* Is name one of the words of list? */
static bool is_named(const char *list, const char *name)
{
	size_t size = strlen(name);

	while (*list) {
		size_t word = strcspn(list, " ,");
		if (word == size && size > 0 && strncasecmp(list, name, size) == 0)
			return true;
		list += word;
		list += strspn(list, " ,");
	}
	return false;
}

void http_command(const struct http_request *request, const char *secret, struct str *out)
{
	/* What we do not do, curl's program must be told not to do: read .curlrc, expand [] and {}, use a proxy. */
	str_add(out, "curl -q -g -sS -i --http1.1 --noproxy '*'");
	if (request->timeout_ms > 0)
		str_printf(out, " --max-time %.3f", (double)request->timeout_ms / 1000);
	if (request->ca_file && *request->ca_file)
		str_add_word(out, " --cacert ", request->ca_file);
	for (size_t i = 0; i < request->header_count; i++) {
		if (!secret || !is_named(secret, request->headers[i].name))
			add_header(out, &request->headers[i]);
	}
	if (!request->get)
		str_add(out, " --data-binary @-");
	str_add_word(out, " ", request->url);
}
