/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of hearing what changed: a search that goes on (RFC 4533, refreshAndPersist), and every value of what it brings
 * before somebody's eyes, where it lies in the message.
 *
 *     floor_persist URL BASE FILTER ATTRIBUTE,...
 *
 * Prints the instant of each entry, in seconds of CLOCK_MONOTONIC, until it is killed.
 */
#include <lber.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ATTRIBUTES_MOST = 32, WORDS = 5, REFRESH_AND_PERSIST = 3 };

static void must(int code, const char *what)
{
	if (code == LDAP_SUCCESS)
		return;
	fprintf(stderr, "floor_persist: %s: %s\n", what, ldap_err2string(code));
	exit(1);
}

/* Cuts list at its commas. */
static void split(char *list, char *ret[ATTRIBUTES_MOST + 1])
{
	size_t count = 0;

	while (list != NULL && count < ATTRIBUTES_MOST) {
		char *comma = strchr(list, ',');
		ret[count++] = list;
		if (comma != NULL)
			*comma++ = '\0';
		list = comma;
	}
	ret[count] = NULL;
}

static void take_entry(LDAP *handle, LDAPMessage *message)
{
	BerElement *ber = NULL;
	struct berval name = {0}, *values = NULL;
	struct timespec now;
	unsigned long bytes = 0;

	must(ldap_get_dn_ber(handle, message, &ber, &name), "DN");
	while (ldap_get_attribute_ber(handle, message, ber, &name, &values) == LDAP_SUCCESS && name.bv_val != NULL) {
		for (const struct berval *value = values; value != NULL && value->bv_val != NULL; value++)
			bytes += value->bv_len;
		ber_memfree(values);
		values = NULL;
	}
	ber_free(ber, 0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%lld.%09ld %lu\n", (long long)now.tv_sec, now.tv_nsec, bytes);
	fflush(stdout);
}

static int start(LDAP *handle, char **argv)
{
	char *attributes[ATTRIBUTES_MOST + 1];
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	char oid[] = LDAP_CONTROL_SYNC;
	LDAPControl control = {.ldctl_oid = oid, .ldctl_iscritical = 1}, *controls[] = {&control, NULL};
	int id = 0;

	split(argv[4], attributes);
	if (ber == NULL || ber_printf(ber, "{e}", (ber_int_t)REFRESH_AND_PERSIST) < 0 ||
	    ber_flatten2(ber, &control.ldctl_value, 0) < 0)
		must(LDAP_ENCODING_ERROR, "control");
	must(ldap_search_ext(handle, argv[2], LDAP_SCOPE_SUBTREE, argv[3], attributes, 0, controls, NULL, NULL,
			     LDAP_NO_LIMIT, &id),
	     argv[2]);
	ber_free(ber, 1);
	return id;
}

int main(int argc, char **argv)
{
	int version = LDAP_VERSION3, type;
	LDAPMessage *message = NULL;
	LDAP *handle = NULL;

	if (argc != WORDS) {
		fprintf(stderr, "usage: floor_persist URL BASE FILTER ATTRIBUTE,...\n");
		return 2;
	}
	must(ldap_initialize(&handle, argv[1]), argv[1]);
	must(ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version), "protocol version");
	int id = start(handle, argv);
	while ((type = ldap_result(handle, id, LDAP_MSG_ONE, NULL, &message)) > 0 && type != LDAP_RES_SEARCH_RESULT) {
		if (type == LDAP_RES_SEARCH_ENTRY)
			take_entry(handle, message);
		ldap_msgfree(message);
	}
	fprintf(stderr, "floor_persist: the search ended\n");
	return 1;
}
