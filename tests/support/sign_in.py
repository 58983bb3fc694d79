# SPDX-License-Identifier: Apache-2.0
"""Signing in: a provider that says of people what a test wants it to say, and a roster whose administrators sign in with it.

The double is for what no real provider does: forged tokens, answers that never end. What providers do is tested with real ones.
"""

import base64
import json
import pathlib
import subprocess
import tempfile
import threading
import time

from api_company import CLIENT, people_and_groups, write_secrets
from api_double import Keycloak, Reply
from roster import BUILD
from rosterd import ROSTERD, Rosterd

SETTINGS = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
sources: {{ sso: {{ type: "keycloak"; issuer: "{issuer}"; {client} }} }}
signin: {{ issuer: "{vouches}"; client_id: "{client_id}"; {proof} source: "sso"; listen: "unix:{socket}"; {more} }}
safety: {{ first_run: "apply"; max_remove_percent: 100 }}
rules: {{ default_admins: [ "admin" ] }}
"""
SECONDS = 60


def encoded(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")


class Key:
    """An RSA key of a provider, by openssl."""

    def __init__(self, name):
        self.name = name
        self.pem = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True,
                                  capture_output=True).stdout
        modulus = subprocess.run(["openssl", "rsa", "-noout", "-modulus"], input=self.pem, check=True, capture_output=True).stdout
        self.modulus = bytes.fromhex(modulus.decode().strip().removeprefix("Modulus="))

    @property
    def jwk(self):
        return {"kty": "RSA", "kid": self.name, "use": "sig", "alg": "RS256", "n": encoded(self.modulus), "e": "AQAB"}

    def sign(self, claims, **header):
        text = f"{encoded({'alg': 'RS256', 'typ': 'JWT', 'kid': self.name, **header})}.{encoded(claims)}"
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.pem)
            file.flush()
            signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", file.name], input=text.encode(), check=True,
                                       capture_output=True).stdout
        return f"{text}.{encoded(signature)}"


class Provider(Keycloak):
    """approve(number) lets the one who waits in as that person; more claims, or others, may be given."""

    def __init__(self, *company):
        super().__init__(*company)
        self.keys, self.published = [Key("one")], None
        self.devices = []  # of each: what was asked, "answer"
        self.tell = None  # claims or a token instead of what is right
        self.interval, self.seconds = 1, 60

    def metadata(self):
        return {**super().metadata(), "device_authorization_endpoint": self.origin + "/device"}

    def provider(self, request):
        if request.path == "/device" and request.method == "POST":
            return self.begin(request)
        if request.path == "/jwks":
            return Reply({"keys": [key.jwk for key in (self.keys if self.published is None else self.published)]})
        if request.path == self.token_path and request.form.get("grant_type", "").endswith(":device_code"):
            return self.poll(request)
        return super().provider(request)

    def begin(self, request):
        if not self.knows(request) and request.form.get("client_id") != "public":
            return Reply({"error": "invalid_client"}, 401)
        number = len(self.devices)
        self.devices.append({"asked": request.form, "answer": {"error": "authorization_pending"}})
        return Reply({"device_code": f"device-{number}", "user_code": f"WDJB-{number:04}", "verification_uri": self.origin + "/activate",
                      "verification_uri_complete": f"{self.origin}/activate?user_code=WDJB-{number:04}", "expires_in": self.seconds,
                      "interval": self.interval})

    def poll(self, request):
        answer = self.devices[int(request.form["device_code"].split("-")[1])]["answer"]
        return Reply(answer, 400 if "error" in answer else 200)

    def claims(self, number, asked, **more):
        now = int(time.time()) + self.clock_ahead
        return {"iss": self.issuer, "aud": asked.get("client_id", "roster"), "sub": self.people[number].id, "iat": now, "exp": now + 60,
                "auth_time": now, "nonce": asked["nonce"], **more}

    def approve(self, number, token=None, **more):
        device = self.devices[-1]
        claims = {key: value for key, value in self.claims(number, device["asked"], **more).items() if value is not None}
        device["answer"] = {"access_token": "opaque", "token_type": "Bearer",
                            "id_token": token(claims) if token else self.keys[0].sign(claims)}

    def refuse(self, error):
        self.devices[-1]["answer"] = {"error": error}


class Signing:
    """People of an issuer, for whom it vouches, or another. with Signing(roster, issuer) as site: site.login(approve) while `rosterd: signin` runs."""

    def __init__(self, roster, issuer, more="", client_id="roster", proof='client_secret: "file:secret";', vouches=None):
        self.roster = roster
        # The name of a unix socket has to be short.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="signin-"))
        self.socket = self.folder / "socket"
        write_secrets(roster)
        roster.configure(SETTINGS.format(issuer=issuer, client=CLIENT, client_id=client_id, proof=proof, socket=self.socket, more=more,
                                         vouches=vouches or issuer))
        roster.more_environment = {"XDG_RUNTIME_DIR": str(self.folder)}
        roster.ctl("check")

    def __enter__(self):
        self.daemon = Rosterd(self.roster.config, program=ROSTERD, environment={**self.roster.environment(), "PGUSER": ""})
        del self.daemon.environment["PGUSER"]
        self.daemon.words = [ROSTERD, "--child", "signin", "", "-f", self.roster.config]
        self.daemon.__enter__()
        self.daemon.await_log("people sign in on")
        return self

    def __exit__(self, *_):
        self.daemon.__exit__()
        subprocess.run(["rm", "-rf", self.folder], check=True)

    def ticket(self):
        (path,) = (self.folder / "roster").glob("session-*")
        return path

    def login(self, act, *words, code=0, user="operator"):
        """rosterctl login; act(line) is called once it has said where to go, with what it said."""
        process = subprocess.Popen([BUILD / "rosterctl", "login", *words], cwd=self.roster.directory, env=self.roster.environment(user),
                                   stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        said = []
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        for line in process.stderr:
            said.append(line)
            if "the code" in line:
                act("".join(said))
        process.wait()
        timer.cancel()
        process.stderr.close()
        process.stdout.close()
        text = "".join(said)
        print(f"$ rosterctl login {' '.join(words)}\n{text}[exit {process.returncode}]")
        assert "Sanitizer" not in text and "runtime error" not in text
        assert process.returncode == code, text
        return text


def provider():
    return Provider(*people_and_groups())


def make_administrator(roster, login):
    roster.ctl("user", "role", login, "add", "Platform Administrator")

