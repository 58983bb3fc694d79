-- SPDX-License-Identifier: Apache-2.0
-- History: what ended is kept, what never was in force is not.
\ir support.psql
\ir company.psql
select plan(54);

create temporary table start on commit drop as select head() as revision;
create temporary table before on commit drop as select * from effective;

-- One row's life.
update users set active = false where login = 'ann';
select is((select since from users where login = 'ann'), head(), 'a change of what decides about access is a new fact');
select results_eq(
	$$select since, until, active from users_history where id = person_id('ann')$$,
	$$select revision, head(), true from start$$,
	'the row as it was is kept, with the revision that ended it');
update users set active = true where login = 'ann';
select is((select count(*) from users_history where id = person_id('ann')), 1::bigint,
	'a second change in the same revision adds nothing to the history');
select committed();
update users set name = 'Ann', email = 'ann@example.com' where login = 'ann';
select isnt((select since from users where login = 'ann'), head(), 'a change of anything else is no new fact');
select is((select count(*) from users_history where id = person_id('ann')), 1::bigint, 'and leaves nothing in the history');
select committed();

-- What comes and goes within one revision.
select group_member_add('/ops', 'nel', 'Operator');
select group_member_remove('/ops', 'nel', 'Operator');
select is_empty($$select from grants_history where user_id = person_id('nel')$$, 'a grant that came and went in one revision leaves no trace');
select imported_app('brief', 'olga', '/ops');
delete from apps where name = 'brief';
select is_empty($$select from apps_history where since = head() or until = head()$$, 'an app that came and went in one revision leaves no trace');
select branch('/brief');
delete from groups where name = 'brief';
select is_empty($$select from group_closure_history where until = head()$$, 'a group that came and went in one revision leaves no trace');
select committed();

-- Taken away and given back in one revision.
select group_member_remove('/ops', 'oz', 'Operator');
select group_member_add('/ops', 'oz', 'Operator');
select results_eq(
	$$select array[h.until, g.since] from grants_history h join grants g using (user_id, anchor, role, source) where g.user_id = person_id('oz')$$,
	$$select array[head(), head()]$$,
	'a grant taken and given back in one revision has no gap');
select committed();

-- Answers as of an earlier revision, after everything changed.
select app_archive('shop', true);
select group_move('/dev/pay', '/ops');
select group_member_remove('/dev', 'ann', 'Developer');
select namespace_detach('k1/pay/test', '/ops/pay');
select role_edit('Operator', array['project.view']);
select app_owner('board', 'oz');
select user_suspend('pat');
select group_create('/new', 'for tests', array['nel']);
select app_create('fresh', 'nel', '/new');
select namespace_create('k2', 'x', array['test']::purpose[]);
select committed();
select set_eq($$select * from effective_at((select revision from start))$$, 'select * from before',
	'effective_at gives every row as it was, after changes of every kind');
select set_eq($$select * from effective_at(head())$$, 'select * from effective', 'effective_at(head()) is what effective says now');
select set_eq($$select * from access_at(head())$$, 'select * from access', 'access_at(head()) is what access says now');
select set_eq($$select * from reach_at(head())$$, 'select * from reach', 'reach_at(head()) is what reach says now');
select set_eq($$select * from holdings_at(head())$$, 'select * from holdings', 'holdings_at(head()) is what holdings says now');
select is_empty($$select from effective_at(0)$$, 'before the installation nobody may do anything');
select is_empty($$select from effective_at((select revision from start)) where resource = resource_named('group:/new')$$,
	'a group made later is in no earlier answer, for platform administrators neither');
select is_empty($$select from effective_at((select revision from start)) where resource = resource_named('cluster:k2')$$,
	'a cluster made later is in no earlier answer');

-- The questions take a revision.
select set_eq(
	$$select distinct permission from effective_access('ann', 'app:shop', (select revision from start))$$,
	$$select unnest(string_to_array(permits('Developer', 'app'), ' '))$$,
	'effective_access answers for an earlier revision');
select is_empty($$select from effective_access('ann', 'app:shop')$$, 'and for now where none is given');
select set_has(
	$$select login from who_can('project.repository', 'app:shop', (select revision from start))$$, $$values ('ann'), ('olga')$$,
	'who_can answers for an earlier revision');
select is_empty($$select from who_can('project.repository', 'app:shop')$$, 'and for now where none is given');

-- What is deleted answers for the time it was there.
create temporary table board on commit drop as select head() as revision, resource_named('app:board') as id, rights('oz', 'app:board') as of_oz;
delete from apps where name = 'board';
select is_empty($$select from effective where resource = (select id from board)$$, 'a deleted app gives nobody anything');
select is(
	(select string_agg(distinct p.name, ' ' order by p.name) from board b, effective_at(b.revision) e join permissions p on p.id = e.permission
		where e.resource = b.id and e.user_id = person_id('oz')),
	(select of_oz from board), 'as of the time before it gives what it gave');

-- Who could do something there is told of that time; of now there is nothing to ask about. First an environment is gone, then its app.
select committed();
select person('pia');
select app_create('gone', 'ann', null), node_create('gone', 'ann'), environment_create('gone', 'test', 'test');
select app_member_add('gone', 'nel', 'Business Engineer'), operator_for('ada', 'ada'), operator_for('nel', 'nel'), operator_for('pia', 'pia');
select committed();
create temporary table asked on commit drop as select head() as revision, q.resource, q.permission, resource_named(q.resource) as id
	from (values ('app:gone', 'project.view'), ('environment:gone/test', 'env.api')) q(resource, permission);
