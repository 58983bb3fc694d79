-- SPDX-License-Identifier: Apache-2.0
-- Access groups: apps that belong together for some people, whatever groups own them.
\ir support.psql
\ir company.psql
select plan(95);

select operator_for(p, p) from unnest(array['ada', 'ann', 'gus', 'nel', 'olga', 'oz', 'pat']) p;
select user_role_add(p, 'App Administrator') from unnest(array['nel', 'pat', 'oz']) p;
select user_role_add('ann', 'App Viewer');

\ir gates.psql

-- Made by platform administrators. What each act does shows at the next question: there is nothing to save.
select is(tried('test_ada', $$select access_group_create('week', 'on call')$$), 'done', 'A26 a platform administrator makes an access group');
select is(tried('test_ada', $$select access_group_create('WEEK')$$), '23505', 'A26 under a name that is free, in any case of letters');
select is(tried('test_ada', $$select access_group_create('')$$), '23514', 'A26 and not empty');
select is(tried('test_ada', $$select access_group_app('week', 'shop', true)$$), 'done', 'A26 he chooses its apps');
select is(tried('test_ada', $$select access_group_app('week', 'board', true)$$), 'done', 'A26 whatever groups own them');
select is(seen('nel'), '', 'A32 before');
select is(tried('test_ada', $$select access_group_member_add('week', 'nel')$$), 'done', 'A26 and its members');
select is(seen('nel'), 'board shop', 'A32 a member is in effect at once');
select is(held('nel', 'board'), 'App Member', 'A24 a member of an access group is App Member of its apps');
select is(may('nel', 'view', 'shop'), 'app.environment.view app.policy.view app.release.view app.repository.view app.task.view', 'A24 sees what an App Member sees');
select is(may('nel', 'manage', 'shop') || may('nel', 'manage', 'board'), '', 'A24 and manages nothing');
select is(seen('pat'), 'gate shop', 'A24 whoever is none sees what he saw');
select access_group_app('week', 'site', true);
select is(seen('nel'), 'board shop site', 'A32 an app that joins is in effect at once');
select access_group_app('week', 'site', false);
select is(seen('nel'), 'board shop', 'A32 and so is one that leaves');
select lives_ok($$select access_group_app('week', 'site', false)$$, 'A32 leaving twice changes nothing');
select access_group_member_remove('week', 'nel');
select is(seen('nel'), '', 'A32 and so is a member who leaves');
select access_group_member_add('week', 'ann'), access_group_member_add('week', 'nel');
select is(seen('ann'), 'board gate shop site', 'A24 beside what somebody sees by his groups');
select is(tried('test_ada', $$select access_group_app('week', 'none', true)$$), 'P0002', 'A26 an app that is not there is refused');
select is(tried('test_ada', $$select access_group_member_add('none', 'nel')$$), 'P0002', 'A26 and an access group');
select is(tried('test_ada', $$select access_group_member_remove('week', 'oz')$$), 'P0002', 'A26 and taking out who is not in');

-- Nobody else.
select is(tried('test_' || who, statement), '42501', format('A26 %s is refused: %s', who, statement))
from unnest(array['gus', 'olga', 'ann', 'oz']) who, unnest(array[$$select access_group_create('mine')$$, $$select access_group_delete('week')$$,
	$$select access_group_app('week', 'gate', true)$$, $$select access_group_app('week', 'shop', false)$$,
	$$select access_group_member_add('week', 'gus', 'App Owner')$$, $$select access_group_member_remove('week', 'ann')$$]) statement;
select is(can('gus', 'platform.access_groups.manage', 'platform') or not can('ada', 'platform.access_groups.manage', 'platform'), false,
	'A26 an app that asks is told the same');

-- More than a member.
select is(tried('test_ada', $$select access_group_member_add('week', 'nel', 'App Administrator')$$), 'done', 'A25 a member is also App Administrator');
select is(held('nel', 'shop') || '/' || held('nel', 'board'), 'App Administrator App Member/App Administrator App Member', 'A25 on all apps of the access group');
select is(can('nel', permission, 'app:' || app), app <> 'gate', format('A25 %s on %s', permission, app))
from unnest(array['app.policies.manage', 'app.pipelines.manage', 'app.tasks.manage', 'app.release.create', 'app.release.approve']) permission,
	unnest(array['shop', 'board', 'gate']) app;
select is(tried('test_ada', $$select access_group_member_remove('week', 'nel', 'App Administrator')$$), 'done', 'A25 until it is taken back');
select is(held('nel', 'shop') || may('nel', 'manage', 'shop'), 'App Member', 'A25 then he is a member still');
select access_group_member_add('week', 'nel', 'App Owner');
select is(held('nel', 'shop'), 'App Member App Owner', 'A25 and App Owner');
select is(can('nel', 'app.info.manage', 'app:shop') and can('nel', 'app.release.approve', 'app:board'), true, 'A25 with its rights on all apps of the access group');
select access_group_app('week', 'gate', true);
select is(can('nel', 'app.info.manage', 'app:gate'), true, 'A25 those that join included');
select access_group_app('week', 'gate', false);
select is(tried('test_ada', $$select access_group_member_remove('week', 'nel', 'App Member')$$), '23514', 'A31 App Member is not taken from a member');
select is(tried('test_ada', $$select access_group_member_remove('week', 'ann', 'App Member')$$), '23514', 'A31 nor from one who is nothing else');
select is(held('nel', 'shop') || '/' || held('ann', 'board'), 'App Member App Owner/App Member', 'A31 nothing has changed');
delete from grants where user_id = person_id('nel') and role = role_named('app', 'App Member');
select is(held('nel', 'shop'), 'App Member App Owner', 'A31 not even where the row is gone: it follows from being in');
select is(tried('test_ada', $$select access_group_member_remove('week', 'nel')$$), 'done', 'A31 who is taken out');
select is(held('nel', 'shop'), '', 'A31 is nothing there any more');

