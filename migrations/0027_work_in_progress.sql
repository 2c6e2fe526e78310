-- What a drain works on and within which bounds. Other processes tell from it which jobs are worked on, and for how long.

-- IDs of jobs as a JSON array; null: every job that has rows left.
alter table drain add column jobs text;
-- Nothing is sent after this; null: until the work is done.
alter table drain add column sends_until integer;
-- The drain ends after so many requests, or so much money, whatever is left then.
alter table drain add column is_capped integer not null default 0 check (is_capped in (0, 1));
-- The server that ran this drain rests, and begins the next one then; null: it does not rest.
alter table drain add column rests_until integer;
