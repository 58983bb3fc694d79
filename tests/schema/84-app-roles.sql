-- SPDX-License-Identifier: Apache-2.0
-- Roles of apps, by themselves and through groups. Whoever is asked about here may manage apps: the user role never bounds him.
\ir support.psql
\ir company.psql
select plan(138);

select operator_for(p, p) from unnest(array['ada', 'gus', 'nel', 'olga', 'oz']) p;
select person(p) from unnest(array['own', 'adm', 'mem', 'opr']) p;
select user_role_add(p, 'App Administrator') from unnest(array['own', 'adm', 'mem', 'opr', 'nel', 'ann', 'pat', 'oz']) p;

\ir gates.psql

select set_eq($$select name from roles where kind = 'app'$$,
	$$values ('App Owner'), ('App Administrator'), ('App Member'), ('App Operator')$$, 'A6 these are the roles of apps');

-- What each of them is.
select is(tried('test_ada', format('select app_role_add(%L, %L, %L)', 'shop', login, role)), 'done', 'A27 a platform administrator assigns ' || role)
from (values ('own', 'App Owner'), ('adm', 'App Administrator'), ('mem', 'App Member'), ('opr', 'App Operator')) h(login, role);
select is(can(login, 'app.' || permission, 'app:shop'), allowed, format('%s %s %s: %s', id, role, case when allowed then 'may' else 'may not' end, permission))
from (values ('A17', 'own', 'App Owner', '{info.manage,release.approve}'::text[]),
	('A18', 'adm', 'App Administrator', '{policies.manage,pipelines.manage,tasks.manage,release.create,release.approve}'),
	('A19', 'mem', 'App Member', '{}'), ('A20', 'opr', 'App Operator', '{release.create}')) h(id, login, role, allowed_to),
	unnest(array['info.manage', 'policies.manage', 'pipelines.manage', 'tasks.manage', 'access.manage', 'release.create', 'release.approve']) permission,
	lateral (select permission = any (allowed_to) as allowed) a;
select is(may('own', 'manage', 'shop'), 'app.info.manage app.release.approve', 'A17 an App Owner manages this and nothing else');
select is(may('adm', 'manage', 'shop') ~ '^(app.(policies|pipelines|tasks).manage ?|app.release.(create|approve) ?|app.operate.\w+ ?){9}$', true,
	'A18 an App Administrator manages policies, pipelines, tasks and releases, and nothing else');
select is(may('opr', 'manage', 'shop') ~ '^(app.operate.\w+ ?){4}(app.release.create){1}$', true, 'A20 an App Operator creates releases, and nothing else');
select is(may('mem', 'manage', 'shop'), '', 'A19 an App Member manages nothing');
select is(tried('test_nel', $$select app_role_add('shop', 'nel', 'App Owner')$$), '42501', 'A19 and gives nobody a role, himself included');
select is(can(login, format('app.%s.view', what), 'app:shop'), sees, format('A21 %s %s: %s', role, case when sees then 'views' else 'does not view' end, what))
from (values ('own', 'App Owner', '{policy,release,task,environment,repository}'::text[]),
	('mem', 'App Member', '{policy,release,task,environment,repository}'),
	('adm', 'App Administrator', '{policy,release,task,environment,repository,revision,configuration}'),
	('opr', 'App Operator', '{release}')) h(login, role, views),
	unnest(array['policy', 'release', 'task', 'environment', 'repository', 'revision', 'configuration']) what,
	lateral (select what = any (views) as sees) s;
