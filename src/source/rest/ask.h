/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask: one page of an API, however often it takes to get it: with a token that is good, after the waits the API asks for, and
 * again where trying again may help. What comes is a JSON value; what does not is an error that names the address without
 * what is secret in it.
 */
#ifndef ROSTER_SOURCE_REST_ASK_H
#define ROSTER_SOURCE_REST_ASK_H

#include "roster/oidc.h"
#include "source/rest/shape.h"

struct api {
	const struct source_config *config;
	struct shape *shape;
	struct arena *arena; /* as long as the source */
	const char *url;     /* where the API begins, without a slash behind it */
	struct http *http;
	struct oidc_client *client; /* NULL: a token that does not end */
	int64_t over_at;            /* when the whole read has to be over */
	unsigned long requests;
};

int api_open(const struct source_config *config, struct api *ret, struct error *err);
void api_close(struct api *api);
/* A read begins: its time starts now. */
void api_begin(struct api *api);

struct page {
	struct json *body;
	const char *url;  /* that was asked, as it may be shown; in the arena */
	const char *link; /* what its Link header names as next; NULL for none; in the arena */
	int status;       /* of the last answer; 0 for none */
};

/* Ask; url is whole and of the API's origin. 0 with ret, whose body page_free() frees; -1 with err, and ret->status saying what
 * the API answered. */
int api_get(struct api *api, const char *url, struct arena *arena, struct page *ret, struct error *err);
void page_free(struct page *page);

#endif
