/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: the administrator's file, read, checked and turned into plain structs.
 *
 * config_load() reads rosterd.conf and its conf.d, checks every key against ONE table (type, default, range, unit, help,
 * secret), and returns either a whole valid configuration or every finding at once, each with file:line, the source line
 * and, for a misspelt key, the nearest one. The same table feeds rosterd.conf(5), `rosterctl config explain` and the lint
 * that compares them. Durations are milliseconds here; strings are never NULL ("" when unset) unless said otherwise.
 */
#ifndef ROSTER_CONFIG_H
#define ROSTER_CONFIG_H

#include "roster/arena.h"
#include "roster/error.h"
#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a setting stands: for messages and for explain. */
struct position {
	const char *file; /* as given or found, e.g. "/etc/roster/conf.d/sales.conf" */
	int line;
};

/* A reference to a secret, `credential:NAME` or `file:PATH`; the value is read by secret_read() when it is needed and is
 * never kept in the configuration. */
struct secret_reference {
	const char *text; /* "" when unset; PATH is as seen from the file the reference stands in */
};

/* Wiped by secret_wipe(); has no printed form. */
struct secret {
	char *bytes;
	size_t size;
};
/* Read it: a regular file of at most 64 KiB, without its one trailing newline, a NUL behind it. A file that gives any
 * right to others is refused, and so is an empty one; ERR_DENIED when this user may not read it. credential: looks in $CREDENTIALS_DIRECTORY, then /run/secrets. */
int secret_read(const struct secret_reference *reference, struct secret *ret, struct error *err);
void secret_wipe(struct secret *secret);

/* The value of a text the file says nothing about and a dialect decides: "", at this address. */
extern const char config_unset[1];

struct database_config {
	const char *conninfo;     /* libpq conninfo without a user; that of the private cluster when embedded */
	const char *embedded;     /* directory of the private cluster; "" when conninfo */
	const char *owner_role;   /* owns the schema; used by `rosterctl database` */
	const char *daemon_role;  /* runs, staging and apply */
	const char *signin_role;  /* opens sessions, and nothing else */
	const char *signals_role; /* puts in what providers say by themselves, and nothing else */
};

/* How the attributes of one kind of entry are found in a source. */
struct entry_config {
	const char *base;                      /* "" for all of the source */
	const char *filter;                    /* RFC 4515 */
	const char *id, *login, *email, *name; /* attribute names; login, email only for users */
	const char *member;                    /* groups: the attribute holding members; "" for the usual ones */
	bool nested;                           /* groups: members that are groups count */
	bool present;                          /* units: fetch organizational units at all */
	/* Of an API: where a page of such objects is asked for, and where in it they are; how it says that an account is open;
	 * what makes the path a group is named by in rules; where its members and the groups in it are asked for. */
	const char *path, *items, *enabled, *place, *members, *children;
};

/* A server, whatever it speaks. */
struct server_config {
	const char **urls; /* tried in order; from a list or a space-separated string. An API has one */
	size_t url_count;
	const char *ca_file; /* "" for the system's */
	/* Deadlines: for the connection, TLS and a bind together; for silence in an open search, or for one request; for the whole
	 * read. */
	int64_t connect_ms, operation_ms, run_ms;
	int64_t page_size; /* 0: all at once over LDAP (RFC 2696), what is usual of an API */
};

struct ldap_config {
	const char *bind_dn; /* "" for anonymous */
	struct secret_reference password;
	const char *sasl;     /* "", "external" or "gssapi" */
	const char *keytab;   /* "" for none */
	bool starttls;        /* never falls back to clear text */
	bool allow_plaintext; /* credentials over ldap:// to another host without TLS: refused unless set */
	const char *changes;  /* "syncrepl", "dirsync", "usn", "full", or "" for what the server offers */
};

