-- SPDX-License-Identifier: Apache-2.0
-- Taking back what a revision, or the revisions of a run, did: what is planned.
--
-- A row is taken back while it still is as that left it. What was changed again since is left and named, and so is what
-- cannot be as it was. What a source gave or took is taken back and held: its next run would do the same again.

create unlogged table planned_reverts (
	transaction xid8 not null default pg_current_xact_id(),
	seq bigint generated always as identity,
	meant text not null, -- the run or revision, as it was named
	fact text not null,
	key jsonb not null,
	was jsonb,    -- before; NULL: it was not there
	became jsonb, -- as it was left; NULL: it was taken away
	why text,     -- it is left, since
	user_id uuid,
	role integer,
	resource integer, -- the anchor, app, group, environment or namespace
	place integer     -- of an app: the access group; of a namespace: the group
);
create index on planned_reverts (transaction, fact, resource);

create view my_reverts as select * from planned_reverts where transaction = pg_current_xact_id();

-- The rows of one fact table that these revisions changed, and the last revision after them that changed one again.
create function reverted_rows(fact regclass, of bigint[]) returns table (key jsonb, was jsonb, became jsonb, later bigint)
language plpgsql stable set search_path = roster, pg_temp as $$
declare
	short text := (select relname from pg_class where oid = fact);
	columns text[] := (select f.columns from fact_tables f where f.name = fact);
	keys text[] := (select array_agg(a.attname order by a.attnum) from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
		where i.indrelid = fact and i.indisprimary);
	list text := (select string_agg(quote_ident(c), ', ') from unnest(columns) c);
	row text := (select string_agg(format('%L, e.%I', c, c), ', ') from unnest(columns) c);
	key text := (select string_agg(format('%L, t.%I', c, c), ', ') from unnest(keys) c);
	same text := (select string_agg(format('e.%I = t.%I', c, c), ' and ') from unnest(keys) c);
	picked text := (select string_agg(quote_ident(c), ', ') from unnest(keys) c);
begin
	return query execute format($q$
	with ever as not materialized (
		select %1$s, since, null::bigint as until from %2$I union all select %1$s, since, until from %3$I
	), touched as (
		select %4$s from ever where since = any ($1) union select %4$s from ever where until = any ($1)
	)
	select jsonb_build_object(%5$s), b.row, a.row, l.later
	from touched t
	cross join lateral (select min(x.at) as began, max(x.at) as ended
		from (select e.since as at from ever e where %6$s union select e.until from ever e where %6$s) x where x.at = any ($1)) s
	cross join lateral (select max(x.at) as later
		from (select e.since as at from ever e where %6$s union select e.until from ever e where %6$s) x
		where x.at > s.began and x.at <> all ($1)) l
	left join lateral (select jsonb_build_object(%7$s) as row from ever e where %6$s and e.since < s.began and coalesce(e.until, s.began) >= s.began) b on true
	left join lateral (select jsonb_build_object(%7$s) as row from ever e where %6$s and e.since <= s.ended and coalesce(e.until, s.ended + 1) > s.ended) a on true
	where b.row is distinct from a.row$q$, list, short, short || '_history', picked, key, same, row) using of;
end $$;

-- The revisions that are meant: of a run, "corp/12", all it wrote. Those that nobody takes back are refused.
create function reverted_revisions(what text) returns bigint[] language plpgsql stable set search_path = roster, pg_temp as $$
declare
	meant bigint[];
	wrong record;
