-- SPDX-License-Identifier: Apache-2.0
-- What a fresh installation holds: the permissions, the predefined roles and the root group.

insert into permissions (name, scope, gate, description) values
	('project.view', 'project', null, 'see the app'),
	('project.edit', 'project', null, 'change the app''s details'),
	('project.team', 'project', null, 'see and change the team'),
	('project.administer', 'project', null, 'settings, team and roles of the app'),
	('project.repository', 'project', null, 'change the app''s model'),
	('project.cloud_access', 'project', null, 'deploy, publish and monitor: the gate to environments'),
	('project.stories', 'project', null, 'stories, feedback and backlog'),
	('project.invite', 'project', null, 'invite members'),
	('project.revisions', 'project', null, 'see the revisions of each branch'),
	('project.owner', 'project', null, 'hand the app to another owner or group'),
	('project.archive', 'project', null, 'archive the app'),
	('project.delete', 'project', null, 'delete the app'),
	('cicd.view', 'cicd', null, 'read pipelines'),
	('cicd.build', 'cicd', null, 'start builds'),
	('cicd.deploy', 'cicd', null, 'deploy'),
	('cicd.approve', 'cicd', null, 'approve or reject a manual step'),
	('cicd.step', 'cicd', null, 'set the status of a step'),
	('cicd.configure', 'cicd', null, 'change the steps of build and deploy pipelines'),
	('cluster.namespaces', 'cluster', null, 'add and delete namespaces'),
	('cluster.plans', 'cluster', null, 'add, activate and deactivate plans'),
	('cluster.members', 'cluster', null, 'invite and manage users of the cluster'),
	('cluster.urls', 'namespace', null, 'operating URLs'),
	('cluster.env_view', 'namespace', null, 'see all environments'),
	('cluster.env_own', 'namespace', null, 'manage own environments'),
	('cluster.env_manage', 'namespace', null, 'manage environments'),
	('cluster.deploy', 'namespace', null, 'deploy an app'),
	('cluster.scale', 'namespace', null, 'scale an app'),
	('cluster.start', 'namespace', null, 'start an app'),
	('cluster.stop', 'namespace', null, 'stop an app'),
	('cluster.mxadmin', 'namespace', null, 'change the administrator''s password of an app'),
	('cluster.constants', 'namespace', null, 'edit constants'),
	('cluster.scheduled_events', 'namespace', null, 'manage scheduled events'),
	('cluster.logs', 'namespace', null, 'see logs'),
	('cluster.alerts', 'namespace', null, 'see alerts'),
	('cluster.metrics', 'namespace', null, 'see metrics'),
	('cluster.backups', 'namespace', null, 'manage backups'),
	('cluster.debugger', 'namespace', null, 'use the debugger'),
	('cluster.tls', 'namespace', null, 'change TLS settings'),
	('cluster.runtime_settings', 'namespace', null, 'custom runtime settings'),
	('cluster.log_levels', 'namespace', null, 'change log levels'),
	('cluster.client_certs', 'namespace', null, 'change client certificates'),
	('cluster.jvm_env', 'namespace', null, 'environment variables and JVM options'),
	('cluster.runtime_metrics', 'namespace', null, 'configure runtime metrics'),
	('group.members.manage', 'group', null, 'change members of the group'),
	('platform.settings.manage', 'platform', null, 'system settings'),
	('platform.groups.manage', 'platform', null, 'create, move and archive groups'),
	('platform.roles.manage', 'platform', null, 'create and change roles'),
	('platform.app.create', 'platform', null, 'create an app'),
	('platform.access_groups.manage', 'platform', null, 'create and change access groups and their members'),
	('group.policies.manage', 'group', null, 'policies of the group'),
	('group.pipelines.manage', 'group', null, 'pipelines of the group'),
	('group.tasks.manage', 'group', null, 'tasks of the group'),
	('env.manage_permissions', 'env', 'cloud', 'say what others may do in the environment'),
	('env.transport', 'env', 'cloud', 'deploy, make packages, start and stop, constants and scheduled events'),
	('env.backups', 'env', 'cloud', 'see, make, download and restore backups'),
	('env.monitoring', 'env', 'cloud', 'metrics, logs and alerts'),
	('env.api', 'env', 'cloud', 'what the other rights permit, through the API'),
	('env.alerts', 'env_self', 'cloud', 'receive alerts of the environment'),
	('app.policy.view', 'app', 'view', 'see policies'),
	('app.release.view', 'app', 'view', 'see releases'),
	('app.task.view', 'app', 'view', 'see tasks'),
	('app.environment.view', 'app', 'view', 'see environments'),
	('app.repository.view', 'app', 'view', 'see the repository'),
	('app.revision.view', 'app', 'view', 'see revisions'),
	('app.configuration.view', 'app', 'view', 'see the configuration'),
	('app.info.manage', 'app', 'manage', 'change what is said of the app'),
	('app.policies.manage', 'app', 'manage', 'change policies of the app'),
	('app.pipelines.manage', 'app', 'manage', 'change pipelines of the app'),
	('app.tasks.manage', 'app', 'manage', 'change tasks of the app'),
	('app.access.manage', 'app', 'manage', 'say who has access to the app'),
	('app.release.create', 'app', 'manage', 'create releases'),
	('app.release.approve', 'app', 'manage', 'approve releases'),
	('app.operate.development', 'app', 'manage', 'bring releases to environments for development'),
	('app.operate.test', 'app', 'manage', 'bring releases to environments for test'),
	('app.operate.acceptance', 'app', 'manage', 'bring releases to environments for acceptance'),
	('app.operate.production', 'app', 'manage', 'bring releases to environments for production');

