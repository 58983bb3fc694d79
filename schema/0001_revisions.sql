-- SPDX-License-Identifier: Apache-2.0
-- Revisions: every committed change to who may do what has a number, a time and a cause.
--
-- All writers take one lock (open_revision), so revisions are totally ordered and without gaps. A row of a fact table
-- knows the revision that added it (since); its history twin keeps ended rows with the revision that ended them (until).
-- "As of revision r" is therefore: since <= r, and until > r for the twin.

create table installation (
	only_row boolean primary key default true check (only_row),
	-- Renewed when the database is restored to an earlier state: every cursor and event carries it.
	history uuid not null default gen_random_uuid(),
	-- The first revision as of which everything is known: of facts that ended by then nothing may be left.
	horizon bigint not null default 0,
	created_at timestamptz not null default now()
);
insert into installation default values;

create table migrations (
	version integer primary key,
	name text not null,
	applied_at timestamptz not null default now()
);

create type run_state as enum ('running', 'nothing', 'applied', 'held', 'approved', 'rejected', 'superseded', 'failed');

-- A run is one read of a source, or one act that applies what an earlier read left open. Printed "corp/1290".
create table runs (
	id bigint generated always as identity primary key,
	source smallint check (source <> 0), -- references sources, added there; the administrator's hand is not read
	kind text not null,
	state run_state not null default 'running',
	completeness text,
	reason text,
	started_at timestamptz not null default clock_timestamp(),
	ended_at timestamptz,
	entries bigint not null default 0,
	unreadable bigint not null default 0,
	adds bigint not null default 0,
	removes bigint not null default 0,
	held bigint not null default 0,
	-- Digest of the ordered change list: a saved or a held plan is applied only while it is still this one.
	plan_digest text,
	login name not null default session_user
);

create table revisions (
	id bigint primary key,
	at timestamptz not null,
	run bigint references runs,
	actor uuid, -- the person, where the session is a person's
	login name not null,
	cause text not null,
	transaction xid8 not null,
	-- Brought by a source, an import or the clock, or brought back: what must be so after an act by hand may be missing then, and
	-- needs a person.
	by_itself boolean not null default false
);
create index on revisions (run) where run is not null;
create index on runs (source, id);

-- A run in this state may be staged and merged, by the one who leads its source.
create function running(run bigint) returns runs language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	row runs;
begin
	select * into row from runs r where r.id = running.run and r.state = 'running';
	if row.id is null then
		raise exception 'run % is not running', run using errcode = 'object_not_in_prerequisite_state';
	end if;
	return row;
end $$;

-- Revisions are what everything else refers to: they are written once. Only the erasure of a person takes names out of them.
create function keep_revisions() returns trigger language plpgsql set search_path = roster, pg_temp as $$
begin
	if tg_op = 'UPDATE' and exists (select from revisions r where r.id = head() and r.transaction = pg_current_xact_id() and r.cause ~ '^user erase ') then
		return null;
	end if;
	raise exception 'revisions cannot be changed or removed' using errcode = 'check_violation';
end $$;
create trigger keep before update or delete or truncate on revisions for each statement execute function keep_revisions();

-- The advisory lock every writer takes first. Two keys: class 'rost', object 1.
create function writer_lock_class() returns integer language sql immutable as 'select 1919906676';

-- Wait for the turn to write, before names are looked up: what a name stands for may have gone meanwhile. A group that was
-- deleted keeps its row, so nothing but its name tells.
create function writer_turn() returns void language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	perform pg_advisory_xact_lock(writer_lock_class(), 1);
end $$;

-- The revision this transaction writes, opened when it has none. Everything that changes a fact goes through here.
create function open_revision(cause text default null, run bigint default null, actor uuid default null, by_itself boolean default false) returns bigint
language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	latest revisions;
begin
	select * into latest from revisions order by id desc limit 1;
	if latest.transaction = pg_current_xact_id() then
		-- What must be so after an act of a person is not asked of what came by itself.
		if latest.by_itself and not open_revision.by_itself and open_revision.actor is not null then
			raise exception '% is a transaction of its own', latest.cause using errcode = 'object_not_in_prerequisite_state',
				hint = 'commit before the next act';
		end if;
		return latest.id;
	end if;
	if current_setting('transaction_isolation') <> 'read committed' then
		raise exception 'roster is written under READ COMMITTED only, not %', current_setting('transaction_isolation')
			using errcode = 'invalid_transaction_state',
			hint = 'begin transaction isolation level read committed';
	end if;
	perform pg_advisory_xact_lock(writer_lock_class(), 1);
	-- A fresh statement: under READ COMMITTED it sees what the previous holder of the lock committed.
	select * into latest from revisions order by id desc limit 1;
	insert into revisions (id, at, run, actor, login, cause, transaction, by_itself)
	values (coalesce(latest.id, 0) + 1, greatest(clock_timestamp(), latest.at), open_revision.run, open_revision.actor,
		session_user, coalesce(open_revision.cause, 'sql'), pg_current_xact_id(), open_revision.by_itself)
	returning * into latest;
	perform pg_notify('roster_revision', latest.id::text);
	return latest.id;
