/* SPDX-License-Identifier: Apache-2.0 */
#include "link/ldap_private.h"

#include <openldap.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char system_certificates[] = "/etc/ssl/certs/ca-certificates.crt";
static const char default_unix_socket[] = "/var/run/slapd/ldapi";

/* A group of five million members fits; a hostile length does not. */
enum { MESSAGE_MAX = 512 * 1024 * 1024 };

/* libldap has Cyrus SASL load its mechanisms and their databases when the first handle is made. What we bind with needs none
 * of them. Who sets SASL_PATH wants them to be there. */
static void leave_mechanisms_out(void)
{
	LDAP *handle = NULL;

	if (getenv("SASL_PATH"))
		return;
	setenv("SASL_PATH", "/proc/self/task", 1);
	if (ldap_create(&handle) == LDAP_SUCCESS)
		ldap_unbind_ext(handle, NULL, NULL);
	unsetenv("SASL_PATH");
}

static bool mechanisms; /* are wanted */

static void prepare_process(void)
{
	/* An ldaprc in the working directory could otherwise switch off what verifies our peers. */
	setenv("LDAPNOINIT", "1", 1);
	/* libldap writes its farewell also to a connection that is gone. */
	signal(SIGPIPE, SIG_IGN);
	if (!mechanisms)
		leave_mechanisms_out();
}

/* --- TLS ------------------------------------------------------------------------------------------------------------ */

static const char *ca_file_of(const struct attempt *attempt)
{
	return *attempt->options->ca_file ? attempt->options->ca_file : system_certificates;
}

/* Without a context of its own the handle would silently use the process's, and verify by that. */
static int make_tls_context(struct attempt *attempt, struct error *err)
{
	const char *ca_file = ca_file_of(attempt);
	const int demand = LDAP_OPT_X_TLS_DEMAND, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;

	if (access(ca_file, R_OK))
		return error_set(err, ERR_CONFIG, "cannot read the certificates in ca_file %s: %m", ca_file);
	if (ldap_attempt_option(attempt, LDAP_OPT_X_TLS_CACERTFILE, ca_file, err) ||
	    ldap_attempt_option(attempt, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand, err) ||
	    ldap_attempt_option(attempt, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least, err))
		return -1;
	if (ldap_set_option(attempt->connection->handle, LDAP_OPT_X_TLS_NEWCTX, &client) != LDAP_OPT_SUCCESS)
		return error_set(err, ERR_CONFIG, "ca_file %s holds no usable certificate", ca_file);
	return 0;
}

/* libldap keeps to itself which of these it was. For "localhost" it wants the machine's own name in the certificate. */
static int fail_handshake(const struct attempt *attempt, int code, struct error *err)
{
	const char *host = attempt->url->lud_host;
	bool localhost = text_equal_fold(host, "localhost");

	ldap_attempt_fail(attempt, "TLS", code, err);
	if (watchdog_fired(attempt->connection->watchdog))
		return -1;
	return error_hint(
	    err, "no TLS there, or its certificate is not signed by a CA in %s, not for the name %s, or expired",
	    ca_file_of(attempt), localhost ? "of this machine, which stands for localhost" : host);
}

static int start_tls(struct attempt *attempt, struct error *err)
{
	LDAP *handle = attempt->connection->handle;
	bool ldaps = strcmp(attempt->url->lud_scheme, "ldaps") == 0;

	if (!ldaps && !(attempt->options->starttls && strcmp(attempt->url->lud_scheme, "ldap") == 0))
		return 0;
	if (make_tls_context(attempt, err))
		return -1;
	int code = ldaps ? ldap_install_tls(handle) : ldap_start_tls_s(handle, NULL, NULL);
	/* A result code of the server (positive) is its answer to StartTLS; libldap's own come from the handshake. */
	if (code > 0) {
		ldap_attempt_fail(attempt, "StartTLS", code, err);
		err->class = ERR_UNREACHABLE;
		return error_hint(err, "nothing was sent in clear text");
	}
	if (code != LDAP_SUCCESS)
		return fail_handshake(attempt, code, err);
	if (!ldap_tls_inplace(handle))
		return error_set(err, ERR_UNREACHABLE, "TLS is not in place after its handshake");
	attempt->secure = true;
	return 0;
}

/* --- one URL ---------------------------------------------------------------------------------------------------------- */

static int open_socket(struct attempt *attempt, int64_t deadline, struct error *err)
{
	const LDAPURLDesc *url = attempt->url;
	bool has_host = url->lud_host && *url->lud_host;

	if (strcmp(url->lud_scheme, "ldapi") == 0)
		return ldap_socket_unix(has_host ? url->lud_host : default_unix_socket, deadline, &attempt->socket,
					err);
	if (strcmp(url->lud_scheme, "ldap") != 0 && strcmp(url->lud_scheme, "ldaps") != 0)
		return error_set(err, ERR_CONFIG, "%s:// is not one of ldap://, ldaps://, ldapi://", url->lud_scheme);
	if (!has_host)
		return error_set(err, ERR_CONFIG, "the URL names no host");
	return ldap_socket_tcp(url->lud_host, url->lud_port, deadline, &attempt->socket, err);
}

