-- SPDX-License-Identifier: Apache-2.0
-- Namespaces, clusters and nodes go: who may do that, what goes with them, and what stays.
\ir support.psql
\ir company.psql
\ir nodes.psql
select plan(72);

-- What differs since a revision, named by who it is about.
create function lost(since bigint, resource integer) returns text language sql as $$
	select coalesce(string_agg(u.login, ' ' order by u.login), '') from difference(lost.since, head()) d join users u on u.id = d.user_id
	where d.resource = lost.resource and d.permissions_after = '{}' and d.permissions_before <> '{}' $$;
create table places as select resource_named('namespace:k1/pay/test') as test, resource_named('namespace:k1/pay/production') as production, resource_named('cluster:k1') as cluster,
	resource_named('app:desk') as desk;

-- Namespaces.
select group_member_add('/', 'nel', 'Administrator'), namespace_create('k1', 'old', array['test']::purpose[]), committed();
select is(tried('test_' || who, $$select namespace_delete('k1/pay/test')$$), '42501', 'a namespace is not deleted by ' || who) from unnest(array['olga', 'gus', 'tec', 'ann']) who;
select is(tried('test_ada', $$select environment_create('desk', 'there', 'test', 'k1/pay/test')$$), 'done', 'an environment lies in one');
select throws_ok(format('select namespace_delete(%L)', name), '23514', 'environment:desk/there lies in namespace:k1/pay/test', 'which stays then: ' || name)
from unnest(array['k1/pay/test', 'k1/pay', 'K1/Pay']) name;
select is((select count(*) from namespaces where name = 'pay'), 2::bigint, 'whole');
select environment_delete('desk/there');
select throws_ok(format('select namespace_delete(%L)', name), 'P0002', null, 'what is not there is not deleted: ' || name) from unnest(array['k1/pya', 'k1/pay/acceptance', 'k2/pay', 'k1']) name;
select is(namespace_delete_preview('k1/pay/test'), '2 people may do something in namespace:k1/pay/test, by 1 group, and would not any more', 'it is said who loses what');
select matches(namespace_delete_preview('k1/pay'), '^3 people may do something in namespace:k1/pay/test, namespace:k1/pay/production, by 2 groups', 'of all purposes too');
select committed();
create table begun as select head() as revision, (select string_agg(u.login, ' ' order by u.login) from (select distinct e.user_id from effective e, places where e.resource = test) e
	join users u on u.id = e.user_id) as had;
select is((select had from begun), 'ann nel', 'who may do something there');
select is(tried('test_ada', $$select namespace_delete('k1/pay/test')$$), 'done', 'a platform administrator deletes it');
select is((select cause from revisions order by id desc limit 1), 'namespace delete k1/pay/test', 'in one revision');
select committed();
select is_empty($$select from effective, places where resource = test$$, 'nobody may do anything there');
select is((select lost(revision, test) from begun, places), 'ann nel', 'the difference tells whoever might');
select is((select count(distinct user_id) from effective_at((select revision from begun)), places where resource = test), 2::bigint, 'what was is known still');
select is_empty($$select from group_namespaces g, places where g.namespace = test$$, 'no group has it');
select is_empty($$select from resources r, places where r.id = test$$, 'it is no resource any more');
select is(rights('oz', 'namespace:k1/pay/production') <> '', true, 'its other purpose stays');
select is((select count(distinct e.user_id) from effective e, places where e.resource = production), 2::bigint, 'for whoever had it');
select throws_ok($$select namespace_attach('k1/pay/test', '/dev')$$, 'P0002', null, 'its name means nothing');
select namespace_create('k1', 'pay', array['test']::purpose[]);
select isnt(resource_named('namespace:k1/pay/test'), (select test from places), 'a new one under the name is another');
select is(rights('ann', 'namespace:k1/pay/test'), '', 'which nobody has yet');
select lives_ok($$select namespace_delete('k1/old')$$, 'one with a single purpose is named without it');
select lives_ok($$select namespace_delete('k1/pay')$$, 'all purposes go at once');
select is((select count(*) from namespaces), 0::bigint, 'and none is left');

-- Clusters.
select namespace_create('k1', 'last', array['test']::purpose[]), committed();
select is(tried('test_' || who, $$select cluster_delete('k1')$$), '42501', 'a cluster is not deleted by ' || who) from unnest(array['olga', 'gus', 'nel']) who;
select throws_ok($$select cluster_delete('k1')$$, '23514', 'cluster:k1 has namespace k1/last', 'nor while it has a namespace');
select namespace_delete('k1/last'), committed();
select is(cluster_delete_preview('k1'), '2 people may do something on cluster:k1 and would not any more', 'it is said who loses what');
update begun set revision = head();
select is(tried('test_ada', $$select cluster_delete('K1')$$), 'done', 'empty it goes');
select committed();
select is((select lost(revision, cluster) from begun, places), 'ada nel', 'the difference tells whoever might');
select is_empty($$select from clusters$$, 'there is none');
select is(tried('test_ada', $$select cluster_delete('k1')$$), 'P0002', 'once');