select is(seen(p), 'shop', 'A27 who has a role on an app sees that app and no other by this: ' || p) from unnest(array['own', 'adm', 'mem', 'opr']) p;
select is(may(p, 'manage', 'gate'), '', 'A27 nor manages another: ' || p) from unnest(array['own', 'adm', 'mem', 'opr']) p;
select is(tried('test_gus', $$select app_role_add('shop', 'nel', 'App Owner')$$), 'done', 'A27 the admin of its group assigns too');
select is(tried('test_gus', $$select app_role_remove('shop', 'nel', 'App Owner')$$), 'done', 'A27 and takes it back');
select is(seen('nel'), '', 'A27 and then there is nothing left to see');
select is(tried('test_gus', $$select app_role_remove('shop', 'nel', 'App Owner')$$), 'P0002', 'A27 what nobody holds is not taken');
select is(tried('test_' || who, $$select app_role_add('shop', 'nel', 'App Member')$$), '42501', 'A27 nobody else does: ' || who) from unnest(array['olga', 'oz', 'nel']) who;
select is(tried('test_ada', format('select app_role_add(%L, %L, %L)', 'shop', 'nel', role)), 'P0002', 'A27 other roles are none of an app: ' || role)
from unnest(array['Developer', 'App Viewer', 'Owner']) role;

-- Members of a group.
select is(seen('nel'), '', 'A22 somebody in no group');
select is(tried('test_gus', $$select group_member_add('/dev/pay', 'nel', 'App Member')$$), 'done', 'A22 becomes a member of one');
select is(seen('nel'), 'gate shop', 'A22 and sees all its apps');
select is(held('nel', 'shop'), 'App Member', 'A22 as App Member');
select is(may('nel', 'view', 'gate') || may('nel', 'manage', 'gate'), may('mem', 'view', 'shop'), 'A22 and may what an App Member may');
select is(held('ann', 'shop'), 'App Member Developer', 'A22 whoever is a member by another role is App Member by it too');
select is(seen('ann'), 'gate shop site', 'A22 on all apps of the group');
select imported_app('fresh', 'olga', '/dev/pay'), group_member_add('/ops', 'olga', null);
select is(seen('nel'), 'fresh gate shop', 'A22 an app that joins has all members');
select app_group('fresh', '/ops');
select is(seen('nel'), 'gate shop', 'A22 an app that leaves has them no more');
select is(seen('oz'), 'board fresh', 'A22 but those of the group it went to');
select app_group('gate', null);
select is(seen('nel'), 'shop', 'A22 also when it goes to none');
select group_member_add('/dev/pay/api', 'olga', null), app_group('gate', '/dev/pay/api'), app_role_add('shop', 'nel', 'App Member');
select is(tried('test_gus', $$select group_member_remove('/dev/pay', 'nel', 'App Member')$$), 'done', 'A22 a member leaves');
select is(seen('nel'), 'shop', 'A22 and keeps what he has on another path');
select app_role_remove('shop', 'nel', 'App Member');
select is(seen('nel'), '', 'A22 and then nothing');
select user_role_remove('ann', 'App Administrator');
select is(seen('ann') || can('ann', 'project.edit', 'app:shop'), 'true', 'A22 to who has no user role it means nothing, beside his other roles');
select is(tried('test_gus', $$select group_member_add('/dev/pay', 'nel', 'App Owner')$$), 'done', 'A22 a member of a group may have another role of apps there');
select is(can('nel', 'app.info.manage', 'app:gate') and not can('nel', 'app.info.manage', 'app:site'), true, 'A22 on its apps and no others');
select is(tried('test_gus', $$select group_member_remove('/dev/pay', 'nel', 'App Owner')$$), 'done', 'A22 and lose it');

-- Several ways.
select app_role_add('site', 'nel', 'App Operator');
select is(may('nel', 'view', 'site'), 'app.release.view', 'A28 one role');
select access_group_create('pages'), access_group_app('pages', 'site', true), access_group_member_add('pages', 'nel', 'App Owner');
select is(held('nel', 'site'), 'App Member App Operator App Owner', 'A28 and one more on another path');
select is(string_agg(p, ' ' order by p),
	(select string_agg(distinct p, ' ' order by p) from unnest(array[may('own', 'manage', 'shop'), may('opr', 'manage', 'shop')]) m, regexp_split_to_table(m, ' ') p),
	'A28 are both: what one gives and what the other') from regexp_split_to_table(may('nel', 'manage', 'site'), ' ') p;
