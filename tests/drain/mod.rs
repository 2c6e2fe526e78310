//! Draining against the sandbox: real SQLite file, real HTTP on loopback.

mod bits;
mod bluesky;
mod keeps;
mod mastodon;
mod names_law;
mod nights;
mod nights_large;
mod nights_law;
mod outage;
mod outcomes;
mod platform_bench;
mod platform_limits;
mod platform_outages;
mod platform_refusals;
mod readers;
mod records_law;
mod refusals;
mod refusals_law;
mod repository;
mod shared;
mod simulation;
mod support;
mod terms;
mod told_limits;
mod trouble;
mod waiting;
