-- SPDX-License-Identifier: Apache-2.0
-- What the guard counts, and what it holds.
--
-- A held row is a change the rules ask for and nobody has agreed to: it stays undone, under the name of the run that
-- found it, until somebody approves or rejects that run, or until the directory no longer asks for it.

create type held_state as enum ('held', 'approved', 'rejected');

create table held_changes (
	source smallint not null references sources,
	kind change_kind not null,
	action change_action not null,
	external_id text collate "C",          -- of the person
	anchor text,               -- as printed; NULL for people
	anchor_key text,
	role integer,
	run bigint not null references runs, -- that found it
	state held_state not null default 'held',
	reason text not null,
	held_at timestamptz not null default now(),
	decided_by text,
	successor integer,         -- as in planned_changes
	unique nulls not distinct (source, kind, action, external_id, anchor_key, role)
);
create index on held_changes (run);

-- What a run that is held whole would do: the change list of the last such run of each source.
create table held_plans (
	source smallint not null references sources,
	digest text not null,
	seq bigint not null,
	kind change_kind not null,
	action change_action not null,
	login text not null,
	anchor text not null,
	role text not null,
	primary key (source, digest, seq)
);

-- After run_end(). The same list is written once, however often it is found.
create function keep_held_plan(run bigint) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	ended runs;
begin
	select r.* into ended from runs r where r.id = keep_held_plan.run;
	if ended.state not in ('held', 'applied') or ended.state = 'held'
	   and exists (select from held_plans p where p.source = ended.source and p.digest = ended.plan_digest) then
		return;
	end if;
	delete from held_plans p where p.source = ended.source;
	if ended.state = 'applied' then
		return;
	end if;
	insert into held_plans (source, digest, seq, kind, action, login, anchor, role)
	select ended.source, ended.plan_digest, c.seq, c.kind, c.action, c.login, c.anchor, c.role
	from planned_changes_named c where c.run = ended.id and (c.held or c.rejected);
end $$;

-- What was applied, for the sliding window: counts, not names. Approved changes are not in it.
create table guard_log (
	source smallint not null references sources,
	at timestamptz not null default now(),
	kind text not null,  -- "suspend", "vanish", "member", "group", "grant"
	scope text not null, -- '' for the whole source, else the anchor, or the role for "grant"
	removed bigint not null default 0,
	added bigint not null default 0
);
create index on guard_log (source, at);

-- How many grants a source had given as of a revision, so that not all of them are counted each time.
create table counted_grants (source smallint primary key references sources, revision bigint not null, grants bigint not null);

-- The plan is cached by nobody: how many grants are new since is for the planner to see.
create function count_grants(source smallint) returns bigint
language plpgsql volatile set search_path = roster, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
	known counted_grants;
	counted counted_grants;
	moved bigint;
begin
	select * into known from counted_grants c where c.source = count_grants.source;
	if known.source is null then
		select count_grants.source, head(), count(*), count(*) into counted.source, counted.revision, counted.grants, moved
		from grants g where g.source = count_grants.source;
	else
		-- One that began and ended since is in neither.
		select count_grants.source, n.revision, known.grants + n.begun - n.ended, n.begun + n.ended
		into counted.source, counted.revision, counted.grants, moved
		from (select (select max(r.id) from revisions r) as revision,
			(select count(*) from grants g where g.since > known.revision and g.source = known.source) as begun,
			(select count(*) from grants_history h where h.until > known.revision and h.since <= known.revision and h.source = known.source) as ended) n;
	end if;
	if moved > 10000 then
		insert into counted_grants as c values (counted.*)
		on conflict on constraint counted_grants_pkey do update set revision = excluded.revision, grants = excluded.grants;
	end if;
	return counted.grants;
end $$;

