-- SPDX-License-Identifier: Apache-2.0
-- The group tree.
\ir support.psql
select plan(89);
select by_itself(); -- what a rule makes has no admin yet

select is((select count(*) from groups), 1::bigint, 'P9 a fresh installation has one group that nobody created');
select is((select parent_id from groups where id = root_group()), null, 'P9 and that is the root');
select throws_ok($$insert into groups (name) values ('second')$$, '23505', null, 'P10 a second root is refused');
select throws_ok('delete from groups where parent_id is null', '23514', 'the root group cannot be deleted', 'P10 deleting the root is refused');
select person('one'), person('two');
select branch('/a');
select throws_ok($$update groups set parent_id = group_at('/a') where parent_id is null$$, '23514', 'the root group cannot be moved',
	'P10 the root cannot be moved below another group');
select throws_ok($$update groups set parent_id = null where name = 'a'$$, '23505', null, 'P10 no group can become a second root');
select throws_ok($$select group_move('/', '/a')$$, '23514', null, 'P10 nor is there an act that moves the root');
update groups set name = 'company', description = 'all of us' where parent_id is null;
select is((select name || ': ' || description from groups where id = root_group()), 'company: all of us',
	'P11 name and description of the root can be changed');
select is(group_path(root_group()), '/', 'P11 and its path stays /');
select operator_for('chief', 'one'), operator_for('plain', 'two'), user_role_add('one', 'Platform Administrator');
select committed();
select is(tried('test_chief', $$select group_edit('/', 'concern', 'all of it')$$), 'done', 'P11 by the act of an administrator');
select is((select name || ': ' || description from groups where id = root_group()), 'concern: all of it', 'P11 it is saved');
select is(tried('test_plain', $$select group_edit('/', 'mine')$$), '42501', 'P11 somebody else does not');
select committed(), by_itself();

select throws_ok($$select group_create('b', '', '{}')$$, '22023', 'a group needs a parent: "b" is no path', 'P13 a group without a parent is refused');
select throws_ok($$select group_create('/', 'for tests', '{}')$$, '22023', null, 'P13 so is a path without a name');
select throws_ok($$select group_create('/no/b', 'for tests', '{}')$$, 'P0002', 'there is no group /no/', 'P13 so is a parent that is not there');

select branch('/a/b');
select branch('/a/b/c');
select throws_ok($$select group_move('/a', '/a')$$, '23514', 'group "a" cannot lie below itself', 'P14 a group moved under itself is refused');
select throws_ok($$select group_move('/a', '/a/b')$$, '23514', null, 'P14 a group moved under its child is refused');
select throws_ok($$select group_move('/a', '/a/b/c')$$, '23514', null, 'P14 a group moved under a deeper descendant is refused');
select branch('/x');
select branch('/y');
select throws_ok(
	$$update groups g set parent_id = case g.name when 'x' then group_at('/y') else group_at('/x') end where g.name in ('x', 'y')$$,
	'23514', null, 'P14 two groups moved under each other by one statement are refused');
select lives_ok($$select group_move('/a/b', '/x')$$, 'a group can be moved elsewhere');
select is(group_path((select id from groups where name = 'c')), '/x/b/c', 'and takes along what is below it');
select set_eq($$select distance, group_path(ancestor) from group_closure where descendant = group_at('/x/b/c')$$,
	$$values (0, '/x/b/c'), (1, '/x/b'), (2, '/x'), (3, '/')$$, 'the closure follows a move');
select lives_ok($$
	update groups g set parent_id = case g.name when 'b' then group_at('/a') else group_at('/x/b') end where g.name in ('b', 'y')$$,
	'several groups can be moved by one statement, one below the other');
select set_eq($$select distance, group_path(ancestor) from group_closure where descendant = (select id from groups where name = 'y')$$,
	$$values (0, '/a/b/y'), (1, '/a/b'), (2, '/a'), (3, '/')$$, 'and the closure follows both');

