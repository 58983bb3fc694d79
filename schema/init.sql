-- SPDX-License-Identifier: Apache-2.0
-- Run once by somebody who may create roles: the roles roster needs, and its schema. `rosterctl database init` runs it.
do $$
begin
	if to_regrole('roster_owner') is null then create role roster_owner login; end if;
	if to_regrole('roster_daemon') is null then create role roster_daemon login; end if;
	if to_regrole('roster_signin') is null then create role roster_signin login; end if;
	if to_regrole('roster_signals') is null then create role roster_signals login; end if;
	if to_regrole('roster_admin') is null then create role roster_admin; end if;
	if to_regrole('roster_reader') is null then create role roster_reader; end if;
end $$;
-- Operators come and go by acts, which run as the owner. Who may not give this away lets them in by himself.
do $$
begin
	if not pg_has_role('roster_owner', 'roster_admin', 'member with admin option') then
		grant roster_admin to roster_owner with admin option;
	end if;
exception when insufficient_privilege then
	raise notice 'roster_owner does not get to admit operators: grant roster_admin to roster_owner with admin option';
end $$;
create schema if not exists roster authorization roster_owner;
