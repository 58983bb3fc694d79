# SPDX-License-Identifier: Apache-2.0
"""Administrators sign in with an identity provider, and rosterctl acts as them: rights, proofs, ends, forgeries."""

import hashlib
import hmac
import json
import os
import stat
import time

import pytest

from actors import at_terminal, login_of
from api_double import Reply
from sign_in import Signing, encoded, make_administrator, provider

PRODUCTION = ("role", "create", "operator-of-production", "--production", "env.api")


@pytest.fixture
def site(roster):
    with provider() as api, Signing(roster, api.issuer) as signing:
        roster.ctl("sync")
        make_administrator(roster, "u1")
        signing.api = api
        roster.cluster.execute("do $$ begin create role shared login in role roster_admin; exception when duplicate_object then end $$")
        yield signing


def acts(roster):
    return roster.sql("select r.cause, r.login, u.login as person from revisions r left join users u on u.id = r.actor "
                      "order by r.id desc limit 1")[0]


def whoami(roster, user="shared"):
    return roster.json("whoami", user=user)["you"][0]


def test_who_signs_in_acts_as_himself(site):
    """A login of the database that is nobody: with the rights that person has, and no others."""
    roster = site.roster
    assert roster.run("user", "create", "early", user="shared").code == 77
    said = site.login(lambda said: site.api.approve(1), user="shared")
    assert "signed in as u1 until 20" in said and "/activate?user_code=WDJB-0000" in said and "the code WDJB-0000" in said
    assert whoami(roster)["login"] == "u1" and whoami(roster)["by"] == "sign-in"
    roster.ctl("user", "create", "late", user="shared")
    assert acts(roster) == {"cause": "user create late", "login": "shared", "person": "u1"}
    site.login(lambda said: site.api.approve(2), user="shared")
    assert "u2 is not allowed to: user create later" in roster.run("user", "create", "later", user="shared").err
    roster.ctl("user", "list", user="shared")


def test_whoever_signed_in_is_nobody_else(site):
    """Not the operator the login of the database is, and not the owner of the schema."""
    roster = site.roster
    login_of(roster, "boss")
    site.login(lambda said: site.api.approve(2), user="postgres")
    assert roster.run("user", "create", "x", user="postgres").code == 77
    assert "cannot vouch" in roster.run("user", "second-factor", "u2", user="postgres").err
    roster.ctl("logout", user="postgres")
    assert whoami(roster, "postgres")["by"] == "owner of the schema"
    roster.ctl("user", "create", "x", user="postgres")


