-- Whether the platform answered a drain at all. A process that dies before any answer dies of its start, and that says nothing about
-- the tasks which were in flight; `task.crashes` counts only deaths that do (src/domain/crash.rs).
alter table drain add column answered integer not null default 0 check (answered in (0, 1));
