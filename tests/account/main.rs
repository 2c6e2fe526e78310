//! `cleanup account` and `cleanup doctor` over the real program, against a sandbox with an authorization server.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod bench;
mod browser;
mod canary;
mod certificate;
mod child;
mod default;
mod doctor;
#[cfg(feature = "keyring")]
mod keyring;
mod logins;
mod logouts;
mod many;
#[cfg(not(feature = "keyring"))]
mod no_keyring;
mod other_logins;
#[path = "../common/port.rs"]
mod port;
mod runs;
mod several;
mod terminal;

#[path = "../common/tls.rs"]
mod tls;