/* How roster proves to a provider who it is, and what it asks for (RFC 6749, RFC 7523, RFC 8705). */
struct client_config {
	const char *issuer;    /* of OpenID Connect: its metadata say where the rest is; "" when token_url says that */
	const char *token_url; /* "" for what the metadata say */
	const char *device_url, *jwks_url; /* of signin, the same; NULL elsewhere */
	const char *id;
	struct secret_reference secret, key; /* of basic and post; of jwt: a private key */
	const char *auth;                    /* "basic", "post", "raw", "jwt", "tls", "none"; "" by what is given */
	const char *certificate;             /* PEM; its key is `key` */
	const char *scope, *audience;        /* "" for none */
	const char *subject;                 /* in whose name it asks (RFC 7523 section 2.1); "" for its own */
	struct secret_reference token;       /* instead of all this: an access token that does not end */
};

/* How an API hands out what does not fit a page. Names are those of parameters of the query; pointers are as in users.items. */
struct pages_config {
	const char *by; /* "offset", "page", "index", "cursor", "next", "link", "none"; "" for what is usual */
	const char *at, *size;
	int64_t first;            /* number of the first page */
	const char *next, *total; /* pointers */
};

/* Who may say something by himself of the people of a source (RFC 8935). */
struct signals_config {
	const char *issuer;            /* "" for nobody */
	const char *audience;          /* whom his tokens are for */
	const char *jwks_url;          /* "" for what his metadata say */
	struct secret_reference token; /* he shows besides */
};

struct source_config {
	const char *name;
	const char *type;    /* a driver's name */
	const char *dialect; /* of its names, a DIALECT_*; "" asks the server */
	struct position position;
	size_t order;     /* place in the file: the first source that knows an attribute decides it */
	const char *file; /* ldif: path */
	struct server_config server;
	struct ldap_config ldap;
	struct client_config client;
	struct pages_config pages;
	bool roles; /* keycloak: its roles are groups too */
	struct signals_config signals;
	struct entry_config users, groups, units;
	bool authoritative; /* its word on who is active counts (ruling: all by default) */
	const char
	    *link; /* name of the attribute whose value tells who is the same person in another source; "" for none */
	int64_t poll_ms, full_ms;
	/* Attribute names to fetch and to keep in the mirror: those above plus all that rules mention. Sorted, unique;
	 * filled by setup_load(), which knows the rules. */
	const char **attributes;
	size_t attribute_count;
};

/* --- dialects: what directories of one make call things ----------------------------------------------------------- */

#define DIALECT_OPENLDAP "openldap"
#define DIALECT_AD       "active-directory"
#define DIALECT_389      "389-ds"
#define DIALECT_IPA      "freeipa"
#define DIALECT_OTHER    "other"
/* Of APIs; the type of such a source names it. */
#define DIALECT_KEYCLOAK  "keycloak"
#define DIALECT_SCIM      "scim"
#define DIALECT_GRAPH     "graph"
#define DIALECT_OKTA      "okta"
#define DIALECT_GOOGLE    "google"
#define DIALECT_AUTHENTIK "authentik"
#define DIALECT_REST      "rest"

struct dialect {
	const char *name, *title;
	const char *id, *login, *user_name;              /* names of attributes */
	const char *email, *group_name;                  /* NULL: mail, cn */
	const char *enabled;                             /* of an API: see entry_config */
	const char *place;                               /* of a group of an API: the attribute that makes its path */
	const char *user_filter, *group_filter, *member; /* NULL: what such entries usually are */
	const char *below;          /* where in the naming context people and groups are, as a DN; NULL: anywhere */
	const char *const *account; /* attributes by which it says that an account is closed, NULL-terminated */
	bool empty_groups;          /* of classes that ask for a member elsewhere */
	bool names_by_identity;     /* groups name their members by what never changes */
	bool is_api;                /* what never changes is the id, and names are paths instead of DNs */
	bool keeps_mail;            /* people cannot write their own mail address */
	const char *verified; /* the attribute that says that the mail address is the person's; NULL where none does */
	bool tells_backlinks; /* a change of memberOf is one of the person */
};
const struct dialect *dialect_find(const char *name); /* never NULL: DIALECT_OTHER for any other name */
/* An API of a provider, whose entries have paths and no DNs. */
bool source_is_api(const struct source_config *source);
/* What has to be true of an entry before its link counts: that its mail address, which links it, is its own. NULL for nothing. */
const char *source_link_proof(const struct source_config *source);
/* Fill in what the file says nothing about. */
void dialect_fill(const struct dialect *dialect, struct source_config *source);

