-- The column of the targets as it was named by hand (`--column`) when the job was first loaded; null: it was not.
alter table job add column target_column text;
-- The host on which `path` was last read. Null: not known. Only there does a path that is gone mean that the file has moved.
alter table job add column host text;
