# SPDX-License-Identifier: Apache-2.0
"""A rosterd under test: its log, its children, and a service manager that listens to it."""

import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import threading
import time

from roster import BUILD, SCHEMA

PUPPETS = BUILD / "tests/integration/daemon/puppets"
ROSTERD = BUILD / "rosterd"
SECONDS = 60


def wait_until(condition, what, seconds=SECONDS):
    """The first true value of condition()."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.01)
    return value


def field(pid, name):
    """A field of /proc/PID/status; None when there is no such process."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return re.search(rf"^{name}:\s*(\S+)", status, re.MULTILINE)[1]


def lives(pid):
    """A zombie does not: nobody may be there to collect it."""
    return field(pid, "State") not in (None, "Z", "X")


def title(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Manager:
    """The other end of NOTIFY_SOCKET; messages are dictionaries."""

    def __init__(self, path):
        self.path = str(path)
        self.messages = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path.replace("@", "\0", 1))
        self.socket.setblocking(False)

    def listen(self):
        while True:
            try:
                text = self.socket.recv(65536).decode()
            except BlockingIOError:
                return self.messages
            self.messages.append(dict(line.split("=", 1) for line in text.split("\n")))

    def heard(self, key):
        """All values of that key so far."""
        return [message[key] for message in self.listen() if key in message]

    def await_status(self, pattern):
        wait_until(lambda: self.heard("STATUS") and re.search(pattern, self.heard("STATUS")[-1]), f"STATUS {pattern}")

    def close(self):
        self.socket.close()


class Rosterd:
    """with Rosterd(config) as daemon: daemon.child("puppet steady") is a process id

    program: puppets, unless said otherwise. Leaving ends it, however it is, and prints its log.
    """

    def __init__(self, config, program=PUPPETS, manager=None, environment=None, **process):
        self.config = pathlib.Path(config)
        self.words = [program, "-f", self.config]
        self.lines = []
        kept = {name: value for name, value in os.environ.items()
                if name in ("PATH", "HOME", "TMPDIR") or name.endswith("SAN_OPTIONS")}
        self.environment = {**kept, "LANG": "C.UTF-8", "ROSTER_SCHEMA_DIR": str(SCHEMA), **(environment or {})}
        if manager:
            self.environment["NOTIFY_SOCKET"] = manager.path
        self.options = process
        self.process = None
        self.reader = None
        self.known = set()

    def __enter__(self):
        self.process = subprocess.Popen(self.words, env=self.environment, stderr=subprocess.PIPE, text=True,
                                        start_new_session=True, cwd=self.config.parent, **self.options)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        return self

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def __exit__(self, *_):
        self.children()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in self.known:
            if lives(pid):
                os.kill(pid, signal.SIGKILL)
        self.reader.join(SECONDS)
        self.process.stderr.close()
        print(f"$ {shlex.join(map(str, self.words))}\n{self.log()}\n[exit {self.process.returncode}]")
        assert "Sanitizer" not in self.log() and "runtime error" not in self.log()

    def log(self):
        return "\n".join(self.lines)

    def count(self, pattern):
        return len(re.findall(pattern, self.log()))

    def await_log(self, pattern, times=1):
        wait_until(lambda: self.count(pattern) >= times, f"{pattern!r} in the log, {times} times:\n{self.log()}")

    def send(self, number):
        self.process.send_signal(number)

    def await_end(self):
        return self.process.wait(SECONDS)

    # --- children ---------------------------------------------------------------------------------------------------

    def children(self):
        """{title without "rosterd: ": process id} of those that run now."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and field(entry.name, "PPid") == str(self.process.pid) and lives(entry.name):
                if title(entry.name).startswith("rosterd: "):
                    found[title(entry.name).removeprefix("rosterd: ")] = int(entry.name)
        self.known |= set(found.values())
        return found

    def child(self, name, other_than=None):
        """The process id of that child once it has begun to work."""
        def begun():
            pid = self.children().get(name)
            return pid if pid != other_than and self.count(rf'"begins as {pid}"') else None
        return wait_until(begun, f"child {name}:\n{self.log()}")
