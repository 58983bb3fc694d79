-- SPDX-License-Identifier: Apache-2.0
-- The plan: what is wanted, against what is there. plan(run) says what would change in the model.

-- A source is read in several searches, and what happens meanwhile some of them see and others do not.

-- A group lists somebody nobody knows, and no longer somebody who is there: perhaps he is the same, has another name, and the word
-- of that is on its way. Asked when it is merged.
create function meets_strangers(run bigint) returns boolean language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return exists (select from dropped_edges x where x.run = meets_strangers.run) and exists (
		select from dropped_edges x
		join directory_entries m on m.id = x.member_id and m.gone_since is null
		where x.run = meets_strangers.run
		  and not exists (select from directory_edges k where k.group_id = x.group_id and k.reference = m.reference)
		  and exists (
			select from staged_edges n
			join directory_edges e on e.group_id = n.group_id and e.reference = n.reference and e.member_id is null and e.dangling_since = now()
			where n.run = x.run and n.group_id = x.group_id
			  and not exists (select from directory_entries d where d.reference = n.reference and (d.gone_since is null or d.gone_since = now() or d.closed is not null))
			  and not exists (select from directory_entries d where d.alias = n.reference and (d.gone_since is null or d.gone_since = now() or d.closed is not null))));
end $$;

-- The same of units, asked before the merge, since who is gone by then is in none.
--
-- A unit has another name or is gone, and somebody below it still has the old one; or he has a new one, and there is no such unit:
-- it was renamed while everything was read.
create function meets_homeless(run bigint, source smallint) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (
		select from (
			select p.reference from staged_entries s
			join directory_entries p on p.source = meets_homeless.source and p.external_id = s.external_id and p.kind = 'unit' and p.gone_since is null
			where s.run = meets_homeless.run and s.reference <> p.reference
			union all
			select p.reference from staged_gone x
			join directory_entries p on p.source = meets_homeless.source and p.external_id = x.external_id and p.kind = 'unit' and p.gone_since is null
			where x.run = meets_homeless.run) unit
		where not exists (select from staged_entries o where o.run = meets_homeless.run and o.reference = unit.reference)
		  and exists (
			select from directory_entries d
			where d.parent = unit.reference and d.source = meets_homeless.source and d.kind = 'user' and d.gone_since is null
			  and not exists (select from staged_gone x where x.run = meets_homeless.run and x.external_id = d.external_id)
			  and not exists (select from staged_entries o where o.run = meets_homeless.run and o.external_id = d.external_id and o.parent <> d.parent)))
	or exists (
		select from staged_entries s
		join directory_entries d on d.source = meets_homeless.source and d.external_id = s.external_id and d.kind = 'user' and d.gone_since is null
		join directory_entries p on p.reference = d.parent and p.kind = 'unit'
		where s.run = meets_homeless.run and s.kind = 'user' and s.parent <> d.parent
		  and not exists (select from staged_entries o where o.run = s.run and o.reference = s.parent)
		  and not exists (select from directory_entries o where o.reference = s.parent and o.gone_since is null
			and not exists (select from staged_entries m where m.run = s.run and m.external_id = o.external_id and m.reference <> o.reference)))
$$;

-- How many changes are planned so far: the next ones are numbered from there.
create function planned(run bigint) returns bigint language plpgsql stable set search_path = roster, pg_temp
as $$ begin return (select coalesce(max(c.seq), 0) from planned_changes c where c.run = planned.run); end $$;

-- How many changes of each sort are planned. Nearly all of a large plan is new grants that nobody holds back: those are not
-- counted, but are what is left of the numbers, which have no gaps.
create function planned_counts(run bigint, first bigint, last bigint)
returns table (kind change_kind, action change_action, held boolean, rejected boolean, number bigint)
language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	counted bigint := 0;
begin
	for kind, action, held, rejected, number in
		select c.kind, c.action, c.held, c.rejected, count(*) from planned_changes c
		where c.run = planned_counts.run and c.seq between first and last and (c.kind <> 'grant' or c.action <> 'add')
		group by c.kind, c.action, c.held, c.rejected
		union all
		select c.kind, c.action, c.held, c.rejected, count(*) from planned_changes c
		where c.run = planned_counts.run and c.seq between first and last and c.held and c.kind = 'grant' and c.action = 'add'
		group by c.kind, c.action, c.held, c.rejected
	loop
		counted := counted + number;
		return next;
	end loop;
	kind := 'grant';
	action := 'add';
	held := false;
	rejected := false;
	number := last - first + 1 - counted;
	if number > 0 then
		return next;
	end if;
