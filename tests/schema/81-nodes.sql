-- SPDX-License-Identifier: Apache-2.0
-- Nodes: who is on the list, who answers for them, how that is handed over, and who stays in the team.
\ir support.psql
\ir company.psql
\ir nodes.psql
select plan(230);

-- Who gets in at all.
select operator_for('stranger');
select is(tried('test_stranger', $$select * from node_permissions('desk')$$), '42501', 'N1 a login that is nobody''s reads no node');
select is(tried('test_stranger', $$select environment_alerts('desk/test', null, true)$$), '42501', 'N1 and does nothing');
select is(can(gen_random_uuid(), permission_named('project.view'), resource_named('app:desk')), false, 'N1 the portal''s question about an unknown person is answered no');
select is(tried('test_ada', $$select can('mallory', 'project.view', 'app:desk')$$), 'P0002', 'N1 and about an unknown login not at all');

create function nodes_of(session name) returns text language plpgsql as $$
declare
	answer text;
begin
	execute format('set local session authorization %I', session);
	select coalesce(string_agg(n.app, ' ' order by n.app), '') into answer from node_list() n;
	reset session authorization;
	return answer;
end $$;
select app_member_add('gate', 'opal', 'Application Operator'), node_create('gate', 'olga'), node_create('site', 'olga');
select is(nodes_of('test_opal'), 'desk gate', 'N2 who may access two of three nodes sees these two');
select is(nodes_of('test_pia'), '', 'N2 who may access none sees none');
select is(nodes_of('test_olga') || '/' || nodes_of('test_ada'), 'desk gate site/desk gate site', 'N2 who may access all, and a platform administrator, see all');
select is(nodes_of('test_stranger'), '', 'N2 nobody sees none');

-- One Technical Contact.
select col_not_null('roster', 'nodes', 'technical_contact', 'N3 a node has a Technical Contact');
select throws_ok($$update nodes set technical_contact = null where app = need_app('desk')$$, '23502', null, 'N3 none is refused');
select throws_ok($$insert into nodes values (need_app('desk'), person_id('opal'))$$, '23505', null, 'N3 two are refused');
select is(tried('test_olga', $$select node_create('desk', 'opal')$$), '23505', 'N3 by the act too');
select throws_ok($$update nodes set technical_contact = person_id('pia') where app = need_app('desk'); set constraints g_contact immediate$$, '23514', null,
	'N3 by no way somebody to whom the environments are not open');
select throws_ok($$insert into nodes values (need_app('board'), person_id('pia')); set constraints g_contact immediate$$, '23514', null, 'N3 nor of a new node');
select is(tried('test_olga', $$select node_create('board', null)$$), 'P0002', 'N3 a node is not made without one');
select is(tried('test_olga', $$select node_create('board', 'pia')$$), '23514', 'N3 nor with one to whom the environments are not open');
select is(tried('test_ben', $$select node_create('shop', 'ann')$$), '42501', 'N3 nor by somebody without the right');
select is((select count(*) from nodes n where n.app = need_app('desk')), 1::bigint, 'N3 there is one');

-- The list.
select is(listed('test_tec', 'desk'), 'ben olga opal perry sam tec', 'N5 listed is who may view, deploy and monitor, and nobody else');
select is(listed('test_sam', 'desk'), listed('test_tec', 'desk'), 'N5 whoever of them reads it');
select is((select string_agg(n.login, ' ') from (select distinct login from node_permissions('desk') where contact) n), 'tec', 'N5 the Technical Contact is marked');
select app_member_remove('desk', u.login, r.name) from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
	where g.anchor = need_app('desk') and u.login in ('ben', 'opal', 'perry');
select is(listed('test_tec', 'desk'), 'olga sam tec', 'N4 with none of the members');
select app_member_add('desk', 'opal', 'Application Operator');
select is(listed('test_tec', 'desk'), 'olga opal sam tec', 'N4 with one of them');
select person('crowd' || n), app_member_add('desk', 'crowd' || n, 'Business Engineer') from generate_series(1, 50) n;
select is((select count(distinct login) from node_permissions('desk')), 54::bigint, 'N4 with any number of them');
select app_member_remove('desk', 'crowd' || n, 'Business Engineer') from generate_series(1, 50) n;

