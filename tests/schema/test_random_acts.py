# SPDX-License-Identifier: Apache-2.0
"""P44: after any sequence of acts the database says what a plain recomputation says, and as of every earlier revision it
says what it said then."""

import os

import pytest

from chance import Chance
from history_log import assert_history, watch_history
from oracle import Facts

STEPS = 120


def read(session, relation):
    """Rows of effective access, and of each whether its role is a setting."""
    return set(session.execute(f"select e.*, exists (select from setting_roles s where s.role = e.role) from {relation} e").fetchall())


def assert_as_recomputed(session):
    facts = Facts(session)
    said = set(session.execute("select distinct user_id, resource, permission from effective").fetchall())
    assert said == facts.effective()
    assert set(session.execute("select ancestor, descendant, distance from group_closure").fetchall()) == facts.closure()


def settings_left_open(session):
    """{a setting, as long as it stays the same row: whether a role leaves it open}."""
    facts = Facts(session)
    rows = session.execute("select environment, user_id, permission, since from environment_settings where scope = 'env'").fetchall()
    return {row: facts.left_open(*row[:2]) for row in rows}


def assert_nothing_comes_back(before, after):
    """By what people do, a setting that no role leaves open goes, and is not what somebody finds who gets another role later."""
    assert not [row for row, is_open in after.items() if is_open and before.get(row) is False], "came back"
    assert not [row for row, is_open in after.items() if not is_open and before.get(row) is True], "is kept"


def assert_can_agrees(session, chance):
    """can() is planned in its own way, so it is compared by itself: for all who may, and for some of all others."""
    refused = session.execute("select * from (select distinct user_id, permission, resource from effective) e "
                              "where not can(e.user_id, e.permission, e.resource)").fetchall()
    assert not refused
    wrong = session.execute("""
        select u.id, p.id, r.id from users u, permissions p, resources r
        where (hashtextextended(concat(u.id, p.id, r.id), %s) %% 40) = 0
          and can(u.id, p.id, r.id) <> exists (select from effective e where e.user_id = u.id and e.permission = p.id and e.resource = r.id)
        limit 5""", [chance.random.randint(0, 1 << 30)]).fetchall()
    assert not wrong


ON, OF = ("effective_on(t.resource, %s::smallint, %s::bigint)",
          "effective_of(t.user_id, enum_range(null::resource_kind), %s::smallint, %s::bigint)")


def assert_answers_agree(session, answers, revision):
    """What is asked of one resource or of one person, planned in its own way, is what all of "effective" says."""
    at = None if revision == max(answers) else revision
    said = {row[:8] for row in answers[revision]}
    people, things = (sorted({row[n] for row in said}) for n in (0, 1))
    for asked in [None, *sorted({row[3] for row in said})[::9]]:
        wanted = {row for row in said if asked in (None, row[3])}
        for keys, given, call in ((things, "integer[]) t(resource)", ON), (people, "uuid[]) t(user_id)", OF)):
            rows = session.execute("select user_id, resource, kind, permission, role, anchor, source, distance "
                                   f"from unnest(%s::{given} cross join lateral {call} e", [keys, asked, at]).fetchall()
            assert set(rows) == wanted and len(rows) == len(wanted)
    assert_access_agrees(session, at)


def assert_access_agrees(session, at):
    """The same of one person and one resource, in words."""
    effective = "effective" if at is None else f"effective_at({at})"
    said = set(session.execute("select e.user_id, e.resource, p.name, role_name(e.role, %(at)s), resource_name(e.anchor, %(at)s), s.name, "
                               f"e.distance from {effective} e join permissions p on p.id = e.permission "
                               "join sources s on s.id = e.source", {"at": at}).fetchall())
    pairs = sorted({row[:2] for row in said})[:100]
    rows = session.execute("select t.user_id, t.resource, a.* from unnest(%s::uuid[], %s::integer[]) t(user_id, resource) "
                           "cross join lateral effective_access(t.user_id, t.resource, %s::bigint) a",
                           [[pair[0] for pair in pairs], [pair[1] for pair in pairs], at]).fetchall()
    assert set(rows) == {row for row in said if row[:2] in set(pairs)} and len(rows) == len(set(rows))
    if at is None:
        assert_reasons_agree(session, pairs, said)


def assert_reasons_agree(session, pairs, said):
    """What explain shows, and who is listed for a permission and for a person, is that too."""
    rows = session.execute("select t.user_id, t.resource, p.name, w.role, w.anchor, w.source, w.distance from unnest(%s::uuid[], %s::integer[]) t(user_id, resource) "
                           "cross join permissions p cross join lateral model_paths(t.user_id, t.resource, p.id) w where w.opens is null and p.id %% 7 = 1",
                           [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]).fetchall()
    asked = {name for name, in session.execute("select name from permissions where id % 7 = 1")}
    assert set(rows) == {row for row in said if row[:2] in set(pairs) and row[2] in asked}
    rows = session.execute("select w.user_id, t.resource, p.name, w.role, w.anchor, w.source, w.distance from unnest(%s::integer[]) t(resource) "
                           "cross join permissions p cross join lateral who_can(p.id, t.resource) w where p.id %% 7 = 1",
                           [sorted({pair[1] for pair in pairs})]).fetchall()
    assert set(rows) == {row for row in said if row[1] in {pair[1] for pair in pairs} and row[2] in asked}
    listed = session.execute("select distinct u.id, a.resource from users u cross join lateral access_of(u.id::text) a").fetchall()
    assert set(listed) == set(session.execute("select distinct user_id, resource_name(resource) from effective where kind in "
                                              "('app', 'namespace', 'environment', 'production_environment')").fetchall())


