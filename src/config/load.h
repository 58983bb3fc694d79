/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: what the steps of reading a configuration share.
 *
 * The steps: document (bytes), syntax (is it well-formed, in words), conf_parse (tree), merge (one tree from all files),
 * read (tree to structs by the key table), check (what no single key can know). Each reports what it finds and goes on.
 */
#ifndef ROSTER_CONFIG_LOAD_H
#define ROSTER_CONFIG_LOAD_H

#include "config/document.h"
#include "config/keys.h"
#include "roster/conf.h"
#include "roster/config.h"

/* Where everything of a configuration stands. */
struct config_written {
	struct document **documents; /* in the order they were read */
	size_t document_count;
	const struct conf_node *root;
};

/* A setting whose value is reported before it is read. */
struct reported {
	const char *file;
	int line;
	const char *name; /* not terminated */
	size_t size;
};

struct loader {
	struct arena *arena;
	struct findings *findings;
	struct document **documents; /* in the order they were read */
	size_t document_count;
	const struct config_text *given; /* the texts to be read instead of files; NULL: files */
	size_t given_count;
	bool partial; /* a file could not be parsed: what seems missing may be in it */
	struct reported *reported;
	size_t reported_count;
	struct config *config;
	struct conf_node *root;
	/* The nodes config->sources, rules and targets were read from, in the same order. */
	const struct conf_node **source_nodes, **rule_nodes, **target_nodes;
};

/* The same as config_load() for a text that stands for a file "rosterd.conf" here; include_dir is followed. */
int config_load_text(const char *bytes, size_t size, struct arena *arena, struct config **ret,
		     struct findings *findings, struct error *err);

/* Report at a position; hint may be NULL. */
void report_error(struct loader *loader, struct position position, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void report_warning(struct loader *loader, struct position position, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The line to show for a position, or NULL. */
const char *report_line(const struct loader *loader, struct position position);
struct position node_position(const struct conf_node *node);
/* The position of the child, or of the node itself when there is none. */
struct position child_position(const struct conf_node *node, const char *name);
/* What is written below node, which stands for pattern, is for a source or target (what) of this type. */
void check_types(struct loader *loader, const struct conf_node *node, const char *pattern, const char *what,
		 const char *type);
/* A program to be started, by its absolute path, is written as exec. */
void check_program(struct loader *loader, const struct conf_node *node, const char *path);
void findings_sort(struct loader *loader);
void report_early(struct loader *loader, const struct reported *setting);

/* Would libconfig read this text as a person means it? 0, or -1 when it must not be asked. Errors and warnings are
 * reported; a setting whose value is wrong is passed to report_early(), and one that is repeated is made blank, so that the
 * others can be read. */
int syntax_check(struct loader *loader, struct document *document);

/* Add a document to the tree: the same section may be in several files, the same setting may not. */
void tree_merge(struct loader *loader, const struct conf_node *root);

/* Fill loader->config from loader->root. */
void tree_read(struct loader *loader);

/* Store the value of a key in its record; -1 when it is wrong and reported. */
int value_store(struct loader *loader, const struct key *key, const struct conf_node *node, void *record);
/* The text of a string with ${env:NAME} replaced; NULL when that failed and is reported. */
const char *value_text(struct loader *loader, const struct conf_node *node);
/* path as seen from the directory of file. */
const char *path_beside(const char *file, const char *path, struct arena *arena);
/* Store the default of every key of this kind of record. */
void value_defaults(struct arena *arena, enum key_record which, void *record);

/* What no single key can know. */
void check_database(struct loader *loader);
void check_sources(struct loader *loader);
void check_rules(struct loader *loader);
void check_targets(struct loader *loader);
void check_notices(struct loader *loader);
void check_status(struct loader *loader);
void check_signin(struct loader *loader);
void check_signals(struct loader *loader);

/* Does the text name a secret, `credential:NAME` or `file:PATH`? NULL, or what is wrong, without repeating it. */
const char *secret_flaw(const char *text);

#endif
