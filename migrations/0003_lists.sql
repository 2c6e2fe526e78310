-- Lists read from platforms, what is known of users and posts, and who stands behind a handle.

-- What is known of a user or a post: from lists read, and from handles resolved. Kept so that people can be told later whom
-- an ID was. X API v2, v1.1 and AIsa share their IDs, so `platform` says whose IDs they are and not which API told.
create table known_target (
    platform  text    not null check (platform in ('x', 'sandbox')),
    kind      text    not null check (kind in ('user', 'post')),
    -- As in `task`: an integer where that is exact, else text.
    target    any     not null,
    -- A user's handle, in lower case without its @; of a post, its author's.
    handle    text,
    -- A user's display name; of a post, its author's. Foreign text.
    name      text,
    -- A user's description, or a post's text; at most 1,000 characters of it. Foreign text.
    text      text,
    seen_at   integer not null,
    primary key (platform, kind, target)
) strict, without rowid;

-- Who stood behind a handle when the platform was asked. A handle can change hands, so `asked_at` says when that was.
create table handle_resolution (
    platform  text    not null check (platform in ('x', 'sandbox')),
    -- In lower case, without its @.
    handle    text    not null,
    target    any,
    -- Why there is nobody: 'not_found', 'suspended' ...
    reason    text,
    asked_at  integer not null,
    primary key (platform, handle),
    check ((target is null) = (reason is not null))
) strict, without rowid;
-- A keep list of IDs spares rows by handle, and the other way round.
create index handle_of_target on handle_resolution (platform, target) where target is not null;

-- A list of an account, being read page by page. At most one reading of a list at a time; it goes when its file is written.
create table reading (
    id           integer primary key,
    account_id   integer not null references account (id) on delete cascade,
    list         text    not null
                 check (list in ('following', 'followers', 'likes', 'posts', 'mutes', 'blocks', 'bookmarks')),
    started_at   integer not null,
    -- Where the next page begins, in the platform's words; null before the first page.
    cursor       text,
    pages        integer not null default 0,
    entries      integer not null default 0,
    -- Entries the platform has handed over, repeats counted: what costs.
    resources    integer not null default 0,
    -- Null: there are more pages.
    finished_at  integer,
    unique (account_id, list)
) strict;

create table reading_entry (
    reading_id  integer not null references reading (id) on delete cascade,
    -- In the platform's order.
    position    integer not null,
    target      any     not null,
    -- What the platform told of it, as JSON.
    facts       text    not null,
    primary key (reading_id, position)
) strict, without rowid;
-- A list that grows while it is read shows an entry twice.
create unique index reading_entry_target on reading_entry (reading_id, target);

-- One request that reads, and the slot it takes in the windows of its endpoint. Written before the request leaves.
create table read_request (
    id             integer primary key,
    account_id     integer not null,
    -- Accounts of one app share the app's windows.
    app            text    not null,
    endpoint       text    not null,
    boot           text    not null,
    reserved_tick  integer not null,
    reserved_at    integer not null,
    -- The latest moment at which the platform can have counted it; as in `attempt`.
    upper_tick     integer not null,
    -- Null while open.
    ended_at       integer,
    http_status    integer,
    finding        text,
    detail         text,
    resources      integer not null default 0,
    check (upper_tick >= reserved_tick)
) strict;
create index read_request_slot on read_request (endpoint, upper_tick);

-- Nothing more is asked of an endpoint for an account before this ends: the platform said so.
create table read_hold (
    account_id  integer not null references account (id) on delete cascade,
    endpoint    text    not null,
    boot        text    not null,
    until_tick  integer not null,
    until_at    integer not null,
    length_ms   integer not null,
    reason      text    not null,
    -- How many hidden caps in a row; as in `account`.
    rung        integer not null check (rung between 0 and 4),
    primary key (account_id, endpoint)
) strict, without rowid;
