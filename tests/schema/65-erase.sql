-- SPDX-License-Identifier: Apache-2.0
-- Erasing a person: what is refused, what goes, and that nothing that says who he was is left anywhere.
\ir support.psql
\ir company.psql
select plan(47);

create function error_of(statement text) returns text language plpgsql as $$
declare
	hint text;
begin
	execute statement;
	return 'done';
exception when others then
	get stacked diagnostics hint = pg_exception_hint;
	return sqlerrm || coalesce('; ' || hint, '');
end $$;
create function erase_error(who text) returns text language plpgsql as $$
declare
	said text;
begin
	perform committed();
	said := error_of(format('select user_erase(%L)', who));
	perform committed();
	return said;
end $$;
-- The tables in which some row says one of these words.
create function left_of(variadic words text[]) returns text language plpgsql as $$
declare
	one name;
	there boolean;
	found_in text[] := '{}';
begin
	for one in select c.relname from pg_class c where c.relnamespace = 'roster'::regnamespace and c.relkind = 'r' order by 1 loop
		execute format('select exists (select from roster.%I t, unnest($1) w where t::text ~* (%L || w || %L))', one, '\m', '\M') using words into there;
		if there then
			found_in := found_in || one::text;
		end if;
	end loop;
	return array_to_string(found_in, ' ');
end $$;

-- eve came from corp, acts under a login of the database, and has left traces wherever there can be some.
select committed();
insert into sources (name, kind, position) values ('corp', 'ldap', 1);
create function corp() returns smallint language sql as $$select id from sources where name = 'corp'$$;
insert into users (login, email, name, attributes_from) values ('eve', 'eve@example.com', 'Eve Adams', corp());
create temporary table eve as select person_id('eve') as id;
create function eve() returns uuid language sql as 'select id from eve';
insert into identities (source, external_id, user_id) values (corp(), 'ID-EVE-1', eve());
insert into runs (source, kind, state, reason, plan_digest, started_at) values (corp(), 'full', 'held', 'eve is not alone; cause: eve', 'digest', now() - interval '1 hour');
create function run() returns bigint language sql as 'select max(id) from runs';
insert into directory_entries (source, kind, external_id, dn, reference, alias, content, login, email, name, attributes)
values (corp(), 'user', 'ID-EVE-1', 'uid=eve,dc=x', md5('eve')::uuid, md5('e')::uuid, gen_random_uuid(), 'eve', 'eve@example.com', 'Eve Adams', '{"uid": ["eve"]}');
insert into directory_entries (source, kind, external_id, dn, reference, content, attributes)
values (corp(), 'group', 'ID-GROUP', 'cn=team,dc=x', md5('team')::uuid, gen_random_uuid(), '{}');
create temporary table entry as select id, reference from directory_entries where external_id = 'ID-EVE-1';
insert into directory_edges (group_id, reference, member_id) select g.id, e.reference, e.id from entry e, directory_entries g where g.external_id = 'ID-GROUP';
insert into directory_mappings (entry_id, rule, anchor, role) select id, 1, '/dev', 'Developer' from entry;
insert into quarantine (source, external_id, what, why, stage, run) values (corp(), 'ID-EVE-1', 'uid=eve,dc=x', 'why', 'person', run());
insert into held_changes (source, kind, action, external_id, run, reason) values (corp(), 'user', 'vanish', 'ID-EVE-1', run(), 'x');
-- What is said of him where it is about somebody or something else.
insert into quarantine (source, external_id, what, why, stage, run) values (corp(), 'ID-OTHER', 'uid=other,dc=x', 'login "eve" belongs to user eve already', 'person', run());
insert into held_changes (source, kind, action, external_id, run, reason) values (corp(), 'user', 'vanish', 'ID-OTHER', run(), 'as is ID-EVE-1');
insert into notices (kind, subject, text, began_at, due) values ('needs_attention', 'app:toy', 'app:toy: owner gone (eve)', now(), now());
insert into directory_edges (group_id, reference, reference_text) select d.id, md5('e.adams')::uuid, 'uid=e.adams,dc=x' from directory_entries d where d.external_id = 'ID-GROUP';
insert into held_plans (source, digest, seq, kind, action, login, anchor, role) values (corp(), 'digest', 1, 'user', 'vanish', 'eve', '', '');
insert into requests (kind, subject, options, state, result, error, person) values ('plan', 'corp', '{"who": "eve"}', 'done', '{"lost": ["eve"]}', 'eve is missing', eve());
insert into request_lines select max(id), 1, '{"login": "eve"}' from requests;
insert into awaited_admins values (group_at('/ops'), 'eve');
insert into second_factors (user_id, expires_at) values (eve(), now() + interval '1 minute');
select operator_for('eve', 'eve'), operator_for('nel');
select committed();
select group_member_add('/dev', 'eve', 'Developer'), app_member_add('shop', 'eve', 'Developer');
select committed();
select group_member_add('/dev', 'eve', null);
select committed();
select app_create('toy', 'eve', null);
select committed();
-- He was somebody else's name before, and spoken of by it. The login he gave up is free for others.
update users set login = 'e.adams', email = 'adams@example.com' where id = eve();
update directory_entries set dn = 'uid=e.adams,dc=x', login = 'e.adams' where external_id = 'ID-EVE-1';
select committed();
select group_member_add('/dev', 'e.adams', 'Operator');
select committed();
update users set login = '~' || id where id = eve();
update users set login = 'eve', email = 'eve@example.com' where id = eve();
update directory_entries set dn = 'uid=eve,dc=x', login = 'eve' where external_id = 'ID-EVE-1';
select committed();
create temporary table before as select head() as revision;
insert into users (login, email) values ('evelyn', 'evelyn@example.com');
select committed();
select user_suspend('evelyn');
select committed();

