# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL cluster: own directory, unix socket only, never as root, gone when its owner is."""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import psycopg

SUPERUSER = "postgres"
DEADLINE = 30
# Nothing here survives a crash of the machine, and nothing needs to.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "jit": "off",
        "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "256MB"}
MEMORY, ROOM = pathlib.Path("/dev/shm"), 4 << 30
SETTINGS = {"listen_addresses": "", "max_connections": "40", "log_min_messages": "warning", "timezone": "UTC"}


def program(name):
    """The newest installed version's; Debian keeps them out of PATH."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"PostgreSQL's {name} is not installed")
    return path


def quick_folder():
    """Where files cost least: in memory, when there is plenty. Every test has a database of its own, so most of what a
    server does is to copy and remove files."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM else pathlib.Path("/tmp")


def unprivileged():
    """Arguments of subprocess that shed root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Cluster:
    """with Cluster() as cluster: cluster.create_database("one"); cluster.connect("one").execute(...)

    log: path of the server's log. mortal: the server ends when this process does, however that happens.
    A socket's path has at most 107 bytes, so the directory lies directly below /dev/shm or /tmp.
    """

    def __init__(self, directory=None, settings=None, mortal=True):
        self.fast = settings is None
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="roster-pg-", dir=quick_folder() if self.fast else "/tmp"))
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.settings = {**SETTINGS, **(FAST if self.fast else settings)}
        self.mortal = mortal
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        shed = unprivileged()
        if shed:
            os.chown(self.directory, shed["user"], shed["group"])
        if not self.data.exists():
            subprocess.run([program("initdb"), "-D", self.data, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8",
                            "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True, cwd="/", **shed)
        mortally = ["setpriv", "--pdeathsig", "INT"] if self.mortal else []
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*mortally, program("postgres"), "-D", self.data, "-k", self.directory, *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=not self.mortal, **shed)
        self._await()

    def _await(self):
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                self.connect("postgres").close()
                return
            except psycopg.OperationalError as problem:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {problem}\n{self.log.read_text()}") from None
            time.sleep(0.02)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # "fast": does not wait for sessions
            try:
                self.process.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def conninfo(self, database):
        """As roster's configuration wants it: without a user."""
        return f"host={self.directory} dbname={database}"

    def connect(self, database, user=SUPERUSER, **options):
        return psycopg.connect(self.conninfo(database), user=user, **{"autocommit": True, **options})

    def execute(self, statement):
        """One statement outside any of our databases; its rows."""
        with self.connect("postgres") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def create_database(self, name, template="template0"):
        # Without a disk files are copied faster than logged.
        self.execute(f'create database "{name}" template "{template}" strategy {"file_copy" if self.fast else "wal_log"}')

    def drop_database(self, name):
        self.execute(f'drop database if exists "{name}" with (force)')
