-- SPDX-License-Identifier: Apache-2.0
-- Operators: which login of the database acts as whom, and who says so.
\ir support.psql
\ir company.psql
select plan(35);

select operator_for('ada', 'ada'), operator_for('gus', 'gus');
do $$ begin
	execute 'create role test_new login';
	execute 'create role test_other login';
end $$;
create function proven(login text) returns void language sql as $$select second_factor_proven(login)$$;

select is(tried('test_gus', $$select operator_add('test_new', 'gus')$$), '42501', 'only a platform administrator adds one');
select is(tried('test_ada', $$select operator_add('test_new', 'ann')$$), '28000', 'with a second factor: it is about production, too');
select is_empty($$select from operators where login = 'test_new'$$, 'nothing was done');
select is(tried('test_new', $$select * from roster.tree('/')$$), '42501', 'a login nobody let in may not ask');
select proven('ada');
select is(tried('test_ada', $$select operator_add('test_new', 'ann')$$), 'done', 'an operator is added');
select is((select concat_ws(' ', operator, login, active, admitted, added_by) from operator_list() where operator = 'test_new'), 'test_new ann t t test_ada', 'the list tells who, and who said so');
select is(tried('test_new', $$select * from roster.tree('/')$$), 'done', 'he may ask');
select is(tried('test_new', $$select app_create('anns', null, null)$$), 'done', 'and act');
select is((select owner from apps where name = 'anns'), person_id('ann'), 'as the person');
select is((select cause || '|' || login || '|' || (select u.login from users u where u.id = v.actor) from revisions v where cause like 'operator add%'),
	'operator add test_new ann|test_ada|ada', 'it is on record');
select is(tried('test_ada', $$select operator_add('test_new', 'ann')$$), 'done', 'again is no matter');
select is(tried('test_ada', $$select operator_add('test_new', 'oz')$$), '23505', 'a login is not made somebody else in passing');
select is((select user_id from operators where login = 'test_new'), person_id('ann'), 'and stays whose it is');
select is(tried('test_ada', $$select operator_add('test_nothing', 'oz')$$), 'P0002', 'a login that is not there is refused');
select is(tried('test_ada', $$select operator_add('test_other', 'nobody')$$), 'P0002', 'and a person who is not');
select user_suspend('oz');
select is(tried('test_ada', $$select operator_add('test_other', 'oz')$$), 'P0002', 'or not active');
select user_resume('oz');
select is(tried('test_ada', $$select operator_add('test_other', 'ann')$$), 'done', 'a person may have several logins');

-- Taking it away.
select is(tried('test_gus', $$select operator_remove('test_new')$$), '42501', 'only a platform administrator removes one');
select is(operator_remove_preview('test_new'), 'the database login "test_new" acts as ann and would act as nobody', 'who asks is told what goes');
select is(operator_remove_preview('test_gone'), 'the database login "test_gone" acts as nobody', 'also of nothing');
select is(tried('test_ada', $$select operator_remove('test_new')$$), 'done', 'an operator is removed');
select is(tried('test_new', $$select roster.app_create('more', null, null)$$), '42501', 'he does not act any more');
select is(tried('test_new', $$select * from roster.tree('/')$$), '42501', 'nor ask');
select is((select active from users where login = 'ann'), true, 'the person is who he was');
select is(tried('test_other', $$select app_create('more', null, null)$$), 'done', 'under his other login too');
select is(tried('test_ada', $$select operator_remove('test_new')$$), 'P0002', 'once');
select is(tried('test_ada', $$select operator_remove('test_ada')$$), '23514', 'the last login of a platform administrator stays');
select is((select count(*) from operators where login = 'test_ada'), 1::bigint, 'and is there');
select proven('ada');
select is(tried('test_ada', $$select user_suspend('ada')$$), '23514', 'the last platform administrator is not suspended');
select is(tried('test_ada', $$select user_role_add('ada', 'Platform Administrator', now() + interval '1 day')$$), '23514', 'nor given an end');
select proven('ada');
do $$ begin
	perform user_role_add('gus', 'Platform Administrator');
end $$;
select is(tried('test_ada', $$select operator_remove('test_ada')$$), 'done', 'but not when there is another');
select is(tried('test_ada', $$select roster.user_create('late')$$), '42501', 'whereupon he acts no more');
select is(operator_remove('test_gus'), '', 'the owner of the schema removes the last');
select is((select count(*) from operators where login <> 'test_other'), 0::bigint, 'break glass');
revoke roster_admin from roster_owner;
select proven('ann'), user_role_add('ann', 'Platform Administrator');
select is(tried('test_other', $$select operator_add('test_new', 'oz')$$), '42501', 'where the owner may not let a login in, somebody else must');
grant roster_admin to roster_owner with admin option;

select * from finish();
rollback;
