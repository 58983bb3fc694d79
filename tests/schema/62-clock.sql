-- SPDX-License-Identifier: Apache-2.0
-- The clock: what becomes due by time alone. Time is faked: what should be over is put into the past.
\ir support.psql
\ir company.psql
select plan(79);

create function given(login text) returns text language sql as $$
	select coalesce(string_agg(r.name || ' at ' || resource_name(g.anchor) || ' by ' || s.name, ', ' order by r.name, resource_name(g.anchor), s.name), '')
	from grants g join roles r on r.id = g.role join sources s on s.id = g.source where g.user_id = person_id(given.login)
$$;
create function cause() returns text language sql as 'select v.cause from revisions v order by v.id desc limit 1';
create function tick() returns bigint language plpgsql as $$
declare
	done bigint;
begin
	perform committed();
	done := clock_tick('30 days');
	perform committed();
	return done;
end $$;

-- A read of source corp: the people and groups that are there, a group as 'NAME: MEMBER MEMBER'. A group NAME is the place
-- /NAME, where its members are Developers. Whoever is not named is gone. Names are DNs; the id of NAME is ID-NAME, that of
-- 'NAME=ID' is ID.
create function sync(people text[], groups text[] default '{}') returns void language plpgsql as $$
declare
	corp smallint := register_source('corp', 'ldif', 1, true, true);
	this bigint := run_begin(corp, 'test');
begin
	perform committed(), set_rules(corp, array['teams'], array['x:1'], array['gus,late']);
	insert into staged_entries (run, kind, external_id, dn, reference, content, login, attributes)
	select this, 'user', coalesce(nullif(split_part(p, '=', 2), ''), 'ID-' || p), n, md5(n)::uuid, gen_random_uuid(), n, '{"uid": ["x"]}'
	from unnest(people) p, split_part(p, '=', 1) n;
	insert into staged_entries (run, kind, external_id, dn, reference, content, attributes, members, member_texts)
	select this, 'group', n.name, n.name, md5(n.name)::uuid, gen_random_uuid(), '{}',
		(select array_agg(md5(m)::uuid order by i) from unnest(n.members) with ordinality m(m, i)), n.members
	from unnest(groups) g, lateral (select split_part(g, ':', 1) as name, string_to_array(btrim(split_part(g, ':', 2)), ' ') as members) n;
	insert into staged_mappings (run, external_id, rule, anchor, role, captures)
	select this, split_part(g, ':', 1), 1, '/' || split_part(g, ':', 1), 'Developer', '' from unnest(groups) g;
	insert into staged_gone (run, external_id, explicit)
	select this, d.external_id, false from directory_entries d where d.source = corp and d.gone_since is null
	  and not exists (select from staged_entries s where s.run = this and s.external_id = d.external_id);
	perform merge(this, true, false);
	perform plan(this, false, true, true);
	perform recall_held(this);
	perform apply(this, 1, 1000);
	perform settle(this, null, null, true, true);
	perform run_end(this, 'applied', 'complete', null, 0, 0, 0, null);
	perform unstage(this), unplan(this);
	perform committed();
end $$;
-- So many days ago whoever is gone now was last seen.
create function wait_days(days integer) returns void language sql as $$
	update identities set gone_since = gone_since - make_interval(days => wait_days.days) where gone_since is not null;
	update directory_entries set gone_since = gone_since - make_interval(days => wait_days.days) where gone_since is not null
$$;

select results_eq('select kind, what, array_to_string(who, '', '') from attention_list()', $$values ('no admin', 'group:/dev/pay', ''), ('no admin', 'group:/dev/pay/api', ''),
	('no admin', 'group:/dev/web', ''), ('no admin', 'group:/ops', '')$$, 'groups without an admin of their own need attention');
select results_eq('select distinct since from attention_list()', 'select v.at from groups g join revisions v on v.id = g.since where g.id = group_at(''/ops'')',
	'since they are there');
select person('kim');
insert into grants (user_id, anchor, role)
select person_id('kim'), g.id, role_named('platform', 'Group Administrator') from groups g where g.parent_id is not null and g.name <> 'dev';

-- Nothing is due -------------------------------------------------------------------------------------------------------------

