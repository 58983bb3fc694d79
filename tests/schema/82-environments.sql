-- SPDX-License-Identifier: Apache-2.0
-- Environments: what each permission opens in the portal and through the API, who sets it, and who is told of trouble.
\ir support.psql
\ir company.psql
\ir nodes.psql
select plan(273);

select second_factor_proven('tec');

-- What was never set.
select app_member_add('desk', 'nel', 'Developer'), app_member_add('desk', 'gus', 'Operator'), app_member_add('desk', 'oz', 'Administrator');
select is_empty($$select * from may_do() p where p ~ ' live env.api$'$$, 'N31 in production nobody has API Rights as it comes, the Technical Contact included');
select is_empty($$select e.role from role_environment_permissions e where e.kind = 'production_environment' and e.permission = permission_named('env.api')$$,
	'N31 no role of a fresh installation gives them there');
select set_eq(format($$select split_part(p, ' ', 1) from may_do() p where p ~ ' %s env.api$'$$, e), $$select distinct login from node_permissions('desk')$$,
	format('N39 in %s the API is on for everybody to whom the environments are open', e))
from unnest(array['test', 'acceptance']) e;
select app_member_remove('desk', 'nel', 'Developer'), app_member_remove('desk', 'gus', 'Operator'), app_member_remove('desk', 'oz', 'Administrator');

-- One permission, one person, one environment.
select remembered();
select is(tried('test_tec', $$select environment_set('desk/test', 'opal', 'env.transport', true)$$), 'done', 'N11 the Technical Contact sets a permission in one environment');
select is(changed(), '+opal test env.transport', 'N11 and no other, no other person''s and in no other environment changes');
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.transport', true)$$), 'done', 'N11 in another by itself');
select is(changed(), '+opal live env.transport, +opal test env.transport', 'N11 as little');
select is(tried('test_tec', $$select environment_set('desk/test', 'opal', 'env.transport', false)$$), 'done', 'N11 and takes it away');
select is(changed(), '+opal live env.transport', 'N11 there alone');
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.transport', null)$$), 'done', 'N11 or puts it back');
select is(changed(), '', 'N11 to what it was');
select is(tried('test_tec', format('select environment_set(%L, %L, %L, true)', 'desk/' || e, who, p)), '23514',
	format('N12 to whom the environments are not open he gives nothing: %s %s %s', who, e, p))
from unnest(array['pia', 'nel']) who, unnest(array['test', 'live']) e, unnest(array['env.transport', 'env.api', 'env.manage_permissions']) p;
select role_create('Planner', '', '{project.view}', 'custom'), app_member_add('desk', 'pia', 'Planner');
select is(tried('test_tec', $$select environment_set('desk/test', 'pia', 'env.transport', true)$$), '23514', 'N12 even if a role without that access leaves it open');
select is(tried('test_tec', $$select environment_set('desk/test', 'opal', 'env.alerts', true)$$), '22023', 'alerts are not a permission to set');
select is(tried('test_tec', $$select environment_set('desk/test', 'opal', 'project.edit', true)$$), '22023', 'nor what belongs to the app');
select is(tried('test_tec', $$select environment_set('desk/none', 'opal', 'env.api', true)$$), 'P0002', 'an environment that is not there is an error');

-- What each opens in the portal. An app finds the permission by what the catalogue says of it.
create table opens (permission text, act text, said text);
insert into opens values
	('env.transport', 'deploy a version', 'deploy'), ('env.transport', 'make a deployment package', 'make packages'), ('env.transport', 'start the environment', 'start'),
	('env.transport', 'stop the environment', 'stop'), ('env.transport', 'change constants', 'constants'), ('env.transport', 'change scheduled events', 'scheduled events'),
	('env.backups', 'view a backup', 'see'), ('env.backups', 'create a backup', 'make'), ('env.backups', 'download a backup', 'download'), ('env.backups', 'restore a backup', 'restore'),
	('env.monitoring', 'view metrics', 'metrics'), ('env.monitoring', 'view logs', 'logs'), ('env.monitoring', 'view alerts', 'alerts');
