-- SPDX-License-Identifier: Apache-2.0
-- Taking back what a revision did: doing it, and holding what a source would do again.

-- Who takes back what a second factor was asked for shows one too.
create function factor_for_revert(what text) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	if exists (select from my_reverts p left join environments e on e.id = p.resource where p.why is null and (
			p.fact in ('role_environments', 'role_environment_permissions') and p.key ->> 'kind' = 'production_environment'
			or p.fact = 'nodes' and p.was is not null and p.became is not null
			or p.fact = 'environments' and p.was is null and e.purpose = 'production'
			or p.fact = 'environment_settings' and e.purpose = 'production')) then
		perform require_second_factor('revert ' || what);
	end if;
end $$;

create function revert_people_back(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	people uuid[] := array(select p.user_id from my_reverts p where p.fact = 'users' and p.why is null and p.was ->> 'active' = 'true');
begin
	if source is null then
		update users u set suspended = false where u.id = any (people) and u.suspended;
	else
		update identities i set gone_since = null where i.source = revert_people_back.source and i.user_id = any (people) and i.gone_since is not null;
	end if;
	update users u set active = true where u.id = any (people) and not u.active and is_wanted_active(u);
end $$;

-- Nobody is deleted: who would not be here is suspended, or gone for the source that brought him.
create function revert_people_away(source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	people uuid[] := array(select p.user_id from my_reverts p where p.fact = 'users' and p.why is null and coalesce(p.was ->> 'active', 'false') = 'false');
begin
	if source is not null then
		update identities i set gone_since = now() where i.source = revert_people_away.source and i.user_id = any (people) and i.gone_since is null;
	end if;
	update users u set active = false, suspended = u.suspended or revert_people_away.source is null where u.id = any (people) and u.active;
end $$;

create function revert_roles() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	delete from role_permissions x using my_reverts p
	where p.fact = 'role_permissions' and p.why is null and p.was is null and x.role = p.role and x.permission = (p.key ->> 'permission')::smallint;
	insert into role_permissions (role, permission) select p.role, (p.key ->> 'permission')::smallint
	from my_reverts p where p.fact = 'role_permissions' and p.why is null and p.became is null;

	delete from role_environment_permissions x using my_reverts p
	where p.fact = 'role_environment_permissions' and p.why is null and p.was is null
	  and x.role = p.role and x.kind::text = p.key ->> 'kind' and x.permission = (p.key ->> 'permission')::smallint;
	delete from role_environments x using my_reverts p
	where p.fact = 'role_environments' and p.why is null and p.was is null and x.role = p.role and x.kind::text = p.key ->> 'kind';
	update role_environments x set access = (p.was ->> 'access')::environment_access from my_reverts p
	where p.fact = 'role_environments' and p.why is null and p.was is not null and p.became is not null and x.role = p.role and x.kind::text = p.key ->> 'kind';
	insert into role_environments (role, kind, access) select p.role, (p.key ->> 'kind')::resource_kind, (p.was ->> 'access')::environment_access
	from my_reverts p where p.fact = 'role_environments' and p.why is null and p.became is null;
	insert into role_environment_permissions (role, kind, permission, scope)
	select p.role, (p.key ->> 'kind')::resource_kind, m.id, m.scope from my_reverts p join permissions m on m.id = (p.key ->> 'permission')::smallint
	where p.fact = 'role_environment_permissions' and p.why is null and p.became is null;

	-- A role that was made then, and says nothing now.
	delete from roles r where not r.builtin and r.id in (select p.role from my_reverts p where p.fact = 'role_permissions' and p.why is null and p.was is null)
	  and not exists (select from role_permissions x where x.role = r.id) and not exists (select from role_environments x where x.role = r.id)
	  and not exists (select from grants g where g.role = r.id) and not exists (select from invitations i where i.role = r.id)
	  and not exists (select from role_permissions_history h where h.role = r.id and h.until < current_revision());
end $$;

create function revert_places() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	perform free_place(g.id, (p.was ->> 'parent_id')::integer, g.name) from my_reverts p join groups g on g.id = p.resource
	where p.fact = 'groups' and p.why is null and p.was ->> 'archived' = 'false';
	update groups g set parent_id = (p.was ->> 'parent_id')::integer, archived = false, displaced = false from my_reverts p
	where p.fact = 'groups' and p.why is null and p.was ->> 'archived' = 'false' and g.id = p.resource and g.parent_id is not null;
	update apps a set owner = coalesce((p.was ->> 'owner')::uuid, a.owner),
		owner_group = case when p.was is null then a.owner_group else (p.was ->> 'owner_group')::integer end,
		archived = coalesce((p.was ->> 'archived')::boolean, true)
	from my_reverts p where p.fact = 'apps' and p.why is null and a.id = p.resource;

	insert into nodes (app, technical_contact) select p.resource, (p.was ->> 'technical_contact')::uuid
	from my_reverts p where p.fact = 'nodes' and p.why is null and p.became is null;
	update nodes n set technical_contact = (p.was ->> 'technical_contact')::uuid
	from my_reverts p where p.fact = 'nodes' and p.why is null and p.was is not null and p.became is not null and n.app = p.resource;
	delete from environments e using my_reverts p where p.fact = 'environments' and p.why is null and p.was is null and e.id = p.resource;
	delete from nodes n using my_reverts p where p.fact = 'nodes' and p.why is null and p.was is null and n.app = p.resource;
end $$;

create function revert_links() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into grants (user_id, anchor, role, source, expires_at)
	select p.user_id, p.resource, p.role, (p.key ->> 'source')::smallint, (p.was ->> 'expires_at')::timestamptz
	from my_reverts p where p.fact = 'grants' and p.why is null and p.became is null;
	update grants g set expires_at = (p.was ->> 'expires_at')::timestamptz from my_reverts p
	where p.fact = 'grants' and p.why is null and p.was is not null and p.became is not null
	  and (g.user_id, g.anchor, g.role, g.source) = (p.user_id, p.resource, p.role, (p.key ->> 'source')::smallint);
	delete from grants g using my_reverts p where p.fact = 'grants' and p.why is null and p.was is null
	  and (g.user_id, g.anchor, g.role, g.source) = (p.user_id, p.resource, p.role, (p.key ->> 'source')::smallint);
	insert into access_group_apps (access_group, app) select p.place, p.resource
	from my_reverts p where p.fact = 'access_group_apps' and p.why is null and p.became is null;
	delete from access_group_apps x using my_reverts p
	where p.fact = 'access_group_apps' and p.why is null and p.was is null and x.access_group = p.place and x.app = p.resource;
	insert into group_namespaces (group_id, namespace) select p.place, p.resource
	from my_reverts p where p.fact = 'group_namespaces' and p.why is null and p.became is null;
	delete from group_namespaces x using my_reverts p
	where p.fact = 'group_namespaces' and p.why is null and p.was is null and x.group_id = p.place and x.namespace = p.resource;
end $$;

create function revert_settings() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	delete from environment_settings s using my_reverts p where p.fact = 'environment_settings' and p.why is null and p.was is null
	  and s.environment = p.resource and s.user_id = p.user_id and s.permission = (p.key ->> 'permission')::smallint;
	update environment_settings s set allowed = (p.was ->> 'allowed')::boolean from my_reverts p
	where p.fact = 'environment_settings' and p.why is null and p.was is not null and p.became is not null
	  and s.environment = p.resource and s.user_id = p.user_id and s.permission = (p.key ->> 'permission')::smallint;
	insert into environment_settings (environment, user_id, permission, scope, allowed)
	select p.resource, p.user_id, m.id, m.scope, (p.was ->> 'allowed')::boolean
	from my_reverts p join permissions m on m.id = (p.key ->> 'permission')::smallint
	where p.fact = 'environment_settings' and p.why is null and p.became is null;
end $$;

-- Apps in whose team somebody is, or is no longer, by what is taken back.
create function reverted_apps() returns integer[] language sql volatile set search_path = roster, pg_temp as $$
	select array(
		select p.resource from my_reverts p where p.fact in ('apps', 'nodes', 'access_group_apps') and p.why is null
		union
		select a.id from my_reverts p, unnest(apps_below(p.resource)) a(id) where p.fact = 'groups' and p.why is null)
$$;

-- What must be so after every act by hand. Of who is taken out, none answers for a node or is the last Scrum Master; a contact has
-- access to his environments; somebody governs the platform. Who owns an app of a group is in that group, and who answers for a
-- node in the team, unless it is the act of a source that is taken back.
create function check_reverted(revision bigint, by_hand boolean, kept teams) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	lost integer[];
	wrong record;
begin
	perform keep_team(p.user_id, p.resource, p.role) from my_reverts p
	where p.fact = 'grants' and p.why is null and p.was is null and (p.role = role_named('project', 'Scrum Master')
		or exists (select from nodes n where n.technical_contact = p.user_id));
	perform keep_team((p.became ->> 'owner')::uuid, p.resource, null) from my_reverts p
	where p.fact = 'apps' and p.why is null and p.was is not null and p.was ->> 'owner' <> p.became ->> 'owner';
	if by_hand then
		lost := array(select l.app from apps_lost(revision) l);
		perform check_owners(revision, lost), check_contacts(revision, lost), keep_teams(kept);
	end if;
	select u.login, p.resource into wrong from my_reverts p join nodes n on n.app = p.resource join users u on u.id = n.technical_contact
		join apps a on a.id = n.app and not a.archived
	where p.fact = 'nodes' and p.why is null and not is_listed(n.technical_contact, n.app) limit 1;
	if found then
		raise exception '% has no access to the environments of %, and cannot answer for them again', wrong.login, resource_name(wrong.resource)
			using errcode = 'check_violation', hint = 'a role with project.cloud_access opens them';
	end if;
	if exists (select from my_reverts p where p.why is null and p.fact in ('grants', 'users')) then
		perform need_administrator();
	end if;
end $$;

-- What a source would do again is held under the run of the revert, as if the guard had held it: rosterctl approve lets it go.
create function hold_reverted(run bigint, of smallint, what text) returns bigint language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	count bigint;
begin
	insert into held_changes as h (source, kind, action, external_id, anchor, anchor_key, role, run, reason)
	select of, w.kind, w.action, w.external_id, w.anchor, w.key, w.role, hold_reverted.run,
		format('to %s: %s was taken back', w.action, what)
	from (
		select 'grant'::change_kind as kind, case when p.was is null then 'add' else 'remove' end::change_action as action, i.external_id,
			regexp_replace(resource_name(p.resource), '^group:', '') as anchor, k.key, p.role
		from my_reverts p join identities i on i.source = of and i.user_id = p.user_id cross join lateral anchor_keys(p.resource) k
		where p.fact = 'grants' and p.why is null and p.key ->> 'source' = of::text
		union all
		select 'user', case when coalesce(p.was ->> 'active', 'false') = 'false' then 'return'
			when exists (select from directory_entries d where d.source = of and d.external_id = i.external_id and d.gone_explicit) then 'disable'
			else 'vanish' end::change_action, i.external_id, null, null, null
		from my_reverts p join identities i on i.source = of and i.user_id = p.user_id where p.fact = 'users' and p.why is null
		union all
		select 'group', case when p.was ->> 'archived' = 'false' then 'archive' else 'add' end::change_action, null, group_path(g.id), g.made_for, null
		from my_reverts p join groups g on g.id = p.resource and g.made_by = of
		where p.fact = 'groups' and p.why is null and p.was ->> 'archived' is distinct from p.became ->> 'archived'
	) w
	on conflict (source, kind, action, external_id, anchor_key, role) do update
		set state = 'held', run = excluded.run, reason = excluded.reason, held_at = now(), decided_by = null where h.state <> 'held';
	get diagnostics count = row_count;
	return count;
end $$;

-- The plan of this transaction, as one revision. held: how much of it its source would do again, and the run that holds that.
create function revert_apply(what text, counted boolean, out revision bigint, out held bigint, out held_by text)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	meant bigint[];
	of runs;
	here sources;
	made_run bigint;
	kept teams;
begin
	held := 0;
	perform require_administrator('revert ' || what);
	meant := reverted_revisions(what);
	if exists (select from my_reverts p where p.meant <> what) then
		raise exception 'it was planned to revert %, not %', (select p.meant from my_reverts p limit 1), what
			using errcode = 'object_not_in_prerequisite_state', hint = 'plan what is to be taken back';
	end if;
	select r.* into of from revisions v join runs r on r.id = v.run where v.id = meant[1];
	select s.* into here from sources s where s.id = of.source;
	if exists (select from my_reverts p where p.why is null) then
		if of.id is not null then
			insert into runs (source, kind, state, adds, removes, ended_at)
			select of.source, 'revert', 'applied', count(*) filter (where p.action in ('add', 'change', 'restore')),
				count(*) filter (where p.action in ('remove', 'archive')), clock_timestamp()
			from planned_imports p where p.transaction = pg_current_xact_id() returning id into made_run;
		end if;
		-- It is held to what check_reverted() says: what comes back may have been so that no act by hand would bring it about.
		revision := open_revision('revert ' || what, made_run, actor(), true);
		perform factor_for_revert(what);
		if counted then
			insert into guard_log (source, kind, scope, removed, added)
			select coalesce(here.id, 0::smallint), g.kind, g.scope, count(*) filter (where g.kind <> 'grant'), count(*) filter (where g.kind = 'grant')
			from import_guarded() g group by g.kind, g.scope;
		end if;
		kept := teams_of(reverted_apps());
		perform forget_settings(null, reverted_apps());
		perform revert_people_back(case when here.kind <> 'import' then here.id end), revert_roles(), revert_places(), revert_links(), revert_settings();
		perform forget_settings(array(select p.user_id from my_reverts p where p.fact = 'grants' and p.why is null and p.was is null)),
			forget_settings(null, reverted_apps());
		perform revert_people_away(case when here.kind <> 'import' then here.id end);
		update groups g set archived = true from my_reverts p
		where p.fact = 'groups' and p.why is null and coalesce(p.was ->> 'archived', 'true') = 'true' and g.id = p.resource;
		update imported i set withdrawn = true from my_reverts p
		where p.fact in ('apps', 'groups') and p.why is null and p.was is null and i.kind in ('app', 'group') and i.resource = p.resource;
		perform check_reverted(revision, (select not v.by_itself from revisions v where v.id = meant[1]), kept);
		if of.kind = 'revert' then
			delete from held_changes h where h.run = of.id and h.state <> 'approved';
		elsif here.kind <> 'import' then
			held := hold_reverted(made_run, here.id, what);
			held_by := here.name || '/' || made_run;
			update runs r set held = revert_apply.held where r.id = made_run;
		end if;
	end if;
	delete from planned_imports p where p.transaction = pg_current_xact_id();
	delete from planned_reverts p where p.transaction = pg_current_xact_id();
end $$;

grant execute on function revert_apply(text, boolean) to roster_admin;
