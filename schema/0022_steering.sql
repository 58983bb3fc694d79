-- SPDX-License-Identifier: Apache-2.0
-- Delivery, as administrators see and steer it.

create function need_target(name text) returns smallint language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id smallint := (select t.id from targets t where t.name = need_target.name);
begin
	if found_id is null then
		raise exception 'there is no target "%"', name using errcode = 'no_data_found',
			hint = 'a target is known once it was delivered to; see rosterctl status';
	end if;
	return found_id;
end $$;

-- Try at once what waits, and start what was switched off. Called by resume(), which checks who may.
create function target_resume(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	update targets t set state = 'active', due = now(), attempts = 0, error = null where t.id = need_target(target_resume.name);
	update lanes l set due = now() where l.target = need_target(target_resume.name) and l."window" is null;
	perform pg_notify('roster_request', '');
end $$;

create function target_pause(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	update targets t set state = 'paused' where t.id = need_target(target_pause.name) and t.state = 'active';
	if exists (select from targets t where t.name = target_pause.name and t.state = 'disabled') then
		raise exception 'target % is told nothing already: it wanted no more messages', name
			using errcode = 'object_not_in_prerequisite_state', hint = 'rosterctl resume starts it again';
	end if;
end $$;

-- Forget a target that is not in the configuration any more: what it was told, and what it was owed. Should it come back it
-- gets a snapshot, like any new one.
create function target_forget(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	gone smallint;
begin
	perform require_administrator(format('target forget %s', name));
	gone := need_target(name);
	if (select t.configured and is_driver_led(t.kind) from targets t where t.id = gone) then
		raise exception 'target % is in the configuration of the rosterd that serves it', name using errcode = 'object_in_use',
			hint = 'take it out there and reload that first';
	end if;
	with forgotten as (delete from targets t where t.id = gone returning t.windows)
	update installation i set windows = greatest(i.windows, f.windows) from forgotten f;
end $$;

-- The targets of a driver, or one of them, are tried at once; what kept them from being told counts no more.
create function hurry(driver text, name text) returns void language sql volatile security definer set search_path = roster, pg_temp as $$
	update targets t set due = now(), error = null where t.kind = driver and t.state = 'active' and t.configured and (hurry.name is null or t.name = hurry.name);
	update lanes l set due = now(), error = null from targets t where t.id = l.target and t.kind = driver and (hurry.name is null or t.name = hurry.name);
$$;

-- The same, asked for by a person: gives the revision up to which they are to be told.
-- anew: it has lost what it was told, and gets a complete snapshot.
create function target_hurry(name text, anew boolean) returns bigint language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform require_administrator('deliver');
	if anew then
		delete from windows w using targets t where t.id = w.target and (target_hurry.name is null or t.name = target_hurry.name);
		update targets t set history = null where target_hurry.name is null or t.name = target_hurry.name;
	end if;
	perform hurry(k.kind, target_hurry.name) from (select distinct t.kind from targets t) k;
	perform pg_notify('roster_request', '');
	return head();
end $$;

-- Does a process tell the targets of this type now?
create function is_driver_led(kind text) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2
		and l.database = (select d.oid from pg_database d where d.datname = current_database())
		and l.classid = (writer_lock_class() + 2)::oid and l.objid = (hashtext(kind)::bigint & 4294967295)::oid)
$$;

-- Who is still to be told up to a revision, of those that answer.
create function delivery_waiting(name text, revision bigint) returns table (target text, served boolean, waiting boolean)
language sql stable security definer set search_path = roster, pg_temp as $$
	select t.name, is_driver_led(t.kind), t.state = 'active' and t.error is null and ((t.history is not null and t.cursor < revision)
		or (t.history is null and (exists (select from sources s where s.first_run_at is not null)
			or not exists (select from sources s where s.id <> 0)))
		or exists (select from lanes l where l.target = t.id and l.error is null))
	from targets t where t.configured and (delivery_waiting.name is null or t.name = delivery_waiting.name)
$$;

create function target_list(name text default null) returns table (target text, kind text, state text, resources bigint, cursor bigint, behind bigint, lanes bigint,
	confirmed_at timestamptz, attempts integer, due timestamptz, error text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select t.name, t.kind, case when not t.configured then 'not in the configuration' when t.state <> 'active' then t.state::text
			when t.history is null then 'new' when t.error is not null then 'failing'
			when exists (select from lanes l where l.target = t.id and l.error is not null) then 'refuses some'
			when t.cursor < head() or exists (select from lanes l where l.target = t.id) then 'behind' else 'up to date' end,
		(select count(*) from followed f where f.target = t.id), t.cursor, head() - t.cursor,
		(select count(*) from lanes l where l.target = t.id),
		t.confirmed_at, t.attempts, case when t.attempts > 0 then t.due end,
		coalesce(t.error, (select min(l.error) from lanes l where l.target = t.id))
	from targets t where target_list.name is null or t.name = target_list.name order by t.name
$$;

-- Who has been told what is so now about a resource.
create function told_list(resource integer, since bigint) returns table (target text, state text, confirmed_at timestamptz, error text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select t.name, case when t.state <> 'active' then t.state::text when coalesce(l.revision, t.cursor) >= told_list.since then 'ok' else 'pending' end,
		t.confirmed_at, coalesce(l.error, t.error)
	from followed f join targets t on t.id = f.target left join lanes l on l.target = f.target and l.resource = f.resource
	where f.resource = told_list.resource and t.configured order by t.name
$$;

-- Whom a plan would be told to if it were applied, with how many of the resources each follows it reaches, as
-- [[name, number]]; NULL when there is no target. What somebody has in another way as well is not looked at.
create function would_notify(run bigint) returns json language sql stable security definer set search_path = roster, pg_temp as $$
	with changes as materialized (
		select c.kind, c.action, c.user_id, c.role, k.resource as anchor, k.anchor as name
		from planned_changes c left join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
		where c.run = would_notify.run and not c.held
	), people as (
		select distinct c.user_id from changes c where c.kind = 'user' and c.action in ('vanish', 'disable', 'return')
	), doors as (
		select c.anchor, c.role from changes c where c.kind = 'grant' and c.anchor is not null
		union
		select g.anchor, g.role from people p join grants g on g.user_id = p.user_id
	), touched as materialized (
		select t.resource from doors d join reach t on t.anchor = d.anchor
		where exists (select from role_kinds k where k.role = d.role and k.kind = t.kind)
		union
		select a.id from people p join apps a on a.owner = p.user_id and not a.archived
	), named as materialized (
		select n.name from touched t join resource_names n on n.resource = t.resource
		where exists (select from targets t where t.configured and t.history is null)
	), made as materialized (
		select 'group:' || c.name as name from changes c where c.kind = 'group' and c.action = 'add'
	), told as (
		select t.name, t.history is null as is_new, t.id, (select string_agg(pattern_regex(p), '|') from unnest(t.patterns) p) as regex
		from targets t where t.configured and t.state <> 'disabled'
	), counted as (
		select o.name, case when o.is_new then (select count(*) from named n where lower(normalize(n.name, NFKC)) ~ o.regex)
				else (select count(*) from followed f join touched t on t.resource = f.resource where f.target = o.id) end
			+ (select count(*) from made m where lower(normalize(m.name, NFKC)) ~ o.regex) as resources
		from told o
	)
	select case when exists (select from told) then
		(select coalesce(json_agg(json_build_array(left(c.name, 64), c.resources) order by c.resources desc, c.name), '[]')
		from (select * from counted where resources > 0 order by resources desc, name limit 40) c) end
$$;
grant execute on function would_notify(bigint) to roster_daemon;

-- Resources that are told apart from the rest, and why.
create function lane_list() returns table (target text, resource text, state text, attempts integer, due timestamptz, error text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select t.name, f.name, case when l.error is not null then 'refused' when l.leaving then 'leaving' when l.revision = 0 then 'new' else 'behind' end,
		l.attempts, case when l."window" is null then l.due end, l.error
	from lanes l join targets t on t.id = l.target join followed f on f.target = l.target and f.resource = l.resource
	where t.configured order by 1, 2
$$;
grant execute on function lane_list() to roster_admin, roster_daemon;
grant execute on function target_forget(text) to roster_admin;
