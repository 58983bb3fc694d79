-- SPDX-License-Identifier: Apache-2.0
-- What becomes due by time alone: the clock makes a revision of it, so no answer about access depends on the hour at which
-- it is asked.
--
-- A person who is gone from a source is suspended at once and kept as he was for a time of grace. Then his place there ends:
-- what that source gave him goes, the mirror forgets what it knew of him, and when the source is authoritative, what was
-- given by hand goes too. The person himself stays, as a tombstone: history and apps point at him, and his id is his for
-- ever. Three things follow from that:
--
-- * Should the entry come back with its immutable id, it is still the same person, for that is what an immutable id says,
--   and two people of one would part him from his own history. But he begins anew: he gets what the directory says on that
--   day and nothing of what he once held by hand.
-- * The memberships that groups still list stay bound to his entry. They give nothing, and nobody who comes under his name
--   steps into them.
-- * What needs a person stays until there is another: the ownership of apps, and a place as the last admin (of the
--   platform too, or whoever came first could make himself administrator). See attention_list().
--
-- What a source that still lists him gives him stays as that source says: it is without effect while he is disowned.

create index grants_expire on grants (expires_at) where expires_at is not null;

-- One clock for all processes, for the session.
create function lead_clock() returns boolean language sql volatile security definer set search_path = roster, pg_temp
as 'select pg_try_advisory_lock(writer_lock_class() + 3, 0)';

-- Accounts of which the directory has said when they close, and when that is looked at: whoever leads their source does it
-- then, on the road of every change, from what the mirror knows. While he is asked already, or just failed, a little later.
create view accounts_that_close as
select s.name as source, greatest(d.ends_at, max(q.at) + interval '1 minute') as due
from directory_entries d
join sources s on s.id = d.source and s.retired_at is null
left join requests q on q.subject = s.name and q.options @> '{"from_mirror": true}'
where d.ends_at is not null and d.gone_since is null
group by s.name, d.ends_at;

create function ask_to_close(moment timestamptz) returns void language sql volatile set search_path = roster, pg_temp as $$
	select request_make('sync', a.source, '{"from_mirror": true}')
	from (select distinct a.source from accounts_that_close a where a.due <= moment) a
$$;

-- Identities in their time of grace, and when it began. An entry that is there again, though the person could not have his
-- login back yet, is not gone: nobody loses anything because of an entry in quarantine.
create view in_grace as
select i.source, i.external_id, i.user_id, d.id as entry_id, greatest(i.gone_since, d.gone_since) as since
from identities i
left join directory_entries d on d.source = i.source and d.external_id = i.external_id
where i.gone_since is not null and i.ended_at is null and (d.id is null or d.gone_since is not null);

-- Admins that rules name and who are there by now.
create view arrived_admins as
select w.group_id, w.login_key, u.id as user_id
from awaited_admins w
join groups g on g.id = w.group_id and not g.archived
join users u on u.active and u.login_key = w.login_key
where exists (select from directory_rules r, unnest(r.admins) a(login)
	where r.source = g.made_by and r.name = g.made_by_rule and lower(normalize(a.login, NFKC)) = w.login_key);

-- What these people hold and shall not hold any longer: what a source gave in which they have no place any more; of those
-- past grace what was given by hand, but for the place of the last admin.
create function outlived_grants(people uuid[]) returns table (user_id uuid, anchor integer, role integer, source smallint)
language plpgsql stable set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return query
	select g.user_id, g.anchor, g.role, g.source
	from grants g
	join users u on u.id = g.user_id
	join roles r on r.id = g.role
	where g.user_id = any (people) and case when g.source = 0
		then is_past_grace(u) and (r.kind <> 'platform' or r.name not in ('Platform Administrator', 'Group Administrator') or exists (
			select from grants o join users other on other.id = o.user_id
			where o.anchor = g.anchor and o.role = g.role and o.user_id <> g.user_id and not is_past_grace(other)))
		else exists (select from identities i where i.user_id = g.user_id and i.source = g.source and i.ended_at is not null)
			and not exists (select from identities i where i.user_id = g.user_id and i.source = g.source and i.ended_at is null)
		end;
