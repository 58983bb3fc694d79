/* SPDX-License-Identifier: Apache-2.0 */
#include "job/service.h"

#include "roster/elapsed.h"
#include "roster/log.h"

#include <string.h>

void service_tell(const struct service *service, const struct sync_report *report, const char *asked_by)
{
	struct str text = {0};

	report_tell(report, service->source->name, &text);
	if (report->reason[0] != '\0' && report->unasked == ERR_NONE)
		str_printf(&text, ": %s", report->reason);
	if (asked_by != NULL)
		str_printf(&text, " (asked for by %s)", asked_by);
	if (report->held_reason[0] != '\0' || report->reason[0] != '\0' || report->drift > 0)
		log_warn("%s", str_text(&text));
	else if (report->last_revision != 0)
		log_change("%s", str_text(&text));
	else
		log_info("%s", str_text(&text));
	str_free(&text);
}

void service_run_was_good(struct service *service, const struct sync_report *report, int64_t began)
{
	service->back_off_ms = 0;
	service->due_at = clock_ms() + service->source->poll_ms;
	if (strcmp(report->completeness, "complete") == 0) {
		service->whole_at = clock_ms();
		service->whole_ms = service->whole_at - began;
	}
}
