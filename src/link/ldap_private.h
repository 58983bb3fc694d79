/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the LDAP facade share: the connection, its socket, and the watchdog that ends every wait.
 */
#ifndef ROSTER_LINK_LDAP_PRIVATE_H
#define ROSTER_LINK_LDAP_PRIVATE_H

#include "roster/arena.h"
#include "roster/ldap.h"

#include <ldap.h>

/* --- time and the watchdog (ldap_watchdog.c) --------------------------------------------------------------------- */

enum { NO_DEADLINE = 0 };

int64_t monotonic_ms(void);
/* In milliseconds from now; never NO_DEADLINE. */
int64_t deadline_after(int64_t milliseconds);

/* A thread that sleeps until the deadline and then shuts the socket down, so that whatever libldap or GnuTLS is doing
 * with it returns at once. libldap has no bound for a TLS handshake, nor for the second half of a message. */
struct watchdog;
struct watchdog *watchdog_start(int fd, int64_t deadline);
void watchdog_set(struct watchdog *watchdog, int64_t deadline);
bool watchdog_fired(struct watchdog *watchdog);
void watchdog_stop(struct watchdog **watchdog); /* before the socket is closed; accepts NULL */

/* --- the socket (ldap_socket.c) ---------------------------------------------------------------------------------- */

/* A connected, blocking socket with keepalives. local: the peer is this machine. */
struct ldap_socket {
	int fd;
	bool local;
};
int ldap_socket_tcp(const char *host, int port, int64_t deadline, struct ldap_socket *ret, struct error *err);
int ldap_socket_unix(const char *path, int64_t deadline, struct ldap_socket *ret, struct error *err);
/* Whoever waits for the socket is woken only when so many bytes are there. */
void ldap_socket_patience(int fd, int bytes);

/* Let the handle's socket be read in large pieces (ldap_ahead.c); before TLS. -1 when libldap does not want it. */
int ldap_read_ahead(Sockbuf *sockbuf, int fd);

/* --- result codes (ldap_code.c) ---------------------------------------------------------------------------------- */

struct ldap_code {
	int code;
	bool incomplete; /* what came is true, more may exist */
	enum error_class class;
	const char *hint; /* may be NULL */
};
const struct ldap_code *ldap_code_find(int code); /* never NULL */

/* --- the connection (ldap.c) ------------------------------------------------------------------------------------- */

struct ldap_connection {
	LDAP *handle;
	int fd; /* handle's */
	struct watchdog *watchdog;
	bool broken;             /* an answer is outstanding or cannot come any more */
	bool lost;               /* they cannot come any more */
	struct ldap_sync *syncs; /* whose answers are outstanding */
	int64_t operation_ms, run_ms, run_end;
	struct arena *arena; /* values of the entry at hand */
	struct ldap_attribute *attributes;
	size_t attribute_room;
	/* for messages and for ldap_log_search() */
	char *url, *bind_dn, *ca_file;
	bool external, gssapi, starttls;
};

/* One attempt to reach one URL. */
struct attempt {
	const struct ldap_options *options;
	struct ldap_connection *connection;
	LDAPURLDesc *url;
	struct ldap_socket socket;
	bool secure;
};
/* What went wrong at `doing`, by libldap's or the server's code; a deadline that has passed explains any code. */
int ldap_attempt_fail(const struct attempt *attempt, const char *doing, int code, struct error *err);
int ldap_attempt_option(struct attempt *attempt, int option, const void *value, struct error *err);
/* Say who we are (ldap_bind.c). */
int ldap_attempt_bind(struct attempt *attempt, struct error *err);

/* What the server, or libldap, has to say beyond the code; "" when nothing. ret is cut, never overrun. */
void ldap_diagnostic(LDAP *handle, char *ret, size_t size);

/* --- what searches of any kind share (ldap_search.c) -------------------------------------------------------------- */

/* The parts of a result that matter. Starts as {0}. */
struct ldap_response {
	int code;
	char *matched, *text;
	char **referrals;
	LDAPControl **controls;
};
int ldap_response_parse(const struct ldap_connection *connection, LDAPMessage *message, struct ldap_response *ret,
			struct error *err);
void ldap_response_free(struct ldap_response *response);
/* The code in words, and what the server says about it; cut, never overrun. */
void ldap_response_describe(const struct ldap_response *response, char *ret, size_t size);

/* At the level debug; nothing in it is secret. */
struct ldap_sync_search;
void ldap_log_search(const struct ldap_connection *connection, const struct ldap_search *search);
void ldap_log_sync(const struct ldap_connection *connection, const struct ldap_sync_search *search);

int ldap_scope_code(enum ldap_scope scope);

/* Names and values stay where they are in the message, with a NUL behind each that libldap has put there: read the
 * controls of the message before. Arrays are in the connection's arena and last until it is reset or the next entry is decoded;
 * the caller frees ber, also after a failure. -1: malformed. */
int ldap_entry_decode(struct ldap_connection *connection, LDAPMessage *message, BerElement **ber,
		      struct ldap_entry *ret);

#endif
