/* SPDX-License-Identifier: Apache-2.0 */
#include "config/address.h"
#include "expect.h"

static void assert_flaws(const char *url, bool allow_loopback, const char *want)
{
	struct flaw flaws[FLAWS_MAX];
	struct str have = {0};
	size_t count = address_url_flaws(url, allow_loopback, flaws);

	for (size_t i = 0; i < count; i++)
		str_printf(&have, "%s%s", i ? "; " : "", flaws[i].what);
	if (strcmp(str_text(&have), want) != 0)
		fail_msg("%s: \"%s\" instead of \"%s\"", url, str_text(&have), want);
	str_free(&have);
}

static void assert_listens(const char *text, const char *want)
{
	struct flaw flaw = {"", NULL};
	bool can = address_can_listen(text, &flaw);

	if (strcmp(flaw.what, want) != 0 || can != (*want == '\0'))
		fail_msg("%s: \"%s\" instead of \"%s\"", text, flaw.what, want);
}

static void https_may_lead_anywhere(void **state)
{
	static const char *const urls[] = {
	    "https://a",
	    "https://billing.example/hooks/roster?a=b&c=%20",
	    "https://billing.example:8443",
	    "https://10.0.0.7:1/x",
	    "https://[2001:db8::1]:65535/",
	    "https://[::1]",
	    "https://localhost/x@y",
	    "https://a_b-c.example?x=y@z:0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		assert_flaws(urls[i], true, "");
		assert_flaws(urls[i], false, "");
	}
}

static void numbers_that_are_never_called_are_flaws(void **state)
{
	static const struct {
		const char *url, *flaw;
	} urls[] = {
	    {"https://169.254.169.254/latest", "169.254.169.254 is a link-local address"},
	    {"https://169.16689662:8443/", "169.254.169.254 is a link-local address"},
	    {"https://0xa9fea9fe/", "169.254.169.254 is a link-local address"},
	    {"https://0.0.0.0/", "0.0.0.0 is an unspecified address"},
	    {"https://100.100.100.200/", "100.100.100.200 is an address where clouds serve metadata"},
	    {"https://224.0.0.1/", "224.0.0.1 is a multicast address"},
	    {"https://[fe80::1]/", "fe80::1 is a link-local address"},
	    {"https://[::ffff:169.254.169.254]:1/",
	     "::ffff:169.254.169.254 holds 169.254.169.254, a link-local address"},
	};
	struct str want = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		str_clear(&want);
		str_printf(&want, "leads where roster never goes: %s", urls[i].flaw);
		assert_flaws(urls[i].url, true, str_text(&want));
		assert_flaws(urls[i].url, false, str_text(&want));
	}
	str_free(&want);
	assert_flaws("https://127.0.0.1/", true, "");
	assert_flaws("https://169.254.169.254.example/", true, "");
	assert_flaws("https://192.168.1.1/", true, "");
}

static void http_is_for_loopback_as_it_is_usually_written(void **state)
{
	static const char *const here[] = {
	    "http://localhost",    "http://LocalHost:8080/x",   "http://127.0.0.1/",
	    "http://127.0.0.1:9/", "http://127.255.1.2?x=http", "http://[::1]:8080/",
	};
	static const char *const elsewhere[] = {
	    "http://billing.example/",
	    "http://localhost.example/",
	    "http://localhost./",
	    "http://xlocalhost/",
	    "http://127.1/",
	    "http://0x7f000001/",
	    "http://2130706433/",
	    "http://0177.0.0.1/",
	    "http://127.0.0.1.example/",
	    "http://128.0.0.1/",
	    "http://0.0.0.0/",
	    "http://10.0.0.1:127/",
	    "http://[::]/",
	    "http://[::ffff:127.0.0.1]/",
	    "http://[::2]/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		assert_flaws(here[i], true, "");
		assert_flaws(here[i], false, "would be reached without encryption");
	}
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		assert_flaws(elsewhere[i], true, "would be reached without encryption");
}

