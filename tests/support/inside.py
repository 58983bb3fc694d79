# SPDX-License-Identifier: Apache-2.0
"""A program in a network of its own, where every port is free, and a way to its ports from outside.

Active Directory is bound to its well-known ports. with Inside([program, ...]) as inside: inside.port(636) is a port on
127.0.0.1 that leads to port 636 on the inside's 127.0.0.1. It needs to be root, as a Samba domain controller does."""

import os
import socket
import subprocess
import sys
import threading
import time

SECONDS = 10


def free_socket():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    return listening


class Inside:
    def __init__(self, command, log):
        script = 'ip link set lo up && exec "$@"'
        self.process = subprocess.Popen(["unshare", "--net", "sh", "-c", script, "sh", *map(str, command)],
                                        stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.forwarders = []
        self.await_network()

    def await_network(self):
        """Until then it is in ours, and so would be whoever follows it."""
        for _ in range(SECONDS * 100):
            if os.readlink(f"/proc/{self.process.pid}/ns/net") != os.readlink("/proc/self/ns/net"):
                return
            time.sleep(0.01)
        raise RuntimeError("there is no network of its own")

    def port(self, inner):
        """The listening socket is made outside, the connections inside: a process that enters the network has both."""
        with free_socket() as listening:
            number = listening.getsockname()[1]
            self.forwarders.append(subprocess.Popen(
                ["nsenter", "--net", "--target", str(self.process.pid), sys.executable, __file__,
                 str(listening.fileno()), str(inner)], pass_fds=[listening.fileno()]))
        return number

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        for process in [*self.forwarders, self.process]:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.forwarders = []


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            end.shutdown(how)
        except OSError:
            pass


def serve(listening, inner):
    while True:
        outside, _ = listening.accept()
        threading.Thread(target=join, args=(outside, inner), daemon=True).start()


def join(outside, inner):
    """What is inside may just be starting."""
    for _ in range(SECONDS * 20):
        try:
            inside = socket.create_connection(("127.0.0.1", inner), timeout=SECONDS)
            break
        except OSError:
            time.sleep(0.05)
    else:
        outside.close()
        return
    inside.settimeout(None)
    for end in (outside, inside):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for pair in ((outside, inside), (inside, outside)):
        threading.Thread(target=pump, args=pair, daemon=True).start()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
    os._exit(0)
