/* SPDX-License-Identifier: Apache-2.0 */
#include "config/address.h"

#include "roster/http.h"
#include "roster/str.h"
#include "roster/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

/* A path of a socket is cut by the kernel when it is longer. */
enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1, HOST_SIZE_MAX = 253, PORT_SIZE_MAX = 5 };

/* The part between the slashes and the path. */
struct authority {
	const char *text;
	size_t size;
	const char *host; /* brackets included; without user and port */
	size_t host_size;
	const char *port; /* behind the colon; NULL when there is none */
	size_t port_size;
};

/* --- parts --------------------------------------------------------------------------------------------------------- */

static struct authority authority_of(const char *url)
{
	struct authority authority = {.text = strstr(url, "://") + strlen("://")};

	authority.size = strcspn(authority.text, "/?#");
	const char *end = authority.text + authority.size;
	const char *at = memrchr(authority.text, '@', authority.size);
	authority.host = at ? at + 1 : authority.text;
	/* The colons of an IPv6 address are inside its brackets; without the second one there is no port to be found. */
	const char *from =
	    *authority.host == '[' ? memchr(authority.host, ']', (size_t)(end - authority.host)) : authority.host;
	const char *colon = from ? memchr(from, ':', (size_t)(end - from)) : NULL;
	authority.host_size = (size_t)((colon ? colon : end) - authority.host);
	if (colon) {
		authority.port = colon + 1;
		authority.port_size = (size_t)(end - authority.port);
	}
	return authority;
}

static bool is_port(const char *text, size_t size)
{
	long port = 0;

	if (size == 0 || size > PORT_SIZE_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (text[i] - '0');
	}
	return port >= 1 && port <= 65535;
}

/* Letters, digits, hyphens, dots and what is common though no standard allows it: an underscore. A %, which some decode
 * and some do not, is not among them. */
static bool is_name(const char *host, size_t size)
{
	if (size == 0 || size > HOST_SIZE_MAX || *host == '.')
		return false;
	for (size_t i = 0; i < size; i++) {
		bool known = isalnum((unsigned char)host[i]) || strchr("-._", host[i]);
		if (!known || (host[i] == '.' && i > 0 && host[i - 1] == '.'))
			return false;
	}
	return true;
}

