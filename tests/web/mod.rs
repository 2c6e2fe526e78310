//! The dashboard on the real server with the sandbox behind it: a person's way through it in a browser, what others get, and what
//! ten thousand hostile requests do.
//!
//! `vendor/axe.min.js` is axe-core 4.14.1 as published (npm package axe-core, MPL-2.0, see the licence beside it): unchanged,
//! and used by these tests alone.

mod access;
mod afterwards;
pub(crate) mod browser;
mod connecting;
mod crowd;
mod every_page;
mod hostile;
mod looking;
mod metrics;
mod password;
pub(crate) mod person;
mod places;
mod schedules;
mod schedules_beside;
pub(crate) mod served;
mod uploads;
mod uploads_queued;
mod whole_way;
