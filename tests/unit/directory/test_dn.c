/* SPDX-License-Identifier: Apache-2.0 */
#include "spelling.h"

static void examples_of_rfc_4514_have_one_form(void **state)
{
	static const struct spelling spellings[] = {
	    {"", ""},
	    {"UID=jsmith,DC=example,DC=net", "uid=jsmith,dc=example,dc=net"},
	    {"OU=Sales+CN=J.  Smith,DC=example,DC=net", "cn=j. smith+ou=sales,dc=example,dc=net"},
	    {"CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
	     "cn=james \\22jim\\22 smith\\2c iii,dc=example,dc=net"},
	    {"CN=Before\\0dAfter,DC=example,DC=net", "cn=before after,dc=example,dc=net"},
	    {"1.3.6.1.4.1.1466.0=#04024869", "1.3.6.1.4.1.1466.0=hi"},
	    {"CN=Lu\\C4\\8Di\\C4\\87", "cn=lu\xC4\x8Di\xC4\x87"},
	};

	(void)state;
	assert_all_canonical(spellings, COUNT(spellings));
}

static void spellings_of_rfc_1779_are_the_same_dn(void **state)
{
	static const struct spelling spellings[] = {
	    {"CN=L. Eagle, O=\"Sue, Grabbit and Runn\", C=GB", "cn=l. eagle,o=sue\\2c grabbit and runn,c=gb"},
	    {"CN=L. Eagle; O=Sue\\, Grabbit and Runn; C=GB", "cn=l. eagle,o=sue\\2c grabbit and runn,c=gb"},
	    {"OID.2.5.4.3=Ann,oid.2.5.4.10=X", "cn=ann,o=x"},
	    {"sn=OID.2 + OID.2.5.4.3=Ann", "cn=ann+sn=oid.2"},
	    {"cn=\"a, OID.2\",oid.2.5.4.10=X", "cn=a\\2c oid.2,o=x"},
	    {"cn=a\\, OID.2,OID.2.5.4.10=X", "cn=a\\2c oid.2,o=x"},
	    {"  CN  =  Ann   B  ,  O =  X  ", "cn=ann b,o=x"},
	    {"cn=\"\",o=x", "cn=,o=x"},
	};

	(void)state;
	assert_all_canonical(spellings, COUNT(spellings));
}

static void attribute_types_get_their_short_name(void **state)
{
	static const struct spelling spellings[] = {
	    {"commonName=a,surname=b,countryName=c,localityName=d", "cn=a,sn=b,c=c,l=d"},
	    {"stateOrProvinceName=a,organizationName=b,organizationalUnitName=c", "st=a,o=b,ou=c"},
	    {"streetAddress=a,domainComponent=b,userid=c,rfc822Mailbox=d", "street=a,dc=b,uid=c,mail=d"},
	    {"emailAddress=a,pkcs9email=b,1.2.840.113549.1.9.1=c,email=d", "email=a,email=b,email=c,email=d"},
	    {"2.5.4.3=a,2.5.4.4=b,2.5.4.6=c,2.5.4.7=d,2.5.4.8=e", "cn=a,sn=b,c=c,l=d,st=e"},
	    {"2.5.4.9=a,2.5.4.10=b,2.5.4.11=c,2.5.4.5=d", "street=a,o=b,ou=c,serialnumber=d"},
	    {"0.9.2342.19200300.100.1.1=a,0.9.2342.19200300.100.1.25=b", "uid=a,dc=b"},
	    {"2.5.4.33=a,X-Badge-1=b,commonNames=c", "2.5.4.33=a,x-badge-1=b,commonnames=c"},
	    {"E=a@x,GN=Ann,g=b,s=c", "email=a@x,givenname=ann,g=b,s=c"},
	};

	(void)state;
	assert_all_canonical(spellings, COUNT(spellings));
}

