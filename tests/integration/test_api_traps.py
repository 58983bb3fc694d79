# SPDX-License-Identifier: Apache-2.0
"""APIs that lie, break off, lead astray or ask for patience: nobody loses anything by it, and the error names the address."""

import email.utils
import re
import time

import pytest

from api_company import (active, authentik, configure, described, expected, google, graph, holders, keycloak, okta,
                         people_and_groups, rules_for, scim, write_secrets)
from api_double import Group, Keycloak, Person, Reply, Scim
from cloud_doubles import Authentik, Google, Graph, Okta
from test_api_source import key  # noqa: F401

INDEX = 'by: "index"; at: "startIndex"; size: "count"; total: "/totalResults"'


@pytest.fixture
def installed(roster):
    write_secrets(roster)
    return roster


class Once:
    """A fault for the first request that fits, or for all of them."""

    def __init__(self, fits, reply, times=1):
        self.fits, self.reply, self.left = fits, reply, times

    def __call__(self, request):
        if self.left == 0 or not self.fits(request):
            return None
        self.left -= 1
        return self.reply(request) if callable(self.reply) else self.reply


def second_page(request):
    return request.path.endswith("/users") and request.query.get("first", "0") != "0"


def second_scim_page(request):
    return request.path == "/Users" and request.query.get("startIndex", "1") != "1"


def everybody(api):
    return {person.login for person in api.people.values()}


def start(roster, api, source, **more):
    configure(roster, source, rules_for(api, **more))
    roster.ctl("sync")
    assert active(roster) == everybody(api)


def stays(roster, api, before, code, *words):
    """A sync that ends so takes nobody anything, and says these words."""
    people, held = before
    result = roster.run("sync")
    assert result.code == code, result
    for word in words:
        assert re.search(word, result.out + result.err), f"{word} is not in {result}"
    assert "a secret" not in result.out + result.err and "token-" not in result.out + result.err
    assert active(roster) >= people
    found = holders(roster)
    assert all(found.get(name, set()) >= logins for name, logins in held.items())
    return result


# --- bodies

CUT = b'{"Resources": [{"id": "1", "userName"'
BODIES = {
    "truncated": (Reply(b'[{"id": "1", "username":'), "JSON"),
    "cut off": (Reply(b'[{"id": "1", "username": "a"}]', cut=10), "finish|JSON|closed"),
    "html": (Reply(b"<html>maintenance</html>", headers={"Content-Type": "text/html"}), "JSON"),
    "no list": (Reply({"users": []}), "no list"),
    "null": (Reply(b"null"), "no list"),
    "null items": (Reply([None, None, None]), "moved"),
    "duplicate member": (Reply(b'[{"id": "1", "id": "2", "username": "a"}]'), "JSON"),
    "redirect": (Reply(b"", 302, {"Location": "http://127.0.0.1:1/"}), "redirect"),
    "not found": (Reply({"error": "gone"}, 404), "404.*gone"),
    "forbidden": (Reply({"error": "no"}, 403), "403"),
    "unauthorized": (Reply({"error": "no"}, 401), "401"),
    "broken": (Reply({"errorMessage": "out of order"}, 500), "500.*out of order"),
}


@pytest.mark.parametrize("fault", BODIES)
def test_a_page_that_is_none_in_the_middle(installed, fault):
    """Of the second page; a person on the first one who is new comes in, and nobody goes."""
    reply, word = BODIES[fault]
    with Keycloak(*people_and_groups()) as api:
        start(installed, api, keycloak(api), on_call="/ops/on-call")
        before = active(installed), holders(installed)
        del api.people[1], api.people[8]
        api.people[0] = Person(0, "early")
        api.fault = Once(second_page, reply, times=99)
        result = stays(installed, api, before, 69, word)
        assert "early" in active(installed)
        assert "sso" in result.err + result.out and "/users?" in result.err + result.out


def test_an_empty_answer_after_a_full_one(installed):
    with Scim(*people_and_groups()) as api:
        start(installed, api, scim(api), **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()})
        before = active(installed), holders(installed)
        api.people.clear()
        stays(installed, api, before, 69, "no user at all, after 8")


def test_a_group_that_may_not_be_seen_stays_as_it_was(installed):
    """404 and 403 of one group, null among its members, an object without an id: the others are followed."""
    with Keycloak(*people_and_groups()) as api:
        start(installed, api, keycloak(api), on_call="/ops/on-call")
        api.groups["ops"].people.append(7)
        members = f"/groups/{api.groups['on-call'].id}/members"
        for reply in (Reply({}, 404), Reply({}, 403), Reply([None]), Reply([{"name": "x"}])):
            api.groups["on-call"].people = []
            api.fault = Once(lambda request: request.path.endswith(members), reply, times=9)
            assert "stays as it was" in installed.ctl("sync").out + installed.ctl("quarantine").out
            assert holders(installed)["on-call"] == {"u3", "u4", "u5", "u6"}
            assert "u7" in holders(installed)["ops"]
        api.fault = lambda request: None
        installed.ctl("sync")
        assert "on-call" not in holders(installed)


# --- pages

