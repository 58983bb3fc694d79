-- SPDX-License-Identifier: Apache-2.0
-- A source that is no longer in the configuration: what it gave stays until somebody says otherwise, but not in silence.

-- Sources roster knows and these names do not have, that still give something.
create function sources_absent(names text[]) returns table (source text, people bigint, grants bigint)
language sql stable security definer set search_path = roster, pg_temp as $$
	select a.* from (
		select s.name,
			(select count(*) from identities i join users u on u.id = i.user_id and u.active where i.source = s.id and i.gone_since is null) as people,
			(select count(*) from grants g where g.source = s.id) as grants
		from sources s where s.id <> 0 and s.kind <> 'import' and s.retired_at is null and s.name <> all (sources_absent.names)
	) a where a.people > 0 or a.grants > 0
	order by 1
$$;

-- People whom no other source knows.
create function known_here_alone(source smallint) returns table (user_id uuid) language sql stable set search_path = roster, pg_temp as $$
	select i.user_id from identities i
	where i.source = known_here_alone.source and not exists (select from identities o
		where o.user_id = i.user_id and o.source <> i.source and o.gone_since is null)
$$;

-- What retiring a source takes away: everything it gave, and everybody only it knew, as if all had left. Into
-- planned_imports; import_changes() and import_counts() show it.
create function retire_plan(name text, binding boolean) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint;
begin
	if binding then
		perform pg_advisory_xact_lock(writer_lock_class(), 1);
	end if;
	perform require_administrator('source retire ' || name);
	src := need_source(name);
	if not pg_try_advisory_xact_lock(writer_lock_class() + 1, src) then
		raise exception 'source % is being synchronised', name using errcode = 'lock_not_available', hint = 'stop that, then try again';
	end if;
	delete from staged_imports s;
	delete from planned_imports p;
	insert into planned_imports (kind, action, user_id, description)
	select 'user', 'remove', u.id, 'no other source knows this person'
	from users u where u.active and u.id in (select k.user_id from known_here_alone(src) k)
	  and (select s.authoritative from sources s where s.id = src)
	order by u.login_key;
	perform plan_withdrawal(src);
end $$;

create function retire_apply(name text) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint;
	revision bigint;
begin
	perform require_administrator('source retire ' || name);
	src := need_source(name);
	if exists (select from planned_imports p where p.transaction = pg_current_xact_id() and p.action <> 'keep') then
		revision := apply_imports(src, 'retire', false);
		update users u set active = false from planned_imports p
		where p.transaction = pg_current_xact_id() and p.kind = 'user' and u.id = p.user_id;
	end if;
	perform need_administrator();
	-- Who is known elsewhere is that source's from now on, and called as it says; who is not is remembered as gone.
	update sources s set settled = false
	where s.id in (select o.source from identities i join identities o on o.user_id = i.user_id and o.source <> src where i.source = src and i.linked);
	delete from kept_apart k where k.source = src;
	delete from identities i where i.source = src and i.user_id not in (select k.user_id from known_here_alone(src) k);
	update identities i set gone_since = now() where i.source = src and i.gone_since is null;
	delete from directory_mappings m using directory_entries d where d.source = src and m.entry_id = d.id;
	delete from nameless_entries n where n.source = src;
	delete from unsure_edges x using directory_entries d where d.source = src and x.group_id = d.id;
	delete from unsure_drops x using directory_entries d where d.source = src and x.group_id = d.id;
	delete from doubtful_edges x using directory_entries d where d.source = src and x.group_id = d.id;
	delete from directory_edges e using directory_entries d where d.source = src and e.group_id = d.id;
	delete from directory_edges e using directory_entries d where d.source = src and e.member_id = d.id;
	delete from directory_entries d where d.source = src;
	delete from directory_places p where p.source = src;
	delete from source_cookies c where c.source = src;
	delete from directory_rules r where r.source = src;
	delete from quarantine q where q.source = src;
	delete from held_changes h where h.source = src;
	delete from drifted_entries x using runs r where r.id = x.run and r.source = src;
	update runs r set drift = null where r.source = src and r.drift is not null;
	update runs r set state = 'superseded' where r.source = src and r.state = 'held';
	delete from guard_log g where g.source = src;
	-- Should it come back, it begins anew.
	update sources s set retired_at = now(), settled = false, unsure = false, first_run_at = null, last_complete_at = null, last_full_at = null, rules_digest = null, settings = null
	where s.id = src;
	delete from planned_imports p where p.transaction = pg_current_xact_id();
	return revision;
