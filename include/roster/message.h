/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message: the text of a message to a target, as roster-events(7) describes it.
 *
 * Fed with rows of what is to be told, it writes the JSON of one part after the other. Pure: the same rows give the same
 * bytes. A row that cannot be written does not exist: texts come from the database and are valid UTF-8.
 */
#ifndef ROSTER_MESSAGE_H
#define ROSTER_MESSAGE_H

#include "roster/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be told about one person on one resource. Lists are texts of numbers, "{3,17}". */
struct told {
	int target;
	const char *target_name; /* "" where the caller knows it */
	int64_t resource;
	const char *resource_name;
	const char *user; /* uuid; "" in a snapshot for a resource on which nobody may do anything */
	const char *login;
	const char *email, *name; /* NULL when unknown */
	const char *external_ids; /* JSON object */
	const char *permissions_before, *permissions_after;
	const char *roles_before, *roles_after;
};

/* Names by id; NULL for an id nobody has. */
struct message_names {
	const char **permissions, **roles;
	size_t permission_count, role_count;
};

struct message_cause {
	int64_t revision;
	const char *at; /* RFC 3339 */
	const char *cause;
};

struct message_window {
	const char *target, *history;
	int64_t number, after, revision;
	bool snapshot; /* lists whole resources */
	bool complete; /* of everything the target follows */
	const struct message_cause *causes;
	size_t cause_count;
};

struct message;
struct message *message_new(const struct message_names *names); /* names are borrowed */
void message_free(struct message **message);

/* Add a change to the part. */
void message_add(struct message *message, const struct told *row);

/* The same from pieces that are used again and again: each is written once, from these members of a row. */
struct piece {
	const char *text;
	size_t size;
};
struct told_change {
	struct piece resource, user, access;
	size_t person; /* his number among the texts of people, where these are kept */
};
void message_write_resource(int64_t resource, const char *name, struct str *out);
void message_write_user(const struct told *row, struct str *out);
void message_write_access(const struct told *row, const struct message_names *names, struct str *out);
void message_add_change(struct message *message, const struct told_change *change);
/* In a snapshot: this part lists people of that resource; ends when no more of them follow. */
void message_list(struct message *message, int64_t resource, const char *name, bool ends);
size_t message_count(const struct message *message); /* changes in the part */
size_t message_size(const struct message *message);  /* about how many bytes it has come to */
/* Append the text of the part to out, and begin the next. */
void message_write(struct message *message, const struct message_window *window, int part, bool last, struct str *out);
/* Whether the parts that follow are also written as briefs (roster/brief.h); all their changes then have a person. Between
 * parts. */
void message_be_brief(struct message *message, bool brief);
/* The last part as a brief, until the next is written; empty when it has none. */
const struct str *message_brief(const struct message *message);

#endif
