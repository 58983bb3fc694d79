-- SPDX-License-Identifier: Apache-2.0
-- What is set for somebody in an environment is about the role that left it open: whoever comes by another way begins anew.
\ir support.psql
\ir company.psql
\ir nodes.psql
select plan(23);

insert into sources (id, name, kind) overriding system value values (90, 'hr', 'ldif');
select role_create('Guard', '', array['project.cloud_access'], 'fixed', array['env.monitoring']);
select group_create('/new', 'new', array['olga']), group_create('/low', 'low', array['olga']), access_group_create('all');
select group_member_add('/new', 'nel', 'Business Engineer'), access_group_member_add('all', 'nel', 'Business Engineer');
update users set external = true where login = 'nel';
select committed();

create function source_gives(login text default 'nel') returns void language sql as $$
	select by_itself();
	insert into grants (user_id, anchor, role, source) values (person_id(login), need_app('desk'), role_named('project', 'Business Engineer'), 90);
	select committed();
$$;
create function source_takes() returns void language sql as $$
	select by_itself();
	delete from grants where source = 90;
	select committed();
$$;
create function set_live(login text, permission text) returns void language sql as $$
	select environment_set('desk/live', set_live.login, set_live.permission, true), committed()
$$;

create function update_contact(login text) returns void language sql as $$update nodes set technical_contact = person_id(login) where app = need_app('desk')$$;
create function revert_both(revision bigint) returns void language sql as $$
	select revert_plan(revision::text);
	select revert_apply(revision::text, true);
$$;

-- What he may do in production after all of this was done, as if it never was.
create function after(acts text[], login text) returns text language plpgsql as $$
declare
	act text;
	answer text;
begin
	foreach act in array acts loop
		execute 'select ' || act;
		perform committed();
	end loop;
	answer := concat_ws(' ', case when can(login, 'project.cloud_access', 'app:desk') then 'listed' end,
		(select string_agg(p.name, ' ' order by p.id) from permissions p where p.scope = 'env' and can(login, p.name, 'environment:desk/live')));
	raise exception using errcode = 'RB002', message = answer;
exception when sqlstate 'RB002' then
	return answer;
end $$;

-- A source took him out of the team, and may return him: for that it is kept.
create function after_source(variadic acts text[] default '{}') returns text language sql as $$
	select after(array['source_gives()', $a$set_live('nel', 'env.transport')$a$, 'source_takes()'] || acts, 'nel')
$$;
select is(after_source(), '', 'N9 who is out of the team may do nothing there');
select is(after_source('source_gives()'), 'listed env.transport', 'N9 whom his source returns has what was set for him');
select is(after_source($$user_suspend('nel')$$, 'source_gives()', $$user_resume('nel')$$), 'listed env.transport', 'N42 though he was suspended meanwhile');
select is(after_source($$app_group('desk', '/new')$$), 'listed', 'N12 who comes with a group the app goes to finds nothing set');
select is(after(array[$$app_group('desk', '/low')$$, 'source_gives()', $$set_live('nel', 'env.transport')$$, 'source_takes()', $$group_move('/low', '/new')$$], 'nel'), 'listed', 'N12 nor who comes with one its group goes to');
select is(after_source($$access_group_app('all', 'desk', true)$$), 'listed', 'N12 nor with an access group');
select is(after_source($$app_owner('desk', 'nel')$$), 'listed', 'N12 nor who gets to own the app');
select is(after(array[$$source_gives()$$, $$set_live('nel', 'env.transport')$$, $$app_member_add('desk', 'nel', 'Business Engineer')$$, 'source_takes()',
	$$tried('test_nel', 'select invitation_accept(''desk'')')$$], 'nel'), 'listed', 'N12 nor who accepts an invitation');
select is(after(array[$$app_group('desk', '/low')$$, 'source_gives()', $$set_live('nel', 'env.transport')$$, $$group_member_add('/low', 'nel', 'Guard')$$, 'source_takes()',
	$$role_edit('Guard', null, production => 'custom')$$], 'nel'), 'listed', 'N12 nor whose role opens more');