end $$;

-- Forget that a source knows a person: what it gave him goes, and what it says about him does not count any more. Who is
-- inactive stays so until user_resume(); while the source still has the entry, it waits in quarantine for another login.
create function user_unlink(who text, source text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person uuid := need_user(who);
	src smallint;
	lost record;
begin
	perform act(format('user unlink %s %s', who, source));
	src := need_source(source);
	delete from held_changes h using identities i
	where i.user_id = person and i.source = src and h.source = src and h.external_id = i.external_id;
	perform remember_names(person, array[i.external_id, d.dn, d.login])
	from identities i left join directory_entries d on d.source = i.source and d.external_id = i.external_id where i.user_id = person and i.source = src;
	insert into kept_apart (source, external_id, user_id)
	select src, i.external_id, person from identities i where i.user_id = person and i.source = src on conflict do nothing;
	delete from identities i where i.user_id = person and i.source = src;
	if not found then
		raise exception 'source % does not know %', source, who using errcode = 'no_data_found', hint = 'see rosterctl user show';
	end if;
	for lost in delete from grants g where g.user_id = person and g.source = src returning g.anchor, g.role loop
		perform keep_team(person, lost.anchor, lost.role);
	end loop;
	if not is_owner() then
		perform need_administrator();
	end if;
	update users u set suspended = u.suspended or not u.active,
		attributes_from = case when u.attributes_from = src then coalesce((known_as(u.id, null)).named_by, 0) else u.attributes_from end
	where u.id = person;
	-- The next run looks at everybody, and finds an entry that is nobody's, and what others call him.
	update sources s set settled = false where s.id = src or s.id in (select i.source from identities i where i.user_id = person);
end $$;

-- Say that a person and an entry of a source are one: from now on the source speaks of him as of those it brought. entry: its
-- id or DN; NULL is the one with his login. A login alone links nobody (who can write it could become somebody else).
create function user_link(who text, source text, entry text default null) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person users;
	src smallint;
	linked directory_entries;
	known text;
begin
	perform act(format('user link %s %s', who, source) || coalesce(' ' || entry, ''));
	perform refuse_erased(need_user(who));
	src := need_source(source);
	select * into person from users u where u.id = need_user(who);
	select i.external_id into known from identities i where i.user_id = person.id and i.source = src;
	if found then
		raise exception 'source % knows % already, as %', source, who, known using errcode = 'unique_violation',
			hint = 'forget that first: rosterctl user unlink';
	end if;
	select * into linked from directory_entries d
	where d.source = src and d.kind = 'user' and d.gone_since is null
	  and (d.external_id = entry or d.dn = entry or entry is null and lower(normalize(d.login, NFKC)) = person.login_key)
	order by d.external_id = entry desc nulls last limit 1;
	if linked.id is null then
		raise exception 'source % has no entry % of a person', source, coalesce(entry, 'with the login "' || person.login || '"') using errcode = 'no_data_found',
			hint = 'name it by its id or DN, as rosterctl quarantine or the directory shows it; it must have been read';
	end if;
	select u.login into known from identities i join users u on u.id = i.user_id where i.source = src and i.external_id = linked.external_id;
	if found then
		raise exception 'the entry % is user % already', linked.dn, known using errcode = 'unique_violation', hint = 'an entry is one person';
	end if;
	delete from kept_apart k where k.source = src and k.external_id = linked.external_id and k.user_id = person.id;
	insert into identities (source, external_id, user_id) values (src, linked.external_id, person.id);
	update identities i set linked = true where i.user_id = person.id and (select count(*) from identities o where o.user_id = person.id) > 1;
	update users u set attributes_from = src where u.id = person.id and u.attributes_from = 0;
	-- The next run looks at everybody, and finds whose entry that is.
	update sources s set settled = false where s.id = src;
end $$;

grant execute on function sources_absent(text[]), need_source(text) to roster_admin, roster_daemon;
grant execute on function retire_plan(text, boolean), retire_apply(text), user_link(text, text, text), user_unlink(text, text) to roster_admin;
