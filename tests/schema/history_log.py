# SPDX-License-Identifier: Apache-2.0
"""A witness of the history: it notes each row that is changed or deleted, and says afterwards what the twins must hold.

It knows nothing of since and until but what README.md says: a row that was in force before the revision that ends it stands in
the twin with that revision, and any other leaves no trace.
"""

WITNESS = """
create table public.history_log (fact text, ended jsonb, became jsonb, revision bigint);
create function public.note_ended() returns trigger language plpgsql security definer as $$
begin
    insert into public.history_log values (tg_table_name, to_jsonb(old), case tg_op when 'UPDATE' then to_jsonb(new) end, roster.head());
    return null;
end $$;
"""


def watch_history(session):
    session.execute(WITNESS)
    for fact, _ in fact_tables(session):
        session.execute(f"create trigger z_witness after update or delete on {fact} for each row execute function public.note_ended()")


def fact_tables(session):
    return session.execute("select c.relname, f.columns from fact_tables f join pg_class c on c.oid = f.name").fetchall()


def assert_history(session):
    noted = session.execute("select fact, ended, became, revision from public.history_log").fetchall()
    for fact, columns in fact_tables(session):
        expected = sorted(repr([ended[column] for column in columns] + [ended["since"], revision])
                          for of, ended, became, revision in noted if of == fact and ended["since"] < revision
                          and (became is None or any(ended[column] != became[column] for column in columns)))
        rows = [row for (row,) in session.execute(f"select to_jsonb(h) from {fact}_history h")]
        assert sorted(repr([row[column] for column in [*columns, "since", "until"]]) for row in rows) == expected, fact
        late = session.execute(f"select count(*) from {fact} where since > head()").fetchone()[0]
        assert late == 0, f"{late} rows of {fact} begin after the last revision"
    assert len(noted) > 20, "too little ended to say something about history"
