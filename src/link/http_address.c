/* SPDX-License-Identifier: Apache-2.0 */
#include "link/http_private.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct range {
	uint8_t prefix[16];
	int bits;
	const char *what;
};

static const char LOOPBACK[] = "a loopback address";
static const char LINK_LOCAL[] = "a link-local address";
static const char METADATA[] = "an address where clouds serve metadata";
static const char MULTICAST[] = "a multicast address";
static const char UNSPECIFIED[] = "an unspecified address";

static const struct range four_ranges[] = {
    {{0}, 8, UNSPECIFIED}, /* the kernel takes 0.0.0.0 for this machine */
    {{127}, 8, LOOPBACK},
    {{169, 254}, 16, LINK_LOCAL},
    {{100, 100, 100, 200}, 32, METADATA}, /* Alibaba */
    {{168, 63, 129, 16}, 32, METADATA},   /* Azure */
    {{192, 0, 0, 192}, 32, METADATA},     /* Oracle */
    {{224}, 4, MULTICAST},
    {{255, 255, 255, 255}, 32, "the broadcast address"},
};

static const struct range six_ranges[] = {
    {{0}, 128, UNSPECIFIED},
    {{[15] = 1}, 128, LOOPBACK},
    {{0xfe, 0x80}, 10, LINK_LOCAL},
    {{0xff}, 8, MULTICAST},
    {{0xfd, 0x00, 0x0e, 0xc2}, 32, METADATA},                                 /* Amazon */
    {{0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}, 128, METADATA},             /* Google */
    {{0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe}, 128, METADATA}, /* Oracle */
    {{0xfd, 0x00, 0x00, 0x42, [15] = 0x42}, 128, METADATA},                   /* Scaleway */
    {{0xfd, 0x00, 0xa9, 0xfe, 0xa9, 0xfe, [15] = 0x01}, 128, METADATA},       /* Akamai */
    {{0xfd, 0x00, 0x01, 0x00, [12] = 0x01, 0x00, 0x02, 0x00}, 128, METADATA}, /* Alibaba */
};

/* IPv6 addresses that hold an IPv4 one, at this byte. */
static const struct wrapping {
	uint8_t prefix[16];
	int bits, at;
	bool inverted;
	bool same_machine; /* leads to the very address inside, not to somebody who unwraps it */
} wrappings[] = {
    {.prefix = {[10] = 0xff, 0xff}, .bits = 96, .at = 12, .same_machine = true},  /* v4-mapped, RFC 4291 2.5.5.2 */
    {.prefix = {0}, .bits = 96, .at = 12},                                        /* v4-compatible, RFC 4291 2.5.5.1 */
    {.prefix = {[8] = 0xff, 0xff}, .bits = 96, .at = 12},                         /* v4-translated, RFC 2765 2.1 */
    {.prefix = {0x00, 0x64, 0xff, 0x9b}, .bits = 96, .at = 12},                   /* NAT64, RFC 6052 2.1 */
    {.prefix = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, .bits = 48, .at = 12},       /* local NAT64, RFC 8215 */
    {.prefix = {0x20, 0x02}, .bits = 16, .at = 2},                                /* 6to4, RFC 3056 */
    {.prefix = {0x20, 0x01, 0x00, 0x00}, .bits = 32, .at = 12, .inverted = true}, /* Teredo, RFC 4380 4 */
};

