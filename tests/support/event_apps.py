# SPDX-License-Identifier: Apache-2.0
"""Apps that take messages of roster-events(7), behind one face: send() a message, ask for the state()."""

import contextlib
import http.client
import json
import re
import sqlite3
import subprocess
import urllib.parse

from events import NEW, OLD, numbers, signed
from receiver import Receiver
from roster import ROOT

EXAMPLE = ROOT / "contrib/receiver/receiver.py"
PAGE = ROOT / "doc/roster-events.7"


class Peer:
    """An app behind HTTP."""

    def __init__(self, url, context=None):
        address = urllib.parse.urlsplit(url)
        kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}[address.scheme]
        self.connection = kind(address.hostname, address.port, timeout=20, **({"context": context} if context else {}))

    def post(self, body, headers):
        self.connection.request("POST", "/hook", body, headers)
        response = self.connection.getresponse()
        response.read()
        return response.status

    def send(self, message, *secrets, id=None, age=0):
        body = json.dumps(message).encode()
        return self.post(body, signed(body, *(secrets or [NEW]), message=id, age=age))

    def expect_fault(self, words):
        """Only the receiver of the tests is a judge."""


class Example(Peer):
    """with Example(DIRECTORY) as example: ... What it said is printed when it ends."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "secret").write_text(f"{NEW}\n{OLD}\n")
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        print(self.kill() if self.process.returncode is None else "", (self.directory / "errors").read_text())

    def start(self):
        """After kill() too; the copy is kept."""
        self.errors = open(self.directory / "errors", "a", encoding="utf-8")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", EXAMPLE, "--listen", "127.0.0.1:0", "--secret-file", self.directory / "secret",
             "--database", self.directory / "access.db", "--print"],
            stdout=subprocess.PIPE, stderr=self.errors, text=True, env={})
        words = self.process.stdout.readline()
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+/\n", words), words
        super().__init__(words.split()[-1])

    def kill(self):
        """What it printed since it started."""
        self.process.kill()
        printed, _ = self.process.communicate()
        self.errors.close()
        self.connection.close()
        return printed

    def sql(self, query):
        with contextlib.closing(sqlite3.connect(self.directory / "access.db")) as database, database:
            return database.execute(query).fetchall()

    def state(self):
        rows = self.sql("select resource, user, permissions, roles from access")
        return grouped((resource, user, json.loads(may), json.loads(names)) for resource, user, may, names in rows)


class Double(Peer):
    def __init__(self):
        self.receiver = Receiver(NEW, OLD)
        super().__init__(self.receiver.url)

    def state(self):
        return {resource: people for resource, people in self.receiver.state.items() if people}

    def expect_fault(self, words):
        faults = [fault for fault in self.receiver.faults if words in fault]
        assert faults, f"nothing like {words!r} in {self.receiver.faults}"
        for fault in faults:
            self.receiver.faults.remove(fault)


class Page:
    """The SQL of the page in a database that has nothing else."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.database = f"events_{next(numbers)}"
        cluster.create_database(self.database)
        self.connection = cluster.connect(self.database)
        (text,) = [block for block in blocks() if "create function" in block]
        self.connection.execute(text)

    def close(self):
        self.connection.close()
        self.cluster.drop_database(self.database)

    def send(self, message, id=None):
        (stored,) = self.connection.execute("select take_event(%s)", [json.dumps(message)]).fetchone()
        return 204 if stored else 409

    def sql(self, query):
        return self.connection.execute(query).fetchall()

    def state(self):
        return grouped(self.sql("select resource, user_id::text, permissions, roles from access"))

    def expect_fault(self, words):
        """It stores; what is wrong with a message is not its business."""


def grouped(rows):
    state = {}
    for resource, user, permissions, names in rows:
        state.setdefault(resource, {})[user] = (set(permissions), set(names))
    return state


def blocks():
    """The literal blocks of the page."""
    found = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block.replace("\\e", "\\") for block in found]
