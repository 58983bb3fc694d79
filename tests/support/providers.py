# SPDX-License-Identifier: Apache-2.0
"""Two OpenLDAP servers that take changes and tell each other (mirror mode); what the second one hears can be held up."""

import contextlib
import select
import shutil
import socket
import threading

from slapd import ADMIN, PASSWORD, SUFFIX, Slapd


class Gate:
    """A TCP proxy: while it is shut nothing passes."""

    def __init__(self, port):
        self.port, self.open = port, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ldap://127.0.0.1:{self.listener.getsockname()[1]}"
        self.pairs, self.wake = {}, socket.socketpair()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while self.listener.fileno() >= 0:
            watched = [self.wake[0], self.listener, *self.pairs] if self.open else [self.wake[0]]
            for ready in select.select(watched, [], [])[0]:
                if ready is self.wake[0]:
                    if ready.recv(1) == b"x":
                        return
                elif not self.open:
                    break  # shut since select looked
                elif ready is self.listener:
                    self._accept()
                elif ready in self.pairs:
                    self._pass_on(ready)

    def _accept(self):
        one = self.listener.accept()[0]
        try:
            other = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            one.close()
            return
        self.pairs[one], self.pairs[other] = other, one

    def _pass_on(self, one):
        other = self.pairs[one]
        try:
            data = one.recv(65536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (one, other):
                self.pairs.pop(end, None)
                end.close()

    def set(self, open_):
        self.open = open_
        self.wake[1].send(b"!")

    def close(self):
        self.wake[1].send(b"x")
        self.thread.join()
        for end in (self.listener, *self.pairs, *self.wake):
            end.close()


class Pair:
    """first and second, with serverIDs 1 and 2."""

    def __init__(self, ldif, database, sync):
        self.first, self.second = (Slapd(ldif, database=database, sync=sync) for _ in range(2))
        self.gate = Gate(self.first.port)
        self._connect(self.first, 1, self.second.url)
        self._connect(self.second, 2, self.gate.url)

    @staticmethod
    def _connect(server, number, provider):
        path = server.directory / "slapd.conf"
        lines = (f'syncrepl rid=00{number} provider={provider} type=refreshAndPersist retry="1 +" searchbase="{SUFFIX}" '
                 f'bindmethod=simple binddn="{ADMIN}" credentials={PASSWORD}', "multiprovider on", "overlay syncprov")
        text = path.read_text().replace("database mdb", f"serverID {number}\ndatabase mdb")
        path.write_text(text.replace("overlay syncprov", "\n".join(lines)))

    def __enter__(self):
        self.first.load("-w", "-S", "1")
        take_database(self.first, self.second)
        for server in (self.first, self.second):
            server.start()
        return self

    def __exit__(self, *_):
        for server in (self.first, self.second):
            server.kill()
            shutil.rmtree(server.directory)
        self.gate.close()

    @contextlib.contextmanager
    def second_lags(self):
        self.gate.set(False)
        try:
            yield
        finally:
            self.gate.set(True)

    def numbers(self):
        """contextCSN of both."""
        return [set(server.admin().search_s(SUFFIX, 0, attrlist=["contextCSN"])[0][1]["contextCSN"])
                for server in (self.first, self.second)]


def take_database(of, into):
    """Neither runs."""
    for server in (of, into):
        server.own()
    shutil.rmtree(into.directory / "db")
    shutil.copytree(of.directory / "db", into.directory / "db")
    into.own()
