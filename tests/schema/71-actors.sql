-- SPDX-License-Identifier: Apache-2.0
-- Who acts: the person behind the session's login, and what he may do.
\ir support.psql
select plan(55);

create function last_revision() returns text language sql as
	$$select concat_ws('|', cause, login, (select u.login from users u where u.id = actor)) from revisions order by id desc limit 1$$;

-- The first administrator.
select operator_for('first'), operator_for('second');
select is(tried('test_first', $$select init_administrator('ada', 'test_first')$$), 'done', 'the first administrator makes himself one');
select is(tried('test_first', $$select user_create('ann')$$), 'done', 'and may act at once');
select is(tried('test_first', $$select init_administrator('ada', 'test_first')$$), '42501', 'but only once');
select is(tried('test_second', $$select init_administrator('eve', 'test_second')$$), '42501', 'nobody else makes himself one after him');
select is((select count(*) from grants where anchor = platform()), 1::bigint, 'and there is one');
select is((select count(*) from users where login = 'eve'), 0::bigint, 'the refused one left nothing');
select user_suspend('ada');
select is(tried('test_second', $$select init_administrator('eve', 'test_second')$$), '42501', 'a suspended administrator is still one that was there');
select user_resume('ada');
select committed();
savepoint one;
select by_itself();
delete from grants where anchor = platform();
select committed();
select is(tried('test_second', $$select init_administrator('eve', 'test_second')$$), '42501', 'nor when a source took the last one away');
select is(tried('roster_owner', $$select init_administrator('eve', 'test_second')$$), 'done', 'that is for the owner of the schema');
rollback to one;
select is(tried('roster_owner', $$select init_administrator('Bea', 'test_second')$$), 'done', 'the owner of the schema may: break glass');
select is(last_revision(), 'init --administrator Bea|roster_owner', 'and it is recorded who did');
select is((select count(*) from grants where anchor = platform()), 2::bigint, 'now there are two');
select committed();
select is(tried('roster_owner', $$select init_administrator('BEA', 'test_second')$$), 'done', 'doing it again');
select is((select count(*) from users where login = 'Bea'), 1::bigint, 'makes no second person');

-- An act is the person's.
select committed();
select is(tried('test_first', $$select group_create('/dev', 'for tests', array['ann'])$$), 'done', 'a platform administrator makes a group');
select is(last_revision(), 'group create /dev|test_first|ada', 'an act is recorded under the person, the login and the command');
select committed();
select is(tried('roster_owner', $$select user_create('oz')$$), 'done', 'the owner of the schema acts');
select is(last_revision(), 'user create oz|roster_owner', 'as nobody, and under his login');
select committed();
select by_itself();
select user_create(u) from unnest(array['gus', 'pat', 'nel']) u;
select imported_app('shop', 'pat', '/dev'), namespace_create('k', 'n', array['test']::purpose[]), namespace_attach('k/n/test', '/dev');
select group_create('/dev/pay', 'for tests', array['gus']), branch('/ops');
select access_group_create('club'), access_group_member_add('club', 'pat');
select committed();

