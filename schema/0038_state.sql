-- SPDX-License-Identifier: Apache-2.0
-- How roster is: its runs, its sources, what of them waits or could not be used, and who writes.

create function run_list(most integer) returns table (run text, kind text, state text, read text, entries bigint, unreadable bigint, adds bigint,
	removes bigint, held bigint, started_at timestamptz, seconds numeric, reason text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name || '/' || r.id, r.kind, r.state::text, r.completeness, r.entries, r.unreadable, r.adds, r.removes, r.held, r.started_at,
		round(extract(epoch from r.ended_at - r.started_at), 1), r.reason
	from runs r join sources s on s.id = r.source order by r.id desc limit most
$$;

-- The run named "corp/12" or "12".
create function need_run(name text) returns runs language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	row runs;
	number text := regexp_replace(name, '^.*/', '');
begin
	if number ~ '^[0-9]{1,18}$' then
		select r.* into row from runs r join sources s on s.id = r.source
		where r.id = number::bigint and (need_run.name !~ '/' or s.name = regexp_replace(need_run.name, '/[^/]*$', ''));
	end if;
	if row.id is null then
		raise exception 'there is no run %', name using errcode = 'no_data_found', hint = 'see rosterctl runs';
	end if;
	return row;
end $$;

create function run_show(name text) returns table (run text, kind text, state text, read text, reason text, entries bigint, unreadable bigint,
	adds bigint, removes bigint, held bigint, revisions text, started_at timestamptz, ended_at timestamptz, login name, digest text,
	drift bigint, drifted text[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name || '/' || r.id, r.kind, r.state::text, r.completeness, r.reason, r.entries, r.unreadable, r.adds, r.removes, r.held,
		(select concat_ws(' to ', min(v.id), nullif(max(v.id), min(v.id))) from revisions v where v.run = r.id),
		r.started_at, r.ended_at, r.login, r.plan_digest, r.drift, drift_examples(r.id)
	from need_run(run_show.name) r join sources s on s.id = r.source
$$;

-- What a run changed, and what it found and holds. Rows of later runs have gone over it: what was given and taken since is
-- still told.
create function run_diff(name text) returns table (change text, kind text, login text, anchor text, role text, revision bigint, reason text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	named bigint := (need_run(name)).id;
begin
	return query
	with written as (select v.id from revisions v where v.run = named),
	given as (
		select g.user_id, g.anchor, g.role, g.since as at, 'added' as change from grants g where g.since in (select w.id from written w)
		union all
		select g.user_id, g.anchor, g.role, g.since, 'added' from grants_history g where g.since in (select w.id from written w)
		union all
		select g.user_id, g.anchor, g.role, g.until, 'removed' from grants_history g where g.until in (select w.id from written w)
	), people as (
		select u.id, u.active, u.since as at from users u where u.since in (select w.id from written w)
		union all
		select u.id, u.active, u.since from users_history u where u.since in (select w.id from written w)
	), branches as (
		select g.id, g.archived, g.since as at from groups g where g.since in (select w.id from written w)
		union all
		select g.id, g.archived, g.since from groups_history g where g.since in (select w.id from written w)
	), all_of_it as (
		select case when p.active then 'added' else 'removed' end as change, 'user' as kind, p.id as person, null::integer as anchor,
			null::integer as role, p.at, null::text as reason from people p
		union all
		select case when b.archived then 'removed' else 'added' end, 'group', null, b.id, null, b.at, null from branches b
		union all
		select g.change, 'grant', g.user_id, g.anchor, g.role, g.at, null from given g
	), places as materialized (
		select p.anchor, regexp_replace(resource_name(p.anchor), '^group:', '') as name from (select distinct a.anchor from all_of_it a) p
	)
	select a.change, a.kind, u.login, n.name, r.name, a.at, a.reason
	from all_of_it a left join places n on n.anchor = a.anchor left join users u on u.id = a.person left join role_names r on r.id = a.role
	union all
	select h.state::text, h.kind::text, coalesce(d.login, h.external_id), h.anchor, r.name, null, h.reason
	from held_changes h
	left join directory_entries d on d.source = h.source and d.external_id = h.external_id
	left join role_names r on r.id = h.role
	where h.run = named
	union all
	select 'held', p.kind::text, nullif(p.login, ''), nullif(p.anchor, ''), nullif(p.role, ''), null, format('to %s: %s', p.action, n.reason)
	from runs n join held_plans p on p.source = n.source and p.digest = n.plan_digest where n.id = named and n.state = 'held'
	order by 6 nulls last, 2 desc, 4, 3, 5;
end $$;

-- A name that two entries have means neither of them, as names are compared.
create function doubled_names() returns table (source smallint, dns text, why text) language sql stable set search_path = roster, pg_temp as $$
	select d.source, string_agg(d.dn, ' and ' order by d.dn collate "C", d.id),
		'they have one name, as names are compared: a group that lists it means nobody new by it; give one of them another name, or leave it out by a filter'
	from directory_entries d where d.gone_since is null or d.closed is not null
	group by d.source, d.reference having count(*) > 1
$$;

create function quarantine_list() returns table (source text, what text, why text, stage text, run bigint, noted_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name, q.what, q.why, q.stage, q.run, q.noted_at from quarantine q join sources s on s.id = q.source
	union all
	select s.name, m.group_dn, m.why, 'name', null, m.noted_at from misnamed_members m join sources s on s.id = m.source
	union all
	select s.name, n.dns, n.why, 'name', null, s.last_complete_at from doubled_names() n join sources s on s.id = n.source
	order by 1, 2, 3
$$;

-- names: the sources of the configuration. The others keep what they gave until somebody retires them; of one that nobody has
-- read yet there is nothing but its name.
create function source_list(names text[]) returns table (source text, kind text, state text, entries bigint, people bigint, groups bigint, grants bigint, quarantined bigint,
	dangling bigint, drift bigint, held bigint, rejected bigint, settled boolean, paused boolean, last_complete_at timestamptz, last_run text, last_state text, last_read text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select l.* from (
		select s.name, s.kind, case when s.kind = 'import' then 'import' when s.name = any (names) then 'configured' else 'not in the configuration' end,
			count(d.id), count(d.id) filter (where d.kind = 'user'), count(d.id) filter (where d.kind = 'group'),
			(select count(*) from grants g where g.source = s.id), (select count(*) from quarantine q where q.source = s.id),
			(select count(*) from directory_edges e join directory_entries g on g.id = e.group_id
				where e.member_id is null and g.source = s.id and g.gone_since is null),
			last_drift(s.id), w.held, refused_changes(s.id), s.settled and w.held = 0 and l.completeness is distinct from 'incomplete', exists (select from paused_sources p where p.source = s.id), s.last_complete_at,
			s.name || '/' || l.id, l.state::text, l.completeness
		from sources s
		left join directory_entries d on d.source = s.id and d.gone_since is null
		left join lateral (select r.id, r.state, r.completeness from runs r where r.source = s.id order by r.id desc limit 1) l on true
		cross join lateral (select waiting_changes(s.id) as held) w
		where s.id <> 0 and (s.retired_at is null or s.name = any (names)) group by s.id, l.id, l.state, l.completeness, w.held
		union all
		select n.name, null, 'never read', 0, 0, 0, 0, 0, 0, null, 0, 0, false, false, null, null, null, null
		from unnest(names) n(name) where n.name not in (select s.name from sources s)
	) l left join sources s on s.name = l.name order by s.position nulls last
$$;

-- The DN of what is above, as it is written; null at the top.
create function dn_above(dn text) returns text language sql immutable parallel safe set search_path = roster, pg_temp
as $$ select substring(dn from '^(?:[^\\,]|\\.)*,\s*(.*)$') $$;

-- Where a run that reads everything found none of a kind any more, though there were some: the topmost such places, the
-- largest loss first. What an administrator wants to know of many disappearances at once.
create function emptied_places(run bigint) returns table (kind text, place text, before bigint)
language sql stable security definer set search_path = roster, pg_temp as $$
	with recursive counted as (
		select d.kind, min(d.dn) as dn, count(*) filter (where d.gone_since is null) as here, count(*) filter (where d.gone_since = now()) as gone
		from directory_entries d where d.source = (running(emptied_places.run)).source group by d.kind, d.parent
	), above as (
		select c.kind, dn_above(c.dn) as place, c.here, c.gone from counted c
		union all
		select a.kind, dn_above(a.place), a.here, a.gone from above a where a.place is not null
	), emptied as (
		select a.kind, a.place, sum(a.gone)::bigint as gone from above a where a.place is not null
		group by a.kind, a.place having sum(a.here) = 0 and sum(a.gone) > 1
	)
	select e.kind::text, e.place, e.gone from emptied e
	where e.kind <> 'unit' and not exists (select from emptied o where o.kind = e.kind and o.place = dn_above(e.place))
	order by 3 desc, 2
$$;

-- What still waits for a decision in the source of a run, and the runs that found it.
create function held_waiting(run bigint, out waiting bigint, out runs text) language sql stable security definer set search_path = roster, pg_temp as $$
	select coalesce(sum(h.number), 0)::bigint, coalesce(string_agg(s.name || '/' || h.run, ', ' order by h.run), '')
	from (select h.source, h.run, count(*) as number from held_changes h where h.state = 'held'
		and h.source = (select r.source from runs r where r.id = held_waiting.run) group by h.source, h.run) h
	join sources s on s.id = h.source
$$;

create function held_list(run bigint) returns table (source text, run text, kind text, action text, login text, anchor text, role text, state text,
	reason text, held_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name, s.name || '/' || h.run, h.kind::text, h.action::text, coalesce(d.login, h.external_id), h.anchor, r.name, h.state::text, h.reason, h.held_at
	from held_changes h join sources s on s.id = h.source
	left join directory_entries d on d.source = h.source and d.external_id = h.external_id
	left join roles r on r.id = h.role
	where held_list.run is null or h.run = held_list.run
	order by s.position, h.run, h.kind, h.anchor, 5
$$;

-- What of the sources somebody has to look at, and where: what waits for a decision, and why the last read was not good.
create function source_doubts(names text[]) returns table (source text, doubt text, see text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with latest as (
		select l.* from sources s, lateral (select r.source, r.id, r.state, r.completeness, regexp_replace(r.reason, '^source [^ ]+: ', '') as reason
			from runs r where r.source = s.id and r.state <> 'running' and r.kind <> 'apply' order by r.id desc limit 1) l
	), in_question as (
		select q.source, q.id, waiting_changes(s.id) as number from sources s, lateral run_in_question(s.id) q where q.id is not null
	), waiting as (
		select q.source, q.id as run, q.number from in_question q
		union all
		select h.source, h.run, count(*) from held_changes h where h.state = 'held' and h.source not in (select q.source from in_question q) group by h.source, h.run
	), doubts as (
		select w.source, w.run, 'rosterctl runs diff ' as see, format(case w.number when 1 then '%s change waits' else '%s changes wait' end || ' for a decision', w.number) as doubt
		from waiting w
		union all
		select l.source, l.id, 'rosterctl runs show ', format('the last read %s: %s', case l.state when 'failed' then 'failed' else 'was incomplete' end, l.reason)
		from latest l where l.state = 'failed' or l.completeness = 'incomplete'
	)
	select s.name, d.doubt, d.see || s.name || '/' || d.run
	from doubts d join sources s on s.id = d.source where s.name = any (names) order by s.position, d.run, d.see
$$;

-- Who has the lock of writers now, and who waits for it. What others do in their sessions only a superuser sees, so how long it
-- has been is told by those who wait.
create function writer_list() returns table (login name, process integer, waiting bigint, waiting_since timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	with writers as (
		select l.* from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
		where l.locktype = 'advisory' and (l.classid, l.objid, l.objsubid) = (writer_lock_class()::oid, 1::oid, 2))
	select a.usename, w.pid, (select count(*) from writers o where not o.granted), (select min(o.waitstart) from writers o)
	from writers w left join pg_stat_activity a using (pid) where w.granted
$$;
