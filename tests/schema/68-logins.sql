-- SPDX-License-Identifier: Apache-2.0
-- Who gets a login that several want: it does not matter of whom else a run is about.
\ir support.psql
select plan(11);

create function source_id() returns smallint language sql as $$ select id from sources where name = 'corp' $$;

-- A run that hears of these people, as 'entry login'; a login - says that he is gone. What is planned.
create function hears(words text[], everything boolean default false) returns text language plpgsql as $$
declare
	this bigint := run_begin(source_id(), 'test');
	planned text;
begin
	perform committed();
	insert into staged_entries (run, kind, external_id, dn, reference, content, login, attributes)
	select this, 'user', w[1], w[1], md5(w[1])::uuid, gen_random_uuid(), w[2], '{}'
	from unnest(words) n, string_to_array(n, ' ') w where w[2] <> '-';
	insert into staged_gone select this, w[1], true from unnest(words) n, string_to_array(n, ' ') w where w[2] = '-';
	perform merge(this, false, everything), plan(this, everything, false, true), recall_held(this);
	select string_agg(c.action || ' ' || d.external_id, ', ' order by d.external_id) into planned
	from planned_changes c join directory_entries d on d.id = c.entry_id where c.run = this;
	perform apply(this, 1, 1000), settle(this, null, null, true, true), run_end(this, 'applied', 'changes', null, 0, 0, 0, null);
	perform unstage(this), unplan(this), committed();
	return coalesce(planned, 'nothing');
end $$;
create function waiting() returns text language sql as
	$$ select coalesce(string_agg(q.external_id, ' ' order by q.external_id), '') from quarantine q where q.stage = 'person' $$;
create function has(entry text) returns text language sql as $$
	select u.login from identities i join users u on u.id = i.user_id and u.active where i.source = source_id() and i.external_id = entry $$;

select register_source('corp', 'ldap', 1, true, true);
select hears(array['ann a', 'bob b', 'cat c']);

-- bob wants what cat keeps, so he keeps what dan wants.
select is(hears(array['bob c', 'dan b']), 'nothing', 'who is refused keeps his login, and it is not promised to another');
select is(waiting(), 'bob dan', 'both wait');
select ok((select q.why from quarantine q where q.external_id = 'dan') like 'login "b" belongs to user b (%bob) already;%', 'the holder is named');
select is(hears('{}', true), 'nothing', 'it is the same when everybody is looked at');
select is(hears(array['cat c2']), 'change bob, change cat, add dan', 'the one who keeps it keeps it from all of them');
select is(has('bob') || has('dan') || waiting(), 'cb', 'and who waited has what he wants');

-- Of two who want what nobody has, none gets it, whoever else is looked at.
select is(hears(array['fay f', 'gus f']) || hears(array['ann a']) || hears('{}', true), 'nothingnothingnothing', 'nobody decides for an administrator');
select is(hears(array['fay -']), 'add gus', 'until one is left');

-- Somebody who was suspended by hand wants nothing.
update users set active = false where login = 'a';
select committed();
select is(hears(array['hal a']), 'add hal', 'his login may pass to another');
select is(hears('{}', true) || waiting(), 'nothing', 'also where everybody is looked at');
select is(has('hal'), 'a', 'who has it then');

select * from finish();
rollback;
