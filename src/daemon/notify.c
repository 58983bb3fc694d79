/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE_MOST = 1024, USEC_PER_MS = 1000 };

static int open_socket(struct notify *notify, const char *path, struct error *err)
{
	size_t size = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || size < 2 || size >= sizeof notify->address.sun_path)
		return error_set(err, ERR_CONFIG, "NOTIFY_SOCKET is \"%s\", which is no address of a socket", path);
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, path, size);
	/* An abstract address begins with a NUL, and its end is its size. */
	if (path[0] == '@')
		notify->address.sun_path[0] = '\0';
	notify->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '/'));
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return notify->fd >= 0 ? 0 : error_set(err, ERR_INTERNAL, "no socket for NOTIFY_SOCKET: %s", strerror(errno));
}

/* A variable that is a whole number above 0, else 0. */
static int64_t number_of(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	long long number = 0;

	errno = 0;
	if (text != NULL)
		number = strtoll(text, &end, 10);
	return text == NULL || end == text || *end != '\0' || errno != 0 || number < 0 ? 0 : number;
}

/* The service manager names whom it watches, for the environment may have been inherited. */
static int64_t watchdog_ms(void)
{
	int64_t pid = number_of("WATCHDOG_PID");

	return getenv("WATCHDOG_PID") != NULL && pid != getpid() ? 0 : number_of("WATCHDOG_USEC") / 2 / USEC_PER_MS;
}

int notify_open(struct notify *notify, struct error *err)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int rc = 0;

	*notify = (struct notify){.fd = -1};
	if (path != NULL && path[0] != '\0') {
		notify->watchdog_ms = watchdog_ms();
		rc = open_socket(notify, path, err);
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return rc;
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *format, ...)
{
	char message[MESSAGE_MOST];
	va_list args;

	if (notify->fd < 0)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
	       (const struct sockaddr *)&notify->address, notify->size);
}

void notify_reloading(const struct notify *notify)
{
	enum { USEC_PER_S = 1000000, NSEC_PER_USEC = 1000 };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_send(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		    (int64_t)now.tv_sec * USEC_PER_S + now.tv_nsec / NSEC_PER_USEC);
}
