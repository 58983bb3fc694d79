/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor, as an ID token tells of it: acr, amr, auth_time (OpenID Connect Core section 2, RFC 8176). */
#include "job/signin.h"

#include "roster/text.h"

#include <string.h>

enum { GOOD_SECONDS = 10 * 60, SECONDS_PER_MINUTE = 60 };

static bool holds(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; text != NULL && i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

static bool has_method(const struct signin_config *config, const struct json *methods)
{
	static const char *const usual[] = {"mfa"};
	bool says = config->acr_count > 0 || config->amr_count > 0;

	for (size_t i = 0; i < json_count(methods); i++) {
		const char *method = json_as_text(json_item(methods, i));
		if (says ? holds(config->amr, config->amr_count, method) : holds(usual, 1, method))
			return true;
	}
	return false;
}

static const char *tell(const struct json *acr, const struct json *methods, struct arena *arena)
{
	struct str text = {0};

	if (json_as_text(acr) != NULL)
		str_printf(&text, "acr \"%.100s\"", json_as_text(acr));
	for (size_t i = 0; i < json_count(methods) && i < 8; i++)
		if (json_as_text(json_item(methods, i)) != NULL)
			str_printf(&text, "%s%.50s", i == 0 ? (text.size > 0 ? " and amr " : "amr ") : ", ",
				   json_as_text(json_item(methods, i)));
	char *said = arena_strdup(arena, text.size > 0 ? str_text(&text) : "neither acr nor amr");
	str_free(&text);
	text_clean(said);
	return said;
}

const char *signin_factor(const struct signin_config *config, const struct json *claims, int64_t now,
			  struct arena *arena, int64_t *age)
{
	const struct json *acr = json_get(claims, "acr"), *methods = json_get(claims, "amr");
	int64_t at = 0;

	*age = -1;
	if (!holds(config->acr, config->acr_count, json_as_text(acr)) && !has_method(config, methods))
		return arena_printf(arena, "the provider says of no second factor: its token has %s",
				    tell(acr, methods, arena));
	if (!json_as_integer(json_get(claims, "auth_time"), &at))
		return "the provider does not say when the second factor was shown (auth_time)";
	if (now - at >= GOOD_SECONDS)
		return arena_printf(
		    arena,
		    "the second factor was shown %lld minutes ago, and the provider has not asked for it anew: "
		    "sign out there, or open the page in a private window",
		    (long long)((now - at) / SECONDS_PER_MINUTE));
	*age = now > at ? now - at : 0;
	return "";
}
