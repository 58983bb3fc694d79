# SPDX-License-Identifier: Apache-2.0
"""What a provider says by itself (RFC 8935): whoever it closes is suspended at once, and it is asked about him."""

import http.client
import json
import socket
import time

import pytest

from api_company import CLIENT, people_and_groups, write_secrets
from api_double import Person, Reply
from rosterd import ROSTERD, Rosterd, wait_until
from sign_in import Key, Provider, encoded

SETTINGS = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ sso: {{ type: "keycloak"; issuer: "{api.issuer}"; {client}; {more}
  signals: {{ issuer: "{api.issuer}"; audience: "https://roster.example"; jwks_url: "{api.origin}/jwks"; {token} }} }} }}
signals: {{ listen: "unix:{socket}" }}
safety: {{ first_run: "apply"; max_remove_percent: 100; {safety} }}
rules: {{ default_admins: [ "admin" ] }}
"""
CAEP, RISC = ("https://schemas.openid.net/secevent/" + kind + "/event-type/" for kind in ("caep", "risc"))
DISABLED, ENABLED, REVOKED = RISC + "account-disabled", RISC + "account-enabled", CAEP + "session-revoked"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Site:
    """A provider of eight people, a roster that reads it once an hour, and the child that hears it meanwhile."""

    def __init__(self, roster, api, more="", safety="", token=""):
        self.roster, self.api, self.number = roster, api, 0
        write_secrets(roster)
        self.socket = roster.directory / "s"
        roster.configure(SETTINGS.format(api=api, client=CLIENT, socket=self.socket, more=more or 'poll: "1h"', safety=safety, token=token))
        roster.ctl("check")

    def run(self):
        self.daemon = Rosterd(self.roster.config, program=ROSTERD, environment=self.roster.environment())
        return self.daemon

    def read(self):
        self.daemon.await_log("run sso/1 applied")
        self.daemon.await_log("signals are heard on")

    def claims(self, event, subject, **more):
        self.number += 1
        return {"iss": self.api.issuer, "aud": "https://roster.example", "jti": f"jti-{self.number}", "iat": int(time.time()),
                "sub_id": subject, "events": {event: {}}, **more}

    def of(self, number):
        return {"format": "iss_sub", "iss": self.api.issuer, "sub": self.api.people[number].id}

    def push(self, token, path="/sso", method="POST", **headers):
        connection = UnixConnection(self.socket)
        connection.request(method, path, token, {"Content-Type": "application/secevent+jwt", **headers})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()

    def say(self, event, number, key=None, **more):
        claims = {key: value for key, value in self.claims(event, self.of(number), **more).items() if value is not None}
        return self.push((key or self.api.keys[0]).sign(claims, typ="secevent+jwt"))

    def active(self):
        return {int(row["login"][1:]) for row in self.roster.sql("select login from users where active and login ~ '^u[0-9]'")}

    def await_active(self, *numbers):
        wait_until(lambda: self.active() == set(numbers), f"{numbers} to be active, not {self.active()}")


@pytest.fixture
def api():
    with Provider(*people_and_groups()) as double:
        yield double


@pytest.fixture
def site(roster, api):
    made = Site(roster, api)
    with made.run():
        made.read()
        made.await_active(*range(1, 9))
        yield made


def asked(api, number):
    return sum(request.path.endswith(f"/users/{api.people[number].id}") for request in api.requests)


def lists(api):
    return sum(request.path.endswith("/users") for request in api.requests)


def single(api):
    """The API of the double answers about one person too."""
    usual = api.api

    def answer(request):
        parts = request.path.removeprefix("/admin/realms/eng/").split("/")
        if len(parts) == 2 and parts[0] == "users" and parts[1] != "count":
            return next((api.person(person) for person in api.people.values() if person.id == parts[1]), None)
        return usual(request)
    api.api = answer


def test_who_is_disabled_is_suspended_at_once_and_asked_about(site, api):
    """Long before the next poll; the person alone is asked about, and nobody else is touched."""
    single(api)
    before = lists(api)
    api.people[3].open = False
    started = time.monotonic()
    assert site.say(DISABLED, 3) == (202, "")
    site.await_active(1, 2, 4, 5, 6, 7, 8)
    assert time.monotonic() - started < 5
    wait_until(lambda: asked(api, 3) == 1, "the question")
    assert lists(api) == before
    wait_until(lambda: site.roster.sql("select outcome from signals")[0]["outcome"] == "heeded", "its end")
    assert "account-disabled" in site.daemon.log()


def test_a_provider_that_closes_later_than_it_says_so_is_believed(site, api):
    """Its API says for a while that the account is open; the next whole read decides."""
    single(api)
    site.say(DISABLED, 3)
    wait_until(lambda: asked(api, 3) == 1, "the question")
    site.await_active(1, 2, 4, 5, 6, 7, 8)
    api.people[3].open = False
    site.roster.led = True
    site.roster.ctl("sync", "--full")
    assert 3 not in site.active()
    api.people[3].open = True
    site.say(ENABLED, 3)
    site.await_active(*range(1, 9))


def test_whose_sessions_are_revoked_is_out_until_the_provider_lets_him_in(site, api):
    """And in again as soon as it says that the account is open."""
    single(api)
    revisions = site.roster.sql("select max(id) as last from revisions")[0]["last"]
    site.say(REVOKED, 4)
    wait_until(lambda: asked(api, 4) == 1, "the question")
    site.await_active(*range(1, 9))
    causes = site.roster.sql("select id from revisions where id > %s", revisions)
    assert len(causes) == 2, "he was suspended, and is back"
    api.people[4].open = False
    site.say(REVOKED, 4)
    site.await_active(1, 2, 3, 5, 6, 7, 8)


def test_who_is_gone_at_the_provider_is_gone(site, api):
    single(api)
    gone = api.people[5]
    subject = site.of(5)
    del api.people[5]
    assert site.push(api.keys[0].sign(site.claims(RISC + "account-purged", subject), typ="secevent+jwt"))[0] == 202
    site.await_active(1, 2, 3, 4, 6, 7, 8)
    wait_until(lambda: site.roster.sql("select gone_since is not null and closed is null as gone from directory_entries "
                                       "where external_id = %s", gone.id)[0]["gone"], "the entry to be gone")


def test_a_provider_that_cannot_be_asked_about_one_is_read(site, api):
    """This double has no page of one person: 404 would say that he is gone, an error says nothing."""
    api.fault = lambda request: "/users/0000" in request.path and Reply(b"", 500) or None
    before = lists(api)
    site.say(REVOKED, 6)
    wait_until(lambda: lists(api) > before, "the read")
    site.await_active(*range(1, 9))


SUBJECTS = {
    "opaque": lambda site: {"format": "opaque", "id": site.api.people[2].id},
    "email": lambda site: {"format": "email", "email": "U2@ex.org"},
    "aliases": lambda site: {"format": "aliases", "identifiers": [{"format": "phone_number", "phone_number": "+1"}, site.of(2)]},
    "complex": lambda site: {"format": "complex", "session": {"format": "opaque", "id": "x"}, "user": site.of(2)},
    "before RFC 9493": lambda site: {"subject_type": "iss-sub", "iss": site.api.issuer, "sub": site.api.people[2].id},
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_person_is_named_in_any_of_these_ways(site, api, name):
    single(api)
    api.people[2].open = False
    subject = SUBJECTS[name](site)
    claims = site.claims(DISABLED, None, events={DISABLED: {"subject": subject}})
    claims.pop("sub_id")
    if name != "before RFC 9493":
        claims.update(sub_id=subject, events={DISABLED: {}})
    assert site.push(api.keys[0].sign(claims, typ="secevent+jwt")) == (202, "")
    site.await_active(1, 3, 4, 5, 6, 7, 8)


def test_the_same_token_counts_once_and_the_order_of_what_happened_counts(site, api):
    single(api)
    now = int(time.time())
    site.say(ENABLED, 7, toe=now)
    assert site.say(DISABLED, 7, toe=now - 60)[0] == 202
    claims = site.claims(DISABLED, site.of(8))
    api.people[8].open = False
    token = api.keys[0].sign(claims, typ="secevent+jwt")
    assert [site.push(token)[0] for _ in range(3)] == [202, 202, 202]
    site.await_active(1, 2, 3, 4, 5, 6, 7)
    assert site.roster.sql("select count(*) as count from signals")[0]["count"] == 3


def test_what_means_nothing_here_is_accepted(site, api):
    verification = "https://schemas.openid.net/secevent/ssf/event-type/verification"
    assert site.say(verification, 1, events={verification: {"state": "x"}})[0] == 202
    assert site.say(DISABLED, 1, sub_id={"format": "opaque", "id": "a stranger"})[0] == 202
    wait_until(lambda: [row["outcome"] for row in site.roster.sql("select outcome from signals")] == ["nobody"], "its end")
    assert site.active() == set(range(1, 9))


def test_the_limits_of_safety_hold_for_it(roster, api):
    """A provider that errs, or that somebody has taken over, closes as many as a source may: the others wait."""
    made = Site(roster, api, safety="max_suspend: 3;")
    single(api)
    with made.run():
        made.read()
        for person in api.people.values():
            person.open = False
        for number in range(1, 9):
            assert made.say(DISABLED, number)[0] == 202
            # One by one: of several that are heeded together all are held.
            wait_until(lambda: len(made.active()) == max(8 - number, 5), "the limit")
        made.daemon.await_log("held")
        time.sleep(1)
        assert len(made.active()) == 5


# --- tokens that are none, or somebody else's

def refusals(site, api):
    def signed(key=None, **more):
        claims = site.claims(DISABLED, site.of(1), **more)
        return (key or api.keys[0]).sign({name: value for name, value in claims.items() if value is not None}, typ="secevent+jwt")
    return {
        "none": (f"{encoded({'alg': 'none', 'typ': 'secevent+jwt'})}.{encoded(site.claims(DISABLED, site.of(1)))}.", "invalid_request"),
        "an ID token": (api.keys[0].sign(site.claims(DISABLED, site.of(1))), "invalid_request"),
        "issuer": (signed(iss="http://127.0.0.1:1"), "invalid_issuer"),
        "audience": (signed(aud="another"), "invalid_audience"),
        "key": (signed(Key("two")), "invalid_key"),
        "iat": (signed(iat=None), "invalid_request"),
        "jti": (signed(jti=None), "invalid_request"),
        "events": (signed(events=None), "invalid_request"),
        "no events": (signed(events={}), "invalid_request"),
        "subject": (signed(sub_id={"format": "phone_number", "phone_number": "+1"}), "invalid_request"),
        "subject of another issuer": (signed(sub_id={"format": "iss_sub", "iss": "https://other", "sub": "x"}), "invalid_request"),
        "empty": ("", "invalid_request"),
        "nonsense": ("\x00\x01", "invalid_request"),
    }


def test_what_is_refused_says_why_and_does_nothing(site, api):
    for name, (token, code) in refusals(site, api).items():
        status, reply = site.push(token)
        assert status == 400 and json.loads(reply)["err"] == code, (name, status, reply)
    assert site.push("x", **{"Content-Type": "text/plain"})[0] == 400
    assert site.push("x", path="/other")[0] in (404, 405) and site.push("", method="GET")[0] == 405
    assert site.roster.sql("select * from signals") == [] and site.active() == set(range(1, 9))
    assert "eyJ" not in site.daemon.log()


@pytest.mark.parametrize("shown, status", [("Bearer static", 202), ("bearer static", 202), ("Bearer other", 400), ("Basic x", 400), (None, 400)])
def test_a_transmitter_may_have_to_show_a_token_besides(roster, api, shown, status):
    made = Site(roster, api, token='token: "file:token";')
    with made.run():
        made.daemon.await_log("signals are heard on")
        claims = made.claims(DISABLED, made.of(1))
        headers = {} if shown is None else {"Authorization": shown}
        answered, reply = made.push(api.keys[0].sign(claims, typ="secevent+jwt"), **headers)
        assert answered == status and (status == 202 or json.loads(reply)["err"] == "authentication_failed")


def test_without_keys_or_a_database_it_is_to_come_again(roster, api):
    """An answer of 202 is given for what is in the database, and for nothing else."""
    made = Site(roster, api)
    api.fault = lambda request: request.path == "/jwks" and Reply(b"", 503) or None
    with made.run():
        made.daemon.await_log("signals are heard on")
        assert made.say(DISABLED, 1)[0] == 503
        api.fault = lambda request: None
        roster.sql("alter table signals rename to away")
        assert made.say(DISABLED, 1)[0] == 503
        roster.sql("alter table away rename to signals")
        assert made.say(DISABLED, 1)[0] == 202


def test_a_person_who_was_added_is_read_before_anything_is_heeded(roster, api):
    """What came while no rosterd led the source is heeded when one does."""
    made = Site(roster, api)
    single(api)
    with made.run():
        made.read()
        made.await_active(*range(1, 9))
    api.people[9] = Person(9)
    api.people[1].open = False
    roster.sql("insert into signals (issuer, token, event, source, subject_kind, subject, happened_at) values "
               "('x', 'y', 'account-disabled', 'sso', 'id', %s, now())", api.people[2].id)
    with made.run():
        made.daemon.await_log("run sso/2 applied")
        made.await_active(3, 4, 5, 6, 7, 8, 9)
