-- Browsers that have logged in to the dashboard with its password. Each keeps tries of its own, so that whoever guesses from thousands of
-- networks does not keep its owner out. What is here opens nothing: it is a digest, and the browser still needs the password.
create table login_device (
    -- SHA-256 of the cookie.
    digest     blob    not null primary key check (length(digest) = 32),
    issued_at  integer not null
) strict, without rowid;
