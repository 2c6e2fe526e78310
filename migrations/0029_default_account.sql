-- The account that acts where nobody names one: `cleanup account default NAME`. At most one of a queue is it.
alter table account add column is_default integer not null default 0 check (is_default in (0, 1));
create unique index account_default on account (is_default) where is_default = 1;