end $$;

-- When the next thing becomes due, in the past when it is already; NULL for never.
create function clock_due(grace interval) returns timestamptz language plpgsql stable security definer set search_path = roster, pg_temp as $$
#variable_conflict use_column
begin
	return (
	select least(
		(select min(g.expires_at) from grants g where g.expires_at is not null),
		(select min(n.since) + clock_due.grace from in_grace n),
		(select min(a.due) from accounts_that_close a),
		case when exists (select from arrived_admins) or exists (select from identities i where i.keeps_admin) and exists (
			select from outlived_grants(array(select i.user_id from identities i where i.keeps_admin))) then now() end));
end $$;

-- End the grace of those for whom it is over by that moment; the people, each once. An entry that a run has in its hands
-- just now may be coming back: it is left for the next time, so the clock waits for no run while it holds the writer lock.
create function end_grace(grace interval, moment timestamptz) returns uuid[] language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	people uuid[];
begin
	with over as (
		select n.source, n.external_id, n.entry_id from in_grace n where n.since + end_grace.grace <= moment
	), forgotten as (
		update directory_entries d set login = null, email = null, name = null, alias = null, attributes = '{}',
			content = '00000000-0000-0000-0000-000000000000'
		where d.id in (select e.id from directory_entries e where e.id in (select o.entry_id from over o) and e.gone_since is not null
			for update skip locked)
		returning d.source, d.external_id
	), ended as (
		update identities i set ended_at = moment
		from (select source, external_id from forgotten union all select source, external_id from over where entry_id is null) o
		where i.source = o.source and i.external_id = o.external_id
		returning i.source, i.external_id, i.user_id
	), moot as (
		delete from held_changes h where h.ctid in (select c.ctid from held_changes c
			join ended e on e.source = c.source and e.external_id = c.external_id for update of c skip locked))
	select array_agg(distinct e.user_id) into people from ended e;
	return coalesce(people, '{}');
end $$;

create function give_awaited() returns bigint language plpgsql volatile set search_path = roster, pg_temp as $$
declare
	administrator integer := role_named('platform', 'Group Administrator');
	given bigint;
begin
	with arrived as (
		delete from awaited_admins w using arrived_admins a where w.group_id = a.group_id and w.login_key = a.login_key
		returning a.group_id, a.user_id)
	insert into grants (user_id, anchor, role)
	select a.user_id, a.group_id, administrator from arrived a
	where not exists (select from grants_history h where h.user_id = a.user_id and h.anchor = a.group_id
		and h.role = administrator and h.source = 0)
	on conflict do nothing;
	get diagnostics given = row_count;
	return given;
end $$;

-- Do what is due by now, as one revision, none when nothing is. How much was done: people whose grace is over, and grants
-- that came or went.
create function clock_tick(grace interval) returns bigint language plpgsql volatile security definer set search_path = roster, pg_temp as $$
declare
	moment timestamptz;
	people uuid[];
	keepers uuid[];
	expired uuid[];
	places integer[]; -- where they held what is over
	arrived boolean;
	done bigint;
	count bigint;
