-- SPDX-License-Identifier: Apache-2.0
-- Effective access: the one definition.
--
--   holdings       who holds which role at which anchor: grants, ownership, settings, and what follows from these
--   reach          which resources an anchor reaches: itself, what its groups own below it, what is associated with them
--   access         person x resource x role: holdings joined with reach, for active people
--   role_meanings  what a role permits on a kind of resource, and what else that needs; role_gates: what it opens for others
--   effective      access joined with the meanings of its roles
--
-- So what a person may do on a resource follows from the set of roles that reach it from him, and from nothing else.
--
-- Each is written once and compiled three times: as a view over the facts as they are (holdings, reach, access, effective);
-- as a function over the facts as of a revision (holdings_at(r), ...); and as a function over the facts that were true at
-- some moment from one revision to another (holdings_within(x, y), ...), which is what a change may have touched. {name}
-- stands for a fact table in any reading. All are inlined by the planner, so a question about one person or one resource
-- is a walk along indexes.

create procedure define_access(name text, columns text, body text) language plpgsql set search_path = roster, pg_temp as $$
declare
	now_body text := body;
	then_body text := body;
	within_body text := body;
	ever text;
	fact record;
begin
	for fact in select f.name::text as table_name, (select relname from pg_class where oid = f.name) as short,
			(select string_agg(quote_ident(c), ', ') from unnest(f.columns) c) as list from fact_tables f loop
		now_body := replace(now_body, '{' || fact.short || '}', fact.table_name);
		-- No condition inside the union: then the planner can walk the indexes of both tables from whatever it is joined with.
		ever := format('select %2$s, since, 9223372036854775807 as until from %1$I union all select %2$s, since, until from %3$I',
			fact.short, fact.list, fact.short || '_history');
		then_body := replace(then_body, '{' || fact.short || '}',
			format('(select %s from (%s) ever where since <= $1 and until > $1)', fact.list, ever));
		within_body := replace(within_body, '{' || fact.short || '}',
			format('(select %s from (%s) ever where since <= $2 and until > $1)', fact.list, ever));
	end loop;
	now_body := regexp_replace(now_body, '\{(\w+)\}', '\1', 'g');
	then_body := regexp_replace(then_body, '\{(\w+)\}', '\1_at($1)', 'g');
	within_body := regexp_replace(within_body, '\{(\w+)\}', '\1_within($1, $2)', 'g');
	execute format('create view %I as %s', name, now_body);
	execute format('create function %I(revision bigint) returns table (%s) language sql stable as $f$ %s $f$',
		name || '_at', columns, then_body);
	execute format('create function %I(first bigint, last bigint) returns table (%s) language sql stable as $f$ %s $f$',
		name || '_within', columns, within_body);
end $$;

-- A group that lies elsewhere or is held hand-made keeps its meaning by id, never by name.
call define_access('holdings', 'user_id uuid, anchor integer, role integer, source smallint', $$
	select user_id, anchor, role, source from {grants} g
	union all
	select a.owner, a.id, r.id, 0::smallint from {apps} a, roles r where r.kind = 'project' and r.name = 'Owner'
	union all
	select u.id, p.id, r.id, 0::smallint from {users} u, resources p, roles r
	where p.kind = 'platform' and r.kind = 'platform' and r.name = 'User'
	union all
	select n.technical_contact, n.app, r.id, 0::smallint from {nodes} n, roles r where r.kind = 'project' and r.name = 'Technical Contact'
	union all
	select s.user_id, s.environment, r.role, 0::smallint from {environment_settings} s
	join setting_roles r on r.permission = s.permission and r.allowed = s.allowed
	union all
	-- Who administers a group that is in use is a user of the highest kind everywhere, once for each source that says so: many
	-- groups are not more. An archived one keeps its administrators, for when it comes back.
	select u.id, p.id, r.id, s.id
	from {users} u, sources s, resources p, roles r
	where p.kind = 'platform' and r.kind = 'platform' and r.name = 'Administrator of Some Group'
	  and exists (select from roles ga join {grants} g on g.role = ga.id
		where ga.kind = 'platform' and ga.name = 'Group Administrator' and g.user_id = u.id and g.source = s.id
		  -- (few are archived: they are looked up at once, and of many grants none needs a look at its group)
		  and g.anchor not in (select o.id from {groups} o where o.archived))
	union all
	-- Who is in a group is App Member of its apps; that means something with a user role alone.
	select g.user_id, g.anchor, m.id, g.source
	from {grants} g, roles m
	where m.kind = 'app' and m.name = 'App Member'
	  and exists (select from roles o join {grants} l on l.role = o.id where o.opens <> '{}' and l.user_id = g.user_id)
	  -- Not at an app itself, nor by a user role. Said so because roles and access groups that are gone are not looked up: what
	  -- was held there earlier was held.
	  and not exists (select from {apps} a where a.id = g.anchor)
	  and not exists (select from roles p where p.id = g.role and p.kind = 'platform')
$$);

