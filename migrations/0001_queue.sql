-- The queue: what people asked for (jobs, rounds, loads, tasks), what we sent (drains, attempts), and whom it was sent for
-- (accounts). One SQLite file, WAL, synchronous FULL; one writer at a time drains it.
--
-- Three habits of this schema:
--   * Times come in pairs. `..._tick` is boot-time in milliseconds: it measures, counts suspend, and is comparable only within
--     one boot. `..._at` is the wall clock in milliseconds since 1970: it tells people what o'clock it was, and may jump.
--   * Numbers stand for words where a table grows long: actions 1 to 7 and states 0 to 8 are the codes of src/domain.
--   * No foreign key leaves `task` or `attempt`: ten million rows would look up the same parent ten million times. `doctor`
--     checks what the keys would.

-- What this file is. A queue of the pretend platform must never be mistaken for a real one.
create table queue (
    id          integer primary key check (id = 1),
    kind        text    not null check (kind in ('real', 'sandbox')),
    -- Counts the commands from outside a drain (load, pause, retry, ...): a drain that sees it move looks again.
    generation  integer not null default 0
) strict;

-- A user of a platform.
create table account (
    id            integer primary key,
    name          text    not null unique,
    platform      text    not null check (platform in ('x-v2', 'x-v1', 'aisa', 'sandbox')),
    user_id       text    not null,
    -- Nothing is sent before the hold ends: the platform said so. Saved with the answer that said it, so that a restart
    -- does not knock. `hold_length_ms` bounds it when the clocks of another boot have to be compared.
    hold_until_tick integer,
    hold_until_at   integer,
    hold_length_ms  integer,
    hold_drain_id   integer references drain (id),
    hold_reason     text,
    -- How many hidden caps in a row: 0 none, then 15 min, 1 h, 4 h, 24 h.
    hold_rung       integer not null default 0 check (hold_rung between 0 and 4),
    -- Why the account needs a person, since its last drain; null: it does not.
    trouble         text,
    unique (platform, user_id),
    check ((hold_until_tick is null) = (hold_until_at is null)),
    check ((hold_until_tick is null) = (hold_reason is null))
) strict;

-- A job is a CSV file under a name. Path, default action and default account are fixed when it is first loaded.
create table job (
    id          integer primary key,
    name        text    not null unique,
    path        text    not null,
    action      integer check (action between 1 and 7),
    account_id  integer references account (id),
    state       text    not null default 'active' check (state in ('active', 'paused', 'cancelled')),
    created_at  integer not null
) strict;

-- Every `--again` begins another round of a job over the file's rows; the receipts of earlier rounds stay.
create table round (
    id          integer primary key,
    job_id      integer not null references job (id),
    number      integer not null check (number >= 1),
    -- The names of the file's columns, a JSON array; null: the file has no header.
    columns     text,
    -- The rows of the file as last loaded, and those of them that made no task.
    rows        integer not null default 0,
    duplicates  integer not null default 0,
    rejected    integer not null default 0,
    -- What became of the round's tasks. `pending` counts all that are not settled. Kept in the transaction that settles,
    -- so that telling the state of ten million rows reads one.
    pending     integer not null default 0 check (pending >= 0),
    done        integer not null default 0 check (done >= 0),
    gone        integer not null default 0 check (gone >= 0),
    failed      integer not null default 0 check (failed >= 0),
    cancelled   integer not null default 0 check (cancelled >= 0),
    kept        integer not null default 0 check (kept >= 0),
    -- Tasks up to this ID are part of the round; what lies above belongs to a load that has not finished.
    visible_to  integer not null default 0,
    -- A load died while it was writing what had changed: `row_run` may not name every task that is back in line, so the next
    -- load looks at all of them.
    torn        integer not null default 0 check (torn in (0, 1)),
    unique (job_id, number)
) strict;

-- One reading of the file into a round. Loads take turns, so the IDs of a load's tasks are one unbroken range.
create table load (
    id             integer primary key,
    round_id       integer not null references round (id),
    first_task_id  integer not null,
    last_task_id   integer,
    -- SHA-256 of the file and of what else decides (keep list, options): "unchanged" is told by content, never by time.
    content_hash   text    not null,
    started_at     integer not null,
    -- Null: not finished; its tasks are invisible, and the next load sweeps them away.
    finished_at    integer
) strict;
create index load_round on load (round_id);

-- One action of one account in one round: the line in which tasks stand.
create table lane (
    id          integer primary key,
    round_id    integer not null references round (id),
    action      integer not null check (action between 1 and 7),
    account_id  integer not null references account (id),
    unique (round_id, action, account_id)
) strict;