select is(erase_error('nobody'), 'nobody has the login "nobody"; see rosterctl user list', 'who is not there cannot be erased');
select is(erase_error('eve'), '"eve" is active; take all access first: rosterctl user suspend eve', 'who is active neither');
select user_suspend('eve');
select is(erase_error('eve'), '"eve" is still in source corp; take the entry away there, or rosterctl user unlink eve corp', 'nor who would come back with the next run');
update identities set gone_since = now() where user_id = eve();
update directory_entries set gone_since = now() where external_id = 'ID-EVE-1';
select is(erase_error('eve'), '"eve" owns app:toy; rosterctl app owner toy LOGIN', 'nor who owns something');
select app_group('toy', null), app_owner('toy', 'olga'), committed();
insert into nodes (app, technical_contact) select need_app('toy'), eve();
select is(erase_error('eve'), '"eve" is the Technical Contact of app:toy; rosterctl node contact toy LOGIN', 'nor who answers for something');
update nodes set technical_contact = person_id('olga');
select committed();
insert into grants (user_id, anchor, role) values (eve(), group_at('/ops'), role_named('platform', 'Group Administrator'));
select is(erase_error('eve'), '"eve" is the only one to administer group:/ops; name another one first', 'nor who is the last to administer a group');
insert into grants (user_id, anchor, role) values (person_id('ada'), group_at('/ops'), role_named('platform', 'Group Administrator'));
select committed();

-- Targets are told first.
insert into targets (name, kind, patterns, keep_left, history, cursor, address) select 'hook', 'webhook', '{app:*}', false, i.history, u.since - 1, 'x'
	from installation i, users u where u.id = eve();
select is(erase_error('eve'), '"eve" may still be active for target hook; wait until rosterctl status shows it up to date, or rosterctl target forget hook',
	'nor who is still active for a target');
update targets set cursor = head();
insert into followed select id, need_app('shop'), 'app:shop' from targets;
update targets set error = 'it does not know eve@example.com';
insert into lanes (target, resource, revision) select t.id, need_app('shop'), u.since - 1 from targets t, users u where u.id = eve();
select matches(erase_error('eve'), 'may still be active for target hook', 'on one resource alone, too');
delete from lanes;
insert into windows (target, number, kind, main, after, revision) select t.id, 1, 'snapshot', true, 0, u.since - 1 from targets t, users u where u.id = eve();
select matches(erase_error('eve'), 'may still be active for target hook', 'or in a message that is on its way');
delete from windows;

select matches(user_erase_preview('eve'), '^user eve \([0-9a-f-]{36}\) would be erased for ever: login, name and mail address, 1 entry from sources, 6 roles he still holds; the id stays in history$',
	'it is said what goes');
select isnt(left_of('eve'), '', 'until then he is known by name');
select is(tried('test_nel', 'select user_erase(''eve'')'), '42501', 'only a platform administrator may');
select committed();
create temporary table access_then as select * from effective_at((select revision from before));
select isnt_empty('select from access_then where user_id = eve()', 'there is something in history');

