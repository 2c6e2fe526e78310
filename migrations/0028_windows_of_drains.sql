-- The windows within which a drain sent, so that an audit judges its requests by the limits of that time and not by those of today:
-- {"x-v2": [["account", "50/15m", null], ["app", "500/24h", "unfollow"]]}, of the platforms that had accounts. They are the same for as
-- long as a drain lives. Null: it is of an earlier version, or sent nothing.
alter table drain add column windows text;
