/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A receiver that costs next to nothing: it takes every request's body and answers 204 at once, whatever was said. Prints
 * its port on 127.0.0.1 and serves until it is killed. Called as "sink times" it prints the instant at which each was there,
 * in seconds of CLOCK_MONOTONIC.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEERS_MOST = 32, HEAD_MOST = 16 * 1024, CHUNK = 256 * 1024 };

struct peer {
	char head[HEAD_MOST + 1];
	size_t head_size;
	unsigned long body_left;
	bool in_body;
};

static struct pollfd descriptors[PEERS_MOST + 1]; /* the first one listens */
static struct peer peers[PEERS_MOST + 1];
static nfds_t count;
static bool says_when;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void listen_here(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, PEERS_MOST) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		fail("listen");
	descriptors[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	count = 1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
}

static void welcome(void)
{
	int fd = accept(descriptors[0].fd, NULL, NULL);

	if (fd < 0)
		return;
	if (count > PEERS_MOST) {
		close(fd);
		return;
	}
	peers[count] = (struct peer){.head_size = 0};
	descriptors[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void part_with(nfds_t which)
{
	close(descriptors[which].fd);
	count--;
	descriptors[which] = descriptors[count];
	peers[which] = peers[count];
}

/* Up to and with the empty line: what is behind it in the buffer is body. */
static bool take_head(struct peer *peer, const char *data, size_t size, size_t *used)
{
	size_t room = HEAD_MOST - peer->head_size, before = peer->head_size;

	memcpy(peer->head + before, data, size < room ? size : room);
	peer->head_size += size < room ? size : room;
	peer->head[peer->head_size] = '\0';
	const char *end = strstr(peer->head, "\r\n\r\n");
	if (end == NULL) {
		*used = size;
		return peer->head_size < HEAD_MOST;
	}
	const char *length = strcasestr(peer->head, "\r\ncontent-length:");
	*used = (size_t)(end + 4 - peer->head) - before;
	peer->body_left = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
	peer->head_size = 0;
	peer->in_body = true;
	return true;
}

static void say_when(void)
{
	struct timespec now;

	if (!says_when)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	fflush(stdout);
}

static bool take(nfds_t which, const char *data, size_t size)
{
	static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
	struct peer *peer = &peers[which];
	size_t used;

	while (size > 0 || (peer->in_body && peer->body_left == 0)) {
		if (!peer->in_body) {
			if (!take_head(peer, data, size, &used))
				return false;
		} else {
			used = size < peer->body_left ? size : peer->body_left;
			peer->body_left -= used;
		}
		data += used;
		size -= used;
		if (!peer->in_body || peer->body_left > 0)
			continue;
		peer->in_body = false;
		say_when();
		if (send(descriptors[which].fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
			return false;
	}
	return true;
}

static bool serve(nfds_t which)
{
	static char buffer[CHUNK];
	ssize_t got = recv(descriptors[which].fd, buffer, sizeof buffer, 0);

	return got > 0 && take(which, buffer, (size_t)got);
}

int main(int argc, char **argv)
{
	says_when = argc > 1 && strcmp(argv[1], "times") == 0;
	listen_here();
	for (;;) {
		if (poll(descriptors, count, -1) < 0)
			fail("poll");
		/* From the end: who leaves is replaced by the last one, who has been served. */
		for (nfds_t i = count - 1; i > 0; i--)
			if (descriptors[i].revents != 0 && !serve(i))
				part_with(i);
		if (descriptors[0].revents != 0)
			welcome();
	}
}
