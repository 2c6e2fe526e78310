-- Of a request that is out: what the newest load of its row's file has said of the row meanwhile. It is spared (8, `task.state`) or cannot be
-- used (9), and why. The request is let finish; where it comes to nothing the row is not tried again. Of a request that has ended it says nothing.
alter table attempt add column withheld_as integer check (withheld_as in (8, 9));
alter table attempt add column withheld_for text;
