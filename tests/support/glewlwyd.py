# SPDX-License-Identifier: Apache-2.0
"""glewlwyd: an identity provider of Debian's, with an API of people behind a key, and OpenID Connect."""

import base64
import json
import pathlib
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SCHEMA = pathlib.Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
ADMIN = {"username": "admin", "password": "password"}  # of a database that was just made
CONFIGURATION = """
port={port}
bind_address="127.0.0.1"
external_url="{url}"
api_prefix="api"
cookie_domain="127.0.0.1"
cookie_secure=0
session_expiration=86400
session_key="SESSION"
admin_session_authentication="cookie,api_key"
profile_session_authentication="cookie"
log_mode="file"
log_level="WARNING"
log_file="{folder}/log"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
user_middleware_module_path="/usr/lib/glewlwyd/user_middleware"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = {{ type="sqlite3"; path="{folder}/db" }};
"""
SCOPE = "people"
ISSUES = {"jwt-type": "sha", "jwt-key-size": "256", "key": "0123456789012345678901234567890123456789",
          "access-token-duration": 5, "refresh-token-duration": 1209600, "code-duration": 600, "refresh-token-rolling": True,
          "allow-non-oidc": True, "auth-type-client-enabled": True, "auth-type-code-enabled": False, "auth-type-token-enabled": False,
          "auth-type-id-token-enabled": False, "auth-type-none-enabled": False, "auth-type-password-enabled": False,
          "auth-type-refresh-enabled": False, "secret-type": ""}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Glewlwyd:
    """with Glewlwyd({"alice": ["dev"]}) as server: server.url, server.api_key; groups are scopes there."""

    client, secret = "roster", "a secret/+%"

    def __init__(self, people, seconds=5):
        self.people, self.seconds = people, seconds

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="glewlwyd-")
        folder = pathlib.Path(self.folder.name)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.url}/api/oidc"
        self.fill(folder / "db")
        (folder / "conf").write_text(CONFIGURATION.format(port=port, url=self.url, folder=folder))
        self.process = subprocess.Popen(["/usr/bin/glewlwyd", "--config-file", folder / "conf"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.cookie = ""
        try:
            self.wait(folder)
            self.admit()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.folder.cleanup()

    def fill(self, path):
        with sqlite3.connect(path) as database:
            database.executescript(SCHEMA.read_text())
            groups = sorted({group for its in self.people.values() for group in its})
            for group in (SCOPE, *groups):
                database.execute("insert into g_scope (gs_name, gs_password_required) values (?, 0)", (group,))
            for group in groups:
                database.execute("insert into g_user_scope (gus_name) values (?)", (group,))
            for login, its in self.people.items():
                database.execute("insert into g_user (gu_username, gu_name, gu_email) values (?, ?, ?)",
                                 (login, login.title(), f"{login}@ex.org"))
                for group in its:
                    database.execute("insert into g_user_scope_user (gu_id, gus_id) select u.gu_id, s.gus_id from g_user u, g_user_scope s "
                                     "where u.gu_username = ? and s.gus_name = ?", (login, group))
        database.close()

    def wait(self, folder):
        until = time.monotonic() + 20
        while True:
            try:
                self.ask("GET", "config")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"glewlwyd does not start: {(folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def ask(self, method, path, body=None):
        request = urllib.request.Request(f"{self.url}/{path}", method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json", "Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=10) as reply:
            text = reply.read()
            self.cookie = (reply.headers["Set-Cookie"] or self.cookie).split(";")[0]
        return json.loads(text) if text else None

    def admit(self):
        """A key for the API, and a client of the OpenID part."""
        self.ask("POST", "api/auth/", ADMIN)
        self.api_key = self.ask("POST", "api/key/")["key"]
        self.ask("POST", "api/mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True,
                                             "parameters": {**ISSUES, "iss": self.issuer, "access-token-duration": self.seconds}})
        self.ask("POST", "api/client/", {"client_id": self.client, "password": self.secret, "confidential": True, "enabled": True,
                                         "authorization_type": ["client_credentials"], "scope": [SCOPE],
                                         "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"]})

    def token(self, secret=None):
        """What its OpenID part answers the client that shows this secret, or its own: the status, and an object."""
        pair = base64.b64encode(f"{self.client}:{secret or self.secret}".encode()).decode()
        request = urllib.request.Request(f"{self.issuer}/token", headers={"Authorization": f"Basic {pair}"},
                                         data=urllib.parse.urlencode({"grant_type": "client_credentials", "scope": SCOPE}).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "{}")

    def add(self, login, groups):
        self.ask("POST", "api/user/", {"username": login, "name": login.title(), "email": f"{login}@ex.org", "enabled": True,
                                       "scope": groups})

    def change(self, login, **fields):
        self.ask("PUT", f"api/user/{login}", {**self.ask("GET", f"api/user/{login}"), **fields})

    def remove(self, login):
        self.ask("DELETE", f"api/user/{login}")
