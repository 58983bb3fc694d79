-- SPDX-License-Identifier: Apache-2.0
-- Figures for monitoring.
\ir support.psql
\ir company.psql
select plan(56);

create function figure(name text, first text default null, second text default null) returns numeric language sql as $$
	select m.value from metrics(array['corp', 'hr', 'new']) m where m.metric = figure.name
	  and m.label is not distinct from figure.first and m.second_label is not distinct from figure.second
$$;
create function source_id(name text) returns smallint language sql as 'select id from sources s where s.name = source_id.name';
-- A run that ends in this state.
create function ended(source text, state run_state, completeness text default 'complete', held bigint default 0) returns bigint language plpgsql as $$
declare
	run bigint := run_begin(source_id(source), 'sync');
begin
	perform run_end(run, state, completeness, null, 0, 0, held, null);
	return run;
end $$;
select register_source('corp', 'ldif', 1, true, true), register_source('hr', 'ldif', 2, true, true), register_source('gone', 'ldif', 3, true, true);

-- What there is.
select is(figure('roster_revision'), head()::numeric, 'the latest revision');
select is(figure('roster_users_active'), (select count(*)::numeric from users where active), 'active people');
select person('somebody');
select is(figure('roster_users_active'), (select count(*)::numeric from users where active), 'one more when there is one more');
update users set suspended = true, active = false where login = 'somebody';
select is(figure('roster_users_active'), (select count(*)::numeric from users) - (select count(*) from users where not active), 'and not those who are suspended');
select is(figure('roster_source_last_complete_timestamp_seconds', 'new'), 0::numeric, 'a source nobody has read has 0, and is there');
select is(figure('roster_runs_total', 'new', 'failed'), 0::numeric, 'its counters too');
select is(figure('roster_runs_total', 'gone', 'failed'), null, 'a source that was not asked for is not');
select is_empty($$select from metrics(array['corp']) where value is null$$, 'every figure is a number');
select is_empty($$select metric from metrics(array['corp', 'hr']) group by metric, label, second_label having count(*) > 1$$, 'no series comes twice');
select isnt_empty($$select from metrics('{}')$$, 'without a source there are figures all the same');

-- Runs.
select ended('corp', 'failed', 'failed'), ended('corp', 'failed', 'failed'), ended('hr', 'nothing');
select is(figure('roster_runs_total', 'corp', 'failed'), 2::numeric, 'failed runs are counted');
select is(figure('roster_runs_total', 'hr', 'failed'), 0::numeric, 'each for its source');
select is(figure('roster_runs_total', 'hr', 'nothing'), 1::numeric, 'each by its result');
select run_idle(nextval('runs_id_seq'), source_id('hr'), 'sync', 'x');
select is(figure('roster_runs_total', 'hr', 'nothing'), 2::numeric, 'one that hears nothing new too');
select is(figure('roster_source_last_complete_timestamp_seconds', 'corp'), 0::numeric, 'a failed read is not complete');
select ok(figure('roster_source_last_complete_timestamp_seconds', 'hr') between extract(epoch from now()) and extract(epoch from clock_timestamp()),
	'a run that found nothing to do was a complete read');
select ended('corp', 'applied', 'incomplete'), ended('corp', 'applied', 'mirror');
select is(figure('roster_source_last_complete_timestamp_seconds', 'corp'), 0::numeric, 'an incomplete one and one from the mirror are none');
select ended('corp', 'held', 'complete', 7);
select ok(figure('roster_source_last_complete_timestamp_seconds', 'corp') > 0, 'one that is held is');
select is(figure('roster_run_held', 'corp'), 7::numeric, 'what waits with a whole run is counted');
select is(figure('roster_run_held', 'hr'), 0::numeric, 'for its source');
select ended('corp', 'held', 'complete', 8);
select is(figure('roster_run_held', 'corp'), 8::numeric, 'once, though two runs are held');
select is(figure('roster_runs_total', 'corp', 'held'), 2::numeric, 'both of which were runs');
select is(figure('roster_source_last_complete_timestamp_seconds', 'corp'),
	(select extract(epoch from l.last_complete_at) from source_list(array['corp']) l where l.source = 'corp'), 'rosterctl says the same, also while a run is held');
select ended('corp', 'nothing');
select is(figure('roster_run_held', 'corp'), 0::numeric, 'a run that finds nothing to do takes the question back');
select is((select count(*) from runs r where r.source = source_id('corp') and r.state = 'held'), 0::bigint, 'and those before it are superseded');
select ended('corp', 'held', 'complete', 8), ended('corp', 'failed', 'failed');
select is(figure('roster_run_held', 'corp'), 8::numeric, 'one that fails does not');
select ended('corp', 'rejected', 'complete', 8);
select is(figure('roster_run_held', 'corp'), 0::numeric, 'what is rejected does not wait');
select is(figure('roster_runs_total', 'corp', 'held'), 4::numeric, 'though it is held');
select ended('corp', 'applied');
select is(figure('roster_run_held', 'corp'), 0::numeric, 'and no more when another was applied');
select is(figure('roster_runs_total', 'corp', 'held'), 4::numeric, 'which takes nothing from the counter');
insert into held_changes (source, kind, action, external_id, run, reason) values (source_id('hr'), 'user', 'vanish', 'x', ended('hr', 'applied'), 'many');
select is(figure('roster_run_held', 'hr'), 1::numeric, 'single changes that are held are counted');
update held_changes set state = 'rejected';
select is(figure('roster_run_held', 'hr'), 0::numeric, 'until somebody has decided');
alter table runs disable trigger all;
delete from held_changes;
delete from runs r where r.source = source_id('corp');
alter table runs enable trigger all;
select is(figure('roster_runs_total', 'corp', 'held'), 4::numeric, 'counters stay when the runs are deleted');

