-- SPDX-License-Identifier: Apache-2.0
-- Roles of the whole company: who makes them, what they say, how they are edited, merged and deleted.
\ir support.psql
\ir company.psql
select plan(152);

select operator_for(p, p) from unnest(array['ada', 'ann', 'nel', 'olga', 'oz', 'pat']) p;
select person('bea');
insert into grants (user_id, anchor, role) values (person_id('bea'), platform(), role_named('platform', 'Platform Administrator'));
select operator_for('bea', 'bea');
select app_member_add('shop', 'oz', 'Scrum Master');
-- What a role does for its holders in an environment of each kind.
select app_member_add('shop', 'nel', 'Operator'), node_create('shop', 'oz'), environment_create('shop', 'test', 'test'), environment_create('shop', 'live', 'production');
select committed();
create function part(role text, kind resource_kind) returns text language sql as $$
	select e.access || ':' || coalesce((select string_agg(p.name, ' ' order by p.name) from role_environment_permissions f join permissions p on p.id = f.permission
		where f.role = e.role and f.kind = e.kind), '')
	from role_environments e where e.role = role_named('project', part.role) and e.kind = part.kind
$$;

-- Who may.
select is(tried('test_ada', $$select role_create('Tester', 'tries things', array['project.view'])$$), 'done', 'C1 an administrator makes a role');
select is(tried('test_oz', $$select role_create('Other', '', '{}')$$), '42501', 'C1 a Scrum Master does not');
select is(tried('test_ann', $$select role_create('Other', '', '{}')$$), '42501', 'C1 nor does a member');
select is(tried('test_oz', $$select role_edit('Tester', array['project.edit'])$$), '42501', 'C1 nor does a Scrum Master change one');
select is(tried('test_ann', $$select role_edit('Tester', array['project.edit'])$$), '42501', 'C1 nor a member');
select is(tried('test_ada', $$select role_edit('Tester', array['project.view', 'project.edit']); select role_edit('Tester', array['project.view'])$$), 'done', 'C1 an administrator changes one');
select is(tried('test_oz', $$select role_create('Mine', '', array['project.view'])$$), '42501', 'C3 a set of permissions of his own is an administrator''s to make');
select is(tried('test_oz', $$select app_member_add('shop', 'pat', 'Tester')$$), 'done', 'C2 a Scrum Master chooses a central role for a member');
select is(tried('test_' || who, $$select 1 / count(*) from role_list() where role = 'Tester'$$), 'done', 'C2 from those there are, which are shown to ' || who) from unnest(array['oz', 'ann']) who;
select is(tried('test_' || who, statement), '42501', 'C2 to be read only: ' || statement || ' by ' || who) from unnest(array['oz', 'ann']) who,
	unnest(array[$$select role_edit_begin('Tester')$$, $$select role_save('Tester', description => 'x')$$, $$select role_delete('Tester')$$, $$select role_merge('Tester', 'Developer')$$]) statement;
select is(rights('pat', 'app:shop'), (select string_agg(distinct p, ' ' order by p) from unnest(string_to_array(permits('Contributor', 'app') || ' project.view', ' ')) p),
	'C4 a role means on this app what it says');
select app_member_add('board', 'pat', 'Tester');
select is(rights('pat', 'app:board'), 'project.view', 'C4 and the same on another');