-- Given by the Scrum Master and taken again: is nel let in, and is he listed?
create function made(role text) returns text language plpgsql as $$
declare
	given text := tried('test_sam', format('select app_member_add(%L, %L, %L)', 'desk', 'nel', role));
	answer text := can('nel', 'project.cloud_access', 'app:desk') || ' ' || (listed('test_tec', 'desk') ~ 'nel');
begin
	return given || ' ' || answer || ' ' || tried('test_sam', format('select app_member_remove(%L, %L, %L)', 'desk', 'nel', role));
end $$;
select is(made(role), 'done true true done', 'N6 whom a Scrum Master makes ' || role || ' may view, deploy and monitor, and is listed')
from unnest(array['Application Operator', 'Business Engineer', 'Performance Engineer/Tester', 'Scrum Master']) role;
select is(made(role), 'done false false done', 'N7 whom he makes ' || role || ' is not listed')
from unnest(array['Product Owner', 'End-user', 'Contributor']) role;

select is(tried('test_' || who, $$select app_member_add('desk', 'nel', 'Application Operator')$$), '42501', 'N8 who is not Scrum Master assigns no role: ' || who)
from unnest(array['opal', 'pia', 'endo', 'tec', 'nel']) who;
select is(tried('test_' || who, $$select app_member_remove('desk', 'opal', 'Application Operator')$$), '42501', 'N8 and takes none away: ' || who)
from unnest(array['opal', 'pia', 'endo', 'tec', 'nel']) who;
select app_member_add('desk', 'ben', 'Business Engineer');
select is(tried('test_ben', $$select app_member_add('desk', 'nel', 'End-user')$$), '42501', 'N8 a Business Engineer neither');
select app_member_add('board', 'ben', 'Business Engineer');
select is(tried('test_ben', $$select node_create('board', 'ben')$$), '42501', 'N3 nor does a member of its team make a node');
select app_member_remove('board', 'ben', 'Business Engineer');
select is(tried('test_ada', $$select app_member_add('desk', 'nel', 'End-user')$$), 'done', 'N8 except a platform administrator');
select is(tried('test_olga', $$select app_member_remove('desk', 'nel', 'End-user')$$), 'done', 'N8 and the owner');

-- Losing access takes all.
select environment_set('desk/test', 'opal', p, true) from unnest(array['env.transport', 'env.backups']) p;
select environment_set('desk/live', 'opal', 'env.monitoring', true), environment_alerts('desk/live', 'opal', true);
select remembered();
select is(tried('test_sam', $$select app_member_remove('desk', 'opal', 'Application Operator')$$), 'done', 'N9 a listed member with permissions loses his role');
select is(changed(), '-opal acceptance env.api, -opal live env.alerts, -opal live env.monitoring, -opal test env.api, -opal test env.backups, -opal test env.transport',
	'N9 and with it everything in environments');
select is(listed('test_tec', 'desk'), 'ben olga sam tec', 'N9 and his place on the list');
select is(listed('test_opal', 'desk'), '42501', 'N9 and the look at it');
select app_member_add('desk', 'opal', 'Application Operator');
select is((select string_agg(distinct p, ' ') from may_do() p where p ~ '^opal (test|live) env.(transport|backups|monitoring)'), null, 'N9 who comes back begins anew');
select environment_set('desk/test', 'opal', 'env.transport', true);
select role_edit('Application Operator', '{project.view}');
select is((select string_agg(p, ' ') from may_do() p where p ~ '^opal'), null, 'N9 the same when his role opens environments no more');
select is(listed('test_tec', 'desk'), 'ben olga sam tec', 'N9 while the Technical Contact, of the same role, stays');
select is(portal('tec', 'env.transport', 'desk/live'), true, 'N9 and manages the node, so that no change of a role leaves it to nobody');
select role_edit('Application Operator', '{project.view,project.cloud_access,cicd.view,cicd.deploy}');

-- Reading and changing.
select is(tried('test_opal', $$select * from node_permissions('desk')$$), 'done', 'N13 a listed member reads the permissions');
select is(tried('test_opal', format('select environment_set(%L, %L, %L, %s)', 'desk/test', who, p.name, allowed)), '42501',
	format('N13 but does not set %s %s for %s', p.name, allowed, who))
