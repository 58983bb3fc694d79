-- SPDX-License-Identifier: Apache-2.0
-- What must be so after every act by hand, whoever acts and by whatever way, and takes several rows to see.
--
-- The acts check the same, in words about what was typed. Here the end of a transaction is checked, from what its revision
-- changed: plain SQL of the owner too. What a source, an import or the clock takes away nobody stops; it needs a person's
-- attention instead (attention_list). What was not so before nobody is held to, so what they left can be mended step by step.

-- The revision of this transaction, until it was looked at. Deferred to the end, or after each statement, as the session says.
create unlogged table unchecked (
	revision bigint primary key
);

create function check_later() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	insert into unchecked (revision) values (current_revision()) on conflict do nothing;
	return null;
end $$;

-- A role that came with an app is newly held only in place of one that is gone.
create function check_inherited(revision bigint) returns void language plpgsql stable set search_path = roster, pg_temp as $$
declare
	wrong record;
begin
	select u.login, r.name, r.origin into wrong
	from roles r join grants g on g.role = r.id and g.since = check_inherited.revision join users u on u.id = g.user_id
	where r.origin is not null and not exists (
		select from grants_history h where h.user_id = g.user_id and h.anchor = g.anchor and h.until = check_inherited.revision
		  and (h.role = g.role or not exists (select from roles o where o.id = h.role)))
	limit 1;
	if found then
		raise exception 'the role "%" came with app:% and is not given to %', wrong.name, wrong.origin, wrong.login using errcode = 'check_violation',
			hint = 'merge it into a role of the company, or keep it as one';
	end if;
end $$;

-- A group that is made, or comes back and had one when it went, has an admin; and keeps one.
create function check_admins(revision bigint) returns void language plpgsql stable set search_path = roster, pg_temp as $$
declare
	administrator integer := role_named('platform', 'Group Administrator');
	wrong integer;
begin
	select g.id into wrong from groups g
	where g.id in (
			select n.id from groups n where n.since = check_admins.revision and not exists (
				select from groups_history h where h.id = n.id and h.until = check_admins.revision and not h.archived)
			  and coalesce((select exists (select from grants_history a
					where a.anchor = n.id and a.role = administrator and a.since < o.until and a.until >= o.until)
				from groups_history o where o.id = n.id and not o.archived order by o.until desc limit 1), true)
			union all
			select h.anchor from grants_history h where h.until = check_admins.revision and h.role = administrator)
	  and not g.archived and g.parent_id is not null
	  and not exists (select from grants a where a.anchor = g.id and a.role = administrator)
	limit 1;
	if found then
		raise exception 'group % would have no admin', group_path(wrong) using errcode = 'check_violation', hint = 'name another one first: rosterctl group admin';
	end if;
end $$;

-- Whether this person was in a group as of a revision (belongs).
create function belonged(person uuid, group_id integer, revision bigint) returns boolean language sql stable set search_path = roster, pg_temp as $$
	select exists (
		select from (
			select g.anchor, g.since, null::bigint as until from grants g where g.user_id = person
			union all select h.anchor, h.since, h.until from grants_history h where h.user_id = person) g
		join (
			select c.ancestor, c.since, null::bigint as until from group_closure c where c.descendant = belonged.group_id
			union all select h.ancestor, h.since, h.until from group_closure_history h where h.descendant = belonged.group_id) c on c.ancestor = g.anchor
		where g.since <= belonged.revision and coalesce(g.until, belonged.revision + 1) > belonged.revision
		  and c.since <= belonged.revision and coalesce(c.until, belonged.revision + 1) > belonged.revision)
$$;

-- Apps in whose team somebody may not be any more: somebody who owns them or answers for them lost something, or they lie elsewhere.
create function apps_lost(revision bigint) returns table (app integer) language sql stable set search_path = roster, pg_temp as $$
	with people as materialized (select distinct h.user_id from grants_history h where h.until = apps_lost.revision),
	places as materialized (select distinct h.descendant from group_closure_history h where h.until = apps_lost.revision)
	select a.id from people p join apps a on a.owner = p.user_id
	union select n.app from people p join nodes n on n.technical_contact = p.user_id
	union select a.id from places p join apps a on a.owner_group = p.descendant
	union select h.app from access_group_apps_history h where h.until = apps_lost.revision
	union select h.id from apps_history h where h.until = apps_lost.revision
	union select h.app from nodes_history h where h.until = apps_lost.revision
$$;

-- Who owns an app of a group is in the group. An archived app gives nobody anything, so who leaves one takes nothing along.
create function check_owners(revision bigint, lost integer[]) returns void language plpgsql stable set search_path = roster, pg_temp as $$
declare
	wrong record;
