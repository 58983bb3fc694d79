-- SPDX-License-Identifier: Apache-2.0
-- Why somebody may do something, and why not.

-- Explain: the directory's half of the reason --------------------------------------------------------------------------------------

-- What rules may call a place: its name of today, and what a rule made it for.
create function anchor_keys(anchor integer) returns table (key text) language sql stable as $$
	select lower(normalize(regexp_replace(resource_name(anchor_keys.anchor), '^group:', ''), NFKC))
	union
	select g.made_for from groups g where g.id = anchor_keys.anchor and g.made_for is not null
$$;

-- Does a role permit anything on this kind of resource: this permission there, or any when it is NULL?
create function role_opens(role integer, kind resource_kind, permission smallint) returns boolean language sql stable as $$
	select exists (select from role_meanings m where m.role = role_opens.role and m.kind = role_opens.kind
		and (role_opens.permission is null or m.permission = role_opens.permission))
$$;

-- What holding a role somewhere makes one besides: whoever is in a group or an access group is App Member of its apps, and
-- who administers a group has a user role by that. NULL for neither. anchor as a rule writes it, or as it is printed.
create function role_implied(anchor text, role integer) returns integer language sql stable as $$
	select case when o.kind = 'platform' then role_named('platform', 'Administrator of Some Group') else role_named('app', 'App Member') end
	from roles o where o.id = role_implied.role and anchor ~ '^(/|group:|access-group:)'
$$;

-- What entries of the directory open at the places that reach a resource: roles with the permission there, or with any.
create function doors_to(resource integer, permission smallint)
returns table (entry_id bigint, source smallint, rule smallint, anchor integer, anchor_key text, role integer, distance integer)
language sql stable as $$
	with places as materialized (
		select t.anchor, t.kind, min(t.distance) as distance from reach t where t.resource = doors_to.resource group by t.anchor, t.kind
	), named as materialized (
		select p.*, m.entry_id, m.rule, m.anchor as name, m.anchor_key, role_given(m.anchor, m.role) as role
		from places p cross join lateral anchor_keys(p.anchor) k join directory_mappings m on m.anchor_key = k.key
	)
	select n.entry_id, d.source, n.rule, n.anchor, n.anchor_key, n.role, n.distance
	from named n join directory_entries d on d.id = n.entry_id and d.gone_since is null
	where resolve_anchor(d.source, n.name) = n.anchor
	  and (role_opens(n.role, n.kind, doors_to.permission) or role_opens(role_implied(n.name, n.role), n.kind, doors_to.permission))
$$;

-- By which of his former names a group lists him, or these words where it is not known: of a group in a group names are not
-- kept. NULL where it is the name he has.
create function listed_as(user_id uuid, entry directory_entries, reference uuid, unknown text) returns text language sql stable set search_path = roster, pg_temp as $$
	select coalesce((select f.name from former_names f where f.user_id = listed_as.user_id and f.reference = listed_as.reference order by f.last desc, f.name limit 1), unknown)
	where reference <> entry.reference and reference is distinct from entry.alias
$$;

-- A group whose path is an id has a name for people besides.
create function called(dn text, name text) returns text language sql immutable set search_path = roster, pg_temp as $$
	select case when name is null or right(dn, length(name)) = name then dn else dn || ' (' || name || ')' end
$$;