-- Roles that came with an app.
select access_group_create('guests');
insert into roles (kind, name, origin) values ('project', 'Tester', 'shop'), ('project', 'Guide', 'shop'), ('project', 'Guide', 'site');
insert into role_permissions (role, permission) select r.id, permission_named('project.view') from roles r where r.origin is not null;
insert into grants (user_id, anchor, role) select person_id('oz'), resource_named('app:site'), r.id from roles r where r.name = 'Tester' and r.origin = 'shop';
insert into grants (user_id, anchor, role) select person_id('pat'), resource_named('app:site'), r.id from roles r where r.name = 'Guide' and r.origin = 'site';
create function inherited(name text, origin text) returns text language sql as 'select r.id::text from roles r where r.name = inherited.name and r.origin = inherited.origin';
select ok((select 'inherited from shop' = any (tags) from role_list() where role = 'Tester' and id = inherited('Tester', 'shop')::integer), 'C5 a role that came with an app says so');
select is(tried('test_olga', format('select app_member_add(%L, %L, %L)', 'site', 'nel', inherited('Guide', 'site'))), '23514', 'C6 and is given to nobody');
select is(tried('test_ada', format('select app_member_add(%L, %L, %L)', 'site', 'nel', inherited('Guide', 'site'))), '23514', 'C6 by nobody');
select is(tried('test_ada', format('select ' || act, inherited('Guide', 'site'))), '23514', 'C6 nor through a group: ' || act)
from unnest(array['group_member_add(''/dev'', ''nel'', %L)', 'group_member_set(''/dev'', ''nel'', %L)', 'access_group_member_add(''guests'', ''nel'', %L)']) act;
select is((select count(*) from grants g join roles r on r.id = g.role and r.name = 'Guide' where g.user_id = person_id('nel')), 0::bigint, 'C6 and nothing came of it');
select set_has($$select role, duplicate from role_duplicates()$$, $$values ('Tester', 'Tester (shop)'), ('Guide (shop)', 'Guide (site)')$$, 'C7 roles that say the same are named');
select is(tried('test_ann', format('select role_merge(%L, %L)', inherited('Tester', 'shop'), 'Tester')), '42501', 'C7 an administrator merges them');
select is(tried('test_ada', format('select role_merge(%L, %L)', inherited('Tester', 'shop'), 'Tester')), 'done', 'C7 as here');
select is(roles_at('oz', 'app:site'), 'Tester', 'C7 and who held the one holds the other');
select is((select count(*) from roles where name = 'Tester'), 1::bigint, 'C7 and the one is gone');
select is(tried('test_ada', format('select role_keep(%L)', inherited('Guide', 'site'))), 'done', 'C7 a useful one is kept');
select ok((select not array_to_string(tags, ' ') ~ 'inherited' from role_list() where role = 'Guide' and id = role_named('project', 'Guide')), 'C7 as a role of the company');
select is(tried('test_ada', format('select role_keep(%L)', inherited('Guide', 'shop'))), '23505', 'C7 under a name that is free');

-- The overview.
select is((select array_to_string(permissions, ', ') || '; ' || array_to_string(environments, ', ') from role_list() where role = 'Developer'),
	'cicd 3, namespace 4, project 6; non-production fixed', 'C8 the overview sums up what a role permits');
select is((select apps from role_list() where role = 'Tester'), 3::bigint, 'C9 and on how many apps it is held');
select set_eq($$select distinct place from role_holders('Tester') where place ~ '^app:'$$, $$values ('app:shop'), ('app:board'), ('app:site')$$, 'C9 which are these');
select is((select members from role_list() where role = 'Tester'), 2::bigint, 'C10 and by how many people, each once');
select set_eq($$select place || ' ' || login from role_holders('Owner')$$, $$select resource_name(a.id) || ' ' || u.login from apps a join users u on u.id = a.owner$$,
	'C9 who owns an app holds a role there');
select is((select apps || ' ' || members from role_list() where role = 'Owner'), (select count(*) || ' ' || count(distinct owner) from apps), 'C10 and is counted');
select set_eq($$select place, login, source from role_holders('Technical Contact')$$, $$values ('app:shop', 'oz', 'hand')$$, 'C9 so does who answers for its node');
select throws_ok($$select role_create('Odd', '', '{}', part_access(array['custom', 'env.api']), part_permissions(array['custom', 'env.api']))$$, '23514', '"custom" is said alone, not with permissions or another word',
	'C22 what leaves it to the environment is said alone');
