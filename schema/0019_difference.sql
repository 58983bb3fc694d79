-- SPDX-License-Identifier: Apache-2.0
-- The difference between two revisions: who may do more, or less, on what; and all access to some resources at one.
--
-- A pair of person and resource changes only if a holding or a reach is in force at one of the two revisions and not at the
-- other, or what a role means is. These are expanded into pairs (again, too many is allowed, too few is not), and only these
-- pairs are compared.
--
-- Everything goes from step to step in arrays: nothing is written, so a reader may ask, and the planner sees how few there are.
-- A view of access is restricted with "= any (array)", which reaches the tables below it; a join does not. Few rows take
-- plans that are made once for the session; many are worth a plan of their own (plan_for).

-- Pairs that may differ between the two revisions, of those in force at the second one. most: of either kind, at most.
create function touched_at(other bigint, at bigint, most bigint, tables bigint) returns table (user_id uuid, resource integer)
language plpgsql stable set search_path = roster, pg_temp set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off as $$
#variable_conflict use_column
declare
	users uuid[];
	anchors integer[];
	roles integer[];
	resources integer[];
	kinds resource_kind[];
	meant integer[]; -- roles, and anchors, each once: the planner looks at every element
	places integer[];
begin
	select array_agg(h.user_id), array_agg(h.anchor), array_agg(h.role) into users, anchors, roles from changed_holdings(other, at, tables) h;
	if users is not null then
		meant := array(select distinct r from unnest(roles) r);
		kinds := array(select distinct m.kind from role_kinds_at(at) m where m.role = any (meant));
		places := array(select distinct a from unnest(anchors) a);
		-- What an anchor reaches grows with the groups below it.
		perform plan_for(cardinality(users) + (select count(*)::integer / 20 from group_closure c where c.ancestor = any (places)));
		return query select h.user_id, t.resource from (
				select distinct h.user_id, h.anchor, m.kind from unnest(users, anchors, roles) h(user_id, anchor, role)
				join (select k.role, k.kind from role_kinds_at(at) k where k.role = any (meant)) m on m.role = h.role offset 0) h
			join reach_at(at) t on t.anchor = h.anchor and t.kind = h.kind
			where t.anchor = any (places) and t.kind = any (kinds) limit most;
	end if;
	perform plan_for(1);
	select array_agg(t.anchor), array_agg(t.resource), array_agg(t.kind) into anchors, resources, kinds from changed_reach(other, at, tables) t;
	places := held_places(anchors);
	if places <> '{}' then
		select array_agg(t.anchor), array_agg(t.resource), array_agg(t.kind) into anchors, resources, kinds
		from unnest(anchors, resources, kinds) t(anchor, resource, kind) where t.anchor = any (places);
		-- Not everybody who holds something there: a new group is reached from the platform, where every person holds a role.
		-- Nor whom a user role alone connects with it: what comes and goes is reached by what that role would open, too.
		roles := array(select distinct m.role from role_kinds_at(at) m where m.kind = any (array(select distinct k from unnest(kinds) k))
			and m.role not in (select u.role from user_roles u));
		perform plan_for(cardinality(anchors) + held_at(places));
		return query select h.user_id, t.resource from (
				select t.anchor, t.resource, m.role from unnest(anchors, resources, kinds) t(anchor, resource, kind)
				join role_kinds_at(at) m on m.kind = t.kind and m.role = any (roles) offset 0) t
			join holdings_at(at) h on h.anchor = t.anchor and h.role = t.role
			where h.anchor = any (places) and h.role = any (roles) limit most;
	end if;
end $$;

-- Pairs that may differ between two revisions, some of them twice. tables: as changed_facts() says; -1 is all.
create function touched_pairs(first bigint, last bigint, most bigint default null, tables bigint default -1) returns table (user_id uuid, resource integer)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return query select * from touched_at(last, first, most, tables);
	return query select * from touched_at(first, last, most, tables);
end $$;

-- The resources of such pairs, whoever it is, and some more.
create function touched_resources(other bigint, at bigint, tables bigint) returns table (resource integer)
language plpgsql stable set search_path = roster, pg_temp set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off as $$
#variable_conflict use_column
declare
	places integer[];
	roles integer[];
begin
	select array_agg(distinct h.anchor), array_agg(distinct h.role) into places, roles from changed_holdings(other, at, tables) h;
	perform plan_for(101);
	return query select t.resource from reach_at(at) t where t.anchor = any (places)
		and t.kind = any (array(select distinct k.kind from role_kinds_at(at) k where k.role = any (roles)))
		union select t.resource from changed_reach(other, at, tables) t;
