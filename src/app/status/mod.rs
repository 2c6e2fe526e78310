//! Where jobs and accounts stand: numbers, limits, when it will be done, what it costs, and what an account waits for.
//!
//! In: a queue and settings. Out: numbers and the sentences that go with them, for the terminal, the JSON and the dashboard.
//! What does not belong here: changing anything.

mod account_status;
mod account_trouble;
mod activity_text;
mod cost;
mod counts;
mod endpoint_state;
pub mod estimate;
mod job_eta;
mod json;
mod processes;
mod queue;
mod schedule_waits;
mod usage;

pub use account_status::{AccountStatus, next_slot};
pub use account_trouble::{TroubledAccount, hold_text, only, only_unfinished, reason_of};
pub use activity_text::{activity_label, activity_sentence};
pub use cost::{Cost, cost_of, length_per_endpoint};
pub use counts::{JobCounts, RowCounts};
pub use endpoint_state::{EndpointAllowance, EndpointOutage, EndpointStates, endpoint_states};
pub use job_eta::Eta;
pub use json::seconds;
pub use processes::ProcessAtWork;
pub use queue::{JobActivity, QueueStatus, StatusQuery};
pub use usage::{hold_ends, slots_needed, window_usage};
