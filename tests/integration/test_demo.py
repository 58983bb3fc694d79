# SPDX-License-Identifier: Apache-2.0
"""./dev demo works on this machine, and leaves nothing behind."""

import os
import pathlib
import re
import subprocess

from roster import BUILD, ROOT, SCHEMA

DEMO = ROOT / "tests/demo/demo"


def test_the_demo_runs_to_its_end_and_leaves_nothing():
    environment = {**os.environ, "ROSTER_BUILD": str(BUILD), "ROSTER_SCHEMA_DIR": str(SCHEMA)}
    process = subprocess.run([DEMO], env=environment, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stdout + process.stderr
    folders = set(re.findall(r"/tmp/roster-demo-\w+", process.stdout))
    assert len(folders) == 1 and not pathlib.Path(folders.pop()).exists()
    assert process.stdout.endswith("Nothing is left of it.\n")
