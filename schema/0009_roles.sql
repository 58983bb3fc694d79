-- SPDX-License-Identifier: Apache-2.0
-- The central roles: made, edited by one person at a time, and deleted with somebody to take their place. Who changes what
-- roles may do in production shows a second factor first.

-- The second factor -----------------------------------------------------------------------------------------------------

-- That this person has just proven who he is once more, as the owner of the schema vouches. Whoever signs in with a provider
-- shows it there: see sessions.
create table second_factors (
	user_id uuid primary key references users on delete cascade,
	proven_at timestamptz not null default clock_timestamp(),
	expires_at timestamptz not null,
	check (expires_at > proven_at and expires_at <= proven_at + interval '1 hour')
);

create function second_factor_proven(login text, valid interval default '10 minutes') returns timestamptz
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	until timestamptz;
begin
	if valid not between interval '1 second' and interval '1 hour' then
		raise exception 'a second factor counts for an hour at most, not %', valid using errcode = 'invalid_parameter_value', hint = 'name a shorter time';
	elsif not is_owner() then
		raise exception '% cannot vouch for a second factor', session_user using errcode = 'insufficient_privilege',
			hint = 'the owner of the schema may; whoever signs in shows his own: rosterctl login';
	end if;
	insert into second_factors as f (user_id, proven_at, expires_at)
	values (user_by_login(second_factor_proven.login), clock_timestamp(), clock_timestamp() + valid)
	on conflict on constraint second_factors_pkey do update set proven_at = excluded.proven_at, expires_at = excluded.expires_at
	returning f.expires_at into until;
	return until;
end $$;

-- Who was suspended since, and is back, shows it anew.
create function require_second_factor(cause text) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if not is_owner() and not exists (select from second_factors f join users u on u.id = f.user_id and u.active join revisions v on v.id = u.since
			where f.user_id = actor() and f.expires_at > clock_timestamp() and f.proven_at > v.at)
	   and not exists (select from own_session() s where s.proof_expires_at > clock_timestamp()) then
		raise exception 'a second factor is needed to: %', cause using errcode = 'invalid_authorization_specification',
			hint = 'it is about production; sign in with the second factor and try again within ten minutes';
	end if;
end $$;

-- One editor at a time ---------------------------------------------------------------------------------------------------

-- The role that is being edited, of all roles; a forgotten edit ends by itself.
create table role_edit (
	only_row boolean primary key default true check (only_row),
	role integer not null references roles on delete cascade,
	login text not null default acting(),
	began_at timestamptz not null default clock_timestamp(),
	expires_at timestamptz not null default clock_timestamp() + interval '15 minutes'
);

create function editable_role(name text) returns roles language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	edited roles;
begin
	select * into edited from roles r where r.id = need_role('project', editable_role.name);
	if edited.locked then
		raise exception 'the role "%" is locked', edited.name using errcode = 'check_violation', hint = 'make another role';
	end if;
	return edited;
end $$;

create function role_edit_begin(name text) returns timestamptz language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	edited roles := editable_role(name);
	other record;
	until timestamptz;
begin
	perform require_administrator(format('role edit %s', name));
	perform pg_advisory_xact_lock(writer_lock_class(), 1);
	select r.name, e.login, e.expires_at into other from role_edit e join roles r on r.id = e.role
	where e.expires_at > clock_timestamp() and (e.login <> acting() or e.role <> edited.id);
	if found then
		raise exception '% is editing the role "%"', other.login, other.name using errcode = 'object_in_use',
			hint = format('one role is edited at a time; this ends with save or cancel, or by itself at %s', other.expires_at);
	end if;
	delete from role_edit;
	insert into role_edit (role) values (edited.id) returning expires_at into until;
	return until;
end $$;

create function role_edit_cancel() returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform require_administrator('role cancel');
	delete from role_edit e where e.login = acting() or e.expires_at <= clock_timestamp() or is_owner();
	if not found then
		raise exception 'you are not editing a role' using errcode = 'no_data_found', hint = 'see rosterctl role list';
	end if;
end $$;

-- An error unless who acts is editing this very role: an edit that has expired may have been overtaken.
create function require_role_edit(role integer) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if not exists (select from role_edit e where e.role = require_role_edit.role and e.login = acting() and e.expires_at > clock_timestamp()) then
		raise exception 'you are not editing this role' using errcode = 'object_not_in_prerequisite_state',
			hint = 'begin with rosterctl role edit; an edit ends by itself after 15 minutes';
	end if;
