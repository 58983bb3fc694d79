# SPDX-License-Identifier: Apache-2.0
"""How roster gets its access token: from a real OpenID provider in each way of proving who one is, and from one that errs."""

import base64
import hashlib
import json
import ssl
import subprocess
import time
import urllib.request

import pytest

from api_company import active, configure, keycloak, people_and_groups, write_secrets
from api_double import Keycloak, Reply
from node_servers import NodeServer
from test_api_traps import Once
from test_keycloak import make_key

PEOPLE = 400


@pytest.fixture
def installed(roster):
    write_secrets(roster)
    return roster


def described(server, client, more=""):
    return (f'type: "rest"; url: "{server.url}/api"; issuer: "{server.url}"; {client}; {more} page_size: 10; '
            'pages: { by: "offset"; at: "offset"; size: "limit"; total: "/total" }; users: { path: "/people"; items: "/data" }')


def asked(server):
    with urllib.request.urlopen(f"{server.url}/test/log") as reply:
        return json.load(reply)


WAYS = {
    "basic": 'client_id: "svc:1"; client_secret: "file:secret"',
    "post": 'client_id: "post"; client_secret: "file:secret"; client_auth: "post"',
    "jwt": 'client_id: "key"; client_key: "file:client.pem"',
}


@pytest.mark.parametrize("way", WAYS)
def test_tokens_that_end_while_pages_are_read(installed, way):
    """44 pages with tokens of two seconds: renewed before they end, and every page is asked for once."""
    _, jwks = make_key(installed)
    with NodeServer("oidc.js", people=PEOPLE, life=2, delay=60, jwks=json.loads(jwks)) as server:
        configure(installed, described(server, WAYS[way]), "")
        installed.ctl("sync")
        assert len(active(installed)) == PEOPLE
        requests = asked(server)
        assert requests.count("POST /token") >= 2
        assert requests.count("GET /.well-known/openid-configuration") == 1
        assert requests.count("GET /api/people") <= 46


@pytest.mark.parametrize("nonces", [False, True])
def test_a_token_that_is_bound_to_a_key(installed, nonces):
    """RFC 9449, as soon as the provider asks for it; with nonces, of which the API wants a new one now and then."""
    with NodeServer("oidc.js", people=PEOPLE, life=2, delay=60, nonces=nonces) as server:
        configure(installed, described(server, 'client_id: "bound"; client_secret: "file:secret"'), "")
        installed.ctl("sync")
        assert len(active(installed)) == PEOPLE
        requests = asked(server)
        assert requests.count("use_dpop_nonce") == (5 if nonces else 0)
        assert requests.count("POST /token") >= 2
        assert requests.count("GET /api/people") <= 46 + 5 * nonces
        assert not {"no proof", "the key", "the request", "the token", "replayed"} & set(requests)


@pytest.mark.parametrize("client", ['client_id: "svc:1"; client_secret: "file:secret"; client_auth: "raw"',
                                    'client_id: "svc:1"; client_secret: "file:token"',
                                    'client_id: "nobody"; client_secret: "file:secret"',
                                    'client_id: "key"; client_key: "file:client.pem"'])
def test_a_client_that_is_refused(installed, client):
    """A wrong secret, one that is not encoded, a key the provider does not know: an error that says so, and no secret."""
    make_key(installed)
    with NodeServer("oidc.js", people=1, life=60) as server:
        configure(installed, described(server, client), "")
        result = installed.run("sync")
        assert result.code == 77 and "/token" in result.err and "check client_id" in result.err, result
        assert "a secret" not in result.err and "static" not in result.err


def test_a_certificate_is_shown_to_the_provider_and_the_api(installed):
    """RFC 8705; another certificate of the same authority is nobody."""
    folder = installed.directory
    names = {"ca": "/CN=authority", "server": "/CN=server", "client": "/CN=roster", "other": "/CN=other"}
    for name, subject in names.items():
        signed = ["-x509", "-days", "2"] if name == "ca" else []
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *signed,
                        "-subj", subject, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True,
                       capture_output=True)
        (folder / f"{name}.key").chmod(0o600)
        if name != "ca":
            (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
            subprocess.run(["openssl", "x509", "-req", "-in", folder / f"{name}.pem", "-CA", folder / "ca.pem", "-CAkey",
                            folder / "ca.key", "-days", "2", "-extfile", folder / "names", "-out", folder / f"{name}.crt"],
                           check=True, capture_output=True)
    tls = {"key": str(folder / "server.key"), "cert": str(folder / "server.crt"), "ca": str(folder / "ca.pem")}
    with NodeServer("oidc.js", scheme="https", people=3, life=60, tls=tls) as server:
        client = 'client_id: "tls"; client_auth: "tls"; client_cert: "{0}.crt"; client_key: "file:{0}.key"; ca_file: "ca.pem"'
        configure(installed, described(server, client.format("other")), "")
        assert installed.run("sync").code == 77
        configure(installed, described(server, client.format("client")), "")
        installed.ctl("sync")
        assert len(active(installed)) == 3


def test_a_certificate_is_named_in_what_its_key_signs(installed):
    """As Entra ID wants it: by its thumbprints. One that belongs to another key is refused."""
    folder = installed.directory
    for name in ("client", "other"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout",
                        folder / f"{name}.key", "-out", folder / f"{name}.pem"], check=True, capture_output=True)
        (folder / f"{name}.key").chmod(0o600)
    with Keycloak(*people_and_groups()) as api:
        source = 'type: "keycloak"; issuer: "{}"; client_id: "roster"; client_key: "file:client.key"; client_cert: "{}.pem"'
        configure(installed, source.format(api.issuer, "other"), "")
        refused = installed.run("sync")
        assert refused.code == 78 and "certificate of another key" in refused.err, refused
        configure(installed, source.format(api.issuer, "client"), "")
        installed.ctl("sync")
        header = json.loads(base64.urlsafe_b64decode(api.header + "=" * (-len(api.header) % 4)))
        der = ssl.PEM_cert_to_DER_cert((folder / "client.pem").read_text())
        for name, algorithm in (("x5t", hashlib.sha1), ("x5t#S256", hashlib.sha256)):
            assert header[name] == base64.urlsafe_b64encode(algorithm(der).digest()).decode().rstrip("=")


