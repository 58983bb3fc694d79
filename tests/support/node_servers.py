# SPDX-License-Identifier: Apache-2.0
"""Servers in JavaScript, from packages of npm that are fetched once: an OpenID provider and SCIM servers."""

import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from keycloak import CACHE

HERE = pathlib.Path(__file__).resolve().parent / "node"


def modules():
    """The folder of the packages that package.json names."""
    wanted = HERE / "package.json"
    folder = CACHE / f"node-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "node.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as made:
                shutil.copy(wanted, made)
                subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock",
                                "--loglevel=error"], cwd=made, check=True, timeout=600, stdout=subprocess.DEVNULL)
                shutil.copytree(made, folder)
    return folder


class NodeServer:
    """with NodeServer("oidc.js", people=5) as server: server.url"""

    def __init__(self, script, scheme="http", **options):
        self.script, self.scheme, self.options = script, scheme, options

    def __enter__(self):
        # What it imports is looked for beside it.
        script = modules() / self.script
        if not script.exists() or script.read_bytes() != (HERE / self.script).read_bytes():
            shutil.copy(HERE / self.script, f"{script}.{os.getpid()}")
            os.rename(f"{script}.{os.getpid()}", script)
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(["node", script, json.dumps(self.options)], stdout=subprocess.PIPE, stderr=self.errors,
                                        text=True)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise AssertionError(f"{self.script} does not start: {self.errors.read()}")
        self.url = f"{self.scheme}://127.0.0.1:{json.loads(line)['port']}"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
