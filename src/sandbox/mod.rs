//! The pretend platform: it speaks X API v2, v1.1, AIsa, the Mastodon API and XRPC as a Bluesky server does over HTTP on loopback, enforces windows 60 times shorter, injects faults by
//! seeded dice, and keeps a ledger that a judge can believe.
//!
//! In: [`Options`] and a clock. Out: a base URL, and a [`Ledger`] of what arrived and what it did. What does not belong
//! here: anything of the real platforms' clients. The bodies are written from X's documents and not from our classifier, so
//! that the two can disagree.
//!
//! Lists are made from the seed (`lists`) and told page by page (`reads`, `bodies_lists`); what is undone is off its list from
//! then on, unless the target is a ghost.
//!
//! `world` and its `user`s decide (pure, time comes in as an argument), `windows` counts, `faults` rolls the dice, `dialects`
//! knows the platforms, whose answers the `bodies` word, `authn` and `signature` tell who asks, `routes`, `headers` and
//! `streams` are the HTTP, `server` owns the listener, and `connections` are cut where a fault says so.
//!
//! Who is asking is told by `Authorization: Bearer sandbox-<user_id>` at v2, or an access token that the sandbox's own
//! authorization server (`oauth`, `oauth_routes`: X's authorize, token and revoke) has given out; by an OAuth 1.0a signature with
//! [`Sandbox::oauth1_keys`] at v1.1 (and v2); by `Bearer sk-sandbox-<user_id>` at AIsa. At the Mastodon API (`/api/v1/...`) the token
//! is that of v2, or one that its own authorization server (`host_oauth`: apps that anybody registers) has given out; its windows are aligned to the clock, and its IDs are numbers or ULIDs (`bodies_mastodon`). At a
//! Bluesky server (`/xrpc/...`, `bluesky`) it is that of v2 too, with a DID in place of the number if wanted, or an access token of its own
//! sessions. Beside the platforms' endpoints there
//! are `GET /sandbox/ledger`, `GET /sandbox/effects?user=WHO` (CSV) and `POST /sandbox/user/WHO/TROUBLE`, where WHO is a
//! [`KnownUser`] (`77`, `x-v1:77`, `aisa:77`, `mastodon:77`, `bluesky:77`) and the trouble is one of [`Trouble`] (`revoke`, `route-lost` ...) or, to end it,
//! `restore`; `POST /sandbox/spend/WHO/ENDPOINT/N`, where somebody else uses up N places of an action's or a list's window; and `POST /sandbox/list/WHO/LIST/ID`, which puts a user or post on a list (again), LIST being a [`Shelf`]'s name.

mod authn;
mod bluesky;
mod bodies;
mod bodies_aisa;
mod bodies_lists;
mod bodies_mastodon;
mod bodies_v1;
mod connections;
mod decision;
mod dialects;
mod examples;
mod exchange;
mod faults;
mod field_names;
mod headers;
mod host_oauth;
mod host_oauth_routes;
mod ledger;
mod limit_headers;
mod list_page;
mod lists;
mod mastodon_ids;
mod mastodon_routes;
mod oauth;
mod oauth_routes;
mod oauth_rules;
mod options;
mod platform_state;
mod post_shape;
mod reads;
mod rendered;
mod rng;
mod routes;
mod rules;
mod server;
mod severed;
mod signature;
mod streams;
mod target_fate;
mod trouble;
mod user;
mod who;
mod windows;
mod world;

#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod http_tests;
#[cfg(test)]
mod world_tests;

pub use bluesky::{BoundLedger, NonceRule};
pub use examples::{examples, login_example};
pub use faults::{Faults, InvalidFaults};
pub use field_names::FieldNames;
pub use host_oauth::{HostOAuthLedger, HostVersion};
pub use ledger::{ActionLedger, DayLedger, Effect, FaultCounts, Ledger, ReadLedger, UserLedger};
pub use limit_headers::LimitHeaders;
pub use lists::{ListSizes, MAX_LIST_ENTRIES, Shelf};
pub use oauth_rules::{OAuthLedger, OAuthRules, SandboxApp, TokenFault};
pub use options::Options;
pub use server::{Sandbox, SandboxError};
pub use signature::OAuth1Keys;
pub use target_fate::{Fate, SpecialTarget, TargetRefusal};
pub use trouble::Trouble;
pub use who::{KnownUser, SimulatedApi};