def test_members_of_a_service_are_named_and_count_for_nobody(installed):
    """Keycloak lists the accounts of clients among the members, and not among the people."""
    with Keycloak(*people_and_groups()) as api:
        api.services = [Person(99, "service-account-x")]
        start(installed, api, keycloak(api), on_call="/ops/on-call")
        assert "service-account-x" not in active(installed)
        assert holders(installed) == expected(api)


def test_pages_that_are_short_because_somebody_is_hidden(installed):
    """Keycloak counts before it leaves out: a short or empty page is not the last."""
    with Keycloak(*people_and_groups()) as api:
        api.hidden = {2, 4, 5, 6}
        configure(installed, keycloak(api), rules_for(api, on_call="/ops/on-call"))
        installed.ctl("sync")
        assert active(installed) == {"u1", "u3", "u7", "u8"}


@pytest.mark.parametrize("edit", ["delete", "insert"])
def test_somebody_goes_or_comes_while_pages_are_counted_through(installed, edit):
    """Before the place that is read: the next page would leave one out, or show one twice."""
    with Keycloak(*people_and_groups()) as api:
        start(installed, api, keycloak(api), on_call="/ops/on-call")

        def change(request):
            if edit == "delete":
                api.people.pop(1, None)
            else:
                api.people[0] = Person(0, "early")

        api.fault = Once(second_page, change)
        installed.ctl("sync")
        assert active(installed) >= everybody(api)
        assert "is gone" not in installed.ctl("quarantine").out
        installed.ctl("sync")
        assert active(installed) == everybody(api)


def test_numbered_pages_are_read_until_two_passes_agree(installed):
    """authentik: who is deleted while another comes moves everybody, and the number of all stays the same."""
    people, groups = people_and_groups()
    with Authentik(people, groups) as api:
        start(installed, api, authentik(api))

        def change(request):
            api.people.pop(1, None)
            api.people[20] = Person(20, "late")

        api.fault = Once(lambda request: request.path.endswith("users/") and request.query.get("page") == "2", change)
        installed.ctl("sync")
        assert active(installed) == everybody(api) | {"u1"}
        installed.ctl("sync")
        assert active(installed) == everybody(api)


def test_a_server_that_does_not_heed_where_a_page_begins(installed):
    """It sends the first page again and again."""
    with Scim(*people_and_groups()) as api:
        start(installed, api, scim(api), **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()})
        before = active(installed), holders(installed)
        people = [api.person(person) for person in api.sorted_people()]
        del api.people[5]
        api.fault = Once(second_scim_page, lambda request: Reply(
            {"totalResults": len(people), "startIndex": int(request.query["startIndex"]), "Resources": people[:3]}), 99)
        stays(installed, api, before, 69, "moved|heed")


@pytest.mark.parametrize("total", [4, 100])
def test_a_count_that_lies(installed, total):
    with Scim(*people_and_groups()) as api:
        start(installed, api, scim(api), **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()})
        before = active(installed), holders(installed)

        def lie(request):
            reply = api.listed(request, [api.person(person) for person in api.sorted_people()])
            return Reply(reply | {"totalResults": total})

        api.fault = Once(lambda request: request.path == "/Users", lie, 99)
        api.people.pop(8)
        stays(installed, api, before, 69, f"says that there are {total} and shows 7")


@pytest.mark.parametrize("most", [1, 2, 7, 8])
def test_a_server_with_pages_smaller_than_asked_for(installed, most):
    with Scim(*people_and_groups(), most=most) as api:
        start(installed, api, scim(api), **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()})
        assert holders(installed) == expected(api)


def test_cursors(installed):
    """RFC 9865; and a cursor that the server has forgotten begins the listing anew."""
    with Scim(*people_and_groups(), cursors=True) as api:
        start(installed, api, scim(api), **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()})
        assert holders(installed) == expected(api)
        forgotten = Reply({"scimType": "expiredCursor", "detail": "too old"}, 400)
        api.fault = Once(lambda request: request.query.get("cursor") == "3", forgotten)
        api.people.pop(8)
        installed.ctl("sync")
        assert active(installed) == everybody(api)


def test_lists_of_groups_that_do_not_show_who_is_in_them(installed):
    with Scim(*people_and_groups(), lazy=True) as api:
        start(installed, api, scim(api), **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()})
        assert holders(installed) == expected(api)


NEXT = {
    "another host": "https://evil.example/v1.0/users?$skiptoken=3",
    "another port": "http://127.0.0.1:1/v1.0/users",
    "a user in it": "http://roster@127.0.0.1/v1.0/users",
    "no encryption": "ftp://127.0.0.1/v1.0/users",
    "the same again": None,
}


