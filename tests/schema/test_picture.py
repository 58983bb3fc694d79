# SPDX-License-Identifier: Apache-2.0
"""doc/schema.svg shows the schema as it is."""

from xml.etree import ElementTree

import picture

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_up_to_date(connect):
    assert picture.draw(connect()) == picture.PICTURE.read_text(encoding="utf-8"), "draw it anew: ./dev schema-picture"


def test_every_table_is_in_it_and_every_reference(connect):
    session = connect()
    drawn = ElementTree.fromstring(picture.draw(session))
    tables = {row[0] for row in session.execute("select relname from pg_class where relnamespace = 'roster'::regnamespace and relkind = 'r' and relname !~ '_history$'")}
    boxes = [group for group in drawn.iter(f"{SVG}g") if "table" in group.get("class", "").split()]
    assert {box.get("id") for box in boxes} == tables and len(boxes) == len(tables)
    facts = {row[0] for row in session.execute("select relname from fact_tables f join pg_class c on c.oid = f.name")}
    assert {box.get("id") for box in boxes if "fact" in box.get("class").split()} == facts
    said = {title.text for path in drawn.iter(f"{SVG}path") for title in path.iter(f"{SVG}title")}
    assert {"grants.user_id refers to users", "grants.role refers to roles", "apps.owner refers to users", "runs.source refers to sources"} <= said


def test_another_column_is_another_picture(connect):
    session = connect()
    before = picture.draw(session)
    session.execute("alter table users add column shoe_size integer")
    assert picture.draw(session) != before


def test_boxes_do_not_overlap(connect):
    tables, _ = picture.read(connect())
    picture.place(tables, picture.files())
    boxes = sorted((table.x, table.y, table.y + table.height) for table in tables.values())
    assert all(below[1] >= above[2] for above, below in zip(boxes, boxes[1:]) if above[0] == below[0])
