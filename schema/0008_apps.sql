-- SPDX-License-Identifier: Apache-2.0
-- What is done to apps, their teams, clusters and namespaces.

-- Apps --------------------------------------------------------------------------------------------------------------------

-- Whether this person is in a group: as a member or as an admin, of it or of one above.
create function belongs(person uuid, group_id integer) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from grants g join group_closure c on c.ancestor = g.anchor
		where g.user_id = person and c.descendant = belongs.group_id)
$$;

-- The owner of an app belongs to the group that owns it: whoever makes one owner, or the other, is told. What a source takes
-- away later nobody stops, and an import tells of apps before a directory has told who is where: such an app is on the list of
-- what needs attention.
create function require_belongs(app text, person uuid, group_id integer) returns void
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	login text := (select u.login from users u where u.id = person);
begin
	if group_id is not null and not belongs(person, group_id) then
		raise exception '% does not belong to %, which owns app:%', login, group_path(group_id), app using errcode = 'check_violation',
			hint = format('who owns an app is in its group: rosterctl group members %s add %s', group_path(group_id), login);
	end if;
end $$;

-- For whom takes away by hand what nobody gave by hand. role NULL: any role.
create function given_hint(person uuid, anchor integer, role integer, otherwise text) returns text language sql stable set search_path = roster, pg_temp as $$
	select coalesce('source ' || string_agg(distinct s.name, ', ') || ' gives it: change it there', given_hint.otherwise)
	from grants g join sources s on s.id = g.source and s.id <> 0
	where g.user_id = given_hint.person and g.anchor = given_hint.anchor and g.role = coalesce(given_hint.role, g.role)
$$;

-- Who may, for whom is refused: of an archived app neither may those who may otherwise.
create function unless_archived(app integer, otherwise text) returns text language plpgsql stable set search_path = roster, pg_temp as $$
declare
	what apps := (select a from apps a where a.id = unless_archived.app);
begin
	return case when what.archived then format('app:%s is archived, and gives nobody anything: its owner or a platform administrator types rosterctl app restore %s',
		what.name, typed(what.name)) else otherwise end;
end $$;

-- The group an app of this person belongs to without anybody choosing one: his own, when he is a member of exactly one.
create function only_group(person uuid) returns integer language sql stable security definer set search_path = roster, pg_temp as $$
	select min(g.anchor) from grants g join groups r on r.id = g.anchor and not r.archived join roles o on o.id = g.role and o.kind = 'project'
	where g.user_id = person having count(distinct g.anchor) = 1
$$;

-- owner NULL: whoever acts. owner_group NULL: none, unless the owner is a member of exactly one group; another one is for
-- platform administrators to choose. Who owns a new app is its Scrum Master too. An import gives no role by this: it tells of
-- an app that is there already, and of its team.
create function app_create(name text, owner text, owner_group text) returns integer
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := case when owner is null then actor() else user_by_login(owner) end;
	chosen integer;
	own integer;
	made integer;
begin
	perform writer_turn();
	chosen := case when owner_group is not null then need_group(owner_group) end;
	perform open_revision(format('app create %s', name), null, actor());
	if person is null then
		raise exception 'an app needs an owner' using errcode = 'invalid_parameter_value', hint = 'name one with --owner';
	elsif not is_owner() and not coalesce(is_administrator(actor())
		or (actor() = person and can(person, permission_named('platform.app.create'), platform())), false) then
		raise exception '% is not allowed to create an app for %', acting(), (select u.login from users u where u.id = person)
			using errcode = 'insufficient_privilege', hint = 'a platform administrator may';
	end if;
	own := only_group(person);
	if chosen <> coalesce(own, -1) and not is_owner() and not is_administrator(actor()) then
		raise exception '% is not allowed to create an app in %', acting(), owner_group using errcode = 'insufficient_privilege',
			hint = 'a platform administrator chooses the apps of a group: rosterctl app group';
	end if;
	perform need_name('app', name), require_belongs(name, person, chosen);
	insert into apps (name, owner, owner_group) values (app_create.name, person, coalesce(chosen, own)) returning id into made;
	insert into grants (user_id, anchor, role) values (person, made, role_named('project', 'Scrum Master'));
	return made;