-- Without an operator's row, or as somebody without the right, every act is refused.
create table acts (statement text);
insert into acts values
	($$select user_create('x')$$), ($$select user_suspend('oz')$$), ($$select user_resume('oz')$$),
	($$select group_create('/x', 'for tests', '{}')$$), ($$select group_move('/ops', '/dev')$$), ($$select group_edit('/ops', 'x')$$), ($$select group_delete('/ops')$$),
	($$select group_member_add('/ops', 'oz', 'Developer')$$), ($$select group_member_set('/ops', 'oz', 'Developer')$$), ($$select group_member_remove('/dev', 'ann', null)$$),
	($$select app_create('x', 'pat', '/dev')$$), ($$select app_owner('shop', 'oz')$$), ($$select app_group('shop', '/ops')$$), ($$select app_archive('shop', true)$$),
	($$select app_member_add('shop', 'oz', 'Developer')$$), ($$select app_member_remove('shop', 'oz', 'Developer')$$),
	($$select cluster_create('x')$$), ($$select namespace_create('k', 'y', array['test']::purpose[])$$), ($$select namespace_attach('k/n/test', '/ops')$$),
	($$select namespace_detach('k/n/test', '/dev')$$), ($$select role_create('x', '', '{}')$$), ($$select role_edit('Developer', '{}')$$),
	($$select role_edit_begin('Developer')$$), ($$select role_edit_cancel()$$), ($$select role_save('Developer')$$), ($$select role_delete('Developer')$$),
	($$select role_merge('Developer', 'Operator')$$), ($$select role_keep('Developer')$$), ($$select invitation_accept('shop')$$), ($$select decide(1, true)$$),
	($$select access_group_create('x')$$), ($$select access_group_delete('club')$$), ($$select access_group_app('club', 'shop', true)$$),
	($$select access_group_member_add('club', 'oz')$$), ($$select access_group_member_remove('club', 'pat')$$),
	($$select user_role_add('oz', 'App Viewer')$$), ($$select user_role_remove('ada', 'Platform Administrator')$$), ($$select second_factor_proven('pat')$$),
	($$select app_role_add('shop', 'oz', 'App Member')$$), ($$select app_role_remove('shop', 'oz', 'App Member')$$),
	($$select app_operator_role(array['test']::purpose[])$$),
	($$select request_make('plan', 'corp')$$), ($$select pause('corp', null, null)$$), ($$select resume('corp', null)$$), ($$select reload_ask()$$), ($$select target_hurry(null, false)$$), ($$select target_forget('billing')$$), ($$select database_restored()$$),
	($$select import_stage('[{"line": 1, "fact": "cluster", "name": "k"}]')$$), ($$select import_begin('import', false)$$), ($$select import_plan('import', true)$$),
	($$select import_apply('import', true, true)$$), ($$select retire_plan('corp', true)$$), ($$select retire_apply('corp')$$), ($$select user_link('oz', 'corp')$$), ($$select user_unlink('oz', 'corp')$$),
	($$select operator_add('test_second', 'oz')$$), ($$select operator_remove('test_second')$$), ($$select cluster_delete('k')$$), ($$select namespace_delete('k/n')$$),
	($$select user_erase('oz')$$), ($$select revert_plan('2')$$), ($$select revert_apply('2', true)$$);
select node_create('shop', 'pat'), environment_create('shop', 'test', 'test');
insert into acts values
	($$select node_create('shop', 'pat')$$), ($$select node_delete('shop')$$), ($$select node_contact('shop', 'pat')$$), ($$select environment_create('shop', 'x', 'test')$$),
	($$select environment_delete('shop/test')$$), ($$select environment_set('shop/test', 'pat', 'env.api', true)$$), ($$select environment_alerts('shop/test', 'pat', true)$$);
select set_eq($$select (regexp_match(statement, 'select (\w+)'))[1] from acts$$,
	$$select p.proname from pg_proc p where p.pronamespace = 'roster'::regnamespace and p.provolatile = 'v' and has_function_privilege('roster_admin', p.oid, 'execute')
		and p.proname not in ('init_administrator', 'begin_session', 'end_session')$$, 'these are all the acts there are');
select operator_for('nobody'), operator_for('nel', 'nel');
select is_empty($$select statement from acts where tried('test_nobody', statement) <> '42501'$$, 'a login that is no operator is refused every act');
select is_empty($$select statement from acts where tried('test_nel', statement) <> '42501'$$, 'a person without rights is refused every act');
select committed();
select is(head(), (select max(id) from revisions where transaction <> pg_current_xact_id()), 'a refused act leaves no revision');

-- A person who lost his right, or himself, is refused.
select is(tried('test_second', $$select user_create('by bea')$$), 'done', 'a second administrator acts');
select user_suspend('Bea');
select is(tried('test_second', $$select user_create('more')$$), '42501', 'a suspended administrator is refused');
select user_resume('Bea');
delete from grants where user_id = person_id('Bea');
select is(tried('test_second', $$select user_create('more')$$), '42501', 'a former administrator is refused');
delete from operators where login = 'test_first';
select is(tried('test_first', $$select user_create('more')$$), '42501', 'an administrator whose login is his no more is refused');
insert into operators values ('test_first', person_id('ada'));

