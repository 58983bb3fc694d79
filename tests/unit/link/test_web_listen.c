/* SPDX-License-Identifier: Apache-2.0 */
#include "link/web_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory for sockets. */
struct place {
	char directory[32];
	struct str address, path;
	struct error err;
};

static const char *file_of(const struct place *place)
{
	return str_text(&place->address) + strlen("unix:");
}

static int setup(void **state)
{
	struct place *place = test_calloc(1, sizeof *place);

	snprintf(place->directory, sizeof place->directory, "/tmp/roster-web-XXXXXX");
	assert_non_null(mkdtemp(place->directory));
	str_printf(&place->address, "unix:%s/socket", place->directory);
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	unlink(file_of(place));
	assert_int_equal(rmdir(place->directory), 0);
	str_free(&place->address);
	str_free(&place->path);
	test_free(place);
	return 0;
}

static int listen_at(struct place *place)
{
	str_clear(&place->path);
	return web_socket(str_text(&place->address), &place->path, &place->err);
}

/* --- unix -------------------------------------------------------------------------------------------------------------- */

static void a_socket_is_for_user_and_group(void **state)
{
	struct place *place = *state;
	struct stat made;
	int fd = listen_at(place);

	assert_true(fd >= 0);
	assert_string_equal(str_text(&place->path), file_of(place));
	assert_int_equal(stat(file_of(place), &made), 0);
	assert_int_equal(made.st_mode & 07777, 0660);
	assert_true(S_ISSOCK(made.st_mode));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void a_socket_nobody_listens_on_is_replaced(void **state)
{
	struct place *place = *state;

	close(listen_at(place));
	int fd = listen_at(place);
	assert_true(fd >= 0);
	close(fd);
}

static void one_that_is_listened_on_is_not(void **state)
{
	struct place *place = *state;
	int fd = listen_at(place);

	assert_int_equal(listen_at(place), -1);
	assert_int_equal(place->err.class, ERR_CONFLICT);
	assert_non_null(strstr(place->err.text, file_of(place)));
	assert_int_equal(place->path.size, 0);
	assert_int_equal(access(file_of(place), F_OK), 0);
	close(fd);
}

static void another_file_is_left_alone(void **state)
{
	struct place *place = *state;

	close(open(file_of(place), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(listen_at(place), -1);
	assert_int_equal(place->err.class, ERR_CONFIG);
	assert_int_equal(access(file_of(place), F_OK), 0);
}

static void a_link_to_a_socket_is_left_alone(void **state)
{
	struct place *place = *state;

	assert_int_equal(symlink("/nowhere", file_of(place)), 0);
	assert_int_equal(listen_at(place), -1);
	assert_int_equal(place->err.class, ERR_CONFIG);
}

static void a_directory_that_is_missing_is_named(void **state)
{
	struct place *place = *state;
	struct error err = {0};

	assert_int_equal(web_socket("unix:/nowhere/at/all", &place->path, &err), -1);
	assert_int_equal(err.class, ERR_CONFIG);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
}

/* --- this host --------------------------------------------------------------------------------------------------------- */

static void a_port_of_this_host_alone(void **state)
{
	struct place *place = *state;
	struct sockaddr_in four = {.sin_port = 0};
	socklen_t size = sizeof four;
	/* Port 0 is never configured: it lets the system choose, so that the test finds a free one. */
	int fd = web_socket("127.0.0.1:0", &place->path, &place->err);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&four, &size), 0);
	assert_int_equal(ntohl(four.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(place->path.size, 0);

	char taken[32];
	snprintf(taken, sizeof taken, "127.0.0.1:%d", ntohs(four.sin_port));
	assert_int_equal(web_socket(taken, &place->path, &place->err), -1);
	assert_int_equal(place->err.class, ERR_CONFLICT);
	close(fd);
}

static void other_addresses_are_refused(void **state)
{
	struct place *place = *state;
	static const char *const addresses[] = {"0.0.0.0:80", "example:80", "[::]:80", "/tmp/x", ""};

	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		assert_int_equal(web_socket(addresses[i], &place->path, &place->err), -1);
		assert_int_equal(place->err.class, ERR_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_socket_is_for_user_and_group, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_socket_nobody_listens_on_is_replaced, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_that_is_listened_on_is_not, setup, teardown),
	    cmocka_unit_test_setup_teardown(another_file_is_left_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_link_to_a_socket_is_left_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_directory_that_is_missing_is_named, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_port_of_this_host_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(other_addresses_are_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
