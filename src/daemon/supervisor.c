/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/supervisor.h"

#include "daemon/child.h"
#include "daemon/children.h"
#include "daemon/notify.h"
#include "daemon/spawn.h"
#include "roster/log.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Where things are to get. Whatever happens, advance() does the next steps towards it. */
enum goal { GOAL_RUN, GOAL_RELOAD, GOAL_STOP };

/* What USR1 and USR2 ask for. */
static const char *const request_subjects[] = {"sync", "full"};
enum { REQUESTS = sizeof request_subjects / sizeof request_subjects[0] };

enum { STATUS_MOST = 512, INSTANCE_TEXT = 17 };

struct supervisor {
	const struct duty *const *duties;
	const char *config_file;
	struct loop *loop;
	struct loop_timer *watchdog;
	struct notify notify;
	struct children *children;
	struct setup setup, next; /* in force; to come, while the goal is to reload */
	struct setup tried;       /* read last, and not tried to its end yet */
	bool trying, try_again;   /* a trial runs; of what was read before */
	enum goal goal;
	struct error *err;        /* why it ends unasked */
	bool told_ready;          /* the service manager was told so at least once */
	bool announce;            /* it is to be told so when the children are started */
	bool requests[REQUESTS];  /* asked for and not yet begun */
	bool answer;              /* what became of a reload is to be told in the database */
	char refused[ERROR_TEXT]; /* why the file is not what is in force; "" when it is */
	char status[STATUS_MOST];
};

/* --- what the service manager hears ------------------------------------------------------------------------------------ */

static void say_status(struct supervisor *self)
{
	struct children_count count = children_count(self->children);
	char status[STATUS_MOST];

	snprintf(status, sizeof status, "%s%zu of %zu children ready%s%.300s",
		 self->goal == GOAL_STOP ? "stopping, " : "", count.ready, count.wanted,
		 self->refused[0] == '\0' ? "" : "; the configuration is not in force: ", self->refused);
	/* A message is lines. */
	for (char *c = status; *c != '\0'; c++)
		*c = *c == '\n' ? ' ' : *c;
	if (strcmp(status, self->status) == 0)
		return;
	memcpy(self->status, status, sizeof status);
	notify_send(&self->notify, "STATUS=%s", status);
}

static void say_ready(struct supervisor *self)
{
	if (!self->announce)
		return;
	self->announce = false;
	if (!self->told_ready)
		log_info("rosterd %s has started", ROSTER_VERSION);
	self->told_ready = true;
	notify_send(&self->notify, "READY=1");
}

static void give_sign_of_life(void *context)
{
	struct supervisor *self = context;

	notify_send(&self->notify, "WATCHDOG=1");
	loop_timer_start(self->watchdog, self->notify.watchdog_ms);
}

/* --- the children there are to be --------------------------------------------------------------------------------------- */

struct wanting {
	struct supervisor *self;
	const struct duty *duty;
};

static void want_child(void *context, const char *subject)
{
	const struct wanting *wanting = context;

	children_want(wanting->self->children, wanting->duty, subject);
}

static void want_all(struct supervisor *self)
{
	for (const struct duty *const *duty = self->duties; *duty != NULL; duty++) {
		struct wanting wanting = {self, *duty};
		if ((*duty)->wanted != NULL)
			(*duty)->wanted(self->setup.config, want_child, &wanting);
	}
}

static const struct duty *duty_on_demand(const struct supervisor *self, const char *name)
{
	for (const struct duty *const *duty = self->duties; *duty != NULL; duty++)
		if (strcmp((*duty)->name, name) == 0)
			return *duty;
	return NULL;
}

static void start_requests(struct supervisor *self)
{
	const struct duty *duty = duty_on_demand(self, "request");

	for (size_t i = 0; i < REQUESTS; i++)
		if (self->requests[i] && children_run_once(self->children, duty, request_subjects[i]))
			self->requests[i] = false;
}

static void start_answer(struct supervisor *self)
{
	const struct duty *duty = duty_on_demand(self, "reload");

	if (self->refused[0] == '\0')
		unsetenv(spawn_refusal_variable);
	else
		setenv(spawn_refusal_variable, self->refused, 1);
	if (duty == NULL || children_run_once(self->children, duty, "answer"))
		self->answer = false;
}