begin
	if what ~ '/' then
		meant := array(select v.id from revisions v where v.run = (need_run(what)).id order by v.id);
		if (need_run(what)).state = 'running' then
			raise exception 'run % is not over', what using errcode = 'object_not_in_prerequisite_state', hint = 'wait for its end: rosterctl runs';
		elsif meant = '{}' then
			raise exception 'run % changed nothing', what using errcode = 'no_data_found', hint = 'see rosterctl runs show ' || what;
		end if;
	else
		meant := array[need_revision(need_number(what))];
	end if;
	select v.id, c.why, c.instead into wrong from revisions v left join runs r on r.id = v.run join (values
		('^installation$', 'is the installation itself', 'begin anew with another database'),
		('^(expired|end of grace|awaited admins|other admins)', 'is what time did', 'what has ended is given anew by hand'),
		('^source retire ', 'retired a source', 'put the source into the configuration again: its first run brings everything back'),
		('^user unlink ', 'made a source forget a person', 'rosterctl user link'),
		('^(role delete|role merge) ', 'took a role away for good', 'make another role, and give it'),
		('^access-group delete ', 'took an access group away for good', 'make another one'),
		('^environment delete ', 'took an environment away for good', 'make another one: what people may do in it is said anew')
	) c(pattern, why, instead) on v.cause ~ c.pattern and (v.run is null or r.kind = 'retire')
	where v.id = any (meant) limit 1;
	if found then
		raise exception 'revision % % and is not taken back', wrong.id, wrong.why using errcode = 'check_violation', hint = wrong.instead;
	end if;
	return meant;
end $$;

-- Whether the planned row brings a thing back, gives it anew, or takes it away.
create function leave_reverts(fact text, why text, rows bigint[]) returns void language sql volatile set search_path = roster, pg_temp as $$
	update planned_reverts p set why = leave_reverts.why
	where p.transaction = pg_current_xact_id() and p.fact = leave_reverts.fact and p.why is null and p.seq = any (rows)
$$;

-- What cannot be as it was, because of what is there now.
create function leave_people(run runs) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	perform leave_reverts(p.fact, 'this person is erased', array_agg(p.seq)) from my_reverts p join users u on u.id = p.user_id and u.erased_at is not null
	where p.was is not null group by p.fact;
	perform leave_reverts('users', 'suspended by hand since', array(select p.seq from my_reverts p join users u on u.id = p.user_id
		where p.fact = 'users' and p.was ->> 'active' = 'true' and u.suspended and run.id is not null));
	perform leave_reverts('users', 'another active user has the login now', array(select p.seq from my_reverts p join users u on u.id = p.user_id
		where p.fact = 'users' and p.was ->> 'active' = 'true' and exists (
			select from users o where o.active and o.id <> u.id and o.login_key = u.login_key)));
	perform leave_reverts('users', 'a source says that this person is gone or disabled', array(select p.seq from my_reverts p
		where p.fact = 'users' and p.was ->> 'active' = 'true' and exists (select from identities i join sources s on s.id = i.source and s.authoritative
			where i.user_id = p.user_id and i.source is distinct from run.source and (not i.enabled or i.gone_since is not null))));
	perform leave_reverts('users', 'the time of grace is over', array(select p.seq from my_reverts p
		where p.fact = 'users' and p.was ->> 'active' = 'true' and exists (select from identities i where i.user_id = p.user_id and i.ended_at is not null)));
end $$;

-- What had an end that is over by now: it is not given again, and who was given more time has none any more.
create function end_grants() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	perform leave_reverts('grants', 'its time is over', array(select p.seq from my_reverts p
		where p.fact = 'grants' and p.became is null and (p.was ->> 'expires_at')::timestamptz <= clock_timestamp()));
	update planned_reverts p set was = null from my_reverts o
	where o.seq = p.seq and p.fact = 'grants' and p.became is not null and (p.was ->> 'expires_at')::timestamptz <= clock_timestamp();
end $$;

