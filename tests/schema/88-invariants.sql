-- SPDX-License-Identifier: Apache-2.0
-- What must be so after every act by hand, tried as the owner of the schema with plain SQL. Each statement is refused, at once
-- or where a transaction ends, and so is what comes to the same in another way; what a source or the clock leaves is let be.
\ir support.psql
select plan(88);

-- The code of the error this statement ends with, when it is a transaction of its own; else "done", and it stays.
create function ended(statement text) returns text language plpgsql as $$
begin
	execute statement;
	perform committed();
	return 'done';
exception when others then
	return sqlstate;
end $$;
-- The same of what a source does, and then undone, so that the next begins from the same.
create function ended_by_itself(statement text) returns text language plpgsql as $$
begin
	perform by_itself();
	execute statement;
	perform committed();
	raise exception 'done' using errcode = 'P0099';
exception when sqlstate 'P0099' then
	return 'done';
when others then
	return sqlstate;
end $$;
create function group_admin() returns integer language sql as $$select role_named('platform', 'Group Administrator')$$;
create function role(name text) returns integer language sql as $$select role_named('project', role.name)$$;
create function app(name text) returns integer language sql as $$select need_app(app.name)$$;

select person(p) from unnest(array['ada', 'gus', 'olga', 'tec', 'nel', 'sue', 'max']) p;
select user_role_add('ada', 'Platform Administrator');
insert into sources (name, kind) values ('corp', 'ldif');
create function corp() returns smallint language sql as $$select id from sources where name = 'corp'$$;
select group_create('/pay', 'Pay', array['gus']), group_create('/pay/api', 'Interfaces', array['gus']), group_create('/ops', 'Operations', array['sue']), committed();
select group_member_add('/pay', 'olga', 'Developer'), group_member_add('/pay', 'tec', 'Operator'), committed();
select app_create('shop', 'olga', '/pay/api'), app_create('free', 'max', null), node_create('shop', 'tec'),
	environment_create('shop', 'test', 'test'), environment_create('shop', 'live', 'production'), committed();

-- One root, no cycle; parents are groups.
select is(ended($$insert into groups (name) values ('second')$$), '23505', 'one root: a second one');
select is(ended($$update groups set parent_id = null where name = 'pay'$$), '23505', 'one root: a group that becomes one');
select is(ended($$delete from groups where parent_id is null$$), '23514', 'one root: without it');
select is(ended($$update groups set parent_id = group_at('/ops') where parent_id is null$$), '23514', 'one root: below another');
select is(ended($$insert into groups (parent_id, name) values (app('shop'), 'below')$$), '23503', 'parents are groups: not an app');
select is(ended($$update groups set parent_id = group_at('/pay/api') where name = 'pay'$$), '23514', 'no cycle');
select is(ended($$update groups set parent_id = id where name = 'pay'$$), '23514', 'no cycle of one');
select is(ended($$update groups set name = 'OPS' where name = 'pay'$$), '23505', 'one name: that of another group beside it');
select is(ended($$update groups set displaced = true where name = 'pay'; update groups set name = 'pay' where name = 'ops'$$), '23514', 'one name: only a group that was deleted gives it up');
select is(ended($$update groups set name_key = null where name = 'pay'$$), '428C9', 'one name: nor is it taken away');

-- A group has an admin.
select is(ended($$insert into groups (parent_id, name) values (root_group(), 'led by nobody')$$), '23514', 'an admin: a group made without one');
select is(ended($$insert into groups (parent_id, name) values (root_group(), 'led');
	insert into grants (user_id, anchor, role) values (person_id('gus'), group_at('/led'), group_admin())$$), 'done', 'an admin: made with one, in one transaction');
select is(ended($$delete from grants where anchor = group_at('/led')$$), '23514', 'an admin: the last one taken away');
select is(ended($$update grants set role = role('Developer') where anchor = group_at('/led')$$), '23514', 'an admin: or made something else');
select is(ended($$update grants set anchor = group_at('/ops') where anchor = group_at('/led')$$), '23514', 'an admin: or of something else');
select is(ended($$delete from grants where role = group_admin()$$), '23514', 'an admin: all at once');
select is(ended($$delete from grants where anchor = group_at('/led'); insert into grants (user_id, anchor, role) values (person_id('sue'), group_at('/led'), group_admin())$$),
	'done', 'an admin: another in his place');
