-- SPDX-License-Identifier: Apache-2.0
-- User roles: what somebody may do with apps at all. On which apps, his roles there say.
\ir support.psql
\ir company.psql
select plan(159);

select operator_for(p, p) from unnest(array['ada', 'ann', 'gus', 'nel', 'olga', 'oz', 'pat']) p;

-- What an app would ask for each app, and for each permission: those that come with a user role's leave to view, or to manage.
create function seen(login text) returns text language sql as $$
	select coalesce(string_agg(a.name, ' ' order by a.name), '') from apps a
	where exists (select from permissions p where p.gate = 'view' and can(person_id(login), p.id, a.id))
$$;
create function may(login text, gate gate, app text) returns text language sql as $$
	select coalesce(string_agg(p.name, ' ' order by p.name), '') from permissions p
	where p.gate = may.gate and can(person_id(login), p.id, resource_named('app:' || app))
$$;
create function gated(gate gate) returns text language sql as
	$$select string_agg(p.name, ' ' order by p.name) from permissions p where p.gate = gated.gate$$;
-- What the roles somebody holds open for apps, whether or not there is an app he has a role on.
create function opened(login text) returns text language sql as $$
	select coalesce(string_agg(distinct o.gate::text, ' ' order by o.gate::text desc), '') from access a
	join roles r on r.id = a.role, unnest(r.opens) o(gate) where a.user_id = person_id(login) and a.resource = platform()
$$;

-- What there is.
select set_eq($$select name from roles where kind = 'platform' and not structural$$,
	$$values ('Platform Administrator'), ('Group Administrator'), ('App Administrator'), ('App Viewer'), ('No Access')$$, 'A5 these are the user roles');
select is((select count(*) from roles where kind = 'platform' and structural and name in ('User', 'Administrator of Some Group')), 2::bigint,
	'A5 what everybody holds, and what follows from administering a group, is given to nobody');
select is(tried('test_ada', format('select user_role_add(%L, %L)', 'nel', role)), '23514', 'A5 and refused by hand: ' || role)
from unnest(array['User', 'Administrator of Some Group', 'Group Administrator']) role;
select is(tried('test_ada', $$select user_role_add('nel', 'Emperor')$$), 'P0002', 'A5 nor is there another one');
select is(tried('test_ada', $$select user_role_add('nel', 'App Owner')$$), 'P0002', 'A5 a role of an app is none');

-- One half without the other.
select is(tried('test_ada', $$select user_role_add('nel', 'App Administrator')$$), 'done', 'A1 a platform administrator gives a user role');
select is(opened('nel'), 'view manage', 'A1 with it somebody may view and manage apps');
select is(seen('nel'), '', 'A1 but without an app he sees none');
select is_empty($$select from effective e join permissions p on p.id = e.permission where e.user_id = person_id('nel') and e.kind = 'app'$$,
	'A1 and manages none');
select is(tried('test_ada', $$select app_role_add('shop', 'pat', 'App Administrator')$$), 'done', 'A2 a platform administrator gives a role of an app');
select is(opened('pat'), '', 'A2 without a user role nothing is open');
select is(seen('pat'), '', 'A2 so nothing is visible');
select is(may('pat', 'manage', 'shop'), '', 'A2 and nothing is managed');
select is(tried('test_ada', $$select user_role_add('pat', 'No Access')$$), 'done', 'A2 No Access is given');
select is(seen('pat') || may('pat', 'manage', 'shop'), '', 'A2 and makes no difference');
select is(tried('test_ada', $$select user_role_add('pat', 'App Viewer')$$), 'done', 'A3 a user role that may view');
select is(may('pat', 'view', 'shop'), gated('view'), 'A3 with a role of the app shows what that role shows');
select is(may('pat', 'manage', 'shop'), '', 'A3 but the user role bounds what the other one gives');
select user_role_add('pat', 'App Administrator'), app_role_remove('shop', 'pat', 'App Administrator');
select is(may('pat', 'manage', 'shop'), '', 'A3 and the other way: with every user role, what the app role does not give is refused');
select is(may('pat', 'view', 'shop'), permits_gate, 'A3 what it gives is not')
from (select string_agg(p.name, ' ' order by p.name) as permits_gate from role_permissions rp join permissions p on p.id = rp.permission
	where rp.role = role_named('app', 'App Member')) m;
