//! Accounts against a local authorization server: login, refresh, crashes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod killed;
mod login;
mod other_logins;
#[path = "../common/port.rs"]
mod port;
mod refresh;
mod secrets;
