# SPDX-License-Identifier: Apache-2.0
"""Keycloak itself, from its distribution: fetched and built once for all runs, started afresh for each."""

import fcntl
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from slapd import free_port

VERSION = "26.0.8"
SHA256 = "d82a52098db41f036bcfe8f2ebfd9251781c8af5959af8714e8aa9b311081786"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "roster-tests"
JAVA = "-Xms128m -Xmx640m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
SECONDS = 120
BATCH = 200  # people in one request


def distribution():
    """The folder of a Keycloak that is built for a database in memory."""
    home = CACHE / f"keycloak-{VERSION}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "keycloak.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if home.exists():
            return home
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            subprocess.run(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"],
                           check=True, timeout=600)
            packed = next(pathlib.Path(folder).glob("*.zip"))
            if hashlib.sha256(packed.read_bytes()).hexdigest() != SHA256:
                raise RuntimeError(f"{ARTIFACT} is not what was fetched before")
            with zipfile.ZipFile(packed) as archive:
                archive.extractall(folder)
            made = pathlib.Path(folder) / f"keycloak-{VERSION}"
            (made / "bin" / "kc.sh").chmod(0o755)
            subprocess.run([made / "bin" / "kc.sh", "build", "--db=dev-mem"], check=True, timeout=600, env=environment(),
                           stdout=subprocess.DEVNULL)
            made.rename(home)
    return home


def environment(**more):
    return {**os.environ, "JAVA_OPTS": JAVA, **more}


class Keycloak:
    """with Keycloak() as keycloak: keycloak.make_realm(...); keycloak.issuer"""

    realm = "eng"

    def __enter__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.issuer = f"{self.url}/realms/{self.realm}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keycloak-"))
        self.password = secrets.token_hex(12)
        self.log = open(self.folder / "log", "w")
        command = [distribution() / "bin" / "kc.sh", "start", "--optimized", "--http-enabled=true", "--http-host=127.0.0.1",
                   f"--http-port={self.port}", "--hostname-strict=false", "--cache=local"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=self.log, stderr=self.log, start_new_session=True,
                                        env=environment(KC_BOOTSTRAP_ADMIN_USERNAME="admin",
                                                        KC_BOOTSTRAP_ADMIN_PASSWORD=self.password))
        self.token, self.token_until = None, 0
        try:
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait(self):
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/realms/master", timeout=5).close()
                return
            except OSError:
                said = (self.folder / "log").read_text()
                assert self.process.poll() is None and time.monotonic() < deadline, f"Keycloak does not start:\n{said}"
                time.sleep(0.2)

    # --- its admin API

    def admin_token(self):
        if time.monotonic() > self.token_until:
            form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": self.password}
            with urllib.request.urlopen(f"{self.url}/realms/master/protocol/openid-connect/token",
                                        urllib.parse.urlencode(form).encode(), timeout=SECONDS) as reply:
                self.token = json.load(reply)["access_token"]
            self.token_until = time.monotonic() + 30
        return self.token

    def ask(self, method, path, body=None):
        """What it answers, as JSON; the id of what was made where it only says where that is."""
        request = urllib.request.Request(f"{self.url}/admin/realms{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {self.admin_token()}",
                                                  "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                text = reply.read()
                location = reply.headers.get("Location")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(text) if text else location.rsplit("/", 1)[-1] if location else None

    def make_realm(self, people, groups, secret, roles=(), lifespan=300, **client):
        """people: logins; groups: trees {"name": ..., "people": [...], "groups": [...]}. The client "roster" may read them."""
        members = {}
        trees = [self.tree(group, "", members) for group in groups]
        users = [{"username": login, "enabled": True, "email": f"{login}@ex.org", "firstName": "First", "lastName": login,
                  "attributes": {"department": [f"d{number % 7}"]}, "groups": members.get(login, [])}
                 for number, login in enumerate(people)]
        users.append({"username": "service-account-roster", "enabled": True, "serviceAccountClientId": "roster",
                      "clientRoles": {"realm-management": ["view-users", "query-users", "query-groups", "view-realm"]}})
        profile = {"unmanagedAttributePolicy": "ENABLED",
                   "attributes": [{"name": name, "permissions": {"view": ["admin"], "edit": ["admin"]}}
                                  for name in ("username", "email", "firstName", "lastName")]}
        self.ask("POST", "", {
            "realm": self.realm, "enabled": True, "accessTokenLifespan": lifespan, "users": users[-1:], "groups": trees,
            "roles": {"realm": [{"name": role} for role in roles]},
            "components": {"org.keycloak.userprofile.UserProfileProvider": [
                {"providerId": "declarative-user-profile", "config": {"kc.user.profile.config": [json.dumps(profile)]}}]},
            "clients": [{"clientId": "roster", "secret": secret, "serviceAccountsEnabled": True, "publicClient": False,
                         "standardFlowEnabled": False, **client}]})
        # A realm with thousands of people in it takes a time that grows with their square.
        for first in range(0, len(people), BATCH):
            self.ask("POST", f"/{self.realm}/partialImport", {"ifResourceExists": "FAIL", "users": users[:-1][first: first + BATCH]})

    def tree(self, group, around, members):
        path = f"{around}/{group['name']}"
        for login in group.get("people", []):
            members.setdefault(login, []).append(path)
        return {"name": group["name"], "subGroups": [self.tree(inner, path, members) for inner in group.get("groups", [])]}

    def let_sign_in(self, client, secret, people, otp):
        """A client for rosterctl; each of the people has the password "password" and a generator of one-time passwords."""
        mapper = {"name": "amr", "protocol": "openid-connect", "protocolMapper": "oidc-amr-mapper", "config": {"id.token.claim": "true"}}
        self.ask("POST", f"/{self.realm}/clients", {
            "clientId": client, "secret": secret, "publicClient": False, "standardFlowEnabled": False, "protocolMappers": [mapper],
            "attributes": {"oauth2.device.authorization.grant.enabled": "true", "oauth2.device.polling.interval": "1"}})
        (form,) = [step for step in self.ask("GET", f"/{self.realm}/authentication/flows/browser/executions")
                   if step.get("providerId") == "auth-otp-form"]
        self.ask("POST", f"/{self.realm}/authentication/executions/{form['id']}/config",
                 {"alias": "otp", "config": {"default.reference.value": "otp", "default.reference.maxAge": "3600"}})
        kind = json.dumps({"subType": "totp", "digits": 6, "counter": 0, "period": 30, "algorithm": "HmacSHA1"})
        for login in people:
            self.change(login, credentials=[{"type": "password", "value": "password", "temporary": False},
                                            {"type": "otp", "secretData": json.dumps({"value": otp}), "credentialData": kind}])

    def drop_realm(self):
        self.ask("DELETE", f"/{self.realm}")

    def user(self, login):
        (found,) = self.ask("GET", f"/{self.realm}/users?exact=true&username={login}")
        return found

    def group(self, path):
        return self.ask("GET", f"/{self.realm}/group-by-path/{path.strip('/')}")["id"]

    def join(self, login, path):
        self.ask("PUT", f"/{self.realm}/users/{self.user(login)['id']}/groups/{self.group(path)}")

    def leave(self, login, path):
        self.ask("DELETE", f"/{self.realm}/users/{self.user(login)['id']}/groups/{self.group(path)}")

    def change(self, login, **attributes):
        user = self.user(login)
        self.ask("PUT", f"/{self.realm}/users/{user['id']}", {**user, **attributes})
