-- SPDX-License-Identifier: Apache-2.0
-- From a plan to the model: apply(run) does what was planned and is not held, as one revision.

-- In the model is next to nothing, and what is planned is much: it is done at once, since nobody's access waits for it.
create function is_beginning(run bigint) returns boolean language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	return not exists (select from grants g offset 1000)
		and exists (select from planned_changes c where c.run = is_beginning.run and c.kind = 'grant' offset 100000);
end $$;

-- Nobody gets a login that somebody else has when all is done: what the plan expected to become free may have been held,
-- or belong to another source. One who is refused keeps his login, which may refuse the next.
create function apply_rivals(run bigint, source smallint, first bigint, last bigint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	loop
		with refused as (
			update planned_changes c set held = true
			from directory_entries d left join linked_people l on l.run = apply_rivals.run and l.entry_id = d.id, users h
			where c.run = apply_rivals.run and c.seq between first and last and c.kind = 'user' and c.action in ('add', 'link', 'return', 'change')
			  and not c.held and d.id = c.entry_id and h.active and h.login_key = lower(normalize(coalesce(l.login, d.login), NFKC))
			  and h.id is distinct from c.user_id
			  and not exists (select from planned_changes o join directory_entries e on e.id = o.entry_id
				left join linked_people k on k.run = o.run and k.entry_id = o.entry_id
				where o.run = c.run and o.seq between first and last and o.kind = 'user' and o.action = 'change' and not o.held
				  and o.user_id = h.id and lower(normalize(coalesce(k.login, e.login), NFKC)) <> h.login_key)
			returning d.external_id, d.dn, coalesce(l.login, d.login) as login, h.id)
		insert into quarantine (source, external_id, what, why, stage, run)
		select apply_rivals.source, r.external_id, r.dn, format('login "%s" still belongs to user %s; give one of them another login', r.login, r.id),
			'person', apply_rivals.run
		from refused r;
		exit when not found;
	end loop;
end $$;

-- What entries of several sources say of one person (linked_people). Since the plan was made another source may have brought whom
-- one of them means: that is for the next run.
create function join_linked(run bigint, source smallint, first bigint, last bigint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with late as (
		update planned_changes c set held = true from directory_entries d
		where c.run = join_linked.run and c.seq between first and last and c.kind = 'user' and c.action = 'add' and not c.held
		  and d.id = c.entry_id and d.link is not null and exists (
			select from directory_entries o join identities i on i.source = o.source and i.external_id = o.external_id
			where o.link is not null and link_key(o.link) = link_key(d.link) and o.source <> d.source and o.kind = 'user'
			  and not exists (select from kept_apart k where k.source = d.source and k.external_id = d.external_id and k.user_id = i.user_id))
		returning d.external_id, d.dn)
	insert into quarantine (source, external_id, what, why, stage, run)
	select join_linked.source, l.external_id, l.dn, 'another source brought the same person just now: the next run links the two', 'person', join_linked.run from late l;

	with tied as (
		insert into identities (source, external_id, user_id, linked, linked_by)
		select join_linked.source, d.external_id, l.user_id, true, d.link
		from planned_changes c join linked_people l on l.run = c.run and l.entry_id = c.entry_id and l.fresh join directory_entries d on d.id = c.entry_id
		where c.run = join_linked.run and c.seq between first and last and c.kind = 'user' and c.action in ('link', 'disable') and not c.held
		on conflict do nothing
		returning user_id)
	update identities i set linked = true from tied t where i.user_id = t.user_id and not i.linked;
end $$;

-- Nobody gets a login that somebody else has: who would keeps what he is called.
create function name_linked(run bigint, source smallint, first bigint, last bigint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with named as materialized (
		select distinct on (u.id) u.id, d.external_id, d.dn, l.login, lower(normalize(l.login, NFKC)) as login_key, u.login_key as had, l.email, l.name, l.named_by
		from planned_changes c join linked_people l on l.run = c.run and l.entry_id = c.entry_id join directory_entries d on d.id = c.entry_id
		join users u on u.id = l.user_id
		where c.run = name_linked.run and c.seq between first and last and c.kind = 'user' and not c.held and l.named_by is not null
		  and (u.login, u.email, u.name, u.attributes_from) is distinct from (l.login, l.email, l.name, l.named_by)
		order by u.id, c.seq
	), refused as (
		select n.* from named n where n.login_key <> n.had and (select u.active from users u where u.id = n.id)
		  and (exists (select from users h where h.login_key = n.login_key and h.active and h.id <> n.id)
			or exists (select from named o where o.login_key = n.login_key and o.id < n.id))
	), told as (
		insert into quarantine (source, external_id, what, why, stage, run)
		select name_linked.source, r.external_id, r.dn, format('login "%s" still belongs to another user; give one of them another login', r.login), 'person', name_linked.run
		from refused r)
	update users u set login = n.login, email = n.email, name = n.name, attributes_from = n.named_by
	from named n where u.id = n.id and n.id not in (select r.id from refused r);
end $$;

create function apply_people(run bigint, source smallint, first bigint, last bigint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	revision bigint := current_revision(); -- the default would ask for each row
	some_go boolean;
	some_come boolean;
	some_return boolean;
	some_change bigint;
	same_login bigint := 0;
	linking boolean := exists (select from linked_people l where l.run = apply_people.run)
		or exists (select from directory_entries d where d.source = apply_people.source and d.link is not null);
begin
	if linking then
		perform join_linked(run, source, first, last);
	end if;
	-- A statement that finds nothing is planned all the same, and its triggers are called.
	select coalesce(bool_or(c.action in ('vanish', 'disable')), false), coalesce(bool_or(c.action = 'add'), false),
		coalesce(bool_or(c.action = 'return'), false), count(*) filter (where c.action = 'change')
	into some_go, some_come, some_return, some_change
	from planned_changes c where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and not c.held;

	-- Who keeps the login he has takes it from nobody: most change nothing but a name, and then this is all.
	if some_change > 0 then
		update users u set email = d.email, name = d.name
		from planned_changes c join directory_entries d on d.id = c.entry_id
		where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action = 'change' and not c.held
		  and u.id = c.user_id and u.active and u.attributes_from = apply_people.source and u.login = d.login
		  and not (linking and is_linked(u.id));
		get diagnostics same_login = row_count;
	end if;
	if same_login = some_change and not (some_go or some_come or some_return or linking) then
		return;
	end if;

	-- Those who go first: a login they held may be needed by one who comes.
	if some_go then
		with gone as (
			update identities i set gone_since = now()
			from planned_changes c join directory_entries d on d.id = c.entry_id
			where c.run = apply_people.run and c.seq between first and last and c.kind = 'user'
			  and c.action in ('vanish', 'disable') and not c.held
			  and i.source = d.source and i.external_id = d.external_id
			returning i.user_id)
		update users u set active = false from gone g where u.id = g.user_id and u.active
		  and exists (select from sources s where s.id = apply_people.source and s.authoritative);
	end if;

	if exists (select from planned_changes c join directory_entries d on d.id = c.entry_id left join users u on u.id = c.user_id and u.active
			where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action in ('add', 'link', 'return', 'change')
			  and not c.held and u.login is distinct from d.login and u.login_key is distinct from lower(normalize(d.login, NFKC))) then
		perform apply_rivals(run, source, first, last);

		-- Two steps, so that two people may swap logins and a new one may take a login that is given up.
		update users u set login = '~' || u.id
		from planned_changes c join directory_entries d on d.id = c.entry_id left join linked_people l on l.run = c.run and l.entry_id = c.entry_id
		where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action in ('link', 'change')
		  and not c.held and c.user_id = u.id and u.login_key <> lower(normalize(coalesce(l.login, d.login), NFKC));
	end if;

	if some_come then
		with added as materialized (
			select d.external_id, d.login, d.email, d.name, gen_random_uuid() as id
			from planned_changes c join directory_entries d on d.id = c.entry_id
			where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action = 'add' and not c.held
			order by id -- into two indexes in their own order
		), made as (
			insert into users (id, login, email, name, attributes_from, since)
			select id, login, email, name, apply_people.source, revision from added)
		insert into identities (source, external_id, user_id)
		select apply_people.source, a.external_id, a.id from added a;
	end if;

	if some_return then
		update identities i set gone_since = null, ended_at = null, keeps_admin = false
		from planned_changes c join directory_entries d on d.id = c.entry_id
		where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action = 'return' and not c.held
		  and i.source = d.source and i.external_id = d.external_id;
	end if;
	update users u set login = d.login, email = d.email, name = d.name
	from planned_changes c join directory_entries d on d.id = c.entry_id
	where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action in ('return', 'change')
	  and not c.held and u.id = c.user_id and u.attributes_from = apply_people.source
	  and (u.login, u.email, u.name) is distinct from (d.login, d.email, d.name) and not (linking and is_linked(u.id));
	if linking then
		perform name_linked(run, source, first, last);
	end if;
	if some_return then
		update users u set active = true
		from planned_changes c
		where c.run = apply_people.run and c.seq between first and last and c.kind = 'user' and c.action = 'return'
		  and not c.held and c.user_id = u.id and not u.active and is_wanted_active(u);
	end if;
end $$;

-- Admins that a rule names for the groups it makes and whom nobody was when it made them: the clock makes them admins
-- when they are there, once. Who was taken away by hand after that stays away.
create table awaited_admins (
	group_id integer references groups on delete cascade,
	login_key text,
	primary key (group_id, login_key)
);
create index on awaited_admins (login_key);

-- Make the planned groups, level by level from the top, with the parents that are missing on the way.
-- A group that is here is below groups that are here.
create function restore_above(run bigint, first bigint, last bigint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	update groups g set archived = false
	from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key join group_closure above on above.descendant = k.resource
	where c.run = restore_above.run and c.seq between first and last and c.kind = 'group' and c.action = 'add' and not c.held
	  and g.id = above.ancestor and g.archived;
end $$;

create function apply_groups(run bigint, source smallint, first bigint, last bigint) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	deepest integer;
begin
	if not exists (select from planned_changes c where c.run = apply_groups.run and c.seq between first and last and c.kind = 'group') then
		return;
	end if;
	update groups g set archived = false from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
	where c.run = apply_groups.run and c.seq between first and last and c.kind = 'group' and c.action = 'add'
	  and not c.held and g.id = k.resource;

	select max(cardinality(string_to_array(k.anchor, '/'))) into deepest
	from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
	where c.run = apply_groups.run and c.seq between first and last and c.kind = 'group' and c.action = 'add' and not c.held;

	for level in 2 .. coalesce(deepest, 1) loop
		with wanted as (
			select distinct on (lower(normalize(path, NFKC))) path, parent, name, rule
			from (
				select array_to_string(s.part[1:level], '/') as path, array_to_string(s.part[1:level - 1], '/') as parent,
					s.part[level] as name, c.rule, cardinality(s.part) as depth
				from planned_changes c
				join wanted_anchors k on k.run = c.run and k.key = c.anchor_key,
				lateral (select string_to_array(k.anchor, '/') as part) s
				where c.run = apply_groups.run and c.seq between first and last and c.kind = 'group'
				  and c.action = 'add' and not c.held and cardinality(s.part) >= level
			) p
			order by lower(normalize(path, NFKC)), depth, rule -- the rule that names it comes before one that passes it
		), there as materialized (
			select a.* from resolve_anchors(apply_groups.source, array(select w.path from wanted w union select w.parent from wanted w)) a
			where a.resource is not null
		), made as (
			insert into groups (parent_id, name, description, made_by, made_by_rule, made_for)
			select p.resource, w.name, 'made by rule ' || r.name, apply_groups.source, r.name, lower(normalize(w.path, NFKC))
			from wanted w join directory_rules r on r.source = apply_groups.source and r.ordinal = w.rule
			left join there p on p.anchor = w.parent
			where not exists (select from there t where t.anchor = w.path)
			returning id, made_by_rule
		), named as (
			select distinct m.id as group_id, lower(normalize(a.login, NFKC)) as login_key
			from made m
			join directory_rules r on r.source = apply_groups.source and r.name = m.made_by_rule, unnest(r.admins) a(login)
		), awaited as (
			insert into awaited_admins (group_id, login_key)
			select n.group_id, n.login_key from named n
			where not exists (select from users u where u.active and u.login_key = n.login_key))
		insert into grants (user_id, anchor, role)
		select u.id, n.group_id, role_named('platform', 'Group Administrator')
		from named n join users u on u.active and u.login_key = n.login_key;
	end loop;

	update wanted_anchors k set resource = a.resource
	from resolve_anchors(apply_groups.source, array(select o.anchor from wanted_anchors o where o.run = apply_groups.run and o.resource is null)) a
	where k.run = apply_groups.run and k.resource is null and a.resource is not null and k.anchor = a.anchor;
	perform restore_above(apply_groups.run, first, last);
	analyze wanted_anchors;

	update groups g set archived = true from planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
	where c.run = apply_groups.run and c.seq between first and last and c.kind = 'group' and c.action = 'archive'
	  and not c.held and g.id = k.resource;
end $$;

-- Whether the plan may ask for one grant twice: two anchors that are one place, or two entries that are one person. To look
-- whether a row is there before it is written costs as much as an index does.
create function may_repeat(run bigint, source smallint) returns boolean
language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return exists (select from wanted_anchors k where k.run = may_repeat.run and k.resource is not null
			group by k.resource having count(*) > 1)
		or exists (select from identities i where i.source = may_repeat.source group by i.user_id having count(*) > 1);
end $$;

create function apply_grants(run bigint, source smallint, first bigint, last bigint, beginning boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	revision bigint := current_revision();
	repeats boolean := last - first < 10000 or may_repeat(run, source);
	aside text[] := '{}';
begin
	if exists (select from planned_changes c where c.run = apply_grants.run and c.seq between first and last and c.kind = 'grant' and c.action = 'remove') then
		delete from grants g using planned_changes c join wanted_anchors k on k.run = c.run and k.key = c.anchor_key
		where c.run = apply_grants.run and c.seq between first and last and c.kind = 'grant' and c.action = 'remove'
		  and not c.held and g.user_id = c.user_id and g.anchor = k.resource and g.role = c.role and g.source = apply_grants.source;
	end if;

	-- One entry brings a few, again and again: that is planned once for the session.
	if last - first < 100 then
		if not exists (select from planned_changes c where c.run = apply_grants.run and c.seq between first and last and c.kind = 'grant' and c.action = 'add') then
			return;
		end if;
		insert into grants (user_id, anchor, role, source, since)
		select i.user_id, k.resource, c.role, apply_grants.source, revision
		from planned_changes c
		join wanted_anchors k on k.run = c.run and k.key = c.anchor_key and k.resource is not null
		join directory_entries d on d.id = c.entry_id
		join identities i on i.source = d.source and i.external_id = d.external_id
		where c.run = apply_grants.run and c.seq between first and last and c.kind = 'grant' and c.action = 'add' and not c.held
		on conflict do nothing;
		return;
	end if;
	if beginning and not repeats then
		-- All rows are looked at once more when they are there (check_grants): in memory, if it can be.
		perform set_config('work_mem', '160MB', true);
		aside := set_indexes_aside('grants');
	end if;
	-- Of many, all people are found once, and then by a number.
	execute format('insert into grants (user_id, anchor, role, source, since)
		select i.user_id, k.resource, c.role, $2, $5
		from planned_changes c
		join wanted_anchors k on k.run = c.run and k.key = c.anchor_key and k.resource is not null
		join (select d.id, i.user_id from directory_entries d
			join identities i on i.source = d.source and i.external_id = d.external_id where d.source = $2 %s) i on i.id = c.entry_id
		where c.run = $1 and c.seq between $3 and $4 and c.kind = ''grant'' and c.action = ''add'' and not c.held %s',
		case when last - first >= 10000 then 'offset 0' end, case when repeats then 'on conflict do nothing' end)
	using run, source, first, last, revision;
	perform restore_indexes(aside);
end $$;

-- Whether the planned changes of this kind are a thousand, and more than a fifth of the rows the planner knows of.
create function is_much(run bigint, first bigint, last bigint, kind change_kind, "table" regclass) returns boolean
language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return last - first > 1000 and exists (select from planned_changes c
		where c.run = is_much.run and c.seq between first and last and c.kind = is_much.kind
		offset (select greatest(1000, (reltuples / 5)::bigint) from pg_class where oid = is_much."table"));
end $$;

-- Apply the planned changes numbered first to last, those not held, as one revision. Returns its number, NULL when there
-- was nothing to do. The planner takes a page at random for four times as dear as the next one, and would read everybody to
-- change a thousand.
create function apply(run bigint, first bigint, last bigint) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp set work_mem = '64MB' set random_page_cost = 1.1 as $$
declare
	src smallint := (running(run)).source;
	revision bigint;
	beginning boolean := last > 100000 and is_beginning(run);
begin
	if first <= 1 then
		perform apply_held(run, src);
	end if;
	if not exists (select from planned_changes c where c.run = apply.run and c.seq between first and last and not c.held) then
		return null;
	end if;
	revision := open_revision(format('run %s/%s', (select s.name from sources s where s.id = src), run), run, by_itself => true);
	if exists (select from planned_changes c where c.run = apply.run and c.seq between first and last and c.kind = 'user') then
		perform apply_people(run, src, first, last);
	end if;
	perform apply_groups(run, src, first, last);
	-- Statements planned for a table that was empty a moment ago walk all of it for every row: when a step makes much of what
	-- is there, the planner is told.
	if is_much(run, first, last, 'user', 'users') or is_much(run, first, last, 'group', 'groups') then
		analyze users, identities, groups, group_closure;
	end if;
	if exists (select from planned_changes c where c.run = apply.run and c.seq between first and last and c.kind = 'grant') then
		perform apply_grants(run, src, first, last, beginning);
	end if;
	if is_much(run, first, last, 'grant', 'grants') then
		analyze grants;
	end if;
	update runs r set adds = r.adds + c.adds, removes = r.removes + c.removes
	from (select coalesce(sum(number) filter (where action in ('add', 'link', 'return', 'change')), 0) as adds,
			coalesce(sum(number) filter (where action not in ('add', 'link', 'return', 'change')), 0) as removes
		from planned_counts(apply.run, first, least(last, planned(apply.run))) p where not p.held) c
	where r.id = apply.run;
	return revision;
end $$;

-- The model follows from the mirror again; settles is false when it did not before, and only a part was looked at. Nor does it
-- when somebody approved while this run was under way what it still held: the next one looks at everybody.
create function settle(run bigint, rules_digest text, settings text, complete boolean, settles boolean) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	update sources s set settled = settles and not exists (select from wanted_anchors k where k.run = settle.run and k.resource is null)
			and not exists (select from held_changes h where h.source = s.id and h.state = 'approved' and h.external_id is not null),
		rules_digest = settle.rules_digest, settings = case when complete then settle.settings else s.settings end,
		first_run_at = coalesce(s.first_run_at, now()),
		last_complete_at = case when complete then now() else s.last_complete_at end,
		unswept = case when r.kind = 'push' then r.id end
	from runs r where r.id = settle.run and s.id = r.source;
end $$;

create function run_end(run bigint, state run_state, completeness text, reason text, entries bigint, unreadable bigint,
	held bigint, digest text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint;
	pushed boolean;
	holds boolean;
begin
	-- A run of pushed changes adds up what came one after the other.
	update runs r set state = case when r.kind = 'push' and run_end.state = 'nothing' and (r.adds, r.removes) <> (0, 0)
			then 'applied' else run_end.state end,
		completeness = run_end.completeness, reason = case when r.kind = 'push' then coalesce(nullif(run_end.reason, ''), r.reason) else run_end.reason end,
		entries = run_end.entries + case when r.kind = 'push' then r.entries else 0 end,
		unreadable = run_end.unreadable + case when r.kind = 'push' then r.unreadable else 0 end,
		-- Those that an earlier run found wait under its name.
		held = case when run_end.state = 'held' then run_end.held else (select count(*) from held_changes h where h.run = r.id and h.state = 'held') end,
		plan_digest = run_end.digest, ended_at = clock_timestamp()
	where r.id = run_end.run returning r.source, r.kind = 'push', r.held > 0 into src, pushed, holds;
	-- Nothing is written, so no revision says that somebody has to decide.
	if holds then
		perform pg_notify('roster_held', '');
	end if;
	-- To hear all that changed is as complete, and what the guard thinks of it is another question.
	if run_end.completeness in ('complete', 'changes') then
		update sources s set last_complete_at = clock_timestamp()
		where s.id = src and (not pushed or s.last_complete_at is distinct from now()); -- settle() may have just said so
	end if;
	-- What waited for an answer has got one, or is no longer the question.
	if not pushed and run_end.state in ('applied', 'nothing') then
		update runs h set state = case when run_end.state = 'applied' and h.plan_digest = run_end.digest then 'approved' else 'superseded' end::run_state
		where h.source = src and h.id < run_end.run and h.state = 'held';
	end if;
end $$;