end $$;

-- Volatile: the default of since must see the revision that a statement's own trigger has just opened.
create function current_revision() returns bigint language plpgsql volatile set search_path = roster, pg_temp
as $$ begin return (select id from revisions order by id desc limit 1); end $$;

create function head() returns bigint language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return (select coalesce(max(id), 0) from revisions);
end $$;

-- That revision, if there is one: a question about another must not look like an answer.
create function need_revision(revision bigint) returns bigint language plpgsql stable security definer set search_path = roster, pg_temp as $$
begin
	if revision not between 1 and head() then
		raise exception 'there is no revision %', revision using errcode = 'no_data_found', hint = format('they go from 1 to %s', head());
	end if;
	if revision < (select i.horizon from installation i) then
		raise exception 'history does not go back to revision %', revision using errcode = 'no_data_found',
			hint = (select format('it begins with revision %s; what was before is no longer kept (history.keep)', i.horizon) from installation i);
	end if;
	return revision;
end $$;

create function revision_at(at timestamptz) returns bigint language sql stable security definer set search_path = roster, pg_temp
as 'select coalesce(max(r.id), 0) from revisions r where r.at <= revision_at.at';

-- Fact tables -----------------------------------------------------------------------------------------------------

create table fact_tables (
	name regclass primary key,
	columns text[] not null
);

create function before_write() returns trigger language plpgsql set search_path = roster, pg_temp as $$
begin
	perform open_revision();
	return null;
end $$;

-- Give a table its history: the twin, the triggers, the registration. columns are those that decide about access; a
-- change of any other column is no new fact and leaves since alone. The table must have `since bigint`.
create procedure keep_history(fact regclass, columns text[])
language plpgsql set search_path = roster, pg_temp as $$
declare
	short text := (select relname from pg_class where oid = fact);
	list text := (select string_agg(quote_ident(c), ', ') from unnest(columns) c);
	olds text := (select string_agg('old.' || quote_ident(c), ', ') from unnest(columns) c);
	news text := (select string_agg('new.' || quote_ident(c), ', ') from unnest(columns) c);
	was text := (select string_agg('was.' || quote_ident(c), ', ') from unnest(columns) c);
	became text := (select string_agg('became.' || quote_ident(c), ', ') from unnest(columns) c);