-- How the directory puts a person into a place with a role: the entry, the groups on the way up, the rule. The shortest
-- way for each rule; a cycle ends because no group is passed twice.
create function directory_paths(user_id uuid, anchor integer, role integer, source smallint)
returns table (entry_dn text, seen_at timestamptz, path text[], rule text, "position" text, captures text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with recursive person as (
		select d.id, d.dn, d.parent, d.primary_group, s.last_complete_at
		from identities i join directory_entries d on d.source = i.source and d.external_id = i.external_id join sources s on s.id = i.source
		where i.user_id = directory_paths.user_id and i.source = directory_paths.source
	), up(entry, dn, path, ids) as (
		select p.id, p.dn, '{}'::text[], array[p.id] from person p
		union all
		select g.id, u.dn, u.path || case when cardinality(u.ids) = 1 and g.alias = (select p.primary_group from person p)
			then g.dn || ' (his primary group)' else called(g.dn, g.name) || coalesce(' (listed there as ' || listed_as(directory_paths.user_id, m, e.reference, 'something it was called before') || ')', '') end,
			u.ids || g.id
		from up u join directory_edges e on e.member_id = u.entry join directory_entries g on g.id = e.group_id join directory_entries m on m.id = u.entry
		where not g.id = any (u.ids) and (cardinality(u.ids) = 1 or (select s.nested from sources s where s.id = directory_paths.source))
	), places as (
		select entry, dn, path from up
		union all
		select o.id, p.dn, array[o.dn] from person p join directory_entries o on o.reference = p.parent and o.kind = 'unit' and o.gone_since is null
	)
	select distinct on (w.ordinal, m.captures) l.dn, p.last_complete_at, l.path, w.name, w.position, m.captures
	from places l
	join directory_mappings m on m.entry_id = l.entry
	join directory_rules w on w.source = directory_paths.source and w.ordinal = m.rule
	cross join person p
	where case when directory_paths.role = role_given(m.anchor, m.role) then resolve_anchor(directory_paths.source, m.anchor) = directory_paths.anchor
		when directory_paths.role = role_implied(m.anchor, role_given(m.anchor, m.role))
			then directory_paths.anchor in (resolve_anchor(directory_paths.source, m.anchor), case when m.role is null then platform() end) end
	order by w.ordinal, m.captures, cardinality(l.path)
$$;

-- The last run of a source, where it is held whole or was rejected: what it would do is not done.
create function undecided_run(source smallint) returns text language sql stable set search_path = roster, pg_temp as $$
	select format('run %s/%s is %s: %s', s.name, n.id, n.state, n.reason)
	from runs n join sources s on s.id = n.source
	where n.state in ('held', 'rejected') and n.id = (select max(l.id) from runs l
		where l.source = undecided_run.source and l.state not in ('running', 'failed'))
$$;

-- Why somebody still has what no door of a source gives him; NULL for what an import gave, which knows no doors.
create function why_kept(user_id uuid, anchor integer, role integer, source smallint) returns text
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	why text;
begin
	if (select s.kind = 'import' from sources s where s.id = why_kept.source) then
		return null;
	end if;
	select case h.state when 'held' then format('its removal is held in %s/%s; approve or reject it', s.name, h.run)
			when 'rejected' then format('its removal in %s/%s was rejected, it stays until the entries it follows from change', s.name, h.run) end into why
	from held_changes h join sources s on s.id = h.source
	join identities i on i.source = h.source and i.external_id = h.external_id
	where h.source = why_kept.source and i.user_id = why_kept.user_id and h.kind = 'grant' and h.action = 'remove'
	  and h.role = why_kept.role and resolve_anchor(h.source, h.anchor_key) = why_kept.anchor
	order by h.run desc limit 1;
	if why is null then
		select format('%s %s since %s, what he had is kept for the time of grace', case when bool_or(d.closed is not null) then 'closed in' else 'gone from' end,
			s.name, to_char(min(i.gone_since), 'YYYY-MM-DD HH24:MI')) into why
		from identities i join sources s on s.id = i.source
		left join directory_entries d on d.source = i.source and d.external_id = i.external_id
		where i.source = why_kept.source and i.user_id = why_kept.user_id
		group by s.name having bool_and(i.gone_since is not null);
	end if;
	return coalesce(why, 'the directory gives it no more, ' || coalesce('and ' || undecided_run(why_kept.source), 'the next run takes it'));
end $$;

-- Since when somebody holds a role: by a grant, or by what it follows from; NULL for what every person holds.
create function held_since(user_id uuid, anchor integer, role integer, source smallint) returns bigint language sql stable as $$
	select coalesce(
		(select grant_since(g.user_id, g.anchor, g.role, g.source, g.since) from grants g where g.user_id = held_since.user_id and g.anchor = held_since.anchor
			and g.role = held_since.role and g.source = held_since.source),
		(select case r.name
			when 'Owner' then (select owner_since(a.id, a.owner, a.since) from apps a where a.id = held_since.anchor)
			when 'Technical Contact' then (select n.since from nodes n where n.app = held_since.anchor)
			when 'App Member' then (select min(g.since) from grants g
				where g.user_id = held_since.user_id and g.anchor = held_since.anchor and g.source = held_since.source)
			when 'Administrator of Some Group' then (select min(g.since) from grants g
				join groups o on o.id = g.anchor and not o.archived
				where g.user_id = held_since.user_id and g.role = role_named('platform', 'Group Administrator') and g.source = held_since.source)
			else (select s.since from environment_settings s join setting_roles o on o.permission = s.permission and o.allowed = s.allowed
				where s.environment = held_since.anchor and s.user_id = held_since.user_id and o.role = held_since.role) end
		from roles r where r.id = held_since.role))
$$;

-- A word of a command line.
create function typed(word text) returns text language sql immutable as $$
	select case when word ~ '^[[:alnum:]_./@:-]+$' then word else '''' || replace(word, '''', '''\''''') || '''' end
$$;

-- What a role does for another that needs it.
create function gate_words(gates gate[]) returns text language sql immutable as $$
	select string_agg(case g when 'cloud' then 'opens environments' when 'custom' then 'leaves it open to be set'
		when 'view' then 'may view apps' else 'may manage apps' end, ', ' order by g) from unnest(gates) g
$$;

-- The model's half: how a role reaches the resource. opens: it does not give the permission, what gives it counts beside it.
create function model_paths(user_id uuid, resource integer, permission smallint)
returns table (role text, role_id integer, anchor text, anchor_id integer, source text, source_id smallint, through text, distance integer,
	since bigint, since_at timestamptz, opens text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with used as materialized (
		select e.* from effective e where e.user_id = model_paths.user_id and e.resource = model_paths.resource
		  and (model_paths.permission is null or e.permission = model_paths.permission)
	), gates as (
		select distinct n.gate from used e join role_meanings m on m.role = e.role and m.kind = e.kind and m.permission = e.permission,
		unnest(m.needs) n(gate) where model_paths.permission is not null
	), ways as (
		select w.role, w.anchor, w.source, w.distance, w.via, case when bool_and(w.gate is not null) then gate_words(array_agg(distinct w.gate)) end as opens from (
			select u.role, u.anchor, u.source, u.distance, u.via, null::gate as gate from used u
			union
			select a.role, a.anchor, a.source, a.distance, a.via, n.gate from gates n join access a on a.user_id = model_paths.user_id and a.resource = model_paths.resource
			join role_gates g on g.role = a.role and g.kind = a.kind and g.gate = n.gate) w
		group by w.role, w.anchor, w.source, w.distance, w.via
	)
	select r.name, w.role, resource_name(w.anchor), w.anchor, s.name, w.source, case when w.via is not null then group_path(w.via) end,
		w.distance, h.since, v.at, w.opens
	from ways w
	join roles r on r.id = w.role
	join sources s on s.id = w.source
	cross join lateral held_since(model_paths.user_id, w.anchor, w.role, w.source) h(since)
	left join revisions v on v.id = h.since
	order by w.opens is not null, w.distance, r.name, w.anchor, w.source, w.via
$$;

-- The same as of an earlier revision. What the directory said then is not kept, so the way ends at the role.
create function paths_then(user_id uuid, resource integer, permission smallint, at bigint)
returns table (role text, role_id integer, anchor text, anchor_id integer, source text, source_id smallint, through text, distance integer,
	since bigint, since_at timestamptz, opens text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return query
	with used as materialized (
		select e.* from effective_at(paths_then.at) e where e.user_id = paths_then.user_id and e.resource = paths_then.resource
		  and (paths_then.permission is null or e.permission = paths_then.permission)
	), gates as (
		select distinct n.gate from used e join role_meanings_at(paths_then.at) m on m.role = e.role and m.kind = e.kind and m.permission = e.permission,
		unnest(m.needs) n(gate) where paths_then.permission is not null
	), ways as (
		select w.role, w.anchor, w.source, w.distance, w.via, case when bool_and(w.gate is not null) then gate_words(array_agg(distinct w.gate)) end as opens from (
			select u.role, u.anchor, u.source, u.distance, u.via, null::gate as gate from used u
			union
			select a.role, a.anchor, a.source, a.distance, a.via, n.gate from gates n
			join access_at(paths_then.at) a on a.user_id = paths_then.user_id and a.resource = paths_then.resource
			join role_gates_at(paths_then.at) g on g.role = a.role and g.kind = a.kind and g.gate = n.gate) w
		group by w.role, w.anchor, w.source, w.distance, w.via
	), held as materialized (
		select * from all_holdings_since(paths_then.at) h where h.user_id = paths_then.user_id
	)
	select role_name(w.role, paths_then.at), w.role, resource_name(w.anchor, paths_then.at), w.anchor, s.name, w.source,
		regexp_replace(resource_name(w.via, paths_then.at), '^group:', ''), w.distance, h.since, v.at, w.opens
	from ways w
	join sources s on s.id = w.source
	left join held h on h.anchor = w.anchor and h.role = w.role and h.source = w.source
	left join revisions v on v.id = h.since
	order by w.opens is not null, w.distance, 1, w.anchor, w.source, w.via;
end $$;

-- What was in the way then, the nearest first.
create function obstacles_then(user_id uuid, resource integer, permission smallint, at bigint) returns table (kind text, why text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	who text := (select u.login from users u where u.id = obstacles_then.user_id);
	what text := resource_name(resource, at);
	asked text := (select p.name from permissions p where p.id = obstacles_then.permission);
begin
	if not exists (select from active_users_at(at) a where a.user_id = obstacles_then.user_id) then
		return query select 'inactive', format(case when exists (select from users u where u.id = obstacles_then.user_id and u.since <= at)
			or exists (select from users_history u where u.id = obstacles_then.user_id and u.since <= at)
			then '%s was not active then; inactive people reach nothing' else '%s was not there yet' end, who);
	elsif not exists (select from reach_at(at) t where t.resource = obstacles_then.resource) then
		return query select 'archived', format('%s was archived or not there, and gave nobody anything', what);
	else
		return query select distinct 'role', format('%s was %s in %s, which did not permit %s on %s', who, role_name(a.role, obstacles_then.at),
				regexp_replace(resource_name(a.anchor, obstacles_then.at), '^group:', ''), coalesce(asked, 'anything'), what)
			from access_at(obstacles_then.at) a where a.user_id = obstacles_then.user_id and a.resource = obstacles_then.resource
			  and a.role not in (select r.id from roles r where r.kind = 'setting' or r.kind = 'platform' and r.structural);
		if not found then
			return query select 'nobody', format('no role of %s reached %s then', who, what);
		end if;
	end if;
end $$;

-- The resource of a question about a revision: as it was called then, and whether the permission means something on such a one.
create function resource_then(name text, permission text, at bigint, out resource integer, out permission_id smallint, out called text, out applies boolean)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	resource := resource_named(name, at);
	permission_id := case when permission is not null then permission_named(permission) end;
	called := resource_name(resource, at);
	applies := permission_id is null or not exists (select from reach_at(at) t where t.resource = resource_then.resource)
		or exists (select from permissions p join scope_resources k on k.scope = p.scope join reach_at(at) t on t.kind = k.kind
			where p.id = permission_id and t.resource = resource_then.resource);
end $$;

-- For a "no": every rule of every source that would have given a fitting role at a place that reaches the resource, with
-- the directory entry that stands at the door, where the person does not. Nearest place first. why: a group lists him there
-- under a name that was somebody else's.
create function missed_doors(user_id uuid, resource integer, permission smallint)
returns table (source text, rule text, "position" text, entry_kind text, entry_dn text, anchor text, role text, distance integer, why text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with recursive person as materialized (
		select d.id, d.parent, s.nested from identities i join sources s on s.id = i.source
		join directory_entries d on d.source = i.source and d.external_id = i.external_id
		where i.user_id = missed_doors.user_id
	), inside(id, nested) as (
		select e.group_id, p.nested from person p join directory_edges e on e.member_id = p.id
		union
		select e.group_id, b.nested from inside b join directory_edges e on e.member_id = b.id where b.nested
	), there as (
		select p.id from person p
		union
		select b.id from inside b
		union
		select o.id from person p join directory_entries o on o.reference = p.parent and o.kind = 'unit'
	), misnamed(id, dn, why, nested) as (
		select m.group_id, m.group_dn, m.why, p.nested from person p join misnamed_members m on m.entry_id = p.id
		union
		select e.group_id, m.dn, m.why, m.nested from misnamed m join directory_edges e on e.member_id = m.id where m.nested
	)
	select s.name, w.name, w.position, d.kind::text, d.dn, resource_name(t.anchor), r.name, t.distance,
		(select case when n.dn = d.dn then n.why else n.dn || ': ' || n.why end from misnamed n where n.id = d.id order by n.dn <> d.dn, n.dn limit 1)
	from doors_to(missed_doors.resource, missed_doors.permission) t
	join directory_entries d on d.id = t.entry_id
	join directory_rules w on w.source = t.source and w.ordinal = t.rule
	join sources s on s.id = t.source
	join roles r on r.id = t.role
	where t.entry_id not in (select p.id from there p)
	group by 1, 2, 3, 4, 5, 6, 7, 8, 9
	order by t.distance, s.name, w.name, d.dn limit 50
$$;

-- Whom explain is about; what keeps an inactive person from everything. A login that only a quarantined entry has is named
-- with the reason.
create function person_state(who text) returns table (id uuid, login text, active boolean, state text, identities jsonb)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	key text := lower(normalize(who, NFKC));
	caught record;
begin
	if not exists (select from users u where u.login_key = key or u.id::text = lower(who)) then
		select s.name, q.why into caught from quarantine q join sources s on s.id = q.source
		join directory_entries d on d.source = q.source and d.external_id = q.external_id
		where lower(normalize(d.login, NFKC)) = key order by s.position limit 1;
		if found then
			raise exception 'nobody has the login "%": its entry in source % is in quarantine', who, caught.name
				using errcode = 'no_data_found', hint = caught.why;
		end if;
		select s.name, d.closed into caught from directory_entries d join sources s on s.id = d.source
		where lower(normalize(d.login, NFKC)) = key and d.kind = 'user' and d.closed is not null order by s.position limit 1;
		if found then
			raise exception 'nobody has the login "%": the account was never open since source % is read', who, caught.name
				using errcode = 'no_data_found', hint = caught.closed;
		end if;
		select s.name into caught from directory_entries d join sources s on s.id = d.source
		where lower(normalize(d.login, NFKC)) = key and d.kind = 'user' and d.gone_since is null order by s.position limit 1;
		if found then
			raise exception 'nobody has the login "%" yet, though source % knows it', who, caught.name
				using errcode = 'no_data_found', hint = 'the run that would add it waits: see rosterctl runs';
		end if;
	end if;
	return query
	select u.id, u.login, u.active, case when u.active then null else coalesce(
		case when u.suspended then 'suspended by hand' end,
		(select string_agg(case when i.gone_since is null then 'disabled in ' || s.name
			when d.closed is not null then format('closed in %s since %s (%s)', s.name, to_char(i.gone_since, 'YYYY-MM-DD HH24:MI'), d.closed)
			else format('gone from %s since %s', s.name, to_char(i.gone_since, 'YYYY-MM-DD HH24:MI'))
				|| case when d.gone_explicit then ' (the directory said so)' when d.id is not null then ' (a complete read did not find it)' else '' end end, ', ' order by s.position)
		from identities i join sources s on s.id = i.source
		left join directory_entries d on d.source = i.source and d.external_id = i.external_id
		where i.user_id = u.id and s.authoritative and (not i.enabled or i.gone_since is not null)),
		'inactive') end,
		(select jsonb_agg(jsonb_build_object('source', s.name, 'entry', coalesce(d.dn, i.external_id), 'linked_by', coalesce(i.linked_by, '')) order by s.position)
		from identities i join sources s on s.id = i.source
		left join directory_entries d on d.source = i.source and d.external_id = i.external_id
		where i.user_id = u.id and s.retired_at is null)
	from users u where u.id = need_user(who);
end $$;

-- Who made a revision, and with what words.
create function revision_made(revision bigint) returns table (by text, cause text) language sql stable security definer set search_path = roster, pg_temp as $$
	select coalesce(u.login, v.login::text), v.cause
	from revisions v left join users u on u.id = v.actor where v.id = revision_made.revision
$$;

-- Whether a permission means something on that kind of resource.
create function permission_applies(permission smallint, resource integer) returns boolean
language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from permissions p join scope_resources k on k.scope = p.scope
		join resources r on r.kind = k.kind
		where p.id = permission_applies.permission and r.id = permission_applies.resource)
$$;

-- Roles that reach the resource for this person without the permission, and the roles that would bring it; without any that
-- means something there when it is NULL. lacks: the role has the permission, and this keeps it from counting.
create function roles_without(user_id uuid, resource integer, permission smallint) returns table (role text, anchor text, better text, lacks text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with opened as materialized (
		select distinct g.gate, g.kind from access a join role_gates g on g.role = a.role and g.kind = a.kind
		where a.user_id = roles_without.user_id and a.resource = roles_without.resource
	), bringing as materialized (
		select distinct r.name, resource_name(a.anchor) as anchor, a.kind, m.needs
		from access a join roles r on r.id = a.role
		join role_meanings m on m.role in (a.role, role_implied(resource_name(a.anchor), a.role)) and m.kind = a.kind and m.permission = roles_without.permission
		where a.user_id = roles_without.user_id and a.resource = roles_without.resource
	)
	select b.name, b.anchor, null, format('counts only beside a role that %s: %s',
		gate_words(array[n.gate]),
		coalesce((select string_agg(distinct r.name, ', ') from roles r join role_gates o on o.role = r.id
			where o.gate = n.gate and o.kind = b.kind and not r.structural and r.kind <> 'setting'), 'no role does'))
	from bringing b, unnest(b.needs) n(gate) where not exists (select from opened o where o.gate = n.gate and o.kind = b.kind)
	union
	select b.name, b.anchor, null, 'counts only where it is not turned off for a person'
	from bringing b where not exists (select from unnest(b.needs) n(gate) where not exists (select from opened o where o.gate = n.gate and o.kind = b.kind))
	union all
	(	select distinct r.name, resource_name(a.anchor),
		(select string_agg(b.name, ', ' order by b.name) from roles b where role_opens(b.id, a.kind, roles_without.permission) and not b.structural and b.kind <> 'setting'),
		case when exists (select from role_gates o where o.role = a.role and o.kind = a.kind and o.gate = 'custom')
			then (select format('leaves it to be set for him: rosterctl environment set %s %s %s on', typed(regexp_replace(resource_name(a.resource), '^environment:', '')), typed(u.login), p.name)
				from permissions p, users u where p.id = roles_without.permission and p.scope = 'env' and u.id = a.user_id) end
	from access a join roles r on r.id = a.role
	where a.user_id = roles_without.user_id and a.resource = roles_without.resource and r.kind <> 'setting'
	  and (r.kind <> 'platform' or a.kind in ('platform', 'cluster', 'group')) and not (r.kind = 'platform' and r.structural)
	  and not role_opens(a.role, a.kind, roles_without.permission)
	  and not coalesce(role_opens(role_implied(resource_name(a.anchor), a.role), a.kind, roles_without.permission), false)
	order by 1, 2)
$$;

-- Which of these places, in these roles ("" for group administration), reach the resource with the permission: what a rule
-- would give if it matched. Nearest first. rules: their names, of those at whose doors somebody must stand: one that has such a
-- door is left out, since what keeps a person from it is told by the door.
create function opening(source text, anchors text[], roles text[], rules text[], resource integer, permission smallint)
returns table (ordinal bigint, distance integer)
language sql stable security definer set search_path = roster, pg_temp as $$
	with answered as materialized (
		select w.name from sources s join doors_to(opening.resource, opening.permission) t on t.source = s.id
		join directory_rules w on w.source = t.source and w.ordinal = t.rule where s.name = opening.source
	)
	select n.ordinal, min(t.distance)
	from unnest(anchors, opening.roles, opening.rules) with ordinality n(anchor, role, rule, ordinal)
	join sources s on s.name = opening.source
	join reach t on t.anchor = resolve_anchor(s.id, n.anchor) and t.resource = opening.resource
	where role_opens(role_given(n.anchor, nullif(n.role, '')), t.kind, opening.permission)
	  and n.rule not in (select a.name from answered a)
	group by n.ordinal order by 2, 1
$$;

-- Doors the directory has opened for a person already, though the role is not his: the run that would give it waits.
create function waiting_doors(user_id uuid, resource integer, permission smallint)
returns table (source text, rule text, "position" text, entry_dn text, door text, anchor text, role text, held text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return query
	select s.name, p.rule, p.position, p.entry_dn, p.path[cardinality(p.path)], resource_name(c.anchor), r.name, coalesce(
		(select format('run %s/%s holds it: %s', s.name, h.run, h.reason)
		from held_changes h join identities i on i.source = h.source and i.external_id = h.external_id
		where i.user_id = waiting_doors.user_id and h.source = s.id and h.role = c.role and h.anchor_key = c.anchor_key limit 1),
		undecided_run(s.id), 'the next run gives it')
	from (
		select distinct t.source, t.anchor, t.anchor_key, t.role from doors_to(waiting_doors.resource, waiting_doors.permission) t
		where not exists (select from grants g where g.user_id = waiting_doors.user_id and g.anchor = t.anchor
			and t.role in (g.role, role_implied(resource_name(g.anchor), g.role)))
	) c
	join sources s on s.id = c.source
	join roles r on r.id = c.role,
	lateral directory_paths(waiting_doors.user_id, c.anchor, c.role, c.source) p
	order by s.name, p.rule, p.entry_dn limit 20;
end $$;

-- Entries of the mirror that go by this DN, id or login, or belong to this person.
create function entry_list(who text, source text) returns table (source_name text, kind text, external_id text, dn text, attributes text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name, d.kind::text, d.external_id, d.dn, d.attributes::text
	from directory_entries d join sources s on s.id = d.source
	where d.gone_since is null and (entry_list.source is null or s.name = entry_list.source)
	  and (d.external_id = who or lower(d.dn) = lower(who) or lower(d.login) = lower(who)
		or exists (select from identities i where i.user_id::text = lower(who) and i.source = d.source and i.external_id = d.external_id))
	order by s.position, d.kind, d.dn limit 50
$$;
