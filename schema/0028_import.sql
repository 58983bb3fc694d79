-- SPDX-License-Identifier: Apache-2.0
-- Import: groups, apps, clusters, namespaces and members from a file an administrator writes.
--
-- The file is taken apart into single statements, staged under the transaction that reads it, and compared whole with the
-- model: import_stage, import_begin, import_problems, import_plan, import_counts, import_apply, in this order and in one
-- transaction. The file says what must be there; what it does not speak of stays, unless the import is complete: then
-- what the same import made before, and nothing else, is taken away. What another hand or source made is never removed.

-- What an import made, beside grants, which say so themselves. Clusters and namespaces are not removed: without a group
-- nobody reaches them.
create table imported (
	source smallint not null references sources,
	kind text not null check (kind in ('group', 'app', 'association')),
	resource integer not null references resources on delete cascade, -- of an association: the namespace
	group_id integer not null default 0,                              -- of an association
	withdrawn boolean not null default false, -- archived by the import: it comes back when it is named again
	primary key (source, kind, resource, group_id)
);

create unlogged table staged_imports (
	transaction xid8 not null default pg_current_xact_id(),
	line integer not null,
	fact text not null check (fact in ('group', 'admin', 'app', 'cluster', 'namespace', 'association', 'member')),
	path text,        -- the group; of an app: its owner group
	name text,        -- of the app or cluster; CLUSTER/NAME of a namespace
	login text,       -- admin, member; of an app: its owner
	role text,
	purpose text,
	description text,
	broken boolean not null default false, -- something else in its line is wrong: only known to be named
	-- What these names stand for: import_begin() fills it in.
	path_key text[],
	cluster_key text,
	name_key text,
	group_id integer,
	user_id uuid,
	role_id integer,
	resource integer -- the app or namespace
);
create index on staged_imports (transaction);