insert into roles (kind, name, description, builtin, locked, structural, governs, opens) values
	('platform', 'Platform Administrator', 'Governs the whole platform', true, true, false, true, '{view,manage}'),
	('platform', 'Group Administrator', 'Administers a group and everything below it', true, true, false, false, '{view,manage}'),
	('platform', 'App Administrator', 'Manages apps as far as his roles there go', true, true, false, false, '{view,manage}'),
	('platform', 'App Viewer', 'Views apps as far as his roles there go', true, true, false, false, '{view}'),
	('platform', 'No Access', 'Sees and manages no app', true, true, false, false, '{}'),
	('platform', 'Administrator of Some Group', 'What a group administrator is everywhere', true, true, true, false, '{view,manage}'),
	('platform', 'User', 'What every active person may do', true, true, true, false, '{}'),
	('project', 'Owner', 'Full control over an app', true, true, true, false, '{}'),
	('project', 'Developer', 'Full access to application development', true, false, false, false, '{}'),
	('project', 'Contributor', 'Limited access for domain experts', true, false, false, false, '{}'),
	('project', 'Operator', 'Deployments, monitoring and clusters', true, false, false, false, '{}'),
	('project', 'Administrator', 'Highest level of access', true, false, false, true, '{}'),
	('project', 'Technical Contact', 'Answers for the environments of an app', true, true, true, false, '{}'),
	('project', 'Scrum Master', 'Leads the team of an app', true, true, false, false, '{}'),
	('project', 'Business Engineer', 'Builds the app', true, false, false, false, '{}'),
	('project', 'Application Operator', 'Operates the app', true, false, false, false, '{}'),
	('project', 'Performance Engineer/Tester', 'Measures and tests the app', true, false, false, false, '{}'),
	('project', 'Product Owner', 'Manages the backlog', true, false, false, false, '{}'),
	('project', 'End-user', 'Insight into the backlog', true, false, false, false, '{}'),
	('app', 'App Owner', 'Answers for the app and approves its releases', true, true, false, false, '{}'),
	('app', 'App Administrator', 'Policies, pipelines, tasks and releases', true, true, false, false, '{}'),
	('app', 'App Member', 'Sees the app', true, true, false, false, '{}'),
	('app', 'App Operator', 'Creates releases', true, true, false, false, '{}');

update roles set sensitive = governs where governs;

insert into roles (kind, name, description, builtin, locked, structural)
select 'setting', p.name || case when a.allowed then ' on' else ' off' end, 'set for a person in an environment', true, true, true
from permissions p, (values (true), (false)) a(allowed) where p.scope = 'env' or (p.scope = 'env_self' and a.allowed);
insert into setting_roles (permission, allowed, role)
select p.id, a.allowed, r.id from permissions p, (values (true), (false)) a(allowed), roles r
where r.kind = 'setting' and r.name = p.name || case when a.allowed then ' on' else ' off' end;

select open_revision('installation');

