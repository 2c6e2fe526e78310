//! `cleanup` undoes social actions in bulk: a CSV of target IDs becomes a durable queue, and the queue is worked off inside
//! the platform's limits until every row has an honest outcome.
//!
//! ```text
//! job file -> check -> queue -> [ the turn ] -> platform -> finding -> verdict -> queue -> event -> terminal
//! ```
//! Data goes one way. This is the map of the rooms; each begins with what comes in, what goes out and what does not belong
//! there. docs/tour.md follows one row through them, docs/design.md says why they are cut like this.
//!
//! | room | what it is for | uses |
//! |---|---|---|
//! | [`domain`] | nouns without I/O: action, target, task and its one transition table, outcome, window, times, money | nothing |
//! | [`clock`] | the time and boot-time, injected: the system's, and a simulated pair | domain |
//! | [`jobfile`] | CSV <-> rows: survey, rows, keep lists, receipts; errors carry line and column | domain |
//! | [`store`] | the durable truth and the only room with SQL: queue, attempts, accounts, locks | domain |
//! | [`limits`] | window (exact), headers (tighten), pace (shapes); [`limits::Limiter`] is the three for one account | domain |
//! | [`platform`] | tables of endpoints, the one HTTP client, the pure classifier | auth (signatures), domain, clock |
//! | [`auth`] | logins: sealed at rest, refreshed before they end; OAuth 2.0 and 1.0a | platform (addresses, credentials), store, clock, domain |
//! | [`engine`] | the turn: claim, send, judge, settle; events, signals, bounds of a run | limits, platform, auth (tokens), store, clock, domain |
//! | [`lists`] | where IDs come from: archives, the platform's lists, filters, handles; entries <-> CSV | platform, jobfile, limits, store, auth and engine (tokens, signals, backoff), clock, domain |
//! | [`pages`] | HTML files for people: reports, worklists, lists to restore; they load nothing | store (its numbers), domain |
//! | [`schedule`] | nights: when a schedule is due, and until when it may work; each time decided once | store, clock, domain |
//! | [`sandbox`] | the pretend platform over the same HTTP; knows nothing of our client | clock, domain |
//! | [`config`] | option, environment, file, default: resolved once into settings | limits, platform, auth, store, domain |
//! | [`telemetry`] | log lines | config |
//! | [`app`] | puts the rooms together: files into the queue, names to credentials, a drain with all it stands on | all but telemetry; of cli its errors |
//! | [`web`] | the dashboard: pages, JSON, metrics, who may look; listens to the engine, commands the queue | app, store, schedule, auth (names), engine (events), config, domain; of cli its words and numbers |
//! | [`cli`] | commands, options, the only stdout and stderr, the one table of exit codes | all |
//!
//! Nothing points back, with two exceptions: `app` speaks [`cli::error`], because its errors are words for people; `platform` and
//! `auth` know each other, for a signature needs the request and a login needs the client.

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod jobfile;
pub mod limits;
pub mod lists;
pub mod pages;
pub mod platform;
pub mod sandbox;
pub mod schedule;
pub mod store;
pub mod telemetry;
pub mod web;
