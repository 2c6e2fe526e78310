//! The pretend platform: it speaks X API v2 over HTTP on loopback, enforces windows 60 times shorter, injects faults by
//! seeded dice, and keeps a ledger that a judge can believe.
//!
//! In: [`Options`] and a clock. Out: a base URL, and a [`Ledger`] of what arrived and what it did. What does not belong
//! here: anything of the real platforms' clients. The bodies are written from X's documents and not from our classifier, so
//! that the two can disagree.
//!
//! `world` and its `user`s decide (pure, time comes in as an argument), `windows` counts, `faults` rolls the dice, `bodies` words the
//! answers, `routes` and `streams` are the HTTP, `server` owns sockets and cuts them where a fault says so.
//!
//! Who is asking is told by the token: `Authorization: Bearer sandbox-<user_id>`, or an access token that the sandbox's own
//! authorization server (`oauth`, `oauth_routes`: X's authorize, token and revoke) has given out. Beside X's endpoints there are
//! `GET /sandbox/ledger`, `GET /sandbox/effects?user=ID` (CSV) and `POST /sandbox/user/ID/TROUBLE`, where the trouble is
//! `revoke`, `suspend`, `ambiguous`, `credits` or, to end it, `restore`.

mod bodies;
mod dice;
mod faults;
mod ledger;
mod oauth;
mod oauth_routes;
mod routes;
mod server;
mod streams;
mod user;
mod windows;
mod world;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod world_tests;

pub use faults::{Faults, InvalidFaults};
pub use ledger::{ActionLedger, DayLedger, Effect, FaultCounts, Ledger, UserLedger};
pub use oauth::{OAuthLedger, OAuthRules, SandboxApp, TokenFault};
pub use server::{Options, Sandbox, SandboxError};
pub use world::{Fate, Refusal, SpecialTarget, Trouble};
