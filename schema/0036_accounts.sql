-- SPDX-License-Identifier: Apache-2.0
-- Parts of merge() about what entries say of themselves: when an account closes, and in which group it is without being
-- listed there.

-- The source said before when it would be: nothing is said now. What is staged of an entry comes after it.
create function close_due(run bigint, source smallint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
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
