/* SPDX-License-Identifier: Apache-2.0 */
#include "roster/model.h"
#include "store/private.h"

/* Each call is one statement; its parameters are numbered without a gap. */
static const struct {
	const char *sql;
	size_t params;
} calls[MODEL_CALLS] = {
    [MODEL_TREE] = {"select * from tree($1)", 1},
    [MODEL_ACCESS] = {"select * from access_of($1)", 1},
    [MODEL_HOLDINGS] = {"select * from holdings_of($1)", 1},
    [MODEL_WHO_CAN] = {"select login, role, anchor, source, distance, user_id from who_can($1, $2, need_moment($3))",
		       3},
    [MODEL_EFFECTIVE] = {"select * from effective_access($1, $2, need_moment($3))", 3},
    [MODEL_CAN] = {"select can($1, $2, $3)", 3},
    [MODEL_STATISTICS] = {"select * from statistics", 0},
    [MODEL_DIFFERENCE] = {"select * from difference_named(need_moment($1), need_moment($2))", 2},
    [MODEL_WHOAMI] = {"select * from whoami()", 0},
    [MODEL_USER_LIST] = {"select * from user_list($1)", 1},
    [MODEL_USER_SHOW] = {"select * from user_show($1)", 1},
    [MODEL_USER_DUPLICATES] = {"select * from user_duplicates()", 0},
    [MODEL_APP_LIST] = {"select * from app_list()", 0},
    [MODEL_APP_MEMBERS] = {"select * from app_members($1)", 1},
    [MODEL_INVITATION_LIST] = {"select * from invitation_list()", 0},
    [MODEL_CLUSTER_LIST] = {"select * from cluster_list()", 0},
    [MODEL_NAMESPACE_LIST] = {"select * from namespace_list()", 0},
    [MODEL_ROLE_LIST] =
	{"select role, kind, permissions, environments, members, group_members, apps, tags, description "
	 "from role_list()",
	 0},
    [MODEL_ROLE_DETAILS] = {"select role, id, kind, description, environments, members, group_members, apps, tags "
			    "from role_list() where id = role_by_name($1)",
			    1},
    [MODEL_ROLE_SHOW] = {"select * from role_show($1)", 1},
    [MODEL_ROLE_HOLDERS] = {"select * from role_holders($1)", 1},
    [MODEL_ROLE_DUPLICATES] = {"select * from role_duplicates()", 0},
    [MODEL_PERMISSION_LIST] = {"select name as permission, scope::text, description from permissions order by id", 0},
    [MODEL_OPERATOR_LIST] = {"select * from operator_list()", 0},
    [MODEL_USER_ROLES] = {"select role, source, since, since_at, expires_at from holdings_of($1) "
			  "where anchor = 'platform'",
			  1},
    [MODEL_GROUP_SHOW] = {"select * from group_show($1)", 1},
    [MODEL_GROUP_MEMBERS] = {"select * from group_members($1)", 1},
    [MODEL_ACCESS_GROUP_LIST] = {"select * from access_group_list()", 0},
    [MODEL_ACCESS_GROUP_SHOW] = {"select * from access_group_show($1)", 1},
    [MODEL_ACCESS_GROUP_MEMBERS] = {"select * from access_group_members($1)", 1},
    [MODEL_NODE_LIST] = {"select * from node_list()", 0},
    [MODEL_NODE_SHOW] = {"select * from node_list() n "
			 "where resource_named('app:' || n.app) = resource_named('app:' || $1)",
			 1},
    [MODEL_NODE_PERMISSIONS] = {"select login, active, contact, environment, "
				"string_to_array(permissions, ' ') as permissions from node_permissions($1)",
				1},
    [MODEL_NODE_REPORT] = {"select environment, purpose::text, login, active, contact, permission, allowed "
			   "from node_report($1)",
			   1},
    [MODEL_ENVIRONMENT_LIST] = {"select environment, purpose::text, namespace from environment_list($1)", 1},
    [MODEL_RUN_LIST] = {"select * from run_list($1::integer)", 1},
    [MODEL_RUN_SHOW] = {"select * from run_show($1)", 1},
    [MODEL_RUN_DIFF] = {"select * from run_diff($1)", 1},
    [MODEL_SOURCE_LIST] = {"select * from source_list($1)", 1},
    [MODEL_SOURCE_DOUBTS] = {"select * from source_doubts($1)", 1},
    [MODEL_REQUEST_LIST] = {"select * from request_list($1::integer)", 1},
    [MODEL_QUARANTINE_LIST] = {"select * from quarantine_list()", 0},
    [MODEL_ATTENTION_LIST] = {"select kind, what, who, since, type from attention_list()", 0},
    [MODEL_DAEMON_LIST] = {"select * from daemon_list($1::bigint)", 1},
    [MODEL_TARGET_LIST] = {"select * from target_list($1)", 1},
    [MODEL_LANE_LIST] = {"select * from lane_list()", 0},
    [MODEL_WRITER_LIST] = {"select * from writer_list()", 0},
    [MODEL_DELIVERY_WAITING] = {"select * from delivery_waiting($1, $2::bigint)", 2},
    [MODEL_TOLD] = {"select * from told_list($1::integer, $2::bigint)", 2},
    [MODEL_ENTRY_LIST] = {"select * from entry_list($1, $2)", 2},

    [MODEL_PERSON_STATE] = {"select id, login, active, state, identities from person_state($1)", 1},
    [MODEL_RESOURCE_STATE] =
	{"select n.resource, n.permission, head(), resource_name(n.resource), "
	 "n.permission is null or permission_applies(n.permission, n.resource), "
	 "exists (select from app_list() a where a.archived and ('app:' || a.app = resource_name(n.resource) "
	 "or starts_with(resource_name(n.resource), 'environment:' || a.app || '/'))) "
	 "from (select resource_named($1) as resource, "
	 "case when $2::text is not null then permission_named($2) end as permission) n",
	 2},
    [MODEL_PATHS] = {"select p.*, v.by, v.cause from model_paths($1::uuid, $2::integer, $3::smallint) p "
		     "left join lateral revision_made(p.since) v on true",
		     3},
    [MODEL_RESOURCE_THEN] = {"select n.resource, n.permission_id, m.at, n.called, n.applies, false "
			     "from need_moment($3) m(at), resource_then($1, $2, m.at) n",
			     3},
    [MODEL_PATHS_THEN] =
	{"select p.*, v.by, v.cause from paths_then($1::uuid, $2::integer, $3::smallint, $4::bigint) p "
	 "left join lateral revision_made(p.since) v on true",
	 4},
    [MODEL_OBSTACLES_THEN] = {"select kind, why from obstacles_then($1::uuid, $2::integer, $3::smallint, $4::bigint)",
			      4},
    [MODEL_DIRECTORY_PATHS] = {"select entry_dn, seen_at, array_to_json(path), rule, position, captures "
			       "from directory_paths($1::uuid, $2::integer, $3::integer, $4::smallint)",
			       4},
    [MODEL_WHY_KEPT] = {"select why_kept($1::uuid, $2::integer, $3::integer, $4::smallint)", 4},
    [MODEL_ROLES_WITHOUT] = {"select * from roles_without($1::uuid, $2::integer, $3::smallint)", 3},
    [MODEL_WAITING_DOORS] = {"select * from waiting_doors($1::uuid, $2::integer, $3::smallint)", 3},
    [MODEL_MISSED_DOORS] = {"select * from missed_doors($1::uuid, $2::integer, $3::smallint)", 3},
    [MODEL_OPENING] = {"select * from opening($1, $2, $3, $4, $5::integer, $6::smallint)", 6},

    [MODEL_ROLE_DELETE_PREVIEW] = {"select role_delete_preview($1, $2)", 2},
    [MODEL_GROUP_DELETE_PREVIEW] = {"select group_delete_preview($1)", 1},
    [MODEL_ACCESS_GROUP_DELETE_PREVIEW] = {"select access_group_delete_preview($1)", 1},
    [MODEL_ENVIRONMENT_DELETE_PREVIEW] = {"select environment_delete_preview($1)", 1},
    [MODEL_NODE_DELETE_PREVIEW] = {"select node_delete_preview($1)", 1},
    [MODEL_CLUSTER_DELETE_PREVIEW] = {"select cluster_delete_preview($1)", 1},
    [MODEL_NAMESPACE_DELETE_PREVIEW] = {"select namespace_delete_preview($1)", 1},
    [MODEL_OPERATOR_REMOVE_PREVIEW] = {"select operator_remove_preview($1::name)", 1},
    [MODEL_USER_ERASE_PREVIEW] = {"select user_erase_preview($1)", 1},
    [MODEL_NODE_CONTACT_PREVIEW] = {"select node_contact_preview($1, $2)", 2},

    [MODEL_TARGET_HURRY] = {"select target_hurry($1, $2)", 2},
    [MODEL_DATABASE_RESTORED] = {"select database_restored()", 0},
    [MODEL_INIT_ADMINISTRATOR] = {"select init_administrator($1, coalesce($2::name, session_user)), "
				  "admit_operator(coalesce($2::name, session_user))",
				  2},
    [MODEL_OPERATOR_ADD] = {"select operator_add($1::name, $2)", 2},
    [MODEL_OPERATOR_REMOVE] = {"select operator_remove($1::name)", 1},
    [MODEL_USER_CREATE] = {"select user_create($1, $2, $3, $4::text is not null)", 4},
    [MODEL_USER_SUSPEND] = {"select user_suspend($1)", 1},
    [MODEL_USER_RESUME] = {"select user_resume($1)", 1},
    [MODEL_USER_LINK] = {"select user_link($1, $2, $3)", 3},
    [MODEL_USER_UNLINK] = {"select user_unlink($1, $2)", 2},
    [MODEL_USER_ERASE] = {"select user_erase($1)", 1},
    [MODEL_USER_ROLE_ADD] = {"select user_role_add($1, $2, need_time($3))", 3},
    [MODEL_USER_ROLE_REMOVE] = {"select user_role_remove($1, $2)", 2},
    [MODEL_SECOND_FACTOR] = {"select second_factor_proven($1, coalesce(need_duration($2), interval '10 minutes'))", 2},
    [MODEL_GROUP_MEMBER_SET] = {"select group_member_set($1, $2, $3, need_time($4))", 4},
    [MODEL_GROUP_CREATE] = {"select group_create($1, $2, $3)", 3},
    [MODEL_GROUP_EDIT] = {"select group_edit($1, $2, $3)", 3},
    [MODEL_GROUP_DELETE] = {"select group_delete($1)", 1},
    [MODEL_GROUP_MOVE] = {"select group_move($1, $2)", 2},
    [MODEL_GROUP_MEMBER_ADD] = {"select group_member_add($1, $2, $3, need_time($4))", 4},
    [MODEL_GROUP_MEMBER_REMOVE] = {"select group_member_remove($1, $2, $3)", 3},
    [MODEL_APP_CREATE] = {"select app_create($1, $2, $3)", 3},
    [MODEL_APP_OWNER] = {"select app_owner($1, $2)", 2},
    [MODEL_APP_GROUP] = {"select app_group($1, $2)", 2},
    [MODEL_APP_ARCHIVE] = {"select app_archive($1, $2::boolean)", 2},
    [MODEL_APP_MEMBER_ADD] = {"select app_member_add($1, $2, $3, need_time($4))", 4},
    [MODEL_APP_MEMBER_REMOVE] = {"select app_member_remove($1, $2, $3)", 3},
    [MODEL_APP_ACCESS_ADD] = {"select app_role_add($1, $2, $3, need_time($4))", 4},
    [MODEL_APP_ACCESS_REMOVE] = {"select app_role_remove($1, $2, $3)", 3},
    [MODEL_APP_OPERATOR] = {"select app_operator_role(need_purposes($1))", 1},
    [MODEL_INVITATION_ACCEPT] = {"select invitation_accept($1)", 1},
    [MODEL_CLUSTER_DELETE] = {"select cluster_delete($1)", 1},
    [MODEL_NAMESPACE_DELETE] = {"select namespace_delete($1)", 1},
    [MODEL_CLUSTER_CREATE] = {"select cluster_create($1)", 1},
    [MODEL_NAMESPACE_CREATE] = {"select namespace_create($1, $2, need_purposes($3))", 3},
    [MODEL_NAMESPACE_ATTACH] = {"select namespace_attach($1, $2)", 2},
    [MODEL_NAMESPACE_DETACH] = {"select namespace_detach($1, $2)", 2},
    [MODEL_ROLE_CREATE] = {"select role_create($1, $2, $3, part_access($4), part_permissions($4), "
			   "part_access($5), part_permissions($5))",
			   5},
    [MODEL_ROLE_EDIT_BEGIN] = {"select role_edit_begin($1)", 1},
    [MODEL_ROLE_EDIT] = {"select role_edit($1, $4, $2, $3, part_access($5), part_permissions($5), "
			 "part_access($6), part_permissions($6))",
			 6},
    [MODEL_ROLE_SAVE] = {"select role_save($1, $2, $3, $4, part_access($5), part_permissions($5), "
			 "part_access($6), part_permissions($6))",
			 6},
    [MODEL_ROLE_CANCEL] = {"select role_edit_cancel()", 0},
    [MODEL_ROLE_DELETE] = {"select role_edit_begin($1), role_delete($1, $2)", 2},
    [MODEL_ROLE_MERGE] = {"select role_merge($1, $2)", 2},
    [MODEL_ROLE_KEEP] = {"select role_keep($1)", 1},
    [MODEL_ACCESS_GROUP_CREATE] = {"select access_group_create($1, $2)", 2},
    [MODEL_ACCESS_GROUP_DELETE] = {"select access_group_delete($1)", 1},
    [MODEL_ACCESS_GROUP_APP] = {"select access_group_app($1, $2, $3::boolean)", 3},
    [MODEL_ACCESS_GROUP_MEMBER_ADD] = {"select access_group_member_add($1, $2, coalesce($3, 'App Member'), "
				       "need_time($4))",
				       4},
    [MODEL_ACCESS_GROUP_MEMBER_REMOVE] = {"select access_group_member_remove($1, $2, $3)", 3},
    [MODEL_NODE_CREATE] = {"select node_create($1, $2)", 2},
    [MODEL_NODE_DELETE] = {"select node_delete($1)", 1},
    [MODEL_NODE_CONTACT] = {"select node_contact($1, $2)", 2},
    [MODEL_ENVIRONMENT_CREATE] = {"select environment_create($1, $2, (need_purposes(array[$3]))[1], $4)", 4},
    [MODEL_ENVIRONMENT_DELETE] = {"select environment_delete($1)", 1},
    [MODEL_ENVIRONMENT_SET] = {"select environment_set($1, $2, $3, need_switch($4, 'default'))", 4},
    [MODEL_ENVIRONMENT_ALERTS] = {"select environment_alerts($1, $2, need_switch($3))", 3},
    [MODEL_TARGET_FORGET] = {"select target_forget($1)", 1},
    [MODEL_PAUSE] = {"select pause($1, $2, $3)", 3},
    [MODEL_RESUME] = {"select resume($1, $2)", 2},
    [MODEL_RELOAD] = {"select reload_ask()", 0},
};

int model_call(struct store *store, enum model_call call, const char *const params[], struct pg_rows **rows,
	       struct error *err)
{
	return pg_query(store->pg, calls[call].sql, params, calls[call].params, rows, err);
}
