# SPDX-License-Identifier: Apache-2.0
"""Another port on 127.0.0.1 that leads to a server, and can be shut."""

import socket
import threading

import inside


class Way:
    """way.port leads to port `to`. Those who come after the first `free` ones wait until open(); close() lets nobody in."""

    def __init__(self, to, free=None):
        self.listening, self.to, self.free, self.came = inside.free_socket(), to, free, 0
        self.port = self.listening.getsockname()[1]
        self.gate = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one = self.listening.accept()[0]
            except OSError:
                return
            self.came += 1
            threading.Thread(target=self.lead, args=(one, self.free is None or self.came <= self.free), daemon=True).start()

    def lead(self, one, is_free):
        if not is_free:
            self.gate.wait()
        other = socket.create_connection(("127.0.0.1", self.to))
        for pair in ((one, other), (other, one)):
            threading.Thread(target=inside.pump, args=pair, daemon=True).start()

    def open(self):
        self.gate.set()

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
