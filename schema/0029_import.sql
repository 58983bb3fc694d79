-- SPDX-License-Identifier: Apache-2.0
-- Import: groups, apps, access groups, nodes, clusters, namespaces and members from a file an administrator writes.
--
-- The file is taken apart into single statements, staged under the transaction that reads it, and compared whole with the
-- model: import_stage, import_begin, import_problems, import_plan, import_counts, import_apply, in this order and in one
-- transaction. The file says what must be there; what it does not speak of stays, unless the import is complete: then
-- what the same import made before, and nothing else, is taken away. What another hand or source made is never removed.

-- What an import made, beside grants, which say so themselves. Clusters, namespaces, nodes, environments and access groups are
-- not removed: by themselves they give nobody anything.
create table imported (
	source smallint not null references sources,
	kind text not null check (kind in ('group', 'app', 'association', 'inclusion')),
	resource integer not null references resources on delete cascade, -- of an association: the namespace; of an inclusion: the app
	group_id integer not null default 0,                              -- of an association; of an inclusion: the access group
	withdrawn boolean not null default false, -- archived by the import: it comes back when it is named again
	primary key (source, kind, resource, group_id)
);

create unlogged table staged_imports (
	transaction xid8 not null default pg_current_xact_id(),
	line integer not null,
	fact text not null check (fact in ('group', 'admin', 'app', 'cluster', 'namespace', 'association', 'member',
		'access_group', 'inclusion', 'node', 'environment')),
	path text,        -- the group; of an app: its owner group
	name text,        -- of the app or cluster; CLUSTER/NAME of a namespace; APP/NAME of an environment
	login text,       -- admin, member; of an app: its owner; of a node: its contact
	role text,
	purpose text,
	description text,
	place text,       -- the access group; of an environment: CLUSTER/NAME of its namespace
	broken boolean not null default false, -- something else in its line is wrong: only known to be named
	-- What these names stand for: import_begin() fills it in.
	path_key text[], -- of an environment: app and name
	cluster_key text,
	name_key text,
	place_key text,
	group_id integer,
	user_id uuid,
	role_id integer,
	resource integer, -- the app, namespace or environment
	place_id integer
);
create index on staged_imports (transaction);

create unlogged table planned_imports (
	transaction xid8 not null default pg_current_xact_id(),
	seq bigint generated always as identity,
	kind text not null,   -- group, app, cluster, namespace, association, access_group, inclusion, node, environment, grant, user
	action text not null, -- add, change, restore, remove, archive; keep: it would go, but holds something
	line integer,
	path text,
	path_key text[],
	cluster_key text,
	name_key text,
	name text,
	purpose text,
	description text,
	user_id uuid,
	role_id integer,
	group_id integer,
	resource integer,
	place text,
	place_key text,
	place_id integer
);
create index on planned_imports (transaction);

-- Rows of this transaction.
create view my_imports as select * from staged_imports where transaction = pg_current_xact_id();

create function path_key(path text) returns text[] language sql immutable strict set search_path = pg_catalog as $$
	select coalesce(array_agg(lower(normalize(s, NFKC)) order by n) filter (where s <> ''), '{}')
	from unnest(string_to_array(trim(both '/' from path), '/')) with ordinality t(s, n)
$$;

create view group_keys as
with recursive down(id, key) as (
	select g.id, '{}'::text[] from groups g where g.parent_id is null
	union all
	select g.id, d.key || g.name_key from down d join groups g on g.parent_id = d.id
)
select id, key from down;

create function import_named(name text) returns smallint language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	known sources;
begin
	if name !~ '^[A-Za-z][-A-Za-z0-9_]{0,62}$' or name = 'hand' then
		raise exception '"%" is no name for an import', name using errcode = 'invalid_parameter_value',
			hint = 'letters, digits, - and _, beginning with a letter';
	end if;
	select s.* into known from sources s where s.name = import_named.name;
	if known.kind <> 'import' then
		raise exception '"%" is the name of a source', name using errcode = 'invalid_parameter_value', hint = 'choose another --name';
	end if;
	return known.id;
end $$;

-- Stage a batch of statements: an array of objects whose keys are the first columns of staged_imports.
create function import_stage(said json) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform require_administrator('import');
	insert into staged_imports (line, fact, path, name, login, role, purpose, description, place, broken)
	select s.line, s.fact, s.path, s.name, s.login, s.role, s.purpose, s.description, s.place, coalesce(s.broken, false)
	from json_to_recordset(said) s(line integer, fact text, path text, name text, login text, role text, purpose text, description text,
		place text, broken boolean);
