/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *flaw_of(const char *text, bool allow_loopback)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return http_address_flaw((struct sockaddr *)&four, allow_loopback);
	if (inet_pton(AF_INET6, text, &six.sin6_addr) != 1)
		fail_msg("%s is no address", text);
	return http_address_flaw((struct sockaddr *)&six, allow_loopback);
}

static const struct {
	const char *address, *flaw;
} refused[] = {
    {"0.0.0.0", "0.0.0.0 is an unspecified address"},
    {"0.0.0.1", "unspecified"},
    {"0.255.255.255", "unspecified"},
    {"169.254.169.254", "169.254.169.254 is a link-local address"},
    {"169.254.0.0", "link-local"},
    {"169.254.255.255", "link-local"},
    {"169.254.170.2", "link-local"},
    {"100.100.100.200", "metadata"},
    {"168.63.129.16", "metadata"},
    {"192.0.0.192", "metadata"},
    {"224.0.0.1", "224.0.0.1 is a multicast address"},
    {"239.255.255.255", "multicast"},
    {"255.255.255.255", "255.255.255.255 is the broadcast address"},
    {"::", ":: is an unspecified address"},
    {"fe80::1", "fe80::1 is a link-local address"},
    {"fe80::a9fe:a9fe", "link-local"},
    {"febf:ffff::1", "link-local"},
    {"ff02::1", "ff02::1 is a multicast address"},
    {"ff0e::1", "multicast"},
    {"fd00:ec2::254", "metadata"},
    {"fd00:ec2::23", "metadata"},
    {"fd20:ce::254", "metadata"},
    {"fd00:c1::a9fe:a9fe", "metadata"},
    {"fd00:42::42", "metadata"},
    {"fd00:a9fe:a9fe::1", "metadata"},
    {"fd00:100::100:200", "metadata"},
    /* v4-mapped */
    {"::ffff:169.254.169.254", "::ffff:169.254.169.254 holds 169.254.169.254, a link-local address"},
    {"::ffff:0.0.0.0", "unspecified"},
    {"::ffff:100.100.100.200", "metadata"},
    {"::ffff:224.0.0.251", "multicast"},
    {"::ffff:255.255.255.255", "broadcast"},
    {"0:0:0:0:0:FFFF:A9FE:A9FE", "link-local"},
    /* v4-compatible and v4-translated */
    {"::169.254.169.254", "link-local"},
    {"::224.0.0.1", "multicast"},
    {"::2", "unspecified"},
    {"::ffff:0:169.254.169.254", "link-local"},
    /* 6to4 */
    {"2002:a9fe:a9fe::1", "2002:a9fe:a9fe::1 holds 169.254.169.254, a link-local address"},
    {"2002:a9fe:a9fe:ffff:1:2:3:4", "link-local"},
    {"2002:6464:64c8::", "metadata"},
    {"2002::1", "unspecified"},
    {"2002:e000:1::", "multicast"},
    /* NAT64, everybody's and a network's own */
    {"64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe holds 169.254.169.254, a link-local address"},
    {"64:ff9b::168.63.129.16", "metadata"},
    {"64:ff9b::ffff:ffff", "broadcast"},
    {"64:ff9b:1::169.254.169.254", "link-local"},
    {"64:ff9b:1:abcd::169.254.169.254", "link-local"},
    /* Teredo holds it inverted */
    {"2001::5601:5601", "link-local"},
    {"2001:0:4136:e378:8000:63bf:5601:5601", "link-local"},
};

static void what_must_not_be_called_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		for (int allow = 0; allow <= 1; allow++) {
			const char *flaw = flaw_of(refused[i].address, allow);
			if (!flaw || !strstr(flaw, refused[i].flaw))
				fail_msg("%s: %s", refused[i].address, flaw ? flaw : "allowed");
		}
	}
	assert_string_equal(flaw_of("169.254.169.254", false), "169.254.169.254 is a link-local address");
}

static void loopback_is_refused_unless_allowed(void **state)
{
	static const char *const loopbacks[] = {
	    "127.0.0.1", "127.0.0.0", "127.1.2.3", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:127.9.9.9",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(loopbacks); i++) {
		const char *flaw = flaw_of(loopbacks[i], false);
		if (!flaw || !strstr(flaw, "a loopback address"))
			fail_msg("%s: %s", loopbacks[i], flaw ? flaw : "allowed");
		if (flaw_of(loopbacks[i], true))
			fail_msg("%s is refused although allowed", loopbacks[i]);
	}
}

