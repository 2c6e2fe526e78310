-- Rows may name their targets: by handles, addresses, links. Such a task stands in line under its name, as text that begins with `@`, until a
-- drain has asked the platform which ID that is. From then on its target is the ID.

-- Whom a name meant when the platform was asked. What used to be known of handles alone, of X. A name can change hands, so `asked_at` says
-- when that was.
create table name_resolution (
    -- Whose IDs they are, and where those are a host's own, the host.
    platform      text    not null,
    host          text    not null default '',
    -- Without its `@`.
    name          text    not null,
    target        any,
    -- The same once more: where the two differ the platform is asked again.
    target_again  any,
    -- Why there is nobody: 'not_found', 'suspended' ...
    reason        text,
    asked_at      integer not null,
    primary key (platform, host, name),
    check ((target is null) = (reason is not null))
) strict, without rowid;

insert into name_resolution (platform, name, target, target_again, reason, asked_at)
select platform, handle, target, target_again, reason, asked_at from handle_resolution;

drop table handle_resolution;

-- What the row of a task calls its target, where a drain has found out which one that is.
create table task_name (
    task_id   integer primary key,
    -- As it stood in `task.target`, with its `@`.
    name      text    not null,
    found_at  integer not null
) strict;
create index task_name_name on task_name (name);
