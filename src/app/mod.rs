//! Puts the rooms together: files into the queue, accounts to credentials, a drain with everything it stands on.
//!
//! In: options as the command line meant them. Out: what was loaded, how a drain ended, errors with words for people.
//! What does not belong here: talking to a terminal (`cli`), SQL (`store`), deciding anything about a request (`engine`).

mod accounts;
mod draining;
mod loading;

pub use accounts::{Accounts, SandboxAccounts, Who};
pub use draining::{DrainOptions, Ended, Footing, drain, exit_code};
pub use loading::{FileOptions, Keep, LoadOptions, Loaded, Prepared, Standing, load, prepare, stand};
