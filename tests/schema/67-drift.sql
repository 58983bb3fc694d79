-- SPDX-License-Identifier: Apache-2.0
-- Drift: what a whole read shows to be other than the news had made it, and what of that is none. What groups list in vain.
\ir support.psql
select plan(31);

create function src() returns smallint language sql as 'select id from sources where name = ''corp''';
create function digest(text text) returns uuid language sql immutable as 'select md5(text)::uuid';
select register_source('corp', 'ldap', 1, true, true);
create table the_run as select run_begin(src(), 'sync') as id;
create function run() returns bigint language sql stable as 'select id from the_run';

-- In the mirror, and as it was read now; named after their ids.
create function known(name text, kind entry_kind default 'user', attributes jsonb default '{}', gone timestamptz default null) returns bigint language sql as $$
	insert into directory_entries (source, kind, external_id, dn, reference, alias, content, login, attributes, gone_since)
	values (src(), kind, name, 'cn=' || name, digest('cn=' || name), case kind when 'user' then digest(name) end, digest(''), case kind when 'user' then name end, attributes, gone) returning id
$$;
create function read_now(id text, kind entry_kind default 'user', attributes jsonb default '{}', dn text default null, members text[] default null,
	members_left text[] default null) returns void language sql as $$
	insert into staged_entries (run, kind, external_id, dn, reference, alias, content, login, attributes, members, members_left)
	values (run(), kind, id, coalesce(dn, 'cn=' || id), digest(coalesce(dn, 'cn=' || id)), case kind when 'user' then digest(id) end, digest('now'), case kind when 'user' then id end,
		attributes, array(select digest(m) from unnest(members) m), (select array_agg(digest(l)) from unnest(members_left) l))
$$;
create function lists(group_name text, reference text, member text default null) returns void language sql as $$
	insert into directory_edges (group_id, reference, member_id)
	select g.id, digest(lists.reference), (select m.id from directory_entries m where m.external_id = member)
	from directory_entries g where g.external_id = group_name
$$;
create function drift(told text[] default '{}', removals boolean default true) returns text language sql as $$
	select coalesce(string_agg(external_id || ' ' || what, ', ' order by external_id), 'none') from drifted(run(), told, removals)
$$;
create function again() returns void language sql as 'delete from staged_entries; delete from staged_gone';

-- Entries ------------------------------------------------------------------------------------------------------------------------

select known('ann', attributes => '{"title": ["a", "b"]}'), known('bob'), known('cat'), known('old', gone => now());
select is(drift(), 'none', 'nothing was read that differs');
select read_now('ann', attributes => '{"title": ["b", "a"]}');
select is(drift(), 'none', 'values in another order are the same');
select again(), read_now('ann', attributes => '{"title": ["a"]}');
select is(drift(), 'ann differs in attributes', 'a value less is not');
select again(), read_now('ann', attributes => '{"title": ["a", "b"], "mail": ["x"]}');
select is(drift(), 'ann differs in attributes', 'an attribute more neither');
select is(drift('{ann}'), 'none', 'unless he was told of');
select again(), read_now('bob', dn => 'cn=robert');
select is(drift(), 'bob differs in name', 'a name');
select again(), read_now('new');
select is(drift(), 'new is there', 'who is there');
select again(), read_now('old');
select is(drift(), 'old is there', 'who is there again');
select again(), read_now('cat', 'group');
select is(drift(), 'none', 'what bears the id of a person is refused each time');
select again();
insert into staged_gone values (run(), 'cat', false);
select is(drift(), 'cat is gone', 'who is gone');
select is(drift('{cat}'), 'none', 'who is said to be');
select is(drift(removals => false), 'none', 'or nobody ever says that');
select again();
insert into staged_gone values (run(), 'cat', true);
select is(drift(), 'none', 'what the source says is no inference');

-- An account that ends by itself.
select again(), read_now('bob');
update staged_entries set closed = 'its time is over', ends_at = now() - interval '1 h';
update directory_entries set ends_at = now() - interval '1 h' where external_id = 'bob';
select is(drift(), 'none', 'that an account ends on its day is nobody''s news');
update staged_entries set ends_at = now() + interval '1 h';
update directory_entries set ends_at = now() + interval '1 h' where external_id = 'bob';
select is(drift(), 'bob differs in account', 'that it was closed is');
update directory_entries set ends_at = null where external_id = 'bob';

-- Members ------------------------------------------------------------------------------------------------------------------------

select known('team', 'group'), lists('team', 'cn=ann', 'ann'), lists('team', 'cn=bob', 'bob'), lists('team', 'cn=ghost');
select again(), read_now('team', 'group', members => '{cn=ann,cn=bob,cn=ghost}');
select is(drift(), 'none', 'the same members');
select again(), read_now('team', 'group', members => '{cn=bob,cn=ghost}');
select is(drift(), 'team differs in members', 'one less');
select is(drift('{ann}'), 'none', 'who was told of may have been taken out for it');
update directory_entries set gone_since = now() where external_id = 'ann';
select is(drift(), 'none', 'and so may who is gone');
update directory_entries set gone_since = null where external_id = 'ann';
select again(), read_now('team', 'group', members => '{cn=ann,cn=bob,cn=ghost,cn=cat}');
select is(drift(), 'team differs in members', 'one more');
select again(), read_now('team', 'group', members => '{}', members_left => '{cn=ghost}');
select is(drift(), 'none', 'a name nobody has is in no group');
select again(), read_now('team', 'group', members => '{}', members_left => '{cn=bob}');
select is(drift(), 'team differs in members', 'of a large group only what left was staged');

-- Renamed: the server puts the new name in the place of the old one.
update directory_entries set dn = 'cn=robert', reference = digest('cn=robert') where external_id = 'bob';
select again(), read_now('team', 'group', members => '{cn=ann,cn=robert,cn=ghost}');
select is(drift(), 'none', 'a new name for an old one');
select again(), read_now('team', 'group', members => '{cn=ann,cn=robert,cn=cat,cn=ghost}');
select is(drift(), 'team differs in members', 'does not excuse what came besides');
select again(), read_now('team', 'group', members => '{cn=ann,cn=robert,cn=ghost}', attributes => '{"cn": ["x"]}');
select is(drift(), 'team differs in attributes', 'nor what else differs');
select again(), read_now('team', 'group', members => '{cn=ann,cn=robert,cn=other}');
select is(drift(), 'none', 'somebody from elsewhere has another name too');

-- Noted --------------------------------------------------------------------------------------------------------------------------

select again(), read_now('new'), read_now('newer');
select results_eq('select * from note_drift(run(), ''{new}'', true)', $$values (1::bigint, array['cn=newer is there'])$$, 'it is noted with the run');
select results_eq('select drift, drifted from run_show(run()::text)', $$values (1::bigint, array['cn=newer is there'])$$, 'and shown with it');
select is(last_drift(src()), 1::bigint, 'it is what was last found');
select is((select text from what_is_so('{source_drift}', '{corp}', '{1 h}')),
	format('source corp does not say all that changes: run corp/%s read everything and found 1 entry changed without a word of it: cn=newer is there', run()),
	'and told');
update runs set drift = 0;
select is_empty($$select from what_is_so('{source_drift}', '{corp}', '{1 h}')$$, 'until nothing is found');

select * from finish();
rollback;
