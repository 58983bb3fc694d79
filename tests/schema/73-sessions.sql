-- SPDX-License-Identifier: Apache-2.0
-- People who signed in: who acts then, how long, and what a second factor they showed there opens.
\ir support.psql
select plan(48);

create function token(name text) returns bytea language sql as $$select sha256(convert_to(name, 'UTF8'))$$;
-- What a login sees behind a token.
create function behind(login text, token text, statement text) returns text language plpgsql as $$
declare
	said text;
begin
	perform set_config('roster.session', token, true);
	said := tried(login, statement);
	perform set_config('roster.session', '', true);
	return said;
end $$;

select operator_for('shared'), operator_for('own', null);
select person(p) from unnest(array['ada', 'ann', 'bob', 'gone']) p;
insert into sources (name, kind) values ('id', 'keycloak'), ('other', 'keycloak');
insert into identities (source, external_id, user_id) select (select id from sources where name = 'id'), 'sub-' || login, u.id from users u;
select user_suspend('gone');
insert into grants (user_id, anchor, role) values (person_id('ada'), platform(), role_named('platform', 'Platform Administrator'));
insert into operators values ('test_own', person_id('bob'));
select committed();
update revisions set at = at - interval '1 hour'; -- everybody has been here for long

-- Opening one is for one role alone, which may do nothing else.
select is(tried('roster_signin', format('select open_session(''id'', ''sub-ada'', %L, null)', token('a'))), 'done', 'who signs people in opens a session');
select is(tried(r, format('select open_session(''id'', ''sub-ada'', %L, null)', token('x'))), '42501', r || ' may not')
from unnest(array['test_shared', 'test_own', 'roster_daemon', 'roster_reader', 'roster_signals']) r;
select is(tried('roster_signin', s), '42501', 'who signs people in may not: ' || s)
from unnest(array[$$select begin_session('a')$$, 'select * from sessions', $$insert into sessions (token_hash, user_id, expires_at) select 'x', id, now() from users$$,
	'select * from users', $$select user_create('x')$$, 'select open_revision()', $$select second_factor_proven('ada')$$, 'select * from identities']) s;
select is(tried('roster_signin', format('select open_session(''id'', ''nobody'', %L, null)', token('x'))), 'P0002', 'a subject nobody has');
select is(tried('roster_signin', format('select open_session(''other'', ''sub-ada'', %L, null)', token('x'))), 'P0002', 'nor in another source');
select is(tried('roster_signin', format('select open_session(''id'', ''sub-gone'', %L, null)', token('x'))), '42501', 'nobody who is suspended');
select is((select count(*) from sessions), 1::bigint, 'so there is one');
select ok((select expires_at between now() + interval '14 minutes' and clock_timestamp() + interval '15 minutes' and proven_at is null from sessions),
	'for a quarter of an hour, without a second factor');

-- Acting.
select is(tried('test_shared', $$select user_create('x')$$), '42501', 'a login that is nobody');
select is(behind('test_shared', 'a', $$select user_create('eve')$$), 'done', 'acts as who signed in');
select is((select concat_ws('|', cause, login, (select u.login from users u where u.id = actor)) from revisions order by id desc limit 1),
	'user create eve|test_shared|ada', 'and that is recorded');
select committed();
select is(behind('test_shared', 'b', $$select user_create('x')$$), '28000', 'another token is none');
select is(behind('test_own', 'b', $$select app_create('own', null, null)$$), '28000', 'and who carries one is not who he would be without it');
select is(behind('roster_owner', 'b', $$select user_create('x')$$), '28000', 'nor is the owner of the schema');
select is(behind('roster_owner', 'b', $$select request_make('sync', 'id')$$), '28000', 'who may work for roster asks for nothing as somebody else');
select is(behind('test_shared', 'b', $$select can('ada', 'platform.app.create', 'platform')$$), 'done', 'he may ask still');
select is(behind('roster_owner', 'a', $$select second_factor_proven('ann')$$), '42501', 'who signed in is not the owner');
select is(tried('test_own', $$select * from begin_session('')$$), '22023', 'a session without a token is none');

-- Its end.
select is(behind('test_shared', 'a', $$select 1 / count(*) from begin_session('a')$$), 'done', 'a token begins the session');
select is(behind('test_shared', 'a', $$select 1 / count(*) from begin_session('b')$$), '22012', 'another one begins none');
select set_config('roster.session', 'a', true);
select results_eq('select login, by from whoami()', $$values ('ada', 'sign-in')$$, 'who one is can be asked');
select set_config('roster.session', 'b', true);
select results_eq('select login, by from whoami()', $$values (null::text, 'a sign-in that has ended')$$, 'also when that is nobody any more');
select set_config('roster.session', '', true);
select results_eq('select login, by from whoami()', $$values (null::text, 'owner of the schema')$$, 'or one did not sign in');
savepoint one;
update sessions set began_at = now() - interval '20 minutes', expires_at = now() - interval '6 minutes';
select is(behind('test_shared', 'a', $$select user_create('x')$$), '28000', 'after a quarter of an hour it is over');
rollback to one;
select user_suspend('ada');
select is(behind('test_shared', 'a', $$select user_create('x')$$), '28000', 'who is suspended signed in in vain');
select user_resume('ada');
select committed();
select is(behind('test_shared', 'a', $$select user_create('x')$$), '28000', 'and signs in anew when he is back');
rollback to one;
select is(behind('test_shared', 'a', $$select end_session()$$), 'done', 'a session can be ended');
select is((select count(*) from sessions), 0::bigint, 'and is not there any more');
select is(behind('test_shared', 'a', $$select user_create('x')$$), '28000', 'for nobody who has its token');
rollback to one;
select tried('roster_signin', format('select open_session(''id'', ''sub-ann'', %L, null)', token('n')));
delete from identities where user_id = person_id('ann');
select user_suspend('ann');
select committed();
select user_erase('ann');
select is((select count(*) from sessions), 1::bigint, 'nor is that of who was erased');
rollback to one;

-- The second factor.
create table production (statement text);
insert into production values ($$select role_create('p', '', '{}', 'none', '{}', 'fixed', array['env.api'])$$);
select is(behind('test_shared', 'a', statement), '28000', 'production asks for a second factor') from production;
select committed();
savepoint two;
select is(tried('roster_signin', format('select open_session(''id'', ''sub-ada'', %L, interval ''2 minutes'')', token('c'))), 'done', 'a sign-in with one');
select is(behind('test_shared', 'c', statement), 'done', 'opens it') from production;
rollback to two;
select tried('roster_signin', format('select open_session(''id'', ''sub-ada'', %L, interval ''11 minutes'')', token('c')));
select is(behind('test_shared', 'c', statement), '28000', 'one that is older than ten minutes does not') from production;
select ok((select proven_at is null from sessions where token_hash = token('c')), 'and is not kept');
select tried('roster_signin', format('select open_session(''id'', ''sub-ada'', %L, interval ''-1 minute'')', token('d')));
select ok((select proof_expires_at <= clock_timestamp() + interval '10 minutes' from sessions where token_hash = token('d')), 'nor does one of the future last longer');
select is(behind('test_shared', 'a', statement), '28000', 'the proof of one session is none in another') from production;

select * from finish();
rollback;
