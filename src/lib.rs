//! `cleanup` undoes social actions in bulk: a CSV of target IDs becomes a durable queue, and the queue is worked off inside
//! the platform's limits until every row has an honest outcome.

pub mod app;
pub mod auth;
pub mod clock;
pub mod domain;
pub mod engine;
pub mod jobfile;
pub mod limits;
pub mod platform;
pub mod sandbox;
pub mod store;
