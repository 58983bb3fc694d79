-- SPDX-License-Identifier: Apache-2.0
-- Requests: who may ask, what becomes of it, and who answers.
\ir support.psql
select plan(59);

select person('ada'), person('nel');
insert into grants (user_id, anchor, role) values (person_id('ada'), platform(), role_named('platform', 'Platform Administrator'));
select operator_for('ada', 'ada'), operator_for('nel', 'nel'), operator_for('nobody');
select register_source('corp', 'ldif', 1, true, true), register_source('uni', 'ldif', 2, true, true);

-- A value, or the error's code, of this query in a session of that database login.
create function answer(session name, query text) returns text language plpgsql as $$
declare
	value text;
begin
	execute format('set local session authorization %I', session);
	execute query into value;
	reset session authorization;
	return value;
exception when others then
	return sqlstate;
end $$;
create function state_of(request bigint) returns text language sql as 'select concat_ws(''|'', state, attempts) from requests where id = request';
create function taken(subject text) returns bigint language sql as $$select answer('roster_daemon', format('select id from request_take(''{plan,sync}'', %L)', subject))::bigint$$;

-- Who may ask.
select is(answer('test_ada', $$select request_make('plan', 'corp')$$), '1', 'a platform administrator asks');
select is(answer('roster_owner', $$select request_make('plan', 'corp')$$), '2', 'so does the owner of the schema');
select is(answer('roster_daemon', $$select request_make('sync', 'corp')$$), '3', 'and the daemon, for a signal');
select is(answer('test_nel', $$select request_make('plan', 'corp')$$), '42501', 'a person without rights is refused');
select is(answer('test_nobody', $$select request_make('plan', 'corp')$$), '42501', 'and a login that is nobody''s');
select is(answer('test_ada', $$select request_make('plan', 'crop')$$), 'P0002', 'a source that is not there is an error');
select is(answer('test_ada', $$select request_make('sync', 'hand')$$), 'P0002', 'and the administrator''s hand is no source');
select is((select login || '|' || (person = person_id('ada')) from requests where id = 1), 'test_ada|true', 'it is known who asks');
select is((select login || '|' || (person is null) from requests where id = 3), 'roster_daemon|true', 'the daemon is no person');
select is(tried('test_ada', $$insert into requests (kind, subject) values ('sync', 'corp')$$), '42501', 'nobody writes the table');

-- Ten mean one.
select is(answer('test_ada', $$select request_make('plan', 'corp', '{}')$$), '1', 'the same, while it waits, is that one');
select is(answer('test_ada', $$select request_make('plan', 'corp', '{"full": true}')$$), '4', 'with other options it is another');
select is(answer('test_ada', $$select request_make('plan', 'corp', '{ "full":true }')$$), '4', 'however they are written');
select is(answer('test_ada', $$select request_make('plan', 'uni')$$), '5', 'of another source it is another');
select is(answer('test_ada', $$select request_make('sync', 'corp')$$), '6', 'and of another kind, and of another login');

-- Taken in order, each once, of one's own source.
select is(taken('corp'), 1::bigint, 'the oldest is taken first');
select is(state_of(1), 'taken|1', 'and is taken');
select is(answer('test_ada', $$select request_make('plan', 'corp')$$), '7', 'one that is taken is not what is asked for later');
select is(taken('corp'), 2::bigint, 'then the next');
select is(taken('uni'), 5::bigint, 'another source has its own');
select is(taken('uni'), null, 'when there is none, there is none');
select is(answer('roster_daemon', $$select id from request_take('{sync}', 'corp')$$), '3', 'a kind that is not asked for is left');
select is(answer('test_ada', $$select id from request_take('{plan,sync}', 'corp')$$), '42501', 'an operator takes none');
select is(tried('test_ada', $$select request_end(1, null, '{}', null, null)$$), '42501', 'and ends none');

