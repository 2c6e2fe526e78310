//! The engine: one dispatcher that turns answers and due accounts into turns of the queue, and workers that carry requests.
//!
//! In: a queue whose lock is held, credentials, bounds. Out: events, and how it ended. What does not belong here: SQL, HTTP,
//! what an answer means, counting slots, and showing anything to anybody.
//!
//! ```text
//!   messages --> settling --+                       +--> events (told after the commit)
//!                           +--> store: one turn ---+
//!   due accounts -> claiming+      (commit)         +--> sending -> workers --> messages
//! ```
//!
//! | what | who owns it and changes it |
//! |---|---|
//! | the loop, the clock, the queue, signals | `dispatcher` |
//! | accounts, lanes, who is next, when to look at whom | `roster`, with `account`, `crash_queue`, `asked_last`; `requeue` puts tasks back in line |
//! | requests in flight and ready | `workers`, with `request_worker`, `worker_tasks`, `in_flight_limit`, `circuit_breaker`, `prefetch` |
//! | endpoints that fail | `outages` (law: `outage`) and `refusals` (law: `refusal_breaker`) |
//! | limits beyond one account, what is on record of them | `limit_records`; `holds` writes what answers say |
//! | deadlines, requests and money of jobs that share them | `job_groups`, with `budget` |
//! | tokens; apps' first requests; accounts that need a person; silence | `tokens`, `app_probes`, `account_troubles`, `silence` |
//! | keep lists | `send_guard` |
//! | what is read before tasks can be sent | `readings`, with `endpoint_reader` and `reading_troubles`: `names` of targets, and `own_records` that tasks delete (`steps`); `lookahead` meets names and gives each task its record |
//! | other processes' changes | `change_watcher` |
//! | which accounts this drain has, where others drain the same queue | `account_sharing`; `share_accounts` makes them begin anew, and leaves no trace of those that go |
//! | why and when it ends | `run_end` |
//! | who listens | `reporter` |
//!
//! The steps of a pass (`interrupts`, `settling`, `claiming`, `sending`, `ending`) own nothing: each is given the parts of the `state` that
//! it may touch. What an answer means is the table in `consequences`; `verdict` adds a task's history.

mod account;
mod account_sharing;
mod account_troubles;
mod app_probes;
mod asked_last;
mod budget;
mod change_watcher;
mod circuit_breaker;
mod claiming;
mod consequences;
mod crash_queue;
mod deps;
mod dispatcher;
mod ending;
mod endpoint_reader;
mod event;
mod finish;
mod holds;
mod in_flight_limit;
mod interrupts;
mod job_groups;
mod limit_records;
mod lookahead;
mod names;
mod outage;
mod outages;
mod own_records;
mod patience;
mod prefetch;
mod reading_troubles;
mod readings;
mod refusal_breaker;
mod refusals;
mod reporter;
mod request_worker;
mod requeue;
mod roster;
mod run_end;
mod send_guard;
mod sending;
mod settings;
mod settling;
mod share_accounts;
mod shutdown;
mod silence;
mod state;
mod steps;
mod suspend;
mod tokens;
mod turn_draft;
mod verdict;
mod worker_tasks;
mod workers;

pub use budget::LookupBounds;
pub use consequences::{Blame, Consequences, Health, Proof, consequences_of};
pub use deps::EngineDeps;
pub use dispatcher::run;
pub use endpoint_reader::{
    EndpointReader, LookBack, NamesRead, ReadingEnd, ReadingQuery, ReadingReport, ReadingWanted,
};
pub use event::{Event, Listener, Progress, WindowLevel};
pub use finish::{Finish, GroupEnd, Signal, Stopped};
pub use holds::cap_of;
pub use patience::Patience;
pub use refusal_breaker::REFUSALS_TO_TRIP;
pub use send_guard::{Guard, Guarded, GuardedLane, GuardedTask, KeepExchange, LostList};
pub use settings::{Access, CredentialSource, EngineSettings, JobGroup, JobTerms};
pub use shutdown::{DRAIN_GRACE, Shutdown, ShutdownSender, Urgency, shutdown};
pub use suspend::{Suspend, SuspendWatch};
