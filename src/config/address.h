/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address: is an address in the file one that roster sends to, or listens on?
 *
 * Judged by its text alone: no name is looked up. A number that is refused when a connection is made is refused here
 * already. What a name leads to is judged again when a connection is made.
 */
#ifndef ROSTER_CONFIG_ADDRESS_H
#define ROSTER_CONFIG_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* What is wrong, to follow the name of the key in a message, and what to do. Neither repeats the address, but for a host
 * that is a number. */
struct flaw {
	const char *what; /* valid until the next call */
	const char *hint; /* may be NULL */
};

/* No address has more. */
enum { FLAWS_MAX = 8 };

/* https://HOST[:PORT][/PATH][?QUERY] without a user (RFC 3986); with allow_loopback also http:// to a host written as
 * localhost, 127.0.0.0/8 or [::1]. Gives how many flaws it has, 0 when it may be used. */
size_t address_url_flaws(const char *url, bool allow_loopback, struct flaw flaws[FLAWS_MAX]);
/* ldap://HOST[:PORT][/] or ldaps:// the same; what more an LDAP URL (RFC 4516) can say has keys of its own. */
size_t address_ldap_flaws(const char *url, struct flaw flaws[FLAWS_MAX]);
/* tls://HOST[:PORT], or nats:// to a host written as localhost, 127.0.0.0/8 or [::1]: of a NATS server. */
size_t address_nats_flaws(const char *url, struct flaw flaws[FLAWS_MAX]);
/* Its port is one of a global catalog of Active Directory. */
bool address_is_catalogue(const char *url);
/* unix:/PATH, 127.0.0.1:PORT or [::1]:PORT. False with a flaw when it is none of them. */
bool address_can_listen(const char *text, struct flaw *ret);

#endif
