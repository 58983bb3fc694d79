-- SPDX-License-Identifier: Apache-2.0
-- Requests: what an operator or a signal asks of the process that leads a source, wherever it runs.
--
-- A request waits, is taken by the one who leads its subject, and ends done or failed, with a result for whoever waits for it.
-- NOTIFY tells both sides: roster_request carries the subject, roster_request_done the number.

create type request_kind as enum ('plan', 'sync');
create type request_state as enum ('waiting', 'taken', 'done', 'failed');

create table requests (
	id bigint generated always as identity primary key,
	kind request_kind not null,
	subject text not null, -- the source
	options jsonb not null default '{}',
	state request_state not null default 'waiting',
	attempts smallint not null default 0,
	run bigint,            -- that it led to; a plan leaves none
	progress text,
	result jsonb,
	error_class text,      -- as the program names it
	error text,
	login name not null default session_user,
	person uuid,
	at timestamptz not null default clock_timestamp(),
	taken_at timestamptz,
	ended_at timestamptz
);
create index on requests (subject) where state in ('waiting', 'taken');

-- The change list of a request, as rosterctl prints it. Unlogged: after a crash of the server nobody waits for it any more.
create unlogged table request_lines (
	request bigint not null,
	seq bigint not null,
	line jsonb not null,
	primary key (request, seq)
);

-- Who leads ------------------------------------------------------------------------------------------------------------------

-- The second key of the lock that says: here requests about this source are taken. Whoever reads it once with --local holds
-- the lock of lead_source() too, and takes none.
create function attendance_key(source smallint) returns integer language sql immutable as 'select -source::integer';

-- Every kind is taken by who leads the source.
create function leads(kind request_kind, subject text) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (
		select from pg_locks l
		join sources s on l.objid = attendance_key(s.id)::oid
		where s.name = leads.subject and l.locktype = 'advisory' and l.granted
		  and l.database = (select d.oid from pg_database d where d.datname = current_database())
		  and l.classid = (writer_lock_class() + 1)::oid and l.objsubid = 2)
$$;

