# SPDX-License-Identifier: Apache-2.0
"""One installation of roster under test: a folder with a configuration, a database, and the programs just built."""

import json
import os
import pathlib
import shlex
import subprocess

from psycopg.rows import dict_row

from postgres import SUPERUSER

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ROSTER_BUILD", ROOT / "build" / "gcc"))
SCHEMA = pathlib.Path(os.environ.get("ROSTER_SCHEMA_DIR", ROOT / "schema"))
ADMINISTRATOR = "admin"  # the person
OPERATOR = "operator"  # his login at the database
TEMPLATE = "roster_template"
SECONDS = 120
RUNS = ("plan", "sync", "approve")  # verbs that ask a rosterd, unless --local is given


class Result:
    """What a command printed and how it ended."""

    def __init__(self, words, process):
        self.words = words
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    @property
    def json(self):
        document = json.loads(self.out)
        assert document["schema"] == 1, self.out
        return document

    def __str__(self):
        return f"$ {shlex.join(map(str, self.words))}\n{self.out}{self.err}[exit {self.code}]\n"


class Roster:
    """roster.configure(text); roster.ctl("sync"); roster.sql("select ...")

    ${env:ROSTER_DATABASE} in a configuration is the conninfo of the private database. Every command is printed with
    what it gave: pytest shows that when a test fails. Without a rosterd (led is False) the verbs that would ask one get
    --local, so that tests and transcripts show what an administrator types.
    """

    def __init__(self, cluster, database, directory):
        self.cluster = cluster
        self.database = database
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "rosterd.conf"
        self.led = False
        self.more_environment = {}
        self._connection = None

    def configure(self, text):
        self.config.write_text(text)

    def environment(self, user=OPERATOR):
        kept = {name: value for name, value in os.environ.items()
                if name in ("PATH", "HOME", "TMPDIR") or name.endswith("SAN_OPTIONS")}
        return {**kept, "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "PGUSER": user,
                "ROSTER_SCHEMA_DIR": str(SCHEMA), "ROSTER_CONFIG": str(self.config),
                "ROSTER_DATABASE": self.cluster.conninfo(self.database), **self.more_environment}

    def words(self, words):
        """What is really typed for these words."""
        verbs = [word for word in map(str, words) if not word.startswith("-")][:1]
        local = not self.led and "--local" not in words and verbs and verbs[0] in RUNS
        return [*map(str, words), *(["--local"] if local else [])]

    def execute(self, *words, user=OPERATOR, stdin=None):
        """rosterctl with these words, as that login of the database, whatever comes of it."""
        process = subprocess.run([BUILD / "rosterctl", *self.words(words)], cwd=self.directory, text=True,
                                 env=self.environment(user), input=stdin, capture_output=True, timeout=SECONDS)
        return Result(["rosterctl", *words], process)

    def run(self, *words, user=OPERATOR, stdin=None):
        """execute(), printed; a sanitizer's report or a signal is never a result."""
        result = self.execute(*words, user=user, stdin=stdin)
        print(result, end="")
        assert "Sanitizer" not in result.err and "runtime error" not in result.err and result.code >= 0, result
        return result

    def ctl(self, *words, user=OPERATOR, code=0):
        """run() that must end with this exit code."""
        result = self.run(*words, user=user)
        assert result.code == code, f"exit code {result.code}, not {code}"
        return result

    def json(self, *words, user=OPERATOR, code=0):
        return self.ctl("--json", *words, user=user, code=code).json

    def sql(self, query, *parameters):
        """Rows as dictionaries, as the superuser sees them; an empty list where a statement gives none."""
        if self._connection is None:
            self._connection = self.cluster.connect(self.database, row_factory=dict_row)
            self._connection.execute("set search_path = roster, pg_temp")
        cursor = self._connection.execute(query, parameters or None)
        return cursor.fetchall() if cursor.description else []

    def brought(self, query, *parameters):
        """sql() as a source, an import or the clock does it: what must be so after an act by hand may be missing then."""
        self.sql("begin")
        try:
            self.sql("select open_revision('a source', by_itself => true)")
            rows = self.sql(query, *parameters)
            self.sql("commit")
            return rows
        except Exception:
            self.sql("rollback")
            raise

    def adopt(self, app, owner, group):
        """An app as an import tells of it: its owner may be in no group, and there is nobody in its team."""
        self.brought("insert into apps (name, owner, owner_group) values (%s, user_by_login(%s), need_group(%s))", app, owner, group)

    def value(self, query, *parameters):
        """The one value of the one row."""
        (row,) = self.sql(query, *parameters)
        (value,) = row.values()
        return value

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def make_database(roster):
    """roster's schema in a new database, with one administrator and his login, all by the program itself."""
    roster.cluster.create_database(roster.database)
    if not roster.cluster.execute(f"select from pg_roles where rolname = '{OPERATOR}'"):
        roster.cluster.execute(f"create role {OPERATOR} login")
    words = ["database", "init", "--administrator", ADMINISTRATOR, "--operator", OPERATOR]
    result = roster.execute(*words, user=SUPERUSER)
    assert result.code == 0, result
    roster.sql(f"grant roster_admin to {OPERATOR}")
    return result


def make_template(cluster, directory):
    """The database every test starts from."""
    roster = Roster(cluster, TEMPLATE, directory)
    roster.configure('version: 1\ndatabase: { conninfo: "${env:ROSTER_DATABASE}" }\n')
    make_database(roster)
    roster.close()
    return TEMPLATE
