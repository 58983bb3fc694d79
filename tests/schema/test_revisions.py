# SPDX-License-Identifier: Apache-2.0
"""Revisions and the writer lock, seen from several sessions at once."""

import threading
import time

import psycopg
import pytest

DEADLINE = 20


class Waiting:
    """with Waiting(watcher, session, statement) as other: the statement runs in a thread and is known to wait for a lock
    when the block begins. After the block it is done: other.error is what it raised, or None. It is then committed."""

    def __init__(self, watcher, session, *statements):
        self.watcher, self.session, self.statements = watcher, session, statements
        self.error = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            for statement in self.statements:
                self.session.execute(statement)
            self.session.commit()
        except psycopg.Error as problem:
            self.error = problem
            self.session.rollback()

    def __enter__(self):
        self.thread.start()
        until = time.monotonic() + DEADLINE
        waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        while self.watcher.execute(waits, [self.session.info.backend_pid]).fetchone() != (True,):
            assert self.thread.is_alive() and time.monotonic() < until, f"did not wait: {self.error}"
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive(), "still waiting"


@pytest.fixture
def watcher(connect):
    return connect()


@pytest.fixture
def company(watcher):
    """Group /from owns app a; ann is to become a Developer of /to."""
    for statement in ("select user_create('ann'), user_create('bob')",
                      "select group_create('/from', 'a', '{bob}'), group_create('/to', 'b', '{bob}')", "select app_create('a', 'bob', '/from')"):
        watcher.execute(statement)


def operator(watcher, name, role="roster_admin"):
    """A login of the cluster that outlives the test's database, as logins do."""
    if not watcher.execute("select to_regrole(%s)", [name]).fetchone()[0]:
        watcher.execute(f"create role {name} login in role {role}")


def value(session, statement, *arguments):
    return session.execute(statement, arguments).fetchone()[0]


def assert_no_gaps(watcher):
    numbers = [row[0] for row in watcher.execute("select id from revisions order by id")]
    assert numbers == list(range(1, len(numbers) + 1))
    times = [row[0] for row in watcher.execute("select at from revisions order by id")]
    assert times == sorted(times)


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
@pytest.mark.parametrize("statement", ["insert into users (login) values ('x')", "select user_create('x')", "delete from grants"])
def test_a_write_is_refused_under_another_isolation(connect, watcher, level, statement):
    session = connect(autocommit=False)
    session.execute(f"set transaction isolation level {level}")
    with pytest.raises(psycopg.errors.InvalidTransactionState, match=f"under READ COMMITTED only, not {level}"):
        session.execute(statement)
    session.rollback()
    assert value(watcher, "select head()") == 1


def test_a_read_is_welcome_under_every_isolation(connect):
    session = connect(autocommit=False)
    session.execute("set transaction isolation level serializable")
    assert value(session, "select count(*) > 0 from permissions")


def test_each_transaction_writes_one_revision(watcher):
    watcher.execute("insert into users (login) values ('a')")
    with watcher.transaction():
        watcher.execute("insert into users (login) values ('b')")
        watcher.execute("select group_create('/g', 'g', '{b}')")
        watcher.execute("update users set active = false where login = 'a'")
    rows = watcher.execute("select id, cause, login from revisions where id > 1 order by id").fetchall()
    assert rows == [(2, "sql", "postgres"), (3, "sql", "postgres")]
    assert value(watcher, "select since from users where login = 'a'") == 3
    assert watcher.execute("select since, until from users_history").fetchall() == [(2, 3)]


def test_a_failed_transaction_leaves_no_number(watcher):
    with pytest.raises(psycopg.errors.UniqueViolation), watcher.transaction():
        watcher.execute("insert into users (login) values ('a'), ('a')")
    watcher.execute("insert into users (login) values ('a')")
    assert_no_gaps(watcher)
    assert value(watcher, "select head()") == 2