/* libldap takes over a socket that is connected already: so the time for that is bounded too, and we know the peer. */
static int make_handle(struct attempt *attempt, const char *url, struct error *err)
{
	LDAP **handle = &attempt->connection->handle;
	const int version = LDAP_VERSION3;
	ber_len_t message_max = MESSAGE_MAX;
	Sockbuf *sockbuf = NULL;

	int proto = strcmp(attempt->url->lud_scheme, "ldapi") == 0 ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
	int code = ldap_init_fd(attempt->socket.fd, proto, url, handle);
	if (code != LDAP_SUCCESS) {
		close(attempt->socket.fd);
		return error_set(err, ERR_INTERNAL, "libldap does not start: %s (%d)", ldap_err2string(code), code);
	}
	if (ldap_attempt_option(attempt, LDAP_OPT_PROTOCOL_VERSION, &version, err) ||
	    ldap_attempt_option(attempt, LDAP_OPT_REFERRALS, LDAP_OPT_OFF, err) ||
	    ldap_attempt_option(attempt, LDAP_OPT_RESTART, LDAP_OPT_ON, err))
		return -1;
	if (ldap_get_option(*handle, LDAP_OPT_SOCKBUF, &sockbuf) != LDAP_OPT_SUCCESS || !sockbuf)
		return error_set(err, ERR_INTERNAL, "libldap does not tell its socket");
	ber_sockbuf_ctrl(sockbuf, LBER_SB_OPT_SET_MAX_INCOMING, &message_max);
	if (ldap_read_ahead(sockbuf, attempt->socket.fd))
		return error_set(err, ERR_INTERNAL, "libldap does not take a buffer");
	return 0;
}

static int open_connection(struct attempt *attempt, const char *url, struct error *err)
{
	struct ldap_connection *connection = attempt->connection;
	int64_t deadline = deadline_after(attempt->options->connect_ms);

	if (connection->run_end < deadline)
		deadline = connection->run_end;
	if (ldap_url_parse(url, &attempt->url) != LDAP_URL_SUCCESS)
		return error_set(err, ERR_CONFIG, "this is not an LDAP URL");
	if (open_socket(attempt, deadline, err))
		return -1;
	if (make_handle(attempt, url, err))
		return -1;
	connection->fd = attempt->socket.fd;
	connection->watchdog = watchdog_start(attempt->socket.fd, deadline);
	if (!connection->watchdog)
		return error_set(err, ERR_INTERNAL, "cannot start a thread");
	if (start_tls(attempt, err) || ldap_attempt_bind(attempt, err))
		return -1;
	watchdog_set(connection->watchdog, NO_DEADLINE);
	return 0;
}

static int try_url(const struct ldap_options *options, const char *url, int64_t run_end, struct ldap_connection **ret,
		   struct error *err)
{
	struct ldap_connection *connection = xcalloc(1, sizeof(*connection));
	struct attempt attempt = {.options = options, .connection = connection};

	connection->run_end = run_end;
	int status = open_connection(&attempt, url, err);
	ldap_free_urldesc(attempt.url);
	if (status) {
		ldap_connection_close(&connection);
		return error_prefix(err, "%s", url);
	}
	connection->operation_ms = options->operation_ms;
	connection->run_ms = options->run_ms;
	connection->arena = arena_new();
	connection->url = xstrdup(url);
	connection->bind_dn = xstrdup(options->bind_dn);
	connection->ca_file = xstrdup(options->ca_file);
	connection->external = options->external;
	connection->gssapi = options->keytab != NULL;
	connection->starttls = options->starttls && attempt.secure && text_starts_with(url, "ldap:");
	*ret = connection;
	return 0;
}

void ldap_prepare(bool with_mechanisms)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	mechanisms = with_mechanisms;
	pthread_once(&once, prepare_process);
}

int ldap_connection_open(const struct ldap_options *options, struct ldap_connection **ret, struct error *err)
{
	int64_t run_end = deadline_after(options->run_ms);
	struct str earlier = {0};

	*ret = NULL;
	ldap_prepare(options->keytab != NULL);
	if (options->url_count == 0)
		return error_set(err, ERR_CONFIG, "no URL of an LDAP server is configured");
	for (size_t i = 0; i < options->url_count; i++) {
		struct error one = {0};
		if (!try_url(options, options->urls[i], run_end, ret, &one))
			break;
		str_printf(&earlier, "%s%s", earlier.size ? "; " : "", one.text);
		error_set(err, one.class, "%s", str_text(&earlier));
		if (one.class != ERR_UNREACHABLE && one.class != ERR_PROTOCOL)
			break;
	}
	str_free(&earlier);
	if (*ret && err)
		*err = (struct error){0};
	return *ret ? 0 : -1;
}

void ldap_connection_close(struct ldap_connection **connection)
{
	struct ldap_connection *closing = *connection;

	if (!closing)
		return;
	watchdog_stop(&closing->watchdog);
	if (closing->handle)
		ldap_unbind_ext(closing->handle, NULL, NULL);
	arena_free(&closing->arena);
	free(closing->attributes);
	free(closing->url);
	free(closing->bind_dn);
	free(closing->ca_file);
	free(closing);
	*connection = NULL;
}

const char *ldap_connection_url(const struct ldap_connection *connection)
{
	return connection->url;
}
