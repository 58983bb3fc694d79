-- SPDX-License-Identifier: Apache-2.0
-- The mirror: what each source last said, and the staging tables through which it gets here.
--
-- The daemon's role writes staging tables only (keyed by run); merge(run) carries them into the mirror. Nothing here
-- decides about access: that is plan(run), in the next file.

create type entry_kind as enum ('user', 'group', 'unit');

create table directory_entries (
	id bigint generated always as identity primary key,
	source smallint not null,
	kind entry_kind not null,
	external_id text collate "C" not null,  -- immutable: entryUUID, objectGUID, sub ...
	dn text not null,           -- as the source wrote it
	reference uuid not null,    -- digest of source and canonical DN: what members and children point with
	alias uuid,                 -- digest of source and login, what memberUid points with; or of its security identifier
	parent uuid,                -- reference of the entry above
	content uuid not null,      -- digest of everything read: the same digest, nothing to do
	login text,
	email text,
	name text,
	attributes jsonb not null,  -- exactly the configured ones, never a secret
	gone_since timestamptz,     -- not seen in a complete read, reported as deleted, or closed
	gone_explicit boolean not null default false,
	closed text,                -- it is there, and says that the account may not be used: why
	ends_at timestamptz,        -- when it will be closed, without another word of the source
	primary_group uuid,         -- alias of a group that counts him in without listing him
	link text,                  -- what entries of other sources that are the same person have too
	unique (source, external_id)
) with (fillfactor = 90); -- what changes is hardly ever what an index is about, and then none is written
call refer('directory_entries', 'source', 'sources', true); -- one that was read has runs, and stays
create index on directory_entries (reference);
create index on directory_entries (alias) where alias is not null;
create index on directory_entries (parent);
create index on directory_entries (source, ends_at) where ends_at is not null and gone_since is null;
create index on directory_entries (primary_group) where primary_group is not null;
create function link_key(link text) returns text language sql immutable as $$select lower(normalize(link, NFKC))$$;
create index on directory_entries (link_key(link)) where link is not null;

create function entry_renamed() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	perform remember_names(i.user_id, array[nullif(old.dn, new.dn), nullif(old.login, new.login)], array[old.reference, nullif(old.alias, new.alias)])
	from identities i where i.source = old.source and i.external_id = old.external_id;
	return null;
end $$;
create trigger g_former after update of dn, login on directory_entries for each row
	when (old.kind = 'user' and old.dn <> '' and (old.dn <> new.dn or old.login <> new.login)) execute function entry_renamed();

-- Who is in which group, by reference. An edge is bound to an entry when that entry is there and stays bound to that
-- very entry: a new entry under an old name does not step into its memberships. The text is kept while it dangles.
create table directory_edges (
	group_id bigint not null,
	reference uuid not null,
	member_id bigint,
	reference_text text,
	primary key (group_id, reference)
);
create index on directory_edges (member_id, group_id);
create index on directory_edges (reference) where member_id is null;

create table directory_rules (
	source smallint not null references sources,
	ordinal smallint not null,
	name text not null,
	position text not null, -- rosterd.conf:19
	admins text[] not null default '{}', -- logins: admins of the groups this rule makes
	primary key (source, ordinal)
);

-- Which doors an entry opens, as the rules say: for a group to all in it, for a unit to the people directly in it, for a
-- user to that person.
create table directory_mappings (
	entry_id bigint not null,
	rule smallint not null,
	anchor text not null,
	role text, -- NULL: group administrator
	captures text not null default '',
	anchor_key text not null generated always as (lower(normalize(anchor, NFKC))) stored
);
create index on directory_mappings (entry_id);
create index on directory_mappings (anchor_key);

-- Entries and records that could not be used, each named, with what to do.
create table quarantine (
	source smallint not null references sources,
	external_id text collate "C",
	what text not null,
	why text not null,
	-- read: it could not be read this time; content: part of it means nothing, until it changes; rule: a rule could not be
	-- evaluated for it; person: another has the login; anchor: a rule names a place that is not there.
	stage text not null check (stage in ('read', 'content', 'rule', 'person', 'anchor')),
	run bigint not null references runs,
	noted_at timestamptz not null default now()
);
create index on quarantine (source, stage, external_id);