static bool has_prefix(const uint8_t *address, const uint8_t *prefix, int bits)
{
	size_t whole = (size_t)bits / 8;
	int rest = bits % 8;

	if (memcmp(address, prefix, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static const char *find_flaw(const struct range *ranges, size_t count, const uint8_t *address, bool allow_loopback)
{
	for (size_t i = 0; i < count; i++) {
		if (!has_prefix(address, ranges[i].prefix, ranges[i].bits))
			continue;
		return ranges[i].what == LOOPBACK && allow_loopback ? NULL : ranges[i].what;
	}
	return NULL;
}

static const char *four_flaw(const uint8_t *address, bool allow_loopback)
{
	return find_flaw(four_ranges, sizeof(four_ranges) / sizeof(four_ranges[0]), address, allow_loopback);
}

static const char *six_flaw(const uint8_t *address, bool allow_loopback)
{
	return find_flaw(six_ranges, sizeof(six_ranges) / sizeof(six_ranges[0]), address, allow_loopback);
}

static const struct wrapping *find_wrapping(const uint8_t *address)
{
	for (size_t i = 0; i < sizeof(wrappings) / sizeof(wrappings[0]); i++) {
		if (has_prefix(address, wrappings[i].prefix, wrappings[i].bits))
			return &wrappings[i];
	}
	return NULL;
}

static bool is_six_loopback(const uint8_t *address)
{
	return memcmp(address, &in6addr_loopback, 16) == 0;
}

/* For people, and as long as this thread does not ask again. */
static const char *say(int family, const void *address, const uint8_t *inside, const char *flaw)
{
	static _Thread_local char text[2 * INET6_ADDRSTRLEN + 64];
	char outer[INET6_ADDRSTRLEN], inner[INET_ADDRSTRLEN];

	if (!flaw)
		return NULL;
	inet_ntop(family, address, outer, sizeof(outer));
	if (inside)
		snprintf(text, sizeof(text), "%s holds %s, %s", outer, inet_ntop(AF_INET, inside, inner, sizeof(inner)),
			 flaw);
	else
		snprintf(text, sizeof(text), "%s is %s", outer, flaw);
	return text;
}

static const char *judge_six(const uint8_t *address, bool allow_loopback)
{
	const char *flaw = six_flaw(address, allow_loopback);
	const struct wrapping *wrapping = find_wrapping(address);
	uint8_t inside[4];

	/* ::1 has the form of a v4-compatible address and is none. */
	if (flaw || !wrapping || is_six_loopback(address))
		return say(AF_INET6, address, NULL, flaw);
	for (int i = 0; i < 4; i++)
		inside[i] = (uint8_t)(address[wrapping->at + i] ^ (wrapping->inverted ? 0xff : 0));
	flaw = four_flaw(inside, allow_loopback && wrapping->same_machine);
	return say(AF_INET6, address, inside, flaw);
}

const char *http_address_flaw(const struct sockaddr *address, bool allow_loopback)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in four;
		memcpy(&four, address, sizeof(four));
		return say(AF_INET, &four.sin_addr, NULL, four_flaw((uint8_t *)&four.sin_addr, allow_loopback));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 six;
		memcpy(&six, address, sizeof(six));
		return judge_six(six.sin6_addr.s6_addr, allow_loopback);
	}
	return "the address is neither IPv4 nor IPv6";
}

bool http_address_parse(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	*ret = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		memcpy(ret, &four, sizeof(four));
	else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
		memcpy(ret, &six, sizeof(six));
	return ret->ss_family != 0;
}

/* host as libcurl has it: an IPv6 address in brackets. */
static bool is_loopback_host(const char *host)
{
	char bare[INET6_ADDRSTRLEN];
	uint8_t address[16];
	size_t size = strlen(host);

	if (inet_pton(AF_INET, host, address) == 1)
		return address[0] == 127;
	if (*host != '[' || size - 2 >= sizeof(bare))
		return text_equal_fold(host, "localhost");
	memcpy(bare, host + 1, size - 2);
	bare[size - 2] = '\0';
	return inet_pton(AF_INET6, bare, address) == 1 && is_six_loopback(address);
}

bool http_url_is_loopback(const char *url)
{
	CURLU *parts = curl_url();
	char *host = NULL;
	bool loopback = false;

	if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) && !curl_url_get(parts, CURLUPART_HOST, &host, 0))
		loopback = is_loopback_host(host);
	curl_free(host);
	curl_url_cleanup(parts);
	return loopback;
}
