-- Where to undo something is to delete a record of the account's own repository, a row names the subject (whom, which post) and the
-- platform wants the record's key. The keys are found by reading the repository's collections; here stands how far that has come, and
-- what was found.

-- The newest reading for an account and an action.
create table own_record_reading (
    account_id   integer not null references account (id) on delete cascade,
    action       integer not null check (action >= 1),
    -- Tasks up to this one were in line, or settled, when it began: what it does not find of them was not there. 0: it says nothing of
    -- any task any more, for a task came back into line since, or a record has changed.
    covers_to    integer not null,
    -- The newest attempt of then. A record that a later one has deleted was there when it began.
    after_attempt_id  integer not null,
    -- Which of the endpoint's collections is being read, and where its next page begins; null: at its beginning.
    collection   integer not null default 0,
    cursor       text,
    -- Entries read, of all collections.
    entries      integer not null default 0,
    begun_at     integer not null,
    -- Null: there are more pages.
    finished_at  integer,
    primary key (account_id, action)
) strict, without rowid;

-- A record of a subject that some task of the account and action names. A subject can have several.
create table own_record (
    -- Never used again: a request that is out may speak of one that has been forgotten since.
    id           integer primary key autoincrement,
    account_id   integer not null references account (id) on delete cascade,
    action       integer not null check (action >= 1),
    -- As in `task`: an integer where that is exact, else text.
    subject      any     not null,
    -- The place of its collection among the endpoint's: in this order the records of a subject are deleted.
    place        integer not null,
    collection   text    not null,
    key          text    not null,
    cid          text    not null,
    -- All of it, as JSON: what it takes to make it again. Foreign text.
    value        text    not null,
    -- The attempt that deleted it, or found it deleted; null: it is there, as far as is known. No foreign key, as everywhere at `attempt`.
    undone_by    integer
) strict;
-- What is left of a subject. A list that grows while it is read shows a record twice.
create unique index own_record_left on own_record (account_id, action, subject, place, key) where undone_by is null;
-- What has been deleted, for tasks of the same subject, and for whoever explains or forgets it.
create index own_record_undone on own_record (account_id, action, subject) where undone_by is not null;
