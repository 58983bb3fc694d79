-- SPDX-License-Identifier: Apache-2.0
-- Delivery: from the difference to messages, and what becomes of them.

-- The difference of a few grants --------------------------------------------------------------------------------------------
--
-- What is told most often: somebody joined a group or left it, and that is the latest revision. Then what anchors reach, what
-- roles mean and who is active is at both revisions as it is now, and to ask for what is now costs half of asking for what
-- was. difference() (0018) comes here when it is so, with its settings of the planner, and goes on in its own way when there
-- is more to compare.

-- Pairs that may differ between a revision and the latest one; NULL when there are more than a few, or than most.
create function touched_now(first bigint, last bigint, tables bigint, most integer, out users uuid[], out resources integer[])
language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	few constant integer := least(most, 100);
	people uuid[];
	places integer[];
begin
	select array_agg(h.user_id), array_agg(h.anchor) into people, places
	from (select c.user_id, c.anchor from changed_holdings(first, last, tables) c union select c.user_id, c.anchor from changed_holdings(last, first, tables) c) h;
	select coalesce(array_agg(t.user_id), '{}'), coalesce(array_agg(t.resource), '{}') into users, resources from (
		select h.user_id, t.resource from unnest(people, places) h(user_id, anchor) join reach t on t.anchor = h.anchor
		where t.anchor = any (places) limit few + 1) t;
	if cardinality(users) > few then
		users := null;
	end if;
end $$;

-- Of these pairs, users[i] and resources[i], those that differ. To each belongs a set of roles before and one after, as in
-- access_of_pairs(); where the set is the same, so is what it permits.
do $do$
begin
	execute replace($f$create function difference_now(users uuid[], resources integer[], first bigint)
returns table (user_id uuid, resource integer, permissions_before smallint[], permissions_after smallint[], roles_before integer[], roles_after integer[])
language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	people uuid[] := array(select u.id from users u where u.active and u.id = any (users));
	anchors integer[];
	things integer[];
	kinds resource_kind[];
	earlier boolean[]; -- the holdings of these people there, one by one
	holders uuid[];
	held_at integer[];
	roles integer[];
begin
	select array_agg(t.anchor), array_agg(t.resource), array_agg(t.kind) into anchors, things, kinds from reach t where t.resource = any (resources);
	select array_agg(h.earlier), array_agg(h.user_id), array_agg(h.anchor), array_agg(h.role) into earlier, holders, held_at, roles from (
		select true as earlier, h.user_id, h.anchor, h.role from holdings_at(first) h where h.user_id = any (people) and h.anchor = any (anchors)
		union all
		select false, h.user_id, h.anchor, h.role from holdings h where h.user_id = any (people) and h.anchor = any (anchors)) h;
	return query with numbered as materialized (
		select r.role, k.kind, (row_number() over ())::integer - 1 as number, (count(*) over ())::integer as size
		from (select distinct r as role from unnest(roles) r) r, (select distinct k as kind from unnest(kinds) k) k
	), held as materialized (
		select p.user_id, p.resource, bit_or(set_bit(n.none, n.number, h.earlier::integer))::text as before,
			bit_or(set_bit(n.none, n.number, (not h.earlier)::integer))::text as after
		from unnest(users, resources) p(user_id, resource)
		join unnest(anchors, things, kinds) t(anchor, resource, kind) on t.resource = p.resource
		join unnest(earlier, holders, held_at, roles) h(earlier, user_id, anchor, role) on h.anchor = t.anchor and h.user_id = p.user_id
		join (select n.*, repeat('0', n.size)::bit varying as none from numbered n) n on n.role = h.role and n.kind = t.kind
		group by p.user_id, p.resource
	), sets as materialized (
		select d.bits, array(select n.role from numbered n where substr(d.bits, n.number + 1, 1) = '1') as roles,
			(select n.kind from numbered n where n.number = strpos(d.bits, '1') - 1) as kind
		from (select h.before as bits from held h where h.before <> h.after union select h.after from held h where h.before <> h.after) d
	), {sets}
	select h.user_id, h.resource, b.permissions, a.permissions, b.roles, a.roles
	from held h join sets_now b on b.bits = h.before join sets_now a on a.bits = h.after
	where h.before <> h.after and (b.permissions, b.roles) is distinct from (a.permissions, a.roles);
end $$$f$, '{sets}', regexp_replace(sets_at('now'), '(role_\w+)_at\(now\)', '\1', 'g'));
end $do$;

