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

-- Since which revision somebody holds what a row of grants says: to say another end of it begins a row, not the holding.
create function first_since(user_id uuid, anchor integer, role integer, since bigint) returns bigint language sql stable set search_path = roster, pg_temp as $$
	with recursive earlier(since) as (
		select first_since.since
		union all
		select h.since from earlier e join grants_history h on h.user_id = first_since.user_id and h.anchor = first_since.anchor
			and h.role = first_since.role and h.source = 0 and h.until = e.since)
	select min(e.since) from earlier e
$$;

-- Only what was given by hand has an end. Without settings of its own this becomes a part of the statement that asks.
create function grant_since(user_id uuid, anchor integer, role integer, source smallint, since bigint) returns bigint language sql stable as $$
	select case when grant_since.source = 0 and exists (select from roster.grants_history h where h.user_id = grant_since.user_id
			and h.anchor = grant_since.anchor and h.role = grant_since.role and h.source = 0 and h.until = grant_since.since)
		then roster.first_since(grant_since.user_id, grant_since.anchor, grant_since.role, grant_since.since) else grant_since.since end
$$;

-- Since when an app has this owner: its row changes for other reasons too.
create function owner_since(app integer, owner uuid, since bigint) returns bigint language sql stable set search_path = roster, pg_temp as $$
	select coalesce(
		(select max(h.until) from apps_history h where h.id = app and h.owner <> owner_since.owner and h.until <= owner_since.since),
		(select min(h.since) from apps_history h where h.id = app), owner_since.since)
$$;