@pytest.mark.parametrize("link", NEXT)
def test_a_next_page_that_leads_astray(installed, link):
    """The token goes to no other address, and nobody goes round in circles."""
    with Graph(*people_and_groups()) as api:
        configure(installed, graph(api), rules_for(api, **{name.replace("-", "_"): f"/{group.id}" for name, group in api.groups.items()}))
        installed.ctl("sync")
        before = active(installed), holders(installed)
        api.people.pop(8)

        def astray(request):
            target = NEXT[link] or f"{api.origin}{request.target}"
            return Reply({"value": [api.person(person) for person in api.sorted_people()[:2]], "@odata.nextLink": target})

        api.fault = Once(lambda request: request.path == "/v1.0/users", astray, 9)
        result = installed.run("sync", "--full")
        assert result.code == 69 and re.search("not followed|read already|moved", result.out + result.err), result
        assert active(installed) == before[0] and holders(installed) == before[1]


def test_empty_pages_in_the_middle_and_without_end(installed):
    with Graph(*people_and_groups()) as api:
        empty = Once(lambda request: request.path == "/v1.0/users" and "$skiptoken" not in request.query,
                     lambda request: Reply({"value": [], "@odata.nextLink": f"{api.origin}/v1.0/users?$skiptoken=0"}))
        api.fault = empty
        configure(installed, graph(api), "")
        installed.ctl("sync")
        assert active(installed) == everybody(api)
        number = iter(range(10**6))
        api.fault = Once(lambda request: request.path == "/v1.0/users", lambda request: Reply(
            {"value": [], "@odata.nextLink": f"{api.origin}/v1.0/users?$skiptoken={next(number)}"}), -1)
        result = installed.run("sync", "--full")
        assert result.code == 69 and "hold nothing" in result.out + result.err
        assert active(installed) == everybody(api)


# --- changes

@pytest.mark.parametrize("status", [400, 410])
def test_a_token_that_is_too_old_means_to_read_everything(installed, status):
    with Graph(*people_and_groups()) as api:
        configure(installed, graph(api), "")
        installed.ctl("sync")
        api.old_token = Reply({"error": {"code": "syncStateNotFound", "message": "start over"}}, status)
        api.people.pop(8)
        api.forgotten = 10**6
        result = installed.ctl("sync")
        assert "start over" in result.out + result.err
        assert active(installed) == everybody(api)


def test_somebody_who_is_deleted_and_one_who_only_seems_so(installed):
    """@removed with either reason; and one who has changed and is gone when he is asked for."""
    with Graph(*people_and_groups()) as api:
        configure(installed, graph(api), "")
        installed.ctl("sync")
        for number, reason in ((1, "deleted"), (2, "changed"), (3, None)):
            api.change("users", api.people.pop(number), reason)
        installed.ctl("sync")
        assert active(installed) == everybody(api)


# --- patience

def test_too_many_requests(installed):
    """429 in seconds, as a date, and 503 with a time; the same page is asked for again."""
    with Keycloak(*people_and_groups()) as api:
        dates = [{"Retry-After": "1"}, {"Retry-After": email.utils.formatdate(time.time() + 1, usegmt=True)}]
        for status, headers in ((429, dates[0]), (429, dates[1]), (503, {"Retry-After": "0"})):
            api.fault = Once(second_page, Reply({}, status, headers))
            configure(installed, keycloak(api), "")
            installed.ctl("sync")
            assert active(installed) == everybody(api)


def test_patience_has_an_end(installed):
    with Keycloak(*people_and_groups()) as api:
        configure(installed, keycloak(api, 'timeouts: { run: "2s" }'), "")
        api.fault = Once(lambda request: request.path.endswith("/users"), Reply({}, 429, {"Retry-After": "3600"}), 9)
        result = installed.run("sync")
        assert result.code == 69 and "timeouts.run" in result.err, result


def test_okta_says_when_by_its_own_clock(installed, key):  # noqa: F811
    write_secrets(installed, key_pem=key)
    with Okta(*people_and_groups()) as api:
        api.clock_ahead = 3600
        api.fault = Once(lambda request: request.path.endswith("/users"), lambda request: api.too_many())
        configure(installed, okta(api), "")
        installed.ctl("sync")
        assert active(installed) == everybody(api)


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "quotaExceeded", "rateLimitExceeded", "forbidden"])
def test_google_refuses_who_asks_too_often_and_who_may_not(installed, key, reason):  # noqa: F811
    write_secrets(installed, key_pem=key)
    with Google(*people_and_groups()) as api:
        refusal = api.refusal(reason)
        refusal.headers["Retry-After"] = "0"
        api.fault = Once(lambda request: request.path.endswith("/users"), refusal)
        configure(installed, google(api), "")
        result = installed.run("sync")
        assert result.code == (77 if reason == "forbidden" else 0), result
        assert api.claims["sub"] == "boss@ex.org" and api.claims["iss"] == "sync@project"
        assert active(installed) == (set() if reason == "forbidden" else everybody(api))


def test_google_members_without_an_id(installed, key):  # noqa: F811
    """Somebody of another company, by address: named, and nobody here."""
    write_secrets(installed, key_pem=key)
    with Google(*people_and_groups()) as api:
        api.outsiders = {"ops": ["guest@else.org"]}
        configure(installed, google(api), rules_for(api, ops="/ops@ex.org", on_call="/on-call@ex.org", empty="/empty@ex.org"))
        installed.ctl("sync")
        assert holders(installed) == expected(api)
        assert "guest@else.org" in installed.ctl("report", "dangling").out
