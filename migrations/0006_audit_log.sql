-- Who did what: one row for every command that steers a queue, from the command line or the dashboard. Requests are not in
-- it, they are attempts; neither is anything secret.
create table audit_log (
    id      integer primary key,
    at      integer not null,
    -- 'terminal', 'dashboard', 'schedule' or 'serve'; behind 'terminal' the user's number: 'terminal (uid 1000)'.
    actor   text    not null check (length(actor) between 1 and 100),
    -- load, pause, unpause, cancel, retry, forget, log-in, reload ...
    deed    text    not null check (length(deed) between 1 and 40),
    -- The job it was done to; a name and no key, for the job may be dropped later.
    job     text,
    -- In words, for people.
    detail  text    not null default '' check (length(detail) <= 1000)
) strict;

-- Failed tasks and those whose target is gone, so that looking for the few among ten million done ones does not read them
-- all. Nothing else moves a row in or out of it, so claiming and succeeding cost nothing more.
create index task_troubled on task (state, id) where state in (5, 6);
