/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape: what an API calls things and how it hands them out, as data. One engine reads them all.
 */
#ifndef ROSTER_SOURCE_REST_SHAPE_H
#define ROSTER_SOURCE_REST_SHAPE_H

#include "roster/config.h"
#include "source/rest/pick.h"

enum pager_kind {
	PAGER_NONE,   /* one answer holds all */
	PAGER_OFFSET, /* the number of the first object, from 0 */
	PAGER_INDEX,  /* the same, from 1 (RFC 7644 section 3.4.2.4) */
	PAGER_PAGE,   /* the number of the page */
	PAGER_CURSOR, /* what the answer names (RFC 9865) */
	PAGER_NEXT,   /* the address the answer names */
	PAGER_LINK    /* the address its Link header names (RFC 8288) */
};

struct pager {
	enum pager_kind kind;
	const char *at, *size; /* parameters of the query; NULL: it has none */
	int64_t first;         /* number of the first page */
	int64_t most;          /* objects a page may be asked to hold; 0: any number */
	const char *next;      /* pointer: the cursor, the address, or the number of the next page */
	const char *total;     /* pointer: how many objects there are */
	/* It counts before it leaves out what may not be seen: the next page is where it was asked for, however many came. */
	bool strides;
};

/* What is asked for: path follows the address of the API, {id} in it is that of a group; items: pointer to the list. */
struct listing {
	const char *path, *items;
	const char *count;   /* path of the number of them, as JSON by itself; NULL: none */
	bool items_optional; /* it says nothing instead of an empty list */
	struct pager pager;
};

enum throttle { THROTTLE_USUAL, THROTTLE_OKTA, THROTTLE_GOOGLE };

struct shape {
	const char *type;
	const char *url; /* where the API is, if the file does not say; "" when it follows from the issuer */
	struct pick_homes user_homes, group_homes;
	/* more_users: the same kind of object, under other conditions. children, members: of one group. */
	struct listing users, more_users, groups, children, members, role_list, role_users, role_groups, role_inner;
	const char *one_user, *one_group; /* path of one by itself; NULL: none */
	const char *inner;       /* pointer: members that stand in the group itself; NULL: they are asked for */
	const char *parents[2];  /* pointers: groups it is in; NULL for none */
	const char *child_count; /* pointer: 0 where asking for children can be left out */
	const char *member_id;   /* expression: of a member as it is listed; "" for the item itself */
	const char *member_text; /* expression: whom it means, where it has no id */
	const char
	    *member_only;  /* conditions (see pick_flaw()): others, devices say, are nobody; NULL: everybody counts */
	bool ids_per_kind; /* a person and a group may have the same id */
	enum throttle throttle;
	/* The token. */
	const char *scope, *token_url;
	bool names_endpoint, by_assertion;
};

/* The shape of a source: a preset, or what its file describes; a copy in arena. */
struct shape *shape_of(const struct source_config *config, struct arena *arena);
const struct shape *shape_preset(const char *type); /* NULL for "rest" */

/* A SCIM server says in its ServiceProviderConfig how it hands out pages (RFC 9865 section 4). */
void shape_take_scim_pages(struct shape *shape, const struct json *provider_config);

#endif
