//! What the platforms speak: tables of endpoints, one interpreter, one pure classifier.
//!
//! In: a task's action and target, an account's user and credentials. Out: a [`Reply`], which says what the answer means and
//! what its headers said. What does not belong here: deciding what becomes of the task (that is `engine/verdict`), waiting,
//! trying again. What is known of the platforms, and how sure it is, stands in docs/platforms.md.

mod aisa;
mod answer;
mod base_url;
mod certificate;
mod classify;
mod client;
mod credentials;
mod detail;
mod endpoint;
mod http;
mod list_endpoint;
pub mod oauth1;
mod page;
mod registry;
mod reply;
mod request;
mod vocabulary;
mod x_v1;
mod x_v2;

pub use answer::{
    Answer, Body, BodyEnd, ContentType, MAX_BODY_BYTES, MAX_PAGE_BYTES, MAX_RETRY_AFTER_SECONDS, rate_facts,
};
pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use certificate::{certificate_trouble, is_certificate_trouble};
pub use classify::{Subject, classify};
pub use client::{Client, ClientError, ClientSettings, PROBE_SECONDS};
pub use credentials::{Bearer, Credentials, InvalidToken, OAuth1};
pub use detail::MAX_DETAIL_CHARS;
pub use endpoint::{Auth, Documented, Endpoint, Params, Success, Tier, Verb};
pub use http::HttpClients;
pub use list_endpoint::{ListEndpoint, find_handle_lookup, find_list_endpoint, find_list_endpoint_named};
pub use page::{Listed, Missing, NextPage, Page};
pub use registry::{find, table};
pub use reply::{BAD_CERTIFICATE, Finding, Limited, RefusalKind, Reply};
pub use request::{MAX_HANDLES_ASKED, PageRequest, Request, What};
pub use vocabulary::{EntryFields, Vocabulary};