-- Staging -----------------------------------------------------------------------------------------------------------------

create unlogged table staged_entries (
	run bigint not null,
	kind entry_kind not null,
	external_id text collate "C" not null,
	dn text not null,
	reference uuid not null,
	alias uuid,
	parent uuid,
	content uuid not null,
	login text,
	email text,
	name text,
	attributes jsonb not null,
	closed text,
	ends_at timestamptz,
	primary_group uuid,
	link text,
	members uuid[],
	member_texts text[],
	members_left uuid[] -- not null: the mirror has the list but for members, who came, and for these, who left
);
-- Read once: to compress them costs more than to read them as they are.
alter table staged_entries alter members set storage external, alter member_texts set storage external;
create index on staged_entries (run);

create unlogged table staged_mappings (
	run bigint not null,
	external_id text collate "C" not null,
	rule smallint not null,
	anchor text not null,
	role text,
	captures text not null
);
create index on staged_mappings (run);

create unlogged table staged_gone (run bigint not null, external_id text collate "C" not null, explicit boolean not null);
create index on staged_gone (run);
create unlogged table staged_problems (
	run bigint not null,
	external_id text collate "C",
	rule smallint, -- a rule that could not be evaluated
	lasting boolean not null, -- of an entry: it is about the content, true until that changes; of a rule: what it gave before stays
	what text not null,
	why text not null
);
create index on staged_problems (run);
-- Filled by merge(), read by plan().
create unlogged table staged_edges (run bigint not null, group_id bigint not null, reference uuid not null, text text);
create index on staged_edges (run);
create unlogged table dropped_edges (run bigint not null, group_id bigint not null, member_id bigint);
create index on dropped_edges (run, member_id);
create unlogged table touched_entries (
	run bigint not null,
	entry_id bigint not null,
	user_id uuid, -- of a person whose place, login and standing are as they were: nothing follows but what he is called
	renamed boolean -- and that is not what he was called
);
create index on touched_entries (run, entry_id);

-- Merge ------------------------------------------------------------------------------------------------------------------------

-- How many were refused: what bears the id of a person and is none.
create function merge_entries(run bigint, source smallint, everything boolean) returns bigint language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	refused bigint;
	merged boolean;
