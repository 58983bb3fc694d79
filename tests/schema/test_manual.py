# SPDX-License-Identifier: Apache-2.0
"""What roster-sql(7) shows works as it is written, for somebody who has the page and a database."""

import pathlib
import re

PAGE = pathlib.Path(__file__).parents[2] / "doc" / "roster-sql.7"
COMPANY = """
    alter table revisions disable trigger keep;
    select init_administrator('ada', 'postgres'), user_create('alice'), user_create('bob'), group_create('/pay', 'pays', array['ada']);
    select group_member_add('/pay', 'alice', 'Developer'), app_create('billing', 'alice', '/pay'), node_create('billing', 'alice');
    select environment_create('billing', 'live', 'production');
    create table public.invoices (id integer, app_id integer, paid boolean);
    insert into public.invoices values (1, resource_named('app:billing'), false);
    commit;
    update revisions set at = '2026-04-01';
    commit
"""


def shown():
    """Each statement of the page, without what stands between them."""
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        yield from (statement.strip() for statement in block.split(";\n") if statement.strip())


def answers(session, statements):
    for statement in statements:
        cursor = session.execute(statement)
        yield statement, cursor.fetchall() if cursor.description else cursor.rowcount


def test_every_statement_works(connect):
    owner = connect()
    for statement in COMPANY.split(";"):
        owner.execute(statement)
    owner.execute("reset search_path")
    statements = list(shown())
    first = statements.index("select roster.can('alice', 'cicd.deploy', 'app:billing')")
    tables = [statement for statement in statements if statement.startswith(("alter", "create policy"))]
    for statement in statements[:first] + tables:  # not the app's to say
        owner.execute(statement)
    owner.execute("grant select, update on public.invoices to billing")
    owner.commit()
    app = connect(user="billing")
    app.execute("reset search_path")
    said = dict(answers(app, [statement for statement in statements[first:] if statement not in tables]))
    yes = [statement for statement, answer in said.items() if answer == [(True,)]]
    assert [statement.split("(")[0] for statement in yes] == ["select roster.can", "select roster.can", "execute may_deploy "]
    assert said["update invoices set paid = true where id = 1"] == 1
    assert any(answer and answer[0][0] == "alice" for statement, answer in said.items() if "who_can" in statement)
    app.execute("select set_config('app.person', roster.user_by_login('bob')::text, false)")
    assert app.execute("update invoices set paid = false where id = 1").rowcount == 0
