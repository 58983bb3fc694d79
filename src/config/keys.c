/* SPDX-License-Identifier: Apache-2.0 */
#include "config/keys.h"

#include <string.h>

#define NOWHERE       KEY_NOWHERE, 0
#define ROOT(field)   (int)offsetof(struct config, field), 0
#define SOURCE(field) (int)offsetof(struct source_config, field), 0
#define RULE(field)   (int)offsetof(struct rule_config, field), 0
#define TARGET(field) (int)offsetof(struct target_config, field), 0
#define TEXT(text)    "\"" text "\""
#define MANY          "0..1000000000000"

#define ROOT_LIST(list, count)   (int)offsetof(struct config, list), (int)offsetof(struct config, count)
#define SOURCE_LIST(list, count) (int)offsetof(struct source_config, list), (int)offsetof(struct source_config, count)
#define RULE_LIST(list, count)   (int)offsetof(struct rule_config, list), (int)offsetof(struct rule_config, count)
#define TARGET_LIST(list, count) (int)offsetof(struct target_config, list), (int)offsetof(struct target_config, count)

/* path, type, default, choices or range, help; kind; field; flags. Order is that of the manual and of `config show`. */
#define KEY(path, kind, field, fallback, choices, flags, help)                                                         \
	{                                                                                                              \
		{path, NULL, fallback, choices, help}, kind, field, flags                                              \
	}

