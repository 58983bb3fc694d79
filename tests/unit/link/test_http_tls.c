/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we talk to: openssl's own server with certificates made for each run. */
#include "roster/http.h"

#include "http_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static char folder[] = "/tmp/roster-test-XXXXXX";
static char certificate[64], key[64], other_certificate[64], other_key[64], settings[64];

/* --- programs ---------------------------------------------------------------------------------------------------- */

/* Start a program with these descriptors as its input and output. */
static pid_t spawn(const char *const *words, int input, int output)
{
	posix_spawn_file_actions_t actions;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int failed = posix_spawnp(&child, words[0], &actions, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? -1 : child;
}

static int make_certificate(const char *certificate_file, const char *key_file)
{
	const char *const words[] = {
	    "openssl", "req",    "-x509", "-newkey",        "rsa:2048", "-nodes",
	    "-days",   "2",      "-subj", "/CN=localhost",  "-addext",  "subjectAltName=DNS:localhost",
	    "-keyout", key_file, "-out",  certificate_file, NULL};
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC), status = 0;

	pid_t child = spawn(words, nothing, nothing);
	close(nothing);
	return child < 0 || waitpid(child, &status, 0) != child || status;
}

/* Without these OpenSSL itself refuses what is older than TLS 1.2, and nothing could be said of roster. */
static int write_settings(void)
{
	FILE *file = fopen(settings, "we");

	if (!file)
		return -1;
	fputs("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = old\n"
	      "[old]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n"
	      "[req]\ndistinguished_name = name\n[name]\n",
	      file);
	return fclose(file) || setenv("OPENSSL_CONF", settings, 1);
}

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(certificate, sizeof(certificate), "%s/certificate.pem", folder);
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	snprintf(other_certificate, sizeof(other_certificate), "%s/other.pem", folder);
	snprintf(other_key, sizeof(other_key), "%s/other-key.pem", folder);
	snprintf(settings, sizeof(settings), "%s/openssl.cnf", folder);
	if (write_settings() || make_certificate(certificate, key))
		return -1;
	return make_certificate(other_certificate, other_key);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(certificate);
	unlink(key);
	unlink(other_certificate);
	unlink(other_key);
	unlink(settings);
	return rmdir(folder);
}

/* --- the server -------------------------------------------------------------------------------------------------- */

struct tls_server {
	pid_t child;
	int input, output; /* what we write there it says; what it hears is read here */
	int port;
	struct str heard;
};

static bool hear(struct tls_server *server)
{
	char bytes[4096];
	ssize_t size = read(server->output, bytes, sizeof(bytes));

	if (size > 0)
		str_append(&server->heard, bytes, (size_t)size);
	return size > 0;
}

static void tls_server_start(struct tls_server *server, const char *version)
{
	const char *const words[] = {"openssl",   "s_server", "-accept", "127.0.0.1:0", "-cert",
				     certificate, "-key",     key,       version,       NULL};
	int input[2], output[2];
	const char *said = NULL;

	*server = (struct tls_server){0};
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	server->child = spawn(words, input[0], output[1]);
	close(input[0]);
	close(output[1]);
	assert_true(server->child > 0);
	server->input = input[1];
	server->output = output[0];
	while (!said || !strchr(said, '\n')) {
		if (!hear(server))
			fail_msg("openssl s_server does not start: %s", str_text(&server->heard));
		said = strstr(str_text(&server->heard), "ACCEPT 127.0.0.1:");
	}
	server->port = (int)strtol(said + strlen("ACCEPT 127.0.0.1:"), NULL, 10);
}

static void tls_server_stop(struct tls_server *server)
{
	kill(server->child, SIGKILL);
	waitpid(server->child, NULL, 0);
	close(server->input);
	close(server->output);
	str_free(&server->heard);
}

