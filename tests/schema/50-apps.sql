-- SPDX-License-Identifier: Apache-2.0
-- Apps, their owners and their teams.
\ir support.psql
\ir company.psql
select plan(110);

select operator_for(p, p) from unnest(array['ada', 'ann', 'gus', 'nel', 'olga', 'oz', 'pat']) p;

-- Making one.
select is(can('nel', 'platform.app.create', 'platform'), true, 'P33 an active person may create an app');
select is(tried('test_nel', $$select app_create('mine', null, null)$$), 'done', 'P33 and does');
select is((select owner from apps where name = 'mine'), person_id('nel'), 'P34 who creates an app owns it');
select is(tried('test_nel', $$select app_create('given', 'ann', null)$$), '42501', 'P33 nobody creates an app in another''s name');
select is(tried('test_ada', $$select app_create('given', 'ann', null)$$), 'done', 'P33 except a platform administrator');
select user_suspend('nel');
select is(can(person_id('nel'), permission_named('platform.app.create'), platform()), false, 'P33 an inactive person may not');
select is(tried('test_nel', $$select app_create('more', null, null)$$), '42501', 'P33 and does not');
select user_resume('nel');
select throws_ok($$select app_create('nobodys', null, null)$$, '22023', 'an app needs an owner', 'P34 an app without an owner is refused');
select throws_ok($$select app_create('nobodys', 'nobody', null)$$, 'P0002', null, 'P34 an owner who is not there is refused');
select col_not_null('roster', 'apps', 'owner', 'P34 every app has one owner');
select throws_ok($$select app_create('SHOP', 'nel', null)$$, '23505', null, 'the name of an app is taken in any case of letters');

-- Its group.
select is(roles_at('nel', 'app:mine'), 'Owner Scrum Master', 'C37 who creates an app is its Scrum Master');
select is(roles_at('ann', 'app:given'), 'Developer Owner Scrum Master', 'C37 the one for whom it is created');
select is((select count(*) from grants where anchor = resource_named('app:given')), 1::bigint, 'C37 and nobody else');
select set_eq($$select membership, role from app_members('mine')$$, $$values ('owner', 'Owner'), ('direct', 'Scrum Master')$$, 'C37 the team shows both');
select is(tried('test_nel', $$select app_member_remove('mine', 'nel', 'Scrum Master')$$), '23514', 'C37 an app keeps one');
select is(tried('test_nel', $$select app_member_add('mine', 'oz', 'Scrum Master'); select app_member_remove('mine', 'nel', 'Scrum Master')$$), 'done',
	'C37 and he stops being it when there is another');
select is(roles_at('nel', 'app:mine'), 'Owner', 'C37 as the owner he was and is');
select is_empty($$select from grants where anchor = resource_named('app:shop')$$, 'C37 an app that is imported has the team that is imported');
select is((select group_path(owner_group) from apps where name = 'given'), '/dev', 'an app of a member of one group belongs to that group');
savepoint archived;
update groups set archived = true where id = need_group('/dev');
select app_create('later', 'ann', null);
select is((select owner_group from apps where name = 'later'), null, 'not to one that is archived');
rollback to archived;
select is((select owner_group from apps where name = 'mine'), null, 'an app of a member of none belongs to none');
select group_member_add('/ops', 'ann', 'Operator');
select is(tried('test_oz', format('select app_create(%L, null, %L)', 'taken', path)), '42501', 'A33 nobody chooses a group for his app: ' || path)
from unnest(array['/dev', '/']) path;
select is(tried('test_oz', $$select app_create('ours', null, '/ops')$$), 'done', 'A33 but he may name the one it comes to by itself');
select is((select group_path(owner_group) from apps where name = 'ours'), '/ops', 'A33 and it is there');
select is(tried('test_' || who, $$select app_create('taken', null, '/dev')$$), '42501', 'A33 nor an admin of the group: ' || who) from unnest(array['gus']) who;
select is(tried('test_ada', $$select app_create('taken', 'nel', '/dev')$$), '23514', 'P45 the owner of an app is in the group that is to own it');
select is((select count(*) from apps where name = 'taken'), 0::bigint, 'P45 or the app is not made');
select is(tried('test_ada', $$select app_create('led', 'gus', '/dev/pay')$$), 'done', 'P45 as an admin, of it or of a group above');
select is(tried('test_ada', $$select app_create('below', 'ann', '/dev/pay/api')$$), 'done', 'P45 or as a member, of it or of a group above');
select is(tried('test_ada', format('select app_group(%L, %L)', 'led', path)), code, format('P45 a group that claims it has its owner: %s is %s', path, code))
from (values ('/ops', '23514'), ('/', '23514'), ('/dev', 'done'), ('/dev/pay', 'done')) claims(path, code);
select is(tried('test_ann', $$select app_group('below', '/dev')$$), '42501', 'A33 which is for platform administrators to say');
select is(tried('test_ada', $$select app_group('below', null)$$), 'done', 'P45 no group asks for nothing');
select is(tried('test_ada', $$select app_owner('led', 'oz')$$), '23514', 'P45 nor is it handed to somebody outside');
select is(tried('test_ada', $$select app_owner('led', 'pat')$$), 'done', 'P45 but within');
select is((select group_path(owner_group) from apps where name = 'shop'), '/dev/pay', 'P45 an import is taken at its word: olga is in no group');
select is_empty($$select from attention_list() where what like 'app:%'$$, 'P45 which needs nobody''s attention');
select app_create('torn', 'ann', null);
select is((select owner_group from apps where name = 'torn'), null, 'an app of a member of two belongs to none until one is chosen');
select group_member_remove('/ops', 'ann', 'Operator');

