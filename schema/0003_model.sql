-- SPDX-License-Identifier: Apache-2.0
-- The permission model: a user holds a role at an anchor; the anchor reaches resources; permissions add up.

-- Resources: one space of ids ----------------------------------------------------------------------------------------

create type resource_kind as enum ('platform', 'group', 'app', 'cluster', 'namespace', 'access_group', 'environment', 'production_environment');

create table resources (
	id integer generated always as identity primary key,
	kind resource_kind not null,
	unique (id, kind)
);
-- There is one platform: what is not about a group, an app or a namespace is held there.
create unique index one_platform on resources (kind) where kind = 'platform';
insert into resources (kind) values ('platform');

create function platform() returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return (select r.id from resources r where r.kind = 'platform');
end $$;

-- Every subtype takes its id from here: insert into apps (...) needs no id.
create function new_resource(kind resource_kind) returns integer language sql volatile set search_path = roster, pg_temp
as 'insert into resources (kind) values (new_resource.kind) returning id';

create function delete_resource() returns trigger language plpgsql set search_path = roster, pg_temp as $$
begin
	delete from resources where id = old.id;
	return null;
end $$;

-- Groups: one tree ------------------------------------------------------------------------------------------------------

create table groups (
	id integer primary key default new_resource('group'),
	kind resource_kind not null default 'group' check (kind = 'group'),
	parent_id integer references groups,
	name text not null check (name <> '' and name !~ '[[:cntrl:]/]' and length(name) <= 100 and name not in ('.', '..')),
	description text not null default '' check (length(description) <= 250),
	archived boolean not null default false,
	displaced boolean not null default false check (archived or not displaced), -- another group has its name since it was deleted
	made_by smallint not null default 0 references sources,
	made_by_rule text,
	made_for text, -- the anchor a rule made it for: found by that, wherever it is moved
	-- Of a displaced one NULL: it keeps its name, and no path leads to it.
	name_key text generated always as (case when not displaced then lower(normalize(name, NFKC)) end) stored,
	foreign key (id, kind) references resources (id, kind),
	unique (parent_id, name_key),
	unique (made_by, made_for)
);
call keep_history('groups', array['id', 'parent_id', 'archived']);
create index on groups (id) where archived;
create index on groups_history (until) where archived;
create index on groups_history (id);
create unique index one_root on groups ((true)) where parent_id is null;
create trigger delete_resource after delete on groups for each row execute function delete_resource();

-- Written by the triggers below only. No foreign keys: every row follows from groups, and to check a row costs more than
-- to make it.
create table group_closure (
	ancestor integer not null,
	descendant integer not null,
	distance integer not null check (distance >= 0),
	primary key (descendant, ancestor)
);
call keep_history('group_closure', array['ancestor', 'descendant', 'distance']);
create index on group_closure (ancestor, descendant);
create index on group_closure_history (descendant, ancestor);
create index on group_closure_history (ancestor, descendant);

-- The closure rows that follow from the parents as they are now, for these groups. Each step up is one look into the
-- index: a plan made while there were few groups would read all of them for every level.
create function closure_of(groups integer[]) returns table (ancestor integer, descendant integer, distance integer)
language sql stable set search_path = roster, pg_temp set enable_seqscan = off as $$
	with recursive up(ancestor, descendant, distance) as (
		select g, g, 0 from unnest(groups) g
		union all
		select above.id, up.descendant, up.distance + 1
		from up cross join lateral (select p.parent_id as id from groups p where p.id = up.ancestor offset 0) above
		where above.id is not null
	)
	select * from up
$$;

create function groups_added() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	insert into group_closure (ancestor, descendant, distance, since)
	select c.ancestor, c.descendant, c.distance, r.now
	from (select current_revision() as now offset 0) r, closure_of((select array_agg(id) from added)) c;
	return null;
end $$;
create trigger e_closure after insert on groups referencing new table as added
	for each statement execute function groups_added();

