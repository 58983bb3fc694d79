-- SPDX-License-Identifier: Apache-2.0
-- Notices: what needs a person is told once when it begins and once more when it is over.
--
-- Every look compares what is so now with this table. What is new gets a row, and is told when it is due: some states must
-- have lasted for a while, so that a fault which passes by itself is told to nobody. A row whose state is over is told once
-- more and then deleted; if nobody was told that it began, it is deleted at once. So whatever ends in between, the process
-- or the database, nothing is told twice, but for what was on its way just then.

create type notice_kind as enum ('run_held', 'source_stale', 'source_drift', 'target_stuck', 'needs_attention');
create type notice_state as enum ('begins', 'ends');

create table notices (
	kind notice_kind,
	subject text,
	state notice_state not null default 'begins', -- 'ends': its end is still to be told
	text text not null,
	began_at timestamptz not null,
	told_at timestamptz,             -- when somebody was told that it began
	due timestamptz not null,        -- when to tell, or to try again
	attempts integer not null default 0,
	error text,                      -- of the last attempt
	primary key (kind, subject)
);

-- One teller for all processes, for the session. Who begins may have another program or address than who failed before, and
-- tries at once.
create function lead_notices() returns boolean language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	if not pg_try_advisory_lock(writer_lock_class() + 4, 0) then
		return false;
	end if;
	update notices n set due = clock_timestamp() where n.attempts > 0 and n.due > clock_timestamp();
	return true;
end $$;

-- What a look finds. patience: how long it must have been seen before it is told.
create type notice_found as (kind notice_kind, subject text, text text, since timestamptz, patience interval);

create function notice_time(moment timestamptz) returns text language sql stable
as $$select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')$$;

-- Rows that are held, by the run that found them; and the last run that is held as a whole, under the name of the first
-- that asked the same: each poll asks anew while nobody answers. A run that found nothing to do took the question back.
create function held_runs(sources text[]) returns setof notice_found language sql stable set search_path = roster, pg_temp as $$
	with waiting as (
		select s.name, h.run, count(*) as changes, min(h.reason) as reason, min(h.held_at) as since
		from held_changes h join sources s on s.id = h.source
		where h.state = 'held' and s.name = any (held_runs.sources) group by s.name, h.run
		union all
		select s.name, f.id, l.held, l.reason, f.ended_at
		from sources s
		cross join lateral run_in_question(s.id) l
		cross join lateral (select r.id, r.ended_at from runs r
			where r.source = s.id and r.state = 'held' and r.plan_digest is not distinct from l.plan_digest order by r.id limit 1) f
		where s.name = any (held_runs.sources) and l.id is not null
	)
	select distinct on (w.name, w.run) 'run_held'::notice_kind, w.name || '/' || w.run,
		format('run %s/%s waits for approval: %s change%s%s', w.name, w.run, w.changes, case when w.changes <> 1 then 's' end, ', ' || w.reason),
		w.since, '0 s'::interval
	from waiting w order by w.name, w.run, w.changes desc
$$;

-- Too long without a complete read, after a while in which a service that was just started catches up; or due, and failing.
create function stale_sources(sources text[], polls interval[]) returns setof notice_found
language sql stable set search_path = roster, pg_temp as $$
	select 'source_stale'::notice_kind, a.name,
		format('source %s %s%s', a.name, 'was last read completely at ' || notice_time(c.at), case when c.at is null then 'was never read completely' end)
			|| case when p.source is not null then '; it is paused' when l.state = 'failed' then '; its last run failed: ' || coalesce(l.reason, '') else '' end,
		c.at, case when c.late then least(a.poll, '15 min') else '15 min' end
	from unnest(stale_sources.sources, stale_sources.polls) a(name, poll)
	left join sources s on s.name = a.name and s.id <> 0
	left join paused_sources p on p.source = s.id
	left join lateral (select r.state, r.reason from runs r where r.source = s.id and r.state <> 'running' order by r.id desc limit 1) l on true
	cross join lateral (select r.at, r.at is null or r.at < clock_timestamp() - 3 * a.poll as late, r.at is null or r.at < clock_timestamp() - a.poll as due
		from last_complete(s.id) r(at)) c
	where c.late or (c.due and l.state = 'failed')
