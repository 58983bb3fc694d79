/* SPDX-License-Identifier: Apache-2.0 */
/* notify: what the service manager is told, in the protocol of sd_notify(3), and how often it wants to hear from us. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "roster/error.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1 when nobody listens; then the calls below do nothing */
	struct sockaddr_un address;
	socklen_t size;
	int64_t watchdog_ms; /* a sign of life is due at least that often; 0 for never */
};

/* From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which leave the environment: children have nothing to tell. After an
 * error nobody listens. */
int notify_open(struct notify *notify, struct error *err);
void notify_close(struct notify *notify);

/* "READY=1\nSTATUS=..."; a message that cannot be delivered is lost. */
void notify_send(const struct notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* RELOADING=1 with the time it began. */
void notify_reloading(const struct notify *notify);

#endif
