-- SPDX-License-Identifier: Apache-2.0
-- Delivery: what each target was told, and what is on its way to it.
--
-- A target has a cursor: the last revision it confirmed. What it is owed is the difference between effective access at the
-- cursor and at the head, for the resources it follows. That difference is cut into parts whose bytes are stored before the
-- first is sent: a window. Until a window is confirmed no other is opened for the same resources, so each resource is told
-- in order; parts are sent again, the same bytes under the same id, until they are confirmed.
--
-- A resource that is not at the cursor is in a lane of its own: one that has just come under the patterns (it gets a
-- snapshot), one that has left them (what was told is taken back), or one whose part was refused. A lane never stops the
-- rest, and ends when it has reached the cursor.

create type target_state as enum ('active', 'paused', 'disabled');

create table targets (
	id smallint generated always as identity primary key,
	name text not null unique,
	kind text not null,
	configured boolean not null default true, -- false: not in the configuration of its leader any more
	patterns text[] not null,
	keep_left boolean not null,               -- what leaves the patterns is not taken back
	history uuid,                             -- in which the cursor counts; NULL: it was never told anything
	cursor bigint not null default 0,
	scoped_at bigint,                         -- installation.names when the patterns were last held against the names
	address text not null,                    -- where it is: who answers elsewhere knows nothing
	windows bigint not null default 0,        -- numbers given
	state target_state not null default 'active',
	attempts integer not null default 0,      -- since it last answered
	due timestamptz not null default now(),
	error text,
	confirmed_at timestamptz
);

-- Resources a target knows of, under the names it was told.
create table followed (
	target smallint references targets on delete cascade,
	resource integer,
	name text not null,
	primary key (target, resource)
);
create index on followed (resource);

create type window_kind as enum ('difference', 'snapshot', 'withdrawal');

create table windows (
	target smallint references targets on delete cascade,
	number bigint,
	kind window_kind not null,
	main boolean not null,    -- moves the cursor; the others move their lanes
	after bigint not null,    -- told before; 0: nothing
	revision bigint not null, -- told when this is confirmed
	reached integer,          -- snapshots: the last resource that is in parts; NULL when all are
	parts integer not null default 0,
	opened_at timestamptz not null default clock_timestamp(),
	primary key (target, number)
);
create unique index one_main_window on windows (target) where main;

create table lanes (
	target smallint,
	resource integer,
	revision bigint not null,               -- told; 0: nothing, or nobody knows what
	leaving boolean not null default false,
	"window" bigint,                        -- on its way
	refused boolean not null default false, -- so was a part of that window; other parts of it may still speak of the resource
	attempts integer not null default 0,    -- refused so often
	due timestamptz not null default now(),
	error text,
	primary key (target, resource),
	foreign key (target, resource) references followed on delete cascade,
	foreign key (target, "window") references windows (target, number) on delete set null ("window")
);
create index on lanes (target, "window");

create table parts (
	target smallint,
	"window" bigint,
	part integer,
	resources integer[] not null,
	body text not null, -- the message; or a brief of it (roster/brief.h), to which the texts of people below belong
	primary key (target, "window", part),
	foreign key (target, "window") references windows (target, number) on delete cascade
);

-- What the parts of a large snapshot say about people, once for many parts.
create table part_people (
	target smallint,
	"window" bigint,
	first integer, -- the number of the first one in texts
	texts text not null,
	primary key (target, "window", first),
	foreign key (target, "window") references windows (target, number) on delete cascade
);
-- JSON packs well, and lz4 takes a tenth of the time; a server that was built without it does what it always does.
do $$ begin
	alter table parts alter body set compression lz4;
	alter table part_people alter texts set compression lz4;
exception when feature_not_supported then
end $$;

-- The highest number any target that was forgotten gave to a window: who comes back is told under higher ones.
alter table installation add column windows bigint not null default 0;

-- How often the name of any resource has changed: whoever remembers the count knows whether patterns must be looked at again.
alter table installation add column names bigint not null default 0;