$$;

-- The source does not tell all that happens in it: until everything was read once more without that.
create function drifted_sources(sources text[]) returns setof notice_found language sql stable set search_path = roster, pg_temp as $$
	select 'source_drift'::notice_kind, s.name,
		format('source %s does not say all that changes: run %s/%s read everything and found %s without a word of it: %s', s.name, s.name, r.id,
			case r.drift when 1 then '1 entry changed' else r.drift || ' entries changed' end, array_to_string((drift_examples(r.id))[1:3], '; ')),
		r.ended_at, '0 s'::interval
	from sources s
	cross join lateral (select * from runs r where r.source = s.id and r.drift is not null order by r.id desc limit 1) r
	where s.name = any (drifted_sources.sources) and s.retired_at is null and r.drift > 0
$$;

create function stuck_targets() returns setof notice_found language sql stable set search_path = roster, pg_temp as $$
	select 'target_stuck'::notice_kind, t.name,
		format('target %s %s%s', t.name, case when t.state = 'disabled' then 'is switched off' when t.attempts > 0 then 'does not confirm what it is sent'
			else format('refuses %s of its resources', l.refused) end, ': ' || coalesce(t.error, l.error)),
		null::timestamptz, case when t.state = 'disabled' then '0 s' else '15 min' end::interval
	from targets t
	cross join lateral (select count(*) as refused, min(l.error) as error from lanes l where l.target = t.id and l.attempts > 0) l
	where t.configured and (t.state = 'disabled' or (t.state = 'active' and (t.attempts > 0 or l.refused > 0)))
$$;

create function what_is_so(kinds notice_kind[], sources text[], polls interval[]) returns setof notice_found
language sql stable set search_path = roster, pg_temp as $$
	select * from held_runs(what_is_so.sources) where 'run_held' = any (kinds)
	union all
	select * from stale_sources(what_is_so.sources, polls) where 'source_stale' = any (kinds)
	union all
	select * from drifted_sources(what_is_so.sources) where 'source_drift' = any (kinds)
	union all
	select * from stuck_targets() where 'target_stuck' = any (kinds)
	union all
	-- One notice of each app, whatever it lacks.
	select 'needs_attention', a.what, concat(a.what, ': ', string_agg(concat(a.kind, ' (' || nullif(array_to_string(a.who, ', '), '') || ')'), ', ' order by a.kind)),
		min(a.since), '0 s'
	from attention_list() a where 'needs_attention' = any (kinds) and a.pressing group by a.what
$$;

create function notice_over(notice notices, sources text[]) returns text language sql stable set search_path = roster, pg_temp as $$
	select case notice.kind
		when 'run_held' then format('run %s does not wait for approval any more', notice.subject)
		when 'source_stale' then format('source %s %s', notice.subject,
			case when notice.subject = any (notice_over.sources) then 'is read again' else 'is not in the configuration any more' end)
		when 'source_drift' then format('source %s %s', notice.subject,
			case when notice.subject = any (notice_over.sources) then 'was read whole and was as it had said' else 'is not in the configuration any more' end)
		when 'target_stuck' then format('target %s %s', notice.subject, coalesce((select case when not t.configured then 'is not in the configuration any more'
			when t.state = 'paused' then 'is paused' end from targets t where t.name = notice.subject), 'is not stuck any more'))
		else format('%s needs nobody any more', notice.subject) end
$$;