-- What a person holds, where, and who gave it.
create function holdings_of(who text) returns table (anchor text, role text, source text, since bigint, since_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select resource_name(g.anchor), r.name, s.name, v.id, v.at, g.expires_at
	from grants g join roles r on r.id = g.role join sources s on s.id = g.source
	join revisions v on v.id = grant_since(g.user_id, g.anchor, g.role, g.source, g.since)
	where g.user_id = need_user(who)
	union all
	select resource_name(a.id), 'Owner', 'hand', v.id, v.at, null from apps a join revisions v on v.id = owner_since(a.id, a.owner, a.since) where a.owner = need_user(who)
	union all
	select resource_name(n.app), 'Technical Contact', 'hand', n.since, v.at, null from nodes n join revisions v on v.id = n.since where n.technical_contact = need_user(who)
	order by 1, 2, 3
$$;

create function user_list(pattern text) returns table (login text, name text, email text, active boolean, suspended boolean, sources text[], id uuid)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, u.name, u.email, u.active, u.suspended,
		coalesce((select array_agg(s.name order by s.position) from identities i join sources s on s.id = i.source where i.user_id = u.id), '{hand}'),
		u.id
	from users u where pattern is null or strpos(u.login_key, lower(normalize(pattern, NFKC))) > 0
	order by u.login_key, u.id
$$;

create function user_show(who text) returns table (login text, name text, email text, external boolean, active boolean, suspended boolean, id uuid,
	source text, external_id text, dn text, enabled boolean, gone_since timestamptz, closed text, linked_by text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, u.name, u.email, u.external, u.active, u.suspended, u.id, s.name, i.external_id, d.dn, i.enabled and d.closed is null, i.gone_since, d.closed, i.linked_by
	from users u
	left join identities i on i.user_id = u.id
	left join sources s on s.id = i.source
	left join directory_entries d on d.source = i.source and d.external_id = i.external_id
	where u.id = need_user(who) order by s.position
$$;

-- Who is in a group or an access group directly, admins first.
create function members_at(anchor integer) returns table (login text, role text, source text, active boolean, since_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, r.name, s.name, u.active, v.at, g.expires_at
	from grants g join users u on u.id = g.user_id join roles r on r.id = g.role join sources s on s.id = g.source
	join revisions v on v.id = grant_since(g.user_id, g.anchor, g.role, g.source, g.since)
	where g.anchor = members_at.anchor
	order by r.kind, r.name_key, u.login_key, s.position
$$;

create function group_members(path text) returns table (login text, role text, source text, active boolean, since_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp
as $$select * from members_at(need_group(group_members.path))$$;

create function access_group_members(name text) returns table (login text, role text, source text, active boolean, since_at timestamptz, expires_at timestamptz)
language sql stable security definer set search_path = roster, pg_temp
as $$select * from members_at(need_access_group(access_group_members.name))$$;

create function group_show(path text) returns table (group_path text, name text, description text, members bigint, admins text[], apps text[], namespaces text[], made_by text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select t.group_path, p.name, p.description, t.members, t.admins, t.apps, t.namespaces, t.made_by
	from group_paths p join tree(group_show.path) t on t.group_path = p.path where p.id = need_group(group_show.path)
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

-- Roles of the company that say the same: to be merged. twins: which, the role itself among them.
create view role_twins as
with said as (
	select r.id, array(select rp.permission from role_permissions rp where rp.role = r.id order by rp.permission) as permits,
		array(select concat_ws(' ', e.kind, e.access, f.permission)
			from role_environments e left join role_environment_permissions f on f.role = e.role and f.kind = e.kind
			where e.role = r.id order by e.kind, f.permission) as environments
	from roles r where r.kind = 'project' and not r.structural)
select array_agg(s.id) as twins from said s group by s.permits, s.environments having count(*) > 1;

-- Who holds which role where, also those that an app and its node say themselves. Whom everybody is (User, App Member) nobody counts.
create view role_holdings as
select g.role, g.anchor, g.user_id, g.source from grants g
union all select r.id, a.id, a.owner, 0 from apps a join roles r on r.kind = 'project' and r.builtin and r.name = 'Owner'
union all select r.id, n.app, n.technical_contact, 0 from nodes n join roles r on r.kind = 'project' and r.builtin and r.name = 'Technical Contact';

-- tags: what else there is to know of it, such as that nobody holds it, or that another says the same.
-- members: people who hold it themselves, each once, on whatever app; those who hold it through a group are counted apart.
create function role_list() returns table (id integer, role text, kind text, permissions text[], environments text[], members bigint,
	group_members bigint, apps bigint, tags text[], description text)
language sql stable security definer set search_path = roster, pg_temp set work_mem = '64MB' set jit = off as $$
	with held as materialized (
		select d.role, count(*) filter (where not d.grouped) as members, count(*) filter (where d.grouped) as group_members
		from (select distinct g.role, g.user_id, a.kind in ('group', 'access_group') as grouped from role_holdings g join resources a on a.id = g.anchor) d
		group by d.role)
	select r.id, r.name, r.kind::text,
		array(select p.scope || ' ' || count(*) from role_permissions rp join permissions p on p.id = rp.permission
			where rp.role = r.id group by p.scope order by p.scope::text),
		array(select case e.kind when 'environment' then 'non-production ' else 'production ' end || e.access
			from role_environments e where e.role = r.id order by e.kind),
		coalesce(h.members, 0), coalesce(h.group_members, 0),
		case when h.members > 0 then (select count(distinct g.anchor) from role_holdings g join resources a on a.id = g.anchor and a.kind = 'app' where g.role = r.id) else 0 end,
		array_remove(array[case when r.builtin then 'predefined' end, case when r.locked then 'locked' end,
			case when r.structural then 'not given by hand' end, case when r.sensitive then 'sensitive' end, 'inherited from ' || r.origin,
			(select 'edited by ' || e.login from role_edit e where e.role = r.id and e.expires_at > now()),
			'duplicate of ' || t.names, case when not r.structural and h.role is null then 'not used' end], null), r.description
	from roles r left join held h on h.role = r.id left join (
		-- A few are named and the others counted: of very many that say the same each would name all.
		select u.role, (select string_agg(o.label, ', ' order by o.place) from unnest(w.ids[:6], w.labels[:6]) with ordinality o(id, label, place)
				where o.id <> u.role and o.place <= case when u.role = any (w.ids[:5]) then 6 else 5 end)
			|| case when cardinality(w.ids) > 6 then format(' and %s more', cardinality(w.ids) - 6) else '' end as names
		from (
			select array_agg(d.id order by d.name_key, d.origin nulls first) as ids,
				array_agg(d.name || coalesce(' (' || d.origin || ')', '') order by d.name_key, d.origin nulls first) as labels
			from role_twins t join roles d on d.id = any (t.twins) group by t.twins) w, unnest(w.ids) u(role)) t on t.role = r.id
	where r.kind <> 'setting' order by r.kind, r.name_key, r.origin
$$;

create function role_by_name(name text) returns integer language sql stable security definer set search_path = roster, pg_temp as $$
	select coalesce(role_named('project', role_by_name.name), role_named('app', role_by_name.name),
		role_named('platform', role_by_name.name), need_role('project', role_by_name.name))
$$;

create function role_show(name text) returns table (permission text, scope text, description text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select p.name, p.scope::text, p.description
	from role_permissions rp join permissions p on p.id = rp.permission where rp.role = role_by_name(role_show.name)
	union all
	select coalesce(p.name, e.access::text), case e.kind when 'environment' then 'non-production' else 'production' end,
		coalesce(p.description, 'as is set for each person in each environment')
	from role_environments e left join role_environment_permissions f on f.role = e.role and f.kind = e.kind
	left join permissions p on p.id = f.permission where e.role = role_by_name(role_show.name)
	order by 2, 1
$$;

-- Where a role is held, and by whom.
create function role_holders(name text) returns table (place text, login text, source text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with held as materialized (
		select g.anchor, g.user_id, g.source from role_holdings g where g.role = role_by_name(role_holders.name)
	), places as materialized (
		select d.anchor, resource_name(d.anchor) as name from (select distinct h.anchor from held h) d
	)
	select p.name, u.login, s.name from held h join places p using (anchor) join users u on u.id = h.user_id join sources s on s.id = h.source
	order by 1, 2, 3
$$;

create function role_duplicates() returns table (role text, duplicate text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select a.name || coalesce(' (' || a.origin || ')', ''), b.name || coalesce(' (' || b.origin || ')', '')
	from role_twins t, unnest(t.twins) x(id), unnest(t.twins) y(id), roles a, roles b where x.id < y.id and a.id = x.id and b.id = y.id order by 1, 2
$$;

-- On one line each: names come from afar.
create function drift_examples(run bigint) returns text[] language sql stable set search_path = roster, pg_temp as $$
	select array(select left(regexp_replace(d.dn, '[[:cntrl:]]+', ' ', 'g'), 300) || ' ' || d.what
		from drifted_entries d where d.run = drift_examples.run order by d.dn, d.external_id)
$$;

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

-- What the last comparison of a source with its news has found; null where there was none.
create function last_drift(source smallint) returns bigint language sql stable set search_path = roster, pg_temp as $$
	select r.drift from runs r where r.source = last_drift.source and r.drift is not null order by r.id desc limit 1
$$;

-- What goes with an act that takes something away: what rosterctl says before it asks ----------------------------------------

create function counted(number bigint, one text, many text) returns text language sql immutable
as $$select number || ' ' || case number when 1 then one else many end$$;

create function role_delete_preview(name text, replacement text) returns text
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	gone roles := editable_role(name);
	heir text := (select r.name from roles r where replacement is not null and r.id = need_role('project', replacement));
	people bigint;
	places bigint;
	invited bigint := (select count(*) from invitations i where i.role = gone.id);
begin
	select count(distinct g.user_id), count(distinct g.anchor) into people, places from grants g where g.role = gone.id;
	return case people when 0 then format('nobody holds the role "%s"', gone.name)
		else format('%s the role "%s" at %s', counted(people, 'person holds', 'people hold'), gone.name, counted(places, 'place', 'places')) end
		|| case when invited > 0 then ', ' || counted(invited, 'person is', 'people are') || ' invited in it' else '' end
		|| coalesce(', and "' || heir || '" takes its place', '');
end $$;

create function group_delete_preview(path text) returns text language sql stable security definer set search_path = roster, pg_temp as $$
	select counted(count(distinct g.user_id), 'person is', 'people are') || ' in ' || group_path(need_group(path)) || ' and would not be any more'
	from grants g where g.anchor = need_group(path)
$$;

create function access_group_delete_preview(name text) returns text language sql stable security definer set search_path = roster, pg_temp as $$
	select counted(l.members, 'person loses', 'people lose') || ' what access group ' || l.access_group || ' gives on '
		|| counted(cardinality(l.apps), 'app', 'apps')
	from need_access_group(name), access_group_show(name) l
$$;

create function environment_delete_preview(name text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	gone environments := need_environment(name);
begin
	return format('%s something in %s, and what was set there for %s would be forgotten',
		counted((select count(distinct e.user_id) from effective_on(gone.id) e), 'person may do', 'people may do'), resource_name(gone.id),
		counted((select count(distinct s.user_id) from environment_settings s where s.environment = gone.id), 'person', 'people'));
end $$;

create function namespace_delete_preview(name text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	gone integer[] := need_namespaces(name);
begin
	return (select format('%s something in %s, by %s, and would not any more',
			counted((select count(distinct e.user_id) from unnest(gone) g cross join lateral effective_on(g) e), 'person may do', 'people may do'),
			string_agg(resource_name(n), ', ' order by n),
			counted((select count(distinct g.group_id) from group_namespaces g where g.namespace = any (gone)), 'group', 'groups'))
		from unnest(gone) n);
end $$;

create function cluster_delete_preview(name text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	gone integer := resource_named('cluster:' || name);
begin
	return format('%s something on %s and would not any more',
		counted((select count(distinct e.user_id) from effective_on(gone) e), 'person may do', 'people may do'), resource_name(gone));
end $$;

create function node_delete_preview(app text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_node(app);
begin
	return (select format('%s is the Technical Contact of %s and would not be any more; the app and its team stay', u.login, resource_name(here))
		from nodes n join users u on u.id = n.technical_contact where n.app = here);
end $$;

create function node_contact_preview(app text, login text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_node(app);
	heir uuid := require_listed(login, here);
begin
	return (select format('%s answers for %s of %s and may everything there; from now on %s would, and %s only what his roles say', u.login,
			counted((select count(*) from environments e where e.app = here), 'environment', 'environments'), resource_name(here), h.login, u.login)
		from nodes n join users u on u.id = n.technical_contact join users h on h.id = heir where n.app = here);
end $$;

-- Names that are mistyped ---------------------------------------------------------------------------------------------------

-- How many letters one has to leave out, put in, exchange or swap with the next to make one word of another.
create function edits(a text, b text) returns integer language plpgsql immutable set search_path = pg_catalog as $$
declare
	x text[] := string_to_array(a, null);
	y text[] := string_to_array(b, null);
	oldest integer[];
	above integer[];
	line integer[] := array(select generate_series(0, cardinality(y)));
begin
	for i in 1 .. cardinality(x) loop
		oldest := above;
		above := line;
		line := array[i];
		for j in 1 .. cardinality(y) loop
			line[j + 1] := least(above[j + 1] + 1, line[j] + 1, above[j] + (x[i] <> y[j])::integer,
				case when i > 1 and j > 1 and x[i] = y[j - 1] and x[i - 1] = y[j] then oldest[j - 1] + 1 end);
		end loop;
	end loop;
	return line[cardinality(y) + 1];
end $$;

-- The names there are of this kind, each with the form in which names are compared: that of a resource, user, role or permission.
create function names_of(kind text) returns table (name text, key text) language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query select u.login, u.login_key from users u where names_of.kind in ('user', 'active user') and (u.active or names_of.kind = 'user') and u.erased_at is null;
	return query select r.name, r.name_key from roles r where names_of.kind = 'role' and not r.structural and r.kind <> 'setting';
	return query select p.name, p.name from permissions p where names_of.kind = 'permission';
	if names_of.kind not in ('user', 'active user', 'role', 'permission') then
		return query select x.name, lower(normalize(x.name, NFKC)) from resource_names n cross join lateral (select substr(n.name, length(names_of.kind) + 2) as name) x
		left join groups g on g.id = n.resource where n.name like names_of.kind || ':%' and g.archived is not true;
	end if;
end $$;

-- For whom mistypes a name: the nearest one there is, before what else to do. Apps that ask by name get none, since it takes a look
-- at all names.
create function near_hint(kind text, name text, otherwise text) returns text language plpgsql stable set search_path = roster, pg_temp as $$
declare
	typed text := lower(normalize(name, NFKC));
	most integer := 1 + length(typed) / 4;
	nearest text;
begin
	if length(typed) <= 64 and pg_has_role(session_user, 'roster_admin', 'member') then
		-- First what has the same letters, nearly: to count edits takes much longer.
		select c.name into nearest from (
			select k.name, k.key from names_of(near_hint.kind) k
			where length(k.key) between length(typed) - most and length(typed) + most
			  and length(translate(k.key, typed, '')) <= most and length(translate(typed, k.key, '')) <= most
			order by length(translate(k.key, typed, '')) + length(translate(typed, k.key, '')), abs(length(k.key) - length(typed)), k.key limit 50) c
		where edits(typed, c.key) <= most order by edits(typed, c.key), c.key limit 1;
	end if;
	-- What is called so, and was not found, is another kind of thing.
	return coalesce(case when lower(normalize(nearest, NFKC)) = typed then '"' || nearest || '" is there, and none that fits; '
		else 'did you mean "' || nearest || '"? ' end, '') || otherwise;
end $$;

-- For whom names a role: one that is called so may be of another kind than is asked for.
create function role_hint(kind role_kind, name text) returns text language sql stable set search_path = roster, pg_temp as $$
	with words(kind, said) as (values ('platform'::role_kind, 'a user role'), ('project', 'a role of teams'), ('app', 'a role of apps'))
	select coalesce((select format('"%s" is %s, and %s is asked for; see rosterctl role list', r.name, w.said, (select a.said from words a where a.kind = role_hint.kind))
		from roles r join words w using (kind) where r.name_key = lower(normalize(role_hint.name, NFKC)) and r.kind <> role_hint.kind limit 1),
		near_hint('role', name, 'see rosterctl role list'))
$$;

-- The difference of two revisions by name: what each person won and lost. A resource that is gone goes by the name it had.
create function difference_named(first bigint, last bigint)
returns table (resource text, login text, roles_won text[], roles_lost text[], won text[], lost text[])
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	perform require_reader('what changed for everybody', null);
	last := coalesce(need_revision(last), head());
	return query
	with found as materialized (
		select * from difference(need_revision(first), last)
	), places as materialized (
		select d.resource, resource_name(d.resource, last) as name from (select distinct f.resource from found f) d
	), named as materialized (
		select d.role, role_name(d.role, greatest(first, last)) as name
		from (select distinct r as role from found f, unnest(f.roles_before || f.roles_after) r) d
	)
	select n.name, u.login,
		array(select r.name from named r where r.role = any (f.roles_after) and r.role <> all (f.roles_before) order by r.name),
		array(select r.name from named r where r.role = any (f.roles_before) and r.role <> all (f.roles_after) order by r.name),
		array(select p.name from permissions p where p.id = any (f.permissions_after) and p.id <> all (f.permissions_before) order by p.name),
		array(select p.name from permissions p where p.id = any (f.permissions_before) and p.id <> all (f.permissions_after) order by p.name)
	from found f join users u on u.id = f.user_id join places n on n.resource = f.resource
	order by 1, 2;
end $$;