def pairs_of(effective):
    """What read() returned, as {(user, resource): (permissions, roles)}; a setting is no role of anybody's."""
    pairs = {}
    for row in effective:
        permissions, roles = pairs.setdefault((row[0], row[1]), (set(), set()))
        permissions.add(row[3])
        if not row[-1]:
            roles.add(row[4])
    return pairs


def said_to_differ(session, call, *arguments):
    """What difference() returned, as {(user, resource): (before, after)}, both as in pairs_of; no pair may come twice."""
    rows = session.execute(f"select * from {call}", arguments).fetchall()
    pairs = {(row[0], row[1]): ((set(row[2]), set(row[4])), (set(row[3]), set(row[5]))) for row in rows}
    assert len(pairs) == len(rows)
    return pairs


def expected_difference(answers, first, last):
    before, after = pairs_of(answers[first]), pairs_of(answers[last])
    nothing = (set(), set())
    return {pair: (before.get(pair, nothing), after.get(pair, nothing))
            for pair in before.keys() | after.keys() if before.get(pair) != after.get(pair)}


def assert_difference(session, answers, first, last):
    """difference() names exactly the pairs that differ, with what they were and what they are."""
    expected = expected_difference(answers, first, last)
    assert said_to_differ(session, "difference(%s, %s)", first, last) == expected, f"from revision {first} to {last}"
    # Few facts, but too many pairs.
    assert said_to_differ(session, "difference(%s, %s, null, 5)", first, last) == expected, f"from revision {first} to {last}, by resources"


def assert_difference_in_parts(session, answers, first, last, chance):
    """However it is asked: all access with all access, of one or many resources, backwards."""
    expected = expected_difference(answers, first, last)
    for most in (0, 30):  # nothing is expanded; facts are, but their pairs are too many
        assert said_to_differ(session, "difference(%s, %s, null, %s)", first, last, most) == expected
    resources = sorted({row[1] for revision in (first, last) for row in answers[revision]})
    for some in (chance.random.sample(resources, min(1, len(resources))), chance.random.sample(resources, len(resources) // 2), resources):
        of_some = {pair: sides for pair, sides in expected.items() if pair[1] in some}
        for most in (0, 30, 1000000):
            assert said_to_differ(session, "difference(%s, %s, %s, %s)", first, last, some, most) == of_some, f"of {some}, {first} to {last}"
    assert said_to_differ(session, "difference(%s, %s)", last, first) == {pair: sides[::-1] for pair, sides in expected.items()}


def assert_snapshot(session, answers, revision):
    """access_snapshot() returns each pair once, with its permissions and roles in ascending order."""
    resources = sorted({row[1] for row in answers[revision]})
    rows = session.execute("select user_id, resource, permissions, roles from access_snapshot(%s::integer[], %s)", [resources, revision]).fetchall()
    assert sorted(rows) == sorted((*pair, sorted(permissions), sorted(roles))
                                  for pair, (permissions, roles) in pairs_of(answers[revision]).items()), f"as of revision {revision}"
    for resource in resources[:1]:  # none where all people are suspended
        one = session.execute("select user_id, %s, permissions, roles from access_snapshot(%s::integer, %s)", [resource, resource, revision]).fetchall()
        assert sorted(one) == sorted(row for row in rows if row[1] == resource)


@pytest.mark.parametrize("seed", range(1, 1 + int(os.environ.get("ROSTER_SEEDS", 2))))
def test_any_sequence_of_acts(connect, seed):
    session = connect()
    watch_history(session)
    session.execute("insert into sources (name, kind) values ('corp', 'ldif')")
    chance = Chance(session, seed)
    for _ in range(4):
        chance.begun("user_create", "group_create", "app_imported", "namespace_create", "node", "user_role", "access_group")
    chance.run("insert into environments (app, name, purpose) select app, p::text, p from nodes, unnest(enum_range(null::purpose)) p")
    answers, done = {}, 0
    for _ in range(STEPS):
        before = settings_left_open(session)
        done += chance.step()
        if chance.as_people_do:
            assert_nothing_comes_back(before, settings_left_open(session))
        revision = session.execute("select head()").fetchone()[0]
        effective = read(session, "effective")
        assert answers.setdefault(revision, effective) == effective, "answers changed without a revision"
        assert_as_recomputed(session)
    assert_can_agrees(session, chance)
    for revision in {max(answers), *chance.random.sample(sorted(answers), 3)}:
        assert_answers_agree(session, answers, revision)
    assert_history(session)
    assert done > STEPS / 2, "most acts should be possible"
    assert max(map(len, answers.values())) > 100, "there should be something to answer"
    kinds = {row[2] for effective in answers.values() for row in effective}
    assert kinds >= {"app", "group", "environment", "production_environment"}
    for revision, effective in answers.items():
        assert read(session, f"effective_at({revision})") == effective, f"as of revision {revision}"
    known = sorted(answers)
    for first, last in [(known[0], known[-1]), *zip(known, known[1:])][:40] + [sorted(chance.random.sample(known, 2)) for _ in range(10)]:
        assert_difference(session, answers, first, last)
    for first, last in [(known[0], known[-1]), (known[-2], known[-1])] + [sorted(chance.random.sample(known, 2)) for _ in range(6)]:
        assert_difference_in_parts(session, answers, first, last, chance)
        assert_snapshot(session, answers, last)
