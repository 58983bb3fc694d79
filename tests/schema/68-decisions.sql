-- SPDX-License-Identifier: Apache-2.0
-- What is approved while a run is under way.
\ir support.psql
select plan(5);

create function source_id() returns smallint language sql as $$ select id from sources where name = 'corp' $$;

-- A run in which ann and bob are listed, or not, up to its plan.
create function heard(names text[], everything boolean) returns bigint language plpgsql as $$
declare
	this bigint := run_begin(source_id(), 'test');
begin
	perform committed();
	insert into staged_entries (run, kind, external_id, dn, reference, content, login, attributes)
	select this, 'user', n, n, md5(n)::uuid, gen_random_uuid(), n, '{}' from unnest(names) n;
	insert into staged_gone select this, d.external_id, false from directory_entries d where d.external_id <> all (names);
	perform merge(this, true, everything), plan(this, everything, true, true), recall_held(this);
	return this;
end $$;
create function done(run bigint) returns void language sql as $$
	select apply(run, 1, 1000), settle(run, null, null, true, true), run_end(run, 'applied', 'complete', null, 0, 0, 0, null);
	select unstage(run), unplan(run), committed()
$$;
create function is_settled() returns boolean language sql as 'select settled from sources where id = source_id()';
create function active() returns text language sql as
	$$ select string_agg(login, ' ' order by login) from users where active and login in ('ann', 'bob') $$;

select register_source('corp', 'ldif', 1, true, true);
select done(heard(array['ann', 'bob'], false));
create temporary table this as select heard(array['ann'], false) as id;
select is(hold(id, 'vanish', '', 'too many'), 1::bigint, 'that bob is gone is held') from this;
select done(id) from this;
select is(active() || ' ' || is_settled(), 'ann bob true', 'which is what follows from the mirror');

-- The next run is past what it knows of decisions.
update this set id = heard(array['ann'], true);
update held_changes set state = 'approved';
update sources set settled = false where id = source_id();
select done(id) from this;
select is(active() || ' ' || is_settled(), 'ann bob false', 'what was approved meanwhile is not forgotten');
update this set id = heard(array['ann'], true);
select done(id) from this;
select is(active() || ' ' || is_settled(), 'ann true', 'the next run does it');
select is((select count(*) from held_changes), 0::bigint, 'and then it is done');

select * from finish();
rollback;