end $$;

-- Find out what the staged names stand for. binding: the import is to be applied, so nobody may write until it is done.
create function import_begin(name text, binding boolean) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform import_named(name);
	if binding then
		perform pg_advisory_xact_lock(writer_lock_class(), 1);
	end if;
	perform require_administrator('import ' || name);
	-- Committed rows are those of somebody who gave up half way.
	delete from staged_imports s where s.transaction <> pg_current_xact_id();
	delete from planned_imports p;

	update staged_imports s set path_key = path_key(case s.fact when 'environment' then s.name else s.path end),
		cluster_key = case when s.fact in ('cluster', 'namespace', 'association') then lower(normalize(split_part(s.name, '/', 1), NFKC)) end,
		name_key = case when s.fact in ('namespace', 'association') then lower(normalize(split_part(s.name, '/', 2), NFKC))
			when s.fact = 'environment' then lower(normalize(split_part(s.name, '/', 1), NFKC))
			when s.fact in ('app', 'member', 'inclusion', 'node') then lower(normalize(s.name, NFKC)) end,
		place_key = lower(normalize(s.place, NFKC)),
		role_id = case s.fact when 'admin' then role_named('platform', 'Group Administrator')
			when 'member' then coalesce(role_given('/', s.role), role_named('project', s.role)) end
	where s.transaction = pg_current_xact_id();
	analyze staged_imports;
	update staged_imports s set group_id = k.id from group_keys k where s.transaction = pg_current_xact_id() and s.path is not null and k.key = s.path_key;
	update staged_imports s set user_id = u.id from users u
	where s.transaction = pg_current_xact_id() and u.active and u.login_key = lower(normalize(s.login, NFKC));
	update staged_imports s set resource = a.id from apps a
	where s.transaction = pg_current_xact_id() and s.fact in ('app', 'member', 'inclusion', 'node') and a.name_key = s.name_key;
	update staged_imports s set resource = e.id from environments e join apps a on a.id = e.app
	where s.transaction = pg_current_xact_id() and s.fact = 'environment' and s.path_key = array[a.name_key, e.name_key];
	update staged_imports s set place_id = x.id from access_groups x
	where s.transaction = pg_current_xact_id() and s.fact <> 'environment' and x.name_key = s.place_key;
	update staged_imports s set place_id = n.id from namespaces n join clusters k on k.id = n.cluster
	where s.transaction = pg_current_xact_id() and s.fact = 'environment' and s.place_key = k.name_key || '/' || lower(normalize(n.name, NFKC))
	  and n.purpose::text = coalesce(s.purpose, (select e.purpose::text from environments e where e.id = s.resource));
	update staged_imports s set resource = n.id from namespaces n join clusters k on k.id = n.cluster
	where s.transaction = pg_current_xact_id() and s.fact in ('namespace', 'association')
	  and k.name_key = s.cluster_key and lower(normalize(n.name, NFKC)) = s.name_key and n.purpose::text = s.purpose;
end $$;