create temporary table could on commit drop as select a.resource, w.* from asked a, lateral who_can(a.permission, a.resource) w;
select set_eq('select distinct resource, login from could', $$values ('app:gone', 'ann'), ('app:gone', 'nel'), ('environment:gone/test', 'ann'), ('environment:gone/test', 'nel')$$,
	'somebody may do something on an app and in its environment');
-- What this operator is told of the environment that is gone, now and as of then.
create function tells(session name, at bigint) returns text language sql as $$
	select tried(session, format('select * from who_can(%L, %L, %s)', 'env.api', 'environment:gone/test', coalesce(at::text, 'null')))
$$;
select environment_delete('gone/test'), committed();
select set_eq('select a.resource, w.* from asked a, lateral who_can(a.permission, a.resource, a.revision) w', 'select * from could',
	'when the environment is gone the answer of then is the same');
select is_empty('select w.* from asked a, lateral who_can(permission_named(a.permission), a.id) w where a.resource ~ ''^env''', 'of now it is empty, by its number');
select is(tells('test_ada', null), 'P0002', 'and by its name there is none');
select is(tells('test_' || who, revision), said, 'what was there is told as what is there: ' || who)
from (values ('ada', 'done'), ('nel', 'done'), ('pia', '42501')) w(who, said), asked where resource = 'app:gone';
select node_delete('gone');
delete from grants where anchor = resource_named('app:gone');
delete from apps where name = 'gone';
select committed();
select set_eq('select a.resource, w.* from asked a, lateral who_can(a.permission, a.resource, a.revision) w', 'select * from could', 'nor is it another one when the app is gone');
select is_empty('select w.* from asked a, lateral who_can(permission_named(a.permission), a.id) w', 'of now both are empty, by number');
select throws_ok(format('select * from who_can(%L, %L)', permission, resource), 'P0002', 'there is no ' || resource, 'and by name there is none: ' || resource) from asked;
select is(tells('test_' || who, revision), said, 'whose list is gone he is not on it: ' || who)
from (values ('ada', 'done'), ('nel', '42501'), ('pia', '42501')) w(who, said), asked where resource = 'app:gone';
select is_empty('select w.* from asked a, lateral who_can(a.permission, a.resource, a.revision - 1) w', 'and before it was there nobody could');

-- A report tells each way once, also where there are several: by two roles, from two sources, from a group and one above it; and what
-- ended and began again in one revision.
insert into sources (name, kind) values ('corp', 'ldif');
select namespace_create('k1', 'way', array['test']::purpose[]), namespace_attach('k1/way/test', '/dev'), namespace_attach('k1/way/test', '/dev/web');
select group_member_add('/dev', 'nel', 'Developer'), group_member_add('/dev', 'nel', 'Administrator'), group_member_add('/dev/web', 'nel', 'Developer');
insert into grants (user_id, anchor, role, source) select person_id('nel'), need_group('/dev'), role_named('project', 'Developer'), s.id from sources s where s.name = 'corp';
select committed();
select group_member_remove('/dev', 'nel', 'Developer'), group_member_add('/dev', 'nel', 'Developer', now() + interval '1 day');
select group_member_remove('/dev/web', 'nel', 'Developer'), group_member_add('/dev/web', 'nel', 'Developer');
select namespace_detach('k1/way/test', '/dev'), namespace_attach('k1/way/test', '/dev');
select group_move('/dev/web', '/ops'), group_move('/ops/web', '/dev');
update apps set owner = person_id('nel') where name = 'site';
update apps set owner = person_id('olga') where name = 'site';
select user_suspend('oz'), user_resume('oz');
select committed();
select group_member_remove('/dev', 'nel', 'Developer'), group_member_remove('/dev', 'nel', 'Administrator');
select committed();
create function ways(at bigint) returns setof text language sql as $$
	select concat_ws(' | ', r.login, r.resource, r.role, r.anchor, r.source, r.distance) from report_access(null, null, at) r
$$;
create function ways_meant(at bigint) returns setof text language sql as $$
	select distinct concat_ws(' | ', u.login, resource_name(e.resource, at), role_name(e.role, at), resource_name(e.anchor, at), s.name, e.distance)
	from effective_at(at) e join users u on u.id = e.user_id join sources s on s.id = e.source
$$;
select is((select count(*) from ways(at) w where w ~ '^nel . namespace:k1/way'), ways, format('in the report of %s revisions ago there are %s ways of one person to one thing', head() - at, ways))
from (values (head() - 2, 7::bigint), (head() - 1, 7), (head(), 3)) n(at, ways);
select bag_eq(format('select ways(%s)', at), format('select ways_meant(%s)', at), format('and each way there is is told once, %s revisions ago', head() - at))
from generate_series(head() - 8, head()) at;
select bag_eq('select ways(null)', 'select ways(head())', 'now as at the last revision');

-- Tables keep their history.
select throws_ok('truncate grants', 'P0001', 'grants keeps history and cannot be truncated', 'truncate grants is refused');
select throws_ok('truncate users cascade', 'P0001', null, 'truncate users is refused, with cascade too');
select throws_ok('truncate sources cascade', 'P0001', null, 'truncate cannot come in through a foreign key either');

select * from finish();
rollback;