select user_role_remove('pat', 'App Administrator'), user_role_remove('pat', 'App Viewer'), user_role_remove('pat', 'No Access');

-- Platform Administrator.
select is(seen('ada'), 'board gate shop site', 'A4 a platform administrator sees every app without a role on any');
select app_archive('site', true);
select is(seen('ada'), 'board gate shop', 'A4 except archived ones, which give nobody anything');
select app_archive('site', false);
select is(can('ada', permission, resource), true, format('A7 a platform administrator: %s, by %s', what, permission))
from (values ('system settings', 'platform.settings.manage', 'platform'), ('groups', 'platform.groups.manage', 'platform'),
	('groups', 'group.members.manage', 'group:/ops'), ('app access', 'app.access.manage', 'app:board'),
	('all policies', 'app.policies.manage', 'app:board'), ('all policies', 'group.policies.manage', 'group:/ops'),
	('all pipelines', 'app.pipelines.manage', 'app:gate'), ('all pipelines', 'group.pipelines.manage', 'group:/dev/pay/api'),
	('all tasks', 'app.tasks.manage', 'app:shop'), ('all tasks', 'group.tasks.manage', 'group:/dev')) c(what, permission, resource);
select is(tried('test_ada', statement), 'done', 'A7 and does it: ' || statement)
from unnest(array[$$select group_create('/ops/sub', 'for tests', '{oz}')$$, $$select group_member_add('/ops', 'pat', 'Developer')$$,
	$$select app_role_add('board', 'pat', 'App Member')$$, $$select app_role_remove('board', 'pat', 'App Member')$$]) statement;
select is(can('nel', permission, resource), false, format('A7 nobody else: %s', permission))
from (values ('platform.settings.manage', 'platform'), ('platform.groups.manage', 'platform'), ('app.access.manage', 'app:board'),
	('app.policies.manage', 'app:board'), ('app.pipelines.manage', 'app:board'), ('app.tasks.manage', 'app:board')) c(permission, resource);
select is(tried('test_nel', $$select group_create('/ops/more', 'for tests', '{oz}')$$), '42501', 'A7 nor makes a group');
select is(tried('test_nel', $$select app_role_add('board', 'nel', 'App Owner')$$), '42501', 'A7 nor gives himself an app');
select is(can('ada', permission, 'app:' || app), true, format('A8 a platform administrator views %s of %s', permission, app))
from unnest(array['app.policy.view', 'app.release.view', 'app.task.view', 'app.repository.view']) permission, unnest(array['board', 'shop']) app;
select is(may('ada', 'manage', 'board'), 'app.access.manage app.pipelines.manage app.policies.manage app.tasks.manage',
	'A7 releases and what is said of the app are not his without a role there');
select committed();
select is(tried('test_ada', $$select app_role_add('board', 'ada', 'App Owner')$$), 'done', 'A7 which he may give himself');
select is((select cause from revisions order by id desc limit 1), 'app access board add ada as App Owner', 'A7 and that is recorded');
select is(can('ada', 'app.release.approve', 'app:board'), true, 'A7 and works');
select app_role_remove('board', 'ada', 'App Owner');

-- Group Administrator.
select is(can('gus', permission, resource), true, format('A9 a group administrator: %s, by %s on %s', what, permission, resource))
from (values ('members', 'group.members.manage', 'group:/dev'), ('app access', 'app.access.manage', 'app:shop'),
	('group policies', 'group.policies.manage', 'group:/dev'), ('group pipelines', 'group.pipelines.manage', 'group:/dev/pay'),
	('app pipelines', 'app.pipelines.manage', 'app:gate'), ('group tasks', 'group.tasks.manage', 'group:/dev/pay/api'),
	('app tasks', 'app.tasks.manage', 'app:site')) c(what, permission, resource);