create function names_changed() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	update installation set names = names + 1;
	return null;
end $$;
create trigger g_names after insert or delete or update of name, parent_id, archived on groups for each statement execute function names_changed();
create trigger g_names after insert or delete or update of name on apps for each statement execute function names_changed();
create trigger g_names after insert or delete or update of name on clusters for each statement execute function names_changed();
create trigger g_names after insert or delete or update of name, cluster, purpose on namespaces for each statement execute function names_changed();
create trigger g_names after insert or delete or update of name on environments for each statement execute function names_changed();
create trigger g_names after insert or delete or update of name on access_groups for each statement execute function names_changed();

-- Every resource with its name: for all at once what resource_name() is for one.
create view resource_names as
with recursive paths(id, path) as (
	select id, '' from groups where parent_id is null
	union all
	select g.id, p.path || '/' || g.name from groups g join paths p on p.id = g.parent_id
)
select id as resource, 'group:' || case path when '' then '/' else path end as name from paths
union all
select id, 'app:' || name from apps
union all
select e.id, 'environment:' || a.name || '/' || e.name from environments e join apps a on a.id = e.app
union all
select id, 'access-group:' || name from access_groups
union all
select id, 'cluster:' || name from clusters
union all
select n.id, 'namespace:' || k.name || '/' || n.name || '/' || n.purpose from namespaces n join clusters k on k.id = n.cluster
union all
select id, 'platform' from resources where kind = 'platform';

-- Names that ended: of what was deleted, and of what has another one since. Facts of earlier revisions are ids; who asks as of
-- one is told what they were called then.
create table past_names (
	resource integer,
	role integer,
	name text not null, -- of a resource that is gone all of it, of a group that is renamed its part of the path
	until bigint not null, -- the revision that ended it
	check (num_nonnulls(resource, role) = 1)
);
create index on past_names (resource, until) where resource is not null;
create index on past_names (role, until) where role is not null;

create function name_ends() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	if tg_table_name = 'roles' then
		insert into past_names (role, name, until) values (old.id, old.name, open_revision());
	else
		insert into past_names (resource, name, until)
		values (old.id, case tg_op when 'UPDATE' then old.name else resource_name(old.id) end, open_revision());
	end if;
	return case tg_op when 'UPDATE' then new else old end;
end $$;
create trigger b_name before update of name on groups for each row when (old.name <> new.name) execute function name_ends();
create trigger b_name before update of name on roles for each row when (old.name <> new.name) execute function name_ends();
create trigger b_name_ends before delete on groups for each row execute function name_ends();
create trigger b_name_ends before delete on roles for each row execute function name_ends();
create trigger b_name_ends before delete on apps for each row execute function name_ends();
create trigger b_name_ends before delete on environments for each row execute function name_ends();
create trigger b_name_ends before delete on access_groups for each row execute function name_ends();
create trigger b_name_ends before delete on clusters for each row execute function name_ends();
create trigger b_name_ends before delete on namespaces for each row execute function name_ends();

-- Every role with its name, those that are gone with the last they had.
create view role_names as
select id, name from roles
union all
(select distinct on (p.role) p.role, p.name from past_names p
where p.role is not null and not exists (select from roles r where r.id = p.role) order by p.role, p.until desc);

-- What a role was called at a revision; NULL is now, and for one that is gone the last name it had.
create function role_name(role integer, at bigint default null) returns text language sql stable set search_path = roster, pg_temp as $$
	select coalesce(
		(select p.name from past_names p where p.role = role_name.role and p.until > role_name.at order by p.until limit 1),
		(select r.name from role_names r where r.id = role_name.role))
$$;

-- Groups as they lay and were called at a revision.
create function groups_then(at bigint) returns table (id integer, parent_id integer, name text) language sql stable as $$
	select e.id, e.parent_id, coalesce(
		(select regexp_replace(p.name, '^.*/', '') from roster.past_names p where p.resource = e.id and p.until > at order by p.until limit 1),
		(select g.name from roster.groups g where g.id = e.id))
	from (select id, parent_id, since, 9223372036854775807 as until from roster.groups
		union all select id, parent_id, since, until from roster.groups_history) e
	where e.since <= at and e.until > at
