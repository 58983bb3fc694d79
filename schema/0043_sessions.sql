-- SPDX-License-Identifier: Apache-2.0
-- Signing in. `rosterd: signin` has an identity provider prove who somebody is and opens a session; rosterctl carries its
-- token, and what it asks for is then asked by that person.

-- proof_age: how long ago the provider saw a second factor; NULL when it did not. Only roster_signin may call this.
create function open_session(source text, subject text, token_hash bytea, proof_age interval)
returns table (login text, expires_at timestamptz, proof_expires_at timestamptz)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	person users;
	proven timestamptz := clock_timestamp() - case when proof_age > interval '0' then proof_age else proof_age * 0 end; -- none of the future
begin
	select u.* into person from identities i join sources s on s.id = i.source join users u on u.id = i.user_id
	where s.name = open_session.source and i.external_id = open_session.subject;
	if person.id is null then
		raise exception 'the source % knows nobody with the id "%"', source, subject using errcode = 'no_data_found',
			hint = 'either he was not read yet, or signin.subject names another claim than the one with his id there';
	elsif not person.active then
		raise exception '% is suspended', person.login using errcode = 'insufficient_privilege';
	end if;
	delete from sessions s where s.expires_at < now() - interval '1 day';
	return query insert into sessions as s (token_hash, user_id, expires_at, proven_at, proof_expires_at)
	select open_session.token_hash, person.id, clock_timestamp() + interval '15 minutes', p.at, p.at + interval '10 minutes'
	from (select case when proven + interval '10 minutes' > clock_timestamp() then proven end) p(at)
	returning person.login, s.expires_at, s.proof_expires_at;
end $$;

-- From here on this connection acts as whoever the token was given to. No row when that has ended: it acts as nobody then.
create function begin_session(token text) returns table (login text, expires_at timestamptz, proof_expires_at timestamptz)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
begin
	if coalesce(token, '') = '' then
		raise exception 'a session needs a token' using errcode = 'invalid_parameter_value';
	end if;
	perform set_config('roster.session', token, false);
	return query select u.login, s.expires_at, s.proof_expires_at from own_session() s join users u on u.id = s.user_id;
end $$;

-- The token is good for nothing any more, wherever else it is.
create function end_session() returns boolean language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	ended boolean;
begin
	delete from sessions s where s.token_hash = sha256(convert_to(nullif(current_setting('roster.session', true), ''), 'UTF8'));
	ended := found;
	perform set_config('roster.session', '', false);
	return ended;
end $$;

-- By what this connection acts, and as whom; login is NULL for nobody.
create function whoami() returns table (login text, by text, database_login name, signed_in_until timestamptz, second_factor_until timestamptz)
language sql stable security definer set search_path = roster, pg_temp as $$
	select u.login, case when s.user_id is not null then 'sign-in' when carries_session() then 'a sign-in that has ended'
			when is_owner() then 'owner of the schema' when o.user_id is not null then 'operator' else 'nobody' end,
		session_user, s.expires_at, nullif(greatest(f.expires_at, s.proof_expires_at, '-infinity'), '-infinity')
	from (select session_user as login) d
	left join own_session() s on true
	left join operators o on o.login = d.login and not carries_session()
	left join users u on u.id = coalesce(s.user_id, o.user_id)
	left join second_factors f on f.user_id = u.id and f.expires_at > clock_timestamp()
$$;
