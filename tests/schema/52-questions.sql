-- SPDX-License-Identifier: Apache-2.0
-- What an app developer and an administrator ask: names of resources, and the lists.
\ir support.psql
\ir company.psql
select plan(45);

-- Names are written and read the same way.
select is(resource_name(resource_named(name)), name, 'a name means one resource and back: ' || name)
from unnest(array['platform', 'group:/', 'group:/dev/pay/api', 'app:shop', 'cluster:k1', 'namespace:k1/pay/test']) name;
select is(resource_named('app:SHOP'), resource_named('app:shop'), 'names compare without case');
select is(resource_named('namespace:K1/Pay/TEST'), resource_named('namespace:k1/pay/test'), 'of namespaces too');
select throws_ok(format('select resource_named(%L)', name), 'P0002', 'there is no ' || name, 'there is no ' || name)
from unnest(array['group:/none', 'app:none', 'cluster:none', 'namespace:k1/pay', 'namespace:k1/pay/none', 'namespace:k1/pay/acceptance']) name;
select throws_ok(format('select resource_named(%L)', name), '22023', null, 'this is no name of a resource: "' || name || '"')
from unnest(array['shop', '', 'role:Developer']) name;
select is(resource_name(-1), null, 'what is not there has no name');

-- can, effective_access, who_can agree.
create table asked as
	select u.login, p.name as permission, resource_name(r.id) as resource from users u, permissions p, resources r
	where u.login in ('ada', 'ann', 'oz') and p.name in ('project.view', 'cluster.logs', 'cluster.plans', 'group.members.manage', 'platform.roles.manage');
select is((select count(*) from (
	select from asked q
	where can(q.login, q.permission, q.resource) <> exists (select from effective_access(q.login, q.resource) a where a.permission = q.permission)) x),
	0::bigint, 'can() is true exactly where effective_access() has a reason');
select is((select count(*) from (
	select from asked q
	where can(q.login, q.permission, q.resource) <> exists (select from who_can(q.permission, q.resource) w where w.login = q.login)) x),
	0::bigint, 'and where who_can() names the person');
-- can() has no search path of its own: whatever the caller's is, it asks the same tables and compares in the same way.
create schema trap;
create function trap.yes(integer, integer) returns boolean language sql immutable as 'select true';
create function trap.yes(uuid, uuid) returns boolean language sql immutable as 'select true';
create function trap.yes(smallint, smallint) returns boolean language sql immutable as 'select true';
create operator trap.= (leftarg = integer, rightarg = integer, function = trap.yes);
create operator trap.= (leftarg = uuid, rightarg = uuid, function = trap.yes);
create operator trap.= (leftarg = smallint, rightarg = smallint, function = trap.yes);
create function trap.array_append(integer[], integer) returns integer[] language sql stable as 'select array_agg(id) from roster.resources';
create table trap.users as select * from users;
create table trap.grants as table grants;
create table trap.asked as select u.id as user_id, p.id as permission, r.id as resource, can(u.id, p.id, r.id) as answer
	from users u, permissions p, resources r;
do $$
declare
	path text := current_setting('search_path');
begin
	-- The same without the names of schemas.
	execute format('create function trap.fooled(user_id uuid, permission smallint, resource integer) returns boolean language plpgsql stable as %L',
		(select replace(replace(replace(replace(prosrc, 'operator(pg_catalog.=)', '='), 'can.', 'fooled.'), 'roster.', ''), 'pg_catalog.array', 'array')
			from pg_proc where oid = 'can(uuid, smallint, integer)'::regprocedure));
	perform set_config('search_path', 'trap, pg_catalog, roster', true);
	create table trap.answers as select a.*, roster.can(a.user_id, a.permission, a.resource) as trapped,
		trap.fooled(a.user_id, a.permission, a.resource) as fooled from trap.asked a;
	perform set_config('search_path', path, true);