-- distance counts the steps down the group tree from the anchor to the group the resource belongs to.
call define_access('reach', 'anchor integer, resource integer, kind resource_kind, distance integer, via integer', $$
	select a.id as anchor, a.id as resource, 'app'::resource_kind as kind, 0 as distance, null::integer as via
	from {apps} a where not a.archived
	union all
	select c.ancestor, a.id, 'app', c.distance, a.owner_group
	from {apps} a join {group_closure} c on c.descendant = a.owner_group where not a.archived
	union all
	select x.access_group, a.id, 'app', 0, null::integer
	from {access_group_apps} x join {apps} a on a.id = x.app where not a.archived
	union all
	select p.id, a.id, 'app', 0, null::integer
	from resources p, {apps} a where p.kind = 'platform' and not a.archived
	union all
	select e.id, e.id, e.kind, 0, null::integer
	from {environments} e join {apps} a on a.id = e.app where not a.archived
	union all
	select a.id, e.id, e.kind, 0, null::integer
	from {environments} e join {apps} a on a.id = e.app where not a.archived
	union all
	select c.ancestor, e.id, e.kind, c.distance, a.owner_group
	from {environments} e join {apps} a on a.id = e.app join {group_closure} c on c.descendant = a.owner_group where not a.archived
	union all
	select x.access_group, e.id, e.kind, 0, null::integer
	from {environments} e join {apps} a on a.id = e.app join {access_group_apps} x on x.app = a.id where not a.archived
	union all
	select c.ancestor, n.namespace, 'namespace', c.distance, n.group_id
	from {group_namespaces} n join {group_closure} c on c.descendant = n.group_id
	union all
	select c.ancestor, c.descendant, 'group', c.distance, c.descendant
	from {group_closure} c
	union all
	select g.id, k.id, 'cluster', 0, g.id
	from {clusters} k, {groups} g where g.parent_id is null
	union all
	select p.id, p.id, 'platform', 0, null::integer
	from resources p where p.kind = 'platform'
	union all
	select p.id, g.id, 'group', 0, null::integer
	from resources p, {groups} g where p.kind = 'platform'
	union all
	select p.id, k.id, 'cluster', 0, null::integer
	from resources p, {clusters} k where p.kind = 'platform'
$$);

call define_access('access', 'user_id uuid, resource integer, kind resource_kind, role integer, anchor integer, source smallint, distance integer, via integer', $$
	select h.user_id, t.resource, t.kind, h.role, h.anchor, h.source, t.distance, t.via
	from {holdings} h
	join {reach} t on t.anchor = h.anchor
	join {users} u on u.id = h.user_id and u.active
$$);

-- needs: gates that roles reaching the same resource open, this one or others. unless: a role that takes it away.
call define_access('role_meanings', 'role integer, kind resource_kind, permission smallint, needs gate[], unless integer', $$
	select rp.role, s.kind, rp.permission, case when p.gate is not null then array[p.gate] end as needs, null::integer as unless
	from {role_permissions} rp
	join permissions p on p.id = rp.permission and p.scope not in ('env', 'env_self')
	join scope_resources s on s.scope = p.scope
	union all
	select f.role, f.kind, f.permission, array['cloud'::gate], null
	from {role_environment_permissions} f
	union all
	-- API Rights come by themselves where they are open to be set, but not in production.
	select e.role, e.kind, p.id, array['cloud'::gate], r.role
	from {role_environments} e, permissions p join setting_roles r on r.permission = p.id and not r.allowed
	where e.access = 'custom' and e.kind = 'environment' and p.name = 'env.api'
	union all
	select r.role, s.kind, r.permission, case p.scope when 'env' then array['cloud', 'custom'] else array['cloud'] end::gate[], null
	from setting_roles r join permissions p on p.id = r.permission join scope_resources s on s.scope = p.scope where r.allowed
$$);

