-- SPDX-License-Identifier: Apache-2.0
-- Figures for monitoring: what `rosterd: status` shows. Names of sources, targets and rules are in them, never a person.

-- Counters must never fall, whatever becomes of the rows they count. So they are kept apart from them, by source: who leads
-- the source is the only one who writes its rows.
create table run_counts (
	source smallint not null references sources,
	result run_state not null,
	runs bigint not null,
	primary key (source, result)
);
create table change_counts (
	source smallint not null references sources,
	kind change_kind not null,
	action change_action not null,
	changes bigint not null,
	primary key (source, kind, action)
);
insert into run_counts (source, result, runs)
select r.source, case when r.state in ('approved', 'rejected', 'superseded') then 'held' else r.state end, count(*)
from runs r where r.source is not null and r.state <> 'running' group by 1, 2;

-- A run counts when it ends, by how it ended then: what somebody decides about it later is no other run. Its plan is still
-- there; of one that died in the middle it is not, and what it did is not counted.
create function count_run() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	insert into run_counts as c (source, result, runs)
	values (new.source, case when new.state = 'rejected' then 'held' else new.state end, 1)
	on conflict (source, result) do update set runs = c.runs + 1;
	if new.state = 'applied' then
		insert into change_counts as c (source, kind, action, changes)
		select new.source, p.kind, p.action, sum(p.number)
		from planned_counts(new.id, 1, planned(new.id)) p where not p.held group by p.kind, p.action
		on conflict (source, kind, action) do update set changes = c.changes + excluded.changes;
	end if;
	return null;
end $$;
create trigger e_count after update of state on runs for each row
when (old.state = 'running' and new.state <> 'running' and new.source is not null) execute function count_run();

-- A run that heard nothing new and found nothing of earlier ones to be answered, from its beginning to its end. It never was
-- running, and counts itself: for a trigger its session would load PL/pgSQL.
create function run_idle(run bigint, source smallint, kind text, digest text) returns void
language sql volatile security definer set search_path = roster, pg_temp as $$
	insert into runs (id, source, kind, state, completeness, reason, started_at, ended_at, plan_digest) overriding system value
	values (run_idle.run, run_idle.source, run_idle.kind, 'nothing', 'changes', '', now(), clock_timestamp(), run_idle.digest);
	insert into run_counts as c (source, result, runs) values (run_idle.source, 'nothing', 1)
	on conflict on constraint run_counts_pkey do update set runs = c.runs + 1;
	update sources s set last_complete_at = clock_timestamp() where s.id = run_idle.source;
$$;

-- How long revisions took until a target had confirmed them, by the bounds of a histogram: bucket 0 is below the first of them,
-- the last one not below the last. Who serves the target is the only one who writes its rows.
create function propagation_bounds() returns numeric[] language sql immutable
as 'select ''{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600}''::numeric[]';
create table propagation_counts (
	target smallint references targets on delete cascade,
	bucket smallint,
	revisions bigint not null,
	seconds numeric not null,
	primary key (target, bucket)
);

-- What a window told counts. A cursor that passes revisions which were none of the target's says nothing about delivery, and
-- a snapshot tells what may be years old.
create function count_propagation() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	confirmed timestamptz := clock_timestamp();
begin
	if exists (select from windows w where w.target = new.id and w.main and w.kind = 'difference'
		and w.after = old.cursor and w.revision = new.cursor) then
		insert into propagation_counts as c (target, bucket, revisions, seconds)
		select new.id, width_bucket(t.seconds, propagation_bounds()), count(*), sum(t.seconds)
		from (select greatest(extract(epoch from confirmed - v.at), 0) as seconds
			from revisions v where v.id > old.cursor and v.id <= new.cursor) t
		group by 2
		on conflict (target, bucket) do update set revisions = c.revisions + excluded.revisions, seconds = c.seconds + excluded.seconds;
	end if;
	return null;
end $$;
create trigger e_count after update of cursor on targets for each row
when (old.cursor > 0 and new.cursor > old.cursor) execute function count_propagation();

-- When a source was last read completely; null when it never was.
create function last_complete(source smallint) returns timestamptz language sql stable set search_path = roster, pg_temp
as 'select s.last_complete_at from sources s where s.id = last_complete.source';

-- The run of a source that is held as a whole and waits for an answer: the last one, unless a later one found nothing to do
-- or only what was rejected.
create function run_in_question(source smallint) returns runs language sql stable set search_path = roster, pg_temp as $$
	select r from runs r where r.source = run_in_question.source and r.state = 'held'
	  and not exists (select from runs l where l.source = r.source and l.id > r.id and l.state in ('held', 'nothing', 'rejected'))
	order by r.id desc limit 1
$$;