from permissions p, unnest(array['ben', 'opal']) who, unnest(array['true', 'false', 'null']) allowed where p.scope = 'env';
select is(tried('test_opal', $$select environment_alerts('desk/test', 'ben', true)$$), '42501', 'N13 nor the alerts of another member');
select is(tried('test_' || who, $$select * from environment_list('desk')$$), '42501', 'N14 nor which there are: ' || who) from unnest(array['pia', 'endo', 'nel', 'gus']) who;
select is(tried('test_' || who, $$select * from node_permissions('desk')$$), '42501', 'N14 to whom the environments are not open does not see them: ' || who)
from unnest(array['pia', 'endo', 'nel', 'gus']) who;

-- The handover.
select is(tried('test_' || who, format('select node_contact(%L, %L)', 'desk', heir)), '42501', format('N17 %s does not make %s Technical Contact', who, heir))
from unnest(array['ben', 'sam', 'olga', 'ada', 'nel']) who, unnest(array['ben', 'sam']) heir;
select is(tried('test_tec', $$select node_contact('desk', 'ben')$$), '28000', 'N15 the handover asks for a second factor');
select second_factor_proven('tec');
select is(tried('test_tec', $$select node_contact('desk', 'pia')$$), '23514', 'N18 a member who is not listed does not become Technical Contact');
select is(tried('test_tec', $$select node_contact('desk', 'nel')$$), '23514', 'N40 nor does somebody outside the team');
select is(tried('test_tec', $$select node_contact('desk', 'mallory')$$), 'P0002', 'N40 nor somebody who is not there');
select is((select login from technical_contact(need_app('desk'))), 'tec', 'N18 and nothing changed');
select environment_set('desk/test', 'tec', 'env.api', null), environment_alerts('desk/test', 'tec', true);
select committed(), remembered();
select is(tried('test_tec', $$select node_contact('desk', 'ben')$$), 'done', 'N15 the Technical Contact makes another listed member one');
select is((select login from technical_contact(need_app('desk'))), 'ben', 'N15 who is it now, and the other is not');
select is((select count(*) from nodes_between(head() - 1, head()) n where n.app = need_app('desk')), 2::bigint, 'N15 in one revision: one ends, one begins');
select is((select string_agg(p, ', ') from may_do() p where p ~ '^tec'), 'tec acceptance env.api, tec test env.alerts, tec test env.api',
	'N16 what remains to the former one is what his role and his settings give');
select is((select string_agg(p, ', ') from may_do() p where p ~ '^ben'),
	(select string_agg(format('ben %s %s', e.name, p.name), ', ' order by format('ben %s %s', e.name, p.name)) from environments e, permissions p
		where e.app = need_app('desk') and p.scope in ('env', 'env_self') and (p.name <> 'env.api' or e.purpose <> 'production')),
	'N40 the new one has everything in all environments of the app, but API Rights in production');
select is(tried('test_tec', $$select environment_set('desk/test', 'opal', 'env.backups', true)$$), '42501', 'N16 the former one sets nothing');
select is(tried('test_tec', $$select node_contact('desk', 'tec')$$), '42501', 'N17 and does not take it back');
select second_factor_proven('ada');
select user_suspend('ben');
select is(tried('test_ada', $$select node_contact('desk', 'tec')$$), 'done', 'N17 a platform administrator names one where there is none who is active');
select user_resume('ben');

-- What the Technical Contact settles.
select second_factor_proven(p) from unnest(array['tec', 'opal', 'sam']) p;
select is(tried('test_tec', statement), 'done', 'N10 the Technical Contact: ' || statement)
from unnest(array[$$select environment_create('desk', 'stage', 'acceptance')$$, $$select environment_set('desk/stage', 'opal', 'env.transport', true)$$,
	$$select environment_set('desk/stage', 'opal', 'env.manage_permissions', true)$$, $$select environment_set('desk/live', 'opal', 'env.api', false)$$,
	$$select environment_alerts('desk/stage', 'opal', true)$$, $$select environment_delete('desk/stage')$$]) statement;
select is((select count(*) from environments e, permissions p where e.app = need_app('desk') and p.scope = 'env' and can(person_id('tec'), p.id, e.id)), 14::bigint,
	'N10 and in all environments everything, but API Rights in production');