-- What a process that ended had taken: begun anew where that does no harm, and not for ever.
create function request_recover(kinds request_kind[], subject text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	lost bigint;
begin
	delete from request_lines l using requests q
	where l.request = q.id and q.state = 'taken' and q.kind = any (kinds) and q.subject = request_recover.subject;
	update requests q set state = 'waiting', taken_at = null, progress = null
	where q.state = 'taken' and q.kind = any (kinds) and q.subject = request_recover.subject and q.attempts < 3;
	for lost in
		update requests q set state = 'failed', error_class = 'internal', ended_at = clock_timestamp(),
			error = format('the process that carried it out ended before it was done (%s of 3 attempts); see its log', q.attempts)
		where q.state = 'taken' and q.kind = any (kinds) and q.subject = request_recover.subject
		returning q.id
	loop
		perform pg_notify('roster_request_done', lost::text);
	end loop;
end $$;

-- From now on this session, which leads the source, takes the requests about it.
create function request_attend(subject text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	src smallint := (select s.id from sources s where s.name = subject);
begin
	if src is null or not exists (select from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'advisory' and l.granted
			and l.classid = (writer_lock_class() + 1)::oid and l.objid = src::oid and l.objsubid = 2) then
		raise exception 'this session does not lead the source %', subject using errcode = 'object_not_in_prerequisite_state';
	end if;
	perform pg_advisory_lock(writer_lock_class() + 1, attendance_key(src));
	perform request_recover(array['plan', 'sync']::request_kind[], subject);
end $$;

-- Who asks -------------------------------------------------------------------------------------------------------------------

create function need_source(name text) returns smallint language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id smallint := (select s.id from sources s where s.name = need_source.name and s.id <> 0);
begin
	if found_id is null then
		raise exception 'there is no source "%"', name using errcode = 'no_data_found', hint = 'see rosterctl status';
	end if;
	return found_id;
end $$;

-- Ask for something. The same, waiting already for the same login, is that request: ten mean one.
create function request_make(kind request_kind, subject text, options jsonb default '{}') returns bigint
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	made bigint;
begin
	if carries_session() or not pg_has_role(session_user, 'roster_daemon', 'member') then
		perform require_administrator(format('%s %s', kind, subject));
	end if;
	perform need_source(subject);
	perform pg_advisory_xact_lock(writer_lock_class(), 2); -- two that ask at once see each other
	with old as (
		delete from requests q where q.state <> 'taken' and greatest(q.at, q.ended_at) < now() - interval '7 days' returning q.id)
	delete from request_lines l using old where l.request = old.id;
	select q.id into made from requests q
	where q.state = 'waiting' and q.kind = request_make.kind and q.subject = request_make.subject
	  and q.options = request_make.options and q.login = session_user and q.person is not distinct from actor()
	order by q.id limit 1;
	if made is null then
		insert into requests (kind, subject, options, person)
		values (request_make.kind, request_make.subject, request_make.options, actor()) returning id into made;
	end if;
	perform pg_notify('roster_request', subject);
	return made;
end $$;

create function request_show(id bigint) returns table (state text, run bigint, progress text, result text, error_class text, error text, led boolean)
language sql stable security definer set search_path = roster, pg_temp as $$
	select q.state::text, q.run, q.progress, q.result::text, q.error_class, q.error, leads(q.kind, q.subject)
	from requests q where q.id = request_show.id
$$;

create function request_line_list(id bigint) returns setof jsonb language sql stable security definer set search_path = roster, pg_temp
as 'select l.line from request_lines l where l.request = request_line_list.id order by l.seq';

create function request_list(most integer) returns table (request bigint, kind text, subject text, state text, login name, run text, progress text,
	made_at timestamptz, seconds numeric, error text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select q.id, q.kind::text, q.subject, q.state::text, q.login, q.subject || '/' || q.run, case when q.state = 'taken' then q.progress end, q.at,
		round(extract(epoch from q.ended_at - q.taken_at), 1), q.error
	from requests q order by q.id desc limit most
$$;

-- Who carries it out ---------------------------------------------------------------------------------------------------------

-- The oldest of these kinds that waits for this subject; nothing when none does.
create function request_take(kinds request_kind[], subject text) returns table (id bigint, kind request_kind, options text, login name)
language sql volatile security definer set search_path = roster, pg_temp as $$
	update requests q set state = 'taken', taken_at = clock_timestamp(), attempts = q.attempts + 1
	where q.id = (
		select w.id from requests w
		where w.state = 'waiting' and w.kind = any (kinds) and w.subject = request_take.subject
		order by w.id limit 1 for update skip locked)
	returning q.id, q.kind, q.options::text, q.login
$$;

create function request_progress(id bigint, progress text) returns void language sql volatile security definer set search_path = roster, pg_temp
as $$update requests q set progress = request_progress.progress where q.id = request_progress.id and q.state = 'taken'$$;

create function request_lines_add(id bigint, first bigint, lines jsonb) returns void
language sql volatile security definer set search_path = roster, pg_temp as $$
	insert into request_lines (request, seq, line)
	select request_lines_add.id, first + l.ordinality - 1, l.line from jsonb_array_elements(lines) with ordinality l(line, ordinality)
$$;

create function request_end(id bigint, run bigint, result jsonb, error_class text, error text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	update requests q set state = case when request_end.error is null then 'done' else 'failed' end::request_state, run = request_end.run,
		result = request_end.result, error_class = request_end.error_class, error = request_end.error, progress = null, ended_at = clock_timestamp()
	where q.id = request_end.id and q.state = 'taken';
	if not found then
		raise exception 'request % is not under way', id using errcode = 'object_not_in_prerequisite_state';
	end if;
	perform pg_notify('roster_request_done', id::text);
end $$;

-- Pause ----------------------------------------------------------------------------------------------------------------------

create function source_pause(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	insert into paused_sources (source) values (need_source(name)) on conflict do nothing;
	perform pg_notify('roster_request', name); -- who listens to its news stops now
end $$;

create function source_resume(name text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	delete from paused_sources p where p.source = need_source(name);
	perform pg_notify('roster_request', name); -- what was due is done now
end $$;

create function source_paused(name text) returns boolean language sql stable security definer set search_path = roster, pg_temp
as 'select exists (select from paused_sources p join sources s on s.id = p.source where s.name = source_paused.name)';

-- A source or a target, whichever has that name.
create function pausable(name text) returns text language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	is_source boolean := exists (select from sources s where s.name = pausable.name and s.id <> 0);
	is_target boolean := exists (select from targets t where t.name = pausable.name);
begin
	if is_source and is_target then
		raise exception 'both a source and a target are called "%"', name using errcode = 'ambiguous_parameter', hint = 'rename one of them';
	elsif not is_source and not is_target then
		raise exception 'there is neither a source nor a target "%"', name using errcode = 'no_data_found', hint = 'see rosterctl status';
	end if;
	return case when is_source then 'source' else 'target' end;
end $$;

-- kind and type: what the caller's configuration says it is, a source or a target of that type; NULL when it knows of none.
-- One that nobody has read or told yet is noted, so that it is paused from the beginning; the row of one that is known is
-- not touched, which a run keeps locked.
create function pause(name text, kind text, type text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform require_administrator(format('pause %s', name));
	-- A run under way has changed the row of one that is known, and an insertion would wait for it.
	if exists (select from sources s where s.name = pause.name) or exists (select from targets t where t.name = pause.name) then
		null;
	elsif kind = 'source' then
		insert into sources (name, kind, position, settled) values (pause.name, type, 1000, false) on conflict do nothing;
	elsif kind = 'target' then
		insert into targets (name, kind, patterns, keep_left, address, windows)
		select pause.name, type, '{}', false, '', i.windows from installation i on conflict do nothing;
	end if;
	if pausable(name) = 'source' then
		perform source_pause(name);
	else
		perform target_pause(name);
	end if;
end $$;

create function resume(name text, kind text) returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform require_administrator(format('resume %s', name));
	-- Nobody knows it yet, so nobody has paused it.
	if kind is not null and not exists (select from sources s where s.name = resume.name) and not exists (select from targets t where t.name = resume.name) then
		return;
	end if;
	if pausable(name) = 'source' then
		perform source_resume(name);
	else
		perform target_resume(name);
	end if;
end $$;