end $$;

-- What roles say -----------------------------------------------------------------------------------------------------------

-- What is typed for it: none, custom or fixed, or the permissions that are fixed.
create function part_access(said text[]) returns text language sql immutable as $$
	select case when said is null then null when cardinality(said) = 1 and said[1] in ('none', 'custom', 'fixed') then said[1] else 'fixed' end
$$;
create function part_permissions(said text[]) returns text[] language sql immutable as $$
	select case when cardinality(said) = 1 and said[1] in ('none', 'custom', 'fixed') then '{}' else said end
$$;

-- What a role says of one kind of environment: access 'none', 'fixed' with permissions, or 'custom'.
create function set_environment_part(role integer, kind resource_kind, access text, permissions text[]) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	wrong text;
begin
	if permissions && '{none,custom}' then
		raise exception '"%" is said alone, not with permissions or another word', (select n from unnest(permissions) n where n in ('none', 'custom') limit 1)
			using errcode = 'check_violation';
	end if;
	if access <> 'fixed' and cardinality(permissions) > 0 then
		raise exception 'a role says which permissions there are only when they are fixed, not when access is "%"', access
			using errcode = 'check_violation', hint = 'write fixed, or leave the permissions out';
	end if;
	if access = 'none' then
		delete from role_environments e where e.role = set_environment_part.role and e.kind = set_environment_part.kind;
		return;
	end if;
	select p.name into wrong from unnest(permissions) n join permissions p on p.id = permission_named(n) where p.scope <> 'env';
	if found then
		raise exception '% is no permission in environments that a role fixes', wrong using errcode = 'check_violation',
			hint = 'one of ' || (select string_agg(p.name, ', ' order by p.id) from permissions p where p.scope = 'env');
	end if;
	if access = 'custom' then
		perform forget_of_holders(role);
	end if;
	delete from role_environment_permissions p where p.role = set_environment_part.role and p.kind = set_environment_part.kind
	  and (access <> 'fixed' or p.permission not in (select permission_named(n) from unnest(permissions) n));
	insert into role_environments as e (role, kind, access)
	values (set_environment_part.role, set_environment_part.kind, set_environment_part.access::environment_access)
	on conflict on constraint role_environments_pkey do update set access = excluded.access where e.access <> excluded.access;
	insert into role_environment_permissions (role, kind, permission)
	select distinct set_environment_part.role, set_environment_part.kind, permission_named(n) from unnest(permissions) n
	where access = 'fixed' on conflict do nothing;
end $$;

create function set_role_permissions(role integer, permissions text[]) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	wrong text;
begin
	select p.name into wrong from unnest(permissions) n join permissions p on p.id = permission_named(n)
	where p.scope not in ('project', 'cicd', 'cluster', 'namespace');
	if found then
		raise exception 'a project role cannot hold %', wrong using errcode = 'check_violation',
			hint = 'what a role may do in environments is said for non-production and for production';
	end if;
	delete from role_permissions rp where rp.role = set_role_permissions.role
	  and rp.permission not in (select permission_named(n) from unnest(permissions) n);
	insert into role_permissions (role, permission) select distinct set_role_permissions.role, permission_named(n) from unnest(permissions) n
	on conflict do nothing;
end $$;

-- What a role says of production, to see whether it changes.
create function production_part(role integer) returns text language sql stable set search_path = roster, pg_temp as $$
	select e.access || ' ' || coalesce((select string_agg(p.permission::text, ' ' order by p.permission)
		from role_environment_permissions p where p.role = e.role and p.kind = e.kind), '')
	from role_environments e where e.role = production_part.role and e.kind = 'production_environment'
$$;

-- The same, and whether it opens environments at all: of one role in place of another.
create function production_reach(role integer) returns text language sql stable set search_path = roster, pg_temp as $$
	select concat_ws(' ', exists (select from role_permissions p where p.role = production_reach.role and p.permission = permission_named('project.cloud_access')),
		production_part(production_reach.role))
$$;