static void only_the_web_is_spoken(void **state)
{
	static const char *const urls[] = {"",          "billing.example", "ftp://a",  "file:///etc/passwd",
					   "https:/a",  "https:a",         "//a/b",    "HTTPS://a",
					   "httpss://", "xhttps://a",      "https//a", "unix:/run/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_flaws(urls[i], true, "is not the address of a web server");
}

static void spaces_and_control_characters_are_refused(void **state)
{
	static const char *const urls[] = {"https://a/b c",      " https://a",      "https://a ",
					   "https://a/\r\nX: y", "https://a\t/",    "https://a/\x7f",
					   "https://a/\xC2\x85", "https://a b#c@d", "https://a/\xE2\x80\xA8"};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_flaws(urls[i], true, "holds a space or a control character");
}

static void hosts_must_be_hosts(void **state)
{
	static const char *const none[] = {"https://",      "https:///x", "https://?x",
					   "https://:443/", "http://",    "http://:80"};
	static const char *const wrong[] = {"https://a\\b/",
					    "https://a%2eb/",
					    "https://.a/",
					    "https://a..b",
					    "https://[::1",
					    "https://[]/",
					    "https://[::1]x/",
					    "https://[a.b]/",
					    "https://[fe80::1%1]",
					    "https://b\xC3\xBC/",
					    "https://a,b/",
					    "https://a;b",
					    "https://[1:2:3:4:5:6:7:8:9]/"};
	struct str longest = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_flaws(none[i], true, "names no host");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_flaws(wrong[i], true, "names a host that cannot be");
	str_add(&longest, "https://");
	for (size_t i = 0; i < 253; i++)
		str_add_char(&longest, 'a');
	assert_flaws(str_text(&longest), true, "");
	str_add_char(&longest, 'a');
	assert_flaws(str_text(&longest), true, "names a host that cannot be");
	str_free(&longest);
}

static void ports_must_be_ports(void **state)
{
	static const char *const urls[] = {"https://a:/",    "https://a:0/",     "https://a:65536",
					   "https://a:-1",   "https://a:123456", "https://a:8o80/",
					   "https://a:1:2/", "https://[::1]:/",  "http://127.0.0.1:x/"};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_flaws(urls[i], true, "has a port that cannot be");
}

static void users_and_fragments_are_refused(void **state)
{
	(void)state;
	assert_flaws("https://me@a/", true, "names a user");
	assert_flaws("https://me:secret@a:443/", true, "names a user");
	assert_flaws("https://@a", true, "names a user");
	assert_flaws("https://a#", true, "has a fragment, which is never sent");
	assert_flaws("https://a/b?c#d", true, "has a fragment, which is never sent");
}

static void user_does_not_hide_where_a_message_goes(void **state)
{
	(void)state;
	assert_flaws("http://localhost@billing.example/", true, "names a user; would be reached without encryption");
	assert_flaws("http://127.0.0.1:80@billing.example/", true, "names a user; would be reached without encryption");
	assert_flaws("http://a@b@localhost/", true, "names a user");
}

static void everything_wrong_is_told_at_once(void **state)
{
	(void)state;
	assert_flaws("http://me@a%b:x/#f", true,
		     "names a user; names a host that cannot be; has a port that cannot be; would be reached without "
		     "encryption; has a fragment, which is never sent");
}

static void sockets_and_loopback_can_be_listened_on(void **state)
{
	(void)state;
	assert_listens("unix:/run/roster/status.sock", "");
	assert_listens("127.0.0.1:9187", "");
	assert_listens("[::1]:65535", "");
	assert_listens("127.0.0.1:1", "");
}

static void nothing_else_can_be_listened_on(void **state)
{
	static const char *const others[] = {"9187",          ":9187",     "*:9187",        "0.0.0.0:9187",
					     "[::]:9187",     "127.0.0.1", "10.0.0.1:9187", "localhost:9187",
					     "127.0.0.10:80", "::1:9187",  "/run/x",        "UNIX:/run/x",
					     "[::1]9187",     "",          " 127.0.0.1:1",  "https://127.0.0.1:1"};
	static const char *const ports[] = {"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "[::1]:http",
					    "[::1]:9 ",   "[::1]:-1",    "127.0.0.1:9187/"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_listens(others[i], "is neither a unix socket nor an address of this host alone");
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		assert_listens(ports[i], "has a port that cannot be");
}

static void path_of_a_socket_is_whole_and_short(void **state)
{
	struct str path = {0};

	(void)state;
	assert_listens("unix:", "names a socket without an absolute path");
	assert_listens("unix:run/x", "names a socket without an absolute path");
	assert_listens("unix:@abstract", "names a socket without an absolute path");
	assert_listens("unix:/", "names a socket that cannot be made");
	assert_listens("unix:/run/", "names a socket that cannot be made");
	assert_listens("unix:/run/a\nb", "names a socket that cannot be made");
	str_add(&path, "unix:/");
	for (size_t i = 0; i < 106; i++)
		str_add_char(&path, 'a');
	assert_listens(str_text(&path), "");
	str_add_char(&path, 'a');
	assert_listens(str_text(&path), "names a socket whose path is longer than 107 bytes");
	str_free(&path);
}

static void streams_are_reached_with_encryption(void **state)
{
	static const struct {
		const char *url, *flaw;
	} cases[] = {
	    {"tls://nats.example:4222", ""},
	    {"tls://[2001:db8::1]", ""},
	    {"nats://127.0.0.1:4222", ""},
	    {"nats://localhost/", ""},
	    {"nats://nats.example:4222", "would be reached without encryption"},
	    {"https://nats.example", "is not the address of a NATS server"},
	    {"nats.example:4222", "is not the address of a NATS server"},
	    {"tls://a:70000", "has a port that cannot be"},
	    {"tls://me:secret@a", "names a user"},
	    {"tls://a/ROSTER", "says more than where the server is"},
	    {"tls://a\n", "holds a control character"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct flaw flaws[FLAWS_MAX];
		size_t count = address_nats_flaws(cases[i].url, flaws);
		assert_int_equal(count, *cases[i].flaw ? 1 : 0);
		if (count > 0)
			assert_string_equal(flaws[0].what, cases[i].flaw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(https_may_lead_anywhere),
	    cmocka_unit_test(numbers_that_are_never_called_are_flaws),
	    cmocka_unit_test(http_is_for_loopback_as_it_is_usually_written),
	    cmocka_unit_test(only_the_web_is_spoken),
	    cmocka_unit_test(spaces_and_control_characters_are_refused),
	    cmocka_unit_test(hosts_must_be_hosts),
	    cmocka_unit_test(ports_must_be_ports),
	    cmocka_unit_test(users_and_fragments_are_refused),
	    cmocka_unit_test(user_does_not_hide_where_a_message_goes),
	    cmocka_unit_test(everything_wrong_is_told_at_once),
	    cmocka_unit_test(sockets_and_loopback_can_be_listened_on),
	    cmocka_unit_test(nothing_else_can_be_listened_on),
	    cmocka_unit_test(path_of_a_socket_is_whole_and_short),
	    cmocka_unit_test(streams_are_reached_with_encryption),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