-- Opening windows -----------------------------------------------------------------------------------------------------------

create function new_window(target smallint, kind window_kind, main boolean, after bigint, revision bigint) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	given bigint;
begin
	update targets t set windows = t.windows + 1 where t.id = new_window.target returning t.windows into given;
	insert into windows (target, number, kind, main, after, revision, reached)
	values (new_window.target, given, new_window.kind, new_window.main, new_window.after, new_window.revision,
		case when new_window.kind = 'snapshot' then 0 end);
	return given;
end $$;

-- Bring every target of a driver up to date with names and history. Says which cursors those stand at that are behind the
-- head; their difference is taken once for all that share one.
-- expectant: sources are configured. Before the first of them was applied there is nothing that is so: an app must not take
-- an empty tree for the truth.
create function open_targets(driver text, expectant boolean) returns table (head bigint, cursor bigint)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	latest bigint := head();
	here installation;
	told targets;
begin
	if expectant and not exists (select from sources s where s.first_run_at is not null) then
		return;
	end if;
	perform check_history();
	select * into here from installation;
	for told in select * from targets t where t.kind = driver and t.configured and t.state = 'active'
			and (t.history is distinct from here.history or t.scoped_at is distinct from here.names)
			and not exists (select from windows w where w.target = t.id and w.main) order by t.id loop
		if told.history is distinct from here.history then
			-- Never told, or told by a database that is no more: everything anew.
			delete from windows w where w.target = told.id;
			delete from lanes l where l.target = told.id;
			told.history := null;
			told.cursor := 0;
			perform scope_target(told);
			update targets t set history = here.history, cursor = 0 where t.id = told.id;
			perform new_window(told.id, 'snapshot', true, 0, latest);
		else
			perform scope_target(told);
		end if;
	end loop;
	return query select distinct latest, t.cursor from targets t where t.kind = driver and t.configured and t.state = 'active'
		and t.cursor < latest and not exists (select from windows w where w.target = t.id and w.main);
end $$;

-- Lanes that are due set out for the cursor, and those that have reached it end. Not while the cursor itself is under way:
-- they would only have to set out once more. Those never refused travel together, by what they need; the others each alone.
-- Before that: whom the differences from these cursors to the head did not concern has been told all there is. Says which
-- windows need parts then.
create function open_lanes(driver text, passed bigint[], head bigint)
returns table (target smallint, name text, "window" bigint, kind window_kind, main boolean, after bigint, revision bigint, parts integer, reached integer)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	lane record;
	opened bigint;
begin
	update targets t set cursor = open_lanes.head
	where t.kind = driver and t.configured and t.state = 'active' and t.cursor = any (passed) and t.history is not null
	  and not exists (select from windows w where w.target = t.id and w.main);
	delete from lanes l using targets t where t.id = l.target and t.kind = driver and l."window" is null and l.revision = t.cursor and not l.leaving
		and not exists (select from windows w where w.target = t.id and w.main);
	for lane in select t.id as target, t.cursor, array_agg(l.resource) as resources, l.leaving, l.revision
			from targets t join lanes l on l.target = t.id
			where t.kind = driver and t.configured and t.state = 'active' and l."window" is null and l.due <= now()
			  and not exists (select from windows w where w.target = t.id and w.main)
			group by t.id, l.leaving, l.revision, case when l.attempts > 0 then l.resource end
			order by t.id, l.leaving desc, l.revision loop
		opened := new_window(lane.target, case when lane.leaving then 'withdrawal' when lane.revision = 0 then 'snapshot'
			else 'difference' end::window_kind, false, lane.revision, lane.cursor);
		update lanes l set "window" = opened where l.target = lane.target and l.resource = any (lane.resources);
	end loop;
	return query select * from unwritten_windows(driver);
