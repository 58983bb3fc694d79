# SPDX-License-Identifier: Apache-2.0
"""What runs on the stage of the demonstration: a directory server, rosterd, and an app that is told about access."""

import base64
import contextlib
import fcntl
import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import ldap

from postgres import unprivileged as unprivileged_postgres
from rosterd import field, lives, title
from slapd import free_port
from slapd import unprivileged as unprivileged_slapd

SUFFIX = "dc=corp,dc=example"
ADMIN = f"cn=admin,{SUFFIX}"
ACCOUNT = f"cn=roster,ou=Services,{SUFFIX}"
SECONDS = 30
LOOK_EVERY = 0.001  # of what is measured in milliseconds

SLAPD_CONF = f"""\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
database config
rootpw @password@
database mdb
suffix "{SUFFIX}"
rootdn "{ADMIN}"
rootpw @password@
directory @directory@/db
maxsize 268435456
dbnosync
index objectClass,entryCSN,entryUUID eq
overlay syncprov
limits dn.exact="{ACCOUNT}" size=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{ACCOUNT}" read by * none
"""
SERVICE = f"""\
dn: ou=Services,{SUFFIX}
objectClass: organizationalUnit
ou: Services

dn: {ACCOUNT}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: roster
userPassword: @password@
"""


class Failed(Exception):
    """A step did not do what it promises."""


class Interrupts:
    """Signals that end the demonstration: at once, or later where something would be lost sight of."""

    def __init__(self):
        self.held = True
        self.number = None

    def take(self, number, _):
        if not self.held:
            sys.exit(128 + number)
        self.number = number

    def release(self):
        self.held = False
        if self.number is not None:
            sys.exit(128 + self.number)

    @contextlib.contextmanager
    def later(self):
        self.held = True
        try:
            yield
        finally:
            self.release()


interrupts = Interrupts()


def write_secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


class Person:
    """Who plays: whoever starts the demonstration, and never root, for which PostgreSQL has its own user."""

    def __init__(self):
        self.shed = unprivileged_postgres()
        self.number = self.shed.get("user", os.geteuid())
        self.name = pwd.getpwuid(self.number).pw_name

    def own(self, *paths):
        for path in paths if self.shed else []:
            os.chown(path, self.shed["user"], self.shed["group"])


class Piece:
    """A program in the background; what it says is in its log.

    mortal: it ends when this process does, however that happens.
    """

    def __init__(self, log, mortal):
        self.log = pathlib.Path(log)
        self.mortal = mortal
        self.process = None
        self.seen = 0  # characters of the log

    def launch(self, words, end=signal.SIGTERM, **options):
        mortally = ["setpriv", "--pdeathsig", end.name.removeprefix("SIG")] if self.mortal else []
        with open(self.log, "ab") as log, interrupts.later():
            self.process = subprocess.Popen([*mortally, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=not self.mortal, **options)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    # --- its log ---

    def fresh(self):
        """The whole lines that were said since this was called with `past` last."""
        text = self.log.read_text(errors="replace")[self.seen:]
        return text[:text.rfind("\n") + 1].splitlines()

    def past(self):
        """What was said until now is of no interest any more."""
        self.seen += sum(len(line) + 1 for line in self.fresh())

    def await_lines(self, what, condition):
        """The fresh lines for which condition(lines) is true at last, and when that was."""
        deadline = time.monotonic() + SECONDS
        while not (lines := self.fresh()) or not condition(lines):
            if not self.is_running():
                raise Failed(f"{self.log.stem} has ended before {what}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.log.stem}: waited {SECONDS} s for {what}")
            time.sleep(LOOK_EVERY)
        return lines, time.monotonic()


class Directory(Piece):
    """slapd on a free port of 127.0.0.1, never as root."""

    def __init__(self, folder, mortal):
        super().__init__(folder / "slapd.log", mortal)
        self.folder = folder
        self.url = f"ldap://127.0.0.1:{free_port()}"
        self.password = secrets.token_urlsafe(16)

    def load(self, company):
        """Everything in this LDIF file, and the account roster reads with."""
        settings = SLAPD_CONF.replace("@password@", self.password).replace("@directory@", str(self.folder))
        write_secret(self.folder / "slapd.conf", settings)
        entries = company.read_text().removeprefix("version: 1\n\n")  # slapadd takes no line of its own for that
        write_secret(self.folder / "all.ldif", entries + SERVICE.replace("@password@", self.password))
        (self.folder / "db").mkdir()
        shed = unprivileged_slapd()
        for path in [self.folder, *self.folder.iterdir()] if shed else []:
            shutil.chown(path, shed["user"])
        with interrupts.later():
            added = subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.folder / "slapd.conf", "-l",
                                    self.folder / "all.ldif"], capture_output=True, text=True, **shed)
        if added.returncode != 0:
            raise Failed(f"slapadd ended with exit code {added.returncode}: {added.stderr}")

    def start(self):
        self.launch(["/usr/sbin/slapd", "-f", self.folder / "slapd.conf", "-h", self.url, "-d", "stats"], cwd="/",
                    **unprivileged_slapd())
        for _ in range(200):
            try:
                connection = ldap.initialize(self.url)
                connection.simple_bind_s(ADMIN, self.password)
                connection.unbind_s()
                return
            except ldap.SERVER_DOWN:
                if not self.is_running():
                    break
                time.sleep(0.05)
        raise Failed("slapd does not start")