call define_access('role_gates', 'role integer, kind resource_kind, gate gate', $$
	select r.id as role, 'app'::resource_kind as kind, o.gate from roles r, unnest(r.opens) o(gate)
	union all
	select rp.role, s.kind, 'cloud' from {role_permissions} rp join permissions p on p.id = rp.permission and p.name = 'project.cloud_access',
		scope_resources s where s.scope = 'env'
	union all
	select e.role, e.kind, 'custom' from {role_environments} e where e.access = 'custom'
	union all
	select r.id, s.kind, g.gate from roles r, scope_resources s, (values ('cloud'::gate), ('custom')) g(gate)
	where r.kind = 'project' and r.name = 'Technical Contact' and s.scope = 'env'
$$);

-- Roles that bear on what a person may do on a kind of resource: no other one needs a look. Those that give nothing and only
-- open gates, or take away, matter to whom another role gives something there.
call define_access('role_kinds', 'role integer, kind resource_kind, gives boolean', $$
	select k.role, k.kind, bool_or(k.gives) as gives from (
		select m.role, m.kind, true as gives from {role_meanings} m
		union all
		select g.role, g.kind, false from {role_gates} g
		union all
		select m.unless, m.kind, false from {role_meanings} m where m.unless is not null) k
	group by k.role, k.kind
$$);

call define_access('effective', 'user_id uuid, resource integer, kind resource_kind, permission smallint, role integer, anchor integer, source smallint, distance integer, via integer', $$
	select a.user_id, a.resource, a.kind, m.permission, a.role, a.anchor, a.source, a.distance, a.via
	from {access} a
	join {role_meanings} m on m.role = a.role and m.kind = a.kind
	where (m.needs is null or not exists (
		select from unnest(m.needs) n(gate) where not exists (
			select from {access} o join {role_gates} g on g.role = o.role and g.kind = o.kind
			where o.user_id = a.user_id and o.resource = a.resource and g.gate = n.gate)))
	  and (m.unless is null or not exists (
		select from {access} o where o.user_id = a.user_id and o.resource = a.resource and o.role = m.unless))
$$);

call define_access('active_users', 'user_id uuid', 'select u.id as user_id from {users} u where u.active');

-- What sets of roles permit as of a revision, as steps of the query that define_snapshot() makes.
create function sets_at(at text) returns text language sql immutable as $t$
	select replace($s$meanings_{at} as materialized (
		select m.* from role_meanings_at({at}) m where m.role = any (roles)
	), gates_{at} as materialized (
		select g.* from role_gates_at({at}) g where g.role = any (roles)
	), sets_{at} as materialized (
		select s.bits, coalesce(array_agg(distinct m.role order by m.role) filter (where m.role is not null and x.role is null), '{}') as roles,
			coalesce(array_agg(distinct m.permission order by m.permission) filter (where m.role is not null), '{}') as permissions
		from sets s
		left join meanings_{at} m on m.kind = s.kind and m.role = any (s.roles) and (m.unless is null or m.unless <> all (s.roles))
			and (m.needs is null or m.needs <@ array(select g.gate from gates_{at} g where g.kind = s.kind and g.role = any (s.roles)))
		left join setting_roles x on x.role = m.role
		group by s.bits
	)$s$, '{at}', at)
$t$;

-- Make a plpgsql function that returns access as of the revision "at". body has {access QUERY} where it returns: user_id,
-- resource and bit, the place in meant of a role that means something there; of no other roles than those in the array roles.
-- The same few sets of roles come again and again, so what a set permits is worked out once; a string of bits is the smallest
-- thing to collect them in. {change QUERY} returns what differs from the revision "other", at which everybody held the same.
create procedure define_snapshot(name text, parameters text, body text) language plpgsql set search_path = roster, pg_temp as $$
declare
	held text := $t$numbered as materialized (
		select k.role, k.kind, (row_number() over ())::integer - 1 as number, (count(*) over ())::integer as size from ({kinds}) k
	), meant as materialized (
		select n.*, set_bit(repeat('0', n.size)::bit varying, n.number, 1) as bit from numbered n
	), held as materialized (
		select a.resource, a.user_id, bit_or(a.bit)::text as bits from (\1) a group by a.resource, a.user_id
	), sets as materialized (
		select h.bits, array(select n.role from numbered n where substr(h.bits, n.number + 1, 1) = '1') as roles,
			(select n.kind from numbered n where n.number = strpos(h.bits, '1') - 1) as kind
		from (select distinct held.bits from held) h
	)$t$;
	kinds text := 'select k.role, k.kind from role_kinds_at({at}) k where k.role = any (roles)';
	changes boolean := body ~ '\{change ';
