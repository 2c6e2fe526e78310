-- An endpoint that gives an account no good answer (5xx, no answer, answers that cannot be read): since when, and when the next
-- request may leave. Saved with the answer that said so, so that the process after a restart knows it too; gone as soon as the
-- endpoint serves somebody.
create table endpoint_outage (
    account_id    integer not null references account (id) on delete cascade,
    action        integer not null check (action between 1 and 7),
    -- When the first failed request ended, by the wall clock.
    since_at      integer not null,
    -- Requests in a row that failed.
    failures      integer not null check (failures > 0),
    -- Pauses so far; they grow.
    pauses        integer not null check (pauses >= 0),
    -- Whether a task fails in it that has not failed before while others were served. While one does, no failed try counts.
    newcomers     integer not null check (newcomers in (0, 1)),
    -- Nothing is sent before; as for the hold of an account.
    until_tick    integer not null,
    until_at      integer not null,
    length_ms     integer not null,
    drain_id      integer not null references drain (id),
    -- What the last failed request came to. Foreign text.
    detail        text    not null,
    primary key (account_id, action)
) strict, without rowid;

-- `task.troubles` was the number of failed tries, and tries in an outage were among them; now it is the number of those that count
-- against the task. Nobody can say any more which of the old ones were made in an outage. `task.first_trouble_id` is not used any
-- more; it stays, because dropping a column would write the whole table anew.
update task set troubles = 1 where state < 4 and troubles > 1;
