-- A schedule may begin with a list of the account's, read anew each time: the words after `cleanup list`, a JSON array. Null: its
-- files are there already.
alter table schedule add column list_words text;
