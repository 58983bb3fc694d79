-- SPDX-License-Identifier: Apache-2.0
-- Nodes and environments: who answers for them, and what each person may do in each.

create function need_node(app text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id integer := need_app(app);
begin
	if not exists (select from nodes n where n.app = found_id) then
		raise exception 'app:% has no node', app using errcode = 'no_data_found', hint = 'make one with rosterctl node create';
	end if;
	return found_id;
end $$;

create function need_environment(name text) returns environments language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_one environments;
begin
	select * into found_one from environments e where e.id = resource_named('environment:' || need_environment.name);
	return found_one;
end $$;

-- Whether the environments of an app are open to this person at all ("View Deploy and Monitor"): then he is on its list.
create function is_listed(person uuid, app integer) returns boolean language sql stable security definer set search_path = roster, pg_temp
as $$select can(person, permission_named('project.cloud_access'), app)$$;

create function require_listed(login text, app integer) returns uuid language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	person uuid := user_by_login(login);
begin
	if not is_listed(person, app) then
		raise exception '% has no access to the environments of %', login, resource_name(app) using errcode = 'check_violation',
			hint = unless_archived(app, 'a role with project.cloud_access opens them');
	end if;
	return person;
end $$;

-- Of an archived app nobody is.
create function is_contact(person uuid, app integer) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from nodes n join users u on u.id = n.technical_contact and u.active join apps a on a.id = n.app and not a.archived
		where n.app = is_contact.app and n.technical_contact = person)
$$;

-- Making and handing over ------------------------------------------------------------------------------------------------------