begin
	-- Into an empty mirror nothing can be in the way. Where everybody is looked at, nobody need be named.
	if not exists (select from directory_entries d where d.source = merge_entries.source) then
		insert into directory_entries (source, kind, external_id, dn, reference, alias, parent, content, login, email, name, attributes,
			closed, ends_at, ends_by, primary_group, link, gone_since, gone_explicit)
		select merge_entries.source, s.kind, s.external_id, s.dn, s.reference, s.alias, s.parent, s.content, s.login, s.email, s.name, s.attributes,
			s.closed, s.ends_at, s.ends_by, s.primary_group, s.link, case when s.closed is not null then now() end, s.closed is not null
		from staged_entries s where s.run = merge_entries.run;
		insert into touched_entries (run, entry_id)
		select merge_entries.run, d.id from directory_entries d where d.source = merge_entries.source and d.kind = 'user' and not everything;
		return 0;
	end if;
	-- Who changed is looked at again, whatever the change was. user_id: what he may do cannot follow from it, unless other
	-- rules match him now, which touches him once more. When all were people before and are, nobody comes, and nothing else is
	-- in the way: they are merged with it.
	if exists (select from staged_entries s join directory_entries d on d.source = merge_entries.source and d.external_id = s.external_id
			where s.run = merge_entries.run and d.kind = 'user') then
		with known as materialized (
			select s.ctid as staged, d.id, u.id as user_id, (u.login, u.email, u.name) is distinct from (s.login, s.email, s.name) as renamed
			from staged_entries s
			join directory_entries d on d.source = merge_entries.source and d.external_id = s.external_id and d.kind = 'user'
			left join identities i on i.source = d.source and i.external_id = d.external_id and i.gone_since is null
				and s.kind = 'user' and d.gone_since is null and s.closed is null and s.login = d.login and not i.linked
				and (s.reference, s.alias, s.parent) is not distinct from (d.reference, d.alias, d.parent)
			left join users u on u.id = i.user_id and u.active and u.attributes_from = i.source and u.login = d.login
				and not exists (select from held_changes h where h.source = i.source and h.external_id = i.external_id)
			where s.run = merge_entries.run
		), touched as (
			insert into touched_entries (run, entry_id, user_id, renamed)
			select merge_entries.run, k.id, k.user_id, k.renamed from known k
		), merged as (
			update directory_entries d set dn = s.dn, reference = s.reference, alias = s.alias, parent = s.parent, content = s.content,
				login = s.login, email = s.email, name = s.name, attributes = s.attributes, closed = s.closed, ends_at = s.ends_at, ends_by = s.ends_by,
				primary_group = s.primary_group, link = s.link, gone_since = case when s.closed is not null then coalesce(d.gone_since, now()) end,
				gone_explicit = s.closed is not null
			from known k join staged_entries s on s.ctid = k.staged
			where d.id = k.id and (
				select count(*) = (select count(*) from known) and bool_and(o.kind = 'user') from staged_entries o where o.run = merge_entries.run)
			returning d.id)
		select exists (select from merged) into merged;
		if merged then
			return 0;
		end if;
	end if;

	with put as (
		insert into directory_entries as d (source, kind, external_id, dn, reference, alias, parent, content, login, email, name, attributes,
			closed, ends_at, ends_by, primary_group, link, gone_since, gone_explicit)
		select merge_entries.source, s.kind, s.external_id, s.dn, s.reference, s.alias, s.parent, s.content, s.login, s.email, s.name, s.attributes,
			s.closed, s.ends_at, s.ends_by, s.primary_group, s.link, case when s.closed is not null then now() end, s.closed is not null
		from staged_entries s where s.run = merge_entries.run
		on conflict (source, external_id) do update set kind = excluded.kind, dn = excluded.dn, reference = excluded.reference,
			alias = excluded.alias, parent = excluded.parent, content = excluded.content, login = excluded.login,
			email = excluded.email, name = excluded.name, attributes = excluded.attributes, closed = excluded.closed,
			ends_at = excluded.ends_at, ends_by = excluded.ends_by, primary_group = excluded.primary_group, link = excluded.link, gone_explicit = excluded.gone_explicit,
			gone_since = case when excluded.closed is not null then coalesce(d.gone_since, now()) end
		-- An id that was a person stays that person's: what else bears it now is refused, and he is gone.
		where d.kind <> 'user' or excluded.kind = 'user'
		returning d.id, d.kind
	), touched as (
		insert into touched_entries (run, entry_id)
		select merge_entries.run, p.id from put p
		where p.kind = 'user' and p.id not in (select t.entry_id from touched_entries t where t.run = merge_entries.run))
	select (select count(*) from staged_entries s where s.run = merge_entries.run) - count(*) into refused from put;
	if refused > 0 then
		update directory_entries d set gone_since = now(), gone_explicit = false
		from staged_entries s
		where s.run = merge_entries.run and d.source = merge_entries.source and d.external_id = s.external_id
		  and d.kind = 'user' and s.kind <> 'user' and d.gone_since is null;
	end if;
	return refused;
end $$;

-- A name is nobody's when two have it: what is the same to us a server may keep apart ("Weiss", "Weiß"), and nothing tells whom it
-- means. Who is closed has his name still. The entry that has it, also as its login, and is there.
create function named(name uuid) returns bigint language sql stable set search_path = roster, pg_temp as $$
	select case when count(*) = 1 and bool_and(d.here) then min(d.id) end from (
		select o.id, o.gone_since is null as here from directory_entries o where o.reference = named.name and (o.gone_since is null or o.closed is not null)
		union all select o.id, true from directory_entries o where o.alias = named.name and o.gone_since is null) d
$$;

