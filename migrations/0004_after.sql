-- What happens after a run: lists that people work off by hand, and what the account's own lists say of what was done.

-- A worklist that was made from a round. Its token stands in the page and in every file saved from it, so a file names its
-- queue, job and round exactly, and goes with the round when the job is forgotten.
create table worklist (
    id        integer primary key,
    token     text    not null unique,
    round_id  integer not null references round (id) on delete cascade,
    made_at   integer not null
) strict;
create index worklist_round on worklist (round_id);

-- The ticks of a worklist that were taken back. Each counts once, however often its file is loaded.
create table worklist_tick (
    worklist_id  integer not null references worklist (id) on delete cascade,
    task_id      integer not null,
    taken_at     integer not null,
    primary key (worklist_id, task_id)
) strict, without rowid;

-- What the newest reading of the account's list said of a task that is done.
create table verification (
    task_id      integer primary key,
    -- The end of the task that this speaks of: a task that was sent again since is unverified.
    finished_at  integer not null,
    verdict      text    not null check (verdict in ('confirmed', 'came_back', 'ghost')),
    -- When the reading began, or when the archive was made. Always later than `finished_at`.
    read_at      integer not null check (read_at > finished_at),
    -- The first reading that did not list it: what tells "came back" from "was never off".
    off_at       integer,
    check ((verdict = 'ghost') = (off_at is null))
) strict;
