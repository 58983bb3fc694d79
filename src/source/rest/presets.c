/* SPDX-License-Identifier: Apache-2.0 */
/* The APIs of known makes, as their vendors document them. */
#include "source/rest/shape.h"

#include <string.h>

static const char *const attributes_home[] = {"/attributes", NULL};
static const char *const profile_home[] = {"/profile", NULL};
static const char *const enterprise_home[] = {"/name", "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
					      NULL};
static const char *const google_home[] = {"/name", "/organizations[?primary=true]", NULL};

#define KEYCLOAK_PAGES                                                                                                 \
	{                                                                                                              \
		.kind = PAGER_OFFSET, .at = "first", .size = "max", .strides = true                                    \
	}
#define SCIM_PAGES                                                                                                     \
	{                                                                                                              \
		.kind = PAGER_INDEX, .at = "startIndex", .size = "count", .total = "/totalResults"                     \
	}
#define GRAPH_PAGES                                                                                                    \
	{                                                                                                              \
		.kind = PAGER_NEXT, .next = "/@odata.nextLink", .size = "$top", .most = 999                            \
	}
#define OKTA_PAGES                                                                                                     \
	{                                                                                                              \
		.kind = PAGER_LINK, .size = "limit", .most = 200                                                       \
	}
#define GOOGLE_PAGES(number)                                                                                           \
	{                                                                                                              \
		.kind = PAGER_CURSOR, .at = "pageToken", .first = 1, .next = "/nextPageToken", .size = "maxResults",   \
		.most = (number)                                                                                       \
	}
#define AUTHENTIK_PAGES                                                                                                \
	{                                                                                                              \
		.kind = PAGER_PAGE, .at = "page", .size = "page_size", .first = 1, .most = 100,                        \
		.next = "/pagination/next", .total = "/pagination/count"                                               \
	}

static const struct shape shapes[] = {
    {
	.type = DIALECT_KEYCLOAK,
	.one_user = "/users/{id}",
	.url = "",
	.user_homes = {attributes_home},
	.group_homes = {attributes_home},
	.users =
	    {.path = "/users?briefRepresentation=false", .items = "", .count = "/users/count", .pager = KEYCLOAK_PAGES},
	.groups = {.path = "/groups?briefRepresentation=false", .items = "", .pager = KEYCLOAK_PAGES},
	.children = {.path = "/groups/{id}/children?briefRepresentation=false", .items = "", .pager = KEYCLOAK_PAGES},
	.child_count = "/subGroupCount",
	.members = {.path = "/groups/{id}/members?briefRepresentation=true", .items = "", .pager = KEYCLOAK_PAGES},
	.member_id = "id",
	.member_text = "username",
	.role_list = {.path = "/roles?briefRepresentation=false", .items = "", .pager = KEYCLOAK_PAGES},
	.role_users = {.path = "/roles/{name}/users?briefRepresentation=true", .items = "", .pager = KEYCLOAK_PAGES},
	.role_groups = {.path = "/roles/{name}/groups?briefRepresentation=true", .items = "", .pager = KEYCLOAK_PAGES},
	.role_inner = {.path = "/roles/{name}/composites", .items = "", .pager = {.kind = PAGER_NONE}},
	.scope = "",
    },
    {
	.type = DIALECT_SCIM,
	.one_user = "/Users/{id}",
	.user_homes = {enterprise_home},
	.users = {.path = "/Users", .items = "/Resources", .items_optional = true, .pager = SCIM_PAGES},
	.groups = {.path = "/Groups", .items = "/Resources", .items_optional = true, .pager = SCIM_PAGES},
	.one_group = "/Groups/{id}",
	.inner = "/members",
	.member_id = "value",
	.member_text = "display",
	.scope = "",
    },
    {
	.type = DIALECT_GRAPH,
	.one_user = "/users/{id}",
	.one_group = "/groups/{id}",
	.url = "https://graph.microsoft.com/v1.0",
	.users = {.path = "/users", .items = "/value", .pager = GRAPH_PAGES},
	.groups = {.path = "/groups", .items = "/value", .pager = GRAPH_PAGES},
	.members = {.path = "/groups/{id}/members?$select=id,displayName", .items = "/value", .pager = GRAPH_PAGES},
	.member_id = "id",
	.member_text = "displayName",
	.member_only = "?@odata.type=#microsoft.graph.user,#microsoft.graph.group",
	.scope = "https://graph.microsoft.com/.default",
	.names_endpoint = true,
    },
    {
	.type = DIALECT_OKTA,
	.one_user = "/api/v1/users/{id}",
	.user_homes = {profile_home},
	.group_homes = {profile_home},
	.users = {.path = "/api/v1/users", .items = "", .pager = OKTA_PAGES},
	.more_users = {.path = "/api/v1/users?filter=status%20eq%20%22DEPROVISIONED%22",
		       .items = "",
		       .pager = OKTA_PAGES},
	.groups = {.path = "/api/v1/groups", .items = "", .pager = OKTA_PAGES},
	.members = {.path = "/api/v1/groups/{id}/users", .items = "", .pager = OKTA_PAGES},
	.member_id = "id",
	.member_text = "/profile/login",
	.throttle = THROTTLE_OKTA,
	.scope = "okta.users.read okta.groups.read",
	.names_endpoint = true,
    },
    {
	.type = DIALECT_GOOGLE,
	.one_user = "/users/{id}",
	.url = "https://admin.googleapis.com/admin/directory/v1",
	.user_homes = {google_home},
	.users = {.path = "/users?customer=my_customer&orderBy=email",
		  .items = "/users",
		  .items_optional = true,
		  .pager = GOOGLE_PAGES(500)},
	.groups = {.path = "/groups?customer=my_customer",
		   .items = "/groups",
		   .items_optional = true,
		   .pager = GOOGLE_PAGES(200)},
	.members =
	    {.path = "/groups/{id}/members", .items = "/members", .items_optional = true, .pager = GOOGLE_PAGES(200)},
	.member_id = "id",
	.member_text = "email",
	.throttle = THROTTLE_GOOGLE,
	.scope = "https://www.googleapis.com/auth/admin.directory.user.readonly "
		 "https://www.googleapis.com/auth/admin.directory.group.readonly",
	.token_url = "https://oauth2.googleapis.com/token",
	.names_endpoint = true,
	.by_assertion = true,
    },
    {
	.type = DIALECT_AUTHENTIK,
	.one_user = "/core/users/{id}/",
	.user_homes = {attributes_home},
	.group_homes = {attributes_home},
	.users = {.path = "/core/users/?ordering=pk", .items = "/results", .pager = AUTHENTIK_PAGES},
	.groups = {.path = "/core/groups/?include_users=true&ordering=pk",
		   .items = "/results",
		   .pager = AUTHENTIK_PAGES},
	.inner = "/users",
	/* Before 2025.12 a group had one parent. */
	.parents = {"/parent", "/parents"},
	.member_id = "",
	.ids_per_kind = true,
	.scope = "",
    },
};

const struct shape *shape_preset(const char *type)
{
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (strcmp(shapes[i].type, type) == 0)
			return &shapes[i];
	return NULL;
}
