/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model: the questions an operator asks and the acts he does, each one statement on roster's own functions.
 *
 * Part of the store. Questions return rows to print; acts check in the database who acts and whether he may, and are one
 * revision each. Parameters are texts, NULL for absent; lists are passed as array literals (pg_array).
 */
#ifndef ROSTER_MODEL_H
#define ROSTER_MODEL_H

#include "roster/pg.h"
#include "roster/store.h"

enum model_call {
	/* questions */
	MODEL_TREE,      /* path */
	MODEL_ACCESS,    /* login or id */
	MODEL_HOLDINGS,  /* login or id */
	MODEL_WHO_CAN,   /* permission, resource, as_of revision or NULL */
	MODEL_EFFECTIVE, /* login, resource, as_of revision or NULL */
	MODEL_CAN,       /* login, permission, resource */
	MODEL_STATISTICS,
	MODEL_DIFFERENCE,      /* first revision, last revision or NULL for now */
	MODEL_WHOAMI,          /* nothing */
	MODEL_USER_LIST,       /* pattern or NULL */
	MODEL_USER_SHOW,       /* login or id */
	MODEL_USER_DUPLICATES, /* linked entries that are several people, or say so */
	MODEL_APP_LIST,
	MODEL_APP_MEMBERS, /* app */
	MODEL_INVITATION_LIST,
	MODEL_CLUSTER_LIST,
	MODEL_NAMESPACE_LIST,
	MODEL_ROLE_LIST,
	MODEL_ROLE_DETAILS, /* role */
	MODEL_ROLE_SHOW,    /* role */
	MODEL_ROLE_HOLDERS, /* role */
	MODEL_ROLE_DUPLICATES,
	MODEL_PERMISSION_LIST,
	MODEL_OPERATOR_LIST,
	MODEL_USER_ROLES,    /* login or id */
	MODEL_GROUP_SHOW,    /* path */
	MODEL_GROUP_MEMBERS, /* path */
	MODEL_ACCESS_GROUP_LIST,
	MODEL_ACCESS_GROUP_SHOW,    /* access group */
	MODEL_ACCESS_GROUP_MEMBERS, /* access group */
	MODEL_NODE_LIST,
	MODEL_NODE_SHOW,        /* app */
	MODEL_NODE_PERMISSIONS, /* app */
	MODEL_NODE_REPORT,      /* app */
	MODEL_ENVIRONMENT_LIST, /* app */
	MODEL_RUN_LIST,         /* most */
	MODEL_RUN_SHOW,         /* run */
	MODEL_RUN_DIFF,         /* run */
	MODEL_SOURCE_LIST,      /* names[] of the configuration */
	MODEL_SOURCE_DOUBTS,    /* the same: source, doubt, what to type to see more */
	MODEL_REQUEST_LIST,     /* most */
	MODEL_QUARANTINE_LIST,
	MODEL_ATTENTION_LIST,
	MODEL_TARGET_LIST, /* target or NULL */
	MODEL_DAEMON_LIST, /* reload or NULL: host, process, configuration, state, error */
	MODEL_LANE_LIST,
	MODEL_WRITER_LIST,
	MODEL_DELIVERY_WAITING, /* target or NULL, revision: target, is it served, is something coming */
	MODEL_TOLD,             /* resource id, revision */
	MODEL_ENTRY_LIST,       /* DN, id or login; source or NULL: source, kind, id, dn, attributes */
	/* what explain is made of */
	MODEL_PERSON_STATE,    /* login or id: id, login, active, why not */
	MODEL_RESOURCE_STATE,  /* resource, permission or NULL: ids of both, revision, name, does it apply, archived */
	MODEL_PATHS,           /* user id, resource id, permission id or NULL */
	MODEL_RESOURCE_THEN,   /* resource, permission or NULL, revision or time: as MODEL_RESOURCE_STATE */
	MODEL_PATHS_THEN,      /* as MODEL_PATHS, and the revision */
	MODEL_OBSTACLES_THEN,  /* the same: kind, why */
	MODEL_DIRECTORY_PATHS, /* user id, anchor id, role id, source id */
	MODEL_WHY_KEPT,        /* the same: why it stays though the directory gives it no more */
	MODEL_ROLES_WITHOUT,   /* user id, resource id, permission id or NULL */
	MODEL_WAITING_DOORS,   /* user id, resource id, permission id or NULL */
	MODEL_MISSED_DOORS,    /* user id, resource id, permission id or NULL */
	MODEL_OPENING,         /* source, anchors[], roles[], resource id, permission id or NULL */
	/* what goes with an act that takes something away: one text */
	MODEL_ROLE_DELETE_PREVIEW,         /* role, replacement or NULL */
	MODEL_GROUP_DELETE_PREVIEW,        /* path */
	MODEL_ACCESS_GROUP_DELETE_PREVIEW, /* access group */
	MODEL_ENVIRONMENT_DELETE_PREVIEW,  /* app/name */
	MODEL_NODE_CONTACT_PREVIEW,        /* app, login */
	MODEL_NODE_DELETE_PREVIEW,         /* app */
	MODEL_CLUSTER_DELETE_PREVIEW,      /* cluster */
	MODEL_NAMESPACE_DELETE_PREVIEW,    /* cluster/name, or cluster/name/purpose */
	MODEL_OPERATOR_REMOVE_PREVIEW,     /* database login */
	MODEL_USER_ERASE_PREVIEW,          /* login or id */
	/* acts */
	MODEL_TARGET_HURRY, /* target or NULL, a complete snapshot or not; gives the head */
	MODEL_DATABASE_RESTORED,
	MODEL_INIT_ADMINISTRATOR,  /* login, database login of the operator or NULL for the session's */
	MODEL_OPERATOR_ADD,        /* database login, login */
	MODEL_OPERATOR_REMOVE,     /* database login; gives what is left to do */
	MODEL_USER_CREATE,         /* login, email, name, is he external or NULL for not */
	MODEL_USER_SUSPEND,        /* login or id */
	MODEL_USER_RESUME,         /* login or id */
	MODEL_USER_LINK,           /* login or id, source, entry or NULL */
	MODEL_USER_UNLINK,         /* login or id, source */
	MODEL_USER_ERASE,          /* login or id */
	MODEL_USER_ROLE_ADD,       /* login or id, role, expires_at or NULL */
	MODEL_USER_ROLE_REMOVE,    /* login or id, role */
	MODEL_SECOND_FACTOR,       /* login, for how long or NULL */
	MODEL_GROUP_CREATE,        /* path, description, admins[] */
	MODEL_GROUP_EDIT,          /* path, name or NULL, description or NULL */
	MODEL_GROUP_DELETE,        /* path */
	MODEL_GROUP_MOVE,          /* path, new parent */
	MODEL_GROUP_MEMBER_ADD,    /* path, login, role or NULL for admin, expires_at or NULL */
	MODEL_GROUP_MEMBER_SET,    /* path, login, role, expires_at or NULL */
	MODEL_GROUP_MEMBER_REMOVE, /* path, login, role or NULL for admin */
	MODEL_APP_CREATE,          /* app, owner or NULL, group or NULL */
	MODEL_APP_OWNER,           /* app, login */
	MODEL_APP_GROUP,           /* app, group or NULL */
	MODEL_APP_ARCHIVE,         /* app, true or false */
	MODEL_APP_MEMBER_ADD,      /* app, login, role, expires_at or NULL */
	MODEL_APP_MEMBER_REMOVE,   /* app, login, role */
	MODEL_APP_ACCESS_ADD,      /* app, login, role, expires_at or NULL */
	MODEL_APP_ACCESS_REMOVE,   /* app, login, role */
	MODEL_APP_OPERATOR,        /* purposes[]; gives the role */
	MODEL_INVITATION_ACCEPT,   /* app */
	MODEL_CLUSTER_CREATE,      /* cluster */
	MODEL_CLUSTER_DELETE,      /* cluster */
	MODEL_NAMESPACE_DELETE,    /* cluster/name, or cluster/name/purpose */
	MODEL_NAMESPACE_CREATE,    /* cluster, name, purposes[] */
	MODEL_NAMESPACE_ATTACH,    /* cluster/name/purpose, group */
	MODEL_NAMESPACE_DETACH,    /* cluster/name/purpose, group */
	/* What a role says of environments is one list: none, custom or fixed, or the permissions that are fixed. */
	MODEL_ROLE_CREATE,     /* role, description, permissions[], non-production[], production[] */
	MODEL_ROLE_EDIT_BEGIN, /* role */
	MODEL_ROLE_EDIT, /* role, name, description, permissions[], non-production[], production[]; NULL: as it is */
	MODEL_ROLE_SAVE, /* the same */
	MODEL_ROLE_CANCEL,
	MODEL_ROLE_DELETE,                /* role, replacement or NULL */
	MODEL_ROLE_MERGE,                 /* role, the one that is kept */
	MODEL_ROLE_KEEP,                  /* role */
	MODEL_ACCESS_GROUP_CREATE,        /* access group, description or NULL */
	MODEL_ACCESS_GROUP_DELETE,        /* access group */
	MODEL_ACCESS_GROUP_APP,           /* access group, app, true or false */
	MODEL_ACCESS_GROUP_MEMBER_ADD,    /* access group, login, role or NULL, expires_at or NULL */
	MODEL_ACCESS_GROUP_MEMBER_REMOVE, /* access group, login, role or NULL for all */
	MODEL_NODE_CREATE,                /* app, login */
	MODEL_NODE_DELETE,                /* app */
	MODEL_NODE_CONTACT,               /* app, login */
	MODEL_ENVIRONMENT_CREATE,         /* app, name, purpose, namespace or NULL */
	MODEL_ENVIRONMENT_DELETE,         /* app/name */
	MODEL_ENVIRONMENT_SET,            /* app/name, login, permission, "on", "off" or "default" */
	MODEL_ENVIRONMENT_ALERTS,         /* app/name, login, "on" or "off" */
	MODEL_TARGET_FORGET,              /* target */
	MODEL_PAUSE,  /* name; "source", "target" or NULL: what the configuration says it is; its type */
	MODEL_RESUME, /* name; "source", "target" or NULL */
	MODEL_RELOAD, /* gives its number */
	MODEL_CALLS
};

/* rows may be NULL when none are wanted. */
int model_call(struct store *store, enum model_call call, const char *const params[], struct pg_rows **rows,
	       struct error *err);

#endif