end $$;

-- One difference, as messages need it: names of today beside the ids of then. A resource without any change has a row
-- without a user where the whole list of a resource is told.
create type told_row as (target smallint, target_name text, resource integer, resource_name text, user_id uuid, login text, email text, name text, external_ids text,
	permissions_before text, permissions_after text, roles_before text, roles_after text);

-- What the targets of a driver that stand at this cursor must be told, removals first.
create function main_rows(driver text, cursor bigint, head bigint) returns setof told_row
language plpgsql stable security definer set search_path = roster, pg_temp set work_mem = '64MB' as $$
#variable_conflict use_column
begin
	return query
	select f.target, t.name, d.resource, f.name, d.user_id, u.login, u.email, u.name,
		(select coalesce(json_object_agg(s.name, i.external_id order by s.position, s.id), '{}')::text
			from identities i join sources s on s.id = i.source where i.user_id = u.id),
		d.permissions_before::text, d.permissions_after::text, d.roles_before::text, d.roles_after::text
	from difference(main_rows.cursor, main_rows.head) d
	join followed f on f.resource = d.resource
	join targets t on t.id = f.target
	join users u on u.id = d.user_id
	where t.kind = driver and t.configured and t.state = 'active' and t.cursor = main_rows.cursor and t.history is not null
	  and not exists (select from windows w where w.target = t.id and w.main)
	  and not exists (select from lanes l where l.target = t.id and l.resource = d.resource)
	order by f.target, not (d.permissions_after <@ d.permissions_before), d.resource, u.login, u.id;
end $$;

-- The rows of a window of lanes that are not a snapshot.
create function lane_rows(target smallint, "window" bigint) returns setof told_row
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	w windows := (select w from windows w where w.target = lane_rows.target and w.number = lane_rows."window");
	asked integer[] := (select array_agg(l.resource) from lanes l where l.target = lane_rows.target and l."window" = lane_rows."window");
begin
	return query
	select f.target, null, d.resource, f.name, d.user_id, u.login, u.email, u.name,
		(select coalesce(json_object_agg(s.name, i.external_id order by s.position, s.id), '{}')::text
			from identities i join sources s on s.id = i.source where i.user_id = u.id),
		d.permissions_before::text, d.permissions_after::text, d.roles_before::text, d.roles_after::text
	from (select * from difference(w.after, w.revision, asked) where w.kind = 'difference'
		union all
		select s.user_id, s.resource, s.permissions, '{}'::smallint[], s.roles, '{}'::integer[] from access_snapshot(asked, w.after) s where w.kind = 'withdrawal') d
	join followed f on f.resource = d.resource and f.target = lane_rows.target
	join users u on u.id = d.user_id
	order by not (d.permissions_after <@ d.permissions_before), d.resource, u.login, u.id;
end $$;

