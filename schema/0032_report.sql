-- SPDX-License-Identifier: Apache-2.0
-- Reports: everything an auditor asks for, complete and in a fixed order. Who, what, since when, why, from which source.
--
-- Names of people are those of today, those of places and roles those of then; rules are told for today only, as the directory
-- is not kept as it was.

-- Who held what at a revision, and since when, with the owners of apps. At the head: now.
create function holdings_since(at bigint)
returns table (user_id uuid, anchor integer, role integer, source smallint, since bigint, expires_at timestamptz)
language sql stable as $$
	select g.user_id, g.anchor, g.role, g.source, grant_since(g.user_id, g.anchor, g.role, g.source, g.since), g.expires_at from grants g where g.since <= at
	union all
	select g.user_id, g.anchor, g.role, g.source, grant_since(g.user_id, g.anchor, g.role, g.source, g.since), g.expires_at from grants_history g where g.since <= at and g.until > at
	union all
	select a.owner, a.id, role_named('project', 'Owner'), 0::smallint, owner_since(a.id, a.owner, a.since), null from apps a where a.since <= at
	union all
	select a.owner, a.id, role_named('project', 'Owner'), 0::smallint, owner_since(a.id, a.owner, a.since), null from apps_history a where a.since <= at and a.until > at
	union all
	select n.technical_contact, n.app, role_named('project', 'Technical Contact'), 0::smallint, n.since, null from nodes n where n.since <= at
	union all
	select n.technical_contact, n.app, role_named('project', 'Technical Contact'), 0::smallint, n.since, null
	from nodes_history n where n.since <= at and n.until > at
	union all
	select s.user_id, s.environment, r.role, 0::smallint, s.since, null from environment_settings s
	join setting_roles r on r.permission = s.permission and r.allowed = s.allowed where s.since <= at
	union all
	select s.user_id, s.environment, r.role, 0::smallint, s.since, null from environment_settings_history s
	join setting_roles r on r.permission = s.permission and r.allowed = s.allowed where s.since <= at and s.until > at
$$;

-- The same with what follows from it: who is in a group is App Member of its apps, who administers one a user of that kind. Each part
-- says its role and its place, so that a question of few people or places looks at few rows.
create function all_holdings_since(at bigint)
returns table (user_id uuid, anchor integer, role integer, source smallint, since bigint, expires_at timestamptz)
language sql stable as $$
	select h.user_id, h.anchor, h.role, h.source, h.since, h.expires_at from holdings_since(at) h
	union all
	select h.user_id, h.anchor, role_named('app', 'App Member'), h.source, min(h.since), null
	from holdings_since(at) h left join roles r on r.id = h.role -- gone, it was no user role
	where h.anchor <> platform() and (r.id is null or r.kind not in ('platform', 'setting') and r.name <> 'App Member')
	  and not exists (select from apps a where a.id = h.anchor) and not exists (select from apps_history a where a.id = h.anchor)
	  -- where it is said, it need not follow
	  and not exists (select from holdings_since(at) m
		where m.role = role_named('app', 'App Member') and m.user_id = h.user_id and m.anchor = h.anchor and m.source = h.source)
	group by h.user_id, h.anchor, h.source
	union all
	select h.user_id, platform(), role_named('platform', 'Administrator of Some Group'), h.source, min(h.since), null
	from holdings_since(at) h
	where h.anchor <> platform() and h.role = any (array(select r.id from roles r where r.kind = 'platform'))
	  and not exists (select from groups o where o.id = h.anchor and o.archived and o.since <= at)
	  and not exists (select from groups_history o where o.id = h.anchor and o.archived and o.since <= at and o.until > at)
	group by h.user_id, h.source
$$;

-- The rules of each source that give a role at a place.
create view rule_doors as
with named as (
	select d.source, m.anchor_key, min(m.anchor) as anchor, m.role, w.name
	from directory_mappings m
	join directory_entries d on d.id = m.entry_id and d.gone_since is null
	join directory_rules w on w.source = d.source and w.ordinal = m.rule
	group by d.source, m.anchor_key, m.role, w.name
), places as (
	select n.source, n.anchor_key, resolve_anchor(n.source, min(n.anchor)) as anchor from named n group by n.source, n.anchor_key
)
select n.source, p.anchor, role_given(n.anchor, n.role) as role,
	array_agg(distinct n.name order by n.name) as rules
