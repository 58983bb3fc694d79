# SPDX-License-Identifier: Apache-2.0
"""What every tier shares: one PostgreSQL for the session, and a private database with roster in it for each test."""

import itertools
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

from postgres import Cluster
from roster import BUILD, Roster, make_template

RESULTS = pathlib.Path(os.environ.get("ROSTER_RESULTS", BUILD.parent / "results"))
numbers = itertools.count(1)
# Threads that are made to take turns may lose a wake-up (bug 25847 of glibc), and then one of them sleeps for ever. Ours wait
# for servers most of the time and take turns by themselves, so they are rarely made to.
sys.setswitchinterval(0.05)
# More than half a minute each. Of one that begins last the other workers would wait for the end.
LONG = ("test_requests", "test_revert", "test_notices", "test_demo", "test_cluster", "test_agreement", "test_many_entries",
        "test_active_directory", "test_deliver", "test_sync_ldap", "test_long_life")


@pytest.fixture(scope="session")
def cluster(request):
    """A PostgreSQL server; its log is kept when a test failed."""
    with Cluster() as server:
        yield server
        if request.session.testsfailed:
            RESULTS.mkdir(parents=True, exist_ok=True)
            shutil.copy(server.log, RESULTS / "postgres.log")


@pytest.fixture(scope="session")
def template(cluster, tmp_path_factory):
    """The name of a database that `rosterctl database init` made: copy it."""
    return make_template(cluster, tmp_path_factory.mktemp("template"))


@pytest.fixture
def database(cluster, template):
    """The name of a private database with roster's schema."""
    name = f"roster_{next(numbers)}"
    cluster.create_database(name, template)
    yield name
    cluster.drop_database(name)


@pytest.fixture
def roster(cluster, database):
    """A roster of one's own, still without a configuration, in a folder whose path always has the same length: it is
    printed in tables."""
    logged = cluster.log.stat().st_size
    folder = tempfile.mkdtemp(prefix="roster-", dir="/tmp")
    installation = Roster(cluster, database, folder)
    yield installation
    installation.close()
    shutil.rmtree(folder, ignore_errors=True)
    with open(cluster.log, encoding="utf-8", errors="replace") as log:
        log.seek(logged)
        print(log.read(), end="")


def pytest_collection_modifyitems(items):
    """Files that take long begin first; otherwise the order stays."""
    items.sort(key=lambda item: item.path.stem not in LONG)