select is(tried('test_' || who, statement), '42501', format('N10 %s not: %s', who, statement))
from unnest(array['opal', 'sam', 'nel']) who, unnest(array[$$select environment_create('desk', 'stage', 'acceptance')$$, $$select environment_delete('desk/test')$$,
	$$select environment_set('desk/live', 'ben', 'env.transport', true)$$, $$select environment_alerts('desk/live', 'ben', true)$$]) statement;
select namespace_create('k1', 'desk', array['test']::purpose[]);
select is(tried('test_tec', $$select environment_create('desk', 'pre', 'acceptance', 'k1/desk/test')$$), '23514', 'an environment lies in a namespace of its own purpose');
select is(tried('test_tec', $$select environment_create('desk', 'TEST', 'test')$$), '23505', 'a name is taken in any case of letters');

-- Support.
select is((select accepted || ' ' || coalesce(first, '') from support_request(person_id('tec'), need_app('desk'), r)), 'true ' || coalesce(said, ''),
	'N25 the service desk asks roster: the Technical Contact may file: ' || r)
from (values ('incident', null), ('add cloud resources', 'discuss with the CSM first'), ('change url', null), ('new app', null),
	('renew license', 'discuss with the CSM first'), ('reset google authenticator', null)) v(r, said);
select is_empty($$select r.name from support_requests r, support_request(person_id('ben'), need_app('desk'), r.name) s where s.accepted$$,
	'N25 it is told that another member files nothing');
select is((select login from technical_contact(need_app('desk'))), 'tec', 'N25 and whom to turn to first');
select is((select accepted || ' ' || first from support_request(person_id('tec'), need_app('desk'), r)), 'true discuss with the CSM first', 'N26 what changes the license is marked: ' || r)
from unnest(array['expand license', 'new node license', 'file storage', 'larger container']) r;
select throws_ok($$select * from support_request(person_id('tec'), need_app('desk'), 'coffee')$$, 'P0002', null, 'N25 an unknown request is an error, not a no');

