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

-- What a rule gives; NULL is the administration of a group.
create function role_given(role text) returns integer language sql stable as $$
	select case when role_given.role is null then role_named('platform', 'Group Administrator')
		else coalesce(role_named('project', role_given.role), role_named('platform', role_given.role)) end
$$;

-- What entries of the directory open at the places that reach a resource: roles with the permission there, or with any.
create function doors_to(resource integer, permission smallint)
returns table (entry_id bigint, source smallint, rule smallint, anchor integer, anchor_key text, role integer, distance integer)
language sql stable as $$
	with places as materialized (
		select t.anchor, t.kind, min(t.distance) as distance from reach t where t.resource = doors_to.resource group by t.anchor, t.kind
	), named as materialized (
		select p.*, m.entry_id, m.rule, m.anchor as name, m.anchor_key, role_given(m.role) as role
		from places p cross join lateral anchor_keys(p.anchor) k join directory_mappings m on m.anchor_key = k.key
	)
	select n.entry_id, d.source, n.rule, n.anchor, n.anchor_key, n.role, n.distance
	from named n join directory_entries d on d.id = n.entry_id and d.gone_since is null
	where resolve_anchor(d.source, n.name) = n.anchor and role_opens(n.role, n.kind, doors_to.permission)
$$;

-- How the directory puts a person into a place with a role: the entry, the groups on the way up, the rule. The shortest
-- way for each rule; a cycle ends because no group is passed twice.
create function directory_paths(user_id uuid, anchor integer, role integer, source smallint)
returns table (entry_dn text, seen_at timestamptz, path text[], rule text, "position" text, captures text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with recursive person as (
		select d.id, d.dn, d.parent, s.last_complete_at
		from identities i join directory_entries d on d.source = i.source and d.external_id = i.external_id join sources s on s.id = i.source
		where i.user_id = directory_paths.user_id and i.source = directory_paths.source
	), up(entry, dn, path, ids) as (
		select p.id, p.dn, '{}'::text[], array[p.id] from person p
		union all
		select g.id, u.dn, u.path || g.dn, u.ids || g.id
		from up u join directory_edges e on e.member_id = u.entry join directory_entries g on g.id = e.group_id
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
	where resolve_anchor(directory_paths.source, m.anchor) = directory_paths.anchor
	  and directory_paths.role = role_given(m.role)
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
		select format('gone from %s since %s, what he had is kept for the time of grace', s.name, to_char(min(i.gone_since), 'YYYY-MM-DD HH24:MI')) into why
		from identities i join sources s on s.id = i.source
		where i.source = why_kept.source and i.user_id = why_kept.user_id
		group by s.name having bool_and(i.gone_since is not null);
	end if;
	return coalesce(why, 'the directory gives it no more, ' || coalesce('and ' || undecided_run(why_kept.source), 'the next run takes it'));
end $$;

-- Since when somebody holds a role: by a grant, or by what it follows from; NULL for what every person holds.
create function held_since(user_id uuid, anchor integer, role integer, source smallint) returns bigint language sql stable as $$
	select coalesce(
		(select g.since from grants g where g.user_id = held_since.user_id and g.anchor = held_since.anchor
			and g.role = held_since.role and g.source = held_since.source),
		(select case r.name
			when 'Owner' then (select a.since from apps a where a.id = held_since.anchor)
			when 'Technical Contact' then (select n.since from nodes n where n.app = held_since.anchor)
			when 'App Member' then (select min(g.since) from grants g
				where g.user_id = held_since.user_id and g.anchor = held_since.anchor and g.source = held_since.source)
			when 'Administrator of Some Group' then (select min(g.since) from grants g
				where g.user_id = held_since.user_id and g.role = role_named('platform', 'Group Administrator') and g.source = held_since.source)
			else (select s.since from environment_settings s join setting_roles o on o.permission = s.permission and o.allowed = s.allowed
				where s.environment = held_since.anchor and s.user_id = held_since.user_id and o.role = held_since.role) end
		from roles r where r.id = held_since.role))
$$;

-- The model's half: how a role reaches the resource.
create function model_paths(user_id uuid, resource integer, permission smallint)
returns table (role text, role_id integer, anchor text, anchor_id integer, source text, source_id smallint, through text, distance integer,
	since bigint, since_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select distinct on (e.distance, r.name, e.anchor, e.source, e.via) r.name, e.role, resource_name(e.anchor), e.anchor, s.name, e.source,
		case when e.via is not null then group_path(e.via) end, e.distance, f.since, v.at
	from effective e
	join roles r on r.id = e.role
	join sources s on s.id = e.source
	left join lateral held_since(e.user_id, e.anchor, e.role, e.source) f(since) on true
	left join revisions v on v.id = f.since
	where e.user_id = model_paths.user_id and e.resource = model_paths.resource
	  and (model_paths.permission is null or e.permission = model_paths.permission)
	order by e.distance, r.name, e.anchor, e.source, e.via
$$;

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
create function person_state(who text) returns table (id uuid, login text, active boolean, state text)
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
			else format('gone from %s since %s', s.name, to_char(i.gone_since, 'YYYY-MM-DD HH24:MI')) end, ', ' order by s.position)
		from identities i join sources s on s.id = i.source
		where i.user_id = u.id and s.authoritative and (not i.enabled or i.gone_since is not null)),
		'inactive') end
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