/* RFC 4514 knows no options. libldap and slapd drop them: they say nothing about who is meant. */
static void options_of_attributes_are_no_part_of_a_name(void **state)
{
	static const struct spelling spellings[] = {
	    {"cn;lang-de=Ann,o=x", "cn=ann,o=x"},
	    {"CommonName;lang-de;x-a=Ann+sn;binary=b", "cn=ann+sn=b"},
	    {"cn=a;cn;lang-de=b", "cn=a,cn=b"},
	};

	(void)state;
	assert_all_canonical(spellings, COUNT(spellings));
}

static void special_characters_have_one_escape(void **state)
{
	static const struct spelling spellings[] = {
	    {"cn=a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h", "cn=a\\2cb\\2bc\\22d\\5ce\\3cf\\3eg\\3bh"},
	    {"cn=a\\2Cb", "cn=a\\2cb"},
	    {"cn=\\#a#b", "cn=\\23a#b"},
	    {"cn=a\\=b=c", "cn=a=b=c"},
	    {"CN=u\\0ADEL:1,CN=Deleted Objects", "cn=u del:1,cn=deleted objects"},
	    {"cn=a/b?c*(d)", "cn=a/b?c*(d)"},
	};

	(void)state;
	assert_all_canonical(spellings, COUNT(spellings));
}

