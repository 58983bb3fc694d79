-- SPDX-License-Identifier: Apache-2.0
-- From the mirror to a plan, the first half: what the rules say of entries, whom a run may be about, and what is wanted for them.
--
-- The unit of comparison is the person: whoever may be affected by what was merged is compared whole, what the rules want
-- for him against what this source gave him. So the cost follows what changed. A person who is gone or could not be read
-- is not compared: what he has stays.

create type change_kind as enum ('user', 'group', 'grant');
create type change_action as enum ('add', 'link', 'change', 'return', 'vanish', 'disable', 'remove', 'archive');

create unlogged table affected_people (run bigint not null, entry_id bigint not null, primary key (run, entry_id));

create unlogged table groups_above (run bigint not null, group_id bigint not null, upper bigint not null);
create index on groups_above (run);

create unlogged table wanted_grants (
	run bigint not null, entry_id bigint not null, user_id uuid, anchor_key integer not null, role integer not null,
	rule smallint not null, via bigint not null, resource integer); -- as in wanted_anchors
create index on wanted_grants (run);

-- Anchors in the order they print; resource is NULL while the group is still to be made.
create unlogged table wanted_anchors (
	run bigint not null, key integer not null, anchor text not null, anchor_key text not null, resource integer,
	primary key (run, key));

create unlogged table planned_changes (
	run bigint not null,
	seq bigint not null,
	kind change_kind not null,
	action change_action not null,
	entry_id bigint,
	user_id uuid,
	anchor_key integer, -- grants and groups
	role integer,
	rule smallint,
	via bigint,         -- the directory entry that opens (or opened) the door
	held boolean not null default false,     -- it stays undone
	rejected boolean not null default false, -- held, and nobody is asked any more
	approved boolean not null default false, -- somebody agreed: the guard does not count it again
	reason text,                             -- why it is held now
	successor integer,                       -- of a removal that waits with the role that is to come in its place: that one
	primary key (run, seq)
);
-- In a large plan nearly all is new grants.
create index on planned_changes (run, kind, action) where kind <> 'grant' or action <> 'add';
create index on planned_changes (run) where held;

-- The rules as they are now, in order; replaces what was there.
-- admins: one comma-separated list of logins for each rule.
create function set_rules(source smallint, names text[], positions text[], admins text[]) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	-- What a rule gave that is no longer there goes with it.
	delete from directory_mappings m using directory_entries d, directory_rules r
	where d.source = set_rules.source and m.entry_id = d.id and r.source = d.source and r.ordinal = m.rule and r.name <> all (names);
	update directory_mappings m set rule = n.ordinal
	from directory_entries d, directory_rules r, unnest(names) with ordinality n(name, ordinal)
	where d.source = set_rules.source and m.entry_id = d.id and r.source = d.source and r.ordinal = m.rule
	  and n.name = r.name and n.ordinal <> r.ordinal;
	delete from directory_rules r where r.source = set_rules.source;
	insert into directory_rules (source, ordinal, name, position, admins)
	select set_rules.source, n.ordinal, n.name, n.place, string_to_array(n.logins, ',')
	from unnest(names, positions, set_rules.admins) with ordinality n(name, place, logins, ordinal);
end $$;

-- New mappings replace those of the same entry, except of rules that could not be evaluated this time. everything: the
-- rules changed, and every entry was evaluated anew. True when a mapping went.
create function merge_mappings(run bigint, source smallint, everything boolean, many boolean) returns boolean
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	closed boolean;
	ids bigint[];
