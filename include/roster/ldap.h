/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap: the facade over libldap: one connection to a directory server, and searches that know whether they saw it all.
 *
 * It takes off your hands: failover over a list of URLs, TLS that is always verified and StartTLS that never falls back,
 * binds, deadlines that hold even while a peer is silent in the middle of a TLS handshake or of a message, paging
 * (RFC 2696), and what a result code means for completeness (RFC 4511 section 4.1.9). No rc file, no environment variable
 * and no referral changes what it does. It knows no schema: an entry is a name and attributes.
 *
 * A connection belongs to one thread. A search that ends without the server's result (by a deadline, by its callback)
 * leaves the connection unusable; close it and open another. The first ldap_connection_open() sets LDAPNOINIT and ignores SIGPIPE for the
 * process. Times are milliseconds. Errors: ERR_UNREACHABLE no answer, busy, or TLS not to be had; ERR_DENIED refused; ERR_CLOSED our own account is closed;
 * ERR_PROTOCOL nonsense; ERR_CONFIG what we were told to do cannot be done. They name URL, base and filter, no secret.
 */
#ifndef ROSTER_LDAP_H
#define ROSTER_LDAP_H

#include "roster/arena.h"
#include "roster/error.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ldap_connection;

/* Everything is borrowed until ldap_connection_open() returns; the caller wipes the password after that. */
struct ldap_options {
	const char **urls; /* ldap://, ldaps://, ldapi://; tried in order */
	size_t url_count;
	const char *bind_dn;  /* "" binds anonymously */
	const char *password; /* octets, for bind_dn */
	size_t password_size;
	bool external;        /* SASL EXTERNAL, over ldapi:// only: the server takes our user id from the socket */
	const char *keytab;   /* SASL GSSAPI, as the first principal in this file (RFC 4752); NULL for none */
	bool starttls;        /* ldap:// only turns to TLS before anything is said */
	const char *ca_file;  /* "" for the system's certificates */
	bool allow_plaintext; /* send a password over ldap:// without TLS to another machine */
	int64_t connect_ms;   /* for each URL: TCP, TLS and bind (not the resolver's time) */
	int64_t operation_ms; /* longest silence of a server we wait for */
	int64_t run_ms;       /* from the call of ldap_connection_open() to the end of the last search */
};

/* Try each URL until one has accepted the bind. A server that refuses the credentials ends the attempt: the others share
 * them, and asking all of them locks the account sooner. */
/* What has to be done once for the process, and before it has threads of its own: it changes the environment. Otherwise
 * the first connection does it. Mechanisms of SASL take time to load, and only GSSAPI needs them. */
void ldap_prepare(bool with_mechanisms);
int ldap_connection_open(const struct ldap_options *options, struct ldap_connection **ret, struct error *err);
void ldap_connection_close(struct ldap_connection **connection); /* accepts NULL, sets NULL */
/* The URL that serves this connection. */
const char *ldap_connection_url(const struct ldap_connection *connection);

/* --- searches ---------------------------------------------------------------------------------------------------- */

/* Octets in the received message, followed by a NUL that is not part of them. */
struct ldap_value {
	const char *data;
	size_t size;
};

struct ldap_attribute {
	const char *name; /* as the server wrote it, options included */
	struct ldap_value *values;
	size_t count;
};

/* Lives until the callback returns. */
struct ldap_entry {
	const char *dn;
	size_t dn_size; /* differs from strlen(dn) when a hostile server put a NUL into the name */
	const struct ldap_attribute *attributes;
	size_t count;
};

/* The attribute named so (ASCII case-insensitive, options included) with a value at least; NULL when there is none. */
const struct ldap_attribute *ldap_entry_attribute(const struct ldap_entry *entry, const char *name);

enum ldap_scope { SCOPE_BASE, SCOPE_CHILDREN, SCOPE_SUBTREE };

/* Directory synchronization (MS-ADTS section 3.1.1.3.4.1.3): what changed since the cookie. */
struct ldap_dirsync {
	int64_t flags;     /* DIRSYNC_* */
	struct str cookie; /* where to go on from, empty for the beginning; afterwards where it is */
};
#define DIRSYNC_OBJECT_SECURITY    0x1        /* what the account may read, without the right to replicate */
#define DIRSYNC_INCREMENTAL_VALUES 0x80000000 /* of a list of members those that came and went, not all */

struct ldap_search {
	const char *base;
	enum ldap_scope scope;
	const char *filter;           /* RFC 4515 */
	const char **attributes;      /* NULL-terminated; operational ones by name */
	int64_t page_size;            /* 0 for none */
	int most;                     /* entries to stop at, which makes it incomplete and cut; 0 for no such limit */
	struct ldap_dirsync *dirsync; /* NULL for none; excludes pages */
	bool show_deleted;            /* Active Directory: tombstones too */
	bool extended_dns; /* Active Directory: values that are DNs come with GUID and SID (MS-ADTS 3.1.1.3.4.1.5) */
	/* For each entry: 0, or -1 with err set to stop. */
	int (*entry)(void *context, const struct ldap_entry *entry, struct error *err);
	/* Another server has the part of the tree below this DN: does it hold nothing that is searched for? NULL: it may. */
	bool (*passes_over)(void *context, const char *dn);
	void *context;
};

/* Result codes (RFC 4511 appendix A) that callers tell apart. */
enum { LDAP_CODE_NO_SUCH_OBJECT = 32 };

/* How a search ended. When it failed, only the code is set. complete: the last page ended with success and an empty cookie, and no part of
 * the tree was left to another server. */
struct ldap_outcome {
	bool complete;
	bool is_cut; /* at a number of entries that is the most the server gives */
	int code;    /* the last result code */
	unsigned long entries, references;
	char reason[512]; /* why it is not complete, with the code and what to do */
};

/* 0 with outcome filled, or -1: the search failed, and nothing follows from what came before (a base that does not exist
 * is such a failure, never an empty answer). At the level debug the log has each search as an ldapsearch command that asks
 * the same, ready to paste into a shell; it asks for the password. */
int ldap_connection_search(struct ldap_connection *connection, const struct ldap_search *search,
			   struct ldap_outcome *ret, struct error *err);

/* A search in the form of a URL (RFC 4516). */
struct ldap_url {
	const char *base, *filter;
	enum ldap_scope scope;
	bool has_attributes; /* it names what is wanted of the entries */
};
/* -1 when it is none, or one of another server. Memory is from arena. */
int ldap_url_split(const char *url, struct arena *arena, struct ldap_url *ret);

#endif
