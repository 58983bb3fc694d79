-- SPDX-License-Identifier: Apache-2.0
-- The difference between two revisions: who may do more, or less, on what.
--
-- Asked for everything at once this would compare all access with all access. So each fact that changed is expanded into
-- the pairs of person and resource it may have touched (too many is allowed, too few is not), and only these are compared.

alter table fact_tables add column expansion regprocedure;

-- Register how a changed row of a fact table expands. body selects user_id and resource; $1 and $2 are the revisions.
create procedure define_expansion(fact text, body text) language plpgsql set search_path = roster, pg_temp as $$
begin
	execute format('create function %I(first bigint, last bigint) returns table (user_id uuid, resource integer) language sql stable
		set search_path = roster, pg_temp as $f$ %s $f$', 'expand_' || fact, body);
	update fact_tables f set expansion = format('roster.%I(bigint, bigint)', 'expand_' || fact)::regprocedure
	where f.name = to_regclass('roster.' || fact);
end $$;

call define_expansion('grants', $$
	select b.user_id, t.resource from grants_between($1, $2) b join reach_within($1, $2) t on t.anchor = b.anchor $$);
call define_expansion('users', $$
	select b.id, t.resource from users_between($1, $2) b
	join holdings_within($1, $2) h on h.user_id = b.id join reach_within($1, $2) t on t.anchor = h.anchor $$);
call define_expansion('group_closure', $$
	select h.user_id, t.resource from group_closure_between($1, $2) b
	join holdings_within($1, $2) h on h.anchor = b.ancestor
	join reach_within($1, $2) t on t.anchor = b.ancestor and t.via = b.descendant $$);
call define_expansion('groups', $$
	select h.user_id, b.id from groups_between($1, $2) b
	join reach_within($1, $2) t on t.resource = b.id join holdings_within($1, $2) h on h.anchor = t.anchor $$);
call define_expansion('apps', $$
	select h.user_id, b.id from apps_between($1, $2) b
	join reach_within($1, $2) t on t.resource = b.id join holdings_within($1, $2) h on h.anchor = t.anchor $$);
call define_expansion('clusters', $$
	select h.user_id, b.id from clusters_between($1, $2) b
	join reach_within($1, $2) t on t.resource = b.id join holdings_within($1, $2) h on h.anchor = t.anchor $$);
call define_expansion('group_namespaces', $$
	select h.user_id, b.namespace from group_namespaces_between($1, $2) b
	join reach_within($1, $2) t on t.resource = b.namespace join holdings_within($1, $2) h on h.anchor = t.anchor $$);
call define_expansion('role_permissions', $$
	select h.user_id, t.resource from role_permissions_between($1, $2) b
	join holdings_within($1, $2) h on h.role = b.role join reach_within($1, $2) t on t.anchor = h.anchor $$);

-- Pairs that may differ between two revisions.
create function touched_pairs(first bigint, last bigint) returns table (user_id uuid, resource integer)
language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	body text := (select string_agg(format('select * from roster.%I($1, $2)', 'expand_' || c.relname), ' union ')
		from fact_tables f join pg_class c on c.oid = f.name);
begin
	return query execute body using first, last;
end $$;

-- Pairs whose permissions or roles differ, with what they were and what they are. Of what came and went in between
-- nothing is said.
create function difference(first bigint, last bigint)
returns table (user_id uuid, resource integer, permissions_before smallint[], permissions_after smallint[], roles_before integer[], roles_after integer[])
-- The planner cannot know how few pairs there are; walking the indexes for each is what we want.
language sql stable security definer set search_path = roster, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
	select p.user_id, p.resource, b.permissions, a.permissions, b.roles, a.roles
	from touched_pairs(first, last) p,
	lateral (select coalesce(array_agg(distinct e.permission), '{}') as permissions, coalesce(array_agg(distinct e.role), '{}') as roles
		from effective_at(first) e where e.user_id = p.user_id and e.resource = p.resource) b,
	lateral (select coalesce(array_agg(distinct e.permission), '{}') as permissions, coalesce(array_agg(distinct e.role), '{}') as roles
		from effective_at(last) e where e.user_id = p.user_id and e.resource = p.resource) a
	where (b.permissions, b.roles) is distinct from (a.permissions, a.roles)
$$;

-- The same by name, for rosterctl: what each person won and lost.
create function difference_named(first bigint, last bigint)
returns table (resource text, login text, roles_won text, roles_lost text, won text, lost text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select resource_name(d.resource), u.login,
		(select string_agg(r.name, ', ' order by r.name) from roles r where r.id = any (d.roles_after) and r.id <> all (d.roles_before)),
		(select string_agg(r.name, ', ' order by r.name) from roles r where r.id = any (d.roles_before) and r.id <> all (d.roles_after)),
		(select string_agg(p.name, ', ' order by p.name) from permissions p where p.id = any (d.permissions_after) and p.id <> all (d.permissions_before)),
		(select string_agg(p.name, ', ' order by p.name) from permissions p where p.id = any (d.permissions_before) and p.id <> all (d.permissions_after))
	from difference(difference_named.first, coalesce(difference_named.last, head())) d join users u on u.id = d.user_id
	order by 1, 2
$$;