-- Names and paths.
select throws_ok($$select group_create('/A', 'for tests', '{one}')$$, '23505', 'there is a group /A already', 'names of siblings are compared without case');
select lives_ok($$select group_create('/x/a', 'for tests', '{one}')$$, 'the same name is free below another parent');
select is(group_at('/A/B/c'), (select id from groups where name = 'c'), 'a path is found in any case');
select is(group_at('/a//b/'), group_at('/a/b'), 'a path is found with slashes too many');
select is(group_at('/a/none'), null, 'a path that is not there is no group');
select throws_ok(format('insert into groups (parent_id, name) values (root_group(), %L)', name), '23514', null, 'a name ' || why || ' is refused')
from (values ('', 'of nothing'), ('a/b', 'with a slash'), (e'a\nb', 'with a control character'), ('..', 'of two dots'),
	(repeat('x', 101), 'of 101 characters')) bad(name, why);
select lives_ok($$insert into groups (parent_id, name) values (root_group(), repeat('ü', 100))$$, 'a name of 100 characters is fine');
select throws_ok($$select group_create('/long', repeat('x', 251), '{one}')$$, '23514', null, 'a description of 251 characters is refused');
select throws_ok($$delete from groups where name = 'a' and parent_id = root_group()$$, '23503', null, 'a group with groups below it cannot be deleted');

select lives_ok($$delete from groups where name = 'y'$$, 'a group with nothing below it can be deleted');
select is_empty($$select from group_closure c where not exists (select from groups g where g.id = c.descendant)$$, 'and leaves the closure');

select group_create('/led', 'has admins', array['one', 'two', 'ONE']);
select set_eq($$select person_id(l) from unnest(array['one', 'two']) l$$,
	$$select user_id from grants where anchor = group_at('/led')$$, 'P16 all admins named for a new group administer it');
select throws_ok($$select group_create('/unled', 'for tests', array['nobody'])$$, 'P0002', null, 'P16 an admin who is not there is refused');
select is(group_at('/unled'), null, 'P16 and the group is not made');

-- What can hang at a group.
select set_eq($$
	select c.conrelid::regclass::text, a.attname::text from pg_constraint c
	join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
	where c.contype = 'f' and c.confrelid = 'groups'::regclass$$,
	$$values ('groups', 'parent_id'), ('apps', 'owner_group'),
		('group_namespaces', 'group_id'),
		('awaited_admins', 'group_id')$$, -- people, who may become members
	'P17 apps and namespaces are all that can be attached to a group');
select namespace_create('k1', 'n', array['test']::purpose[]);
select throws_ok($$insert into group_namespaces values (root_group(), (select id from clusters))$$, '23503', null, 'P17 a cluster is refused');
select throws_ok($$insert into group_namespaces values (root_group(), group_at('/a'))$$, '23503', null, 'P17 another group is refused');
select throws_ok($$select namespace_attach('k1/n/production', '/a')$$, 'P0002', null, 'P17 a purpose the namespace does not have is refused');
select lives_ok($$select namespace_attach('k1/n/test', '/a')$$, 'P17 a namespace in one of its purposes is attached');
select namespace_create('k1', 'pay', array['development', 'acceptance']::purpose[]);
select set_eq($$select purpose::text from namespaces where name = 'pay'$$, array['development', 'acceptance'], 'P47 a namespace is for the purposes that were named, and no other');
select is_empty($$select from group_namespaces g join namespaces n on n.id = g.namespace where n.name = 'pay'$$, 'P47 no group has any of them by itself');
select namespace_attach('k1/pay/acceptance', '/a');
select set_eq($$select n.purpose::text from group_namespaces g join namespaces n on n.id = g.namespace where n.name = 'pay'$$, array['acceptance'], 'P47 each is given by itself');
select committed();
select namespace_attach('k1/pay/acceptance', '/a'), namespace_detach('k1/pay/development', '/a');
select is((select count(*) from revisions where transaction = pg_current_xact_id()), 0::bigint, 'P47 what is so already takes no revision');
select namespace_attach('k1/pay/development', '/a'), namespace_detach('k1/pay/acceptance', '/a');
select set_eq($$select n.purpose::text from group_namespaces g join namespaces n on n.id = g.namespace where n.name = 'pay'$$, array['development'], 'P47 and taken by itself');

