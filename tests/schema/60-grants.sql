-- SPDX-License-Identifier: Apache-2.0
-- What may be granted, and what keeps a grant company.
\ir support.psql
\ir company.psql
select plan(31);

create function grant_it(who uuid, anchor integer, role integer, source smallint default 0) returns void language sql as
	'insert into grants (user_id, anchor, role, source) values (who, anchor, role, source)';
create function refused(statement text, why text) returns text language sql as
	$$select throws_ok(statement, '23514', null, why)$$;

select refused($$select grant_it(person_id('nel'), group_at('/dev'), role_named('project', 'Owner'))$$, 'a structural role is not given in a group');
select refused($$select grant_it(person_id('nel'), resource_named('app:shop'), role_named('project', 'Owner'))$$, 'nor on an app');
select refused($$select grant_it(person_id('nel'), platform(), role_named('platform', 'User'))$$, 'nor on the platform');
select refused($$select grant_it(person_id('nel'), platform(), role_named('project', 'Developer'))$$, 'a project role is not held on the platform');
select refused($$select grant_it(person_id('nel'), resource_named('app:shop'), role_named('platform', 'Group Administrator'))$$,
	'a platform role is not held on an app');
select refused($$select grant_it(person_id('nel'), platform(), role_named('platform', 'Group Administrator'))$$,
	'Group Administrator is not held on the platform');
select refused($$select grant_it(person_id('nel'), group_at('/dev'), role_named('platform', 'Platform Administrator'))$$,
	'Platform Administrator is not held in a group');
select refused($$select grant_it(person_id('nel'), resource_named('namespace:k1/pay/test'), role_named('project', 'Developer'))$$,
	'no role is held on a namespace');
select refused($$select grant_it(person_id('nel'), resource_named('cluster:k1'), role_named('project', 'Developer'))$$, 'no role is held on a cluster');
select refused($$select grant_it(gen_random_uuid(), group_at('/dev'), role_named('project', 'Developer'))$$,
	'P20 a role is given to a person: nobody else can hold one');
select refused($$select grant_it(person_id('nel'), 99999, role_named('project', 'Developer'))$$, 'a role is held at something that exists');
select refused($$select grant_it(person_id('nel'), group_at('/dev'), 99999)$$, 'a role that is held exists');
select refused($$select grant_it(person_id('nel'), group_at('/dev'), role_named('project', 'Developer'), 99::smallint)$$,
	'the source of a grant exists');
select is((select atttypid::regtype::text from pg_attribute where attrelid = 'grants'::regclass and attname = 'user_id'), 'uuid',
	'P20 a holder is named by the id of a person: a group has none');
select is((select count(*) from grants where user_id = person_id('nel')), 0::bigint, 'nothing of this was granted');

insert into sources (name, kind) values ('corp', 'ldif');
create function corp() returns smallint language sql as $$select id from sources where name = 'corp'$$;
select refused($$insert into grants values (person_id('nel'), group_at('/dev'), role_named('project', 'Developer'), corp(), now())$$,
	'only a hand-made grant expires by itself');
select lives_ok($$insert into grants values (person_id('nel'), group_at('/dev'), role_named('project', 'Developer'), 0, now())$$,
	'a hand-made grant may');
select is(can('nel', 'project.edit', 'app:shop'), true, 'and is in force until the clock ends it: no answer depends on the time');
select refused($$insert into grants (user_id, anchor, role)
	select person_id('pat'), a, role_named('project', 'Developer') from unnest(array[group_at('/ops'), platform()]) a$$,
	'one bad row in many refuses the statement');
select is(rights('pat', 'app:board'), '', 'and no row of it stays');
select refused($$update grants set role = role_named('project', 'Owner') where user_id = person_id('oz')$$, 'an update is checked like an insert');
select refused($$update grants set anchor = platform() where user_id = person_id('oz')$$, 'whatever it changes');
select lives_ok($$update grants set role = role_named('project', 'Developer') where user_id = person_id('oz')$$, 'a fitting one is done');
select is(rights('oz', 'app:board'), permits('Developer', 'app'), 'and works');
select is((select count(*) from grants_history where user_id = person_id('oz') and role = role_named('project', 'Operator')), 1::bigint,
	'and the grant as it was is in the history');

-- What grants point at stays.
select throws_ok($$delete from users where login = 'oz'$$, '23503', 'grants still point at rows of users', 'a person with a grant cannot be deleted');
select group_create('/held', 'for tests', array['nel']);
select throws_ok($$delete from groups where name = 'held'$$, '23503', 'grants still point at rows of resources', 'a group with a grant cannot be deleted');
select app_member_add('gate', 'nel', 'Developer');
select throws_ok($$delete from apps where name = 'gate'$$, '23503', 'grants still point at rows of resources', 'an app with a grant cannot be deleted');
select throws_ok($$delete from roles where name = 'Group Administrator'$$, '23503', 'grants still point at rows of roles',
	'a role that is held cannot be deleted');
delete from grants where user_id = person_id('nel');
select lives_ok($$delete from groups where name = 'held'$$, 'without grants the group can');
select is_empty($$select from resources r where r.kind = 'group' and not exists (select from groups g where g.id = r.id)$$,
	'and is gone from the resources');

select * from finish();
rollback;
