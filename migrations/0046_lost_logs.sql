-- 1 in the file itself while a drain is at work, and 0 in its write-ahead log: whoever reads 1 has a file without its log.
alter table queue add column log_open integer not null default 0 check (log_open in (0, 1));
-- The drain found, when it began, that a log was gone.
alter table drain add column log_lost integer not null default 0 check (log_lost in (0, 1));
