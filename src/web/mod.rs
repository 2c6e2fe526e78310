//! The dashboard, its JSON and its metrics: what the queue holds, shown to a person with a browser, and what that person tells
//! it to do.
//!
//! In: HTTP requests, events of the engine, the queue. Out: pages, JSON, metrics; commands to the queue, exactly those of the
//! command line. What does not belong here: draining (the engine does not know this room), SQL, terminals.
//!
//! ```text
//!   request -> server (bounds) -> mount (path) -> guard (Host, Origin, session) -> handlers -> store -> pages -> headers -> response
//! ```
//! Pages are whole without JavaScript; the one small script asks for the page again when the stream of events says that
//! something has changed, and puts the parts marked `data-live` in place.

pub mod access;
mod account_deeds;
mod acting;
mod actions;
mod address;
mod api;
mod auth_routes;
mod background;
mod connect;
mod connections;
mod event_counters;
mod events;
mod job_deeds;
mod lists;
mod metrics;
mod middleware;
mod mount;
mod pages;
mod paging;
mod problem;
mod reports;
mod root;
mod routes;
mod row_views;
mod schedule_forms;
mod schedules;
mod server;
mod state;
mod stream;
mod typed_schedule;
mod uploads;
mod views;

pub use event_counters::EventCounters;
pub use root::Root;
pub use routes::router;
pub use server::{Server, ServerError};
pub use state::{LoginMethod, Setup, Web};