begin
	-- The lock comes first: who waits for it looks at what there is then.
	perform pg_advisory_xact_lock(writer_lock_class(), 1);
	moment := clock_timestamp();
	perform ask_to_close(moment);
	people := end_grace(grace, moment);
	keepers := array(select i.user_id from identities i where i.keeps_admin);
	expired := array(select distinct g.user_id from grants g where g.expires_at <= moment);
	places := array(select distinct g.anchor from grants g where g.expires_at <= moment);
	arrived := exists (select from arrived_admins);
	if people = '{}' and expired = '{}' and not arrived and not exists (select from outlived_grants(keepers)) then
		return 0;
	end if;
	perform open_revision(concat_ws(', ', case when expired <> '{}' then 'expired' end, case when people <> '{}' then 'end of grace' end,
		case when arrived then 'awaited admins' end, case when expired = '{}' and people = '{}' and not arrived then 'other admins' end), by_itself => true);
	done := cardinality(people) + give_awaited();
	delete from grants g where g.expires_at <= moment;
	get diagnostics count = row_count;
	done := done + count;
	delete from grants g using outlived_grants(people || keepers) o
	where g.user_id = o.user_id and g.anchor = o.anchor and g.role = o.role and g.source = o.source;
	get diagnostics count = row_count;
	-- What was set for people in environments was said by hand too, and ends with what opened it.
	if expired <> '{}' then
		perform forget_settings(expired, apps_at(places));
	end if;
	delete from environment_settings s using users u where s.user_id = any (people) and u.id = s.user_id and is_past_grace(u);
	update identities i set keeps_admin = not i.keeps_admin
	where i.user_id = any (people || keepers) and i.ended_at is not null
	  and i.keeps_admin <> exists (select from grants g join users u on u.id = g.user_id
		where g.user_id = i.user_id and g.source = 0 and is_past_grace(u));
	return done + count;
end $$;

-- What needs a person ---------------------------------------------------------------------------------------------------------

create function gone_how(person users) returns text language sql stable set search_path = roster, pg_temp as $$
	select case when is_past_grace(person) then 'past grace' when person.suspended then 'suspended' else 'gone' end
$$;

-- Who is what he is of an app, and not active; or not what that asks for any more. Nothing of it is taken away: it is for a
-- person to say who comes next.
create view apps_in_need as
select 'owner ' || gone_how(u) as kind, a.id, a.name, u.login, greatest(v.at, w.at) as since,
	format('rosterctl app owner %s LOGIN', typed(a.name)) as type
from apps a
join users u on u.id = a.owner and not u.active
join revisions v on v.id = u.since
join revisions w on w.id = a.since
where not a.archived
union all
-- who was in the group of his app, or in one above, and is no longer
select 'owner left the group', a.id, a.name, u.login, v.at,
	format('rosterctl app owner %1$s LOGIN, or rosterctl app group %1$s PATH', typed(a.name))
from apps a
join users u on u.id = a.owner and u.active
cross join lateral (select max(h.until) as until from group_closure c join grants_history h on h.anchor = c.ancestor and h.user_id = a.owner
	join roles r on r.id = h.role and r.kind <> 'platform' where c.descendant = a.owner_group) l
join revisions v on v.id = l.until
where not a.archived and l.until > a.since and not exists (
	select from group_closure c join grants g on g.anchor = c.ancestor and g.user_id = a.owner
	join roles r on r.id = g.role and r.kind <> 'platform' where c.descendant = a.owner_group)
union all
select 'Technical Contact ' || gone_how(u), a.id, a.name, u.login, greatest(v.at, w.at),
	format('rosterctl node contact %s LOGIN', typed(a.name))
from nodes n
join apps a on a.id = n.app and not a.archived
join users u on u.id = n.technical_contact and not u.active
join revisions v on v.id = u.since
join revisions w on w.id = n.since
union all
-- without any other role there
select 'Technical Contact left the team', a.id, a.name, u.login, greatest(coalesce(l.at, w.at), w.at),
	format('rosterctl node contact %1$s LOGIN, as %2$s, or rosterctl app members %1$s add %2$s --role ROLE', typed(a.name), typed(u.login))
from nodes n
join apps a on a.id = n.app and not a.archived
join users u on u.id = n.technical_contact and u.active
join revisions w on w.id = n.since
cross join lateral (select max(v.at) as at from grants_history h join revisions v on v.id = h.until
	where h.user_id = u.id and h.anchor in (select t.anchor from reach t where t.resource = n.app)) l
where not exists (select from holdings h join reach t on t.anchor = h.anchor and t.resource = n.app
	join roles r on r.id = h.role and r.kind = 'project' and r.name <> 'Technical Contact' where h.user_id = n.technical_contact)