create function leave_grants() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	perform leave_reverts(p.fact, 'the role is no more', array_agg(p.seq)) from my_reverts p
	where p.role is not null and p.became is null and not exists (select from roles r where r.id = p.role) group by p.fact;
	perform leave_reverts(p.fact, 'the place is no more', array_agg(p.seq)) from my_reverts p
	where p.became is null and (p.resource is not null and not exists (select from resources r where r.id = p.resource)
		or p.place is not null and not exists (select from resources r where r.id = p.place)) group by p.fact;
	perform leave_reverts('grants', 'its source does not know this person any more', array(select p.seq from my_reverts p
		join sources s on s.id = (p.key ->> 'source')::smallint and s.id <> 0 and s.kind <> 'import'
		where p.fact = 'grants' and p.became is null and not exists (
			select from identities i where i.source = s.id and i.user_id = p.user_id and i.ended_at is null)));
	perform leave_reverts(p.fact, 'the group is archived', array_agg(p.seq)) from my_reverts p
	join groups g on g.archived and g.id = case p.fact when 'grants' then p.resource when 'group_namespaces' then p.place end
	where p.became is null and not exists (select from my_reverts o
		where o.fact = 'groups' and o.resource = g.id and o.was ->> 'archived' = 'false' and o.why is null) group by p.fact;
	-- Of a role that was made then, what it says stays while somebody holds it.
	perform leave_reverts(p.fact, 'people hold the role', array_agg(p.seq)) from my_reverts p
	where p.fact in ('role_permissions', 'role_environments', 'role_environment_permissions') and p.was is null and p.why is null
	  and exists (select from grants g where g.role = p.role)
	  and not exists (select from role_permissions x where x.role = p.role and not exists (
		select from my_reverts o where o.fact = 'role_permissions' and o.was is null and o.key ->> 'role' = x.role::text and o.key ->> 'permission' = x.permission::text))
	group by p.fact;
end $$;

create function leave_places() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	perform leave_reverts('clusters', 'clusters stay', array(select p.seq from my_reverts p where p.fact = 'clusters'));
	perform leave_reverts('apps', 'its owner of then is not active', array(select p.seq from my_reverts p join users u on u.id = (p.was ->> 'owner')::uuid
		where p.fact = 'apps' and not u.active and p.was ->> 'owner' <> p.became ->> 'owner'));
	perform leave_reverts('apps', 'its group of then is archived', array(select p.seq from my_reverts p join groups g on g.id = (p.was ->> 'owner_group')::integer
		where p.fact = 'apps' and g.archived and p.was ->> 'owner_group' is distinct from p.became ->> 'owner_group'
		  and not exists (select from my_reverts o where o.fact = 'groups' and o.resource = g.id and o.was ->> 'archived' = 'false' and o.why is null)));
	perform leave_reverts('groups', 'its place of then lies below it now', array(select p.seq from my_reverts p join group_closure c
			on c.ancestor = p.resource and c.descendant = (p.was ->> 'parent_id')::integer
		where p.fact = 'groups' and p.was ->> 'parent_id' <> p.became ->> 'parent_id'));
	perform leave_reverts('groups', 'there is another group of that name now', array(select p.seq from my_reverts p join groups g on g.id = p.resource
		join groups o on lower(normalize(o.name, NFKC)) = lower(normalize(g.name, NFKC)) and o.id <> g.id
		where p.fact = 'groups' and p.was ->> 'archived' = 'false' and (not o.archived and o.parent_id = (p.was ->> 'parent_id')::integer
			-- or one that comes there with it
			or o.id > g.id and exists (select from my_reverts q where q.fact = 'groups' and q.resource = o.id
				and q.was ->> 'archived' = 'false' and q.was ->> 'parent_id' = p.was ->> 'parent_id'))));
	perform leave_reverts('groups', 'the group above is archived', array(select p.seq from my_reverts p join groups g on g.id = (p.was ->> 'parent_id')::integer
		where p.fact = 'groups' and p.was ->> 'archived' = 'false' and g.archived
		  and not exists (select from my_reverts o where o.fact = 'groups' and o.resource = g.id and o.was ->> 'archived' = 'false' and o.why is null)));
	perform leave_reverts('environments', 'things were said for people there since', array(select p.seq from my_reverts p join environment_settings s
			on s.environment = p.resource where p.fact = 'environments' and p.was is null and not exists (select from my_reverts o
			where o.fact = 'environment_settings' and o.was is null and o.resource = s.environment and o.user_id = s.user_id and o.key ->> 'permission' = s.permission::text)));
	perform leave_reverts('nodes', 'it has environments', array(select p.seq from my_reverts p join environments e on e.app = p.resource
		where p.fact = 'nodes' and p.was is null and not exists (select from my_reverts o
			where o.fact = 'environments' and o.was is null and o.why is null and o.resource = e.id)));
	perform leave_reverts('nodes', 'its Technical Contact of then is not active', array(select p.seq from my_reverts p
		join users u on u.id = (p.was ->> 'technical_contact')::uuid and not u.active where p.fact = 'nodes'));
