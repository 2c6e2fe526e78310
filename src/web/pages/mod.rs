//! Pages, as HTML. In: what there is to show, read already. Out: text. What does not belong here: reading the queue, deciding
//! anything. Addresses are those of the routes; `mount` gives them the root. Every foreign text is escaped by maud, and made visible before that where a browser would obey it.

mod accounts;
mod chart;
mod checked;
mod job;
mod jobs;
mod labels;
mod layout;
mod log;
mod new;
mod now;
mod row;
mod rows;
mod schedules;
mod standalone;

pub(super) use accounts::{AccountLine, accounts};
pub(super) use checked::checked;
pub(super) use job::{JobPage, cancel, job};
pub(super) use jobs::{JobLine, jobs};
pub(super) use labels::encoded;
pub(super) use layout::{Frame, Pager, Theme};
pub(super) use log::log;
pub(super) use new::{KeptFile, NewForm, new};
pub(super) use now::{AccountNow, NowPage, now};
pub(super) use row::row;
pub(super) use rows::{RowsPage, rows};
pub(super) use schedules::{ScheduleCard, ScheduleState, SchedulesPage, Understood, remove_schedule, schedules};
pub(super) use standalone::{logged_out, login, no_entry, problem};