-- Who stays in the team.
select is(tried('test_' || who, $$select app_member_remove('desk', 'tec', 'Application Operator')$$), '23514', 'N41 the Technical Contact stays in the team, against ' || who)
from unnest(array['olga', 'sam', 'ada']) who;
select is(roles_at('tec', 'app:desk'), 'Application Operator Technical Contact', 'N41 and nothing changed');
select app_member_add('desk', 'tec', 'Business Engineer');
select is(tried('test_olga', $$select app_member_remove('desk', 'tec', 'Application Operator')$$), 'done', 'N41 in another role he may stay');
select is(tried('test_olga', $$select app_member_remove('desk', 'tec', 'Business Engineer')$$), '23514', 'N41 of which the last stays');
select group_member_add('/ops', 'olga', null), app_group('desk', '/ops'), group_member_add('/ops', 'tec', 'Operator');
select is(tried('test_olga', $$select app_member_remove('desk', 'tec', 'Business Engineer')$$), 'done', 'N41 through a group he is in the team too');
select is(tried('test_ada', $$select group_member_remove('/ops', 'tec', 'Operator')$$), '23514', 'N41 then he stays in the group');
select access_group_create('friends'), access_group_app('friends', 'desk', true), access_group_member_add('friends', 'tec', 'Operator');
select is(tried('test_ada', $$select group_member_remove('/ops', 'tec', 'Operator')$$), 'done', 'N41 through an access group likewise');
select is(tried('test_ada', $$select access_group_member_remove('friends', 'tec', 'Operator')$$), '23514', 'N41 where he stays then');
select is(tried('test_ada', $$select access_group_member_remove('friends', 'tec')$$), '23514', 'N41 in whatever words he is taken out');
select is(tried('test_ada', $$select access_group_app('friends', 'desk', false)$$), '23514', 'N41 nor does the app leave without him');
select is(tried('test_ada', $$select access_group_delete('friends')$$), '23514', 'N41 nor the access group end');
select group_member_add('/dev', 'tec', 'Operator'), group_member_add('/dev/web', 'olga', null), app_group('desk', '/dev/web'), access_group_app('friends', 'desk', false);
select is(tried('test_ada', $$select app_group('desk', '/ops')$$), '23514', 'N41 nor does the app change its group');
select is(tried('test_ada', $$select app_group('desk', null)$$), '23514', 'N41 or leave it');
select is(tried('test_ada', $$select group_move('/dev/web', '/ops')$$), '23514', 'N41 nor is the group moved to where he is nobody');
select is(roles_at('tec', 'app:desk'), 'Operator Technical Contact', 'N41 so he is in the team');
select is(tried('test_ada', $$select group_move('/dev/web', '/dev/pay')$$), 'done', 'N41 to where he is somebody it is');
select group_move('/dev/pay/web', '/dev'), app_member_add('desk', 'tec', 'Application Operator');
select is(tried('test_ada', $$select group_move('/dev/web', '/ops')$$), 'done', 'N41 and if he is in the team by himself');
select group_move('/ops/web', '/dev'), group_member_remove('/dev', 'tec', 'Operator'), access_group_app('friends', 'desk', true);
select app_member_add('desk', 'tec', 'Application Operator'), access_group_member_remove('friends', 'tec'), app_group('desk', null);
select node_contact('gate', 'olga');
select is(tried('test_olga', $$select app_owner('gate', 'nel')$$), '23514', 'N41 nor does the Technical Contact leave by handing the app over');
select is(tried('test_sam', $$select app_member_remove('desk', 'sam', 'Scrum Master')$$), '23514', 'N41 the last Scrum Master stays');
select app_member_add('desk', 'nel', 'Scrum Master'), user_suspend('nel');
select is(tried('test_olga', $$select app_member_remove('desk', 'sam', 'Scrum Master')$$), '23514', 'N41 another who is suspended is none');
select user_resume('nel');
select is(tried('test_olga', $$select app_member_remove('desk', 'sam', 'Scrum Master')$$), 'done', 'N41 the last but one goes');
select is(tried('test_olga', $$select app_member_remove('desk', 'nel', 'Scrum Master')$$), '23514', 'N41 then the other stays');
select is(tried('test_ada', $$select app_member_remove('board', 'olga', 'Owner')$$), '23514', 'N41 the owner stays, so a team has a last member');
-- The same where he is it through a group, or an access group.
select group_create('/dev/kiosk', 'the kiosk', array['olga']), group_member_add('/dev/kiosk', 'olga', null), app_create('lone', 'olga', '/dev/kiosk'), group_member_add('/dev', 'nel', 'Scrum Master');
select access_group_create('guides'), access_group_app('guides', 'lone', true), access_group_member_add('guides', 'sam', 'Scrum Master');
select is(tried('test_olga', $$select app_member_remove('lone', 'olga', 'Scrum Master')$$), 'done', 'N41 the owner need not be it: others are');
select is(tried('test_ada', $$select group_move('/dev/kiosk', '/ops')$$), 'done', 'N41 of two ways one may end: the group moves');
select is(tried('test_ada', statement), '23514', 'N41 not the last: ' || statement) from unnest(array[
	$$select access_group_app('guides', 'lone', false)$$, $$select access_group_delete('guides')$$, $$select access_group_member_remove('guides', 'sam')$$]) statement;
select group_move('/ops/kiosk', '/dev');
select is(tried('test_ada', $$select access_group_app('guides', 'lone', false)$$), 'done', 'N41 with the other way back it may');
select is(tried('test_ada', statement), '23514', 'N41 and that one stays: ' || statement) from unnest(array[$$select app_group('lone', null)$$, $$select app_group('lone', '/ops')$$,
	$$select group_move('/dev/kiosk', '/ops')$$, $$select group_member_remove('/dev', 'nel', 'Scrum Master')$$]) statement;
select app_member_add('lone', 'sam', 'Scrum Master');
select is(tried('test_ada', $$select app_group('lone', null)$$), 'done', 'N41 until somebody is it in the app itself');
delete from grants where user_id = person_id('tec');
select is(roles_at('tec', 'app:desk'), 'Technical Contact', 'N41 what a source takes away nobody stops: the node keeps its Technical Contact');
select is(portal('tec', 'env.transport', 'desk/test'), true, 'N41 who may go on until he hands over');
select app_member_add('desk', 'tec', 'Application Operator');

-- Suspended people.
select environment_set('desk/test', 'opal', 'env.transport', true);
select user_suspend('opal'), user_suspend('pia');
select set_eq($$select environment, active, permissions from node_permissions('desk') where login = 'opal'$$,
	$$values ('test', false, ''), ('acceptance', false, ''), ('live', false, '')$$, 'N42 a suspended member is still shown, marked, and has no access');