-- Look at the states of these kinds, and note what begins and what is over. sources, polls: of the configuration, in
-- parallel. Texts come from afar and are told on one line.
create function notices_look(kinds notice_kind[], sources text[], polls interval[]) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	found notice_found[] := array(select f from what_is_so(kinds, sources, polls) f);
begin
	delete from notices n where n.kind = any (kinds) and n.told_at is null
		and not exists (select from unnest(found) f where f.kind = n.kind and f.subject = n.subject);
	update notices n set state = 'ends', text = notice_over(n, sources), due = clock_timestamp(), attempts = 0, error = null
	where n.kind = any (kinds) and n.state = 'begins' and not exists (select from unnest(found) f where f.kind = n.kind and f.subject = n.subject);

	-- What is back before its end was told has never been over, as far as anybody knows.
	insert into notices as n (kind, subject, text, began_at, due)
	select f.kind, f.subject, left(regexp_replace(f.text, '[[:cntrl:]]+', ' ', 'g'), 1000), coalesce(f.since, clock_timestamp()), clock_timestamp() + f.patience
	from unnest(found) f
	on conflict on constraint notices_pkey do update set state = 'begins', text = excluded.text,
		due = case when n.attempts = 0 then least(n.due, excluded.due) else n.due end
	where n.state = 'ends' or n.text <> excluded.text or (n.attempts = 0 and excluded.due < n.due);
end $$;

create function is_untold(notice notices, kinds notice_kind[]) returns boolean language sql immutable
as $$select notice.kind = any (kinds) and (notice.told_at is null or notice.state = 'ends')$$;

-- What is to be told next. Things that need attention are told together when several begin, or end, at once: a person who
-- leaves may leave hundreds.
create function notice_due(kinds notice_kind[]) returns table (kind notice_kind, state notice_state, subjects text[], subject text, text text, since text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select n.kind, n.state, array_agg(n.subject order by n.subject),
		min(n.subject) || case when count(*) > 1 then format(' and %s more', count(*) - 1) else '' end,
		array_to_string((array_agg(n.text order by n.subject))[1:5], '; ') || case when count(*) > 5 then format('; and %s more', count(*) - 5) else '' end,
		notice_time(min(n.began_at))
	from notices n
	where is_untold(n, kinds) and n.due <= clock_timestamp()
	group by n.kind, n.state, case when n.kind <> 'needs_attention' then n.subject end
	order by min(n.due), min(n.subject) limit 1
$$;

-- Milliseconds until something is to be told; NULL for nothing.
create function notices_wait(kinds notice_kind[]) returns bigint language sql stable security definer set search_path = roster, pg_temp as $$
	select ceil(min(greatest(extract(epoch from n.due - clock_timestamp()), 0)) * 1000)::bigint from notices n where is_untold(n, kinds)
$$;

create function notice_told(kind notice_kind, state notice_state, subjects text[]) returns void
language sql volatile security definer set search_path = roster, pg_temp as $$
	delete from notices n where n.kind = notice_told.kind and n.subject = any (subjects) and n.state = 'ends' and notice_told.state = 'ends';
	update notices n set told_at = clock_timestamp(), attempts = 0, error = null
	where n.kind = notice_told.kind and n.subject = any (subjects) and n.state = 'begins' and notice_told.state = 'begins'
$$;

-- It could not be told: again in a minute, then in two, and so on up to an hour. Milliseconds until then.
create function notice_later(kind notice_kind, subjects text[], reason text) returns bigint
language sql volatile security definer set search_path = roster, pg_temp as $$
	update notices n set attempts = n.attempts + 1, error = reason,
		due = clock_timestamp() + least('1 min'::interval * 2 ^ least(n.attempts, 10), '1 h')
	where n.kind = notice_later.kind and n.subject = any (subjects);
	select coalesce(ceil(extract(epoch from min(n.due) - clock_timestamp()) * 1000), 0)::bigint
	from notices n where n.kind = notice_later.kind and n.subject = any (subjects)
$$;

-- Here, because the file with all other grants ran before this one.
grant execute on function lead_notices(), notices_look(notice_kind[], text[], interval[]), notice_due(notice_kind[]), notices_wait(notice_kind[]),
	notice_told(notice_kind, notice_state, text[]), notice_later(notice_kind, text[], text) to roster_daemon;
