-- SPDX-License-Identifier: Apache-2.0
-- What several searches say does not always fit together: a group and its people, a unit and its people.
\ir support.psql
select plan(14);

create function source_id() returns smallint language sql as $$ select id from sources where name = 'corp' $$;
create function ref(name text) returns uuid language sql as $$ select md5(name)::uuid $$;

-- Stage an entry ID-SOMETHING, by its name "NAME" or "NAME PLACE", with members by their names.
create function said(run bigint, kind entry_kind, id text, name text, members text[] default null, departed text[] default null) returns void
language sql as $$
	insert into staged_entries (run, kind, external_id, dn, reference, parent, content, login, attributes, members, member_texts, members_left)
	select run, kind, id, name, ref(name), ref(split_part(name, ' ', 2)), gen_random_uuid(), id, '{}',
		(select array_agg(ref(m) order by ref(m)) from unnest(members) m), (select array_agg(m order by ref(m)) from unnest(members) m),
		(select array_agg(ref(m) order by ref(m)) from unnest(departed) m)
$$;
create function gone(run bigint, id text) returns void language sql as 'insert into staged_gone values (run, id, false)';
create function forget(run bigint) returns void language sql as 'select unstage(run)';

-- Ann and Bob are in unit home and in the team.
select register_source('corp', 'ldif', 1, true, true);
create temporary table this as select run_begin(source_id(), 'test') as id;
select committed();
select said(id, 'user', 'a', 'ann home'), said(id, 'user', 'b', 'bob home'), said(id, 'unit', 'h', 'home'),
	said(id, 'group', 'g', 'team', array['ann home', 'bob home']) from this;
select merge(id, true, false) from this;
select forget(id) from this;

-- Asked when it is merged, which is taken back.
create function strangers() returns boolean language plpgsql as $$
declare
	met boolean;
begin
	perform merge(id, false, false) from this;
	met := meets_strangers(id) from this;
	raise exception 'taken back' using errcode = 'RB001';
exception when sqlstate 'RB001' then
	return met;
end $$;
create function homeless() returns boolean language sql as 'select meets_homeless(id, source_id()) from this';

select said(id, 'group', 'g', 'team', array['anne home', 'bob home']) from this;
select ok(strangers(), 'a group lists anne, whom nobody knows, instead of ann');
select said(id, 'user', 'a', 'anne home') from this;
select ok(not strangers(), 'who is ann by another name');
select forget(id) from this;

select said(id, 'group', 'g', 'team', array['anne home'], array['ann home']) from this;
select ok(strangers(), 'also when only the difference is known');
select gone(id, 'a') from this;
select ok(not strangers(), 'unless ann is gone');
select forget(id) from this;

select said(id, 'group', 'g', 'team', array['bob home']) from this;
select ok(not strangers(), 'who leaves a group leaves it');
select forget(id) from this;
select said(id, 'group', 'g', 'team', array['ann home', 'bob home', 'cat home']) from this;
select ok(not strangers(), 'who comes is awaited');
select forget(id) from this;

select said(id, 'unit', 'h', 'house') from this;
select ok(homeless(), 'a unit has another name, and its people have not');
select said(id, 'user', 'a', 'ann house') from this;
select ok(homeless(), 'nor has one of them');
select said(id, 'user', 'b', 'bob house') from this;
select ok(not homeless(), 'all have');
select forget(id) from this;

select gone(id, 'h') from this;
select ok(homeless(), 'a unit is gone, and its people are not');
select said(id, 'unit', 'n', 'home') from this;
select ok(not homeless(), 'another one has its name');
select forget(id) from this;

select said(id, 'user', 'a', 'ann house') from this;
select ok(homeless(), 'somebody is in a unit that is not there');
select said(id, 'unit', 'n', 'house') from this;
select ok(not homeless(), 'and now it is');
select forget(id) from this;
select said(id, 'user', 'a', 'ann home'), gone(id, 'b') from this;
select ok(not homeless(), 'who stays or is gone is in no doubt');

select * from finish();
rollback;