select is(can(person_id('opal'), permission_named('env.transport'), resource_named('environment:desk/test')), false, 'N42 an app that asks is told no');
select is(listed('test_tec', 'desk'), 'ben nel olga opal tec', 'N42 who was not listed is not shown by it');
select user_resume('opal'), user_resume('pia');
select is(portal('opal', 'env.transport', 'desk/test'), true, 'N42 resumed, he has what he had');

-- The record, and what may be taken away.
create table tries (session name, statement text, cause text);
insert into tries values ('tec', $$select environment_set('desk/live', 'opal', 'env.backups', true)$$, 'environment set desk/live opal env.backups on'),
	('tec', $$select environment_set('desk/live', 'opal', 'env.backups', false)$$, 'environment set desk/live opal env.backups off'),
	('tec', $$select environment_set('desk/live', 'opal', 'env.backups', null)$$, 'environment set desk/live opal env.backups default'),
	('opal', $$select environment_alerts('desk/live', null, true)$$, 'environment alerts desk/live test_opal on'),
	('tec', $$select environment_create('desk', 'more', 'test')$$, 'environment create desk/more test'),
	('tec', $$select environment_delete('desk/more')$$, 'environment delete desk/more'),
	('tec', $$select node_contact('desk', 'opal')$$, 'node contact desk opal'), ('opal', $$select node_contact('desk', 'tec')$$, 'node contact desk tec');
create function recorded(session name, statement text) returns text language plpgsql as $$
begin
	perform committed();
	if tried('test_' || session, statement) <> 'done' then
		return 'refused';
	end if;
	return (select format('%s|%s|%s', r.login, u.login, r.cause) from revisions r left join users u on u.id = r.actor order by r.id desc limit 1);
end $$;
select is(recorded(session, statement), format('test_%s|%s|%s', session, session, cause), 'N43 recorded with who did it: ' || cause) from tries;
select is(tried('test_' || who, $$select * from node_report('desk')$$), '42501', 'N43 the permissions of all are not taken away by ' || who)
from unnest(array['opal', 'sam', 'olga', 'ada', 'nel', 'stranger']) who;
select is(tried('test_tec', $$select * from node_report('desk')$$), 'done', 'N43 but by the Technical Contact');
select is((select count(*) || ' ' || count(distinct environment) || ' ' || count(distinct login) || ' ' || count(distinct permission) from node_report('desk')),
	'90 3 5 6', 'N43 environments x people x permissions, for a file of comma-separated values');
select set_eq($$select login || ' ' || environment || ' ' || permission from node_report('desk') where allowed$$, 'select may_do()', 'N43 and it says what holds');
select is(tried('test_' || who, $$select * from who_can('env.transport', 'environment:desk/test')$$), '42501', 'N14 who may do something in an environment is not told to ' || who)
from unnest(array['pia', 'endo', 'stranger']) who;
select is(tried('test_' || who, $$select * from who_can('env.transport', 'environment:desk/test')$$), 'done', 'N13 but to ' || who) from unnest(array['opal', 'ada', 'nel']) who;
select is(tried('test_' || who, format('select * from %s(null, null, null)', report)), '42501', 'N43 the access of all is not taken away by ' || who || ': ' || report)
from unnest(array['tec', 'opal', 'nel', 'stranger']) who, unnest(array['report_access', 'report_grants']) report;
select is(tried('test_' || who, format('select * from %s(%s, null, null)', report, whose)), 'done', 'N43 but by ' || who || ': ' || report)
from (values ('ada', 'null'), ('opal', '''opal''')) r(who, whose), unnest(array['report_access', 'report_grants']) report;
select app_archive('desk', true);
select is(tried('test_tec', $$select * from node_report('desk')$$), '42501', 'N10 of an archived app nobody manages the node');
select is_empty($$select from effective x join environments e on e.id = x.resource$$, 'N10 and it gives its Technical Contact nothing either');

select app_archive('desk', false);
select user_suspend((select u.login from nodes n join users u on u.id = n.technical_contact where n.app = resource_named('app:desk')));
select results_eq($$select kind, who from attention_list() where what = 'app:desk' and kind ~ '^Technical'$$,
	$$select 'Technical Contact suspended', array[u.login] from nodes n join users u on u.id = n.technical_contact where n.app = resource_named('app:desk')$$,
	'N40 a Technical Contact who is suspended needs attention');

select * from finish();
rollback;
