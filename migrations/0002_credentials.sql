-- What proves who asks, sealed. The key is not here: it comes from CLEANUP_KEY or from a key file beside the queue.
-- Nothing in these tables is a secret in clear: tokens, keys and their secrets are inside `sealed`.

-- How the key is made and how a wrong one is told. One row, made with the first credential.
create table vault (
    id           integer primary key check (id = 1),
    key_source   text    not null check (key_source in ('passphrase', 'key_file')),
    -- Argon2id's salt and costs, for a passphrase. They stand here so that better costs later do not lock anybody out.
    salt         blob,
    memory_kib   integer,
    passes       integer,
    -- A known text, sealed: it opens under the right key only.
    check_text   blob    not null,
    check ((key_source = 'passphrase') = (salt is not null and memory_kib is not null and passes is not null))
) strict;

-- The credentials of an account. At most one set: a new login replaces the old one.
create table credential (
    account_id   integer primary key references account (id) on delete cascade,
    kind         text    not null check (kind in ('oauth2', 'oauth1', 'aisa')),
    -- Version, nonce, ciphertext and tag. Platform and user are authenticated with it: a record moved to another account
    -- does not open there.
    sealed       blob    not null,
    -- What the platform granted, separated by spaces; null where scopes do not exist.
    scopes       text,
    -- When the access token ends, and how long it lived when it was given: the refresh runs ahead by a share of that.
    expires_at   integer,
    lifetime_ms  integer,
    -- The app they were given to, by its public ID. A confidential app also needs its secret, which the configuration has.
    client_id    text,
    confidential integer not null default 0 check (confidential in (0, 1)),
    -- Moves with every new set. A refresh that began with an older set may not write over a newer one.
    generation   integer not null,
    -- The refresh token of this generation may have been sent so many times; saved before it is sent. One that may have been
    -- used up is tried once more (the process may have died before the new pair was saved) and never a third time.
    refresh_started_at  integer,
    refresh_tries       integer not null default 0 check (refresh_tries between 0 and 2),
    -- Why this account needs a person to log in; null: it does not.
    login_needed text,
    saved_at     integer not null,
    check ((refresh_started_at is null) = (refresh_tries = 0)),
    check ((expires_at is null) = (lifetime_ms is null))
) strict;