-- The resources of a window of lanes: of a withdrawal where nobody knows what was told, all there is to say.
create function lane_resources(target smallint, "window" bigint) returns table (resource integer, name text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select f.resource, f.name from lanes l join followed f on f.target = l.target and f.resource = l.resource
	where l.target = lane_resources.target and l."window" = lane_resources."window" order by 1
$$;

-- The next resources of a snapshot.
create function snapshot_resources(target smallint, "window" bigint, most integer) returns table (resource integer, name text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select f.resource, f.name from windows w join followed f on f.target = w.target and f.resource > w.reached
	left join lanes l on l.target = f.target and l.resource = f.resource
	where w.target = snapshot_resources.target and w.number = snapshot_resources."window"
	  and case when w.main then l.resource is null else l."window" = w.number end
	order by f.resource limit most
$$;

-- What a page of a snapshot is made of: who holds what where, what of it reaches which resource, and which roles count
-- there. Pairs are many times as many as these facts, so they are put together by who writes the messages
-- (src/message/snapshot.c); what the facts are, and what a set of roles permits, is decided here, by the one definition.
create function snapshot_roles(revision bigint) returns table (role integer, kind text, gives boolean)
language sql stable security definer set search_path = roster, pg_temp as $$
	select k.role, k.kind::text, k.gives from role_kinds_at(revision) k
$$;

-- What each of these sets of roles permits on a resource of its kind, and the roles that permit it.
create function snapshot_sets(kinds text[], sets text[], revision bigint) returns table (number bigint, permissions text, roles text)
language plpgsql stable security definer set search_path = roster, pg_temp
set plan_cache_mode = force_generic_plan set jit = off as $$
begin
	return query select s.number,
		coalesce(array_agg(distinct m.permission order by m.permission) filter (where m.role is not null), '{}')::text,
		coalesce(array_agg(distinct m.role order by m.role) filter (where m.role is not null and x.role is null), '{}')::text
	from (select u.kind::resource_kind, u.roles::integer[], u.number from unnest(kinds, sets) with ordinality u(kind, roles, number)) s
	left join role_meanings_at(revision) m on m.kind = s.kind and m.role = any (s.roles) and (m.unless is null or m.unless <> all (s.roles))
		and (m.needs is null or m.needs <@ array(select g.gate from role_gates_at(revision) g where g.kind = s.kind and g.role = any (s.roles)))
	left join setting_roles x on x.role = m.role
	group by s.number;
end $$;

-- Of each of these resources the anchors it is reached from.
create function snapshot_reach(resources integer[], revision bigint) returns table (resource integer, kind text, anchors text)
language plpgsql stable security definer set search_path = roster, pg_temp
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off set jit = off as $$
#variable_conflict use_column
begin
	perform plan_for(cardinality(resources) * 10);
	return query select t.resource, min(t.kind)::text, array_agg(t.anchor)::text
	from reach_at(revision) t where t.resource = any (resources) group by t.resource;
end $$;

-- What active people hold at these anchors, of roles that mean something on these kinds.
create function snapshot_holdings(anchors integer[], kinds text[], revision bigint) returns table (user_id uuid, anchor integer, role integer)
language plpgsql stable security definer set search_path = roster, pg_temp
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off set jit = off set work_mem = '64MB' as $$
#variable_conflict use_column
declare
	roles integer[] := array(select distinct m.role from role_kinds_at(revision) m where m.kind = any (kinds::resource_kind[]));
begin
	perform plan_for((select (count(*) / 5)::integer from grants g where g.anchor = any (anchors)));
	return query select h.user_id, h.anchor, h.role from holdings_at(revision) h join active_users_at(revision) u on u.user_id = h.user_id
	where h.anchor = any (anchors) and h.role = any (roles);
end $$;

create function snapshot_people(users uuid[]) returns table (user_id uuid, login text, email text, name text, external_ids text)
language plpgsql stable security definer set search_path = roster, pg_temp
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off set jit = off set work_mem = '64MB' as $$
#variable_conflict use_column
begin
	perform plan_for(cardinality(users));
	return query select u.id, u.login, u.email, u.name, coalesce(i.external_ids, '{}')
	from unnest(users) asked(id) join users u on u.id = asked.id
	left join (select i.user_id, json_object_agg(s.name, i.external_id order by s.position, s.id)::text as external_ids
		from identities i join sources s on s.id = i.source where i.user_id = any (users) group by i.user_id) i on i.user_id = u.id;
end $$;

-- What a complete snapshot could not tell: in lanes, or not told before. It must not be taken for gone.
create function snapshot_spared(target smallint) returns table (resource integer, name text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select f.resource, f.name from lanes l join followed f on f.target = l.target and f.resource = l.resource
	where l.target = snapshot_spared.target order by 1
$$;

create function snapshot_reached(target smallint, "window" bigint, resource integer) returns void
language sql volatile security definer set search_path = roster, pg_temp as $$
	update windows w set reached = snapshot_reached.resource where w.target = snapshot_reached.target and w.number = snapshot_reached."window"
$$;

create function add_part(target smallint, "window" bigint, resources integer[], body text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	update windows w set parts = w.parts + 1 where w.target = add_part.target and w.number = add_part."window";
	insert into parts (target, "window", part, resources, body)
	select w.target, w.number, w.parts, add_part.resources, add_part.body from windows w
	where w.target = add_part.target and w.number = add_part."window";
end $$;

-- Texts of people for the parts that will be written. The first ones take the place of all that were there: while a window
-- is written none of its parts waits.
create function keep_people(target smallint, "window" bigint, first integer, texts text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	if keep_people.first = 0 then
		delete from part_people p where p.target = keep_people.target and p."window" = keep_people."window";
	end if;
	insert into part_people (target, "window", first, texts)
	values (keep_people.target, keep_people."window", keep_people.first, keep_people.texts);
end $$;

-- Windows that need parts: opened and empty, or snapshots that are not all in parts and have nothing left to send.
create function unwritten_windows(driver text)
returns table (target smallint, name text, "window" bigint, kind window_kind, main boolean, after bigint, revision bigint, parts integer, reached integer)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query
	select t.id, t.name, w.number, w.kind, w.main, w.after, w.revision, w.parts, w.reached from targets t join windows w on w.target = t.id
	where t.kind = driver and t.configured and t.state = 'active' and (w.reached is not null or w.parts = 0)
	  and not exists (select from parts p where p.target = w.target and p."window" = w.number)
	order by t.id, not w.main, w.number;
end $$;

-- Sending -----------------------------------------------------------------------------------------------------------------

-- The next parts of each target that is due, but for those that have some under way: of one window, in order, up to
-- sixteen, for a million bytes each is a good part. Their bytes are asked for apart: who has just written them has them.
create function due_parts(driver text, busy smallint[])
returns table (target smallint, name text, "window" bigint, part integer, id text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query
	select t.id, t.name, p."window", p.part, format('roster_%s_%s_%s_%s', t.history, t.id, p."window", p.part)
	from (select t.*, w.number from targets t
		cross join lateral (select w.number from windows w where w.target = t.id
			and exists (select from parts p where p.target = w.target and p."window" = w.number)
			order by w.kind <> 'withdrawal', w.number limit 1) w
		where t.kind = driver and t.configured and t.state = 'active' and t.due <= now() and t.id <> all (busy) limit 100) t
	cross join lateral (select p.* from parts p where p.target = t.id and p."window" = t.number order by p.part limit 16) p
	order by t.id, p.part;
end $$;

create function part_body(target smallint, "window" bigint, part integer) returns text
language sql stable security definer set search_path = roster, pg_temp as $$
	select p.body from parts p where p.target = part_body.target and p."window" = part_body."window" and p.part = part_body.part
$$;

create function kept_people(target smallint, "window" bigint) returns setof text
language sql stable security definer set search_path = roster, pg_temp as $$
	select p.texts from part_people p where p.target = kept_people.target and p."window" = kept_people."window" order by p.first
$$;

-- The instant at which something will be due that is not yet; NULL when nothing waits. Not of busy targets, nor of lanes that
-- wait for the cursor: these are looked at when what is under way has been settled.
create function next_due(driver text, busy smallint[]) returns timestamptz language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return (
	select min(due) from (
		select t.due from targets t where t.kind = driver and t.configured and t.state = 'active' and t.id <> all (busy)
		  and exists (select from parts p where p.target = t.id)
		union all
		select greatest(l.due, t.due) from lanes l join targets t on t.id = l.target
		where t.kind = driver and t.configured and t.state = 'active' and t.id <> all (busy) and l."window" is null
		  and not exists (select from windows w where w.target = t.id and w.main)) d);
end $$;

-- A window without parts left to write or to send is told.
create function close_window(target smallint, "window" bigint) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	w windows := (select w from windows w where w.target = close_window.target and w.number = close_window."window");
begin
	if w is null or w.reached is not null or exists (select from parts p where p.target = w.target and p."window" = w.number) then
		return;
	end if;
	if w.main then
		update targets t set cursor = w.revision where t.id = w.target and t.cursor = w.after;
	else
		update lanes l set "window" = null, refused = false where l.target = w.target and l."window" = w.number and l.refused;
		delete from followed f using lanes l where l.target = w.target and l."window" = w.number and l.leaving
		  and f.target = l.target and f.resource = l.resource;
		update lanes l set revision = w.revision, "window" = null, attempts = 0, error = null, due = now()
		where l.target = w.target and l."window" = w.number;
	end if;
	delete from windows d where d.target = w.target and d.number = w.number;
end $$;

create function parts_confirmed(target smallint, "window" bigint, first integer, last integer) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	delete from parts p where p.target = parts_confirmed.target and p."window" = parts_confirmed."window"
		and p.part between parts_confirmed.first and parts_confirmed.last;
	update targets t set attempts = 0, error = null, confirmed_at = clock_timestamp() where t.id = parts_confirmed.target;
	perform close_window(target, "window");
end $$;

-- The target is not to be had: it is asked again with the same bytes, when it says, else after a while.
create function target_later(target smallint, reason text, wait interval) returns interval
language sql volatile security definer set search_path = roster, pg_temp as $$
	update targets t set attempts = t.attempts + 1, error = reason,
		due = clock_timestamp() + case when target_later.wait is null then delivery_wait(t.attempts + 1) else greatest(target_later.wait, '1 s') end
	where t.id = target_later.target returning t.due - clock_timestamp()
$$;

-- The target does not take this part, now or ever: its resources go each into a lane of its own, the rest goes on. A
-- resource may be in other parts too, confirmed or still to be sent, so what the target knows of it is neither the state
-- before nor that after: its lane begins with a snapshot, and not before the window has ended whose parts speak of it. What
-- of a snapshot was not sent yet is written anew without them, since lists go over from part to part.
create function part_refused(target smallint, "window" bigint, part integer, reason text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	w windows := (select w from windows w where w.target = part_refused.target and w.number = part_refused."window");
	refused integer[] := (select p.resources from parts p
		where p.target = part_refused.target and p."window" = part_refused."window" and p.part = part_refused.part);
begin
	insert into lanes as l (target, resource, revision, attempts, due, error)
	select w.target, r, 0, 1, clock_timestamp() + delivery_wait(1), reason from (select distinct unnest(refused)) d(r)
	on conflict on constraint lanes_pkey do update set revision = 0, attempts = l.attempts + 1, error = excluded.error,
		due = clock_timestamp() + delivery_wait(l.attempts + 1),
		"window" = case when w.kind <> 'snapshot' then l."window" end, refused = w.kind <> 'snapshot' and l."window" is not null;
	if w.kind = 'snapshot' then
		delete from parts p where p.target = w.target and p."window" = w.number and p.part >= part_refused.part;
		update windows d set reached = (select max(r) from unnest(refused) r) where d.target = w.target and d.number = w.number;
	else
		delete from parts p where p.target = w.target and p."window" = w.number and p.part = part_refused.part;
	end if;
	update targets t set attempts = 0, error = null where t.id = part_refused.target;
	perform close_window(target, "window");
end $$;

create function target_disabled(target smallint, reason text) returns void language sql volatile security definer set search_path = roster, pg_temp as $$
	update targets t set state = 'disabled', error = reason where t.id = target_disabled.target
$$;
