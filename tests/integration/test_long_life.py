# SPDX-License-Identifier: Apache-2.0
"""A life of edits and mishaps in directories of three makes, with rosterd live: at each quiet point roster is what an
administrator reads there, and nobody lost in between what every reading gives him.

ROSTER_EDITS: how many edits; ROSTER_SEED: of which life.
"""

import os
import random
import signal

import ldap
import pytest

from life import Life
from life_site import LIMITS, NO_LIMITS, Site
from living import OnDS389, OnSamba, OnSlapd

FEW = 40
EDITS = int(os.environ.get("ROSTER_EDITS", FEW))
SEED = int(os.environ.get("ROSTER_SEED", "1"))
TOGETHER = 6
# What takes nothing away, for times in which roster does not see everything.
GIVING = ["hire", "join", "new mail", "nest", "return"]
MISHAPS = ["kill", "down", "freeze", "hide", "limit", "term", "rosterd killed", "password", "nothing", "nothing"]
# What a server admits to: that it is not to be had, or has not told everything.
ADMITTED = ["limit", "nothing", "down", "limit"]


class Mishap:
    """Things that befall a server or rosterd around some edits."""

    def __init__(self, site, chance):
        self.site, self.server, self.life, self.chance = site, site.server, site.life, chance

    def edits(self, kinds=None, most=TOGETHER):
        for _ in range(self.chance.randrange(1, most + 1)):
            self.life.edit(kinds)

    def happen(self, kind):
        self.site.past.append(f"-- {kind}")
        getattr(self, kind.replace(" ", "_"))()

    def nothing(self):
        self.edits()

    def kill(self):
        """Right after an edit."""
        self.edits()
        self.server.kill()
        self.server.start()

    def down(self):
        """And roster asks meanwhile."""
        self.edits()
        self.server.kill()
        assert self.site.ask().code != 0
        self.site.assert_nobody_lost_anything()
        self.server.start()

    def freeze(self):
        self.edits()
        self.server.signal(signal.SIGSTOP)
        signal.sigtimedwait([], 0.5)
        self.server.signal(signal.SIGCONT)

    def hide(self):
        """Somebody took rights from the account that reads; later they are given back, which no server says. Whoever approves
        after the next run takes nothing from anybody."""
        mood = self.chance.choice(self.server.moods)
        self.site.past.append(f"   {mood}")
        self.server.hide(mood, True)
        self.edits(GIVING, 3)
        for words in self.chance.sample([[], ["--full"], ["--full"]], 2):
            self.site.ask(*words)
            self.site.assert_nobody_lost_anything()
        self.edits(GIVING, 3)
        self.server.hide(mood, False)

    def limit(self):
        if not self.server.limits:
            return self.edits()
        name = self.chance.choice(self.server.limits)
        self.site.past.append(f"   {name}")
        self.server.limit(name, True)
        if self.chance.random() < 0.5:
            self.restart(signal.SIGTERM)
        self.edits(most=3)
        for words in ([], ["--full"]):
            self.site.ask(*words)
            self.site.assert_nobody_lost_anything()
        self.edits(most=3)
        self.server.limit(name, False)
        if self.chance.random() < 0.5:
            self.restart(signal.SIGTERM)

    def restart(self, number):
        self.site.stop(number)
        self.edits()
        self.site.start()

    def term(self):
        self.edits()
        self.restart(signal.SIGTERM)

    def rosterd_killed(self):
        self.edits()
        self.restart(signal.SIGKILL)

    def password(self):
        self.site.write_password("wrong")
        self.restart(signal.SIGTERM)
        assert self.site.ask().code != 0
        self.site.assert_nobody_lost_anything()
        self.edits()
        self.site.write_password(self.site.secret)


@pytest.fixture(params=["slapd", "389", "samba", "samba-usn"])
def server(request):
    make = {"slapd": OnSlapd, "389": OnDS389, "samba": OnSamba, "samba-usn": lambda: OnSamba("usn")}[request.param]()
    try:
        yield make.__enter__()
    finally:
        make.__exit__(None, None, None)


@pytest.fixture
def site(server, roster, request):
    life = Life(server, random.Random(SEED))
    life.name = f"{request.node.name}, ROSTER_SEED={SEED} ROSTER_EDITS={EDITS}"
    life.found()
    site = Site(server, life, roster, getattr(request, "param", LIMITS))
    site.start()
    try:
        yield site
    finally:
        site.stop()


def count(server):
    """Samba takes its time."""
    if not isinstance(server, OnSamba):
        return EDITS
    return EDITS // 4 if EDITS == FEW or "usn" in server.more else EDITS


def test_a_long_life(site):
    chance, done, mishaps, rounds = random.Random(SEED + 1000), 0, [], 0
    mishap = Mishap(site, chance)
    site.settle()
    while done < count(site.server):
        if not mishaps:
            mishaps = chance.sample(MISHAPS, len(MISHAPS))
        mishap.happen(mishaps.pop())
        done += len(site.life.told)
        site.settle()
        rounds += 1
        if rounds % 5 == 0:
            site.prove()
    site.prove()


@pytest.mark.parametrize("site", [NO_LIMITS], indirect=True, ids=["no limits"])
@pytest.mark.parametrize("server", ["slapd", "389"], indirect=True)
def test_a_short_life_without_limits(site):
    """Nothing holds what a read that was cut would take away: nobody may conclude it in the first place."""
    mishap = Mishap(site, random.Random(SEED + 2000))
    site.settle()
    for kind in ADMITTED:
        mishap.happen(kind)
        site.settle()
    site.prove()
