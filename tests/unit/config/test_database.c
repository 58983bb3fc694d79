/* SPDX-License-Identifier: Apache-2.0 */
#include "config/peer.h"
#include "expect.h"

#define CONNINFO(text) "version: 1\ndatabase: { conninfo: \"" text "\" }\n"

#define TWO_WAYS                                                                                                       \
	"    hint: database: { embedded: \"/var/lib/roster/db\" }      # rosterd keeps a private PostgreSQL\n"         \
	"          database: { conninfo: \"host=/run/postgresql dbname=roster\" }      # or: the server you have\n"

static void database_is_one_of_two(void **state)
{
	(void)state;
	expect("version: 1\n", "rosterd.conf: the file does not say which \"database\" to use\n" TWO_WAYS);
	expect("version: 1\ndatabase: { }\n",
	       "rosterd.conf:2: \"database\" does not say which one to use\n    database: { }\n" TWO_WAYS);
	expect("version: 1\ndatabase: { embedded: \"/db\"\nconninfo: \"dbname=x\" }\n",
	       "rosterd.conf:3: \"database\" has both \"conninfo\" and \"embedded\"\n    conninfo: \"dbname=x\" "
	       "}\n" TWO_WAYS);
}

static void local_servers_need_no_certificate(void **state)
{
	(void)state;
	expect(CONNINFO("dbname=roster"), "");
	expect(CONNINFO("host=/run/postgresql dbname = 'roster'"), "");
	expect(CONNINFO("host=localhost,127.0.0.1,::1,/tmp hostaddr=127.0.0.1"), "");
	expect(CONNINFO("postgresql:///roster"), "");
	expect(CONNINFO("postgres://localhost:5432,[::1]:5432/roster"), "");
	expect(CONNINFO("postgresql://%2Frun%2Fpostgresql/roster"), "");
	expect(CONNINFO("postgresql:///roster?host=/run/postgresql"), "");
}

static void other_hosts_need_a_checked_certificate(void **state)
{
	static const char *const remote[] = {
	    CONNINFO("host=db.example"),
	    CONNINFO("host = 'db.example' sslmode=require"),
	    CONNINFO("host=localhost,db.example"),
	    CONNINFO("host=localhost hostaddr=192.0.2.1"),
	    CONNINFO("postgresql://db.example/roster"),
	    CONNINFO("postgres://localhost,db.example:5432/roster?sslmode=verify-ca"),
	    CONNINFO("postgresql:///roster?host=db.example"),
	    CONNINFO("postgresql://[2001:db8::1]:5432/roster"),
	    CONNINFO("postgresql://%64b.example/roster"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		struct loaded loaded = load_text(remote[i]);
		assert_int_equal(loaded.findings.errors, 1);
		assert_string_equal(loaded.findings.items[0].text,
				    "the database is on another host, but its certificate is not checked");
		loaded_free(&loaded);
	}
	expect(CONNINFO("host=db.example sslmode=verify-full"), "");
	expect(CONNINFO("postgresql://a.example,b.example/roster?sslmode=verify-full&sslrootcert=/ca"), "");
}

static void service_is_only_warned_about(void **state)
{
	(void)state;
	expect(CONNINFO("service=roster"),
	       "rosterd.conf:2: warning: whether the service \"roster\" is on another host cannot be seen here\n"
	       "    database: { conninfo: \"service=roster\" }\n"
	       "    hint: add sslmode=verify-full here, or see that the service says it\n");
	expect(CONNINFO("service=roster sslmode=verify-full"), "");
}

static void users_and_passwords_have_no_place_in_it(void **state)
{
	static const char *const user = "\"conninfo\" names a user", *const password = "\"conninfo\" holds a password";
	static const struct {
		const char *text, *first, *second;
	} cases[] = {
	    {CONNINFO("user=x"), user, NULL},
	    {CONNINFO("password='a b\\\\'c'"), password, NULL},
	    {CONNINFO("postgresql://x@localhost/"), user, NULL},
	    {CONNINFO("postgresql://x:hunter2@localhost/"), password, user},
	    {CONNINFO("postgresql:///?user=x&password=hunter2"), password, user},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loaded loaded = load_text(cases[i].text);
		assert_int_equal(loaded.findings.errors, cases[i].second ? 2 : 1);
		assert_string_equal(loaded.findings.items[0].text, cases[i].first);
		if (cases[i].second)
			assert_string_equal(loaded.findings.items[1].text, cases[i].second);
		assert_null(strstr(loaded.findings.items[0].source_line, "hunter2"));
		loaded_free(&loaded);
	}
}

static void what_is_no_conninfo_is_refused(void **state)
{
	(void)state;
	expect(CONNINFO("roster"), "rosterd.conf:2: \"conninfo\": a keyword is not followed by = and a value\n"
				   "    database: { conninfo: \"roster\" }\n"
				   "    hint: write it as libpq does: host=... dbname=...\n");
	expect(CONNINFO("dbname='x"), "rosterd.conf:2: \"conninfo\": a quoted value is not closed\n"
				      "    database: { conninfo: \"dbname='x\" }\n"
				      "    hint: write it as libpq does: host=... dbname=...\n");
	expect(CONNINFO(""), "rosterd.conf:2: \"conninfo\" must not be empty\n"
			     "    database: { conninfo: \"\" }\n"
			     "    hint: leave the key out if it is not needed\n");
}

static void only_this_host_is_local(void **state)
{
	(void)state;
	assert_true(peer_is_local_url("ldap://LOCALHOST:389/"));
	assert_true(peer_is_local_url("ldap://[::1]"));
	assert_false(peer_is_local_url("ldap://localhost.example"));
	assert_false(peer_is_local_url("ldap://[::1"));
	assert_false(peer_is_local_url("ldap:///"));
	assert_false(peer_is_local_url("localhost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(database_is_one_of_two),
	    cmocka_unit_test(local_servers_need_no_certificate),
	    cmocka_unit_test(other_hosts_need_a_checked_certificate),
	    cmocka_unit_test(service_is_only_warned_about),
	    cmocka_unit_test(users_and_passwords_have_no_place_in_it),
	    cmocka_unit_test(what_is_no_conninfo_is_refused),
	    cmocka_unit_test(only_this_host_is_local),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
