-- What a job's keep list had on it, whenever it was read and was not what it had been before, since the job was last loaded. A process that has
-- not the list's file goes by all of these together.
create table keep_reading (
    job_id   integer not null references job (id) on delete cascade,
    -- SHA-256 of its entries in their order.
    digest   text    not null,
    -- A long list is in pieces.
    part     integer not null,
    -- Entries in the order of their bytes, one a line. An empty list is one piece without any.
    entries  text    not null,
    read_at  integer not null,
    primary key (job_id, digest, part)
) strict;

-- The hosts that have read the file of a job's keep list: where it cannot be read any more, nothing is sent.
create table keep_host (
    job_id   integer not null references job (id) on delete cascade,
    host     text    not null,
    path     text    not null,
    primary key (job_id, host)
) strict, without rowid;
