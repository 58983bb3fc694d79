-- SPDX-License-Identifier: Apache-2.0
-- What else roles are about: access groups, and the environments an app runs in.

-- Access groups: apps that belong together for some people, whatever groups own them. An app may be in many ------------------

create table access_groups (
	id integer primary key default new_resource('access_group'),
	kind resource_kind not null default 'access_group' check (kind = 'access_group'),
	name text not null check (name <> '' and name !~ '[[:cntrl:]/]' and length(name) <= 100),
	description text not null default '' check (length(description) <= 250),
	name_key text not null unique generated always as (lower(normalize(name, NFKC))) stored,
	foreign key (id, kind) references resources (id, kind)
);
create trigger delete_resource after delete on access_groups for each row execute function delete_resource();

create table access_group_apps (
	access_group integer not null references access_groups,
	app integer not null references apps on delete cascade,
	primary key (app, access_group)
);
call keep_history('access_group_apps', array['access_group', 'app']);
create index on access_group_apps (access_group);
create index on access_group_apps_history (app);
create index on access_group_apps_history (access_group);

-- Nodes: what gives an app environments, and the one person who answers for them ----------------------------------------------

create table nodes (
	app integer primary key references apps,
	technical_contact uuid not null references users
);
call keep_history('nodes', array['app', 'technical_contact']);
create index on nodes (technical_contact);
create index on nodes_history (app);
create index on nodes_history (technical_contact);

-- An environment is of one of two kinds, since what a role may do in production is said apart.
create table environments (
	id integer primary key,
	kind resource_kind not null check (kind = case purpose when 'production' then 'production_environment' else 'environment' end::resource_kind),
	app integer not null references nodes,
	name text not null check (name <> '' and name !~ '[[:cntrl:]/]' and length(name) <= 100),
	purpose purpose not null,
	namespace integer,
	name_key text not null generated always as (lower(normalize(name, NFKC))) stored,
	foreign key (id, kind) references resources (id, kind),
	foreign key (namespace, purpose) references namespaces (id, purpose),
	unique (app, name_key),
	unique (id, kind)
);
call keep_history('environments', array['id', 'app', 'kind']);
create index on environments_history (id);
create index on environments_history (app);
create trigger delete_resource after delete on environments for each row execute function delete_resource();

create function environment_kind(purpose purpose) returns resource_kind language sql immutable
as $$select case purpose when 'production' then 'production_environment' else 'environment' end::roster.resource_kind$$;

-- The id comes with the kind. Another purpose of the other kind is another environment: what was set for people there is
-- about the one it was.
create function environment_made() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	if tg_op = 'INSERT' then
		new.kind := environment_kind(new.purpose);
		new.id := new_resource(new.kind);
	elsif new.kind <> environment_kind(new.purpose) or new.app <> old.app then
		raise exception 'environment "%" cannot become %', old.name, case when new.app <> old.app then 'another app''s' else new.purpose::text end
			using errcode = 'check_violation', hint = 'make a new environment: what people may do in this one was said for what it is';
	end if;
	return new;
end $$;
create trigger e_kind before insert or update on environments for each row execute function environment_made();

-- What roles say of environments ------------------------------------------------------------------------------------------------

-- none: nothing, which is what a missing row means too. fixed: a set, the same in every environment of the kind. custom: for
-- each person what was set for him in each environment.
create type environment_access as enum ('fixed', 'custom');

create table role_environments (
	role integer not null,
	kind resource_kind not null check (kind in ('environment', 'production_environment')),
	access environment_access not null,
	role_kind role_kind not null default 'project' check (role_kind = 'project'),
	foreign key (role, role_kind) references roles (id, kind) on delete cascade,
	primary key (role, kind),
	unique (role, kind, access)
);
call keep_history('role_environments', array['role', 'kind', 'access']);
create index on role_environments_history (role);

create table role_environment_permissions (
	role integer not null,
	kind resource_kind not null,
	access environment_access not null default 'fixed' check (access = 'fixed'),
	permission smallint not null,
	scope permission_scope not null default 'env' check (scope in ('env', 'env_self')),
	primary key (role, kind, permission),
	foreign key (role, kind, access) references role_environments (role, kind, access) on delete cascade,
	foreign key (permission, scope) references permissions (id, scope)
);
call keep_history('role_environment_permissions', array['role', 'kind', 'permission']);
create index on role_environment_permissions_history (role);

-- Whoever gets a role that fixes something in production has it at once, so many at once wait for approval.
create function role_sensitive() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	update roles r set sensitive = s.is
	from (
		select o.id, o.governs or exists (
			select from role_environment_permissions p where p.role = o.id and p.kind = 'production_environment') as is
		from roles o where not o.structural and o.id in (select t.role from touched t)) s
	where r.id = s.id and r.sensitive <> s.is;
	return null;
end $$;
create trigger f_sensitive after insert on role_environment_permissions referencing new table as touched
	for each statement execute function role_sensitive();
create trigger f_sensitive_gone after delete on role_environment_permissions referencing old table as touched
	for each statement execute function role_sensitive();

-- What was set for one person in one environment: it counts as far as a role of his leaves it open (custom). Missing: as it
-- comes, which is API Rights outside production and nothing else.
create table environment_settings (
	environment integer not null references environments on delete cascade,
	user_id uuid not null references users,
	permission smallint not null,
	scope permission_scope not null default 'env' check (scope in ('env', 'env_self')),
	allowed boolean not null check (allowed or scope = 'env'),
	primary key (environment, user_id, permission),
	foreign key (permission, scope) references permissions (id, scope)
);
call keep_history('environment_settings', array['environment', 'user_id', 'permission', 'allowed']);
create index on environment_settings (user_id);
create index on environment_settings_history (environment, user_id);
create index on environment_settings_history (user_id);

-- Each setting is held as a role of its own, so that all that bears on a person in an environment is a set of roles.
create table setting_roles (
	permission smallint not null references permissions,
	allowed boolean not null,
	role integer not null unique references roles,
	primary key (permission, allowed)
);