-- Progress, lines, the end.
select is(tried('roster_daemon', $$select request_progress(1, 'reading')$$), 'done', 'how far it is is told');
select is(answer('test_ada', 'select concat_ws(''|'', state, progress, led) from request_show(1)'), 'taken|reading|f', 'and shown');
select tried('roster_daemon', $$select request_lines_add(1, 1, '[{"n": 1}, {"n": 2}]'), request_lines_add(1, 3, '[{"n": 3}]')$$);
select is(answer('test_nel', $$select string_agg(l ->> 'n', '') from request_line_list(1) l$$), '123', 'lines come back in order');
select is(tried('roster_daemon', $$select request_end(1, null, '{"add": 1}', null, null)$$), 'done', 'it ends');
select is(answer('test_ada', 'select concat_ws(''|'', state, progress, result) from request_show(1)'), 'done|{"add": 1}', 'with its result');
select is(tried('roster_daemon', $$select request_end(1, null, '{}', null, null)$$), '55000', 'once');
select is(tried('roster_daemon', $$select request_end(6, null, '{}', null, null)$$), '55000', 'and not before it was taken');
select tried('roster_daemon', $$select request_end(2, null, null, 'data', 'it is bad'), request_progress(2, 'late')$$);
select is(answer('test_ada', 'select concat_ws(''|'', state, progress, error_class, error) from request_show(2)'), 'failed|data|it is bad', 'or with an error');
select is(answer('test_nel', $$select string_agg(concat_ws(' ', request, state), ', ' order by request) from request_list(20) where request < 4$$),
	'1 done, 2 failed, 3 taken', 'and is listed');

-- Who leads, and what a dead one had taken.
select is(answer('roster_daemon', $$select request_attend('corp')$$), '55000', 'who does not lead a source takes no requests of it');
select is(answer('roster_daemon', $$select lead_source((select id from sources where name = 'corp'))$$), 'true', 'this session leads one');
select is(leads('sync', 'corp'), false, 'which alone is not enough: it may be reading it just once');
select tried('roster_daemon', $$select request_lines_add(3, 1, '[{}]')$$);
select is(tried('roster_daemon', $$select request_attend('corp')$$), 'done', 'it takes the requests');
select is(array[leads('sync', 'corp'), leads('plan', 'corp'), leads('sync', 'uni'), leads('sync', 'crop')],
	array[true, true, false, false], 'now it is seen to lead that source, and no other');
select is(state_of(3), 'waiting|1', 'what was taken by one that is dead waits again');
select is((select count(*) from request_lines where request = 3), 0::bigint, 'without what that one had written');
select is(state_of(5), 'taken|1', 'that of another source is not touched');
update requests set attempts = 3, state = 'taken' where id = 3;
select tried('roster_daemon', $$select request_attend('corp')$$);
select is((select state || '|' || error_class from requests where id = 3), 'failed|internal', 'not for ever');

-- Old ones go.
update requests set at = at - interval '8 days', ended_at = ended_at - interval '8 days' where id in (1, 5, 6);
update requests set at = at - interval '8 days' where id = 2;
select answer('test_ada', $$select request_make('plan', 'uni')$$);
select is((select string_agg(id::text, ' ' order by id) from requests where id < 7), '2 3 4 5', 'a week after its end, or when nobody took it');
select is((select count(*) from request_lines where request = 1), 0::bigint, 'with its lines');

-- A pause.
select is(tried('test_ada', $$select pause('corp', 'source', 'ldif')$$), 'done', 'an administrator pauses a source');
select is(tried('test_ada', $$select pause('corp', 'source', 'ldif')$$), 'done', 'twice is once');
select is((select string_agg(source || ' ' || paused, ', ' order by source) from source_list('{corp, uni}')), 'corp true, uni false', 'which is shown');
select is(answer('roster_daemon', $$select concat_ws('|', source_paused('corp'), source_paused('uni'))$$), 't|f', 'and known to who leads it');
select is(tried('test_ada', $$select pause('crop', null, null)$$), 'P0002', 'one that is not there is not paused');
select tried('test_ada', $$select resume('corp', 'source')$$);
select is(source_paused('corp'), false, 'and it goes on');
select is(tried('test_ada', $$select resume('crop', null)$$), 'P0002', 'nor resumed');
select is(tried('test_ada', $$select resume('new', 'source')$$), 'done', 'unless the configuration has it: nobody has paused it');
select is(tried('test_ada', $$select pause('new', 'source', 'ldap')$$), 'done', 'one nobody has read yet is paused');
select is(source_paused('new'), true, 'from the beginning');
select is(register_source('new', 'ldap', 1, true, true), (select id from sources where name = 'new'), 'and is that source when it is read');
select is(tried('test_ada', $$select pause('hook', 'target', 'webhook')$$), 'done', 'and so is a target nobody was told of');
select register_targets('webhook', '{hook}', '{https://x/}', '{**}', '{f}');
select is((select state || ' ' || address from targets where name = 'hook'), 'paused https://x/', 'which stays so when it is served');
select tried('test_ada', $$select resume('hook', 'target')$$);
update targets set state = 'disabled' where name = 'hook';
select is(tried('test_ada', $$select pause('hook', 'target', 'webhook')$$), '55000', 'what is switched off already is not paused');
select is((select state::text from targets where name = 'hook'), 'disabled', 'and stays as it was');

select * from finish();
rollback;
