/* SPDX-License-Identifier: Apache-2.0 */
/* judge: which of the planned changes may take effect, and which wait for a person. */
#ifndef JOB_JUDGE_H
#define JOB_JUDGE_H

#include "roster/job.h"
#include "roster/text.h"

struct judgement {
	const struct safety_config *safety;
	struct store *store;
	int64_t run;
	const struct digest *applied; /* the rules last applied; NULL when nothing of this source ever was */
	const struct digest *rules;
	bool decided; /* somebody has just decided about held rows: the run as a whole is not asked about again */
	bool guarded; /* some of the plan is what the guard counts */
	/* out */
	bool whole;        /* the whole run waits */
	bool spared;       /* but for accounts that the source closed */
	int64_t newly;     /* rows held by this judgement, beside those that were held before */
	char reason[1024]; /* of what is newly held, sentence by sentence; "" when nothing is */
};

/* Judge the plan and mark in the database what is held. */
int judge_plan(struct judgement *judgement, struct error *err);

#endif