-- What a new group needs.
select throws_ok($$select group_create('/p15', null, '{one}')$$, '22023', 'a group needs a description', 'P15 a group without a description is refused');
select throws_ok($$select group_create('/p15', ' ', '{one}')$$, '22023', 'a group needs a description', 'P15 an empty one is none');
select throws_ok(format('select group_create(%L, %L, %s)', '/p15', 'x', admins), '22023', 'a group needs an admin', 'P15 a group without an admin is refused: ' || admins)
from unnest(array['''{}''', 'null']) admins;
select throws_ok($$select group_create('p15', 'x', '{one}')$$, '22023', 'a group needs a parent: "p15" is no path', 'P15 a group without a parent is refused');
select is(group_at('/p15'), null, 'P15 none of these was made');
select lives_ok($$select group_create('/p15', 'x', '{one}')$$, 'P15 with all three it is');
select throws_ok($$select group_edit('/p15', description => '')$$, '22023', 'a group needs a description', 'P15 and keeps a description');
select lives_ok($$select group_edit('/', description => '')$$, 'P15 the root, which nobody made, needs none');
select throws_ok($$select group_member_remove('/p15', 'one', null)$$, '23514', 'one is the only admin of /p15', 'P15 and keeps an admin');

-- What it may be called.
select lives_ok(format('select group_create(%L, %L, %L)', '/' || name, 'x', '{one}'), format('P46 a group may be called "%s"', name))
from unnest(array['Team 7_b-c', 'Zoë', E'Zoe\u0308 too', '部門', repeat('n', 100)]) name;
select throws_ok(format('select group_create(%L, %L, %L)', '/' || name, 'x', '{one}'), '23514', format('"%s" is no name for a group', name),
	format('P46 and not "%s"', name))
from unnest(array['a.b', 'a,b', 'a"b', 'a:b', 'a@b', 'a+b', 'a*', '(a)', E'a\tb', '..', '€', repeat('n', 101)]) name;
select throws_ok($$select group_edit('/p15', 'p.15')$$, '23514', '"p.15" is no name for a group', 'P46 nor become that');
select lives_ok($$select group_create('/p46', repeat('x', 250), '{one}')$$, 'P46 a description has at most 250 characters');
select throws_ok($$select group_create('/p46b', repeat('x', 251), '{one}')$$, '23514', 'the description is longer than 250 characters: it has 251', 'P46 and no more');

-- What its members are.
create function held(login text) returns text language sql as $$
	select coalesce(string_agg(r.name, ' ' order by r.name), '') from grants g join roles r on r.id = g.role
	where g.user_id = person_id(login) and g.anchor = group_at('/p46') $$;
select group_member_set('/p46', 'two', 'Developer');
select is(held('two'), 'Developer', 'P46 a member has a role');
select group_member_set('/p46', 'two', 'Operator');
select is(held('two'), 'Operator', 'P46 and one by hand: another takes its place');
select group_member_add('/p46', 'two', null);
select is(held('two'), 'Group Administrator Operator', 'P46 being an admin is beside it');
select group_member_set('/p46', 'two', 'Contributor', 'infinity');
select is(held('two'), 'Contributor Group Administrator', 'P46 and stays when the role changes');
insert into sources (name, kind) values ('elsewhere', 'ldif');
insert into grants (user_id, anchor, role, source) select person_id('two'), group_at('/p46'), role_named('project', 'Operator'), s.id from sources s where s.name = 'elsewhere';
select group_member_set('/p46', 'two', 'Developer');
select is(held('two'), 'Developer Group Administrator Operator', 'P46 what a source gives is beside it too');
select group_member_remove('/p46', 'two', null);
select is(held('two'), 'Developer Operator', 'P46 who is no admin any more keeps his role');
select throws_ok($$select group_member_set('/p46', 'two', 'Owner')$$, '23514', null, 'P46 what is not given to members is not set either');

select * from finish();
rollback;
