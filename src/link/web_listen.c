/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets to listen on. */
#include "link/web_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, SOCKET_MODE = 0660 };

static int fail(int fd, const char *address, struct error *err)
{
	int number = errno;

	if (fd >= 0)
		close(fd);
	return error_set(err, number == EADDRINUSE ? ERR_CONFLICT : ERR_CONFIG, "cannot listen on %s: %s", address,
			 strerror(number));
}

static int new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* --- unix -------------------------------------------------------------------------------------------------------------- */

/* Does somebody accept connections there? */
static bool is_answered(const struct sockaddr_un *address)
{
	int fd = new_socket(AF_UNIX);
	bool refused =
	    fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return !refused;
}

/* A process that was killed leaves its socket behind; anything else there is not ours. */
static int make_room(const struct sockaddr_un *address, struct error *err)
{
	struct stat found;

	if (lstat(address->sun_path, &found) != 0)
		return 0;
	if (!S_ISSOCK(found.st_mode))
		return error_set(err, ERR_CONFIG,
				 "cannot listen on unix:%s: there is something else of that name; remove it",
				 address->sun_path);
	if (is_answered(address))
		return error_set(err, ERR_CONFLICT, "cannot listen on unix:%s: another process does",
				 address->sun_path);
	return unlink(address->sun_path) == 0 ? 0 : fail(-1, address->sun_path, err);
}

static int listen_unix(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path)
		return error_set(err, ERR_CONFIG, "cannot listen on unix:%s: the path is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (make_room(&address, err) != 0)
		return -1;
	int fd = new_socket(AF_UNIX);
	/* Its mode before anybody can connect. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    chmod(path, SOCKET_MODE) != 0 || listen(fd, BACKLOG) != 0)
		return fail(fd, path, err);
	return fd;
}

/* --- this host --------------------------------------------------------------------------------------------------------- */

static int listen_tcp(const char *text, const struct sockaddr *address, socklen_t size, struct error *err)
{
	const int on = 1;
	int fd = new_socket(address->sa_family);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, address, size) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return fail(fd, text, err);
	return fd;
}

static in_port_t port_of(const char *text)
{
	return htons((in_port_t)strtoul(strrchr(text, ':') + 1, NULL, 10));
}

int web_socket(const char *address, struct str *path, struct error *err)
{
	static const char unix_prefix[] = "unix:";

	if (text_starts_with(address, unix_prefix)) {
		const char *name = address + strlen(unix_prefix);
		int fd = listen_unix(name, err);
		if (fd >= 0)
			str_add(path, name);
		return fd;
	}
	if (text_starts_with(address, "127.0.0.1:")) {
		const struct sockaddr_in four = {
		    .sin_family = AF_INET, .sin_port = port_of(address), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		return listen_tcp(address, (const struct sockaddr *)&four, sizeof four, err);
	}
	if (text_starts_with(address, "[::1]:")) {
		const struct sockaddr_in6 six = {
		    .sin6_family = AF_INET6, .sin6_port = port_of(address), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
		return listen_tcp(address, (const struct sockaddr *)&six, sizeof six, err);
	}
	return error_set(err, ERR_CONFIG,
			 "cannot listen on %s: it is neither a unix socket nor an address of this host", address);
}
