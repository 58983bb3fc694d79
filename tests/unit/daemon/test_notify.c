/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A service manager: its socket, in a directory of its own or abstract. */
struct manager {
	int fd;
	char directory[64], path[108];
};

static void listen_at(struct manager *manager, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);

	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	snprintf(manager->path, sizeof manager->path, "%s", path);
	manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t all = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (path[0] == '/'));
	assert_int_equal(bind(manager->fd, (struct sockaddr *)&address, all), 0);
	setenv("NOTIFY_SOCKET", path, 1);
}

static int setup(void **state)
{
	struct manager *manager = test_calloc(1, sizeof *manager);
	char path[108];

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	snprintf(manager->directory, sizeof manager->directory, "/tmp/roster-notify-XXXXXX");
	assert_non_null(mkdtemp(manager->directory));
	snprintf(path, sizeof path, "%s/socket", manager->directory);
	listen_at(manager, path);
	*state = manager;
	return 0;
}

static int teardown(void **state)
{
	struct manager *manager = *state;

	close(manager->fd);
	if (manager->path[0] == '/')
		unlink(manager->path);
	rmdir(manager->directory);
	test_free(manager);
	return 0;
}

/* The next message; "" when there is none. */
static const char *received(const struct manager *manager)
{
	static char text[2048];
	ssize_t size = recv(manager->fd, text, sizeof text - 1, MSG_DONTWAIT);

	text[size < 0 ? 0 : size] = '\0';
	return text;
}

static void a_message_arrives_whole(void **state)
{
	struct notify notify;
	struct error err = {0};

	assert_int_equal(notify_open(&notify, &err), 0);
	notify_send(&notify, "READY=1\nSTATUS=%d of %d", 2, 3);
	assert_string_equal(received(*state), "READY=1\nSTATUS=2 of 3");
	assert_string_equal(received(*state), "");
	notify_close(&notify);
}

static void an_abstract_socket_will_do(void **state)
{
	struct manager *manager = *state, abstract;
	struct notify notify;
	struct error err = {0};
	char path[108];

	snprintf(path, sizeof path, "@%s", manager->directory);
	listen_at(&abstract, path);
	assert_int_equal(notify_open(&notify, &err), 0);
	notify_send(&notify, "WATCHDOG=1");
	assert_string_equal(received(&abstract), "WATCHDOG=1");
	assert_string_equal(received(manager), "");
	notify_close(&notify);
	close(abstract.fd);
}

static void reloading_says_since_when(void **state)
{
	struct notify notify;
	struct error err = {0};
	struct timespec now;
	int64_t usec = 0;

	assert_int_equal(notify_open(&notify, &err), 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_reloading(&notify);
	assert_int_equal(sscanf(received(*state), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &usec), 1);
	int64_t least = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
	assert_true(usec >= least && usec < least + 60 * 1000000);
	notify_close(&notify);
}

static void children_inherit_none_of_it(void **state)
{
	struct notify notify;
	struct error err = {0};

	(void)state;
	setenv("WATCHDOG_USEC", "60000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_open(&notify, &err), 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	notify_close(&notify);
}

/* What the watchdog variables give. */
static int64_t watchdog(const struct manager *manager, const char *usec, const char *pid)
{
	struct notify notify;
	struct error err = {0};

	setenv("NOTIFY_SOCKET", manager->path, 1);
	setenv("WATCHDOG_USEC", usec, 1);
	if (pid != NULL)
		setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_open(&notify, &err), 0);
	notify_close(&notify);
	return notify.watchdog_ms;
}

static void a_sign_of_life_is_due_twice_as_often(void **state)
{
	char own[32];

	snprintf(own, sizeof own, "%d", (int)getpid());
	assert_int_equal(watchdog(*state, "60000000", NULL), 30000);
	assert_int_equal(watchdog(*state, "60000000", own), 30000);
	assert_int_equal(watchdog(*state, "60000000", "1"), 0);
	assert_int_equal(watchdog(*state, "60000000", "nobody"), 0);
	assert_int_equal(watchdog(*state, "60s", NULL), 0);
	assert_int_equal(watchdog(*state, "-5", NULL), 0);
	assert_int_equal(watchdog(*state, "99999999999999999999", NULL), 0);
}

static void nobody_listens_without_a_socket(void **state)
{
	struct notify notify;
	struct error err = {0};

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(notify_open(&notify, &err), 0);
	assert_int_equal(notify.fd, -1);
	assert_int_equal(notify.watchdog_ms, 0);
	notify_send(&notify, "READY=1");
	notify_close(&notify);
}

static void what_is_no_address_is_refused(void **state)
{
	char most[sizeof(struct sockaddr_un)];
	const char *const refused[] = {"relative/socket", "@", "/", "vsock:2:1234", most};
	struct notify notify;

	(void)state;
	memset(most, 'x', sizeof most);
	most[0] = '/';
	most[sizeof((struct sockaddr_un *)NULL)->sun_path] = '\0';
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct error err = {0};
		setenv("NOTIFY_SOCKET", refused[i], 1);
		assert_int_equal(notify_open(&notify, &err), -1);
		assert_int_equal(err.class, ERR_CONFIG);
		assert_int_equal(notify.fd, -1);
		notify_send(&notify, "READY=1");
	}
}

static void a_manager_that_is_gone_hurts_nobody(void **state)
{
	struct manager *manager = *state;
	struct notify notify;
	struct error err = {0};

	assert_int_equal(notify_open(&notify, &err), 0);
	close(manager->fd);
	manager->fd = -1;
	notify_send(&notify, "READY=1");
	notify_close(&notify);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_message_arrives_whole, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_abstract_socket_will_do, setup, teardown),
	    cmocka_unit_test_setup_teardown(reloading_says_since_when, setup, teardown),
	    cmocka_unit_test_setup_teardown(children_inherit_none_of_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_sign_of_life_is_due_twice_as_often, setup, teardown),
	    cmocka_unit_test_setup_teardown(nobody_listens_without_a_socket, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_is_no_address_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_manager_that_is_gone_hurts_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
