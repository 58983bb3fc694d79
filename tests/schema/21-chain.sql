-- SPDX-License-Identifier: Apache-2.0
-- P12: a chain of 1,000 groups, and everything works on it.
\ir support.psql
select plan(11);

select by_itself();
select person('top'), person('owner'), person('low');
select branch('/chain'), branch('/other');

create function dig(at integer, depth integer) returns void language plpgsql as $$
begin
	for level in 1..depth loop
		insert into groups (parent_id, name) values (at, 'level ' || level) returning id into at;
	end loop;
end $$;
select dig(group_at('/chain'), 1000);
create function bottom() returns integer language sql as $$select id from groups where name = 'level 1000'$$;

select is((select max(distance) from group_closure), 1001, 'P12 a chain of 1,000 groups can be made');
select is((select count(*) from group_closure), (1002 * 1003 / 2 + 2)::bigint, 'P12 everyone above is an ancestor, once');
select is(group_at(group_path(bottom())), bottom(), 'P12 the deepest group is found by its path');

insert into apps (name, owner, owner_group) values ('deep', person_id('owner'), bottom());
select group_member_add('/chain', 'top', 'Developer');
insert into grants (user_id, anchor, role) values (person_id('low'), bottom(), role_named('project', 'Contributor'));
select is(can('top', 'project.edit', 'app:deep'), true, 'P12 can() reaches from the top to the bottom');
select is(rights('low', 'app:deep'), permits('Contributor', 'app'), 'P12 effective answers at the bottom');
select is((select max(distance) from effective_access('top', 'app:deep')), 1000, 'P12 effective_access counts the steps');
select committed();

select group_move('/chain/level 1', '/other');
select is(can('top', 'project.edit', 'app:deep'), false, 'P12 moving 1,000 groups takes away what came from above');
select is(can('low', 'project.view', 'app:deep'), true, 'P12 and leaves what came from below');
select is((select count(*) from group_closure join closure_of((select array_agg(id) from groups)) using (ancestor, descendant, distance)),
	(select count(*) from group_closure),
	'P12 the closure follows the move');
select throws_ok(format('update groups set parent_id = %s where name = %L', bottom(), 'level 1'), '23514', null,
	'P12 closing the chain to a ring is refused');
select is((select count(*) from effective_at(head() - 1) where user_id = person_id('top') and resource = resource_named('app:deep')),
	(select count(*) from role_permissions rp join permissions p on p.id = rp.permission join scope_resources s on s.scope = p.scope and s.kind = 'app'
		where rp.role = role_named('project', 'Developer')), 'P12 the time before the move is answered for');

select * from finish();
rollback;