end $$;

-- Access of some people or to some resources at a revision ---------------------------------------------------------------

-- Of these pairs, users[i] and resources[i].
call define_snapshot('access_of_pairs', 'users uuid[], resources integer[], at bigint', $$
declare
	few boolean; -- people
	many constant integer := 1000; -- of more people the planner would look at each, again and again
	people uuid[] := array(select distinct u from unnest(users) u);
	things integer[] := array(select distinct r from unnest(resources) r);
	anchors integer[];
	places integer[];
	holders uuid[]; -- who holds which role where, one by one
	held integer[];
	held_at integer[];
	roles integer[];
	kinds resource_kind[];
begin
	perform plan_for(least(cardinality(people), 5000));
	if cardinality(people) > many then
		people := array(select a.user_id from active_users_at(at) a where a.user_id in (select p from unnest(people) p));
	else
		people := array(select a.user_id from active_users_at(at) a where a.user_id = any (people));
	end if;
	few := cardinality(people) <= cardinality(things);
	if few then
		select array_agg(h.user_id), array_agg(h.anchor), array_agg(h.role) into holders, held_at, held
		from holdings_at(at) h where h.user_id = any (people);
		places := array(select distinct a from unnest(held_at) a);
	elsif cardinality(people) <= many then
		-- Where they hold something, and what is held by being what one is.
		places := array(select g.anchor from grants g where g.user_id = any (people) union select h.anchor from grants_history h where h.user_id = any (people)
			union select t from unnest(things) t union select e.app from environments_ever() e where e.id = any (things) union select platform());
	end if;
	if cardinality(places) * cardinality(things) <= 10000 then
		-- Each place with each resource: a few steps along indexes, however much lies below one and above the other.
		perform plan_for(1);
		select array_agg(t.anchor), array_agg(t.resource), array_agg(t.kind) into anchors, things, kinds
		from reach_at(at) t where t.anchor = any (places) and t.resource = any (things);
	elsif few and cardinality(users) > 30 and cardinality(people) * 10 < cardinality(things) then
		roles := array(select distinct r from unnest(held) r);
		kinds := array(select distinct m.kind from role_kinds_at(at) m where m.role = any (roles));
		perform plan_for(cardinality(users) * 3);
		return query {access select p.user_id, p.resource, a.bit from (
				select h.user_id, t.resource, h.bit from (
					select h.user_id, h.anchor, m.kind, m.bit from unnest(holders, held_at, held) h(user_id, anchor, role)
					join meant m on m.role = h.role offset 0) h
				join reach_at(at) t on t.anchor = h.anchor and t.kind = h.kind
				where t.anchor = any (places) and t.kind = any (kinds) offset 0) a
			join unnest(users, resources) p(user_id, resource) on p.user_id = a.user_id and p.resource = a.resource};
		return;
	else
		perform plan_for(cardinality(things) * 3);
		select array_agg(t.anchor), array_agg(t.resource), array_agg(t.kind) into anchors, things, kinds
		from reach_at(at) t where t.resource = any (things);
		few := false;
	end if;
	if not few then
		places := array(select distinct a from unnest(anchors) a);
		perform plan_for(least(cardinality(users) * 3, cardinality(people) * cardinality(places) / 20));
		if cardinality(people) > many then
			select array_agg(h.user_id), array_agg(h.anchor), array_agg(h.role) into holders, held_at, held
			from holdings_at(at) h where h.anchor = any (places) and h.user_id in (select p from unnest(people) p);
		else
			select array_agg(h.user_id), array_agg(h.anchor), array_agg(h.role) into holders, held_at, held
			from holdings_at(at) h where h.user_id = any (people) and h.anchor = any (places);
		end if;
	end if;
	roles := array(select distinct r from unnest(held) r);
	perform plan_for(least(cardinality(users) * 3, cardinality(anchors) * cardinality(holders) / 1000));
	return query {access select a.user_id, a.resource, m.bit from (
			select h.user_id, t.resource, h.role, t.kind from unnest(anchors, things, kinds) t(anchor, resource, kind)
			join unnest(holders, held_at, held) h(user_id, anchor, role) on h.anchor = t.anchor
			where ((h.user_id, t.resource) in (select p.u, p.r from unnest(users, resources) p(u, r))) is true offset 0) a -- one look at each
		join meant m on m.role = a.role and m.kind = a.kind};
end $$);

