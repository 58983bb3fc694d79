# SPDX-License-Identifier: Apache-2.0
"""NATS servers with JetStream, one or a cluster, and what a stream holds, asked in the protocol itself."""

import base64
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from receiver import Knowledge
from slapd import free_port

SECONDS = 30
STREAM = "ROSTER"


class Client:
    """A connection that asks and is answered."""

    clients = itertools.count()

    def __init__(self, port, **options):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.file = self.socket.makefile("rb")
        self.info = json.loads(self.file.readline().split(b" ", 1)[1])
        self.inbox = f"inbox.{os.getpid()}-{next(self.clients)}"
        self.socket.sendall(b"CONNECT " + json.dumps({"verbose": False, "pedantic": False, "headers": True, **options}).encode()
                            + f"\r\nSUB {self.inbox}.* 1\r\nPING\r\n".encode())
        while (line := self.file.readline()) != b"PONG\r\n":
            if not line or line.startswith(b"-ERR"):
                raise ConnectionError(line)
        self.asked = 0

    def close(self):
        self.file.close()
        self.socket.close()

    def request(self, subject, body=b""):
        self.asked += 1
        self.socket.sendall(f"PUB {subject} {self.inbox}.{self.asked} {len(body)}\r\n".encode() + body + b"\r\n")
        while True:
            line = self.file.readline()
            if line == b"PING\r\n":
                self.socket.sendall(b"PONG\r\n")
            elif line.startswith((b"MSG", b"HMSG")):
                words = line.split()
                text = self.file.read(int(words[-1]) + 2)[:-2]
                if words[1].decode() == f"{self.inbox}.{self.asked}":
                    return text
            elif not line:
                raise ConnectionError("the server is gone")

    def api(self, what, **asked):
        reply = json.loads(self.request(f"$JS.API.{what}", json.dumps(asked).encode()))
        if "error" in reply:
            raise LookupError(reply["error"])
        return reply


class Node:
    def __init__(self, folder, name, port, route=None, routes=(), settings=""):
        self.folder, self.name, self.port = folder, name, port
        lines = [f'server_name: {name}', f'listen: "127.0.0.1:{port}"', f'jetstream: {{ store_dir: "{folder / name}" }}', settings]
        if route:
            listed = ", ".join(f'"nats://127.0.0.1:{other}"' for other in routes)
            lines.append(f'cluster: {{ name: roster, listen: "127.0.0.1:{route}", routes: [ {listed} ] }}')
        self.config = folder / f"{name}.conf"
        self.config.write_text("\n".join(lines))
        self.process = None

    def start(self):
        self.log = open(self.folder / f"{self.name}.log", "a")
        self.process = subprocess.Popen(["nats-server", "-c", self.config], stdout=self.log, stderr=self.log)
        return self

    def wait(self):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError((self.folder / f"{self.name}.log").read_text())

    def kill(self, number=signal.SIGKILL):
        if self.process:
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait()
            self.log.close()
        self.process = None

    def send(self, number):
        os.kill(self.process.pid, number)


class Nats:
    """with Nats() as nats: nats.url; nats.state is what a consumer knows by roster-events(7)"""

    def __init__(self, nodes=1, settings="", scheme="nats", stream=True, options=None, **config):
        self.count, self.settings, self.scheme, self.with_stream, self.config = nodes, settings, scheme, stream, config
        self.options = options or {}

    def __enter__(self):
        self.place = tempfile.TemporaryDirectory(prefix="nats-")
        folder = pathlib.Path(self.place.name)
        routes = [free_port() for _ in range(self.count)] if self.count > 1 else [None]
        self.nodes = [Node(folder, f"n{number}", free_port(), route, routes, self.settings) for number, route in enumerate(routes)]
        try:
            for node in self.nodes:
                node.start()
            for node in self.nodes:
                node.wait()
            if self.with_stream:
                self.create()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()
        self.place.cleanup()

    @property
    def url(self):
        return " ".join(f"{self.scheme}://127.0.0.1:{node.port}" for node in self.nodes)

    def client(self):
        for node in self.nodes:
            try:
                return Client(node.port, **self.options)
            except OSError:
                continue
        raise AssertionError("no node answers")

    def api(self, what, **asked):
        """Asked again while the cluster agrees on who leads it."""
        deadline = time.monotonic() + SECONDS
        while True:
            client = self.client()
            client.socket.settimeout(3)
            try:
                return client.api(what, **asked)
            except (OSError, LookupError) as error:
                if time.monotonic() > deadline or (self.count == 1 and isinstance(error, LookupError)):
                    raise
                time.sleep(0.2)
            finally:
                client.close()

    def publish(self, subject, text):
        client = self.client()
        client.request(subject, text.encode())
        client.close()

    def create(self):
        self.api(f"STREAM.CREATE.{STREAM}", name=STREAM, subjects=["roster.>"], storage="file", num_replicas=self.count,
                 retention="limits", discard="old", **self.config)

    def messages(self):
        """(subject, id, body) of all that the stream holds, in order."""
        client, found = self.client(), []
        try:
            state = self.api(f"STREAM.INFO.{STREAM}")["state"]
            for number in range(state["first_seq"], state["last_seq"] + 1):
                message = client.api(f"STREAM.MSG.GET.{STREAM}", seq=number)["message"]
                headers = base64.b64decode(message.get("hdrs", "")).decode()
                fields = dict(line.split(": ", 1) for line in headers.split("\r\n")[1:] if line)
                found.append((message["subject"], fields.get("Nats-Msg-Id"), json.loads(base64.b64decode(message["data"]))))
        finally:
            client.close()
        return found

    @property
    def state(self):
        faults, seen = [], set()
        knowledge = Knowledge(faults.append)
        for _, name, message in self.messages():
            assert name not in seen, f"{name} is there twice"
            knowledge.take(message, False)
            seen.add(name)
        assert not faults, faults
        return knowledge.state()
