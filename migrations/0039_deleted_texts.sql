-- Some servers hand back what a post said in the answer that deletes it: the last copy. It cannot be put back as it was, but it can be read
-- and written again.

-- What a task's deletion has handed back. Foreign text.
create table deleted_text (
    task_id  integer primary key,
    text     text not null
) strict;
