/* SPDX-License-Identifier: Apache-2.0 */
/* The keys a provider signs with: how long they are kept, and when they are asked for again. */
#include "oidc/provider.h"

#include "roster/elapsed.h"
#include "roster/log.h"

#include <string.h>

/* Whoever sends tokens with keys that are not known must not make us ask for each. */
enum { ASK_AGAIN_MS = 60 * 1000, KEYS_MOST = 256 * 1024 };

static void key_set_free(struct key_set *set)
{
	jwt_keys_free(&set->keys);
	str_free(&set->text);
}

void key_store_free(struct key_store *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		key_set_free(&keys->sets[i]);
	*keys = (struct key_store){0};
}

/* --- what is kept ---------------------------------------------------------------------------------------------------------- */

static void forget_old(struct key_store *keys)
{
	while (keys->count > 1 && (keys->count == KEY_SETS_MOST || keys->sets[keys->count - 1].until <= clock_ms()))
		key_set_free(&keys->sets[--keys->count]);
}

static bool is_known(const struct key_store *keys, const struct http_reply *reply)
{
	const struct str *text = &keys->sets[0].text;

	return keys->count > 0 && text->size == reply->size && memcmp(text->data, reply->body, reply->size) == 0;
}

/* A token may still be on its way that was signed with a key the provider has just given up. */
static int keep(struct key_store *keys, const struct http_reply *reply, struct error *err)
{
	int64_t good = oidc_metadata_keep_ms(http_reply_header(reply, "Cache-Control", 0));
	struct key_set set = {0};

	if (!is_known(keys, reply)) {
		if (jwt_keys_parse(reply->body, reply->size, &set.keys, err))
			return error_set(err, ERR_PROTOCOL, "what it publishes are no keys to judge by");
		str_append(&set.text, reply->body, reply->size);
		forget_old(keys);
		if (keys->count > 0)
			keys->sets[0].until = clock_ms() + good;
		memmove(keys->sets + 1, keys->sets, keys->count * sizeof(*keys->sets));
		keys->sets[0] = set;
		keys->count++;
	}
	keys->fresh_until = clock_ms() + good;
	return 0;
}

/* --- asking ---------------------------------------------------------------------------------------------------------------- */

static int find_address(struct oidc_provider *provider, const char **ret, struct error *err)
{
	const struct oidc_metadata *metadata;

	*ret = provider->peer.jwks_url;
	if (**ret)
		return 0;
	if (oidc_provider_metadata(provider, &metadata, err))
		return -1;
	*ret = metadata->jwks_uri;
	if (!*ret || !**ret)
		return error_set(err, ERR_PROTOCOL, "the metadata of %s do not say where its keys are",
				 provider->peer.issuer);
	return 0;
}

static int fetch(struct oidc_provider *provider, struct error *err)
{
	struct http_reply reply;
	const char *url;

	provider->keys.asked_at = clock_ms();
	if (find_address(provider, &url, err) || provider_get(provider, url, KEYS_MOST, &reply, err))
		return -1;
	return keep(&provider->keys, &reply, err) ? error_prefix(err, "%s", url) : 0;
}

static bool may_ask(const struct key_store *keys)
{
	return keys->asked_at == 0 || clock_ms() - keys->asked_at >= ASK_AGAIN_MS;
}

/* Keys that are old are better than none. */
static int know_keys(struct oidc_provider *provider, struct error *err)
{
	struct key_store *keys = &provider->keys;
	struct error failure = {0};

	if (keys->count > 0 && (clock_ms() < keys->fresh_until || !may_ask(keys)))
		return 0;
	if (fetch(provider, &failure) == 0)
		return 0;
	if (keys->count > 0) {
		log_warn("%s; the keys that are known count", failure.text);
		return 0;
	}
	if (err)
		*err = failure;
	return -1;
}

/* --- judging --------------------------------------------------------------------------------------------------------------- */

static enum jwt_verdict judge(const struct key_store *keys, const char *token, const struct jwt_expect *expect,
			      struct json **claims, struct error *err)
{
	enum jwt_verdict verdict = JWT_UNKNOWN_KEY;

	for (size_t i = 0; i < keys->count && verdict == JWT_UNKNOWN_KEY; i++)
		if (i == 0 || clock_ms() < keys->sets[i].until)
			verdict = jwt_judge(token, keys->sets[i].keys, expect, claims, err);
	return verdict;
}

int oidc_provider_judge(struct oidc_provider *provider, const char *token, const struct jwt_expect *expect,
			struct json **claims, enum jwt_verdict *verdict, struct error *err)
{
	struct jwt_expect full = *expect;

	if (know_keys(provider, err))
		return -1;
	full.now = oidc_provider_now(provider);
	*verdict = judge(&provider->keys, token, &full, claims, err);
	if (*verdict == JWT_UNKNOWN_KEY && may_ask(&provider->keys)) {
		if (fetch(provider, err))
			return -1;
		*verdict = judge(&provider->keys, token, &full, claims, err);
	}
	return *verdict == JWT_GOOD ? 0 : -1;
}