begin
	-- Nearly always they are what they were. People are all among those who were touched.
	if not everything and not many and not exists (select from staged_gone g where g.run = merge_mappings.run) then
		ids := case when exists (select from staged_entries s where s.run = merge_mappings.run and s.kind <> 'user')
			then array(select d.id from staged_entries s join directory_entries d on d.source = merge_mappings.source and d.external_id = s.external_id
				where s.run = merge_mappings.run)
			else array(select distinct t.entry_id from touched_entries t where t.run = merge_mappings.run) end;
		if (
				select array_agg(row(d.id, m.rule, m.anchor, m.role, m.captures) order by d.id, m.rule, m.anchor, m.role, m.captures)
				from staged_mappings m join directory_entries d on d.source = merge_mappings.source and d.external_id = m.external_id
				where m.run = merge_mappings.run) is not distinct from (
				select array_agg(row(o.entry_id, o.rule, o.anchor, o.role, o.captures) order by o.entry_id, o.rule, o.anchor, o.role, o.captures)
				from directory_mappings o where o.entry_id = any (ids)) then
			return false;
		end if;
	end if;
	with looked_at as (
		select s.external_id, true as whatever from staged_entries s where s.run = merge_mappings.run
		union
		select g.external_id, false from staged_gone g where g.run = merge_mappings.run
	), evaluated as (
		select d.id, d.external_id from directory_entries d where everything and d.source = merge_mappings.source
		union all
		select d.id, d.external_id from looked_at l
		join directory_entries d on d.source = merge_mappings.source and d.external_id = l.external_id
		where not everything and (l.whatever or d.kind <> 'user')
	), said as (
		select d.id as entry_id, m.rule, m.anchor, m.role, m.captures
		from staged_mappings m
		join directory_entries d on d.source = merge_mappings.source and d.external_id = m.external_id
		-- Rules look at everything as it was before: of a group or unit that goes with this run nothing is said, so that its
		-- return is news.
		where m.run = merge_mappings.run and (d.kind = 'user' or d.gone_since is null)
	), gone as (
		delete from directory_mappings o using evaluated e
		where o.entry_id = e.id
		  and not exists (select from said n where n.entry_id = o.entry_id and n.rule = o.rule and n.anchor = o.anchor
			and n.role is not distinct from o.role and n.captures = o.captures)
		  and not exists (select from staged_problems p where p.run = merge_mappings.run
			and p.external_id = e.external_id and p.rule = o.rule and p.lasting)
		returning o.entry_id
	), fresh as (
		insert into directory_mappings (entry_id, rule, anchor, role, captures)
		select * from said n
		where not exists (select from directory_mappings o where o.entry_id = n.entry_id and o.rule = n.rule
			and o.anchor = n.anchor and o.role is not distinct from n.role and o.captures = n.captures)
		returning entry_id
	), touched as (
		insert into touched_entries select merge_mappings.run, entry_id from gone
		union select merge_mappings.run, entry_id from fresh
	)
	select exists (select from gone) into closed;
	return closed;
end $$;

-- The role that a name means at a place, as rules write both: at the platform a user role, elsewhere one of apps before one
-- of teams; NULL is the administration of a group. None when there is none that a rule may give there. Without a search path
-- of its own it becomes part of the statement that asks, whose path it is.
create function roles_given(anchor text, role text) returns setof integer language sql stable as $$
	select r.id from roster.roles r
	where r.name_key = case when role is null then 'group administrator' else lower(normalize(role, NFKC)) end
	  and r.origin is null and not r.structural
	  and case when role is null then r.kind = 'platform'
		when anchor = 'platform' then r.kind = 'platform' and r.name <> 'Group Administrator'
		else r.kind in ('project', 'app') end
	order by r.kind desc limit 1
$$;
create function role_given(anchor text, role text) returns integer language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return (select * from roles_given(anchor, role));
end $$;

-- What an anchor of the rules names today. A group that a rule made is found by what it was made for, wherever an
-- administrator has moved it since.
create function resolve_anchor(source smallint, anchor text) returns integer language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return case
		when anchor = 'platform' then platform()
		when anchor like 'app:%' then (select a.id from apps a where a.name_key = lower(normalize(substr(anchor, 5), NFKC)))
		when anchor like 'access-group:%' then
			(select x.id from access_groups x where x.name_key = lower(normalize(substr(anchor, 14), NFKC)))
		else coalesce(
			(select g.id from groups g where g.made_by = resolve_anchor.source and g.made_for = lower(normalize(resolve_anchor.anchor, NFKC))),
			group_at(anchor))
		end;
end $$;