select is(ended($$set constraints all immediate; delete from grants where anchor = group_at('/led')$$), '23514', 'an admin: where each statement is checked');
set constraints all deferred;
select is(ended($$delete from grants where anchor = group_at('/led'); update groups set archived = true where name = 'led'$$), 'done', 'an admin: what is archived needs none');
select is(ended($$update groups set archived = false where name = 'led'$$), '23514', 'an admin: nor comes back without one');
select is(ended($$delete from grants where anchor = root_group()$$), 'done', 'an admin: the root needs none');
select by_itself();
select branch('/waiting');
select committed();
select group_delete('/waiting'), committed();
select revert_plan(head()::text);
select is(ended($$select revert_apply(head()::text, true)$$), 'done', 'an admin: what comes back as it went needs none either');
select is(ended_by_itself($$insert into groups (parent_id, name) values (root_group(), 'made by a rule')$$), 'done', 'an admin: what a rule makes may wait for one');
select is(ended_by_itself($$delete from grants where anchor = group_at('/ops')$$), 'done', 'an admin: a source may take the last');
select by_itself();
delete from grants where anchor = group_at('/ops');
select committed();
select set_has($$select what from attention_list() where kind = 'no admin'$$, $$values ('group:/ops')$$, 'an admin: then it needs attention');
select is(ended($$update groups set parent_id = group_at('/pay') where name = 'ops'$$), 'done', 'an admin: who finds none is not held to it');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('sue'), group_at('/pay/ops'), group_admin())$$), 'done', 'an admin: and mends it');
select is(ended($$delete from grants where anchor = group_at('/pay/ops')$$), '23514', 'an admin: for good');

-- The owner of an app is in the group that owns it.
select is(ended($$update apps set owner = person_id('max') where name = 'shop'$$), '23514', 'an owner in the group: somebody else');
select is(ended($$update apps set owner_group = group_at('/pay') where name = 'free'$$), '23514', 'an owner in the group: another group');
select is(ended($$insert into apps (name, owner, owner_group) values ('new', person_id('nel'), group_at('/pay'))$$), '23514', 'an owner in the group: of a new app');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('nel'), group_at('/pay'), role('Developer'));
	insert into apps (name, owner, owner_group) values ('new', person_id('nel'), group_at('/pay'))$$), 'done', 'an owner in the group: who comes into it with that');
select is(ended($$delete from grants where user_id = person_id('olga') and anchor = group_at('/pay')$$), '23514', 'an owner in the group: he stays in it');
select is(ended($$update grants set anchor = group_at('/pay/ops') where user_id = person_id('olga') and anchor = group_at('/pay')$$), '23514', 'an owner in the group: he goes nowhere else');
select is(ended($$update groups set parent_id = root_group() where name = 'api'$$), '23514', 'an owner in the group: it is not moved away from him');
select is(ended($$select group_member_remove('/pay', 'olga', 'Developer')$$), '23514', 'an owner in the group: by no act either');
select is(ended($$update grants set role = role('Contributor') where user_id = person_id('olga') and anchor = group_at('/pay')$$), 'done', 'an owner in the group: any role will do');
select is(ended_by_itself($$delete from grants where user_id = person_id('olga') and anchor = group_at('/pay')$$), 'done', 'an owner in the group: a source may take him out');
select is(ended_by_itself($$update apps set owner = person_id('max') where name = 'shop'$$), 'done', 'an owner in the group: an import may tell of one before');
select by_itself();
delete from grants where user_id = person_id('olga') and anchor = group_at('/pay');
select committed();
select set_has($$select what from attention_list() where kind = 'owner left the group'$$, $$values ('app:shop')$$, 'an owner in the group: then it needs attention');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('olga'), group_at('/pay/ops'), role('Developer'))$$), 'done', 'an owner in the group: who was out of it already');
select is(ended($$delete from grants where user_id = person_id('olga') and anchor = group_at('/pay/ops')$$), 'done', 'an owner in the group: loses something else');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('olga'), root_group(), role('Developer'))$$), 'done', 'an owner in the group: or in one above');
select is(ended($$delete from grants where user_id = person_id('olga') and anchor = root_group()$$), '23514', 'an owner in the group: and stays there');
select is(ended($$delete from grants where user_id = person_id('olga'); update apps set archived = true where name = 'shop'$$), 'done', 'an owner in the group: unless nobody has anything by the app');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('olga'), group_at('/pay'), role('Developer')); update apps set archived = false where name = 'shop'$$), 'done', 'an owner in the group: till it is back');

