/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A peer that vanished without a word is noticed after 60 + 4 * 15 seconds. */
enum { KEEPALIVE_IDLE = 60, KEEPALIVE_INTERVAL = 15, KEEPALIVE_PROBES = 4, UNACKNOWLEDGED_MS = 120000 };

static void set_option(int fd, int level, int option, int value)
{
	/* Best effort: a kernel without one of them still has the watchdog's deadlines. */
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void keep_alive(int fd)
{
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void ldap_socket_patience(int fd, int bytes)
{
	set_option(fd, SOL_SOCKET, SO_RCVLOWAT, bytes);
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const void *)address;
		return (ntohl(four->sin_addr.s_addr) >> 24) == 127;
	}
	const struct sockaddr_in6 *six = (const void *)address;
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return six->sin6_addr.s6_addr[12] == 127;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* errno of the connection attempt, 0 when it stands. */
static int await_connected(int fd, int64_t deadline)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	for (;;) {
		int64_t left = deadline - monotonic_ms();
		if (left <= 0)
			return ETIMEDOUT;
		int ready = poll(&poll_fd, 1, left > 60000 ? 60000 : (int)left);
		if (ready < 0 && errno != EINTR)
			return errno;
		if (ready > 0)
			break;
	}
	int status = 0;
	socklen_t size = sizeof(status);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &size) ? errno : status;
}

/* A connected, blocking descriptor, or -1 with errno. */
static int connect_address(const struct addrinfo *address, int64_t deadline)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	int status = connect(fd, address->ai_addr, address->ai_addrlen) ? errno : 0;
	if (status == EINPROGRESS || status == EINTR)
		status = await_connected(fd, deadline);
	if (!status && fcntl(fd, F_SETFL, 0))
		status = errno;
	if (!status)
		return fd;
	close(fd);
	errno = status;
	return -1;
}

int ldap_socket_tcp(const char *host, int port, int64_t deadline, struct ldap_socket *ret, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses;
	char service[16];
	int left = 0, status = 0;

	snprintf(service, sizeof(service), "%d", port);
	int failed = getaddrinfo(host, service, &hints, &addresses);
	if (failed)
		return error_set(err, ERR_UNREACHABLE, "cannot resolve host %s: %s", host, gai_strerror(failed));
	for (const struct addrinfo *address = addresses; address; address = address->ai_next)
		left++;

	ret->fd = -1;
	for (const struct addrinfo *address = addresses; address && ret->fd < 0; address = address->ai_next) {
		/* A dead address must not eat the time of those behind it. */
		int64_t now = monotonic_ms();
		ret->fd = connect_address(address, now + (deadline - now) / left--);
		status = errno;
		ret->local = is_loopback(address->ai_addr);
	}
	freeaddrinfo(addresses);
	if (ret->fd < 0)
		return error_set(err, ERR_UNREACHABLE, "cannot connect: %s", strerror(status));
	keep_alive(ret->fd);
	return 0;
}

/* A unix socket's connect() waits for room in the listener's queue, for ever unless told otherwise. */
static int connect_unix(int fd, const struct sockaddr_un *address, int64_t deadline)
{
	const struct timeval never = {0};
	int64_t left = deadline - monotonic_ms();
	struct timeval wait = {.tv_sec = (time_t)(left / 1000), .tv_usec = (suseconds_t)(left % 1000) * 1000};

	if (left <= 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	int status = connect(fd, (const struct sockaddr *)address, sizeof(*address));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &never, sizeof(never));
	return status;
}

int ldap_socket_unix(const char *path, int64_t deadline, struct ldap_socket *ret, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERR_CONFIG, "the path of socket %s is longer than %zu bytes", path,
				 sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	ret->local = true;
	ret->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ret->fd < 0)
		return error_set(err, ERR_UNREACHABLE, "cannot make a socket: %s", strerror(errno));
	if (connect_unix(ret->fd, &address, deadline) == 0)
		return 0;
	error_set(err, ERR_UNREACHABLE, "cannot connect to socket %s: %s", path, strerror(errno));
	close(ret->fd);
	ret->fd = -1;
	return -1;
}
