-- Which slots may still count depends on what they were for: most actions have a window of minutes, and a few one of a day beside it.
-- The index tells a day's requests apart without a look at their rows.
drop index attempt_account;
create index attempt_account on attempt (account_id, id, action);