-- One Technical Contact, who is in the team, and to whom the environments are open.
select is(ended($$update nodes set technical_contact = null$$), '23502', 'a contact: none');
select is(ended($$insert into nodes values (app('shop'), person_id('olga'))$$), '23505', 'a contact: two');
select is(ended($$update nodes set technical_contact = person_id('nel') where app = app('shop'); delete from grants where user_id = person_id('nel') and anchor = group_at('/pay')$$), '23514', 'a contact: not of the team');
select is(ended($$insert into nodes values (app('free'), person_id('sue'))$$), '23514', 'a contact: of a new node neither');
select is(ended($$update users set active = false, suspended = true where login = 'sue'; insert into nodes values (app('free'), person_id('sue'))$$), '23514', 'a contact: nor one who is suspended');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('sue'), app('free'), role('Product Owner')); insert into nodes values (app('free'), person_id('sue'))$$), '23514',
	'a contact: nor one of the team to whom the environments are closed');
select is(ended($$delete from grants where user_id = person_id('tec')$$), '23514', 'a contact: he stays in the team');
select is(ended($$update grants set anchor = group_at('/pay/ops') where user_id = person_id('tec')$$), '23514', 'a contact: he goes nowhere else');
select is(ended($$update apps set owner_group = null where name = 'shop'$$), '23514', 'a contact: the app does not leave him');
select is(ended($$delete from grants where user_id = person_id('tec'); insert into grants (user_id, anchor, role) values (person_id('tec'), app('shop'), role('Operator'))$$), 'done', 'a contact: any way into the team will do');
select is(ended_by_itself($$delete from grants where user_id = person_id('tec')$$), 'done', 'a contact: a source may take him out');
select access_group_create('club'), access_group_app('club', 'shop', true), access_group_member_add('club', 'tec', 'Operator'), app_member_remove('shop', 'tec', 'Operator'), committed();
select is(ended($$delete from access_group_apps where app = app('shop')$$), '23514', 'a contact: an access group does not leave him either');

-- Roles.
select is(ended($$insert into roles (kind, name) values ('project', 'developer')$$), '23505', 'role names: there is one of a name');
select is(ended($$delete from roles where name = 'Operator'$$), '23503', 'a role that is held is not deleted');
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('nel'), platform(), role('Developer'))$$), '23514', 'kinds of roles are not mixed');
select is(ended($$update roles set kind = 'app' where name = 'Operator'$$), '23514', 'nor does one become another');
select is(ended($$insert into role_edit (role) values (role('Developer')); insert into role_edit (role) values (role('Operator'))$$), '23505', 'one role is edited at a time');
select role_create('Tester', 'came along', array['project.view']), role_create('Guide', 'came along', array['project.view']), app_member_add('free', 'nel', 'Guide'), committed();
update roles set origin = 'free' where name in ('Tester', 'Guide');
create function inherited(name text) returns integer language sql as $$select r.id from roles r where r.name = inherited.name and r.origin is not null$$;
select is(ended($$insert into grants (user_id, anchor, role) values (person_id('sue'), app('free'), inherited('Tester'))$$), '23514', 'a role that came with an app: given to nobody');
select is(ended($$update grants set role = inherited('Tester') where user_id = person_id('nel') and anchor = app('free')$$), '23514', 'a role that came with an app: nor in place of another');
select is(ended($$update grants set user_id = person_id('sue') where role = inherited('Guide')$$), '23514', 'a role that came with an app: nor passed on');
select is(ended($$insert into grants (user_id, anchor, role, source) values (person_id('sue'), group_at('/pay'), inherited('Tester'), corp())$$), '23514', 'a role that came with an app: nor in a group');
select is(ended_by_itself($$insert into grants (user_id, anchor, role, source) values (person_id('sue'), group_at('/pay'), inherited('Tester'), corp())$$), '23514', 'a role that came with an app: by no source');
select is(ended($$update grants set expires_at = 'infinity' where role = inherited('Guide')$$), 'done', 'a role that came with an app: who has it keeps it');
select is(ended(format('select role_merge(%L, %L)', inherited('Guide'), inherited('Tester'))), 'done', 'a role that came with an app: takes the place of one that is gone');
select is(roles_at('nel', 'app:free'), 'Tester', 'a role that came with an app: for whom held that');