static bool is_host(const char *host, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (size == 0 || *host != '[')
		return is_name(host, size);
	if (size < 2 || host[size - 1] != ']' || size - 2 >= sizeof(text))
		return false;
	memcpy(text, host + 1, size - 2);
	text[size - 2] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

/* As written, in the one usual spelling: 127.1 and 0x7f000001 are no less this host, but easily taken for another. */
static bool is_loopback(const char *host, size_t size)
{
	static const char name[] = "localhost", address[] = "[::1]";
	char text[INET_ADDRSTRLEN];
	struct in_addr number;

	if (size == strlen(name) && strncasecmp(host, name, size) == 0)
		return true;
	if (size == strlen(address) && memcmp(host, address, size) == 0)
		return true;
	if (size >= sizeof(text))
		return false;
	memcpy(text, host, size);
	text[size] = '\0';
	return inet_pton(AF_INET, text, &number) == 1 && ntohl(number.s_addr) >> 24 == 127;
}

/* --- addresses to send to ------------------------------------------------------------------------------------------ */

static size_t add_flaw(struct flaw *flaws, size_t count, const char *what, const char *hint)
{
	flaws[count] = (struct flaw){what, hint};
	return count + 1;
}

/* A host that is a number, in any spelling a resolver takes for one. */
static bool is_number(const char *host, size_t size, struct sockaddr_storage *ret)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	bool brackets = *host == '[';
	char text[INET6_ADDRSTRLEN];

	*ret = (struct sockaddr_storage){0};
	size -= brackets ? 2 : 0;
	if (size >= sizeof(text))
		return false;
	memcpy(text, host + brackets, size);
	text[size] = '\0';
	if (brackets && inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		memcpy(ret, &six, sizeof(six));
	else if (!brackets && inet_aton(text, &four.sin_addr))
		memcpy(ret, &four, sizeof(four));
	return ret->ss_family != 0;
}

/* What a name leads to is judged when it is called; of a number that is known now. Valid until the next call. */
static const char *refused_number(const struct authority *authority, const char *url)
{
	static _Thread_local char what[256];
	struct sockaddr_storage address;

	if (!is_number(authority->host, authority->host_size, &address))
		return NULL;
	const char *flaw = http_address_flaw((const struct sockaddr *)&address, http_url_is_loopback(url));
	if (!flaw)
		return NULL;
	snprintf(what, sizeof(what), "leads where roster never goes: %s", flaw);
	return what;
}

static size_t authority_flaws(const struct authority *authority, const char *form, struct flaw *flaws, size_t count)
{
	if (authority->host > authority->text)
		count = add_flaw(flaws, count, "names a user", "remove what stands before the @, and the @");
	if (authority->host_size == 0)
		count = add_flaw(flaws, count, "names no host", form);
	else if (!is_host(authority->host, authority->host_size))
		count = add_flaw(flaws, count, "names a host that cannot be",
				 "a host is a name in ASCII, an IPv4 address, or an IPv6 address in [ ]");
	if (authority->port && !is_port(authority->port, authority->port_size))
		count = add_flaw(flaws, count, "has a port that cannot be", "a port is a number from 1 to 65535");
	return count;
}

static size_t plain_flaws(const struct authority *authority, bool allow_loopback, struct flaw *flaws, size_t count)
{
	if (!allow_loopback)
		return add_flaw(flaws, count, "would be reached without encryption", "use https://");
	if (authority->host_size == 0 || is_loopback(authority->host, authority->host_size))
		return count;
	return add_flaw(flaws, count, "would be reached without encryption",
			"use https://; http:// is only for localhost, 127.0.0.1 and [::1]");
}

size_t address_url_flaws(const char *url, bool allow_loopback, struct flaw flaws[FLAWS_MAX])
{
	static const char form[] = "write https://HOST/PATH";
	bool plain = text_starts_with(url, "http://");
	size_t count = 0;

	/* With these in it, the rest may not be what it looks like. */
	if (strchr(url, ' ') || text_has_control(url, strlen(url)))
		return add_flaw(flaws, count, "holds a space or a control character", "write it as %20, or remove it");
	if (!plain && !text_starts_with(url, "https://"))
		return add_flaw(flaws, count, "is not the address of a web server", form);
	struct authority authority = authority_of(url);
	count = authority_flaws(&authority, form, flaws, count);
	if (plain)
		count = plain_flaws(&authority, allow_loopback, flaws, count);
	const char *refused = count == 0 ? refused_number(&authority, url) : NULL;
	if (refused)
		count = add_flaw(flaws, count, refused, NULL);
	if (strchr(url, '#'))
		count = add_flaw(flaws, count, "has a fragment, which is never sent", "remove the # and what follows");
	return count;
}

size_t address_ldap_flaws(const char *url, struct flaw flaws[FLAWS_MAX])
{
	struct authority authority = authority_of(url);
	const char *rest = authority.text + authority.size;
	size_t count = authority_flaws(&authority, "write ldaps://HOST", flaws, 0);

	if (*rest && strcmp(rest, "/") != 0)
		count = add_flaw(flaws, count, "says more than where the server is",
				 "remove what follows the host and the port: users, groups and units say what to read");
	return count;
}

size_t address_nats_flaws(const char *url, struct flaw flaws[FLAWS_MAX])
{
	static const char form[] = "write tls://HOST:4222";
	bool plain = text_starts_with(url, "nats://");

	if (text_has_control(url, strlen(url)))
		return add_flaw(flaws, 0, "holds a control character", "remove it");
	if (!plain && !text_starts_with(url, "tls://"))
		return add_flaw(flaws, 0, "is not the address of a NATS server", form);
	struct authority authority = authority_of(url);
	const char *rest = authority.text + authority.size;
	size_t count = authority_flaws(&authority, form, flaws, 0);
	if (plain && authority.host_size > 0 && !is_loopback(authority.host, authority.host_size))
		count = add_flaw(flaws, count, "would be reached without encryption",
				 "use tls://; nats:// is only for localhost, 127.0.0.1 and [::1]");
	if (*rest && strcmp(rest, "/") != 0)
		count = add_flaw(flaws, count, "says more than where the server is", "remove what follows the port");
	return count;
}

bool address_is_catalogue(const char *url)
{
	struct authority authority = authority_of(url);
	const char *port = authority.port;
	size_t size = port == NULL ? 0 : authority.port_size;

	for (; size > 4 && *port == '0'; size--)
		port++;
	return size == 4 && (memcmp(port, "3268", 4) == 0 || memcmp(port, "3269", 4) == 0);
}

/* --- addresses to listen on ---------------------------------------------------------------------------------------- */

static bool refuse(struct flaw *ret, const char *what, const char *hint)
{
	*ret = (struct flaw){what, hint};
	return false;
}

static bool can_be_socket(const char *path, struct flaw *ret)
{
	if (*path != '/')
		return refuse(ret, "names a socket without an absolute path", "write unix:/run/roster/status.sock");
	if (strlen(path) > SOCKET_PATH_MAX)
		return refuse(ret, "names a socket whose path is longer than 107 bytes", "choose a shorter path");
	if (text_has_control(path, strlen(path)) || text_ends_with(path, "/"))
		return refuse(ret, "names a socket that cannot be made", "write unix:/run/roster/status.sock");
	return true;
}

bool address_can_listen(const char *text, struct flaw *ret)
{
	static const char *const hosts[] = {"127.0.0.1:", "[::1]:"};

	if (text_starts_with(text, "unix:"))
		return can_be_socket(text + strlen("unix:"), ret);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (!text_starts_with(text, hosts[i]))
			continue;
		const char *port = text + strlen(hosts[i]);
		return is_port(port, strlen(port)) ||
		       refuse(ret, "has a port that cannot be", "a port is a number from 1 to 65535");
	}
	return refuse(ret, "is neither a unix socket nor an address of this host alone",
		      "write unix:/PATH, 127.0.0.1:PORT or [::1]:PORT");
}