-- Nodes.
select is(tried('test_' || who, $$select node_delete('desk')$$), '42501', 'a node is not deleted by ' || who) from unnest(array['olga', 'sam', 'opal', 'nel']) who;
select throws_ok($$select node_delete('desk')$$, '23514', 'the node of app:desk has environment desk/acceptance', 'nor while it has environments');
select environment_delete('desk/' || e) from unnest(array['test', 'acceptance', 'live']) e;
select committed();
select is(node_delete_preview('desk'), 'tec is the Technical Contact of app:desk and would not be any more; the app and its team stay', 'it is said what goes');
select is(tried('test_tec', $$select node_delete('desk')$$), 'done', 'the Technical Contact deletes it');
select committed();
select is(roles_at('tec', 'app:desk'), 'Application Operator', 'and is in the team as before');
select is(tried('test_tec', $$select node_permissions('desk')$$), 'P0002', 'there is none');
select is(tried('test_ada', $$select node_create('desk', 'opal'); select node_delete('desk')$$), 'done', 'a platform administrator may too');

-- Groups. The name of one that was deleted is free, also for one that is there already.
create function plans(what text) returns text language plpgsql as $$
begin
	perform revert_plan(what);
	return (select string_agg(p.action || ' ' || group_path(p.group_id), ', ' order by p.group_id) || coalesce(': ' || max(p.description) filter (where p.action = 'keep'), '')
		from planned_imports p where p.kind = 'group');
end $$;
select group_create('/old', 'for tests', '{gus}'), group_create('/old/team', 'for tests', '{gus}'), group_create('/one', 'for tests', '{gus}'), group_create('/dev/old', 'for tests', '{gus}'), committed();
create table olds as select need_group('/old') as old, need_group('/old/team') as team, need_group('/one') as one, need_group('/dev/old') as moving, head() as before, 0::bigint as gone;
select throws_ok($$select group_edit('/one', 'OLD')$$, '23505', 'there is a group "OLD" beside it already', 'the name of a group is not that of another beside it');
select throws_ok($$select group_move('/dev/old', '/')$$, '23505', 'there is a group of that name below / already', 'nor does one with it come there');
select group_delete('/old/team'), committed(), group_delete('/old'), committed();
update olds set gone = head();
select throws_ok($$update groups set name = 'old' where name = 'one'$$, '23505', null, 'in plain SQL the deleted one is in the way');
select lives_ok($$select group_edit('/one', 'OLD')$$, 'a group takes the name of one that was deleted');
select committed();
select is(array[need_group('/old'), group_at('/old/team')], array[one, null], 'the name is its own, and what was below the deleted one is not below it') from olds;
select is((select string_agg(g.name, ' ' order by g.id) from groups g where g.id in (old, team) and g.archived and g.made_for is null), 'old team', 'that keeps the name it had') from olds;
select is(array[resource_named('group:/old', before), resource_named('group:/old', gone), resource_named('group:/old', gone + 1), resource_named('group:/old', head())],
	array[old, old, one, one], 'as of a revision each is found where it was called so') from olds;
select throws_ok($$select group_create('/old', 'for tests', '{gus}')$$, '23505', 'there is a group /old already', 'and no other one is made');
select throws_ok(format('update groups set displaced = true where id = %s', one), '23514', null, 'a group that is there does not give its name away') from olds;
select throws_ok(format('update groups set archived = false where id = %s', old), '23514', null, 'nor does the deleted one come back beside it') from olds;
select throws_ok(format('update groups set archived = false, displaced = false where id = %s', old), '23505', null, 'under its name') from olds;
select is(plans(gone::text), 'keep /old: there is another group of that name now', 'revert says what is in its way') from olds;
select revert_apply(gone::text, true), committed() from olds;
select is((select archived from groups where id = old) and not exists (select from grants where anchor = old), true, 'and leaves it as it is') from olds;
select group_edit('/old', 'one'), committed();
select is(plans(gone::text), 'restore /old', 'when the name is free it would come back') from olds;
select revert_apply(gone::text, true), committed() from olds;
select is(need_group('/old'), old, 'and does') from olds;

-- The same of a group that is moved, and again of the one that took the place.
select group_delete('/old'), committed();
update olds set gone = head();
select lives_ok($$select group_move('/dev/old', '/')$$, 'a group comes where one of its name was deleted');
select committed();
select is(need_group('/old'), moving, 'and is the one there') from olds;
select group_delete('/old'), committed();
select is((select count(*) from groups where name = 'old' and archived), 2::bigint, 'deleted it lies there beside the first');
select is(plans(gone::text), 'restore /old', 'of which the first comes back') from olds;
select revert_apply(gone::text, true), committed() from olds;
select is(need_group('/old'), old, 'under its name') from olds;
select is((select string_agg(g.id::text, ' ') from groups g where g.name = 'old' and g.displaced), moving::text, 'which the other gave up') from olds;
select group_delete('/old'), committed();
select is(group_create('/old', 'for tests', '{gus}'), old, 'one that is made anew is the last that was there') from olds;
select committed();

select * from finish();
rollback;
