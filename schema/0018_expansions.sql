-- SPDX-License-Identifier: Apache-2.0
-- What follows from a fact that began or ended between two revisions: the holdings and the reaches that may differ.
--
-- Each fact that differs is expanded into holdings or reaches at the revision where it is in force (too many is allowed, too
-- few is not). What these are about is then compared: the next file.

-- Clusters are reached from the root alone.
create index on groups_history (until) where parent_id is null;

-- How the statements that follow are planned, until the end of the calling function, which sets all three. For a few rows:
-- once for the session, and walking indexes from them. For many: by hashing, since the planner thinks too well of a walk
-- through a table and its twin, whose statistics it cannot add up. Sorting and merging never pay here.
create function plan_for(rows integer) returns void language plpgsql volatile as $$
declare
	done text; -- an assignment is no statement of its own
begin
	done := set_config('plan_cache_mode', case when rows > 100 then 'force_custom_plan' else 'force_generic_plan' end, true);
	done := set_config('enable_hashjoin', (rows > 100)::text, true);
	done := set_config('enable_nestloop', (rows <= 5000)::text, true);
end $$;

-- About how many grants there are at these anchors, as far as it matters to plan_for().
create function held_at(anchors integer[]) returns integer language sql stable set search_path = roster, pg_temp as $$
	select count(*)::integer from (select from grants g where g.anchor = any (anchors) limit 6000) few
$$;

-- Of these anchors, each once, where somebody holds something or did: a long chain of groups is mostly of others. At all that is
-- no group something is held by being what one is.
create function held_places(anchors integer[]) returns integer[] language sql stable set search_path = roster, pg_temp as $$
	select array(select d.anchor from (select distinct a as anchor from unnest(anchors) a offset 0) d
		where exists (select from grants g where g.anchor = d.anchor) or exists (select from grants_history h where h.anchor = d.anchor)
		or not exists (select from groups g where g.id = d.anchor))
$$;

alter table fact_tables add column expansions regprocedure[] not null default '{}';

create table expansions (
	procedure regprocedure primary key,
	gives text not null check (gives in ('holdings', 'reach'))
);

-- Holdings and reaches that follow, at one revision, from facts that are not in force at the other. Rewritten, as the
-- next one, by define_expansion. tables: those of which rows began or ended in between, a bit for each; the others are not
-- asked, and to ask one costs more than most differences have to say.
create function changed_holdings(other bigint, at bigint, tables bigint) returns table (user_id uuid, anchor integer, role integer)
language sql as 'select null::uuid, 0, 0 where false';
create function changed_reach(other bigint, at bigint, tables bigint) returns table (anchor integer, resource integer, kind resource_kind)
language sql as 'select 0, 0, ''app''::resource_kind where false';

-- How many facts began or ended after the first revision and until the last, and of which tables; most: counted no further.
-- meanings: all are about what roles say, so everybody holds what he held; grants: all are grants.
create function changed_facts(first bigint, last bigint, most bigint, out facts bigint, out tables bigint, out meanings boolean, out grants boolean)
language sql as 'select 0::bigint, 0::bigint, false, false';

-- The tables of the expansions, each with its bit.
create view expanding as
select e.procedure, e.gives, c.relname as short, 1::bigint << (dense_rank() over (order by c.relname))::integer - 1 as bit
from expansions e join fact_tables f on e.procedure = any (f.expansions) join pg_class c on c.oid = f.name;

create function define_changed(gives text, head text) returns void language plpgsql set search_path = roster, pg_temp as $$
begin
	execute head || format(' language plpgsql stable set search_path = roster, pg_temp as $f$
begin
	%s
end $f$', (select string_agg(format(e'if tables & %s <> 0 then\n\t\treturn query select * from roster.%I(other, at);\n\tend if;', e.bit, p.proname),
			e'\n\t' order by p.oid)
		from expanding e join pg_proc p on p.oid = e.procedure where e.gives = define_changed.gives));
end $$;

-- Environments as they are and as they were, whenever that was.
create function environments_ever() returns table (id integer, app integer) language sql stable as $$
	select e.id, e.app from environments e union select e.id, e.app from environments_history e
$$;

-- Who administers or administered one of these groups.
create function administrators_ever(places integer[]) returns table (user_id uuid) language sql stable as $$
	select g.user_id from grants g where g.anchor = any (places) and g.role = role_named('platform', 'Group Administrator')
	union select h.user_id from grants_history h where h.anchor = any (places) and h.role = role_named('platform', 'Group Administrator')
