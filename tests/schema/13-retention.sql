-- SPDX-License-Identifier: Apache-2.0
-- History that is older than it is kept: what goes, in which steps, and what is never taken.
\ir support.psql
\ir company.psql
select plan(43);

create function twins() returns bigint language plpgsql as $$
declare
	one text;
	rows bigint;
	total bigint := 0;
begin
	for one in select c.relname from fact_tables f join pg_class c on c.oid = f.name loop
		execute format('select count(*) from %I', one || '_history') into rows;
		total := total + rows;
	end loop;
	return total;
end $$;
-- Rows that had ended by that revision.
create function ended_by(revision bigint) returns bigint language plpgsql as $$
declare
	one text;
	rows bigint;
	total bigint := 0;
begin
	for one in select c.relname from fact_tables f join pg_class c on c.oid = f.name loop
		execute format('select count(*) from %I where until <= $1', one || '_history') into rows using revision;
		total := total + rows;
	end loop;
	return total;
end $$;
create function horizon() returns bigint language sql as 'select horizon from installation';

-- What everybody may do as of each revision, for later.
create table said (revision bigint, user_id uuid, permission smallint, resource integer);
create function note() returns bigint language plpgsql as $$
begin
	perform committed();
	insert into said select distinct head(), e.user_id, e.permission, e.resource from effective e;
	return head();
end $$;

do $$
begin
	perform note();
	for number in 1 .. 4 loop
		perform group_member_add('/dev', 'nel', 'Developer');
		perform note();
		perform group_move('/dev/web', '/ops');
		perform note();
		perform by_itself();
		perform group_member_remove('/dev', 'nel', 'Developer');
		update apps set owner = person_id('pat') where name = 'shop';
		perform note();
		perform by_itself();
		perform group_move('/ops/web', '/dev');
		update apps set owner = person_id('olga') where name = 'shop';
		perform note();
	end loop;
end $$;
-- Revision n was so many days ago: the last one today.
update revisions set at = now() - make_interval(days => (head() - id)::integer);
create function days(revision bigint) returns interval language sql as 'select make_interval(days => (head() - revision)::integer, hours => 1)';
create temporary table middle as select head() - 8 as revision;
create function middle() returns bigint language sql as 'select revision from middle';

select is(last_revision_before(now() - days(middle()) + interval '2 hours'), middle(), 'the revision of a moment is found');
select is(last_revision_before(now() - days(middle()) + interval '30 hours'), middle() + 1, 'and the next a day later');
select is(last_revision_before('-infinity'), 0::bigint, 'before the first there is none');
select is(last_revision_before('infinity'), head(), 'the last is the last');

select cmp_ok(ended_by(middle()), '>', 10::bigint, 'there is something to forget');
select is(clock_forget('100000 days'), 0::bigint, 'what is younger than the limit stays');
select is(horizon(), 0::bigint, 'and everything can be asked');

-- A target that is told is owed the difference to what it was told.
insert into targets (name, kind, patterns, keep_left, history, cursor, address) select 'hook', 'webhook', '{app:*}', false, i.history, 3, 'x' from installation i;
select is(history_bound(days(middle()) - interval '2 hours'), 3::bigint, 'a target that is behind keeps what it needs');
insert into followed select t.id, need_app('shop'), 'app:shop' from targets t;
insert into lanes (target, resource, revision) select t.id, need_app('shop'), 2 from targets t;
select is(history_bound(days(middle()) - interval '2 hours'), 2::bigint, 'so does one of its lanes');
delete from lanes;
insert into windows (target, number, kind, main, after, revision) select t.id, 1, 'difference', false, 1, 4 from targets t;
select is(history_bound(days(middle()) - interval '2 hours'), 1::bigint, 'and a window that is open');
delete from windows;
update targets set cursor = head();
select is(history_bound(days(middle()) - interval '2 hours'), middle(), 'else the limit counts');
insert into sources (name, kind) values ('corp', 'ldif');
insert into runs (source, kind, state, started_at) select s.id, 'full', 'applied', now() - days(5) from sources s where s.name = 'corp';
insert into held_changes (source, kind, action, run, reason) select r.source, 'user', 'vanish', r.id, 'x' from runs r;
select is(history_bound(days(middle()) - interval '2 hours'), 4::bigint, 'a run of which something waits shows what it did');
update held_changes set state = 'rejected';
select is(history_bound(days(middle()) - interval '2 hours'), middle(), 'until it is decided');

insert into targets (name, kind, patterns, keep_left, history, cursor, address, state) select 'idle', 'webhook', '{app:*}', false, i.history, 3, 'y', 'paused' from installation i;
insert into targets (name, kind, patterns, keep_left, history, cursor, address, state) select 'late', 'webhook', '{app:*}', false, i.history, head(), 'z', 'paused' from installation i;
insert into windows (target, number, kind, main, after, revision) select t.id, 1, 'difference', true, 3, 4 from targets t where t.name = 'idle';
insert into counted_grants select s.id, 3, 0 from sources s where s.name = 'corp';

