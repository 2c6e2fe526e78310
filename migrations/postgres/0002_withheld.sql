-- As migrations/0055_withheld.sql.
alter table attempt add column withheld_as bigint check (withheld_as in (8, 9));
alter table attempt add column withheld_for text collate "C";
