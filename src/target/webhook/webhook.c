/* SPDX-License-Identifier: Apache-2.0 */
#include "target/webhook/webhook.h"

#include "roster/arena.h"
#include "roster/http.h"
#include "roster/log.h"
#include "target/webhook/signature.h"
#include "target/webhook/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMESTAMP_TEXT = 24 };

struct target {
	struct http *http;
};

static int webhook_open(const struct config *config, struct target **ret, struct error *err)
{
	struct target *target = xcalloc(1, sizeof *target);

	(void)config;
	if (http_new(&target->http, err) != 0) {
		free(target);
		return -1;
	}
	*ret = target;
	return 0;
}

static void webhook_close(struct target **target)
{
	if (*target == NULL)
		return;
	http_free(&(*target)->http);
	free(*target);
	*target = NULL;
}

/* Keys are read for each message: who changes one need not tell us. */
static int sign_with(const struct secret_reference *key, const struct signed_message *message, struct str *out,
		     struct error *err)
{
	struct secret secret;
	int rc = secret_read(key, &secret, err);

	if (rc == 0 && signature_add(&secret, message, out, err) != 0)
		rc = error_prefix(err, "the secret %s", key->text);
	secret_wipe(&secret);
	return rc;
}

static int sign_with_all(const struct target_config *config, const struct signed_message *message, struct str *out,
			 struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < config->sign_count && rc == 0; i++)
		rc = sign_with(&config->sign[i], message, out, err);
	return rc;
}

static int webhook_check_key(const struct secret_reference *key, struct error *err)
{
	const struct signed_message message = {"", "", "", 0};
	struct str signature = {0};
	int rc = sign_with(key, &message, &signature, err);

	str_free(&signature);
	return rc;
}

static int webhook_send(struct target *target, const struct delivery *delivery, struct error *err)
{
	const struct target_config *config = delivery->target;
	char timestamp[TIMESTAMP_TEXT];
	struct str signature = {0}, command = {0};
	int rc = -1;

	snprintf(timestamp, sizeof timestamp, "%lld", (long long)time(NULL));
	const struct signed_message message = {delivery->id, timestamp, delivery->body, delivery->size};
	if (sign_with_all(config, &message, &signature, err) != 0)
		goto out;
	const struct http_header headers[] = {
	    {"content-type", "application/json"},
	    {"user-agent", "roster/" ROSTER_VERSION},
	    {"webhook-id", delivery->id},
	    {"webhook-timestamp", timestamp},
	    {"webhook-signature", str_text(&signature)},
	};
	const struct http_request request = {
	    .url = config->url,
	    .headers = headers,
	    .header_count = sizeof headers / sizeof headers[0],
	    .body = delivery->body,
	    .size = delivery->size,
	    .ca_file = config->ca_file,
	    .timeout_ms = config->timeout_ms,
	    .allow_loopback = http_url_is_loopback(config->url),
	    .context = delivery->context,
	};
	http_command(&request, "webhook-signature", &command);
	log_debug("%s", str_text(&command));
	rc = http_start(target->http, &request, err);
out:
	str_free(&signature);
	str_free(&command);
	return rc;
}

static int webhook_wait(struct target *target, int fd, int64_t wait_ms, struct verdict *ret, struct error *err)
{
	struct http_reply reply;
	int rc = http_next(target->http, fd, wait_ms, &reply, err);

	if (rc == 1)
		verdict_of(&reply, ret);
	return rc;
}

const struct target_ops webhook_target = {
    .name = TARGET_WEBHOOK,
    .open = webhook_open,
    .check_key = webhook_check_key,
    .send = webhook_send,
    .wait = webhook_wait,
    .close = webhook_close,
};