select is(tried('test_gus', statement), 'done', 'A9 and does it: ' || statement)
from unnest(array[$$select group_member_add('/dev/web', 'nel', 'App Member')$$, $$select group_member_remove('/dev/web', 'nel', 'App Member')$$,
	$$select app_role_add('shop', 'nel', 'App Owner')$$, $$select app_role_remove('shop', 'nel', 'App Owner')$$]) statement;
select is(may('gus', 'manage', 'shop'), 'app.access.manage app.pipelines.manage app.tasks.manage', 'A9 and nothing else of an app');
select is(tried('test_gus', $$select group_delete('/dev/web')$$), '42501', 'A9 nor is a group his to delete');
select user_role_add('ann', 'App Viewer'), app_role_add('shop', 'ann', 'App Member');
select is(tried('test_ann', $$select app_role_remove('shop', 'ann', 'App Member')$$), '42501', 'A10 who only sees an app takes no role of it from anybody');
select user_role_remove('ann', 'App Viewer'), app_role_remove('shop', 'ann', 'App Member');
select is(can('gus', permission, resource), false, format('A10 not where he is no group admin: %s on %s', permission, resource))
from (values ('group.members.manage', 'group:/ops'), ('app.access.manage', 'app:board'), ('group.policies.manage', 'group:/ops'),
	('group.pipelines.manage', 'group:/ops'), ('app.pipelines.manage', 'app:board'), ('group.tasks.manage', 'group:/ops'),
	('app.tasks.manage', 'app:board'), ('group.policies.manage', 'group:/')) c(permission, resource);
select is(tried('test_gus', statement), '42501', 'A10 and is refused: ' || statement)
from unnest(array[$$select group_member_add('/ops', 'nel', 'App Member')$$, $$select group_member_remove('/ops', 'oz', 'Operator')$$,
	$$select app_role_add('board', 'gus', 'App Owner')$$, $$select app_role_remove('board', 'oz', 'App Owner')$$]) statement;
select is(seen('gus'), 'gate shop site', 'A11 a group administrator sees the apps of his groups, and of those below');
select is(may('gus', 'view', app), gated('view'), 'A11 and of each all there is to see: ' || app) from unnest(array['gate', 'shop', 'site']) app;
select is(may('gus', 'view', 'board'), '', 'A11 of others nothing');
select is(roles_at('gus', 'app:shop'), 'Group Administrator', 'A11 without being a member of them');
select group_member_add('/ops', 'olga', null), group_member_add('/dev', 'olga', null), app_group('site', '/ops');
select is(seen('gus'), 'gate shop', 'A11 an app that goes to another group is his no more');
select app_group('site', '/dev/web'), group_member_remove('/dev', 'olga', null);

select is(tried('test_gus', $$select group_member_add('/dev', 'nel', 'App Member')$$), 'done', 'A23 a group admin adds a member to his group');
select is(tried('test_gus', $$select group_member_remove('/dev', 'nel', 'App Member')$$), 'done', 'A23 and removes him');
select is(tried('test_gus', $$select group_member_add('/', 'nel', 'App Member')$$), '42501', 'A23 not in the group above');
select is(tried('test_gus', $$select group_member_add('/ops', 'nel', 'App Member')$$), '42501', 'A23 nor in another');
select is(tried('test_oz', $$select group_member_add('/dev', 'nel', 'App Member')$$), '42501', 'A23 nor does who is admin of another one');
select is(tried('test_ann', $$select group_member_add('/dev', 'nel', 'App Member')$$), '42501', 'A23 nor a mere member');