create function node_create(app text, technical_contact text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_app(app);
begin
	perform act_on_app(format('node create %s %s', app, technical_contact), here, 'project.administer');
	insert into nodes (app, technical_contact) values (here, require_listed(technical_contact, here));
exception when unique_violation then
	raise exception 'app:% has a node already', app using errcode = 'unique_violation', hint = 'hand it over with rosterctl node contact';
end $$;

-- By whatever way somebody comes to answer for environments: at the end they are open to him. Of an archived app they are open to
-- nobody, and who is suspended may be back.
create function check_contact() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	if exists (select from nodes n join apps a on a.id = n.app and not a.archived join users u on u.id = n.technical_contact and u.active
			where n.app = new.app and n.technical_contact = new.technical_contact and not is_listed(u.id, a.id)) then
		raise exception '% has no access to the environments of %, and cannot answer for them',
			(select u.login from users u where u.id = new.technical_contact), resource_name(new.app) using errcode = 'check_violation',
			hint = 'a role with project.cloud_access opens them';
	end if;
	return null;
end $$;
create constraint trigger g_contact after insert or update of technical_contact on nodes deferrable initially deferred
	for each row execute function check_contact();

-- By the contact himself; by a platform administrator where there is none who is active. With it goes what only he may do in
-- every environment, production too, so it asks for a second factor.
create function node_contact(app text, login text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_node(app);
	cause text := format('node contact %s %s', app, login);
	active boolean;
	former uuid;
begin
	perform open_revision(cause, null, actor());
	select u.id, u.active into former, active from nodes n join users u on u.id = n.technical_contact where n.app = here;
	if not is_owner() and not coalesce(is_contact(actor(), here) or (not active and is_administrator(actor())), false) then
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
			hint = unless_archived(here, 'the Technical Contact hands over himself; where he is no longer active, a platform administrator does');
	end if;
	perform require_second_factor(cause);
	perform forget_settings(array[require_listed(node_contact.login, here)], array[here]);
	update nodes n set technical_contact = user_by_login(node_contact.login) where n.app = here;
	perform forget_settings(array[former], array[here]);
end $$;

create function act_on_node(cause text, app integer) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform open_revision(cause, null, actor());
	if not is_owner() and not coalesce(is_contact(actor(), app) or is_administrator(actor()), false) then
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
			hint = unless_archived(app, 'the Technical Contact of the app and platform administrators may');
	end if;
end $$;

create function environment_create(app text, name text, purpose purpose, namespace text default null) returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_node(app);
	place integer := case when namespace is not null then resource_named('namespace:' || namespace) end;
	made integer;
begin
	perform act_on_node(format('environment create %s/%s %s', app, name, purpose), here);
	perform need_name('environment', name);
	if exists (select from namespaces n where n.id = place and n.purpose <> environment_create.purpose) then
		raise exception 'an environment for % cannot lie in namespace:%', purpose, namespace using errcode = 'check_violation',
			hint = 'name the namespace with the purpose of the environment: CLUSTER/NAME/' || purpose;
	end if;
	insert into environments (app, name, purpose, namespace)
	values (here, environment_create.name, environment_create.purpose, place) returning id into made;
	return made;
exception when unique_violation then
	raise exception 'app:% has an environment "%" already', app, name using errcode = 'unique_violation', hint = 'see rosterctl node show ' || app;
end $$;

-- What people may do in production goes with it, and with the node it would be handed to somebody else: see node_contact().
create function environment_delete(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here environments := need_environment(name);
	cause text := format('environment delete %s', name);
begin
	perform act_on_node(cause, here.app);
	if here.purpose = 'production' then
		perform require_second_factor(cause);
	end if;
	delete from environments e where e.id = here.id;
end $$;

-- The app stays, and its team; what the Technical Contact had by that is gone.
create function node_delete(app text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_node(app);
	held text := (select e.name from environments e where e.app = here order by e.name_key limit 1);
begin
	perform act_on_node(format('node delete %s', app), here);
	if held is not null then
		raise exception 'the node of app:% has environment %/%', app, app, held using errcode = 'check_violation',
			hint = 'delete its environments first: rosterctl environment delete';
	end if;
	delete from nodes n where n.app = here;
end $$;

-- Who was just taken out by hand, at this anchor, must not have been the Technical Contact of an app there, nor its last Scrum
-- Master. What a source or the clock takes away nobody stops: that needs a person's attention instead.
create function keep_team(person uuid, anchor integer, role integer) returns void
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	master integer := role_named('project', 'Scrum Master');
	left_app integer;
begin
	select n.app into left_app from nodes n join reach t on t.anchor = keep_team.anchor and t.resource = n.app
	where n.technical_contact = person and not exists (
		select from holdings h join reach o on o.anchor = h.anchor and o.resource = n.app
		join roles r on r.id = h.role and r.kind = 'project' and r.name <> 'Technical Contact'
		where h.user_id = person)
	limit 1;
	if found then
		raise exception '% is the Technical Contact of % and stays in its team', (select u.login from users u where u.id = person),
			resource_name(left_app) using errcode = 'check_violation', hint = 'hand the node over first: rosterctl node contact';
	elsif keep_team.role is distinct from master or not exists (select from users u where u.id = person and u.active) then
		return;
	end if;
	select t.resource into left_app from reach t
	where t.anchor = keep_team.anchor and t.kind = 'app' and not exists (
		select from grants g join users u on u.id = g.user_id and u.active join reach o on o.anchor = g.anchor and o.resource = t.resource
		where g.role = master)
	limit 1;
	if found then
		raise exception '% is the last Scrum Master of %', (select u.login from users u where u.id = person), resource_name(left_app)
			using errcode = 'check_violation', hint = 'name another Scrum Master first: rosterctl app members';
	end if;
end $$;

-- What is held until a time ends then by the clock, which asks nobody. So whoever sets an end to come, or an earlier one, is asked
-- now what he would be asked if he took it away.
create function check_end(person uuid, anchor integer, role integer, ends timestamptz) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	if ends <= clock_timestamp() then
		raise exception 'that time is over: %', ends using errcode = 'invalid_parameter_value', hint = 'to take it away, remove it; an end lies ahead';
	end if;
	if not ends_earlier(person, anchor, role, ends) then
		return;
	end if;
	begin
		delete from grants g where g.user_id = person and g.anchor = check_end.anchor and g.role = check_end.role and g.source = 0;
		perform keep_team(person, anchor, role);
		raise exception using errcode = 'RB001', message = 'it may end';
	exception when sqlstate 'RB001' then
		null; -- and is there again
	end;
end $$;

-- Whether he holds this by hand for longer than until then; NULL: for ever.
create function ends_earlier(person uuid, anchor integer, role integer, ends timestamptz) returns boolean
language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from grants g where g.user_id = person and g.anchor = ends_earlier.anchor and g.role = ends_earlier.role and g.source = 0
		and coalesce(g.expires_at, 'infinity') > coalesce(ends, 'infinity'))
$$;

-- Permissions --------------------------------------------------------------------------------------------------------------------

-- allowed NULL: as it comes. By the Technical Contact, or by who may manage permissions there; these give everything but that.
-- Gives what is to be said besides: where a role fixes it, to turn it off where another leaves it open takes nothing.
create function environment_set(name text, login text, permission text, allowed boolean) returns text
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here environments := need_environment(name);
	what permissions;
	person uuid;
	cause text := format('environment set %s %s %s %s', name, login, permission, case allowed when true then 'on' when false then 'off' else 'default' end);
	manages boolean;
begin
	select * into what from permissions p where p.id = permission_named(environment_set.permission);
	if what.scope <> 'env' then
		raise exception '% is not set for each environment', what.name using errcode = 'invalid_parameter_value',
			hint = 'one of ' || (select string_agg(p.name, ', ' order by p.id) from permissions p where p.scope = 'env');
	end if;
	perform open_revision(cause, null, actor());
	manages := coalesce(can(actor(), permission_named('env.manage_permissions'), here.id), false);
	if not is_owner() and not coalesce(is_contact(actor(), here.app) or (manages and what.name <> 'env.manage_permissions'), false) then
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
			hint = unless_archived(here.app, case when manages then 'only the Technical Contact says who manages permissions'
				else 'the Technical Contact may, and who may manage permissions there' end);
	end if;
	if here.purpose = 'production' then
		perform require_second_factor(cause);
	end if;
	-- What is kept without effect is taken from anybody, and a Technical Contact is one whatever his role opens.
	person := case when allowed is null or is_contact(user_by_login(login), here.app) then user_by_login(login) else require_listed(login, here.app) end;
	if allowed is null then
		delete from environment_settings s where s.environment = here.id and s.user_id = person and s.permission = what.id;
	elsif is_contact(person, here.app) and (what.name <> 'env.api' or here.purpose <> 'production') then
		raise exception '% is the Technical Contact: he has % in %', login, what.name, name using errcode = 'check_violation',
			hint = 'only API Rights in production are set for him; hand the node over first: rosterctl node contact';
	else
		insert into environment_settings as s (environment, user_id, permission, allowed)
		values (here.id, person, what.id, environment_set.allowed)
		on conflict on constraint environment_settings_pkey do update set allowed = excluded.allowed where s.allowed <> excluded.allowed;
	end if;
	return case when not allowed and can(person, what.id, here.id) then '; he has it all the same, by a role that fixes it' else '' end;
end $$;

-- What a fixed role says nobody changes, by whatever way: a setting needs a role that leaves it open.
create function check_settings() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	wrong record;
begin
	select u.login, resource_name(n.environment) as place, p.name into wrong
	from begun n join users u on u.id = n.user_id join permissions p on p.id = n.permission
	where n.scope = 'env' and (not u.active or not exists (
		select from opened_settings(array(select distinct b.environment from begun b), array(select distinct b.user_id from begun b)) o
		where o.user_id = n.user_id and o.environment = n.environment))
	limit 1;
	if found then
		raise exception '% cannot be set for % in %', wrong.name, wrong.login, wrong.place using errcode = 'check_violation',
			hint = 'his role fixes what he may do there, or gives him no access';
	end if;
	return null;
end $$;
create trigger f_check after insert on environment_settings referencing new table as begun for each statement execute function check_settings();
create trigger f_check_update after update on environment_settings referencing new table as begun for each statement execute function check_settings();

-- Alerts: each for himself; the Technical Contact and who manages permissions for others too.
create function environment_alerts(name text, login text, wanted boolean) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here environments := need_environment(name);
	person uuid := case when login is null then actor() else user_by_login(login) end;
	cause text := format('environment alerts %s %s %s', name, coalesce(login, acting()), case when wanted then 'on' else 'off' end);
begin
	perform open_revision(cause, null, actor());
	if not is_owner() and not coalesce(person = actor() or is_contact(actor(), here.app)
			or can(actor(), permission_named('env.manage_permissions'), here.id), false) then
		raise exception '% is not allowed to: %', acting(), cause using errcode = 'insufficient_privilege',
			hint = unless_archived(here.app, 'everybody for himself; the Technical Contact, and who may manage permissions there, for others');
	elsif is_contact(person, here.app) and not wanted then
		raise exception 'the Technical Contact always receives alerts' using errcode = 'check_violation', hint = 'hand the node over first';
	end if;
	if wanted and not is_contact(person, here.app) then
		perform require_listed((select u.login from users u where u.id = person), here.app);
	end if;
	if wanted then
		insert into environment_settings (environment, user_id, permission, scope, allowed)
		values (here.id, person, permission_named('env.alerts'), 'env_self', true) on conflict do nothing;
	else
		delete from environment_settings s where s.environment = here.id and s.user_id = person and s.scope = 'env_self';
	end if;
end $$;

-- Questions ------------------------------------------------------------------------------------------------------------------------

-- May he do this here through the API? Beside the permission itself he needs API Rights there; no second factor is asked.
create function can_by_api(user_id uuid, permission smallint, resource integer) returns boolean
language sql stable security definer set search_path = roster, pg_temp as $$
	select can(can_by_api.user_id, can_by_api.permission, can_by_api.resource)
		and can(can_by_api.user_id, permission_named('env.api'), can_by_api.resource)
$$;

-- The same by name: an unknown name is an error, never a "no".
create function can_by_api(login text, permission text, resource text) returns boolean
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return can_by_api(need_user(can_by_api.login), permission_named(can_by_api.permission), resource_named(can_by_api.resource));
end $$;

-- Whom an app's environments are open to, and who answers for them: suspended people too.
create function node_members(app integer) returns table (user_id uuid) language sql stable security definer set search_path = roster, pg_temp as $$
	select h.user_id from reach t join holdings h on h.anchor = t.anchor
	join role_permissions rp on rp.role = h.role and rp.permission = permission_named('project.cloud_access')
	where t.resource = node_members.app and t.kind = 'app'
	union select n.technical_contact from nodes n where n.app = node_members.app
$$;

-- Those on the list of an app's environments may see what is there.
create function may_see_node(app integer) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select is_owner() or coalesce(is_administrator(actor()) or is_listed(actor(), app) or is_contact(actor(), app), false)
$$;

create function node_list() returns table (app text, technical_contact text, active boolean, environments bigint)
language sql stable security definer set search_path = roster, pg_temp as $$
	select a.name, u.login, u.active, (select count(*) from environments e where e.app = n.app)
	from nodes n join apps a on a.id = n.app join users u on u.id = n.technical_contact
	where may_see_node(n.app) order by a.name_key
$$;

-- The node of an app, for one who may see what is in it; what: the word for that.
create function need_seen_node(app text, what text) returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_node(app);
begin
	if not may_see_node(here) then
		raise exception '% is not allowed to see the % of app:%', acting(), what, app using errcode = 'insufficient_privilege',
			hint = unless_archived(here, 'a role with project.cloud_access opens them');
	end if;
	return here;
end $$;

-- The same for the permissions in an environment, also in one that is gone.
create function need_seen_permissions(environment integer) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if not exists (select from environments_ever() e where e.id = environment and may_see_node(e.app)) then
		raise exception '% is not allowed to see the permissions of %', acting(), resource_name(environment)
			using errcode = 'insufficient_privilege', hint = 'a role with project.cloud_access opens them';
	end if;
end $$;

create function environment_list(app text) returns table (environment text, purpose purpose, namespace text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	here integer := need_seen_node(app, 'environments');
begin
	return query select e.name, e.purpose, regexp_replace(resource_name(e.namespace), '^namespace:', '')
	from environments e where e.app = here order by e.purpose, e.name_key;
end $$;

-- Who is on the list of an app's environments, and what each may do in each. Those who are on it may read it.
create function node_permissions(app text) returns table (login text, active boolean, contact boolean, environment text, permissions text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	here integer := need_seen_node(app, 'permissions');
begin
	return query
	select u.login, u.active, u.id = n.technical_contact, e.name, coalesce(m.permissions, '')
	from node_members(here) l join users u on u.id = l.user_id join nodes n on n.app = here left join environments e on e.app = here
	left join (
		select o.id, x.user_id, string_agg(distinct p.name, ' ') as permissions
		from environments o cross join lateral effective_on(o.id) x join permissions p on p.id = x.permission
		where o.app = here group by o.id, x.user_id) m on m.id = e.id and m.user_id = u.id
	order by u.id <> n.technical_contact, u.login_key, e.purpose, e.name_key;
end $$;

-- Environments x people x permissions, in one file: for the Technical Contact alone.
create function node_report(app text) returns table (environment text, purpose purpose, login text, active boolean, contact boolean, permission text, allowed boolean)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	here integer := need_node(app);
begin
	if not is_owner() and not coalesce(is_contact(actor(), here), false) then
		raise exception '% is not allowed to have the permissions of everybody in app:% as one file', acting(), app using errcode = 'insufficient_privilege',
			hint = unless_archived(here, 'its Technical Contact may');
	end if;
	return query
	with may as materialized (
		select o.id, x.user_id, x.permission from environments o cross join lateral effective_on(o.id) x where o.app = here
	)
	select e.name, e.purpose, u.login, u.active, u.id = n.technical_contact, p.name, exists (
		select from may m where m.user_id = u.id and m.id = e.id and m.permission = p.id)
	from environments e join nodes n on n.app = e.app, node_members(here) l join users u on u.id = l.user_id, permissions p
	where e.app = here and p.scope in ('env', 'env_self')
	order by e.purpose, e.name_key, u.login_key, p.id;
end $$;

-- Who answers for an app's environments: whom Support turns to first, with whatever concerns all of them.
create function technical_contact(app integer) returns table (user_id uuid, login text, email text, active boolean)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.id, u.login, u.email, u.active from nodes n join users u on u.id = n.technical_contact where n.app = technical_contact.app
$$;

-- What the Technical Contact may ask Support for. What changes the license is for the Customer Success Manager (CSM) first.
create table support_requests (
	name text primary key,
	changes_license boolean not null
);
insert into support_requests values ('incident', false), ('add cloud resources', true), ('change url', false), ('new app', false),
	('renew license', true), ('reset google authenticator', false), ('expand license', true), ('new node license', true),
	('file storage', true), ('larger container', true);

create function support_request(user_id uuid, app integer, request text) returns table (accepted boolean, first text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return query
	select is_contact(support_request.user_id, support_request.app), case when r.changes_license then 'discuss with the CSM first' end
	from support_requests r where r.name = support_request.request;
	if not found then
		raise exception 'there is no request "%"', request using errcode = 'no_data_found',
			hint = 'one of ' || (select string_agg(r.name, ', ' order by r.name) from support_requests r);
	end if;
end $$;

-- Who is written to when something is wrong in an environment: the Technical Contact in any case.
create function alert_receivers(environment integer) returns table (user_id uuid, login text, email text)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return query select u.id, u.login, u.email from users u
	where u.id in (select e.user_id from effective_on(environment, permission_named('env.alerts')) e)
	order by u.login_key;
end $$;
