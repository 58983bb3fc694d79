-- SPDX-License-Identifier: Apache-2.0
-- Revisions: numbers, times, causes. What needs several sessions is in test_revisions.py.
\ir support.psql
select plan(22);

select is((select array_agg(id) from revisions), array[1::bigint], 'a fresh installation is revision 1');
select is((select cause from revisions where id = 1), 'installation', 'revision 1 says what caused it');
select is(head(), 1::bigint, 'head() is the latest revision');
select committed();

insert into users (login) values ('one');
select is(head(), 2::bigint, 'a bare insert opens a revision');
select is((select since from users where login = 'one'), 2::bigint, 'a row says which revision added it');
insert into users (login) values ('two');
update users set active = false where login = 'one';
select is(head(), 2::bigint, 'a transaction writes one revision, however many statements it has');
select is((select (login, cause, actor)::text from revisions where id = 2), (session_user, 'sql', null::uuid)::text,
	'a write past the acts is recorded under the login that made it');
select is((select transaction from revisions where id = 2), pg_current_xact_id(), 'a revision knows its transaction');
select committed();

update users set active = true where login = 'one';
select is(head(), 3::bigint, 'a bare update opens a revision');
select committed();
delete from users where login = 'two';
select is(head(), 4::bigint, 'a bare delete opens a revision');
select committed();

savepoint attempt;
insert into users (login) values ('three');
rollback to savepoint attempt;
select is(head(), 4::bigint, 'a revision that was rolled back is gone');
insert into users (login) values ('four');
select is(head(), 5::bigint, 'its number is used again: there are no gaps');
select is((select array_agg(id order by id) from revisions), (select array_agg(n) from generate_series(1::bigint, 5) n),
	'revisions are numbered without gaps');

update revisions set at = at + interval '1 hour' where id = 5;
select committed();
select user_create('five');
select is((select at from revisions where id = 6), (select at from revisions where id = 5),
	'the time of a revision never precedes its predecessor''s, though the clock was set back');
select is((select cause from revisions where id = 6), 'user create five', 'an act says which command it was');
select committed();

select is(revision_at((select at from revisions where id = 3)), 3::bigint, 'revision_at finds the revision of an instant');
select is(revision_at((select at from revisions where id = 3) - interval '1 microsecond'), 2::bigint,
	'an instant before a revision belongs to the one before it');
select is(revision_at('infinity'), head(), 'any time to come belongs to the latest revision');
select is(revision_at('-infinity'), 0::bigint, 'before the installation there is no revision');

select is(open_revision('mine', null, person_id('five')), 7::bigint, 'open_revision answers with the new revision');
select is(open_revision('other'), 7::bigint, 'open_revision in a transaction that has one answers with that');
select is((select (cause, actor)::text from revisions where id = 7), ('mine', person_id('five'))::text, 'and leaves its cause alone');

select * from finish();
rollback;
