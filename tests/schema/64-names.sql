-- SPDX-License-Identifier: Apache-2.0
-- What people are called changes: whose access is compared because of it, and what is counted without being counted anew; and
-- what a run that is dead has left.
\ir support.psql
select plan(20);

create function source_id() returns smallint language sql as $$ select id from sources where name = 'corp' $$;

-- A run that hears of these people, "LOGIN NAME PLACE" with the id ID-FIRST LETTER, up to its plan; both are in group /team.
create function heard(people text[]) returns bigint language plpgsql as $$
declare
	this bigint := run_begin(source_id(), 'test');
begin
	perform committed();
	insert into staged_entries (run, kind, external_id, dn, reference, alias, parent, content, login, name, attributes)
	select this, 'user', 'ID-' || left(p, 1), split_part(p, ' ', 3) || left(p, 1), md5(split_part(p, ' ', 3) || left(p, 1))::uuid,
		md5(split_part(p, ' ', 1))::uuid, md5(split_part(p, ' ', 3))::uuid, gen_random_uuid(), split_part(p, ' ', 1), split_part(p, ' ', 2), '{}'
	from unnest(people) p;
	perform merge(this, false, false), plan(this, false, false, true), recall_held(this);
	return this;
end $$;
create function done(run bigint) returns void language sql as $$
	select apply(run, 1, 1000), settle(run, null, null, true, true), run_end(run, 'applied', 'changes', null, 0, 0, 0, null);
	select unstage(run), unplan(run), committed()
$$;
create function compared(run bigint) returns text language sql as $$
	select coalesce(string_agg(d.login, ' ' order by d.login), '') from affected_people a join directory_entries d on d.id = a.entry_id where a.run = compared.run
$$;
create function planned_for(run bigint) returns text language sql as $$
	select coalesce(string_agg(concat_ws(' ', c.kind, c.action, c.login), ', ' order by c.seq), '') from planned_changes_named c where c.run = planned_for.run
$$;
-- Who was compared, and what was planned.
create function hear(people text[]) returns text language plpgsql as $$
declare
	this bigint := heard(people);
	both text := compared(this) || ': ' || planned_for(this);
begin
	perform done(this);
	return both;
end $$;
-- What is remembered is true.
create function is_counted() returns boolean language sql as
	'select count_grants(source_id()) = (select count(*) from grants g where g.source = source_id())';

-- Ann and Bob come, and join the team.
select register_source('corp', 'ldif', 1, true, true);
select set_rules(source_id(), array['team'], array['x:1'], array['']);
do $$
declare
	this bigint;
begin
	this := run_begin(source_id(), 'test');
	insert into staged_entries (run, kind, external_id, dn, reference, content, attributes, members, member_texts)
	values (this, 'group', 'ID-team', 'team', md5('team')::uuid, gen_random_uuid(), '{}',
		(select array_agg(md5(m)::uuid order by md5(m)::uuid) from unnest(array['homea', 'homeb']) m), array['homea', 'homeb']);
	insert into staged_mappings (run, external_id, rule, anchor, role, captures) values (this, 'ID-team', 1, '/team', 'Developer', '');
	perform merge(this, true, false), plan(this, false, true, true);
	perform done(this);
end $$;
select is(hear(array['ann Ann home', 'bob Bob home']), 'ann bob: user add ann, user add bob, grant add ann, grant add bob', 'who comes is compared');

insert into counted_grants select source_id(), head(), count(*) from grants g where g.source = source_id();
select ok(is_counted(), 'as many grants as were remembered');

select is(hear(array['ann Anne home', 'bob Bob home']), ': user change ann', 'of who is called otherwise the name alone is compared');
select is((select u.name from users u where u.login = 'ann'), 'Anne', 'and becomes his');
select is(roles_at('ann', 'group:/team'), 'Developer', 'who holds what he held');
select is(hear(array['ann Ann office']), 'ann: user change ann', 'who moved is compared whole');
select is(hear(array['anna Ann office']), 'anna: user change anna', 'and who has another login');
select is(hear(array['anna Anne office', 'bert Bob home']), 'bert: user change anna, user change bert', 'in the order of all');

update sources set settled = true;
insert into held_changes (source, kind, action, external_id, anchor, anchor_key, role, run, reason)
select source_id(), 'grant', 'remove', 'ID-b', '/team', '/team', role_named('project', 'Developer'), max(id), 'x' from runs;
select is(hear(array['bert Bobby home']), 'bert: user change bert', 'and of whom something is held');
select is((select count(*)::integer from held_changes), 0, 'which is asked for no longer');

select user_suspend('bert');
select committed();
select is(hear(array['bert Bob home']), 'bert: user change bert', 'and who is suspended');

-- Of the grants of this source one ends, and two come and go.
delete from grants where source = source_id() and user_id = person_id('bert');
select committed();
select ok(is_counted(), 'one that ended is counted no more');
insert into grants (user_id, anchor, role, source) select person_id('bert'), g.id, role_named('project', r), source_id()
from groups g, unnest(array['Developer', 'Operator']) r where g.id = group_at('/team');
select committed();
select ok(is_counted(), 'those that came are');
update grants set source = 0 where source = source_id() and role = role_named('project', 'Operator');
select committed();
select ok(is_counted(), 'one that became another''s is not');
delete from grants where source = source_id() and user_id = person_id('bert');
select ok(is_counted(), 'nor one that came and went');
select committed();
select ok(is_counted(), 'afterwards either');
select is((select c.grants from counted_grants c), 2::bigint, 'and what little moved was not remembered anew');

-- A run of pushed changes is swept behind its end, and what it left when its process died before that by who leads next.
do $$
declare
	this bigint := heard(array['bert Bert home']);
begin
	update runs set kind = 'push' where id = this;
	perform apply(this, 1, 1000), settle(this, null, null, true, true), run_end(this, 'nothing', 'changes', null, 0, 0, 0, null), committed();
end $$;
select is((select r.state from runs r order by r.id desc limit 1), 'applied', 'what is pushed says itself whether something came of it');
select lead_source(source_id());
select is((select count(*) from (select run from staged_entries union all select run from planned_changes union all select run from touched_entries) l),
	0::bigint, 'what it left is thrown away');
select is((select s.unswept from sources s where s.id = source_id()), null, 'once');

select * from finish();
rollback;