-- What both functions below do. {how}: what is returned; {said}: of roles that mean something; {who}: whose access.
create function to_resources(how text, said text, who text) returns text language sql immutable as $t$
	select replace(replace(replace($s$
declare
	anchors integer[];
	places integer[];
	things integer[];
	kinds resource_kind[];
	roles integer[];
begin
	perform plan_for(cardinality(resources) * 10);
	select array_agg(t.anchor), array_agg(t.resource), array_agg(t.kind) into anchors, things, kinds
	from reach_at(at) t where t.resource = any (resources);
	roles := array(select distinct m.role from ({said}) m where m.kind = any (array(select distinct k from unnest(kinds) k)));
	places := array(select distinct a from unnest(anchors) a);
	perform plan_for((select (count(*) / 5)::integer from grants g where g.anchor = any (places)));
	return query {{how} with given as materialized (
			select h.user_id, t.resource, t.bit, t.kind from (
				select h.user_id, h.anchor, h.role from holdings_at(at) h join active_users_at(at) u on u.user_id = h.user_id
				where h.anchor = any (places) and h.role = any (roles) and h.role not in (select u.role from user_roles u) {who} offset 0) h
			join (select t.anchor, t.resource, m.role, m.bit, m.kind from unnest(anchors, things, kinds) t(anchor, resource, kind)
				join meant m on m.kind = t.kind offset 0) t on t.anchor = h.anchor and t.role = h.role
		), opened as materialized (
			select h.user_id, m.kind, m.bit from holdings_at(at) h join meant m on m.role = h.role
			where h.anchor = platform() and h.role in (select u.role from user_roles u) and h.role = any (roles)
		)
		select g.user_id, g.resource, g.bit from given g
		union all
		select g.user_id, g.resource, o.bit from given g join opened o on o.user_id = g.user_id and o.kind = g.kind};
end $s$, '{how}', how), '{said}', said), '{who}', who)
$t$;

-- Of everybody to these resources.
call define_snapshot('access_snapshot', 'resources integer[], at bigint', to_resources('access', 'select * from role_kinds_at(at)', ''));
-- What roles changed in these people's access to these resources, by saying something else.
call define_snapshot('access_changes', 'people uuid[], resources integer[], other bigint, at bigint',
	to_resources('change', 'select * from role_kinds_at(at) union all select * from role_kinds_at(other)',
		'and h.user_id in (select p from unnest(people) p)'));
alter function access_snapshot(integer[], bigint) security definer;

