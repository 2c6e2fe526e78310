//! Pages, as HTML. In: what there is to show, read already. Out: text. What does not belong here: reading the queue, deciding
//! anything. Addresses are those of the routes; `mount` gives them the root. Every foreign text is escaped by maud, and made visible before that where a browser would obey it.

mod account;
mod accounts;
mod chart;
mod checked;
mod connect;
mod job;
mod job_after;
mod jobs;
mod labels;
mod layout;
mod list;
mod list_filters;
mod list_job;
mod list_page;
mod list_rows;
mod lists;
mod log;
mod new;
mod now;
mod row;
mod rows;
mod schedule_form;
mod schedules;
mod standalone;

pub(super) use account::{AccountPage, account, checked_account, log_out_account, remove_account};
pub(super) use accounts::{AccountLine, accounts};
pub(super) use checked::checked;
pub(super) use connect::{AttemptPage, ConnectPage, attempt, connect};
pub(super) use job::{JobPage, cancel, job};
pub(super) use job_after::{ByHandPage, UndoPage, VerifyPage, by_hand, forget, undo, verification};
pub(super) use jobs::{JobLine, jobs};
pub(super) use labels::encoded;
pub(super) use layout::{Frame, Pager, Theme};
pub(super) use list::{UnreadListPage, list, remove_list, unread_list};
pub(super) use list_job::{JobOfListPage, job_of_list};
pub(super) use list_page::ListPage;
pub(super) use lists::{ListLine, ListsPage, OfferPage, lists, offer_list};
pub(super) use log::log;
pub(super) use new::{KeptFile, NewForm, new};
pub(super) use now::{AccountNow, NowPage, now};
pub(super) use row::row;
pub(super) use rows::{RowsPage, rows};
pub(super) use schedule_form::{ScheduleForm, schedule_form};
pub(super) use schedules::{ScheduleCard, ScheduleState, SchedulesPage, Understood, remove_schedule, schedules};
pub(super) use standalone::{logged_out, login, no_entry, problem};