-- Everything that is wrong with the staged lines about access groups, nodes and environments.
create function import_place_problems() returns table (line integer, why text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with said as (select * from my_imports where not broken),
	named_apps as (select m.name_key from my_imports m where m.fact = 'app')
	select s.line, format('there is no access group %s, in roster or in this file', s.place)
	from said s where s.fact = 'member' and s.place is not null and s.place_id is null
	  and not exists (select from my_imports m where m.fact = 'access_group' and m.place_key = s.place_key)
	union
	select s.line, format('"%s" is no name for an access group: it is empty, longer than 100 characters, or has a slash or a control character', s.place)
	from said s where s.fact = 'access_group' and (s.place = '' or s.place ~ '[[:cntrl:]/]' or length(s.place) > 100)
	union
	select s.line, format('there is no app %s, in roster or in this file', split_part(s.name, '/', 1))
	from said s where s.fact in ('inclusion', 'node') and s.resource is null and s.name_key not in (select n.name_key from named_apps n)
	union
	select s.line, format('app %s is archived: it gives nobody anything', s.name) from said s, apps a
	where s.fact = 'node' and a.id = s.resource and a.archived and s.name_key not in (select n.name_key from named_apps n)
	union
	select s.line, format('the node of app %s is new and needs a contact', s.name)
	from said s where s.fact = 'node' and not exists (select from nodes n where n.app = s.resource)
	  and not exists (select from my_imports m where m.fact = 'node' and m.name_key = s.name_key and m.login is not null)
	union
	select s.line, format('%s answers for app %s; a Technical Contact hands over himself: rosterctl node contact', u.login, s.name)
	from said s, nodes n join users u on u.id = n.technical_contact where s.fact = 'node' and n.app = s.resource and s.user_id <> u.id
	union
	select s.line, format('"%s" is no name of an environment; write APP/NAME', s.name)
	from said s where s.fact = 'environment' and (s.name !~ '^[^/[:cntrl:]]+/[^/[:cntrl:]]{1,100}$')
	union
	select s.line, format('app %s has no node, in roster or in this file', split_part(s.name, '/', 1))
	from said s where s.fact = 'environment' and s.name ~ '/' and not exists (select from nodes n join apps a on a.id = n.app where a.name_key = s.name_key)
	  and not exists (select from my_imports m where m.fact = 'node' and m.name_key = s.name_key)
	union
	select s.line, format('environment %s is new and needs a purpose', s.name)
	from said s where s.fact = 'environment' and s.resource is null
	  and not exists (select from my_imports m where m.fact = 'environment' and m.path_key = s.path_key and m.purpose is not null)
	union
	select s.line, format('environment %s is there for %s; what people may do in it was said for that: make another one', s.name, e.purpose)
	from said s, environments e where s.fact = 'environment' and e.id = s.resource and s.purpose <> e.purpose::text
	union
	select s.line, format('there is no namespace %s for %s, in roster or in this file', s.place, coalesce(s.purpose, 'that purpose'))
	from said s where s.fact = 'environment' and s.place is not null and s.place_id is null and not exists (select from my_imports m
		where m.fact = 'namespace' and m.cluster_key || '/' || m.name_key = s.place_key and m.purpose = s.purpose)
$$;

-- Everything that is wrong with the staged lines.
create function import_flaws() returns table (line integer, why text)
language sql stable security definer set search_path = roster, pg_temp as $$
	with said as (select * from my_imports where not broken),
	named_groups as (select distinct m.path_key from my_imports m where m.fact = 'group'),
	named_apps as (select distinct m.name_key from my_imports m where m.fact = 'app')
	select s.line, format('no active user has the login "%s"%s', s.login,
		case when exists (select from users u where u.login_key = lower(normalize(s.login, NFKC)) and not u.active) then '; who had it is not active' else '' end)
	from said s where s.login is not null and s.user_id is null
	union
	select s.line, format('"%s" is no path of a group; write /PARENT/NAME', s.path) from said s where s.path !~ '^/'
	union
	select s.line, format('there is no group %s, in the tree or in this file', s.path) from said s
	where s.fact <> 'group' and s.path ~ '^/' and s.group_id is null and s.path_key not in (select n.path_key from named_groups n)
	union
	select s.line, format('group %s is archived; a line of its own brings it back', s.path) from said s
	join groups g on g.id = s.group_id and g.archived where s.path_key not in (select n.path_key from named_groups n)
	union
	select s.line, format('the parent of group %s is neither in the tree nor in this file', s.path) from said s
	where s.fact = 'group' and s.group_id is null and cardinality(s.path_key) > 1
	  and s.path_key[1:cardinality(s.path_key) - 1] not in (select n.path_key from named_groups n)
	  and not exists (select from group_keys k where k.key = s.path_key[1:cardinality(s.path_key) - 1])
	union
	select s.line, format('group %s is new and needs an admin', s.path) from said s
	where s.fact = 'group' and s.group_id is null
	  and s.path_key not in (select m.path_key from my_imports m where m.fact = 'admin')
	union
	select s.line, format('"%s" is no name for a group: it is longer than 100 characters, or has a control character', s.path) from said s
	where s.fact = 'group' and (length(regexp_replace(rtrim(s.path, '/'), '^.*/', '')) > 100 or s.path ~ '[[:cntrl:]]' or s.path ~ '/\.\.?/*$')
	union
	select s.line, format('the description is longer than 250 characters: it has %s', length(s.description)) from said s where length(s.description) > 250
	union
	select s.line, format('app %s is new and needs an owner', s.name) from said s
	where s.fact = 'app' and s.resource is null
	  and s.name_key not in (select m.name_key from my_imports m where m.fact = 'app' and m.login is not null)
	union
	select s.line, format('"%s" is no name: it is empty, longer than 100 characters, or has a slash or a control character', s.name) from said s
	where s.fact in ('app', 'cluster') and s.name !~ '^[^/[:cntrl:]]{1,100}$'
	   or s.fact = 'namespace' and s.name !~ '^[^/[:cntrl:]]{1,100}/[^/[:cntrl:]]{1,100}$'
	union
	select p.line, p.why from import_place_problems() p
	union
	select s.line, format('there is no app %s, in roster or in this file', s.name) from said s
	where s.fact = 'member' and s.name is not null and s.resource is null and s.name_key not in (select n.name_key from named_apps n)
	union
	select s.line, format('there is no role "%s"; see: rosterctl role list', s.role) from said s where s.fact = 'member' and s.role_id is null
	union
	select s.line, format('the role "%s" is not given to members: name %s instead', r.name,
		case r.name when 'Owner' then 'an owner of the app' else 'the contact of a node' end) from said s
	join roles r on r.id = s.role_id and r.structural where s.fact = 'member'
	union
	select s.line, format('there is no purpose "%s" (there are: %s)', s.purpose, array_to_string(enum_range(null::purpose), ', '))
	from said s where s.purpose <> all (enum_range(null::purpose)::text[])
	union
	select w.line, format('%s is said to have another %s than on line %s', w.thing, w.what, w.first_line) from (
		select s.line, case s.fact when 'group' then 'group ' || s.path when 'access_group' then 'access group ' || s.place
				else s.fact || ' ' || s.name end as thing, v.what, v.value, first_value(v.value) over same as first_value,
			first_value(s.line) over same as first_line
		from said s, lateral (values ('description', s.description), ('owner', s.user_id::text), ('group', array_to_string(s.path_key, '/')), ('contact', s.user_id::text),
			('purpose', s.purpose), ('namespace', s.place_key)) v(what, value)
		where v.value is not null and (s.fact = 'app' and v.what in ('owner', 'group') or s.fact in ('group', 'access_group') and v.what = 'description'
			or s.fact = 'node' and v.what = 'contact' or s.fact = 'environment' and v.what in ('purpose', 'namespace'))
		window same as (partition by s.fact, v.what, coalesce(s.path_key, array[coalesce(s.name_key, s.place_key)]) order by s.line)
	) w where w.value <> w.first_value
	order by 1, 2
$$;

-- The same, the first ones with the nearest name there is: to look for one takes a look at all names.
create function import_problems() returns table (line integer, why text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select f.line, f.why || coalesce('; ' || rtrim(n.hint), '')
	from (select f.*, row_number() over (order by f.line, f.why) as place from import_flaws() f) f
	left join lateral (
		select near_hint(k.kind, k.name, '') as hint
		from my_imports s, lateral (values
			('no active user has the login "', 'active user', s.login, s.user_id::text), ('there is no role "', 'role', s.role, s.role_id::text),
			('there is no app ', 'app', split_part(s.name, '/', 1), case when s.fact <> 'environment' then s.resource::text end),
			('there is no group ', 'group', s.path, s.group_id::text), ('there is no access group ', 'access-group', s.place, s.place_id::text)
		) k(said, kind, name, known)
		where s.line = f.line and k.known is null and starts_with(f.why, k.said || k.name) limit 1) n on f.place <= 20 and n.hint <> ''
	order by 1, 2
$$;

-- What the source gave or made and the staged lines do not name: all of it, when nothing is staged. Apps and groups are
-- archived, which an administrator or the next import can undo; a group that holds anything else stays.
create function plan_withdrawal(source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into planned_imports (kind, action, user_id, role_id, group_id, resource)
	select 'grant', 'remove', g.user_id, g.role, case r.kind when 'group' then g.anchor end, g.anchor
	from grants g join resources r on r.id = g.anchor
	where g.source = plan_withdrawal.source and not exists (select from my_imports m
		where m.fact in ('admin', 'member') and m.user_id = g.user_id and m.role_id = g.role and coalesce(m.group_id, m.place_id, m.resource) = g.anchor)
	order by g.anchor, g.role, g.user_id;

	insert into planned_imports (kind, action, resource, place_id)
	select 'inclusion', 'remove', i.resource, i.group_id
	from imported i join access_group_apps x on x.app = i.resource and x.access_group = i.group_id
	where i.source = plan_withdrawal.source and i.kind = 'inclusion' and not exists (select from my_imports m
		where m.fact = 'inclusion' and m.resource = i.resource and m.place_id = i.group_id)
	order by i.group_id, i.resource;

	insert into planned_imports (kind, action, group_id, resource)
	select 'association', 'remove', i.group_id, i.resource
	from imported i join group_namespaces n on n.namespace = i.resource and n.group_id = i.group_id
	where i.source = plan_withdrawal.source and i.kind = 'association' and not exists (select from my_imports m
		where m.fact = 'association' and m.resource = i.resource and m.group_id = i.group_id)
	order by i.resource, i.group_id;

	insert into planned_imports (kind, action, name, resource)
	select 'app', 'archive', a.name, a.id
	from imported i join apps a on a.id = i.resource and not a.archived
	where i.source = plan_withdrawal.source and i.kind = 'app'
	  and not exists (select from my_imports m where m.fact = 'app' and m.resource = a.id)
	order by a.name_key;

	with going as (
		select g.id from groups g where not g.archived
		  and (g.made_by = plan_withdrawal.source or exists (select from imported i
			where i.source = plan_withdrawal.source and i.kind = 'group' and i.resource = g.id))
		  and not exists (select from my_imports m where m.group_id = g.id)
	), needed as (
		-- the parents of groups this file is about to make
		select k.id from my_imports m join group_keys k on k.key = m.path_key[1:cardinality(m.path_key) - 1]
		where m.fact = 'group' and m.group_id is null
	), kept as (
		select distinct c.ancestor as id from groups g join group_closure c on c.descendant = g.id
		where not g.archived and (g.id not in (select o.id from going o)
		   or exists (select from grants h join roles r on r.id = h.role where h.anchor = g.id and r.kind <> 'platform'
			and h.source <> plan_withdrawal.source)
		   or exists (select from apps a where a.owner_group = g.id and not a.archived and a.id not in (
			select p.resource from planned_imports p where p.transaction = pg_current_xact_id() and p.kind = 'app' and p.action = 'archive'))
		   or exists (select from group_namespaces n where n.group_id = g.id and not exists (select from planned_imports p
			where p.transaction = pg_current_xact_id() and p.kind = 'association' and p.action = 'remove'
			  and p.group_id = n.group_id and p.resource = n.namespace))
		   or g.id in (select n.id from needed n))
	)
	insert into planned_imports (kind, action, path, group_id)
	select 'group', case when o.id in (select k.id from kept k) then 'keep' else 'archive' end, group_path(o.id), o.id
	from going o order by group_path(o.id) collate "C";
end $$;

-- What differs between the staged lines and the model, in the order it is done.
create function import_plan(name text, complete boolean) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint := coalesce(import_named(name), -1);
begin
	perform require_administrator('import ' || name);
	insert into planned_imports (kind, action, line, path, path_key, description, group_id)
	select 'group', case when g.id is null then 'add' when g.archived then 'restore' else 'change' end, s.line, s.path, s.path_key, s.description, g.id
	from (select distinct on (m.path_key) m.* from my_imports m where m.fact = 'group' order by m.path_key, m.description is null, m.line) s
	left join groups g on g.id = s.group_id
	where g.id is null or g.archived or g.description <> s.description
	order by cardinality(s.path_key), s.path_key;

	insert into planned_imports (kind, action, line, name, cluster_key)
	select distinct on (m.cluster_key) 'cluster', 'add', m.line, split_part(m.name, '/', 1), m.cluster_key
	from my_imports m where m.fact in ('cluster', 'namespace') and m.cluster_key not in (select k.name_key from clusters k)
	order by m.cluster_key, m.line;

	insert into planned_imports (kind, action, line, name, cluster_key, name_key, purpose)
	select distinct on (m.cluster_key, m.name_key, m.purpose) 'namespace', 'add', m.line, m.name, m.cluster_key, m.name_key, m.purpose
	from my_imports m where m.fact = 'namespace' and m.resource is null
	order by m.cluster_key, m.name_key, m.purpose, m.line;

	insert into planned_imports (kind, action, line, name, name_key, path, path_key, user_id, group_id, resource)
	select 'app', case when a.id is null then 'add' when i.withdrawn and a.archived then 'restore' else 'change' end,
		s.line, s.name, s.name_key, s.path, s.path_key,
		case when a.owner is distinct from s.user_id then s.user_id end, s.group_id, a.id
	from (
		select min(m.line) as line, min(m.name) as name, m.name_key, (array_agg(m.user_id) filter (where m.user_id is not null))[1] as user_id,
			min(m.path) as path, (array_agg(m.group_id) filter (where m.path is not null))[1] as group_id,
			(select o.path_key from my_imports o where o.fact = 'app' and o.name_key = m.name_key and o.path is not null limit 1) as path_key,
			min(m.resource) as resource
		from my_imports m where m.fact = 'app' group by m.name_key
	) s
	left join apps a on a.id = s.resource
	left join imported i on i.source = src and i.kind = 'app' and i.resource = a.id
	where a.id is null or (i.withdrawn and a.archived) or a.owner <> s.user_id
	   or (s.path_key is not null and a.owner_group is distinct from s.group_id)
	order by s.name_key;

	insert into planned_imports (kind, action, line, name, cluster_key, name_key, purpose, path, path_key, group_id, resource)
	select distinct on (m.cluster_key, m.name_key, m.purpose, m.path_key) 'association', 'add', m.line, m.name, m.cluster_key, m.name_key,
		m.purpose, m.path, m.path_key, m.group_id, m.resource
	from my_imports m where m.fact = 'association'
	  and not exists (select from group_namespaces n where n.namespace = m.resource and n.group_id = m.group_id)
	order by m.cluster_key, m.name_key, m.purpose, m.path_key, m.line;

	perform import_plan_places();

	insert into planned_imports (kind, action, line, path, path_key, name, name_key, user_id, role_id, group_id, resource, place, place_key, place_id)
	select distinct on (m.path_key, m.name_key, m.place_key, m.role_id, m.user_id) 'grant', 'add', m.line, m.path, m.path_key, m.name, m.name_key,
		m.user_id, m.role_id, m.group_id, m.resource, m.place, m.place_key, m.place_id
	from my_imports m where m.fact in ('admin', 'member')
	  and not exists (select from grants g where g.source = src and g.user_id = m.user_id and g.role = m.role_id
		and g.anchor = coalesce(m.group_id, m.place_id, m.resource))
	order by m.path_key, m.name_key, m.place_key, m.role_id, m.user_id, m.line;

	if complete and src > 0 then
		perform plan_withdrawal(src);
	end if;
end $$;

-- The plan as people read it, in order.
create function import_changes() returns table (change text, kind text, name text, detail text, line integer)
language sql stable security definer set search_path = roster, pg_temp as $$
	-- Many changes are about few places.
	with named as materialized (
		select r.id, resource_name(r.id) as name, regexp_replace(resource_name(r.id), '^group:', '') as path from (
			select i.resource from planned_imports i where i.transaction = pg_current_xact_id()
			union select i.place_id from planned_imports i where i.transaction = pg_current_xact_id()
			union select i.group_id from planned_imports i where i.transaction = pg_current_xact_id()) r(id)
		where r.id is not null)
	select case p.action when 'add' then 'added' when 'change' then 'changed' when 'restore' then 'restored' when 'archive' then 'archived'
			when 'keep' then 'kept' else case p.kind when 'user' then 'suspended' else 'removed' end end,
		case when p.kind <> 'grant' then replace(p.kind, '_', '-') when r.name = 'Group Administrator' then 'admin' else 'member' end,
		case p.kind
			when 'grant' then coalesce(h.path, p.path,
				'access-group:' || p.place, 'app:' || p.name)
			when 'inclusion' then coalesce(x.name, 'access-group:' || p.place)
			when 'access_group' then p.place
			when 'namespace' then p.name || '/' || p.purpose
			when 'association' then coalesce(regexp_replace(t.name, '^namespace:', ''), p.name || '/' || p.purpose)
			when 'user' then u.login
			when 'group' then coalesce(g.path, p.path)
			else p.name end,
		case
			when p.action = 'keep' then concat_ws(': ', case p.kind when 'grant' then concat_ws(' as ', u.login, nullif(r.name, 'Group Administrator'))
				when 'association' then coalesce(g.path, p.path) when 'inclusion' then t.name end,
				coalesce(p.description, 'it holds what something else has put there'))
			when p.kind = 'grant' then concat_ws(', ', concat_ws(' as ', u.login, nullif(r.name, 'Group Administrator')), p.description)
			when p.kind = 'association' then coalesce(g.path, p.path)
			when p.kind = 'inclusion' then coalesce(t.name, 'app:' || p.name)
			when p.kind = 'node' then 'contact ' || u.login
			when p.kind = 'environment' then concat_ws(', ', p.purpose, 'in namespace ' || p.place)
			when p.kind = 'app' and p.action <> 'archive' then concat_ws(', ', 'owner ' || u.login, 'group ' || coalesce(g.path, p.path))
			when p.kind = 'user' then p.description
			else coalesce(p.description, '') end,
		p.line
	from planned_imports p
	left join users u on u.id = p.user_id left join roles r on r.id = p.role_id
	left join named g on g.id = p.group_id left join named x on x.id = p.place_id left join named t on t.id = p.resource
	left join named h on h.id = coalesce(p.group_id, p.place_id, p.resource)
	where p.transaction = pg_current_xact_id()
	order by p.seq
$$;

-- What the guard looks at, for the whole import and for each place: what is taken away, and who gets a sensitive role. An app
-- that gets another owner or group is taken from somebody.
create function import_guarded() returns table (kind text, scope text, anchor integer)
language sql stable set search_path = roster, pg_temp as $$
	select 'member', s.scope, s.anchor
	from (select p.resource, count(*) as people, regexp_replace(resource_name(p.resource), '^group:', '') as path from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.action = 'remove' group by p.resource) p,
		lateral (values ('', null), (p.path, p.resource)) s(scope, anchor), generate_series(1, p.people)
	union all
	select case p.kind when 'group' then 'group' when 'user' then 'vanish' else 'resource' end, '', null
	from planned_imports p left join apps a on p.kind = 'app' and a.id = p.resource
	where p.transaction = pg_current_xact_id() and (p.kind not in ('grant', 'role', 'setting') and p.action in ('remove', 'archive')
		or p.kind = 'app' and p.action = 'change' and (p.user_id is not null or a.owner_group is not null))
	union all
	select 'grant', r.name, null from planned_imports p join roles r on r.id = p.role_id and r.sensitive
	where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.action = 'add'
$$;

-- What the guard judges, as guard_counts() does it for a run.
create function import_counts(source_name text, span interval, few bigint)
returns table (kind text, scope text, pending bigint, recent bigint, base bigint)
language sql stable security definer set search_path = roster, pg_temp as $$
	with me as (select s.id from sources s where s.name = source_name),
	pending as (
		select p.kind, p.scope, min(p.anchor) as anchor, count(*) as pending from import_guarded() p group by p.kind, p.scope
	), seen as (
		select l.kind, l.scope, sum(l.removed) as removed, sum(l.added) as added
		from guard_log l, me where l.source = me.id and l.at > now() - span group by l.kind, l.scope
	)
	select p.kind, p.scope, p.pending, coalesce(case when p.kind = 'grant' then s.added else s.removed end, 0)::bigint,
		greatest(coalesce(s.removed, 0) - coalesce(s.added, 0) + case
			when p.kind = 'vanish' then (select count(*) from identities i, me where i.source = me.id and i.gone_since is null)
			when p.kind = 'group' then (select count(*) from groups g, me where not g.archived and (g.made_by = me.id
				or exists (select from imported i where i.source = me.id and i.kind = 'group' and i.resource = g.id)))
			when p.kind = 'resource' then (select count(*) from imported i, me where i.source = me.id and i.kind <> 'group' and not i.withdrawn)
			when p.kind = 'grant' then (select count(*) from grants g join roles r on r.id = g.role, me where g.source = me.id and r.name = p.scope)
			when p.scope = '' then (select count(*) from grants g, me where g.source = me.id)
			else (select count(*) from grants g, me where g.source = me.id and g.anchor = p.anchor)
			end, 0)::bigint
	from pending p left join seen s on s.kind = p.kind and s.scope = p.scope
	where p.scope = '' or p.kind = 'grant' or p.pending + coalesce(s.removed, 0) > few
	order by p.kind, p.scope
$$;

grant execute on function import_stage(json), import_begin(text, boolean), import_problems(), import_plan(text, boolean), import_changes(),
	import_counts(text, interval, bigint) to roster_admin;