-- The plan as people read it, in order. Of people there is nothing to say but who they are, and a thousand of them may be all.
create view planned_changes_named as
select c.run, c.seq, c.kind, c.action, c.held and not c.rejected as held, c.rejected,
	coalesce(l.login, d.login, u.login, '') as login, coalesce(d.dn, '') as dn, coalesce(d.external_id, '') as external_id,
	'' as anchor, '' as role, '' as rule, '' as position, '' as via,
	case when c.action = 'change' then concat_ws(', ',
		case when u.login is distinct from coalesce(l.login, d.login) then 'login ' || u.login end,
		case when u.email is distinct from case when l.named_by is null then d.email else l.email end then 'mail ' || coalesce(u.email, 'none') end,
		case when u.name is distinct from case when l.named_by is null then d.name else l.name end then 'name ' || coalesce(u.name, 'none') end)
		when c.action = 'link' then l.because
		when c.action = 'disable' then coalesce(d.closed, '') else '' end as was
from planned_changes c
left join directory_entries d on d.id = c.entry_id
left join users u on u.id = c.user_id
left join linked_people l on l.run = c.run and l.entry_id = c.entry_id
where c.kind = 'user'
union all
select c.run, c.seq, c.kind, c.action, c.held and not c.rejected, c.rejected,
	coalesce(d.login, u.login, ''), coalesce(d.dn, ''), coalesce(d.external_id, ''),
	coalesce(k.anchor, ''), coalesce(r.name, ''), coalesce(w.name, ''), coalesce(w.position, ''), coalesce(v.dn, ''), ''
from planned_changes c
join runs n on n.id = c.run
left join directory_entries d on d.id = c.entry_id
left join users u on u.id = c.user_id
left join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
left join roles r on r.id = c.role
left join directory_rules w on w.source = n.source and w.ordinal = c.rule
left join directory_entries v on v.id = c.via
where c.kind <> 'user';

