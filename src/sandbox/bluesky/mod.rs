//! The sandbox as a Bluesky server (PDS) with its app view, at `/xrpc/METHOD`: repositories (`repos`, `repo`) of records in a
//! `collection`, `sessions` and its own authorization server (`grants`, `proofs`), and what is asked of them (`questions`, `routes`), decided (`requests`, `writes`) and put into words (`bodies`). `names` tells numbers, DIDs and URIs from one another.

mod bodies;
mod collection;
mod grant_routes;
mod grants;
mod made_up;
mod names;
mod proofs;
mod questions;
mod repo;
mod repos;
mod requests;
mod routes;
mod sessions;
mod writes;

#[cfg(test)]
mod tests;

pub(super) use bodies::{denied, unknown_method};
pub(super) use collection::Collection;
pub(super) use grant_routes::{described, routes as grant_routes};
pub(super) use grants::BoundAuthServer;
pub use grants::BoundLedger;
pub(super) use names::{did, number_of_did, number_of_uri, user_of_did};
pub use proofs::NonceRule;
pub(super) use repo::kept_by_the_app;
pub(super) use repos::Repos;
pub(super) use routes::routes;
pub(super) use sessions::{APP_PASSWORD, Sessions};