-- Changes of a source that wait for an answer: rows that are held, or those of a run that is held as a whole, among which the
-- others are.
create function waiting_changes(source smallint) returns bigint language sql stable set search_path = roster, pg_temp as $$
	select greatest((select count(*) from held_changes h where h.source = waiting_changes.source and h.state = 'held'),
		coalesce((select greatest(q.held, 1) from run_in_question(waiting_changes.source) q where q.id is not null), 0))
$$;
create index on runs (source, id) where state = 'held';

-- Changes of a source that somebody refused and that it still asks for: rows, or those of a run that was refused as a whole.
create function refused_changes(source smallint) returns bigint language sql stable set search_path = roster, pg_temp as $$
	select greatest((select count(*) from held_changes h where h.source = refused_changes.source and h.state = 'rejected'),
		(select coalesce(max(r.held), 0) from runs r where r.source = refused_changes.source and r.state = 'rejected'
			and not exists (select from runs l where l.source = r.source and l.id > r.id and l.state in ('held', 'nothing', 'applied'))))
$$;
create index on runs (source, id) where state = 'rejected';
create index on runs (source) where state = 'running';

-- The figures: a metric, its labels in the order rosterd(8) names them, and the number. Of sources only those that are
-- asked for: one that was taken out of the configuration is not late.
create function metrics(sources text[]) returns table (metric text, label text, second_label text, value numeric)
language sql stable security definer set search_path = roster, pg_temp as $$
	with asked as (
		select n.name, s.id from unnest(metrics.sources) n(name) left join sources s on s.name = n.name and s.id <> 0
	), told as (
		select t.id, t.name, t.cursor from targets t where t.configured
	)
	select 'roster_revision', null, null, head()::numeric
	union all
	select 'roster_users_active', null, null, count(*) from users u where u.active
	union all
	select 'roster_source_last_complete_timestamp_seconds', a.name, null, coalesce(extract(epoch from last_complete(a.id)), 0) from asked a
	union all
	select 'roster_run_held', a.name, null, waiting_changes(a.id) from asked a
	union all
	select 'roster_quarantined', a.name, null, (select count(*) from quarantine q where q.source = a.id) from asked a
	union all
	select 'roster_source_drift', a.name, null, last_drift(a.id) from asked a where last_drift(a.id) is not null
	union all
	select 'roster_runs_total', a.name, r.result::text, coalesce(c.runs, 0)
	from asked a cross join unnest(array['nothing', 'applied', 'held', 'failed']::run_state[]) r(result)
	left join run_counts c on c.source = a.id and c.result = r.result
	union all
	select 'roster_changes_total', k.kind::text, k.action::text, coalesce(sum(c.changes), 0)
	from (values ('user', 'add'), ('user', 'link'), ('user', 'change'), ('user', 'return'), ('user', 'vanish'), ('user', 'disable'),
		('group', 'add'), ('group', 'archive'), ('grant', 'add'), ('grant', 'remove')) k(kind, action)
	left join change_counts c on c.kind = k.kind::change_kind and c.action = k.action::change_action
	group by k.kind, k.action
	union all
	select 'roster_rule_matches', r.name, null, sum(m.entries)
	from directory_rules r join asked a on a.id = r.source
	cross join lateral (select count(*) as entries from directory_mappings m join directory_entries d on d.id = m.entry_id
		where m.rule = r.ordinal and d.source = r.source and d.gone_since is null) m
	group by r.name
	union all
	select 'roster_target_lag_revisions', t.name, null, head() - t.cursor from told t
	union all
	select 'roster_target_lag_seconds', t.name, null, round(coalesce(greatest(extract(epoch from clock_timestamp() -
		(select v.at from revisions v where v.id > t.cursor order by v.id limit 1)), 0), 0), 3) from told t
	union all
	select 'roster_propagation_seconds_bucket', t.name, b.bound,
		(select coalesce(sum(c.revisions), 0) from propagation_counts c where c.target = t.id and c.bucket < b.bucket)
	from told t cross join (
		select u.bound::text, u.bucket from unnest(propagation_bounds()) with ordinality u(bound, bucket)
		union all select '+Inf', cardinality(propagation_bounds()) + 1) b(bound, bucket)
	union all
	select 'roster_propagation_seconds_sum', t.name, null, round(coalesce(sum(c.seconds), 0), 6)
	from told t left join propagation_counts c on c.target = t.id group by t.name
	union all
	select 'roster_propagation_seconds_count', t.name, null, coalesce(sum(c.revisions), 0)
	from told t left join propagation_counts c on c.target = t.id group by t.name
	union all
	select 'roster_target_lanes', t.name, null, (select count(*) from lanes l where l.target = t.id) from told t
$$;

-- Here, because the file with all other grants ran before this one.
grant execute on function metrics(text[]) to roster_daemon;