-- NULL leaves as it is; '{}' takes all. In what follows, as of what is there.
create function write_role(role integer, cause text, permissions text[], non_production text, non_production_permissions text[],
	production text, production_permissions text[]) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	before text := production_part(role);
begin
	if permissions is not null then
		perform set_role_permissions(role, permissions);
	end if;
	if non_production is not null then
		perform set_environment_part(role, 'environment', non_production, coalesce(non_production_permissions, '{}'));
	end if;
	if production is not null then
		perform set_environment_part(role, 'production_environment', production, coalesce(production_permissions, '{}'));
	end if;
	if production_part(role) is distinct from before then
		perform require_second_factor(cause);
	end if;
end $$;

create function role_create(name text, description text default '', permissions text[] default '{}', non_production text default 'none',
	non_production_permissions text[] default '{}', production text default 'none', production_permissions text[] default '{}') returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	made integer;
begin
	perform act(format('role create %s', name));
	perform need_name('role', name);
	insert into roles (kind, name, description) values ('project', role_create.name, coalesce(role_create.description, '')) returning id into made;
	perform write_role(made, format('role create %s', name), coalesce(permissions, '{}'), non_production, non_production_permissions,
		production, production_permissions);
	return made;
exception when unique_violation then
	raise exception 'there is a role "%" already', name using errcode = 'unique_violation', hint = 'see rosterctl role list';
end $$;

