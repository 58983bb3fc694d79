-- SPDX-License-Identifier: Apache-2.0
-- What providers say by themselves: who may take it down, and whom it is about.
\ir support.psql
select plan(24);

insert into sources (name, kind, first_run_at) values ('id', 'keycloak', now()), ('new', 'keycloak', null);
create function source_id(name text) returns smallint language sql as $$select id from sources s where s.name = source_id.name$$;
insert into directory_entries (source, kind, external_id, dn, reference, content, login, email, attributes, gone_since, closed)
select source_id('id'), 'user', 'sub-' || u, u, gen_random_uuid(), gen_random_uuid(), u, mail, '{"username": ["x"]}', gone, closed
from (values ('ada', 'ada@ex.org', null::timestamptz, null), ('bob', 'both@ex.org', null, null), ('cat', 'BOTH@ex.org', null, null),
	('dan', null, now(), null), ('eve', 'eve@ex.org', now(), 'enabled is false')) e(u, mail, gone, closed);
create function insertion(token text, event text, subject text, kind text default 'id', source text default 'id', at text default '2026-01-01')
returns text language sql as $$
	select format('insert into signals (issuer, token, event, source, subject_kind, subject, happened_at) values (%L, %L, %L, %L, %L, %L, %L) on conflict do nothing',
		'https://id', token, event, source, kind, subject, at)
$$;

-- The one who takes it down may do nothing else.
select is(tried('roster_signals', insertion('1', 'account-disabled', 'sub-ada')), 'done', 'what is said is taken down');
select is(tried('roster_signals', insertion('1', 'account-disabled', 'sub-ada')), 'done', 'what is said again as well');
select is((select count(*) from signals), 1::bigint, 'but once');
select is(tried('roster_signals', s), '42501', 'who takes it down may not: ' || s)
from unnest(array['select * from signals', 'delete from signals', 'update signals set outcome = ''x''', 'select * from directory_entries',
	'select signals_take(1::smallint)', 'select signals_heeded(''{}'', ''{}'')', 'select open_revision()',
	'insert into signals (issuer, token, event, source, subject_kind, subject, happened_at, outcome) values (''i'', ''t'', ''account-disabled'', ''id'', ''id'', ''x'', now(), ''x'')']) s;
select is(tried('roster_signals', insertion('2', 'account-opened', 'sub-ada')), '23514', 'an event that nobody knows');
select is(tried(r, insertion('3', 'account-disabled', 'sub-ada')), '42501', r || ' takes nothing down') from unnest(array['roster_admin', 'roster_daemon', 'roster_signin']) r;

-- Whom it is about.
create function taken(source text default 'id') returns text language sql as
	$$select string_agg(coalesce(external_id, 'nobody'), ' ' order by id) from signals_take(source_id(taken.source))$$;
select is(taken(), 'sub-ada', 'an entry by its id');
select is(taken(), 'sub-ada', 'until it was heeded');
select tried('roster_signals', insertion(s, 'session-revoked', s, 'id')) from unnest(array['sub-dan', 'sub-eve', 'nobody']) s;
select tried('roster_signals', insertion(s, 'session-revoked', s, 'email')) from unnest(array['ADA@ex.org', 'both@ex.org']) s;
select is(taken(), 'sub-ada nobody sub-eve nobody sub-ada nobody', 'or by a mail address only one has, if it is there, open or not');
select is(tried('roster_daemon', $$select signals_heeded('{}', '{}')$$), 'done', 'nothing to heed');
select signals_heeded(array(select id from signals), array(select 'heeded'::text from signals));
select is(taken(), null, 'what was heeded is not taken again');
select tried('roster_signals', insertion('5', 'account-disabled', 'sub-ada', source => 'new'));
select is(taken('new'), null, 'nor is what is said of a source nobody of which is here');

-- The order in which it happened counts, not the one in which it came.
select tried('roster_signals', insertion('6', 'account-enabled', 'sub-ada', at => '2026-03-01'));
select tried('roster_signals', insertion('7', 'account-disabled', 'sub-ada', at => '2026-02-01'));
select is((select string_agg(event, ' ') from signals_take(source_id('id'))), 'account-enabled', 'what was overtaken counts no more');
select tried('roster_signals', insertion('8', 'account-disabled', 'sub-ada', at => '2026-04-01'));
select is((select string_agg(event, ' ' order by id) from signals_take(source_id('id'))), 'account-enabled account-disabled', 'what came after does');
update signals set heeded_at = now() - interval '31 days' where token in ('6', '7');
select taken();
select is((select count(*) from signals where token in ('6', '7')), 0::bigint, 'after a month it is forgotten');

select * from finish();
rollback;