-- Names that entries had before the merge and do not have after it, of which a group lists some without naming anybody.
create function freed_names(run bigint, source smallint) returns uuid[] language plpgsql stable set search_path = roster, pg_temp as $$
begin
	if not exists (select from directory_edges e where e.member_id is null) then
		return '{}';
	end if;
	return array(
		select distinct x.name from (
			select d.reference, d.alias from staged_gone g join directory_entries d on d.source = freed_names.source and d.external_id = g.external_id
			where g.run = freed_names.run
			union all
			select nullif(d.reference, s.reference), nullif(d.alias, s.alias)
			from staged_entries s join directory_entries d on d.source = freed_names.source and d.external_id = s.external_id
			where s.run = freed_names.run and (d.reference, d.alias) is distinct from (s.reference, s.alias)) o
		cross join lateral (values (o.reference), (o.alias)) x(name)
		where exists (select from directory_edges e where e.member_id is null and e.reference = x.name));
end $$;

-- Of groups that list nobody yet there is nothing to compare. The members of a staged group are in the order of the index,
-- each once.
create function merge_fresh(run bigint, source smallint, groups bigint[], into_nothing boolean) returns void
language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	many boolean := into_nothing and (select sum(cardinality(s.members)) > 100000 from staged_entries s where s.run = merge_fresh.run);
	aside text[] := case when many then set_indexes_aside('directory_edges') else '{}' end;
begin
	insert into directory_edges (group_id, reference, member_id, reference_text, dangling_since)
	select g.id, m.reference, d.id, case when d.id is null then m.text end, case when d.id is null then now() end
	from staged_entries s
	join directory_entries g on g.source = merge_fresh.source and g.external_id = s.external_id
	cross join lateral unnest(s.members, s.member_texts) m(reference, text)
	left join (select o.reference, min(o.id) filter (where o.gone_since is null) as id from directory_entries o
		where o.source = merge_fresh.source and (o.gone_since is null or o.closed is not null) group by o.reference having count(*) = 1) d on d.reference = m.reference
	where s.run = merge_fresh.run and g.id = any (groups);
	perform restore_indexes(aside);

	-- The same by login (memberUid), when exactly one person has it.
	update directory_edges e set member_id = d.id, reference_text = null, dangling_since = null
	from directory_entries d
	where e.group_id = any (groups) and e.member_id is null and d.alias = e.reference and d.gone_since is null
	  and not exists (select from directory_entries o where o.alias = d.alias and o.id <> d.id and o.gone_since is null);

	-- All members are new: whoever is in the group is looked at.
	insert into touched_entries select merge_fresh.run, g from unnest(groups) g;
end $$;

-- freed: as freed_names() says before the entries are merged. unsure: not everything was read.
create function merge_edges(run bigint, source smallint, many boolean, freed uuid[], unsure boolean) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	large constant integer := 200;
	fresh bigint[] := '{}';
	listed boolean; -- there are groups
	differs boolean; -- of some only the difference was staged
	long boolean; -- some are large, and staged whole
	into_nothing boolean := many and not exists (select from directory_edges);