create function groups_moved() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	moved integer[];
	movers integer[]; -- which group moved, and with it below, and how far above it lies
	below integer[];
	depths integer[];
	gone integer[]; -- which group moved, and what is not above it any more, or not as far
	gone_from integer[];
	come integer[];
	come_from integer[];
	come_by integer[];
	loop_at text;
	much bigint;
begin
	select array_agg(n.id) into moved from was o join became n using (id) where o.parent_id is distinct from n.parent_id;
	if moved is null then
		return null;
	end if;
	-- A cycle can only be closed by a group that moved: walk up from each and see whether it meets itself.
	with recursive up(start, at) as (
		select g.id, g.parent_id from groups g where g.id = any (moved)
		union
		select up.start, g.parent_id from up join groups g on g.id = up.at where up.at <> up.start
	)
	select g.name into loop_at from up join groups g on g.id = up.start where up.at = up.start limit 1;
	if found then
		raise exception 'group "%" cannot lie below itself', loop_at using errcode = 'check_violation',
			hint = 'choose a parent outside the group''s own subtree';
	end if;
	-- What lies below keeps the way up to the nearest group that moved; what changes is what that one has above it.
	select array_agg(n.mover), array_agg(n.group_id), array_agg(n.distance) into movers, below, depths from (
		select distinct on (c.descendant) c.ancestor as mover, c.descendant as group_id, c.distance
		from group_closure c where c.ancestor = any (moved) order by c.descendant, c.distance) n;
	select array_agg(a.mover), array_agg(a.ancestor) into gone, gone_from from (
		select c.descendant as mover, c.ancestor, c.distance from group_closure c where c.descendant = any (moved)
		except select n.descendant, n.ancestor, n.distance from closure_of(moved) n) a;
	select array_agg(a.mover), array_agg(a.ancestor), array_agg(a.distance) into come, come_from, come_by from (
		select n.descendant as mover, n.ancestor, n.distance from closure_of(moved) n
		except select c.descendant, c.ancestor, c.distance from group_closure c where c.descendant = any (moved)) a;
	delete from group_closure c using unnest(gone, gone_from) a(mover, ancestor), unnest(movers, below) b(mover, group_id)
	where b.mover = a.mover and c.descendant = b.group_id and c.ancestor = a.ancestor;
	insert into group_closure (ancestor, descendant, distance, since)
	select a.ancestor, b.group_id, a.distance + b.depth, r.now
	from (select current_revision() as now offset 0) r, unnest(come, come_from, come_by) a(mover, ancestor, distance)
	join unnest(movers, below, depths) b(mover, group_id, depth) on b.mover = a.mover;
	-- Statements planned while there was less of it would read all of it: the planner is told.
	get diagnostics much = row_count;
	if much > 20000 then
		analyze group_closure, group_closure_history;
	end if;
	return null;
end $$;
create trigger e_closure_moved after update on groups referencing old table as was new table as became
	for each statement execute function groups_moved();

create function groups_deleted() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	delete from group_closure c using gone where c.descendant = gone.id;
	return null;
end $$;
create trigger e_closure_deleted after delete on groups referencing old table as gone
	for each statement execute function groups_deleted();

create function keep_root() returns trigger language plpgsql set search_path = roster, pg_temp as $$
begin
	if old.parent_id is null and (tg_op = 'DELETE' or new.parent_id is not null) then
		raise exception 'the root group cannot be %', case tg_op when 'DELETE' then 'deleted' else 'moved' end
			using errcode = 'check_violation', hint = 'there is always exactly one root; rename it if you like';
	end if;
	return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger a_root before delete or update of parent_id on groups for each row execute function keep_root();

create function root_group() returns integer language sql stable security definer set search_path = roster, pg_temp
as 'select id from groups where parent_id is null';

