/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ahead: libldap asks the kernel twice for each message, and waits once; here it asks once for as many as there are. */
#include "link/ldap_private.h"

#include "roster/arena.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { AHEAD_BYTES = 128 * 1024, FIRST_PAUSE_MS = 2, LONGEST_PAUSE_MS = 64 };

struct ahead {
	int fd;
	size_t at, end; /* what was read and not asked for yet */
	char bytes[AHEAD_BYTES];
};

static int ahead_setup(Sockbuf_IO_Desc *layer, void *fd)
{
	struct ahead *ahead = xcalloc(1, sizeof(*ahead));

	ahead->fd = *(const int *)fd;
	layer->sbiod_pvt = ahead;
	return 0;
}

static int ahead_remove(Sockbuf_IO_Desc *layer)
{
	free(layer->sbiod_pvt);
	layer->sbiod_pvt = NULL;
	return 0;
}

static int ahead_ctrl(Sockbuf_IO_Desc *layer, int option, void *argument)
{
	const struct ahead *ahead = layer->sbiod_pvt;

	if (option == LBER_SB_OPT_DATA_READY && ahead->at < ahead->end)
		return 1;
	return LBER_SBIOD_CTRL_NEXT(layer, option, argument);
}

/* The rest of a message may be less than poll() was told to wait for: so that is not waited for long. */
static ssize_t fill(struct ahead *ahead)
{
	struct pollfd poll_fd = {.fd = ahead->fd, .events = POLLIN};
	int pause = FIRST_PAUSE_MS;
	ssize_t got;

	while ((got = recv(ahead->fd, ahead->bytes, sizeof(ahead->bytes), MSG_DONTWAIT)) < 0 &&
	       (errno == EAGAIN || errno == EINTR)) {
		if (poll(&poll_fd, 1, pause) < 0 && errno != EINTR)
			return -1;
		pause = pause < LONGEST_PAUSE_MS ? 2 * pause : pause;
	}
	ahead->at = 0;
	ahead->end = got > 0 ? (size_t)got : 0;
	return got;
}

static ber_slen_t ahead_read(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t size)
{
	struct ahead *ahead = layer->sbiod_pvt;
	size_t left = ahead->end - ahead->at;

	if (left == 0) {
		ssize_t got = fill(ahead);
		if (got <= 0)
			return got;
		left = ahead->end;
	}
	if (size > left)
		size = left;
	memcpy(buffer, ahead->bytes + ahead->at, size);
	ahead->at += size;
	return (ber_slen_t)size;
}

static ber_slen_t ahead_write(Sockbuf_IO_Desc *layer, void *buffer, ber_len_t size)
{
	return LBER_SBIOD_WRITE_NEXT(layer, buffer, size);
}

static Sockbuf_IO ahead_io = {
    .sbi_setup = ahead_setup,
    .sbi_remove = ahead_remove,
    .sbi_ctrl = ahead_ctrl,
    .sbi_read = ahead_read,
    .sbi_write = ahead_write,
};

int ldap_read_ahead(Sockbuf *sockbuf, int fd)
{
	return ber_sockbuf_add_io(sockbuf, &ahead_io, LBER_SBIOD_LEVEL_PROVIDER, &fd);
}
