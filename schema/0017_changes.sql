-- SPDX-License-Identifier: Apache-2.0
-- News: what a source says of itself, and from where it goes on.

-- When everything was last read: what a source says of itself is not all that happens in it.
alter table sources add column last_full_at timestamptz;

-- The last read was not complete: what is in the mirror no longer, or otherwise, is taken from nobody before one is.
alter table sources add column unsure boolean not null default false;

-- The last run of pushed changes. It is swept when it has been committed, unless its process dies in between.
alter table sources add column unswept bigint;

-- Of a run that read everything of a source that is followed: how many entries differed from what was known by its news, and
-- which, some of them. NULL: that was not compared.
alter table runs add column drift bigint;
create index on runs (source, id) where drift is not null;
create table drifted_entries (
	run bigint not null references runs on delete cascade,
	external_id text collate "C" not null,
	dn text not null,
	what text not null,
	primary key (run, external_id)
);

-- Where the news of each part of a source left off. Written together with what followed from them, so neither is ahead.
create table source_cookies (
	source smallint not null references sources,
	part text not null,
	settings uuid not null, -- digest of all the answer depends on: with others, it is no cookie
	cookie bytea not null,
	at timestamptz not null default now(),
	primary key (source, part)
);

-- Entries below which others are, by their names as they were when everything was last read. When one of them changes, the
-- names below it do, and the source says so of the one only.
create table directory_places (
	source smallint not null references sources,
	external_id text collate "C" not null,
	reference uuid not null,
	primary key (source, external_id)
);
create index on directory_places (source, reference);

-- Edges whose member has had another name since everything was last read, so that nobody knows yet whether the server follows
-- renames in its groups. void: the old name belongs to somebody else by now, and the group was changed: neither has it.
create table doubtful_edges (
	group_id bigint not null,
	reference uuid not null,
	void boolean not null,
	primary key (group_id, reference)
);

-- A group lists something that nobody is known by: since when.
alter table directory_edges add column dangling_since timestamptz;

-- All that a run asks before it reads.
create type source_start as (id smallint, led boolean, settled boolean, applied_before boolean, rules_digest text, settings text,
	full_ms bigint, misses boolean, unsure boolean);

-- Where the source is known as it is configured, nobody else leads it and no earlier run of it broke off; else no row. It is led
-- before it is looked at, and once more to say so. In plain SQL, as all that a run asks which hears nothing new: its session is
-- a fresh one, which would load PL/pgSQL for it, and plan more.
create function lead_known_source(name text, kind text, "position" integer, authoritative boolean, nested boolean) returns setof source_start
language sql volatile security definer set search_path = roster, pg_temp as $$
	select pg_try_advisory_lock(writer_lock_class() + 1, s.id) from sources s where s.name = lead_known_source.name;
	select s.id, true, s.settled, s.first_run_at is not null, coalesce(s.rules_digest, ''), coalesce(s.settings, ''),
		(extract(epoch from now() - s.last_full_at) * 1000)::bigint, misses_entries(s.id), s.unsure
	from sources s where s.name = lead_known_source.name and s.kind = lead_known_source.kind and s.position = lead_known_source.position
	  and s.authoritative = lead_known_source.authoritative and s.nested = lead_known_source.nested
	  and s.retired_at is null and s.kind <> 'import' and s.id <> 0 and s.unswept is null
	  and not exists (select from runs r where r.source = s.id and r.state = 'running')
	  and pg_try_advisory_lock(writer_lock_class() + 1, s.id);
$$;

-- The source is registered when something of it is new, led, and what was left of runs that broke off is swept. id is null when
-- the name is an import's, or the administrator's hand.
create function begin_source(name text, kind text, "position" integer, authoritative boolean, nested boolean) returns source_start
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	start source_start;
	source smallint := (select s.id from sources s where s.name = begin_source.name and s.kind = begin_source.kind
		and s.position = begin_source.position and s.authoritative = begin_source.authoritative and s.nested = begin_source.nested
		and s.retired_at is null and s.kind <> 'import' and s.id <> 0);
