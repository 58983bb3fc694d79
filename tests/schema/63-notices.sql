-- SPDX-License-Identifier: Apache-2.0
-- Notices: what needs a person is told once when it begins and once when it is over. Time is faked: what should have lasted
-- is put into the past.
\ir support.psql
\ir company.psql
select plan(75);

-- What a look finds, with corp asked every hour; and what is to be told then.
create table kinds as select enum_range(null::notice_kind) as list;
create function look(sources text[] default '{corp}') returns void language sql as $$
	select notices_look((select list from kinds), look.sources, array_fill('1 h'::interval, array[cardinality(look.sources)]))
$$;
create function due() returns text language sql as
	$$select coalesce((select concat_ws(' ', d.kind, d.state, d.subject) from notice_due((select list from kinds)) d), 'nothing')$$;
create function due_text() returns text language sql as 'select d.text from notice_due((select list from kinds)) d';
create function tell() returns text language plpgsql as $$
declare
	d record;
begin
	select * into d from notice_due((select list from kinds));
	if found then
		perform notice_told(d.kind, d.state, d.subjects);
		return concat_ws(' ', d.kind, d.state, d.subject);
	end if;
	return 'nothing';
end $$;
create function wait_minutes(minutes integer) returns void language sql as
	'update notices set due = due - make_interval(mins => wait_minutes.minutes)';
create function source_id(name text) returns smallint language sql as 'select id from sources s where s.name = source_id.name';
create function ended(state run_state, digest text default null, completeness text default 'complete', reason text default null) returns text language plpgsql as $$
declare
	run bigint := run_begin(source_id('corp'), 'sync');
begin
	perform run_end(run, ended.state, ended.completeness, ended.reason, 0, 0, 3, ended.digest);
	return 'corp/' || run;
end $$;
create function read_ago(age interval) returns void language sql as $$
	update sources s set last_complete_at = clock_timestamp() - read_ago.age where s.last_complete_at is not null
$$;
select register_source('corp', 'ldif', 1, true, true);
select ended('nothing');
-- Groups of the example without an admin are no news here.
select person('kim');
insert into grants (user_id, anchor, role)
select person_id('kim'), g.id, role_named('platform', 'Group Administrator') from groups g where g.parent_id is not null;

select lives_ok('select look()', 'there is nothing to see');
select is_empty('select from notices', 'and nothing is noted');
select is(due(), 'nothing', 'nor told');
select is(notices_wait((select list from kinds)), null, 'nor waited for');

-- Runs that are held as a whole -------------------------------------------------------------------------------------------------