end $$;

-- Those who are called otherwise, and of whom nothing else can follow.
create function renamed_people(run bigint) returns table (entry_id bigint, user_id uuid)
language plpgsql stable rows 1 set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query select t.entry_id, t.user_id
	from touched_entries t
	where t.run = renamed_people.run and t.user_id is not null and t.renamed
	  and t.entry_id not in (select a.entry_id from affected_people a where a.run = renamed_people.run);
end $$;

-- New people, those who return, and those whose login changed, against everybody who keeps the login he has. Of several who want one
-- that nobody keeps none gets it. Who is refused keeps his own, which may refuse the next: so it does not matter of whom else a run
-- is about. No more than these may be asked: who was suspended by hand wants nothing, nor does one whose login another source says.
create function plan_rivals(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	insert into quarantine (source, external_id, what, why, stage, run)
	with recursive newcomers as materialized (
		select d.id, d.external_id, d.dn, coalesce(l.login, d.login) as login, lower(normalize(coalesce(l.login, d.login), NFKC)) as login_key, u.id as user_id
		from affected_people a
		join directory_entries d on d.id = a.entry_id and d.gone_since is null
		left join identities i on i.source = d.source and i.external_id = d.external_id
		left join linked_people l on l.run = a.run and l.entry_id = a.entry_id
		left join users u on u.id = coalesce(i.user_id, l.user_id)
		where a.run = plan_rivals.run and (u.id is null or i.gone_since is not null
			or u.active and coalesce(l.named_by, u.attributes_from) = coalesce(l.named_by, plan_rivals.source)
				and u.login_key <> lower(normalize(coalesce(l.login, d.login), NFKC)))
		  and not exists (select from quarantine q where q.source = d.source and q.stage = 'person' and q.external_id = d.external_id)
	), contested as (
		select n.login_key from newcomers n group by n.login_key having count(*) > 1
		union
		select n.login_key from newcomers n join users h on h.login_key = n.login_key and h.active and h.id is distinct from n.user_id
	), rivals as (
		select n.*, first_value(n.dn) over same as first_dn, last_value(n.dn) over same as last_dn, count(*) over same as claims
		from newcomers n where n.login_key in (select c.login_key from contested c)
		window same as (partition by n.login_key order by n.id rows between unbounded preceding and unbounded following)
	), claims as materialized (
		-- gives_up: the entry of the holder, if he is gone or wants another login
		select r.*, h.id as holder, g.id as gives_up
		from rivals r
		left join users h on h.login_key = r.login_key and h.active and h.id is distinct from r.user_id
		left join lateral (
			select d.id from identities i
			join directory_entries d on d.source = i.source and d.external_id = i.external_id
			join affected_people a on a.run = plan_rivals.run and a.entry_id = d.id
			where i.user_id = h.id and i.source = plan_rivals.source and case
				when d.gone_since is null then h.attributes_from = i.source and lower(normalize(d.login, NFKC)) <> h.login_key
				else not exists (select from held_changes k where k.source = i.source and k.kind = 'user'
					and k.external_id = i.external_id and k.state <> 'approved') end
			limit 1) g on true
	), refused(id) as (
		select c.id from claims c where c.claims > 1 or c.holder is not null and c.gives_up is null
		union
		select c.id from refused r join claims c on c.gives_up = r.id
	)
	select plan_rivals.source, n.external_id, n.dn, format('login "%s" belongs to %s already; give one of them another login%s', n.login,
		coalesce('user ' || h.login || ' (' || h.id || coalesce(', in source ' || w.name || ' ' || w.dn, '') || ')', case when n.dn = n.first_dn then n.last_dn else n.first_dn end),
		case when h.attributes_from = 0 and n.user_id is null then format(', or say that they are one: rosterctl user link %s %s', h.login,
			(select s.name from sources s where s.id = plan_rivals.source)) else '' end),
		'person', plan_rivals.run
	from refused r
	join claims n on n.id = r.id
	left join users h on h.id = n.holder and (n.gives_up is null or n.gives_up in (select o.id from refused o))
	left join lateral (select s.name, d.dn from identities i join sources s on s.id = i.source
		join directory_entries d on d.source = i.source and d.external_id = i.external_id
		where i.user_id = h.id and i.gone_since is null order by s.position limit 1) w on true;
end $$;

create function plan_people(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	if not exists (select from affected_people a where a.run = plan_people.run) then
		insert into planned_changes (run, seq, kind, action, entry_id, user_id)
		select plan_people.run, row_number() over (order by n.entry_id), 'user', 'change', n.entry_id, n.user_id
		from renamed_people(plan_people.run) n;
		return;
	end if;
	-- Most of the affected are here as they were.
	if not exists (select from quarantine q where q.source = plan_people.source and q.stage = 'person')
			and not exists (select from touched_entries t where t.run = plan_people.run and t.user_id is not null)
			and not exists (select from affected_people a join directory_entries d on d.id = a.entry_id
				left join identities i on i.source = d.source and i.external_id = d.external_id and i.gone_since is null
				left join users u on u.id = i.user_id
				where a.run = plan_people.run and (d.gone_since is not null or u.id is null or not u.active
					or (u.login, u.email, u.name) is distinct from (d.login, d.email, d.name))) then
		return;
	end if;
	delete from quarantine q using affected_people a join directory_entries d on d.id = a.entry_id
	where a.run = plan_people.run and q.source = plan_people.source and q.stage = 'person' and d.source = q.source and d.external_id = q.external_id;
	perform find_links(run, source), plan_rivals(run, source);

	insert into planned_changes (run, seq, kind, action, entry_id, user_id)
	select plan_people.run, row_number() over (order by c.id), 'user', c.action, c.id, c.user_id
	from (
		select d.id, u.id as user_id, case
			when d.gone_since is not null then
				case when u.id is not null and i.gone_since is null
					then case when d.gone_explicit then 'disable' else 'vanish' end end
			when u.id is null then 'add'
			when i.user_id is null then 'link'
			when i.gone_since is not null then 'return'
			when l.named_by is not null then case when (u.login, u.email, u.name) is distinct from (l.login, l.email, l.name) then 'change' end
			when u.attributes_from = plan_people.source
				and (u.login, u.email, u.name) is distinct from (d.login, d.email, d.name) then 'change'
			end::change_action as action
		from affected_people a
		join directory_entries d on d.id = a.entry_id
		left join identities i on i.source = d.source and i.external_id = d.external_id
		left join linked_people l on l.run = a.run and l.entry_id = a.entry_id
		left join users u on u.id = coalesce(i.user_id, l.user_id)
		where a.run = plan_people.run
		  and not exists (select from quarantine q where q.source = d.source and q.stage = 'person' and q.external_id = d.external_id)
		union all
		select n.entry_id, n.user_id, 'change' from renamed_people(plan_people.run) n
	) c where c.action is not null;
end $$;

-- Of a source that gave nobody anything yet all that is wanted is new, and there is nothing to compare it with.
create function plan_first_grants(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp set work_mem = '160MB' as $$
begin
	insert into planned_changes (run, seq, kind, action, entry_id, user_id, anchor_key, role, rule, via)
	select plan_first_grants.run, (select planned(plan_first_grants.run)) + row_number() over (order by w.anchor_key, w.entry_id, w.role),
		'grant', 'add', w.entry_id, w.user_id, w.anchor_key, w.role, w.rule, w.via
	from wanted(run, source, null) w;
end $$;

-- Groups that a rule names and that are not there.
create function plan_new_groups(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	if not exists (select from wanted_anchors k left join groups g on g.id = k.resource
			where k.run = plan_new_groups.run and k.anchor like '/%' and (k.resource is null or g.archived)) then
		return;
	end if;
	insert into planned_changes (run, seq, kind, action, anchor_key, rule)
	select plan_new_groups.run, (select planned(plan_new_groups.run)) + row_number() over (order by k.key), 'group', 'add', k.key,
		(select min(m.rule) from directory_mappings m join directory_entries d on d.id = m.entry_id
			where m.anchor_key = k.anchor_key and d.source = plan_new_groups.source)
	from wanted_anchors k left join groups g on g.id = k.resource
	where k.run = plan_new_groups.run and k.anchor like '/%' and (k.resource is null or g.archived and exists (
		select from directory_mappings m join directory_entries d on d.id = m.entry_id
		where m.anchor_key = k.anchor_key and d.source = plan_new_groups.source and d.gone_since is null));
end $$;

-- Groups made by a rule that no rule wants any more, as far as they and everything below hold nothing once the planned
-- removals are done. Asked only when the whole directory was looked at.
create function plan_old_groups(run bigint, source smallint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	insert into wanted_anchors (run, key, anchor, anchor_key, resource)
	with going as (
		select c.user_id, k.resource, c.role from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
		where c.run = plan_old_groups.run and c.kind = 'grant' and c.action = 'remove'
	), unwanted as materialized (
		select g.id, coalesce(g.made_for, '') as made_for from groups g
		where g.made_by = plan_old_groups.source and not g.archived and not exists (
			select from directory_mappings m cross join lateral (select o.source, o.gone_since from directory_entries o where o.id = m.entry_id offset 0) d
			where m.anchor_key = g.made_for and d.source = plan_old_groups.source and d.gone_since is null)
	)
	select plan_old_groups.run, 1000000000 + u.id, group_path(u.id), u.made_for, u.id
	from unwanted u
	-- One that is kept is enough, and nearly every group has one near the top.
	where not exists (
		select from group_closure c cross join lateral (select g.* from groups g where g.id = c.descendant offset 0) g
		where c.ancestor = u.id and (g.made_by <> plan_old_groups.source
			or exists (select from directory_mappings m cross join lateral (
				select o.source, o.gone_since from directory_entries o where o.id = m.entry_id offset 0) d
				where m.anchor_key = g.made_for and d.source = plan_old_groups.source and d.gone_since is null)
			or exists (select from grants h join roles r on r.id = h.role where h.anchor = g.id and r.kind <> 'platform'
				and not (h.source = plan_old_groups.source
					and exists (select from going o where o.user_id = h.user_id and o.resource = h.anchor and o.role = h.role)))
			or exists (select from apps a where a.owner_group = g.id)
			or exists (select from group_namespaces n where n.group_id = g.id)));

	insert into planned_changes (run, seq, kind, action, anchor_key)
	select plan_old_groups.run, (select planned(plan_old_groups.run)) + row_number() over (order by k.key), 'group', 'archive', k.key
	from wanted_anchors k where k.run = plan_old_groups.run and k.key > 1000000000;
end $$;

-- Does a group lose its last holder?
create function loses_all(run bigint) returns boolean language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return exists (
		select from (
			select k.resource, count(*) as removed from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
			where c.run = loses_all.run and c.kind = 'grant' and c.action = 'remove' group by k.resource) l
		where not exists (select from grants h join roles r on r.id = h.role and r.kind <> 'platform' where h.anchor = l.resource offset l.removed));
end $$;

create function plan_grants(run bigint, source smallint, many boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	few bigint[];
begin
	if not exists (select from affected_people a where a.run = plan_grants.run offset 100) then
		few := array(select g.upper from groups_above g where g.run = plan_grants.run
			union select x from affected_people a join directory_entries p on p.id = a.entry_id
				left join directory_entries u on u.reference = p.parent, unnest(array[p.id, u.id]) x where a.run = plan_grants.run);
	end if;
	insert into wanted_grants (run, entry_id, user_id, anchor_key, role, rule, via, resource)
	select plan_grants.run, w.* from wanted(plan_grants.run, plan_grants.source, few) w;
	if many then
		analyze wanted_grants;
	end if;
	insert into planned_changes (run, seq, kind, action, entry_id, user_id, anchor_key, role, rule, via)
	select plan_grants.run, (select planned(plan_grants.run)) + row_number() over (order by c.action, c.key, c.entry_id, c.role),
		'grant', c.action, c.entry_id, c.user_id, c.key, c.role, c.rule, c.via
	from (
		select 'add'::change_action as action, w.entry_id, w.user_id, w.anchor_key as key, w.role, w.rule, w.via
		from wanted_grants w
		where w.run = plan_grants.run
		  and not exists (select from grants g where g.user_id = w.user_id and g.anchor = w.resource
			and g.role = w.role and g.source = plan_grants.source)
		union all
		select 'remove', a.entry_id, g.user_id, k.key, g.role, null, x.group_id
		from affected_people a
		join directory_entries d on d.id = a.entry_id and d.gone_since is null
		join identities i on i.source = plan_grants.source and i.external_id = d.external_id
		join grants g on g.user_id = i.user_id and g.source = plan_grants.source
		join (select distinct on (k.resource) k.resource, k.key, k.anchor_key from wanted_anchors k
			where k.run = plan_grants.run order by k.resource, k.key) k
			on k.resource = g.anchor
		-- the group he left, as far as it (or, for a nested one, something above it) opened this door
		left join lateral (select x.group_id from dropped_edges x join directory_entries o on o.id = x.group_id
			where x.run = plan_grants.run and x.member_id = a.entry_id and (o.gone_since is not null
				or exists (select from directory_mappings m where m.entry_id = o.id and m.anchor_key = k.anchor_key)
				or not exists (select from directory_mappings m where m.entry_id = o.id))
			order by o.gone_since is not null, x.group_id limit 1) x on true
		where a.run = plan_grants.run
		  and not exists (select from wanted_grants w
			where w.run = a.run and w.entry_id = a.entry_id and w.resource = g.anchor and w.role = g.role)
	) c;
end $$;

-- Of groups in the plan the names they have now: they may lie elsewhere than where a rule made them.
create function plan_names(run bigint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	-- Given as it is, group_paths() becomes part of the statement below.
	places integer[] := array(select o.resource from wanted_anchors o
		where o.run = plan_names.run and o.anchor like '/%' and o.resource is not null
		  and o.key in (select c.anchor_key from planned_changes c where c.run = plan_names.run));
begin
	if places = '{}' then
		return;
	end if;
	update wanted_anchors k set anchor = n.path from group_paths(places) n
	where k.run = plan_names.run and k.resource = n.group_id and k.anchor like '/%' and k.anchor <> n.path;
end $$;

-- Rules that name an anchor that does not exist and no rule makes: each is named, with those whom it would let in; nothing
-- follows from it, and nobody loses what he has by it.
create function plan_problems(run bigint, source smallint, everything boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	if everything then
		delete from quarantine q where q.source = plan_problems.source and q.stage = 'anchor';
	elsif not exists (select from wanted_anchors k where k.run = plan_problems.run and k.resource is null and k.anchor not like '/%') then
		return;
	end if;
	delete from quarantine q using wanted_anchors k
	where q.source = plan_problems.source and q.stage = 'anchor' and k.run = plan_problems.run and k.resource is null
	  and starts_with(q.why, format('there is no %s for ', k.anchor));
	insert into quarantine (source, what, why, stage, run)
	select plan_problems.source, format('rule %s (%s)', r.name, r.position),
		format('there is no %s for %s%s; create or import it, the next run fills it', k.anchor, array_to_string((array_agg(d.dn order by d.dn))[1:3], ' and '),
			case when count(*) > 3 then format(' and %s more', count(*) - 3) else '' end), 'anchor', plan_problems.run
	from wanted_anchors k
	join directory_mappings m on m.anchor_key = k.anchor_key
	join directory_entries d on d.id = m.entry_id and d.source = plan_problems.source and d.gone_since is null
	join directory_rules r on r.source = d.source and r.ordinal = m.rule
	where k.run = plan_problems.run and k.resource is null and k.anchor not like '/%'
	group by r.name, r.position, k.anchor;
end $$;

-- Whether nobody is affected: nothing was touched, and nobody waits for somebody else.
create function nobody_is_affected(run bigint, source smallint) returns boolean
language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return not exists (select from touched_entries t where t.run = nobody_is_affected.run)
		and not exists (select from dropped_edges d where d.run = nobody_is_affected.run)
		and not exists (select from quarantine q where q.source = nobody_is_affected.source and q.stage = 'person')
		and not exists (select from no_longer_pinned(nobody_is_affected.run, nobody_is_affected.source));
end $$;

-- Whether nothing was touched but what people are called.
create function only_names(run bigint) returns boolean language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return not exists (select from affected_people a where a.run = only_names.run)
		and not exists (select from touched_entries t where t.run = only_names.run and t.user_id is null);
end $$;

-- Fill planned_changes for a merged run. everything: compare everybody, not only the affected. whole: the whole directory
-- was looked at anew, so groups nobody wants any more may be archived; known: it is known, and what changes is looked at.
create function plan(run bigint, everything boolean, whole boolean, known boolean) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp set work_mem = '64MB' as $$
declare
	me runs := running(run);
	src smallint := me.source;
	-- Of what is pushed or comes by cookie there is little, and statistics cost more than a plan that is not the best.
	many boolean := me.kind <> 'push' and whole or everything or exists (select from touched_entries t where t.run = me.id offset 1000)
		or exists (select from dropped_edges d where d.run = me.id offset 1000);
begin
	if not everything and nobody_is_affected(run, src) then
		if whole then
			perform plan_old_groups(run, src);
		end if;
		return;
	end if;
	if many then
		analyze dropped_edges, touched_entries;
	end if;
	-- A recursion clears as much memory as it may have before it begins, since the planner takes what it will find for many.
	perform set_config('work_mem', case when many then '8MB' else '256kB' end, true);
	perform plan_affected(run, src, everything);
	many := many or exists (select from affected_people a where a.run = me.id offset 1000);
	if many then
		analyze affected_people;
		perform set_config('work_mem', '64MB', true);
	end if;
	perform plan_people(run, src);
	if not everything and only_names(run) then
		if whole then
			perform plan_old_groups(run, src);
		end if;
		if many then
			analyze planned_changes (run, seq, kind, action, entry_id, user_id, anchor_key, held);
		end if;
		return;
	end if;
	if many then
		perform set_config('work_mem', '8MB', true);
	end if;
	perform plan_above(run, src, everything);
	if many then
		perform set_config('work_mem', '64MB', true);
		analyze groups_above;
	end if;
	perform plan_anchors(run, src, everything);
	if many then
		analyze wanted_anchors;
	end if;
	perform plan_new_groups(run, src);
	if not exists (select from identities i where i.source = src) then
		perform plan_first_grants(run, src);
	else
		perform plan_grants(run, src, many);
	end if;
	perform plan_names(run);
	if whole or known and loses_all(run) then
		perform plan_old_groups(run, src);
	end if;
	perform plan_problems(run, src, everything);
	if many then
		analyze planned_changes (run, seq, kind, action, entry_id, user_id, anchor_key, held);
	end if;
end $$;

-- The road from what is staged to what the guard is asked, in one step: merge(), plan(), what is held already, and how much
-- it is. whole: as in plan(), or something opens a door no longer and the mirror is known to be all there is. strangers: they are
-- looked for, and when there are some that is all that is said. waiting: the removals that wait for a read that is complete.
create function merge_and_plan(run bigint, complete boolean, everything boolean, whole boolean, known boolean, additions boolean, inout strangers boolean,
	out waiting bigint, out changes bigint, out held bigint, out at_once boolean, out guarded boolean)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	closed boolean := merge(run, complete, everything, additions);
begin
	strangers := strangers and meets_strangers(run);
	if strangers then
		return;
	end if;
	perform plan(run, everything, whole or known and (closed or everything), known);
	perform recall_held(run);
	waiting := case when additions then plan_additions(run) else 0 end;
	if additions then
		perform remember_drops(run);
	end if;
	select c.changes, c.held, c.at_once, c.guarded into changes, held, at_once, guarded from plan_count(run) c;
end $$;
