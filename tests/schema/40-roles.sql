-- SPDX-License-Identifier: Apache-2.0
-- Roles and permissions.
\ir support.psql
\ir company.psql
select plan(58);

select set_has($$select name from roles where kind = 'project' and builtin$$,
	$$values ('Developer'), ('Contributor'), ('Operator'), ('Administrator')$$, 'P2 a fresh installation has the four predefined roles');
select is((select count(*) from roles r where r.kind = 'project' and r.name in ('Developer', 'Contributor', 'Operator', 'Administrator')
	and exists (select from role_permissions rp where rp.role = r.id)), 4::bigint,
	'P2 each of them permits something');
create function permitted(role text) returns setof text language sql as
	$$select p.name from roles r join role_permissions rp on rp.role = r.id join permissions p on p.id = rp.permission where r.name = permitted.role$$;
select is(can('ann', permission, 'app:shop'), true, 'P3 a Developer builds the app: ' || permission)
from unnest(array['project.view', 'project.edit', 'project.repository', 'project.stories', 'project.revisions', 'cicd.view', 'cicd.build', 'cicd.deploy']) permission;
select is_empty($$select permitted('Contributor') except select permitted('Developer')$$, 'P4 a Contributor may do nothing a Developer may not');
select isnt_empty($$select permitted('Developer') except select permitted('Contributor')$$, 'P4 and strictly less');
select set_has($$select permitted('Operator')$$,
	$$values ('cicd.deploy'), ('cluster.logs'), ('cluster.metrics'), ('cluster.env_manage'), ('project.cloud_access')$$,
	'P5 an Operator deploys, monitors and manages environments');
select is_empty(format($$select permitted(%L) except select permitted('Administrator')$$, role), 'P6 an Administrator may do what this role may: ' || role)
from unnest(array['Developer', 'Contributor', 'Operator']) role;

-- What somebody may do to an app as one who builds it.
create function in_team(login text, resource text) returns text language sql as $$
	select coalesce(string_agg(distinct p.name, ' '), '') from effective e join permissions p on p.id = e.permission
	where e.user_id = person_id(login) and e.resource = resource_named(in_team.resource) and p.scope in ('project', 'cicd')
$$;

-- Who may manage roles and groups: what such a page asks before it is shown, and what happens to who does not ask.
select operator_for(p, p) from unnest(array['ada', 'ann']) p;
select is(can('ada', permission, 'platform'), true, 'P1 an administrator is shown the page: ' || permission) from unnest(array['platform.roles.manage', 'platform.groups.manage']) permission;
select is(can('ann', permission, 'platform'), false, 'P1 others are not: ' || permission) from unnest(array['platform.roles.manage', 'platform.groups.manage']) permission;
select is(tried('test_ann', statement), '42501', 'P1 and are refused: ' || statement)
from unnest(array[$$select role_create('Mine')$$, $$select group_create('/mine', 'for tests', '{}')$$]) statement;

-- Custom roles.
select role_create('Tester', 'tries things', array['project.view', 'cicd.build', 'project.view']);
select group_member_add('/dev/web', 'nel', 'Tester');
select is(rights('nel', 'app:site'), 'cicd.build project.view', 'P7 a custom role is assigned in a group like a predefined one');
select app_member_add('board', 'nel', 'Tester');
select is(rights('nel', 'app:board'), 'cicd.build project.view', 'P7 and on an app');
select throws_ok($$select role_create('tester', '', '{}')$$, '23505', 'there is a role "tester" already', 'P7 its name must be free, in any case of letters');
select throws_ok($$select role_create('', '', '{}')$$, '23514', null, 'P7 and not empty');
select throws_ok($$select role_create('Wrong', '', array['project.fly'])$$, 'P0002', 'there is no permission "project.fly"',
	'P7 a role with an unknown permission is not made');
select is(role_named('project', 'Wrong'), null, 'P7 not even half');

