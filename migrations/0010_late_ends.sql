-- Attempts whose process died or slept in the middle of them count until somebody noticed, which may be long after their neighbours'
-- end. Windows are read from the first attempt that can still count, found by halving; these few stand out of that order.
create index attempt_late on attempt (id) where upper_tick - reserved_tick > 600000;
