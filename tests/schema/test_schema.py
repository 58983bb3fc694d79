# SPDX-License-Identifier: Apache-2.0
"""Runs each pgTAP file of this folder. A file that loses an assertion on the way fails like one that has a wrong one."""

import pathlib
import re

import pytest

HERE = pathlib.Path(__file__).parent
FILES = sorted(HERE.glob("[0-9]*.sql"))


def failures(output):
    """The assertions that did not hold, each with its diagnostics."""
    return re.findall(r"^not ok .*(?:\n#.*)*", output, re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_file(file, database, psql, record_property):
    output = psql(database, "-f", file)
    planned = re.search(r"^1\.\.(\d+)$", output, re.MULTILINE)
    ran = len(re.findall(r"^(?:not )?ok \d+", output, re.MULTILINE))
    record_property("assertions", ran)
    print(f"{file.name}: {ran} assertions")
    assert not failures(output), "\n".join(failures(output))
    assert planned and int(planned[1]) == ran > 0, output
    assert not re.search(r"ok .*# (TODO|SKIP)", output, re.IGNORECASE), "a test is never skipped"


def test_every_file_is_rolled_back():
    kept = [file.name for file in FILES if not file.read_text().endswith("select * from finish();\nrollback;\n")]
    assert not kept, f"these do not end with finish() and rollback: {kept}"
