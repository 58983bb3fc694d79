/* SPDX-License-Identifier: Apache-2.0 */
#include "refresh_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- words to messages -------------------------------------------------------------------------------------------------- */

static struct ldap_uuid uuid_of(char letter)
{
	struct ldap_uuid uuid = {{0}};

	uuid.bytes[15] = (uint8_t)letter;
	return uuid;
}

static void make_entry(const char *word, struct ldap_sync_message *message)
{
	message->kind = SYNC_ENTRY;
	message->uuid = uuid_of(word[1]);
	message->state = *word == '+'   ? SYNC_ADD
			 : *word == '~' ? SYNC_MODIFY
			 : *word == '=' ? SYNC_PRESENT
					: SYNC_DELETE;
}

static void make_ids(const char *word, struct ldap_sync_message *message)
{
	static struct ldap_uuid ids[8];

	message->kind = SYNC_IDS;
	message->ids = ids;
	message->deletes = *word == '-';
	for (const char *letter = word + 2; *letter != '}'; letter++)
		ids[message->id_count++] = uuid_of(*letter);
}

static void make_failure(const char *word, struct ldap_sync_message *message)
{
	message->kind = SYNC_DONE;
	message->end = strcmp(word, "!4096") == 0    ? SYNC_REFRESH_REQUIRED
		       : strcmp(word, "!newer") == 0 ? SYNC_COOKIE_NEWER
						     : SYNC_FAILED;
}

static struct ldap_sync_message message_of(const char *word)
{
	struct ldap_sync_message message = {.deletes = word[1] == 'd'};

	if (strchr("+~=-", *word) && word[1] == '{')
		make_ids(word, &message);
	else if (strchr("+~=-", *word))
		make_entry(word, &message);
	else if (*word == '!')
		make_failure(word, &message);
	else if (*word == '@')
		message.kind = SYNC_REFERENCE;
	else if (*word == '*')
		message.kind = SYNC_COOKIE;
	else if (*word == '.')
		message.kind = SYNC_DONE;
	else
		message.kind = SYNC_PHASE;
	message.refresh_done = *word == '|';
	return message;
}

/* --- rows --------------------------------------------------------------------------------------------------------------- */

static enum refresh_step take_words(struct refresh *refresh, const char *messages)
{
	enum refresh_step step = REFRESH_GOES_ON;
	char word[32], next[32];
	int used = 0;

	assert_int_equal(sscanf(messages, "%31s%n", word, &used), 1);
	for (bool more = true; more;) {
		struct ldap_sync_message message = message_of(word);
		messages += used;
		more = sscanf(messages, "%31s%n", next, &used) == 1;
		if (more && strncmp(next, "c:", 2) == 0) {
			message.cookie = (struct ldap_value){.data = next + 2, .size = strlen(next + 2)};
			step = refresh_take(refresh, &message);
			messages += used;
			more = sscanf(messages, "%31s%n", next, &used) == 1;
		} else {
			step = refresh_take(refresh, &message);
		}
		bool stores = message.kind == SYNC_ENTRY && (message.state == SYNC_ADD || message.state == SYNC_MODIFY);
		assert_int_equal(step == REFRESH_STORE, stores);
		assert_true(!more || step != REFRESH_OVER);
		memcpy(word, next, sizeof(word));
	}
	return step;
}

/* What was said of the entry. */
static enum uuid_state state_of(const struct refresh *refresh, char letter)
{
	const struct ldap_uuid uuid = uuid_of(letter);
	const struct uuid_slot *slot;
	size_t position = 0;

	while ((slot = refresh_next(refresh, &position)))
		if (memcmp(&slot->uuid, &uuid, sizeof(uuid)) == 0)
			return slot->state;
	return UUID_UNSEEN;
}

static void letters_with(const struct refresh *refresh, enum uuid_state state, char letters[32])
{
	size_t size = 0;

	for (int letter = 'a'; letter <= 'z'; letter++)
		if (state_of(refresh, (char)letter) == state)
			letters[size++] = (char)letter;
	letters[size] = '\0';
}

static void assert_letters(const struct refresh *refresh, enum uuid_state state, const char *expected)
{
	char letters[32];

	letters_with(refresh, state, letters);
	assert_string_equal(letters, expected ? expected : "");
}

static void check_row(const struct row *row)
{
	const struct refresh_terms terms = {
	    .persist = row->persist,
	    .names_no_present = row->names_no_present,
	    .stored = {.data = row->cookie, .size = row->cookie ? strlen(row->cookie) : 0},
	};
	struct refresh refresh = {0};

	print_message("# %s\n", row->name);
	refresh_start(&refresh, &terms);
	assert_int_equal(refresh.cookie.size, terms.stored.size);
	assert_int_equal(take_words(&refresh, row->messages), REFRESH_OVER);
	assert_int_equal(refresh.verdict, row->verdict);
	assert_letters(&refresh, UUID_CAME, row->came);
	assert_letters(&refresh, UUID_PRESENT, row->present);
	assert_letters(&refresh, UUID_REMOVED, row->removed);
	assert_int_equal(refresh.absent_is_gone, row->absent_is_gone);
	assert_int_equal(refresh.cookie_act, row->cookie_act);
	if (row->cookie_act == COOKIE_IS_NEW)
		assert_string_equal(str_text(&refresh.new_cookie), row->new_cookie);
	refresh_free(&refresh);
}