-- Ends the edit. NULL leaves a part as it is; whoever holds the role may do what it says from now on.
create function role_save(name text, new_name text default null, description text default null, permissions text[] default null,
	non_production text default null, non_production_permissions text[] default null, production text default null,
	production_permissions text[] default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	edited roles := editable_role(name);
begin
	perform act(format('role save %s', name));
	perform require_role_edit(edited.id);
	perform need_name('role', coalesce(new_name, name));
	update roles r set name = coalesce(role_save.new_name, r.name), description = coalesce(role_save.description, r.description)
	where r.id = edited.id and (r.name, r.description) is distinct from (coalesce(role_save.new_name, r.name), coalesce(role_save.description, r.description));
	perform write_role(edited.id, format('role save %s', name), permissions, non_production, non_production_permissions, production, production_permissions);
	delete from role_edit;
exception when unique_violation then
	raise exception 'there is a role "%" already', new_name using errcode = 'unique_violation', hint = 'see rosterctl role list';
end $$;

-- Delete a role. Whoever holds it holds the replacement instead, wherever that was and whoever gave it, and so with whoever is
-- invited in it; nobody needs one for a role that nobody holds.
create function role_delete(name text, replacement text default null) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	gone roles := editable_role(name);
	heir roles;
	holders bigint;
	invited bigint;
begin
	perform act(format('role delete %s', name) || coalesce(format(' --replacement %s', replacement), ''));
	perform require_role_edit(gone.id);
	select count(*) into holders from grants g where g.role = gone.id;
	select count(*) into invited from invitations i where i.role = gone.id;
	if replacement is not null then
		select * into heir from roles r where r.id = need_role('project', replacement);
		if heir.id = gone.id or heir.structural then
			raise exception 'the role "%" cannot take the place of "%"', heir.name, gone.name using errcode = 'check_violation',
				hint = 'name another role that can be given';
		elsif production_reach(heir.id) <> production_reach(gone.id) then
			perform require_second_factor(format('role delete %s', name));
		end if;
		perform forget_of_holders(gone.id);
		insert into grants (user_id, anchor, role, source, expires_at)
		select g.user_id, g.anchor, heir.id, g.source, g.expires_at from grants g where g.role = gone.id
		on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at
			where grants.expires_at < coalesce(excluded.expires_at, 'infinity'); -- who holds both holds the longer
		delete from grants g where g.role = gone.id;
		perform hand_on_invitations(gone.id, heir.id);
	elsif holders > 0 then
		raise exception '% the role "%"', case holders when 1 then 'one person holds' else holders || ' people hold' end, gone.name
			using errcode = 'foreign_key_violation', hint = 'name the role that takes its place: --replacement';
	elsif invited > 0 then
		raise exception '% invited in the role "%"', case invited when 1 then 'one person is' else invited || ' people are' end, gone.name
			using errcode = 'foreign_key_violation', hint = 'name the role that takes its place: --replacement; or take the invitation back: rosterctl app members';
	end if;
	delete from roles r where r.id = gone.id;
	return holders;
end $$;

-- For whom of these people, and some others, these environments are left open by a role of his. Of very many people the planner
-- would look at each.
create function opened_settings(environments integer[], people uuid[]) returns table (environment integer, user_id uuid)
language plpgsql stable set search_path = roster, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
	anchors integer[];
	things integer[];
	kinds resource_kind[];
	open integer[] := array(select g.role from role_gates g where g.gate = 'custom');
begin
	-- Not by reach: an archived app opens nothing, and yet who left its team meanwhile finds nothing there when it is back.
	select array_agg(p.place), array_agg(e.id), array_agg(e.kind) into anchors, things, kinds
	from environments e join apps a on a.id = e.app cross join lateral (
		select a.id union all select c.ancestor from group_closure c where c.descendant = a.owner_group
		union all select x.access_group from access_group_apps x where x.app = a.id) p(place)
	where e.id = any (environments);
	return query select distinct t.resource, h.user_id from (
			select h.user_id, h.anchor, h.role from holdings h where h.anchor = any (array(select distinct a from unnest(anchors) a)) and h.role = any (open)
			and (cardinality(people) > 1000 or h.user_id = any (people)) offset 0) h
		join unnest(anchors, things, kinds) t(anchor, resource, kind) on t.anchor = h.anchor
		join role_gates g on g.role = h.role and g.kind = t.kind and g.gate = 'custom';
end $$;

-- Settings of people whose role leaves them open no longer are forgotten, so that a later role does not bring them back: after
-- what is taken by hand, and before what is given, since what a source takes leaves them be. Who is suspended keeps his, and what
-- is set in an archived app stays, as far as they hold there what leaves it open. NULL: of everybody; of all apps.
create function forget_settings(people uuid[], apps integer[] default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer[];
	who uuid[];
begin
	select array_agg(distinct s.environment), array_agg(distinct s.user_id) into here, who
	from environment_settings s join environments e on e.id = s.environment
	where s.scope = 'env' and (people is null or s.user_id = any (people)) and (apps is null or e.app = any (apps));
	if here is not null then
		delete from environment_settings s using unnest(who) w(id)
		where s.scope = 'env' and s.environment = any (here) and s.user_id = w.id and not exists (
			select from opened_settings(here, who) o where o.environment = s.environment and o.user_id = s.user_id);
	end if;
end $$;

-- The same of those who hold this role, before it opens more to them.
create function forget_of_holders(role integer) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	holders uuid[] := array(select distinct s.user_id from environment_settings s join grants g on g.user_id = s.user_id
		where s.scope = 'env' and g.role = forget_of_holders.role);
begin
	if holders <> '{}' then
		perform forget_settings(holders, apps_at(array(select distinct g.anchor from grants g where g.role = forget_of_holders.role and g.user_id = any (holders))));
	end if;
end $$;

create function role_part_changed() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	if exists (select from was w where w.access = 'custom' and not exists (
			select from role_environments e where e.role = w.role and e.kind = w.kind and e.access = 'custom')) then
		perform forget_settings(null);
	end if;
	return null;
end $$;
create trigger f_forget after delete on role_environments referencing old table as was for each statement execute function role_part_changed();
create trigger f_forget_update after update on role_environments referencing old table as was for each statement execute function role_part_changed();

-- Begin and save in one step.
create function role_edit(name text, permissions text[], new_name text default null, description text default null,
	non_production text default null, non_production_permissions text[] default null, production text default null,
	production_permissions text[] default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('role edit %s', name));
	perform role_edit_begin(name);
	perform role_save(name, new_name, description, permissions, non_production, non_production_permissions, production, production_permissions);
end $$;

-- Whoever holds the one holds the other, and the one is gone: for roles that came with an app and say the same.
create function role_merge(name text, kept text) returns bigint language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('role merge %s %s', name, kept));
	perform role_edit_begin(name);
	return role_delete(name, kept);
end $$;

-- A role that came with an app becomes one of the company.
create function role_keep(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	kept roles := editable_role(name);
begin
	perform act(format('role keep %s', name));
	update roles r set origin = null where r.id = kept.id;
exception when unique_violation then
	raise exception 'there is a role "%" already', kept.name using errcode = 'unique_violation', hint = 'merge them, or rename one first';
end $$;
