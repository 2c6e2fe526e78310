-- The file of a job's keep list, absolute, as it was last loaded: it is looked at again before anything of the job is sent. Null:
-- the job has none, or one that cannot be read twice (a pipe).
alter table job add column keep_path text;