static void ask_tls(struct tls_server *server, const char *host, const char *ca_file, struct http_reply *ret)
{
	struct http_request request = {
	    .body = "{}", .size = 2, .ca_file = ca_file, .timeout_ms = 60000, .allow_loopback = true};
	struct error err = {0};
	bool answered = false;
	int came = 0;
	char url[64];

	snprintf(url, sizeof(url), "https://%s:%d/", host, server->port);
	request.url = url;
	assert_int_equal(http_start(http, &request, &err), 0);
	while (came == 0) {
		came = http_next(http, answered ? -1 : server->output, 60000, ret, &err);
		if (came != 0 || answered || !hear(server))
			continue;
		answered = strstr(str_text(&server->heard), "\r\n\r\n{}") != NULL;
		if (answered)
			assert_int_equal(write(server->input, OK, strlen(OK)), strlen(OK));
	}
	assert_int_equal(came, 1);
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

static void trusted_peer_is_told(void **state)
{
	struct tls_server server;
	struct http_reply reply;

	(void)state;
	tls_server_start(&server, "-tls1_2");
	ask_tls(&server, "localhost", certificate, &reply);
	if (reply.status != 200)
		fail_msg("%s", reply.error.text);
	assert_string_equal(reply.body, "ok");
	tls_server_stop(&server);
}

static void assert_untold(const struct tls_server *server)
{
	assert_null(strstr(str_text(&server->heard), "POST"));
}

static void peer_that_cannot_be_trusted_is_not_told(void **state)
{
	struct tls_server server;
	struct http_reply reply;

	(void)state;
	tls_server_start(&server, "-tls1_2");
	ask_tls(&server, "localhost", "", &reply);
	assert_failed(&reply, ERR_DENIED, "has a certificate that is not trusted");
	assert_non_null(strstr(reply.error.text, "(the CA file must name"));
	ask_tls(&server, "localhost", NULL, &reply);
	assert_failed(&reply, ERR_DENIED, "has a certificate that is not trusted");
	ask_tls(&server, "localhost", other_certificate, &reply);
	assert_failed(&reply, ERR_DENIED, "has a certificate that is not trusted");
	/* Trusted, but somebody else's. */
	ask_tls(&server, "127.0.0.1", certificate, &reply);
	assert_failed(&reply, ERR_DENIED, "127.0.0.1:");
	assert_untold(&server);
	tls_server_stop(&server);
}

static void trust_is_not_inherited(void **state)
{
	struct tls_server server;
	struct http_reply reply;

	(void)state;
	tls_server_start(&server, "-tls1_2");
	ask_tls(&server, "localhost", certificate, &reply);
	assert_int_equal(reply.status, 200);
	str_clear(&server.heard);
	ask_tls(&server, "localhost", other_certificate, &reply);
	assert_int_equal(reply.status, 0);
	assert_untold(&server);
	tls_server_stop(&server);
}

static void old_tls_is_refused(void **state)
{
	struct tls_server server;
	struct http_reply reply;

	(void)state;
	tls_server_start(&server, "-tls1_1");
	ask_tls(&server, "localhost", certificate, &reply);
	assert_failed(&reply, ERR_PROTOCOL, "does not agree on TLS");
	assert_non_null(strstr(reply.error.text, "at least version 1.2"));
	assert_untold(&server);
	tls_server_stop(&server);
}

static void missing_ca_file_is_named(void **state)
{
	struct tls_server server;
	struct http_reply reply;

	(void)state;
	tls_server_start(&server, "-tls1_2");
	ask_tls(&server, "localhost", "/nonexistent/ca.pem", &reply);
	assert_failed(&reply, ERR_CONFIG, "/nonexistent/ca.pem");
	assert_untold(&server);
	tls_server_stop(&server);
}

static void plain_peer_speaks_no_tls(void **state)
{
	static struct server plain;
	struct http_request request = {.ca_file = certificate, .timeout_ms = 60000, .allow_loopback = true};
	struct http_reply reply;
	char url[64];

	(void)state;
	/* A TLS greeting is no request: whoever answers it at once is a mail server, say. */
	server_start(&plain, SERVER_GREETS, "220 mail.example ESMTP\r\n");
	snprintf(url, sizeof(url), "https://localhost:%d/", plain.port);
	request.url = url;
	ask(&request, &reply);
	assert_failed(&reply, ERR_PROTOCOL, "does not agree on TLS");
	server_stop(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(trusted_peer_is_told),     TEST(peer_that_cannot_be_trusted_is_not_told),
	    TEST(trust_is_not_inherited),   TEST(old_tls_is_refused),
	    TEST(missing_ca_file_is_named), TEST(plain_peer_speaks_no_tls),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