-- Whoever leaves the group keeps the app: nobody stops a source.
select committed();
delete from grants where user_id = person_id('pat') and anchor = group_at('/dev/pay');
select is((select owner from apps where name = 'led'), person_id('pat'), 'P45 an owner who leaves the group keeps the app');
select results_eq($$select kind, what, who from attention_list() where what like 'app:%'$$, $$values ('owner left the group', 'app:led', array['pat'])$$, 'P45 which needs attention');
select group_member_add('/dev/pay', 'pat', 'Contributor');
select is_empty($$select from attention_list() where what like 'app:%'$$, 'P45 until he is back, or the app is another''s');
select app_archive('led', true), app_archive('ours', true), app_archive('below', true);

-- The owner.
select is(rights('olga', 'app:shop'), (select string_agg(name, ' ' order by name) from permissions where scope in ('project', 'cicd')),
	'P35 the owner may do everything there is to do with an app');
select is(tried('test_olga', $$select app_member_add('shop', 'nel', 'Contributor')$$), 'done', 'P35 the owner invites');
select is(rights('nel', 'app:shop'), permits('Contributor', 'app'), 'P35 and whom he invited is in');
select is(tried('test_olga', $$select app_member_remove('shop', 'nel', 'Contributor')$$), 'done', 'P35 and removes');
select is(rights('nel', 'app:shop'), '', 'P35 and who was removed is out');
select is(tried('test_olga', $$select app_member_add('site', 'nel', 'Owner')$$), '23514', 'P34 ownership is not given as a role');
select is(tried('test_olga', $$select app_owner('site', 'nel')$$), '23514', 'P45 not to somebody who is not in the group of the app');
select is((select owner from apps where name = 'site'), person_id('olga'), 'P45 and it stays hers');
select app_group('site', null);
select is(tried('test_olga', $$select app_owner('site', 'nel')$$), 'done', 'P35 the owner hands the app over');
select is(rights('nel', 'app:site') || '/' || rights('olga', 'app:site'), permits('Owner', 'app') || '/', 'P34 in one step: one owner, then the other');

-- She takes an app out of use, and back.
select is(tried('test_' || who, $$select app_archive('gate', true)$$), '42501', 'P36 an app is not taken out of use by ' || who) from unnest(array['ann', 'pat', 'oz', 'gus']) who;
select committed();
select is(tried('test_olga', $$select app_archive('gate', true)$$), 'done', 'P35 the owner takes the app out of use');
select is(rights('olga', 'app:gate'), '', 'P48 and has nothing of it either');
select is(tried('test_' || who, $$select app_archive('gate', false)$$), '42501', 'P36 nor back by ' || who) from unnest(array['ann', 'pat', 'gus']) who;
select is(tried('test_olga', $$select app_archive('gate', false)$$), 'done', 'P35 and back');
select is((select cause || ' ' || login from revisions where id = head()), 'app archive gate test_olga', 'P35 recorded as hers');
select user_suspend('olga');
select is(tried('test_olga', $$select app_archive('gate', true)$$), '42501', 'P48 a suspended owner does not');
select user_resume('olga');