-- The same of many anchors, each named once: one walk down the tree for all of them.
create function resolve_anchors(source smallint, anchors text[]) returns table (anchor text, resource integer)
language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query
	with recursive asked as materialized (
		select a.anchor, g.id as made, array_remove(string_to_array(trim(both '/' from a.anchor), '/'), '') as part
		from unnest(anchors) a(anchor)
		left join groups g on g.made_by = resolve_anchors.source and g.made_for = lower(normalize(a.anchor, NFKC))
	), walked(anchor, part, depth, id) as (
		select a.anchor, a.part, 0, root_group() from asked a where a.made is null and a.anchor <> 'platform' and a.anchor !~ '^(app|access-group):'
		union all
		select w.anchor, w.part, w.depth + 1, n.id from walked w
		cross join lateral (select g.id from groups g
			where g.parent_id = w.id and g.name_key = lower(normalize(w.part[w.depth + 1], NFKC)) offset 0) n
		where w.depth < cardinality(w.part)
	)
	select a.anchor, case
		when a.anchor = 'platform' then platform()
		when a.anchor like 'app:%' then (select p.id from apps p where p.name_key = lower(normalize(substr(a.anchor, 5), NFKC)))
		when a.anchor like 'access-group:%' then
			(select x.id from access_groups x where x.name_key = lower(normalize(substr(a.anchor, 14), NFKC)))
		else coalesce(a.made, w.id) end
	from asked a left join walked w on w.anchor = a.anchor and w.depth = cardinality(a.part);
end $$;