create unlogged table planned_imports (
	transaction xid8 not null default pg_current_xact_id(),
	seq bigint generated always as identity,
	kind text not null,   -- group, app, cluster, namespace, association, grant, user
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
	resource integer
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
	insert into staged_imports (line, fact, path, name, login, role, purpose, description, broken)
	select s.line, s.fact, s.path, s.name, s.login, s.role, s.purpose, s.description, coalesce(s.broken, false)
	from json_to_recordset(said) s(line integer, fact text, path text, name text, login text, role text, purpose text, description text, broken boolean);
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

	update staged_imports s set path_key = path_key(s.path),
		cluster_key = case when s.fact in ('cluster', 'namespace', 'association') then lower(normalize(split_part(s.name, '/', 1), NFKC)) end,
		name_key = case when s.fact in ('namespace', 'association') then lower(normalize(split_part(s.name, '/', 2), NFKC))
			when s.fact in ('app', 'member') then lower(normalize(s.name, NFKC)) end,
		role_id = case s.fact when 'admin' then role_named('platform', 'Group Administrator')
			when 'member' then role_named('project', s.role) end
	where s.transaction = pg_current_xact_id();
	analyze staged_imports;
	update staged_imports s set group_id = k.id from group_keys k where s.transaction = pg_current_xact_id() and k.key = s.path_key;
	update staged_imports s set user_id = u.id from users u
	where s.transaction = pg_current_xact_id() and u.active and u.login_key = lower(normalize(s.login, NFKC));
	update staged_imports s set resource = a.id from apps a
	where s.transaction = pg_current_xact_id() and s.fact in ('app', 'member') and a.name_key = s.name_key;
	update staged_imports s set resource = n.id from namespaces n join clusters k on k.id = n.cluster
	where s.transaction = pg_current_xact_id() and s.fact in ('namespace', 'association')
	  and k.name_key = s.cluster_key and lower(normalize(n.name, NFKC)) = s.name_key and n.purpose::text = s.purpose;
end $$;

-- Everything that is wrong with the staged lines.
create function import_problems() returns table (line integer, why text)
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
	select s.line, format('"%s" is no name: it is empty, or has a slash or a control character', s.name) from said s
	where s.fact in ('app', 'cluster') and (s.name = '' or s.name ~ '[[:cntrl:]/]')
	   or s.fact = 'namespace' and s.name !~ '^[^/[:cntrl:]]+/[^/[:cntrl:]]+$'
	union
	select s.line, format('there is no app %s, in roster or in this file', s.name) from said s
	where s.fact = 'member' and s.name is not null and s.resource is null and s.name_key not in (select n.name_key from named_apps n)
	union
	select s.line, format('there is no role "%s"; see: rosterctl role list', s.role) from said s where s.fact = 'member' and s.role_id is null
	union
	select s.line, format('the role "%s" is not given to members: name an owner of the app instead', r.name) from said s
	join roles r on r.id = s.role_id and r.structural where s.fact = 'member'
	union
	select s.line, format('there is no purpose "%s" (there are: %s)', s.purpose, array_to_string(enum_range(null::purpose), ', '))
	from said s where s.purpose <> all (enum_range(null::purpose)::text[])
	union
	select w.line, format('%s is said to have another %s than on line %s', w.thing, w.what, w.first_line) from (
		select s.line, coalesce('app ' || s.name, 'group ' || s.path) as thing, v.what, v.value, first_value(v.value) over same as first_value,
			first_value(s.line) over same as first_line
		from said s, lateral (values ('description', s.description), ('owner', s.user_id::text), ('group', array_to_string(s.path_key, '/'))) v(what, value)
		where v.value is not null and (s.fact = 'app' and v.what in ('owner', 'group') or s.fact = 'group' and v.what = 'description')
		window same as (partition by s.fact, v.what, case s.fact when 'app' then array[s.name_key] else s.path_key end order by s.line)
	) w where w.value <> w.first_value
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
		where m.fact in ('admin', 'member') and m.user_id = g.user_id and m.role_id = g.role and coalesce(m.group_id, m.resource) = g.anchor)
	order by g.anchor, g.role, g.user_id;

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

	insert into planned_imports (kind, action, line, path, path_key, name, name_key, user_id, role_id, group_id, resource)
	select distinct on (m.path_key, m.name_key, m.role_id, m.user_id) 'grant', 'add', m.line, m.path, m.path_key, m.name, m.name_key,
		m.user_id, m.role_id, m.group_id, m.resource
	from my_imports m where m.fact in ('admin', 'member')
	  and not exists (select from grants g where g.source = src and g.user_id = m.user_id and g.role = m.role_id
		and g.anchor = coalesce(m.group_id, m.resource))
	order by m.path_key, m.name_key, m.role_id, m.user_id, m.line;

	if complete and src > 0 then
		perform plan_withdrawal(src);
	end if;
end $$;

-- The plan as people read it, in order.
create function import_changes() returns table (change text, kind text, name text, detail text, line integer)
language sql stable security definer set search_path = roster, pg_temp as $$
	select case p.action when 'add' then 'added' when 'change' then 'changed' when 'restore' then 'restored' when 'archive' then 'archived'
			when 'keep' then 'kept' else case p.kind when 'user' then 'suspended' else 'removed' end end,
		case when p.kind <> 'grant' then p.kind when r.name = 'Group Administrator' then 'admin' else 'member' end,
		case p.kind
			when 'grant' then coalesce(regexp_replace(resource_name(coalesce(p.group_id, p.resource)), '^group:', ''), p.path, 'app:' || p.name)
			when 'namespace' then p.name || '/' || p.purpose
			when 'association' then coalesce(regexp_replace(resource_name(p.resource), '^namespace:', ''), p.name || '/' || p.purpose)
			when 'user' then u.login
			when 'group' then p.place
			else p.name end,
		case
			when p.kind = 'grant' then concat_ws(' as ', u.login, nullif(r.name, 'Group Administrator'))
			when p.kind = 'association' then p.place
			when p.kind = 'app' and p.action <> 'archive' then concat_ws(', ', 'owner ' || u.login, 'group ' || p.place)
			when p.kind = 'user' then p.description
			when p.action = 'keep' then 'it holds what something else has put there'
			else coalesce(p.description, '') end,
		p.line
	from (select i.*, case when i.group_id is null then i.path else group_path(i.group_id) end as place from planned_imports i) p
	left join users u on u.id = p.user_id left join roles r on r.id = p.role_id
	where p.transaction = pg_current_xact_id()
	order by p.seq
