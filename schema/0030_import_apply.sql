-- SPDX-License-Identifier: Apache-2.0
-- Import, the second half: what is planned for access groups, nodes and environments, and doing what was planned.

-- What of these differs from the model, in the order it is done. Part of import_plan().
create function import_plan_places() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into planned_imports (kind, action, line, place, place_key, description, place_id)
	select 'access_group', case when x.id is null then 'add' else 'change' end, s.line, s.place, s.place_key, s.description, x.id
	from (select distinct on (m.place_key) m.* from my_imports m where m.fact = 'access_group' order by m.place_key, m.description is null, m.line) s
	left join access_groups x on x.id = s.place_id
	where x.id is null or x.description <> s.description
	order by s.place_key;

	insert into planned_imports (kind, action, line, name, name_key, resource, place, place_key, place_id)
	select distinct on (m.place_key, m.name_key) 'inclusion', 'add', m.line, m.name, m.name_key, m.resource, m.place, m.place_key, m.place_id
	from my_imports m where m.fact = 'inclusion'
	  and not exists (select from access_group_apps x where x.app = m.resource and x.access_group = m.place_id)
	order by m.place_key, m.name_key, m.line;

	insert into planned_imports (kind, action, line, name, name_key, user_id, resource)
	select distinct on (m.name_key) 'node', 'add', m.line, m.name, m.name_key, m.user_id, m.resource
	from my_imports m where m.fact = 'node' and not exists (select from nodes n where n.app = m.resource)
	order by m.name_key, m.user_id is null, m.line;

	insert into planned_imports (kind, action, line, name, path_key, name_key, purpose, resource, place, place_key, place_id)
	select 'environment', case when e.id is null then 'add' else 'change' end, s.line, s.name, s.path_key, s.name_key, s.purpose, e.id,
		s.place, s.place_key, s.place_id
	from (
		select m.path_key, m.name_key, min(m.line) as line, min(m.name) as name, min(m.purpose) as purpose, min(m.place) as place,
			min(m.place_key) as place_key, min(m.place_id) as place_id, min(m.resource) as resource
		from my_imports m where m.fact = 'environment' group by m.path_key, m.name_key
	) s left join environments e on e.id = s.resource
	where e.id is null or (s.place is not null and (s.place_id is null or e.namespace is distinct from s.place_id))
	order by s.path_key;
end $$;

-- Doing it ---------------------------------------------------------------------------------------------------------------