from named n join places p using (source, anchor_key)
where p.anchor is not null
group by 1, 2, 3;

-- Which of these rules give this person the role there: asked of the directory only where several might.
create function rules_of(rules text[], user_id uuid, anchor integer, role integer, source smallint) returns text[]
language plpgsql stable set search_path = roster, pg_temp as $$
begin
	if cardinality(rules) > 1 then
		return array(select distinct p.rule from directory_paths(user_id, anchor, role, source) p order by p.rule);
	end if;
	return coalesce(rules, '{}');
end $$;

-- Who takes everything away: a platform administrator, or each what is about himself. What there is in environments only those
-- may read to whom they are open, and only the Technical Contact takes it away (node_report).
create function require_reader(what text, person uuid) returns void language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if not is_owner() and not coalesce(is_administrator(actor()) or person = actor(), false) then
		raise exception '% is not allowed to: report %', acting(), what using errcode = 'insufficient_privilege',
			hint = 'a platform administrator may; everybody is told about himself by rosterctl report access --user or report grants --user';
	end if;
end $$;

create function report_grants(who text, place text, as_of bigint)
returns table (login text, name text, user_id uuid, active boolean, anchor text, role text, source text, rule text[],
	since bigint, since_at timestamptz, given_by text, cause text, expires_at timestamptz)
language plpgsql stable security definer set search_path = roster, pg_temp set work_mem = '64MB' set jit = off as $$
declare
	person uuid := case when who is not null then need_user(who) end;
	moment bigint := coalesce(need_revision(as_of), head());
	here integer := case when place is not null then resource_named(place, moment) end;
	today boolean := moment = head();
begin
	perform require_reader('grants', person);
	return query
	with names as materialized (select * from resource_names where today union all select * from resource_names_at(moment) where not today),
	titles as materialized (select r.id, role_name(r.id, moment) as name from role_names r),
	doors as materialized (select * from rule_doors d where today)
	select u.login, u.name, u.id, case when today then u.active else coalesce((select o.active from users_history o where o.id = u.id and o.since <= moment and o.until > moment), u.active) end,
		n.name, r.name, s.name,
		rules_of(d.rules, h.user_id, h.anchor, h.role, h.source), h.since, v.at, coalesce(b.login, v.login::text), v.cause, h.expires_at
	from holdings_since(moment) h
	join users u on u.id = h.user_id
	join sources s on s.id = h.source
	left join names n on n.resource = h.anchor
	left join titles r on r.id = h.role
	left join doors d on d.source = h.source and d.anchor = h.anchor and d.role = h.role
	left join revisions v on v.id = h.since
	left join users b on b.id = v.actor
	where (person is null or h.user_id = person) and (here is null or h.anchor = here)
	order by u.login_key, u.id, n.name collate "C", r.name collate "C", s.name;
end $$;

-- Everything at once: which roles reach a resource from a person is few sets, and what a set permits is worked out once. The
-- views of now know more indexes than the functions that take a revision.
create function report_access(who text, place text, as_of bigint)
returns table (login text, name text, user_id uuid, resource text, permissions text[], role text, anchor text, distance integer, source text,
	rule text[], since bigint, since_at timestamptz, given_by text, cause text)
language plpgsql stable security definer set search_path = roster, pg_temp set work_mem = '64MB' set jit = off as $$
declare
	person uuid := case when who is not null then need_user(who) end;
	moment bigint := coalesce(need_revision(as_of), head());
	here integer := case when place is not null then resource_named(place, moment) end;
	today boolean := moment = head();
	-- From where that place is reached: a condition of every part of what people hold, as a join is not.
	places integer[];