alter table revisions enable trigger keep;
select lives_ok('select user_erase(''eve'')', 'a person who is needed nowhere can be erased');
select throws_ok('delete from revisions where id = 1', '23514', null, 'no revision can go with him');
alter table revisions disable trigger keep;
select committed();
select is((select cause from revisions order by id desc limit 1), 'user erase ' || eve(), 'the revision says who by id');
select is(left_of('eve', 'eve@example\.com', 'Eve Adams', 'ID-EVE-1', 'uid=eve', 'test_eve'), '', 'no table says who he was');
select is(left_of('e\.adams', 'adams@example\.com'), '', 'nor what he was called before');
select is((select why from quarantine where external_id = 'ID-OTHER'), 'login "(erased)" belongs to user (erased) already', 'others are not said to be in his way');
select is((select login || coalesce(email, '') || coalesce(name, '') from users where id = eve()), 'erased-' || eve(), 'only his id is there');
select ok((select not active and suspended and erased_at is not null from users where id = eve()), 'as nobody who may anything');
select is_empty('select from grants where user_id = eve()', 'he holds nothing');
select is_empty('select from identities where user_id = eve()', 'and is no entry');
select is((select count(*) from directory_edges e join entry n on n.id = e.member_id), 1::bigint, 'what a group lists stays bound to the entry that was his');
select is_empty('select from operators where user_id = eve()', 'no login of the database is his');
select ok(not is_admitted('test_eve'), 'nor does his login ask any more');
select set_eq('select * from effective_at((select revision from before))', 'select * from access_then', 'history says what it said, by id');
select is_empty(format('select from difference(%s, %s)', head() - 1, head()), 'nobody is told anything');
select matches(error_of('select revision from before, lateral (select who_can(''project.view'', ''app:shop'', before.revision)) w'), 'done', 'questions about then are answered');
select is((select count(*) from revisions where cause = 'group members /dev add (erased) as Developer'), 1::bigint, 'causes name no one');
select cmp_ok((select count(*) from revisions where cause ~ '\(erased\)'), '>=', 2::bigint, 'but say that somebody was named');
select is((select count(*) from users where login = 'evelyn' and email = 'evelyn@example.com'), 1::bigint, 'a name that only begins alike is left alone');
select is((select cause from revisions where cause ~ 'evelyn' limit 1), 'user suspend evelyn', 'in causes, too');

select is(erase_error(eve()::text), format('"%s" is erased already; see rosterctl user show', eve()), 'twice is once too often');
select is(error_of(format('select user_resume(%L)', eve())), format('user %s is erased for ever; whoever it was is somebody new: rosterctl user create', eve()), 'he does not come back');
select committed();
select is(error_of(format('select user_link(%L, ''corp'')', eve())), format('user %s is erased for ever; whoever it was is somebody new: rosterctl user create', eve()), 'nor by a source');
select committed();
select lives_ok('select user_create(''eve'')', 'the login is free');
select isnt(person_id('eve'), eve(), 'for somebody else');
select committed();

-- A namesake that came later keeps what is said of her.
select user_suspend('eve');
select committed();
select user_create('eve', 'second@example.com');
select committed();
select group_member_add('/dev', 'eve', 'Contributor');
select committed();
create temporary table first_eve as select id from users where login = 'eve' and not active;
update targets set cursor = head();
select is(erase_error((select id::text from first_eve)), 'done', 'of two with one login the former can be erased');
select is((select count(*) from users where login = 'eve' and active), 1::bigint, 'the other is there');
select is((select cause from revisions order by id desc offset 1 limit 1), 'group members /dev add eve as Contributor', 'and so is what was done about her');
select is((select count(*) from revisions where cause = 'user create eve'), 1::bigint, 'and only hers');

-- What was done about somebody who is erased is not taken back.
select user_create('ivy'), committed();
create temporary table ivy as select id, head() as revision from users where login = 'ivy';
select group_member_add('/dev', 'ivy', 'Contributor'), committed(), user_suspend('ivy'), committed();
create temporary table suspended as select head() as revision;
update targets set cursor = head();
select is(erase_error((select id::text from ivy)), 'done', 'she is erased');
create function taken_back(revision bigint) returns text language sql as $$
	select error_of(format('select revert_plan(%L)', revision)) || ' ' || error_of(format('select revert_apply(%L, true)', revision))
$$;
select is(taken_back(r.revision), 'done done', 'it is no error to ask: ' || what)
from (select 'that she was suspended', s.revision from suspended s union all select 'that she was erased', head() from ivy) r(what, revision);
select is((select concat_ws(' ', u.active, u.suspended, (select count(*) from grants g where g.user_id = u.id)) from users u join ivy on ivy.id = u.id), 'f t 0',
	'she is nobody and holds nothing');

select is(without_words('ann, "ann" /dev/ann anna Ann ann@x ann.', array['ann']), '(erased), "(erased)" /dev/ann anna (erased) ann@x (erased).', 'only whole words are taken out');

select * from finish();
rollback;
