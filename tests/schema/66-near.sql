-- SPDX-License-Identifier: Apache-2.0
-- Names that are mistyped: the nearest there is.
\ir support.psql
\ir company.psql
select plan(50);

select is(edits(a, b), n, format('from "%s" to "%s" is %s', a, b, n))
from (values ('', '', 0), ('', 'ab', 2), ('ab', '', 2), ('shop', 'shop', 0), ('shop', 'shp', 1), ('shp', 'shop', 1), ('shop', 'ship', 1), ('shop', 'hsop', 1),
	('shop', 'sohp', 1), ('ab', 'ba', 1), ('abc', 'cab', 2), ('ünï', 'uni', 2), ('kitten', 'sitting', 3)) w(a, b, n);
select is(edits(b, a), edits(a, b), format('as from "%s" to "%s"', b, a)) from (values ('shop', 'sohpp'), ('kitten', 'sitting'), ('ab', 'bca')) w(a, b);

-- What is said, by the hint alone.
create function hint(statement text) returns text language plpgsql as $$
declare
	said text;
begin
	execute statement;
	return 'done';
exception when others then
	get stacked diagnostics said = pg_exception_hint;
	return said;
end $$;
create function hint_as(session name, statement text) returns text language plpgsql as $$
declare
	said text;
begin
	execute format('set local session authorization %I', session);
	said := hint(statement);
	reset session authorization;
	return said;
end $$;
grant usage on schema test to public;
grant execute on all functions in schema test to public;

select node_create('shop', 'olga'), environment_create('shop', 'live', 'production'), access_group_create('week');
select is(hint(format('select %s', act)), format('did you mean "%s"? %s', near, otherwise), format('%s: "%s"', act, near))
from (values
	($$need_group('/dev/pya')$$, '/dev/pay', 'see rosterctl tree'), ($$need_group('dev/pay/ap/')$$, '/dev/pay/api', 'see rosterctl tree'),
	($$need_group('/DEV/WEBB')$$, '/dev/web', 'see rosterctl tree'),
	($$need_app('shoop')$$, 'shop', 'see rosterctl app list'), ($$need_app('SITR')$$, 'site', 'see rosterctl app list'),
	($$need_node('baord')$$, 'board', 'see rosterctl app list'),
	($$need_role('project', 'Devloper')$$, 'Developer', 'see rosterctl role list'), ($$need_role('project', 'Scrum Msater')$$, 'Scrum Master', 'see rosterctl role list'),
	($$need_role('app', 'app onwer')$$, 'App Owner', 'see rosterctl role list'), ($$need_role('platform', 'App Viwer')$$, 'App Viewer', 'see rosterctl role list'),
	($$user_by_login('olag')$$, 'olga', 'see rosterctl user list'), ($$need_user('anm')$$, 'ann', 'see rosterctl user list'),
	($$resource_named('app:gat')$$, 'gate', 'see rosterctl app list'), ($$resource_named('group:/dev/wbe')$$, '/dev/web', 'see rosterctl tree'),
	($$resource_named('env:shop/lvie')$$, 'shop/live', 'see rosterctl node show shop'), ($$resource_named('cluster:k2')$$, 'k1', 'see rosterctl cluster list'),
	($$resource_named('namespace:k1/pay/tset')$$, 'k1/pay/test', 'see rosterctl namespace list'), ($$need_access_group('weak')$$, 'week', 'see rosterctl access-group list'),
	($$permission_named('project.edti')$$, 'project.edit', 'see rosterctl permission list')) w(act, near, otherwise);

-- Nothing is made up.
select is(hint(format('select %s', act)), otherwise, format('%s: nothing is near', act))
from (values ($$need_group('/nothing/of/this')$$, 'see rosterctl tree'), ($$need_app('x')$$, 'see rosterctl app list'), ($$need_role('project', 'Emperor')$$, 'see rosterctl role list'),
	($$user_by_login('zzzz')$$, 'see rosterctl user list'), ($$need_app(repeat('shop', 20))$$, 'see rosterctl app list')) w(act, otherwise);
select is(hint($$select need_app('')$$), 'see rosterctl app list', 'nor of no word');
select user_suspend('olga');
select is(hint($$select user_by_login('olag')$$), 'see rosterctl user list', 'who is suspended is not meant where somebody active is asked for');
select is(hint($$select need_user('olag')$$), 'did you mean "olga"? see rosterctl user list', 'but is elsewhere');
insert into groups (parent_id, name, archived) values (root_group(), 'gone', true);
select is(hint($$select need_group('/gome')$$), 'see rosterctl tree', 'nor a group that is archived');

-- The nearest, of several; the first in the alphabet, of equals.
select person(p) from unnest(array['marta', 'martha', 'marthe', 'maria']) p;
select is(hint($$select need_user('mrtha')$$), 'did you mean "martha"? see rosterctl user list', 'one edit before two');
select is(hint($$select need_user('marth')$$), 'did you mean "marta"? see rosterctl user list', 'of equals the first');
insert into users (login) select 'person' || n from generate_series(1000, 1999) n;
select is(hint($$select need_user('preson1777')$$), 'did you mean "person1777"? see rosterctl user list', 'among many with nearly the same letters');

-- For people only.
select operator_for('ada', 'ada');
do $$ begin
	execute 'create role test_app login in role roster_reader';
end $$;
select is(hint_as('test_ada', $$select roster.can('ann', 'project.edit', 'app:shoop')$$), 'did you mean "shop"? see rosterctl app list', 'an operator is told');
select is(hint_as('test_app', $$select roster.can('ann', 'project.edit', 'app:shoop')$$), 'see rosterctl app list', 'an app that asks by name is not: to look at all names takes time');
select is(hint_as('test_app', $$select roster.can('olag', 'project.edit', 'app:shop')$$), 'see rosterctl user list', 'whatever name it is');

select * from finish();
rollback;
