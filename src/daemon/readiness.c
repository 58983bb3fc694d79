/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/readiness.h"

#include <stdlib.h>

static bool judge_source(const struct source_config *source, const struct samples *samples, struct str *out)
{
	const struct sample *sample =
	    samples_find(samples, "roster_source_last_complete_timestamp_seconds", source->name);
	double at = sample == NULL ? 0 : strtod(sample->value, NULL), age = samples->now - at;
	int64_t limit = READINESS_POLLS * source->poll_ms;
	char age_text[32], limit_text[32];

	if (at > 0 && age * 1000 <= (double)limit)
		return true;
	if (at > 0)
		str_printf(out, "source %s: it was last read completely %s ago, which should be within %s\n",
			   source->name, duration_format((int64_t)age * 1000, age_text, sizeof age_text),
			   duration_format(limit, limit_text, sizeof limit_text));
	else
		str_printf(out, "source %s: it was never read completely\n", source->name);
	return false;
}

bool readiness_judge(const struct config *config, const struct samples *samples, struct str *out)
{
	bool ready = true;

	for (size_t i = 0; i < config->source_count; i++)
		ready = judge_source(&config->sources[i], samples, out) && ready;
	return ready;
}
