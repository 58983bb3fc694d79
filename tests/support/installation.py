# SPDX-License-Identifier: Apache-2.0
"""roster as it is installed: rosterd as a user of its own, with the database it keeps itself."""

import contextlib
import fcntl
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import psycopg

from postgres import unprivileged
from roster import BUILD, SCHEMA, SECONDS, Result, Roster
from rosterd import Rosterd, wait_until

USER = pwd.getpwuid(unprivileged().get("user", os.geteuid()))


@contextlib.contextmanager
def as_user():
    """The server looks at who opens the socket."""
    mine = os.geteuid()
    os.seteuid(USER.pw_uid)
    try:
        yield
    finally:
        os.seteuid(mine)


class EmbeddedCluster:
    """What Roster wants of a cluster, of the one that rosterd runs."""

    def __init__(self, directory):
        self.directory = directory

    def conninfo(self, database):
        return f"host={self.directory}/db/run port=5432 dbname={database} user={USER.pw_name}"

    def connect(self, database, **options):
        with as_user():
            return psycopg.connect(self.conninfo(database), autocommit=True, **options)


class Installation(Roster):
    """Roster, whose programs run as somebody who is not root and can read them; rosterd() starts it."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="roster-home-", dir="/tmp"))
        self.home.chmod(0o755)
        for name in ("rosterd", "rosterctl"):
            shutil.copy(BUILD / name, self.home)
        shutil.copytree(SCHEMA, self.home / "schema")
        super().__init__(EmbeddedCluster(self.home), "roster", self.home)
        self.led = True
        self.own(self.home)

    @staticmethod
    def own(path):
        os.chown(path, USER.pw_uid, USER.pw_gid)

    def write_secret(self, name, text):
        path = self.home / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        self.own(path)
        return path

    def environment(self, user=None):
        kept = {name: value for name, value in super().environment().items() if name not in ("PGUSER", "ROSTER_DATABASE")}
        return {**kept, "HOME": str(self.home), "ROSTER_SCHEMA_DIR": str(self.home / "schema")}

    def execute(self, *words, user=None, stdin=None):
        process = subprocess.run([self.home / "rosterctl", *self.words(words)], cwd=self.home, text=True, input=stdin,
                                 env=self.environment(), capture_output=True, timeout=SECONDS, check=False, **unprivileged())
        return Result(["rosterctl", *words], process)

    def rosterd(self):
        return Rosterd(self.config, program=self.home / "rosterd", environment=self.environment(), **unprivileged())

    def postmaster(self):
        return int((self.home / "db/data/postmaster.pid").read_text().split()[0])

    def database_is_quiet(self):
        """All processes of a server hold its lock."""
        with open(self.home / "db/lock", "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def remove(self):
        self.close()
        if (self.home / "db/lock").exists():
            wait_until(self.database_is_quiet, "the database to end")
        shutil.rmtree(self.home)