begin
	-- (whoever leads it keeps the row to himself)
	if source is null then
		source := register_source(name, kind, "position", authoritative, nested);
	end if;
	start.id := source;
	start.led := source is not null and lead_source(source);
	if start.led then
		select s.id, true, s.settled, s.first_run_at is not null, coalesce(s.rules_digest, ''), coalesce(s.settings, ''),
			(extract(epoch from now() - s.last_full_at) * 1000)::bigint, misses_entries(s.id), s.unsure
		into start from sources s where s.id = source;
	end if;
	return start;
end $$;

-- The number of a run, and what may ask for more than the news do. waits: rows that earlier runs held wait for a decision.
create function source_outlook(source smallint, names text[], positions text[], admins text[], roles text[], places text[])
returns table (run bigint, same_rules boolean, known_roles boolean, quarantined boolean, held_before boolean, waits boolean)
language sql volatile security definer set search_path = roster, pg_temp as $$
	select nextval('runs_id_seq'), (select row(array_agg(r.name order by r.ordinal), array_agg(r.position order by r.ordinal), array_agg(array_to_string(r.admins, ',') order by r.ordinal))
			from directory_rules r where r.source = source_outlook.source)
			is not distinct from row(source_outlook.names, positions, source_outlook.admins),
		not exists (select from unnest(source_outlook.roles, places) n(role, place) where not exists (select from roles_given(n.place, n.role))),
		exists (select from quarantine q where q.source = source_outlook.source)
			or exists (select from directory_entries d where d.source = source_outlook.source and d.ends_at <= now() and d.gone_since is null),
		exists (select from runs r where r.source = source_outlook.source and r.state = 'held'),
		exists (select from held_changes h where h.source = source_outlook.source and h.state = 'held')
$$;

-- The run that pushed changes belong to: one goes on as long as nothing else came between.
create function push_begin(source smallint, run bigint) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	mine bigint;
begin
	update runs r set state = 'running', ended_at = null
	where r.id = push_begin.run and r.source = push_begin.source and r.kind = 'push' and r.state in ('nothing', 'applied')
	returning r.id into mine;
	if mine is null then
		insert into runs (source, kind) values (push_begin.source, 'push') returning id into mine;
	end if;
	return mine;
end $$;

-- What was staged of these entries is not their last word.
create function unstage_entries(run bigint, ids text[]) returns void language plpgsql volatile security definer set search_path = roster, pg_temp
as $$ begin delete from staged_entries s where s.run = unstage_entries.run and s.external_id = any (ids); end $$;

create function keep_cookies(source smallint, parts text[], settings uuid[], cookies text[]) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	delete from source_cookies c where c.source = keep_cookies.source and c.part <> all (parts);
	insert into source_cookies as c (source, part, settings, cookie)
	select keep_cookies.source, n.part, n.settings, decode(n.cookie, 'base64') from unnest(parts, keep_cookies.settings, cookies) n(part, settings, cookie)
	on conflict on constraint source_cookies_pkey do update set settings = excluded.settings, cookie = excluded.cookie, at = now();
end $$;

create function note_full(source smallint, done boolean) returns void language sql volatile security definer set search_path = roster, pg_temp
as 'update sources s set last_full_at = case when done then now() end where s.id = note_full.source';

-- What news leave untold: 0 nothing; 1 they are true, and there may be more to know (a server takes who leaves or is renamed
-- out of groups in silence); 2 names are not what they were known to be, so nothing follows from them. Of entries and places
-- that are gone the reference, kind and parent are null. Of each entry that was changed a source may say that it is no place.
create function news_doubt(source smallint, place_ids text[], place_references uuid[], gone_places text[], ids text[], kinds entry_kind[],
	refs uuid[], parents uuid[])