create temporary table before as select ended_by(middle()) as ended, twins() as twins, head() as head;
select is(clock_forget(days(middle()) - interval '2 hours', 4), 4::bigint, 'it goes in steps');
select is(twins(), (select twins - 4 from before), 'of so many rows');
select is(horizon(), middle(), 'the horizon is there at once: nobody gets half an answer');
select is((select sum(clock_forget(days(middle()) - interval '2 hours', 3)) from generate_series(1, 100)), (select ended - 4 from before)::numeric, 'until all is gone');
select is(ended_by(middle()), 0::bigint, 'that ended by then');
select is(twins(), (select twins - ended from before), 'and nothing else');
select is(clock_forget(days(middle()) - interval '2 hours'), 0::bigint, 'then there is nothing to do');
select is(head(), (select head from before), 'no revision is made of it');
select isnt_empty('select from revisions where id = 1', 'and none goes: who did what stays known');

select is((select history from targets where name = 'idle'), null, 'a target that was paused meanwhile will get a snapshot');
select is_empty('select from windows', 'instead of what was on its way');
select isnt((select history from targets where name = 'hook'), null, 'one that is told will not');
select isnt((select history from targets where name = 'late'), null, 'nor one that has missed nothing of it');
select is_empty('select from counted_grants', 'grants counted before are counted anew');

-- Answers.
create function wrong_at(revision bigint) returns bigint language sql as $$
	select count(*) from ((select distinct e.user_id, e.permission, e.resource from effective_at(revision) e)
		except (select s.user_id, s.permission, s.resource from said s where s.revision = wrong_at.revision)) x
$$;
create function missing_at(revision bigint) returns bigint language sql as $$
	select count(*) from ((select s.user_id, s.permission, s.resource from said s where s.revision = missing_at.revision)
		except (select distinct e.user_id, e.permission, e.resource from effective_at(revision) e)) x
$$;
select is((select sum(wrong_at(r) + missing_at(r)) from generate_series(middle(), head()) r), 0::numeric, 'as of every revision from the horizon on the answer is what it was');
select cmp_ok((select sum(missing_at(r)) from generate_series(middle() - 3, middle() - 1) r), '>', 0::numeric, 'before it, it would not be');
select throws_ok(format('select effective_access(''nel'', ''app:shop'', %s)', middle() - 1), 'P0002', format('history does not go back to revision %s', middle() - 1),
	'so such a question is refused');
select lives_ok(format('select effective_access(''nel'', ''app:shop'', %s)', middle()), 'the first that can be asked is the horizon');
select throws_ok(format('select who_can(''project.view'', ''app:shop'', %s)', middle() - 1), 'P0002', null, 'who can is refused alike');
select throws_ok(format('select difference(%s, %s)', middle() - 1, head()), 'P0002', null, 'a difference, too');
select throws_ok(format('select difference(%s, %s)', head(), middle() - 1), 'P0002', null, 'in either direction');
select throws_ok(format('select report_access(null, null, %s)', middle() - 1), 'P0002', null, 'and a report');
select lives_ok(format('select difference(%s, %s)', middle(), head()), 'from the horizon on there is one');
select is((select count(*) from difference(0, head())), (select count(distinct (user_id, resource)) from effective), 'and from nothing on');

select lives_ok('select group_member_add(''/dev'', ''nel'', ''Developer'')', 'work goes on');

-- Runs that did nothing.
insert into runs (source, kind, state, started_at) select s.id, 'sync', k.state::run_state, now() - interval '31 days' from sources s,
	unnest(array['nothing', 'nothing', 'nothing', 'failed', 'held', 'nothing', 'nothing']) k(state) where s.name = 'corp';
create temporary table idle as select r.id, row_number() over (order by r.id) as n from runs r where r.state = 'nothing' and r.started_at < now() - interval '30 days';
create function idle(n bigint) returns bigint language sql as 'select i.id from idle i where i.n = idle.n';
insert into quarantine (source, external_id, what, why, stage, run) select s.id, 'x', 'x', 'x', 'person', idle(2) from sources s where s.name = 'corp';
update runs set started_at = now() where id = idle(3);
select is(clock_forget_runs(1), 1::bigint, 'a run that did nothing goes, one step after the other');
select is(clock_forget_runs() + clock_forget_runs(), 1::bigint, 'until all have gone');
select is((select array_agg(i.n order by i.n) from idle i join runs r on r.id = i.id), '{2,3,5}', 'but one of which something else speaks, a younger one, and the last');
select is((select string_agg(r.state::text, ' ' order by r.id) from runs r where r.state in ('failed', 'held')), 'failed held', 'and those that did not do nothing');
select is(clock_forget_runs(), 0::bigint, 'then there is nothing to do');

select * from finish();
rollback;