$$;

create function resource_name(resource integer, at bigint) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if at < head() and exists (select from groups g where g.id = resource) then
		return (with recursive up(id, parent_id, name, height) as (
				select g.*, 0 from groups_then(at) g where g.id = resource
				union all
				select g.*, u.height + 1 from up u cross join lateral (select * from groups_then(at) g where g.id = u.parent_id offset 0) g)
			select coalesce('group:/' || string_agg(u.name, '/' order by u.height desc) filter (where u.parent_id is not null),
				case count(*) when 0 then resource_name(resource) else 'group:/' end) from up u);
	end if;
	return resource_name(resource);
end $$;

-- Every resource with its name of then, those that are gone by now with them: resource_names at a revision.
create function resource_names_at(at bigint) returns table (resource integer, name text) language sql stable set search_path = roster, pg_temp as $$
	with recursive lay as materialized (
		select * from groups_then(at)
	), paths(id, path) as (
		select l.id, '' from lay l where l.parent_id is null
		union all
		select l.id, p.path || '/' || l.name from lay l join paths p on p.id = l.parent_id
	)
	select p.id, 'group:' || case p.path when '' then '/' else p.path end from paths p
	union all
	select n.resource, n.name from resource_names n where n.resource not in (select p.id from paths p)
	union all
	(select distinct on (p.resource) p.resource, p.name from past_names p
	where p.until > at and not exists (select from resources r where r.id = p.resource) order by p.resource, p.until desc)
$$;

-- The resource of that name at a revision, else the one that has it today; NULL is now.
create function resource_named(name text, at bigint) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	whole text := lower(normalize(regexp_replace(name, '^env:', 'environment:'), NFKC));
begin
	if at is null then
		return resource_named(name);
	end if;
	-- Of two of a name the one that is gone was there first; but a group that was deleted by then has given its name to the other.
	return coalesce((select n.resource from resource_names_at(at) n where at < head() and lower(normalize(n.name, NFKC)) = whole
			order by n.resource in (select g.id from groups g where g.archived and g.since <= at
				union all select h.id from groups_history h where h.archived and h.since <= at and h.until > at), 1 limit 1),
		resource_named(name));
end $$;

-- "app:billing-*" as a regular expression: * within a segment, ** across, everything else as it is written. env: is short here too.
create function pattern_regex(pattern text) returns text language sql immutable as $$
	select '^' || replace(replace(replace(regexp_replace(lower(normalize(regexp_replace(pattern, '^env:', 'environment:'), NFKC)), '([].\\^$+?(){}|[])', '\\\1', 'g'),
		'**', chr(1)), '*', '[^/]*'), chr(1), '.*') || '$'
$$;

-- History: a database that was restored has forgotten what it told ----------------------------------------------------------

-- Which server this is, on which line of its life, and what holds us there.
alter table installation add column server text;

create function renew_history() returns uuid language sql volatile security definer set search_path = roster, pg_temp as $$
	update installation set history = gen_random_uuid() returning history
$$;

-- Renew the history when another server, or another timeline of this one, holds the database than the last time.
create function check_history() returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	-- Also which database and table of it: a backup may be brought back into the same server.
	here text := concat_ws('/', (select system_identifier from pg_control_system()), (select timeline_id from pg_control_checkpoint()),
		(select oid from pg_database where datname = current_database()), 'installation'::regclass::oid);
	known text := (select server from installation);
begin
	if known is distinct from here then
		update installation set server = here;
		if known is not null then
			perform renew_history();
		end if;
	end if;
end $$;

create function database_restored() returns uuid language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform require_administrator('say that the database was restored');
	return renew_history();
end $$;

-- Targets ---------------------------------------------------------------------------------------------------------------

create function lead_driver(kind text) returns boolean language sql volatile security definer set search_path = roster, pg_temp as $$
	select check_history();
	select pg_try_advisory_lock(writer_lock_class() + 2, hashtext(kind))
