-- SPDX-License-Identifier: Apache-2.0
-- People, the sources that know them, and who the session is.

-- Source 0 is the administrator's own hand; the others are named as in the configuration.
create table sources (
	id smallint generated always as identity (start with 1) primary key,
	name text not null unique,
	kind text not null,
	position integer not null default 0, -- place in the configuration: the first source decides attribute values
	authoritative boolean not null default true,
	nested boolean not null default true,
	settings text, -- digests of what the source was asked for when it was last read in full, as it is configured and as its server has
		-- it; the second is part of every entry's content too, so another one reads all anew
	rules_digest text,    -- of the rules last applied: another one plans for everybody
	settled boolean not null default false, -- the model follows from the mirror; false while a plan is half applied
	first_run_at timestamptz, -- when a run of this source was first applied
	last_complete_at timestamptz, -- when a complete read ended, whatever became of what it said
	retired_at timestamptz -- taken out of the configuration, and with it all it gave
);
insert into sources (id, name, kind) overriding system value values (0, 'hand', 'hand');
alter table runs add foreign key (source) references sources;

-- Sources that are not read by themselves for the time being. Not a column of sources: a run keeps that row locked while it
-- reads, and who says stop must not wait for it.
create table paused_sources (
	source smallint primary key references sources,
	paused_at timestamptz not null default now(),
	login name not null default session_user
);

create function register_source(name text, kind text, "position" integer, authoritative boolean, nested boolean)
returns smallint language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	registered smallint;
begin
	insert into sources as s (name, kind, position, authoritative, nested)
	values (register_source.name, register_source.kind, register_source.position, register_source.authoritative, register_source.nested)
	on conflict (name) do update set kind = excluded.kind, position = excluded.position,
		authoritative = excluded.authoritative, nested = excluded.nested,
		settled = s.settled and s.nested = excluded.nested -- in another order another source says what linked people are called
			and (s.position = excluded.position or not exists (select from identities i where i.linked)), retired_at = null
	where s.kind <> 'import' and s.id <> 0 -- the name is taken
	returning id into registered;
	return registered;
end $$;

-- The number is the one that source_outlook() gave, else the next.
create function run_begin(source smallint, kind text, run bigint default null) returns bigint
language sql volatile security definer set search_path = roster, pg_temp as $$
	insert into runs (id, source, kind) overriding system value values (coalesce(run_begin.run, nextval('runs_id_seq')), run_begin.source, run_begin.kind) returning id
$$;

-- One leader per source: held for the session, on the connection that writes. A run that is open when somebody begins to
-- lead is one whose process died (a large one commits in steps): what it staged is swept. Who does not lead sweeps nothing.
create function lead_source(source smallint) returns boolean language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	pushed bigint;
	patience constant timestamptz := clock_timestamp() + interval '2 seconds';
begin
	-- Who led it may have ended just now, and his session not yet.
	while not pg_try_advisory_lock(writer_lock_class() + 1, lead_source.source) loop
		if clock_timestamp() > patience then
			return false;
		end if;
		perform pg_sleep(0.02);
	end loop;
	if exists (select from runs r where r.source = lead_source.source and r.state = 'running') then
		perform unstage(r.id), unplan(r.id) from runs r where r.source = lead_source.source and r.state = 'running';
		update runs r set state = 'failed', reason = 'its process ended before it was done', ended_at = clock_timestamp()
		where r.source = lead_source.source and r.state = 'running';
	end if;
	select s.unswept into pushed from sources s where s.id = lead_source.source;
	if pushed is not null then
		perform unstage(pushed), unplan(pushed);
		update sources s set unswept = null where s.id = lead_source.source;
	end if;
	return true;
end $$;

-- Where a user is named, his id does as well.
create function is_uuid(name text) returns boolean language sql immutable as $$select name ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'$$;

create table users (
	id uuid primary key default gen_random_uuid(),
	login text not null check (login <> '' and login !~ '[[:cntrl:]]'),
	email text,
	name text,
	external boolean not null default false,
	suspended boolean not null default false, -- by hand: outranks every source
	active boolean not null default true,     -- what counts
	attributes_from smallint not null default 0,
	erased_at timestamptz check (erased_at is null or not active and suspended), -- who this was is not known any more
	login_key text not null generated always as (lower(normalize(login, NFKC))) stored
) with (fillfactor = 90); -- a name or an address changes without a word in an index
call keep_history('users', array['id', 'active']);
call refer('users', 'attributes_from', 'sources', true);
create index on users_history (id);
-- Logins are reusable, ids are not. Who asks for a login says whether whoever has it is active: one of these has it.
create unique index users_active_login on users (login_key) where active;
create index users_former_login on users (login_key) where not active;

-- What people were called, and until which revision: what was said then names them so. It goes with the person.
create table former_names (
	user_id uuid not null references users on delete cascade,
	name text not null, -- a login, a mail address; of an entry its id, its DN
	last bigint not null,
	reference uuid, -- of a DN or a login: what groups that still list it point with
	primary key (user_id, name)
);

-- refs: of the first of the names, as far as there are any.
create function remember_names(user_id uuid, names text[], refs uuid[] default '{}') returns void language sql volatile set search_path = roster, pg_temp as $$
	insert into former_names as f (user_id, name, last, reference)
	select distinct on (n.name) remember_names.user_id, n.name, head(), n.reference from unnest(names, refs) n(name, reference) where n.name <> ''
	order by n.name, n.reference
	on conflict on constraint former_names_pkey do update set last = excluded.last, reference = coalesce(excluded.reference, f.reference)
$$;

