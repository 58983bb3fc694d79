-- SPDX-License-Identifier: Apache-2.0
-- People: logins, sources, suspension.
\ir support.psql
select plan(32);

select user_create('Ann', 'ann@example.com', 'Ann Example');
select throws_ok($$select user_create('ann')$$, '23505', null, 'an active person''s login is taken, in any case of letters');
select throws_ok($$select user_create(U&'\FF21nn')$$, '23505', null, 'in any width of letters too');
select throws_ok($$select user_create('')$$, '23514', null, 'an empty login is refused');
select throws_ok($$select user_create(e'a\nb')$$, '23514', null, 'a login with a control character is refused');
select is(user_by_login('ANN'), person_id('Ann'), 'a person is found by his login in any case of letters');

-- Logins are reusable, ids are not.
select committed();
create temporary table first on commit drop as select person_id('Ann') as id;
select group_create('/g', 'for tests', array['ann']);
select user_suspend('ann');
select throws_ok($$select user_by_login('ann')$$, 'P0002', 'no active user has the login "ann"', 'a suspended person is not found by his login');
select lives_ok($$select user_create('ann')$$, 'the login of an inactive person is free');
select isnt(user_by_login('ann'), (select id from first), 'who takes it is another person');
select is_empty($$select from grants where user_id = user_by_login('ann')$$, 'and inherits nothing');
select is(need_user('ann'), user_by_login('ann'), 'need_user means the active one of two');
select throws_ok($$select user_resume((select id from first)::text)$$, '23505', 'another active user has the login of "' || (select id from first) || '" now',
	'the former one cannot come back to a login that is taken');
select is((select active or not suspended from users where id = (select id from first)), false, 'and stays as he was');
select user_suspend('ann');
select throws_ok($$select need_user('ann')$$, '22023', '2 people had the login "ann"', 'need_user asks which of two inactive ones is meant');
select is(need_user((select id from first)::text), (select id from first), 'an id says it');
select throws_ok($$select need_user('nobody')$$, 'P0002', 'nobody has the login "nobody"', 'need_user refuses a login nobody has');
select throws_ok($$select need_user(gen_random_uuid()::text)$$, 'P0002', null, 'and an id nobody has');
select lives_ok($$select user_resume((select id from first)::text)$$, 'now he can come back');
select is(can('ann', 'group.members.manage', 'group:/g'), true, 'with what he held');

-- Several sources.
insert into sources (name, kind, authoritative) values ('corp', 'ldif', true), ('badge', 'ldif', true), ('wiki', 'ldif', false);
insert into identities (source, external_id, user_id) select s.id, 'x1', user_by_login('ann') from sources s where s.id <> 0;
create function wanted() returns boolean language sql as $$select is_wanted_active(u) from users u where u.id = (select id from first)$$;
select is(wanted(), true, 'a person whom every source knows is active');
update identities i set enabled = false from sources s where s.id = i.source and s.name = 'wiki';
select is(wanted(), true, 'a source without authority disables nobody');
update identities i set enabled = false from sources s where s.id = i.source and s.name = 'badge';
select is(wanted(), false, 'one source with authority does');
update identities i set enabled = true, gone_since = now() from sources s where s.id = i.source and s.name = 'badge';
select is(wanted(), false, 'so does one that lost him');
select user_suspend('ann'), user_resume((select id from first)::text);
select is((select active from users where id = (select id from first)), false, 'resuming is back to what the sources say');
update identities set gone_since = null;
select user_resume((select id from first)::text);
select is((select active from users where id = (select id from first)), true, 'and they say yes again');
select committed();
create function ann() returns text language sql as 'select id::text from first';
select throws_ok('select user_resume(ann())', 'P0002', ann() || ' is not suspended by hand', 'who is not suspended is not resumed');
select user_suspend(ann()), committed();
select user_suspend(ann());
select isnt((select transaction from revisions where id = head()), pg_current_xact_id(), 'to suspend again, or to resume whoever is not, is no revision');
select user_resume(ann());
update identities set gone_since = now();
update users set active = false where id = (select id from first);
select throws_ok('select user_resume(ann())', 'P0002', ann() || ' is not suspended by hand', 'nor whom a source disowns');
update identities set gone_since = null;
update users set active = true where id = (select id from first);
update users set suspended = true where id = (select id from first);
select is(wanted(), false, 'a suspension by hand outranks every source');
update users set suspended = false where id = (select id from first);

select throws_ok($$insert into identities values ((select id from sources where name = 'corp'), 'x1', (select id from first))$$, '23505', null,
	'an entry of a source is one person');
select throws_ok($$insert into identities values ((select id from sources where name = 'corp'), 'x2', gen_random_uuid())$$, '23503', null,
	'and a person who exists');
select is((select count(*) from users_history where id = (select id from first)) > 0, true, 'coming and going is in the history');
select is((select string_agg(attname, ' ' order by attnum) from pg_attribute where attrelid = 'users_history'::regclass and attnum > 0),
	'id active since until', 'and nothing that names a person');

select * from finish();
rollback;
