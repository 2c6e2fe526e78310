-- A job may restore what a round of another job has undone: it has no file, only `undo --apply` gives it rows, and its actions are
-- the inverse ones.

-- The round; null: the job is a file's. 0: the round was forgotten since.
alter table job add column restores_round integer;