select group_member_add('/dev', 'nel', 'Tester');
select is((select members || ' ' || group_members from role_list() where role = 'Tester'), '2 1', 'C10 those in groups apart');
select group_member_remove('/dev', 'nel', 'Tester');
create function tagged(name text) returns text language sql as $$select array_to_string(tags, '; ') from role_list() where role = tagged.name and not kind = 'setting'$$;
select is(tagged('Tester'), 'duplicate of End-user, Guide, Guide (shop)', 'C8 it names the roles that say the same');
select is(tagged('Operator'), 'predefined', 'C9 one that is held says no more');
insert into roles (kind, name) select 'project', 'twin ' || chr(96 + n) from generate_series(1, 9) n;
insert into role_permissions (role, permission) select r.id, permission_named('project.delete') from roles r where r.name like 'twin _';
select is(tagged('twin a'), 'duplicate of twin b, twin c, twin d, twin e, twin f and 3 more; not used', 'C7 of many that say the same a few are named');
select is(tagged('twin e'), 'duplicate of twin a, twin b, twin c, twin d, twin f and 3 more; not used', 'C7 of any of them');
select is(tagged('twin i'), 'duplicate of twin a, twin b, twin c, twin d, twin e and 3 more; not used', 'C7 of the last too');
select is((select count(*) from role_duplicates() d where d.role like 'twin _'), 36::bigint, 'C7 and all pairs are listed apart');
delete from roles where name like 'twin _' and name > 'twin f';
select is(tagged('twin f'), 'duplicate of twin a, twin b, twin c, twin d, twin e; not used', 'C7 of six all others');
delete from roles where name like 'twin _' and name > 'twin b';
select is(tagged('twin b'), 'duplicate of twin a; not used', 'C7 of two the other');
delete from roles where name like 'twin _';
select is(tagged('Application Operator'), 'predefined; not used', 'C9 one that nobody holds says so');
select group_member_add('/ops', 'nel', 'Application Operator');
select is(tagged('Application Operator'), 'predefined', 'C10 held in a group it is used');
select group_member_remove('/ops', 'nel', 'Application Operator');
select is(tagged('Owner'), 'predefined; locked; not given by hand', 'C9 what follows from something else is used by that');
select ok(has_function_privilege('roster_admin', f, 'execute'), 'C11 from the overview one goes on: ' || f)
from unnest(array['role_create(text, text, text[], text, text[], text, text[])', 'role_edit_begin(text)', 'role_delete(text, text)', 'role_show(text)']) f;

-- Making one.
select is(tried('test_ada', $$select role_create('TESTER')$$), '23505', 'C12 a name is used once, in any case of letters');
select is(tried('test_ada', $$select role_create('')$$), '23514', 'C12 and is not empty');
select is(tried('test_ada', $$select role_edit('Guide', null, new_name => 'tester')$$), '23505', 'C12 nor does another get it');
select is(tried('test_ada', $$select role_edit('Guide', null, new_name => '')$$), '23514', 'C12 or an empty one');
select is(tried('test_ada', $$select role_create('Silent')$$), 'done', 'C13 a description is not needed');
select second_factor_proven('ada');
select is(tried('test_ada', $$select role_create('Whole', 'all four parts', array['project.view', 'project.cloud_access', 'cicd.view'],
	'fixed', array['env.transport', 'env.monitoring'], 'custom', '{}')$$), 'done', 'C14 a role has details, project permissions, non-production and production');
select is(permits('Whole', 'app') || ' / ' || part('Whole', 'environment') || ' / ' || part('Whole', 'production_environment'),
	'cicd.view project.cloud_access project.view / fixed:env.monitoring env.transport / custom:', 'C14 and all four are there');
