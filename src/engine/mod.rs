//! The engine: one dispatcher that turns answers and due accounts into turns of the queue, and workers that carry requests.
//!
//! In: a queue whose lock is held, credentials, bounds. Out: events, and how it ended. What does not belong here: SQL, HTTP,
//! what an answer means, counting slots, and showing anything to anybody.
//!
//! ```text
//!   arrivals --> settling --+                       +--> events (told after the commit)
//!                           +--> store: one turn ---+
//!   due accounts -> claiming+      (commit)         +--> carriers --> arrivals
//! ```

mod account;
mod account_effects;
mod asked_last;
mod attempt;
mod budget;
mod claiming;
mod consequences;
mod crash_queue;
mod crashes;
mod dispatcher;
mod ending;
mod event;
mod guard;
mod heed;
mod news;
mod outage;
mod outage_hold;
mod refusal_breaker;
mod refusals;
mod restoring;
mod retry;
mod settings;
mod settling;
mod shutdown;
mod silence;
mod tokens;
mod verdict;
mod wire;

pub use consequences::{Blame, Consequences, Health, Proof, consequences_of};
pub use dispatcher::{Means, run};
pub use event::{Event, Finish, Listener, Progress, Signal, Stopped, WindowLevel};
pub use guard::{Guard, LostList};
pub use retry::backoff_after;
pub use settings::{Access, Settings, Source};
pub use shutdown::{Shutdown, ShutdownSender, Urgency, shutdown};