-- Editing.
select namespace_attach('k1/pay/test', '/dev/web');
select role_edit('Tester', array['project.view', 'project.stories', 'cicd.deploy', 'cluster.logs']);
select is(rights('nel', 'app:site'), 'cicd.deploy project.stories project.view', 'P8 edited project and CI/CD permissions of a custom role work at once');
select is(rights('nel', 'app:board'), 'cicd.deploy project.stories project.view', 'P8 for every holder, on every path');
select is(rights('nel', 'namespace:k1/pay/test'), 'cluster.logs', 'P8 and so do its cluster permissions');
select role_edit('Developer', array['project.delete', 'cicd.approve', 'cluster.deploy']);
select is(rights('ann', 'app:shop'), 'cicd.approve project.delete', 'P8 edited project and CI/CD permissions of a predefined role work at once');
select is(rights('ann', 'namespace:k1/pay/test'), 'cluster.deploy', 'P8 and so do its cluster permissions');
select group_member_add('/', 'nel', 'Tester');
select is(rights('nel', 'cluster:k1'), '', 'P8 a role without permissions of whole clusters gives none at the root');
select role_edit('Tester', array['cluster.plans']);
select is(rights('nel', 'cluster:k1'), 'cluster.plans', 'P8 a member of the root group has permissions of whole clusters');
select is(rights('nel', 'app:site'), '', 'P8 and what was taken from the role is gone');
select group_member_add('/dev', 'oz', 'Tester');
select is(rights('oz', 'cluster:k1'), '', 'P8 held in any other group it reaches no cluster');
select throws_ok($$select role_edit('Tester', array['project.fly'])$$, 'P0002', null, 'P8 an unknown permission is refused');
select is(rights('nel', 'cluster:k1'), 'cluster.plans', 'P8 and the role stays as it was');
select throws_ok($$select role_edit('Owner', '{}')$$, '23514', 'the role "Owner" is locked', 'P8 a locked role is not edited');
select throws_ok($$select role_edit('Nobody', '{}')$$, 'P0002', null, 'P8 a role that is not there is not edited');
select lives_ok($$select role_edit('Tester', '{}')$$, 'P8 a role may permit nothing');
select is(rights('nel', 'app:board'), '', 'P8 and then gives nothing');

select throws_ok($$update roles set kind = 'app' where name = 'Tester'$$, '23514', 'the kind of role "Tester" cannot change',
	'the kind of a role that may be held somewhere cannot change');
select throws_ok($$delete from roles where name = 'Tester'$$, '23503', 'grants still point at rows of roles', 'a role in use cannot be deleted');
delete from grants where role = role_named('project', 'Tester');
select lives_ok($$delete from roles where name = 'Tester'$$, 'a role out of use can be');

-- A permission means something on one kind of resource only.
select is(
	(select string_agg(distinct kind || ' ' || scope, ', ' order by kind || ' ' || scope) from effective e join permissions p on p.id = e.permission),
	'app app, app cicd, app project, cluster cluster, group group, namespace namespace, platform platform',
	'a permission is effective only on the kind of resource its scope is about');
select is(can('ada', 'platform.roles.manage', 'platform'), true, 'a platform administrator governs the platform');
select is(can('ada', 'group.members.manage', 'group:/dev/pay'), true, 'and the members of every group');
select is(can('ada', 'cluster.plans', 'cluster:k1'), true, 'and every cluster');
select is(in_team('ada', 'app:shop'), '', 'but has no part in the team of an app without a role there');
select is(rights('gus', 'group:/dev/pay/api'), 'group.members.manage group.pipelines.manage group.policies.manage group.tasks.manage',
	'a group admin manages the members below his group, and what else is the group''s');
select is(rights('gus', 'group:/ops') || rights('gus', 'group:/'), '', 'and neither above it nor beside it');
select is(in_team('gus', 'app:shop'), '', 'and has no part in the teams of its apps');

select is((select count(*) from permissions where name !~ '^(project|cicd|cluster|group|platform|app|env)[.]'), 0::bigint, 'a permission is named after what it is about');
select is((select count(*) from roles where locked and not builtin), 0::bigint, 'only predefined roles are locked');
select is(can(person_id('ann'), 32000::smallint, 1), false, 'can() is false for an unknown permission');
select is(can(gen_random_uuid(), permission_named('project.view'), resource_named('app:shop')), false, 'can() is false for an unknown person');

select * from finish();
rollback;