# --- a provider that errs

def pages(request):
    return request.path.endswith("/users")


def test_a_token_that_is_refused_is_replaced_once(installed):
    """And the same page is asked for again."""
    with Keycloak(*people_and_groups()) as api:
        api.fault = Once(lambda request: pages(request) and request.query.get("first") == "2", Reply({}, 401))
        configure(installed, keycloak(api), "")
        installed.ctl("sync")
        assert active(installed) == {person.login for person in api.people.values()}
        assert len(api.tokens) == 2


@pytest.mark.parametrize("said", [None, 0, 3600])
def test_how_long_a_token_is_good(installed, said):
    """Also when it does not say, or says nonsense."""
    with Keycloak(*people_and_groups()) as api:
        api.said_life = said
        configure(installed, keycloak(api), "")
        installed.ctl("sync")
        assert active(installed) == {person.login for person in api.people.values()}


def test_an_assertion_goes_by_the_clock_of_the_provider(installed):
    """Ten minutes ahead: the second attempt of rosterd would be too late. Each assertion has another jti."""
    make_key(installed)
    with Keycloak(*people_and_groups()) as api:
        api.clock_ahead = 600
        api.life = 1
        source = f'type: "keycloak"; issuer: "{api.issuer}"; client_id: "roster"; client_key: "file:client.pem"; page_size: 3'
        configure(installed, source, "")
        installed.ctl("sync")
        assert api.claims["aud"] == api.issuer and api.claims["exp"] - api.claims["iat"] <= 60
        assert abs(api.claims["iat"] - time.time() - 600) < 20


METADATA = {
    "another issuer": ({"issuer": "http://127.0.0.1/realms/eng"}, "exactly as the provider does"),
    "a slash more": (lambda api: {"issuer": api.issuer + "/"}, "exactly as the provider does"),
    "an endpoint elsewhere": ({"token_endpoint": "https://evil.example/token"}, "another address than its own"),
    "an endpoint without encryption": ({"token_endpoint": "http://evil.example/token"}, "another address"),
    "no endpoint": ({"token_endpoint": None}, "no token endpoint; set token_url"),
    "a tenant that is none": ({"issuer": "https://login.example/{tenantid}/v2.0"}, "exactly as the provider does"),
}


@pytest.mark.parametrize("what", METADATA)
def test_metadata_that_lead_astray(installed, what):
    change, word = METADATA[what]
    with Keycloak(*people_and_groups()) as api:
        metadata = {**api.metadata(), **(change(api) if callable(change) else change)}
        api.fault = Once(lambda request: "openid-configuration" in request.path, Reply(metadata), 9)
        configure(installed, keycloak(api), "")
        result = installed.run("sync")
        assert result.code in (69, 78) and word in result.err, result
        assert not [request for request in api.requests if request.path == "/token"], "the secret was sent"


@pytest.mark.parametrize("reply, word", [
    (Reply({"access_token": ""}), "no access_token"), (Reply([]), "no access_token"), (Reply(b"<html>"), "no JSON"),
    (Reply({"access_token": "a b"}), "cannot be sent"), (Reply({"access_token": "a", "token_type": "DPoP"}), "another type"),
    (Reply({"error": "invalid_scope", "error_description": "no such\nscope"}, 400), "invalid_scope"),
    (Reply(b"", 302, {"Location": "https://evil.example/"}), "302"), (Reply(b"x" * 70000), "no JSON")])
def test_an_answer_that_is_no_token(installed, reply, word):
    with Keycloak(*people_and_groups()) as api:
        api.fault = Once(lambda request: request.path == "/token", reply, 9)
        configure(installed, keycloak(api), "")
        result = installed.run("sync")
        assert result.code in (69, 77) and word in result.err and "a secret" not in result.err, result