begin
	body := regexp_replace(body, '\{access ([^}]*)\}', 'with ' || replace(held, '{kinds}', replace(kinds, '{at}', 'at')) || ', ' || sets_at('at') || $t$
	select held.resource, held.user_id, s.permissions, s.roles from held join sets_at s on s.bits = held.bits and s.permissions <> '{}'$t$, 'g');
	body := regexp_replace(body, '\{change ([^}]*)\}', 'with ' || replace(held, '{kinds}',
		replace(kinds, '{at}', 'at') || ' union ' || replace(kinds, '{at}', 'other')) || ', ' || sets_at('at') || ', ' || sets_at('other') || $t$
	select held.user_id, held.resource, o.permissions, a.permissions, o.roles, a.roles
	from held join sets_other o on o.bits = held.bits join sets_at a on a.bits = held.bits
	where (o.permissions, o.roles) is distinct from (a.permissions, a.roles)$t$, 'g');
	execute format('create function %I(%s)
	returns table (%s) language plpgsql stable set search_path = roster, pg_temp
	set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off set work_mem = ''64MB'' set jit = off as $f$
#variable_conflict use_column
%s $f$', name, parameters, case when changes
		then 'user_id uuid, resource integer, permissions_before smallint[], permissions_after smallint[], roles_before integer[], roles_after integer[]'
		else 'resource integer, user_id uuid, permissions smallint[], roles integer[]' end, body);
end $$;

-- Names for people and for command lines ------------------------------------------------------------------------------------

-- platform, group:/PATH, app:NAME, environment:APP/NAME, access-group:NAME, cluster:NAME, namespace:CLUSTER/NAME/PURPOSE
-- Of one that is gone the last name it had (past_names).
create function resource_name(resource integer) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return coalesce((select case r.kind
		when 'platform' then 'platform'
		when 'group' then 'group:' || group_path(r.id)
		when 'app' then 'app:' || (select a.name from apps a where a.id = r.id)
		when 'cluster' then 'cluster:' || (select k.name from clusters k where k.id = r.id)
		when 'namespace' then 'namespace:' || (select k.name || '/' || n.name || '/' || n.purpose
			from namespaces n join clusters k on k.id = n.cluster where n.id = r.id)
		when 'access_group' then 'access-group:' || (select x.name from access_groups x where x.id = r.id)
		else 'environment:' || (select a.name || '/' || e.name from environments e join apps a on a.id = e.app where e.id = r.id)
		end
	from resources r where r.id = resource_name.resource),
		(select p.name from past_names p where p.resource = resource_name.resource order by p.until desc limit 1));
end $$;

