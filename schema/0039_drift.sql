-- SPDX-License-Identifier: Apache-2.0
-- Drift: what everything that was read shows to be other than the news of the source had made it. Asked while a run that read
-- everything is staged and not merged: the mirror is then what the news have made of it up to their cookie. told: of whom the
-- source speaks when it is asked from that cookie on, once everything was read; what changes meanwhile is no drift. removals: it
-- would speak of who is gone too.

-- The same values, in whatever order the server gave them.
create function same_values(one jsonb, other jsonb) returns boolean language sql immutable set search_path = roster, pg_temp as $$
	select one = other or not exists (
		select from jsonb_each(one) a full join jsonb_each(other) b using (key)
		where a.value is null or b.value is null
		  or array(select v from jsonb_array_elements_text(a.value) v order by v) <> array(select v from jsonb_array_elements_text(b.value) v order by v))
$$;

-- Does the list of a group differ otherwise than a server edits it in silence? It may take out who is gone, and put a new name in
-- the place of an old one: the persons themselves were told of, and nothing follows that was not known. left_: as members_left.
create function members_drifted(run bigint, group_id bigint, members uuid[], left_ uuid[], told text[]) returns boolean
language sql stable set search_path = roster, pg_temp as $$
	with listed as materialized (
		select e.reference, e.member_id from directory_edges e where e.group_id = members_drifted.group_id
	), lost as (
		select l.reference, l.member_id from listed l
		where case when left_ is null then l.reference not in (select m from unnest(members) m where m is not null) else l.reference = any (left_) end
	), came as (
		select m as reference from unnest(members) m where m not in (select l.reference from listed l)
	)
	select exists (
		select from lost l
		join directory_entries d on d.id = l.member_id
		where d.gone_since is null and (l.reference = d.reference or l.reference = d.alias)
		  and d.external_id not in (select t from unnest(told) t)
		  -- who is counted in without being listed
		  and not exists (select from directory_entries g where g.id = members_drifted.group_id and g.alias = d.primary_group)
	) or exists (
		select from came c
		where not exists (select from directory_entries d join listed l on l.member_id = d.id
				where d.reference = c.reference and l.reference <> d.reference and l.reference is distinct from d.alias)
		  and not exists (select from staged_entries s where s.run = members_drifted.run and c.reference in (s.reference, s.alias)
				and s.external_id in (select t from unnest(told) t))
		  -- somebody from elsewhere, of whom nobody speaks, under another name
		  and not (exists (select from lost l where l.member_id is null)
			and not exists (select from directory_entries d where c.reference in (d.reference, d.alias)))
	)
$$;

create function drifted(run bigint, told text[], removals boolean) returns table (external_id text, dn text, what text)
language sql stable set search_path = roster, pg_temp as $$
	with compared as (
		select s.external_id, s.dn, d.id is null or d.gone_since is not null and d.closed is null as is_new,
			array_remove(array[
				case when s.dn <> d.dn then 'name' end,
				case when s.kind <> d.kind then 'kind' end,
				case when (s.login, s.email, s.name, s.alias) is distinct from (d.login, d.email, d.name, d.alias)
					or not same_values(s.attributes, d.attributes) then 'attributes' end,
				-- That an account ends by itself is nobody's news.
				case when (s.ends_at, s.primary_group) is distinct from (d.ends_at, d.primary_group)
					or (s.closed is null) <> (d.closed is null) and coalesce(d.ends_at > now(), true) then 'account' end,
				case when d.kind = 'group' and s.kind = 'group' and d.gone_since is null
					and members_drifted(s.run, d.id, coalesce(s.members, '{}'), s.members_left, told) then 'members' end], null) as differs
		from staged_entries s
		join runs r on r.id = s.run
		left join directory_entries d on d.source = r.source and d.external_id = s.external_id
		where s.run = drifted.run and s.external_id not in (select t from unnest(told) t)
		  and not (d.kind = 'user' and s.kind <> 'user') -- it is refused, each time anew
	)
	select c.external_id, c.dn, case when c.is_new then 'is there' else 'differs in ' || array_to_string(c.differs, ', ') end
	from compared c where c.is_new or c.differs <> '{}'
	union all
	select d.external_id, d.dn, 'is gone'
	from staged_gone g
	join runs r on r.id = g.run
	join directory_entries d on d.source = r.source and d.external_id = g.external_id
	where removals and g.run = drifted.run and not g.explicit and g.external_id not in (select t from unnest(told) t)
$$;

-- Is there anything to ask about?
create function may_have_drifted(run bigint) returns boolean language sql stable security definer set search_path = roster, pg_temp
as $$select exists (select from drifted(may_have_drifted.run, '{}', true))$$;

-- The number, and some of them, on one line each.
create function note_drift(run bigint, told text[], removals boolean) returns table (count bigint, examples text[])
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	found bigint;
	kept constant integer := 20;
begin
	with drift as materialized (select * from drifted(note_drift.run, told, removals)),
	noted as (
		insert into drifted_entries (run, external_id, dn, what)
		select note_drift.run, d.external_id, d.dn, d.what from drift d order by d.dn, d.external_id limit kept)
	select count(*) into found from drift;
	update runs r set drift = found where r.id = note_drift.run;
	return query select found, drift_examples(note_drift.run);
end $$;

grant execute on function may_have_drifted(bigint), note_drift(bigint, text[], boolean) to roster_daemon;
