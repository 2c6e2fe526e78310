//! `cleanup account` and `cleanup doctor` over the real program, against a sandbox with an authorization server.

pub(crate) mod bench;
mod browser;
mod canary;
mod certificate;
mod child;
mod default;
mod doctor;
mod host_logins;
mod hosts;
#[cfg(feature = "keyring")]
mod keyring;
mod logins;
mod logouts;
mod many;
#[cfg(not(feature = "keyring"))]
mod no_keyring;
mod other_logins;
mod page_logins;
mod redirects;
mod runs;
pub(crate) mod session_server;
mod sessions;
mod several;
mod terminal;