-- An app is of one group, and of any number of access groups.
select is((select group_path(owner_group) from apps where name = 'shop'), '/dev/pay', 'A30 an app is in one group');
select is(seen('pat') || '/' || seen('oz'), 'gate shop/board', 'A30 whose members see it');
select group_member_add('/ops', 'olga', null);
select is(tried('test_ada', $$select app_group('shop', '/ops')$$), 'done', 'A30 another group claims it');
select is(seen('pat') || '/' || seen('oz'), 'gate/board shop', 'A30 it has moved: never two');
select access_group_create('night'), access_group_create('audit');
select is(tried('test_ada', format('select access_group_app(%L, %L, true)', x, 'shop')), 'done', 'A30 it is in the access group ' || x) from unnest(array['night', 'audit']) x;
select is((select count(*) from access_group_apps where app = resource_named('app:shop')), 3::bigint, 'A30 beside the one it was in');
select access_group_member_add('night', 'nel'), access_group_member_add('audit', 'pat', 'App Operator');
select is(seen('nel') || '/' || seen('pat') || '/' || seen('oz'), 'shop/gate shop/board shop', 'A30 and each of them reaches it');

-- Taken away whole, with what was set by it.
select is(tried('test_ada', $$select access_group_delete('audit')$$), 'done', 'an access group is deleted');
select is(seen('pat') || '/' || seen('nel'), 'gate/shop', 'with what its members had by it and nothing else');
select is_empty($$select from resources r where r.kind = 'access_group' and not exists (select from access_groups x where x.id = r.id)$$, 'and leaves no resource');
select access_group_member_add('night', 'nel', 'Business Engineer');
select app_member_add('shop', 'olga', 'Business Engineer'), node_create('shop', 'olga');
insert into environments (app, name, purpose) values (resource_named('app:shop'), 'test', 'test');
select environment_set('shop/test', 'nel', 'env.backups', true);
select is(can('nel', 'env.backups', 'environment:shop/test'), true, 'a role of a project in an access group opens environments');
select access_group_app('night', 'shop', false), access_group_app('night', 'shop', true);
select is(can('nel', 'env.backups', 'environment:shop/test'), false, 'what was set there is forgotten with the app that left');
select environment_set('shop/test', 'nel', 'env.backups', true), access_group_delete('night');
select is_empty($$select from environment_settings where user_id = person_id('nel')$$, 'and with the access group');

-- What is gone was there: who was in it saw its apps then, by a role that is gone now, too.
create function saw(login text, at bigint) returns text language sql as $$
	select coalesce(string_agg(distinct a.name || ' ' || p.name, ', ' order by a.name || ' ' || p.name), '') from effective_at(saw.at) e
	join apps a on a.id = e.resource join permissions p on p.id = e.permission and p.gate = 'view' where e.user_id = person_id(saw.login)
$$;
select access_group_create('past'), access_group_app('past', 'gate', true), role_create('Passing', '', '{project.view}'), role_create('Lasting', '', '{project.view}');
delete from grants g using resources x where g.user_id = person_id('nel') and x.id = g.anchor and x.kind <> 'platform';
-- As an import makes a member.
insert into grants (user_id, anchor, role) values (person_id('nel'), need_access_group('past'), role_named('project', 'Lasting'));
select group_member_add('/ops', 'nel', 'Passing'), committed();
create table back as select head() as revision, saw('nel', head()) as apps;
select matches((select apps from back), 'board app.release.view.*gate app.release.view', 'who is in a group or an access group sees its apps');
select role_merge('Passing', 'Lasting'), committed();
select is(saw('nel', revision), apps, 'and saw them then, when the role he had is gone') from back;
delete from grants where anchor = need_access_group('past');
select access_group_delete('past'), committed();
select is(saw('nel', revision), apps, 'and when the access group is') from back;
select is((select string_agg(distinct r.role || ' ' || r.since::text, ', ') from report_access('nel', 'app:gate', revision) r where r.role = 'App Member'),
	'App Member ' || revision, 'an auditor is told since when') from back;
select set_has(format('select d.resource from difference(%s, head()) d where d.user_id = person_id(''nel'')', revision),
	$$select resource_named('app:gate')$$, 'which the difference tells') from back;

-- A role for some time leaves the membership as it is; a role for ever makes it one for ever.
select access_group_create('term'), access_group_member_add('term', 'oz'), access_group_member_add('term', 'oz', 'App Owner', now() + interval '1 day'),
	access_group_member_add('term', 'ann', 'App Operator', now() + interval '1 day');
create function ends(login text) returns text language sql as $$
	select string_agg(m.role || case when m.expires_at is null then '' else ' ends' end, ', ' order by m.role) from access_group_members('term') m where m.login = ends.login
$$;
select is(ends('oz') || '; ' || ends('ann'), 'App Member, App Owner ends; App Member ends, App Operator ends', 'each role of a member has its own end');
select access_group_member_add('term', 'ann', 'App Administrator');
select is(ends('ann'), 'App Administrator, App Member, App Operator ends', 'whoever has any role there is a member');
select is_empty($$select from who_can(null::smallint, resource_named('app:gate'))$$, 'about no permission there is no answer');

select * from finish();
rollback;
