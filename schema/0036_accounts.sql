-- SPDX-License-Identifier: Apache-2.0
-- Parts of merge() about what entries say of themselves: when an account closes, what if that cannot be seen any more, and in
-- which group it is without being listed there.

-- The attribute that says when.
alter table directory_entries add column ends_by text;
alter table staged_entries add column ends_by text;
create index on directory_entries (source) where closed is not null or ends_by is not null;

-- Attributes that closed people and are shown of nobody any more: taken for hidden, until somebody shows one again.
alter table sources add column hidden_attributes text[] not null default '{}';

-- By which attributes an account is closed: the text of why begins with the one, unless two say so together or its time came
-- between two reads.
create function closed_by(closed text, ends_by text) returns text[] language sql immutable as $$
	select case when closed = 'its time is over' then array[ends_by] when closed = 'pwdStartTime is not before pwdEndTime' then '{pwdStartTime,pwdEndTime}'
		else array[split_part(closed, ' ', 1)] end
$$;

-- What is not said by a hidden attribute stays as it was said before. The digest of the content is none that any content has:
-- every read of everything looks at it again.
create function keep_hidden(run bigint, source smallint, hidden text[]) returns void language sql volatile set search_path = roster, pg_temp as $$
	update staged_entries s set content = gen_random_uuid(),
		closed = coalesce(s.closed, k.closed, case when k.ends_at <= now() then 'its time is over' end),
		ends_at = least(s.ends_at, k.ends_at), ends_by = case when k.ends_at > s.ends_at then s.ends_by else coalesce(k.ends_by, s.ends_by) end
	from directory_entries d
	cross join lateral (select case when closed_by(d.closed, d.ends_by) && hidden then d.closed end as closed,
		case when d.ends_by = any (hidden) then d.ends_at end as ends_at, case when d.ends_by = any (hidden) then d.ends_by end as ends_by) k
	where d.source = keep_hidden.source and d.kind = 'user' and (d.closed is not null or d.ends_by is not null)
	  and s.run = keep_hidden.run and s.external_id = d.external_id
	  and (s.closed is null and k.closed is not null or k.ends_at < coalesce(s.ends_at, 'infinity'))
$$;

-- shown: the attributes that somebody has of those who are staged. After everything was read one person may have been opened by
-- taking the last value away; that two were, at once, is less likely than that nobody may see it any more. Where not all was
-- read nothing is known of others who are closed by it: nobody is opened before that. True when somebody stays closed. When what
-- is staged may be everything both sides are hashed, since there are no statistics of it yet.
create function find_hidden(run bigint, source smallint, shown text[], complete boolean) returns boolean language plpgsql volatile security definer set search_path = roster, pg_temp
set enable_nestloop = on set enable_hashjoin = on as $$
declare
	hidden text[];
begin
	perform set_config('enable_nestloop', (not complete)::text, true);
	with lost as materialized (
		select d.id, d.dn, a.name from directory_entries d
		join staged_entries s on s.run = find_hidden.run and s.external_id = d.external_id and s.kind = 'user'
		cross join lateral (
			select unnest(closed_by(d.closed, d.ends_by)) where d.closed is not null and s.closed is null
			union select d.ends_by where d.ends_by is distinct from s.ends_by) a(name)
		where d.source = find_hidden.source and (d.closed is not null or d.ends_by is not null) and a.name <> all (shown)
	), told as (
		select l.name, count(*) as people, min(l.dn) as dn from lost l group by l.name
		having count(*) > 1 or l.name = any (select unnest(o.hidden_attributes) from sources o where o.id = find_hidden.source)
			or not complete and exists (select from directory_entries o where o.source = find_hidden.source and o.kind = 'user'
				and (o.ends_by = l.name or l.name = any (closed_by(o.closed, o.ends_by))) and o.id not in (select x.id from lost x))
	), noted as (
		insert into staged_problems (run, lasting, what, why)
		select find_hidden.run, false, t.name, format('nobody shows it any more, by which %s %s or had a time to end (%s for one): it is taken for hidden, and '
			'nobody is opened for it; let the account that reads see it, or, if it was taken away on purpose, leave it on somebody with any value',
			t.people, case t.people when 1 then 'account was closed' else 'accounts were closed' end, t.dn)
		from told t where complete)
	select coalesce(array_agg(t.name order by t.name), '{}') into hidden from told t;
	if complete then
		update sources o set hidden_attributes = hidden where o.id = find_hidden.source and o.hidden_attributes <> hidden;
	end if;
	if hidden <> '{}' then
		perform keep_hidden(find_hidden.run, find_hidden.source, hidden);
	end if;
	return hidden <> '{}';
end $$;

-- The source said before when it would be: nothing is said now. What is staged of an entry comes after it.
create function close_due(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	perform keep_hidden(close_due.run, o.id, o.hidden_attributes) from sources o where o.id = close_due.source and o.hidden_attributes <> '{}';
	with closed as (
		update directory_entries d set closed = 'its time is over', gone_since = now(), gone_explicit = true
		where d.source = close_due.source and d.ends_at <= now() and d.gone_since is null
		returning d.id)
	insert into touched_entries select close_due.run, id from closed;
end $$;

-- Whom a group counts in that does not list him (primaryGroupID): his edge has the name he is a member by elsewhere. Before
-- the entries are as they are now.
create function leave_primary(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	if not exists (select from directory_entries d where d.primary_group is not null) then
		return;
	end if;
	with gone as (
		delete from directory_edges e using staged_entries s, directory_entries d, directory_entries g
		where s.run = leave_primary.run and d.source = leave_primary.source and d.external_id = s.external_id
		  and d.primary_group is not null and (d.primary_group, d.alias) is distinct from (s.primary_group, s.alias)
		  and g.alias = d.primary_group and e.group_id = g.id and e.reference = d.alias
		returning e.group_id, e.member_id)
	insert into dropped_edges select leave_primary.run, group_id, member_id from gone;
end $$;

-- After the edges of groups, which end what a group does not list.
create function join_primary(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	if not exists (select from directory_entries d where d.primary_group is not null) then
		return;
	end if;
	with looked_at as (
		select d.* from staged_entries s
		join directory_entries d on d.source = join_primary.source and d.external_id = s.external_id
		where s.run = join_primary.run
	), joined as (
		insert into directory_edges (group_id, reference, member_id)
		select g.id, d.alias, d.id from looked_at d join directory_entries g on g.alias = d.primary_group and g.kind = 'group' and g.gone_since is null
		union
		select g.id, d.alias, d.id from looked_at g join directory_entries d on d.primary_group = g.alias and d.alias is not null
		where g.kind = 'group'
		on conflict do nothing
		returning member_id)
	insert into touched_entries select distinct join_primary.run, member_id from joined;
end $$;