returns integer language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if cardinality(place_ids) > 0 and exists (
			select from unnest(place_ids, place_references) n(id, reference)
			left join directory_places p on p.source = news_doubt.source and p.external_id = n.id
			where p.reference is distinct from n.reference)
		or cardinality(gone_places) > 0 and exists (
			select from directory_places p where p.source = news_doubt.source and p.external_id = any (gone_places)) then
		return 2;
	end if;
	if cardinality(ids) = 0 then
		return 0;
	end if;
	return coalesce((
		select max(case
			-- A place by itself, or something nobody would tell of if its place were renamed.
			when (n.kind = 'unit' or d.kind = 'unit') and (d.id is null or d.gone_since is not null or d.reference is distinct from n.reference)
				and (n.reference is not null or d.gone_since is null and d.id is not null) then 2
			when d.reference is distinct from n.reference and d.gone_since is null and exists (
				select from directory_entries c where c.source = news_doubt.source and c.parent = d.reference and c.gone_since is null) then 2
			when n.reference is not null
				and not exists (select from directory_places p where p.source = news_doubt.source and p.reference = n.parent)
				and not exists (select from directory_places p where p.source = news_doubt.source and p.external_id = n.id)
				and not exists (select from directory_entries o where o.source = news_doubt.source and o.reference = n.parent and o.gone_since is null)
				then 2
			when n.reference is null then case when (d.gone_since is null or d.closed is not null) and exists (select from directory_edges e where e.member_id = d.id) then 1 end
			-- Who is closed is where he was.
			when d.id is not null and (d.gone_since is not null and d.closed is null or d.reference <> n.reference) then 1
			end)
		from unnest(ids, kinds, refs, parents) n(id, kind, reference, parent)
		left join directory_entries d on d.source = news_doubt.source and d.external_id = n.id), 0);
end $$;

-- Parts of merge() -------------------------------------------------------------------------------------------------------------