end $$;
select isnt_empty('select from trap.answers where answer', 'somebody may do something');
select is_empty('select from trap.answers where trapped <> answer', 'a search path full of traps does not change an answer of can()');
select isnt_empty('select from trap.answers where fooled <> answer', 'though it changes that of a function which names no schemas');
select results_eq($$select * from effective_access('ann', 'app:gate') where permission = 'project.edit'$$,
	$$values ('project.edit', 'Developer', 'group:/dev', 'hand', 2)$$, 'a reason names the role, where it is held, who gave it, and how far above');
select results_eq($$select login, role, anchor, source, distance from who_can('project.stories', 'app:shop')$$,
	$$values ('ann', 'Developer', 'group:/dev', 'hand', 1), ('olga', 'Owner', 'app:shop', 'hand', 0), ('pat', 'Contributor', 'group:/dev/pay', 'hand', 0)$$,
	'who_can lists everybody, each with the way it comes to him');
select is((select login from who_can('project.stories', 'app:shop') limit 1), 'ann', 'in the order of logins');
select user_suspend('ann');
select is_empty($$select from who_can('project.stories', 'app:shop') where login = 'ann'$$, 'who is suspended is not among them');
select is(can('ann', 'project.stories', 'app:shop'), false, 'and by his login the answer is no, not that nobody has it');
select is_empty($$select from effective_access('ann', 'app:shop')$$, 'nor has he a reason');
select user_resume('ann');

-- The lists.
select results_eq($$select group_path, depth, members, admins, apps, namespaces from tree('/dev')$$,
	$$values ('/dev', 1, 1::bigint, '{gus}'::text[], '{}'::text[], '{}'::text[]), ('/dev/pay', 2, 1, '{}', '{shop}', '{k1/pay/test}'),
		('/dev/pay/api', 3, 0, '{}', '{gate}', '{}'), ('/dev/web', 2, 0, '{}', '{site}', '{}')$$, 'tree shows each group with what hangs there');
select results_eq($$select anchor, role, source from holdings_of('olga')$$,
	$$select 'app:' || a, 'Owner', 'hand' from unnest(array['board', 'gate', 'shop', 'site']) a$$, 'holdings_of shows what a person holds');
select results_eq($$select * from access_of('pat')$$, $$values ('app:gate', '{Contributor}'::text[]), ('app:shop', '{Contributor}')$$,
	'access_of shows what a person reaches, without what his role gives nothing on');
select is_empty($$select from access_of('nel')$$, 'nobody''s access is empty');
select set_eq($$select login, sources from user_list(null)$$, $$select l, '{hand}'::text[] from unnest(array['ada', 'ann', 'gus', 'nel', 'olga', 'oz', 'pat']) l$$,
	'user_list shows everybody');
select set_eq($$select login from user_list('O')$$, $$values ('olga'), ('oz')$$, 'or those with a pattern in their login');
select set_eq('select app, owner, owner_group from app_list()', $$values ('shop', 'olga', '/dev/pay'), ('gate', 'olga', '/dev/pay/api'),
	('site', 'olga', '/dev/web'), ('board', 'olga', '/ops')$$, 'app_list shows every app');
select results_eq('select * from namespace_list()', $$values ('k1/pay/test', '{/dev/pay}'::text[]), ('k1/pay/production', '{/ops}')$$, 'namespace_list shows every namespace');
select results_eq($$select members, group_members, apps from role_list() where role = 'Developer'$$, $$values (0::bigint, 1::bigint, 0::bigint)$$,
	'role_list counts holders, apart those in groups, and apps');
select set_eq($$select permission from role_show('contributor')$$, $$values ('project.view'), ('project.stories'), ('project.revisions'), ('cicd.view')$$,
	'role_show shows what a role permits');

-- Runs.
insert into sources (name, kind) values ('corp', 'ldif');
insert into runs (source, kind) select id, 'sync' from sources where name = 'corp';
create function only_run() returns text language sql as 'select id::text from runs';
select is((need_run(only_run())).id::text, only_run(), 'a run is found by its number');
select is((need_run('corp/' || only_run())).id::text, only_run(), 'and with its source');
select throws_ok(format('select need_run(%L)', name), 'P0002', null, 'this is no run: ' || name)
from unnest(array['hr/' || only_run(), 'corp/999999', 'corp', '-1']) name;

select * from finish();
rollback;
