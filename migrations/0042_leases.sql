-- Many drains of one queue, where it is on a server: which are alive, and which has which account. In a file there is one drain, which has
-- them all; its queue may be moved to a server and back.

-- The process: its number and host.
alter table drain add column holder text;
-- It is believed to live until then, by the server's clock; null: it is, or was, a drain of a file.
alter table drain add column alive_until integer;
-- The accounts for which it sends nothing more, as JSON.
alter table drain add column shuns text;
-- The newest drain that had begun when it was over; null: it is not over, or nothing worked beside it.
alter table drain add column last_beside integer;

-- The drain that sends for the account; null: none.
alter table account add column lease_drain_id integer;
-- Since when, by the server's clock.
alter table account add column lease_since integer;

-- Moves when a drain begins or ends, and when an account changes hands.
alter table queue add column leases integer not null default 0;