-- Changes.
insert into planned_changes (run, seq, kind, action, held)
select run_begin(source_id('corp'), 'sync'), c.seq, c.kind::change_kind, c.action::change_action, c.held
from (values (1, 'user', 'add', false), (2, 'user', 'add', false), (3, 'grant', 'remove', true)) c(seq, kind, action, held);
update planned_changes set run = (select max(id) from runs);
select run_end((select max(id) from runs), 'applied', 'complete', null, 0, 0, 0, null);
select is(figure('roster_changes_total', 'user', 'add'), 2::numeric, 'applied changes are counted by kind and action');
select is(figure('roster_changes_total', 'grant', 'remove'), 0::numeric, 'held ones are not');
select unplan((select max(id) from runs));
select is(figure('roster_changes_total', 'user', 'add'), 2::numeric, 'and stay counted when the plan is thrown away');

-- Rules.
select set_rules(source_id('hr'), array['teams', 'unused'], array['a:1', 'a:2'], array['', '']);
insert into directory_entries (source, kind, external_id, dn, reference, content, attributes, gone_since)
select source_id('hr'), 'group', n, 'cn=' || n, gen_random_uuid(), gen_random_uuid(), '{}', case n when 'c' then now() end from unnest(array['a', 'b', 'c']) n;
insert into directory_mappings (entry_id, rule, anchor, role) select d.id, 1, '/x', 'Developer' from directory_entries d where d.source = source_id('hr');
select is(figure('roster_rule_matches', 'teams'), 2::numeric, 'a rule matches entries that are there');
select is(figure('roster_rule_matches', 'unused'), 0::numeric, 'one that matches none has 0');

-- Targets.
select register_targets('webhook', array['billing', 'old'], array['https://b.example/', 'https://o.example/'], array['app:*', 'app:*'], array[false, false]);
select register_targets('webhook', array['billing'], array['https://b.example/'], array['app:*'], array[false]);
select is(figure('roster_target_lag_revisions', 'billing'), head()::numeric, 'a target that was told nothing is behind by everything');
select is(figure('roster_target_lag_revisions', 'old'), null, 'one that is not configured any more is not there');
select ok(figure('roster_target_lag_seconds', 'billing') >= 0, 'it is behind since the oldest revision it does not know');
update targets set cursor = head(), history = (select history from installation);
select is(figure('roster_target_lag_seconds', 'billing') + figure('roster_target_lag_revisions', 'billing'), 0::numeric, 'one that knows all is not');
select is(figure('roster_target_lanes', 'billing'), 0::numeric, 'without lanes it has none');

-- How long revisions take.
create function told(age interval, kind window_kind default 'difference', main boolean default true) returns void language plpgsql as $$
declare
	target targets := (select t from targets t where t.name = 'billing');
begin
	insert into revisions (id, at, login, cause, transaction)
	values (head() + 1, clock_timestamp() - age, session_user, 'told', pg_current_xact_id());
	insert into windows (target, number, kind, main, after, revision)
	values (target.id, coalesce((select max(w.number) from windows w where w.target = target.id), 0) + 1, kind, main, target.cursor, head());
	perform close_window(target.id, (select max(w.number) from windows w where w.target = target.id));
	update targets t set cursor = head() where t.id = target.id;
end $$;
select is(figure('roster_propagation_seconds_count', 'billing'), 0::numeric, 'a cursor that passed has confirmed nothing');
select is(figure('roster_propagation_seconds_bucket', 'billing', '+Inf'), 0::numeric, 'the buckets are there and empty');
select told('10 s');
select is(figure('roster_propagation_seconds_count', 'billing'), 1::numeric, 'a revision a window told counts');
select ok(figure('roster_propagation_seconds_sum', 'billing') between 10 and 12, 'from its time to the confirmation');
select is(figure('roster_propagation_seconds_bucket', 'billing', '5'), 0::numeric, 'it is in no bucket below that');
select is(figure('roster_propagation_seconds_bucket', 'billing', '15'), 1::numeric, 'but in that above');
select is(figure('roster_propagation_seconds_bucket', 'billing', '3600'), 1::numeric, 'and in all behind it');
select told('2 days');
select is(figure('roster_propagation_seconds_bucket', 'billing', '3600') + figure('roster_propagation_seconds_bucket', 'billing', '+Inf'), 3::numeric, 'what took very long is in the last');
select told('1 s', 'snapshot'), told('1 s', 'difference', false);
select is(figure('roster_propagation_seconds_count', 'billing'), 2::numeric, 'snapshots and lanes do not count');
update targets set cursor = 0;
select told('1 s');
select is(figure('roster_propagation_seconds_count', 'billing'), 2::numeric, 'nor does what begins with nothing');
select is(figure('roster_propagation_seconds_count', 'old'), null, 'a target that is not configured any more has none');

-- Who may.
select is(tried('roster_daemon', $$select metrics('{}')$$), 'done', 'the daemon may ask');
select is(has_function_privilege('roster_reader', 'metrics(text[])', 'execute'), false, 'apps may not');

select * from finish();
rollback;