$$;

-- What the guard looks at, for the whole import and for each place: what is taken away, and who gets a sensitive role. An app
-- that gets another owner or group is taken from somebody.
create function import_guarded() returns table (kind text, scope text)
language sql stable set search_path = roster, pg_temp as $$
	select 'member', s.scope
	from planned_imports p, lateral (values (''), (regexp_replace(resource_name(p.resource), '^group:', ''))) s(scope)
	where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.action = 'remove'
	union all
	select case p.kind when 'group' then 'group' when 'user' then 'vanish' else 'resource' end, ''
	from planned_imports p left join apps a on p.kind = 'app' and a.id = p.resource
	where p.transaction = pg_current_xact_id() and (p.kind <> 'grant' and p.action in ('remove', 'archive')
		or p.kind = 'app' and p.action = 'change' and (p.user_id is not null or a.owner_group is not null))
	union all
	select 'grant', r.name from planned_imports p join roles r on r.id = p.role_id and r.sensitive
	where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.action = 'add'
$$;

-- What the guard judges, as guard_counts() does it for a run.
create function import_counts(source_name text, span interval, few bigint)
returns table (kind text, scope text, pending bigint, recent bigint, base bigint)
language sql stable security definer set search_path = roster, pg_temp as $$
	with me as (select s.id from sources s where s.name = source_name),
	pending as (
		select p.kind, p.scope, count(*) as pending from import_guarded() p group by p.kind, p.scope
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
			else (select count(*) from grants g, me where g.source = me.id and resource_name(g.anchor) = p.scope)
			end, 0)::bigint
	from pending p left join seen s on s.kind = p.kind and s.scope = p.scope
	where p.scope = '' or p.kind = 'grant' or p.pending + coalesce(s.removed, 0) > few
	order by p.kind, p.scope
$$;

-- Doing it. Groups come level by level, and what hangs on them finds them then.
create function apply_import_groups(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	deepest integer := (select max(cardinality(p.path_key)) from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'group' and p.action = 'add');
begin
	for level in 1 .. coalesce(deepest, 0) loop
		with made as (
			insert into groups (parent_id, name, description)
			select k.id, regexp_replace(rtrim(p.path, '/'), '^.*/', ''), coalesce(p.description, '')
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
	where p.transaction = pg_current_xact_id() and p.kind = 'grant' and p.resource is null and a.name_key = p.name_key;
	update planned_imports p set resource = n.id from namespaces n join clusters k on k.id = n.cluster
	where p.transaction = pg_current_xact_id() and p.kind = 'association' and p.resource is null
	  and k.name_key = p.cluster_key and lower(normalize(n.name, NFKC)) = p.name_key and n.purpose::text = p.purpose;
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
	select p.user_id, coalesce(p.group_id, p.resource), p.role_id, apply_import_links.source from planned_imports p
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
	revision := open_revision(format('%s %s', case apply_imports.kind when 'retire' then 'source retire' else apply_imports.kind end, (select s.name from sources s where s.id = apply_imports.source)), made_run, actor());
	if counted then
		insert into guard_log (source, kind, scope, removed, added)
		select apply_imports.source, g.kind, g.scope, count(*) filter (where g.kind <> 'grant'), count(*) filter (where g.kind = 'grant')
		from import_guarded() g group by g.kind, g.scope;
	end if;
	perform apply_import_groups(source);
	perform apply_import_resources(source);
	perform apply_import_links(source);
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

grant execute on function import_stage(json), import_begin(text, boolean), import_problems(), import_plan(text, boolean), import_changes(),
	import_counts(text, interval, bigint), import_apply(text, boolean, boolean) to roster_admin;