end $$;

-- Groups that would be archived and hold what is not taken back with them, or have such a one below.
create function leave_groups() returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	administrator integer := role_named('platform', 'Group Administrator');
begin
	perform leave_reverts('groups', 'it holds what something else has put there', array(
		select p.seq from my_reverts p join group_closure c on c.ancestor = p.resource join groups g on g.id = c.descendant and not g.archived
		where p.fact = 'groups' and p.why is null and (p.was is null or p.was ->> 'archived' = 'true' and p.became ->> 'archived' = 'false') and (
			not exists (select from my_reverts o where o.fact = 'groups' and o.why is null and o.resource = g.id
				and (o.was is null or o.was ->> 'archived' = 'true'))
			or exists (select from grants h join roles r on r.id = h.role and r.kind <> 'platform' where h.anchor = g.id and not exists (
				select from my_reverts o where o.fact = 'grants' and o.why is null and o.was is null and o.resource = h.anchor
				  and o.user_id = h.user_id and o.role = h.role and o.key ->> 'source' = h.source::text))
			or exists (select from apps a where a.owner_group = g.id and not a.archived and not exists (
				select from my_reverts o where o.fact = 'apps' and o.why is null and o.resource = a.id
				  and (o.was is null or o.was ->> 'archived' = 'true' or (o.was ->> 'owner_group')::integer is distinct from g.id)))
			or exists (select from group_namespaces n where n.group_id = g.id and not exists (
				select from my_reverts o where o.fact = 'group_namespaces' and o.why is null and o.became is not null
				  and o.resource = n.namespace and o.place = n.group_id)))));
	-- A group keeps an admin, as it does when one is taken by hand.
	perform leave_reverts('grants', 'this is the only admin of the group', array(select p.seq from my_reverts p join groups x on x.id = p.resource and x.parent_id is not null
		where p.fact = 'grants' and p.role = administrator and p.was is null and p.why is null
		  -- of a group that goes with it nobody needs to be one
		  and not exists (select from my_reverts o where o.fact = 'groups' and o.resource = p.resource and o.why is null
			and (o.was is null or o.was ->> 'archived' = 'true'))
		  and not exists (select from grants g where g.anchor = p.resource and g.role = administrator and not exists (
			select from my_reverts o where o.fact = 'grants' and o.why is null and o.was is null and o.role = administrator
			  and o.resource = g.anchor and o.user_id = g.user_id and o.key ->> 'source' = g.source::text))));
end $$;