begin
	perform require_reader('access', person);
	if here is not null then
		places := case when today then array(select distinct t.anchor from reach t where t.resource = here)
			else array(select distinct t.anchor from reach_at(moment) t where t.resource = here) end;
	end if;
	return query execute regexp_replace($query$
	with names as materialized (select * from {resource_names}), titles as materialized (
		select r.id, role_name(r.id, $3) as name from role_names r),
	doors as materialized (select * from rule_doors d where $4),
	reached as materialized (select distinct h.user_id, t.resource, t.kind, h.role, h.anchor, h.source, t.distance
		from {holdings} h join {active_users} u on u.user_id = h.user_id join {role_kinds} k on k.role = h.role
		join {reach} t on t.anchor = h.anchor and t.kind = k.kind
		where ($1 is null or h.user_id = $1) and ($2 is null or t.resource = $2 and h.anchor = any ($5))),
	sets as materialized (select r.user_id, r.resource, r.kind, array_agg(distinct r.role order by r.role) as roles
		from reached r group by r.user_id, r.resource, r.kind),
	given as materialized (select s.kind, s.roles, m.role, array_agg(distinct p.name order by p.name) as permissions
		from (select distinct s.kind, s.roles from sets s) s
		join {role_meanings} m on m.kind = s.kind and m.role = any (s.roles) and (m.unless is null or m.unless <> all (s.roles))
			and (m.needs is null or m.needs <@ array(select g.gate from {role_gates} g where g.kind = s.kind and g.role = any (s.roles)))
		join permissions p on p.id = m.permission
		group by s.kind, s.roles, m.role),
	since as materialized (select * from all_holdings_since($3) h where ($1 is null or h.user_id = $1) and ($2 is null or h.anchor = any ($5)))
	select u.login, u.name, u.id, n.name, g.permissions, r.name, c.name, a.distance, s.name,
		rules_of(d.rules, a.user_id, a.anchor, a.role, a.source), h.since, v.at, coalesce(b.login, v.login::text), v.cause
	from reached a
	join sets x on x.user_id = a.user_id and x.resource = a.resource and x.kind = a.kind
	join given g on g.kind = x.kind and g.roles = x.roles and g.role = a.role
	join users u on u.id = a.user_id
	join sources s on s.id = a.source
	left join names n on n.resource = a.resource
	left join names c on c.resource = a.anchor
	left join titles r on r.id = a.role
	left join since h on h.user_id = a.user_id and h.anchor = a.anchor and h.role = a.role and h.source = a.source
	left join doors d on d.source = a.source and d.anchor = a.anchor and d.role = a.role
	left join revisions v on v.id = h.since
	left join users b on b.id = v.actor
	order by u.login_key, u.id, n.name collate "C", r.name collate "C", c.name collate "C", s.name, a.distance
	$query$, '\{(\w+)\}', case when today then '\1' else '\1_at($3)' end, 'g')
	using person, here, moment, today, places;
end $$;

-- What groups list without there being anybody: names nobody is known by, and people who are gone. It gives nobody anything.
-- source: one, or null for all.
create function report_dangling(source text) returns table (source_name text, group_dn text, value text, why text, since timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select s.name, g.dn, coalesce(e.reference_text, (select listed_as(i.user_id, d, e.reference, '(something it was called before)') from identities i where i.source = d.source and i.external_id = d.external_id), d.dn, (select min(o.dn collate "C") from directory_entries o where o.reference = e.reference and o.gone_since is null),
			'(a name that somebody else has now)'),
		case when d.id is not null then case when d.closed is not null then 'the account is closed' else 'is gone' end
			when exists (select from doubtful_edges x where x.group_id = e.group_id and x.reference = e.reference) then 'changed hands'
			when exists (select from directory_entries o where o.alias = e.reference and o.gone_since is null)
				or (select count(*) from directory_entries o where o.reference = e.reference and (o.gone_since is null or o.closed is not null)) > 1 then 'several have it'
			else 'nobody known has it' end,
		coalesce(e.dangling_since, d.gone_since)
	from directory_edges e
	join directory_entries g on g.id = e.group_id and g.gone_since is null
	join sources s on s.id = g.source
	left join directory_entries d on d.id = e.member_id
	where (e.member_id is null or d.gone_since is not null) and (report_dangling.source is null or s.id = need_source(report_dangling.source))
	order by s.position, g.dn collate "C", coalesce(e.reference_text, d.dn) collate "C", g.id
$$;
grant execute on function report_dangling(text) to roster_admin, roster_daemon;

grant execute on function report_grants(text, text, bigint), report_access(text, text, bigint) to roster_admin;