/* What kinds of targets there are. */
#define TARGET_WEBHOOK "webhook"
#define TARGET_EXEC    "exec"
#define TARGET_NATS    "nats"

struct target_config {
	const char *name;
	const char *type; /* a driver's name */
	struct position position;
	const char *url;  /* "" where the type has none */
	const char *exec; /* of a program; "" where the type has none */
	/* Keys to sign with: the first is the newest, and each of them makes a signature, so that a receiver can change over
	 * while both are known. Each secret is one or more lines "whsec_BASE64". */
	struct secret_reference *sign;
	size_t sign_count;
	const char **resources; /* patterns on names of resources: * within a segment, ** across */
	size_t resource_count;
	bool left_keep;      /* left: "keep": a resource that leaves the patterns is not taken back; default "revoke" */
	int64_t batch;       /* differences in one message, at most */
	int64_t timeout_ms;  /* for one message */
	const char *ca_file; /* "" for the system's */
	struct {
		const char *stream, *subject; /* its name; what all subjects begin with */
		const char *credentials;      /* path of a file; "" for none */
		struct secret_reference token;
	} nats;
};

/* What somebody is told about, once for each change of state. */
enum notice {
	NOTICE_RUN_HELD,
	NOTICE_SOURCE_STALE,
	NOTICE_SOURCE_DRIFT,
	NOTICE_TARGET_STUCK,
	NOTICE_NEEDS_ATTENTION,
	NOTICES
};

struct notice_config {
	const char *exec; /* absolute path of a program, "" for none */
	const char *url;  /* https address that gets a POST, "" for none */
};

/* With whom administrators sign in. */
struct signin_config {
	bool present;
	const char *listen;  /* "unix:/PATH" */
	const char *source;  /* whose people they are, */
	const char *subject; /* and the claim with their id there */
	struct client_config client;
	const char *ca_file;
	int64_t timeout_ms;
	const char **algorithms; /* that may sign a token; none for all that are safe */
	size_t algorithm_count;
	/* What in a token says that a second factor was shown: its acr is one of these, or its amr has one of those. */
	const char **acr, **amr;
	size_t acr_count, amr_count;
};

enum safety_mode { SAFETY_ENFORCE, SAFETY_HOLD, SAFETY_OBSERVE };

struct safety_config {
	enum safety_mode mode;
	int64_t window_ms, grace_ms;
	int64_t max_remove, max_remove_percent, min_remove, max_suspend, max_grant;
	bool first_run_hold; /* first_run: "hold" (default) or "apply" */
};

enum rule_selector { RULE_GROUP, RULE_FILTER, RULE_MATCH, RULE_SUBTREE, RULE_USERS };

/* One value of a role map: kind "devs" -> role "Developer". */
struct role_choice {
	const char *value, *role;
};

/* What of a rule is reported as wrong already, or as missing: it may hold anything. */
enum rule_flaw { RULE_FLAW_SELECT = 1, RULE_FLAW_INTO = 2, RULE_FLAW_ROLE = 4, RULE_FLAW_DEPTH = 8 };

struct rule_config {
	const char *name;
	struct position position;
	const char *source; /* name of a source; "" for every source */
	enum rule_selector selector;
	const char *select;  /* the DN, filter, `attribute ~ regex`, or base DN */
	const char *into;    /* "/path/${capture}", "platform", "app:NAME" */
	bool admin;          /* makes its people group admins instead of giving a role */
	const char *role;    /* "" when role_by or admin */
	const char *role_by; /* name of a capture */
	struct role_choice *roles;
	size_t role_count;
	int64_t max_depth; /* subtree */
	bool stop;
	const char **admins; /* logins of the admins of groups this rule makes */
	size_t admin_count;
	unsigned int flaws; /* of enum rule_flaw; 0 in a configuration without errors */
};

