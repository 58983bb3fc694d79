/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jetstream: messages that a NATS server stores in a stream, the facade over libnats.
 *
 * Takes off your hands: that only the server's word that a message is stored counts, that of the same id only one is stored while
 * the stream remembers it, and that nothing is stored behind what the caller does not know of. A connection belongs to one thread,
 * beside those libnats has of its own. It is not made again when it is lost: close it, and open another.
 */
#ifndef ROSTER_JETSTREAM_H
#define ROSTER_JETSTREAM_H

#include "roster/error.h"
#include "roster/str.h"

#include <stddef.h>
#include <stdint.h>

struct jetstream_settings {
	const char *const *urls; /* nats://HOST:PORT or tls://HOST:PORT, of one cluster */
	size_t url_count;
	const char *stream;
	const char *ca_file;     /* "" for the system's */
	const char *credentials; /* file with a JWT and its seed, as nsc(1) writes it; "" for none */
	const char *token;       /* NULL for none */
	int64_t timeout_ms;      /* for the connection, and for each answer */
};

struct jetstream;

/* ERR_UNREACHABLE when no server answers, ERR_DENIED when it lets us not in, ERR_CONFIG when there is no such stream. */
int jetstream_open(const struct jetstream_settings *settings, struct jetstream **ret, struct error *err);
void jetstream_close(struct jetstream **jetstream); /* accepts NULL, sets NULL */
/* Bytes of a message the server takes. */
size_t jetstream_most(const struct jetstream *jetstream);

struct jetstream_message {
	const char *subject;
	const char *id; /* the same on each attempt (Nats-Msg-Id) */
	const char *body;
	size_t size;
	uint64_t after; /* the number of the last one of its subject; 0: there is none */
};
/* Have it stored: 1 with its number; 0 when another than `after` is the last of its subject; -1 when nobody knows whether it is
 * (ERR_UNREACHABLE), or it is not (any other). */
int jetstream_store(struct jetstream *jetstream, const struct jetstream_message *message, uint64_t *ret,
		    struct error *err);

/* The last message of a subject. */
struct jetstream_last {
	uint64_t number;
	struct str id, body;
};
/* 1, or 0 when there is none. What was in ret is replaced; the caller frees its texts. */
int jetstream_last(struct jetstream *jetstream, const char *subject, struct jetstream_last *ret, struct error *err);

#endif
