/* SPDX-License-Identifier: Apache-2.0 */
#include "app/run.h"

#include "roster/json.h"

#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- how far it is ------------------------------------------------------------------------------------------------------ */

/* Who waits at a terminal sees how far it is, on one line that is wiped at the end. */
struct teller {
	struct request_follower follower;
	struct sync_watch watch;
	const char *source;
	bool told;
};

static void wipe_progress(struct teller *teller)
{
	if (teller->told)
		fputs("\r\033[K", stderr);
	teller->told = false;
}

/* Where the words say how much of how much is done: "[#####---------------]". */
static void draw_bar(const char *words)
{
	enum { WIDTH = 20 };
	int64_t done, all;

	words = strpbrk(words, "0123456789");
	if (words == NULL || (sscanf(words, "%" SCNd64 " of %" SCNd64, &done, &all) != 2 &&
			      sscanf(words, "%" SCNd64 " of about %" SCNd64, &done, &all) != 2))
		return;
	if (all <= 0)
		return;
	int filled = done >= all ? WIDTH : (int)((double)done / (double)all * WIDTH);
	fputs(" [", stderr);
	for (int i = 0; i < WIDTH; i++)
		fputc(i < filled ? '#' : '-', stderr);
	fputc(']', stderr);
}

static void show_progress(struct teller *teller, const char *text)
{
	wipe_progress(teller);
	teller->told = text[0] != '\0';
	if (!teller->told)
		return;
	fprintf(stderr, "source %s: %s", teller->source, text);
	draw_bar(text);
}

static void tell_progress(struct request_follower *follower, const char *text)
{
	show_progress((struct teller *)follower, text);
}

static bool tell_step(struct sync_watch *watch, const char *what)
{
	show_progress((struct teller *)((char *)watch - offsetof(struct teller, watch)), what);
	return true;
}
/* Who reads more lines than this of what a run did reads none of them. A plan is printed whole. */
enum { LINES_MOST = 10000 };

/* --- here ------------------------------------------------------------------------------------------------------------- */

static int run_here(struct app *app, const struct run_wanted *wanted, struct change_printer *printer,
		    struct sync_report *report, struct error *err)
{
	struct teller teller = {.watch.step = tell_step, .source = printer->source->name};
	const struct sync_options options = {
	    .dry_run = wanted->kind == REQUEST_PLAN,
	    .full = wanted->full,
	    .from_mirror = wanted->from_mirror,
	    .expect = wanted->expect,
	    .sink = &printer->sink,
	    .watch = isatty(STDERR_FILENO) ? &teller.watch : NULL,
	    .session = wanted->session == NULL ? NULL : *wanted->session,
	};
	struct store **store = wanted->store;
	int rc;

	if (store != NULL && *store != NULL) {
		rc = sync_source_on(*store, app->config, printer->source, &options, report, err);
		/* Who leads a source does so as long as the connection lives. */
		store_close(store);
	} else {
		rc = sync_source(app->config, printer->source, &options, report, err);
	}
	if (wanted->session != NULL)
		sync_prepared(wanted->session);
	wipe_progress(&teller);
	return rc;
}

/* --- by rosterd ------------------------------------------------------------------------------------------------------- */

int run_check_led(struct store *store, const struct source_config *source, struct error *err)
{
	int led = request_is_led(store, REQUEST_SYNC, source->name, err);

	if (led != 0)
		return led > 0 ? 0 : -1;
	return error_set(err, ERR_ABSENT, "no rosterd leads source %s: start rosterd, or use --local", source->name);
}

static int make(struct store *store, const struct source_config *source, const struct run_wanted *wanted, int64_t *id,
		struct error *err)
{
	struct json *options = json_new_object();
	struct str text = {0};
	int rc = 0;

