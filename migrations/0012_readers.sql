-- Which version of the reader (jobfile::READER_VERSION) told tasks from unusable rows. 0: one that did not say so. `reader` read the
-- file itself; `checked_by` is the newest one that has looked at what stands in line since, from what the queue keeps of the rows: a
-- drain sends nothing of a load that an older one has checked.
alter table load add column reader integer not null default 0;
alter table load add column checked_by integer not null default 0;

-- Tasks whose row a later reading of it found unusable: they count as rejected, beside `rejected`, which counts rows that made no task.
alter table round add column rejected_tasks integer not null default 0 check (rejected_tasks >= 0);

-- State 9: rejected. As in 0009 the words of a CHECK change; no row can break the new ones that did not break the old ones.
pragma writable_schema = on;

update sqlite_schema
   set sql = replace(sql, 'check (state between 0 and 8)', 'check (state between 0 and 9)')
 where type = 'table' and name = 'task';

pragma writable_schema = reset;

create table schema_read_again (id integer) strict;
drop table schema_read_again;

-- As with failed ones: the few among ten million.
create index task_rejected on task (id) where state = 9;