static void every_row_ends_as_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i]);
}

static void nothing_is_taken_after_the_end(void **state)
{
	const struct refresh_terms terms = {0};
	struct refresh refresh = {0};
	struct ldap_sync_message late = message_of("+z");

	(void)state;
	refresh_start(&refresh, &terms);
	assert_int_equal(take_words(&refresh, "+a .d c:new"), REFRESH_OVER);
	assert_int_equal(refresh_take(&refresh, &late), REFRESH_OVER);
	assert_int_equal(state_of(&refresh, 'z'), UUID_UNSEEN);
	refresh_free(&refresh);
}

static void all_that_were_named_can_be_walked(void **state)
{
	const struct refresh_terms terms = {.stored = {.data = "old", .size = 3}};
	struct refresh refresh = {0};
	const struct uuid_slot *slot;
	size_t position = 0, count[4] = {0};

	(void)state;
	refresh_start(&refresh, &terms);
	take_words(&refresh, "={abc} +d +e -f .p");
	while ((slot = refresh_next(&refresh, &position)))
		count[slot->state]++;
	assert_int_equal(count[UUID_PRESENT], 3);
	assert_int_equal(count[UUID_CAME], 2);
	assert_int_equal(count[UUID_REMOVED], 1);
	refresh_free(&refresh);
}

static void a_refresh_can_be_started_again(void **state)
{
	const struct refresh_terms first = {.stored = {.data = "old", .size = 3}}, second = {0};
	struct refresh refresh = {0};

	(void)state;
	refresh_start(&refresh, &first);
	take_words(&refresh, "={ab} @ !4096");
	assert_int_equal(refresh.verdict, REFRESH_ANEW);
	refresh_start(&refresh, &second);
	assert_int_equal(refresh.cookie.size, 0);
	take_words(&refresh, "+c .d c:new");
	assert_int_equal(refresh.verdict, REFRESH_GOOD);
	assert_true(refresh.absent_is_gone);
	assert_letters(&refresh, UUID_PRESENT, "");
	assert_letters(&refresh, UUID_CAME, "c");
	refresh_free(&refresh);
}

/* --- the cookie and the settings it depends on -------------------------------------------------------------------------- */

static const char *two_urls[] = {"ldap://a", "ldap://b"}, *turned[] = {"ldap://b", "ldap://a"};
static const char *names[] = {"cn", "uid", NULL}, *joined[] = {"cnuid", NULL}, *fewer[] = {"cn", NULL};

static const struct refresh_settings settings = {.urls = two_urls,
						 .url_count = 2,
						 .bind_dn = "cn=sync",
						 .vendor = "OpenLDAProotDSE",
						 .base = "dc=ex",
						 .filter = "(uid=*)",
						 .scope = SCOPE_SUBTREE,
						 .attributes = names};

static void assert_other(const struct refresh_settings *changed)
{
	const struct digest now = refresh_settings_digest(changed), then = refresh_settings_digest(&settings);
	const struct refresh_terms terms = {.settings = now, .stored_by = then, .stored = {.data = "old", .size = 3}};
	struct refresh refresh = {0};

	assert_false(digest_equal(&now, &then));
	refresh_start(&refresh, &terms);
	assert_int_equal(refresh.cookie.size, 0);
	/* And so the answer is the one to no cookie. */
	take_words(&refresh, "+a .d c:new");
	assert_true(refresh.absent_is_gone);
	refresh_free(&refresh);
}

static void the_cookie_of_other_settings_is_not_sent(void **state)
{
	struct refresh_settings changed;

	(void)state;
#define ASSERT_OTHER(member, value)                                                                                    \
	changed = settings;                                                                                            \
	changed.member = (value);                                                                                      \
	assert_other(&changed)
	ASSERT_OTHER(filter, "(cn=*)");
	ASSERT_OTHER(base, "dc=ex,dc=org");
	ASSERT_OTHER(scope, SCOPE_CHILDREN);
	ASSERT_OTHER(attributes, joined);
	ASSERT_OTHER(attributes, fewer);
	ASSERT_OTHER(bind_dn, "");
	ASSERT_OTHER(vendor, "389-Directory/2.3.1");
	ASSERT_OTHER(urls, turned);
	ASSERT_OTHER(url_count, 1);
}

static void the_cookie_of_the_same_settings_is_sent(void **state)
{
	const char *same_names[] = {"cn", "uid", NULL};
	struct refresh_settings same = settings;
	struct refresh refresh = {0};

	(void)state;
	same.attributes = same_names;
	const struct refresh_terms terms = {.settings = refresh_settings_digest(&same),
					    .stored_by = refresh_settings_digest(&settings),
					    .stored = {.data = "old", .size = 3}};
	refresh_start(&refresh, &terms);
	assert_int_equal(refresh.cookie.size, 3);
	refresh_free(&refresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_ends_as_it_should),
	    cmocka_unit_test(nothing_is_taken_after_the_end),
	    cmocka_unit_test(all_that_were_named_can_be_walked),
	    cmocka_unit_test(a_refresh_can_be_started_again),
	    cmocka_unit_test(the_cookie_of_other_settings_is_not_sent),
	    cmocka_unit_test(the_cookie_of_the_same_settings_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
