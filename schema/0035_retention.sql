-- SPDX-License-Identifier: Apache-2.0
-- What is forgotten: facts that ended long ago, runs that did nothing, and people who are to be erased.
--
-- Twins hold ids only, so history says nothing about a person once his names are gone. What is known of him by name is in users,
-- in the mirror, in the causes of revisions and in what runs, requests and notices left behind, under the names of their day
-- (former_names): user_erase() takes it out of these.

-- History ----------------------------------------------------------------------------------------------------------------

-- The last revision at or before a moment. Times never go back and numbers have no gaps, so it is found by halving.
create function last_revision_before(moment timestamptz) returns bigint language plpgsql stable strict set search_path = roster, pg_temp as $$
declare
	low bigint := 0;
	high bigint := head();
	middle bigint;
begin
	while low < high loop
		middle := (low + high + 1) / 2;
		if (select r.at <= moment from revisions r where r.id = middle) then
			low := middle;
		else
			high := middle - 1;
		end if;
	end loop;
	return low;
end $$;

-- From which revision on history must stay: the limit, unless something still needs more. A target that is told anything is
-- owed the difference to what it was told; a run of which something is held shows what it did.
create function history_bound(keep interval) returns bigint language plpgsql stable set search_path = roster, pg_temp as $$
begin
	return least(last_revision_before(now() - keep),
		(select min(t.cursor) from targets t where t.configured and t.state = 'active' and t.history is not null),
		(select min(l.revision) from lanes l join targets t on t.id = l.target
			where l.revision > 0 and t.configured and t.state = 'active' and t.history is not null),
		(select min(w.after) from windows w join targets t on t.id = w.target
			where w.after > 0 and t.configured and t.state = 'active' and t.history is not null),
		(select last_revision_before(min(r.started_at)) from runs r
			where r.id in (select h.run from held_changes h where h.state = 'held')));
end $$;

-- Forget a part of what ended longer ago than keep: how many rows, 0 when there is no more. A target that is told nothing
-- for the time being does not hold it up: it gets a snapshot, as after its first start.
create function clock_forget(keep interval, most bigint default 10000) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	bound bigint;
	twin text;
	forgotten bigint := 0;
	count bigint;
begin
	-- None of them comes back or is told meanwhile.
	perform from targets t order by t.id for update;
	bound := history_bound(keep);
	if bound > (select i.horizon from installation i) then
		update installation set horizon = bound where horizon < bound;
		delete from windows w using targets t
		where t.id = w.target and not (t.configured and t.state = 'active') and t.cursor < bound;
		update targets t set history = null
		where t.history is not null and not (t.configured and t.state = 'active')
		  and (t.cursor < bound or exists (select from lanes l where l.target = t.id and l.revision between 1 and bound - 1));
		delete from counted_grants c where c.revision < bound;
		delete from past_names p where p.until <= bound;
	end if;
	select i.horizon into bound from installation i;
	for twin in select c.relname || '_history' from fact_tables f join pg_class c on c.oid = f.name order by c.relname loop
		execute format('delete from %1$I where ctid = any (array(select h.ctid from %1$I h where h.until <= $1 limit $2))', twin)
			using bound, most - forgotten;
		get diagnostics count = row_count;
		forgotten := forgotten + count;
		exit when forgotten >= most;
	end loop;
	return forgotten;
end $$;

-- A source that is asked again and again mostly has nothing to say, and each time leaves a run: those of which nothing else
-- speaks go after a month, but the last of each source. How many went, up to so many at once.
create function clock_forget_runs(most bigint default 10000) returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	forgotten bigint;
begin
	delete from runs d where d.id = any (array(
		select r.id from runs r where r.state = 'nothing' and r.started_at < now() - interval '30 days'
		  and r.id < (select max(l.id) from runs l where l.source = r.source)
		  and not exists (select from revisions v where v.run = r.id)
		  and not exists (select from quarantine q where q.run = r.id)
		  and not exists (select from held_changes h where h.run = r.id)
		limit most));
	get diagnostics forgotten = row_count;
	return forgotten;
end $$;

-- People -----------------------------------------------------------------------------------------------------------------

-- Why this person cannot be erased yet, as an error that says what to do. Who is erased is nobody any more: what needs a
-- person must have another one by then, and who was told of him must have been told that he may do nothing.
create function need_erasable(who text) returns users language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	person users;
	why text;
	todo text;
	later boolean; -- it needs nothing but time