begin
	select a.name, u.login, a.owner_group into wrong from apps a join users u on u.id = a.owner
	where a.id = any (lost || array(select n.id from apps n where n.since = check_owners.revision))
	  and a.owner_group is not null and not belongs(a.owner, a.owner_group)
	  and case when a.since = check_owners.revision and not exists (select from apps_history h
			where h.id = a.id and h.until = check_owners.revision and h.owner = a.owner and h.owner_group = a.owner_group)
		then true else not a.archived and belonged(a.owner, a.owner_group, check_owners.revision - 1) end
	limit 1;
	if found then
		raise exception '% does not belong to %, which owns app:%', wrong.login, group_path(wrong.owner_group), wrong.name using errcode = 'check_violation',
			hint = format('who owns an app is in its group: hand it over first, or rosterctl group members %s add %s', group_path(wrong.owner_group), wrong.login);
	end if;
end $$;

-- Who answers for the environments of an app is in its team.
create function check_contacts(revision bigint, lost integer[]) returns void language plpgsql stable set search_path = roster, pg_temp as $$
declare
	touched integer[] := lost || array(select n.app from nodes n where n.since = check_contacts.revision);
	there integer[];
	wrong record;
begin
	if touched = '{}' then
		return;
	end if;
	there := coalesce(in_team(touched), '{}');
	select n.app, u.login into wrong from nodes n join users u on u.id = n.technical_contact
	where n.app = any (touched) and n.app <> all (there) and (n.since = check_contacts.revision or exists (
		select from holdings_at(check_contacts.revision - 1) h join reach_at(check_contacts.revision - 1) t on t.anchor = h.anchor and t.resource = n.app
		join roles r on r.id = h.role and r.kind = 'project' and r.name <> 'Technical Contact' where h.user_id = n.technical_contact))
	limit 1;
	if found then
		raise exception '% is the Technical Contact of % and would leave its team', wrong.login, resource_name(wrong.app) using errcode = 'check_violation',
			hint = 'hand the node over first, or make him a member of the app: rosterctl node contact, rosterctl app members';
	end if;
end $$;

-- What was set for those whose role leaves it open no longer, where they had it.
create function forget_lost(revision bigint, lost integer[]) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	people uuid[] := array(
		select h.user_id from grants_history h where h.until = forget_lost.revision
		  and exists (select from environment_settings s where s.user_id = h.user_id and s.scope = 'env')
		union
		select s.user_id from environments e join environment_settings s on s.environment = e.id and s.scope = 'env' where e.app = any (lost));
	places integer[] := array(select distinct h.anchor from grants_history h where h.until = forget_lost.revision and h.user_id = any (people));
begin
	if people <> '{}' then
		perform forget_settings(people, lost || apps_at(places));
	end if;
end $$;

-- Most acts only give, and then there is next to nothing to look at.
create function check_revision() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	changed record;
	lost integer[];
begin
	delete from unchecked u where u.revision = new.revision;
	select v.by_itself, exists (select from roles r where r.origin is not null) as inherited,
		exists (select from grants_history h where h.until = v.id) as taken, exists (select from groups g where g.since = v.id) as groups,
		exists (select from apps a where a.since = v.id) as apps, exists (select from nodes n where n.since = v.id) as nodes,
		exists (select from group_closure_history h where h.until = v.id) or exists (select from access_group_apps_history h where h.until = v.id) as apart
	into changed from revisions v where v.id = new.revision;
	if changed.inherited then
		perform check_inherited(new.revision);
	end if;
	if changed.by_itself then
		return null;
	end if;
	if changed.taken or changed.groups then
		perform check_admins(new.revision);
	end if;
	if changed.taken or changed.apps or changed.nodes or changed.apart then
		lost := array(select l.app from apps_lost(new.revision) l);
		perform check_owners(new.revision, lost), check_contacts(new.revision, lost), forget_lost(new.revision, lost);
	end if;
	return null;
end $$;
create constraint trigger z_check after insert on unchecked deferrable initially deferred for each row execute function check_revision();

create trigger z_check after insert or update or delete on grants for each statement execute function check_later();
create trigger z_check after insert or update on groups for each statement execute function check_later();
create trigger z_check after insert or update on apps for each statement execute function check_later();
create trigger z_check after insert or update on nodes for each statement execute function check_later();
create trigger z_check after update or delete on access_group_apps for each statement execute function check_later();

-- Kinds of roles are not mixed in what they say either: of environments a role speaks apart (role_environments), and roles of apps
-- speak of nothing but what is asked of those who have a user role.
create function check_role_permissions() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	wrong record;
begin
	select r.name as role, p.name into wrong from added a join roles r on r.id = a.role join permissions p on p.id = a.permission
	where p.scope in ('env', 'env_self') or r.kind = 'app' and p.scope <> 'app' limit 1;
	if found then
		raise exception 'the role "%" cannot hold %', wrong.role, wrong.name using errcode = 'check_violation';
	end if;
	return null;
end $$;
create trigger f_check after insert on role_permissions referencing new table as added for each statement execute function check_role_permissions();
create trigger f_check_update after update on role_permissions referencing new table as added for each statement execute function check_role_permissions();
