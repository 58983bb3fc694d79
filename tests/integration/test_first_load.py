# SPDX-License-Identifier: Apache-2.0
"""A first run that brings very many grants: they are written before their indexes are made, as one revision."""

import signal
import subprocess
import time

import pytest

from roster import BUILD

PEOPLE, TEAMS = 410, 250  # more than a hundred thousand grants
CONFIGURATION = """
version: 1
database: { conninfo: "${env:ROSTER_DATABASE}" }
sources: { corp: { type: "ldif"; file: "people.ldif"
  users: { filter: "(objectClass=inetOrgPerson)" }; groups: { filter: "(objectClass=groupOfNames)" } } }
safety: { first_run: "apply" }
rules: {
  default_admins: ["admin"]
  teams: { source: "corp"; match: "cn ~ (?<team>t[0-9]+)"; into: "/${team}"; role: "Developer" }
}
"""
INDEXES = """select pg_get_indexdef(i.indexrelid) || coalesce(' ' || pg_get_constraintdef(c.oid), '') as text,
    i.indexrelid::bigint as oid
    from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u')
    where i.indrelid in ('grants'::regclass, 'directory_edges'::regclass) and i.indisvalid
    order by 1"""


def record(name, number, *lines):
    return f"dn: {name},dc=x\nentryUUID: 00000000-0000-0000-0000-{number:012}\n" + "".join(f"{line}\n" for line in lines)


@pytest.fixture
def crowd(roster):
    """Everybody is in each team but one: person n is not in team n."""
    roster.configure(CONFIGURATION)
    people = [record(f"uid=u{n}", n, "objectClass: inetOrgPerson", f"uid: u{n}", f"cn: U {n}", "sn: X") for n in range(PEOPLE)]
    teams = [record(f"cn=t{t}", 1000 + t, "objectClass: groupOfNames", f"cn: t{t}",
                    *(f"member: uid=u{n},dc=x" for n in range(PEOPLE) if n != t)) for t in range(TEAMS)]
    (roster.directory / "people.ldif").write_text("version: 1\n\n" + "\n".join([*people, *teams]))
    return roster


def indexes(roster):
    """Text of each, and its id."""
    return {row["text"]: row["oid"] for row in roster.sql(INDEXES)}


def await_that(watcher, question):
    deadline = time.monotonic() + 60
    while not watcher.execute(question).fetchone()[0]:
        assert time.monotonic() < deadline, question
        time.sleep(0.01)


def assert_loaded(roster, before, anew=True):
    """As every other load would have it; whether the indexes were made after the rows."""
    after = indexes(roster)
    assert after.keys() == before.keys() and all((after[text] != oid) == anew for text, oid in before.items())
    wrong = roster.sql("""select t.n as team, u.login from generate_series(0, 249) t(n) cross join users u
        left join groups p on p.name = 't' || t.n left join grants g on g.user_id = u.id and g.anchor = p.id and g.source <> 0
        where u.login ~ '^u[0-9]+$' and (g.user_id is null) <> (u.login = 'u' || t.n)""")
    assert wrong == [] and roster.value("select count(*) from grants where source <> 0") == (PEOPLE - 1) * TEAMS
    assert roster.value("select count(*) from directory_edges where member_id is not null") == (PEOPLE - 1) * TEAMS


def test_the_first_grants_come_at_once(crowd):
    before, head = indexes(crowd), crowd.value("select head()")
    crowd.ctl("sync")
    assert crowd.value("select head()") == head + 1
    assert_loaded(crowd, before)
    crowd.ctl("sync")
    assert crowd.value("select head()") == head + 1


def test_somebody_who_reads_meanwhile_does_not_stop_it(crowd):
    before = indexes(crowd)
    with crowd.cluster.connect(crowd.database, autocommit=False) as reader:
        reader.execute("select count(*) from roster.grants, roster.directory_edges")
        crowd.ctl("sync")
        reader.rollback()
    assert_loaded(crowd, before, anew=False)


def test_killed_while_there_are_no_indexes_it_leaves_what_was(crowd):
    before = indexes(crowd)
    with crowd.cluster.connect(crowd.database, autocommit=False) as writer:
        # It waits for the writer lock when the edges are loaded, and then there is nobody to go on.
        writer.execute("select roster.open_revision()")
        process = subprocess.Popen([BUILD / "rosterctl", "sync", "--local"], cwd=crowd.directory, env=crowd.environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with crowd.cluster.connect(crowd.database) as watcher:
            await_that(watcher, "select exists (select from pg_locks where locktype = 'advisory' and not granted)")
        process.kill()
        assert process.wait() == -signal.SIGKILL
        writer.rollback()
    with crowd.cluster.connect(crowd.database) as watcher:
        await_that(watcher, """select not exists (select from pg_stat_activity
            where datname = current_database() and usename = 'roster_daemon')""")
    assert indexes(crowd) == before and crowd.value("select count(*) from grants where source <> 0") == 0
    crowd.ctl("sync")
    assert_loaded(crowd, before)