select is(clock_due('30 days'), null, 'nothing is due where nothing ends');
create table before as select head() as revision;
select is(tick(), 0::bigint, 'a tick without anything due does nothing');
select is(head(), (select revision from before), 'and writes no revision');

-- The end of a grant ---------------------------------------------------------------------------------------------------------

select group_member_add('/ops', 'nel', 'Operator', now() + interval '1 hour');
select group_member_add('/ops', 'pat', 'Operator', 'infinity');
select is(clock_due('30 days'), now() + interval '1 hour', 'the next instant is that of the grant that ends first');
select is(tick() || roles_at('nel', 'app:board'), '0Operator', 'a grant stays until then');
update grants set expires_at = now() - interval '1 hour' where user_id = person_id('nel');
insert into grants (user_id, anchor, role, expires_at) values (person_id('nel'), need_group('/dev'), role_named('project', 'Contributor'), now() - interval '1 minute');
select is(roles_at('nel', 'app:board'), 'Operator', 'no answer depends on the hour: it counts until the clock takes it away');
select ok(clock_due('30 days') < now(), 'what has passed is due');
update before set revision = head();
select is(tick(), 2::bigint, 'the clock takes away all that have passed');
select is(head() || cause(), (select revision + 1 || 'expired' from before), 'in one revision that says so');
select is(given('nel'), '', 'and nothing is left of them');
select is((select array_agg(h.until order by h.until) from grants_history h where h.user_id = person_id('nel')), array[head() - 1, head(), head()],
	'but history, which knows the other end that was said before');
select is(given('pat'), 'Contributor at group:/dev/pay by hand, Operator at group:/ops by hand', 'what others hold stays');
select is(clock_due('30 days'), 'infinity', 'a grant without an end is never due');
-- What was set for him while he held it ends with it.
select node_create('board', 'oz'), environment_create('board', 'live', 'production');
insert into grants (user_id, anchor, role, expires_at) values (person_id('nel'), need_group('/ops'), role_named('project', 'Operator'), now() - interval '1 minute');
select environment_set('board/live', login, 'env.transport', true) from unnest(array['nel', 'pat']) login;
select is(tick(), 1::bigint, 'a grant ends, and another like it stays');
select group_member_add('/ops', 'nel', 'Operator');
select is(rights('nel', 'environment:board/live') || '/' || rights('pat', 'environment:board/live'), '/env.transport',
	'who gets the role back begins anew in environments; who kept it has what was set for him');
select group_member_remove('/ops', 'nel', 'Operator');
select is(tick(), 0::bigint, 'done once, it is done');
delete from grants where expires_at = 'infinity';

-- The time of grace ------------------------------------------------------------------------------------------------------------

select sync(array['bob', 'cat', 'gus2'], array['team: bob cat']);
select is(given('bob'), 'Developer at group:/team by corp', 'a source gives');
select group_member_add('/ops', 'bob', 'Operator');
select group_create('/bobs', 'for tests', array['bob']), group_create('/both', 'for tests', array['bob', 'ann']);
select app_create('hut', 'bob', '/bobs');
select environment_set('board/live', 'bob', 'env.backups', true);
create table bob as select person_id('bob') as id;
select is_empty('select from attention_list()', 'nothing needs attention');

select sync(array['cat', 'gus2'], array['team: bob cat']);
select is((select active from users where login = 'bob'), false, 'who is gone is suspended');
select is(clock_due('30 days'), now() + interval '30 days', 'his time of grace will end');
select is(clock_due('1 day'), now() + interval '1 day', 'when the configuration says');
select is(tick(), 0::bigint, 'until then nothing happens');
select wait_days(29);
select is(tick(), 0::bigint, 'nor on the last day');
select results_eq('select kind, what, array_to_string(who, '', '') from attention_list()', $$values ('no Scrum Master', 'app:hut', 'bob'), ('no admin', 'group:/bobs', 'bob'), ('owner gone', 'app:hut', 'bob')$$,
	'his app and the group he alone administers need attention');
select results_eq('select distinct since from attention_list()', 'select v.at from users u join revisions v on v.id = u.since where u.login = ''bob''',
	'since he is not there');

-- Back in time: as he was.
select sync(array['bob', 'cat', 'gus2'], array['team: bob cat']);
select is(given('bob'), 'Developer at group:/team by corp, Group Administrator at group:/bobs by hand, Group Administrator at group:/both by hand, Operator at group:/ops by hand, Scrum Master at app:hut by hand',
	'who comes back in time is as he was');