-- Roles that rules name and cannot give in their places: nobody made them, or they are held elsewhere. known: those that can.
create function unknown_roles(roles text[], places text[]) returns table (ordinal bigint, why text, known text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select n.ordinal, format(case when exists (select from roles r where r.name_key = lower(normalize(n.role, NFKC)) and r.kind <> 'setting')
			then 'the role "%s" cannot be given %s' else 'there is no role "%s"' end, n.role, case
			when n.place = 'platform' then 'at the platform' when n.place like 'app:%' then 'on an app'
			when n.place like 'access-group:%' then 'in an access group' else 'in a group' end),
		(select string_agg(r.name, ', ' order by r.id) from roles r where role_given(n.place, r.name) = r.id)
	from unnest(unknown_roles.roles, places) with ordinality n(role, place, ordinal)
	where not exists (select from roles_given(n.place, n.role))
$$;

-- Places that rules name and nobody made: apps and access groups, which no rule makes.
create function unknown_places(places text[]) returns table (ordinal bigint, place text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select n.ordinal, n.place from unnest(places) with ordinality n(place, ordinal)
	where n.place !~ '^/' and n.place !~ '\$\{' and resolve_anchor(0::smallint, n.place) is null
	order by n.ordinal
$$;

-- people: of whom some go; otherwise 0, since to count a hundred thousand takes as long as to change a thousand. What was rejected
-- is no part of what is added, changed or removed; nor is what is held, where decided: the run asks nobody any more.
create function plan_totals(run bigint, decided boolean, out changes bigint, out add bigint, out change bigint, out remove bigint,
	out held bigint, out rejected bigint, out grants bigint, out people bigint, out quarantined bigint, out taken bigint, out gone bigint, out closed bigint)
language sql volatile security definer set search_path = roster, pg_temp as $$
	select coalesce(sum(c.number), 0)::bigint, coalesce(sum(c.told) filter (where c.action in ('add', 'link', 'return')), 0)::bigint,
		coalesce(sum(c.told) filter (where c.action = 'change'), 0)::bigint,
		coalesce(sum(c.told) filter (where c.action not in ('add', 'link', 'return', 'change')), 0)::bigint,
		coalesce(sum(c.number) filter (where c.held and not c.rejected), 0)::bigint, coalesce(sum(c.number) filter (where c.rejected), 0)::bigint,
		count_grants(s.id),
		case when count(*) filter (where c.action = 'vanish') > 0 then
			(select count(*) from identities i where i.source = s.id and i.gone_since is null) else 0 end,
		(select count(*) from quarantine q where q.source = s.id),
		coalesce(sum(c.told) filter (where c.kind = 'grant' and c.action = 'remove'), 0)::bigint,
		coalesce(sum(c.told) filter (where c.action = 'vanish'), 0)::bigint, coalesce(sum(c.told) filter (where c.action = 'disable'), 0)::bigint
	from (select r.source as id from runs r where r.id = plan_totals.run) s
	left join (select p.*, case when p.rejected or p.held and decided then 0 else p.number end as told
		from planned_counts(plan_totals.run, 1, planned(plan_totals.run)) p) c on true group by s.id
$$;

-- As one question, so none of it has a reason of its own. spare: but for those whom the source says are closed or deleted, which
-- no question about rules is about.
create function hold_all(run bigint, spare boolean, out held bigint, out spared bigint)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	update planned_changes c set held = true, reason = null where c.run = hold_all.run and not (spare and c.kind = 'user' and c.action = 'disable' and not c.held);
	get diagnostics held = row_count;
	spared := planned(run) - held;
end $$;

-- The guard's name for a planned change, NULL for what it does not limit.
create function guard_kind(kind change_kind, action change_action, sensitive boolean) returns text language sql immutable as $$
	select case
		when kind = 'user' and action = 'vanish' then 'vanish'
		when kind = 'user' and action = 'disable' then 'suspend'
		when kind = 'group' and action = 'archive' then 'group'
		when kind = 'grant' and action = 'remove' then 'member'
		when kind = 'grant' and action = 'add' and sensitive then 'grant'
		end
$$;

-- guarded: the guard has to judge some of it. Most of what is pushed gives something that nobody guards.
create function plan_count(run bigint, out changes bigint, out held bigint, out at_once boolean, out guarded boolean)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	changes := planned(run);
	if changes = 0 then
		held := 0;
		at_once := false;
		guarded := false;
		return;
	end if;
	held := (select count(*) from planned_changes c where c.run = plan_count.run and c.held);
	at_once := changes > 100000 and is_beginning(run);
	guarded := exists (select from planned_changes c left join roles r on r.id = c.role
		where c.run = plan_count.run and not c.held and not c.approved and (c.kind <> 'user' or c.action <> 'change')
		  and guard_kind(c.kind, c.action, coalesce(r.sensitive, false)) is not null);
end $$;

create view planned_guarded as
select c.run, c.seq, c.kind, c.action, c.held, c.approved, n.source, d.external_id, k.anchor, k.anchor_key, c.role,
	guard_kind(c.kind, c.action, coalesce(r.sensitive, false)) as guard,
	case when c.kind = 'grant' and c.action = 'add' then r.name else coalesce(k.anchor, '') end as scope
from planned_changes c
left join roles r on r.id = c.role
join runs n on n.id = c.run
left join directory_entries d on d.id = c.entry_id
left join wanted_anchors k on k.run = c.run and k.key = c.anchor_key;

-- Rejected changes are pinned until an entry they follow from changes, which is the person's own, or one that gives the same
-- there to all in it: the people of those that are not any more. There are few, if any: what reckons with a thousand makes room
-- for millions of those who follow from them.
create function no_longer_pinned(run bigint, source smallint) returns table (change tid, external_id text)
language plpgsql stable rows 1 set search_path = roster, pg_temp as $$
begin
	if not exists (select from held_changes h where h.source = no_longer_pinned.source and h.state = 'rejected') then
		return;
	end if;
	return query
	with changed as materialized (
		select m.anchor_key, role_given(m.anchor, m.role) as role
		from staged_entries s
		join directory_entries d on d.source = no_longer_pinned.source and d.external_id = s.external_id and d.kind <> 'user'
		join directory_mappings m on m.entry_id = d.id
		where s.run = no_longer_pinned.run
	)
	select h.ctid, h.external_id from held_changes h
	where h.source = no_longer_pinned.source and h.state = 'rejected' and (
		exists (select from staged_entries s where s.run = no_longer_pinned.run and s.external_id = h.external_id)
		or exists (select from changed c where c.anchor_key = h.anchor_key and (h.kind = 'group' or c.role = h.role)));
end $$;

-- A removal that waited with the role in its place is one like others when that role was given, or is not asked for any more.
create function release_removals(run bigint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with alone as (
		delete from held_changes h using planned_guarded g, planned_changes o, wanted_anchors l
		where h.successor is not null and g.run = release_removals.run and h.source = g.source and g.kind = 'grant' and g.action = 'remove'
		  and h.kind = g.kind and h.action = g.action and h.external_id = g.external_id and h.anchor_key = g.anchor_key and h.role = g.role
		  and o.run = g.run and o.seq = g.seq and l.run = o.run and l.key = o.anchor_key
		  and not exists (select from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
			where c.run = o.run and c.kind = 'grant' and c.action = 'add' and c.entry_id = o.entry_id and c.role = h.successor
			  and k.resource = l.resource and (c.held or h.state = 'approved'))
		returning o.seq)
	update planned_changes c set held = false, rejected = false, approved = false from alone a where c.run = release_removals.run and c.seq = a.seq;
end $$;

-- Who is to get another role in a place keeps the one he has there until that is decided: he would be left with neither.
create function hold_replaced(run bigint) returns bigint language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	count bigint;
begin
	update planned_changes o set held = true, reason = w.reason, successor = w.role
	from (
		select c.run, c.entry_id, c.role, k.resource, coalesce(c.reason, h.reason) as reason
		from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key join directory_entries d on d.id = c.entry_id
		left join held_changes h on h.source = d.source and h.kind = c.kind and h.action = c.action and h.external_id = d.external_id
			and h.anchor_key = k.anchor_key and h.role = c.role
		where c.run = hold_replaced.run and c.kind = 'grant' and c.action = 'add' and c.held and not c.rejected) w, wanted_anchors l
	where o.run = w.run and o.kind = 'grant' and o.action = 'remove' and o.entry_id = w.entry_id and not o.held and not o.approved
	  and l.run = o.run and l.key = o.anchor_key and l.resource = w.resource;
	get diagnostics count = row_count;
	return count;
end $$;

-- A group stays as long as somebody keeps something in it or below, without a question of its own.
create function hold_places(run bigint) returns void language sql volatile set search_path = roster, pg_temp as $$
	update planned_changes a set held = true, approved = false, rejected = x.rejected
	from (
		select p.seq, bool_and(o.rejected) as rejected
		from planned_changes p join wanted_anchors k on k.run = p.run and k.key = p.anchor_key
		join group_closure c on c.ancestor = k.resource
		join wanted_anchors l on l.run = p.run and l.resource = c.descendant
		join planned_changes o on o.run = p.run and o.kind = 'grant' and o.action = 'remove' and o.anchor_key = l.key and o.held
		where p.run = hold_places.run and p.kind = 'group' and p.action = 'archive' group by p.seq) x
	where a.run = hold_places.run and a.seq = x.seq and (not a.held or a.reason is null)
$$;

-- Recognise what is held, approved or rejected already.
create function recall_held(run bigint) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint := (running(run)).source;
begin
	if not exists (select from held_changes h where h.source = src) then
		return;
	end if;
	-- Who was refused a role is not given it because others left: it is asked for again.
	with lifted as (
		delete from held_changes h using no_longer_pinned(recall_held.run, src) n where h.ctid = n.change returning h.*)
	update planned_changes c set held = true, reason = l.reason
	from planned_guarded g join lifted l on l.action = 'add' and g.action = 'add' and l.external_id = g.external_id and l.anchor_key = g.anchor_key and l.role = g.role
	where g.run = recall_held.run and c.run = g.run and c.seq = g.seq;
	update planned_changes c set held = h.state <> 'approved', rejected = h.state = 'rejected', approved = h.state = 'approved'
	from planned_guarded g
	join held_changes h on h.source = g.source and h.kind = g.kind and h.action = g.action
	  and coalesce(h.external_id, '') = coalesce(g.external_id, '') and coalesce(h.anchor_key, '') = coalesce(g.anchor_key, '')
	  and coalesce(h.role, 0) = coalesce(g.role, 0)
	where g.run = recall_held.run and c.run = g.run and c.seq = g.seq;
	perform release_removals(run), hold_replaced(run), hold_places(run);
end $$;

-- What the guard judges: pending rows, what the window saw already, and how many there were when it began. For the whole
-- source, and for each place that loses more than few. percent: count how many there were only as far as it takes to see that
-- what goes is no more than that share of them, since a push of one removal must not count a million; NULL counts all.
create function guard_counts(run bigint, span interval, few bigint, percent bigint)
returns table (kind text, scope text, pending bigint, recent bigint, base bigint)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query
	with me as (select r.source from runs r where r.id = guard_counts.run),
	pending as (
		select g.guard as kind, s.scope, count(*) as pending
		from planned_guarded g, lateral (
			select '' as scope where g.guard <> 'grant' union all select g.scope where g.guard in ('member', 'grant')) s
		where g.run = guard_counts.run and g.guard is not null and not g.held and not g.approved
		  -- the same said so that it is quick: most of a large plan is additions that nobody limits
		  and (g.action not in ('add', 'link', 'return', 'change') or g.role in (select r.id from roles r where r.sensitive))
		group by g.guard, s.scope
	), seen as (
		select l.kind, l.scope, sum(l.removed) as removed, sum(l.added) as added
		from guard_log l, me where l.source = me.source and l.at > now() - span group by l.kind, l.scope
	)
	select p.kind, p.scope, p.pending, p.recent, greatest(p.removed - p.added + case
			when p.kind in ('vanish', 'suspend') then (select count(*) from (select from identities i, me
				where i.source = me.source and i.gone_since is null limit p.enough) i)
			when p.kind = 'group' then (select count(*) from (select from groups g, me where g.made_by = me.source and not g.archived limit p.enough) g)
			when p.scope = '' then (select count(*) from (select from grants g, me where g.source = me.source limit p.enough) g)
			when p.kind = 'grant' then (select count(*) from (select from grants g join roles r on r.id = g.role, me
				where g.source = me.source and r.name = p.scope limit p.enough) g)
			else (select count(*) from (select from wanted_anchors k join grants g on g.anchor = k.resource, me
				where k.run = guard_counts.run and k.anchor = p.scope and g.source = me.source limit p.enough) g)
			end, 0)::bigint
	from (
		select p.*, s.*, p.pending + s.recent as total, s.added + 100 + (p.pending + s.recent) * 100 / nullif(percent, 0) as enough
		from pending p left join seen l on l.kind = p.kind and l.scope = p.scope
		cross join lateral (select coalesce(l.removed, 0)::bigint as removed, coalesce(l.added, 0)::bigint as added,
			coalesce(case when p.kind = 'grant' then l.added else l.removed end, 0)::bigint as recent) s) p
	where p.scope = '' or p.kind = 'grant' or p.pending + p.removed > few
	order by p.kind, p.scope;
end $$;

create function hold(run bigint, kind text, scope text, reason text) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	count bigint;
begin
	update planned_changes c set held = true, reason = hold.reason
	from planned_guarded g
	where g.run = hold.run and g.guard = hold.kind and (hold.scope = '' or g.scope = hold.scope) and not g.held and not g.approved
	  and c.run = g.run and c.seq = g.seq;
	get diagnostics count = row_count;
	if kind = 'grant' then
		count := count + hold_replaced(run);
	elsif kind in ('member', 'group') then
		perform hold_places(run);
	end if;
	return count;
end $$;

-- Part of apply(): remember what is held, forget what is no longer asked for or was approved, and log what was applied.
create function apply_held(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	first_run boolean;
	minute timestamptz := date_trunc('minute', now()) + interval '1 minute';
begin
	-- What people are called is neither held nor counted.
	if not exists (select from held_changes h where h.source = apply_held.source)
			and not exists (select from planned_changes c where c.run = apply_held.run and (c.held or c.kind <> 'user' or c.action <> 'change')) then
		return;
	end if;
	if exists (select from held_changes h where h.source = apply_held.source) then
		delete from held_changes h where h.source = apply_held.source and (
			exists (select from planned_guarded g where g.run = apply_held.run and g.approved and h.state = 'approved'
				and h.kind = g.kind and h.action = g.action and coalesce(h.external_id, '') = coalesce(g.external_id, '')
				and coalesce(h.anchor_key, '') = coalesce(g.anchor_key, '') and coalesce(h.role, 0) = coalesce(g.role, 0))
			or (exists (select from affected_people a join directory_entries d on d.id = a.entry_id
					where a.run = apply_held.run and d.source = h.source and d.external_id = h.external_id)
				and not exists (select from planned_guarded g where g.run = apply_held.run and g.held
					and h.kind = g.kind and h.action = g.action and coalesce(h.external_id, '') = coalesce(g.external_id, '')
					and coalesce(h.anchor_key, '') = coalesce(g.anchor_key, '') and coalesce(h.role, 0) = coalesce(g.role, 0)))
			-- A group: one that is wanted again or is there no longer; and what was approved is done now, or is not what is asked for.
			or h.kind = 'group' and (h.state = 'approved' and (running(apply_held.run)).kind = 'apply'
				or not exists (select from groups g where g.made_by = h.source and coalesce(g.made_for, '') = h.anchor_key and not g.archived)
				or exists (select from directory_mappings m join directory_entries d on d.id = m.entry_id
					where m.anchor_key = h.anchor_key and d.source = h.source and d.gone_since is null)));
	end if;

	if exists (select from planned_changes c where c.run = apply_held.run and c.held and c.reason is not null) then
		insert into held_changes (source, kind, action, external_id, anchor, anchor_key, role, run, reason, successor)
		select g.source, g.kind, g.action, g.external_id, g.anchor, g.anchor_key, g.role, g.run, c.reason, c.successor
		from planned_guarded g join planned_changes c on c.run = g.run and c.seq = g.seq
		where g.run = apply_held.run and g.held and c.reason is not null
		on conflict do nothing;
	end if;

	-- Of the first run only sensitive roles count: shares are of what it brought, not of the nothing before it. What is pushed
	-- within one minute is one row, under the end of that.
	select s.first_run_at is null into first_run from sources s where s.id = apply_held.source;
	with counted as (
		select l.kind, l.scope, count(*) filter (where l.removes) as removed, count(*) filter (where not l.removes) as added
		from (
			select case when g.kind = 'user' then case g.action when 'disable' then 'suspend' else 'vanish' end
					when g.kind = 'group' then 'group' else 'member' end as kind, s.scope,
				g.action in ('vanish', 'disable', 'archive', 'remove') as removes
			from planned_guarded g, lateral (select '' as scope union all select g.anchor where g.kind = 'grant') s
			where g.run = apply_held.run and not g.held and not g.approved and g.action <> 'change' and not first_run
			union all
			select 'grant', r.name, false from planned_changes c join roles r on r.id = c.role and r.sensitive
			where c.run = apply_held.run and c.kind = 'grant' and c.action = 'add' and not c.held and not c.approved) l
		group by l.kind, l.scope
	), known as (
		update guard_log l set removed = l.removed + c.removed, added = l.added + c.added from counted c
		where l.source = apply_held.source and l.at = minute and l.kind = c.kind and l.scope = c.scope
		returning l.kind, l.scope)
	insert into guard_log (source, at, kind, scope, removed, added)
	select apply_held.source, minute, c.kind, c.scope, c.removed, c.added from counted c
	where not exists (select from known k where k.kind = c.kind and k.scope = c.scope);
	delete from guard_log g where g.source = apply_held.source and g.at < now() - interval '90 days';
end $$;

-- Does something wait for a decision because entries were not seen any more? They may be there all the same, hidden from the account
-- that reads, and no message says that they can be seen again.
create function misses_entries(source smallint) returns boolean language sql stable set search_path = roster, pg_temp as $$
	select exists (
		select from held_changes h
		join directory_entries d on d.source = h.source and d.external_id = h.external_id
		where h.source = misses_entries.source and h.state = 'held' and h.action = 'vanish' and d.gone_since is not null)
	or exists (
		select from held_changes h
		join runs r on r.id = h.run
		join directory_entries d on d.source = h.source and d.kind <> 'user' and not d.gone_explicit
			and d.gone_since >= r.started_at - interval '1 minute' -- its transaction began before it, with the connection
		where h.source = misses_entries.source and h.state = 'held' and h.action in ('remove', 'archive'))
$$;

-- Decisions. Approved rows are released by the next run, which must look at everybody; rejected ones are pinned.
create function decide(run bigint, approve boolean) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	count bigint;
begin
	perform require_administrator(format('%s run %s', case when approve then 'approve' else 'reject' end, run));
	update held_changes h set state = case when approve then 'approved' else 'rejected' end::held_state, decided_by = acting()
	where h.run = decide.run and h.state = 'held';
	get diagnostics count = row_count;
	if approve and count > 0 then
		update sources s set settled = false where s.id = (select r.source from runs r where r.id = decide.run);
	elsif not approve and count = 0 then
		-- With those that asked the same before.
		update runs r set state = 'rejected' from runs d
		where d.id = decide.run and d.state = 'held' and r.source = d.source and r.state = 'held' and r.plan_digest is not distinct from d.plan_digest;
	end if;
	return count;
end $$;

-- A run that would be held as a whole: was the answer to the same list, when it was last asked for, a no? Then nobody is
-- asked again, and its rows are marked so. Any other list in between makes it a new question.
create function rejected_before(run bigint, digest text) returns boolean language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	same boolean := (select r.state = 'rejected' and r.plan_digest = digest from runs r
		where r.source = (running(run)).source and r.id < run and r.state not in ('failed', 'running') order by r.id desc limit 1);
begin
	if same then
		update planned_changes c set rejected = true where c.run = rejected_before.run and c.held;
	end if;
	return coalesce(same, false);
end $$;

-- What was not read in full takes nothing away: such changes wait for a read that is complete, but for those somebody agreed to,
-- and accounts whose time is over. How many.
create function plan_additions(run bigint) returns bigint language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	waiting bigint;
begin
	delete from planned_changes c where c.run = plan_additions.run and c.action in ('vanish', 'disable', 'remove', 'archive') and not c.held and not c.approved
	  and not (c.action = 'disable' and exists (select from directory_entries d where d.id = c.entry_id and d.ends_at <= now()));
	get diagnostics waiting = row_count;
	if waiting > 0 then
		-- Numbered without gaps again, by way of numbers nobody has.
		update planned_changes c set seq = -n.seq
		from (select p.seq as was, row_number() over (order by p.seq) as seq from planned_changes p where p.run = plan_additions.run) n
		where c.run = plan_additions.run and c.seq = n.was;
		update planned_changes c set seq = -c.seq where c.run = plan_additions.run;
	end if;
	return waiting;
end $$;