-- "/pay/api", "/" for the root.
create function group_paths(groups integer[]) returns table (group_id integer, path text) language sql stable as $$
	select c.descendant, coalesce(nullif('/' || string_agg(g.name, '/' order by c.distance desc) filter (where g.parent_id is not null), '/'), '/')
	from group_closure c join groups g on g.id = c.ancestor where c.descendant = any (group_paths.groups) group by c.descendant
$$;

create function group_path(group_id integer) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return coalesce((select p.path from group_paths(array[group_path.group_id]) p), '/');
end $$;

-- The group at a path, NULL when there is none. Names compare case-folded.
create function group_at(path text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	here integer := root_group();
	segment text;
begin
	foreach segment in array string_to_array(trim(both '/' from path), '/') loop
		continue when segment = '';
		select g.id into here from groups g where g.parent_id = here and g.name_key = lower(normalize(segment, NFKC));
		exit when here is null;
	end loop;
	return here;
end $$;

-- A group that was deleted gives its place to one that takes its name. Neither people nor rules find it by a path any more,
-- nor what was below it; what revisions say of it stays, and revert brings it back when the name is free.
create function free_place(taker integer, parent integer, name text) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	update groups g set displaced = g.displaced or g.id = gone.id, made_by = 0, made_by_rule = null, made_for = null
	from groups gone join group_closure c on c.ancestor = gone.id
	where gone.parent_id = parent and gone.name_key = lower(normalize(free_place.name, NFKC)) and gone.archived
	  and gone.id <> taker and g.id = c.descendant and g.archived;
end $$;

-- Permissions and roles --------------------------------------------------------------------------------------------------

create type permission_scope as enum ('project', 'cicd', 'cluster', 'namespace', 'group', 'platform', 'app', 'env', 'env_self');

-- What opens the way for what a role says, beside the role: access to the environments of an app; a role that leaves it to
-- what is set for the person; a user role that may view apps, or manage them.
create type gate as enum ('cloud', 'custom', 'view', 'manage');

create table permissions (
	id smallint generated always as identity primary key,
	name text not null unique,
	scope permission_scope not null,
	description text not null,
	gate gate, -- what else it needs, of any role that reaches the resource
	unique (id, scope)
);

-- Which permissions mean something on which kind of resource.
create table scope_resources (
	scope permission_scope not null,
	kind resource_kind not null,
	primary key (scope, kind)
);
insert into scope_resources values ('project', 'app'), ('cicd', 'app'), ('cluster', 'cluster'),
	('namespace', 'namespace'), ('group', 'group'), ('platform', 'platform'), ('app', 'app'),
	('env', 'environment'), ('env', 'production_environment'), ('env_self', 'environment'), ('env_self', 'production_environment');

create function permission_named(name text) returns smallint language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id smallint;
begin
	select p.id into found_id from permissions p where p.name = permission_named.name;
	if found_id is null then
		raise exception 'there is no permission "%"', name using errcode = 'no_data_found', hint = near_hint('permission', name, 'see rosterctl permission list');
	end if;
	return found_id;
end $$;

create type role_kind as enum ('platform', 'project', 'app', 'setting');

create table roles (
	id integer generated always as identity primary key,
	kind role_kind not null,
	name text not null check (name <> '' and name !~ '[[:cntrl:]]'),
	description text not null default '',
	builtin boolean not null default false,
	locked boolean not null default false,     -- neither edited nor deleted
	structural boolean not null default false, -- follows from something else and is never given by hand
	governs boolean not null default false,    -- sensitive whatever it says
	sensitive boolean not null default false,  -- many new holders at once wait for approval: it governs, or fixes something in production
	opens gate[] not null default '{}',        -- for apps
	origin text check (origin <> ''),          -- the app it came with; such a role is held by whom has it, and given to nobody else
	name_key text not null generated always as (lower(normalize(name, NFKC))) stored,
	unique nulls not distinct (kind, name_key, origin),
	unique (id, kind)
);

create table role_permissions (
	role integer not null references roles on delete cascade,
	permission smallint not null references permissions,
	primary key (role, permission)
);
call keep_history('role_permissions', array['role', 'permission']);
create index on role_permissions (permission, role);
create index on role_permissions_history (role, permission);

create function role_named(kind role_kind, name text) returns integer language plpgsql stable security definer
set search_path = roster, pg_temp as $$
begin
	return (select r.id from roles r where r.kind = role_named.kind and r.name_key = lower(normalize(role_named.name, NFKC)) and r.origin is null);
end $$;

-- Apps, clusters, namespaces ------------------------------------------------------------------------------------------------

create table apps (
	id integer primary key default new_resource('app'),
	kind resource_kind not null default 'app' check (kind = 'app'),
	name text not null check (name <> '' and name !~ '[[:cntrl:]/]' and length(name) <= 100),
	owner uuid not null references users,
	owner_group integer references groups, -- one column: an app is owned by at most one group
	archived boolean not null default false,
	name_key text not null unique generated always as (lower(normalize(name, NFKC))) stored,
	foreign key (id, kind) references resources (id, kind)
);
call keep_history('apps', array['id', 'owner', 'owner_group', 'archived']);
create index on apps (owner_group);
create index on apps (owner);
create index on apps_history (id);
create index on apps_history (owner_group);
create index on apps_history (owner);
create trigger delete_resource after delete on apps for each row execute function delete_resource();

create table clusters (
	id integer primary key default new_resource('cluster'),
	kind resource_kind not null default 'cluster' check (kind = 'cluster'),
	name text not null check (name <> '' and name !~ '[[:cntrl:]/]' and length(name) <= 100),
	name_key text not null unique generated always as (lower(normalize(name, NFKC))) stored,
	foreign key (id, kind) references resources (id, kind)
);
call keep_history('clusters', array['id']);
create index on clusters_history (id);
create trigger delete_resource after delete on clusters for each row execute function delete_resource();

create type purpose as enum ('development', 'test', 'acceptance', 'production');

-- A namespace in one of its purposes is the resource: what one may do in test says nothing about production.
create table namespaces (
	id integer primary key default new_resource('namespace'),
	kind resource_kind not null default 'namespace' check (kind = 'namespace'),
	cluster integer not null references clusters,
	name text not null check (name <> '' and name !~ '[[:cntrl:]/]' and length(name) <= 100),
	purpose purpose not null,
	foreign key (id, kind) references resources (id, kind),
	unique (cluster, name, purpose),
	unique (id, purpose)
);
create trigger delete_resource after delete on namespaces for each row execute function delete_resource();

create table group_namespaces (
	group_id integer not null references groups,
	namespace integer not null references namespaces on delete cascade,
	primary key (namespace, group_id)
);
call keep_history('group_namespaces', array['group_id', 'namespace']);
create index on group_namespaces (group_id);
create index on group_namespaces_history (namespace);
create index on group_namespaces_history (group_id);

-- Grants: who holds which role where --------------------------------------------------------------------------------------

-- A million rows arrive at once in a first load, so what would be three foreign keys is checked once per statement. That
-- is as strict: every writer holds the writer lock, so nothing it looks at changes meanwhile.
create table grants (
	user_id uuid not null,
	anchor integer not null, -- a resource: the platform, a group, an app
	role integer not null,
	source smallint not null default 0, -- who put it there; a source removes only its own
	expires_at timestamptz check (expires_at is null or source = 0), -- hand-made ones; ended by the clock, not by reading
	primary key (user_id, anchor, role, source)
);
call keep_history('grants', array['user_id', 'anchor', 'role', 'source', 'expires_at']);
create index on grants (anchor, role);
create index on grants (role);
create index on grants_history (user_id, anchor, role);
create index on grants_history (anchor, role);

-- What kind of role may be held at what kind of anchor.
create table anchor_roles (
	anchor_kind resource_kind not null,
	role_kind role_kind not null,
	primary key (anchor_kind, role_kind)
);
insert into anchor_roles values ('platform', 'platform'), ('group', 'platform'), ('group', 'project'), ('group', 'app'),
	('app', 'project'), ('app', 'app'), ('access_group', 'project'), ('access_group', 'app');

-- Many rows are few combinations of source, role and anchor.
create function check_grants() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	wrong record;
begin
	select n.*, r.name as role_name, a.kind as anchor_kind into wrong
	from (
		select n.source, n.role, n.anchor, null::uuid as user_id from added n group by n.source, n.role, n.anchor
		union all
		select 0, null, null, n.user_id from added n where not exists (select from users u where u.id = n.user_id)
	) n
	left join roles r on r.id = n.role
	left join resources a on a.id = n.anchor
	left join sources s on s.id = n.source
	where r.id is null or a.id is null or s.id is null or r.structural
	   or not exists (select from anchor_roles k where k.anchor_kind = a.kind and k.role_kind = r.kind)
	   -- Group Administrator is held at groups, every other platform role at the platform.
	   or (r.kind = 'platform' and (r.name = 'Group Administrator') <> (a.kind = 'group'))
	limit 1;
	if found then
		select n.*, r.name as role_name, a.kind as anchor_kind into wrong
		from added n left join roles r on r.id = n.role left join resources a on a.id = n.anchor
		where (n.source, n.role, n.anchor) = (wrong.source, wrong.role, wrong.anchor) or n.user_id = wrong.user_id limit 1;
		raise exception 'role % cannot be held by % at %', coalesce(quote_ident(wrong.role_name), wrong.role::text),
			wrong.user_id, coalesce(wrong.anchor_kind::text, 'resource') || ' ' || wrong.anchor
			using errcode = 'check_violation',
			hint = 'user, role and anchor must exist, structural roles follow from something else, and the kind of the role must fit the anchor';
	end if;
	return null;
end $$;
create trigger f_check after insert on grants referencing new table as added
	for each statement execute function check_grants();
create trigger f_check_update after update on grants referencing new table as added
	for each statement execute function check_grants();

-- The other half of those foreign keys: what grants point at stays.
create function keep_granted() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	if exists (select from gone d join grants g on case tg_table_name
			when 'roles' then g.role = (to_jsonb(d) ->> 'id')::integer
			when 'resources' then g.anchor = (to_jsonb(d) ->> 'id')::integer
			when 'sources' then g.source = (to_jsonb(d) ->> 'id')::smallint
			else g.user_id = (to_jsonb(d) ->> 'id')::uuid end) then
		raise exception 'grants still point at rows of %', tg_table_name using errcode = 'foreign_key_violation',
			hint = 'take the grants away first';
	end if;
	return null;
end $$;
create trigger f_granted after delete on roles referencing old table as gone
	for each statement execute function keep_granted();
create trigger f_granted after delete on resources referencing old table as gone
	for each statement execute function keep_granted();
create trigger f_granted after delete on users referencing old table as gone
	for each statement execute function keep_granted();
create trigger f_granted after delete on sources referencing old table as gone
	for each statement execute function keep_granted();

-- Ids are what grants, history and events point with.
create function keep_id() returns trigger language plpgsql as $$
begin
	raise exception 'the id of a row of % cannot change', tg_table_name using errcode = 'check_violation';
end $$;
create trigger a_id before update on users for each row when (old.id <> new.id) execute function keep_id();
create trigger a_id before update on resources for each row when (old.id <> new.id) execute function keep_id();
create trigger a_id before update on sources for each row when (old.id <> new.id) execute function keep_id();

create function keep_role_kind() returns trigger language plpgsql as $$
begin
	raise exception 'the kind of role "%" cannot change', old.name using errcode = 'check_violation',
		hint = 'make a new role and hand its holders over';
end $$;
create trigger a_kind before update on roles for each row when (old.kind <> new.kind) execute function keep_role_kind();
