-- SPDX-License-Identifier: Apache-2.0
-- Answers about effective access that are more than yes or no: for one person and one resource, for a person, for a resource.
--
-- "effective" says what they mean, and answers none of them well by itself. Nearly everybody holds something nearly everywhere (all are
-- users of the platform, which reaches everything), and what that means is worked out for each row before most are left out. So
-- these first ask which roles mean anything on such a resource, then who holds them, and then what they mean. Roles are asked for as
-- an array: that is a condition of each part of a view of several; one of a join would be looked at when all of it is there.

-- What this person may do here and why: a row for each permission and path. as_of is a revision; NULL is now. To plan the
-- question anew takes ten times as long as to answer it, and all are alike. Now, which is what apps ask: "effective" of one
-- person and one resource, with his access there read once for roles, gates and all, and each anchor named once; written out
-- for each kind of resource, so that a plan has only the ways by which that kind is reached.
create procedure define_effective_access() language plpgsql set search_path = roster, pg_temp as $define$
begin
	execute format(e'create function effective_access(user_id uuid, resource integer, as_of bigint default null)
returns table (permission text, role text, anchor text, source text, distance integer)
language plpgsql stable security definer set search_path = roster, pg_temp set plan_cache_mode = force_generic_plan as $f$
declare
	kind resource_kind := case when need_revision(as_of) is null then (select r.kind from resources r where r.id = resource) end;
	places integer[];
begin
	%s
	elsif as_of is not null then
		return query select distinct p.name, role_name(e.role, as_of), resource_name(e.anchor, as_of), s.name, e.distance
		from effective_at(as_of) e join permissions p on p.id = e.permission join sources s on s.id = e.source
		where e.user_id = effective_access.user_id and e.resource = effective_access.resource
		order by 1, 5, 2, 4;
	end if;
end $f$', (select string_agg(format($$if kind = %1$L then
		places := array(select distinct t.anchor from reach t where t.resource = effective_access.resource and t.kind = %1$L);
		return query with held as materialized (
			select distinct a.role, a.anchor, a.source, a.distance from access a
			where a.user_id = effective_access.user_id and a.resource = effective_access.resource and a.kind = %1$L and a.anchor = any (places)
		), named as materialized (
			select d.anchor, resource_name(d.anchor) as name from (select distinct h.anchor from held h) d
		)
		select p.name, r.name, n.name, s.name, h.distance
		from held h join role_meanings m on m.role = h.role and m.role = any (array(select o.role from held o)) and m.kind = %1$L
			join permissions p on p.id = m.permission join roles r on r.id = h.role
			join sources s on s.id = h.source join named n on n.anchor = h.anchor
		where (m.needs is null or m.needs <@ array(select g.gate from role_gates g where g.role = any (array(select o.role from held o)) and g.kind = %1$L))
		  and (m.unless is null or m.unless not in (select o.role from held o))
		order by 1, h.distance, 2, s.name;$$, k), e'\n\tels' order by k) from unnest(enum_range(null::resource_kind)) k));
end $define$;
call define_effective_access();
drop procedure define_effective_access();

create function effective_access(login text, resource text, as_of bigint default null)
returns table (permission text, role text, anchor text, source text, distance integer)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(effective_access.login);
	place integer := resource_named(effective_access.resource, as_of);
begin
	return query select * from effective_access(person, place, as_of);
end $$;

-- "effective" of one resource, or of one person on resources of some kinds: a row for each permission and way; only this permission,
-- unless it is NULL; as of a revision, NULL is now.
create procedure define_effective_for(name text, given text, parameters text, kinds text, anchored text, other text, other_type text)
language plpgsql set search_path = roster, pg_temp as $define$
declare
	answer constant text := format($$
		select array_agg(distinct m.role), array_agg(distinct n.gate), array_agg(distinct m.unless) into giving, needed, taking
		from {role_meanings} m left join lateral unnest(m.needs) n(gate) on true
		where m.kind = any (kinds) and (asked is null or m.permission = asked);
		-- with those that open gates for them, or take away
		bearing := giving || taking || array(select g.role from {role_gates} g where g.kind = any (kinds) and g.gate = any (needed));
		anchors := array(select distinct x.anchor from {%4$s} x where x.%2$s = %1$s.%2$s and %7$s);
		return query with held as materialized (
			select distinct %6$s, t.kind, h.role, h.anchor, h.source, t.distance
			from {holdings} h join {reach} t on t.anchor = h.anchor join {active_users} u on u.user_id = h.user_id
			where %5$s = %1$s.%2$s and h.anchor = any (anchors) and t.anchor = any (anchors) and h.role = any (bearing) and t.kind = any (kinds)
		), meant as materialized (
			select m.* from {role_meanings} m
			where m.role = any (giving) and m.kind = any (kinds) and (asked is null or m.permission = asked)
		), opened as materialized (
			select distinct h.%3$s, g.gate
			from held h join {role_gates} g on g.role = h.role and g.kind = h.kind and g.role = any (bearing)
			where exists (select from meant m where m.needs is not null)
		)
		-- (looked up in what is hashed once: how many there are the planner cannot know)
		select h.%3$s, h.kind, m.permission, h.role, h.anchor, h.source, h.distance
		from held h join meant m on m.role = h.role and m.kind = h.kind
		where (m.needs is null or not exists (
				select from unnest(m.needs) n(gate) where (h.%3$s, n.gate) not in (select o.%3$s, o.gate from opened o)))
		  and (m.unless is null or (h.%3$s, m.unless) not in (select x.%3$s, x.role from held x));$$, name, given, other, anchored,
		case given when 'user_id' then 'h.user_id' else 't.resource' end, case given when 'user_id' then 't.resource' else 'h.user_id' end,
		case given when 'user_id' then 'x.role = any (bearing)' else 'x.kind = any (kinds)' end);
