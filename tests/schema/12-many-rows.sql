-- SPDX-License-Identifier: Apache-2.0
-- Tables that get very many rows at once: what replaces their foreign keys, and indexes that are made after the rows.
\ir support.psql
\ir company.psql
select plan(18);

create temporary table ids on commit drop as select (select id from sources where name <> 'hand' limit 1) as source, gen_random_uuid() as nobody;
select throws_ok($$insert into identities (source, external_id, user_id) select 0, 'x', nobody from ids$$, '23503', null, 'an identity is somebody''s');
select throws_ok($$insert into identities (source, external_id, user_id) values (999, 'x', person_id('ann'))$$, '23503', null, 'of a source that there is');
select throws_ok($$insert into users (login, attributes_from) values ('x', 999)$$, '23503', null, 'so are the attributes of a person');
select throws_ok($$insert into directory_entries (source, kind, external_id, dn, reference, content, attributes)
	select 999, 'user', 'x', 'uid=x', nobody, nobody, '{}' from ids$$, '23503', null, 'and an entry');
insert into identities (source, external_id, user_id) values (0, 'ann', person_id('ann'));
select throws_ok($$update identities set user_id = nobody from ids where external_id = 'ann'$$, '23503', null, 'an identity does not become nobody''s');
select lives_ok($$update identities set user_id = person_id('nel') where external_id = 'ann'$$, 'it may become another''s');
select throws_ok($$delete from users where login = 'nel'$$, '23503', null, 'who has an identity stays');
select throws_ok($$delete from sources where id = 0$$, '23503', null, 'and so does its source');

create function indexes_of("table" regclass) returns setof text language sql as $$
	select pg_get_indexdef(i.indexrelid) || coalesce(pg_get_constraintdef(c.oid), '')
	from pg_index i left join pg_constraint c on c.conindid = i.indexrelid where i.indrelid = "table" and i.indisvalid
$$;
create temporary table indexed on commit drop as select indexes_of('grants') as made;
create temporary table aside on commit drop as select set_indexes_aside('grants') as made;
select is_empty($$select indexes_of('grants')$$, 'indexes are set aside');
select results_eq($$select cardinality(made) from aside$$, $$select count(*)::integer from indexed$$, 'each of them');
select restore_indexes(made) from aside;
select set_eq($$select indexes_of('grants')$$, $$select made from indexed$$, 'and are as they were');
create temporary table users_aside on commit drop as select set_indexes_aside('users') as made;
select ok(to_regclass('users_pkey') is not null and cardinality(made) > 0, 'what others refer to stays') from users_aside;
select restore_indexes(made) from users_aside;

-- What a large plan holds is counted without counting most of it.
create temporary table planned on commit drop as select run_begin((select source from ids), 'test') as run;
insert into planned_changes (run, seq, kind, action, held, rejected)
select run, row_number() over (), kind::change_kind, action::change_action, held, rejected from planned, (values
	('user', 'add', false, false), ('user', 'add', true, false), ('user', 'change', false, false), ('group', 'add', false, false),
	('grant', 'add', false, false), ('grant', 'add', true, false), ('grant', 'add', true, true), ('grant', 'remove', false, false),
	('grant', 'add', false, false), ('grant', 'remove', true, false)) c(kind, action, held, rejected);
prepare counted as select kind, action, held, rejected, count(*) from planned_changes c where c.run = (select run from planned) and c.seq between $1 and $2
	group by kind, action, held, rejected;
select set_eq($$select kind, action, held, rejected, number from planned p, planned_counts(p.run, 1, 10)$$, 'execute counted(1, 10)', 'all of a plan');
select set_eq($$select kind, action, held, rejected, number from planned p, planned_counts(p.run, 6, 9)$$, 'execute counted(6, 9)', 'and a part of it');
select is_empty($$select planned_counts(p.run, 1, 0) from planned p$$, 'nothing is counted of nothing');

-- Anchors mean the same, one by one and all at once.
update groups set made_for = '/was/web' where name = 'web';
create temporary table anchors on commit drop as
	select unnest(array['platform', 'app:SHOP', 'app:none', '/', '', '/dev', '/DEV//pay/', '/dev/pay/api', '/dev/web', '/Was/Web', '/none', '/dev/none/api']) as anchor;
select set_eq($$select * from resolve_anchors(0::smallint, array(select anchor from anchors))$$,
	$$select anchor, resolve_anchor(0::smallint, anchor) from anchors$$, 'many anchors are resolved as each is');

cluster grants using grants_pkey;
select is(set_indexes_aside('grants'), '{}', 'an index that somebody has marked is not touched');
select ok(to_regclass('grants_since_idx') is not null, 'nor are the others');

select * from finish();
rollback;
