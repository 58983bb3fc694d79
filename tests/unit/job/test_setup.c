/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The names of files stay short in findings: tests run in a directory of their own. */
static int enter_directory(void **state)
{
	static char directory[] = "/tmp/roster-setup-XXXXXX";

	*state = directory;
	return mkdtemp(directory) && chdir(directory) == 0 && mkdir("conf.d", 0700) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	unlink("rosterd.conf");
	unlink("conf.d/a.conf");
	rmdir("conf.d");
	return chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

#define KNOWN_HERE                                                                                                     \
	"    hint: known here: version, include_dir, database, sources, safety, history, rules, targets, notify, "     \
	"status, signin, signals, log\n"

/* Everything that is said about rosterd.conf, with its secrets. */
static void expect(const char *want, const char *summary)
{
	struct arena *arena = arena_new();
	struct config *config = NULL;
	struct findings findings;
	struct error err = {0};
	struct str have = {0};

	assert_int_equal(setup_load("rosterd.conf", arena, &config, &findings, &err), -1);
	assert_non_null(findings.draft);
	secrets_check(findings.draft, SECRETS_READABLE, arena, &findings);
	findings_print(&findings, &have);
	assert_string_equal(str_text(&have), want);
	assert_int_equal(findings_error(&findings, &err), -1);
	assert_string_equal(err.text, summary);
	str_free(&have);
	arena_free(&arena);
}

static void text_keys_rules_and_secrets_are_judged_together(void **state)
{
	(void)state;
	write_file("rosterd.conf",
		   "version: 1; bogus: 1\n"
		   "database: { embedded: \"/db\" }; include_dir: \"conf.d\"\n"
		   "safety: { max_remove: 3000000000 }\n"
		   "sources: { corp: { type: \"ldap\"; url: \"ldaps://dc\"; ca_file: \"no.pem\"; bind_dn: \"cn=a\"\n"
		   "  password: \"file:absent\"\n"
		   "  users: { base: \"dc=x\"\n"
		   "    filter: \"(a=b\" } } }\n"
		   "rules: { default_admins: [ \"ann\" ]\n"
		   "  r1: { users: \"(a~=b)\"; into: \"/x\"; role: \"R\" }\n"
		   "  r2: {\n"
		   "    group: \"not a=\"\n"
		   "    into: \"platfrom\"\n"
		   "    role: \"R\"; grup: \"x\" }\n"
		   "  r3: { match: 5; into: \"/${x}/../y\"; role: \"R\" } }\n");
	write_file("conf.d/a.conf", "safety: { max_grant: 3000000000; grace: \"x\" }\n"
				    "rules: { r1: { } }\n"
				    "rools: { }\n");
	expect("rosterd.conf:1: unknown key \"bogus\"\n"
	       "    version: 1; bogus: 1\n" KNOWN_HERE
	       "rosterd.conf:3: the number 3000000000 is too large to be written without a suffix\n"
	       "    safety: { max_remove: 3000000000 }\n"
	       "    hint: write 3000000000L\n"
	       "rosterd.conf:4: source corp: no.pem: No such file or directory\n"
	       "    sources: { corp: { type: \"ldap\"; url: \"ldaps://dc\"; ca_file: \"no.pem\"; bind_dn: \"cn=a\"\n"
	       "rosterd.conf:5: source corp: cannot use the secret file:absent: absent: No such file or directory\n"
	       "    password: \"file:absent\"\n"
	       "rosterd.conf:7: source corp: users.filter: filter \"(a=b\", column 5: expected )\n"
	       "    filter: \"(a=b\" } } }\n"
	       "rosterd.conf:9: rule r1: filter \"(a~=b)\", column 3: approximate matching (~=) is not "
	       "supported, use = with * instead\n"
	       "    r1: { users: \"(a~=b)\"; into: \"/x\"; role: \"R\" }\n"
	       "rosterd.conf:11: rule r2: group: \"not a=\" is not a DN\n"
	       "    group: \"not a=\"\n"
	       "rosterd.conf:12: rule r2: into \"platfrom\" is no place: write \"/group/path\", \"platform\", "
	       "\"app:NAME\" or \"access-group:NAME\" (did you mean \"platform\"?)\n"
	       "    into: \"platfrom\"\n"
	       "rosterd.conf:13: unknown key \"grup\" in rules.r2\n"
	       "    role: \"R\"; grup: \"x\" }\n"
	       "    hint: did you mean \"group\"?\n"
	       "rosterd.conf:14: \"match\" must be a string, not a number\n"
	       "    r3: { match: 5; into: \"/${x}/../y\"; role: \"R\" } }\n"
	       "    hint: write the value in quotes\n"
	       "rosterd.conf:14: rule r3: into \"/${x}/../y\": the name \"..\" is \".\" or \"..\"\n"
	       "    r3: { match: 5; into: \"/${x}/../y\"; role: \"R\" } }\n"
	       "conf.d/a.conf:1: the number 3000000000 is too large to be written without a suffix\n"
	       "    safety: { max_grant: 3000000000; grace: \"x\" }\n"
	       "    hint: write 3000000000L\n"
	       "conf.d/a.conf:1: \"grace\" is not a duration\n"
	       "    safety: { max_grant: 3000000000; grace: \"x\" }\n"
	       "    hint: write a number and a unit in quotes: \"90s\", \"15m\", \"24h\" or \"30d\"\n"
	       "conf.d/a.conf:2: \"r1\" is already set in rosterd.conf:9\n"
	       "    rules: { r1: { } }\n"
	       "    hint: keep one of the two\n"
	       "conf.d/a.conf:3: unknown key \"rools\"\n"
	       "    rools: { }\n" KNOWN_HERE,
	       "rosterd.conf:1: unknown key \"bogus\" (and 14 more)");
}

/* What is missing may be in the part that cannot be read; what is there is judged all the same. */
static void file_that_cannot_be_parsed_hides_nothing_of_another(void **state)
{
	(void)state;
	write_file("rosterd.conf",
		   "version: 1; include_dir: \"conf.d\"; database: { embedded: \"/db\"; conninfo: \"a=b\" }\n"
		   "rules: { r: { source: \"corp\"; match: \"cn ~ (\"; into: \"/x\"; role: \"R\" } }\n");
	write_file("conf.d/a.conf", "sources: { corp: { type: ldif } }\n");
	expect(
	    "rosterd.conf:1: \"database\" has both \"conninfo\" and \"embedded\"\n"
	    "    version: 1; include_dir: \"conf.d\"; database: { embedded: \"/db\"; conninfo: \"a=b\" }\n"
	    "    hint: database: { embedded: \"/var/lib/roster/db\" }      # rosterd keeps a private PostgreSQL\n"
	    "          database: { conninfo: \"host=/run/postgresql dbname=roster\" }      # or: the server you have\n"
	    "rosterd.conf:2: rule r: regular expression \"(\": missing closing parenthesis at column 2\n"
	    "    rules: { r: { source: \"corp\"; match: \"cn ~ (\"; into: \"/x\"; role: \"R\" } }\n"
	    "conf.d/a.conf:1: a text needs quotes\n"
	    "    sources: { corp: { type: ldif } }\n"
	    "    hint: write it as \"...\"\n",
	    "rosterd.conf:1: \"database\" has both \"conninfo\" and \"embedded\" (and 2 more)");
}

static void programs_and_files_that_are_not_there_are_named(void **state)
{
	(void)state;
	write_file("rosterd.conf", "version: 1; database: { embedded: \"/db\" }; bogus: 1\n"
				   "notify: { run_held: { exec: \"/nowhere/tell\" }\n"
				   "  target_stuck: { exec: \"/etc/passwd\" } }\n");
	unlink("conf.d/a.conf");
	expect("rosterd.conf:1: unknown key \"bogus\"\n"
	       "    version: 1; database: { embedded: \"/db\" }; bogus: 1\n" KNOWN_HERE
	       "rosterd.conf:2: notify.run_held: /nowhere/tell: No such file or directory\n"
	       "    notify: { run_held: { exec: \"/nowhere/tell\" }\n"
	       "rosterd.conf:3: notify.target_stuck: /etc/passwd: Permission denied\n"
	       "    target_stuck: { exec: \"/etc/passwd\" } }\n",
	       "rosterd.conf:1: unknown key \"bogus\" (and 2 more)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(file_that_cannot_be_parsed_hides_nothing_of_another),
	    cmocka_unit_test(programs_and_files_that_are_not_there_are_named),
	    cmocka_unit_test(text_keys_rules_and_secrets_are_judged_together),
	};

	return cmocka_run_group_tests_name("setup", tests, enter_directory, leave_directory);
}