-- Group admins: members of their groups and of those below, and nothing else.
select operator_for('ann', 'ann'), operator_for('gus', 'gus'), operator_for('pat', 'pat');
select is(tried('test_ann', $$select group_member_add('/dev', 'oz', 'Developer')$$), 'done', 'a group admin adds a member to his group');
select is(tried('test_ann', $$select group_member_remove('/dev', 'oz', 'Developer')$$), 'done', 'and removes him');
select is(tried('test_ann', $$select group_member_add('/dev/pay', 'oz', 'Developer')$$), 'done', 'and in groups below');
select is(tried('test_ann', $$select group_member_add('/dev/pay', 'oz', null)$$), '42501', 'but makes no other admins');
select is(tried('test_ann', $$select group_member_remove('/dev/pay', 'gus', null)$$), '42501', 'and unmakes none');
select is(tried('test_first', $$select group_member_remove('/dev/pay', 'gus', null)$$), '23514', 'the only admin there is stays, whoever would take him out');
select is(tried('test_ann', $$select group_member_add('/ops', 'oz', 'Developer')$$), '42501', 'not in a group beside it');
select is(tried('test_ann', $$select group_member_add('/', 'oz', 'Developer')$$), '42501', 'nor above it');
select is(tried('test_gus', $$select group_member_add('/dev', 'oz', 'Developer')$$), '42501', 'the admin of a subgroup not in the group above');
select is(tried('test_gus', $$select group_member_add('/dev/pay', 'oz', 'Operator')$$), 'done', 'but in his own');
select is(tried('test_ann', $$select group_create('/dev/new', 'for tests', '{}')$$), '42501', 'a group admin makes no groups');
select is(tried('test_ann', $$select group_move('/dev/pay', '/ops')$$), '42501', 'and moves none');
select is(tried('test_ann', $$select user_suspend('oz')$$), '42501', 'and suspends nobody');
select is(tried('test_ann', $$select app_member_add('shop', 'oz', 'Developer')$$), '42501', 'and changes no app''s team');
select is(tried('test_pat', $$select group_member_add('/dev', 'oz', 'Developer')$$), '42501', 'a mere owner of an app in it changes no group');
select committed();
select tried('test_ann', $$select group_member_add('/dev', 'oz', 'Developer')$$);
select is(last_revision(), 'group members /dev add oz as Developer|test_ann|ann', 'what he does is recorded under him');
select group_move('/dev/pay', '/ops');
select is(tried('test_ann', $$select group_member_add('/ops/pay', 'oz', 'Contributor')$$), '42501', 'a group moved away is his no more');
select user_suspend('gus');
select is(tried('test_gus', $$select group_member_add('/ops/pay', 'oz', 'Contributor')$$), '42501', 'a suspended group admin is none');

-- Names that are not there.
select is(tried('test_first', statement), 'P0002', 'an unknown name is an error: ' || statement)
from unnest(array[$$select group_member_add('/none', 'oz', 'Developer')$$, $$select group_member_add('/dev', 'nobody', 'Developer')$$,
	$$select group_member_add('/dev', 'oz', 'Nothing')$$, $$select group_member_remove('/ops', 'oz', 'Developer')$$, $$select app_archive('none', true)$$,
	$$select namespace_attach('k/none/test', '/dev')$$, $$select user_suspend('nobody')$$]) statement;
select is(tried('test_first', $$select namespace_create('k', 'y', '{}')$$), '22023', 'a namespace without a purpose is refused');
select is(tried('test_first', $$select can('oz', 'project.view', 'shop')$$), '22023', 'a resource without its kind is an error, not a no');
select is(tried('test_first', $$select can('oz', 'project.wiev', 'app:shop')$$), 'P0002', 'a mistyped permission is an error, not a no');
select is(tried('test_first', $$select can('zo', 'project.view', 'app:shop')$$), 'P0002', 'a mistyped login is an error, not a no');

select * from finish();
rollback;