exception when unique_violation then
	raise exception 'there is an app "%" already', name using errcode = 'unique_violation', hint = case
		when (select a.archived from apps a where a.name_key = lower(normalize(app_create.name, NFKC))) then 'it is archived: rosterctl app restore ' || name
		else 'names are compared without case; see rosterctl app list' end;
end $$;

create function app_owner(name text, owner text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	former uuid;
begin
	perform act_on_app(format('app owner %s %s', name, owner), need_app(name), 'project.owner');
	select a.owner into former from apps a where a.id = need_app(app_owner.name);
	perform require_belongs(name, user_by_login(owner), (select a.owner_group from apps a where a.id = need_app(app_owner.name)));
	if former = user_by_login(owner) then
		return;
	end if;
	perform forget_settings(array[user_by_login(app_owner.owner)], array[need_app(name)]);
	update apps a set owner = user_by_login(app_owner.owner) where a.id = need_app(app_owner.name);
	perform keep_team(former, need_app(name), role_named('project', 'Owner')), forget_settings(array[former], array[need_app(name)]);
end $$;

create function apps_below(group_id integer) returns integer[] language sql stable set search_path = roster, pg_temp as $$
	select array(select a.id from group_closure c join apps a on a.owner_group = c.descendant where c.ancestor = apps_below.group_id)
$$;

-- Of these apps those whose Technical Contact is in the team by more than that.
create function in_team(apps integer[]) returns integer[] language sql stable set search_path = roster, pg_temp as $$
	select array_agg(a.id) from nodes n join apps a on a.id = n.app
	where a.id = any (in_team.apps) and (a.owner = n.technical_contact or exists (
		select from grants g join roles r on r.id = g.role and r.kind = 'project'
		where g.user_id = n.technical_contact and (g.anchor = a.id
			or exists (select from group_closure c where c.descendant = a.owner_group and c.ancestor = g.anchor)
			or exists (select from access_group_apps x where x.app = a.id and x.access_group = g.anchor))))
$$;

-- Of these apps those that have a Scrum Master; an archived one has none, and needs none.
create function mastered(apps integer[]) returns integer[] language sql stable set search_path = roster, pg_temp as $$
	select array_agg(a.id) from unnest(mastered.apps) a(id) where exists (
		select from reach t join grants g on g.anchor = t.anchor and g.role = role_named('project', 'Scrum Master')
		join users u on u.id = g.user_id and u.active where t.resource = a.id)
$$;

create function teams_of(apps integer[]) returns teams language sql stable set search_path = roster, pg_temp
as $$select in_team(apps), mastered(apps)$$;

-- What is moved by hand takes no Technical Contact out of his team, and no app its last Scrum Master.
create function keep_teams(kept teams) returns void language plpgsql stable set search_path = roster, pg_temp as $$
declare
	still teams := teams_of((kept).contacted || (kept).mastered);
	left_app integer := (select k from unnest((kept).contacted) k where (still).contacted is null or k <> all ((still).contacted) order by k limit 1);
begin
	if left_app is not null then
		raise exception '% is the Technical Contact of % and would leave its team',
			(select u.login from nodes n join users u on u.id = n.technical_contact where n.app = left_app), resource_name(left_app)
			using errcode = 'check_violation', hint = 'hand the node over first, or make him a member of the app: rosterctl node contact, rosterctl app members';
	end if;
	select a.id into left_app from apps a where a.id = any ((kept).mastered) and not a.archived and ((still).mastered is null or a.id <> all ((still).mastered))
	order by a.id limit 1;
	if found then
		raise exception '% would have no Scrum Master', resource_name(left_app) using errcode = 'check_violation',
			hint = 'name one in the app itself first: rosterctl app members';
	end if;
end $$;

-- owner_group NULL: the app belongs to no group any more.
create function app_group(name text, owner_group text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
	target integer;
	kept teams;
begin
	perform act(format('app group %s %s', name, coalesce(owner_group, 'none')));
	here := need_app(name);
	kept := teams_of(array[here]);
	if owner_group is not null then
		target := need_group(owner_group);
		perform require_belongs(name, (select a.owner from apps a where a.id = here), target);
	end if;
	if (select a.owner_group from apps a where a.id = here) is distinct from target then
		perform forget_settings(null, array[here]);
	end if;
	update apps a set owner_group = target where a.id = here;
	perform keep_teams(kept);
end $$;

-- An archived app gives nobody anything, so it is its owner, by being that, who takes it back into use.
create function app_archive(name text, archived boolean) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	cause text := format('app %s %s', case when archived then 'archive' else 'restore' end, name);
	here integer;
begin
	perform writer_turn();
	here := need_app(name);
	if (select a.archived from apps a where a.id = here) and exists (select from apps a join users u on u.id = a.owner and u.active
			where a.id = here and a.owner = actor()) then
		perform open_revision(cause, null, actor());
	else
		perform act_on_app(cause, here, 'project.archive');
	end if;
	update apps a set archived = app_archive.archived where a.id = here and a.archived <> app_archive.archived;
end $$;

-- Who was asked into a team from outside the company: a member when he has said yes.
create table invitations (
	user_id uuid not null references users on delete cascade,
	app integer not null references apps on delete cascade,
	role integer not null references roles, -- of an invitation too somebody takes the place
	expires_at timestamptz, -- of the membership
	invited_at timestamptz not null default now(),
	invited_by text not null default acting(),
	primary key (user_id, app, role)
);

-- Whoever is invited in a role that another takes the place of is invited in that one.
create function hand_on_invitations(role integer, heir integer) returns void language sql volatile set search_path = roster, pg_temp as $$
	insert into invitations (user_id, app, role, expires_at, invited_at, invited_by)
	select i.user_id, i.app, heir, i.expires_at, i.invited_at, i.invited_by from invitations i where i.role = hand_on_invitations.role
	on conflict do nothing;
	delete from invitations i where i.role = hand_on_invitations.role
$$;

-- Any of these permissions is enough.
create function act_on_team(cause text, app integer, permissions text[]) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform open_revision(cause, null, actor());
	perform act_on_app(cause, app, coalesce((select p from unnest(permissions) p where can(actor(), permission_named(p), app) limit 1), permissions[1]));
end $$;

-- Whether a role can do something on an app, or in environments it has or may get, that this person's roles there cannot.
create function exceeds(role integer, person uuid, app integer) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from role_permissions rp join permissions p on p.id = rp.permission join scope_resources s on s.scope = p.scope
		where rp.role = exceeds.role and s.kind = 'app' and not can(person, rp.permission, exceeds.app))
	or exists (
		select from role_environments e left join role_environment_permissions f on f.role = e.role and f.kind = e.kind
		where e.role = exceeds.role and not exists (
			select from access a join role_environments o on o.role = a.role and o.kind = e.kind
			left join role_environment_permissions own on own.role = o.role and own.kind = o.kind
			where a.user_id = person and a.resource = exceeds.app
			  -- What is open to be set may become anything, so only who has that himself gives it; the predefined roles of a team are
			  -- its Scrum Master's to give (N6).
			  and case when e.access = 'custom' and not (select r.builtin from roles r where r.id = exceeds.role) then o.access = 'custom' else f.permission is null or own.permission = f.permission end))
$$;

-- What he is now.
create function app_member_add(name text, login text, role text, expires_at timestamptz default null) returns text language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	what integer := need_member_role(role, 'groups have admins: rosterctl group admin', '{project}');
	asked text[] := '{project.team,project.administer,project.invite}';
begin
	perform writer_turn();
	if ends_earlier(user_by_login(login), need_app(name), what, expires_at) then
		asked := asked[1:2]; -- as to remove him
	end if;
	perform act_on_team(format('app members %s add %s as %s', name, login, role), need_app(name), asked);
	perform refuse_inherited(what), check_end(user_by_login(login), need_app(name), what, expires_at),
		forget_settings(array[user_by_login(login)], array[need_app(name)]);
	-- The owner gives any role on his app; who may only manage the team, none that can do more than himself (C35).
	if not is_owner() and not coalesce(is_administrator(actor()), false) and actor() <> (select a.owner from apps a where a.id = need_app(app_member_add.name))
	   and exceeds(what, actor(), need_app(name)) then
		raise exception 'role "%" can do more on app:% than you can', role, name using errcode = 'insufficient_privilege',
			hint = 'the owner of the app or a platform administrator may give it';
	end if;
	if (select u.external from users u where u.id = user_by_login(app_member_add.login)) then
		insert into invitations (user_id, app, role, expires_at) values (user_by_login(login), need_app(name), what, app_member_add.expires_at)
		on conflict on constraint invitations_pkey do update set expires_at = excluded.expires_at;
		return 'is invited to';
	end if;
	insert into grants (user_id, anchor, role, expires_at) values (user_by_login(login), need_app(name), what, app_member_add.expires_at)
	on conflict on constraint grants_pkey do update set expires_at = excluded.expires_at where grants.expires_at is distinct from excluded.expires_at;
	return 'is a member of';
end $$;

-- By the one who was invited.
create function invitation_accept(app text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_app(app);
begin
	perform open_revision(format('invitation accept %s', app), null, actor());
	perform forget_settings(array[actor()], array[here]);
	with accepted as (
		delete from invitations i using users u where i.user_id = actor() and i.app = here and u.id = i.user_id and u.active
		  and coalesce(i.expires_at > clock_timestamp(), true) returning i.user_id, i.role, i.expires_at)
	insert into grants (user_id, anchor, role, expires_at) select a.user_id, here, a.role, a.expires_at from accepted a on conflict do nothing;
	if not found then
		raise exception '% is not invited to app:%', acting(), app using errcode = 'insufficient_privilege',
			hint = 'its owner invites: rosterctl app members';
	end if;
end $$;

-- What somebody is in the team of an app through groups, and stays when he is no direct member any more.
create function inherited_still(person uuid, app integer) returns text language sql stable set search_path = roster, pg_temp as $$
	select coalesce('; he stays an inherited member: ' || string_agg(distinct format('%s in %s', r.name, regexp_replace(resource_name(g.anchor), '^group:', '')), ', '), '')
	from grants g join roles r on r.id = g.role and r.kind <> 'platform'
	where g.user_id = inherited_still.person and g.anchor in (
		select c.ancestor from apps a join group_closure c on c.descendant = a.owner_group where a.id = inherited_still.app
		union all select x.access_group from access_group_apps x where x.app = inherited_still.app)
$$;

-- What he is all the same.
create function app_member_remove(name text, login text, role text) returns text language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := need_app(name);
	person uuid := need_user(login);
	what integer := need_role('project', role);
begin
	perform act_on_team(format('app members %s remove %s as %s', name, login, role), here, '{project.team,project.administer}');
	delete from invitations i where i.user_id = person and i.app = here and i.role = what;
	if found then
		return inherited_still(person, here);
	end if;
	if what = role_named('project', 'Owner') and exists (select from apps a where a.id = here and a.owner = person) then
		raise exception '% owns app:% and stays in its team', login, name using errcode = 'check_violation',
			hint = 'hand the app over first: rosterctl app owner ' || name;
	end if;
	delete from grants g where g.user_id = person and g.anchor = here and g.role = what and g.source = 0;
	if not found then
		raise exception '% is no direct member of app:% in that role by hand', login, name using errcode = 'no_data_found',
			hint = given_hint(person, here, what, 'see rosterctl app members ' || name);
	end if;
	perform keep_team(person, here, what), forget_settings(array[person], array[here]);
	return inherited_still(person, here);
end $$;

create function invitation_list() returns table (app text, login text, role text, invited_at timestamptz, invited_by text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select a.name, u.login, r.name, i.invited_at, i.invited_by
	from invitations i join apps a on a.id = i.app join users u on u.id = i.user_id join roles r on r.id = i.role
	order by a.name_key, u.login_key, r.name_key
$$;

-- Clusters and namespaces ----------------------------------------------------------------------------------------------------

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

create function cluster_create(name text) returns integer language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	made integer;
begin
	perform act(format('cluster create %s', name));
	perform need_name('cluster', name);
	insert into clusters (name) values (cluster_create.name) returning id into made;
	return made;
exception when unique_violation then
	raise exception 'there is a cluster "%" already', name using errcode = 'unique_violation', hint = 'names are compared without case; see rosterctl cluster list';
end $$;

create function cluster_delete(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer := resource_named('cluster:' || name);
	held text := (select n.name from namespaces n where n.cluster = here order by n.name limit 1);
begin
	perform act(format('cluster delete %s', name));
	if held is not null then
		raise exception 'cluster:% has namespace %/%', name, name, held using errcode = 'check_violation', hint = 'delete its namespaces first';
	end if;
	delete from clusters k where k.id = here;
end $$;

create function cluster_list() returns table (cluster text, namespaces bigint)
language sql stable security definer set search_path = roster, pg_temp as $$
	select k.name, (select count(distinct n.name) from namespaces n where n.cluster = k.id) from clusters k order by k.name_key
$$;

-- What CLUSTER/NAME/PURPOSE stands for, or CLUSTER/NAME: all its purposes.
create function need_namespaces(name text) returns integer[] language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_ids integer[] := array(select n.id from namespaces n join clusters k on k.id = n.cluster
		where k.name_key || '/' || lower(normalize(n.name, NFKC)) = lower(normalize(need_namespaces.name, NFKC)));
begin
	return case when found_ids = '{}' then array[resource_named('namespace:' || name)] else found_ids end;
end $$;

-- With it goes what groups have by it; an environment in it stays, and so does the namespace then.
create function namespace_delete(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	gone integer[] := need_namespaces(name);
	held environments;
begin
	perform act(format('namespace delete %s', name));
	select e.* into held from environments e where e.namespace = any (gone) order by e.id limit 1;
	if found then
		raise exception '% lies in %', resource_name(held.id), resource_name(held.namespace) using errcode = 'check_violation',
			hint = 'delete the environment first: rosterctl environment delete';
	end if;
	delete from group_namespaces g where g.namespace = any (gone);
	delete from namespaces n where n.id = any (gone);
end $$;

-- namespace as CLUSTER/NAME/PURPOSE.
create function namespace_attach(namespace text, path text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	cause text := format('namespace attach %s %s', namespace, path);
	here integer;
	what integer;
begin
	perform require_administrator(cause), writer_turn();
	here := need_group(path);
	what := resource_named('namespace:' || namespace);
	if not exists (select from group_namespaces g where g.group_id = here and g.namespace = what) then
		perform act(cause);
		insert into group_namespaces (group_id, namespace) values (here, what);
	end if;
end $$;

create function namespace_detach(namespace text, path text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	cause text := format('namespace detach %s %s', namespace, path);
	here integer;
	what integer;
begin
	perform require_administrator(cause), writer_turn();
	here := need_group(path);
	what := resource_named('namespace:' || namespace);
	if exists (select from group_namespaces g where g.group_id = here and g.namespace = what) then
		perform act(cause);
		delete from group_namespaces g where g.group_id = here and g.namespace = what;
	end if;
end $$;