begin
	select * into person from users u where u.id = need_user(who);
	select o.why, o.todo, o.place = 7 into why, todo, later from (
		select 1, 'is erased already', 'see rosterctl user show' where person.erased_at is not null
		union all
		select 2, 'is active', 'take all access first: rosterctl user suspend ' || person.login where person.active
		union all
		select 3, 'is still in source ' || s.name, 'take the entry away there, or rosterctl user unlink ' || person.login || ' ' || s.name
		from identities i join sources s on s.id = i.source where i.user_id = person.id and i.gone_since is null and s.retired_at is null
		union all
		select 4, 'owns app:' || a.name, 'rosterctl app owner ' || a.name || ' LOGIN' from apps a where a.owner = person.id
		union all
		select 5, 'is the Technical Contact of app:' || a.name, 'rosterctl node contact ' || a.name || ' LOGIN'
		from nodes n join apps a on a.id = n.app where n.technical_contact = person.id
		union all
		select 6, 'is the only one to administer ' || resource_name(g.anchor), 'name another one first'
		from grants g join roles r on r.id = g.role and r.kind = 'platform' and r.name in ('Platform Administrator', 'Group Administrator')
		where g.user_id = person.id and not exists (select from groups x where x.id = g.anchor and x.archived)
		  and not exists (select from grants o where o.anchor = g.anchor and o.role = g.role and o.user_id <> g.user_id)
		union all
		select 7, 'may still be active for target ' || t.name, 'wait until rosterctl status shows it up to date, or rosterctl target forget ' || t.name
		from targets t where t.history is not null
		  and (t.cursor < person.since or exists (select from lanes l where l.target = t.id and l.revision < person.since)
			or exists (select from windows w where w.target = t.id and w.revision < person.since))
	) o(place, why, todo) order by o.place, o.why limit 1;
	if why is not null then
		raise exception '"%" %', who, why using hint = todo,
			errcode = case when later then 'object_not_in_prerequisite_state' else 'check_violation' end;
	end if;
	return person;
end $$;

