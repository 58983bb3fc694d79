-- SPDX-License-Identifier: Apache-2.0
-- Access groups, app roles and user roles: what platform administrators and the admins of groups say of apps.

create function need_access_group(name text) returns integer language sql stable security definer set search_path = roster, pg_temp
as $$select resource_named('access-group:' || name)$$;

create function access_group_create(name text, description text default '') returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	made integer;
begin
	perform act(format('access-group create %s', name));
	perform need_name('access group', name), need_description(description);
	insert into access_groups (name, description) values (access_group_create.name, coalesce(access_group_create.description, '')) returning id into made;
	return made;
exception when unique_violation then
	raise exception 'there is an access group "%" already', name using errcode = 'unique_violation', hint = 'names are compared without case';
end $$;

create function apps_of(access_group integer) returns integer[] language sql stable set search_path = roster, pg_temp as $$
	select array(select x.app from access_group_apps x where x.access_group = apps_of.access_group)
$$;

-- What roles in these places reach.
create function apps_at(places integer[]) returns integer[] language sql stable set search_path = roster, pg_temp as $$
	select array(
		select a.id from apps a where a.id = any (places)
		union select a.id from group_closure c join apps a on a.owner_group = c.descendant where c.ancestor = any (places)
		union select x.app from access_group_apps x where x.access_group = any (places))
$$;

