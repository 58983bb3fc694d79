/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration only refers to, before it is needed. */
#include "roster/job.h"
#include "roster/target.h"

#include <string.h>

struct look {
	enum secrets_looked_at which;
	struct arena *arena;
	struct findings *findings;
};

static void add(const struct look *look, struct position position, const char *whose, const struct error *fault)
{
	const struct finding finding = {.position = position,
					.text = arena_printf(look->arena, "%s: %s", whose, fault->text)};

	findings_add(look->findings, look->arena, &finding);
}

/* A credential is there for the service alone, and a file may be closed to who asks: nothing is wrong with either. */
static bool is_elsewhere(const struct look *look, const struct secret_reference *reference, const struct error *fault)
{
	return look->which == SECRETS_READABLE &&
	       (fault->class == ERR_DENIED || strncmp(reference->text, "credential:", strlen("credential:")) == 0);
}

static bool can_be_read(const struct look *look, const struct secret_reference *reference, struct error *fault)
{
	struct secret secret = {0};
	bool read = secret_read(reference, &secret, fault) == 0;

	secret_wipe(&secret);
	if (!read && is_elsewhere(look, reference, fault))
		*fault = (struct error){0};
	return read;
}

static void look_at_source(const struct look *look, const struct source_config *source)
{
	const struct secret_reference *password = &source->ldap.password;
	struct error fault = {0};

	if (password->text == NULL || password->text[0] == '\0' || can_be_read(look, password, &fault))
		return;
	if (fault.class != ERR_NONE)
		add(look, source->position, arena_printf(look->arena, "source %s", source->name), &fault);
}

static void look_at_target(const struct look *look, const struct target_config *target)
{
	const struct target_ops *driver = target_driver(target->type);

	for (size_t i = 0; i < target->sign_count; i++) {
		struct error fault = {0};
		if (can_be_read(look, &target->sign[i], &fault) && driver != NULL)
			driver->check_key(&target->sign[i], &fault);
		if (fault.class != ERR_NONE)
			add(look, target->position, arena_printf(look->arena, "target %s", target->name), &fault);
	}
}

void secrets_check(const struct config *config, enum secrets_looked_at which, struct arena *arena,
		   struct findings *findings)
{
	const struct look look = {which, arena, findings};

	for (size_t i = 0; i < config->source_count; i++)
		look_at_source(&look, &config->sources[i]);
	for (size_t i = 0; i < config->target_count; i++)
		look_at_target(&look, &config->targets[i]);
}
