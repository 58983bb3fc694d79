# SPDX-License-Identifier: Apache-2.0
"""The ground everything is measured on: private servers with ordinary settings, and commands with a stop watch."""

import dataclasses
import pathlib
import shutil
import subprocess
import tempfile
import time

import ldap

from generate import SUFFIX
from postgres import SETTINGS, Cluster
from roster import BUILD, Roster, make_template
from slapd import PASSWORD, Slapd

ADMIN = f"cn=admin,{SUFFIX}"
# What an administrator sets on a machine of some size; all else is as it comes, fsync and autovacuum included.
ORDINARY = {**SETTINGS, "shared_buffers": "1GB", "max_wal_size": "4GB"}
INDEXED = "objectClass,entryUUID,entryCSN,uid,cn,mail,employeeNumber,ou,member"
PROGRAMS = BUILD / "tests/bench"


class Failed(Exception):
    """A measured command did not do what it should."""


class Directory(Slapd):
    """slapd with the made-up company; whoever asks may read everything."""

    suffix = SUFFIX

    def _write_configuration(self, database, settings):
        schemas = [f"include /etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson")]
        lines = [*schemas, "modulepath /usr/lib/ldap", "moduleload back_mdb", f"pidfile {self.directory}/slapd.pid",
                 f"argsfile {self.directory}/slapd.args", "sizelimit unlimited", *settings,
                 "database mdb", f'suffix "{SUFFIX}"', f'rootdn "{ADMIN}"', f"rootpw {PASSWORD}",
                 f"directory {self.directory}/db", f"maxsize {16 << 30}", f"index {INDEXED} eq",
                 *(line for line in database if not line.startswith("index "))]
        (self.directory / "db").mkdir()
        (self.directory / "slapd.conf").write_text("\n".join(lines) + "\n")
        with open(self.ldif, encoding="utf-8") as company, open(self.directory / "base.ldif", "w", encoding="utf-8") as file:
            company.readline()  # "version: 1", which slapadd does not take
            shutil.copyfileobj(company, file)

    def _await_answer(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.admin().unbind_s()
                return
            except ldap.SERVER_DOWN:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Failed("slapd does not start:\n" + self.log()) from None
            time.sleep(0.02)

    def admin(self):
        connection = ldap.initialize(self.url)
        connection.simple_bind_s(ADMIN, PASSWORD)
        return connection


@dataclasses.dataclass
class Taken:
    seconds: float
    user: float
    system: float
    mib: float


class Ground:
    """with Ground() as ground: ground.measured("rosterctl", ...); ground.installation("name")"""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roster-bench-"))
        self.folder.chmod(0o755)
        self.cluster = Cluster(settings=ORDINARY)
        self.template = None
        self.installations = []

    def __enter__(self):
        self.cluster.__enter__()
        (self.folder / "template").mkdir()
        self.template = make_template(self.cluster, self.folder / "template")
        return self

    def __exit__(self, *_):
        for roster in self.installations:
            roster.close()
        self.cluster.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def installation(self, name):
        """A roster with an empty model, in place of the one that had this name."""
        for roster in self.installations:
            if roster.database == name:
                roster.close()
        self.cluster.drop_database(name)
        self.cluster.create_database(name, self.template)
        directory = self.folder / name
        directory.mkdir(exist_ok=True)
        roster = Roster(self.cluster, name, directory)
        self.installations.append(roster)
        return roster

    def settle(self, database=None):
        """What earlier steps left to be written or counted is not for the next one to pay."""
        if database is not None:
            with self.cluster.connect(database) as connection:
                connection.execute("vacuum analyze")
        self.cluster.execute("checkpoint")

    def measured(self, *words, environment=None):
        """What a command took. What it prints goes nowhere, unless it fails."""
        report = self.folder / "taken"
        done = subprocess.run([PROGRAMS / "measured", report, *map(str, words)], cwd=self.folder, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        seconds, user, system, kib, code = map(float, report.read_text().split())
        if done.returncode != 0 or code != 0:
            raise Failed(f"{' '.join(map(str, words))} ended with exit code {code:.0f}: {done.stderr}")
        return Taken(seconds, user, system, kib / 1024)

    def rosterctl(self, roster, *words):
        return self.measured(BUILD / "rosterctl", *words, environment=roster.environment())
