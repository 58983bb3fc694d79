-- SPDX-License-Identifier: Apache-2.0
-- History: what ended is kept, what never was in force is not.
\ir support.psql
\ir company.psql
select plan(26);

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

-- Tables keep their history.
select throws_ok('truncate grants', 'P0001', 'grants keeps history and cannot be truncated', 'truncate grants is refused');
select throws_ok('truncate users cascade', 'P0001', null, 'truncate users is refused, with cascade too');
select throws_ok('truncate sources cascade', 'P0001', null, 'truncate cannot come in through a foreign key either');

select * from finish();
rollback;
