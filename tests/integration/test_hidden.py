# SPDX-License-Identifier: Apache-2.0
"""Rights are taken from the account that reads, and given back: no server says that somebody can be seen again."""

import pytest

from living import OnDS389, OnSlapd

CONFIGURATION = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ corp: {{
  type: "ldap"; url: "{url}"; bind_dn: "{account}"; password: "file:password"
  users: {{ base: "{staff}" }}
  groups: {{ base: "{groups}" }}
}} }}
safety: {{ first_run: "apply"; max_suspend: 3; max_remove: 3; max_remove_percent: 100 }}
rules: {{ default_admins: [ "admin" ]; teams: {{ match: "cn ~ ^team-(?<team>[a-z]+)$"; into: "/${{team}}"; role: "Developer" }} }}
"""
PEOPLE = 12


@pytest.fixture
def server(request):
    living = request.param()
    try:
        yield living.__enter__()
    finally:
        living.__exit__()


@pytest.fixture
def directory(server, roster):
    people = [f"cn=Person {number},{server.staff}" for number in range(PEOPLE)]
    for number, dn in enumerate(people):
        server.add_person(dn, f"p{number}")
    server.add_group(f"cn=team-api,{server.groups}", people)
    server.add_group(f"cn=team-web,{server.groups}", people[:4])
    url, account, password = server.login
    path = roster.directory / "password"
    path.write_text(password + "\n")
    path.chmod(0o600)
    roster.configure(CONFIGURATION.format(url=url, account=account, staff=server.staff, groups=server.groups))
    assert roster.ctl("sync").code == 0
    return server


def held(roster):
    return roster.value("select count(*) from held_changes where state = 'held'")


def active(roster):
    return roster.value("select count(*) from users u join identities i on i.user_id = u.id where u.active")


def completeness(roster, *words):
    result = roster.execute("--json", "sync", *words)
    (done,) = result.json["sources"]
    return done["completeness"]


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_people_who_can_be_seen_again_are_not_asked_about(directory, roster):
    directory.hide("half", True)
    assert completeness(roster, "--full") == "complete" and held(roster) == PEOPLE / 2
    assert completeness(roster) == "complete" and held(roster) == PEOPLE / 2
    directory.hide("half", False)
    assert completeness(roster) == "complete" and held(roster) == 0
    assert completeness(roster) == "changes", "what is there is not read over and over"
    assert active(roster) == PEOPLE


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_groups_that_can_be_seen_again_are_not_asked_about(directory, roster):
    group = f"cn=team-web,{directory.groups}"
    directory.rename(group, "cn=team-web", directory.elsewhere)
    assert completeness(roster, "--full") == "complete" and held(roster) == 4
    directory.rename(f"cn=team-web,{directory.elsewhere}", "cn=team-web", directory.groups)
    assert completeness(roster) == "complete" and held(roster) == 0


@pytest.mark.parametrize("server", [OnDS389], indirect=True)
def test_what_happened_while_nothing_could_be_seen_is_found(directory, roster):
    directory.hide("all", True)
    assert completeness(roster, "--full") == "incomplete"
    directory.add_person(f"cn=Another,{directory.staff}", "another")
    assert completeness(roster) == "incomplete"
    directory.hide("all", False)
    assert completeness(roster) == "complete" and active(roster) == PEOPLE + 1
    assert completeness(roster) == "changes"


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_after_the_base_itself_could_not_be_seen_everything_is_read(directory, roster):
    directory.hide("all", True)
    assert roster.execute("sync").code not in (0, 1)
    directory.hide("all", False)
    assert completeness(roster) == "complete"
    assert completeness(roster) == "changes"


def shadow(server, *numbers, value):
    for number in numbers:
        server.replace(f"cn=Person {number},{server.staff}", "shadowExpire", value)


def quarantined(roster):
    return [(row["what"], row["why"]) for row in roster.sql("select what, why from quarantine where stage = 'read'")]


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_an_attribute_that_closed_people_and_is_hidden_opens_nobody(directory, roster):
    shadow(directory, 0, 1, 2, value=1)
    shadow(directory, 3, value=30000)
    assert completeness(roster) == "changes" and active(roster) == PEOPLE - 3
    directory.hide(directory.dates, True)
    assert completeness(roster, "--full") == "complete" and active(roster) == PEOPLE - 3
    ((what, why),) = quarantined(roster)
    assert what == "shadowExpire" and "nobody shows it any more" in why and "4 accounts" in why and "let the account that reads see it" in why
    assert roster.value("select count(*) from directory_entries where ends_at > now()") == 1
    # What else is said of them counts; one alone of whom something is told is no more open than all.
    directory.replace(f"cn=Person 0,{directory.staff}", "mail", "new@ex.test")
    assert completeness(roster) == "complete", "nobody says that it can be seen again: everything is read until then"
    assert active(roster) == PEOPLE - 3 and quarantined(roster)
    assert roster.value("select email from directory_entries where login = 'p0'") == "new@ex.test"
    shadow(directory, 1, 2, 3, value=None)
    assert completeness(roster) == "complete" and active(roster) == PEOPLE - 3, "one is left, and hidden all the same"
    # Seen of anybody, with whatever value, it is no more hidden.
    directory.hide(directory.dates, False)
    assert completeness(roster) == "complete" and active(roster) == PEOPLE - 1 and quarantined(roster) == []
    assert completeness(roster) == "changes"


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_a_single_account_that_is_opened_comes_back(directory, roster):
    shadow(directory, 0, value=1)
    assert completeness(roster) == "changes" and active(roster) == PEOPLE - 1
    shadow(directory, 0, value=None)
    assert completeness(roster, "--full") == "complete" and active(roster) == PEOPLE and quarantined(roster) == []


@pytest.mark.parametrize("server", [OnSlapd], indirect=True)
def test_accounts_are_opened_at_once_where_the_attribute_can_be_seen(directory, roster):
    shadow(directory, 0, 1, 2, value=1)
    assert completeness(roster) == "changes" and active(roster) == PEOPLE - 3
    shadow(directory, 0, 1, value=None)
    shadow(directory, 2, value=-1)
    assert completeness(roster, "--full") == "complete" and active(roster) == PEOPLE and quarantined(roster) == []
