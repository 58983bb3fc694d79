/* SPDX-License-Identifier: Apache-2.0 */
/* A folder with the file people.ldif, a source that reads it, and what came of it: shared by the tests of the driver. */
#ifndef ROSTER_TESTS_UNIT_SOURCE_LDIF_FIXTURE_H
#define ROSTER_TESTS_UNIT_SOURCE_LDIF_FIXTURE_H

#include "source/registry.h"

#define UUID(n)  "00000000-0000-4000-8000-00000000000" #n
#define ANN      "dn: cn=Ann,o=x\nobjectClass: person\ncn: Ann\nentryUUID: " UUID(1) "\n\n"
#define ANN_SEEN "user " UUID(1) " <cn=Ann,o=x> cn=[Ann]\n"

/* seen has a line per call of the sink:
 *   user 0...1 <cn=a> cn=[a]
 *   bad 0...1 :7 cn=a: why */
struct fixture {
	char folder[64], file[96], checksum[112];
	struct source_config config;
	struct entry_sink sink; /* the callbacks find the fixture by it */
	struct str seen;
	struct read_result result;
	struct error err;
	const char *stop_at;
};

/* For cmocka_unit_test_setup_teardown(). */
int set_up(void **state);
int tear_down(void **state);

struct fixture *fixture_of(struct entry_sink *sink);
void write_file(const char *path, const char *text);
/* Open, read, close: what read_all returned. */
int read_it(struct fixture *fixture);
/* Write people.ldif, read it, and compare. */
void assert_complete(struct fixture *fixture, const char *text, const char *seen);
void assert_incomplete(struct fixture *fixture, const char *text, const char *seen, const char *reason);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