-- The plan, as import_changes() and import_counts() show it.
create function show_reverts(revisions bigint[]) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into planned_imports (kind, action, user_id, role_id, group_id, resource, place_id, name, purpose, place, description)
	select case p.fact when 'grants' then 'grant' when 'users' then 'user' when 'groups' then 'group' when 'apps' then 'app' when 'nodes' then 'node'
			when 'clusters' then 'cluster' when 'environments' then 'environment' when 'group_namespaces' then 'association'
			when 'access_group_apps' then 'inclusion' when 'environment_settings' then 'setting' else 'role' end,
		case when p.why is not null then 'keep'
			when p.fact = 'users' then case when p.was ->> 'active' = 'true' then 'restore' else 'remove' end
			when p.fact in ('groups', 'apps') then case when p.was is null or (p.was ->> 'archived', p.became ->> 'archived') = ('true', 'false') then 'archive'
				when (p.was ->> 'archived', p.became ->> 'archived') = ('false', 'true') then 'restore' else 'change' end
			when p.was is null then 'remove' when p.became is null then 'add' else 'change' end,
		case p.fact when 'apps' then (p.was ->> 'owner')::uuid when 'nodes' then coalesce(p.was ->> 'technical_contact', p.became ->> 'technical_contact')::uuid else p.user_id end,
		p.role,
		case when p.fact = 'groups' or (p.fact = 'grants' and k.kind = 'group') then p.resource
			when p.fact = 'apps' then (p.was ->> 'owner_group')::integer when p.fact = 'group_namespaces' then p.place end,
		p.resource, case when p.fact = 'access_group_apps' then p.place end,
		case when p.fact like 'role%' then role_name(p.role) when p.fact not in ('grants', 'users', 'groups', 'access_group_apps', 'group_namespaces')
			then regexp_replace(resource_name(p.resource), '^[a-z]*:', '') end,
		(select e.purpose::text from environments e where p.fact = 'environments' and e.id = p.resource), null,
		coalesce(p.why, case
			when p.fact = 'users' then case when p.was ->> 'active' = 'true' then '' else 'as before' end
			when p.fact = 'groups' and p.was ->> 'parent_id' <> p.became ->> 'parent_id' then 'to ' || group_path((p.was ->> 'parent_id')::integer)
			when p.fact like 'role%' or p.fact = 'environment_settings' then concat_ws(' ', u.login, m.name, p.key ->> 'kind',
				case when p.fact = 'environment_settings' and p.was is not null then case when p.was ->> 'allowed' = 'true' then 'on' else 'off' end end,
				p.was ->> 'access')
			when p.fact = 'grants' then coalesce('until ' || (p.was ->> 'expires_at')::timestamptz,
				case when p.was is not null and p.became is not null then 'without end' end) end)
	from my_reverts p left join resources k on k.id = p.resource left join roles r on r.id = p.role left join users u on u.id = p.user_id
	left join permissions m on m.id = (p.key ->> 'permission')::smallint
	order by p.seq;
end $$;

-- Fill planned_reverts, and planned_imports with what people see of it. Returns the source the limits are about: that of the
-- run, or "hand".
create function revert_plan(what text) returns text language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	meant bigint[];
	run runs;
	fact regclass;
begin
	perform pg_advisory_xact_lock(writer_lock_class(), 1);
	perform require_administrator('revert ' || what);
	meant := reverted_revisions(what);
	select r.* into run from revisions v join runs r on r.id = v.run where v.id = meant[1];
	delete from staged_imports s;
	delete from planned_imports p;
	delete from planned_reverts p;
	for fact in select f.name from fact_tables f where f.name <> 'group_closure'::regclass
		order by array_position('{users,groups,clusters,apps,nodes,environments}'::text[], f.name::text) nulls last, f.name::text loop
		insert into planned_reverts (meant, fact, key, was, became, why, user_id, role, resource, place)
		select what, (select c.relname from pg_class c where c.oid = fact), n.key, n.was, n.became, 'changed again in revision ' || n.later,
			coalesce(n.key ->> 'user_id', case when fact = 'users'::regclass then n.key ->> 'id' end)::uuid, (n.key ->> 'role')::integer,
			coalesce(n.key ->> 'anchor', n.key ->> 'environment', n.key ->> 'app', n.key ->> 'namespace',
				case when fact <> 'users'::regclass then n.key ->> 'id' end)::integer,
			coalesce(n.key ->> 'access_group', n.key ->> 'group_id')::integer
		from reverted_rows(fact, meant) n order by n.key;
	end loop;
	perform end_grants(), leave_people(run), leave_places(), leave_grants(), leave_groups();
	-- Admins that a run named for a group it made: an archived group keeps them, for when it comes back.
	delete from planned_reverts p using my_reverts g
	where p.seq in (select o.seq from my_reverts o) and run.id is not null and p.fact = 'grants' and p.was is null and p.key ->> 'source' = '0'
	  and p.role = role_named('platform', 'Group Administrator') and g.fact = 'groups' and g.was is null and g.why is null and g.resource = p.resource;
	perform show_reverts(meant);
	return coalesce((select s.name from sources s where s.id = run.source), 'hand');
end $$;

grant execute on function revert_plan(text) to roster_admin;
