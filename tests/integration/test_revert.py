# SPDX-License-Identifier: Apache-2.0
"""rosterctl revert: what a revision did is taken back, as far as it still is as that left it."""

import pytest

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
safety: {{ {safety} }}
"""
# A role that leaves environments open to be set.
OPERATOR = "Application Operator"


class Company:
    def __init__(self, roster):
        self.roster = roster
        self.configure()
        for login in ("alice", "bob", "carol"):
            roster.ctl("user", "create", login)
        for words in (["group", "create", "/pay", "--description", "For tests", "--admin", "alice"], ["group", "create", "/crm", "--description", "For tests", "--admin", "alice"],
                      ["namespace", "create", "k8s/pay", "--purpose", "test"]):
            roster.ctl(*words)
        roster.adopt("ledger", "alice", "/pay")
        roster.ctl("group", "members", "/pay", "add", "alice", "--role", "Developer")
        roster.ctl("group", "members", "/pay", "add", "bob", "--role", "Operator")
        roster.sql("select access_group_create('finance')")
        roster.sql("select node_create('ledger', 'alice')")
        roster.sql("select environment_create('ledger', 'test', 'test')")
        roster.sql("select environment_create('ledger', 'live', 'production')")

    def configure(self, safety=""):
        self.roster.configure(CONFIGURATION.format(safety=safety))

    def act(self, what):
        """Words of rosterctl, or a call in SQL; the revision it made."""
        before = self.head()
        self.roster.ctl(*what) if isinstance(what, list) else self.roster.sql(f"select {what}")
        assert self.head() == before + 1
        return before + 1

    def head(self):
        return self.roster.value("select head()")

    def facts(self):
        found = {}
        for row in self.roster.sql("select name::text as name, array_to_string(columns, ', ') as columns from fact_tables"):
            found[row["name"]] = {tuple(fact.items()) for fact in self.roster.sql(f"select {row['columns']} from {row['name']}")}
        return found

    def revert(self, revision, *words, code=0):
        return self.roster.ctl("revert", str(revision), *words, code=code)

    def changes(self, revision, *words):
        done = self.roster.json("revert", str(revision), *words)
        assert len(done["revert"]) == 1
        return [(row["change"], row["kind"], row["name"], row["detail"]) for row in done["changes"]]


@pytest.fixture
def company(roster):
    return Company(roster)


# --- what comes back as it was ----------------------------------------------------------------------------------------

ALIKE = {
    "a member": ["group", "members", "/pay", "add", "bob", "--role", "Developer"],
    "an admin": ["group", "admin", "/pay", "add", "bob"],
    "a role on an app": "app_role_add('ledger', 'bob', 'App Operator')",
    "a user role": "user_role_add('bob', 'App Viewer')",
    "a member of an access group": "access_group_member_add('finance', 'bob', 'App Owner')",
    "an app in an access group": "access_group_app('finance', 'ledger', true)",
    "a namespace": ["namespace", "attach", "k8s/pay/test", "/pay"],
    "another owner": ["app", "owner", "ledger", "bob"],
    "another group": ["app", "group", "ledger", "/crm"],
    "an app archived": ["app", "archive", "ledger"],
    "a group moved": ["group", "move", "/crm", "/pay"],
    "somebody suspended": ["user", "suspend", "bob"],
    "a role edited": "role_edit('Contributor', '{project.view,project.edit}')",
    "a role made": "role_create('Auditor', '', '{project.view}', 'custom', '{}', 'fixed', '{env.monitoring}')",
    "an environment": "environment_create('ledger', 'accept', 'acceptance')",
    "a setting": "environment_set('ledger/live', 'alice', 'env.api', true)",
}


@pytest.mark.parametrize("what", ALIKE)
def test_what_was_done_is_undone_and_done_again(company, what):
    company.roster.sql("select second_factor_proven('admin')")
    before = company.facts()
    revision = company.act(ALIKE[what])
    done = company.facts()
    assert done != before
    planned = company.changes(revision, "--plan")
    assert company.facts() == done and company.head() == revision and planned
    assert company.changes(revision) == planned
    assert company.facts() == before and company.head() == revision + 1
    assert company.roster.value("select cause from revisions where id = %s", revision + 1) == f"revert {revision}"
    # What was taken back is itself a revision that can be, but a role or an environment is gone for good.
    if what not in ("a role made", "an environment"):
        company.revert(revision + 1)
        assert company.facts() == done


UNDONE = {
    "a member": ["group", "members", "/pay", "remove", "bob", "--role", "Developer"],
    "a setting": "environment_set('ledger/test', 'bob', 'env.transport', null)",
    "a listed member": ["app", "members", "ledger", "remove", "bob", "--role", OPERATOR],
    "somebody in an access group": "access_group_member_remove('finance', 'bob')",
    "an app out of an access group": "access_group_app('finance', 'ledger', false)",
    "somebody resumed": ["user", "resume", "carol"],
    "a contact": "node_contact('ledger', 'bob')",
    "a restored app": ["app", "restore", "old"],
    "a namespace": ["namespace", "detach", "k8s/pay/test", "/pay"],
    "an edited role": f"role_edit('{OPERATOR}', '{{project.view,project.cloud_access}}')",
}


@pytest.mark.parametrize("what", UNDONE)
def test_what_was_taken_comes_back(company, what):
    for words in (["group", "members", "/pay", "add", "bob", "--role", "Developer"], ["app", "members", "ledger", "add", "bob", "--role", OPERATOR],
                  "environment_set('ledger/test', 'bob', 'env.transport', true)", "access_group_member_add('finance', 'bob', 'App Owner')",
                  "access_group_app('finance', 'ledger', true)", ["user", "suspend", "carol"], ["app", "create", "old", "--owner", "alice"],
                  ["app", "archive", "old"], ["namespace", "attach", "k8s/pay/test", "/pay"]):
        company.act(words)
    company.roster.sql("select second_factor_proven('admin')")
    before = company.facts()
    revision = company.act(UNDONE[what])
    assert company.facts() != before
    company.revert(revision)
    assert company.facts() == before


def test_nobody_and_nothing_is_deleted(company, roster):
    group, app, person = (company.act(words) for words in (["group", "create", "/new", "--description", "For tests", "--admin", "bob"], ["app", "create", "site", "--owner", "bob"],
                                                         ["user", "create", "dave"]))
    assert company.changes(group) == [("archived", "group", "/new", ""), ("removed", "admin", "/new", "bob")]
    assert company.changes(app) == [("archived", "app", "site", ""), ("removed", "member", "app:site", "bob as Scrum Master")]
    assert company.changes(person) == [("suspended", "user", "dave", "as before")]
    assert roster.value("select archived from groups where name = 'new'") and roster.value("select archived from apps where name = 'site'")
    assert roster.value("select suspended and not active from users where login = 'dave'")
    roster.ctl("user", "resume", "dave")


# --- what is left, and named ------------------------------------------------------------------------------------------


def test_what_was_changed_since_is_left_and_named(company):
    company.act(["group", "members", "/pay", "add", "bob", "--role", "Developer"])
    owner = company.act(["app", "owner", "ledger", "bob"])
    later = company.act(["app", "archive", "ledger"])
    facts = company.facts()
    assert company.changes(owner) == [("kept", "app", "ledger", f"changed again in revision {later}")]
    result = company.revert(owner)
    assert f"nothing of {owner} is left to take back" in result.err
    assert company.facts() == facts and company.head() == later
    company.revert(later)
    assert company.changes(owner)[0][3] == f"changed again in revision {later + 1}"


def test_who_came_and_went_since_is_left(company):
    added = company.act(["group", "members", "/pay", "add", "bob", "--role", "Developer"])
    taken = company.act(["group", "members", "/pay", "remove", "bob", "--role", "Developer"])
    again = company.act(["group", "members", "/pay", "add", "bob", "--role", "Developer"])
    assert company.changes(added) == [("kept", "member", "/pay", f"bob as Developer: changed again in revision {again}")]
    assert company.changes(taken) == [("kept", "member", "/pay", f"bob as Developer: changed again in revision {again}")]


def test_what_cannot_be_as_it_was_is_left(company, roster):
    group = company.act(["group", "create", "/new", "--description", "For tests", "--admin", "bob"])
    company.act(["group", "members", "/new", "add", "carol", "--role", "Developer"])
    assert company.changes(group) == [("kept", "group", "/new", "it holds what something else has put there"),
                                     ("kept", "admin", "/new", "bob: this is the only admin of the group")]
    owner = company.act(["app", "owner", "ledger", "bob"])
    roster.ctl("user", "suspend", "alice")
    assert company.changes(owner) == [("kept", "app", "ledger", "its owner of then is not active")]
    roster.ctl("user", "resume", "alice")
    role = company.act("role_create('Auditor', '', '{project.view}')")
    company.act(["app", "members", "ledger", "add", "carol", "--role", "Auditor"])
    assert company.changes(role) == [("kept", "role", "Auditor", "people hold the role")]
    place = company.act("environment_create('ledger', 'accept', 'acceptance')")
    roster.sql("select app_member_add('ledger', 'carol', %s)", OPERATOR)
    roster.sql("select environment_set('ledger/accept', 'carol', 'env.transport', true)")
    assert company.changes(place) == [("kept", "environment", "ledger/accept", "things were said for people there since")]
    suspended = company.act(["user", "suspend", "bob"])
    roster.ctl("user", "create", "bob")
    assert company.changes(suspended) == [("kept", "user", "bob", "another active user has the login now")]


# --- what is refused --------------------------------------------------------------------------------------------------


def test_what_is_gone_for_good_is_not_taken_back(company, roster):
    def refused(what, words):
        result = company.revert(what, code=65)
        assert words in result.err

    role = company.act("role_create('Auditor', '', '{project.view}')")
    roster.sql("select role_edit_begin('Auditor')")
    gone = company.act("role_delete('Auditor')")
    refused(gone, f"revision {gone} took a role away for good and is not taken back (make another role, and give it)")
    assert company.changes(role) == [("kept", "role", "Auditor", f"changed again in revision {gone}")]
    refused(1, "revision 1 is the installation itself and is not taken back")
    refused(company.act("environment_delete('ledger/test')"), "took an environment away for good")
    company.act("access_group_member_add('finance', 'bob')")
    refused(company.act("access_group_delete('finance')"), "took an access group away for good")
    refused(99999, "there is no revision 99999")
    refused("corp/1", "there is no run corp/1")
    refused("last", '"last" is no revision')
    assert company.revert(company.act(["group", "members", "/pay", "add", "bob", "--role", "Developer"]), "x", code=64)


def test_what_time_ended_is_not_taken_back(company, roster):
    company.act("group_member_add('/pay', 'bob', 'Developer', now() + interval '1 second')")
    roster.sql("select pg_sleep(1.1)")
    roster.sql("select clock_tick('1 day')")
    assert roster.value("select cause from revisions where id = head()") == "expired"
    assert "is what time did and is not taken back" in company.revert(company.head(), code=65).err


def ends(roster, login="bob"):
    return roster.sql("select r.name, g.expires_at::text from grants g join roles r on r.id = g.role "
                      "where g.user_id = user_by_login(%s) and g.expires_at is not null order by r.name", login)


UNTIL = {
    "a group": (["group", "members", "/pay", "add", "bob", "--role", "Developer"], ["group", "members", "/pay", "remove", "bob", "--role", "Developer"]),
    "an app": ("app_role_add('ledger', 'bob', 'App Operator', '{until}')", "app_role_remove('ledger', 'bob', 'App Operator')"),
    "an access group": ("access_group_member_add('finance', 'bob', 'App Owner', '{until}')", "access_group_member_remove('finance', 'bob')"),
    "the platform": ("user_role_add('bob', 'App Viewer', '{until}')", "user_role_remove('bob', 'App Viewer')"),
}


@pytest.mark.parametrize("place", UNTIL)
def test_what_had_an_end_comes_back_with_it(company, roster, place):
    give, take = UNTIL[place]
    day = "2099-01-31 12:00:00+00"
    company.act(give + ["--until", day] if isinstance(give, list) else give.format(until=day))
    before = ends(roster)
    assert before and {row["expires_at"] for row in before} == {day}
    taken = company.act(take)
    assert not ends(roster)
    assert {detail for *_, detail in company.changes(taken, "--plan")} == {f"bob as {row['name']}, until {day}" for row in before}
    company.revert(taken)
    assert ends(roster) == before


def test_people_read_of_no_line(company):
    given = company.act(["group", "members", "/crm", "add", "alice", "--role", "Developer"])
    heading, row = company.revert(given, "--plan").out.splitlines()
    assert heading.split() == ["change", "kind", "name", "detail"] and row.split() == ["removed", "member", "/crm", "alice", "as", "Developer"]


def test_another_end_is_taken_back(company, roster):
    words = ["group", "members", "/pay", "add", "bob", "--role", "Developer"]
    given = company.act([*words, "--until", "2098-01-31 12:00:00+00"])
    longer = company.act([*words, "--until", "2099-01-31 12:00:00+00"])
    for_ever = company.act(words)
    before = company.facts()
    assert company.changes(longer) == [("kept", "member", "/pay", f"bob as Developer: changed again in revision {for_ever}")]
    assert company.changes(for_ever) == [("changed", "member", "/pay", "bob as Developer, until 2099-01-31 12:00:00+00")]
    assert [row["expires_at"] for row in ends(roster)] == ["2099-01-31 12:00:00+00"]
    assert company.changes(company.head()) == [("changed", "member", "/pay", "bob as Developer, without end")]
    assert company.facts() == before
    # He holds it since it was given, whatever was said of its end since, and history says which end it had when.
    held = roster.sql("select since from holdings_of('bob') where role = 'Developer'")
    assert [row["since"] for row in held] == [given]
    rows = roster.json("report", "grants", "--user", "bob", "--at", str(longer))["grants"]
    assert [(row["since"], row["expires_at"][:10]) for row in rows if row["role"] == "Developer"] == [(given, "2099-01-31")]
    # A person who is given more time is not taken for one who goes: the group keeps its admins.
    roster.brought("delete from grants where anchor = group_at('/pay') and role = role_named('platform', 'Group Administrator')")
    company.act("group_member_add('/pay', 'bob', null, '2098-01-31')")
    company.act("group_member_add('/pay', 'bob', null)")
    assert company.changes(company.head()) == [("changed", "admin", "/pay", "bob, until 2098-01-31 00:00:00+00")]


def test_what_is_over_does_not_come_back(company, roster):
    roster.sql("select group_member_add('/pay', 'bob', 'Developer', '2099-01-31')")
    taken = company.act(["group", "members", "/pay", "remove", "bob", "--role", "Developer"])
    roster.sql("update grants_history set expires_at = now() - interval '1 day' where expires_at is not null")
    assert company.changes(taken) == [("kept", "member", "/pay", "bob as Developer: its time is over")]
    assert not roster.value("select count(*) from grants where user_id = user_by_login('bob') and role = role_named('project', 'Developer')")
    # Who was given more time than he had: what he had is over by now.
    roster.sql("select group_member_add('/pay', 'bob', 'Contributor', '2099-01-31')")
    longer = company.act("group_member_add('/pay', 'bob', 'Contributor', '2099-02-28')")
    roster.sql("update grants_history set expires_at = now() - interval '1 day' where expires_at is not null")
    assert company.changes(longer) == [("removed", "member", "/pay", "bob as Contributor")]
    assert not roster.value("select count(*) from grants where user_id = user_by_login('bob') and role = role_named('project', 'Contributor')")


def test_the_team_keeps_whom_it_needs(company, roster):
    added = company.act(["app", "members", "ledger", "add", "bob", "--role", "Scrum Master"])
    before = company.head()
    assert "bob is the last Scrum Master of app:ledger" in company.revert(added, code=65).err
    assert "bob is the last Scrum Master of app:ledger" in company.revert(added, "--plan", code=65).err
    assert company.head() == before
    # Who owns an app of a group is in the group (P45), and the app has a Scrum Master, also one through a group.
    entered = company.act(["group", "members", "/crm", "add", "carol", "--role", "Scrum Master"])
    company.act("app_create('leads', 'carol', '/crm')")
    company.act(["app", "members", "leads", "remove", "carol", "--role", "Scrum Master"])
    company.act(["group", "members", "/crm", "add", "bob", "--role", "Scrum Master"])
    assert "carol does not belong to /crm, which owns app:leads" in company.revert(entered, code=65).err
    assert "carol does not belong to /crm, which owns app:leads" in company.revert(entered, "--plan", code=65).err
    company.roster.sql("select group_create('/sales', 'For tests', array['alice']), group_member_add('/sales', 'bob', 'Scrum Master')")
    company.act(["group", "members", "/crm", "remove", "bob", "--role", "Scrum Master"])
    moved = company.act(["group", "move", "/crm", "/sales"])
    company.act(["group", "members", "/sales/crm", "add", "carol", "--role", "Developer"])
    company.act(["group", "members", "/sales/crm", "remove", "carol", "--role", "Scrum Master"])
    assert "app:leads would have no Scrum Master" in company.revert(moved, code=65).err
    first = roster.value("select min(id) from revisions where cause like 'init%'")
    assert "nobody would be a platform administrator any more" in company.revert(first, code=65).err


def test_only_a_platform_administrator_may(company, roster):
    revision = company.act(["group", "members", "/pay", "add", "bob", "--role", "Developer"])
    roster.sql("delete from grants where role = role_named('platform', 'Platform Administrator')")
    assert "is not allowed to: revert" in company.revert(revision, code=77).err


def test_production_asks_for_a_second_factor(company, roster):
    revision = company.act("environment_set('ledger/live', 'alice', 'env.api', true)")
    role = company.act("role_create('Watcher', '', '{project.view}', 'none', '{}', 'fixed', '{env.monitoring}')")
    contact = [company.act(["app", "members", "ledger", "add", "bob", "--role", OPERATOR]), company.act("node_contact('ledger', 'bob')")][1]
    for what in (revision, role, contact):
        assert "a second factor is needed to: revert" in company.revert(what, code=77).err
    roster.sql("select second_factor_proven('admin')")
    for what in (revision, role, contact):
        company.revert(what)


def test_the_limits_hold(company, roster):
    revision = company.act("group_member_add('/pay', l, 'Contributor') from unnest('{alice,bob,carol}'::text[]) l")
    company.configure("max_remove: 2")
    before = company.facts()
    assert "needs --yes" in company.revert(revision, "--plan").err
    result = company.revert(revision, code=1)
    assert "this is above the limits, nothing was written: 3 removals" in result.err and company.facts() == before
    company.revert(revision, "--yes")
    assert not roster.value("select count(*) from grants where role = role_named('project', 'Contributor')")
