/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/daemons.h"

#include "roster/delivery.h"
#include "store/private.h"

#include <limits.h>
#include <unistd.h>

int store_daemon_attend(struct store *store, const char *instance, int64_t process, const char *config_file,
			struct error *err)
{
	char host[HOST_NAME_MAX + 1] = "", number[NUMBER_TEXT];
	const char *params[] = {instance, host, number_text(process, number), config_file};

	gethostname(host, sizeof host - 1);
	/* Listen first: what is asked for from now on is either heard of or found by the first look. */
	if (store_listen(store, "roster_reload", err) != 0)
		return -1;
	return pg_query(store->pg, "select daemon_attend($1, $2, $3::integer, $4)", params, 4, NULL, err);
}

int store_daemon_leave(struct store *store, const char *instance, struct error *err)
{
	return pg_query(store->pg, "select daemon_leave($1)", &instance, 1, NULL, err);
}

int store_daemon_hears(struct store *store, const char *instance, struct error *err)
{
	const char *params[] = {instance};
	struct pg_rows *rows = NULL;
	int heard;

	if (pg_query(store->pg, "select daemon_hears($1)", params, 1, &rows, err) != 0)
		return -1;
	heard = pg_boolean(rows, 0, 0) ? 1 : 0;
	pg_free(&rows);
	return heard;
}

int store_daemon_answer(struct store *store, const char *instance, const char *refused, struct error *err)
{
	const char *params[] = {instance, refused};

	return pg_query(store->pg, "select daemon_answer($1, $2)", params, 2, NULL, err);
}