$$;

-- The targets of one driver, as the configuration has them; the others of that driver are no longer told anything.
create function register_targets(kind text, names text[], addresses text[], patterns text[], keep_left boolean[]) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	-- What is on its way was meant for somebody else.
	delete from windows w using targets t, unnest(names, addresses) n(name, address)
	where t.id = w.target and t.name = n.name and t.address <> n.address;
	insert into targets as t (name, kind, address, patterns, keep_left, windows)
	select n.name, register_targets.kind, n.address, string_to_array(n.list, E'\n'), n.keep, (select i.windows from installation i)
	from unnest(names, addresses, register_targets.patterns, register_targets.keep_left) n(name, address, list, keep)
	on conflict (name) do update set kind = excluded.kind, patterns = excluded.patterns, keep_left = excluded.keep_left, configured = true,
		address = excluded.address, history = case when t.address = excluded.address then t.history end,
		scoped_at = case when t.patterns = excluded.patterns then t.scoped_at end;
	update targets t set configured = false where t.kind = register_targets.kind and t.name <> all (names) and t.configured;
end $$;

-- Exponential, with jitter, so that many targets of one host do not come back at the same moment.
create function delivery_wait(attempts integer) returns interval language sql volatile as $$
	select (array['5 s', '30 s', '2 min', '10 min', '30 min', '1 h'])[least(attempts, 6)]::interval * (0.75 + random() / 2)
$$;

-- A group that was deleted is only archived, since revisions name it.
create function is_gone(resource integer) returns boolean language sql stable set search_path = roster, pg_temp as $$
	select not exists (select from resources r where r.id = is_gone.resource) or exists (select from groups g where g.id = is_gone.resource and g.archived)
$$;

-- Hold the patterns of a target against the names. What came gets a lane at 0, what left a lane that takes it back. A
-- resource that is on its way is looked at again when that is done.
create function scope_target(told targets) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	regex text := (select string_agg(pattern_regex(p), '|') from unnest(told.patterns) p);
	-- Once, for several statements.
	scope resource_names[] := (select array_agg(n) from resource_names n where lower(normalize(n.name, NFKC)) ~ regex
		and n.resource not in (select g.id from groups g where g.archived));
begin
	update followed f set name = s.name from unnest(scope) s
	where f.target = told.id and f.resource = s.resource and f.name <> s.name;
	with came as (
		insert into followed (target, resource, name)
		select told.id, s.resource, s.name from unnest(scope) s
		where not exists (select from followed f where f.target = told.id and f.resource = s.resource)
		returning followed.resource)
	insert into lanes (target, resource, revision) select told.id, c.resource, 0 from came c where told.history is not null;
	update lanes l set leaving = false, due = now(), attempts = 0
	where l.target = told.id and l.leaving and l."window" is null and exists (select from unnest(scope) s where s.resource = l.resource);

	if told.keep_left or told.history is null then
		delete from followed f where f.target = told.id and f.resource not in (select s.resource from unnest(scope) s)
		  and (told.history is null or not is_gone(f.resource))
		  and not exists (select from lanes l where l.target = f.target and l.resource = f.resource and l."window" is not null);
	end if;
	if told.history is not null then
		-- What is kept is what is there and called otherwise; what was deleted is taken back, under the name that was told.
		insert into lanes as l (target, resource, revision, leaving)
		select f.target, f.resource, told.cursor, true from followed f
		where f.target = told.id and f.resource not in (select s.resource from unnest(scope) s)
		  and (not told.keep_left or is_gone(f.resource))
		on conflict on constraint lanes_pkey do update set leaving = true, due = now(), attempts = 0 where l."window" is null and not l.leaving;
	end if;
	-- While a lane is under way its resource could not be judged: look again when it has arrived.
	update targets t set scoped_at = case when not exists (select from lanes l where l.target = told.id and l."window" is not null)
		then (select names from installation) end
	where t.id = told.id;
end $$;