$$;

-- Register what follows from a changed row of a fact table. It has changed when it is in force at one revision and no row
-- with the same deciding columns is at the other. body selects holdings (user_id, anchor, role) or reaches (anchor, resource,
-- kind) as of the revision "at", from {changed}, which are these rows; every_COLUMN is an array of that column. only_if: what
-- must be so of these arrays for anything to follow; fewer: a statement that leaves out of them what nothing follows from.
create procedure define_expansion(fact text, gives text, deciding text[], body text, only_if text default 'true', fewer text default '') language plpgsql set search_path = roster, pg_temp as $$
declare
	table_oid regclass := to_regclass('roster.' || fact);
	short text := format('expand_%s_%s', fact, (select cardinality(f.expansions) + 1 from fact_tables f where f.name = table_oid));
	list text := array_to_string(deciding, ', ');
	arrays text := (select string_agg('every_' || c, ', ') from unnest(deciding) c);
	returned text := case gives when 'holdings' then 'user_id uuid, anchor integer, role integer'
		else 'anchor integer, resource integer, kind resource_kind' end;
	-- In force at the second of two revisions, and either begun after the first or ended by then.
	changed text := format('select %1$s from %2$s where since > %%1$s and since <= %%2$s
		union all select %1$s from %2$s_history where since > %%1$s and since <= %%2$s and until > %%2$s
		union all select %1$s from %2$s_history where until > %%2$s and until <= %%1$s and since <= %%2$s', list, fact);
begin
	execute format('create function %I(other bigint, at bigint) returns table (%s) language plpgsql stable set search_path = roster, pg_temp
	set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_nestloop = on set enable_mergejoin = off set enable_sort = off as $f$
#variable_conflict use_column
declare
	%s;
begin
	select %s into %s from ((%s) except (%s)) changed;
	%s
	if every_%s is not null and (%s) then
		perform plan_for(cardinality(every_%s));
		return query %s;
	end if;
end $f$', short, returned,
		(select string_agg(format('every_%s %s[]', a.attname, format_type(a.atttypid, a.atttypmod)), '; ')
			from pg_attribute a where a.attrelid = table_oid and a.attname = any (deciding)),
		(select string_agg(format('array_agg(%s)', c), ', ') from unnest(deciding) c), arrays, format(changed, 'other', 'at'), format(changed, 'at', 'other'), fewer,
		deciding[1], only_if, deciding[1],
		replace(body, '{changed}', format('unnest(%s) changed(%s)', arrays, list)));
	update fact_tables f set expansions = f.expansions || format('roster.%I(bigint, bigint)', short)::regprocedure where f.name = table_oid;
	insert into expansions values (format('roster.%I(bigint, bigint)', short)::regprocedure, gives);
	perform define_changed(e.gives, format('create or replace function %I(other bigint, at bigint, tables bigint) returns table (%s)', 'changed_' || e.gives,
		case e.gives when 'holdings' then 'user_id uuid, anchor integer, role integer' else 'anchor integer, resource integer, kind resource_kind' end))
	from (select distinct e.gives from expansions e) e;
	execute format('create or replace function changed_facts(first bigint, last bigint, most bigint, out facts bigint, out tables bigint, out meanings boolean, out grants boolean)
	language plpgsql stable set search_path = roster, pg_temp set plan_cache_mode = force_generic_plan as $f$
begin
	select count(*), coalesce(bit_or(changed.bit), 0) into facts, tables from (%s limit most) changed;
	meanings := tables & ~%s::bigint = 0;
	grants := tables = %s::bigint;
end $f$', (select string_agg(format('select %3$s::bigint as bit from %1$I where since > first and since <= last
		union all select %3$s from %2$I where since > first and since <= last
		union all select %3$s from %2$I where until > first and until <= last', e.short, e.short || '_history', e.bit), e'\n\t\tunion all ')
		from (select distinct x.short, x.bit from expanding x) e),
		coalesce((select bit_or(e.bit) from expanding e where e.short ~ '^role_'), 0),
		coalesce((select min(e.bit) from expanding e where e.short = 'grants'), 0));
end $$;

-- Roles of the platform that only open gates: what they change is what other roles of the same person give.
create view user_roles as
select r.id as role from roles r where r.kind = 'platform' and r.opens <> '{}'
and not exists (select from role_permissions rp where rp.role = r.id);

