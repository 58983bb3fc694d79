-- SPDX-License-Identifier: Apache-2.0
-- What a change touches, what is said of it, and all access to a resource.
\ir support.psql
\ir company.psql
select plan(27);

-- Many people who hold nothing but what every person holds.
do $$ begin
	perform person('person' || n) from generate_series(1, 300) n;
	perform committed();
end $$;

-- login and resource, of pairs.
create function touched() returns table (login text, resource text) language sql as $$
	select distinct u.login, resource_name(t.resource) from touched_pairs(head() - 1, head()) t join users u on u.id = t.user_id
$$;
create function differs(first bigint, last bigint, resources integer[] default null) returns table (login text, resource text) language sql as $$
	select u.login, resource_name(d.resource) from difference(first, last, resources) d join users u on u.id = d.user_id
$$;
create function group_id(path text) returns integer language sql as $$select resource_named('group:' || path)$$;

-- What is compared is little: only roles that mean something on a kind of resource count.
select by_itself();
insert into groups (parent_id, name) values (root_group(), 'new');
select committed(); -- a new group
select set_eq('select * from touched()', $$values ('ada', 'group:/new')$$,
	'touches the platform''s administrator and not everybody, though everybody holds a role at the platform');
insert into clusters (name) values ('k9');
select committed(); -- a new cluster
select set_eq('select * from touched()', $$values ('ada', 'cluster:k9')$$, 'touches the same');
select person('late');
select committed();
select set_eq('select * from touched()', $$values ('late', 'platform')$$, 'a new person touches what every person may do on the platform');
insert into grants (user_id, anchor, role) values (person_id('nel'), root_group(), role_named('platform', 'Group Administrator'));
select committed(); -- a group administrator at the root
select is_empty($$select * from touched() where login <> 'nel' or resource !~ '^(group|app):'$$, 'touches groups and apps, and nothing else');
select is((select count(*) from touched()), (select count(*) from groups) + (select count(*) from apps), 'all of them');
delete from grants where user_id = person_id('nel');
insert into grants (user_id, anchor, role) values (person_id('nel'), root_group(), role_named('project', 'Contributor'));
select committed(); -- another role in its place
select set_eq('select resource from touched() where resource like ''app:%''', $$values ('app:shop'), ('app:gate'), ('app:site'), ('app:board')$$, 'touches apps');
select is_empty($$select * from touched() where resource like 'namespace:%'$$, 'but no namespace, on which it means nothing');
update groups set parent_id = group_id('/dev/web') where id = group_id('/dev/pay/api');
select committed(); -- a group that is moved
select set_eq('select * from touched()', $$values ('pat', 'app:gate')$$,
	'touches who had or has it from the group it lay or lies in, not who holds something further up');
select by_itself();
update apps set owner = person_id('nel') where name = 'shop';
select committed(); -- an app with a new owner
select set_eq('select * from touched()', $$values ('olga', 'app:shop'), ('nel', 'app:shop')$$, 'touches both owners and nobody else');

-- What came and went is not told.
select by_itself();
update apps set owner = person_id('olga') where name = 'shop';
select committed(); -- the first owner again
select is_empty('select * from touched_pairs(head() - 2, head())', 'and in both changes together nothing is touched');
select set_eq('select * from differs(head(), head() - 1)', 'select * from differs(head() - 1, head())', 'backwards the same pairs differ');

-- One person and many resources are compared in another order than many people; the answer is the same.
select by_itself();
insert into apps (name, owner, owner_group) select 'bulk' || n, person_id('olga'), group_id('/ops') from generate_series(1, 60) n;
select committed();
insert into grants (user_id, anchor, role) values (person_id('nel'), root_group(), role_named('project', 'Operator'));
select committed();
select cmp_ok((select count(*) from difference(head() - 1, head())), '>', 60::bigint, 'a role at the root over many apps differs on all of them');
select set_eq('select * from difference(head() - 1, head())', 'select * from difference(head() - 1, head(), null, 0)', 'as all access compared with all access says');

-- Some resources only.
select set_eq($$select * from differs(0, head(), array[resource_named('app:gate')])$$, $$select * from differs(0, head()) where resource = 'app:gate'$$,
	'of one resource');
select is_empty($$select * from differs(0, head(), '{}')$$, 'of none');

-- All access to a resource.
select set_eq($$select u.login from access_snapshot(resource_named('app:gate'), head()) s join users u on u.id = s.user_id$$,
	$$values ('ann'), ('olga'), ('nel'), ('ada'), ('gus')$$, 'who may do something on an app');
select results_eq($$select s.permissions, s.roles from access_snapshot(resource_named('app:board'), head()) s where s.user_id = person_id('oz')$$,
	$$select array_agg(distinct e.permission order by e.permission), array_agg(distinct e.role order by e.role) from effective e
	where e.resource = resource_named('app:board') and e.user_id = person_id('oz')$$, 'and what, by which roles');
select is_empty($$select * from access_snapshot(resource_named('app:gate'), 0)$$, 'before everything nobody');

select is((select bool_or(has_function_privilege('roster_reader', p.oid, 'execute')) from pg_proc p where p.pronamespace = 'roster'::regnamespace
	and p.proname in ('difference', 'difference_named', 'access_snapshot', 'touched_pairs')), false, 'no app reads everybody''s access');
select is((select bool_or(has_function_privilege('roster_admin', p.oid, 'execute')) from pg_proc p where p.pronamespace = 'roster'::regnamespace
	and p.proname in ('difference', 'access_snapshot', 'touched_pairs')), false, 'nor does an operator, past what asks who he is');

-- It tells of everybody, so only who may know all of it may ask; whoever owns an app is told who may do what on it by who_can().
select operator_for('ada', 'ada'), operator_for('olga', 'olga'), operator_for('gus', 'gus'), operator_for('stranger');
select is(tried('test_' || who, 'select * from difference_named(1, null)'), case who when 'ada' then 'done' else '42501' end,
	'what changed for everybody is told to a platform administrator alone: ' || who) from unnest(array['ada', 'olga', 'gus', 'stranger']) who;
select is(tried('test_olga', 'select * from difference_named(head(), head())'), '42501', 'also where nothing changed');
select is(tried('test_olga', $$select * from who_can('project.view', 'app:shop', head() - 1)$$), 'done', 'an owner asks about his app');
select set_eq('select d.login, d.resource from difference_named(1, null) d', $$select u.login, resource_name(d.resource) from difference(1, head()) d join users u on u.id = d.user_id$$,
	'and by name it is the same difference');

select * from finish();
rollback;