create function user_renamed() returns trigger language plpgsql security definer set search_path = roster, pg_temp as $$
begin
	-- Two people who swap logins have such a one for a moment (apply_people).
	perform remember_names(old.id, array[nullif(nullif(old.login, new.login), '~' || old.id), nullif(old.email, new.email)]);
	return null;
end $$;
create trigger g_former after update of login, email on users for each row
	when ((old.login <> new.login or old.email <> new.email or new.email is null) and new.erased_at is null) execute function user_renamed();

-- Which entry of which source is which person. Keyed by the immutable id, never by a name.
create table identities (
	source smallint not null,
	external_id text collate "C" not null,
	user_id uuid not null,
	enabled boolean not null default true,
	gone_since timestamptz,
	ended_at timestamptz, -- when the time of grace was over: his place there is not kept any more, the denial stays
	keeps_admin boolean not null default false, -- ended, and still the last admin somewhere: until there is another
	linked boolean not null default false, -- another source knows him too, and what he is called may be its word
	linked_by text, -- the value that entries of both have; NULL when a person said so, and of the entry he came with
	primary key (source, external_id),
	check (ended_at is null or gone_since is not null)
);
call refer('identities', 'source', 'sources', true);
call refer('identities', 'user_id', 'users', false);
create index on identities (user_id);
create index identities_in_grace on identities (gone_since) where gone_since is not null and ended_at is null;
create index identities_keep_admin on identities (user_id) where keeps_admin;
create index identities_linked on identities (user_id) where linked;

-- Entries that somebody said are not that person, whatever they say themselves.
create table kept_apart (
	source smallint not null references sources,
	external_id text collate "C" not null,
	user_id uuid not null references users on delete cascade,
	primary key (source, external_id, user_id)
);

create function is_linked(person uuid) returns boolean language sql stable set search_path = roster, pg_temp
as 'select exists (select from identities i where i.user_id = person and i.linked)';

-- A person is active unless suspended by hand or disowned by an authoritative source that knows him.
create function is_wanted_active(person users) returns boolean language sql stable set search_path = roster, pg_temp as $$
	select not person.suspended and not exists (
		select from identities i join sources s on s.id = i.source
		where i.user_id = person.id and s.authoritative and (not i.enabled or i.gone_since is not null))
$$;

-- Nothing but a tombstone: disowned by an authoritative source for longer than the time of grace.
create function is_past_grace(person users) returns boolean language sql stable set search_path = roster, pg_temp as $$
	select not person.active and exists (select from identities i join sources s on s.id = i.source
		where i.user_id = person.id and s.authoritative and i.ended_at is not null)
$$;

-- Who acts ----------------------------------------------------------------------------------------------------------

-- Login roles of the database that are people. The login is proven by the server (peer, certificate), or the person by a
-- provider: nobody passes an actor, he is found.
create table operators (
	login name primary key,
	user_id uuid not null references users,
	added_at timestamptz not null default now(),
	added_by name not null default session_user
);

-- People who signed in with an identity provider. Whoever has the token acts as one of them until it ends; it is nowhere here.
create table sessions (
	token_hash bytea primary key check (length(token_hash) = 32),
	user_id uuid not null references users on delete cascade,
	began_at timestamptz not null default clock_timestamp(),
	expires_at timestamptz not null,
	proven_at timestamptz, -- when he showed a second factor
	proof_expires_at timestamptz,
	check (expires_at > began_at and expires_at <= began_at + interval '15 minutes'),
	check (proof_expires_at > proven_at and proof_expires_at <= proven_at + interval '10 minutes')
);
create index on sessions (user_id);

-- This connection was given a token: it acts as that person or as nobody, whatever its login may do.
create function carries_session() returns boolean language sql stable as $$select coalesce(current_setting('roster.session', true), '') <> ''$$;

-- Who was suspended since, and is back, signs in anew.
create function own_session() returns setof sessions language sql stable security definer set search_path = roster, pg_temp as $$
	select s.* from sessions s join users u on u.id = s.user_id and u.active join revisions v on v.id = u.since
	where s.token_hash = sha256(convert_to(nullif(current_setting('roster.session', true), ''), 'UTF8'))
	  and s.expires_at > clock_timestamp() and s.began_at > v.at
$$;

create function actor() returns uuid language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	person uuid;
begin
	if not carries_session() then
		return (select o.user_id from operators o where o.login = session_user);
	end if;
	select s.user_id into person from own_session() s;
	if person is null then
		raise exception 'the sign-in has ended' using errcode = 'invalid_authorization_specification', hint = 'sign in again';
	end if;
	return person;
end $$;

-- What who acts is called.
create function acting() returns text language sql stable security definer set search_path = roster, pg_temp as $$
	select coalesce((select u.login from own_session() s join users u on u.id = s.user_id), session_user)
$$;

-- The owner of the schema may do what nobody else can (break glass); what he does is recorded like everything else.
create function is_owner() returns boolean language sql stable security definer set search_path = roster, pg_temp as $$
	select not carries_session() and pg_has_role(session_user, (select nspowner from pg_namespace where nspname = 'roster'), 'member')
$$;

-- user_id of the active person with this login; an error that says what to do otherwise.
create function user_by_login(login text) returns uuid language plpgsql stable security definer set search_path = roster, pg_temp as $$
declare
	found_id uuid;
begin
	select id into found_id from users u
	where u.login_key = lower(normalize(user_by_login.login, NFKC)) and u.active;
	if found_id is null then
		raise exception 'no active user has the login "%"', login using errcode = 'no_data_found',
			hint = case when exists (select from users u where u.login_key = lower(normalize(user_by_login.login, NFKC)) and not u.active)
				then 'a suspended one has: see rosterctl user show' else near_hint('active user', login, 'see rosterctl user list') end;
	end if;
	return found_id;
end $$;