insert into role_permissions (role, permission)
select r.id, p.id from roles r join permissions p on case r.kind || ' ' || r.name
	when 'platform Platform Administrator' then p.scope in ('platform', 'cluster', 'group') or p.gate = 'view'
		or p.name in ('app.policies.manage', 'app.pipelines.manage', 'app.tasks.manage', 'app.access.manage')
	when 'platform Group Administrator' then p.scope = 'group' or p.gate = 'view'
		or p.name in ('app.pipelines.manage', 'app.tasks.manage', 'app.access.manage')
	when 'platform User' then p.name = 'platform.app.create'
	when 'project Owner' then p.scope in ('project', 'cicd')
	when 'project Administrator' then p.scope in ('project', 'cicd', 'cluster', 'namespace')
	when 'project Operator' then p.name in ('project.view', 'project.cloud_access') or p.scope = 'namespace'
		or (p.scope = 'cicd' and p.name <> 'cicd.configure')
	when 'project Developer' then p.name in ('project.view', 'project.edit', 'project.repository', 'project.stories',
		'project.cloud_access', 'project.revisions', 'cicd.view', 'cicd.build', 'cicd.deploy',
		'cluster.env_view', 'cluster.env_own', 'cluster.logs', 'cluster.metrics')
	when 'project Contributor' then p.name in ('project.view', 'project.stories', 'project.revisions', 'cicd.view')
	when 'project Scrum Master' then p.scope in ('project', 'cicd') and p.name not in ('project.owner', 'project.archive', 'project.delete')
	when 'project Business Engineer' then p.name in ('project.view', 'project.edit', 'project.repository', 'project.stories',
		'project.cloud_access', 'project.revisions', 'cicd.view', 'cicd.build', 'cicd.deploy')
	when 'project Application Operator' then p.name in ('project.view', 'project.cloud_access', 'cicd.view', 'cicd.deploy')
	when 'project Performance Engineer/Tester' then p.name in ('project.view', 'project.stories', 'project.cloud_access', 'cicd.view')
	when 'project Product Owner' then p.name in ('project.view', 'project.stories')
	when 'project End-user' then p.name = 'project.view'
	when 'app App Owner' then p.name in ('app.info.manage', 'app.release.approve', 'app.policy.view', 'app.release.view',
		'app.task.view', 'app.environment.view', 'app.repository.view')
	when 'app App Administrator' then p.gate = 'view' or p.name in ('app.policies.manage', 'app.pipelines.manage',
		'app.tasks.manage', 'app.release.create', 'app.release.approve') or p.name like 'app.operate.%'
	when 'app App Member' then p.name in ('app.policy.view', 'app.release.view', 'app.task.view', 'app.environment.view',
		'app.repository.view')
	when 'app App Operator' then p.name in ('app.release.view', 'app.release.create') or p.name like 'app.operate.%'
	end;

insert into role_environments (role, kind, access)
select r.id, k.kind, k.access::environment_access
from roles r join (values
	('Developer', 'environment'::resource_kind, 'fixed'),
	('Operator', 'environment', 'custom'), ('Operator', 'production_environment', 'custom'),
	('Administrator', 'environment', 'fixed'), ('Administrator', 'production_environment', 'fixed'),
	('Owner', 'environment', 'custom'), ('Owner', 'production_environment', 'custom'),
	('Technical Contact', 'environment', 'fixed'), ('Technical Contact', 'production_environment', 'fixed'),
	('Scrum Master', 'environment', 'fixed'), ('Scrum Master', 'production_environment', 'custom'),
	('Business Engineer', 'environment', 'custom'), ('Business Engineer', 'production_environment', 'custom'),
	('Application Operator', 'environment', 'custom'), ('Application Operator', 'production_environment', 'custom'),
	('Performance Engineer/Tester', 'environment', 'custom'), ('Performance Engineer/Tester', 'production_environment', 'custom')
) k(role, kind, access) on k.role = r.name and r.kind = 'project';
insert into role_environment_permissions (role, kind, permission, scope)
select e.role, e.kind, p.id, p.scope
from role_environments e join roles r on r.id = e.role join permissions p on case
	when r.name = 'Developer' then p.name in ('env.transport', 'env.monitoring', 'env.api')
	-- API Rights in production need a word of their own, of the Technical Contact too.
	when r.name = 'Technical Contact' then p.scope in ('env', 'env_self') and (p.name <> 'env.api' or e.kind = 'environment')
	else p.scope = 'env' and (p.name <> 'env.api' or e.kind = 'environment') end
where e.access = 'fixed';

insert into groups (name, description) values ('root', 'The root of the group tree');