-- Groups come level by level, and what hangs on them finds them then.
create function apply_import_groups(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	deepest integer := (select max(cardinality(p.path_key)) from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'group' and p.action = 'add');
begin
	for level in 1 .. coalesce(deepest, 0) loop
		with made as (
			insert into groups (parent_id, name, description)
			select k.id, regexp_replace(rtrim(p.path, '/'), '^.*/', ''),
				coalesce(nullif(p.description, ''), 'made by import ' || (select s.name from sources s where s.id = apply_import_groups.source))
			from planned_imports p join group_keys k on k.key = p.path_key[1:level - 1]
			where p.transaction = pg_current_xact_id() and p.kind = 'group' and p.action = 'add' and cardinality(p.path_key) = level
			returning id)
		insert into imported (source, kind, resource) select apply_import_groups.source, 'group', id from made;
	end loop;
	update groups g set archived = p.action = 'archive', description = coalesce(p.description, g.description)
	from planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'group' and p.action in ('change', 'restore', 'archive') and g.id = p.group_id;
	update planned_imports p set group_id = k.id from group_keys k
	where p.transaction = pg_current_xact_id() and p.group_id is null and k.key = p.path_key;
end $$;

create function apply_import_resources(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into clusters (name)
	select p.name from planned_imports p where p.transaction = pg_current_xact_id() and p.kind = 'cluster' and p.action = 'add';
	insert into namespaces (cluster, name, purpose)
	select k.id, split_part(p.name, '/', 2), p.purpose::purpose from planned_imports p join clusters k on k.name_key = p.cluster_key
	where p.transaction = pg_current_xact_id() and p.kind = 'namespace' and p.action = 'add';
	with made as (
		insert into apps (name, owner, owner_group)
		select p.name, p.user_id, p.group_id from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'app' and p.action = 'add'
		returning id)
	insert into imported (source, kind, resource) select apply_import_resources.source, 'app', id from made;
	update apps a set owner = coalesce(p.user_id, a.owner), owner_group = coalesce(p.group_id, a.owner_group),
		archived = case p.action when 'archive' then true when 'restore' then false else a.archived end
	from planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'app' and p.action in ('change', 'restore', 'archive') and a.id = p.resource;
	update planned_imports p set resource = a.id from apps a
	where p.transaction = pg_current_xact_id() and p.kind in ('grant', 'inclusion', 'node') and p.resource is null and a.name_key = p.name_key;
	update planned_imports p set resource = n.id from namespaces n join clusters k on k.id = n.cluster
	where p.transaction = pg_current_xact_id() and p.kind = 'association' and p.resource is null
	  and k.name_key = p.cluster_key and lower(normalize(n.name, NFKC)) = p.name_key and n.purpose::text = p.purpose;
end $$;

create function apply_import_places(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into access_groups (name, description)
	select p.place, coalesce(p.description, '') from planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'access_group' and p.action = 'add';
	update access_groups x set description = p.description from planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'access_group' and p.action = 'change' and x.id = p.place_id;
	update planned_imports p set place_id = x.id from access_groups x
	where p.transaction = pg_current_xact_id() and p.kind in ('grant', 'inclusion') and p.place_id is null and x.name_key = p.place_key;

	with made as (
		insert into access_group_apps (access_group, app)
		select p.place_id, p.resource from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'inclusion' and p.action = 'add'
		on conflict do nothing returning access_group, app)
	insert into imported (source, kind, resource, group_id) select apply_import_places.source, 'inclusion', app, access_group from made
	on conflict do nothing;
	delete from access_group_apps x using planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'inclusion' and p.action = 'remove' and x.access_group = p.place_id and x.app = p.resource;
	delete from imported i where i.source = apply_import_places.source and i.kind = 'inclusion'
	  and not exists (select from access_group_apps x where x.access_group = i.group_id and x.app = i.resource);

	insert into nodes (app, technical_contact)
	select p.resource, p.user_id from planned_imports p where p.transaction = pg_current_xact_id() and p.kind = 'node';
	update planned_imports p set place_id = n.id from namespaces n join clusters k on k.id = n.cluster
	where p.transaction = pg_current_xact_id() and p.kind = 'environment' and p.place_id is null
	  and p.place_key = k.name_key || '/' || lower(normalize(n.name, NFKC)) and n.purpose::text = p.purpose;
	insert into environments (app, name, purpose, namespace)
	select a.id, split_part(p.name, '/', 2), p.purpose::purpose, p.place_id from planned_imports p join apps a on a.name_key = p.name_key
	where p.transaction = pg_current_xact_id() and p.kind = 'environment' and p.action = 'add';
	update environments e set namespace = p.place_id from planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'environment' and p.action = 'change' and e.id = p.resource;
end $$;

-- Who answers for the environments of an app must have access to them, by what is there and what the file gives.
create function check_import_contacts() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	wrong record;
begin
	select p.line, u.login, p.resource into wrong from planned_imports p join users u on u.id = p.user_id
	where p.transaction = pg_current_xact_id() and p.kind = 'node' and not is_listed(p.user_id, p.resource) order by p.line limit 1;
	if found then
		raise exception 'line %: % has no access to the environments of %, and cannot answer for them', wrong.line, wrong.login, resource_name(wrong.resource)
			using errcode = 'check_violation', hint = 'a role with project.cloud_access opens them';
	end if;
end $$;

create function apply_import_links(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with made as (
		insert into group_namespaces (group_id, namespace)
		select p.group_id, p.resource from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'association' and p.action = 'add'
		on conflict do nothing returning group_id, namespace)
	insert into imported (source, kind, resource, group_id) select apply_import_links.source, 'association', namespace, group_id from made
	on conflict do nothing;
	delete from group_namespaces n using planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'association' and p.action = 'remove'
	  and n.group_id = p.group_id and n.namespace = p.resource;
	delete from imported i where i.source = apply_import_links.source and i.kind = 'association'
	  and not exists (select from group_namespaces n where n.group_id = i.group_id and n.namespace = i.resource);
	-- What is archived by the import comes back with it.
	update imported i set withdrawn = p.action = 'archive' from planned_imports p
	where p.transaction = pg_current_xact_id() and i.source = apply_import_links.source and i.kind = p.kind
	  and p.kind in ('app', 'group') and p.action in ('archive', 'restore') and i.resource = coalesce(p.resource, p.group_id);

	delete from grants g using planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.action = 'remove'
	  and g.source = apply_import_links.source and g.user_id = p.user_id and g.anchor = p.resource and g.role = p.role_id;
	insert into grants (user_id, anchor, role, source)
	select p.user_id, coalesce(p.group_id, p.place_id, p.resource), p.role_id, apply_import_links.source from planned_imports p
	where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.action = 'add'
	on conflict do nothing;
end $$;

-- The plan of this transaction, as one revision of one run. counted: for the guard's window; what somebody agreed to above
-- the limits does not count again.
create function apply_imports(source smallint, kind text, counted boolean) returns bigint
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	made_run bigint;
	revision bigint;
begin
	insert into runs (source, kind, state, entries, adds, removes, ended_at)
	select apply_imports.source, apply_imports.kind, 'applied', (select count(distinct m.line) from my_imports m),
		count(*) filter (where p.action in ('add', 'change', 'restore')), count(*) filter (where p.action in ('remove', 'archive')), clock_timestamp()
	from planned_imports p where p.transaction = pg_current_xact_id() returning id into made_run;
	revision := open_revision(format('%s %s', case apply_imports.kind when 'retire' then 'source retire' else apply_imports.kind end, (select s.name from sources s where s.id = apply_imports.source)), made_run, actor(), true);
	if counted then
		insert into guard_log (source, kind, scope, removed, added)
		select apply_imports.source, g.kind, g.scope, count(*) filter (where g.kind <> 'grant'), count(*) filter (where g.kind = 'grant')
		from import_guarded() g group by g.kind, g.scope;
	end if;
	perform apply_import_groups(source);
	perform apply_import_resources(source);
	perform apply_import_places(source);
	perform apply_import_links(source);
	perform check_import_contacts();
	return revision;
end $$;

-- Returns the revision, NULL when there was nothing to do.
create function import_apply(name text, complete boolean, counted boolean) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint := import_named(name);
	revision bigint;
begin
	perform require_administrator('import ' || name);
	if exists (select from planned_imports p where p.transaction = pg_current_xact_id() and p.action <> 'keep') then
		if src is null then
			insert into sources (name, kind, position, authoritative, nested, settled)
			values (import_apply.name, 'import', 1000, false, false, true) returning id into src;
		end if;
		revision := apply_imports(src, 'import', counted);
	end if;
	update sources s set first_run_at = coalesce(s.first_run_at, now()), retired_at = null,
		last_complete_at = case when complete then now() else s.last_complete_at end
	where s.id = src;
	delete from staged_imports s where s.transaction = pg_current_xact_id();
	delete from planned_imports p where p.transaction = pg_current_xact_id();
	return revision;
end $$;

grant execute on function import_apply(text, boolean, boolean) to roster_admin;
