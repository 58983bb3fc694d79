# SPDX-License-Identifier: Apache-2.0
"""Figures of the model itself: checks, differences, snapshots; on tests/bench/medium.sql, whatever the size of the company."""

import contextlib
import os
import statistics
import subprocess
import time

import answers
from ground import PROGRAMS, Failed
from postgres import SUPERUSER, program
from receiver import SECRET
from roster import ADMINISTRATOR

MODEL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "medium.sql")
CLIENTS = 2
SPENT = {"tiny": 200, "small": 10000, "medium": 10000, "large": 10000}  # checks of each client and repetition
# What a snapshot is of: a hundred apps, or all; and the seconds after which it is not taken once more.
FOLLOWED = {"tiny": "app:app1*", "small": "app:app77*", "medium": "app:*", "large": "app:*"}
LONG = 120
CHAIN = 1000
TARGETS = """
version: 1
database: {{ conninfo: "${{env:ROSTER_DATABASE}}" }}
targets: {{ {name}: {{ type: "webhook"; url: "http://127.0.0.1:{port}/"; sign: "file:{key}"; resources: [ "{pattern}" ] }} }}
"""

# Both by arithmetic, so that the client has nothing to look up. Any pair: mostly "no". Allowed: app k belongs to a group,
# and the first members of each group are known (medium.sql).
ANY = """\
\\set u random(0, {people} - 1)
\\set p random(1, {permissions})
\\set a random({first}, {last})
select roster.can(md5('person ' || :u)::uuid, :p::smallint, :a::integer);
"""
ALLOWED = """\
\\set k random(1, {apps})
\\set u mod((1 + mod(:k * 7, {groups})) * 7919 + random(0, 8) * 61, {people})
select roster.can(md5('person ' || :u)::uuid, {view}::smallint, {first} - 1 + :k::integer);
"""


class Model:
    """A database with that model, and the numbers it is made of."""

    def __init__(self, ground, size):
        self.ground, self.size = ground, size
        self.roster = ground.installation("model")
        scale = ["-v", "small=1"] if size == "tiny" else []
        done = subprocess.run([program("psql"), "-Xq", "-d", ground.cluster.conninfo("model"), *scale, "-f", MODEL],
                              env={**os.environ, "PGUSER": SUPERUSER}, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{MODEL}: {done.stderr}")
        (self.facts,) = self.roster.sql("""select min(a.id) as first, max(a.id) as last, count(*) as apps,
            (select count(*) from groups) as groups, (select count(*) from users u where u.login like 'person%%') as people,
            (select max(p.id) from permissions p) as permissions, permission_named('project.view') as view from apps a""")


# --- checks ---------------------------------------------------------------------------------------------------------------


class Checks:
    """pgbench in a database, with the latency of each statement."""

    def __init__(self, ground, database, size):
        self.ground, self.size = ground, size
        self.folder = ground.folder / "checks"
        self.folder.mkdir(exist_ok=True)
        self.environment = {**os.environ, "PGUSER": SUPERUSER, "PGHOST": str(ground.cluster.directory), "PGDATABASE": database}

    def script(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def latencies(self, *scripts, clients=CLIENTS):
        """Microseconds, in order."""
        for old in self.folder.glob("log.*"):
            old.unlink()
        words = [word for script in scripts for word in ("-f", script)]
        done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-t", str(SPENT[self.size]),
                               "--log", "--log-prefix=log", *words],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"pgbench: {done.stderr}")
        # The first ones make the plans.
        lines = [line for log in self.folder.glob("log.*") for line in log.read_text().splitlines()[100:]]
        # Whole microseconds: what took less took at most one.
        return sorted(max(int(line.split()[2]), 1) for line in lines)


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measure_checks(results, model, repeat):
    checks = Checks(model.ground, "model", model.size)
    null = checks.script("null.sql", "select 1;\n")
    some, allowed = (checks.script(name, text.format(**model.facts)) for name, text in (("any.sql", ANY), ("allowed.sql", ALLOWED)))
    prove_allowed(model)
    taken = {"p50": ([], []), "p99": ([], [])}
    for _ in range(repeat):
        floor, ours = checks.latencies(null), checks.latencies(some, allowed)
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            taken[name][0].append(percentile(ours, share))
            taken[name][1].append(percentile(floor, share))
    results.ratio("10", *taken["p50"])
    results.ratio("10 p99", *taken["p99"])


def prove_allowed(model):
    """The arithmetic of ALLOWED is right: a "no" is sooner found."""
    facts = model.facts
    no = model.roster.value(f"""select count(*) from generate_series(1, {facts['apps']}, 37) k, generate_series(0, 8) j
        where not can(md5('person ' || ((1 + k * 7 % {facts['groups']}) * 7919 + j * 61) % {facts['people']})::uuid,
            {facts['view']}::smallint, ({facts['first']} - 1 + k)::integer)""")
    if no != 0:
        raise Failed(f"{no} pairs that should be allowed are not")