-- The resource of that name, or an error that says how names are written. env: is short for environment:
create function resource_named(name text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	rest text := lower(normalize(substr(name, position(':' in name) + 1), NFKC));
	part text[] := string_to_array(rest, '/');
	found_id integer;
begin
	case split_part(name, ':', 1)
	when 'platform' then found_id := platform();
	when 'group' then found_id := group_at(substr(name, 7));
	when 'app' then select id into found_id from apps where name_key = rest;
	when 'environment', 'env' then
		select e.id into found_id from environments e join apps a on a.id = e.app where a.name_key = part[1] and e.name_key = part[2];
	when 'access-group' then select id into found_id from access_groups where name_key = rest;
	when 'cluster' then select id into found_id from clusters where name_key = rest;
	when 'namespace' then
		select n.id into found_id from namespaces n join clusters k on k.id = n.cluster
		where k.name_key = part[1] and lower(n.name) = part[2] and n.purpose::text = part[3];
	else
		raise exception '"%" is not the name of a resource', name using errcode = 'invalid_parameter_value',
			hint = 'write platform, group:/PATH, app:NAME, environment:APP/NAME, access-group:NAME, cluster:NAME or namespace:CLUSTER/NAME/PURPOSE';
	end case;
	if found_id is null then
		raise exception 'there is no %', name using errcode = 'no_data_found', hint = near_hint(
			case split_part(name, ':', 1) when 'env' then 'environment' else split_part(name, ':', 1) end, substr(name, position(':' in name) + 1),
			'see rosterctl ' || case split_part(name, ':', 1)
				when 'app' then 'app list' when 'access-group' then 'access-group list' when 'cluster' then 'cluster list'
				when 'namespace' then 'namespace list' when 'group' then 'tree' else 'node show ' || split_part(substr(name, position(':' in name) + 1), '/', 1) end);
	end if;
	return found_id;
end $$;

-- Questions -------------------------------------------------------------------------------------------------------------------

-- May this person do this here? The app's own check, asked at every click, so it is the definition above cut down by hand:
--
--   * What a permission means on which kind of resource is compiled in, from the catalogue, so only that kind is looked
--     at. Of apps and namespaces, which are asked about most, each step is written out; the rest asks the view.
--   * plpgsql, because that keeps its plans for the session and SQL functions do not.
--   * No "set search_path", which costs as much as half the answer. What stands in for it: every table, function, type and
--     operator is named with its schema, so the caller's path decides nothing.
--
-- {allowed at ANCHORS}: the person is active and a role he holds at one of these anchors has the permission.
create procedure define_can() language plpgsql set search_path = roster, pg_temp as $define$
declare
	branches text := '';
	one record;
	-- Every role he has there, then the gates, then what these roles say: fixed, as it comes, or set for him.
	settings constant text := $settings$
		select a.id, a.owner = can.user_id, {places}
		into here, owns, places from roster.environments e join roster.apps a on a.id = e.app and not a.archived
		where e.id = can.resource and e.kind = '{kind}';
		if places is not null then
			if not exists (select from roster.users u where u.id = can.user_id and u.active) then
				return false;
			end if;
			select array(
				select g.role from roster.grants g
				where g.user_id = can.user_id and g.anchor = any (pg_catalog.array_append(pg_catalog.array_append(places, here), can.resource))
				union all select r.id from roster.roles r where r.kind = 'project' and owns and r.name = 'Owner'
				union all select r.id from roster.roles r where r.kind = 'project' and r.name = 'Technical Contact'
					and exists (select from roster.nodes n where n.app = here and n.technical_contact = can.user_id)
				union all select r.role from roster.environment_settings s
					join roster.setting_roles r on r.permission = s.permission and r.allowed = s.allowed
					where s.environment = can.resource and s.user_id = can.user_id) into held;
			select exists (select from roster.roles r where r.id = any (held) and r.kind = 'project' and r.name = 'Technical Contact'),
				exists (select from roster.role_environments m where m.role = any (held) and m.kind = '{kind}' and m.access = 'custom')
			into contact, open;
			if not contact and not exists (select from roster.role_permissions m where m.role = any (held) and m.permission = {cloud}) then
				return false;
			elsif exists (select from roster.role_environment_permissions m
					where m.role = any (held) and m.kind = '{kind}' and m.permission = can.permission) then
				return true;
			end if;
			return exists (select from roster.setting_roles m join roster.permissions p on p.id = m.permission
					where m.permission = can.permission and m.allowed and m.role = any (held) and (contact or open or p.scope = 'env_self'))
				or {api} and open and not exists (select from roster.setting_roles m
					where m.permission = can.permission and not m.allowed and m.role = any (held));
		end if;$settings$;
begin
	for one in select k.kind, g.gated, coalesce(case when g.gated then k.gated else k.body end, format($$
		if exists (select from roster.resources r where r.id = can.resource and r.kind = '%1$s') then
			return exists (select from roster.effective e where e.user_id = can.user_id and e.resource = can.resource
				and e.permission = can.permission and e.kind = '%1$s');
		end if;$$, k.kind)) as body
		from unnest(enum_range(null::resource_kind), array[null, null, $app$
		select {allowed at pg_catalog.array_append({places}, a.id)}, a.owner = can.user_id
		into allowed, owns from roster.apps a where a.id = can.resource and not a.archived;
		if allowed then
			return true;
		elsif owns then
			return exists (select from roster.users u where u.id = can.user_id and u.active)
				and exists (select from roster.role_permissions m join roster.roles r on r.id = m.role and r.kind = 'project' and r.name = 'Owner'
					where m.permission = can.permission);
		end if;$app$, null, $namespace$
		if {allowed at array(select c.ancestor from roster.group_namespaces n
				join roster.group_closure c on c.descendant = n.group_id where n.namespace = can.resource)} then
			return true;
		end if;$namespace$], array[null, null, $app$
		select {places} into places from roster.apps a where a.id = can.resource and not a.archived;
		-- Few have a user role; who administers any group is one of the highest kind everywhere.
		if places is null or not exists (select from roster.grants g join roster.roles r on r.id = g.role
				join roster.permissions p on p.id = can.permission and p.gate = any (r.opens)
				where g.user_id = can.user_id and (g.anchor = any (pg_catalog.array_append(places, roster.platform()))
				or r.name = 'Group Administrator' and exists (select from roster.groups o where o.id = g.anchor and not o.archived))) then
			return false;
		elsif {allowed at pg_catalog.array_append(pg_catalog.array_append(places, roster.platform()), can.resource)} then
			return true;
		end if;
		-- With a user role whoever is in a group is App Member of its apps.
		return exists (select from roster.users u where u.id = can.user_id and u.active)
			and exists (select from roster.role_permissions m join roster.roles r on r.id = m.role and r.kind = 'app' and r.name = 'App Member'
				where m.permission = can.permission)
			and exists (select from roster.grants g join roster.roles r on r.id = g.role and r.kind = any ('{project,app}'::roster.role_kind[])
				where g.user_id = can.user_id and g.anchor = any (places));$app$, null, null, null, settings, settings]) k(kind, body, gated), (values (false), (true)) g(gated)
		where exists (select from permissions p join scope_resources s on s.scope = p.scope where s.kind = k.kind and (p.gate is not null) = g.gated)
		order by k.body is null
	loop
		-- By the permission's id.
		branches := branches || format(e'\n\tif (%L::pg_catalog.bool[])[can.permission] then%s\n\tend if;',
			(select array_agg(exists (select from permissions p join scope_resources s on s.scope = p.scope
					where p.id = n and s.kind = one.kind and (p.gate is not null) = one.gated) order by n)
				from generate_series(1, (select max(id) from permissions)) n),
			replace(replace(one.body, '{kind}', one.kind::text), '{api}', case one.kind
				-- API Rights come by themselves where they are open to be set, but not in production.
				when 'environment' then 'can.permission = ' || (select p.id from permissions p where p.name = 'env.api') else 'false' end));
	end loop;
	branches := replace(branches, '{cloud}', (select p.id::text from permissions p where p.name = 'project.cloud_access'));
	branches := replace(branches, '{places}', 'array(
				select c.ancestor from roster.group_closure c where c.descendant = a.owner_group
				union all select x.access_group from roster.access_group_apps x where x.app = a.id)');
	branches := regexp_replace(branches, '\{allowed at (.*?)\}(?=,| then)', $$exists (select from roster.users u where u.id = can.user_id and u.active)
			and exists (select from roster.grants g
				join roster.role_permissions m on m.role = g.role and m.permission = can.permission
				where g.user_id = can.user_id and g.anchor = any (\1))$$, 'g');
	execute format(e'create or replace function can(user_id uuid, permission smallint, resource integer) returns boolean
language plpgsql stable security definer as $f$
declare
	allowed boolean;
	owns boolean;
	contact boolean;
	open boolean;
	here integer;
	places integer[];
	held integer[];
begin%s
	return false;
end $f$', replace(branches, ' = ', ' operator(pg_catalog.=) '));
end $define$;
call define_can();

create function catalogue_changed() returns trigger language plpgsql set search_path = roster, pg_temp as $$
begin
	call define_can();
	return null;
end $$;
create trigger can after insert or update or delete on permissions for each statement execute function catalogue_changed();
create trigger can after insert or update or delete on scope_resources for each statement execute function catalogue_changed();

-- The same by name. An unknown name is an error, not a "no": a typing mistake must not look like an answer. A person who is
-- not active may nothing.
create function can(login text, permission text, resource text) returns boolean
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return can(need_user(can.login), permission_named(can.permission), resource_named(can.resource));
end $$;

-- The dashboard's four figures, and the two every administrator asks for next.
create view statistics as
select
	(select count(*) from groups where parent_id is not null and not archived) as groups,
	(select count(*) from apps where owner_group is not null and not archived)
		+ (select count(distinct namespace) from group_namespaces) as resources_owned,
	(select count(distinct (n.cluster, n.name)) from group_namespaces gn join namespaces n on n.id = gn.namespace)
		as namespaces_assigned,
	(select coalesce(round(avg(members), 2), 0) from (
		select (select count(distinct m.user_id) from grants m join roles r on r.id = m.role
			where m.anchor = g.id and r.kind <> 'platform') as members
		from groups g where g.parent_id is not null and not g.archived) sizes) as average_members,
	(select count(*) from users where active) as active_users,
	(select count(*) from apps where not archived) as apps;
