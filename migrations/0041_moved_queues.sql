-- A queue that has been moved to another database is worked on there: here it would be sent once more.

-- Where to; null: it is here.
alter table queue add column moved_to text;
-- Which move; the queue that it has gone to has the same under `came_by`.
alter table queue add column move_id text;
-- When it ended; null: it has begun, and whether anything has arrived says the other queue.
alter table queue add column moved_at integer;
-- Where a move is taking a queue from that is to be here; null: nothing is on its way.
alter table queue add column awaited_from text;
-- The move by which it came; null: it has begun here.
alter table queue add column came_by text;
