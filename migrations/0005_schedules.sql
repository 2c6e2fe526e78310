-- What is to be run again and again, and what became of each time.

-- A schedule: a recurrence by the clock of a zone, and the words of the `cleanup run` that it stands for.
create table schedule (
    id           integer primary key,
    name         text    not null unique,
    -- Five fields: minute, hour, day of month, month, day of week.
    cron         text    not null,
    -- A name of the IANA time zone database.
    zone         text    not null,
    -- The hours of a night: until this time of day in the zone, or for so long, or (both null) until the work is done.
    until_time   text,
    for_ms       integer check (for_ms > 0),
    -- A start is put off by up to so long. By how much follows from the seed and the slot, so a restart rolls no dice again.
    jitter_ms    integer not null default 0 check (jitter_ms >= 0),
    jitter_seed  integer not null,
    -- The words after `cleanup run`, a JSON array.
    words        text    not null,
    created_at   integer not null,
    -- Slots up to here have been dealt with: fired, skipped or missed. It only grows.
    settled_to   integer not null,
    check (until_time is null or for_ms is null)
) strict;

-- What became of a slot: one row each, written before anything is run. A row that is still 'running' while nobody works on
-- schedules belongs to a process that died, and is gone on with, not begun again.
create table firing (
    id           integer primary key,
    schedule_id  integer not null references schedule (id) on delete cascade,
    -- When the clock of the zone first showed the slot, in milliseconds since 1970; for one that somebody asked for, when.
    slot_at      integer not null,
    asked_for    integer not null default 0 check (asked_for in (0, 1)),
    state        text    not null check (state in ('running', 'ended', 'skipped', 'missed')),
    -- Earlier slots that nobody was there for, which this one makes up for.
    missed       integer not null default 0 check (missed >= 0),
    began_at     integer,
    -- Nothing is sent after this; null: the run ends when it is done.
    ends_by      integer,
    -- Processes that have worked on it.
    runs         integer not null default 0 check (runs >= 0),
    ended_at     integer,
    -- How the last run ended: its exit code, why it stopped, and the requests it sent.
    exit_code    integer,
    stopped      text,
    requests     integer,
    unique (schedule_id, slot_at),
    check ((state = 'ended') = (ended_at is not null)),
    check ((state in ('running', 'ended')) = (began_at is not null))
) strict;
create index firing_running on firing (id) where state = 'running';
