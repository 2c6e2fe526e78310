-- Tasks that went back to the queue when five refusals in a row stopped their endpoint stand aside (state 2): they are asked for again
-- after everything else of their endpoint, so that whoever runs a job every night reaches the rows behind them. Read in state 2 only.
alter table task add column asked_last integer not null default 0;