def test_the_token_is_kept_from_others_and_is_not_in_the_database(site):
    site.login(lambda said: site.api.approve(1))
    ticket, roster = site.ticket(), site.roster
    assert stat.S_IMODE(ticket.stat().st_mode) == 0o600 and stat.S_IMODE(ticket.parent.stat().st_mode) == 0o700
    token = ticket.read_text()
    (row,) = roster.sql("select encode(token_hash, 'hex') as digest from sessions")
    assert row["digest"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in site.daemon.log()
    ticket.chmod(0o644)
    refused = roster.run("whoami")
    assert refused.code == 78 and "rosterctl login" in refused.err, refused


def test_logout_ends_the_session_for_everybody_who_has_its_token(site):
    site.login(lambda said: site.api.approve(1))
    roster, token = site.roster, site.ticket().read_text()
    path = site.ticket()
    roster.ctl("logout")
    assert not path.exists() and roster.sql("select * from sessions") == []
    assert "not signed in" in roster.run("logout").err
    path.write_text(token)
    path.chmod(0o600)
    refused = roster.run("user", "create", "x")
    assert refused.code == 77 and "the sign-in has ended" in refused.err and "your sign-in has ended" in refused.err
    assert whoami(roster, "operator")["by"] == "a sign-in that has ended"
    roster.ctl("user", "list")
    roster.ctl("logout")
    roster.ctl("user", "create", "x")


@pytest.mark.parametrize("how", ["suspended", "late", "left"])
def test_a_session_ends(site, how):
    """With the person's account, wherever that was closed; and after a quarter of an hour."""
    roster = site.roster
    site.login(lambda said: site.api.approve(1), user="shared")
    make_administrator(roster, "u2") if how != "late" else None
    roster.more_environment.pop("XDG_RUNTIME_DIR")
    make_administrator(roster, "u3")
    if how == "suspended":
        roster.ctl("user", "suspend", "u1")
        roster.ctl("user", "resume", "u1")
    elif how == "left":
        del site.api.people[1]
        roster.ctl("sync")
    else:
        roster.sql("update sessions set began_at = began_at - interval '15 minutes', expires_at = expires_at - interval '15 minutes'")
    roster.more_environment["XDG_RUNTIME_DIR"] = str(site.folder)
    refused = roster.run("user", "create", "x", user="shared")
    assert refused.code == 77 and "the sign-in has ended" in refused.err


@pytest.mark.parametrize("number, flaw", [(1, "u1 is suspended"), (99, 'knows nobody with the id "stranger"')])
def test_who_is_not_let_in(site, number, flaw):
    if number == 1:
        make_administrator(site.roster, "u2")
        site.roster.ctl("user", "suspend", "u1")
    act = (lambda said: site.api.approve(1)) if number == 1 else (lambda said: site.api.approve(1, sub="stranger"))
    said = site.login(act, code=77 if number == 1 else 65)
    assert flaw in said and site.roster.sql("select * from sessions") == []
    assert "somebody could not sign in" in site.daemon.log()


# --- tokens

def tampered(api):
    def make(claims):
        head, _, signature = api.keys[0].sign(claims).split(".")
        return f"{head}.{encoded({**claims, 'sub': api.people[1].id})}.{signature}"
    return make


def by_secret(api):
    """Signed with what everybody can see: the public key, as if it were a secret."""
    def make(claims):
        text = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(claims)}"
        return f"{text}.{encoded(hmac.new(api.keys[0].modulus, text.encode(), hashlib.sha256).digest())}"
    return make


