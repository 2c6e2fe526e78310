-- What the server of this queue is doing, for whoever only looks: a drain's row cannot say so where there has been no drain yet. Nothing
-- here holds while nobody has the server's lock.
create table server (
    id       integer primary key check (id = 1),
    doing    text    not null check (doing in ('works', 'rests', 'needs_person')),
    -- It goes on then.
    until_at integer,
    -- What it needs a person for.
    why      text,
    check ((doing = 'rests') = (until_at is not null)),
    check ((doing = 'needs_person') = (why is not null))
) strict;

alter table drain drop column rests_until;
