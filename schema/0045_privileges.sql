-- SPDX-License-Identifier: Apache-2.0
-- Who may call what. Nobody but the owner writes a table; nothing is open to PUBLIC.

revoke all on all functions in schema roster from public;
revoke all on all procedures in schema roster from public;
-- For the role, not for the schema: what is revoked for a schema alone stays open.
alter default privileges revoke execute on functions from public;

grant usage on schema roster to roster_daemon, roster_admin, roster_reader;

-- Apps ask; they see the answers and the names, not the mirror.
grant execute on function need_revision(bigint), need_number(text), need_moment(text), can(uuid, smallint, integer), can(text, text, text),
	effective_access(uuid, integer, bigint), effective_access(text, text, bigint),
	who_can(smallint, integer, bigint), who_can(text, text, bigint),
	head(), revision_at(timestamptz), platform(), resource_named(text), resource_name(integer), resource_name(integer, bigint), resource_named(text, bigint), permission_named(text),
	user_by_login(text), group_path(integer), group_at(text), can_by_api(uuid, smallint, integer), can_by_api(text, text, text), alert_receivers(integer),
	technical_contact(integer), support_request(uuid, integer, text) to roster_reader, roster_admin, roster_daemon;
grant select on permissions, roles, statistics, migrations to roster_reader, roster_admin, roster_daemon;

-- Whoever signed in is somebody else than the login of the database.
grant execute on function begin_session(text), end_session(), whoami() to roster_admin;
grant usage on schema roster to roster_signin, roster_signals;
grant select on migrations to roster_signin, roster_signals;
grant execute on function open_session(text, text, bytea, interval) to roster_signin;

-- What a provider says by itself is put in by one, and heeded by the other.
grant insert (issuer, token, event, source, subject_kind, subject, happened_at) on signals to roster_signals;
grant execute on function signals_take(smallint), signals_heeded(bigint[], text[]) to roster_daemon;

-- Operators ask and act; each act checks the person.
grant execute on function actor(), init_administrator(text, name), user_create(text, text, text, boolean), user_suspend(text), user_resume(text),
	group_create(text, text, text[]), group_edit(text, text, text), group_delete(text), group_move(text, text), group_member_add(text, text, text, timestamptz), group_member_set(text, text, text, timestamptz),
	group_member_remove(text, text, text), app_create(text, text, text), app_owner(text, text), app_group(text, text),
	app_archive(text, boolean), app_member_add(text, text, text, timestamptz), app_member_remove(text, text, text),
	need_time(text), need_duration(text), need_switch(text, text), need_purposes(text[]), cluster_create(text), namespace_create(text, text, purpose[]), namespace_attach(text, text), namespace_detach(text, text),
	role_create(text, text, text[], text, text[], text, text[]), role_edit_begin(text), role_edit_cancel(),
	role_save(text, text, text, text[], text, text[], text, text[]), role_edit(text, text[], text, text, text, text[], text, text[]), part_access(text[]), part_permissions(text[]), role_delete(text, text), role_merge(text, text), role_keep(text), invitation_accept(text),
	node_create(text, text), node_contact(text, text), environment_create(text, text, purpose, text), environment_delete(text),
	environment_set(text, text, text, boolean), environment_alerts(text, text, boolean), node_list(), environment_list(text), node_permissions(text), node_report(text),
	access_group_create(text, text), access_group_delete(text), access_group_app(text, text, boolean),
	access_group_member_add(text, text, text, timestamptz), access_group_member_remove(text, text, text),
	user_role_add(text, text, timestamptz), user_role_remove(text, text), second_factor_proven(text, interval), app_role_add(text, text, text, timestamptz), app_role_remove(text, text, text),
	app_operator_role(purpose[]), cluster_delete(text), namespace_delete(text), node_delete(text), operator_add(name, text), operator_remove(name), decide(bigint, boolean), pause(text, text, text), resume(text, text), reload_ask() to roster_admin;
