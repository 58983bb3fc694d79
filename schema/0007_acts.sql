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
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
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
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
			hint = format('an admin of %s or of a group above may', group_path(group_id));
	end if;
end $$;

create function act_on_app(cause text, app integer, permission text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform open_revision(cause, null, actor());
	if not is_owner() and not coalesce(is_administrator(actor()) or can(actor(), permission_named(permission), app), false) then
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
			hint = unless_archived(app, case when permission like 'app.%' then 'an admin of its group' else 'the owner of the app' end || ' or a platform administrator may');
	end if;
end $$;

-- The id behind a name, or an error in words: the acts below take names, as people do.
create function need_group(path text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id integer := (select g.id from groups g where g.id = group_at(path) and not g.archived);
begin
	if found_id is null then
		raise exception 'there is no group %', path using errcode = 'no_data_found', hint = near_hint('group', '/' || trim(both '/' from path), 'see rosterctl tree');
	end if;
	return found_id;
end $$;

create function need_app(name text) returns integer language sql stable security definer set search_path = roster, pg_temp
as $$select resource_named('app:' || name)$$;

-- By its name, or by its id: the name of a role that came with an app may be there several times.
create function need_role(kind role_kind, name text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id integer := role_named(kind, name);
begin
	if found_id is null and name ~ '^[0-9]{1,9}$' then
		select r.id into found_id from roles r where r.id = need_role.name::integer and r.kind = need_role.kind;
	end if;
	if found_id is null then
		raise exception 'there is no role "%"', name using errcode = 'no_data_found', hint = role_hint(kind, name);
	end if;
	return found_id;
end $$;

-- The role of a member of a group or an app. Those that are held in another way are there, and role list shows them.
-- admin: what to type for an admin of a group; kinds: what may be held there.
create function need_member_role(name text, admin text, kinds role_kind[] default '{project,app}') returns integer
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	meant roles;
begin
	select r.* into meant from roles r where r.kind = any (kinds || '{platform}'::role_kind[])
	  and (r.name_key = lower(normalize(need_member_role.name, NFKC)) and r.origin is null or r.id::text = need_member_role.name)
	order by r.id::text = need_member_role.name, r.kind desc limit 1;
	if meant.kind = any (kinds) and not meant.structural then
		return meant.id;
	elsif meant.id is not null then
		raise exception 'the role "%" is not given to members', meant.name
			using errcode = case meant.kind when 'platform' then 'no_data_found' else 'check_violation' end, hint = case
			when meant.name = 'Owner' then 'who owns an app has it: rosterctl app owner'
			when meant.name = 'Technical Contact' then 'who answers for the environments of an app has it: rosterctl node contact'
			when meant.name = 'Group Administrator' then admin
			when meant.name = 'Administrator of Some Group' then 'who administers a group has it: rosterctl group admin'
			when meant.structural then 'every active person has it'
			else 'it is held at the platform: a rule into "platform" gives it, or rosterctl user role' end;
	end if;
	return need_role('project', name);
end $$;

-- A role that came with an app is held by whom has it.
create function refuse_inherited(role integer) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	meant roles;
begin
	select r.* into meant from roles r where r.id = refuse_inherited.role and r.origin is not null;
	if found then
		raise exception 'the role "%" came with app:% and is given to nobody else', meant.name, meant.origin using errcode = 'check_violation',
			hint = 'merge it into a role of the company, or keep it as one';
	end if;
end $$;

-- A name for something new. The tables check the same, in words that are not for people; but a group that a rule or an import
-- makes has the name it has elsewhere, and only what a person types is held to letters, digits, spaces, _ and -.
create function need_name(what text, name text) returns void language plpgsql immutable security definer set search_path = roster, pg_temp as $$
declare
	most integer := case what when 'user' then 256 else 100 end;
begin
	if name = '' or name <> btrim(name) or name ~ '[[:cntrl:]]' or what = 'user' and is_uuid(name) or what not in ('user', 'role') and name ~ '/' or what = 'group' and normalize(name, NFC) ~ '[^[:alnum:] _-]'
	   or length(name) > most then
		raise exception '"%" is no name for % %', name, case when what ~ '^[ae]' then 'an' else 'a' end, what using errcode = 'check_violation', hint = case
			when what = 'group' then 'letters, digits, spaces, _ and -, at most 100 characters'
			when length(name) > most then format('at most %s characters', most) when is_uuid(name) then 'it looks like the id of a user' when name <> btrim(name) then 'it begins or ends with a space'
			when what in ('user', 'role') then 'it is empty, or has a control character'
			else 'it is empty, or has a slash or a control character' end;
	end if;
end $$;

create function need_description(description text) returns void language plpgsql immutable security definer set search_path = roster, pg_temp as $$
begin
	if length(description) > 250 then
		raise exception 'the description is longer than 250 characters: it has %', length(description) using errcode = 'check_violation';
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

-- The revision of that number, or the one in force at that time; NULL is now.
create function need_moment(value text) returns bigint language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	moment timestamptz;
begin
	if value is null or value ~ '^-?[0-9]+$' then
		return need_revision(need_number(value));
	end if;
	begin
		moment := need_time(value);
	exception when invalid_datetime_format then
		raise exception '"%" is neither a revision nor a time', value using errcode = 'invalid_parameter_value',
			hint = 'write a number, as explain, report and runs show print it, or a time: 2027-01-31, or "2027-01-31 12:00"';
	end;
	if moment > clock_timestamp() then
		raise exception '% is still to come', value using errcode = 'invalid_parameter_value', hint = 'leave --at out to ask about now';
	elsif revision_at(moment) = 0 then
		raise exception 'there was nothing yet at %', value using errcode = 'no_data_found', hint = (select 'the first revision is of ' || v.at from revisions v where v.id = 1);
	end if;
	return need_revision(revision_at(moment));
end $$;

create function need_duration(value text) returns interval language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return value::interval;
exception when invalid_datetime_format or datetime_field_overflow or interval_field_overflow then
	raise exception '"%" is no duration', value using errcode = 'invalid_datetime_format', hint = 'write 10m, or "10 minutes"';
end $$;

-- on, off, or what else is said there for neither (NULL).
create function need_switch(value text, neither text default null) returns boolean language plpgsql immutable security definer set search_path = roster, pg_temp as $$
begin
	if value in ('on', 'off') then
		return value = 'on';
	elsif value is distinct from neither then
		raise exception '"%" is neither on nor off', value using errcode = 'invalid_parameter_value',
			hint = 'write on' || case when neither is null then ' or off' else ', off or ' || neither end;
	end if;
	return null;
end $$;

-- The first administrator; later only the owner of the schema may (break glass), also when a source took the last one away: that is
-- not any operator's chance. Makes the person when nobody has the login, and lets the database login operator act as him.
create function init_administrator(login text, operator name) returns uuid
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid;
begin
	perform need_name('user', login);
	perform open_revision(format('init --administrator %s', login));
	if not is_owner() and (exists (select from operators) or exists (select from grants g where g.anchor = platform() and g.role = role_named('platform', 'Platform Administrator'))) then
		raise exception 'there is a platform administrator already, or was one' using errcode = 'insufficient_privilege',
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

create function user_create(login text, email text default null, name text default null, external boolean default false) returns uuid
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid;
begin
	perform act(format('user create %s', login));
	perform need_name('user', login);
	insert into users (login, email, name, external) values (user_create.login, user_create.email, user_create.name, user_create.external)
	returning id into person;
	return person;
exception when unique_violation then
	raise exception 'an active user has the login "%" already', login using errcode = 'unique_violation', hint = 'see rosterctl user show ' || login;
end $$;

-- Whoever has this login, active or not: an id in text form, or the one person with that login.
create function need_user(who text) returns uuid language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_ids uuid[];
begin
	if is_uuid(who) then
		select array_agg(u.id) into found_ids from users u where u.id = who::uuid or u.active and u.login_key = lower(who);
	else
		select array_agg(u.id order by u.active desc) into found_ids from users u
		where u.active and u.login_key = lower(normalize(who, NFKC)) or not u.active and u.login_key = lower(normalize(who, NFKC));
		if cardinality(found_ids) > 1 and (select u.active from users u where u.id = found_ids[1]) then
			found_ids := found_ids[1:1];
		end if;
	end if;
	if found_ids is null then
		raise exception 'nobody has the login "%"', who using errcode = 'no_data_found', hint = near_hint('user', who, 'see rosterctl user list');
	elsif cardinality(found_ids) > 1 then
		raise exception '% people had the login "%"', cardinality(found_ids), who using errcode = 'invalid_parameter_value',
			hint = 'name one by id: ' || array_to_string(found_ids, ', ');
	end if;
	return found_ids[1];
end $$;

create function refuse_erased(person uuid) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if exists (select from users u where u.id = refuse_erased.person and u.erased_at is not null) then
		raise exception 'user % is erased for ever', person using errcode = 'check_violation', hint = 'whoever it was is somebody new: rosterctl user create';
	end if;
end $$;

create function user_suspend(who text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(who);
begin
	perform require_administrator(format('user suspend %s', who));
	if exists (select from users u where u.id = person and u.suspended) then
		return;
	end if;
	perform act(format('user suspend %s', who));
	update users set suspended = true, active = false where id = person and not suspended;
	perform keep_administrator(person);
end $$;

-- Back to what the sources say.
create function user_resume(who text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(who);
begin
	perform require_administrator(format('user resume %s', who));
	perform refuse_erased(person);
	if exists (select from users u where u.id = person and not u.suspended and (u.active or not is_wanted_active(u))) then
		raise exception '% is not suspended by hand', who using errcode = 'no_data_found',
			hint = case when (select u.active from users u where u.id = person) then 'he is active' else 'a source disowns him: see rosterctl user show ' || who end;
	end if;
	perform act(format('user resume %s', who));
	update users set suspended = false where id = person and suspended;
	update users u set active = true where u.id = person and not u.active and is_wanted_active(u);
exception when unique_violation then
	raise exception 'another active user has the login of "%" now', who using errcode = 'unique_violation',
		hint = 'suspend or rename one of them first';
end $$;

-- Groups ----------------------------------------------------------------------------------------------------------------

-- What a group is for is said when it is made, and stays said.
create function need_group_description(description text) returns void language plpgsql immutable security definer set search_path = roster, pg_temp as $$
begin
	perform need_description(description);
	if coalesce(description, '') !~ '[^[:space:]]' then
		raise exception 'a group needs a description' using errcode = 'invalid_parameter_value', hint = 'say with --description what it is for';
	end if;
end $$;

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
	perform writer_turn();
	parent := need_group(regexp_replace(clean, '/[^/]*$', '/'));
	perform act(format('group create %s', clean));
	perform need_name('group', regexp_replace(clean, '^.*/', '')), need_group_description(description);
	if coalesce(cardinality(admins), 0) = 0 then
		raise exception 'a group needs an admin' using errcode = 'invalid_parameter_value', hint = 'name one or more with --admin';
	end if;
	-- One that was deleted gives its place, and is this one from now on; who administered that one does not come back with it.
	delete from grants g where g.anchor = (select o.id from groups o where o.id = group_at(clean) and o.archived);
	update groups g set archived = false, description = group_create.description, made_by = 0, made_by_rule = null, made_for = null
	where g.id = group_at(clean) and g.archived returning g.id into made;
	if made is null then
		insert into groups (parent_id, name, description) values (parent, regexp_replace(clean, '^.*/', ''), group_create.description) returning id into made;
	end if;
	insert into grants (user_id, anchor, role) select distinct user_by_login(a), made, role_named('platform', 'Group Administrator') from unnest(admins) a;
	return made;
exception when unique_violation then
	raise exception 'there is a group % already', clean using errcode = 'unique_violation', hint = 'names are compared without case';
end $$;

-- Apps with what no act takes from them: see keep_teams().
create type teams as (contacted integer[], mastered integer[]);

create function group_move(path text, parent text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	moved integer;
	target integer;
	kept teams;
begin
	perform writer_turn();
	moved := need_group(path);
	target := need_group(parent);
	perform act(format('group move %s to %s', path, parent));
	kept := teams_of(apps_below(moved));
	perform free_place(moved, target, g.name), forget_settings(null, apps_below(moved)) from groups g where g.id = moved and g.parent_id <> target;
	update groups set parent_id = target where id = moved;
	perform keep_teams(kept);
exception when unique_violation then
	raise exception 'there is a group of that name below % already', parent using errcode = 'unique_violation', hint = 'names are compared without case';
end $$;

-- NULL leaves as it is.
create function group_edit(path text, new_name text default null, description text default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
begin
	perform writer_turn();
	here := need_group(path);
	perform act(format('group edit %s', path));
	if new_name is not null then
		perform need_name('group', new_name), free_place(here, g.parent_id, new_name) from groups g where g.id = here;
	end if;
	if here = root_group() then
		perform need_description(description);
	elsif description is not null then
		perform need_group_description(description);
	end if;
	update groups g set name = coalesce(new_name, g.name), description = coalesce(group_edit.description, g.description) where g.id = here;
exception when unique_violation then
	raise exception 'there is a group "%" beside it already', new_name using errcode = 'unique_violation', hint = 'names are compared without case';
end $$;

-- What is below or owned stays somebody's: such a group is not deleted, nor one in which a source has members. It is kept as
-- archived, since revisions name it.
create function group_delete(path text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
	held text;
begin
	perform writer_turn();
	here := need_group(path);
	perform act(format('group delete %s', path));
	if here = root_group() then
		raise exception 'the root group cannot be deleted' using errcode = 'check_violation', hint = 'there is always exactly one root';
	end if;
	select x.what into held from (
		select 'group ' || group_path(g.id) from groups g where g.parent_id = here and not g.archived
		union all select resource_name(a.id) from apps a where a.owner_group = here
		union all select resource_name(n.namespace) from group_namespaces n where n.group_id = here) x(what) order by 1 limit 1;
	if found then
		raise exception '% has %', path, held using errcode = 'check_violation', hint = 'what a group has is moved or taken out of it first';
	end if;
	select s.name into held from grants g join sources s on s.id = g.source where g.anchor = here and g.source <> 0 order by 1 limit 1;
	if found then
		raise exception 'source % has members in %', held, path using errcode = 'check_violation', hint = 'change it there: rosterctl group members ' || path;
	end if;
	delete from grants g where g.anchor = here;
	update groups g set archived = true where g.id = here;
end $$;

-- Who may change who holds this in a group: its admins change members, and who is an admin is for platform administrators
-- to say.
create function act_on_members(cause text, group_id integer, role integer) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	if role = role_named('platform', 'Group Administrator') then
		perform act(cause);
	else
		perform act_on_group(cause, group_id);
	end if;
end $$;

-- role NULL: an admin of the group instead of a member.
create function group_member_add(path text, login text, role text, expires_at timestamptz default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
	what integer := case when role is null then role_named('platform', 'Group Administrator')
		else need_member_role(role, format('type: rosterctl group admin %s add %s', path, login)) end;
begin
	perform writer_turn();
	here := need_group(path);
	perform act_on_members(format('group members %s add %s as %s', path, login, coalesce(role, 'admin')), here, what);
	perform refuse_inherited(what), check_end(user_by_login(login), here, what, expires_at), forget_settings(array[user_by_login(login)], apps_below(here));
	insert into grants (user_id, anchor, role, expires_at)
	values (user_by_login(login), here, what, group_member_add.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at;
end $$;

-- This role in place of all he holds there by hand. What a source gives stays, and so does his being an admin.
create function group_member_set(path text, login text, role text, expires_at timestamptz default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
	what integer := need_member_role(role, format('type: rosterctl group admin %s add %s', path, login));
	person uuid := user_by_login(login);
	lost integer; -- of what he held, the role that somebody has to hold
begin
	perform writer_turn();
	here := need_group(path);
	perform act_on_members(format('group members %s set %s as %s', path, login, role), here, what);
	perform refuse_inherited(what), check_end(person, here, what, expires_at), forget_settings(array[person], apps_below(here));
	select g.role into lost from grants g where g.user_id = person and g.anchor = here and g.source = 0
	  and g.role = role_named('project', 'Scrum Master') and g.role <> what;
	delete from grants g using roles r
	where g.user_id = person and g.anchor = here and g.source = 0 and r.id = g.role and r.kind <> 'platform' and r.id <> what;
	insert into grants (user_id, anchor, role, expires_at) values (person, here, what, group_member_set.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at where grants.expires_at is distinct from excluded.expires_at;
	perform keep_team(person, here, lost), forget_settings(array[person], apps_below(here));
end $$;

create function group_member_remove(path text, login text, role text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
	what integer := case when role is null then role_named('platform', 'Group Administrator')
		else need_member_role(role, format('type: rosterctl group admin %s remove %s', path, login)) end;
begin
	perform writer_turn();
	here := need_group(path);
	perform act_on_members(format('group members %s remove %s as %s', path, login, coalesce(role, 'admin')), here, what);
	if role is null and here <> root_group() and not exists (
			select from grants g where g.anchor = here and g.role = what and (g.user_id <> need_user(login) or g.source <> 0)) then
		raise exception '% is the only admin of %', login, path using errcode = 'check_violation', hint = 'add another one first: rosterctl group admin';
	end if;
	delete from grants g where g.user_id = need_user(login) and g.anchor = here and g.role = what and g.source = 0;
	if not found then
		raise exception '% does not hold this in % by hand', login, path using errcode = 'no_data_found',
			hint = given_hint(need_user(login), here, what, 'see rosterctl access ' || login);
	end if;
	perform keep_team(need_user(login), here, what), forget_settings(array[need_user(login)], apps_below(here));
end $$;