create function behaviour(permission text) returns text language sql as
	$$select case behaviour.permission when 'env.transport' then 'N27 ' when 'env.backups' then 'N28 ' else 'N29 ' end$$;
select is((select string_agg(p.name, ' ') from permissions p where p.scope = 'env' and p.name = o.permission and p.description ~ ('\m' || o.said || '\M')), o.permission,
	behaviour(o.permission) || 'the catalogue says which permission is needed to ' || o.act) from opens o;
select environment_set('desk/test', 'opal', p, true), environment_set('desk/live', 'opal', p, true) from (select distinct permission as p from opens) o;
select is(portal('opal', o.permission, 'desk/' || e), true, format('%sthe portal asks whether the holder may %s in %s: yes', behaviour(o.permission), o.act, e))
from opens o, unnest(array['test', 'live']) e;
select is(portal('perry', o.permission, 'desk/' || e), false, format('%sthe portal asks whether another may %s in %s: no', behaviour(o.permission), o.act, e))
from opens o, unnest(array['test', 'live']) e;
select environment_set('desk/' || e, 'opal', p, null) from (select distinct permission as p from opens) o, unnest(array['test', 'live']) e;
select is(portal('opal', o.permission, 'desk/test'), false, format('%swithout it any more he may not %s', behaviour(o.permission), o.act)) from opens o;
select environment_set('desk/test', 'opal', 'env.backups', true);
select is((select string_agg(distinct o.permission, ' ') from opens o where portal('opal', o.permission, 'desk/test')), 'env.backups', 'N28 each permission opens its own acts alone');
select environment_set('desk/test', 'opal', 'env.backups', null);

-- The API: the permission and API Rights, both.
create table pairs (permission text, rights boolean, wanted boolean);
insert into pairs select p, r, w from unnest(array['env.transport', 'env.backups', 'env.monitoring']) p, unnest(array[true, false]) r, unnest(array[true, false]) w;
create function through_api(permission text, api_rights boolean, given boolean, environment text) returns boolean language plpgsql as $$
begin
	perform environment_set(environment, 'opal', 'env.api', api_rights), environment_set(environment, 'opal', permission, given);
	return api('opal', permission, environment);
end $$;
select is(through_api(permission, rights, wanted, 'desk/' || e), rights and wanted,
	format('%s%s in %s, %s API Rights and %s the permission: the API %s', case permission when 'env.backups' then 'N33 ' when 'env.transport' then 'N34 ' else 'N30 ' end, permission, e,
		case when rights then 'with' else 'without' end, case when wanted then 'with' else 'without' end, case when rights and wanted then 'answers' else 'refuses' end))
from pairs, unnest(array['test', 'live']) e;
select environment_set('desk/' || e, 'opal', p, true) from unnest(array['test', 'live']) e, unnest(array['env.transport', 'env.backups', 'env.monitoring', 'env.manage_permissions']) p;
select environment_set('desk/' || e, 'opal', 'env.api', false) from unnest(array['test', 'live']) e;
select is(portal('opal', p.name, 'desk/' || e) || ' ' || api('opal', p.name, 'desk/' || e), 'true false', format('N30 %s in %s is his in the portal, but not through the API', p.name, e))
from permissions p, unnest(array['test', 'live']) e where p.scope = 'env' and p.name <> 'env.api';
select is(api('tec', 'env.transport', 'desk/live') || ' ' || api('tec', 'env.transport', 'desk/test'), 'false true', 'N30 the same holds for the Technical Contact');
select environment_set('desk/' || e, 'opal', p, null) from unnest(array['test', 'live']) e, unnest(array['env.transport', 'env.backups', 'env.monitoring', 'env.manage_permissions', 'env.api']) p;
select is(can_by_api('opal', 'env.backups', 'environment:desk/test') || ' ' || can_by_api('opal', 'env.transport', 'environment:desk/test'),
	api('opal', 'env.backups', 'desk/test') || ' ' || api('opal', 'env.transport', 'desk/test'), 'N30 the same is asked by name');