create table held (run text);
insert into held select ended('held', 'd1', reason => 'the first run of a source');
select look();
select is(due(), (select 'run_held begins ' || run from held), 'a run that is held is told');
select is(due_text(), (select format('run %s waits for approval: 3 changes, the first run of a source', run) from held), 'in words');
select is(notices_wait((select list from kinds)), 0::bigint, 'at once');
select is((select since from notice_due((select list from kinds))), (select to_char(max(ended_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from runs),
	'with the time since when');
select is(notice_due((select list from kinds)) is not null, true, 'it stays due until it was told');
select is(tell(), (select 'run_held begins ' || run from held), 'it is told');
select look();
select is(due(), 'nothing', 'once');
select ended('held', 'd1');
select look();
select is(due(), 'nothing', 'the next poll asks the same and is no news');
select ended('failed', null, 'failed');
select look();
select is(due(), 'nothing', 'a run that failed answers nothing');
create table changed as select ended('held', 'd2') as run;
select look();
select is((select string_agg(kind || ' ' || state || ' ' || subject, ', ' order by kind, state) from notices),
	(select format('run_held begins %s, run_held ends %s', c.run, h.run) from changed c, held h), 'another question is another notice');
select is(tell() || ', ' || tell(), (select format('run_held ends %s, run_held begins %s', h.run, c.run) from changed c, held h), 'both are told, the end first');
select ended('applied', 'd2');
select look();
select is(due_text(), (select format('run %s does not wait for approval any more', run) from changed), 'an answer is the end');
select tell();
select is_empty('select from notices', 'of which nothing is left');
update held set run = ended('held', 'd3');
select look(), tell();
update runs set state = 'rejected' where state = 'held';
select look();
select is(tell(), (select 'run_held ends ' || run from held), 'a run that is rejected is over');
select ended('held', 'd4'), look();
select ended('nothing'), look();
select is(due(), 'nothing', 'what began and ended without anybody being told is told to nobody');
select ended('applied');

-- Single changes that are held -----------------------------------------------------------------------------------------------------

insert into held_changes (source, kind, action, external_id, run, reason)
select source_id('corp'), 'user', 'vanish', x, (select max(id) from runs), E'many\nat once' from unnest(array['x', 'y']) x;
select look();
select is(due_text(), (select format('run corp/%s waits for approval: 2 changes, many at once', max(id)) from runs), 'changes that are held are told by their run, on one line');
select tell();
delete from held_changes where external_id = 'y';
select look();
select is(due(), 'nothing', 'one less is no news');
select look('{}');
select is((select state from notices), 'ends', 'a source that left the configuration waits for nobody');
select look();
select is(due(), 'nothing', 'and is back before anybody was told');
update held_changes set state = 'approved';
select look();
select is(tell(), (select format('run_held ends corp/%s', max(id)) from runs), 'until somebody has decided');
delete from held_changes;

-- Sources ------------------------------------------------------------------------------------------------------------------------------

select read_ago('179 min'), look();
select is_empty('select from notices', 'within three polls a source is not late');
select read_ago('181 min'), look();
select is(due(), 'nothing', 'then it has a while, in which a service that was just started reads it');
select ok(notices_wait((select list from kinds)) between 890000 and 900000, 'a quarter of an hour');
select read_ago('1 min'), look();
select is_empty('select from notices', 'read in time, nobody is told');
select read_ago('181 min'), look(), wait_minutes(15);
select is(due(), 'source_stale begins corp', 'else it is');
select matches(due_text(), '^source corp was last read completely at 20[-0-9]+T[0-9:]+Z$', 'with the time');
select tell(), look();
select is(due(), 'nothing', 'once');
select ended('failed', null, 'failed', 'ldap1 cannot be reached');
select look();
select is(due() || (select text ~ '; its last run failed: ldap1 cannot be reached$' from notices), 'nothingtrue', 'what is known about it changes without a word');
select ended('nothing'), look();
select is(due_text(), 'source corp is read again', 'a complete read is the end');
select tell();
select read_ago('30 min'), ended('failed', null, 'failed'), look();
select is_empty('select from notices', 'a failure before the next poll was due is nobody''s business');
select read_ago('61 min'), look();
select is(due(), 'nothing', 'when it was due, it is tried again for a while');
select wait_minutes(14);
select is(due(), 'nothing', 'for not quite a quarter of an hour');
select look(), wait_minutes(1);
select is(due(), 'source_stale begins corp', 'then somebody is told');
select tell(), look('{}');
select is(due_text(), 'source corp is not in the configuration any more', 'a source that is not asked for any more is not late');
select tell(), ended('nothing');
select look('{corp,new}'), wait_minutes(15);
select is(due_text(), 'source new was never read completely', 'neither is a source nobody knows yet in time');
select look();
select is(due(), 'nothing', 'unless it goes again');
select read_ago('200 min');
insert into paused_sources (source) values (source_id('corp'));
select look(), wait_minutes(15);
select matches(due_text(), 'Z; it is paused$', 'a pause may have been forgotten');
select ended('nothing'), look();

-- Targets -------------------------------------------------------------------------------------------------------------------------------

insert into targets (name, kind, address, patterns, keep_left) values ('billing', 'webhook', 'https://b.example/', '{}', false);
update targets set attempts = 2, error = 'it answered 503';
select look();
select is(due(), 'nothing', 'a target that fails has a while to recover');
select wait_minutes(15), look();
select is(due_text(), 'target billing does not confirm what it is sent: it answered 503', 'then somebody is told');
select tell();
update targets set state = 'disabled', error = 'it answered 410';
select look();
select is(due(), 'nothing', 'that it is switched off now is the same trouble');
update targets set state = 'active', attempts = 0, error = null;
select look();
select is(due_text(), 'target billing is not stuck any more', 'an answer is the end');
update targets set state = 'disabled', error = 'it answered 410';
select look();
select is(due(), 'nothing', 'what is back before its end was told has never been over');
update targets set state = 'active';
select look(), tell();
update targets set state = 'disabled';
select look();
select is(tell(), 'target_stuck begins billing', 'a target that is switched off is told at once');
update targets set state = 'paused';
select look();
select is(due_text(), 'target billing is paused', 'a pause is somebody''s will');
select tell();
update targets set state = 'active', error = null;
insert into followed (target, resource, name) select t.id, app, 'app:x' || app from targets t, (select id as app from apps order by id limit 2) a;
insert into lanes (target, resource, revision, attempts, error) select f.target, f.resource, 0, 1, 'it answered 422' from followed f;
select look(), wait_minutes(15);
select is(due_text(), 'target billing refuses 2 of its resources: it answered 422', 'a target that refuses is stuck too');
update lanes set attempts = 0;
select look();
select is(due(), 'nothing', 'lanes that were never refused are on their way');
update targets set state = 'disabled', configured = false;
select look();
select is_empty('select from notices', 'a target of no configuration is none');
delete from targets;

-- What needs attention -------------------------------------------------------------------------------------------------------------------

select group_create('/lone', 'for tests', array['kim']), look();
select is(due(), 'nothing', 'a group with an admin needs nobody');
delete from grants where user_id = person_id('kim') and anchor = group_at('/lone');
select look();
select is(due_text(), 'group:/lone: no admin', 'without one it does');
select tell();
select group_member_add('/lone', 'kim', null), look();
select is(tell(), 'needs_attention ends group:/lone', 'until it has one');
delete from grants where user_id = person_id('kim');
select look();
select is(due(), (select format('needs_attention begins %s and %s more', min(what), count(*) - 1) from attention_list()), 'what begins at once is told at once');
select group_create('/' || n, 'for tests', array['kim']) from unnest(array['a', 'b', 'c']) n;
delete from grants where user_id = person_id('kim');
select look();
select matches(due_text(), '^(group:\S+: no admin; ){5}and ' || (select count(*) - 5 from attention_list()) || ' more$', 'and the first five are named');
select tell();
select is(due(), 'nothing', 'all of it with one word');
select is((select count(*) from notices where told_at is not null), (select count(*) from attention_list()), 'and each is known');

-- What cannot be told ----------------------------------------------------------------------------------------------------------------------

create table late as select ended('held', 'd9') as run;
select look();
create function fail() returns interval language sql as $$
	select make_interval(secs => round(notice_later(d.kind, d.subjects, 'no mail today') / 1000.0)::integer) from notice_due((select list from kinds)) d
$$;
select is(fail(), '1 min', 'who cannot be told is told later');
select is(due(), 'nothing', 'not before');
select look();
select ok(notices_wait((select list from kinds)) between 50000 and 60000, 'whatever is looked at meanwhile');
select wait_minutes(1);
select is(fail(), '2 min', 'each pause is twice as long');
select is(due(), 'nothing', 'and nobody tries before it is over');
select ok(lead_notices(), 'but who begins to tell');
select isnt(due(), 'nothing', 'may have another way to do it');
select is(fail(), '4 min', 'and has to be as patient from then on');
update notices set due = now(), attempts = 5;
select is(fail(), '32 min', 'and so on');
update notices set due = now(), attempts = 6;
select is(fail(), '1 h', 'up to an hour');
update notices set due = now(), attempts = 4000 where told_at is null;
select is(fail(), '1 h', 'for ever');
select is((select error from notices where told_at is null), 'no mail today', 'the reason is kept');
select wait_minutes(60);
select is(tell(), (select 'run_held begins ' || run from late), 'until it could be told');
select is((select concat(attempts, error) from notices where kind = 'run_held'), '0', 'which is forgotten then');

-- Who asks for some kinds only.
update kinds set list = '{source_stale}';
select ended('applied'), look();
select is((select state from notices where kind = 'run_held'), 'begins', 'kinds that are not asked for are left as they are');

-- Who may.
select is(tried('roster_daemon', $$select lead_notices(), notices_look('{run_held}', '{}', '{}'), notices_wait('{run_held}')$$), 'done', 'the daemon may look');
select is(tried('roster_daemon', 'delete from notices'), '42501', 'and not write by itself');

select * from finish();
rollback;
