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
create trigger g_names after insert or delete or update of name, parent_id on groups for each statement execute function names_changed();
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

-- "app:billing-*" as a regular expression: * within a segment, ** across, everything else as it is written.
create function pattern_regex(pattern text) returns text language sql immutable as $$
	select '^' || replace(replace(replace(regexp_replace(lower(normalize(pattern, NFKC)), '([].\\^$+?(){}|[])', '\\\1', 'g'),
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

-- Hold the patterns of a target against the names. What came gets a lane at 0, what left a lane that takes it back. A
-- resource that is on its way is looked at again when that is done.
create function scope_target(told targets) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	regex text := (select string_agg(pattern_regex(p), '|') from unnest(told.patterns) p);
	-- Once, for several statements.
	scope resource_names[] := (select array_agg(n) from resource_names n where lower(normalize(n.name, NFKC)) ~ regex);
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
		  and not exists (select from lanes l where l.target = f.target and l.resource = f.resource and l."window" is not null);
	else
		insert into lanes as l (target, resource, revision, leaving)
		select f.target, f.resource, told.cursor, true from followed f
		where f.target = told.id and f.resource not in (select s.resource from unnest(scope) s)
		on conflict on constraint lanes_pkey do update set leaving = true, due = now(), attempts = 0 where l."window" is null and not l.leaving;
	end if;
	-- While a lane is under way its resource could not be judged: look again when it has arrived.
	update targets t set scoped_at = case when not exists (select from lanes l where l.target = told.id and l."window" is not null)
		then (select names from installation) end
	where t.id = told.id;
end $$;
