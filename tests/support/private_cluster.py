# SPDX-License-Identifier: Apache-2.0
"""A folder with a private PostgreSQL of database.embedded in it, and the fixtures that make one."""

import fcntl
import os
import pathlib
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

from postgres import program, unprivileged
from roster import BUILD, SCHEMA

SECONDS = 60
USER = pwd.getpwuid(unprivileged().get("user", os.geteuid())).pw_name


def until(condition, what):
    """Wait for it, not for a time."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)


def environment():
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.endswith("SAN_OPTIONS")}
    return {**kept, "LANG": "C.UTF-8", "NO_COLOR": "1"}


class Home:
    """A user's folder with rosterd.conf, the database in db, and run_cluster, which keeps it."""

    def __init__(self, programs):
        self.programs = programs
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-cluster-", dir="/tmp"))
        self.directory.chmod(0o755)
        shutil.chown(self.directory, USER)
        self.database = self.directory / "db"
        self.data = self.database / "data"
        self.config = self.directory / "rosterd.conf"
        self.config.write_text('version: 1\ndatabase: { embedded: "db" }\n')
        self.log = self.directory / "log"
        self.running = []

    def launch(self, shed=None):
        with open(self.log, "ab") as log:
            process = subprocess.Popen(
                [self.programs / "run_cluster", self.config.name], cwd=self.directory, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, text=True,
                env={**environment(), "ROSTER_SCHEMA_DIR": str(self.programs / "schema")},
                **(unprivileged() if shed is None else shed))
        self.running.append(process)
        return process

    def start(self):
        process = self.launch()
        assert self.says_ready(process), self.log.read_text()
        return process

    @staticmethod
    def says_ready(process):
        assert select.select([process.stdout], [], [], SECONDS)[0], "neither ready nor ended"
        return process.stdout.readline() == "ready\n"

    def refusal(self, shed=None):
        """The exit code and the message of a start that fails."""
        process = self.launch(shed)
        assert not self.says_ready(process)
        code = process.wait(SECONDS)
        return code, self.log.read_text().splitlines()[-1].removeprefix("run_cluster: ")

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def is_quiet(self):
        """No process of a server is left."""
        with open(self.database / "lock", "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def run(self, name, *words, user=USER, **variables):
        done = subprocess.run([name, *map(str, words)], cwd=self.directory, text=True, capture_output=True,
                              env={**environment(), "ROSTER_SCHEMA_DIR": str(self.programs / "schema"),
                                   "ROSTER_CONFIG": str(self.config), **variables},
                              timeout=SECONDS, check=False, **({"user": user, "extra_groups": []} if unprivileged() else {}))
        assert "Sanitizer" not in done.stderr, done.stderr
        return done

    def rosterctl(self, *words, code=0, **variables):
        done = self.run(self.programs / "rosterctl", *words, **variables)
        assert done.returncode == code, done
        return done

    def psql(self, statement, role=USER, user=USER):
        """What it prints, and whether it succeeded."""
        done = self.run(program("psql"), "-X", "-q", "-A", "-t", "-d",
                        f"host={self.database}/run port=5432 dbname=roster user={role}", "-c", statement, user=user)
        return (done.stdout + done.stderr).strip(), done.returncode == 0

    def value(self, statement):
        text, good = self.psql(statement)
        assert good, text
        return text

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
        try:
            if (self.database / "lock").exists():
                until(self.is_quiet, "the server has ended")
        except AssertionError:
            os.kill(self.postmaster(), signal.SIGQUIT)
            raise
        finally:
            shutil.rmtree(self.directory)


@pytest.fixture(scope="session")
def programs():
    """What is run as another user, where he can read it."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="roster-programs-", dir="/tmp"))
    directory.chmod(0o755)
    shutil.copy(BUILD / "rosterctl", directory)
    shutil.copy(BUILD / "rosterd", directory)
    shutil.copy(BUILD / "tests/integration/cluster/run_cluster", directory)
    shutil.copytree(SCHEMA, directory / "schema")
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def empty(programs):
    """A home without a database."""
    home = Home(programs)
    yield home
    if home.log.exists():
        print(home.log.read_text(errors="replace"), end="")
    home.close()


@pytest.fixture(scope="session")
def made(programs):
    """A database that was made once and is not running: copy it."""
    home = Home(programs)
    home.stop(home.start())
    yield home
    home.close()


@pytest.fixture
def home(empty, made):
    """A home with a database of its own that is not running."""
    subprocess.run(["cp", "-a", made.database, empty.database], check=True)
    return empty