-- Members.
select is(tried('test_ann', $$select app_member_add('shop', 'nel', 'Contributor')$$), '42501', 'P36 an inherited member who is not owner does not invite');
select app_member_add('shop', 'oz', 'Developer');
select is(tried('test_oz', $$select app_member_add('shop', 'nel', 'Contributor')$$), '42501', 'P36 nor does a direct one');
select is(tried('test_oz', $$select app_member_remove('shop', 'oz', 'Developer')$$), '42501', 'P36 nor remove');
select is(tried('test_oz', $$select app_owner('shop', 'oz')$$), '42501', 'P36 nor take the app');
select role_create('Lead', '', array['project.view', 'project.team']);
select app_member_add('shop', 'pat', 'Lead');
select is(tried('test_pat', $$select app_member_add('shop', 'nel', 'Contributor')$$), 'done', 'P36 unless a role of his gives him the team');
select is(tried('test_pat', $$select app_member_add('shop', 'pat', 'Administrator')$$), '42501', 'C35 nobody gives a role that can do more than he can');
select second_factor_proven('ada'), role_create('Silent', '', array['project.view'], production => 'fixed', production_permissions => array['env.transport']);
select is(tried('test_pat', $$select app_member_add('shop', 'nel', 'Silent')$$), '42501', 'C35 nor one that can do more in environments');
select is(tried('test_olga', $$select app_member_add('shop', 'nel', 'Silent'); select app_member_remove('shop', 'nel', 'Silent')$$), 'done', 'C35 the owner does');
select is(tried('test_pat', $$select app_owner('shop', 'pat')$$), '42501', 'P36 the team is not ownership');
select role_create('Host', '', array['project.view', 'project.invite']), role_create('Steward', '', array['project.view', 'project.administer']);
select app_member_remove('shop', 'oz', 'Developer'), app_member_add('shop', 'oz', 'Host');
select is(tried('test_oz', $$select app_member_add('shop', 'nel', 'End-user')$$), 'done', 'C35 who may invite, invites');
select is(tried('test_oz', $$select app_member_add('shop', 'nel', 'Contributor')$$), '42501', 'C35 in no role that can do more than his own');
select is(tried('test_oz', $$select app_member_remove('shop', 'nel', 'End-user')$$), '42501', 'C35 but takes nobody out');
select is(tried('test_oz', $$select app_member_add('shop', 'nel', 'End-user', now() + interval '1 hour')$$), '42501', 'C35 nor lets the clock do it');
select is(tried('test_olga', $$select app_member_add('shop', 'nel', 'End-user', now() - interval '1 second')$$), '22023', 'an end lies ahead');
select role_create('Looker', '', array['project.view', 'project.invite', 'project.cloud_access'], 'fixed', array['env.monitoring']),
	role_create('Setter', '', array['project.view', 'project.cloud_access'], 'custom'), app_member_remove('shop', 'oz', 'Host'), app_member_add('shop', 'oz', 'Looker');
select is(tried('test_oz', $$select app_member_add('shop', 'nel', 'Setter')$$), '42501', 'C35 nor one that leaves to be set what is fixed for him');
select app_member_remove('shop', 'oz', 'Looker'), app_member_add('shop', 'oz', 'Steward');
select is(tried('test_oz', $$select app_member_remove('shop', 'nel', 'End-user')$$), 'done', 'P36 who administers the app does');
select is(tried('test_oz', $$select app_member_add('shop', 'nel', 'End-user')$$), 'done', 'P36 and adds');
select app_member_remove('shop', 'nel', 'End-user'), app_member_remove('shop', 'oz', 'Steward'), app_member_add('shop', 'oz', 'Developer');
select is(tried('test_pat', $$select app_member_add('gate', 'nel', 'Contributor')$$), '42501', 'P36 nor is one app another');
select app_member_remove('shop', 'nel', 'Contributor');

