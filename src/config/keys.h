/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: the one table of everything a configuration file may say.
 *
 * A row says where a key may stand, what its value looks like, what it is when absent, and where it lands in the structs
 * of roster/config.h. Parsing, defaults, "did you mean", `config show` and the manual are all fed by it: a new setting is
 * a new row. A pattern's `*` stands for a name the administrator chooses.
 */
#ifndef ROSTER_CONFIG_KEYS_H
#define ROSTER_CONFIG_KEYS_H

#include "roster/config.h"

enum key_kind {
	KEY_GROUP,    /* bool at offset when it has one: true if the group is written */
	KEY_STRING,   /* const char * */
	KEY_PATH,     /* const char *, made relative to the file it stands in */
	KEY_SECRET,   /* struct secret_reference */
	KEY_SECRETS,  /* struct secret_reference * and its count; one string, or a list of them */
	KEY_DURATION, /* int64_t, milliseconds */
	KEY_INTEGER,  /* int64_t */
	KEY_BOOLEAN,  /* bool */
	KEY_CHOICE,   /* const char *, one of the choices */
	KEY_MODE,     /* enum safety_mode, in the order of the choices */
	KEY_FIRST,    /* bool: the first choice was taken */
	KEY_SECOND,   /* bool: the second choice was taken */
	KEY_LIST,     /* const char ** and its count */
	KEY_WORDS,    /* the same, also accepted as one string with spaces */
	KEY_SELECTOR, /* struct rule_config: selector by the key's name, and select */
	KEY_ROLE,     /* struct rule_config: role, or roles from a group */
	KEY_VERSION,  /* lands nowhere */
	KEY_INCLUDE   /* lands nowhere: read before all others */
};

enum key_record { RECORD_CONFIG, RECORD_SOURCE, RECORD_RULE, RECORD_TARGET };

enum key_flags {
	KEY_REQUIRED = 1,
	KEY_NONEMPTY = 2,  /* "" is refused */
	KEY_LDAP = 4,      /* only for sources of type "ldap"; with others of these, also for those */
	KEY_LDIF = 8,      /* only for sources of type "ldif" */
	KEY_WEBHOOK = 16,  /* only for a target of type "webhook" */
	KEY_DN = 32,       /* a distinguished name, or "" */
	KEY_NAME = 64,     /* the name of an attribute, or "" */
	KEY_DIALECT = 128, /* when absent, the dialect of the source decides: config_unset */
	KEY_REST = 256,    /* only for a source whose people come from an API */
	KEY_POINTER = 512, /* a JSON Pointer (RFC 6901), or "" */
	KEY_EXEC = 1024,   /* only for a target of type "exec" */
	KEY_NATS = 2048,   /* only for a target of type "nats" */
	KEY_TYPES = KEY_LDAP | KEY_LDIF | KEY_REST | KEY_WEBHOOK | KEY_EXEC | KEY_NATS
};

enum { KEY_NOWHERE = -1 };

struct key {
	struct config_key entry; /* its type is filled in by config_keys() */
	enum key_kind kind;
	int offset; /* in the struct of key_record(); KEY_NOWHERE when it has no field */
	int count_offset;
	unsigned int flags;
};

const struct key *keys_all(size_t *count);
/* The flag of a type of sources, or of targets. */
unsigned int key_type_of(const char *type);
/* It may stand in a record of that type; 0 for a record that has none. */
bool key_applies(const struct key *key, unsigned int type);
/* The key that a name found in the group `pattern` ("" for the root) stands for, or NULL. */
const struct key *key_child(const char *pattern, const char *name);
/* True for a key directly in the group `pattern`. */
bool key_is_child(const struct key *key, const char *pattern);
const char *key_leaf(const struct key *key);
enum key_record key_record(const struct key *key);
/* Collect at most room names of the fixed keys directly in `pattern`; gives how many. */
size_t key_names(const char *pattern, const char **names, size_t room);

#endif