select app_member_add('shop', 'bea', 'Whole');
select is(tried('roster_owner', $$select role_create('Odd', '', array['env.transport'])$$), '23514', 'C14 what holds in environments is not said among project permissions');
select is(tried('roster_owner', $$select role_create('Odd', '', '{}', 'custom', array['env.transport'])$$), '23514', 'C17 a set is said where it is fixed');
select is(array(select permission from effective_access('bea', 'app:shop')
	where role = 'Whole' order by 1), array['cicd.view', 'project.cloud_access', 'project.view'], 'C15 a holder may do exactly these things');

-- Environments.
select app_member_add('shop', 'ann', 'Whole');
select is(rights('ann', 'environment:shop/test'), 'env.api env.monitoring env.transport', 'C19 what is fixed is what a holder may do (and what his other role gives)');
select app_member_add('shop', 'bea', 'Product Owner');
select is(part('Product Owner', 'environment'), null, 'C16 a role may give no access to environments');
select app_member_remove('shop', 'bea', 'Whole');
select is(rights('bea', 'environment:shop/test') || rights('bea', 'environment:shop/live'), '', 'C16 and then its holders have none, of either kind');
select app_member_remove('shop', 'bea', 'Product Owner');
-- One of the kinds alone, by roles that do open the way to environments.
select role_create('Day', '', '{project.cloud_access}', 'none', '{}', 'fixed', '{env.backups}'), role_create('Night', '', '{project.cloud_access}', 'fixed', '{env.backups}', 'none', '{}');
select app_member_add('shop', 'bea', 'Day');
select is(rights('bea', 'environment:shop/test') || '/' || rights('bea', 'environment:shop/live'), '/env.backups', 'C16 no access outside production alone');
select app_member_remove('shop', 'bea', 'Day'), app_member_add('shop', 'bea', 'Night');
select is(rights('bea', 'environment:shop/test') || '/' || rights('bea', 'environment:shop/live'), 'env.backups/', 'C16 or in production alone');
select app_member_remove('shop', 'bea', 'Night'), app_member_add('shop', 'bea', 'Whole');
delete from roles where name in ('Day', 'Night');
select is(rights('bea', 'environment:shop/test'), 'env.monitoring env.transport', 'C17 fixed outside production');
select is(rights('bea', 'environment:shop/live'), '', 'C17 and open to be set in production: each kind for itself');
select is(tried('test_oz', $$select environment_set('shop/test', 'bea', 'env.backups', true)$$), '23514', 'C18 what is fixed nobody changes, the Technical Contact neither');
select is(tried('test_oz', $$select environment_set('shop/test', 'bea', 'env.transport', false)$$), '23514', 'C18 in neither direction');
select is(tried('roster_owner', format('insert into roster.environment_settings (environment, user_id, permission, allowed) values (%s, %L, %s, true)',
	resource_named('environment:shop/test'), person_id('bea'), permission_named('env.backups'))), '23514', 'C18 by no other way either');
select environment_create('shop', 'trial', 'acceptance');
select is(rights('bea', 'environment:shop/trial'), 'env.monitoring env.transport', 'C19 the same in every environment of its kind');
select second_factor_proven('oz');
select is(tried('test_oz', $$select environment_set('shop/test', 'nel', 'env.backups', true)$$), 'done', 'C20 what is left open the Technical Contact sets');
select is(rights('nel', 'environment:shop/test') || ' / ' || rights('nel', 'environment:shop/trial'), 'env.api env.backups / env.api', 'C20 for one environment');
select is(tried('test_nel', $$select environment_set('shop/test', 'nel', 'env.transport', true)$$), '42501', 'C20 somebody else does not');
select is(tried('test_oz', $$select environment_set('shop/test', 'nel', 'env.manage_permissions', true)$$), 'done', 'C20 who may manage permissions there');
select is(tried('test_nel', $$select environment_set('shop/test', 'nel', 'env.transport', true)$$), 'done', 'C20 does');
select is((select permissions from node_permissions('shop') where login = 'bea' and environment = 'test'), 'env.monitoring env.transport',
	'C21 what a role says of non-production shows in test');