-- One action on one target by one account. Ids ascend in the order of the rows.
--
--   0 pending   1 sending   2 waiting   3 provisional  |  4 done   5 gone   6 failed   7 cancelled   8 kept
--   ---------------- not settled --------------------  |  ----------------- settled ---------------------
create table task (
    id                integer primary key,
    lane_id           integer not null,
    -- Where its row stood in the load that made it; `row_run` says where it stands since.
    line              integer not null,
    -- An integer where that is exact, text for handles and for IDs with leading zeros or beyond 64 bits.
    target            any     not null,
    state             integer not null default 0 check (state between 0 and 8),
    -- Attempts made; the last one begins a chain back through `attempt.previous_id`.
    attempts          integer not null default 0,
    last_attempt_id   integer,
    -- Answers that were the world's fault or could not be read, and the attempt of the first of them.
    troubles          integer not null default 0,
    first_trouble_id  integer,
    -- An attempt may have had its effect without our seeing the answer.
    unsure            integer not null default 0 check (unsure in (0, 1)),
    -- Attempts in the middle of which the process died.
    crashes           integer not null default 0,
    -- The row is no longer in the file.
    vanished          integer not null default 0 check (vanished in (0, 1)),
    reason            text,
    http_status       integer,
    finished_at       integer,
    check ((state >= 4) = (finished_at is not null)),
    check (state not in (1, 2, 3) or last_attempt_id is not null)
) strict;
-- Only tasks in line are here, so claiming does not slow down as a job is finished.
create index task_pending on task (lane_id, id) where state = 0;
-- The few that stand aside, for a start.
create index task_parked on task (id) where state in (2, 3);
-- Those whose row is gone, for the end of a report and the next load.
create index task_vanished on task (id) where vanished = 1;

-- Where the rows of a load that was not the round's first stand in the file: from `line` on, so many rows one line apart are
-- the tasks from `task_id` on, one ID apart. A few runs say what would otherwise have to be written into every task whose
-- row moved up or down a line. The first load has none: the lines of its tasks are their own.
create table row_run (
    load_id  integer not null,
    line     integer not null,
    task_id  integer not null,
    rows     integer not null check (rows >= 1),
    primary key (load_id, line)
) strict, without rowid;

-- Guards that a target stands once in a lane. A table of its own, filled in sorted order, because a unique index on a random
-- column of `task` would cost three quarters of the loading speed, and one that named `state` would be rewritten each claim.
create table task_key (
    lane_id  integer not null,
    target   any     not null,
    task_id  integer not null,
    primary key (lane_id, target)
) strict, without rowid;

-- The row's cells as they stood in the file (one CSV record), where they say more than the target does.
create table task_cells (
    task_id  integer primary key,
    record   text    not null
) strict;

-- Rows that made no task: unusable ones, and repeats of an earlier row. They belong to one load and go with it.
create table row_without_task (
    load_id   integer not null,
    line      integer not null,
    -- 'duplicate' or 'rejected'
    outcome   text    not null check (outcome in ('duplicate', 'rejected')),
    reason    text    not null,
    -- For a duplicate: the task it repeats.
    task_id   integer,
    record    text,
    primary key (load_id, line)
) strict, without rowid;

-- One process working on the queue, from start to end. Its ID is the fence: every write of a drain carries it, and the writes
-- of a drain that is no longer the newest are refused.
create table drain (
    id             integer primary key,
    boot           text    not null,
    started_tick   integer not null,
    started_at     integer not null,
    -- Whether the wall clock was seen to agree with the platform's within 60 s. Only then may a later boot trust it.
    clock_checked  integer not null default 0 check (clock_checked in (0, 1)),
    ended_at       integer,
    stopped        text
) strict;

-- One request, and the slot it takes in its account's windows. Written before the request leaves; never changed after its end.
create table attempt (
    id             integer primary key,
    account_id     integer not null,
    task_id        integer not null,
    previous_id    integer,
    drain_id       integer not null,
    action         integer not null check (action between 1 and 7),
    reserved_tick  integer not null,
    reserved_at    integer not null,
    -- The latest moment at which the platform can have counted the request: until its end is known, reservation + deadline +
    -- grace; then the moment the answer arrived.
    upper_tick     integer not null,
    -- Null while open.
    ended_at       integer,
    http_status    integer,
    finding        text,
    reason         text,
    detail         text,
    check (upper_tick >= reserved_tick)
) strict;
create index attempt_open on attempt (id) where ended_at is null;
create index attempt_account on attempt (account_id, id);