select throws_ok($$select can_by_api('opal', 'env.bakcups', 'environment:desk/test')$$, 'P0002', null, 'N30 where an unknown one is an error, not a no');
select remembered();
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.api', true)$$), 'done', 'N32 the Technical Contact turns API Rights on for one person in production');
select is(changed(), '+opal live env.api', 'N32 and for nobody else');
select is((select string_agg(p.name, ' ') from permissions p where p.scope = 'env' and portal('opal', p.name, 'desk/live')), 'env.api', 'N35 alone they open nothing in the portal');
select is((select string_agg(p.name, ' ') from permissions p where p.scope = 'env' and p.name <> 'env.api' and api('opal', p.name, 'desk/live')), null, 'N35 and nothing through the API');
select is((select count(*) from may_do() p where p ~ '^opal' and p !~ 'env.api$'), 0::bigint, 'N35 nor anywhere else');
select is(tried('test_tec', $$select environment_set('desk/live', 'tec', 'env.api', true)$$), 'done', 'N31 for himself too the Technical Contact sets them');
select is(api('tec', 'env.transport', 'desk/live'), true, 'N31 and has them then');
select is(tried('test_tec', format('select environment_set(%L, %L, %L, false)', 'desk/' || e, 'tec', p.name)), '23514', format('N10 he cannot lose %s in %s', p.name, e))
from permissions p, unnest(array['test', 'live']) e where p.scope = 'env' and (p.name, e) <> ('env.api', 'live');
select is(tried('test_tec', $$select environment_set('desk/live', 'tec', 'env.api', null)$$), 'done', 'N31 what he set he puts back');

-- The second factor.
select environment_set('desk/live', 'opal', 'env.transport', true);
delete from second_factors;
select is(api('opal', 'env.transport', 'desk/live'), true, 'N36 no second factor is asked of who calls the API');
select is(tried('test_tec', format('select environment_set(%L, %L, %L, %s)', 'desk/live', 'opal', p.name, allowed)), '28000',
	format('N37 production asks for a second factor: %s %s', p.name, allowed))
from permissions p, unnest(array['true', 'false', 'null']) allowed where p.scope = 'env';
select is(tried('test_tec', format('select environment_set(%L, %L, %L, true)', 'desk/' || e, 'opal', p.name)), 'done', format('N37 %s does not: %s', e, p.name))
from permissions p, unnest(array['test', 'acceptance']) e where p.scope = 'env';
select second_factor_proven('opal');
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.backups', true)$$), '28000', 'N37 another''s second factor is not his');
select second_factor_proven('tec');
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.backups', true)$$), 'done', 'N37 his own is enough');
select committed(), user_suspend('tec'), committed(), user_resume('tec'), committed();
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.backups', true)$$), '28000', 'N37 but not when he was suspended since');
select second_factor_proven('tec');
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.backups', true)$$), 'done', 'N37 until he shows it anew');
update second_factors set proven_at = proven_at - interval '10 minutes', expires_at = expires_at - interval '10 minutes';
select is(tried('test_tec', $$select environment_set('desk/live', 'opal', 'env.backups', false)$$), '28000', 'N37 for ten minutes');
select is(tried('test_tec', $$select second_factor_proven('tec')$$), '42501', 'N37 and nobody vouches for himself');
select environment_create('desk', 'more live', 'production'), environment_create('desk', 'more', 'test'), committed();
select is(tried('test_' || who, $$select environment_delete('desk/more live')$$), '28000',
	format('N37 N40 an environment of production, and what is set there, goes with a second factor: %s', who)) from unnest(array['tec', 'ada']) who;
select is(tried('test_tec', $$select environment_delete('desk/more')$$), 'done', 'N37 another goes without');
select second_factor_proven('tec');
select is(tried('test_tec', $$select environment_delete('desk/more live')$$), 'done', 'N37 and this one with it');
select second_factor_proven(p) from unnest(array['tec', 'opal', 'ben']) p;

