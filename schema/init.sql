-- SPDX-License-Identifier: Apache-2.0
-- Run once by somebody who may create roles: the roles roster needs, and its schema. `rosterctl database init` runs it.
do $$
begin
	if to_regrole('roster_owner') is null then create role roster_owner login; end if;
	if to_regrole('roster_daemon') is null then create role roster_daemon login; end if;
	if to_regrole('roster_admin') is null then create role roster_admin; end if;
	if to_regrole('roster_reader') is null then create role roster_reader; end if;
end $$;
create schema if not exists roster authorization roster_owner;