create function access_group_delete(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_access_group(name);
	members uuid[];
	reached integer[] := apps_of(here);
	kept teams;
	source text;
begin
	perform act(format('access-group delete %s', name));
	select s.name into source from grants g join sources s on s.id = g.source where g.anchor = here and g.source <> 0 order by 1 limit 1;
	if found then
		raise exception 'source % has members in access group %', source, name using errcode = 'check_violation',
			hint = 'change it there: rosterctl access-group members ' || name;
	end if;
	members := array(select g.user_id from grants g where g.anchor = here);
	kept := teams_of(reached);
	delete from grants g where g.anchor = here and g.source = 0;
	delete from access_group_apps x where x.access_group = here;
	delete from access_groups x where x.id = here;
	perform keep_teams(kept), forget_settings(members, reached);
end $$;

create function access_group_app(name text, app text, within boolean) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_access_group(name);
	place integer := need_app(app);
	kept teams;
begin
	perform act(format('access-group apps %s %s %s', name, case when within then 'add' else 'remove' end, app));
	if within then
		if not exists (select from access_group_apps x where x.access_group = here and x.app = place) then
			perform forget_settings(null, array[place]);
			insert into access_group_apps (access_group, app) values (here, place);
		end if;
	else
		kept := teams_of(array[place]);
		delete from access_group_apps x where x.access_group = here and x.app = place;
		perform keep_teams(kept), forget_settings(array(select g.user_id from grants g where g.anchor = here), array[place]);
	end if;
end $$;

-- A role of an app, by its kind: what AppControl knows comes first.
create function need_app_role(name text) returns integer language sql stable security definer set search_path = roster, pg_temp
as $$select coalesce(role_named('app', name), need_role('project', name))$$;

-- Whoever is in is App Member at least, for as long as he has any role there.
create function access_group_member_add(name text, login text, role text default 'App Member', expires_at timestamptz default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_access_group(name);
	person uuid := user_by_login(login);
	what integer := need_member_role(role, 'access groups have no admins');
	member integer := role_named('app', 'App Member');
begin
	perform act(format('access-group members %s add %s as %s', name, login, role));
	perform refuse_inherited(what), check_end(person, here, what, expires_at), forget_settings(array[person], apps_of(here));
	insert into grants (user_id, anchor, role, expires_at) values (person, here, what, access_group_member_add.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at;
	if what <> member and not exists (select from grants g where g.user_id = person and g.anchor = here and g.role = member and g.source = 0
			and coalesce(g.expires_at, 'infinity') >= coalesce(access_group_member_add.expires_at, 'infinity')) then
		insert into grants (user_id, anchor, role, expires_at) values (person, here, member, access_group_member_add.expires_at)
		on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at;
	end if;
end $$;

-- role NULL: all of them, and with them the membership.
create function access_group_member_remove(name text, login text, role text default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_access_group(name);
	person uuid := need_user(login);
	what integer := case when role is not null then need_app_role(role) end;
	lost integer; -- of all he held the role that somebody has to hold
begin
	perform act(format('access-group members %s remove %s', name, login) || coalesce(format(' as %s', role), ''));
	if what = role_named('app', 'App Member') then
		raise exception 'whoever is in an access group is App Member there' using errcode = 'check_violation',
			hint = format('take %s out: rosterctl access-group members %s remove %s', login, name, login);
	end if;
	select g.role into lost from grants g where g.anchor = here and g.user_id = person and g.source = 0
	  and g.role = role_named('project', 'Scrum Master') and (what is null or g.role = what);
	delete from grants g where g.anchor = here and g.user_id = person and g.source = 0 and (what is null or g.role = what);
	if not found then
		raise exception '% does not hold this in access group %', login, name using errcode = 'no_data_found', hint = given_hint(person, here, what, 'see rosterctl access-group members ' || name);
	end if;
	perform keep_team(person, here, lost), forget_settings(array[person], apps_of(here));
end $$;

create function access_group_list() returns table (access_group text, description text, members bigint, apps text[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select x.name, x.description, (select count(distinct g.user_id) from grants g where g.anchor = x.id),
		array(select a.name from access_group_apps m join apps a on a.id = m.app where m.access_group = x.id order by a.name_key)
	from access_groups x order by x.name_key
$$;

create function access_group_show(name text) returns table (access_group text, description text, members bigint, apps text[])
language sql stable security definer set search_path = roster, pg_temp as $$
	select l.* from access_groups x join access_group_list() l on l.access_group = x.name where x.id = need_access_group(access_group_show.name)
$$;

-- User roles ----------------------------------------------------------------------------------------------------------------------

create function need_user_role(name text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_one roles;
begin
	select * into found_one from roles r where r.id = need_role('platform', need_user_role.name);
	if found_one.structural or found_one.name = 'Group Administrator' then
		raise exception '"%" is not given by itself', found_one.name using errcode = 'check_violation',
			hint = case found_one.name when 'User' then 'every active person has it'
				else 'who administers a group is a Group Administrator: see rosterctl group admin' end;
	end if;
	return found_one.id;
end $$;

create function user_role_add(who text, role text, expires_at timestamptz default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform act(format('user role %s add %s', who, role));
	perform check_end(need_user(who), platform(), need_user_role(role), expires_at);
	insert into grants (user_id, anchor, role, expires_at) values (need_user(who), platform(), need_user_role(role), user_role_add.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at;
	perform keep_administrator(need_user(who));
end $$;

-- Somebody governs the platform, for ever: asked after something was done to one who does.
create function keep_administrator(person uuid) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	what integer := role_named('platform', 'Platform Administrator');
begin
	if exists (select from grants g where g.user_id = person and g.anchor = platform() and g.role = what) and not is_owner() and not exists (
			select from grants g join users u on u.id = g.user_id and u.active
			where g.anchor = platform() and g.role = what and g.expires_at is null) then
		raise exception '% is the last platform administrator', (select u.login from users u where u.id = person) using errcode = 'check_violation',
			hint = 'name another one first';
	end if;
end $$;

-- After what may have taken one away. One with an end is none that lasts.
create function need_administrator() returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if not exists (select from grants g join users u on u.id = g.user_id and u.active
			where g.anchor = platform() and g.role = role_named('platform', 'Platform Administrator') and g.expires_at is null) then
		raise exception 'nobody would be a platform administrator any more' using errcode = 'check_violation',
			hint = 'name another one first, without an end';
	end if;
end $$;

create function user_role_remove(who text, role text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(who);
	what integer := need_user_role(role);
begin
	perform act(format('user role %s remove %s', who, role));
	if what = role_named('platform', 'Platform Administrator') and not is_owner() and not exists (
			select from grants g join users u on u.id = g.user_id and u.active
			where g.anchor = platform() and g.role = what and g.expires_at is null and (g.user_id <> person or g.source <> 0)) then
		raise exception '% is the last platform administrator', who using errcode = 'check_violation', hint = 'name another one first';
	end if;
	delete from grants g where g.user_id = person and g.anchor = platform() and g.role = what and g.source = 0;
	if not found then
		raise exception '% does not hold "%" by hand', who, role using errcode = 'no_data_found', hint = given_hint(person, platform(), what, 'see rosterctl access ' || who);
	end if;
end $$;

-- Operators: which login of the database acts as whom -----------------------------------------------------------------------------

create function operator_list() returns table (operator name, login text, active boolean, admitted boolean, added_at timestamptz, added_by name)
language sql stable security definer set search_path = roster, pg_temp as $$
	select o.login, u.login, u.active, coalesce(pg_has_role(r.oid, 'roster_admin', 'usage'), false), o.added_at, o.added_by
	from operators o join users u on u.id = o.user_id left join pg_roles r on r.rolname = o.login order by o.login
$$;

-- Whether this login was given the role of operators, itself.
create function is_admitted(operator name) returns boolean language sql stable set search_path = roster, pg_temp as $$
	select exists (select from pg_auth_members m where m.member = to_regrole(quote_ident(operator)) and m.roleid = 'roster_admin'::regrole)
$$;

-- Whoever comes as this login is this person from now on, in production too: so it asks for a second factor. A login that is
-- somebody already is not made somebody else in passing. It is let in where the owner of the schema may do that.
create function operator_add(operator name, who text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	cause text := format('operator add %s %s', operator, who);
	person uuid := user_by_login(who);
	known text;
begin
	perform act(cause), require_second_factor(cause);
	select u.login into known from operators o join users u on u.id = o.user_id where o.login = operator_add.operator and o.user_id <> person;
	if found then
		raise exception 'the database login "%" acts as %', operator, known using errcode = 'unique_violation',
			hint = format('end that first: rosterctl operator remove %s', operator);
	end if;
	perform admit_operator(operator);
	insert into operators (login, user_id) values (operator_add.operator, person) on conflict on constraint operators_pkey do nothing;
exception when insufficient_privilege then
	if sqlerrm !~ 'roster_admin' then
		raise;
	end if;
	raise exception 'nobody here may let "%" use roster', operator using errcode = 'insufficient_privilege',
		hint = format('somebody who may types: grant roster_admin to %I; or rosterctl database init, after which operators are let in by this', operator);
end $$;

-- This login may not even ask any more, where the owner of the schema may say so.
create function dismiss_operator(operator name) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	if is_admitted(operator) then
		execute format('revoke roster_admin from %I', operator);
	end if;
exception when insufficient_privilege then
	return;
end $$;

-- The last one who can act as a platform administrator stays, unless the owner of the schema says otherwise. Gives what is left
-- to do: who acts as nobody need not ask either, but the login may have been let in by somebody else.
create function operator_remove(operator name) returns text language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	gone operators;
begin
	perform act(format('operator remove %s', operator));
	delete from operators o where o.login = operator_remove.operator returning o.* into gone;
	if gone.login is null then
		raise exception 'the database login "%" acts as nobody', operator using errcode = 'no_data_found', hint = 'see rosterctl operator list';
	elsif not is_owner() and is_administrator(gone.user_id) and not exists (
			select from operators o join grants g on g.user_id = o.user_id and g.anchor = platform() and g.expires_at is null
			where g.role = role_named('platform', 'Platform Administrator') and is_administrator(o.user_id)) then
		raise exception '"%" is the last database login of a platform administrator', operator using errcode = 'check_violation', hint = 'add another one first';
	end if;
	perform dismiss_operator(operator);
	return case when is_admitted(operator) then format('; it may still ask, until somebody who may types: revoke roster_admin from %I', operator) else '' end;
end $$;

create function operator_remove_preview(operator name) returns text language sql stable security definer set search_path = roster, pg_temp as $$
	select coalesce((select format('the database login "%s" acts as %s and would act as nobody', o.login, u.login)
		from operators o join users u on u.id = o.user_id where o.login = operator_remove_preview.operator),
		format('the database login "%s" acts as nobody', operator_remove_preview.operator))
$$;

-- App roles of one app: by platform administrators, by the admins of its group, and by whom a role lets say who has access.
create function app_role_add(name text, login text, role text, expires_at timestamptz default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_app(name);
begin
	perform act_on_app(format('app access %s add %s as %s', name, login, role), here, 'app.access.manage');
	perform check_end(user_by_login(login), here, need_role('app', role), expires_at);
	insert into grants (user_id, anchor, role, expires_at)
	values (user_by_login(login), here, need_role('app', app_role_add.role), app_role_add.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at;
end $$;

-- The role of an App Operator whose environments are those for these purposes only: made when it is first asked for, and given
-- by its name like any other. All of them is App Operator itself.
create function app_operator_role(purposes purpose[]) returns text language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	what purpose[] := array(select distinct p from unnest(purposes) p where p is not null order by p);
	said text := array_to_string(what, ', ');
	called text := case when what = enum_range(null::purpose) then 'App Operator' else format('App Operator (%s)', said) end;
begin
	if what = '{}' then
		raise exception 'an App Operator needs a purpose' using errcode = 'invalid_parameter_value',
			hint = 'one or more of development, test, acceptance, production';
	end if;
	perform act(format('app operator %s', said));
	if role_named('app', called) is null then
		insert into roles (kind, name, description) values ('app', called, 'Creates releases for ' || said);
		insert into role_permissions (role, permission)
		select role_named('app', called), p.id from permissions p
		where p.name = any (array['app.release.view', 'app.release.create'] || array(select 'app.operate.' || w from unnest(what) w));
	end if;
	return called;
end $$;

create function app_role_remove(name text, login text, role text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_app(name);
begin
	perform act_on_app(format('app access %s remove %s as %s', name, login, role), here, 'app.access.manage');
	delete from grants g where g.user_id = need_user(login) and g.anchor = here and g.role = need_role('app', app_role_remove.role) and g.source = 0;
	if not found then
		raise exception '% does not hold "%" on app:% by hand', login, role, name using errcode = 'no_data_found',
			hint = given_hint(need_user(login), here, need_role('app', app_role_remove.role), 'see rosterctl access ' || login);
	end if;
end $$;
