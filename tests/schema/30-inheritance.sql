-- SPDX-License-Identifier: Apache-2.0
-- What a role held in a group reaches.
\ir support.psql
\ir company.psql
select plan(48);

-- Downwards.
select is(roles_at('ann', 'group:/dev'), 'Developer', 'P21 a member of a group has the role there');
select is(roles_at('ann', 'group:' || path), 'Developer', 'P21 a member of a group is a member of every subgroup, with the same role: ' || path)
from unnest(array['/dev/pay', '/dev/pay/api', '/dev/web']) path;
select is(roles_at('ann', 'group:/ops'), '', 'P21 and of no other group');
select branch('/dev/pay/late');
select is(roles_at('ann', 'group:/dev/pay/late'), 'Developer', 'P21 of a subgroup made later too');

-- Not upwards, not sideways.
select is(roles_at('pat', 'group:' || path), '', 'P22 a member of a subgroup is nothing in ' || path) from unnest(array['/', '/dev', '/dev/web', '/ops']) path;
select is(rights('pat', 'app:' || name), '', 'P22 and may do nothing to app ' || name || ', which belongs to a sibling') from unnest(array['site', 'board']) name;

-- Resources.
select is(rights('ann', 'app:' || name), permits('Developer', 'app'), 'P23 the role reaches app ' || name)
from unnest(array['shop', 'gate', 'site']) name;
select is(rights('ann', 'namespace:k1/pay/test'), permits('Developer', 'namespace'), 'P23 the role reaches the namespace associated with a subgroup');
select is(rights('ann', 'namespace:k1/pay/production'), '', 'P23 not the same namespace in the purpose of another group');
select is(rights('ann', 'app:board'), '', 'P23 not an app of another group');
select is(rights('pat', 'app:shop'), permits('Contributor', 'app'), 'P23 a role held deeper reaches what lies there');
select is(rights('pat', 'app:gate'), permits('Contributor', 'app'), 'P23 and below');
select is(rights('pat', 'namespace:k1/pay/test'), permits('Contributor', 'namespace'), 'P23 with the permissions that mean something there');
select is(rights('nel', 'app:shop'), '', 'P23 who holds nothing may do nothing');
select is((select distance from effective_access('ann', 'app:gate') limit 1), 2, 'P23 the answer counts the steps down');
select is((select anchor from effective_access('ann', 'app:gate') limit 1), 'group:/dev', 'P23 and names the group');

-- One owner, several associations.
select group_member_add('/ops', 'olga', null), group_member_add('/dev/pay', 'olga', null);
select app_group('shop', '/ops');
select is(rights('ann', 'app:shop'), '', 'P18 an app that another group claims leaves the first');
select is(rights('oz', 'app:shop'), permits('Operator', 'app'), 'P18 and belongs to the second');
select app_group('shop', null);
select is(rights('oz', 'app:shop'), '', 'P18 an app of no group is reached from none');
select is(rights('olga', 'app:shop'), permits('Owner', 'app'), 'P18 and still has its owner');
select app_group('shop', '/dev/pay');
select namespace_attach('k1/pay/test', '/ops');
select is(rights('ann', 'namespace:k1/pay/test'), permits('Developer', 'namespace'), 'P19 a namespace associated with a second group stays with the first');
select is(rights('oz', 'namespace:k1/pay/test'), permits('Operator', 'namespace'), 'P19 and is reached from the second');
select lives_ok($$select namespace_attach('k1/pay/test', '/ops')$$, 'P19 associating it again changes nothing');
select namespace_detach('k1/pay/test', '/dev/pay');
select is(rights('ann', 'namespace:k1/pay/test'), '', 'P19 one association ends');
select is(rights('oz', 'namespace:k1/pay/test'), permits('Operator', 'namespace'), 'P19 without the other');

-- A change of role.
select group_member_remove('/dev/pay', 'pat', 'Contributor'), group_member_add('/dev/pay', 'pat', 'Operator');
select is(rights('pat', 'app:shop'), permits('Operator', 'app'), 'P29 a changed role works at once on the apps of the group');
select is(rights('pat', 'app:gate'), permits('Operator', 'app'), 'P29 and of its subgroups');
select is(rights('pat', 'app:' || name), '', 'P30 and changes nothing outside the group: app ' || name) from unnest(array['site', 'board']) name;
select is(rights('ann', 'app:shop'), permits('Developer', 'app'), 'P30 nor for anybody else');
select group_move('/dev/pay', '/ops');
select is(rights('ann', 'app:gate'), '', 'P29 a moved group leaves what it inherited');
select is(rights('oz', 'app:gate'), permits('Operator', 'app'), 'P29 and inherits from its new place');
select is(rights('pat', 'app:gate'), permits('Operator', 'app'), 'P29 and keeps its own members');

-- Permissions add up.
select role_create('Counter', '', array['project.view', 'project.delete', 'cicd.approve', 'cluster.deploy']);
select namespace_attach('k1/pay/test', '/dev/web');
select group_member_add('/dev/web', 'ann', 'Counter');
create function either(kind resource_kind) returns text language sql as $$
	select string_agg(distinct p, ' ' order by p) from unnest(string_to_array(permits('Developer', kind), ' ') || string_to_array(permits('Counter', kind), ' ')) p
$$;
select is(rights('ann', 'app:site'), either('app'), 'P31 an assigned and an inherited role add up: project and CI/CD');
select is(rights('ann', 'namespace:k1/pay/test'), either('namespace'), 'P31 an assigned and an inherited role add up: namespaces');
select group_member_remove('/dev/web', 'ann', 'Counter');
select is(can('ann', 'project.view', 'app:site'), true, 'P32 a permission that both roles give stays when one is taken away');
select is(can('ann', 'project.delete', 'app:site'), false, 'P32 one that only that role gave goes');
select group_member_add('/dev/web', 'ann', 'Counter'), group_member_remove('/dev', 'ann', 'Developer');
select is(rights('ann', 'app:site'), permits('Counter', 'app'), 'P32 and the other way round');

-- The same role from two hands.
insert into sources (name, kind) values ('corp', 'ldif');
insert into grants (user_id, anchor, role, source)
select person_id('ann'), group_at('/dev/web'), role_named('project', 'Counter'), id from sources where name = 'corp';
select group_member_remove('/dev/web', 'ann', 'Counter');
select is(rights('ann', 'app:site'), permits('Counter', 'app'), 'P32 what a source gives stays when the hand takes its own away');
select throws_ok($$select group_member_remove('/dev/web', 'ann', 'Counter')$$, 'P0002', null, 'P32 and the hand cannot take it');

select * from finish();
rollback;