begin
	select bool_or(s.members is not null), bool_or(s.members_left is not null), bool_or(cardinality(s.members) > large and s.members_left is null)
	into listed, differs, long from staged_entries s where s.run = merge_edges.run;
	if many then
		select coalesce(array_agg(d.id order by d.id), '{}') into fresh
		from staged_entries s
		join directory_entries d on d.source = merge_edges.source and d.external_id = s.external_id and d.kind = s.kind
		where s.run = merge_edges.run and s.members is not null and s.members_left is null
		  and not exists (select from directory_edges e where e.group_id = d.id);
		if cardinality(fresh) > 0 then
			perform merge_fresh(run, source, fresh, into_nothing);
			if unsure then
				perform doubt_edges(fresh);
			end if;
		end if;
		-- All there is was bound just now, and no name waits for somebody since earlier.
		if into_nothing and not exists (
				select from staged_entries s join directory_entries d on d.source = merge_edges.source and d.external_id = s.external_id and d.kind = s.kind
				where s.run = merge_edges.run and s.members is not null and (s.members_left is not null or d.id <> all (fresh))) then
			return;
		end if;
	end if;
	if listed then
		insert into staged_edges (run, group_id, reference, text)
		select s.run, d.id, m.reference, m.text
		from staged_entries s
		join directory_entries d on d.source = merge_edges.source and d.external_id = s.external_id and d.kind = s.kind,
		unnest(s.members, s.member_texts) m(reference, text)
		where s.run = merge_edges.run and s.members is not null and d.id <> all (fresh) and (many or s.members_left is not null);
	end if;
	if many then
		analyze staged_edges;
	end if;

	-- What the group no longer lists.
	if listed and many then
		with gone as (
			delete from directory_edges e using staged_entries s, directory_entries d
			where s.run = merge_edges.run and s.members is not null and s.members_left is null
			  and d.source = merge_edges.source and d.external_id = s.external_id and e.group_id = d.id and d.id <> all (fresh)
			  and not exists (select from staged_edges n where n.run = s.run and n.group_id = e.group_id and n.reference = e.reference)
			returning e.group_id, e.member_id)
		insert into dropped_edges select merge_edges.run, group_id, member_id from gone;
	end if;
	if differs then
		perform merge_left(run, source);
	end if;
	if listed and not many then
		perform compare_few_edges(s.run, d.id, s.members, s.member_texts) from staged_entries s
		join directory_entries d on d.source = merge_edges.source and d.external_id = s.external_id and d.kind = s.kind
		where s.run = merge_edges.run and cardinality(s.members) <= large and s.members_left is null;
	end if;
	if long and not many then
		perform compare_edges(s.run, d.id, s.members, s.member_texts) from staged_entries s
		join directory_entries d on d.source = merge_edges.source and d.external_id = s.external_id and d.kind = s.kind
		where s.run = merge_edges.run and cardinality(s.members) > large and s.members_left is null;
	end if;

	if listed then
		-- What it lists anew, bound to whom it names if he is there.
		with fresh as (
			insert into directory_edges (group_id, reference, member_id, reference_text, dangling_since)
			select n.group_id, n.reference, d.id, case when d.id is null then n.text end, case when d.id is null then now() end
			from staged_edges n
			left join directory_entries d on d.reference = n.reference and d.gone_since is null and not exists (
				select from directory_entries o where o.reference = n.reference and o.id <> d.id and (o.gone_since is null or o.closed is not null))
			where n.run = merge_edges.run
			  and not exists (select from directory_edges e where e.group_id = n.group_id and e.reference = n.reference)
			order by n.group_id, n.reference -- into the index in its own order
			on conflict do nothing
			returning group_id, reference, member_id
		), doubted as (
			insert into unsure_edges select group_id, reference from fresh where unsure on conflict do nothing)
		insert into touched_entries select distinct merge_edges.run, member_id from fresh where member_id is not null;

		-- The same by login (memberUid), when exactly one person has it.
		if not exists (select from directory_edges e where e.member_id is null) then
			return;
		end if;
		with bound as (
			update directory_edges e set member_id = d.id, reference_text = null, dangling_since = null
			from staged_edges n join directory_entries d on d.alias = n.reference and d.gone_since is null
			where n.run = merge_edges.run and e.group_id = n.group_id and e.reference = n.reference and e.member_id is null
			  and not exists (select from directory_entries o where o.alias = d.alias and o.id <> d.id and o.gone_since is null)
			returning e.member_id)
		insert into touched_entries select distinct merge_edges.run, member_id from bound;
	end if;

	-- Members that were named before they came.
	if not exists (select from directory_edges e where e.member_id is null) then
		return;
	end if;
	with bound as (
		update directory_edges e set member_id = d.id, reference_text = null, dangling_since = null
		from staged_entries s join directory_entries d on d.source = merge_edges.source and d.external_id = s.external_id
		where s.run = merge_edges.run and d.kind = s.kind and e.member_id is null and e.reference in (s.reference, s.alias)
		  and not exists (select from doubtful_edges x where x.group_id = e.group_id and x.reference = e.reference and x.void)
		  and not exists (select from directory_entries o where o.alias = e.reference and o.id <> d.id and o.gone_since is null)
		  and not exists (select from directory_entries o where o.reference = e.reference and o.id <> d.id and (o.gone_since is null or o.closed is not null))
		returning d.id, e.group_id, e.reference
	), listed_before as ( -- as if the group were told of with them: a server may tell of it first
		insert into staged_edges (run, group_id, reference) select merge_edges.run, b.group_id, b.reference from bound b)
	insert into touched_entries select distinct merge_edges.run, id from bound;

	-- A name or login that two had, and one of them is gone or has another: the other one is meant.
	with bound as (
		update directory_edges e set member_id = n.id, reference_text = null, dangling_since = null
		from (select x.name, named(x.name) as id from unnest(freed) x(name)) n
		where e.member_id is null and e.reference = n.name and n.id is not null
		  and not exists (select from doubtful_edges x where x.group_id = e.group_id and x.reference = e.reference and x.void)
		returning n.id)
	insert into touched_entries select distinct merge_edges.run, id from bound;
