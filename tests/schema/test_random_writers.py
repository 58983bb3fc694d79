# SPDX-License-Identifier: Apache-2.0
"""P44: whatever several sessions do at once, the database says what a plain recomputation says, now and as of what was seen
on the way, and the differences from revision to revision add up to what has become of it."""

import random
import threading

import psycopg
import pytest

from chance import REFUSALS, Chance
from history_log import assert_history, watch_history
from oracle import Facts
from test_random_acts import assert_as_recomputed, assert_can_agrees, assert_difference, assert_snapshot, pairs_of, read, said_to_differ

WRITERS = 4
STEPS = 30  # of each writer
LOOKS = 15  # while they write
SEEN = 10   # different revisions among them, at least
DEADLINE = 120


class Pace:
    """Nobody writes so fast that nothing is seen of it: a part of the acts, a look, the next part. Writers are never held
    up by each other."""

    def __init__(self):
        self.looks = 0
        self.changed = threading.Condition()

    def looked(self):
        with self.changed:
            self.looks += 1
            self.changed.notify_all()

    def may_go_on(self, step):
        with self.changed:
            assert self.changed.wait_for(lambda: self.looks * STEPS >= step * LOOKS, DEADLINE), "nobody looks"


class Writer(Chance):
    """Random acts in a session of its own."""

    def __init__(self, session, seed, number):
        super().__init__(session, seed * 100 + number)
        self.prefix = f"w{number}"
        # What changes for many at once, and what comes and goes, more often than by chance alone.
        self.acts = self.acts + 3 * [Chance.act_group_move, Chance.act_groups_move_at_once, Chance.act_member_take_back]
        self.done = 0
        self.defect = None

    def fresh(self, prefix):
        return super().fresh(f"{self.prefix}{prefix}")

    def write(self, pace):
        """As a thread. What no act may be refused with is kept, and ends it."""
        for step in range(STEPS):
            pace.may_go_on(step)
            act = self.random.choice(self.acts)
            try:
                with self.session.transaction():
                    self.begin()
                    act(self)
                self.done += 1
            except psycopg.Error as problem:
                # Two of one number would be no refusal.
                if not isinstance(problem, REFUSALS) or problem.diag.table_name == "revisions":
                    self.defect = f"{act.__name__}: {type(problem).__name__}: {problem}"
                    return


def look(session):
    """What is so in one moment: the revision, the facts, and what the database makes of them."""
    with session.transaction():
        session.execute("set transaction isolation level repeatable read, read only")
        (revision,) = session.execute("select head()").fetchone()
        closure = set(session.execute("select ancestor, descendant, distance from group_closure").fetchall())
        return revision, Facts(session), read(session, "effective"), closure


def furnish(session, seed):
    """Something to begin with."""
    watch_history(session)
    session.execute("insert into sources (name, kind) values ('corp', 'ldif')")
    chance = Chance(session, seed)
    for _ in range(6):
        chance.begun("user_create", "group_create", "app_imported", "namespace_create", "node", "user_role", "access_group")
    chance.run("insert into environments (app, name, purpose) select app, p::text, p from nodes, unnest(enum_range(null::purpose)) p")
    return chance


def write_and_look(connect, seed):
    """Writers at work, and what was seen meanwhile: {revision: (facts, effective)}."""
    watcher = connect()
    seen = {}
    pace = Pace()
    writers = [Writer(connect(), seed, number) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.write, args=[pace], daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    writing = True
    while writing:
        writing = any(thread.is_alive() for thread in threads)  # a last look when all have ended
        revision, facts, effective, closure = look(watcher)
        assert closure == facts.closure(), f"the closure of revision {revision}"
        known = seen.setdefault(revision, (facts, effective))
        assert known[1] == effective, f"answers changed without a revision: {revision}"
        pace.looked()
    assert not [writer.defect for writer in writers if writer.defect]
    assert len(seen) >= SEEN and sum(writer.done for writer in writers) > WRITERS * STEPS / 2, "too little was done or seen"
    return seen


def assert_revisions(session):
    count, last, backwards = session.execute("""select count(*), max(id), count(*) filter (where at < before)
        from (select id, at, lag(at) over (order by id) as before from revisions) v""").fetchone()
    assert count == last and not backwards


def assert_sum_of_differences(session, answers):
    """From revision to revision, nothing is missed: who is told each difference knows what is so."""
    known = sorted(answers)
    state = dict(pairs_of(answers[known[0]]))
    nothing = (set(), set())
    for revision in range(known[0], known[-1]):
        for pair, (before, after) in said_to_differ(session, "difference(%s, %s)", revision, revision + 1).items():
            assert state.get(pair, nothing) == before, f"{pair} before revision {revision + 1}"
            state[pair] = after
        if revision + 1 in answers:
            assert {pair: rights for pair, rights in state.items() if rights != nothing} == pairs_of(answers[revision + 1]), f"at revision {revision + 1}"


@pytest.mark.parametrize("seed", range(1, 4))
def test_any_acts_of_several_at_once(connect, seed):
    session = connect()
    chance = furnish(session, seed)
    seen = write_and_look(connect, seed)
    assert_revisions(session)
    assert_history(session)
    assert_as_recomputed(session)
    assert_can_agrees(session, chance)
    answers = {revision: effective for revision, (_, effective) in seen.items()}
    assert max(map(len, answers.values())) > 100, "there should be something to answer"
    pick = random.Random(seed)
    for revision in pick.sample(sorted(seen), SEEN):
        facts, effective = seen[revision]
        assert {(row[0], row[1], row[3]) for row in effective} == facts.effective(), f"when revision {revision} was the last"
        assert read(session, f"effective_at({revision})") == effective, f"as of revision {revision}"
    known = sorted(seen)
    for first, last in [(known[0], known[-1]), *zip(known, known[1:])][:30] + [sorted(pick.sample(known, 2)) for _ in range(10)]:
        assert_difference(session, answers, first, last)
    assert_snapshot(session, answers, known[-1])
    assert_sum_of_differences(session, answers)