select is(may('nel', 'view', 'site'), may('own', 'view', 'shop'), 'A28 and what is shown adds up');
select group_member_add('/dev/web', 'nel', 'App Administrator');
select is(can('nel', 'app.configuration.view', 'app:site'), true, 'A28 a third by the group');
select access_group_member_remove('pages', 'nel');
select is(can('nel', 'app.info.manage', 'app:site'), false, 'A28 a way that ends takes what it alone gave');
select is(can('nel', 'app.release.approve', 'app:site') and can('nel', 'app.task.view', 'app:site'), true, 'A28 and not what another gives');
select group_member_remove('/dev/web', 'nel', 'App Administrator');
select is(held('nel', 'site'), 'App Operator', 'A28 until one is left');
select app_role_remove('site', 'nel', 'App Operator');

-- Operators of some environments. What an app asks is whether releases may be brought to environments of a purpose.
create function operates(login text, app text) returns text language sql as $$
	select coalesce(string_agg(p::text, ' ' order by p), '') from unnest(enum_range(null::purpose)) p where can(login, 'app.operate.' || p, 'app:' || app)
$$;
select is(operates('opr', 'shop'), 'development test acceptance production', 'A35 an App Operator operates all');
select is(tried('test_ada', format('select app_operator_role(%L)', purposes)), 'done', 'A35 a platform administrator has the role limited: ' || purposes)
from unnest(array['{production}', '{production,acceptance}', '{acceptance,test}']) purposes;
select is(app_operator_role(array['production', 'acceptance', 'acceptance']::purpose[]), 'App Operator (acceptance, production)', 'A35 the same one again is the same role');
select is(app_operator_role(enum_range(null::purpose)), 'App Operator', 'A35 and without a limit, App Operator');
select is((select count(*) from roles where kind = 'app'), 7::bigint, 'A35 so there are three more');
create function limited(role text, operated text) returns setof text language plpgsql as $$
begin
	return next is(tried('test_gus', format('select app_role_add(%L, %L, %L)', 'shop', 'nel', role)), 'done', 'A35 who says who has access gives ' || role);
	return next is(operates('nel', 'shop'), operated, 'A35 with it somebody operates these only: ' || operated);
	return next is(may('nel', 'view', 'shop') || can('nel', 'app.release.create', 'app:shop') || can('nel', 'app.release.approve', 'app:shop'),
		'app.release.viewtruefalse', 'A35 and is an App Operator in everything else');
	return next is(tried('test_gus', format('select app_role_remove(%L, %L, %L)', 'shop', 'nel', role)), 'done', 'A35 taken back: ' || role);
	return next is(operates('nel', 'shop'), '', 'A35 and then operates none');
end $$;
select limited(role, operated) from (values ('App Operator (production)', 'production'),
	('App Operator (acceptance, production)', 'acceptance production'), ('App Operator (test, acceptance)', 'test acceptance')) r(role, operated);
select access_group_create('out'), access_group_app('out', 'board', true), access_group_member_add('out', 'nel', 'App Operator (production)');
select is(operates('nel', 'board') || '/' || operates('nel', 'shop'), 'production/', 'A35 such a role is held in groups too');
select app_role_add('board', 'nel', 'App Operator (test, acceptance)');
select is(operates('nel', 'board'), 'test acceptance production', 'A35 and two add up');
select user_role_remove('nel', 'App Administrator'), user_role_add('nel', 'App Viewer');
select is(operates('nel', 'board'), '', 'A35 who may only view operates none');
select is(operates('own', 'shop') || operates('mem', 'shop') || '/' || operates('adm', 'shop'), '/development test acceptance production',
	'A35 of the others, who creates releases brings them anywhere');
select is(tried('test_gus', $$select app_operator_role('{test}')$$), '42501', 'A35 nobody but a platform administrator has such a role made');
select is(tried('test_ada', $$select app_operator_role('{}')$$), '22023', 'A35 nor one for nothing');

select * from finish();
rollback;
