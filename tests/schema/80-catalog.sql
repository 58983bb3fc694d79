-- SPDX-License-Identifier: Apache-2.0
-- What holds for every table of facts: read from the catalog, so that a new one cannot be forgotten.
\ir support.psql
select plan(15);

create table facts as
	select f.name as oid, c.relname::text as name, f.columns from fact_tables f join pg_class c on c.oid = f.name;
create function trigger_of(fact regclass, short text) returns pg_trigger language sql as
	'select t from pg_trigger t where t.tgrelid = fact and t.tgname = short and not t.tgisinternal and t.tgenabled = ''O''';
create function column_list(relation text) returns text[] language sql as $$
	select array_agg(attname::text order by attnum) from pg_attribute where attrelid = to_regclass(relation) and attnum > 0 and not attisdropped
$$;

select isnt_empty('select from facts', 'there are facts');
select set_eq($$
	select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
	where c.relnamespace = 'roster'::regnamespace and c.relkind = 'r' and a.attname = 'since' and c.relname !~ '_history$'$$,
	'select name from facts', 'a table with since is registered, and nothing else');
select set_eq($$select c.relname::text from pg_class c where c.relnamespace = 'roster'::regnamespace and c.relkind = 'r' and c.relname ~ '_history$'$$,
	$$select name || '_history' from facts$$, 'every fact has its history twin, and no twin is alone');
select is_empty($$select name from facts where column_list(name || '_history') <> columns || array['since', 'until']$$,
	'a twin has the columns that decide about access, since and until');
select is_empty($$select name from facts where not columns <@ column_list(name)$$, 'the registered columns exist');
select is_empty($$
	select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid join facts f on c.relname in (f.name, f.name || '_history')
	where c.relnamespace = 'roster'::regnamespace and a.attname in ('since', 'until') and not a.attnotnull$$, 'since and until are never empty');
select is_empty($$
	select name from facts where not exists (select from pg_index i where i.indrelid = to_regclass(name || '_history') and i.indkey[0] =
		(select attnum from pg_attribute a where a.attrelid = i.indrelid and a.attname = 'until'))$$, 'a twin is indexed by until, for what changed since');
select is_empty($$select name from facts where (trigger_of(oid, 'a_revision')).tgfoid is distinct from 'before_write'::regproc$$,
	'a write of a fact opens a revision first');
-- tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
select is_empty($$select name from facts where (trigger_of(oid, 'a_revision')).tgtype is distinct from 2 + 4 + 8 + 16$$, 'before every kind of statement');
select is_empty($$select name from facts where (trigger_of(oid, 'b_since')).tgtype is distinct from 1 + 2 + 16$$, 'an update renews since, for each row');
select is_empty($$select name from facts where (trigger_of(oid, 'c_ended')).tgtype is distinct from 8 or (trigger_of(oid, 'c_changed')).tgtype is distinct from 16$$,
	'what ends goes to the twin, statement by statement');
select is_empty($$select name from facts where (trigger_of(oid, 'd_truncate')).tgtype is distinct from 2 + 32$$, 'and truncate is refused');
create function truncates(name text) returns text language plpgsql as $$
begin
	execute format('truncate roster.%I cascade', name);
	return 'done';
exception when raise_exception then
	return sqlerrm;
end $$;
select is_empty($$select name, truncates(name) from facts where truncates(name) !~ 'keeps history and cannot be truncated$'$$,
	'in fact, for every table');
select is_empty($$select name::text from fact_tables where expansions = '{}'$$, 'every fact says what follows from a change of it');
-- The order of triggers of one event is the order of their names.
select is_empty($$
	select f.name, t.tgname from facts f join pg_trigger t on t.tgrelid = f.oid
	where not t.tgisinternal and t.tgtype & 1 = 0 and t.tgtype & 2 = 2 and t.tgtype & 32 = 0 and t.tgname < 'a_revision'$$,
	'nothing comes before the revision is opened');

select * from finish();
rollback;