-- What is done elsewhere, or changes nothing, costs him nothing.
select is(after_source($$group_member_add('/low', 'nel', 'Business Engineer')$$, $$group_member_remove('/low', 'nel', 'Business Engineer')$$, 'source_gives()'),
	'listed env.transport', 'N12 another role elsewhere is not about this app');
create function ends_elsewhere() returns void language sql as $$
	select group_member_add('/low', 'nel', 'Business Engineer', now() + interval '1 hour'), committed(), by_itself();
	update grants set expires_at = now() where anchor = need_group('/low') and expires_at is not null;
	select committed(), by_itself(), clock_tick('30 days');
$$;
select is(after_source('ends_elsewhere()', 'source_gives()'), 'listed env.transport', 'N12 nor is one elsewhere that ends by the clock');
select is(after_source($$group_create('/brief', 'brief', array['nel'])$$, $$group_delete('/brief')$$, 'source_gives()'), 'listed env.transport',
	'N12 nor a group that is gone');
select is(after(array[$$app_group('desk', '/low')$$, 'source_gives()', $$set_live('nel', 'env.transport')$$, 'source_takes()', $$app_owner('desk', 'olga')$$,
	$$app_group('desk', '/low')$$, $$group_move('/low', '/')$$, 'source_gives()'], 'nel'), 'listed env.transport', 'N12 nor is what is so already');
select is(after_source($$environment_set('desk/live', 'nel', 'env.transport', null)$$, 'source_gives()'), 'listed', 'N12 what is kept without effect can be taken');

-- By hand what leaves it open is taken, and it goes with that: whatever state the person and the app are in.
select is(after(array[$$set_live('opal', 'env.transport')$$, $$app_archive('desk', true)$$, $$app_archive('desk', false)$$], 'opal'), 'listed env.transport',
	'P48 an app that is taken back into use is as it was');
select is(after(array[$$set_live('opal', 'env.transport')$$, $$app_archive('desk', true)$$, $$app_member_remove('desk', 'opal', 'Application Operator')$$,
	$$app_member_add('desk', 'opal', 'Application Operator')$$, $$app_archive('desk', false)$$], 'opal'), 'listed', 'N9 but not for who left its team while it was archived');
select is(after(array[$$set_live('opal', 'env.transport')$$, $$user_suspend('opal')$$, $$user_resume('opal')$$], 'opal'), 'listed env.transport',
	'N42 who is suspended for a while has what was set for him');
select is(after(array[$$set_live('opal', 'env.transport')$$, $$user_suspend('opal')$$, $$app_member_remove('desk', 'opal', 'Application Operator')$$, $$user_resume('opal')$$,
	$$source_gives('opal')$$], 'opal'), 'listed', 'N9 but not who was taken out of the team meanwhile');

-- The Technical Contact sets API Rights in production for himself; that was his as that.
create function hands_over(variadic acts text[] default '{}') returns text language sql as $$
	select after(array[$a$app_member_add('desk', 'nel', 'Guard')$a$, $a$tried('test_nel', 'select invitation_accept(''desk'')')$a$, $a$node_contact('desk', 'nel')$a$,
		$a$set_live('nel', 'env.api')$a$, $a$node_contact('desk', 'tec')$a$] || acts, 'nel')
$$;
select is(hands_over(), 'listed', 'N16 who hands over keeps what his role gives');
select is(hands_over($$node_contact('desk', 'nel')$$), 'listed env.manage_permissions env.transport env.backups env.monitoring', 'N31 who answers for it again has no API Rights in production by that');
select is(hands_over($$app_member_add('desk', 'nel', 'Business Engineer')$$, $$tried('test_nel', 'select invitation_accept(''desk'')')$$), 'listed', 'N31 nor by a role that leaves them open');
select is(hands_over($$update_contact('nel')$$), 'listed env.manage_permissions env.transport env.backups env.monitoring', 'N31 in plain SQL neither');
select is(hands_over($$revert_both(head())$$, $$revert_both(head())$$), 'listed', 'N31 nor what is taken back brings them, and what takes that back');

select * from finish();
rollback;
