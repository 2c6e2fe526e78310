//! Puts the rooms together: files into the queue, accounts to credentials, a drain with everything it stands on.
//!
//! In: options as the command line meant them. Out: what was loaded, how a drain ended, a [`Failure`] with words for people.
//! What does not belong here: talking to a terminal (`cli`), SQL (`store`), deciding anything about a request (`engine`).

mod accounts;
mod draining;
mod failure;
mod loading;

pub use accounts::{Accounts, EnvironmentCredentials, SandboxAccounts, Who};
pub use draining::{DrainOptions, Ended, Rates, drain, exit_code, windows_for};
pub use failure::{Failure, Kind};
pub use loading::{FileOptions, LoadOptions, Loaded, Prepared, Standing, load, prepare, stand};
