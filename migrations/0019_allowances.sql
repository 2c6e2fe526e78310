-- What answers said is left of a window of the platform's, where that is less than our own windows allow: a limit that only successes
-- tell of. Saved with the answer that said so, so that the process after a restart does not send into a window that is used up.

-- Of an action.
create table endpoint_allowance (
    account_id        integer not null references account (id) on delete cascade,
    action            integer not null check (action between 1 and 7),
    -- Whether it is the window of 24 hours.
    day               integer not null check (day in (0, 1)),
    -- Requests that may follow the attempt below, before the end.
    remaining         integer not null check (remaining >= 0),
    -- The newest attempt that `remaining` knows of: later ones of this account and action have used it up by one each.
    after_attempt_id  integer not null,
    -- Its end; as for the hold of an account.
    until_tick        integer not null,
    until_at          integer not null,
    length_ms         integer not null,
    drain_id          integer not null references drain (id),
    primary key (account_id, action, day)
) strict, without rowid;

-- Of an endpoint that reads.
create table read_allowance (
    account_id        integer not null references account (id) on delete cascade,
    endpoint          text    not null,
    day               integer not null check (day in (0, 1)),
    remaining         integer not null check (remaining >= 0),
    -- The newest request that `remaining` knows of.
    after_request_id  integer not null,
    boot              text    not null,
    until_tick        integer not null,
    until_at          integer not null,
    length_ms         integer not null,
    primary key (account_id, endpoint, day)
) strict, without rowid;
