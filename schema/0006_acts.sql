-- SPDX-License-Identifier: Apache-2.0
-- What administrators do. The one way in for hand-made changes: each act finds out who acts, checks that he may, and is
-- one revision whose cause reads like the command that made it. What is made here belongs to source 0 and no
-- synchronisation takes it away.

create function is_administrator(person uuid) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from grants g join users u on u.id = g.user_id and u.active
		where g.user_id = person and g.anchor = platform() and g.role = role_named('platform', 'Platform Administrator'))
$$;

-- May this person manage the members of this group: a platform administrator, or an admin of it or of a group above.
create function is_group_admin(person uuid, group_id integer) returns boolean language sql stable security definer
set search_path = roster, pg_temp as $$
	select is_administrator(person) or can(person, permission_named('group.members.manage'), is_group_admin.group_id)
$$;

-- An error unless the session is a platform administrator's or the schema owner's (break glass).
create function require_administrator(cause text) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if not is_owner() and not coalesce(is_administrator(actor()), false) then
		raise exception '% is not allowed to: %', session_user, cause using errcode = 'insufficient_privilege',
			hint = 'a platform administrator may; see rosterctl access';
	end if;
end $$;

-- Open the revision of an act. Each of these takes the writer lock first and looks at the rights then: whoever lost them
-- while he waited is refused.
create function act(cause text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform open_revision(cause, null, actor());
	perform require_administrator(cause);
end $$;

create function act_on_group(cause text, group_id integer) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform open_revision(cause, null, actor());
	if not is_owner() and not coalesce(is_group_admin(actor(), group_id), false) then
		raise exception '% is not allowed to: %', session_user, cause using errcode = 'insufficient_privilege',
			hint = format('an admin of %s or of a group above may', group_path(group_id));
	end if;
end $$;

create function act_on_app(cause text, app integer, permission text default 'project.team') returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform open_revision(cause, null, actor());
	if not is_owner() and not coalesce(is_administrator(actor()) or can(actor(), permission_named(permission), app), false) then
		raise exception '% is not allowed to: %', session_user, cause using errcode = 'insufficient_privilege',
			hint = 'the owner of the app or a platform administrator may';
	end if;
end $$;

-- The id behind a name, or an error in words: the acts below take names, as people do.
create function need_group(path text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id integer := group_at(path);
begin
	if found_id is null then
		raise exception 'there is no group %', path using errcode = 'no_data_found', hint = 'see rosterctl tree';
	end if;
	return found_id;
end $$;

create function need_app(name text) returns integer language sql stable security definer set search_path = roster, pg_temp
as $$select resource_named('app:' || name)$$;

create function need_role(kind role_kind, name text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id integer := role_named(kind, name);
begin
	if found_id is null then
		raise exception 'there is no role "%"', name using errcode = 'no_data_found', hint = 'see rosterctl role list';
	end if;
	return found_id;
end $$;

-- The role of a member of a group or an app. Those that are held in another way are there, and role list shows them.
-- admin: what to type for an admin of a group.
create function need_member_role(name text, admin text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	meant roles;
begin
	select r.* into meant from roles r where r.kind in ('project', 'platform') and r.name_key = lower(normalize(need_member_role.name, NFKC))
	order by r.kind desc limit 1;
	if meant.kind = 'project' and not meant.structural then
		return meant.id;
	elsif meant.id is not null then
		raise exception 'the role "%" is not given to members', meant.name
			using errcode = case meant.kind when 'platform' then 'no_data_found' else 'check_violation' end, hint = case
			when meant.name = 'Owner' then 'who owns an app has it: rosterctl app owner'
			when meant.name = 'Group Administrator' then admin
			when meant.structural then 'every active person has it'
			else 'it is held at the platform: a rule into "platform" gives it, or rosterctl database init --administrator' end;
	end if;
	return need_role('project', name);
end $$;

-- A name for something new. The tables check the same, in words that are not for people.
create function need_name(what text, name text) returns void language plpgsql immutable security definer set search_path = roster, pg_temp as $$
begin
	if name = '' or name ~ '[[:cntrl:]]' or what not in ('user', 'role') and name ~ '/' or what = 'group' and (length(name) > 100 or name in ('.', '..')) then
		raise exception '"%" is no name for % %', name, case what when 'app' then 'an' else 'a' end, what using errcode = 'check_violation', hint = case
			when what = 'group' then 'at most 100 characters, no control characters, not . or ..'
			when what in ('user', 'role') then 'it is empty, or has a control character'
			else 'it is empty, or has a slash or a control character' end;
	end if;
end $$;

-- Texts of a command line, or an error in words.
create function need_time(value text) returns timestamptz language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return value::timestamptz;
exception when invalid_datetime_format or datetime_field_overflow or invalid_parameter_value then
	raise exception '"%" is no time', value using errcode = 'invalid_datetime_format', hint = 'write 2027-01-31, or "2027-01-31 12:00"';
end $$;

create function need_number(value text) returns bigint language plpgsql immutable security definer set search_path = roster, pg_temp as $$
begin
	if value !~ '^-?[0-9]{1,18}$' then
		raise exception '"%" is no revision', value using errcode = 'invalid_parameter_value',
			hint = 'revisions are numbered: explain, report and runs show print them';
	end if;
	return value::bigint;
end $$;

create function need_purposes(names text[]) returns purpose[] language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	wrong text := (select n from unnest(names) n where n <> all (enum_range(null::purpose)::text[]) limit 1);
begin
	if wrong is not null then
		raise exception 'there is no purpose "%"', wrong using errcode = 'invalid_parameter_value',
			hint = 'there are: ' || array_to_string(enum_range(null::purpose), ', ');
	end if;
	return names::purpose[];
end $$;

-- The first administrator; later only the owner of the schema may (break glass). Makes the person when nobody has the
-- login, and lets the database login operator act as him.
create function init_administrator(login text, operator name) returns uuid
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid;
begin
	perform need_name('user', login);
	perform open_revision(format('init --administrator %s', login));
	if not is_owner() and exists (select from grants g where g.anchor = platform() and g.role = role_named('platform', 'Platform Administrator')) then
		raise exception 'there is a platform administrator already' using errcode = 'insufficient_privilege',
			hint = 'ask him, or come as the owner of the schema';
	end if;
	select u.id into person from users u where u.login_key = lower(normalize(init_administrator.login, NFKC)) and u.active;
	if person is null then
		insert into users (login) values (init_administrator.login) returning id into person;
	end if;
	insert into operators (login, user_id) values (operator, person)
	on conflict on constraint operators_pkey do update set user_id = excluded.user_id, added_at = now(), added_by = session_user;
	insert into grants (user_id, anchor, role) values (person, platform(), role_named('platform', 'Platform Administrator'))
	on conflict do nothing;
	return person;
end $$;

-- Part of `database init`: let the person who logs in as this ask and act. Not security definer: who calls it must be
-- allowed to give the role away.
create function admit_operator(operator name) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	if not exists (select from pg_roles r where r.rolname = operator) then
		raise exception 'the database has no login "%"', operator using errcode = 'no_data_found',
			hint = format('make one first: create role %I login', operator);
	end if;
	if not pg_has_role(operator, 'roster_admin', 'member') then
		execute format('grant roster_admin to %I', operator);
	end if;
end $$;

-- People ------------------------------------------------------------------------------------------------------------

create function user_create(login text, email text default null, name text default null) returns uuid
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid;
begin
	perform act(format('user create %s', login));
	perform need_name('user', login);
	insert into users (login, email, name) values (user_create.login, user_create.email, user_create.name) returning id into person;
	return person;
exception when unique_violation then
	raise exception 'an active user has the login "%" already', login using errcode = 'unique_violation', hint = 'see rosterctl user show ' || login;
end $$;

-- Whoever has this login, active or not: an id in text form, or the one person with that login.
create function need_user(who text) returns uuid language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_ids uuid[];
begin
	if who ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' then
		select array_agg(u.id) into found_ids from users u where u.id = who::uuid;
	else
		select array_agg(u.id order by u.active desc) into found_ids from users u
		where u.active and u.login_key = lower(normalize(who, NFKC)) or not u.active and u.login_key = lower(normalize(who, NFKC));
		if cardinality(found_ids) > 1 and (select u.active from users u where u.id = found_ids[1]) then
			found_ids := found_ids[1:1];
		end if;
	end if;
	if found_ids is null then
		raise exception 'nobody has the login "%"', who using errcode = 'no_data_found', hint = 'see rosterctl user list';
	elsif cardinality(found_ids) > 1 then
		raise exception '% people had the login "%"', cardinality(found_ids), who using errcode = 'invalid_parameter_value',
			hint = 'name one by id: ' || array_to_string(found_ids, ', ');
	end if;
	return found_ids[1];
end $$;

create function user_suspend(who text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(who);
begin
	perform act(format('user suspend %s', who));
	update users set suspended = true, active = false where id = person and not suspended;
end $$;

-- Back to what the sources say.
create function user_resume(who text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(who);
begin
	perform act(format('user resume %s', who));
	update users set suspended = false where id = person and suspended;
	update users u set active = true where u.id = person and not u.active and is_wanted_active(u);
exception when unique_violation then
	raise exception 'another active user has the login of "%" now', who using errcode = 'unique_violation',
		hint = 'suspend or rename one of them first';
end $$;

-- Groups ----------------------------------------------------------------------------------------------------------------

create function group_create(path text, description text, admins text[]) returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	clean text := rtrim(path, '/');
	parent integer;
	made integer;
begin
	if clean !~ '^/' or clean = '' then
		raise exception 'a group needs a parent: "%" is no path', path using errcode = 'invalid_parameter_value',
			hint = 'write /PARENT/NAME; /NAME lies directly below the root';
	end if;
	parent := need_group(regexp_replace(clean, '/[^/]*$', '/'));
	perform act(format('group create %s', clean));
	perform need_name('group', regexp_replace(clean, '^.*/', ''));
	if length(description) > 250 then
		raise exception 'the description is longer than 250 characters: it has %', length(description) using errcode = 'check_violation';
	end if;
	insert into groups (parent_id, name, description)
	values (parent, regexp_replace(clean, '^.*/', ''), coalesce(group_create.description, '')) returning id into made;
	insert into grants (user_id, anchor, role)
	select distinct user_by_login(a), made, role_named('platform', 'Group Administrator') from unnest(admins) a;
	return made;
exception when unique_violation then
	raise exception 'there is a group % already', clean using errcode = 'unique_violation', hint = 'names are compared without case';
end $$;

create function group_move(path text, parent text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	moved integer := need_group(path);
	target integer := need_group(parent);
begin
	perform act(format('group move %s to %s', path, parent));
	update groups set parent_id = target where id = moved;
exception when unique_violation then
	raise exception 'there is a group of that name below % already', parent using errcode = 'unique_violation', hint = 'names are compared without case';
end $$;

-- role NULL: an admin of the group instead of a member.
create function group_member_add(path text, login text, role text, expires_at timestamptz default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_group(path);
	what integer := case when role is null then role_named('platform', 'Group Administrator')
		else need_member_role(role, format('type: rosterctl group admin %s add %s', path, login)) end;
begin
	perform act_on_group(format('group members %s add %s as %s', path, login, coalesce(role, 'admin')), here);
	insert into grants (user_id, anchor, role, expires_at)
	values (user_by_login(login), here, what, group_member_add.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at;
end $$;

create function group_member_remove(path text, login text, role text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_group(path);
	what integer := case when role is null then role_named('platform', 'Group Administrator')
		else need_member_role(role, format('type: rosterctl group admin %s remove %s', path, login)) end;
	others text;
begin
	perform act_on_group(format('group members %s remove %s as %s', path, login, coalesce(role, 'admin')), here);
	if role is null and here <> root_group() and not exists (
			select from grants g where g.anchor = here and g.role = what and (g.user_id <> need_user(login) or g.source <> 0)) then
		raise exception '% is the only admin of %', login, path using errcode = 'check_violation', hint = 'add another one first: rosterctl group admin';
	end if;
	delete from grants g where g.user_id = need_user(login) and g.anchor = here and g.role = what and g.source = 0;
	if not found then
		select string_agg(s.name, ', ') into others from grants g join sources s on s.id = g.source
		where g.user_id = need_user(login) and g.anchor = here and g.role = what;
		raise exception '% does not hold this in % by hand', login, path using errcode = 'no_data_found',
			hint = coalesce('source ' || others || ' gives it: change it there', 'see rosterctl access ' || login);
	end if;
end $$;

-- Apps --------------------------------------------------------------------------------------------------------------------

-- owner NULL: whoever acts. owner_group NULL: none, unless the owner is a member of exactly one group.
create function app_create(name text, owner text, owner_group text) returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := case when owner is null then actor() else user_by_login(owner) end;
	belongs integer := case when owner_group is not null then need_group(owner_group) end;
	made integer;
begin
	perform open_revision(format('app create %s', name), null, actor());
	if person is null then
		raise exception 'an app needs an owner' using errcode = 'invalid_parameter_value', hint = 'name one with --owner';
	elsif not is_owner() and not coalesce(is_administrator(actor())
		or (actor() = person and can(person, permission_named('platform.app.create'), platform())), false) then
		raise exception '% is not allowed to create an app for %', session_user, (select u.login from users u where u.id = person)
			using errcode = 'insufficient_privilege', hint = 'a platform administrator may';
	end if;
	if owner_group is null then
		select min(g.anchor) into belongs from grants g join resources r on r.id = g.anchor and r.kind = 'group'
		join roles o on o.id = g.role and o.kind = 'project'
		where g.user_id = person having count(distinct g.anchor) = 1;
	end if;
	perform need_name('app', name);
	insert into apps (name, owner, owner_group) values (app_create.name, person, belongs) returning id into made;
	return made;
exception when unique_violation then
	raise exception 'there is an app "%" already', name using errcode = 'unique_violation', hint = case
		when (select a.archived from apps a where a.name_key = lower(normalize(app_create.name, NFKC))) then 'it is archived: rosterctl app restore ' || name
		else 'names are compared without case; see rosterctl app list' end;
end $$;

create function app_owner(name text, owner text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act_on_app(format('app owner %s %s', name, owner), need_app(name), 'project.owner');
	update apps a set owner = user_by_login(app_owner.owner) where a.id = need_app(app_owner.name);
end $$;

-- owner_group NULL: the app belongs to no group any more.
create function app_group(name text, owner_group text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('app group %s %s', name, coalesce(owner_group, 'none')));
	update apps a set owner_group = case when app_group.owner_group is not null then need_group(app_group.owner_group) end
	where a.id = need_app(app_group.name);
end $$;

create function app_archive(name text, archived boolean) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('app %s %s', case when archived then 'archive' else 'restore' end, name));
	update apps a set archived = app_archive.archived where a.id = need_app(app_archive.name);
end $$;

create function app_member_add(name text, login text, role text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	what integer := need_member_role(role, 'groups have admins: rosterctl group admin');
begin
	perform act_on_app(format('app members %s add %s as %s', name, login, role), need_app(name));
	-- The owner gives any role on his app; who may only manage the team, none that can do more than himself (C35).
	if not is_owner() and not coalesce(is_administrator(actor()), false) and actor() <> (select a.owner from apps a where a.id = need_app(app_member_add.name))
	   and exists (select from role_permissions rp join permissions p on p.id = rp.permission join scope_resources s on s.scope = p.scope
		where rp.role = what and s.kind = 'app' and not can(actor(), rp.permission, need_app(app_member_add.name))) then
		raise exception 'role "%" can do more on app:% than you can', role, name using errcode = 'insufficient_privilege',
			hint = 'the owner of the app or a platform administrator may give it';
	end if;
	insert into grants (user_id, anchor, role) values (user_by_login(login), need_app(name), what)
	on conflict do nothing;
end $$;

create function app_member_remove(name text, login text, role text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act_on_app(format('app members %s remove %s as %s', name, login, role), need_app(name));
	delete from grants g where g.user_id = need_user(login) and g.anchor = need_app(name)
	  and g.role = need_role('project', app_member_remove.role) and g.source = 0;
	if not found then
		raise exception '% is no direct member of app:% in that role by hand', login, name using errcode = 'no_data_found',
			hint = 'see rosterctl app members ' || name;
	end if;
end $$;

-- Clusters and namespaces ----------------------------------------------------------------------------------------------------

create function namespace_create(cluster text, name text, purposes purpose[]) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
begin
	if coalesce(cardinality(purposes), 0) = 0 then
		raise exception 'a namespace needs a purpose' using errcode = 'invalid_parameter_value',
			hint = 'one or more of development, test, acceptance, production';
	end if;
	perform act(format('namespace create %s/%s %s', cluster, name, array_to_string(purposes, ',')));
	perform need_name('cluster', cluster), need_name('namespace', name);
	select k.id into here from clusters k where k.name_key = lower(normalize(cluster, NFKC));
	if here is null then
		insert into clusters (name) values (namespace_create.cluster) returning id into here;
	end if;
	insert into namespaces (cluster, name, purpose) select here, namespace_create.name, p from unnest(purposes) p
	on conflict on constraint namespaces_cluster_name_purpose_key do nothing;
end $$;

-- namespace as CLUSTER/NAME/PURPOSE.
create function namespace_attach(namespace text, path text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('namespace attach %s %s', namespace, path));
	insert into group_namespaces (group_id, namespace) values (need_group(path), resource_named('namespace:' || namespace_attach.namespace))
	on conflict do nothing;
end $$;

create function namespace_detach(namespace text, path text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('namespace detach %s %s', namespace, path));
	delete from group_namespaces g
	where g.group_id = need_group(path) and g.namespace = resource_named('namespace:' || namespace_detach.namespace);
end $$;

-- Roles ------------------------------------------------------------------------------------------------------------------------

create function role_create(name text, description text, permissions text[]) returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	made integer;
begin
	perform act(format('role create %s', name));
	perform need_name('role', name);
	insert into roles (kind, name, description) values ('project', role_create.name, coalesce(role_create.description, ''))
	returning id into made;
	insert into role_permissions (role, permission) select distinct made, permission_named(p) from unnest(permissions) p;
	return made;
exception when unique_violation then
	raise exception 'there is a role "%" already', name using errcode = 'unique_violation', hint = 'see rosterctl role list';
end $$;

-- What a role may do, anew; whoever holds it may do that from now on.
create function role_edit(name text, permissions text[]) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	edited roles;
begin
	select * into edited from roles r where r.id = need_role('project', role_edit.name);
	if edited.locked then
		raise exception 'the role "%" is locked', edited.name using errcode = 'check_violation', hint = 'make another role';
	end if;
	perform act(format('role edit %s', name));
	delete from role_permissions rp where rp.role = edited.id and rp.permission not in (select permission_named(p) from unnest(permissions) p);
	insert into role_permissions (role, permission) select distinct edited.id, permission_named(p) from unnest(permissions) p
	on conflict do nothing;
end $$;