select is((select permissions from node_permissions('shop') where login = 'bea' and environment = 'live'), '', 'C21 and not in production');
select is(tried('test_oz', $$select environment_set('shop/live', 'bea', 'env.backups', true)$$), 'done', 'C21 and conversely');
select is(rights('bea', 'environment:shop/live'), 'env.backups', 'C21 what is set in production holds there');

-- The second factor.
delete from second_factors;
select role_edit_cancel() from role_edit;
select is(tried('test_ada', $$select role_edit_begin('Whole'); select role_save('Whole', production => 'fixed', production_permissions => array['env.monitoring'])$$),
	'28000', 'C22 without the second factor production is not touched');
select is(part('Whole', 'production_environment'), 'custom:', 'C22 and nothing has changed');
select is(tried('test_ada', $$select role_create('Live', '', '{}', production => 'custom')$$), '28000', 'C22 nor in a new role');
select is(tried('test_ada', $$select role_edit_begin('Whole'); select role_save('Whole', description => 'told', permissions => array['project.view', 'project.cloud_access'],
	non_production => 'fixed', non_production_permissions => array['env.monitoring'])$$), 'done', 'C23 all else needs none');
select is(tried('test_ada', $$select second_factor_proven('ada')$$), '42501', 'C22 nobody proves it to himself');
select second_factor_proven('ada');
select is(tried('test_ada', $$select role_edit_begin('Whole'); select role_save('Whole', production => 'fixed', production_permissions => array['env.monitoring'])$$),
	'done', 'C22 with it, it is');
select is(rights('bea', 'environment:shop/live'), 'env.monitoring', 'C26 and holds for whoever has the role, at once');
select ok(tagged('Whole') ~ 'sensitive', 'C22 a role that fixes something in production is sensitive: many new holders at once wait');
select is((select count(*) from environment_settings where user_id = person_id('bea')), 0::bigint, 'C18 what was set before is forgotten');
select is((select string_agg(r.name, ', ' order by r.name) from roles r where r.sensitive), 'Administrator, Platform Administrator, Whole', 'C22 and no other but those that govern');
select role_edit('Whole', null, production => 'custom'), role_edit('Administrator', null, production => 'none');
select is((select string_agg(r.name, ', ' order by r.name) from roles r where r.sensitive), 'Administrator, Platform Administrator', 'C22 while it does');
select role_edit('Whole', null, production => 'fixed', production_permissions => array['env.monitoring']),
	role_edit('Administrator', null, production => 'fixed', production_permissions => array['env.manage_permissions', 'env.transport', 'env.backups', 'env.monitoring']);
update second_factors set proven_at = now() - interval '11 minutes', expires_at = now() - interval '1 minute';
select is(tried('test_ada', $$select role_edit_begin('Whole'); select role_save('Whole', production => 'none')$$), '28000', 'C22 a proof ends after ten minutes');

-- Details.
select set_eq($$select permission, scope from role_show('Whole')$$, $$values ('project.view', 'project'), ('project.cloud_access', 'project'),
	('env.monitoring', 'non-production'), ('env.monitoring', 'production')$$, 'C24 the details say all of it');
select app_member_add('site', 'nel', role_named('project', 'Whole')::text);
select is(roles_at('nel', 'app:site'), 'Whole', 'C25 the id from the overview names the role');
select is((select id from role_list() where role = 'Whole'), role_named('project', 'Whole'), 'C25 which it shows');

