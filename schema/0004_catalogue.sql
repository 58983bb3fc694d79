-- SPDX-License-Identifier: Apache-2.0
-- What a fresh installation holds: the permissions, the predefined roles and the root group.

insert into permissions (name, scope, description) values
	('project.view', 'project', 'see the app'),
	('project.edit', 'project', 'change the app''s details'),
	('project.team', 'project', 'see and change the team'),
	('project.administer', 'project', 'settings, team and roles of the app'),
	('project.repository', 'project', 'change the app''s model'),
	('project.cloud_access', 'project', 'deploy, publish and monitor: the gate to environments'),
	('project.stories', 'project', 'stories, feedback and backlog'),
	('project.invite', 'project', 'invite members'),
	('project.revisions', 'project', 'see the revisions of each branch'),
	('project.owner', 'project', 'hand the app to another owner or group'),
	('project.archive', 'project', 'archive the app'),
	('project.delete', 'project', 'delete the app'),
	('cicd.view', 'cicd', 'read pipelines'),
	('cicd.build', 'cicd', 'start builds'),
	('cicd.deploy', 'cicd', 'deploy'),
	('cicd.approve', 'cicd', 'approve or reject a manual step'),
	('cicd.step', 'cicd', 'set the status of a step'),
	('cicd.configure', 'cicd', 'change the steps of build and deploy pipelines'),
	('cluster.namespaces', 'cluster', 'add and delete namespaces'),
	('cluster.plans', 'cluster', 'add, activate and deactivate plans'),
	('cluster.members', 'cluster', 'invite and manage users of the cluster'),
	('cluster.urls', 'namespace', 'operating URLs'),
	('cluster.env_view', 'namespace', 'see all environments'),
	('cluster.env_own', 'namespace', 'manage own environments'),
	('cluster.env_manage', 'namespace', 'manage environments'),
	('cluster.deploy', 'namespace', 'deploy an app'),
	('cluster.scale', 'namespace', 'scale an app'),
	('cluster.start', 'namespace', 'start an app'),
	('cluster.stop', 'namespace', 'stop an app'),
	('cluster.mxadmin', 'namespace', 'change the administrator''s password of an app'),
	('cluster.constants', 'namespace', 'edit constants'),
	('cluster.scheduled_events', 'namespace', 'manage scheduled events'),
	('cluster.logs', 'namespace', 'see logs'),
	('cluster.alerts', 'namespace', 'see alerts'),
	('cluster.metrics', 'namespace', 'see metrics'),
	('cluster.backups', 'namespace', 'manage backups'),
	('cluster.debugger', 'namespace', 'use the debugger'),
	('cluster.tls', 'namespace', 'change TLS settings'),
	('cluster.runtime_settings', 'namespace', 'custom runtime settings'),
	('cluster.log_levels', 'namespace', 'change log levels'),
	('cluster.client_certs', 'namespace', 'change client certificates'),
	('cluster.jvm_env', 'namespace', 'environment variables and JVM options'),
	('cluster.runtime_metrics', 'namespace', 'configure runtime metrics'),
	('group.members.manage', 'group', 'change members and admins of the group'),
	('platform.settings.manage', 'platform', 'system settings'),
	('platform.groups.manage', 'platform', 'create, move and archive groups'),
	('platform.roles.manage', 'platform', 'create and change roles'),
	('platform.app.create', 'platform', 'create an app');

insert into roles (kind, name, description, builtin, locked, structural, sensitive) values
	('platform', 'Platform Administrator', 'Governs the whole platform', true, true, false, true),
	('platform', 'Group Administrator', 'Administers a group and everything below it', true, true, false, false),
	('platform', 'User', 'What every active person may do', true, true, true, false),
	('project', 'Owner', 'Full control over an app', true, true, true, false),
	('project', 'Developer', 'Full access to application development', true, false, false, false),
	('project', 'Contributor', 'Limited access for domain experts', true, false, false, false),
	('project', 'Operator', 'Deployments, monitoring and clusters', true, false, false, false),
	('project', 'Administrator', 'Highest level of access', true, false, false, true);

select open_revision('installation');

insert into role_permissions (role, permission)
select r.id, p.id from roles r join permissions p on case r.name
	when 'Platform Administrator' then p.scope in ('platform', 'cluster', 'group')
	when 'Group Administrator' then p.scope = 'group'
	when 'User' then p.name = 'platform.app.create'
	when 'Owner' then p.scope in ('project', 'cicd')
	when 'Administrator' then p.scope in ('project', 'cicd', 'cluster', 'namespace')
	when 'Operator' then p.name in ('project.view', 'project.cloud_access') or p.scope = 'namespace'
		or (p.scope = 'cicd' and p.name <> 'cicd.configure')
	when 'Developer' then p.name in ('project.view', 'project.edit', 'project.repository', 'project.stories',
		'project.cloud_access', 'project.revisions', 'cicd.view', 'cicd.build', 'cicd.deploy',
		'cluster.env_view', 'cluster.env_own', 'cluster.logs', 'cluster.metrics')
	when 'Contributor' then p.name in ('project.view', 'project.stories', 'project.revisions', 'cicd.view')
	end;

insert into groups (name, description) values ('root', 'The root of the group tree');