class Rosterd(Piece):
    """rosterd, its children, and the embedded database in `database`."""

    def __init__(self, log, database, mortal):
        super().__init__(log, mortal)
        self.database = database

    def children(self):
        """Title -> process id of those that live; but for who only says in the database that a configuration was refused."""
        parents = {pid: field(pid, "PPid") for pid in (path.name for path in pathlib.Path("/proc").glob("[0-9]*"))}
        found = [int(pid) for pid, parent in parents.items() if parent == str(self.process.pid) and lives(pid)]
        return {title(pid): pid for pid in found if title(pid).startswith("rosterd: ") and title(pid) != "rosterd: reload answer"}

    def await_child(self, name, other_than):
        """Of that title, and another process than that one."""
        deadline = time.monotonic() + SECONDS
        while self.children().get(name, other_than) == other_than:
            if time.monotonic() > deadline:
                raise Failed(f"waited {SECONDS} s for another process called \"{name}\"")
            time.sleep(LOOK_EVERY)

    def await_said(self, pattern, may_fail=False):
        """The fresh lines of the log up to one that matches. A child that fails is not waited for."""
        def is_said(lines):
            failed = [line for line in lines if "it is started again" in line or "level=error" in line]
            if failed and not may_fail:
                raise Failed(f"rosterd has trouble: {failed[0]}")
            return any(re.search(pattern, line) for line in lines)
        lines, _ = self.await_lines(f"\"{pattern}\"", is_said)
        last = next(number for number, line in enumerate(lines) if re.search(pattern, line))
        return lines[:last + 1]

    def await_end(self):
        """Its exit code."""
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise Failed(f"rosterd has not ended after {SECONDS} s") from None

    def is_quiet(self):
        """No process of the database is left: all of them hold its lock."""
        try:
            with open(self.database / "lock", "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def stop(self):
        super().stop()
        deadline = time.monotonic() + SECONDS
        while not self.is_quiet() and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)


class App(Piece):
    """contrib/receiver: it prints a line for each change of somebody's access, and keeps a copy in SQLite."""

    def __init__(self, folder, mortal):
        super().__init__(folder / "app.log", mortal)
        self.copy = folder / "app.db"
        self.secret = folder / "app.secret"
        self.address = "127.0.0.1:0"

    def make_secret(self):
        write_secret(self.secret, f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}\n")

    def words(self):
        return ["receiver.py", "--listen", self.address, "--secret-file", self.secret.name, "--database",
                self.copy.name, "--print"]

    def await_listening(self):
        """It keeps the address it found, also when it is started again."""
        (line, *_), _ = self.await_lines("it listens", len)
        self.address = re.fullmatch(r"listening on http://([\d.:]+)/", line)[1]
        self.past()

    def await_changes(self, count):
        """The lines of so many changes, and when the last came."""
        return self.await_lines(f"{count} changes of access", lambda lines: len(lines) >= count)

    def who_may(self, permission, resource):
        """Logins, by its copy."""
        with contextlib.closing(sqlite3.connect(f"file:{self.copy}?mode=ro", uri=True)) as copy:
            rows = copy.execute("""select login from access join users on users.id = user join resources
                on resources.id = resource, json_each(permissions) where resources.name = ? and value = ?""",
                                [resource, permission])
            return {login for (login,) in rows}
