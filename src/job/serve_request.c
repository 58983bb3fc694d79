/* SPDX-License-Identifier: Apache-2.0 */
/* What the process that leads a source is asked for. */
#include "job/service.h"

#include "roster/elapsed.h"
#include "roster/json.h"
#include "roster/log.h"

#include <inttypes.h>
#include <string.h>

enum { OPTIONS_MOST = 64 * 1024 };

static int read_options(const struct json *object, struct sync_options *options, struct error *err)
{
	if (json_get_boolean(object, "full", &options->full, err) < 0 ||
	    json_get_boolean(object, "from_mirror", &options->from_mirror, err) < 0 ||
	    json_get_text(object, "expect", &options->expect, err) < 0)
		return -1;
	return 0;
}

static int run_request(struct service *service, const struct request *request, struct sync_report *report,
		       struct error *err)
{
	struct sync_options options = {.dry_run = request->kind == REQUEST_PLAN,
				       .watch = &service->watch,
				       .session = &service->session,
				       .follow = true};
	bool followed = service->session.follows;
	int64_t began = clock_ms();
	struct json *object = NULL;
	int rc = json_parse(request->options, strlen(request->options), OPTIONS_MOST, &object, err);

	if (rc == 0)
		rc = read_options(object, &options, err);
	if (rc == 0)
		rc = request_writer_open(&service->config->database, request->id, &service->writer, err);
	if (rc == 0) {
		options.sink = request_writer_sink(service->writer);
		/* Who asks is told what waits, each time. */
		service->session.recalled = false;
		rc = sync_source_on(service->store, service->config, service->source, &options, report, err);
	}
	if (rc == 0)
		rc = request_writer_flush(service->writer, err);
	if (rc == 0 && !options.dry_run && !options.from_mirror && report->unasked == ERR_NONE)
		service_run_was_good(service, report, began);
	else if ((followed || options.from_mirror) && !service->session.follows &&
		 service->session.driver->news_wait != NULL)
		service->due_at = clock_ms();
	request_writer_close(&service->writer);
	json_free(&object);
	return rc;
}

static int end_request(struct service *service, const struct request *request, const struct sync_report *report,
		       struct error *err)
{
	bool leaves_run = request->kind == REQUEST_SYNC && !report->observed;
	struct str result = {0};
	int rc;

	report_write(report, &result);
	rc = request_end(service->store, request->id, leaves_run ? report->run : 0, str_text(&result), NULL, err);
	str_free(&result);
	if (request->kind == REQUEST_SYNC)
		service_tell(service, report, request->login);
	else
		log_info("a plan for source %s: %" PRId64 " changes (asked for by %s)", service->source->name,
			 report->totals.changes, request->login);
	return rc;
}

int service_carry_out(struct service *service, const struct request *request, struct error *err)
{
	struct sync_report report;
	struct error failure = {0};

	if (run_request(service, request, &report, &failure) == 0)
		return end_request(service, request, &report, err);
	if (store_is_lost(service->store)) {
		*err = failure;
		return -1;
	}
	/* Left as it is, the next one who leads begins it anew. */
	if (service->hooks->must_stop())
		return 0;
	if (failure.class == ERR_CLOSED)
		service->due_at = INT64_MAX;
	log_error("%s (%s, asked for by %s)", failure.text, request_kind_name(request->kind), request->login);
	return request_end(service->store, request->id, 0, NULL, &failure, err);
}
