-- SPDX-License-Identifier: Apache-2.0
-- A company with a few very large things, for measuring acts: a group of 100,000 people, an access group of as many, a role
-- held by 100,000 people in 1,000 groups with an app each, and a chain of 1,000 groups, each in the one before. Run by psql in
-- a database that has just got the schema and its administrator; the same rows each time. With -v small=1 a hundredth of all
-- that, for trying out what measures.
\set ON_ERROR_STOP on
\if :{?small}
\set people 1000
\set places 10
\set length 10
\else
\set people 100000
\set places 1000
\set length 1000
\endif
set search_path = roster, pg_temp;
begin;
select open_revision('to begin with', by_itself => true) \g /dev/null
insert into sources (name, kind) values ('corp', 'ldif');
insert into users (id, login) select md5('person ' || n)::uuid, 'person' || n from generate_series(0, :people - 1) n;
insert into users (login) values ('newcomer'), ('another');
select role_create('Crew', 'everybody in the crowd', array['project.view', 'project.stories', 'project.cloud_access', 'cicd.view'],
	'custom', '{}', 'fixed', '{env.monitoring}') \g /dev/null
select role_create('Deputy', 'takes the place of Crew', array['project.view', 'project.edit', 'project.cloud_access', 'cicd.view'],
	'custom', '{}', 'fixed', '{env.monitoring,env.backups}') \g /dev/null
select role_create('Local', 'held in each place', array['project.view', 'project.stories', 'project.cloud_access']) \g /dev/null

-- The crowd: one app with a node, one without, and one outside.
select group_create('/crowd', 'everybody', array['admin']) \g /dev/null
select group_create('/quiet', 'nobody', array['admin']) \g /dev/null
insert into grants (user_id, anchor, role)
select u.id, group_at('/crowd'), role_named('project', 'Crew') from users u where u.login like 'person%';
select app_create('forum', 'admin', '/crowd'), app_create('annex', 'person1', '/crowd') \g /dev/null
select app_create('outside', 'admin', '/quiet'), app_create('shared', 'admin', '/quiet') \g /dev/null
select node_create('forum', 'admin'), environment_create('forum', 'test', 'test'), environment_create('forum', 'live', 'production') \g /dev/null
insert into environment_settings (environment, user_id, permission, allowed)
select resource_named('environment:forum/test'), u.id, permission_named('env.transport'), true
from users u where u.login like 'person%00';

-- An access group of everybody, too.
select access_group_create('friends', 'everybody'), access_group_create('strangers', 'nobody') \g /dev/null
select group_create('/retired', 'once many', array['admin']) \g /dev/null
insert into apps (name, owner, owner_group) select 'attic', user_by_login('admin'), group_at('/retired');
select access_group_app('friends', 'shared', true) \g /dev/null
insert into grants (user_id, anchor, role)
select u.id, resource_named('access-group:friends'), r from users u, unnest(array[role_named('app', 'App Member'), role_named('project', 'Contributor')]) r
where u.login like 'person%';

-- One role, many places: a hundred people in each, and an app.
select group_create('/places', 'many', array['admin']) \g /dev/null
insert into groups (parent_id, name) select group_at('/places'), 'place' || n from generate_series(1, :places) n;
insert into apps (name, owner, owner_group)
select 'local' || n, md5('person ' || n)::uuid, g.id from generate_series(1, :places) n join groups g on g.name = 'place' || n;
insert into grants (user_id, anchor, role)
select md5('person ' || n)::uuid, g.id, role_named('project', 'Local')
from generate_series(0, :people - 1) n join groups g on g.name = 'place' || 1 + n % :places;

-- The chain: an app in each tenth group, a hundred people in the first, and elsewhere.
select group_create('/chain', 'its beginning', array['admin']), group_create('/elsewhere', 'where it is moved', array['admin']) \g /dev/null
with numbered as (
	select n, case n when 0 then group_at('/chain') else new_resource('group') end as id from generate_series(0, :length) n)
insert into groups (id, parent_id, name) select a.id, b.id, 'link' || a.n from numbered a join numbered b on b.n = a.n - 1;
insert into apps (name, owner, owner_group)
select 'deep' || n, md5('person ' || n % 100)::uuid, g.id from generate_series(10, :length, 10) n join groups g on g.name = 'link' || n;
insert into grants (user_id, anchor, role)
select md5('person ' || n)::uuid, case when n < 100 then group_at('/chain/link1') else group_at('/elsewhere') end, role_named('project', 'Developer')
from generate_series(0, 199) n;
-- Whose app moves with a part of the chain is in its group there, too: else moving it would be refused.
insert into grants (user_id, anchor, role)
select md5('person ' || n)::uuid, group_at('/elsewhere'), role_named('project', 'Developer') from generate_series(0, 90, 10) n;
insert into grants (user_id, anchor, role)
select md5('person 0')::uuid, g.id, role_named('platform', 'Group Administrator') from groups g where g.name = 'link1';
-- A group in the middle with nothing below it: what is deleted.
insert into groups (parent_id, name) select g.id, 'leaf' from groups g where g.name = 'link' || :length / 2;
insert into grants (user_id, anchor, role)
select md5('person ' || n)::uuid, g.id, role_named('project', 'Developer') from generate_series(0, 99) n, groups g where g.name = 'leaf';
commit;
vacuum analyze;