-- Everybody whose access may follow from a touched entry: the people below it. Of whom nothing changed but what he is called,
-- that alone is compared, in plan_people.
create function plan_affected(run bigint, source smallint, everything boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	if everything then
		insert into affected_people
		select plan_affected.run, d.id from directory_entries d where d.source = plan_affected.source and d.kind = 'user';
	elsif exists (select from touched_entries t where t.run = plan_affected.run and t.user_id is null)
		or exists (select from dropped_edges d where d.run = plan_affected.run and d.member_id is not null)
		or exists (select from quarantine q where q.source = plan_affected.source and q.stage = 'person')
		or exists (select from no_longer_pinned(plan_affected.run, plan_affected.source)) then
		insert into affected_people
		with recursive below(id) as (
			select t.entry_id from touched_entries t where t.run = plan_affected.run and t.user_id is null
			union
			select d.member_id from dropped_edges d where d.run = plan_affected.run and d.member_id is not null
			union
			-- whoever waits because of somebody else: that one may have changed
			select d.id from quarantine q join directory_entries d on d.source = q.source and d.external_id = q.external_id
			where q.source = plan_affected.source and q.stage = 'person'
			union
			-- whoever keeps something because a change was rejected that may now be asked for again
			select d.id from no_longer_pinned(plan_affected.run, plan_affected.source) n
			join directory_entries d on d.source = plan_affected.source and d.external_id = n.external_id
			union
			-- (not all edges are read for the few groups among them)
			select e.member_id from below b
			cross join lateral (select o.member_id from directory_edges o where o.group_id = b.id and o.member_id is not null offset 0) e
		)
		select plan_affected.run, b.id from below b where (select d.kind from directory_entries d where d.id = b.id) = 'user'
		union
		-- the people directly in a unit
		select plan_affected.run, d.id from below b
		cross join lateral (select o.reference, o.source from directory_entries o where o.id = b.id and o.kind = 'unit' offset 0) o
		join directory_entries d on d.parent = o.reference and d.source = o.source and d.kind = 'user';
	end if;
end $$;

-- The groups above everybody affected: (group he is directly in, group that contains it at any depth, itself included).
-- A cycle in the directory ends by itself: a pair is found once.
create function plan_above(run bigint, source smallint, everything boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	insert into groups_above (run, group_id, upper)
	with recursive above(group_id, upper) as (
		select distinct e.group_id, e.group_id
		from affected_people a join directory_edges e on e.member_id = a.entry_id where a.run = plan_above.run and not everything
		union
		-- (of everybody's groups not all edges are read: one in which nobody is opens no door either)
		select d.id, d.id from directory_entries d where everything and d.source = plan_above.source and d.kind = 'group'
		union
		select a.group_id, e.group_id from above a
		cross join lateral (select o.group_id from directory_edges o where o.member_id = a.upper offset 0) e
		where (select s.nested from sources s where s.id = plan_above.source)
	)
	select plan_above.run, group_id, upper from above;
end $$;

-- The anchors in question: those that mappings of these groups, units and people name, those of every touched entry (a
-- group without members has its place all the same), and those where the affected hold something from this source.
create function plan_anchors(run bigint, source smallint, everything boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	insert into wanted_anchors (run, key, anchor, anchor_key, resource)
	with named as (
		select min(m.anchor) as anchor, m.anchor_key
		from (select g.upper as id from groups_above g where g.run = plan_anchors.run
			union
			select t.entry_id from touched_entries t where t.run = plan_anchors.run and t.user_id is null
			union
			select a.entry_id from affected_people a where a.run = plan_anchors.run
			union
			select u.id from affected_people a join directory_entries p on p.id = a.entry_id
			join directory_entries u on u.reference = p.parent where a.run = plan_anchors.run and not everything
			union all
			select o.id from directory_entries o where everything and o.source = plan_anchors.source) l
		join directory_mappings m on m.entry_id = l.id
		cross join lateral (select o.source, o.gone_since from directory_entries o where o.id = m.entry_id offset 0) d
		where d.source = plan_anchors.source and d.gone_since is null
		group by m.anchor_key
	), found as materialized (
		select n.anchor, n.anchor_key, g.id
		from named n left join groups g on g.made_by = plan_anchors.source and g.made_for = n.anchor_key
	), resolved as (
		select f.anchor, f.anchor_key, coalesce(f.id, r.resource) as resource
		from found f left join (
			select a.* from resolve_anchors(plan_anchors.source, array(select o.anchor from found o where o.id is null)) a
			where exists (select from found o where o.id is null)) r on r.anchor = f.anchor
	), held as (
		select distinct g.anchor as resource
		from affected_people a
		join directory_entries d on d.id = a.entry_id
		join identities i on i.source = plan_anchors.source and i.external_id = d.external_id
		join grants g on g.user_id = i.user_id and g.source = plan_anchors.source
		where a.run = plan_anchors.run
	), everywhere as (
		select anchor, anchor_key, resource from resolved
		union all
		select a, lower(normalize(a, NFKC)), h.resource from held h, regexp_replace(resource_name(h.resource), '^group:', '') a
		where h.resource not in (select r.resource from resolved r where r.resource is not null)
	)
	select plan_anchors.run, row_number() over (order by e.anchor collate "C", e.resource), e.anchor, e.anchor_key, e.resource
	from everywhere e;
end $$;

-- What the rules want for the affected people who are here: by a group he is in, at any depth; by the unit he is directly
-- in; or by himself. In the order of the plan, and only of roles and anchors that there are or will be. No search_path: it
-- becomes a part of the statements that ask. few: the entries that may open a door to a few people, since many others may open the
-- same; NULL is any.
create function wanted(of_run bigint, of_source smallint, few bigint[]) returns table (entry_id bigint, user_id uuid, anchor_key integer, role integer,
	rule smallint, via bigint, resource integer)
language sql stable as $$
	with people as (
		select d.id, d.parent, i.user_id
		from affected_people a
		join directory_entries d on d.id = a.entry_id and d.gone_since is null
		left join identities i on i.source = d.source and i.external_id = d.external_id
		where a.run = of_run
		  and (i.user_id is not null or not exists (select from quarantine q
			where q.source = d.source and q.stage = 'person' and q.external_id = d.external_id))
	), near as materialized (
		select m.* from unnest(few) f(id) join directory_mappings m on m.entry_id = f.id
	), mapped as materialized (
		select m.entry_id, k.key, m.rule, m.role, m.anchor = 'platform' as at_platform, k.resource
		from directory_mappings m join wanted_anchors k on k.run = of_run and k.anchor_key = m.anchor_key
		where few is null and (k.resource is not null or k.anchor like '/%')
		union all
		select m.entry_id, k.key, m.rule, m.role, m.anchor = 'platform', k.resource
		from near m join wanted_anchors k on k.run = of_run and k.anchor_key = m.anchor_key
		where k.resource is not null or k.anchor like '/%'
	), named as materialized (
		select n.role, n.at_platform, role_given(case when n.at_platform then 'platform' end, n.role) as id
		from (select distinct o.role, o.at_platform from mapped o) n
	), doors as (
		select o.entry_id, o.key, o.rule, n.id as role, o.resource
		from mapped o join named n on n.at_platform = o.at_platform and n.role is not distinct from o.role
		where n.id is not null
	), opened as (
		select p.id, p.user_id, o.key, o.role, o.rule, o.entry_id, o.resource
		from people p
		join directory_edges e on e.member_id = p.id
		join groups_above a on a.run = of_run and a.group_id = e.group_id
		join doors o on o.entry_id = a.upper
		union all
		select p.id, p.user_id, o.key, o.role, o.rule, o.entry_id, o.resource
		from people p
		join directory_entries u on u.reference = p.parent and u.kind = 'unit' and u.gone_since is null
		join doors o on o.entry_id = u.id
		union all
		select p.id, p.user_id, o.key, o.role, o.rule, o.entry_id, o.resource from people p join doors o on o.entry_id = p.id
	)
	select distinct on (o.key, o.id, o.role) o.id, o.user_id, o.key, o.role, o.rule, o.entry_id, o.resource
	from opened o
	order by o.key, o.id, o.role, o.rule, o.entry_id
$$;

-- One person, several sources -------------------------------------------------------------------------------------------------

-- Of a run: people whom another source knows too, and entries that are found to be somebody whom another source knows.
create unlogged table linked_people (
	run bigint not null,
	entry_id bigint not null,
	user_id uuid not null,
	fresh boolean not null, -- nothing ties the two together yet
	because text,
	login text, email text, name text, -- what he is to be called; NULL when nobody says
	named_by smallint,                 -- the source whose login that is
	primary key (run, entry_id)
);

-- What a person is called: each by the first source in the order of the configuration that says it. What is gone has its say as
-- long as the time of grace. also: an entry that is his from now on.
create function known_as(person uuid, also bigint, out login text, out email text, out name text, out named_by smallint)
language sql stable set search_path = roster, pg_temp set enable_nestloop = on as $$
	select (array_agg(k.login order by k.position, k.source, k.id))[1],
		(array_agg(k.email order by k.position, k.source, k.id) filter (where k.email is not null))[1],
		(array_agg(k.name order by k.position, k.source, k.id) filter (where k.name is not null))[1],
		(array_agg(k.source order by k.position, k.source, k.id))[1]
	from (
		select d.*, s.position from identities i
		join directory_entries d on d.source = i.source and d.external_id = i.external_id
		join sources s on s.id = d.source
		where i.user_id = known_as.person and i.ended_at is null and d.id is distinct from also
		union all
		select d.*, s.position from directory_entries d join sources s on s.id = d.source where d.id = known_as.also) k
$$;

-- Entries that are nobody yet and say the same as one of another source: who that is, or why nobody can be meant. One that is
-- closed ties itself to the person as well: what its source says of him counts.
create function link_candidates(run bigint, source smallint)
returns table (entry_id bigint, external_id text, dn text, link text, closed boolean, user_id uuid, because text, why text)
language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query
	with newcomers as materialized (
		select d.id, d.external_id, d.dn, d.link, link_key(d.link) as key, d.gone_since is not null as closed
		from affected_people a
		join directory_entries d on d.id = a.entry_id and d.link is not null and (d.gone_since is null or d.closed is not null)
		left join identities i on i.source = d.source and i.external_id = d.external_id
		where a.run = link_candidates.run and i.user_id is null
	), said as materialized (
		-- By value and source, so that one that half a company has costs no more than others.
		select k.key, o.source, s.name, count(*) filter (where h.here) as here, min(o.dn) filter (where h.here) as first_dn, max(o.dn) filter (where h.here) as last_dn,
			min(i.user_id::text) as first_user, max(i.user_id::text) as last_user, min(o.dn) filter (where i.user_id is not null) as known_dn
		from (select distinct n.key from newcomers n) k
		join directory_entries o on o.link is not null and link_key(o.link) = k.key and o.kind = 'user'
		join sources s on s.id = o.source and s.retired_at is null
		left join identities i on i.source = o.source and i.external_id = o.external_id
		cross join lateral (select o.gone_since is null or o.closed is not null as here) h
		group by k.key, o.source, s.name
	), meant as (
		select v.key, min(v.first_user)::uuid as user_id, min(v.first_user) <> max(v.last_user) as several,
			string_agg(format('%s in source %s', v.known_dn, v.name), ' and ' order by v.source) filter (where v.first_user is not null) as because,
			(array_agg(v.first_dn order by v.source) filter (where v.here > 1))[1] as twin, (array_agg(v.name order by v.source) filter (where v.here > 1))[1] as twin_source
		from said v where v.source <> link_candidates.source group by v.key having min(v.first_user) is not null
	), judged as (
		select n.*, m.user_id, m.several, m.because, case when o.here > 1 then o.name else m.twin_source end as twin_source,
			case when o.here > 1 then case when o.first_dn = n.dn then o.last_dn else o.first_dn end else m.twin end as twin,
			(select min(i.external_id) from identities i where i.user_id = m.user_id and i.source = link_candidates.source) as known
		from newcomers n join meant m on m.key = n.key left join said o on o.key = n.key and o.source = link_candidates.source
		where m.several or (n.external_id, m.user_id) not in (select k.external_id, k.user_id from kept_apart k where k.source = link_candidates.source)
	)
	select j.id, j.external_id, j.dn, j.link, j.closed, j.user_id, j.because, case
		when j.twin is not null then format('what links it, "%s", is also that of %s in source %s, and only one can be right; correct one of them', j.link, j.twin, j.twin_source)
		when j.several then format('what links it, "%s", is that of several people, %s; correct it, or say who it is: rosterctl user link', j.link, j.because)
		when j.known is not null then format('what links it, "%s", is that of %s, whom this source knows as %s; if that is over: rosterctl user unlink %s %s, and user link',
			j.link, j.because, j.known, j.user_id, (select s.name from sources s where s.id = link_candidates.source)) end
	from judged j;
end $$;

-- Fill linked_people. Of many both sides are hashed: of values that were never asked for the planner has no statistics.
create function find_links(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp set enable_nestloop = on as $$
#variable_conflict use_column
declare
	many boolean := exists (select from affected_people a where a.run = find_links.run offset 1000);
begin
	perform set_config('enable_nestloop', (not many)::text, true);
	if exists (select from affected_people a join directory_entries d on d.id = a.entry_id and d.link is not null
			left join identities i on i.source = d.source and i.external_id = d.external_id where a.run = find_links.run and i.user_id is null) then
		with found as materialized (
			select * from link_candidates(find_links.run, find_links.source)
		), refused as (
			insert into quarantine (source, external_id, what, why, stage, run)
			select find_links.source, f.external_id, f.dn, f.why, 'person', find_links.run from found f where f.why is not null and not f.closed)
		insert into linked_people (run, entry_id, user_id, fresh, because, login, email, name, named_by)
		select find_links.run, f.entry_id, f.user_id, true, format('%s by "%s"', f.because, f.link), k.login, k.email, k.name, k.named_by
		from found f cross join lateral known_as(f.user_id, f.entry_id) k where f.why is null;
	end if;
	if exists (select from identities i where i.linked) then
		insert into linked_people (run, entry_id, user_id, fresh, login, email, name, named_by)
		select find_links.run, d.id, i.user_id, false, k.login, k.email, k.name, k.named_by
		from affected_people a join directory_entries d on d.id = a.entry_id
		join identities i on i.source = d.source and i.external_id = d.external_id and i.linked
		cross join lateral known_as(i.user_id, d.id) k
		where a.run = find_links.run;
	end if;
	if many then
		analyze linked_people;
	end if;
end $$;

-- Entries that say who they are and are somebody else; and those that are one person and do not say so any more.
create function user_duplicates() returns table (login text, id uuid, source text, dn text, other_login text, other_id uuid, other_source text, other_dn text, why text)
language sql stable security definer set search_path = roster, pg_temp set enable_nestloop = off as $$
	with people as (
		select d.link, link_key(d.link) as key, d.dn, d.source, s.name, s.position, u.login, u.id
		from directory_entries d join sources s on s.id = d.source and s.retired_at is null
		join identities i on i.source = d.source and i.external_id = d.external_id join users u on u.id = i.user_id
		where d.link is not null and d.gone_since is null
	), firsts as (
		-- each of the others is compared with one: half a company may have the same value
		select distinct on (p.key) p.* from people p order by p.key, p.position, p.source, p.login
	)
	select a.login, a.id, a.name, a.dn, b.login, b.id, b.name, b.dn, format('both say "%s", and they are two people', b.link)
	from firsts a join people b on b.key = a.key and b.id <> a.id and b.source <> a.source
	union all
	select a.login, a.id, a.name, a.dn, b.login, b.id, b.name, b.dn, format('one says "%s" and the other "%s", and they are one person', a.link, b.link)
	from people a join people b on b.id = a.id and b.key <> a.key and (a.position, a.source) < (b.position, b.source)
	order by 1, 3, 7
$$;
