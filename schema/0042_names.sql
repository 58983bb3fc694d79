-- SPDX-License-Identifier: Apache-2.0
-- Part of merge(): whose a name in a group is when people and groups get other names.

-- Entries whose id nobody may read, as the last complete read found them. Another one may be anybody who is missing since.
create table nameless_entries (
	source smallint not null references sources,
	dn text not null,
	primary key (source, dn)
);

create function keep_nameless(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	delete from nameless_entries n where n.source = keep_nameless.source;
	insert into nameless_entries
	select distinct keep_nameless.source, p.what from staged_problems p where p.run = keep_nameless.run and p.external_id is null and p.rule is null;
end $$;

-- dns: of entries without an id. The first of them that was not there before, under that name or without an id; null for none.
create function find_stranger(run bigint, dns text[]) returns text language sql stable security definer set search_path = roster, pg_temp as $$
	select min(n.dn) from unnest(dns) n(dn), runs r
	where r.id = find_stranger.run and not exists (select from nameless_entries k where k.source = r.source and k.dn = n.dn)
	  and not exists (select from directory_entries d where d.source = r.source and d.dn = n.dn and (d.gone_since is null or d.closed is not null))
$$;
grant execute on function find_stranger(bigint, text[]) to roster_daemon;

-- What groups listed no more in a read that was not complete: who was in them by that name may be there by another, which was
-- not seen.
create table unsure_drops (
	group_id bigint not null,
	member_id bigint not null,
	primary key (group_id, member_id)
);

create function remember_drops(run bigint) returns void language sql volatile set search_path = roster, pg_temp as $$
	insert into unsure_drops select distinct x.group_id, x.member_id from dropped_edges x where x.run = remember_drops.run and x.member_id is not null
	on conflict do nothing
$$;

-- What groups listed for the first time in such a read: whom it named then may be somebody who was not seen.
create table unsure_edges (
	group_id bigint not null,
	reference uuid not null,
	primary key (group_id, reference)
);

create function doubt_edges(groups bigint[]) returns void language sql volatile set search_path = roster, pg_temp as $$
	insert into unsure_edges select e.group_id, e.reference from directory_edges e where e.group_id = any (groups) on conflict do nothing
$$;

-- Everything was read since. Of those who were bound to somebody who is gone or has another name, the one who has it is meant.
create function settle_edges(run bigint, source smallint) returns void language sql volatile set search_path = roster, pg_temp as $$
	with unsure as (
		delete from unsure_edges x using directory_entries g where g.id = x.group_id and g.source = settle_edges.source
		returning x.group_id, x.reference
	), mistaken as materialized (
		select e.group_id, e.reference, e.member_id, named(e.reference) as id
		from unsure x join directory_edges e on e.group_id = x.group_id and e.reference = x.reference
		join directory_entries m on m.id = e.member_id
		where m.gone_since is not null and m.closed is null or m.reference <> e.reference and m.alias is distinct from e.reference
	), given as (
		update directory_edges e set member_id = k.id from mistaken k
		where k.id is not null and e.group_id = k.group_id and e.reference = k.reference
		returning k.group_id, k.member_id, k.id
	), touched as (
		insert into touched_entries select distinct settle_edges.run, g.id from given g)
	insert into dropped_edges select settle_edges.run, g.group_id, g.member_id from given g
$$;

-- Whose old name (or login) a group does not list any more, and whose new one it lists, has stayed in it: also when somebody
-- else was called so, who is gone or has another name himself.
create function keep_stayed(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
begin
	with dropped as (
		select x.group_id, x.member_id from dropped_edges x where x.run = keep_stayed.run
		union
		select x.group_id, x.member_id from unsure_drops x
	), stayed as (
		select distinct on (e.group_id, e.reference) e.group_id, e.reference, m.id, e.member_id as other
		from dropped x join directory_entries m on m.id = x.member_id and (m.gone_since is null or m.closed is not null)
		join directory_edges e on e.group_id = x.group_id and e.reference = any (array[m.reference, m.alias]) and e.member_id <> m.id
		join directory_entries o on o.id = e.member_id
		where m.source = keep_stayed.source and (e.reference <> o.reference and e.reference is distinct from o.alias or o.gone_since is not null and o.closed is null)
		order by e.group_id, e.reference, m.id
	), given as (
		update directory_edges e set member_id = s.id from stayed s where e.group_id = s.group_id and e.reference = s.reference
	), settled as (
		delete from doubtful_edges x using stayed s where x.group_id = s.group_id and x.reference = s.reference
	), touched as (
		insert into touched_entries select distinct keep_stayed.run, s.id from stayed s)
	insert into dropped_edges select keep_stayed.run, s.group_id, s.other from stayed s;
end $$;

-- After the edges. A server may take a new name into its groups in silence (overlay refint), or never. Of a
-- group that lists somebody by his new name, or login, the old one means whoever has it now.
create function merge_renamed(run bigint, source smallint, whole boolean) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	many boolean := exists (select from staged_edges n where n.run = merge_renamed.run offset 1000);
begin
	if (select s.first_run_at is null from sources s where s.id = merge_renamed.source) then
		return;
	end if;
	if not whole and (select count(*) from staged_entries s where s.run = merge_renamed.run)
			> (select count(*) from touched_entries t where t.run = merge_renamed.run and t.user_id is not null) then
		insert into doubtful_edges (group_id, reference, void)
		with renamed as materialized (
			select d.id, d.reference, d.alias from staged_entries s
			join directory_entries d on d.source = merge_renamed.source and d.external_id = s.external_id
			where s.run = merge_renamed.run)
		select e.group_id, e.reference, false from renamed d join directory_edges e on e.member_id = d.id
		where e.reference <> d.reference and e.reference is distinct from d.alias
		  and d.id not in (select t.entry_id from touched_entries t where t.run = merge_renamed.run and t.user_id is not null)
		on conflict do nothing;
	end if;

	-- (the same asked first, since it is hardly ever so)
	if many or exists (
			select from staged_edges n cross join lateral (
				select d.* from directory_entries d where d.reference = n.reference and (d.gone_since is null or d.closed is not null)
				union all select d.* from directory_entries d where d.alias = n.reference and (d.gone_since is null or d.closed is not null)) m
			cross join lateral (select o.reference from directory_edges o where o.member_id = m.id and o.group_id = n.group_id offset 0) e
			where n.run = merge_renamed.run and e.reference <> n.reference) then
		with misnamed as materialized (
			select e.group_id, e.reference, array[m.reference, m.alias] as names
			from (select distinct n.group_id as id from staged_edges n where n.run = merge_renamed.run and many) g
			cross join lateral (select o.* from directory_edges o where o.group_id = g.id and o.member_id is not null offset 0) e
			join directory_entries m on m.id = e.member_id and (m.gone_since is null or m.closed is not null)
			where e.reference <> m.reference and e.reference is distinct from m.alias
		), renamed as (
			select n.group_id, e.reference
			from staged_edges n cross join lateral (
				select d.* from directory_entries d where d.reference = n.reference and (d.gone_since is null or d.closed is not null)
				union all select d.* from directory_entries d where d.alias = n.reference and (d.gone_since is null or d.closed is not null)) m
			-- (of the edges of a member those to this group, not all of them)
			cross join lateral (select o.reference from directory_edges o where o.member_id = m.id and o.group_id = n.group_id offset 0) e
			where n.run = merge_renamed.run and e.reference <> m.reference and e.reference is distinct from m.alias and not many
			union all
			-- The same, where much of what the groups list was staged: hardly anybody is in them by another name than his.
			select e.group_id, e.reference from misnamed e
			where exists (select from staged_edges n where n.run = merge_renamed.run and n.group_id = e.group_id and n.reference = any (e.names))
		), given as (
			update directory_edges e set reference_text = null, dangling_since = case when r.id is null then now() end, member_id = r.id
			from (select n.*, named(n.reference) as id from renamed n) r
			where e.group_id = r.group_id and e.reference = r.reference
			returning e.group_id, e.reference, e.member_id
		), settled as (
			delete from doubtful_edges x using given g where x.group_id = g.group_id and x.reference = g.reference)
		insert into touched_entries select distinct merge_renamed.run, g.member_id from given g where g.member_id is not null;
	end if;

	if exists (select from dropped_edges x where x.run = merge_renamed.run) or exists (select from unsure_drops) then
		perform keep_stayed(run, source);
		delete from unsure_drops x using directory_entries g where whole and g.id = x.group_id and g.source = merge_renamed.source;
	end if;

	if whole and exists (select from unsure_edges) then
		perform settle_edges(run, source);
	end if;

	if not exists (select from doubtful_edges x) then
		return;
	end if;
	with taken as (
		update doubtful_edges x set void = true
		from directory_edges e, directory_entries g, staged_entries s, directory_entries m
		where not x.void and e.group_id = x.group_id and e.reference = x.reference and g.id = e.group_id and g.source = merge_renamed.source
		  and s.run = merge_renamed.run and s.external_id = g.external_id and m.id = e.member_id and m.gone_since is null
		  and exists (select from directory_entries o where o.reference = e.reference and o.id <> m.id and o.gone_since is null)
		returning x.group_id, x.reference, m.id
	), freed as (
		update directory_edges e set member_id = null, dangling_since = now() from taken t where e.group_id = t.group_id and e.reference = t.reference)
	insert into dropped_edges select merge_renamed.run, t.group_id, t.id from taken t;
	-- What the group does not list any more is in no doubt, and what it lists when everything is read is as it says.
	delete from doubtful_edges x using directory_entries g
	where g.id = x.group_id and g.source = merge_renamed.source
	  and (whole and not x.void or not exists (select from directory_edges e where e.group_id = x.group_id and e.reference = x.reference));
end $$;
