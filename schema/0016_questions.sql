-- SPDX-License-Identifier: Apache-2.0
-- What rosterctl shows.

create view group_paths as
with recursive down(id, path, depth) as (
	select g.id, '/'::text, 0 from groups g where g.parent_id is null
	union all
	select g.id, case when d.path = '/' then '/' else d.path || '/' end || g.name, d.depth + 1
	from down d join groups g on g.parent_id = d.id
)
select d.id, d.path, d.depth, g.name, g.parent_id, g.description, g.archived, g.made_by, g.made_by_rule
from down d join groups g using (id);

-- The tree below a group: members counted directly, resources as they hang there.
create function tree(path text) returns table (group_path text, depth integer, members bigint, admins text[], apps text[], namespaces text[], made_by text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select p.path, p.depth,
		(select count(distinct g.user_id) from grants g join roles r on r.id = g.role where g.anchor = p.id and r.kind <> 'platform'),
		array(select distinct u.login from grants g join users u on u.id = g.user_id join roles r on r.id = g.role
			where g.anchor = p.id and r.kind = 'platform' order by u.login),
		array(select a.name from apps a where a.owner_group = p.id and not a.archived order by a.name),
		array(select k.name || '/' || n.name || '/' || n.purpose from group_namespaces gn join namespaces n on n.id = gn.namespace
			join clusters k on k.id = n.cluster where gn.group_id = p.id order by k.name, n.name, n.purpose),
		coalesce('rule ' || p.made_by_rule || ' of ' || s.name, 'hand')
	from group_closure c join group_paths p on p.id = c.descendant join sources s on s.id = p.made_by
	where c.ancestor = need_group(tree.path) and not p.archived
	order by p.path collate "C"
$$;

-- What a person holds, where, and who gave it.
create function holdings_of(who text) returns table (anchor text, role text, source text, since bigint, since_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select resource_name(g.anchor), r.name, s.name, g.since, v.at, g.expires_at
	from grants g join roles r on r.id = g.role join sources s on s.id = g.source join revisions v on v.id = g.since
	where g.user_id = need_user(who)
	union all
	select resource_name(a.id), 'Owner', 'hand', a.since, v.at, null from apps a join revisions v on v.id = a.since where a.owner = need_user(who)
	order by 1, 2, 3
$$;

-- Every app and namespace a person reaches, with the roles that reach it. Inactive people reach nothing.
create function access_of(who text) returns table (resource text, roles text[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select resource_name(a.resource), array_agg(distinct r.name)
	from access a join roles r on r.id = a.role
	where a.user_id = need_user(who) and a.kind in ('app', 'namespace')
	  and exists (select from role_permissions rp join permissions p on p.id = rp.permission
		join scope_resources s on s.scope = p.scope and s.kind = a.kind where rp.role = a.role)
	group by a.resource order by 1
$$;

create function user_list(pattern text) returns table (login text, name text, email text, active boolean, suspended boolean, sources text[], id uuid)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, u.name, u.email, u.active, u.suspended,
		coalesce((select array_agg(s.name order by s.position) from identities i join sources s on s.id = i.source where i.user_id = u.id), '{hand}'),
		u.id
	from users u where pattern is null or u.login_key like '%' || lower(normalize(pattern, NFKC)) || '%'
	order by u.login_key, u.id
$$;

create function user_show(who text) returns table (login text, name text, email text, active boolean, suspended boolean, id uuid,
	source text, external_id text, dn text, enabled boolean, gone_since timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, u.name, u.email, u.active, u.suspended, u.id, s.name, i.external_id, d.dn, i.enabled, i.gone_since
	from users u
	left join identities i on i.user_id = u.id
	left join sources s on s.id = i.source
	left join directory_entries d on d.source = i.source and d.external_id = i.external_id
	where u.id = need_user(who) order by s.position
$$;

-- The team of an app: the owner, who was invited, and who inherits, with the group and the path that brings him.
create function app_members(name text) returns table (login text, membership text, role text, through text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, case when o.name = 'Owner' and o.structural then 'owner' when a.anchor = a.resource then 'direct' else 'inherited' end,
		o.name, case when a.anchor <> a.resource then group_path(a.anchor) end
	from access a join users u on u.id = a.user_id join roles o on o.id = a.role
	where a.resource = need_app(app_members.name) and o.kind <> 'platform'
	group by u.login, u.id, a.anchor, a.resource, o.name, o.structural
	order by case when o.structural then 0 when a.anchor = a.resource then 1 else 2 end, u.login, o.name
$$;

-- Who is in a group directly, its admins first.
create function group_members(path text) returns table (login text, role text, source text, active boolean, since_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, r.name, s.name, u.active, v.at, g.expires_at
	from grants g join users u on u.id = g.user_id join roles r on r.id = g.role join sources s on s.id = g.source
	join revisions v on v.id = g.since
	where g.anchor = need_group(group_members.path)
	order by r.kind, r.name_key, u.login_key, s.position
$$;

create function app_list() returns table (app text, owner text, owner_group text, archived boolean)
language sql stable security definer set search_path = roster, pg_temp as $$
	select a.name, u.login, case when a.owner_group is not null then group_path(a.owner_group) end, a.archived from apps a join users u on u.id = a.owner order by a.name_key
$$;

create function namespace_list() returns table (namespace text, groups text[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select k.name || '/' || n.name || '/' || n.purpose, coalesce(array_agg(group_path(g.group_id) order by group_path(g.group_id)) filter (where g.group_id is not null), '{}')
	from namespaces n join clusters k on k.id = n.cluster left join group_namespaces g on g.namespace = n.id
	group by k.name, n.name, n.purpose order by k.name, n.name, n.purpose
$$;

create function role_list() returns table (id integer, role text, kind text, permissions bigint, members bigint, apps bigint, tags text[], description text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select r.id, r.name, r.kind::text,
		(select count(*) from role_permissions rp where rp.role = r.id),
		(select count(distinct g.user_id) from grants g where g.role = r.id),
		(select count(distinct g.anchor) from grants g join resources a on a.id = g.anchor and a.kind = 'app' where g.role = r.id),
		array_remove(array[case when r.builtin then 'predefined' end, case when r.locked then 'locked' end,
			case when r.structural then 'not given by hand' end, case when r.sensitive then 'sensitive' end], null), r.description
	from roles r order by r.kind, r.name_key
$$;

create function role_show(name text) returns table (permission text, scope text, description text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select p.name, p.scope::text, p.description
	from role_permissions rp join permissions p on p.id = rp.permission
	where rp.role = coalesce(role_named('project', role_show.name), need_role('platform', role_show.name)) order by p.scope, p.name
$$;

create function run_list(most integer) returns table (run text, kind text, state text, read text, entries bigint, unreadable bigint, adds bigint,
	removes bigint, held bigint, started_at timestamptz, seconds numeric, reason text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name || '/' || r.id, r.kind, r.state::text, r.completeness, r.entries, r.unreadable, r.adds, r.removes, r.held, r.started_at,
		round(extract(epoch from r.ended_at - r.started_at), 1), r.reason
	from runs r join sources s on s.id = r.source order by r.id desc limit most
$$;

-- The run named "corp/12" or "12".
create function need_run(name text) returns runs language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	row runs;
	number text := regexp_replace(name, '^.*/', '');
begin
	if number ~ '^[0-9]{1,18}$' then
		select r.* into row from runs r join sources s on s.id = r.source
		where r.id = number::bigint and (need_run.name !~ '/' or s.name = regexp_replace(need_run.name, '/[^/]*$', ''));
	end if;
	if row.id is null then
		raise exception 'there is no run %', name using errcode = 'no_data_found', hint = 'see rosterctl runs';
	end if;
	return row;
end $$;

create function run_show(name text) returns table (run text, kind text, state text, read text, reason text, entries bigint, unreadable bigint,
	adds bigint, removes bigint, held bigint, revisions text, started_at timestamptz, ended_at timestamptz, login name, digest text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name || '/' || r.id, r.kind, r.state::text, r.completeness, r.reason, r.entries, r.unreadable, r.adds, r.removes, r.held,
		(select concat_ws(' to ', min(v.id), nullif(max(v.id), min(v.id))) from revisions v where v.run = r.id),
		r.started_at, r.ended_at, r.login, r.plan_digest
	from need_run(run_show.name) r join sources s on s.id = r.source
$$;

-- What a run changed, and what it found and holds. Rows of later runs have gone over it: what was given and taken since is
-- still told.
create function run_diff(name text) returns table (change text, kind text, login text, anchor text, role text, revision bigint, reason text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	named bigint := (need_run(name)).id;
begin
	return query
	with written as (select v.id from revisions v where v.run = named),
	given as (
		select g.user_id, g.anchor, g.role, g.since as at, 'added' as change from grants g where g.since in (select w.id from written w)
		union all
		select g.user_id, g.anchor, g.role, g.since, 'added' from grants_history g where g.since in (select w.id from written w)
		union all
		select g.user_id, g.anchor, g.role, g.until, 'removed' from grants_history g where g.until in (select w.id from written w)
	), people as (
		select u.id, u.active, u.since as at from users u where u.since in (select w.id from written w)
		union all
		select u.id, u.active, u.since from users_history u where u.since in (select w.id from written w)
	), branches as (
		select g.id, g.archived, g.since as at from groups g where g.since in (select w.id from written w)
		union all
		select g.id, g.archived, g.since from groups_history g where g.since in (select w.id from written w)
	), all_of_it as (
		select case when p.active then 'added' else 'removed' end as change, 'user' as kind, p.id as person, null::integer as anchor,
			null::integer as role, p.at, null::text as reason from people p
		union all
		select case when b.archived then 'removed' else 'added' end, 'group', null, b.id, null, b.at, null from branches b
		union all
		select g.change, 'grant', g.user_id, g.anchor, g.role, g.at, null from given g
	)
	select a.change, a.kind, u.login, regexp_replace(resource_name(a.anchor), '^group:', ''), r.name, a.at, a.reason
	from all_of_it a left join users u on u.id = a.person left join roles r on r.id = a.role
	union all
	select h.state::text, h.kind::text, coalesce(d.login, h.external_id), h.anchor, r.name, null, h.reason
	from held_changes h
	left join directory_entries d on d.source = h.source and d.external_id = h.external_id
	left join roles r on r.id = h.role
	where h.run = named
	union all
	select 'held', p.kind::text, nullif(p.login, ''), nullif(p.anchor, ''), nullif(p.role, ''), null, p.action::text
	from runs n join held_plans p on p.source = n.source and p.digest = n.plan_digest where n.id = named and n.state = 'held'
	order by 6 nulls last, 2 desc, 4, 3, 5;
end $$;

-- Groups that list a name somebody else had when they got it: whoever has it now is not in them.
create view misnamed_members as
select g.source, g.id as group_id, g.dn as group_dn, n.id as entry_id, old.gone_since as noted_at,
	format('it lists %s, whom it knew under this name is gone; take the member out and in again if the new one is meant', n.dn) as why
from directory_entries old
join directory_edges e on e.member_id = old.id
join directory_entries n on (n.reference = e.reference or n.alias = e.reference) and n.id <> old.id and n.gone_since is null
join directory_entries g on g.id = e.group_id
where old.gone_since is not null
union all
-- and those that list a name which changed hands while they were changed
select g.source, g.id, g.dn, n.id, null,
	format('it lists %s, whom it knew under this name has another one now; take the member out and in again if the new one is meant', n.dn)
from doubtful_edges x
join directory_entries n on n.reference = x.reference and n.gone_since is null
join directory_entries g on g.id = x.group_id
where x.void;

create function quarantine_list() returns table (source text, what text, why text, stage text, run bigint, noted_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name, q.what, q.why, q.stage, q.run, q.noted_at from quarantine q join sources s on s.id = q.source
	union all
	select s.name, m.group_dn, m.why, 'name', null, m.noted_at from misnamed_members m join sources s on s.id = m.source
	order by 1, 2
$$;

-- names: the sources of the configuration. The others keep what they gave until somebody retires them.
create function source_list(names text[]) returns table (source text, kind text, state text, entries bigint, people bigint, groups bigint, grants bigint, quarantined bigint,
	held bigint, settled boolean, paused boolean, last_complete_at timestamptz, last_run text, last_state text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name, s.kind, case when s.kind = 'import' then 'import' when s.name = any (names) then 'configured' else 'not in the configuration' end,
		count(d.id), count(d.id) filter (where d.kind = 'user'), count(d.id) filter (where d.kind = 'group'),
		(select count(*) from grants g where g.source = s.id), (select count(*) from quarantine q where q.source = s.id),
		w.held, s.settled and w.held = 0, exists (select from paused_sources p where p.source = s.id), s.last_complete_at, s.name || '/' || l.id, l.state::text
	from sources s
	left join directory_entries d on d.source = s.id and d.gone_since is null
	left join lateral (select r.id, r.state, r.held from runs r where r.source = s.id order by r.id desc limit 1) l on true
	cross join lateral (select count(*) + case when l.state = 'held' then l.held else 0 end as held
		from held_changes h where h.source = s.id and h.state = 'held') w
	where s.id <> 0 and (s.retired_at is null or s.name = any (names)) group by s.id, l.id, l.state, w.held order by s.position
$$;

-- Explain: the directory's half of the reason --------------------------------------------------------------------------------------

-- What rules may call a place: its name of today, and what a rule made it for.
create function anchor_keys(anchor integer) returns table (key text) language sql stable as $$
	select lower(normalize(regexp_replace(resource_name(anchor_keys.anchor), '^group:', ''), NFKC))
	union
	select g.made_for from groups g where g.id = anchor_keys.anchor and g.made_for is not null
$$;

-- Does a role permit anything on this kind of resource: this permission there, or any when it is NULL?
create function role_opens(role integer, kind resource_kind, permission smallint) returns boolean language sql stable as $$
	select exists (select from role_permissions rp join permissions p on p.id = rp.permission
		join scope_resources k on k.scope = p.scope and k.kind = role_opens.kind
		where rp.role = role_opens.role and (role_opens.permission is null or rp.permission = role_opens.permission))
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

-- The model's half: how a role reaches the resource.
create function model_paths(user_id uuid, resource integer, permission smallint)
returns table (role text, role_id integer, anchor text, anchor_id integer, source text, source_id smallint, through text, distance integer,
	since bigint, since_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select distinct on (e.distance, r.name, e.anchor, e.source, e.via) r.name, e.role, resource_name(e.anchor), e.anchor, s.name, e.source,
		case when e.via is not null then group_path(e.via) end, e.distance, coalesce(g.since, a.since), v.at
	from effective e
	join roles r on r.id = e.role
	join sources s on s.id = e.source
	left join grants g on g.user_id = e.user_id and g.anchor = e.anchor and g.role = e.role and g.source = e.source
	left join apps a on a.id = e.anchor and r.structural
	left join revisions v on v.id = coalesce(g.since, a.since)
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

-- Roles that reach the resource for this person without the permission, and the roles that would bring it; without any that
-- means something there when it is NULL.
create function roles_without(user_id uuid, resource integer, permission smallint) returns table (role text, anchor text, better text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select distinct r.name, resource_name(a.anchor),
		(select string_agg(b.name, ', ' order by b.name) from roles b where role_opens(b.id, a.kind, roles_without.permission) and not b.structural)
	from access a join roles r on r.id = a.role
	where a.user_id = roles_without.user_id and a.resource = roles_without.resource
	  and (r.kind <> 'platform' or a.kind in ('platform', 'cluster', 'group')) and not (r.kind = 'platform' and r.structural)
	  and not role_opens(a.role, a.kind, roles_without.permission)
	order by 1, 2
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
