/* SPDX-License-Identifier: Apache-2.0 */
/* What directories say of the account itself: that it is closed, or when it will be. */
#include "roster/directory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_PER_DAY = 86400, TIME_DIGITS_LEAST = 10, TIME_DIGITS = 14 };

/* userAccountControl, MS-ADTS section 2.2.16. */
enum { UF_ACCOUNTDISABLE = 0x2 };

/* 100 nanoseconds since 1601 (MS-DTYP section 2.3.3) at 1970. */
#define FILETIME_PER_SECOND INT64_C(10000000)
#define FILETIME_AT_1970    INT64_C(116444736000000000)

static bool read_integer(const char *text, int64_t *ret)
{
	char *end;
	long long number = strtoll(text, &end, 10);

	*ret = number;
	return end != text && *end == '\0' && number != LLONG_MAX && number != LLONG_MIN;
}

/* Days since 1970 of a day of the Gregorian calendar, years counted from March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t since_march = (month + 9) % 12, years = year - (month <= 2);

	return 365 * years + years / 4 - years / 100 + years / 400 + (153 * since_march + 2) / 5 + day - 1 - 719468;
}

static int64_t number_of(const char *digits, size_t count)
{
	int64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = 10 * number + (digits[i] - '0');
	return number;
}

/* GeneralizedTime (RFC 4517 section 3.3.13) from hours to seconds; offsets and fractions are passed over, as no directory
 * writes them here. */
static bool read_time(const char *text, int64_t *ret)
{
	char digits[TIME_DIGITS + 1] = "00000000000000";
	size_t count = strspn(text, "0123456789");

	if (count < TIME_DIGITS_LEAST || count > TIME_DIGITS)
		return false;
	memcpy(digits, text, count);
	int64_t month = number_of(digits + 4, 2), day = number_of(digits + 6, 2);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*ret = days_of(number_of(digits, 4), month, day) * SECONDS_PER_DAY + number_of(digits + 8, 2) * 3600 +
	       number_of(digits + 10, 2) * 60 + number_of(digits + 12, 2);
	return true;
}

static void close_for(struct account *account, struct arena *arena, const char *name, const char *text)
{
	if (account->closed == NULL)
		account->closed = arena_printf(arena, "%s is %s", name, text);
}

/* The earliest counts. */
static void end_at(struct account *account, const char *name, int64_t seconds)
{
	if (account->ends_by != NULL && account->ends <= seconds)
		return;
	account->ends = seconds;
	account->ends_by = name;
}

static void take_flags(struct account *account, struct arena *arena, const char *name, const char *text)
{
	int64_t flags;

	if (read_integer(text, &flags) && (flags & UF_ACCOUNTDISABLE))
		account->closed = arena_printf(arena, "%s is %s (disabled)", name, text);
}

static void take_truth(struct account *account, struct arena *arena, const char *name, const char *text)
{
	if (text_equal_fold(text, "true"))
		close_for(account, arena, name, text);
}

/* Any other time is that of a lock for a while, after wrong passwords: whoever knows a login could bring that about. */
static void take_lock(struct account *account, struct arena *arena, const char *name, const char *text)
{
	if (text_starts_with(text, "00000101000000Z") || text_starts_with(text, "000001010000Z"))
		close_for(account, arena, name, text);
}

static void take_filetime(struct account *account, struct arena *arena, const char *name, const char *text)
{
	int64_t time;

	(void)arena;
	if (strcmp(text, "9223372036854775807") != 0 && read_integer(text, &time) && time > 0)
		end_at(account, name, (time - FILETIME_AT_1970) / FILETIME_PER_SECOND);
}

static void take_days(struct account *account, struct arena *arena, const char *name, const char *text)
{
	int64_t days;

	(void)arena;
	if (read_integer(text, &days) && days >= 0 && days < INT32_MAX)
		end_at(account, name, days * SECONDS_PER_DAY);
}

static void take_time(struct account *account, struct arena *arena, const char *name, const char *text)
{
	int64_t seconds;

	(void)arena;
	if (read_time(text, &seconds))
		end_at(account, name, seconds);
}

static const struct {
	const char *name;
	void (*take)(struct account *account, struct arena *arena, const char *name, const char *text);
} readers[] = {
    {"userAccountControl", take_flags},
    {"accountExpires", take_filetime},
    {"nsAccountLock", take_truth},
    {"pwdAccountLockedTime", take_lock},
    {"pwdEndTime", take_time},
    {"shadowExpire", take_days},
    {"krbPrincipalExpiration", take_time},
    {"pwdStartTime", NULL},
};

const char *account_attribute(size_t index)
{
	return index < sizeof(readers) / sizeof(*readers) ? readers[index].name : NULL;
}

/* One that ends before it starts is open at no time: so it is closed on purpose. */
static void take_span(struct account *account, struct arena *arena, const struct entry *entry)
{
	const char *starts = entry_text(entry, "pwdStartTime"), *ends = entry_text(entry, "pwdEndTime");
	int64_t first, last;

	if (starts != NULL && ends != NULL && read_time(starts, &first) && read_time(ends, &last) && first >= last)
		close_for(account, arena, "pwdStartTime", "not before pwdEndTime");
}

void entry_account(const struct entry *entry, struct arena *arena, struct account *ret)
{
	*ret = (struct account){0};
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
		const char *text = entry_text(entry, readers[i].name);
		if (text == NULL)
			continue;
		ret->shown |= 1U << i;
		if (readers[i].take != NULL)
			readers[i].take(ret, arena, readers[i].name, text);
	}
	take_span(ret, arena, entry);
}
