-- SPDX-License-Identifier: Apache-2.0
-- What needs a person, and what is to be typed then.
\ir support.psql
select plan(29);

select person(p) from unnest(array['boss', 'olga', 'tec', 'max', 'eve', 'o''neil']) p;
insert into grants (user_id, anchor, role) values (person_id('boss'), platform(), role_named('platform', 'Platform Administrator'));
insert into sources (name, kind) values ('corp', 'ldif');
select group_create('/pay', 'Pay', array['boss']), group_create('/other', 'Other', array['boss']), committed();
select group_member_add('/pay', 'olga', 'Developer'), group_member_add('/pay', 'tec', 'Developer'), committed();
select app_create('shop', 'olga', '/pay'), node_create('shop', 'tec'), committed();

create function needs(what text) returns text language sql as $$
	select string_agg(concat(a.kind, ' (' || nullif(array_to_string(a.who, ', '), '') || ')', ': ', a.type), '; ' order by a.kind)
	from attention_list() a where a.what = needs.what
$$;

select is_empty('select from attention_list()', 'R6 where everybody is in his place nobody is needed');

-- Owners.
select app_create('free', 'max', null), committed();
select is(needs('app:free'), null, 'an app of no group has no group its owner could leave');
select by_itself();
delete from grants where user_id = person_id('olga') and anchor = group_at('/pay'); select committed();
select is(needs('app:shop'), 'owner left the group (olga): rosterctl app owner shop LOGIN, or rosterctl app group shop PATH', 'R6 an owner who is not in the group of his app any more');
select is((select since from attention_list() where what = 'app:shop'), (select at from revisions where id = head()), 'R6 since he left it');
select is(rights('olga', 'app:shop'), permits('Owner', 'app'), 'R6 and he keeps what an owner may');
select group_member_add('/', 'olga', 'Contributor'), committed();
select is(needs('app:shop'), null, 'R6 who is in a group above is in the group');
select by_itself(), group_member_remove('/', 'olga', 'Contributor'), committed();
select by_itself();
update apps set owner = person_id('max') where name = 'shop'; select committed(); -- as an import may
select is(needs('app:shop'), null, 'R6 who was given the app while he was not in its group was meant');
select user_suspend('max'), committed();
select is(needs('app:shop'), 'owner suspended (max): rosterctl app owner shop LOGIN', 'an owner who is not active');
select app_archive('free', true), committed();
select is(needs('app:free'), null, 'but not of an app that is archived');
select user_resume('max'), committed();

-- Technical Contacts.
select by_itself();
delete from grants where user_id = person_id('tec'); select committed();
select is(needs('app:shop'), 'Technical Contact left the team (tec): rosterctl node contact shop LOGIN, as tec, or rosterctl app members shop add tec --role ROLE',
	'N41 a Technical Contact without any other role there');
select is((select since from attention_list() where what = 'app:shop'), (select at from revisions where id = head()), 'N41 since he lost the last');
select app_member_add('shop', 'tec', 'Contributor'), committed();
select is(needs('app:shop'), null, 'N41 any role makes him one of the team');
select user_suspend('tec'), user_suspend('max'), committed();
select is(needs('app:shop'), 'Technical Contact suspended (tec): rosterctl node contact shop LOGIN; owner suspended (max): rosterctl app owner shop LOGIN',
	'one who is not active, and the owner too');
select notices_look('{needs_attention}', '{}', '{}');
select is((select text from notices where subject = 'app:shop'), 'app:shop: Technical Contact suspended (tec), owner suspended (max)', 'of both one notice tells');
select user_resume('tec'), user_resume('max'), committed();

-- Operators.
select operator_for('tec', 'tec'), operator_for('max'), committed();
select is(needs('login:test_tec'), null, 'an operator who is active');
select user_suspend('tec'), committed();
select is(needs('login:test_tec'), 'operator suspended (tec): rosterctl operator remove test_tec', 'P48 one who is not may still ask');
select operator_remove('test_tec'), committed();
select is(needs('login:test_tec'), null, 'P48 until his login is removed');
select user_resume('tec'), committed();

-- Scrum Masters.
insert into apps (name, owner) values ('bare', person_id('olga')); select committed();
select is(needs('app:bare'), null, 'an app that never had a Scrum Master needs none');
delete from grants where user_id = person_id('olga'); select committed();
insert into grants (user_id, anchor, role, source) select person_id('eve'), group_at('/pay'), role_named('project', 'Scrum Master'), id from sources where name = 'corp';
select committed();
select is(needs('app:shop'), null, 'nor one that has one');
select user_suspend('eve'), committed();
select is(needs('app:shop'), 'no Scrum Master (eve): rosterctl app members shop add LOGIN --role ''Scrum Master''', 'N41 whose last one is suspended');
select by_itself();
delete from grants where user_id = person_id('eve'); select committed();
select is(needs('app:shop'), 'no Scrum Master: rosterctl app members shop add LOGIN --role ''Scrum Master''', 'N41 or taken away by his source');
select app_member_add('shop', 'boss', 'Scrum Master'), committed();
select is(needs('app:shop'), null, 'until there is another');

-- Groups and the platform.
select by_itself();
delete from grants where anchor = group_at('/other'); select committed();
select is(needs('group:/other'), 'no admin: rosterctl group admin /other add LOGIN', 'a group without an admin');
select user_suspend('boss'), committed();
select is(needs('platform'), 'no admin (boss): as the owner of the schema: rosterctl user role LOGIN add ''Platform Administrator''', 'the platform without an administrator');
select user_resume('boss'), committed();

-- What waits for somebody.
update users set external = true where login = 'o''neil';
select app_member_add('shop', 'o''neil', 'End-user');
select is(needs('app:shop'), 'invitation waits (o''neil): as ''o''\''''neil'': rosterctl invitation accept shop; or take it back: '
	|| 'rosterctl app members shop remove ''o''\''''neil'' --role End-user', 'C36 an invitation nobody has answered, as a shell reads it');
select app_member_remove('shop', 'o''neil', 'End-user');
select is(needs('app:shop'), null, 'C36 until it is taken back');
select role_edit_begin('Developer');
select matches(needs('role:Developer'), '^role is edited \(\w+\): as \w+: rosterctl role cancel; it ends by itself at \d\d:\d\d UTC$', 'C27 a role that is being edited keeps all others from it');
select notices_look('{needs_attention}', '{}', '{}');
select is((select string_agg(subject, ' ') from notices where state = 'begins'), 'group:/other', 'none of which needs a notice');
update role_edit set began_at = now() - interval '1 hour', expires_at = now() - interval '1 minute';
select is(needs('role:Developer'), null, 'C27 until the edit expires');

select * from finish();
rollback;
