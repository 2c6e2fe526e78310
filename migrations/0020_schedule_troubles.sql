-- A firing that met trouble which may pass (no answer from the platform, the disk, a file that is not there yet) is tried again while
-- its hours last.

-- Not tried again before this; null: nothing is in the way.
alter table firing add column retry_at integer;
-- Tries in a row that met trouble.
alter table firing add column troubles integer not null default 0 check (troubles >= 0);
-- The trouble that was told last, in one word; null: none was.
alter table firing add column trouble text;
-- What its runs have cost, in millionths of a dollar: the bounds of a night are those of all its runs together.
alter table firing add column spent_microusd integer not null default 0 check (spent_microusd >= 0);