create function access_snapshot(resource integer, at bigint) returns table (user_id uuid, permissions smallint[], roles integer[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.user_id, s.permissions, s.roles from access_snapshot(array[access_snapshot.resource], access_snapshot.at) s
$$;

-- What roles say of which kind of resource at one of the revisions and not at the other.
create function changed_meanings(first bigint, last bigint) returns table (role integer, kind resource_kind)
language sql stable set search_path = roster, pg_temp as $$
	select m.role, m.kind from (
		(select * from role_meanings_at(first) except select * from role_meanings_at(last))
		union all (select * from role_meanings_at(last) except select * from role_meanings_at(first))) m
	union
	select g.role, g.kind from (
		(select * from role_gates_at(first) except select * from role_gates_at(last))
		union all (select * from role_gates_at(last) except select * from role_gates_at(first))) g
$$;

-- The difference between revisions at which everybody holds the same: of those who hold a role that says something else, on
-- what that reaches.
create function difference_of_meanings(first bigint, last bigint, resources integer[], most integer)
returns table (user_id uuid, resource integer, permissions_before smallint[], permissions_after smallint[], roles_before integer[], roles_after integer[])
language plpgsql stable set search_path = roster, pg_temp
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off set work_mem = '64MB' set jit = off as $$
#variable_conflict use_column
declare
	meant integer[];
	kinds resource_kind[];
	people uuid[];
	places integer[];
	numbers bigint[];
	things integer[];
	at_once constant integer := 2000;
begin
	select array_agg(distinct m.role), array_agg(distinct m.kind) into meant, kinds from changed_meanings(first, last) m;
	perform plan_for((select count(*)::integer from (select from grants g where g.role = any (meant) limit 6000) few));
	select array_agg(h.user_id), array_agg(h.anchor) into people, places from holdings_at(last) h where h.role = any (meant);
	select array_agg(p.place), array_agg(p.number) into places, numbers from (
		select a as place, count(*) as number from unnest(places) a group by a) p;
	people := array(select distinct u from unnest(people) u);
	perform plan_for(cardinality(places) * 3);
	for things in select array_agg(r.resource) from (
			select t.resource, greatest(sum(sum(p.number)) over (order by t.resource) / most, row_number() over (order by t.resource) / at_once)::bigint as part
			from reach_at(last) t join unnest(places, numbers) p(place, number) on p.place = t.anchor
			where t.anchor = any (places) and t.kind = any (kinds) and (resources is null or t.resource = any (resources))
			group by t.resource) r group by r.part order by r.part loop
		return query select * from access_changes(people, things, first, last);
	end loop;
end $$;

-- The difference -----------------------------------------------------------------------------------------------------------

-- Pairs whose permissions or roles differ, with what they were and what they are. Of what came and went in between
-- nothing is said. resources: of these only; NULL is all. most: how many pairs may be held in
-- memory at once.
create function difference(first bigint, last bigint, resources integer[], most integer default 1000000)
returns table (user_id uuid, resource integer, permissions_before smallint[], permissions_after smallint[], roles_before integer[], roles_after integer[])
language plpgsql stable rows 50 security definer set search_path = roster, pg_temp
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off set work_mem = '64MB' set jit = off as $$
#variable_conflict use_column
declare
	users uuid[];
	things integer[];
	-- Facts that may be expanded. More are too many: then everything is compared, which is cheap for a few resources anyway.
	enough bigint := case when resources is null then most when cardinality(resources) > 20 then cardinality(resources) else 0 end;
	facts bigint;
	tables bigint;
	meanings boolean;
	grants boolean;
	touched bigint;
	at_once constant integer := 500;
begin
	if least(first, last) > 0 then
		perform need_revision(least(first, last));
	end if;
	select c.facts, c.tables, c.meanings, c.grants into facts, tables, meanings, grants from changed_facts(least(first, last), greatest(first, last), enough + 1) c;
	if facts = 0 then
		return;
	elsif facts <= enough and meanings then
		return query select * from difference_of_meanings(first, last, resources, most);
		return;
	elsif grants and facts <= least(enough, 10) and resources is null and first < last and last = head() then
		select t.users, t.resources into users, things from touched_now(first, last, tables, most) t;
		if users is not null then
			return query select * from difference_now(users, things, first);
			return;
		end if;
	end if;
	if facts <= enough then
		perform plan_for(cardinality(resources));
		select array_agg(t.user_id) filter (where t.wanted), array_agg(t.resource) filter (where t.wanted), coalesce(sum(t.number), 0)
		into users, things, touched from (
			select t.user_id, t.resource, count(*) as number, resources is null or t.resource = any (resources) as wanted
			from touched_pairs(first, last, most, tables) t group by t.user_id, t.resource) t;
		if touched < most then
			perform plan_for(cardinality(users));
			return query select coalesce(b.user_id, a.user_id), coalesce(b.resource, a.resource), coalesce(b.permissions, '{}'),
				coalesce(a.permissions, '{}'), coalesce(b.roles, '{}'), coalesce(a.roles, '{}')
			from access_of_pairs(users, things, first) b
			full join access_of_pairs(users, things, last) a on a.user_id = b.user_id and a.resource = b.resource
			where (b.permissions, b.roles) is distinct from (a.permissions, a.roles);
			return;
		end if;
	end if;
	if facts <= enough then
		things := array(select t.resource from touched_resources(last, first, tables) t union select t.resource from touched_resources(first, last, tables) t);
		resources := case when resources is null then things else array(select r from unnest(resources) r intersect select r from unnest(things) r) end;
	end if;
	resources := case when resources is null then array(select distinct t.resource from reach_within(least(first, last), greatest(first, last)) t order by 1)
		else array(select distinct r from unnest(resources) r order by 1) end;
	for place in 1 .. cardinality(resources) by at_once loop
		things := resources[place : place + at_once - 1];
		perform plan_for(cardinality(things) * 10);
		return query select coalesce(b.user_id, a.user_id), coalesce(b.resource, a.resource), coalesce(b.permissions, '{}'),
			coalesce(a.permissions, '{}'), coalesce(b.roles, '{}'), coalesce(a.roles, '{}')
		from access_snapshot(things, first) b
		full join access_snapshot(things, last) a on a.user_id = b.user_id and a.resource = b.resource
		where (b.permissions, b.roles) is distinct from (a.permissions, a.roles);
	end loop;
end $$;

create function difference(first bigint, last bigint)
returns table (user_id uuid, resource integer, permissions_before smallint[], permissions_after smallint[], roles_before integer[], roles_after integer[])
language plpgsql stable rows 50 security definer set search_path = roster, pg_temp as $$
begin
	return query select * from difference(difference.first, difference.last, null);
end $$;
