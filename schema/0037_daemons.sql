-- SPDX-License-Identifier: Apache-2.0
-- The rosterds that work with this database, and how all of them are asked to read their configuration again.
--
-- Each has a child that holds a lock for as long as it lives, hears of a reload by NOTIFY, roster_reload, and hands it to its
-- supervisor. What became of it comes back from there: the supervisor itself speaks to no database. roster_reloaded tells
-- who waits for that.

-- Reloads are counted; the count is what a rosterd has heard of and answered.
alter table installation add column reloads bigint not null default 0, add column reload_asked_at timestamptz;

create table daemons (
	id integer generated always as identity primary key, -- of the lock, too
	instance text not null unique, -- one life of one supervisor
	host text not null,
	process integer not null,      -- of the supervisor
	config_file text not null,
	attended_at timestamptz not null default clock_timestamp(),
	heard bigint not null,
	answered bigint not null,
	refused text                   -- why what its file says is not what is in force
);

create function is_daemon_there(id integer) returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select exists (select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2
		and l.database = (select d.oid from pg_database d where d.datname = current_database())
		and l.classid = (writer_lock_class() + 5)::oid and l.objid = is_daemon_there.id::oid)
$$;

-- For the session: this rosterd is there. Whoever comes just after a reload was asked for may have read its file just before
-- that, so for it that reload is still to come. Who works with the same file comes after one that did not say that it ended.
create function daemon_attend(instance text, host text, process integer, config_file text) returns void
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	here integer;
begin
	delete from daemons d where d.instance <> daemon_attend.instance and not is_daemon_there(d.id)
		and (d.attended_at < now() - interval '10 minutes' or d.answered >= d.heard and (d.host, d.config_file) = (daemon_attend.host, daemon_attend.config_file));
	insert into daemons as d (instance, host, process, config_file, heard, answered)
	select daemon_attend.instance, daemon_attend.host, daemon_attend.process, daemon_attend.config_file, c.count, c.count
	from (select i.reloads - (coalesce(i.reload_asked_at > now() - interval '1 minute', false))::integer as count from installation i) c
	on conflict on constraint daemons_instance_key do update set attended_at = clock_timestamp()
	returning id into here;
	perform pg_advisory_lock(writer_lock_class() + 5, here);
end $$;

-- A rosterd that ends in order says so: whoever asked for a reload does not wait for it.
create function daemon_leave(instance text) returns void language sql volatile security definer set search_path = roster, pg_temp as $$
	delete from daemons d where d.instance = daemon_leave.instance;
	select pg_notify('roster_reloaded', '');
$$;

-- Is there a reload it has not heard of? Then it has now.
create function daemon_hears(instance text) returns boolean language sql volatile security definer set search_path = roster, pg_temp as $$
	with told as (
		update daemons d set heard = i.reloads from installation i where d.instance = daemon_hears.instance and d.heard < i.reloads
		returning d.id
	)
	select exists (select from told)
$$;

-- What became of everything it had heard of; refused: NULL when the configuration is in force.
create function daemon_answer(instance text, refused text) returns void language sql volatile security definer set search_path = roster, pg_temp as $$
	update daemons d set answered = d.heard, refused = daemon_answer.refused where d.instance = daemon_answer.instance;
	select pg_notify('roster_reloaded', '');
$$;

create function reload_ask() returns bigint language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	number bigint;
begin
	perform require_administrator('reload');
	update installation set reloads = reloads + 1, reload_asked_at = clock_timestamp() returning reloads into number;
	perform pg_notify('roster_reload', '');
	return number;
end $$;

-- Who is there, and what became of a reload; NULL: of the last one it has heard of. Whose child is not there is away: killed, or
-- on the way back; of one that had heard of a reload its children are being started anew, and it is reading.
create function daemon_list(reload bigint default null) returns table (host text, process integer, configuration text, state text, error text)
language sql stable security definer set search_path = roster, pg_temp as $$
	select d.host, d.process, d.config_file, case
			when reload is null and d.answered >= d.heard and not is_daemon_there(d.id) then 'away'
			when d.answered >= coalesce(reload, d.heard) then case when d.refused is null then 'in force' else 'refused' end
			when d.heard >= coalesce(reload, d.heard) or is_daemon_there(d.id) then 'reading' else 'away' end,
		case when d.answered >= coalesce(reload, d.heard) then d.refused end
	from daemons d
	order by d.host, d.process
$$;
