-- SPDX-License-Identifier: Apache-2.0
-- What identity providers say by themselves: a person's account was closed, his sessions were revoked. `rosterd: signals` judges
-- what comes and puts it here, which is all it may do; whoever leads the source takes it from here, and by the same road as
-- everything else a source says.

create table signals (
	id bigint generated always as identity primary key,
	issuer text not null check (length(issuer) <= 1000),
	token text not null check (length(token) <= 1000), -- its id: whoever is not answered sends it again
	event text not null check (event in ('account-disabled', 'account-enabled', 'session-revoked')),
	source text not null, -- as the configuration calls it
	subject_kind text not null check (subject_kind in ('id', 'email')),
	subject text not null check (length(subject) <= 1000),
	happened_at timestamptz not null,
	received_at timestamptz not null default clock_timestamp(),
	heeded_at timestamptz,
	outcome text,
	unique (issuer, token, event)
);
create index on signals (source, id) where heeded_at is null;

create function signal_came() returns trigger language plpgsql set search_path = roster, pg_temp as $$
begin
	perform pg_notify('roster_request', new.source);
	return null;
end $$;
create trigger a_came after insert on signals for each row execute function signal_came();

-- What nobody has heeded yet, oldest first, with the entry it is about as the mirror has it; external_id is NULL where that is nobody,
-- or might be several. What was overtaken by a later word about the same person is ended here.
create function signals_take(source smallint) returns table (id bigint, event text, external_id text, dn text, attributes text)
language plpgsql volatile security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
declare
	called text := (select s.name from sources s where s.id = signals_take.source and s.first_run_at is not null); -- nobody of it is here before
begin
	if not exists (select from signals g where g.source = called and g.heeded_at is null) then
		return;
	end if;
	delete from signals g where g.heeded_at < now() - interval '30 days';
	update signals g set heeded_at = clock_timestamp(), outcome = 'overtaken'
	where g.source = called and g.heeded_at is null and g.event <> 'account-enabled' and exists (
		select from signals l where l.source = g.source and l.issuer = g.issuer and l.subject = g.subject and l.subject_kind = g.subject_kind
			and l.event = 'account-enabled' and l.happened_at > g.happened_at);
	return query select g.id, g.event, e.external_id, e.dn, e.attributes::text
	from signals g left join lateral (
		select min(d.external_id collate "C") as external_id from directory_entries d
		where d.source = signals_take.source and d.kind = 'user' and (d.gone_since is null or d.closed is not null)
		  and case g.subject_kind when 'id' then d.external_id = g.subject else lower(d.email) = lower(g.subject) end
		having count(*) = 1) m on true
	left join directory_entries e on e.source = signals_take.source and e.external_id = m.external_id
	where g.source = called and g.heeded_at is null order by g.id limit 500;
end $$;

create function signals_heeded(ids bigint[], outcomes text[]) returns void language sql volatile security definer set search_path = roster, pg_temp as $$
	update signals g set heeded_at = clock_timestamp(), outcome = o.outcome from unnest(ids, outcomes) o(id, outcome) where g.id = o.id
$$;