union all
-- where there has been one
select 'no Scrum Master', a.id, a.name, m.login, m.since,
	format('rosterctl app members %s add LOGIN --role ''Scrum Master''', typed(a.name))
from (
	select t.resource, string_agg(distinct u.login, ', ') filter (where h.until is null) as login, max(v.at) as since
	from (select g.user_id, g.anchor, g.role, null::bigint as until from grants g
		union all select g.user_id, g.anchor, g.role, g.until from grants_history g) h
	join reach t on t.anchor = h.anchor and t.kind = 'app'
	join users u on u.id = h.user_id
	join revisions v on v.id = coalesce(h.until, u.since)
	where h.role = (select role_named('project', 'Scrum Master'))
	group by t.resource having not bool_or(u.active and h.until is null)) m
join apps a on a.id = m.resource;

-- Groups, and the platform, without an admin who is active: since he is not, or since the last one was taken away, or since
-- the group is there.
create view groups_in_need as
with admins as (
	select g.anchor, bool_or(u.active) as active, array_agg(u.login order by u.login) as logins, max(v.at) as inactive_since
	from grants g
	join roles r on r.id = g.role and r.kind = 'platform' and r.name in ('Platform Administrator', 'Group Administrator')
	join users u on u.id = g.user_id
	join revisions v on v.id = u.since
	group by g.anchor
), needing as (
	select g.id, g.since from groups g where not g.archived and g.parent_id is not null
	union all
	select platform(), 1
)
select n.id, a.logins || array(select w.login_key from awaited_admins w where w.group_id = n.id order by w.login_key) as who,
	coalesce(greatest(a.inactive_since, (select max(v.at) from grants_history h
		join roles r on r.id = h.role and r.kind = 'platform' join revisions v on v.id = h.until where h.anchor = n.id)),
		(select v.at from revisions v where v.id = n.since)) as since
from needing n left join admins a on a.anchor = n.id
where not coalesce(a.active, false);

-- What needs a person and has none who is active, or waits for one. type: what is typed then. pressing: nothing but that ends
-- it, and nobody is at it.
create function attention_list() returns table (kind text, what text, who text[], since timestamptz, type text, pressing boolean)
language sql stable security definer set search_path = roster, pg_temp as $$
	select n.kind, 'app:' || n.name, array_remove(array[n.login], null), n.since, n.type, true from apps_in_need n
	union all
	select 'no admin', resource_name(n.id), n.who, n.since, case when n.id = platform()
		then 'as the owner of the schema: rosterctl user role LOGIN add ''Platform Administrator'''
		else format('rosterctl group admin %s add LOGIN', typed(group_path(n.id))) end, true
	from groups_in_need n
	union all
	-- whose acts are refused, and who may still ask
	select 'operator ' || gone_how(u), 'login:' || o.login, array[u.login], v.at, 'rosterctl operator remove ' || typed(o.login), true
	from operators o join users u on u.id = o.user_id and not u.active join revisions v on v.id = u.since join pg_roles r on r.rolname = o.login
	where pg_has_role(r.oid, 'roster_admin', 'usage')
	union all
	select 'invitation waits', 'app:' || a.name, array[u.login], i.invited_at,
		format('as %2$s: rosterctl invitation accept %1$s; or take it back: rosterctl app members %1$s remove %2$s --role %3$s',
			typed(a.name), typed(u.login), typed(r.name)), false
	from invitations i join apps a on a.id = i.app join users u on u.id = i.user_id join roles r on r.id = i.role
	union all
	select 'role is edited', 'role:' || r.name, array[e.login::text], e.began_at,
		format('as %s: rosterctl role cancel; it ends by itself at %s', typed(e.login), to_char(e.expires_at at time zone 'UTC', 'HH24:MI "UTC"')), false
	from role_edit e join roles r on r.id = e.role where e.expires_at > clock_timestamp()
	order by 1, 2, 3
$$;

grant execute on function lead_clock(), clock_due(interval), clock_tick(interval) to roster_daemon;
grant execute on function attention_list() to roster_admin, roster_daemon;