-- Groups and units that are gone open no door; a person who is gone keeps his edges, and with them his place, until he
-- comes back or his time of grace is over.
create function merge_gone(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with dropped as (
		delete from directory_edges e using staged_gone g, directory_entries d
		where g.run = merge_gone.run and d.source = merge_gone.source and d.external_id = g.external_id
		  and d.kind <> 'user' and e.group_id = d.id
		returning e.group_id, e.member_id)
	insert into dropped_edges select merge_gone.run, group_id, member_id from dropped;
end $$;

-- What could not be read is said anew by every complete read; what is about the content, or about a rule, stands until the
-- entry changes or goes, or the rules change.
create function merge_problems(run bigint, source smallint, complete boolean, everything boolean, refused boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	if exists (select from quarantine q where q.source = merge_problems.source) then
		delete from quarantine q where q.source = merge_problems.source and (
			q.stage = 'read' and complete
			or q.stage = 'rule' and everything
			or q.stage in ('read', 'content', 'rule') and (
				exists (select from staged_entries s where s.run = merge_problems.run and s.external_id = q.external_id)
				or exists (select from staged_gone g where g.run = merge_problems.run and g.external_id = q.external_id))
			or exists (select from staged_problems p where p.run = merge_problems.run and p.what = q.what));
	end if;
	insert into quarantine (source, external_id, what, why, stage, run)
	select merge_problems.source, p.external_id, p.what, p.why,
		case when p.rule is not null then 'rule' when p.lasting then 'content' else 'read' end, p.run
	from staged_problems p where p.run = merge_problems.run;
	if not refused then
		return;
	end if;
	insert into quarantine (source, external_id, what, why, stage, run)
	select d.source, d.external_id, s.dn, format('its id is that of the person %s, who is gone now; give it an id of its own', d.dn), 'content', s.run
	from staged_entries s join directory_entries d on d.source = merge_problems.source and d.external_id = s.external_id
	where s.run = merge_problems.run and d.kind = 'user' and s.kind <> 'user';
end $$;

-- For one group: what it no longer lists is dropped, and of what it lists what is new is staged. All of it, where somebody is
-- in it under two names or is not there: that may have got another meaning (merge_renamed, merge_edges).
create function compare_few_edges(run bigint, group_id bigint, members uuid[], texts text[]) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	listed uuid[];
	plain boolean;
	gone uuid[];
	fresh uuid[];
begin
	select array_agg(e.reference), count(distinct e.member_id) = count(*) into listed, plain
	from directory_edges e where e.group_id = compare_few_edges.group_id;
	gone := array(select unnest(listed) except select unnest(members));
	fresh := case when plain then array(select unnest(members) except select unnest(listed)) else members end;
	if gone <> '{}' then
		with dropped as (
			delete from directory_edges e where e.group_id = compare_few_edges.group_id and e.reference = any (gone)
			returning e.member_id)
		insert into dropped_edges select compare_few_edges.run, compare_few_edges.group_id, d.member_id from dropped d;
	end if;
	if fresh <> '{}' then
		insert into staged_edges (run, group_id, reference, text)
		select compare_few_edges.run, compare_few_edges.group_id, m.reference, m.text from unnest(members, texts) m(reference, text)
		where m.reference = any (fresh);
	end if;
end $$;

-- For one group with many members, of whom few come or go: what it no longer lists is dropped, and of what it lists only what
-- is new is staged. Both sides are hashed, whatever the statistics say.
create function compare_edges(run bigint, group_id bigint, members uuid[], texts text[]) returns void
language plpgsql volatile set search_path = roster, pg_temp set enable_nestloop = off set enable_hashjoin = on as $$
begin
	execute 'with gone as (
			delete from directory_edges e where e.group_id = $2 and not exists (select from unnest($3) m(reference) where m.reference = e.reference)
			returning e.member_id)
		insert into dropped_edges select $1, $2, member_id from gone' using run, group_id, members;
	execute 'insert into staged_edges (run, group_id, reference, text)
		select $1, $2, m.reference, m.text from unnest($3, $4) m(reference, text)
		where not exists (select from directory_edges e where e.group_id = $2 and e.reference = m.reference)' using run, group_id, members, texts;
end $$;

-- What is gone binds no edge any more: this comes before merge_edges.
create function mark_gone(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	update directory_entries d set gone_since = coalesce(d.gone_since, now()), gone_explicit = g.explicit, closed = null
	from staged_gone g
	where g.run = mark_gone.run and d.source = mark_gone.source and d.external_id = g.external_id
	  and (d.gone_since is null or d.closed is not null);

	insert into touched_entries
	select mark_gone.run, d.id from staged_gone g
	join directory_entries d on d.source = mark_gone.source and d.external_id = g.external_id
	where g.run = mark_gone.run;
end $$;

-- Of groups of which only the difference was staged: what they no longer list.
create function merge_left(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with gone as (
		delete from directory_edges e using (
			select d.id, l.reference from staged_entries s
			join directory_entries d on d.source = merge_left.source and d.external_id = s.external_id and d.kind = s.kind,
			unnest(s.members_left) l(reference)
			where s.run = merge_left.run offset 0) l -- and not each edge of the group
		where e.group_id = l.id and e.reference = l.reference
		returning e.group_id, e.member_id)
	insert into dropped_edges select merge_left.run, group_id, member_id from gone;
end $$;

-- Everything was read: these are all places. The name of an entry of which nobody would say that its place was renamed; null
-- when there is none.
create function keep_places(source smallint, ids text[], refs uuid[]) returns text
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	delete from directory_places p where p.source = keep_places.source and p.external_id <> all (ids);
	insert into directory_places as p (source, external_id, reference)
	select distinct on (n.id) keep_places.source, n.id, n.reference from unnest(ids, refs) n(id, reference)
	on conflict on constraint directory_places_pkey do update set reference = excluded.reference where p.reference <> excluded.reference;
	return (
		select min(c.dn) from (
			select d.parent, min(d.dn) as dn from directory_entries d
			where d.source = keep_places.source and d.gone_since is null
			  and not exists (select from directory_places p where p.source = d.source and p.external_id = d.external_id)
			group by d.parent) c
		where not exists (select from directory_places p where p.source = keep_places.source and p.reference = c.parent)
		  and not exists (select from directory_entries o where o.source = keep_places.source and o.reference = c.parent and o.gone_since is null));
end $$;

-- What a run staged, and what merge() made of it.
create function unstage(run bigint) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	delete from staged_entries s where s.run = unstage.run;
	delete from staged_mappings s where s.run = unstage.run;
	delete from staged_gone s where s.run = unstage.run;
	delete from staged_problems s where s.run = unstage.run;
	delete from staged_edges s where s.run = unstage.run;
	delete from dropped_edges s where s.run = unstage.run;
	delete from touched_entries s where s.run = unstage.run;
end $$;

-- What plan() made of it.
create function unplan(run bigint) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	delete from affected_people a where a.run = unplan.run;
	delete from linked_people l where l.run = unplan.run;
	delete from groups_above g where g.run = unplan.run;
	delete from wanted_grants w where w.run = unplan.run;
	delete from wanted_anchors w where w.run = unplan.run;
	delete from planned_changes c where c.run = unplan.run;
end $$;

-- Between runs the staging tables are empty, and of what is pushed there are a few rows in each. The planner believes so of a
-- table that has a page and, as it was last analyzed, no row; of one without a page it expects that the next one is full, and
-- walks through the whole mirror. So each has a page from the beginning, and vacuum does not give it back.
create function prime_staging() returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	nobody uuid := gen_random_uuid();
begin
	insert into staged_entries (run, kind, external_id, dn, reference, content, attributes) values (0, 'user', '', '', nobody, nobody, '{}');
	insert into staged_mappings (run, external_id, rule, anchor, captures) values (0, '', 0, '', '');
	insert into staged_gone (run, external_id, explicit) values (0, '', true);
	insert into staged_problems (run, lasting, what, why) values (0, true, '', '');
	insert into staged_edges (run, group_id, reference) values (0, 0, nobody);
	insert into dropped_edges (run, group_id) values (0, 0);
	insert into touched_entries (run, entry_id) values (0, 0);
	insert into affected_people (run, entry_id) values (0, 0);
	insert into linked_people (run, entry_id, user_id, fresh) values (0, 0, nobody, false);
	insert into groups_above (run, group_id, upper) values (0, 0, 0);
	insert into wanted_grants (run, entry_id, anchor_key, role, rule, via) values (0, 0, 0, 0, 0, 0);
	insert into wanted_anchors (run, key, anchor, anchor_key) values (0, 0, '', '');
	insert into planned_changes (run, seq, kind, action) values (0, 0, 'user', 'add');
	perform unstage(0), unplan(0);
	analyze staged_entries, staged_mappings, staged_gone, staged_problems, staged_edges, dropped_edges, touched_entries,
		affected_people, linked_people, groups_above, wanted_grants, wanted_anchors, planned_changes;
end $$;

do $$
declare
	name text;
begin
	foreach name in array array['staged_entries', 'staged_mappings', 'staged_gone', 'staged_problems', 'staged_edges', 'dropped_edges',
			'touched_entries', 'affected_people', 'linked_people', 'groups_above', 'wanted_grants', 'wanted_anchors', 'planned_changes'] loop
		execute format('alter table %I set (vacuum_truncate = off)', name);
	end loop;
	perform prime_staging();
end $$;

-- Empty the tables that runs work in, when no other run has rows in them and nobody is at work in them. To delete millions of
-- rows one by one is slow, and the next run would read their remains.
create function sweep_all(run bigint) returns boolean language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	tables text[] := array['staged_entries', 'staged_mappings', 'staged_gone', 'staged_problems', 'staged_edges', 'dropped_edges',
		'touched_entries', 'affected_people', 'linked_people', 'groups_above', 'wanted_grants', 'wanted_anchors', 'planned_changes'];
	name text;
	others boolean;
begin
	execute 'lock table ' || array_to_string(tables, ', ') || ' in access exclusive mode nowait';
	foreach name in array tables loop
		execute format('select exists (select from %I t where t.run <> $1)', name) into others using run;
		if others then
			return false;
		end if;
	end loop;
	execute 'truncate ' || array_to_string(tables, ', ');
	return true;
exception when lock_not_available then
	return false;
end $$;

-- Throw away what a run staged and planned. Statistics of a large run may say a hundred thousand; those of a database that was
-- brought back, and of tables that were emptied as a whole, say nothing.
create function sweep(run bigint) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	if exists (select from planned_changes c where c.run = sweep.run offset 100000) then
		if sweep_all(run) then
			return;
		end if;
	end if;
	perform unstage(sweep.run), unplan(sweep.run);
	if exists (select from pg_class c where c.relname in ('staged_entries', 'staged_mappings', 'staged_gone', 'staged_problems', 'staged_edges',
			'dropped_edges', 'touched_entries', 'affected_people', 'linked_people', 'groups_above', 'wanted_grants', 'wanted_anchors', 'planned_changes')
		and c.relnamespace = 'roster'::regnamespace and (c.reltuples <> 0 or c.relpages = 0)) then
		perform prime_staging();
	end if;
end $$;
