/* SPDX-License-Identifier: Apache-2.0 */
/* rosterctl: the command line of roster. */
#include "app/start.h"

int main(int argc, char **argv)
{
	return app_main(argc, argv);
}