begin
	execute format($text$create function %s(%s, asked smallint default null, as_of bigint default null)
returns table (%s %s, kind resource_kind, permission smallint, role integer, anchor integer, source smallint, distance integer)
language plpgsql stable set search_path = roster, pg_temp set jit = off as $f$
#variable_conflict use_column
declare
	kinds resource_kind[] := %s;
	giving integer[];
	needed gate[];
	taking integer[];
	bearing integer[];
	anchors integer[];
begin
	if as_of is null then %s
	else %s
	end if;
end $f$$text$, name, parameters, other, other_type, kinds,
		regexp_replace(answer, '\{(\w+)\}', '\1', 'g'), regexp_replace(answer, '\{(\w+)\}', '\1_at(as_of)', 'g'));
end $define$;
-- of a resource that is gone nobody knows the kind
call define_effective_for('effective_on', 'resource', 'resource integer',
	'coalesce((select array[r.kind] from resources r where r.id = effective_on.resource), enum_range(null::resource_kind))', 'reach', 'user_id', 'uuid');
call define_effective_for('effective_of', 'user_id', 'user_id uuid, kinds_asked resource_kind[]', 'kinds_asked', 'holdings', 'resource', 'integer');
drop procedure define_effective_for(text, text, text, text, text, text, text);

-- Who may do this here, with every path that gives it. Of environments a person is told to whom they are open.
create function who_can(permission smallint, resource integer, as_of bigint default null)
returns table (user_id uuid, login text, role text, anchor text, source text, distance integer)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	perform need_revision(as_of);
	-- Nothing is what nobody is asked about; an answer would be read as "all these may".
	if permission is null or resource is null then
		return;
	end if;
	if (case when pg_has_role(session_user, 'roster_admin', 'member') then true else actor() is not null end) and exists (select from environments_ever() e where e.id = resource) then
		perform need_seen_permissions(resource);
	end if;
	return query with ways as materialized (
		select * from effective_on(resource, permission, as_of)
	), anchors as materialized (
		select d.anchor, resource_name(d.anchor, as_of) as name from (select distinct w.anchor from ways w) d
	), roles_held as materialized (
		select d.role, role_name(d.role, as_of) as name from (select distinct w.role from ways w) d
	)
	select w.user_id, u.login, r.name, a.name, s.name, w.distance
	from ways w join users u on u.id = w.user_id join sources s on s.id = w.source
		join anchors a on a.anchor = w.anchor join roles_held r on r.role = w.role
	order by u.login, w.distance, r.name, s.name;
end $$;

create function who_can(permission text, resource text, as_of bigint default null)
returns table (user_id uuid, login text, role text, anchor text, source text, distance integer)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return query select * from who_can(permission_named(who_can.permission), resource_named(who_can.resource, as_of), as_of);
end $$;

-- Every app, environment and namespace where a person may do something, with the roles by which he may. Inactive people
-- may do nothing.
create function access_of(who text) returns table (resource text, roles text[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select resource_name(e.resource), array_agg(distinct r.name)
	from effective_of(need_user(who), '{app,namespace,environment,production_environment}') e join roles r on r.id = e.role
	group by e.resource order by 1
$$;

-- The team of an app: the owner, who was invited, and who inherits, with the group and the path that brings him. That a
-- member of a group is App Member too goes without saying.
create function app_members(name text) returns table (login text, membership text, role text, through text, active boolean)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	here integer := need_app(name);
	-- Also while it is archived, and those who are suspended: the team is kept.
	places integer[] := array(select here
		union select c.ancestor from apps a join group_closure c on c.descendant = a.owner_group where a.id = here
		union select x.access_group from access_group_apps x where x.app = here);
	roles_here integer[] := array(select r.id from roles r where r.kind <> 'platform');
begin
	return query
	with named as materialized (
		select p.place, regexp_replace(resource_name(p.place), '^group:', '') as name from unnest(places) p(place)
	)
	select u.login, case when o.name = 'Owner' and o.structural then 'owner' when h.anchor = here then 'direct' else 'inherited' end,
		o.name, case when h.anchor <> here then n.name end, u.active
	from holdings h join users u on u.id = h.user_id join roles o on o.id = h.role join named n on n.place = h.anchor
	where h.anchor = any (places) and h.role = any (roles_here)
	  and (o.structural or exists (select from grants g where g.user_id = h.user_id and g.anchor = h.anchor and g.role = h.role))
	group by u.login, u.id, u.active, h.anchor, n.name, o.name, o.structural
	order by case when o.structural then 0 when h.anchor = here then 1 else 2 end, u.login, o.name;
end $$;
