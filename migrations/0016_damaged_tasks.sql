-- Tasks that are not what the file said when it was loaded: what their row says and what `task_key` says differ, for a bit has flipped in
-- one of them. Nothing is claimed while one is at the head of its lane; the next load of the file says which of the two is right.
create table damaged_task (
    task_id   integer primary key,
    found_at  integer not null
) strict;

-- What a handle was found to be, once more: where the two differ the platform is asked again.
alter table handle_resolution add column target_again any;
update handle_resolution set target_again = target where target is not null;
