-- SPDX-License-Identifier: Apache-2.0
-- Who may call what.
\ir support.psql
\ir company.psql
select plan(56);

do $$ begin
	execute 'create role test_stranger login';
	execute 'create role test_reader login in role roster_reader';
	execute 'create role test_admin login in role roster_admin';
end $$;
create table functions as
	select p.oid, p.oid::regprocedure::text as name, p.prosecdef as definer, p.proname from pg_proc p where p.pronamespace = 'roster'::regnamespace;
create table tables as
	select c.oid, c.oid::regclass::text as name, c.relkind from pg_class c where c.relnamespace = 'roster'::regnamespace and c.relkind in ('r', 'v', 'S');

-- Nobody.
select is(has_schema_privilege('test_stranger', 'roster', 'usage'), false, 'PUBLIC cannot even enter the schema');
select is_empty($$select name from functions where has_function_privilege('test_stranger', oid, 'execute')$$, 'PUBLIC may call no function');
select is_empty($$select name from tables where case when relkind <> 'S' then has_table_privilege('test_stranger', oid, 'select, insert, update, delete, truncate, references, trigger') end$$,
	'PUBLIC may do nothing to any table or view');
select is_empty($$select name from tables where case when relkind = 'S' then has_sequence_privilege('test_stranger', oid, 'usage, select, update') end$$,
	'PUBLIC may use no sequence');
set local role roster_owner;
create function roster.made_later() returns integer language sql as 'select 1';
reset role;
select is(has_function_privilege('test_stranger', 'roster.made_later()', 'execute'), false, 'nor any function a later migration makes');

-- Apps.
select is(tried('test_reader', $$select can('ann', 'project.view', 'app:shop')$$), 'done', 'an app may ask can()');
select is(tried('test_reader', $$select can(gen_random_uuid(), 1::smallint, 1)$$), 'done', 'by ids too');
select is(tried('test_reader', $$select * from effective_access('ann', 'app:shop')$$), 'done', 'an app may ask why');
select is(tried('test_reader', $$select * from who_can('project.view', 'app:shop')$$), 'done', 'an app may ask who');
select is(tried('test_reader', $$select * from effective_access('ann', 'app:shop', head())$$), 'done', 'as of a revision too');
select is(tried('test_reader', 'select * from roles, permissions, statistics'), 'done', 'an app may read the catalogue and the figures');
select is(tried('test_reader', format('select * from roster.%I', t)), '42501', 'an app may not read ' || t)
from unnest(array['users', 'grants', 'identities', 'operators', 'directory_entries', 'effective', 'revisions', 'users_history']) t;
select is_empty($$select name from tables where case when relkind <> 'S' then has_table_privilege('roster_reader', oid, 'insert, update, delete, truncate') end$$,
	'an app may write no table');
select is_empty($$select name from functions where has_function_privilege('roster_reader', oid, 'execute')
	and (select provolatile from pg_proc p where p.oid = functions.oid) = 'v'$$, 'nor call any function that writes');
select is(tried('test_reader', $$select user_create('x')$$), '42501', 'an app may not act');
select is(tried('test_reader', 'select * from effective_at(1)'), '42501', 'nor read everybody''s access at once');

-- The daemon.
select is(tried('roster_daemon', statement), '42501', 'the daemon may not write facts: ' || statement)
from unnest(array[
	$$insert into users (login) values ('x')$$, 'update users set active = false', 'delete from grants',
	$$insert into grants (user_id, anchor, role) values (gen_random_uuid(), 1, 1)$$, $$insert into groups (parent_id, name) values (root_group(), 'x')$$,
	'update apps set archived = true', 'delete from role_permissions', 'update revisions set cause = null', 'insert into operators values (session_user, null)']) statement;
select is_empty($$select name from tables where case when relkind <> 'S' then has_table_privilege('roster_daemon', oid, 'insert') end and name !~ '^staged_'$$,
	'it may insert into staging tables only');
select is_empty($$select name from tables where case when relkind <> 'S' then has_table_privilege('roster_daemon', oid, 'update, delete, truncate') end$$,
	'and change or delete no row');
select is(tried('roster_daemon', $$select user_create('x')$$), '42501', 'it may not act for people');
select is(tried('roster_daemon', 'select open_revision()'), '42501', 'nor open a revision by itself');
select is(tried('roster_daemon', $$select run_begin(register_source('corp', 'ldif', 1, true, true), 'test')$$), 'done', 'it may begin a run');
select is(tried('roster_daemon', $$select run_begin(0::smallint, 'test')$$), '23514', 'but not of what administrators gave by hand');
select is(tried('roster_daemon', $$select 1 / coalesce(register_source('hand', 'ldif', 1, true, true), 0)$$), '22012', 'whose name it may not take');
select is(tried('roster_daemon', format('select 1 / coalesce((%s(''hand'', ''hand'', 0, true, true)).id::integer, 0)', f)), '22012', 'by no other way: ' || f)
from unnest(array['begin_source']) f;
select is((select count(*) from lead_known_source('hand', 'hand', 0, true, true)), 0::bigint, 'nor lead it');
select is((select kind from sources where id = 0), 'hand', 'and it stays what it was');
select is(tried('roster_daemon', 'select merge_and_plan(-1, true, true, true, true, false, false)'), '55000', 'and merge a run, if it is running');

-- Operators.
select is_empty($$select name from tables where case when relkind <> 'S' then has_table_privilege('roster_admin', oid, 'insert, update, delete, truncate') end$$,
	'an operator may write no table');
select is(tried('test_admin', statement), '42501', 'an operator may not go around the acts: ' || statement)
from unnest(array[$$select act('x')$$, $$select open_revision('x', null, gen_random_uuid())$$, 'select apply(1, 1, 1)', 'select * from operators']) statement;
select is_empty($$
	select name from functions join pg_proc p using (oid) where has_function_privilege('roster_admin', oid, 'execute') and 'actor' = any (p.proargnames)$$,
	'no function an operator may call takes the actor from him');

-- Functions that act with the owner's rights.
select isnt_empty('select from functions where definer', 'there are functions that act with the owner''s rights');
select is_empty($$
	select name from functions join pg_proc p using (oid)
	where definer and not coalesce('search_path=roster, pg_temp' = any (p.proconfig), false) and name <> 'can(uuid,smallint,integer)'$$,
	'each of them sets search_path = roster, pg_temp');
-- But for one, which is asked too often to afford it (52-questions.sql leads its caller's path into traps).
select is_empty($$
	select m[1] from pg_proc p, regexp_matches(p.prosrc, '(?:from|join)\s+(\w[\w.]*)|([^\s(]*(?<!operator\(pg_catalog\.)[=<>~]+\S*)', 'gi') m
	where p.oid = 'can(uuid, smallint, integer)'::regprocedure and (m[2] is not null or m[1] !~ '^roster[.]')$$,
	'and can() names the schema of every table and operator instead');
select is_empty($$select name from functions join pg_proc p using (oid) where p.proowner <> 'roster_owner'::regrole$$, 'the owner owns every function');
select is_empty($$select name from tables join pg_class c using (oid) where c.relowner <> 'roster_owner'::regrole$$, 'and every table');
select is_empty($$
	select name from functions f where has_function_privilege('roster_admin', oid, 'execute') and not definer
		and (select provolatile from pg_proc p where p.oid = f.oid) = 'v'$$, 'no act runs with the operator''s own rights');
select is_empty($$select rolname from pg_roles where rolname ~ '^roster_' and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)$$,
	'no role of roster may do more than roster needs');

select * from finish();
rollback;
