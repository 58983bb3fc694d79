/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text: what goes into a query, and which are of one origin. */
#include "roster/http.h"

#include "roster/arena.h"
#include "roster/text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <string.h>

void http_escape(const char *text, struct str *out)
{
	for (; *text; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			str_add_char(out, *text);
		else
			str_printf(out, "%%%02X", (unsigned char)*text);
}

int64_t http_date(const char *text)
{
	return (int64_t)curl_getdate(text, NULL);
}

/* Append "scheme host port", in the one form libcurl gives them; false when it is no such address. */
static bool add_origin(const char *text, struct str *out)
{
	static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
	CURLU *url = curl_url();
	bool good = url && !curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);

	for (size_t i = 0; good && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *part = NULL;
		good = !curl_url_get(url, parts[i], &part, CURLU_DEFAULT_PORT);
		if (good)
			str_printf(out, "%s ", part);
		curl_free(part);
	}
	curl_url_cleanup(url);
	return good && (text_starts_with(str_text(out), "https ") || text_starts_with(str_text(out), "http "));
}

bool http_same_origin(const char *a, const char *b)
{
	struct str left = {0}, right = {0};
	bool same = add_origin(a, &left) && add_origin(b, &right) && text_equal_fold(str_text(&left), str_text(&right));

	str_free(&left);
	str_free(&right);
	return same;
}