/* Somebody else would unwrap these, and then it is their loopback. */
static void wrapped_loopback_of_others_is_refused_always(void **state)
{
	static const char *const wrapped[] = {
	    "::127.0.0.1",        "::ffff:0:127.0.0.1",   "2002:7f00:1::",
	    "64:ff9b::127.0.0.1", "64:ff9b:1::127.0.0.1", "2001::80ff:fffe",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrapped); i++) {
		for (int allow = 0; allow <= 1; allow++) {
			const char *flaw = flaw_of(wrapped[i], allow);
			if (!flaw || !strstr(flaw, "holds 127.0.0.1, a loopback address"))
				fail_msg("%s: %s", wrapped[i], flaw ? flaw : "allowed");
		}
	}
}

/* A host written in the configuration may be private; and the neighbours of what is refused are not. */
static void everything_else_is_allowed(void **state)
{
	static const char *const allowed[] = {
	    "1.0.0.0",
	    "8.8.8.8",
	    "10.0.0.1",
	    "100.64.0.1",
	    "100.100.100.199",
	    "100.100.100.201",
	    "126.255.255.255",
	    "128.0.0.0",
	    "168.63.129.15",
	    "169.253.255.255",
	    "169.255.0.0",
	    "172.16.0.1",
	    "192.0.0.191",
	    "192.168.1.1",
	    "223.255.255.255",
	    "240.0.0.1",
	    "255.255.255.254",
	    "2001:db8::1",
	    "2001:1::5601:5601",
	    "2606:2800:220:1::1",
	    "2002:808:808::1",
	    "2003:a9fe:a9fe::1",
	    "64:ff9b::8.8.8.8",
	    "64:ff9b:2::169.254.169.254",
	    "64:ff9a::169.254.169.254",
	    "::ffff:10.0.0.1",
	    "::8.8.8.8",
	    "0:0:0:1::1",
	    "::1:0:0:169.254.169.254",
	    "fc00::1",
	    "fd00::1",
	    "fd00:ec1::254",
	    "fd20:ce::253",
	    "fe7f::1",
	    "fec0::1",
	    "feff::1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(allowed); i++) {
		const char *flaw = flaw_of(allowed[i], false);
		if (flaw)
			fail_msg("%s is refused: %s", allowed[i], flaw);
	}
}

static void what_is_no_internet_address_is_refused(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/socket"};
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	(void)state;
	assert_non_null(http_address_flaw((struct sockaddr *)&local, true));
	assert_non_null(http_address_flaw(&none, true));
}

static void loopback_urls_are_known(void **state)
{
	static const char *const loopback[] = {
	    "http://localhost",
	    "http://localhost:8080/hook",
	    "https://LOCALHOST/",
	    "http://127.0.0.1:1/",
	    "http://127.255.0.3/",
	    "https://[::1]:8443/x?y#z",
	    "http://[0:0:0:0:0:0:0:1]/path",
	};
	static const char *const others[] = {
	    "",
	    "localhost",
	    "http://",
	    "http://localhost.example/",
	    "http://localhost@hook.example/",
	    "http://hook.example/localhost",
	    "http://hook.example/?http://127.0.0.1/",
	    "http://hook.example#@localhost/",
	    "http://127.0.0.1.example/",
	    "http://128.0.0.1/",
	    "http://0.0.0.0/",
	    "http://[::]/",
	    "http://[::2]/",
	    "http://[::ffff:10.0.0.1]/",
	    "http://[fe80::1]/",
	    "http://[::1/",
	    "http://mylocalhost/",
	    "http://hook.localhost/",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(loopback); i++) {
		if (!http_url_is_loopback(loopback[i]))
			fail_msg("%s is a loopback address", loopback[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		if (http_url_is_loopback(others[i]))
			fail_msg("%s is no loopback address", others[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_must_not_be_called_is_refused),
	    cmocka_unit_test(loopback_is_refused_unless_allowed),
	    cmocka_unit_test(wrapped_loopback_of_others_is_refused_always),
	    cmocka_unit_test(everything_else_is_allowed),
	    cmocka_unit_test(what_is_no_internet_address_is_refused),
	    cmocka_unit_test(loopback_urls_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