-- One editor.
select is(tried('test_ada', $$select role_edit_begin('Whole')$$), 'done', 'C27 one edits');
select is(tried('test_bea', $$select role_edit_begin('Whole')$$), '55006', 'C27 and nobody else the same role');
select is(tried('test_bea', $$select role_edit_begin('Tester')$$), '55006', 'C27 nor any other');
select is(tried('test_ada', $$select role_edit_begin('Tester')$$), '55006', 'C27 nor does the same one edit another beside it');
select is(tried('test_bea', $$select role_edit('Tester', '{project.view}')$$), '55006', 'C27 nor in one step');
select is(tried('test_bea', $$select role_merge('Guide', 'Tester')$$), '55006', 'C27 nor is one merged');
select is(tried('test_bea', $$select role_save('Whole', description => 'x')$$), '55000', 'C27 and saves nothing');
select is(tried('test_ada', $$select role_edit_cancel()$$), 'done', 'C27 until it is given up');
select is(tried('test_bea', $$select role_edit_begin('Tester')$$), 'done', 'C27 then another may');
update role_edit set began_at = now() - interval '1 hour', expires_at = now() - interval '1 minute';
select is(tried('test_ada', $$select role_edit_begin('Tester')$$), 'done', 'C27 or it has expired');
select is(tried('test_bea', $$select role_save('Tester', description => 'late')$$), '55000', 'C27 and who is late saves nothing');
select is(tried('test_ada', $$select role_edit_cancel()$$), 'done', 'C27 the end');

-- Deleting.
select is(tried('test_ada', $$select role_delete('Silent')$$), '55000', 'C28 a role is deleted from its edit');
select committed();
select is(tried('test_ada', $$select role_edit_begin('Silent'); select role_delete('Silent')$$), 'done', 'C29 one that nobody holds is gone');
select is((select count(*) from roles where name = 'Silent'), 0::bigint, 'C29 and not there any more');
select committed();
select throws_ok($$select revert_plan(head()::text)$$, '23514', format('revision %s took a role away for good and is not taken back', head()), 'C29 for good: what deleted it is not taken back');
select is(tried('test_ada', $$select role_edit_begin('Tester'); select role_delete('Tester')$$), '23503', 'C30 one that is held is not');
select is(roles_at('pat', 'app:board'), 'Tester', 'C30 and nothing has changed');
select is(tried('test_ada', $$select role_edit_begin('Tester'); select role_delete('Tester', 'Tester')$$), '23514', 'C33 it does not take its own place');
select is(tried('test_ada', $$select role_edit_begin('Tester'); select role_delete('Tester', 'Whole')$$), '28000', 'C22 nor one that says something else of production, without the second factor');
select role_create('Shut', '', '{}', 'none', '{}', 'fixed', '{env.backups}'), role_create('Wide', '', '{project.cloud_access}', 'none', '{}', 'fixed', '{env.backups}');
select group_member_add('/ops', 'nel', 'Shut'), committed();
select is(tried('test_ada', $$select role_edit_begin('Shut'); select role_delete('Shut', 'Wide')$$), '28000', 'C22 nor one that opens environments where it did not');
select group_member_remove('/ops', 'nel', 'Shut'), committed();
select group_member_add('/ops', 'nel', 'Tester', '2100-01-01'), access_group_member_add('guests', 'nel', 'Tester');
select group_member_add('/ops', 'nel', 'Guide', '2099-01-01'); -- who holds both holds the longer
insert into sources (name, kind) values ('corp', 'ldif');
insert into grants (user_id, anchor, role, source) select person_id('nel'), group_at('/dev/web'), role_named('project', 'Tester'), s.id from sources s where s.name = 'corp';
select user_create('asked', external => true), operator_for('asked', 'asked'), app_member_add('board', 'asked', 'Tester');
select is(tried('test_ada', $$select role_edit_begin('Tester'); select role_delete('Tester', 'Guide')$$), 'done', 'C31 with a replacement');
select is(roles_at('pat', 'app:board') || ' ' || roles_at('oz', 'app:site'), 'Guide Guide', 'C31 every holder has that one, on every app');
select results_eq($$select resource_name(g.anchor), g.source::integer, g.expires_at::date from grants g where g.user_id = person_id('nel') and g.role = role_named('project', 'Guide') order by 1$$,
	$$select * from (values ('access-group:guests', 0, null::date), ('group:/dev/web', (select s.id::integer from sources s where s.name = 'corp'), null), ('group:/ops', 0, '2100-01-01')) v$$,
	'C31 wherever it was held, whoever gave it, and until when');