-- Environments.
select is(ended($$insert into role_environment_permissions (role, kind, permission) values (role('Operator'), 'environment', permission_named('env.backups'))$$), '23503', 'a role says which permissions only where it fixes them');
select is(ended($$insert into role_environment_permissions (role, kind, permission) values (role('Product Owner'), 'environment', permission_named('env.backups'))$$), '23503', 'not where it gives no access');
select group_member_set('/pay', 'olga', 'Developer'), committed();
select is(ended($$insert into environment_settings (environment, user_id, permission, allowed) values (resource_named('environment:shop/test'), person_id('nel'), permission_named('env.backups'), true)$$),
	'23514', 'where a role fixes it nothing is set');
select is(ended($$insert into environment_settings (environment, user_id, permission, scope, allowed) values (resource_named('environment:shop/test'), person_id('tec'), permission_named('env.alerts'), 'env_self', false)$$),
	'23514', 'alerts of the Technical Contact: no setting turns them off');
create function settings_of(login text) returns bigint language sql as $$select count(*) from environment_settings where user_id = person_id(settings_of.login)$$;
select group_member_add('/pay', 'max', 'Operator'), environment_set('shop/test', 'max', 'env.backups', true), committed();
select is(settings_of('max'), 1::bigint, 'what is set for a person');
select is(ended($$delete from grants where user_id = person_id('max') and anchor = group_at('/pay')$$) || settings_of('max'), 'done0', 'is forgotten with the role that left it open');
select group_member_add('/pay', 'max', 'Operator'), environment_set('shop/test', 'max', 'env.backups', true), committed();
select is(ended($$update grants set role = role('Product Owner') where user_id = person_id('max') and anchor = group_at('/pay')$$) || settings_of('max'), 'done0', 'with another in its place');
select group_member_set('/pay', 'max', 'Operator'), environment_set('shop/test', 'max', 'env.backups', true), committed();
select is(ended($$delete from role_environments where role = role('Operator') and kind = 'environment'$$) || settings_of('max'), 'done0', 'and where the role leaves it open no longer');

-- What a source takes away leaves what was set to wait for the same role, and gives nothing meanwhile. What is given by hand begins anew.
select group_member_set('/pay', 'max', 'Contributor'), group_member_add('/ops2', 'max', 'Operator') from (select group_create('/ops2', 'More', array['gus'])) made;
select committed();
select role_create('Driver', 'for tests', array['project.view', 'project.cloud_access'], 'custom'), committed();
insert into grants (user_id, anchor, role, source) values (person_id('max'), group_at('/pay'), role('Driver'), corp());
select environment_set('shop/test', 'max', 'env.backups', true), committed();
select is(rights('max', 'environment:shop/test'), 'env.api env.backups', 'what a source gives opens what is set');
select by_itself();
delete from grants where user_id = person_id('max') and source = corp();
select committed();
select is(settings_of('max') || rights('max', 'environment:shop/test'), '1', 'what it takes closes that, and keeps what was set');
select by_itself();
insert into grants (user_id, anchor, role, source) values (person_id('max'), group_at('/pay'), role('Driver'), corp());
select committed();
select is(rights('max', 'environment:shop/test'), 'env.api env.backups', 'which is so again, if it gives it back');
select by_itself();
delete from grants where user_id = person_id('max') and source = corp();
select committed();
select group_member_add('/pay', 'max', 'Driver'), committed();
select is(settings_of('max') || rights('max', 'environment:shop/test'), '0env.api', 'but by hand nothing comes back that was set before');

-- What roles say.
select is(ended($$insert into role_permissions (role, permission) values (role('Developer'), permission_named('env.backups'))$$), '23514', 'of environments a role speaks apart');
select is(ended($$insert into role_permissions (role, permission) values (role_named('app', 'App Member'), permission_named('project.cloud_access'))$$), '23514', 'a role of an app opens no environments');
select is(ended($$insert into role_environments (role, kind, access) values (role_named('app', 'App Member'), 'environment', 'custom')$$), '23503', 'nor says anything of them');
select is(ended($$insert into role_environments (role, kind, access, role_kind) values (role_named('app', 'App Member'), 'environment', 'custom', 'app')$$), '23514', 'whatever is said of it');

-- The ends of transactions are looked at once each.
select is_empty('select from unchecked', 'nothing is left to be looked at');

select * from finish();
rollback;
