-- Which platforms, actions, lists and kinds of login there are is the program's knowledge: a new one needs no migration. What stands here
-- and a program does not know is refused by name when it opens the queue (src/store/unknown_words.rs).

-- Where an account lives, on platforms of many hosts. Empty: its platform has one. Not null, because null is equal to nothing, and the same
-- user could stand here twice.
alter table account add column host text not null default '';

-- As in 0009: no row can break the new words that did not break the old ones, so no table is copied, however long it is. It also leaves
-- every foreign key and every sealed login where they are.
pragma writable_schema = on;

update sqlite_schema
   set sql = replace(replace(sql, ' check (platform in (''x-v2'', ''x-v1'', ''aisa'', ''sandbox''))', ''),
                     'unique (platform, user_id)', 'unique (platform, host, user_id)')
 where type = 'table' and name = 'account';

update sqlite_schema
   set sql = replace(sql, ' check (platform in (''x'', ''sandbox''))', '')
 where type = 'table' and name in ('known_target', 'handle_resolution');

update sqlite_schema
   set sql = replace(sql, ' check (kind in (''oauth2'', ''oauth1'', ''aisa''))', '')
 where type = 'table' and name = 'credential';

update sqlite_schema
   set sql = replace(sql, char(10) || '                 check (list in (''following'', ''followers'', ''likes'', ''posts'', ''mutes'', ''blocks'', ''bookmarks''))', '')
 where type = 'table' and name = 'reading';

update sqlite_schema
   set sql = replace(sql, 'check (action between 1 and 7)', 'check (action >= 1)')
 where type = 'table' and name in ('job', 'lane', 'attempt', 'endpoint_outage', 'endpoint_allowance');

pragma writable_schema = reset;

-- The index of the key that has the host now, and did not. Nothing has looked for an account in between.
reindex account;

create table schema_read_again (id integer) strict;
drop table schema_read_again;