-- Who manages permissions.
select environment_set('desk/' || e, 'opal', p.name, null) from unnest(array['test', 'acceptance', 'live']) e, permissions p where p.scope = 'env';
select is(tried('test_ben', $$select environment_set('desk/test', 'opal', 'env.transport', true)$$), '42501', 'N38 without Manage Permissions a member sets nothing');
select environment_set('desk/' || e, 'ben', 'env.manage_permissions', true) from unnest(array['test', 'live']) e;
select is(tried('test_ben', format('select environment_set(%L, %L, %L, %s)', 'desk/' || e, 'opal', p.name, allowed)), 'done',
	format('N38 who has it sets %s in %s for another: %s', p.name, e, allowed))
from permissions p, unnest(array['test', 'live']) e, unnest(array['false', 'true']) allowed where p.scope = 'env' and p.name <> 'env.manage_permissions';
select is((select string_agg(p.name, ' ' order by p.id) from permissions p where p.scope = 'env' and portal('opal', p.name, 'desk/' || e)), 'env.transport env.backups env.monitoring env.api',
	'N38 and it holds in ' || e) from unnest(array['test', 'live']) e;
select is(tried('test_ben', format('select environment_set(%L, %L, %L, %s)', 'desk/' || e, who, 'env.manage_permissions', allowed)), '42501',
	format('N38 but not Manage Permissions itself in %s for %s: %s', e, who, allowed))
from unnest(array['test', 'live']) e, unnest(array['opal', 'ben']) who, unnest(array['true', 'false', 'null']) allowed;
select matches(refusal('test_ben', $$select environment_set('desk/test', 'opal', 'env.manage_permissions', true)$$), 'only the Technical Contact says who manages permissions', 'N38 and is told why');
select is(tried('test_ben', $$select environment_set('desk/acceptance', 'opal', 'env.transport', true)$$), '42501', 'N38 nor in an environment where he does not have it');
select is(tried('test_ben', format('select environment_set(%L, %L, %L, false)', 'desk/test', 'tec', p.name)), '23514', 'N38 nor against the Technical Contact: ' || p.name)
from permissions p where p.scope = 'env' and p.name <> 'env.manage_permissions';
select is(tried('test_sam', $$select environment_set('desk/test', 'opal', 'env.backups', false)$$), 'done', 'N38 a role that fixes Manage Permissions gives it too');
select is(tried('test_sam', $$select environment_set('desk/live', 'opal', 'env.backups', false)$$), '42501', 'N38 in its kind of environments');
select is(tried('test_ada', $$select environment_set('desk/test', 'opal', 'env.backups', true)$$), '42501', 'N38 a platform administrator is not one of them');

-- Alerts.
select is(receivers('desk/' || e), 'tec', 'N22 of trouble with the node its Technical Contact is told, subscribed or not: ' || e)
from unnest(array['test', 'acceptance', 'live']) e;
select is((select login from technical_contact(need_app('desk'))), 'tec', 'N21 whoever announces maintenance asks roster whom to tell: the Technical Contact');
select is(tried('test_perry', format('select environment_alerts(%L, null, true)', 'desk/' || e)), 'done', 'N19 a listed member subscribes himself: ' || e)
from unnest(array['test', 'live']) e;
select is(receivers('desk/test') || '/' || receivers('desk/acceptance') || '/' || receivers('desk/live'), 'perry tec/tec/perry tec', 'N19 and is told, there');
select is(portal('perry', 'env.alerts', 'desk/test'), true, 'N19 the portal shows the box as ticked');
select is((select string_agg(p, ', ') from may_do() p where p ~ '^perry live'), 'perry live env.alerts', 'N19 and it opens nothing else');
select is(receivers('desk/live'), 'perry tec', 'N23 whoever sends the mail asks roster for whom it is: ' || trouble)
from unnest(array['the app went offline', 'a message at level Critical', 'the health check failed', 'trouble with the infrastructure']) trouble;
update users set email = 'perry@example.org' where login = 'perry';
select is((select email from alert_receivers(resource_named('environment:desk/live')) where login = 'perry'), 'perry@example.org', 'N23 and under which address');
select is(receivers('desk/live') ~ who, false, 'N24 who did not subscribe is not told: ' || who) from unnest(array['ben', 'opal', 'sam', 'olga']) who;
select is(tried('test_perry', $$select environment_alerts('desk/live', null, false)$$), 'done', 'N19 he unsubscribes');
select is(receivers('desk/test') || '/' || receivers('desk/live'), 'perry tec/tec', 'N24 and is not told any more, there');
select is(tried('test_pia', $$select environment_alerts('desk/test', null, true)$$), '23514', 'N19 to whom the environments are not open does not subscribe');
select is(tried('test_perry', $$select environment_alerts('desk/test', 'ben', true)$$), '42501', 'N19 nobody subscribes another');
select is(tried('test_' || who, $$select environment_alerts('desk/test', 'perry', false)$$) || ' ' || tried('test_' || who, $$select environment_alerts('desk/test', 'perry', true)$$), 'done done',
	'N19 but the Technical Contact and who manages permissions: ' || who) from unnest(array['tec', 'ben', 'sam']) who;
