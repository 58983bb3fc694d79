/* SPDX-License-Identifier: Apache-2.0 */
#include "target/exec/exec.h"

#include "roster/arena.h"
#include "roster/elapsed.h"
#include "roster/json.h"
#include "target/exec/coprocess.h"
#include "target/worker.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER_MOST = 64 * 1024, MS_PER_SECOND = 1000, WAIT_MOST_SECONDS = 24 * 60 * 60 };

/* --- answers ---------------------------------------------------------------------------------------------------------------- */

static int kind_of(const char *result)
{
	static const struct {
		const char *name;
		enum verdict_kind kind;
	} results[] = {{"confirmed", VERDICT_CONFIRMED},
		       {"later", VERDICT_LATER},
		       {"refused", VERDICT_REFUSED},
		       {"disabled", VERDICT_DISABLED}};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (strcmp(results[i].name, result) == 0)
			return (int)results[i].kind;
	return -1;
}

static int64_t wait_in(const struct json *answer)
{
	int64_t seconds = -1;

	if (!json_as_integer(json_get(answer, "wait"), &seconds) || seconds < 0)
		return -1;
	return (seconds < WAIT_MOST_SECONDS ? seconds : WAIT_MOST_SECONDS) * MS_PER_SECOND;
}

static int read_answer(const struct json *answer, const char *id, struct verdict *ret, struct error *err)
{
	const char *answered = "", *result = "", *reason = "";

	if (json_kind_of(answer) != JSON_KIND_OBJECT)
		return error_set(err, ERR_PROTOCOL, "the program answers with something else than an object");
	if (json_get_text(answer, "id", &answered, err) < 0 || json_get_text(answer, "result", &result, err) < 0 ||
	    json_get_text(answer, "reason", &reason, err) < 0)
		return -1;
	if (strcmp(answered, id) != 0)
		return error_set(err, ERR_PROTOCOL, "the program answers to \"%.100s\", and was told \"%s\"", answered,
				 id);
	int kind = kind_of(result);
	if (kind < 0)
		return error_set(err, ERR_PROTOCOL,
				 "the program answers with the result \"%.100s\", which is none of confirmed, later, "
				 "refused and disabled",
				 result);
	if (kind != VERDICT_CONFIRMED)
		verdict_set(ret, (enum verdict_kind)kind, wait_in(answer), "it says %s%s%.400s", result,
			    *reason ? ": " : "", reason);
	return 0;
}

/* --- one message ------------------------------------------------------------------------------------------------------------ */

static void write_line(const struct delivery *delivery, struct str *out)
{
	str_add(out, "{\"id\":");
	json_add_text(out, delivery->id);
	str_add(out, ",\"message\":");
	str_append(out, delivery->body, delivery->size);
	str_add(out, "}\n");
}

static int ask(struct coprocess *coprocess, const struct work *work, const struct delivery *delivery,
	       struct verdict *ret, struct error *err)
{
	struct json *answer = NULL;
	struct str line = {0};
	const char *said = NULL;

	write_line(delivery, &line);
	int status = coprocess_ask(coprocess, &line, clock_ms() + work->target->timeout_ms, work->stop, &said, err);
	str_free(&line);
	if (status == 0)
		status = json_parse(said, strlen(said), ANSWER_MOST, &answer, err);
	if (status == 0)
		status = read_answer(answer, delivery->id, ret, err);
	json_free(&answer);
	return status;
}

static void forget(struct work *work)
{
	struct coprocess *coprocess = work->state;

	coprocess_end(&coprocess);
	work->state = NULL;
}

/* What cannot be talked to is started anew the next time. */
static void apply(struct work *work, const struct delivery *delivery, struct verdict *ret)
{
	struct coprocess *coprocess = work->state;
	struct error err = {0};

	if (coprocess || coprocess_start(work->target->exec, work->target->name, &coprocess, &err) == 0) {
		work->state = coprocess;
		if (ask(coprocess, work, delivery, ret, &err) == 0)
			return;
		forget(work);
	}
	verdict_set(ret, VERDICT_LATER, -1, "%s", err.text);
}

/* --- the driver -------------------------------------------------------------------------------------------------------------- */

static int exec_open(const struct config *config, struct target **ret, struct error *err)
{
	static const struct worker_ops ops = {apply, forget};

	(void)config;
	return workers_open(&ops, ret, err);
}

const struct target_ops exec_target = {
    .name = TARGET_EXEC,
    .open = exec_open,
    .send = workers_send,
    .wait = workers_wait,
    .close = workers_close,
};
