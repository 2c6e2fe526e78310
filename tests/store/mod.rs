//! What a store promises, by its public face alone: every public method, on every kind of store there is (`stores`). Nothing here knows of a
//! table; a second store runs the very same tests.

mod accounts;
mod admin;
mod complete;
mod damage;
mod drains;
mod law;
mod lists;
mod load;
mod locks;
mod logins;
mod names;
mod queue;
mod read;
mod records;
mod schedules;
mod server;
mod sharing;
mod stores;
pub(crate) mod support;
mod transfer;
mod verification;