FORGERIES = {
    "none": (2, {}, lambda api: lambda claims: f"{encoded({'alg': 'none'})}.{encoded(claims)}.", "no JSON Web Token"),
    "secret": (2, {}, by_secret, 'signed with "HS256"'),
    "tampered": (2, {}, tampered, "not that of its issuer"),
    "stranger's key": (2, {}, lambda api: lambda claims: type(api.keys[0])("two").sign(claims), 'the key "two"'),
    "issuer": (1, {"iss": "http://127.0.0.1:1"}, None, "of issuer"),
    "audience": (1, {"aud": "another"}, None, "for somebody else"),
    "party": (1, {"aud": ["roster", "another"], "azp": "another"}, None, "another party"),
    "expired": (1, {"exp": int(time.time()) - 100}, None, "expired"),
    "endless": (1, {"exp": None}, None, "does not say when it expires"),
    "future": (1, {"iat": int(time.time()) + 86400}, None, "of the future"),
    "another question": (1, {"nonce": "another"}, None, "(nonce)"),
    "nobody": (1, {"sub": None}, None, 'no "sub"'),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_lets_nobody_in(site, name):
    number, claims, make, why = FORGERIES[name]
    said = site.login(lambda said: site.api.approve(number, token=make and make(site.api), **claims), code=77)
    assert why in said and site.roster.sql("select * from sessions") == []
    assert "eyJ" not in said + site.daemon.log()


def test_a_token_may_come_without_a_nonce_and_for_several(site):
    site.login(lambda said: site.api.approve(1, nonce=None, aud=["other", "roster"], azp="roster"))


def test_another_claim_may_name_the_person(roster):
    """As the object id does of Entra, whose sub is another for each client."""
    with provider() as api, Signing(roster, api.issuer, 'subject: "oid";') as site:
        roster.ctl("sync")
        site.api = api
        assert "signed in as u2" in site.login(lambda said: api.approve(1, sub="pairwise", oid=api.people[2].id))


@pytest.mark.parametrize("algorithms, code", [('[ "ES256" ]', 77), ('[ "ES256", "RS256" ]', 0)])
def test_only_algorithms_that_are_allowed_count(roster, algorithms, code):
    with provider() as api, Signing(roster, api.issuer, f"algorithms: {algorithms};") as site:
        roster.ctl("sync")
        said = site.login(lambda said: api.approve(1), code=code)
        assert ('signed with "RS256"' in said) == (code != 0)


def test_a_public_client(roster):
    with provider() as api, Signing(roster, api.issuer, client_id="public", proof='client_auth: "none";') as site:
        roster.ctl("sync")
        site.login(lambda said: api.approve(1, aud="public"))
        assert api.devices[0]["asked"]["client_id"] == "public" and "client_secret" not in api.devices[0]["asked"]


# --- keys

def test_a_new_key_is_asked_for_once_a_minute_and_an_old_one_counts_on(site):
    api = site.api
    asked = lambda: sum(request.path == "/jwks" for request in api.requests)
    site.login(lambda said: api.approve(1))
    assert asked() == 1
    site.login(lambda said: api.approve(1))
    assert asked() == 1, "keys are kept"
    # Within a minute of the last question nobody makes it ask again.
    old, new = api.keys[0], type(api.keys[0])("two")
    api.keys = [new]
    assert 'the key "two"' in site.login(lambda said: api.approve(1), code=77) and asked() == 1


def test_keys_that_are_new_from_the_beginning(site):
    """What is asked for first is what is there then, and a key without a name is tried."""
    api = site.api
    api.keys = [type(api.keys[0])("two"), api.keys[0]]
    site.login(lambda said: api.approve(1, token=lambda claims: api.keys[0].sign(claims, kid=None)))


def test_no_keys_no_entrance(site):
    site.api.published = []
    assert "no keys to judge by" in site.login(lambda said: site.api.approve(1), code=69)


# --- the second factor

def test_production_asks_for_a_second_factor_and_says_how(site):
    """A proof that the provider saw counts for ten minutes from when it was shown, and only in the session it came with."""
    roster, api = site.roster, site.api
    site.login(lambda said: api.approve(1))
    refused = roster.run(*PRODUCTION)
    assert refused.code == 77 and "a second factor is needed" in refused.err and "rosterctl login --second-factor" in refused.err
    said = site.login(lambda said: api.approve(1, amr=["pwd", "mfa"], auth_time=int(time.time()) - 120), "--second-factor")
    assert "with a second factor until" in said
    assert api.devices[-1]["asked"]["max_age"] == "0"
    (row,) = roster.sql("select extract(epoch from proof_expires_at - now()) as left from sessions where proven_at is not null")
    assert 470 < row["left"] <= 480
    roster.ctl(*PRODUCTION)


@pytest.mark.parametrize("claims, why", [({}, "neither acr nor amr"), ({"acr": "1", "amr": ["pwd"]}, 'acr "1" and amr pwd'),
                                         ({"amr": ["mfa"], "auth_time": None}, "(auth_time)"),
                                         ({"amr": ["mfa"], "auth_time": 1000}, "minutes ago"), ({"amr": "mfa"}, "neither")])
def test_what_is_no_second_factor(site, claims, why):
    """He is signed in, and told why it is none."""
    said = site.login(lambda said: site.api.approve(1, **claims), "--second-factor")
    assert why in said and "signed in as u1 until" in said and "with a second factor until" not in said
    assert site.roster.run(*PRODUCTION).code == 77


def test_the_values_that_count_are_the_administrators(roster):
    more = 'second_factor: { acr: [ "gold", "urn:x:2" ]; amr: [ "otp" ] };'
    with provider() as api, Signing(roster, api.issuer, more) as site:
        roster.ctl("sync")
        for claims, good in (({"acr": "gold"}, True), ({"acr": "urn:x:2"}, True), ({"amr": ["pwd", "otp"]}, True),
                             ({"acr": "silver"}, False), ({"amr": ["mfa"]}, False)):
            said = site.login(lambda said, claims=claims: api.approve(1, **claims), "--second-factor")
            assert ("with a second factor until" in said) == good, claims
        assert api.devices[-1]["asked"]["acr_values"] == "gold urn:x:2"
        site.login(lambda said: api.approve(1))
        assert "acr_values" not in api.devices[-1]["asked"] and "max_age" not in api.devices[-1]["asked"]


def test_a_proof_of_the_clock_of_the_provider(site):
    """Its clock is an hour ahead: how long ago it was counts, by that clock."""
    site.api.clock_ahead = 3600
    assert "with a second factor until" in site.login(lambda said: site.api.approve(1, amr=["mfa"]), "--second-factor")


def test_at_a_terminal_the_act_asks_for_it_and_goes_on(site):
    roster, api = site.roster, site.api
    site.login(lambda said: api.approve(1))
    code, seen = at_terminal(roster, *PRODUCTION, answer="", heard=lambda seen: "the code WDJB-0001" in seen and api.approve(1, amr=["mfa"]))
    assert code == 0 and "a second factor is needed" in seen and "signed in as u1" in seen, seen
    assert roster.sql("select name from roles where name = 'operator-of-production'"), seen


# --- providers and sockets that err

def test_the_provider_refuses_or_nobody_comes(site):
    api = site.api
    assert "refused at the provider" in site.login(lambda said: api.refuse("access_denied"), code=77)
    assert "while the code was good" in site.login(lambda said: api.refuse("expired_token"), code=77)
    assert "invalid_grant" in site.login(lambda said: api.refuse("invalid_grant"), code=77)


def test_slower_is_obeyed(site):
    api, times = site.api, []
    api.refuse_after = None

    def slow(request):
        if request.form.get("grant_type", "").endswith("device_code"):
            times.append(time.monotonic())
            if len(times) == 1:
                return Reply({"error": "slow_down"}, 400)
            api.approve(1)
        return None

    api.fault = slow
    site.login(lambda said: None)
    assert times[1] - times[0] >= 5.9


def test_a_provider_that_is_away_meanwhile_is_asked_again(site):
    api, faults = site.api, []

    def away(request):
        if request.form.get("grant_type", "").endswith("device_code") and len(faults) < 1:
            faults.append(request)
            return Reply(b"", 503)
        return None

    api.fault = away
    site.login(lambda said: api.approve(1))
    assert faults


def test_without_a_device_endpoint_or_rosterd_it_is_said(site):
    api, metadata = site.api, site.api.metadata
    api.metadata = lambda: {key: value for key, value in metadata().items() if key != "device_authorization_endpoint"}
    assert "RFC 8628" in site.login(lambda said: None, code=78)
    site.daemon.process.terminate()
    site.daemon.await_end()
    assert "nobody lets people sign in" in site.login(lambda said: None, code=3)


def test_what_is_shown_holds_nothing_a_terminal_obeys(site):
    site.api.fault = lambda request: request.path == "/device" and Reply(
        {"device_code": "x", "user_code": "\x1b[2J", "verification_uri": "http://x"}) or None
    assert "cannot be shown" in site.login(lambda said: None, code=69)


def ask(site, path, body):
    import http.client
    import socket

    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(site.socket))
    connection = Connection("localhost", timeout=30)
    connection.request("POST", path, body=body)
    reply = connection.getresponse()
    return reply.status, reply.read()


@pytest.mark.parametrize("body, status", [(b"", 400), (b"[]", 400), (b"{", 400), (b'{"handle": 5}', 403), (b'{"handle": "x"}', 403),
                                          (b"{}", 403), (b"x" * 5000, 413)])
def test_nonsense_on_the_socket(site, body, status):
    assert ask(site, "/login/poll", body)[0] == status
    site.login(lambda said: site.api.approve(1))


def test_many_who_never_come_do_not_keep_others_out(site):
    for _ in range(70):
        status, reply = ask(site, "/login", b"{}")
        assert status == 200 and len(json.loads(reply)["handle"]) == 64
    site.login(lambda said: site.api.approve(1))
    assert stat.S_IMODE(os.stat(site.socket).st_mode) == 0o660


def test_a_roster_without_a_provider(roster):
    roster.configure('version: 1; database: { conninfo: "${env:ROSTER_DATABASE}" }')
    refused = roster.run("login")
    assert refused.code == 78 and "no section signin" in refused.err and "operator add" in refused.err
    assert whoami(roster, "operator") == {"login": "admin", "by": "operator", "database_login": "operator", "signed_in_until": None,
                                          "second_factor_until": None}