select is(tried('test_olga', format('select app_member_add(%L, %L, %L)', 'gate', 'nel', role)), 'done', 'P37 the owner invites as ' || role)
from unnest(array['Operator', 'Contributor', 'Developer', 'Lead']) role;
select is(roles_at('nel', 'app:gate'), 'Contributor Developer Lead Operator', 'P37 and the invited person is a direct member with that role');
select set_eq($$select role, membership from app_members('gate') where login = 'nel'$$,
	$$values ('Operator', 'direct'), ('Contributor', 'direct'), ('Developer', 'direct'), ('Lead', 'direct')$$, 'P37 and is shown as one');
select is(tried('test_olga', $$select app_member_add('gate', 'nel', 'Platform Administrator')$$), 'P0002', 'P37 a platform role is none of them');

-- The team.
select results_eq($$select login, membership, role, through from app_members('shop')$$,
	$$values ('olga', 'owner', 'Owner', null), ('oz', 'direct', 'Developer', null), ('pat', 'direct', 'Lead', null),
		('ann', 'inherited', 'Developer', '/dev'), ('pat', 'inherited', 'Contributor', '/dev/pay')$$,
	'P38 the team: the owner, direct members, inherited ones with the group that brings them');
select user_suspend('pat'), app_archive('shop', true);
select is((select string_agg(login || case when active then '' else ' (suspended)' end, ', ' order by login, membership) from app_members('shop')),
	'ann, olga, oz, pat (suspended), pat (suspended)', 'P38 the whole of it, also while the app is archived');
select app_archive('shop', false), user_resume('pat');
select is(roles_at('pat', 'app:shop'), 'Contributor Lead', 'P39 the members of the group of an app are inherited members of the app');
select is(roles_at('ann', 'app:shop'), 'Developer', 'P40 and so are the members of the groups above');
select person('ray');
select group_member_add('/', 'ray', 'Operator');
select is(rights('ray', 'app:gate'), permits('Operator', 'app'), 'P40 up to the root');

select is(tried('test_olga', $$select app_member_remove('shop', 'ann', 'Developer')$$), 'P0002', 'P41 the owner cannot remove an inherited member');
select is(roles_at('ann', 'app:shop'), 'Developer', 'P41 and nothing changed');
select is(tried('test_olga', $$select group_member_remove('/dev', 'ann', 'Developer')$$), '42501', 'P41 nor change the group');
select group_member_add('/dev', 'ann', 'Operator'), group_member_remove('/dev', 'ann', 'Developer');
select is(roles_at('ann', 'app:shop'), 'Operator', 'P41 what changes in the group changes in the app');
select group_member_remove('/dev/pay', 'pat', 'Contributor'), group_member_add('/dev/pay', 'pat', 'Developer');
select set_has($$select role, membership from app_members('shop') where login = 'pat'$$, $$values ('Lead', 'direct')$$,
	'P42 the direct role of a member stays when his role in the group changes');
select group_member_remove('/dev/pay', 'pat', 'Developer');
select is(roles_at('pat', 'app:shop'), 'Lead', 'P42 and when he leaves the group');
select group_member_add('/dev/pay', 'pat', 'Contributor');
select set_eq($$select role, membership from app_members('shop') where login = 'pat'$$, $$values ('Lead', 'direct'), ('Contributor', 'inherited')$$,
	'P43 who is direct and inherited is shown as both');
select is(rights('pat', 'app:shop'), 'cicd.view project.revisions project.stories project.team project.view', 'P43 and has the union');
select app_member_remove('shop', 'pat', 'Lead');
select is(rights('pat', 'app:shop'), permits('Contributor', 'app'), 'P43 of which the inherited half stays');

-- Archived and suspended.
select app_archive('shop', true);
select is_empty($$select from effective where resource = resource_named('app:shop')$$, 'P48 an archived app gives nobody anything, its owner included');
select app_archive('shop', false);
select is(rights('pat', 'app:shop'), permits('Contributor', 'app'), 'P48 a restored one gives what it gave');
select user_suspend('pat');
select is_empty($$select from effective where user_id = person_id('pat')$$, 'P48 a suspended person may do nothing');
select user_resume('pat');
select is(rights('pat', 'app:shop'), permits('Contributor', 'app'), 'P48 a resumed one what he might');

select * from finish();
rollback;
