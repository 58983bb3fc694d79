#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Draw the tables of the schema as SVG, from the catalog of a database that has it: picture.py writes doc/schema.svg.

A box is a table; boxes stand below the file of schema/ that makes them, in its order. A line goes from a column to the table
it refers to, whether by a foreign key or by refer(). Only what the catalog says decides, so the same schema gives the same
bytes.
"""

import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field
from html import escape

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = HERE.parents[1] / "schema"
PICTURE = HERE.parents[1] / "doc" / "schema.svg"

ROW, WIDTH, GUTTER, MARGIN, STACKS = 15, 250, 90, 20, 6
STYLE = """text { font: 11px sans-serif; fill: #222 } .file { font-weight: bold; font-size: 13px } .name { font-weight: bold }
.type { fill: #777; font-size: 9px } .key { text-decoration: underline } .box { fill: #fff; stroke: #888 } .head { fill: #e4e4e4 }
.fact .head { fill: #cfe3f7 } .staging .box { stroke-dasharray: 3 2 } .line { fill: none; stroke: #36c; stroke-opacity: .45 }"""

COLUMNS = """
    select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), c.relpersistence = 'u',
        exists (select from roster.fact_tables f where f.name = c.oid),
        exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey))
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'roster'::regnamespace and c.relkind = 'r' and not exists (
        select from roster.fact_tables f where c.relname = (select relname from pg_class where oid = f.name) || '_history')
    order by c.relname, a.attnum"""
# refer() says in the arguments of its trigger on the referred table who points at it; keep_granted() knows of grants itself.
REFERENCES = """
    select c.relname, a.attname, r.relname from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class r on r.oid = k.confrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
    where k.contype = 'f' and c.relnamespace = 'roster'::regnamespace
    union
    select regexp_replace(split_part(encode(t.tgargs, 'escape'), '\\000', 2), '^.*\\.', ''), split_part(encode(t.tgargs, 'escape'), '\\000', 1), r.relname
    from pg_trigger t join pg_class r on r.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where p.proname = 'keep_referred' and r.relnamespace = 'roster'::regnamespace
    union
    select 'grants', case r.relname when 'users' then 'user_id' when 'resources' then 'anchor' else rtrim(r.relname, 's') end, r.relname
    from pg_trigger t join pg_class r on r.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where p.proname = 'keep_granted' and r.relnamespace = 'roster'::regnamespace
    order by 1, 2, 3"""


@dataclass
class Table:
    name: str
    staging: bool
    fact: bool
    columns: list = field(default_factory=list)
    x: int = 0
    y: int = 0

    @property
    def height(self):
        return ROW * (len(self.columns) + 1) + 6

    def row(self, column):
        """The middle of the row of a column."""
        return self.y + ROW * ([name for name, _, _ in self.columns].index(column) + 1) + ROW // 2 + 4


def read(session):
    session.execute("set search_path = roster, pg_temp")  # how types are named depends on it
    tables = {}
    for name, column, kind, staging, fact, key in session.execute(COLUMNS):
        tables.setdefault(name, Table(name, staging, fact)).columns.append((column, kind, key))
    return tables, session.execute(REFERENCES).fetchall()


def files():
    """Which tables each file of the schema makes: [(file, [table])]."""
    found = [(file.name, re.findall(r"^create (?:unlogged )?table (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))
             for file in sorted(SCHEMA.glob("[0-9]*.sql"))]
    return [(file, names) for file, names in found if names]


def place(tables, made):
    """Files one below the other, in stacks of about one height. Gives titles (text, x, y), and the size of it all."""
    whole = sum(2 * ROW + sum(tables[name].height + ROW for name in names) for _, names in made)
    titles, stack, y, lowest = [], 0, MARGIN, 0
    for file, names in made:
        for place_in_file, name in enumerate(names):
            table = tables[name]
            if y > MARGIN and y + table.height / 2 > whole / STACKS + MARGIN and stack < STACKS - 1:
                stack, y = stack + 1, MARGIN
            x = MARGIN + stack * (WIDTH + GUTTER)
            if place_in_file == 0 or y == MARGIN:
                titles.append((file, x, y + ROW))
                y += 2 * ROW - 4
            table.x, table.y = x, y
            y += table.height + ROW
            lowest = max(lowest, y)
    return titles, MARGIN * 2 + STACKS * (WIDTH + GUTTER) - GUTTER, lowest + MARGIN


def box(table):
    kind = " ".join(["table", *["fact"] * table.fact, *["staging"] * table.staging])
    yield f'<g class="{kind}" id="{table.name}"><rect class="box" x="{table.x}" y="{table.y}" width="{WIDTH}" height="{table.height}"/>'
    yield f'<rect class="head" x="{table.x + 1}" y="{table.y + 1}" width="{WIDTH - 2}" height="{ROW + 2}"/>'
    yield f'<text class="name" x="{table.x + 6}" y="{table.y + 13}">{escape(table.name)}</text>'
    for number, (column, kind, key) in enumerate(table.columns, 1):
        y = table.y + ROW * number + 15
        yield f'<text{" class=" + chr(34) + "key" + chr(34) if key else ""} x="{table.x + 6}" y="{y}">{escape(column)}</text>'
        yield f'<text class="type" text-anchor="end" x="{table.x + WIDTH - 6}" y="{y}">{escape(kind.replace(" with time zone", "tz"))}</text>'
    yield "</g>"


def line(table, column, other):
    y, end = table.row(column), other.y + ROW // 2 + 2
    leaves, arrives = table.x + WIDTH, other.x
    if other.x <= table.x:  # back, or within one stack: out and in on sides that face each other
        leaves, arrives = table.x, other.x + WIDTH if other.x < table.x else other.x
    bend = GUTTER * 2 // 3
    out = leaves + (bend if other.x > table.x else -bend)
    into = arrives + (bend if other.x < table.x else -bend)
    return (f'<path class="line" marker-end="url(#to)" d="M{leaves} {y} C{out} {y} {into} {end} {arrives} {end}">'
            f"<title>{escape(f'{table.name}.{column} refers to {other.name}')}</title></path>")


def draw(session):
    """The picture, as text."""
    tables, references = read(session)
    made = files()
    missing = set(tables) ^ {name for _, names in made for name in names}
    if missing:
        raise ValueError(f"the catalog and the files of the schema disagree about {', '.join(sorted(missing))}")
    titles, width, height = place(tables, made)
    lines = ["<!-- SPDX-License-Identifier: Apache-2.0 -->",
             f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
             "<title>The tables of the schema: blue ones have a history, dashed ones are for staging, keys are underlined</title>",
             f"<style>{STYLE}</style>",
             '<defs><marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
             '<path d="M0 0 L8 4 L0 8 z" fill="#36c"/></marker></defs>', f'<rect width="{width}" height="{height}" fill="#fafafa"/>']
    lines += [line(tables[name], column, tables[other]) for name, column, other in references]
    lines += [part for _, names in made for name in names for part in box(tables[name])]
    lines += [f'<text class="file" x="{x}" y="{y}">{escape(file)}</text>' for file, x, y in titles]
    return "\n".join([*lines, "</svg>", ""])


def load(cluster, name):
    """A database with the schema in it, made with psql alone."""
    cluster.create_database(name)
    words = ["psql", "-qX", "-1", "-v", "ON_ERROR_STOP=1", "-h", str(cluster.directory), "-U", "postgres", "-d", name, "-o", "/dev/null",
             "-f", SCHEMA / "init.sql", "-c", "set role roster_owner; set search_path = roster, pg_temp"]
    for file in sorted(SCHEMA.glob("[0-9]*.sql")):
        words += ["-f", file]
    subprocess.run(words, check=True)


def main():
    sys.path.insert(0, str(HERE.parent / "support"))
    from postgres import Cluster  # pylint: disable=import-outside-toplevel
    with Cluster() as cluster:
        load(cluster, "picture")
        with cluster.connect("picture") as session:
            PICTURE.write_text(draw(session), encoding="utf-8")
    print(f"{PICTURE.relative_to(HERE.parents[1])} is drawn")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