select is((select active from users where login = 'bob'), true, 'and active');
select is(clock_due('30 days'), null, 'nothing is due for him any more');
select is(rights('bob', 'environment:board/live'), 'env.backups', 'with what was set for him');

-- Not in time.
select sync(array['cat', 'gus2'], array['team: bob cat']);
select wait_days(31);
select ok(clock_due('30 days') < now(), 'the end of grace is due');
select is(clock_due('40 days') > now(), true, 'with a longer grace it is not');
select is(tick(), 5::bigint, 'one person, and four of his grants');
select is(cause(), 'end of grace', 'one revision says why');
select is(given('bob'), 'Group Administrator at group:/bobs by hand', 'what he held is gone, by hand or not, but for his place as the last admin');
select is_empty($$select from environment_settings where user_id = (select id from bob)$$, 'and what was set for him in environments');
select is((select count(*) from users where id = (select id from bob) and not active), 1::bigint, 'the person stays, as a tombstone');
select is((select a.owner from apps a where a.name = 'hut'), (select id from bob), 'and owns what he owned');
select results_eq('select kind, what, array_to_string(who, '', '') from attention_list()', $$values ('no Scrum Master', 'app:hut', ''), ('no admin', 'group:/bobs', 'bob'), ('owner past grace', 'app:hut', 'bob')$$,
	'which needs attention, and says why');
select is((select concat(d.login, d.email, d.name, d.alias, d.attributes) from directory_entries d where d.external_id = 'ID-bob'), '{}',
	'the mirror has forgotten what it knew of him');
select is(tick(), 0::bigint, 'done once, it is done');
select is(clock_due('30 days'), null, 'and nothing is due');
select is(is_wanted_active(u), false, 'he is disowned still') from users u where u.id = (select id from bob);

-- His login and his name in groups.
select lives_ok($$select user_create('bob')$$, 'his login is free');
select isnt(user_by_login('bob'), (select id from bob), 'for somebody else');
select user_suspend('bob');
update users set login = 'other' where login = 'bob' and id <> (select id from bob);
select sync(array['bob=NEW', 'cat', 'gus2'], array['team: bob cat']);
select isnt(person_id('bob'), (select id from bob), 'who comes under his name is another');
select is(given('bob'), '', 'and gets nothing by what groups still list');
select sync(array['cat', 'gus2'], array['team: bob cat']);

-- Another admin.
select group_member_add('/bobs', 'ann', null);
select ok(clock_due('30 days') <= now(), 'the last admin''s place is due when there is another');
select is(tick() || cause(), '1other admins', 'and taken away');
select is((select count(*) from grants where user_id = (select id from bob)), 0::bigint, 'so that he holds nothing');
select is(tick(), 0::bigint, 'once');

-- Back too late: the same person, who begins anew.
select app_owner('hut', 'ann');
select sync(array['bob', 'cat', 'gus2'], array['team: bob cat']);
select is((select active from users where id = (select id from bob)), true, 'the same id is the same person');
select is(given('bob'), 'Developer at group:/team by corp', 'with what the directory says now, and nothing given by hand');
select is((select concat(i.gone_since, i.ended_at, i.keeps_admin) from identities i where i.external_id = 'ID-bob'), 'f',
	'his place is his again');

-- Whose entry is there is not gone, even if he cannot be himself: another has his login.
select sync(array['cat', 'gus2'], array['team: bob cat']);
select user_create('bob');
select sync(array['bob', 'cat', 'gus2'], array['team: bob cat']);
select isnt_empty($$select from quarantine where external_id = 'ID-bob' and stage = 'person'$$, 'a login that is taken keeps him waiting');
select wait_days(40);
select is(tick(), 1::bigint, 'who came under his name and went, ends');
select is(tick(), 0::bigint, 'but not towards an end');
select is((select count(*) from grants where user_id = (select id from bob)), 1::bigint, 'he keeps what he has');
select is((select count(*) from in_grace n where n.user_id = (select id from bob)), 0::bigint, 'which is not awaited either');
select user_suspend('bob');
select sync(array['bob', 'cat', 'gus2'], array['team: bob cat']);

-- Several sources, several admins --------------------------------------------------------------------------------------------------

