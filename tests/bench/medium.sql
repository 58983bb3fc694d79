-- SPDX-License-Identifier: Apache-2.0
-- A company of medium size for measuring questions: 100,000 people, 10,000 groups in a tree eight levels deep, a million
-- grants at groups, 20,000 apps, 5,000 namespaces. Run by psql in a database that has just got the schema; the same rows
-- each time. Sizes of groups follow Zipf's law from 40,000 people down to 23; the groups of the upper levels are small.
-- With -v small=1 a hundredth of all that, for trying out what measures.
\set ON_ERROR_STOP on
\if :{?small}
\set people 1000
\set groups 100
\set apps 200
\set spaces 50
\set levels array[1,2,3,5,8,12,25,44]
\else
\set people 100000
\set groups 10000
\set apps 20000
\set spaces 5000
\set levels array[1,3,12,45,160,571,2035,7173]
\endif
set search_path = roster, pg_temp;
begin;
select open_revision('to begin with', by_itself => true) \g /dev/null
insert into sources (name, kind) values ('corp', 'ldif');
insert into users (id, login) select md5('person ' || n)::uuid, 'person' || n from generate_series(0, :people - 1) n;

-- number: 1 is the root; above: its parent's.
create temporary table tree as
select first + k as number, level, case level when 1 then null else above + k * above_size / size end as above
from (select level, size, lag(size) over w as above_size, 1 + sum(size) over w - size as first,
		1 + sum(size) over w - size - lag(size) over w as above
	from unnest(:levels) with ordinality l(size, level) window w as (order by level)) l,
	generate_series(0, size - 1) k;
create temporary table numbered as select t.*, case level when 1 then root_group() else new_resource('group') end as id from tree t;
analyze numbered;
insert into groups (id, parent_id, name)
select n.id, p.id, 'group' || n.number from numbered n join numbered p on p.number = n.above;

-- 7919 and 61 have no divisor in common with the counts, so nobody is named twice in a group.
insert into grants (user_id, anchor, role, source)
select md5('person ' || (number * 7919 + k * 61) % :people)::uuid, id,
	role_named('project', (array['Developer', 'Contributor', 'Developer', 'Operator', 'Developer', 'Administrator', 'Contributor', 'Contributor'])[1 + (number + k / 7) % 8]),
	source
from (select n.*, s.id as source,
		(0.4 * :people / power(case when level <= 4 then :groups - number else 1 + number * 7919 % (:groups - upper) end, 0.81))::integer as size
	from numbered n, sources s, (select count(*)::integer as upper from numbered where level <= 4) u where s.name = 'corp') g,
	generate_series(0, size - 1) k;
insert into grants (user_id, anchor, role)
select md5('person ' || number * 37 % :people)::uuid, id, role_named('platform', 'Group Administrator') from numbered;

insert into apps (name, owner, owner_group)
select 'app' || k, md5('person ' || k * 13 % :people)::uuid, n.id
from generate_series(1, :apps) k join numbered n on n.number = 1 + k * 7 % :groups;
insert into clusters (name) select 'cluster' || k from generate_series(1, 20) k;
insert into namespaces (cluster, name, purpose)
select c.id, 'space' || k, (array['development', 'test', 'acceptance', 'production'])[1 + k % 4]::purpose
from generate_series(1, :spaces) k join clusters c on c.name = 'cluster' || 1 + k % 20;
insert into group_namespaces (group_id, namespace)
select n.id, s.id from generate_series(1, :spaces) k join namespaces s on s.name = 'space' || k
join numbered n on n.number = 1 + k * 3 % :groups;
commit;
vacuum analyze;
