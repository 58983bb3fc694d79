# SPDX-License-Identifier: Apache-2.0
"""One run of run_sync: its messages as dictionaries, as they come."""

import json
import os
import queue
import subprocess
import threading
import time

from conftest import BUILD


class SyncRun:
    """with SyncRun(url=..., base=...) as run: the keywords are settings of run_sync, but for environment."""

    def __init__(self, environment=None, **settings):
        words = []
        for key, value in settings.items():
            for one in value if isinstance(value, (list, tuple)) else [value]:
                if one is not None:
                    words.append(f"{key}={str(one).lower() if isinstance(one, bool) else one}")
        self.process = subprocess.Popen([BUILD / "tests/integration/ldap/run_sync", *words], text=True,
                                        env={**os.environ, **(environment or {})},
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put((time.monotonic(), json.loads(line)))
        self._lines.put((time.monotonic(), None))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        for stream in (self.process.stdin, self.process.stderr):
            stream.close()

    def next(self, seconds=20):
        """(when it came, the message); None as the message is the end."""
        return self._lines.get(timeout=seconds)

    def until(self, kind):
        """All messages up to the first of this kind, which is the last of the list."""
        messages = []
        while not messages or messages[-1]["kind"] != kind:
            _, message = self.next()
            assert message is not None, f"ended before {kind}: {messages}"
            messages.append(message)
        return messages

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def rest(self):
        """All messages to the end of the program, which must not have been stopped by a sanitizer."""
        messages = []
        while (message := self.next()[1]) is not None:
            messages.append(message)
        log = self.process.stderr.read()
        assert self.process.wait(timeout=20) in (0, 1), log
        assert log == ""
        return messages


class Refresh:
    """What a refresh said and what follows from it."""

    def __init__(self, messages):
        self.messages = messages
        self.entries = {message["dn"]: message for message in messages if message["kind"] == "entry"}
        self.sets = [message for message in messages if message["kind"] == "ids"]
        self.end = next((message for message in messages if message["kind"] in ("done", "phase")), None)
        verdicts = [message for message in messages if message["kind"] == "refresh"]
        self.verdict = verdicts[0] if verdicts else None
        self.error = next((message for message in messages if message["kind"] == "error"), None)

    def named(self, state):
        return {uuid for uuid, word in self.verdict["named"].items() if word == state}

    def cookie(self):
        assert self.verdict["cookie_act"] == "new", self.verdict
        return self.verdict["new_cookie"]


def refresh(**settings):
    """One refreshOnly from its request to its end."""
    with SyncRun(**settings) as run:
        return Refresh(run.rest())