/* --- on the way to the goal ---------------------------------------------------------------------------------------------- */

static void run_on(struct supervisor *self)
{
	children_start(self->children, true);
	if (!children_are_ready(self->children, true))
		return;
	children_start(self->children, false);
	start_requests(self);
	if (self->answer)
		start_answer(self);
	say_ready(self);
}

/* The others first, and what they lean on when they are gone. */
static bool all_stopped(struct supervisor *self)
{
	return children_stop(self->children, false) && children_stop(self->children, true);
}

static void take_next(struct supervisor *self)
{
	daemon_unload(&self->setup);
	self->setup = self->next;
	self->next = (struct setup){.handover = -1};
	daemon_log_as(self->setup.config);
	self->goal = GOAL_RUN;
	self->announce = self->answer = true;
	children_configure(self->children, self->setup.handover);
	want_all(self);
	log_info("%s is in force", self->config_file);
}

/* after is the configuration to come, NULL when nothing is to be kept. */
static void keep_foundations(struct supervisor *self, const struct config *after)
{
	for (const struct duty *const *duty = self->duties; *duty != NULL; duty++)
		children_keep(self->children, *duty,
			      after != NULL && (*duty)->foundation && (*duty)->keeps != NULL &&
				  (*duty)->keeps(self->setup.config, after));
}

static void stop_all(struct supervisor *self)
{
	notify_send(&self->notify, "STOPPING=1");
	self->goal = GOAL_STOP;
	keep_foundations(self, NULL);
	children_say_end(self->children);
}

/* What everybody leans on cannot be had, now or later: somebody has to look. */
static void stop_if_hopeless(struct supervisor *self)
{
	const char *title;
	int code = children_given_up(self->children, &title);

	if (code == 0 || self->goal == GOAL_STOP)
		return;
	if (code == CHILD_EXIT_SCHEMA)
		error_set(self->err, ERR_SCHEMA,
			  "the schema of the database is not that of this version; what to do is in the log above");
	else
		error_set(self->err, code == error_exit_code(ERR_DENIED) ? ERR_DENIED : ERR_CONFIG,
			  "the %s cannot work, and nothing works without it; what is wrong is in the log above", title);
	log_error("%s ended with %d, which will not change by itself; rosterd ends", title, code);
	stop_all(self);
}

static void advance(void *context)
{
	struct supervisor *self = context;

	stop_if_hopeless(self);
	if (self->goal == GOAL_STOP && all_stopped(self)) {
		loop_stop(self->loop);
		return;
	}
	if (self->goal == GOAL_RELOAD && all_stopped(self))
		take_next(self);
	if (self->goal == GOAL_RUN)
		run_on(self);
	say_status(self);
}

/* --- signals ------------------------------------------------------------------------------------------------------------- */

static void on_stop(int number, void *context)
{
	struct supervisor *self = context;

	if (self->goal == GOAL_STOP)
		return;
	log_info("stopping, because of signal %s", sigabbrev_np(number));
	stop_all(self);
	advance(self);
}

static void refuse_next(struct supervisor *self, const struct error *err)
{
	log_error("%s; the configuration in force stays", err->text);
	snprintf(self->refused, sizeof self->refused, "%s", err->text);
	self->answer = true;
	if (self->told_ready && self->goal == GOAL_RUN)
		notify_send(&self->notify, "READY=1");
}

/* Also when the last one has not come into force yet: then it never will. */
static void accept_next(struct supervisor *self, struct setup *next)
{
	daemon_unload(&self->next);
	self->next = *next;
	*next = (struct setup){.handover = -1};
	self->refused[0] = '\0';
	self->goal = GOAL_RELOAD;
	keep_foundations(self, self->next.config);
}

static void try_next(struct supervisor *self);

