/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/jetstream.h"

#include "roster/arena.h"

#include <limits.h>
#include <nats/nats.h>
#include <stdlib.h>
#include <string.h>

struct jetstream {
	natsConnection *connection;
	jsCtx *context;
	char *stream;
};

/* --- what went wrong ------------------------------------------------------------------------------------------------------- */

static enum error_class class_of(natsStatus status, jsErrCode code)
{
	if (code == JSStreamNotFoundErr || code == JSNotEnabledErr || code == JSNotEnabledForAccountErr)
		return ERR_CONFIG;
	switch (status) {
	case NATS_CONNECTION_AUTH_FAILED:
	case NATS_NOT_PERMITTED:
	case NATS_SSL_ERROR:
	case NATS_SECURE_CONNECTION_WANTED:
		return ERR_DENIED;
	case NATS_ERR:
		return code ? ERR_PROTOCOL : ERR_UNREACHABLE;
	default:
		return ERR_UNREACHABLE;
	}
}

/* What the library says beyond the name of the status, without the line of its source that says so; "" for nothing. */
static const char *detail_of(natsStatus status)
{
	const char *text = nats_GetLastError(NULL), *place = text && *text == '(' ? strstr(text, "): ") : NULL;

	if (place)
		text = place + 3;
	return text && strcmp(text, natsStatus_GetText(status)) != 0 ? text : "";
}

static int failed(natsStatus status, jsErrCode code, const char *what, struct error *err)
{
	const char *detail = detail_of(status);

	error_set(err, class_of(status, code), "%s: %s%s%.200s", what, natsStatus_GetText(status), *detail ? ": " : "",
		  detail);
	if (status == NATS_NO_RESPONDERS)
		error_hint(err, "is JetStream on there, and does the stream take this subject?");
	return -1;
}

/* --- the connection -------------------------------------------------------------------------------------------------------- */

static natsStatus set_security(natsOptions *options, const struct jetstream_settings *settings)
{
	/* A server that says it has no encryption is not believed. */
	natsStatus status = natsOptions_SetSecure(options, strncmp(settings->urls[0], "tls://", 6) == 0);

	if (status == NATS_OK && *settings->ca_file)
		status = natsOptions_LoadCATrustedCertificates(options, settings->ca_file);
	if (status == NATS_OK && *settings->credentials)
		status = natsOptions_SetUserCredentialsFromFiles(options, settings->credentials, NULL);
	if (status == NATS_OK && settings->token)
		status = natsOptions_SetToken(options, settings->token);
	return status;
}

static natsStatus set_options(natsOptions *options, const struct jetstream_settings *settings)
{
	const char **urls = (const char **)(uintptr_t)settings->urls;
	natsStatus status = natsOptions_SetServers(options, urls, (int)settings->url_count);

	if (status == NATS_OK)
		status = natsOptions_SetTimeout(options, settings->timeout_ms);
	if (status == NATS_OK)
		status = natsOptions_SetAllowReconnect(options, false);
	if (status == NATS_OK)
		status = natsOptions_SetName(options, "roster");
	return status == NATS_OK ? set_security(options, settings) : status;
}

/* The stream is the administrator's: how long and how often it is kept is not ours to choose. */
static natsStatus look_at_stream(struct jetstream *jetstream, jsErrCode *code)
{
	jsStreamInfo *info = NULL;
	natsStatus status = js_GetStreamInfo(&info, jetstream->context, jetstream->stream, NULL, code);

	jsStreamInfo_Destroy(info);
	return status;
}

int jetstream_open(const struct jetstream_settings *settings, struct jetstream **ret, struct error *err)
{
	struct jetstream *jetstream = xcalloc(1, sizeof(*jetstream));
	natsOptions *options = NULL;
	jsOptions waits;
	jsErrCode code = 0;
	natsStatus status = natsOptions_Create(&options);

	jetstream->stream = xstrdup(settings->stream);
	jsOptions_Init(&waits);
	waits.Wait = settings->timeout_ms;
	if (status == NATS_OK)
		status = set_options(options, settings);
	if (status == NATS_OK)
		status = natsConnection_Connect(&jetstream->connection, options);
	if (status == NATS_OK)
		status = natsConnection_JetStream(&jetstream->context, jetstream->connection, &waits);
	if (status == NATS_OK)
		status = look_at_stream(jetstream, &code);
	natsOptions_Destroy(options);
	*ret = jetstream;
	if (status == NATS_OK)
		return 0;
	if (status == NATS_NOT_FOUND)
		error_set(err, ERR_CONFIG, "there is no stream \"%s\"", settings->stream);
	else
		failed(status, code, settings->urls[0], err);
	jetstream_close(ret);
	return -1;
}

void jetstream_close(struct jetstream **jetstream)
{
	if (!*jetstream)
		return;
	jsCtx_Destroy((*jetstream)->context);
	natsConnection_Destroy((*jetstream)->connection);
	free((*jetstream)->stream);
	free(*jetstream);
	*jetstream = NULL;
}

size_t jetstream_most(const struct jetstream *jetstream)
{
	int64_t most = natsConnection_GetMaxPayload(jetstream->connection);

	return most > 0 ? (size_t)most : 0;
}

/* --- messages -------------------------------------------------------------------------------------------------------------- */

int jetstream_store(struct jetstream *jetstream, const struct jetstream_message *message, uint64_t *ret,
		    struct error *err)
{
	jsPubOptions options;
	jsPubAck *answer = NULL;
	jsErrCode code = 0;

	if (message->size > INT_MAX)
		return error_set(err, ERR_DATA, "a message of %zu bytes is too large", message->size);
	jsPubOptions_Init(&options);
	options.MsgId = message->id;
	options.ExpectStream = jetstream->stream;
	options.ExpectLastSubjectSeq = message->after;
	options.ExpectNoMessage = message->after == 0;
	natsStatus status = js_Publish(&answer, jetstream->context, message->subject, message->body, (int)message->size,
				       &options, &code);
	if (status == NATS_OK)
		*ret = answer->Sequence;
	jsPubAck_Destroy(answer);
	if (status == NATS_OK)
		return 1;
	return code == JSStreamWrongLastSequenceErr ? 0 : failed(status, code, message->subject, err);
}

int jetstream_last(struct jetstream *jetstream, const char *subject, struct jetstream_last *ret, struct error *err)
{
	natsMsg *found = NULL;
	const char *id = NULL;
	jsErrCode code = 0;
	natsStatus status = js_GetLastMsg(&found, jetstream->context, jetstream->stream, subject, NULL, &code);

	str_clear(&ret->id);
	str_clear(&ret->body);
	if (status == NATS_NOT_FOUND)
		return 0;
	if (status != NATS_OK)
		return failed(status, code, subject, err);
	ret->number = natsMsg_GetSequence(found);
	if (natsMsgHeader_Get(found, "Nats-Msg-Id", &id) == NATS_OK)
		str_add(&ret->id, id);
	str_append(&ret->body, natsMsg_GetData(found), (size_t)natsMsg_GetDataLength(found));
	natsMsg_Destroy(found);
	return 1;
}
