/* SPDX-License-Identifier: Apache-2.0 */
#include "config/address.h"
#include "config/load.h"

#include <string.h>

static const char two_ways[] = "write exec: \"/PATH/OF/PROGRAM\", or url: \"https://HOST/PATH\"";

static void check_url(struct loader *loader, const struct conf_node *node, const char *url)
{
	struct flaw flaws[FLAWS_MAX];
	size_t count = address_url_flaws(url, false, flaws);

	for (size_t i = 0; i < count; i++)
		report_error(loader, child_position(node, "url"), flaws[i].hint, "\"url\" %s", flaws[i].what);
}

static void check_notice(struct loader *loader, const struct conf_node *node, const struct notice_config *notice)
{
	const struct conf_node *exec = conf_child(node, "exec"), *url = conf_child(node, "url");

	if (exec && url)
		report_error(loader, node_position(exec->line > url->line ? exec : url), two_ways,
			     "notify.%s has both \"exec\" and \"url\"", node->name);
	else if (!exec && !url)
		report_error(loader, node_position(node), two_ways, "notify.%s does not say who is told", node->name);
	if (*notice->exec)
		check_program(loader, node, notice->exec);
	if (*notice->url)
		check_url(loader, node, notice->url);
}

void check_notices(struct loader *loader)
{
	static const char *const names[NOTICES] = {
	    [NOTICE_RUN_HELD] = "run_held",
	    [NOTICE_SOURCE_STALE] = "source_stale",
	    [NOTICE_SOURCE_DRIFT] = "source_drift",
	    [NOTICE_TARGET_STUCK] = "target_stuck",
	    [NOTICE_NEEDS_ATTENTION] = "needs_attention",
	};
	const struct conf_node *notify = conf_child(loader->root, "notify");

	for (size_t i = 0; i < NOTICES; i++) {
		const struct conf_node *node = conf_child(notify, names[i]);
		if (node && node->type == CONF_GROUP)
			check_notice(loader, node, &loader->config->notices[i]);
	}
}