/* Of several that came in short order the last one counts. */
static void on_tried(bool good, void *context)
{
	struct supervisor *self = context;
	struct error err = {0};
	bool again = self->try_again;

	self->trying = self->try_again = false;
	if (self->goal == GOAL_STOP)
		return;
	if (again) {
		try_next(self);
	} else if (good) {
		accept_next(self, &self->tried);
	} else {
		error_set(&err, ERR_CONFIG, "what %s says does not work, see the log of the trial", self->config_file);
		daemon_unload(&self->tried);
		refuse_next(self, &err);
	}
}

/* Secrets and connections are for a child: this process holds none. */
static void try_next(struct supervisor *self)
{
	const struct duty *duty = duty_on_demand(self, "trial");

	if (duty == NULL) {
		accept_next(self, &self->tried);
	} else if (self->trying) {
		self->try_again = true;
	} else {
		bool kept = duty->keeps != NULL && duty->keeps(self->setup.config, self->tried.config);
		self->trying = true;
		if (!children_try(self->children, duty, kept ? "secrets" : "all", self->tried.handover, on_tried))
			on_tried(false, self);
	}
}

static void on_reload(int number, void *context)
{
	struct supervisor *self = context;
	struct setup next;
	struct error err = {0};

	(void)number;
	if (self->goal == GOAL_STOP)
		return;
	if (self->told_ready)
		notify_reloading(&self->notify);
	if (daemon_load(self->config_file, TELL_LOG, &next, &err) != 0 || daemon_permitted(next.config, &err) != 0 ||
	    daemon_hand_over(&next, &err) != 0) {
		daemon_unload(&next);
		refuse_next(self, &err);
	} else {
		daemon_unload(&self->tried);
		self->tried = next;
		try_next(self);
	}
	advance(self);
}

static void on_request(int number, void *context)
{
	struct supervisor *self = context;

	if (duty_on_demand(self, "request") == NULL) {
		log_warn("signal %s asks for a run, which this rosterd cannot ask for", sigabbrev_np(number));
		return;
	}
	self->requests[number == SIGUSR1 ? 0 : 1] = true;
	advance(self);
}

/* Something no other rosterd is called, here or elsewhere: a process id comes back, and every container has its 1. */
static void name_instance(void)
{
	uint64_t number = 0;
	char text[INSTANCE_TEXT];

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		number = (uint64_t)getpid();
	snprintf(text, sizeof text, "%016" PRIx64, number);
	setenv(spawn_instance_variable, text, 1);
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

static void open_supervisor(struct supervisor *self)
{
	struct error err = {0};

	if (notify_open(&self->notify, &err) != 0)
		log_warn("the service manager cannot be told anything: %s", err.text);
	self->loop = loop_new();
	self->children = children_new(self->loop, self->config_file, advance, self);
	self->watchdog = loop_timer_new(self->loop, give_sign_of_life, self);
	loop_on_signal(self->loop, SIGTERM, on_stop, self);
	loop_on_signal(self->loop, SIGINT, on_stop, self);
	loop_on_signal(self->loop, SIGHUP, on_reload, self);
	loop_on_signal(self->loop, SIGUSR1, on_request, self);
	loop_on_signal(self->loop, SIGUSR2, on_request, self);
}

static void close_supervisor(struct supervisor *self)
{
	children_free(&self->children);
	loop_timer_free(&self->watchdog);
	loop_free(&self->loop);
	notify_close(&self->notify);
	daemon_unload(&self->tried);
	daemon_unload(&self->next);
	daemon_unload(&self->setup);
}

int supervise(const struct duty *const duties[], const char *config_file, struct setup *setup, struct error *err)
{
	struct supervisor self = {.duties = duties, .config_file = config_file, .announce = true, .err = err};

	if (daemon_hand_over(setup, err) != 0)
		return -1;
	self.setup = *setup;
	self.next.handover = self.tried.handover = -1;
	*setup = (struct setup){.handover = -1};
	/* Who reads the log may go away; that is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	name_instance();
	open_supervisor(&self);
	children_configure(self.children, self.setup.handover);
	if (self.notify.watchdog_ms > 0)
		give_sign_of_life(&self);
	want_all(&self);
	advance(&self);
	int rc = loop_run(self.loop, err);
	close_supervisor(&self);
	return rc == 0 && err->class == ERR_NONE ? 0 : -1;
}
