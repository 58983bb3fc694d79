# SPDX-License-Identifier: Apache-2.0
"""Figure 21: what may somebody do, and who may, asked of the model of medium.sql about ordinary people and apps, and about the
administrator, who is in everything."""

import random
import statistics
import time

from roster import ADMINISTRATOR

PAIRS = 20
PERMISSION = "project.view"
# What is asked, and of what; and the figure it belongs to.
QUESTIONS = {
    "effective_access": ("21", "effective_access(%s, %s)", ("login", "resource")),
    "effective_access, administrator": ("21", "effective_access(%s, %s)", ("boss", "resource")),
    "access of a person": ("21", "access_of(%s)", ("login",)),
    "who_can": ("21", "who_can(%s, %s)", ("permission", "resource")),
    "members of an app": ("21", "app_members(%s)", ("app",)),
    "effective_access then": ("21 then", "effective_access(%s, %s, head())", ("login", "resource")),
    "who_can then": ("21 then", "who_can(%s, %s, head())", ("permission", "resource")),
}


def pairs(roster):
    """Apps, each with somebody who may see it."""
    apps = [row["name"] for row in roster.sql("select name from apps where not archived order by id")]
    random.Random(1).shuffle(apps)
    for app in apps[:PAIRS]:
        login = roster.value("""select u.login from grants g join users u on u.id = g.user_id and u.active
            join apps a on a.owner_group = g.anchor where a.name = %s order by u.login limit 1""", app)
        yield {"app": app, "resource": f"app:{app}", "login": login, "boss": ADMINISTRATOR, "permission": PERMISSION}


def measure(results, model, repeat):
    """The slowest question counts, by the median of what it took."""
    taken = {}
    for asked in pairs(model.roster):
        for name, (_, question, about) in QUESTIONS.items():
            words = [asked[word] for word in about]
            start = time.perf_counter()
            for _ in range(repeat):
                model.roster.value(f"select count(*) from {question}", *words)
            taken.setdefault(name, []).append((time.perf_counter() - start) * 1000 / repeat)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for number in sorted({number for number, *_ in QUESTIONS.values()}):
        mine = {name: medians[name] for name, (of, *_) in QUESTIONS.items() if of == number}
        results.value(number, [max(mine.values())], **{name: round(value, 2) for name, value in mine.items()})