end $$;

-- Carry what was staged for this run into the mirror. complete: the read saw everything, so problems it did not see
-- again are over. everything: all entries were matched against new rules. unsure: it did not, and is no news. True when something opens a door no longer.
create function merge(run bigint, complete boolean, everything boolean, unsure boolean default false) returns boolean
language plpgsql volatile security definer set search_path = roster, pg_temp set work_mem = '64MB' set random_page_cost = 1.1 as $$
declare
	me runs := running(run);
	src smallint := me.source;
	-- Of what is pushed, and of most that comes by cookie, there is little, and statistics cost more than a way that is not
	-- the best.
	many boolean := exists (select from staged_entries s where s.run = me.id offset 1000) or me.kind <> 'push' and (complete or everything
		or exists (select from staged_entries s where s.run = me.id and s.members is not null offset 100));
	much boolean := many and (select count(*) * 10 > (select reltuples from pg_class where oid = 'directory_entries'::regclass)
		from staged_entries s where s.run = me.id);
	gone boolean := exists (select from staged_gone g where g.run = me.id);
	freed uuid[];
	refused bigint;
	closed boolean;
begin
	-- Until settle() says otherwise: a run that is held or ends half applied leaves this behind, and the next one compares
	-- everybody.
	update sources s set settled = false, unsure = merge.unsure or s.unsure and not complete
	where s.id = src and (s.settled or merge.unsure or s.unsure and complete);
	if many then
		analyze staged_entries (run, kind, external_id, reference, alias), staged_mappings, staged_gone;
	else
		-- What is put together without repetition clears as much memory as it may have before it begins.
		perform set_config('work_mem', '256kB', true);
	end if;
	perform close_due(run, src);
	perform leave_primary(run, src);
	freed := freed_names(run, src);
	refused := merge_entries(run, src, everything);
	if gone then
		perform mark_gone(run, src);
	end if;
	-- What the planner knows of a mirror that has just grown by so much is wrong, and autovacuum sees it too late.
	if much then
		analyze directory_entries (id, source, kind, external_id, reference, alias, parent, gone_since);
	end if;
	-- Of people who are as they were but for what they are called nothing follows for any group, unless one waits for somebody.
	if complete or gone or exists (select from directory_edges e where e.member_id is null) or exists (select from doubtful_edges)
		or (select count(*) from staged_entries s where s.run = me.id)
			<> (select count(*) from touched_entries t where t.run = me.id and t.user_id is not null) then
		perform merge_edges(run, src, many, freed, unsure);
		perform merge_renamed(run, src, complete);
	end if;
	perform join_primary(run, src);
	if gone then
		perform merge_gone(run, src);
	end if;
	closed := merge_mappings(run, src, everything, many);
	perform merge_problems(run, src, complete, everything, refused > 0);
	if complete and (exists (select from nameless_entries) or exists (select from staged_problems p where p.run = me.id)) then
		perform keep_nameless(run, src);
	end if;
	if much or everything then
		analyze directory_edges, directory_mappings;
	end if;
	return closed;
end $$;
