-- A job whose queue was taken back to a snapshot waits for a person: nobody knows what was sent since. As in 0009 no row can break the new
-- words that did not break the old ones, so no table is copied.
pragma writable_schema = on;

update sqlite_schema
   set sql = replace(sql, 'check (state in (''active'', ''paused'', ''cancelled''))', 'check (state in (''active'', ''paused'', ''cancelled'', ''unverified''))')
 where type = 'table' and name = 'job';

pragma writable_schema = reset;

create table schema_read_again (id integer) strict;
drop table schema_read_again;