/* A file of the configuration as it was read; bytes are text, with a NUL behind it. */
struct config_text {
	const char *file;
	const char *bytes;
	size_t size;
};

struct config {
	const char *file;
	const struct config_text *texts; /* what all of this was read from: the main file first */
	size_t text_count;
	struct database_config database;
	struct safety_config safety;
	int64_t history_keep_ms; /* 0: for ever */
	struct source_config *sources;
	size_t source_count;
	struct rule_config *rules;
	size_t rule_count;
	struct target_config *targets;
	size_t target_count;
	struct notice_config notices[NOTICES];
	const char *log_format, *log_level; /* as log_setup() takes them by name */
	const char *status_listen;  /* "unix:/run/roster/status.sock", "127.0.0.1:9187" or "[::1]:9187"; "" for none */
	const char *signals_listen; /* the same */
	struct signin_config signin;
	const char **default_admins;
	size_t default_admin_count;
	const struct config_written *written; /* for config_report() */
};

/* One thing wrong with the file, or worth a warning. */
struct finding {
	bool warning;
	struct position position; /* line 0 when it belongs to the file as a whole */
	const char *source_line;  /* text of that line, or NULL */
	const char *text, *hint;  /* hint may be NULL */
};

struct findings {
	struct finding *items;
	size_t count, errors;
	struct config
	    *draft; /* what could be read where there are errors: to find more of them, and for nothing else */
};

/* 0 and *ret (all memory from arena), or -1 when there are errors; then findings->draft holds what could be read. Findings
 * are filled either way, in file order.
 * What the keys mean to rules (regexes, filters, captures) is checked above this module, by setup_load(). */
int config_load(const char *file, struct arena *arena, struct config **ret, struct findings *findings,
		struct error *err);

/* The same of texts that were read before, whatever is in their files by now; no file is opened, not even to include one.
 * There is at least one. */
int config_load_texts(const struct config_text *texts, size_t count, struct arena *arena, struct config **ret,
		      struct findings *findings, struct error *err);
/* Texts as bytes to hand to another process, and back; ret points into bytes, of which a NUL follows the last. ERR_INTERNAL
 * for bytes that are not of config_pack(). */
void config_pack(const struct config *config, struct str *out);
int config_unpack(const char *bytes, size_t size, struct arena *arena, struct config_text **ret, size_t *count,
		  struct error *err);

/* Add one; text is copied into arena. */
void findings_add(struct findings *findings, struct arena *arena, const struct finding *finding);

/* Add an error about the setting `path`, "rules.devs.into", in the order of the files and with the line it stands in: that
 * of the group around it when it is not written. */
void config_report(const struct config *config, const char *path, const char *text, struct arena *arena,
		   struct findings *findings);
/* The first error and how many more there are; 0 when there is none. */
int findings_error(const struct findings *findings, struct error *err);
/* The same where all of them have been shown: how many errors there are. */
int findings_count(const struct findings *findings, struct error *err);

/* Append findings as people read them: `rosterd.conf:12: unknown key "grups" ...` with the line below. */
void findings_print(const struct findings *findings, struct str *out);

const struct source_config *config_source(const struct config *config, const char *name); /* NULL when absent */
const struct target_config *config_target(const struct config *config, const char *name);
/* Where a target is: who answers elsewhere is somebody else. */
const char *config_target_address(const struct target_config *target);
/* Is there a target of this type? */
bool config_has_target(const struct config *config, const char *type);

/* --- the key table, for help and lint ---------------------------------------------------------------------------- */

struct config_key {
	const char *path; /* "sources.*.users.filter"; * is a name the administrator chooses */
	const char *type; /* "string", "duration", "integer", "boolean", "choice", "list", "group", "secret", "map" */
	const char *fallback; /* default as written in a file, NULL when required or absent by default */
	const char *choices;  /* "enforce hold observe", or range "1..100" */
	const char *help;     /* one sentence */
};
const struct config_key *config_keys(size_t *count);
/* Append `config show`: the configuration as it took effect, with_defaults or only what differs; secrets as references. */
void config_show(const struct config *config, bool with_defaults, struct str *out);

#endif