create function gate_words(gate gate) returns text language sql immutable as $$
	select case gate when 'cloud' then 'a role with project.cloud_access' when 'custom' then 'a role that leaves this to what is set for each person'
		when 'view' then 'a user role that may view apps' else 'a user role that may manage apps' end
$$;

-- Roles that reach the resource for this person without the permission, and the roles that would bring it; without any that
-- means something there when it is NULL. Those that have it and need something else besides come with that (needs).
create function roles_without(user_id uuid, resource integer, permission smallint) returns table (role text, anchor text, better text, needs text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with here as materialized (
		select distinct a.role, r.name, a.kind, a.anchor from access a join roles r on r.id = a.role
		where a.user_id = roles_without.user_id and a.resource = roles_without.resource and r.kind <> 'setting'
		  and (r.kind <> 'platform' or a.kind in ('platform', 'cluster', 'group')) and not (r.kind = 'platform' and r.structural)
	), opened as materialized (
		select distinct g.gate from access a join role_gates g on g.role = a.role and g.kind = a.kind
		where a.user_id = roles_without.user_id and a.resource = roles_without.resource
	)
	select h.name, resource_name(h.anchor),
		(select string_agg(distinct b.name, ', ' order by b.name) from roles b
			where role_opens(b.id, h.kind, roles_without.permission) and not b.structural and b.kind <> 'setting'), null::text
	from here h where not role_opens(h.role, h.kind, roles_without.permission)
	union
	select h.name, resource_name(h.anchor), null, coalesce(
		(select string_agg(gate_words(n), ' and ' order by n) from unnest(m.needs) n where n not in (select o.gate from opened o)),
		'that it is not turned off for him')
	from here h join role_meanings m on m.role = h.role and m.kind = h.kind
	where m.permission = roles_without.permission or roles_without.permission is null
	order by 1, 2, 4
$$;

-- Which of these places, in these roles ("" for group administration), reach the resource with the permission: what a rule
-- would give if it matched. Nearest first.
create function opening(source text, anchors text[], roles text[], resource integer, permission smallint)
returns table (ordinal bigint, distance integer)
language sql stable security definer set search_path = roster, pg_temp as $$
	select n.ordinal, min(t.distance)
	from unnest(anchors, opening.roles) with ordinality n(anchor, role, ordinal)
	join sources s on s.name = opening.source
	join reach t on t.anchor = resolve_anchor(s.id, n.anchor) and t.resource = opening.resource
	where role_opens(role_given(nullif(n.role, '')), t.kind, opening.permission)
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
		where not exists (select from grants g where g.user_id = waiting_doors.user_id and g.anchor = t.anchor and g.role = t.role)
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