def test_the_second_writer_waits_and_gets_the_next_number(connect, watcher):
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute("insert into users (login) values ('first')")
    with Waiting(watcher, second, "insert into users (login) values ('second')") as other:
        first.commit()
    assert other.error is None
    rows = watcher.execute("select login, since from users order by since").fetchall()
    assert rows == [("first", 2), ("second", 3)]
    assert_no_gaps(watcher)


def test_the_second_writer_takes_the_number_of_one_that_gave_up(connect, watcher):
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute("insert into users (login) values ('first')")
    with Waiting(watcher, second, "insert into users (login) values ('second')"):
        first.rollback()
    assert watcher.execute("select login, since from users").fetchall() == [("second", 2)]


def test_readers_do_not_wait_for_a_writer(connect, watcher):
    writer = connect(autocommit=False)
    writer.execute("insert into users (login) values ('first')")
    watcher.execute("set statement_timeout = '5s'")
    assert value(watcher, "select count(*) from users") == 0
    assert value(watcher, "select head()") == 1


def test_sessions_that_listen_hear_each_revision(connect, watcher):
    listener = connect()
    listener.execute("listen roster_revision")
    watcher.execute("select user_create('a')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        watcher.execute("select user_create('a')")
    watcher.execute("select user_create('b')")
    notes = listener.notifies()
    assert [next(notes).payload, next(notes).payload] == ["2", "3"]


# An app moves into a group while a person joins it: neither transaction sees the other's half.
SKEW = {"app": "select app_group('a', '/to')", "person": "select group_member_add('/to', 'ann', 'Developer')"}


@pytest.mark.parametrize("order", [("app", "person"), ("person", "app")], ids="-".join)
def test_no_access_is_lost_between_two_writers(connect, watcher, company, order):
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute(SKEW[order[0]])
    with Waiting(watcher, second, SKEW[order[1]]) as other:
        first.commit()
    assert other.error is None
    assert value(watcher, "select can('ann', 'project.edit', 'app:a')")
    assert not value(watcher, "select exists (select from effective_at(head() - 1) where user_id = user_by_login('ann') and kind = 'app')")
    assert_no_gaps(watcher)


@pytest.mark.parametrize("parent, error", [("/to/from", psycopg.errors.CheckViolation), ("/from", psycopg.errors.NoDataFound)])
def test_two_moves_do_not_close_a_cycle(connect, watcher, company, parent, error):
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute("select group_move('/from', '/to')")
    with Waiting(watcher, second, f"select group_move('/to', '{parent}')") as other:
        first.commit()
    assert isinstance(other.error, error), other.error
    assert value(watcher, "select group_path(id) from groups where name = 'from'") == "/to/from"
    assert_no_gaps(watcher)


def test_two_bare_moves_do_not_close_a_cycle(connect, watcher, company):
    first, second = connect(autocommit=False), connect(autocommit=False)
    move = "update groups set parent_id = (select id from groups where name = '{1}') where name = '{0}'"
    first.execute(move.format("from", "to"))
    with Waiting(watcher, second, move.format("to", "from")) as other:
        first.commit()
    assert isinstance(other.error, psycopg.errors.CheckViolation), other.error


@pytest.mark.parametrize("what, error", [("app", psycopg.errors.ForeignKeyViolation), ("role", psycopg.errors.ForeignKeyViolation)])
def test_a_grant_keeps_what_somebody_deletes_meanwhile(connect, watcher, company, what, error):
    watcher.execute("select role_create('Temp', '', '{project.view}')")
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute("select app_member_add('a', 'ann', 'Temp')")
    delete = {"app": "delete from apps where name = 'a'", "role": "delete from roles where name = 'Temp'"}[what]
    with Waiting(watcher, second, delete) as other:
        first.commit()
    assert isinstance(other.error, error), other.error
    assert value(watcher, "select can('ann', 'project.view', 'app:a')")


def test_a_grant_of_what_was_deleted_meanwhile_is_refused(connect, watcher, company):
    watcher.execute("select role_create('Temp', '', '{project.view}')")
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute("delete from roles where name = 'Temp'")
    grant = ("insert into grants (user_id, anchor, role) select user_by_login('ann'), resource_named('app:a'), id "
             "from roles where name = 'Temp'")
    with Waiting(watcher, second, grant) as other:
        first.commit()
    assert isinstance(other.error, psycopg.errors.CheckViolation), other.error


def test_two_first_administrators_cannot_both_be_first(connect, watcher):
    operator(watcher, "schema_first")
    operator(watcher, "schema_second")
    first, second = connect("schema_first", autocommit=False), connect("schema_second", autocommit=False)
    first.execute("select init_administrator('one', 'schema_first')")
    with Waiting(watcher, second, "select init_administrator('two', 'schema_second')") as other:
        first.commit()
    assert isinstance(other.error, psycopg.errors.InsufficientPrivilege), other.error
    assert value(watcher, "select count(*) from grants where anchor = platform()") == 1
    assert_no_gaps(watcher)


LOST = {"platform": ("delete from grants where user_id = user_by_login('one')", "select user_create('late')"),
        "group": ("select group_member_add('/led', 'one', null), group_member_remove('/led', 'ann', null)", "select group_member_add('/led', 'bob', 'Developer')"),
        "app": ("select group_member_add('/from', 'ann', null), app_owner('a', 'ann'), app_member_add('a', 'ann', 'Scrum Master'), app_member_remove('a', 'bob', 'Scrum Master')",
                "select app_member_add('a', 'bob', 'Developer')")}


@pytest.mark.parametrize("right", LOST)
def test_who_lost_the_right_while_he_waited_is_refused(connect, watcher, company, right):
    login = {"platform": "one", "group": "ann", "app": "bob"}[right]
    operator(watcher, "schema_waiter")
    watcher.execute("select init_administrator('one', 'schema_waiter')")
    watcher.execute("select group_create('/led', 'led', '{ann}')")
    watcher.execute("update operators set user_id = user_by_login(%s)", [login])
    taker, waiter = connect(autocommit=False), connect("schema_waiter", autocommit=False)
    taker.execute(LOST[right][0])
    before = value(watcher, "select head()")
    with Waiting(watcher, waiter, LOST[right][1]) as other:
        taker.commit()
    assert isinstance(other.error, psycopg.errors.InsufficientPrivilege), other.error
    assert value(watcher, "select head()") == before + 1


def test_writers_in_a_crowd_leave_no_gap(connect, watcher):
    crowd = [connect() for _ in range(6)]
    failures = []

    def write(number, session):
        try:
            for turn in range(15):
                session.execute("select user_create(%s)", [f"w{number}-{turn}"])
        except psycopg.Error as problem:
            failures.append(problem)
    threads = [threading.Thread(target=write, args=pair) for pair in enumerate(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert not failures
    assert_no_gaps(watcher)
    assert value(watcher, "select head()") == 1 + 6 * 15
    assert value(watcher, "select count(distinct since) from users") == 6 * 15


@pytest.mark.parametrize("act", ["group_create('/to/new', 'x', '{ann}')", "group_move('/from', '/to')", "group_edit('/to', null, 'x')", "group_delete('/to')",
                                 "group_member_add('/to', 'ann', 'Developer')", "group_member_add('/to', 'ann', null)",
                                 "group_member_set('/to', 'ann', 'Developer')", "group_member_remove('/to', 'bob', null)",
                                 "app_create('b', 'bob', '/to')", "app_group('a', '/to')"])
def test_a_group_that_is_deleted_meanwhile_is_not_there(connect, watcher, company, act):
    first, second = connect(autocommit=False), connect(autocommit=False)
    first.execute("select group_delete('/to')")
    with Waiting(watcher, second, f"select {act}") as other:
        first.commit()
    assert isinstance(other.error, psycopg.errors.NoDataFound) and "there is no group /to" in str(other.error)
    assert value(watcher, "select count(*) from groups g join groups p on p.id = g.parent_id and p.archived") == 0
    assert value(watcher, "select count(*) from grants g join groups x on x.id = g.anchor and x.archived") == 0