static void hexadecimal_values_are_decoded_when_they_are_text(void **state)
{
	static const struct spelling spellings[] = {
	    {"cn=#0C03416E6E", "cn=ann"},
	    {"cn=#1303416E6E", "cn=ann"},
	    {"cn=#0C8103416E6E", "cn=ann"},
	    {"cn=#0C820003416E6E", "cn=ann"},
	    {"cn=#0C00", "cn="},
	    {"cn=#020101", "cn=#020101"},         /* an integer */
	    {"cn=#0C04416E6E", "cn=#0c04416e6e"}, /* too short for its length */
	    {"cn=#0C02416E6E", "cn=#0c02416e6e"}, /* too long for it */
	    {"cn=#0C80416E6E0000", "cn=#0c80416e6e0000"},
	    {"cn=#0C01FF", "cn=#0c01ff"},
	    {"cn=#0C", "cn=#0c"},
	    {"cn=#0C83", "cn=#0c83"},
	    {"cn=#0C840000000141", "cn=#0c840000000141"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++)
		assert_canonical(spellings[i].dn, spellings[i].canonical);
}

static void avas_of_one_rdn_have_one_order(void **state)
{
	(void)state;
	assert_canonical("UID=1+CN=a+2.5.4.11=Z,o=x", "cn=a+ou=z+uid=1,o=x");
	assert_canonical("ou=z+uid=1+commonName=A,o=x", "cn=a+ou=z+uid=1,o=x");
	assert_canonical("cn=b+cn=a", "cn=a+cn=b");
}

static void what_is_no_dn_is_refused_and_named(void **state)
{
	static const char *const bad[] = {"cn",       "=a",      "cn=a,",    ",cn=a",   "cn=a,,o=b", "cn=a+",
					  "cn=\"a",   "cn=a\\",  "c_n=a",    " ",       "cn=#4",     "cn=#zz",
					  "cn=a\\zb", "1cn=a",   "cn=<a>",   "cn=\\ff", "cn=a\xff",  "oid.=a",
					  "cn=#",     "cn=# 2$", "cn=#,o=x", "OID.",    "cn=a;",     "-a=b"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error err = {0};
		struct str out = {0};

		str_add(&out, "kept");
		if (dn_canonical(bad[i], strlen(bad[i]), &out, &err) == 0)
			fail_msg("%s gave %s", bad[i], out.data);
		assert_int_equal(err.class, ERR_DATA);
		assert_non_null(strstr(err.text, "DN"));
		assert_string_equal(out.data, "kept");
		assert_int_equal(out.size, 4);
		str_free(&out);
	}
	assert_int_equal(dn_canonical("cn=a\0b", 6, &(struct str){0}, NULL), -1);
}

static void a_dn_need_not_end_with_nul(void **state)
{
	struct str out = {0};
	char *dn = malloc(9);

	(void)state;
	memcpy(dn, "CN=\\41,O=", 9);
	assert_int_equal(dn_canonical(dn, 9, &out, NULL), 0);
	assert_string_equal(out.data, "cn=a,o=");
	free(dn);
	str_free(&out);
}

static void a_long_dn_is_cut_between_characters_in_messages(void **state)
{
	struct error err = {0};
	struct str dn = {0};

	(void)state;
	str_add(&dn, "x");
	for (int i = 0; i < 200; i++)
		str_add(&dn, "\xC3\xA4");
	assert_int_equal(dn_canonical(dn.data, dn.size, &(struct str){0}, &err), -1);
	assert_true(text_is_valid(err.text, strlen(err.text)));
	assert_int_equal(strlen(err.text), 299 + strlen("\"\" is not a DN"));
	str_free(&dn);
}

/* An RDN in front that needs the thorough parser takes the rest of the DN there with it. */
static void assert_same_on_both_paths(const char *dn)
{
	struct str plain = {0}, longer = {0}, thorough = {0};

	str_printf(&longer, "x=\\41,%s", dn);
	int result = dn_canonical(dn, strlen(dn), &plain, NULL);
	assert_int_equal(result, dn_canonical(longer.data, longer.size, &thorough, NULL));
	if (result == 0) {
		assert_string_equal(str_text(&thorough) + strlen("x=a,"), str_text(&plain));
		assert_memory_equal(thorough.data, "x=a,", 4);
	}
	str_free(&plain);
	str_free(&longer);
	str_free(&thorough);
}

static void plain_and_thorough_parser_agree(void **state)
{
	static const char alphabet[] = "aZ0-=,;+ .#\"\\<cn=o=uid=,";
	char dn[24] = "";

	(void)state;
	srand(1290);
	for (int round = 0; round < 200000; round++) {
		size_t size = 1 + (size_t)rand() % (sizeof(dn) - 1);

		for (size_t i = 0; i < size; i++)
			dn[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		dn[size - 1] = '\0';
		if (dn[0] != '\0')
			assert_same_on_both_paths(dn);
	}
}

static void long_dns_are_canonical_too(void **state)
{
	struct str dn = {0}, canonical = {0};

	(void)state;
	for (int i = 0; i < 400; i++) {
		str_printf(&dn, "%sOU=Level%d", i > 0 ? ", " : "", i);
		str_printf(&canonical, "%sou=level%d", i > 0 ? "," : "", i);
		assert_canonical(dn.data, canonical.data);
	}
	str_free(&dn);
	str_free(&canonical);
}

/* "email" and "givenname" are longer than what stands for them. */
static void names_of_types_may_grow(void **state)
{
	static const struct spelling types[] = {{"E", "email"}, {"GN", "givenname"}};

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct str dn = {0}, canonical = {0};
		while (dn.size < 1200) {
			str_printf(&dn, "%s%s=x", dn.size > 0 ? "," : "", types[i].dn);
			str_printf(&canonical, "%s%s=x", canonical.size > 0 ? "," : "", types[i].canonical);
			assert_canonical(dn.data, canonical.data);
		}
		str_free(&dn);
		str_free(&canonical);
	}
}

static void result_is_appended(void **state)
{
	struct str out = {0};

	(void)state;
	assert_int_equal(dn_canonical("CN=a", 4, &out, NULL), 0);
	assert_int_equal(dn_canonical("CN=\\61", 6, &out, NULL), 0);
	assert_string_equal(out.data, "cn=acn=a");
	str_free(&out);
}

static void equality_looks_through_spelling(void **state)
{
	(void)state;
	assert_true(dn_equal("CN=Ann,O=X", "2.5.4.3=\"ANN\" ; o=x"));
	assert_true(dn_equal("", ""));
	assert_false(dn_equal("cn=a", "cn=b"));
	assert_false(dn_equal("cn=a", "cn=a,o=x"));
	assert_false(dn_equal("nonsense", "nonsense"));
	assert_false(dn_equal("cn=a", "nonsense"));
}

static void parent_is_what_stands_behind_the_first_rdn(void **state)
{
	(void)state;
	assert_string_equal(dn_parent("cn=a\\2cb,ou=c,o=d"), "ou=c,o=d");
	assert_string_equal(dn_parent("o=d"), "");
	assert_string_equal(dn_parent(""), "");
}

static void under_means_base_or_below(void **state)
{
	(void)state;
	assert_true(dn_is_under("cn=a,o=x", "o=x"));
	assert_true(dn_is_under("o=x", "o=x"));
	assert_true(dn_is_under("cn=a", ""));
	assert_true(dn_is_under("", ""));
	assert_false(dn_is_under("o=x", "cn=a,o=x"));
	assert_false(dn_is_under("cn=a,o=x", "o=y"));
	assert_false(dn_is_under("cn=a,oo=x", "o=x"));
	assert_false(dn_is_under("", "o=x"));
}

static void an_escaped_comma_is_no_way_under_a_base(void **state)
{
	struct str out = {0};

	(void)state;
	assert_int_equal(dn_canonical("cn=a\\,o=x", 9, &out, NULL), 0);
	assert_false(dn_is_under(out.data, "o=x"));
	assert_string_equal(dn_parent(out.data), "");
	str_free(&out);
}

static void assert_first_value(const char *dn, const char *value)
{
	struct error err = {0};
	struct str out = {0};

	assert_int_equal(dn_first_value(dn, &out, &err), 0);
	assert_string_equal(str_text(&out), value);
	str_free(&out);
}

static void first_value_is_unescaped_and_not_folded(void **state)
{
	struct error err = {0};
	struct str out = {0};

	(void)state;
	assert_first_value("OU=Sales,DC=x", "Sales");
	assert_first_value("ou=R\\26D\\, Labs+cn=a,o=x", "R&D, Labs");
	assert_first_value("ou=\"A;B\"", "A;B");
	assert_first_value("ou=#0C03416E6E", "Ann");
	assert_first_value("ou=#020101", "\x02\x01\x01");
	assert_first_value("ou=#0C05416E6E", "\x0C\x05"
					     "Ann");
	assert_first_value("ou=", "");
	assert_int_equal(dn_first_value("", &out, &err), -1);
	assert_string_equal(err.text, "the root DN has no value");
	assert_int_equal(dn_first_value("Sales", &out, &err), -1);
	assert_string_equal(err.text, "\"Sales\" is not a DN");
	str_free(&out);
}

static void escaped_values_survive_parsing(void **state)
{
	static const char *const values[] = {" a ", "#a", "a, b+c=\"d\"\\<e>;", "\n", "a", "  ", "\xC3\xA4"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct str dn = {0};

		str_add(&dn, "cn=");
		dn_escape(values[i], strlen(values[i]), &dn);
		str_add(&dn, ",o=x");
		assert_first_value(dn.data, values[i]);
		str_free(&dn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples_of_rfc_4514_have_one_form),
	    cmocka_unit_test(spellings_of_rfc_1779_are_the_same_dn),
	    cmocka_unit_test(attribute_types_get_their_short_name),
	    cmocka_unit_test(options_of_attributes_are_no_part_of_a_name),
	    cmocka_unit_test(special_characters_have_one_escape),
	    cmocka_unit_test(hexadecimal_values_are_decoded_when_they_are_text),
	    cmocka_unit_test(avas_of_one_rdn_have_one_order),
	    cmocka_unit_test(what_is_no_dn_is_refused_and_named),
	    cmocka_unit_test(a_dn_need_not_end_with_nul),
	    cmocka_unit_test(a_long_dn_is_cut_between_characters_in_messages),
	    cmocka_unit_test(plain_and_thorough_parser_agree),
	    cmocka_unit_test(long_dns_are_canonical_too),
	    cmocka_unit_test(names_of_types_may_grow),
	    cmocka_unit_test(result_is_appended),
	    cmocka_unit_test(equality_looks_through_spelling),
	    cmocka_unit_test(parent_is_what_stands_behind_the_first_rdn),
	    cmocka_unit_test(under_means_base_or_below),
	    cmocka_unit_test(an_escaped_comma_is_no_way_under_a_base),
	    cmocka_unit_test(first_value_is_unescaped_and_not_folded),
	    cmocka_unit_test(escaped_values_survive_parsing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
