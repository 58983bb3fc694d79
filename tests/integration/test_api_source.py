# SPDX-License-Identifier: Apache-2.0
"""People and groups of identity providers, each in the shape of its make, on the same road as those of a directory."""

import subprocess

import pytest

from api_company import (active, authentik, configure, described, expected, google, graph, holders, keycloak, okta,
                         people_and_groups, rules_for, scim, write_secrets)
from api_double import Keycloak, Person, Scim
from cloud_doubles import Authentik, Google, Graph, Okta, OldAuthentik
from rosterd import ROSTERD, Rosterd, wait_until

MAKES = {"keycloak": (Keycloak, keycloak), "scim": (Scim, scim), "graph": (Graph, graph), "okta": (Okta, okta),
         "google": (Google, google), "authentik": (Authentik, authentik), "authentik before 2025.12": (OldAuthentik, authentik)}


@pytest.fixture(scope="session")
def key(tmp_path_factory):
    """The private key of a client."""
    path = tmp_path_factory.mktemp("key") / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path], check=True,
                   capture_output=True)
    return path.read_bytes()


@pytest.fixture
def installed(roster, key):
    """A roster that has the secrets of its client."""
    write_secrets(roster, key_pem=key)
    return roster


def paths(make, api):
    """Where names are nobody's own, a group is named by its id."""
    if make in ("graph", "okta", "scim"):
        return {name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()}
    if make == "google":
        return {name.replace("-", "_"): f"/{name}@ex.org" for name in api.groups}
    return {"on_call": "/ops/on-call"} if make == "keycloak" else {}


@pytest.mark.parametrize("make", MAKES)
def test_each_make_is_read_and_followed(installed, make):
    """People, groups and groups in groups; then edits: a lock, a member less, a group gone, somebody gone, somebody new."""
    double, settings = MAKES[make]
    nested = make not in ("okta",)
    with double(*people_and_groups()) as api:
        configure(installed, settings(api), rules_for(api, **paths(make, api)))
        installed.ctl("sync")
        assert active(installed) == {person.login for person in api.people.values()}
        assert holders(installed) == expected(api, nested)

        api.people[1].open = False
        api.groups["on-call"].people.remove(4)
        api.groups["on-call"].people.append(8)
        gone = api.people.pop(6)
        api.people[9] = Person(9, "newcomer")
        api.groups["ops"].people.append(9)
        if make == "graph":
            for found in (api.people[1], api.people[9]):
                api.change("users", found)
            api.change("users", gone, "deleted")
            for name in ("on-call", "ops"):
                api.change("groups", api.groups[name])
            api.requests.clear()
        installed.ctl("sync")
        assert active(installed) == {person.login for person in api.people.values() if person.open}
        assert holders(installed) == expected(api, nested)
        if make == "graph":
            assert not [request for request in api.requests if request.path == "/v1.0/users"], "everything was read"

        api.people[1].open = True
        if make == "graph":
            api.change("users", api.people[1])
        installed.ctl("sync")
        assert active(installed) == {person.login for person in api.people.values()}
        assert holders(installed) == expected(api, nested)
        assert "0 to add, 0 to change, 0 to remove" in installed.ctl("sync", "--full").out


def test_an_api_that_the_file_describes(installed):
    with Scim(*people_and_groups()) as api:
        configure(installed, described(api, 'by: "index"; at: "startIndex"; size: "count"; total: "/totalResults"'), rules_for(api))
        installed.ctl("sync")
        assert active(installed) == {person.login for person in api.people.values()}
        # Its members are of any kind, and a person of that id is not a group of it.
        assert holders(installed) == expected(api, nested=False)
        emails = {user["login"]: user["email"] for user in installed.json("user", "list")["users"]}
        assert emails["u1"] == "u1@ex.org"


def test_what_the_first_page_would_become(installed):
    """Neither a database nor the second page is asked for; what cannot be used is named."""
    with Keycloak(*people_and_groups()) as api:
        api.people[2].open = False
        configure(installed, keycloak(api), rules_for(api, on_call="/ops/on-call"))
        installed.more_environment["ROSTER_DATABASE"] = "host=/nowhere"
        shown = {entry["entry"]: entry for entry in installed.json("source", "preview", "sso")["entries"]}
        assert set(shown) == {"u1", "u2", "u3", "/ops", "/ops/on-call", "/empty"}
        assert shown["u2"]["account"] == "enabled is false" and shown["u1"]["account"] == "open"
        assert shown["/ops"]["members"] == "3" and shown["/ops"]["opens"] == "Contributor in /ops"
        assert shown["u1"]["email"] == "u1@ex.org" and shown["u1"]["name"] == "First u1"
        assert not [request for request in api.requests if request.query.get("first", "0") != "0"]
        del installed.more_environment["ROSTER_DATABASE"]


def test_explain_says_the_name_of_a_group_whose_path_is_an_id(installed):
    with Graph(*people_and_groups()) as api:
        configure(installed, graph(api), rules_for(api, **paths("graph", api)))
        installed.ctl("sync")
        installed.adopt("shop", "u1", "/ops")
        assert "a000-000000000001" not in installed.ctl("report", "dangling").out, "a device is nobody"
        shown = installed.ctl("explain", "u3", "app:shop").out
        assert f"/{api.groups['on-call'].id} (on-call)" in shown and f"/{api.groups['ops'].id} (ops)" in shown
        assert "rule ops" in shown and "u3" in shown


def test_rosterd_asks_at_each_poll_for_what_has_changed(installed):
    """A session that stays open: the changes of one poll, and then those of the next."""
    with Graph(*people_and_groups()) as api:
        configure(installed, graph(api, 'poll: "10s"'), rules_for(api, **paths("graph", api)))
        installed.led = True
        with Rosterd(installed.config, program=ROSTERD, environment=installed.environment()):
            wait_until(lambda: active(installed) == {person.login for person in api.people.values()}, "the first read")
            for number in (1, 2):
                api.requests.clear()
                gone = api.people.pop(number)
                api.change("users", gone, "deleted")
                installed.ctl("sync")
                assert gone.login not in active(installed)
                assert not [request for request in api.requests if request.path in ("/v1.0/users", "/v1.0/groups")]


@pytest.mark.parametrize("make", ["keycloak", "graph", "okta", "google"])
def test_accounts_are_closed_and_opened_again_in_any_number(installed, make):
    double, settings = MAKES[make]
    with double(*people_and_groups()) as api:
        configure(installed, settings(api), rules_for(api, **paths(make, api)))
        installed.ctl("sync")
        for closed in ({2, 3, 7}, {7}, set(), {1, 2, 3, 4, 5, 6, 7}, set()):
            for person in api.people.values():
                if person.open != (person.number not in closed):
                    person.open = not person.open
                    if make == "graph":
                        api.change("users", person)
            installed.ctl("sync")
            assert active(installed) == {person.login for person in api.people.values() if person.open}