	if (wanted->full)
		rc = json_put(options, "full", json_new_boolean(true), err);
	if (rc == 0 && wanted->from_mirror)
		rc = json_put(options, "from_mirror", json_new_boolean(true), err);
	if (rc == 0 && wanted->expect != NULL)
		rc = json_put_text(options, "expect", wanted->expect, err);
	json_print(options, false, &text);
	if (rc == 0)
		rc = run_check_led(store, source, err);
	if (rc == 0)
		rc = request_make(store, wanted->kind, source->name, str_text(&text), id, err);
	str_free(&text);
	json_free(&options);
	return rc;
}

int run_ask(struct app *app, const struct source_config *source, const struct run_wanted *wanted, int64_t *id,
	    struct error *err)
{
	struct store *store = NULL;
	int rc = app_connect(app, STORE_OPERATOR, &store, err);

	if (rc == 0)
		rc = make(store, source, wanted, id, err);
	store_close(&store);
	return rc;
}

static volatile sig_atomic_t interrupted;

static void note_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

static bool was_interrupted(void)
{
	return interrupted != 0;
}

/* As whoever did not handle it, so that a shell knows. */
_Noreturn static void end_interrupted(int64_t id)
{
	fprintf(stderr, "interrupted: request %" PRId64 " goes on in rosterd; see: rosterctl requests\n", id);
	fflush(stdout);
	signal(SIGINT, SIG_DFL);
	raise(SIGINT);
	_exit(128 + SIGINT);
}

static int follow(struct app *app, struct store *store, int64_t id, const char *source, struct request_result *ret,
		  struct error *err)
{
	struct teller teller = {.follower.must_stop = was_interrupted, .source = source};
	struct sigaction noting = {.sa_handler = note_interrupt}, before;
	int rc;

	if (isatty(STDERR_FILENO))
		teller.follower.progress = tell_progress;
	sigaction(SIGINT, &noting, &before);
	rc = request_follow(store, id, &teller.follower, app->arena, ret, err);
	wipe_progress(&teller);
	sigaction(SIGINT, &before, NULL);
	if (rc == 0)
		end_interrupted(id);
	return rc > 0 ? 0 : -1;
}

static int run_there(struct app *app, struct store *store, const struct run_wanted *wanted,
		     struct change_printer *printer, struct sync_report *report, struct error *err)
{
	struct request_result result;
	int64_t id = 0;

	if (make(store, printer->source, wanted, &id, err) != 0 ||
	    follow(app, store, id, printer->source->name, &result, err) != 0)
		return -1;
	if (!result.done)
		return error_set(err, result.error_class, "%s", result.error);
	if (report_read(result.result, app->arena, report, err) != 0)
		return -1;
	return request_lines_walk(store, id, &printer->sink, err);
}

/* --- both ------------------------------------------------------------------------------------------------------------- */

int run_print(struct app *app, const struct run_wanted *wanted, struct change_printer *printer,
	      struct sync_report *report, struct error *err)
{
	struct store *store = NULL;
	int rc;

	printer->sink.change = change_print;
	printer->app = app;
	printer->report = report;
	if (wanted->local && wanted->kind == REQUEST_SYNC && printer->format == OUTPUT_TEXT)
		printer->sink.most = LINES_MOST;
	if (wanted->local) {
		rc = run_here(app, wanted, printer, report, err);
	} else {
		rc = app_connect(app, STORE_OPERATOR, &store, err);
		if (rc == 0)
			rc = run_there(app, store, wanted, printer, report, err);
	}
	if (rc == 0)
		change_printer_end(printer, &app->config->safety);
	store_close(&store);
	return rc;
}

bool run_say_waiting(const struct sync_report *report)
{
	bool one = report->waiting == 1;

	if (report->waiting == 0)
		return false;
	fprintf(stderr, "held: %" PRId64 " %s still %s for a decision; see: rosterctl runs diff %s\n", report->waiting,
		one ? "change" : "changes", one ? "waits" : "wait", report->waiting_runs);
	return true;
}
