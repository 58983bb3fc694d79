-- SPDX-License-Identifier: Apache-2.0
-- The dashboard's figures.
\ir support.psql
select plan(26);

create function figure(name text) returns numeric language plpgsql as $$
declare
	value numeric;
begin
	execute format('select %I from statistics', name) into value;
	return value;
end $$;

select results_eq('select groups, resources_owned, namespaces_assigned, average_members from statistics',
	'values (0::bigint, 0::bigint, 0::bigint, 0::numeric)', 'P24 a fresh installation counts nothing: the root is not counted');
select person(p) from unnest(array['a', 'b', 'c']) p;
select group_create('/one', 'for tests', array['a']);
select is(figure('groups'), 1::numeric, 'P24 Number of Groups counts a group');
select branch('/one/two'), branch('/three');
select is(figure('groups'), 3::numeric, 'P24 and those below it');
update groups set archived = true where name = 'three';
select is(figure('groups'), 2::numeric, 'P24 and no archived one');
update groups set archived = false where name = 'three';

select app_create('x', 'a', '/one'), app_create('y', 'a', '/one/two'), app_create('z', 'b', null);
select is(figure('resources_owned'), 2::numeric, 'P25 Number of Resources Owned counts apps that belong to a group');
select namespace_create('k', 'n', array['test', 'production']::purpose[]), namespace_create('k', 'm', array['test']::purpose[]);
select is(figure('resources_owned'), 2::numeric, 'P25 a namespace of no group is not counted');
select namespace_attach('k/n/test', '/one'), namespace_attach('k/n/production', '/one');
select is(figure('resources_owned'), 4::numeric, 'P25 each purpose of a namespace counts');
select namespace_attach('k/n/test', '/three');
select is(figure('resources_owned'), 4::numeric, 'P25 once, however many groups it is associated with');
select is(figure('namespaces_assigned'), 1::numeric, 'P26 Namespaces Assigned to Groups counts a namespace, not its purposes');
select namespace_attach('k/m/test', '/one/two');
select is(figure('namespaces_assigned'), 2::numeric, 'P26 and every namespace with an association');

select is(figure('average_members'), 0::numeric, 'P27 an admin is not a member');
select group_member_add('/one', 'a', 'Developer'), group_member_add('/one', 'b', 'Developer'), group_member_add('/one', 'b', 'Operator');
select is(figure('average_members'), 0.67, 'P27 the average counts a person once in a group: 2 members in 3 groups');
select group_member_add('/three', 'c', 'Developer');
select is(figure('average_members'), 1.00, 'P27 members are counted where they are, not where they are inherited');
select group_member_add('/', 'c', 'Developer');
select is(figure('average_members'), 1.00, 'P27 the root does not count');

-- Each change shows at the next read.
select group_member_remove('/one', 'a', 'Developer');
select is(figure('average_members'), 0.67, 'P28 a member who left shows');
select namespace_detach('k/m/test', '/one/two');
select is(figure('namespaces_assigned'), 1::numeric, 'P28 a detached namespace shows');
select is(figure('resources_owned'), 4::numeric, 'P28 in the resources too');
select app_group('y', null);
select is(figure('resources_owned'), 3::numeric, 'P28 an app that left its group shows');
select group_member_add('/three', 'b', null), app_group('z', '/three');
select is(figure('resources_owned'), 4::numeric, 'P28 an app that joined one shows');
delete from groups where name = 'two';
select is(figure('groups'), 2::numeric, 'P28 a deleted group shows');
select is(figure('average_members'), 1.00, 'P28 in the average too');
select is(figure('active_users'), 3::numeric, 'active people are counted');
select user_suspend('c');
select is(figure('active_users'), 2::numeric, 'suspended ones are not');
select is(figure('apps'), 3::numeric, 'apps are counted');
select app_archive('x', true);
select is(figure('apps'), 2::numeric, 'archived ones are not');
select is(figure('groups'), (select count(*)::numeric - 1 from groups), 'P24 the figure is the groups without the root');

select * from finish();
rollback;
