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
//! | [`error`] | what ends a command early: kind, words, hint; the one table of exit codes | domain |
//! | [`text`] | text for people: escaped, times in words, the name that was meant | clock, domain |
//! | [`clock`] | the time and boot-time, injected: the system's, and a simulated pair | domain |
//! | [`net`] | the one loop that accepts connections, and how many there may be | nothing |
//! | [`jobfile`] | CSV <-> rows: survey, rows, keep lists, receipts; errors carry line and column | domain, error, text |
//! | [`store`] | the durable truth and the only room with SQL: queue, attempts, accounts, locks | clock, domain, error |
//! | [`limits`] | window (exact), headers (tighten), pace (shapes); [`limits::Limiter`] is the three for one account | domain |
//! | [`platforms`] | tables of endpoints, the one HTTP client, the pure classifier | clock, domain |
//! | [`auth`] | logins: sealed at rest, refreshed before they end; OAuth 2.0 (bound to a key, too) and 1.0a, sessions | clock, domain, error, net, platforms, store |
//! | [`engine`] | the turn: claim, send, judge, settle; events, signals, bounds of a run | auth, clock, domain, limits, platforms, store |
//! | [`lists`] | where IDs come from: archives, repositories, the platform's lists, what names mean, filters; entries <-> CSV | auth, clock, domain, engine, error, jobfile, limits, platforms, store, text |
//! | [`pages`] | HTML files for people: reports, worklists, lists to restore; they load nothing | domain, store |
//! | [`schedule`] | nights: when a schedule is due, and until when it may work; each time decided once | clock, domain, store |
//! | [`sandbox`] | a platform to try things on, over the same HTTP; knows nothing of our client | clock, domain, net |
//! | [`config`] | option, environment, file, default: resolved once into settings | auth, domain, error, limits, platforms, store, text |
//! | [`telemetry`] | log lines | config, domain, store |
//! | [`app`] | use cases with typed requests and reports: run, resume, check, load, drain, status, audit, doctor, lists, import, verify, undo, forget, schedules, serve; names to credentials | auth, clock, config, domain, engine, error, jobfile, limits, lists, platforms, sandbox, schedule, store, text |
//! | [`web`] | the dashboard: pages, JSON, metrics, who may look; listens to the engine, commands the queue | app, auth, clock, config, domain, engine, error, jobfile, limits, lists, net, schedule, store, text |
//! | [`cli`] | commands, options, the only stdout and stderr | app, auth, clock, config, domain, engine, error, jobfile, limits, lists, pages, platforms, sandbox, schedule, store, telemetry, text, web |
//!
//! Nothing points back. `tests/cli/architecture.rs` compares this table with the code.

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod error;
pub mod jobfile;
pub mod limits;
pub mod lists;
pub mod net;
pub mod pages;
pub mod platforms;
pub mod sandbox;
pub mod schedule;
pub mod store;
pub mod telemetry;
pub mod text;
pub mod web;
