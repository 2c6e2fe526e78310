-- Requests that were out when a drain's process died, for whoever has to say which of them is to blame once more is known of that death; null: it
-- did not die, or nobody counted.
alter table drain add column in_flight integer;