select is(tried('test_' || who, format('select environment_alerts(%L, %L, false)', 'desk/' || e, 'tec')), '23514', format('N20 the Technical Contact''s are not turned off by %s: %s', who, e))
from (values ('tec', 'test'), ('tec', 'live'), ('ben', 'test'), ('sam', 'test')) v(who, e);
select is(tried('test_tec', $$select environment_alerts('desk/test', null, true)$$), 'done', 'N20 to turn them on is no error');
select app_member_remove('desk', 'perry', 'Performance Engineer/Tester');
select is(receivers('desk/test'), 'tec', 'N24 who is in the team no more is not told, whatever he subscribed to');
select node_contact('desk', 'opal');
select is(receivers('desk/live') || '/' || receivers('desk/test'), 'opal/opal tec', 'N22 after the handover the new one is told, the former as he subscribed');
select user_suspend('opal');
select is(receivers('desk/live'), '', 'N24 a suspended person is not written to');

-- All access at once is the same access, what is turned off for a person too.
select user_resume('opal'), committed();
insert into environment_settings as s (environment, user_id, permission, allowed)
select distinct e.resource, e.user_id, e.permission, false from effective e join role_environments o on o.role = e.role and o.kind = e.kind and o.access = 'custom'
where e.kind = 'environment' and e.permission = permission_named('env.api')
on conflict on constraint environment_settings_pkey do update set allowed = false;
select committed();
select ok((select count(*) > 0 from environment_settings s where not s.allowed), 'N39 API Rights that come by themselves can be turned off');
select set_eq('select s.user_id, s.resource, p from access_snapshot(array(select id from environments), head()) s, unnest(s.permissions) p',
	$$select user_id, resource, permission from effective where kind in ('environment', 'production_environment')$$, 'N39 who is told everything is told so');
select set_eq('select d.user_id, d.resource, array_to_string(d.permissions_before, '' '') from difference(head() - 1, head()) d',
	format('select s.user_id, s.environment, array_to_string(array(select distinct e.permission from effective_at(%s) e where e.user_id = s.user_id and e.resource = s.environment order by 1), '' '')
		from environment_settings s where s.since = %s and s.permission = permission_named(''env.api'') and exists (select from effective_at(%1$s) e where e.user_id = s.user_id and e.resource = s.environment)',
		head() - 1, head()), 'N39 and who is told what changed');
delete from role_permissions p using roles r where r.id = p.role and r.kind = 'project' and not r.structural and p.permission = permission_named('project.cloud_access');
select committed();
select ok((select count(*) > 0 from difference(head() - 1, head()) d join environments e on e.id = d.resource), 'N9 a role that no longer opens environments is told of these');
select set_eq('select * from difference(head() - 1, head())', 'select * from difference(head() - 1, head(), null, 0)', 'N9 as all access compared with all access says');

select * from finish();
rollback;