select group_create('/pair', 'for tests', array['cat', 'gus2']);
insert into sources (name, kind, authoritative) values ('wiki', 'ldif', false);
insert into identities (source, external_id, user_id, gone_since)
select s.id, 'w1', person_id('ann'), now() - interval '31 days' from sources s where s.name = 'wiki';
insert into grants (user_id, anchor, role, source)
select person_id('ann'), group_at('/dev'), role_named('project', 'Operator'), s.id from sources s where s.name = 'wiki';
select is(tick() || given('ann'), '2Developer at group:/dev by hand, Group Administrator at group:/bobs by hand, Group Administrator at group:/both by hand',
	'a source without authority takes back what it gave, and nothing else');
select is((select active from users where login = 'ann'), true, 'and suspends nobody');
insert into identities (source, external_id, user_id)
select s.id, 'w2', person_id('cat') from sources s where s.name = 'wiki';
insert into grants (user_id, anchor, role, source)
select person_id('cat'), group_at('/dev'), role_named('project', 'Operator'), s.id from sources s where s.name = 'wiki';
select group_member_add('/ops', 'cat', 'Operator');
select sync('{}', array['team: bob cat']);
select wait_days(31);
-- Three people: cat, gus2, bob; three grants: cat's by corp and by hand, bob's by corp.
select is(tick() || given('cat'), '6Group Administrator at group:/pair by hand, Operator at group:/dev by wiki',
	'of who is past grace another source''s grants stay as that one says; two last admins that end at once both stay');
select is(rights('cat', 'app:shop'), '', 'without effect');
select is(tick() || given('gus2'), '0Group Administrator at group:/pair by hand', 'and it stays so');

-- The last administrator of the platform stays, or anybody could make himself one.
insert into grants (user_id, anchor, role) values (person_id('gus2'), platform(), role_named('platform', 'Platform Administrator'));
delete from grants where user_id = person_id('ada');
select is(given('gus2') ~ 'Platform Administrator', true, 'the last platform administrator is past grace') where tick() is not null;
select user_role_add('ann', 'App Viewer');
select is((select array_to_string(who, ', ') from attention_list() where what = 'platform'), 'gus2', 'and the platform needs one, whatever other user roles there are');

-- What a run has in its hands is not ended: another session's row lock is proven in test_clock.py.

-- Awaited admins ---------------------------------------------------------------------------------------------------------------------

select is((select string_agg(u.login, ' ' order by u.login) from grants g join users u on u.id = g.user_id where g.anchor = group_at('/team') and g.source = 0), 'gus',
	'a rule''s group has those of its admins who are there');
select is((select array_agg(login_key) from awaited_admins where group_id = group_at('/team')), array['late'], 'and awaits the others');
select user_suspend('gus');
select is((select array_to_string(who, ', ') from attention_list() where what = 'group:/team'), 'gus, late', 'they are named where an admin is missing');
select is(tick(), 0::bigint, 'while they are not there nothing is due');
select user_create('Late');
select ok(clock_due('30 days') <= now(), 'who comes is due');
select is(tick() || given('Late') || ': ' || cause(), '1Group Administrator at group:/team by hand: awaited admins', 'and becomes an admin');
select is_empty($$select from attention_list() where what = 'group:/team'$$, 'which needs no attention any more');
select group_member_remove('/team', 'late', null);
select is(tick() || given('Late'), '0', 'who is taken away by hand stays away');
insert into awaited_admins values (group_at('/team'), 'late');
select is(tick() || given('Late'), '0', 'even if he was awaited');
insert into awaited_admins values (group_at('/team'), 'nel');
select is(tick() || given('nel'), '0', 'and whom the rule does not name any more is not made one');

-- Rights ---------------------------------------------------------------------------------------------------------------------------------

select is(array[tried('roster_daemon', 'select lead_clock()'), tried('roster_daemon', $$select clock_due('1 day')$$), tried('roster_daemon', $$select clock_tick('1 day')$$)],
	'{done,done,done}', 'the daemon is the clock');
select operator_for('plain');
select is(array[tried('test_plain', 'select lead_clock()'), tried('test_plain', $$select clock_tick('1 day')$$), tried('test_plain', 'select * from attention_list()')],
	'{42501,42501,done}', 'an operator may only ask what needs attention');

select * from finish();
rollback;
