//! Accounts against a local authorization server: login, refresh, crashes.

mod bench;
mod bound;
mod killed;
mod login;
mod logout;
mod other_logins;
mod refresh;
mod secrets;
