# SPDX-License-Identifier: Apache-2.0
"""Packages of Python that Debian does not have, fetched once: what an app would use that takes messages from a stream."""

import fcntl
import hashlib
import os
import pathlib
import subprocess
import tempfile

from keycloak import CACHE

WANTED = pathlib.Path(__file__).resolve().parent / "python/requirements.txt"


def packages():
    """The folder of those that requirements.txt names, for PYTHONPATH."""
    folder = CACHE / f"python-{hashlib.sha256(WANTED.read_bytes()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "python.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as made:
                subprocess.run(["/usr/bin/python3", "-m", "pip", "install", "--quiet", "--root-user-action=ignore", "--no-deps", "--require-hashes", "--target", f"{made}/it",
                                "-r", WANTED], check=True, timeout=600)
                os.rename(f"{made}/it", folder)
    return folder
