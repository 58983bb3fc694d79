/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include "roster/str.h"

#include <string.h>

const char daemon_usage[] = "usage: rosterd [-f FILE] [-t | --once]\n"
			    "  -f, --config FILE   the configuration (/etc/roster/rosterd.conf)\n"
			    "  -t, --test          check the configuration and exit\n"
			    "      --once          do the work of each source once and exit\n"
			    "  -h, --help          print this\n"
			    "  -V, --version       print the version\n"
			    "See rosterd(8).\n";

static bool is(const char *word, const char *name, const char *short_name)
{
	return strcmp(word, name) == 0 || strcmp(word, short_name) == 0;
}

static bool take_flag(const char *word, struct daemon_options *options)
{
	if (is(word, "--test", "-t"))
		options->test = true;
	else if (strcmp(word, "--once") == 0)
		options->once = true;
	else if (is(word, "--help", "-h"))
		options->help = true;
	else if (is(word, "--version", "-V"))
		options->version = true;
	else
		return false;
	return true;
}

static int refuse(const char *word, struct error *err)
{
	static const char *const names[] = {"--config", "--test", "--once", "--help", "--version"};
	const char *near = text_nearest(word, names, sizeof names / sizeof names[0]);

	if (word[0] != '-')
		return error_set(err, ERR_USAGE, "\"%s\" is no option; see: rosterd -h", word);
	if (near != NULL)
		return error_set(err, ERR_USAGE, "there is no option %s; did you mean %s?", word, near);
	return error_set(err, ERR_USAGE, "there is no option %s; see: rosterd -h", word);
}

/* An option with values: how many words it takes, itself included; 0 when it is none, -1 when a value is missing. */
static int take_values(int left, char **words, struct daemon_options *options, struct error *err)
{
	if (text_starts_with(words[0], "--config=")) {
		options->config_file = words[0] + strlen("--config=");
		return 1;
	}
	if (is(words[0], "--config", "-f")) {
		if (left < 2)
			return error_set(err, ERR_USAGE, "%s needs the name of a file", words[0]);
		options->config_file = words[1];
		return 2;
	}
	/* For the supervisor, and for nobody else: not in the usage. */
	if (strcmp(words[0], "--child") == 0) {
		if (left < 3)
			return error_set(err, ERR_USAGE, "--child needs a duty and a subject");
		options->duty = words[1];
		options->subject = words[2];
		return 3;
	}
	return 0;
}

int daemon_options_take(int argc, char **argv, struct daemon_options *ret, struct error *err)
{
	*ret = (struct daemon_options){.config_file = NULL};
	for (int at = 1; at < argc;) {
		int taken = take_values(argc - at, argv + at, ret, err);
		if (taken < 0)
			return -1;
		if (taken == 0 && !take_flag(argv[at], ret))
			return refuse(argv[at], err);
		at += taken > 0 ? taken : 1;
	}
	if (ret->test && ret->once)
		return error_set(err, ERR_USAGE, "-t and --once exclude each other");
	return 0;
}