/* clang-format off */
static const struct key table[] = {
KEY("version", KEY_VERSION, NOWHERE, NULL, "1..1", KEY_REQUIRED,
    "the form of this file; always 1 for now"),
KEY("include_dir", KEY_INCLUDE, NOWHERE, NULL, NULL, KEY_NONEMPTY,
    "a directory whose *.conf files are read after this one, in the order of their names"),

KEY("database", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "where roster keeps what it knows: exactly one of conninfo and embedded"),
KEY("database.conninfo", KEY_STRING, ROOT(database.conninfo), NULL, NULL, KEY_NONEMPTY,
    "the PostgreSQL server to use, as libpq writes it, without user and password"),
KEY("database.embedded", KEY_PATH, ROOT(database.embedded), NULL, NULL, KEY_NONEMPTY,
    "a directory in which rosterd keeps a private PostgreSQL"),
KEY("database.owner_role", KEY_STRING, ROOT(database.owner_role), TEXT("roster_owner"), NULL, KEY_NONEMPTY,
    "the PostgreSQL role that owns the schema"),
KEY("database.daemon_role", KEY_STRING, ROOT(database.daemon_role), TEXT("roster_daemon"), NULL, KEY_NONEMPTY,
    "the PostgreSQL role rosterd works as"),
KEY("database.signin_role", KEY_STRING, ROOT(database.signin_role), TEXT("roster_signin"), NULL, KEY_NONEMPTY,
    "the PostgreSQL role that opens sessions for those who sign in"),
KEY("database.signals_role", KEY_STRING, ROOT(database.signals_role), TEXT("roster_signals"), NULL, KEY_NONEMPTY,
    "the PostgreSQL role that takes down what providers say by themselves"),

KEY("sources", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "the directories people and groups come from; the first that knows an attribute decides it"),
KEY("sources.*", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "one source, under a name you choose"),
KEY("sources.*.type", KEY_CHOICE, SOURCE(type), NULL,
    "ldap ldif keycloak scim graph okta google authentik rest", KEY_REQUIRED,
    "what kind of source it is"),
KEY("sources.*.dialect", KEY_CHOICE, SOURCE(dialect), NULL, "openldap active-directory 389-ds freeipa other",
    KEY_LDAP | KEY_LDIF,
    "what the directory calls things; what the server says it is when absent"),
KEY("sources.*.file", KEY_PATH, SOURCE(file), NULL, NULL, KEY_NONEMPTY | KEY_LDIF,
    "the LDIF file to read"),
KEY("sources.*.url", KEY_WORDS, SOURCE_LIST(server.urls, server.url_count), NULL, NULL, KEY_NONEMPTY | KEY_LDAP | KEY_REST,
    "the servers, tried in this order: ldaps://, ldap:// or ldapi:// addresses, a list or one string with spaces; the "
    "https:// address an API begins at"),
KEY("sources.*.bind_dn", KEY_STRING, SOURCE(ldap.bind_dn), NULL, NULL, KEY_NONEMPTY | KEY_LDAP,
    "who to bind as; anonymous when absent"),
KEY("sources.*.password", KEY_SECRET, SOURCE(ldap.password), NULL, NULL, KEY_LDAP,
    "where the password of bind_dn is: credential:NAME or file:PATH"),
KEY("sources.*.sasl", KEY_CHOICE, SOURCE(ldap.sasl), NULL, "external gssapi", KEY_LDAP,
    "bind by SASL: external as the user of this process over ldapi://, gssapi by Kerberos"),
KEY("sources.*.keytab", KEY_PATH, SOURCE(ldap.keytab), NULL, NULL, KEY_NONEMPTY | KEY_LDAP,
    "for sasl gssapi: the file with the key of the account"),
KEY("sources.*.starttls", KEY_BOOLEAN, SOURCE(ldap.starttls), "false", NULL, KEY_LDAP,
    "encrypt an ldap:// connection before anything is sent, or give up"),
KEY("sources.*.ca_file", KEY_PATH, SOURCE(server.ca_file), NULL, NULL, KEY_NONEMPTY | KEY_LDAP | KEY_REST,
    "the certificate authorities to trust; those of the system when absent"),
KEY("sources.*.allow_plaintext", KEY_BOOLEAN, SOURCE(ldap.allow_plaintext), "false", NULL, KEY_LDAP,
    "send the password to another host without encryption"),
KEY("sources.*.timeouts", KEY_GROUP, NOWHERE, NULL, NULL, KEY_LDAP | KEY_REST,
    "how long to wait for the server"),
KEY("sources.*.timeouts.connect", KEY_DURATION, SOURCE(server.connect_ms), TEXT("10s"), "1s..10m", KEY_LDAP | KEY_REST,
    "for the connection, TLS and the bind together"),
KEY("sources.*.timeouts.operation", KEY_DURATION, SOURCE(server.operation_ms), TEXT("60s"), "1s..1h", KEY_LDAP | KEY_REST,
    "for the next sign of life in a search, or for one page of an API"),
KEY("sources.*.timeouts.run", KEY_DURATION, SOURCE(server.run_ms), TEXT("1h"), "1s..7d", KEY_LDAP | KEY_REST,
    "for one whole read"),
KEY("sources.*.page_size", KEY_INTEGER, SOURCE(server.page_size), "500", "0..2147483647", KEY_LDAP | KEY_REST,
    "how many entries to ask for at a time; 0 asks for all at once"),
KEY("sources.*.changes", KEY_CHOICE, SOURCE(ldap.changes), NULL, "syncrepl dirsync usn timestamp full", KEY_LDAP,
    "how to hear of changes: syncrepl lets the server say them at once, dirsync and usn ask at each poll, full reads everything"),

KEY("sources.*.issuer", KEY_STRING, SOURCE(client.issuer), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "the OpenID Connect issuer that gives the access token, exactly as its metadata write it"),
KEY("sources.*.token_url", KEY_STRING, SOURCE(client.token_url), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "the token endpoint; what the metadata of issuer say when absent"),
KEY("sources.*.client_id", KEY_STRING, SOURCE(client.id), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "who roster is to the issuer"),
KEY("sources.*.client_secret", KEY_SECRET, SOURCE(client.secret), NULL, NULL, KEY_REST,
    "where the secret of client_id is: credential:NAME or file:PATH"),
KEY("sources.*.client_key", KEY_SECRET, SOURCE(client.key), NULL, NULL, KEY_REST,
    "where the private key of client_id is, in PEM or as a JWK: credential:NAME or file:PATH"),
KEY("sources.*.client_cert", KEY_PATH, SOURCE(client.certificate), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "the certificate that belongs to client_key: shown for auth tls, named for auth jwt"),
KEY("sources.*.client_auth", KEY_CHOICE, SOURCE(client.auth), NULL, "basic post raw jwt tls", KEY_REST,
    "how roster proves who it is: basic with a secret and jwt with a key when absent; raw is basic for issuers that do not "
    "decode it"),
KEY("sources.*.scope", KEY_STRING, SOURCE(client.scope), NULL, NULL, KEY_REST,
    "the scopes to ask for, with spaces between them; what is usual when absent"),
KEY("sources.*.audience", KEY_STRING, SOURCE(client.audience), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "whom the token is for, where the issuer wants to be told"),
KEY("sources.*.subject", KEY_STRING, SOURCE(client.subject), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "the administrator in whose name to ask, for google"),
KEY("sources.*.token", KEY_SECRET, SOURCE(client.token), NULL, NULL, KEY_REST,
    "instead of an issuer: where a token that does not end is, credential:NAME or file:PATH"),
KEY("sources.*.roles", KEY_BOOLEAN, SOURCE(roles), "false", NULL, KEY_REST,
    "for keycloak: roles of the realm are groups too, named role:NAME"),
KEY("sources.*.signals", KEY_GROUP, NOWHERE, NULL, NULL, KEY_REST,
    "who may say by himself that an account was closed, by security event tokens; needs signals.listen"),
KEY("sources.*.signals.issuer", KEY_STRING, SOURCE(signals.issuer), NULL, NULL, KEY_NONEMPTY | KEY_REQUIRED | KEY_REST,
    "the transmitter, as the iss of its tokens writes it"),
KEY("sources.*.signals.audience", KEY_STRING, SOURCE(signals.audience), NULL, NULL, KEY_NONEMPTY | KEY_REQUIRED | KEY_REST,
    "whom its tokens are for, as their aud writes it"),
KEY("sources.*.signals.jwks_url", KEY_STRING, SOURCE(signals.jwks_url), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "where its keys are; what the metadata of the issuer say when absent"),
KEY("sources.*.signals.token", KEY_SECRET, SOURCE(signals.token), NULL, NULL, KEY_REST,
    "where the bearer token it shows besides is: credential:NAME or file:PATH"),
KEY("sources.*.pages", KEY_GROUP, NOWHERE, NULL, NULL, KEY_REST,
    "for rest: how what does not fit one answer is asked for"),
KEY("sources.*.pages.by", KEY_CHOICE, SOURCE(pages.by), NULL, "offset page index cursor next link none", KEY_REST,
    "how the next page is named: the number of the first object from 0 (offset) or 1 (index), the number of the page, a "
    "cursor or an address in the answer (next) or its Link header; none for one page"),
KEY("sources.*.pages.at", KEY_STRING, SOURCE(pages.at), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "the parameter that says where a page begins"),
KEY("sources.*.pages.size", KEY_STRING, SOURCE(pages.size), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "the parameter that says how many objects to send, which is page_size"),
KEY("sources.*.pages.first", KEY_INTEGER, SOURCE(pages.first), "1", "0..1", KEY_REST,
    "for page: the number of the first page"),
KEY("sources.*.pages.next", KEY_STRING, SOURCE(pages.next), NULL, NULL, KEY_NONEMPTY | KEY_POINTER | KEY_REST,
    "where in an answer the next cursor or address is"),
KEY("sources.*.pages.total", KEY_STRING, SOURCE(pages.total), NULL, NULL, KEY_NONEMPTY | KEY_POINTER | KEY_REST,
    "where in an answer the number of all objects is"),

KEY("sources.*.users", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "which entries are people"),
KEY("sources.*.users.base", KEY_STRING, SOURCE(users.base), NULL, NULL, KEY_DN | KEY_LDAP | KEY_LDIF,
    "the DN below which people are; all of the source when absent"),
KEY("sources.*.users.filter", KEY_STRING, SOURCE(users.filter), NULL, NULL, KEY_DIALECT,
    "the LDAP filter people match; the usual object classes of people when absent"),
KEY("sources.*.users.path", KEY_STRING, SOURCE(users.path), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "for rest: what follows url to ask for people"),
KEY("sources.*.users.items", KEY_STRING, SOURCE(users.items), NULL, NULL, KEY_POINTER | KEY_REST,
    "for rest: where in the answer the list of them is; the answer itself when absent"),
KEY("sources.*.users.attributes", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "which attributes of a person mean what"),
KEY("sources.*.users.attributes.id", KEY_STRING, SOURCE(users.id), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the id that never changes and is never used again"),
KEY("sources.*.users.attributes.login", KEY_STRING, SOURCE(users.login), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the login name"),
KEY("sources.*.users.attributes.email", KEY_STRING, SOURCE(users.email), NULL, NULL, KEY_NAME | KEY_DIALECT,
    "the mail address"),
KEY("sources.*.users.attributes.name", KEY_STRING, SOURCE(users.name), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the name to show"),
KEY("sources.*.users.attributes.enabled", KEY_STRING, SOURCE(users.enabled), NULL, NULL, KEY_REST | KEY_DIALECT,
    "what must be true of an open account: NAME, !NAME, NAME=VALUE,VALUE, or several with spaces; ?NAME may be absent"),

KEY("sources.*.groups", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "which entries are groups"),
KEY("sources.*.groups.base", KEY_STRING, SOURCE(groups.base), NULL, NULL, KEY_DN | KEY_LDAP | KEY_LDIF,
    "the DN below which groups are; all of the source when absent"),
KEY("sources.*.groups.filter", KEY_STRING, SOURCE(groups.filter), NULL, NULL, KEY_DIALECT,
    "the LDAP filter groups match; the usual object classes of groups when absent"),
KEY("sources.*.groups.path", KEY_STRING, SOURCE(groups.path), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "for rest: what follows url to ask for groups"),
KEY("sources.*.groups.items", KEY_STRING, SOURCE(groups.items), NULL, NULL, KEY_POINTER | KEY_REST,
    "for rest: where in the answer the list of them is; the answer itself when absent"),
KEY("sources.*.groups.members", KEY_STRING, SOURCE(groups.members), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "for rest: what follows url to ask for the members of one group, with {id} in it"),
KEY("sources.*.groups.children", KEY_STRING, SOURCE(groups.children), NULL, NULL, KEY_NONEMPTY | KEY_REST,
    "for rest: what follows url to ask for the groups inside one group, with {id} in it"),
KEY("sources.*.groups.nested", KEY_BOOLEAN, SOURCE(groups.nested), "true", NULL, 0,
    "members of a group that is a member count as members"),
KEY("sources.*.groups.attributes", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "which attributes of a group mean what"),
KEY("sources.*.groups.attributes.id", KEY_STRING, SOURCE(groups.id), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the id that never changes and is never used again"),
KEY("sources.*.groups.attributes.name", KEY_STRING, SOURCE(groups.name), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the name of the group"),
KEY("sources.*.groups.attributes.member", KEY_STRING, SOURCE(groups.member), NULL, NULL, KEY_NAME | KEY_DIALECT,
    "the attribute that holds the members; member, uniqueMember and memberUid when absent"),
KEY("sources.*.groups.attributes.place", KEY_STRING, SOURCE(groups.place), NULL, NULL,
    KEY_NONEMPTY | KEY_NAME | KEY_REST | KEY_DIALECT,
    "what makes the path a group is named by, /path; what no two groups share and nobody else can take"),

KEY("sources.*.units", KEY_GROUP, SOURCE(units.present), NULL, NULL, KEY_LDAP | KEY_LDIF,
    "which entries are organizational units; subtree rules need them"),
KEY("sources.*.units.base", KEY_STRING, SOURCE(units.base), NULL, NULL, KEY_DN | KEY_LDAP | KEY_LDIF,
    "the DN below which units are; all of the source when absent"),
KEY("sources.*.units.filter", KEY_STRING, SOURCE(units.filter), NULL, NULL, KEY_DIALECT,
    "the LDAP filter units match; (objectClass=organizationalUnit) when absent"),
KEY("sources.*.units.attributes", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "which attributes of a unit mean what"),
KEY("sources.*.units.attributes.id", KEY_STRING, SOURCE(units.id), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the id that never changes and is never used again"),
KEY("sources.*.units.attributes.name", KEY_STRING, SOURCE(units.name), NULL, NULL, KEY_NONEMPTY | KEY_NAME | KEY_DIALECT,
    "the name of the unit"),

KEY("sources.*.authoritative", KEY_BOOLEAN, SOURCE(authoritative), "true", NULL, 0,
    "a person who is disabled or gone here is suspended"),
KEY("sources.*.link", KEY_STRING, SOURCE(link), NULL, NULL, KEY_NONEMPTY | KEY_NAME,
    "the attribute whose value tells which entry of another source is the same person"),
KEY("sources.*.poll", KEY_DURATION, SOURCE(poll_ms), TEXT("15m"), "10s..30d", 0,
    "how often to ask for changes"),
KEY("sources.*.full", KEY_DURATION, SOURCE(full_ms), TEXT("24h"), "1m..30d", 0,
    "how often to read everything"),

KEY("safety", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "what a run may do without asking"),
KEY("safety.mode", KEY_MODE, ROOT(safety.mode), TEXT("enforce"), "enforce hold observe", 0,
    "enforce applies what stays within the limits, hold asks about everything, observe never writes"),
KEY("safety.window", KEY_DURATION, ROOT(safety.window_ms), TEXT("24h"), "1m..30d", 0,
    "the time over which the limits count, per source"),
KEY("safety.max_remove", KEY_INTEGER, ROOT(safety.max_remove), "500", MANY, 0,
    "removals in a window before the rest is held"),
KEY("safety.max_remove_percent", KEY_INTEGER, ROOT(safety.max_remove_percent), "10", "0..100", 0,
    "the same as a share of what was there when the window began; 100 sets no limit"),
KEY("safety.min_remove", KEY_INTEGER, ROOT(safety.min_remove), "10", MANY, 0,
    "removals up to this many are not judged by their share"),
KEY("safety.max_suspend", KEY_INTEGER, ROOT(safety.max_suspend), "200", MANY, 0,
    "people the source disabled or deleted in a window before the rest is held"),
KEY("safety.max_grant", KEY_INTEGER, ROOT(safety.max_grant), "20", MANY, 0,
    "new holders of a sensitive role in a window before the rest is held"),
KEY("safety.first_run", KEY_FIRST, ROOT(safety.first_run_hold), TEXT("hold"), "hold apply", 0,
    "whether the first run of a source, and the first after a change of the rules or of what is read, waits for approval"),
KEY("safety.grace", KEY_DURATION, ROOT(safety.grace_ms), TEXT("30d"), "0s..3650d", 0,
    "how long a suspended person is kept before only a tombstone is left"),

KEY("history", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "how long what was so before is remembered"),
KEY("history.keep", KEY_DURATION, ROOT(history_keep_ms), TEXT("0s"), "0s..36500d", 0,
    "how long facts that have ended are kept; 0s keeps them for ever"),

KEY("rules", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "which entries give which roles, in the order of the file"),
KEY("rules.default_admins", KEY_LIST, ROOT_LIST(default_admins, default_admin_count), NULL, NULL, KEY_NONEMPTY,
    "logins of the admins of a group made by a rule that names none"),
KEY("rules.*", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "one rule, under a name you choose"),
KEY("rules.*.source", KEY_STRING, RULE(source), NULL, NULL, KEY_NONEMPTY,
    "the source it looks at; every source when absent"),
KEY("rules.*.group", KEY_SELECTOR, RULE(select), NULL, NULL, KEY_NONEMPTY,
    "the DN of one group: its members"),
KEY("rules.*.filter", KEY_SELECTOR, RULE(select), NULL, NULL, KEY_NONEMPTY,
    "an LDAP filter on groups: the members of each that matches"),
KEY("rules.*.match", KEY_SELECTOR, RULE(select), NULL, NULL, KEY_NONEMPTY,
    "ATTRIBUTE ~ REGEX on groups; what it captures can be used in into and role_by"),
KEY("rules.*.subtree", KEY_SELECTOR, RULE(select), NULL, NULL, KEY_NONEMPTY,
    "the DN of a unit: the people in it and in the units below, each of which becomes a branch"),
KEY("rules.*.users", KEY_SELECTOR, RULE(select), NULL, NULL, KEY_NONEMPTY,
    "an LDAP filter on people: each that matches"),
KEY("rules.*.into", KEY_STRING, RULE(into), NULL, NULL, KEY_REQUIRED | KEY_NONEMPTY,
    "where the role holds: /path/of/groups, platform, app:NAME or access-group:NAME; names may hold ${capture}"),
KEY("rules.*.admin", KEY_BOOLEAN, RULE(admin), "false", NULL, 0,
    "make these people admins of the group instead of giving a role"),
KEY("rules.*.role", KEY_ROLE, RULE(role), NULL, NULL, KEY_NONEMPTY,
    "the role, or a group of CAPTURED-VALUE: \"Role\" to choose from by role_by"),
KEY("rules.*.role_by", KEY_STRING, RULE(role_by), NULL, NULL, KEY_NONEMPTY,
    "the capture whose value chooses the role"),
KEY("rules.*.max_depth", KEY_INTEGER, RULE(max_depth), "0", "0..100", 0,
    "for subtree: units deeper than this count as their ancestor at this depth; 0 sets no limit"),
KEY("rules.*.stop", KEY_BOOLEAN, RULE(stop), "false", NULL, 0,
    "an entry this rule matches is shown to no later rule"),
KEY("rules.*.admins", KEY_LIST, RULE_LIST(admins, admin_count), NULL, NULL, KEY_NONEMPTY,
    "logins of the admins of groups this rule makes"),

KEY("targets", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "the apps and systems that are told when access changes"),
KEY("targets.*", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "one target, under a name you choose"),
KEY("targets.*.type", KEY_CHOICE, TARGET(type), NULL, "webhook", KEY_REQUIRED,
    "what kind of target it is"),
KEY("targets.*.url", KEY_STRING, TARGET(url), NULL, NULL, KEY_NONEMPTY | KEY_WEBHOOK,
    "the https address messages are posted to; http only to this host"),
KEY("targets.*.sign", KEY_SECRETS, TARGET_LIST(sign, sign_count), NULL, NULL, KEY_NONEMPTY | KEY_WEBHOOK,
    "where the keys messages are signed with are, the newest first: credential:NAME or file:PATH, or a list of them"),
KEY("targets.*.resources", KEY_LIST, TARGET_LIST(resources, resource_count), NULL, NULL, KEY_REQUIRED | KEY_NONEMPTY,
    "patterns of the resources it is told about; * matches within a part of a name, ** across /"),
KEY("targets.*.left", KEY_SECOND, TARGET(left_keep), TEXT("revoke"), "revoke keep", 0,
    "what becomes of access to a resource that leaves the patterns: taken back, or kept as it was last told"),
KEY("targets.*.batch", KEY_INTEGER, TARGET(batch), "2000", "1..10000", 0,
    "how many differences one message holds at most"),
KEY("targets.*.timeout", KEY_DURATION, TARGET(timeout_ms), TEXT("20s"), "1s..5m", KEY_WEBHOOK,
    "how long one message may take, from the connection to the answer"),
KEY("targets.*.ca_file", KEY_PATH, TARGET(ca_file), NULL, NULL, KEY_NONEMPTY | KEY_WEBHOOK,
    "the certificate authorities to trust; those of the system when absent"),

KEY("notify", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "who is told when something needs a person, once for each change of state"),
KEY("notify.run_held", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "a run went beyond a limit of safety and waits for approval"),
KEY("notify.run_held.exec", KEY_STRING, ROOT(notices[NOTICE_RUN_HELD].exec), NULL, NULL, KEY_NONEMPTY,
    "the program to start, by its absolute path"),
KEY("notify.run_held.url", KEY_STRING, ROOT(notices[NOTICE_RUN_HELD].url), NULL, NULL, KEY_NONEMPTY,
    "the https address that gets a POST"),
KEY("notify.source_stale", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "a source could not be read for too long"),
KEY("notify.source_stale.exec", KEY_STRING, ROOT(notices[NOTICE_SOURCE_STALE].exec), NULL, NULL, KEY_NONEMPTY,
    "the program to start, by its absolute path"),
KEY("notify.source_stale.url", KEY_STRING, ROOT(notices[NOTICE_SOURCE_STALE].url), NULL, NULL, KEY_NONEMPTY,
    "the https address that gets a POST"),
KEY("notify.source_drift", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "a whole read found changes that the source had not told of"),
KEY("notify.source_drift.exec", KEY_STRING, ROOT(notices[NOTICE_SOURCE_DRIFT].exec), NULL, NULL, KEY_NONEMPTY,
    "the program to start, by its absolute path"),
KEY("notify.source_drift.url", KEY_STRING, ROOT(notices[NOTICE_SOURCE_DRIFT].url), NULL, NULL, KEY_NONEMPTY,
    "the https address that gets a POST"),
KEY("notify.target_stuck", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "a target does not confirm what it is sent"),
KEY("notify.target_stuck.exec", KEY_STRING, ROOT(notices[NOTICE_TARGET_STUCK].exec), NULL, NULL, KEY_NONEMPTY,
    "the program to start, by its absolute path"),
KEY("notify.target_stuck.url", KEY_STRING, ROOT(notices[NOTICE_TARGET_STUCK].url), NULL, NULL, KEY_NONEMPTY,
    "the https address that gets a POST"),
KEY("notify.needs_attention", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "something else that only a person can set right"),
KEY("notify.needs_attention.exec", KEY_STRING, ROOT(notices[NOTICE_NEEDS_ATTENTION].exec), NULL, NULL, KEY_NONEMPTY,
    "the program to start, by its absolute path"),
KEY("notify.needs_attention.url", KEY_STRING, ROOT(notices[NOTICE_NEEDS_ATTENTION].url), NULL, NULL, KEY_NONEMPTY,
    "the https address that gets a POST"),

KEY("status", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "where rosterd answers questions about its state"),
KEY("status.listen", KEY_STRING, ROOT(status_listen), NULL, NULL, KEY_NONEMPTY,
    "the address it answers on: unix:PATH, 127.0.0.1:PORT or [::1]:PORT; none when absent"),

KEY("signin", KEY_GROUP, ROOT(signin.present), NULL, NULL, 0,
    "the OpenID provider administrators sign in with, by rosterctl login"),
KEY("signin.issuer", KEY_STRING, ROOT(signin.client.issuer), NULL, NULL, KEY_NONEMPTY | KEY_REQUIRED,
    "the OpenID Connect issuer, exactly as its metadata write it"),
KEY("signin.token_url", KEY_STRING, ROOT(signin.client.token_url), NULL, NULL, KEY_NONEMPTY,
    "the token endpoint; what the metadata of issuer say when absent, which may name no other host"),
KEY("signin.device_url", KEY_STRING, ROOT(signin.client.device_url), NULL, NULL, KEY_NONEMPTY,
    "the device authorization endpoint, in the same way"),
KEY("signin.jwks_url", KEY_STRING, ROOT(signin.client.jwks_url), NULL, NULL, KEY_NONEMPTY,
    "where the keys of the issuer are, in the same way"),
KEY("signin.client_id", KEY_STRING, ROOT(signin.client.id), NULL, NULL, KEY_NONEMPTY,
    "who rosterctl is to the issuer"),
KEY("signin.client_secret", KEY_SECRET, ROOT(signin.client.secret), NULL, NULL, 0,
    "where the secret of client_id is: credential:NAME or file:PATH"),
KEY("signin.client_key", KEY_SECRET, ROOT(signin.client.key), NULL, NULL, 0,
    "where the private key of client_id is, in PEM or as a JWK: credential:NAME or file:PATH"),
KEY("signin.client_cert", KEY_PATH, ROOT(signin.client.certificate), NULL, NULL, KEY_NONEMPTY,
    "the certificate that belongs to client_key, as for a source"),
KEY("signin.client_auth", KEY_CHOICE, ROOT(signin.client.auth), NULL, "basic post raw jwt tls none", 0,
    "how it proves who it is, as for a source; none for a public client"),
KEY("signin.scope", KEY_STRING, ROOT(signin.client.scope), TEXT("openid"), NULL, KEY_NONEMPTY,
    "the scopes to ask for, with spaces between them"),
KEY("signin.audience", KEY_STRING, ROOT(signin.client.audience), NULL, NULL, KEY_NONEMPTY,
    "whom the access token is for, where the issuer wants to be told"),
KEY("signin.source", KEY_STRING, ROOT(signin.source), NULL, NULL, KEY_NONEMPTY | KEY_REQUIRED,
    "the source whose people sign in"),
KEY("signin.subject", KEY_STRING, ROOT(signin.subject), TEXT("sub"), NULL, KEY_NONEMPTY,
    "the claim of the ID token that holds the person's id in that source"),
KEY("signin.algorithms", KEY_LIST, ROOT_LIST(signin.algorithms, signin.algorithm_count), NULL, NULL, KEY_NONEMPTY,
    "which algorithms may have signed an ID token; when absent RS256, ES256, PS256 and those with 384 and 512"),
KEY("signin.second_factor", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "what in an ID token says that a second factor was shown; amr mfa when absent"),
KEY("signin.second_factor.acr", KEY_LIST, ROOT_LIST(signin.acr, signin.acr_count), NULL, NULL, KEY_NONEMPTY,
    "values of acr, one of which it has; they are asked for where a second factor is needed"),
KEY("signin.second_factor.amr", KEY_LIST, ROOT_LIST(signin.amr, signin.amr_count), NULL, NULL, KEY_NONEMPTY,
    "methods, one of which is in amr (RFC 8176)"),
KEY("signin.listen", KEY_STRING, ROOT(signin.listen), TEXT("unix:/run/roster/signin.sock"), NULL, KEY_NONEMPTY,
    "the unix socket rosterctl asks"),
KEY("signin.timeout", KEY_DURATION, ROOT(signin.timeout_ms), TEXT("10s"), "1s..30s", 0,
    "for one answer of the issuer"),
KEY("signin.ca_file", KEY_PATH, ROOT(signin.ca_file), NULL, NULL, KEY_NONEMPTY,
    "the certificate authorities to trust; those of the system when absent"),

KEY("signals", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "where providers say by themselves what happened to an account"),
KEY("signals.listen", KEY_STRING, ROOT(signals_listen), NULL, NULL, KEY_NONEMPTY,
    "the address it is heard on, with a path for each source: unix:PATH, 127.0.0.1:PORT or [::1]:PORT; none when absent"),

KEY("log", KEY_GROUP, NOWHERE, NULL, NULL, 0,
    "what rosterd writes to standard error"),
KEY("log.format", KEY_CHOICE, ROOT(log_format), TEXT("auto"), "auto text logfmt json journal", 0,
    "how; auto is text on a terminal and logfmt elsewhere"),
KEY("log.level", KEY_CHOICE, ROOT(log_level), TEXT("info"), "debug info change warn error", 0,
    "the least important of what is written"),
};
/* clang-format on */

enum { KEY_COUNT = sizeof(table) / sizeof(table[0]) };

const struct key *keys_all(size_t *count)
{
	*count = KEY_COUNT;
	return table;
}

unsigned int key_type_of(const char *type)
{
	if (strcmp(type, "webhook") == 0)
		return KEY_WEBHOOK;
	if (dialect_find(type)->is_api)
		return KEY_REST;
	return strcmp(type, "ldif") == 0 ? KEY_LDIF : KEY_LDAP;
}

bool key_applies(const struct key *key, unsigned int type)
{
	return type == 0 || (key->flags & KEY_TYPES) == 0 || (key->flags & type) != 0;
}

const char *key_leaf(const struct key *key)
{
	const char *dot = strrchr(key->entry.path, '.');
	return dot ? dot + 1 : key->entry.path;
}

bool key_is_child(const struct key *key, const char *pattern)
{
	const char *leaf = key_leaf(key);
	size_t size = leaf == key->entry.path ? 0 : (size_t)(leaf - key->entry.path) - 1;
	return strlen(pattern) == size && memcmp(pattern, key->entry.path, size) == 0;
}

const struct key *key_child(const char *pattern, const char *name)
{
	const struct key *any = NULL;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!key_is_child(&table[i], pattern))
			continue;
		if (strcmp(key_leaf(&table[i]), "*") == 0)
			any = &table[i];
		else if (strcmp(key_leaf(&table[i]), name) == 0)
			return &table[i];
	}
	return any;
}

enum key_record key_record(const struct key *key)
{
	if (text_starts_with(key->entry.path, "sources.*."))
		return RECORD_SOURCE;
	if (text_starts_with(key->entry.path, "targets.*."))
		return RECORD_TARGET;
	return text_starts_with(key->entry.path, "rules.*.") ? RECORD_RULE : RECORD_CONFIG;
}

size_t key_names(const char *pattern, const char **names, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < KEY_COUNT && count < room; i++)
		if (key_is_child(&table[i], pattern) && strcmp(key_leaf(&table[i]), "*") != 0)
			names[count++] = key_leaf(&table[i]);
	return count;
}

const struct config_key *config_keys(size_t *count)
{
	static const char *const types[] = {
	    [KEY_GROUP] = "group",       [KEY_STRING] = "string",   [KEY_PATH] = "string",     [KEY_SECRET] = "secret",
	    [KEY_DURATION] = "duration", [KEY_INTEGER] = "integer", [KEY_BOOLEAN] = "boolean", [KEY_CHOICE] = "choice",
	    [KEY_MODE] = "choice",       [KEY_FIRST] = "choice",    [KEY_LIST] = "list",       [KEY_WORDS] = "list",
	    [KEY_SELECTOR] = "string",   [KEY_ROLE] = "map",        [KEY_VERSION] = "integer", [KEY_INCLUDE] = "string",
	    [KEY_SECRETS] = "secret",    [KEY_SECOND] = "choice",
	};
	static struct config_key keys[KEY_COUNT];

	for (size_t i = 0; i < KEY_COUNT; i++) {
		keys[i] = table[i].entry;
		keys[i].type = types[table[i].kind];
	}
	*count = KEY_COUNT;
	return keys;
}