grant execute on function tree(text), holdings_of(text), access_of(text), user_list(text), user_show(text), user_duplicates(), app_members(text), app_list(),
	namespace_list(), role_list(), role_show(text), role_holders(text), role_duplicates(), role_by_name(text), invitation_list(), cluster_list(), access_group_list(), access_group_show(text), access_group_members(text), group_show(text),
	operator_list(), operator_remove_preview(name), namespace_delete_preview(text), cluster_delete_preview(text), node_delete_preview(text), role_delete_preview(text, text), group_delete_preview(text), access_group_delete_preview(text), environment_delete_preview(text), node_contact_preview(text, text), run_list(integer), need_run(text), need_user(text), quarantine_list(), source_list(text[]), source_doubts(text[]), writer_list(),
	group_members(text), run_show(text), run_diff(text), person_state(text), revision_made(bigint), entry_list(text, text),
	directory_paths(uuid, integer, integer, smallint), why_kept(uuid, integer, integer, smallint), model_paths(uuid, integer, smallint), paths_then(uuid, integer, smallint, bigint), obstacles_then(uuid, integer, smallint, bigint), resource_then(text, text, bigint), missed_doors(uuid, integer, smallint),
	permission_applies(smallint, integer), roles_without(uuid, integer, smallint), opening(text, text[], text[], text[], integer, smallint), waiting_doors(uuid, integer, smallint),
	held_list(bigint), held_waiting(bigint), difference_named(bigint, bigint),
	leads(request_kind, text), request_make(request_kind, text, jsonb), request_show(bigint), request_line_list(bigint), request_list(integer), daemon_list(bigint)
	to roster_admin, roster_daemon;

-- The daemon stages, and calls the road.
grant insert on staged_entries, staged_mappings, staged_gone, staged_problems to roster_daemon;
grant select on sources, runs, directory_entries, directory_rules, staged_entries, planned_changes_named to roster_daemon, roster_admin;
grant execute on function register_source(text, text, integer, boolean, boolean), lead_source(smallint),
	lead_known_source(text, text, integer, boolean, boolean), begin_source(text, text, integer, boolean, boolean),
	source_outlook(smallint, text[], text[], text[], text[], text[]), run_begin(smallint, text, bigint), run_idle(bigint, smallint, text, text),
	run_end(bigint, run_state, text, text, bigint, bigint, bigint, text), set_rules(smallint, text[], text[], text[]), unknown_roles(text[], text[]), unknown_places(text[]),
	merge_and_plan(bigint, boolean, boolean, boolean, boolean, boolean, boolean), plan_totals(bigint, boolean), plan_count(bigint), hold_all(bigint, boolean), apply(bigint, bigint, bigint),
	settle(bigint, text, text, boolean, boolean), unstage(bigint), unplan(bigint), sweep(bigint), find_hidden(bigint, smallint, text[], boolean),
	keep_held_plan(bigint), guard_counts(bigint, interval, bigint, bigint),
	emptied_places(bigint), rejected_before(bigint, text), hold(bigint, text, text, text) to roster_daemon;

-- Of a source that says what changed, from where to go on.
grant select on source_cookies, directory_places to roster_daemon;
grant execute on function push_begin(smallint, bigint), keep_cookies(smallint, text[], uuid[], text[]), note_full(smallint, boolean), unstage_entries(bigint, text[]),
	meets_homeless(bigint, smallint), keep_places(smallint, text[], uuid[]), news_doubt(smallint, text[], uuid[], text[], text[], entry_kind[], uuid[], uuid[]) to roster_daemon;

-- Whoever leads a source carries out what it is asked for.
grant execute on function request_attend(text), request_recover(request_kind[], text), request_take(request_kind[], text),
	request_progress(bigint, text), request_lines_add(bigint, bigint, jsonb), request_end(bigint, bigint, jsonb, text, text),
	source_paused(text) to roster_daemon;

-- Every rosterd says that it is there, and what became of a reload.
grant execute on function daemon_attend(text, text, integer, text), daemon_leave(text), daemon_hears(text), daemon_answer(text, text) to roster_daemon;

-- And delivers.
grant execute on function lead_driver(text), register_targets(text, text[], text[], text[], boolean[]), open_targets(text, boolean), open_lanes(text, bigint[], bigint), main_rows(text, bigint, bigint),
	new_window(smallint, window_kind, boolean, bigint, bigint), lane_rows(smallint, bigint), lane_resources(smallint, bigint),
	snapshot_resources(smallint, bigint, integer), snapshot_roles(bigint), snapshot_sets(text[], text[], bigint), snapshot_reach(integer[], bigint), snapshot_holdings(integer[], text[], bigint),
	snapshot_people(uuid[]), snapshot_reached(smallint, bigint, integer), snapshot_spared(smallint),
	add_part(smallint, bigint, integer[], text), keep_people(smallint, bigint, integer, text), kept_people(smallint, bigint), due_parts(text, smallint[]), part_body(smallint, bigint, integer), next_due(text, smallint[]), close_window(smallint, bigint),
	parts_confirmed(smallint, bigint, integer, integer), target_later(smallint, text, interval), part_refused(smallint, bigint, integer, text),
	target_disabled(smallint, text), hurry(text, text) to roster_daemon;
grant execute on function target_list(text), target_hurry(text, boolean), delivery_waiting(text, bigint), told_list(integer, bigint), database_restored()
	to roster_admin, roster_daemon;
grant select on revisions, installation, role_names to roster_daemon;