def measure_chain(results, ground, options):
    """Each group in the one before; who is in the first may do something with an app of the last."""
    length = 10 if options.size == "tiny" else CHAIN
    roster = ground.installation("chain")
    roster.sql("insert into users (id, login) values (md5('one')::uuid, 'one')")
    roster.brought(f"""with numbered as (
            select n, case n when 0 then root_group() else new_resource('group') end as id from generate_series(0, {length}) n)
        insert into groups (id, parent_id, name)
        select a.id, b.id, 'link' || a.n from numbered a join numbered b on b.n = a.n - 1""")
    roster.sql("""insert into grants (user_id, anchor, role) select md5('one')::uuid, id, role_named('project', 'Developer')
        from groups where name = 'link1'""")
    app = roster.brought(f"""insert into apps (name, owner, owner_group)
        select 'last', u.id, g.id from groups g, users u where g.name = 'link{length}' and u.login = '{ADMINISTRATOR}' returning id""")[0]["id"]
    ground.settle("chain")
    view = roster.value("select permission_named('project.view')")
    ask = f"select roster.can(md5('one')::uuid, {view}::smallint, {app}::integer)"
    if not roster.value(ask):
        raise Failed("the chain of groups does not reach its app")
    checks = Checks(ground, "chain", options.size)
    script = checks.script("chain.sql", ask + ";\n")
    results.value("11", [percentile(checks.latencies(script, clients=1), 0.5) / 1000 for _ in range(options.repeat)])


# --- differences ----------------------------------------------------------------------------------------------------------


def differ(results, model, number, change, repeat):
    """How long the difference takes that this statement makes."""
    roster = model.roster
    roster.brought(change)
    head = roster.value("select head()")
    samples, rows = [], None
    for _ in range(repeat + 1):
        start = time.perf_counter()
        rows = roster.value("select count(d) from difference(%s, %s) d", head - 1, head)
        samples.append((time.perf_counter() - start) * 1000)
    if rows == 0:
        raise Failed(f"nothing differs after: {change}")
    results.value(number, samples[1:], pairs=rows)


def measure_differences(results, model, repeat):
    """A newcomer joins a group at the bottom, one joins at the root, and a large subtree moves to another branch."""
    join = """insert into grants (user_id, anchor, role) select u.id, {anchor}, role_named('project', 'Developer')
        from users u where u.login = '{login}'"""
    newcomers = [f"newcomer {n}" for n in range(2)]
    model.roster.sql("insert into users (login) select unnest(%s::text[])", newcomers)
    leaf = model.roster.value("""select a.owner_group from apps a
        where not exists (select from groups g where g.parent_id = a.owner_group) order by a.id limit 1""")
    subtree, elsewhere = moved(model)
    differ(results, model, "13", join.format(anchor=leaf, login=newcomers[0]), repeat)
    differ(results, model, "13 root", join.format(anchor="root_group()", login=newcomers[1]), repeat)
    differ(results, model, "13 move", f"update groups set parent_id = {elsewhere} where id = {subtree}", repeat)


def moved(model):
    """The subtree on the third level with about a fourteenth of all groups, at medium size access of some 80,000 pairs, and a
    group of the second level it is not in."""
    (row,) = model.roster.sql("""with sizes as (
            select c.ancestor, count(*) as below from group_closure c group by 1)
        select g.id, g.parent_id from groups g join sizes s on s.ancestor = g.id
        where (select count(*) from group_closure u where u.descendant = g.id) = 3
        order by abs(s.below - (select count(*) from groups) / 14), g.id limit 1""")
    elsewhere = model.roster.value("""select g.id from groups g where g.id <> %s
        and (select count(*) from group_closure u where u.descendant = g.id) = 2 order by g.id limit 1""", row["parent_id"])
    return row["id"], elsewhere


# --- snapshots ------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def sink():
    """The port of a receiver that answers at once."""
    with subprocess.Popen([PROGRAMS / "sink"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def measure_snapshots(results, model, repeat):
    """A new target each time, told all it follows by one process."""
    roster = model.roster
    key = roster.directory / "key"
    key.write_text(SECRET + "\n")
    key.chmod(0o600)
    pattern = FOLLOWED[model.size]
    pairs = roster.value("""select count(*) from (select distinct x.resource, x.user_id
        from access x join apps a on a.id = x.resource join roles r on r.id = x.role and r.kind <> 'platform'
        where a.name like %s) told""", pattern.removeprefix("app:").replace("*", "%"))
    rates, memory = [], []
    start = time.monotonic()
    with sink() as port:
        for number in range(repeat):
            roster.configure(TARGETS.format(name=f"target{number}", port=port, key=key, pattern=pattern))
            model.ground.settle()
            taken = model.ground.rosterctl(roster, "deliver", "--local")
            (told,) = roster.sql("select t.cursor, head() as head from targets t where t.name = %s", f"target{number}")
            if told["cursor"] != told["head"]:
                raise Failed(f"the snapshot was not told: {told}")
            rates.append(pairs / taken.seconds)
            memory.append(taken.mib)
            if time.monotonic() - start > LONG:
                break
    results.value("14", rates, pairs=pairs, mib=statistics.median(memory))


def measure(ground, results, options, say):
    """Figures 10, 11, 13, 14 and 21, as far as they are asked for."""
    wanted = options.only
    if 11 in wanted:
        say("a chain of groups")
        measure_chain(results, ground, options)
    if not wanted & {10, 13, 14, 21}:
        return
    say("the model of medium.sql")
    model = Model(ground, options.size)
    for number, say_what, part in ((10, "checks", measure_checks), (21, "answers", answers.measure), (13, "differences", measure_differences),
                                   (14, "snapshots", measure_snapshots)):
        if number in wanted:
            say(say_what)
            part(results, model, options.repeat)