-- App Administrator and App Viewer.
select user_role_add('ann', 'App Administrator');
select is(seen('ann'), 'gate shop site', 'A13 an App Administrator sees the apps of the groups he is a member of');
select app_role_add('board', 'ann', 'App Member');
select is(seen('ann'), 'board gate shop site', 'A13 and those where he is App Member');
select group_member_remove('/dev', 'ann', 'Developer');
select is(seen('ann'), 'board', 'A13 and no others');
select app_member_add('gate', 'ann', 'Developer');
select is(seen('ann'), 'board', 'A13 to be in the team of an app is another thing');
select app_role_remove('board', 'ann', 'App Member');
select is(seen('ann'), '', 'A13 without either he sees none');
select app_member_remove('gate', 'ann', 'Developer');
select app_role_add('shop', 'ann', 'App Member');
select is(may('ann', 'manage', 'shop'), '', 'A12 an App Administrator manages nothing by a role on the app that does not say so');
select app_role_add('shop', 'ann', 'App Administrator');
select is(can('ann', permission, 'app:shop'), true, 'A12 with one that does: ' || permission)
from unnest(array['app.policies.manage', 'app.pipelines.manage', 'app.tasks.manage']) permission;
select is(may('ann', 'manage', 'gate'), '', 'A12 on that app only');

select app_role_add('shop', 'oz', r) from unnest(array['App Owner', 'App Administrator', 'App Member', 'App Operator']) r;
select user_role_add('oz', 'App Administrator');
select user_role_add('pat', 'App Viewer');
select app_role_add('shop', 'pat', r) from unnest(array['App Owner', 'App Administrator', 'App Member', 'App Operator']) r;
select is((select string_agg(p, ' ' order by p) from regexp_split_to_table(may('oz', 'manage', 'shop'), ' ') p),
	(select string_agg(p.name, ' ' order by p.name) from permissions p where p.gate = 'manage' and p.name <> 'app.access.manage'),
	'A14 somebody who holds every role of an app, and may manage, manages it all');
select is(may('pat', 'manage', 'shop'), '', 'A14 an App Viewer who holds them too manages nothing');
select is(tried('test_pat', $$select app_role_add('shop', 'nel', 'App Member')$$), '42501', 'A14 nor says who has access');
select is(may('pat', 'view', 'shop'), gated('view'), 'A14 and views all of it');
select is(seen('pat'), 'board gate shop', 'A15 an App Viewer sees the apps of his groups');
select group_member_remove('/dev/pay', 'pat', 'Contributor'), group_member_remove('/ops', 'pat', 'Developer');
select is(seen('pat'), 'shop', 'A15 and those where he has a role of the app');
select app_role_remove('shop', 'pat', r) from unnest(array['App Owner', 'App Administrator', 'App Operator']) r;
select is(seen('pat'), 'shop', 'A15 App Member is enough');
select app_role_remove('shop', 'pat', 'App Member');
select is(seen('pat'), '', 'A15 and no others');

-- No Access.
select user_role_remove('pat', 'App Viewer'), user_role_add('pat', 'No Access');
select app_role_add('shop', 'pat', r)
from unnest(array['App Owner', 'App Administrator', 'App Member', 'App Operator']) r;
select is(may('pat', 'view', 'shop'), '', 'A16 with No Access nothing is viewed, whatever the roles on the app');
select is(may('pat', 'manage', 'shop'), '', 'A16 and nothing managed');
select group_member_add('/dev', 'pat', 'App Owner');
select is(seen('pat'), '', 'A16 nor by a role in a group');

-- A user role comes and goes.
select is(tried('test_ada', $$select user_role_remove('oz', 'App Administrator')$$), 'done', 'A29 a user role is taken away');
select is(opened('oz'), 'view manage', 'A29 of an admin of some group that leaves what follows from that');
select group_member_add('/ops/sub', 'ada', null), group_member_remove('/ops/sub', 'oz', null);
select is(seen('oz') || may('oz', 'manage', 'shop'), '', 'A29 without it the rights on apps are gone at once');
select is(roles_at('oz', 'app:shop'), 'App Administrator App Member App Operator App Owner', 'A29 though the roles there stay');
select user_role_add('oz', 'App Viewer');
select is(may('oz', 'view', 'shop') || may('oz', 'manage', 'shop'), gated('view'), 'A29 a lower one brings a part back');
select user_role_add('oz', 'App Administrator');
select isnt(may('oz', 'manage', 'shop'), '', 'A29 and the one he had, all');
select is(tried('test_oz', $$select user_role_add('oz', 'Platform Administrator')$$), '42501', 'A29 nobody but a platform administrator gives user roles');
select is(tried('test_gus', $$select user_role_add('nel', 'App Viewer')$$), '42501', 'A29 a group administrator does not');
select is(tried('test_oz', $$select user_role_remove('nel', 'App Administrator')$$), '42501', 'A29 nor takes them');
select is(tried('test_ada', $$select user_role_remove('nel', 'App Viewer')$$), 'P0002', 'A29 one that is not held is not taken');
select is(tried('test_ada', $$select user_role_remove('ada', 'Platform Administrator')$$), '23514', 'the last platform administrator stays one');

