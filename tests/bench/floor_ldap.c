/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor of reading a directory: what libldap itself takes to bring every value before somebody's eyes, where it lies in
 * the message. Nothing is copied, kept or compared, and there are no pages.
 *
 *     floor_ldap URL BASE FILTER ATTRIBUTE,... [BASE FILTER ATTRIBUTE,...]...
 *
 * Prints the number of entries, values and bytes.
 */
#include <lber.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTRIBUTES_MOST = 32, WORDS_OF_A_SEARCH = 3 };

struct tally {
	unsigned long entries, values, bytes;
};

static void must(int code, const char *what)
{
	if (code == LDAP_SUCCESS)
		return;
	fprintf(stderr, "floor_ldap: %s: %s\n", what, ldap_err2string(code));
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

static void take_entry(LDAP *handle, LDAPMessage *message, struct tally *tally)
{
	BerElement *ber = NULL;
	struct berval name = {0}, *values = NULL;

	must(ldap_get_dn_ber(handle, message, &ber, &name), "DN");
	tally->entries++;
	tally->bytes += name.bv_len;
	while (ldap_get_attribute_ber(handle, message, ber, &name, &values) == LDAP_SUCCESS && name.bv_val != NULL) {
		for (const struct berval *value = values; value != NULL && value->bv_val != NULL; value++) {
			tally->values++;
			tally->bytes += value->bv_len;
		}
		ber_memfree(values);
		values = NULL;
	}
	ber_free(ber, 0);
}

static void search(LDAP *handle, char *words[WORDS_OF_A_SEARCH], struct tally *tally)
{
	char *attributes[ATTRIBUTES_MOST + 1];
	LDAPMessage *message = NULL;
	int id = 0, type, code = 0;

	split(words[2], attributes);
	must(ldap_search_ext(handle, words[0], LDAP_SCOPE_SUBTREE, words[1], attributes, 0, NULL, NULL, NULL,
			     LDAP_NO_LIMIT, &id),
	     words[0]);
	while ((type = ldap_result(handle, id, LDAP_MSG_ONE, NULL, &message)) == LDAP_RES_SEARCH_ENTRY) {
		take_entry(handle, message, tally);
		ldap_msgfree(message);
	}
	if (type != LDAP_RES_SEARCH_RESULT)
		must(LDAP_SERVER_DOWN, words[0]);
	must(ldap_parse_result(handle, message, &code, NULL, NULL, NULL, NULL, 1), words[0]);
	must(code, words[0]);
}

int main(int argc, char **argv)
{
	struct tally tally = {0};
	int version = LDAP_VERSION3;
	LDAP *handle = NULL;

	if (argc < 2 + WORDS_OF_A_SEARCH || (argc - 2) % WORDS_OF_A_SEARCH != 0) {
		fprintf(stderr, "usage: floor_ldap URL BASE FILTER ATTRIBUTE,... [BASE FILTER ATTRIBUTE,...]...\n");
		return 2;
	}
	must(ldap_initialize(&handle, argv[1]), argv[1]);
	must(ldap_set_option(handle, LDAP_OPT_PROTOCOL_VERSION, &version), "protocol version");
	must(ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF), "referrals");
	for (int i = 2; i < argc; i += WORDS_OF_A_SEARCH)
		search(handle, argv + i, &tally);
	ldap_unbind_ext_s(handle, NULL, NULL);
	printf("%lu %lu %lu\n", tally.entries, tally.values, tally.bytes);
	return 0;
}