-- Who is in a group is App Member of its apps, by a user role.
call define_expansion('grants', 'holdings', array['user_id', 'anchor', 'role'], $$
	select changed.user_id, changed.anchor, changed.role from {changed} where changed.role not in (select u.role from user_roles u)
	union all
	select changed.user_id, changed.anchor, m.id from {changed}, roles m where m.kind = 'app' and m.name = 'App Member'
	and changed.role not in (select u.role from user_roles u) $$);
-- What opens gates, or makes somebody one who does.
call define_expansion('grants', 'holdings', array['user_id', 'role'], $$
	select h.user_id, h.anchor, h.role from holdings_at(at) h where h.anchor <> platform()
	and h.user_id = any (array(select changed.user_id from {changed} join roles r on r.id = changed.role and r.opens <> '{}')) $$,
	$$ exists (select from roles r where r.opens <> '{}' and r.id = any (every_role)) $$);
-- A group in use makes whoever administers it a user of that kind, an archived one does not.
call define_expansion('groups', 'holdings', array['id', 'archived'], $$
	select h.user_id, h.anchor, h.role from holdings_at(at) h where h.anchor <> platform()
	and h.user_id = any (array(select a.user_id from administrators_ever(every_id) a)) $$,
	$$ exists (select from administrators_ever(every_id)) $$);
call define_expansion('users', 'holdings', array['id', 'active'], $$
	select h.user_id, h.anchor, h.role from holdings_at(at) h where h.user_id = any (every_id) $$);
call define_expansion('apps', 'holdings', array['id', 'owner'], $$
	select changed.owner, changed.id, r.id from {changed}, roles r where r.kind = 'project' and r.name = 'Owner' $$);
call define_expansion('role_permissions', 'holdings', array['role', 'permission'], $$
	select h.user_id, h.anchor, h.role from holdings_at(at) h where h.role = any (every_role) $$);
call define_expansion('role_environments', 'holdings', array['role', 'kind', 'access'], $$
	select h.user_id, h.anchor, h.role from holdings_at(at) h where h.role = any (every_role) $$);
call define_expansion('role_environment_permissions', 'holdings', array['role', 'kind', 'permission'], $$
	select h.user_id, h.anchor, h.role from holdings_at(at) h where h.role = any (every_role) $$);
call define_expansion('nodes', 'holdings', array['app', 'technical_contact'], $$
	select changed.technical_contact, changed.app, r.id from {changed}, roles r where r.kind = 'project' and r.name = 'Technical Contact' $$);
call define_expansion('environment_settings', 'holdings', array['environment', 'user_id', 'permission', 'allowed'], $$
	select changed.user_id, changed.environment, r.role from {changed}
	join setting_roles r on r.permission = changed.permission and r.allowed = changed.allowed $$);
-- What an app is reached by, its environments are too.
call define_expansion('apps', 'reach', array['id', 'owner_group', 'archived'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t
	where t.resource = any (every_id || array(select e.id from environments_ever() e where e.app = any (every_id))) $$);
call define_expansion('environments', 'reach', array['id', 'app'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t where t.resource = any (every_id) $$);
call define_expansion('access_group_apps', 'reach', array['access_group', 'app'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t where t.anchor = any (every_access_group)
	and t.resource = any (every_app || array(select e.id from environments_ever() e where e.app = any (every_app))) $$);
call define_expansion('groups', 'reach', array['id'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t where t.resource = any (every_id) $$);
call define_expansion('clusters', 'reach', array['id'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t where t.resource = any (every_id) $$);
call define_expansion('group_namespaces', 'reach', array['group_id', 'namespace'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t where t.resource = any (every_namespace) and t.via = any (every_group_id) $$);
-- Of the groups above only those where somebody holds something: few of a long chain.
call define_expansion('group_closure', 'reach', array['ancestor', 'descendant'], $$
	select t.anchor, t.resource, t.kind from reach_at(at) t join {changed} on changed.ancestor = t.anchor and changed.descendant = t.via
	where t.anchor = any (array(select distinct a from unnest(every_ancestor) a))
	and t.via = any (array(select distinct d from unnest(every_descendant) d)) $$, 'true',
	$$ select array_agg(c.ancestor), array_agg(c.descendant) into every_ancestor, every_descendant
		from unnest(every_ancestor, every_descendant) c(ancestor, descendant) where c.ancestor = any (array(select unnest(held_places(every_ancestor)))); $$);