select is(tried('test_asked', $$select invitation_accept('board')$$), 'done', 'C31 who was invited in it is invited still');
select is(roles_at('asked', 'app:board'), 'Guide', 'C31 in the one that took its place');
select is(rights('pat', 'app:board'), 'project.view', 'C32 and may do what that one says: the same, where they are equal');
select is(tried('test_ada', $$select role_edit_begin('Scrum Master')$$), '23514', 'C34 the Scrum Master is not edited');
select is(tried('test_ada', statement), '23514', 'C34 nor by another way, nor deleted: ' || statement) from unnest(array[$$select role_edit('Scrum Master', '{}')$$,
	$$select role_save('Scrum Master', description => 'x')$$, $$select role_delete('Scrum Master', 'Guide')$$, $$select role_merge('Scrum Master', 'Guide')$$]) statement;

-- Invitations.
select user_create('guest', external => true);
select operator_for('guest', 'guest');
select is(tried('test_olga', $$select app_member_add('shop', 'guest', 'Contributor')$$), 'done', 'C36 somebody of another company is invited');
select is(rights('guest', 'app:shop'), '', 'C36 and is no member yet');
select is(tried('test_nel', $$select invitation_accept('shop')$$), '42501', 'C36 nobody accepts for him');
select user_suspend('guest');
select is(tried('test_guest', $$select invitation_accept('shop')$$), '42501', 'C36 nor he himself while he is suspended');
select user_resume('guest');
select is(tried('test_guest', $$select invitation_accept('shop')$$), 'done', 'C36 he accepts');
select is(rights('guest', 'app:shop'), permits('Contributor', 'app'), 'C36 and is one');
select is(tried('test_guest', $$select invitation_accept('shop')$$), '42501', 'C36 once');
select app_member_add('gate', 'guest', 'Contributor');
select is(tried('test_olga', $$select app_member_remove('gate', 'guest', 'Contributor')$$), 'done', 'C36 an invitation is taken back');
select is(tried('test_guest', $$select invitation_accept('gate')$$), '42501', 'C36 then nobody accepts it');
select app_member_add('gate', 'guest', 'Contributor', '2100-01-01');
update invitations set expires_at = clock_timestamp() where expires_at is not null;
select is(tried('test_guest', $$select invitation_accept('gate')$$), '42501', 'C36 nor when the time of the membership is over');
select app_member_remove('gate', 'guest', 'Contributor');
select role_create('Asked', 'for invitations', array['project.view']), app_member_add('gate', 'guest', 'Asked'), role_edit_begin('Asked');
select throws_ok($$select role_delete('Asked')$$, '23503', 'one person is invited in the role "Asked"', 'C30 a role somebody is invited in is not deleted without a replacement');
select throws_ok($$delete from roles where name = 'Asked'$$, '23503', null, 'C30 by no way');
select is(role_delete_preview('Asked', 'Contributor'), 'nobody holds the role "Asked", 1 person is invited in it, and "Contributor" takes its place', 'C28 which is said before');
select role_delete('Asked', 'Contributor');
select results_eq($$select role from invitation_list() where login = 'guest' and app = 'gate'$$, $$values ('Contributor')$$, 'C31 with one he is invited in that');
select app_member_remove('gate', 'guest', 'Contributor');
select is(tried('test_olga', $$select app_member_add('gate', 'nel', 'Contributor')$$), 'done', 'C36 somebody of the company joins');
select is(roles_at('nel', 'app:gate'), 'Contributor', 'C36 at once');

select * from finish();
rollback;
