-- 1: the run has loaded its files; whoever goes on with it where they are not goes on with what is in the queue.
alter table firing add column loaded integer not null default 0 check (loaded in (0, 1));