-- Several.
select user_role_remove('nel', 'App Administrator'), app_role_add('site', 'nel', 'App Administrator');
select user_role_add('nel', 'No Access'), user_role_add('nel', 'App Viewer');
select is(may('nel', 'view', 'site') || may('nel', 'manage', 'site'), gated('view'), 'A34 No Access takes nothing from another user role');
select user_role_add('nel', 'App Administrator');
select is(can('nel', 'app.tasks.manage', 'app:site'), true, 'A34 and user roles add up');
select user_role_remove('nel', 'App Viewer');
select is(can('nel', 'app.tasks.manage', 'app:site') and can('nel', 'app.task.view', 'app:site'), true, 'A34 what two of them give, one alone still gives');
select user_role_remove('nel', 'App Administrator'), user_role_remove('nel', 'No Access');

-- Who makes group administrators.
select is(tried('test_' || who, statement), '42501', format('A33 %s is refused: %s', who, statement))
from unnest(array['gus', 'olga', 'nel']) who, unnest(array[$$select group_create('/dev/new', 'for tests', '{gus}')$$, $$select app_group('shop', '/dev')$$,
	$$select group_member_add('/dev', 'nel', null)$$, $$select group_member_remove('/dev', 'gus', null)$$]) statement;
select is(opened('nel'), '', 'A33 somebody without a user role');
select is(tried('test_ada', $$select group_member_add('/ops', 'nel', null)$$), 'done', 'A33 is made a group admin by a platform administrator');
select is(opened('nel'), 'view manage', 'A33 and is a user of that kind by this');
select is(seen('nel'), 'board site', 'A33 of the apps of his group, and everywhere else as far as his roles there go');
select is(can('nel', 'app.policies.manage', 'app:site'), true, 'A33 where they count like any group administrator''s');
select group_member_add('/ops', 'ada', null);
select is(tried('test_ada', $$select group_member_remove('/ops', 'nel', null)$$), 'done', 'A33 when he is not any more');
select is(opened('nel') || seen('nel'), '', 'A33 that has ended');
select is(tried('test_ada', $$select group_create('/ops/new', 'for tests', '{nel}')$$), 'done', 'A33 made one with the group');
select is(opened('nel'), 'view manage', 'A33 he is one too');
-- As a run does with a group that no rule wants any more: its administrators stay, for when it comes back.
create function lost_and_got() returns table (login text, resource text, fewer boolean) language sql as $$
	select u.login, resource_name(d.resource), cardinality(d.permissions_after) < cardinality(d.permissions_before)
	from difference(head() - 1, head()) d join users u on u.id = d.user_id where resource_name(d.resource) like 'app:%'
$$;
select committed(), by_itself();
update groups set archived = true where id = need_group('/ops/new');
select committed();
select is(opened('nel') || seen('nel'), '', 'A33 who administers nothing but archived groups is no such user');
select is_empty($$select from effective_of(person_id('nel'), '{app}')$$, 'A33 of no app');
select set_eq('select * from lost_and_got()', $$values ('nel', 'app:site', true)$$, 'A33 and the apps where he had roles are told');
select by_itself();
update groups set archived = false where name = 'new' and archived;
select committed();
select is(opened('nel'), 'view manage', 'A33 with the group he is one again');
select set_eq('select * from lost_and_got()', $$values ('nel', 'app:site', false)$$, 'A33 which is told too');
select set_eq('select * from effective where user_id = person_id(''nel'')', format('select * from effective_at(%s) where user_id = person_id(''nel'')', head()),
	'A33 now as at the last revision');

select * from finish();
rollback;