create function user_erase_preview(who text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	person users := need_erasable(who);
begin
	return format('user %s (%s) would be erased for ever: login, name and mail address, %s from sources, %s; the id stays in history',
		person.login, person.id,
		(select count(*) || case count(*) when 1 then ' entry' else ' entries' end from identities i where i.user_id = person.id),
		(select count(*) || case count(*) when 1 then ' role' else ' roles' end || ' he still holds' from grants g where g.user_id = person.id));
end $$;

-- A text without these words. A word ends where none of its letters can follow: "ann" is not in "anna" or in "/dev/ann".
create function without_words(body text, words text[]) returns text language plpgsql immutable set search_path = roster, pg_temp as $$
declare
	word text;
begin
	foreach word in array words loop
		body := regexp_replace(body, '(?<![[:alnum:]_./@-])' || regexp_replace(word, '([^[:alnum:]])', '\\\1', 'g') || '(?![[:alnum:]_/@-]|\.[[:alnum:]])',
			'(erased)', 'gi');
	end loop;
	return body;
end $$;

-- All he was called, each with the last revision that can mean him: a namesake who came after him keeps what is said of her.
create function names_of(person users) returns table (name text, last bigint) language sql stable set search_path = roster, pg_temp as $$
	with known as (
		select n.name, person.since as last from unnest(array[person.login, person.email]) n(name)
		union all
		select n.name, person.since from identities i
		left join directory_entries d on d.source = i.source and d.external_id = i.external_id
		cross join unnest(array[i.external_id, d.dn, d.login, d.email]) n(name) where i.user_id = person.id
		union all
		select f.name, f.last from former_names f where f.user_id = person.id
	)
	select k.name, case when exists (select from users u where u.id <> person.id and (u.login_key = lower(normalize(k.name, NFKC)) or u.email = k.name))
			or exists (select from former_names f where f.user_id <> person.id and f.name = k.name) then max(k.last) else head() end
	from known k where k.name <> '' group by k.name
$$;

-- What runs, requests and revisions say of him in words.
create function erase_words(words text[], last bigint) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	until timestamptz := case when last = head() then clock_timestamp() else (select r.at from revisions r where r.id = last) end;
	-- Most texts hold none of them: that is seen at a glance.
	likely text[] := array(select '%' || regexp_replace(w, '([%_\\])', '\\\1', 'g') || '%' from unnest(words) w);
begin
	update revisions r set cause = without_words(r.cause, words) where r.id <= last and r.cause ilike any (likely) and r.cause <> without_words(r.cause, words);
	update runs r set reason = without_words(r.reason, words) where r.started_at <= until and r.reason ilike any (likely);
	update held_plans p set login = '(erased)' from runs r
	where r.source = p.source and r.plan_digest = p.digest and r.started_at <= until
	  and lower(normalize(p.login, NFKC)) = any (array(select lower(normalize(w, NFKC)) from unnest(words) w));
	delete from request_lines l using requests q
	where q.id = l.request and q.at <= until and l.line::text <> without_words(l.line::text, words);
	update requests q set options = without_words(q.options::text, words)::jsonb, result = without_words(q.result::text, words)::jsonb,
		error = without_words(q.error, words)
	where q.at <= until and q.state in ('done', 'failed');
	update held_changes h set reason = without_words(h.reason, words) where h.held_at <= until and h.reason ilike any (likely);
	update quarantine q set what = without_words(q.what, words), why = without_words(q.why, words)
	where q.noted_at <= until and (q.what ilike any (likely) or q.why ilike any (likely));
	update drifted_entries x set dn = without_words(x.dn, words) from runs r where r.id = x.run and r.started_at <= until and x.dn ilike any (likely);
	update notices n set text = without_words(n.text, words), error = without_words(n.error, words) where n.began_at <= until;
	update targets t set error = without_words(t.error, words) where t.error ilike any (likely);
	update lanes l set error = without_words(l.error, words) where l.error ilike any (likely);
	update directory_edges e set reference_text = without_words(e.reference_text, words) where e.reference_text ilike any (likely);
end $$;

-- The database logins by which he acted.
create function erase_acts(person uuid) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	logins name[] := array(select o.login from operators o where o.user_id = person
		union select r.login from revisions r where r.actor = person and not exists (select from operators o where o.login = r.login));
begin
	update revisions r set login = '(erased)' where r.actor = person;
	update runs r set login = '(erased)' where r.login = any (logins);
	update requests q set login = '(erased)' where q.login = any (logins);
	update operators o set added_by = '(erased)' where o.added_by = any (logins);
	update held_changes h set decided_by = '(erased)' where h.decided_by = any (logins);
	update paused_sources p set login = '(erased)' where p.login = any (logins);
	update invitations i set invited_by = '(erased)' where i.invited_by = any (logins);
	delete from role_edit e where e.login = any (logins);
	perform dismiss_operator(o.login) from operators o where o.user_id = person;
	delete from operators o where o.user_id = person;
end $$;

-- Of his entries nothing stays but their places: what groups still list stays bound to them, so nobody steps into it. names:
-- those by which a source that was made to forget him knew an entry that is gone by now.
create function erase_entries(person uuid, names text[]) returns void language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	entries bigint[];
begin
	begin
		-- A run may have one in its hands, and waits for the lock we hold.
		entries := array(select d.id from directory_entries d where d.id in (
			select d.id from identities i join directory_entries d on d.source = i.source and d.external_id = i.external_id where i.user_id = person
			union all
			select d.id from sources s join directory_entries d on d.source = s.id and d.external_id = any (names)
			where d.kind = 'user' and d.dn = any (names) and d.gone_since is not null
			  and not exists (select from identities i where i.source = d.source and i.external_id = d.external_id)) for update nowait);
	exception when lock_not_available then
		raise exception 'a run is about this person just now' using errcode = 'lock_not_available', hint = 'try again when it is over';
	end;
	delete from quarantine q using directory_entries d where d.id = any (entries) and q.source = d.source and q.external_id = d.external_id;
	delete from drifted_entries x using directory_entries d
	where d.id = any (entries) and x.external_id = d.external_id and x.run in (select r.id from runs r where r.source = d.source);
	delete from held_changes h using directory_entries d where d.id = any (entries) and h.source = d.source and h.external_id = d.external_id;
	delete from directory_places l using directory_entries d where d.id = any (entries) and l.source = d.source and l.external_id = d.external_id;
	delete from directory_mappings m where m.entry_id = any (entries);
	update directory_entries d set external_id = 'erased-' || d.id, dn = '', reference = gen_random_uuid(), alias = null, parent = null,
		content = '00000000-0000-0000-0000-000000000000', login = null, email = null, name = null, attributes = '{}',
		gone_since = coalesce(d.gone_since, now())
	where d.id = any (entries);
	delete from identities i where i.user_id = person;
	delete from kept_apart k where k.user_id = person;
end $$;

-- Take everything that says who somebody was out of the database; his id stays. He holds nothing any more and never comes
-- back: an entry that does, under whatever id, is somebody new.
create function user_erase(who text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	person users;
	words text[];
	last bigint;
begin
	select * into person from users u where u.id = need_user(who);
	perform act(format('user erase %s', person.id));
	person := need_erasable(who);
	for last, words in select n.last, array_agg(n.name order by length(n.name) desc) from names_of(person) n group by n.last loop
		perform erase_words(words, last);
		if last = head() then
			delete from awaited_admins w where w.login_key in (select lower(normalize(n, NFKC)) from unnest(words) n);
		end if;
	end loop;
	perform erase_acts(person.id);
	perform erase_entries(person.id, array(select n.name from names_of(person) n));
	delete from grants g where g.user_id = person.id;
	delete from environment_settings s where s.user_id = person.id;
	delete from invitations i where i.user_id = person.id;
	delete from second_factors f where f.user_id = person.id;
	delete from sessions s where s.user_id = person.id;
	delete from signals g where g.subject in (select n.name from names_of(person) n);
	update users u set login = 'erased-' || u.id, email = null, name = null, suspended = true, attributes_from = 0, erased_at = now()
	where u.id = person.id;
	delete from former_names f where f.user_id = person.id;
end $$;

grant execute on function clock_forget(interval, bigint), clock_forget_runs(bigint) to roster_daemon;
grant execute on function user_erase_preview(text), user_erase(text) to roster_admin;
