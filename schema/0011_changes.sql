-- SPDX-License-Identifier: Apache-2.0
-- News: what a source says of itself, and from where it goes on.

-- When everything was last read: what a source says of itself is not all that happens in it.
alter table sources add column last_full_at timestamptz;

-- Where the news of each part of a source left off. Written together with what followed from them, so neither is ahead.
create table source_cookies (
	source smallint not null references sources,
	part text not null,
	settings uuid not null, -- digest of all the answer depends on: with others, it is no cookie
	cookie bytea not null,
	at timestamptz not null default now(),
	primary key (source, part)
);

-- Names of entries below which others are. When one of them changes, the names below it do, and the source says so of the
-- one only.
create table directory_places (
	source smallint not null references sources,
	external_id text not null,
	dn text not null,
	reference uuid not null,
	primary key (source, external_id)
);
create index on directory_places (source, reference);

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

-- Those whose name changed with that of a place: the edges bound to them stay, and those that waited for the new name find it.
create function merge_moves(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	if not exists (select from staged_moves m where m.run = merge_moves.run) then
		return;
	end if;
	update directory_entries d set dn = m.dn, reference = m.reference, parent = m.parent
	from staged_moves m
	where m.run = merge_moves.run and d.source = merge_moves.source and d.external_id = m.external_id;
	insert into touched_entries
	select merge_moves.run, d.id from staged_moves m join directory_entries d on d.source = merge_moves.source and d.external_id = m.external_id
	where m.run = merge_moves.run and d.kind = 'user';
	with bound as (
		update directory_edges e set member_id = d.id, reference_text = null
		from staged_moves m join directory_entries d on d.source = merge_moves.source and d.external_id = m.external_id
		where m.run = merge_moves.run and e.member_id is null and e.reference = m.reference
		returning d.id)
	insert into touched_entries select distinct merge_moves.run, id from bound;
	delete from quarantine q using staged_moves m
	where m.run = merge_moves.run and q.source = merge_moves.source and q.stage = 'rule' and q.external_id = m.external_id;
end $$;

-- Places that came, and ids that went, whatever they were; whole: there are no other places. True when something below a
-- place that went is still here: it went too, or is where it cannot be followed, and everything must be read.
create function keep_places(run bigint, ids text[], dns text[], refs uuid[], gone text[], whole boolean) returns boolean
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint := (running(run)).source;
	orphans boolean;
begin
	insert into directory_places (source, external_id, dn, reference)
	select distinct on (n.id) src, n.id, n.dn, n.reference from unnest(ids, dns, refs) n(id, dn, reference)
	on conflict (source, external_id) do update set dn = excluded.dn, reference = excluded.reference;
	select exists (
		select from (
			select p.reference, p.external_id from directory_places p where p.source = src and p.external_id = any (gone)
			union all
			select d.reference, d.external_id from directory_entries d
			where d.source = src and d.external_id = any (gone) and d.kind = 'unit' and d.gone_since is not null) went
		join directory_entries c on c.parent = went.reference and c.source = src and c.gone_since is null
		where not exists (select from directory_places o where o.source = src and o.reference = went.reference and o.external_id <> all (gone)))
	into orphans;
	delete from directory_places p where p.source = src
	  and (p.external_id = any (gone) or whole and p.external_id <> all (ids));
	return orphans;
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
	insert into staged_moves (run, external_id, dn, reference, parent) values (0, '', '', nobody, nobody);
	insert into staged_problems (run, lasting, what, why) values (0, true, '', '');
	insert into staged_edges (run, group_id, reference) values (0, 0, nobody);
	insert into dropped_edges (run, group_id) values (0, 0);
	insert into touched_entries (run, entry_id) values (0, 0);
	insert into affected_people (run, entry_id) values (0, 0);
	insert into groups_above (run, group_id, upper) values (0, 0, 0);
	insert into wanted_grants (run, entry_id, anchor_key, rule, via) values (0, 0, 0, 0, 0);
	insert into wanted_anchors (run, key, anchor, anchor_key) values (0, 0, '', '');
	insert into planned_changes (run, seq, kind, action) values (0, 0, 'user', 'add');
	perform unstage(0), unplan(0);
	analyze staged_entries, staged_mappings, staged_gone, staged_moves, staged_problems, staged_edges, dropped_edges, touched_entries,
		affected_people, groups_above, wanted_grants, wanted_anchors, planned_changes;
end $$;

do $$
declare
	name text;
begin
	foreach name in array array['staged_entries', 'staged_mappings', 'staged_gone', 'staged_moves', 'staged_problems', 'staged_edges', 'dropped_edges',
			'touched_entries', 'affected_people', 'groups_above', 'wanted_grants', 'wanted_anchors', 'planned_changes'] loop
		execute format('alter table %I set (vacuum_truncate = off)', name);
	end loop;
	perform prime_staging();
end $$;

-- Throw away what a run staged and planned. Statistics of a large run may say a hundred thousand; those of a database that was
-- brought back say nothing.
create function sweep(run bigint) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	large boolean := exists (select from staged_entries s where s.run = sweep.run offset 100)
		or exists (select from affected_people a where a.run = sweep.run offset 100);
begin
	perform unstage(sweep.run), unplan(sweep.run);
	if large or (select c.relpages = 0 from pg_class c where c.oid = 'affected_people'::regclass) then
		perform prime_staging();
	end if;
end $$;
