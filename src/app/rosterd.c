/* SPDX-License-Identifier: Apache-2.0 */
/* rosterd: the service of roster. */
#include "roster/daemon.h"

static const struct duty *const duties[] = {&duty_database, &duty_clock,   &duty_source, &duty_webhook, &duty_exec,
					    &duty_nats,     &duty_notices, &duty_status, &duty_signin,  &duty_signals,
					    &duty_reload,   &duty_request, &duty_trial,  NULL};

int main(int argc, char **argv)
{
	return daemon_main(duties, argc, argv);
}