begin
	execute format('alter table %s add column since bigint not null default roster.current_revision()', fact);
	execute format('create table %I as select %s, since, since as until from %s with no data', short || '_history', list, fact);
	execute format('alter table %I alter since set not null, alter until set not null', short || '_history');
	execute format('create index on %s (since)', fact);
	execute format('create index on %I (since)', short || '_history');
	execute format('create index on %I (until)', short || '_history');
	-- Rows that began or ended after the first and not after the last revision: what changed in between.
	execute format('create function %I(first bigint, last bigint) returns setof %I language sql stable set search_path = roster, pg_temp as $f$
	select %s, since, 0::bigint from %s where since > first and since <= last
	union all
	select %s, since, until from %I where (since > first and since <= last) or (until > first and until <= last)
$f$', short || '_between', short || '_history', list, fact, list, short || '_history');
	execute format('create trigger a_revision before insert or update or delete on %s for each statement execute function before_write()', fact);

	execute format('create function %I() returns trigger language plpgsql set search_path = roster, pg_temp as $f$
begin
	new.since := current_revision();
	return new;
end $f$', short || '_since');
	execute format('create trigger b_since before update on %s for each row when ((%s) is distinct from (%s)) execute function %I()', fact, olds, news, short || '_since');

	-- Rows that came and went within one revision were never in force and leave no trace.
	execute format('create function %I() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $f$
declare
	revision bigint := current_revision();
begin
	insert into %I (%s, since, until)
	select %s, was.since, revision from ended was where was.since < revision;
	return null;
end $f$', short || '_ended', short || '_history', list, was);
	execute format('create trigger c_ended after delete on %s referencing old table as ended for each statement execute function %I()', fact, short || '_ended');

	execute format('create function %I() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $f$
declare
	revision bigint := current_revision();
begin
	if not exists (select from begun became where became.since = revision) then
		return null; -- nothing that decides has changed (see b_since)
	end if;
	insert into %I (%s, since, until)
	select %s, was.since, revision from ended was where was.since < revision
	except
	select %s, became.since, revision from begun became;
	return null;
end $f$', short || '_changed', short || '_history', list, was, became);
	execute format('create trigger c_changed after update on %s referencing old table as ended new table as begun for each statement execute function %I()', fact, short || '_changed');

	execute format('create function %I() returns trigger language plpgsql as $f$
begin
	raise exception ''%s keeps history and cannot be truncated'', tg_table_name using hint = ''delete from it instead'';
end $f$', short || '_no_truncate', '%');
	execute format('create trigger d_truncate before truncate on %s for each statement execute function %I()', fact, short || '_no_truncate');

	insert into fact_tables values (fact, columns);
end $$;

-- Tables that get very many rows at once -------------------------------------------------------------------------------

-- A foreign key that is looked at once per statement. As strict as one, where whoever writes either table holds the writer
-- lock, or what is referred to stays: nothing that is looked at changes meanwhile. shared: many rows point at the same few.
create procedure refer(referring regclass, field name, referred regclass, shared boolean)
language plpgsql set search_path = roster, pg_temp as $$
declare
	short text := format('%s_%s', (select relname from pg_class where oid = referring), field);
begin
	execute format('create function %I() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $f$
declare
	missing text;
begin
	select a.id::text into missing from (select %s a.%I as id from added a) a where not exists (select from %s r where r.id = a.id) limit 1;
	if found then
		raise exception ''%s %% of %s is not one of %s'', missing using errcode = ''foreign_key_violation'';
	end if;
	return null;
end $f$', short || '_there', case when shared then 'distinct' end, field, referred, field, referring, referred);
	execute format('create trigger f_%s after insert on %s referencing new table as added for each statement execute function %I()',
		field, referring, short || '_there');
	execute format('create trigger f_%s_update after update on %s for each row when (old.%I is distinct from new.%I) execute function refer_elsewhere(%L, %L)',
		field, referring, field, field, field, referred);
	execute format('create trigger f_%s after delete on %s referencing old table as gone for each statement execute function keep_referred(%L, %L)',
		short, referred, field, referring);
end $$;

create function refer_elsewhere() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	there boolean;
begin
	execute format('select exists (select from %s r where r.id = ($1).%I)', tg_argv[1], tg_argv[0]) using new into there;
	if not there then
		raise exception '% % of % is not one of %', tg_argv[0], to_jsonb(new) ->> tg_argv[0], tg_table_name, tg_argv[1] using errcode = 'foreign_key_violation';
	end if;
	return null;
end $$;

create function keep_referred() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
declare
	points boolean;
begin
	execute format('select exists (select from gone g join %s r on r.%I = g.id)', tg_argv[1], tg_argv[0]) into points;
	if points then
		raise exception 'rows of % still point at rows of %', tg_argv[1], tg_table_name using errcode = 'foreign_key_violation';
	end if;
	return null;
end $$;

-- Take the indexes of a table away, for a statement that brings very many rows: to make them anew costs a fraction of what it
-- costs to find the place of each row. What makes them again, for restore_indexes(); nothing, when somebody is at work in the
-- table or its indexes are of somebody else's making. Nobody looks into the table before the transaction is over, so this is
-- for one in which there was next to nothing.
create function set_indexes_aside("table" regclass) returns text[]
language plpgsql volatile set search_path = roster, pg_temp set lock_timeout = '2s' as $$
declare
	made text[];
	one record;
begin
	execute format('lock table %s in access exclusive mode', "table");
	if exists (select from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = "table"
			and (c.reltablespace <> 0 or i.indisclustered or i.indisreplident or not i.indisvalid)) then
		return '{}';
	end if;
	for one in
		select c.conname, i.indexrelid::regclass as name, coalesce('alter table ' || "table" || ' add constraint ' || quote_ident(c.conname)
			|| ' ' || pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) as made
		from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u')
		where i.indrelid = "table" and not exists (select from pg_constraint f where f.conindid = i.indexrelid and f.contype = 'f')
		order by c.conname
	loop
		execute case when one.conname is null then format('drop index %s', one.name)
			else format('alter table %s drop constraint %I', "table", one.conname) end;
		made := made || one.made;
	end loop;
	return coalesce(made, '{}');
exception when lock_not_available then
	return '{}';
end $$;

create function restore_indexes(made text[]) returns void
language plpgsql volatile set search_path = roster, pg_temp set maintenance_work_mem = '256MB' as $$
declare
	statement text;
begin
	foreach statement in array made loop
		execute statement;
	end loop;
end $$;
