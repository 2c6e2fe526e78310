//! What the platforms speak: a folder for each, one interpreter, one pure classifier.
//!
//! In: a task's action and target, an account's user and credentials. Out: a [`Reply`], which says what the answer means and
//! what its headers said. What does not belong here: deciding what becomes of the task (that is `engine/verdict`), waiting,
//! trying again. What is known of the platforms, and how sure it is, stands in docs/platforms.md.
//!
//! A platform is one folder with one [`PlatformSpec`]: rows of endpoints and lists, windows, where it is, how one logs in, and the
//! dialect of its answers. `registry` has a line for each; nothing outside this folder names one.

mod aisa;
mod answer;
mod base_url;
mod bluesky;
mod caller;
mod certificate;
mod classify;
mod client;
mod credentials;
mod detail;
mod dialect;
mod dpop;
mod endpoint;
mod entry;
mod http;
mod link;
mod list_endpoint;
mod mastodon;
mod names;
pub mod oauth1;
mod page_question;
mod registry;
mod reply;
mod request;
mod spec;
mod success;
mod target_grammar;
mod token_text;
mod vocabulary;
mod x;

pub use answer::{Answer, Body, BodyEnd, ContentType, MAX_ANSWER_BYTES, MAX_LIST_PAGE_BYTES, MAX_RETRY_AFTER_SECONDS};
pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use caller::{Auth, Documented, Tier};
pub use certificate::{certificate_trouble, is_certificate_trouble};
pub use classify::{Subject, classify};
pub use client::{Client, ClientError, ClientSettings, PROBE_SECONDS};
pub use credentials::{Bearer, Credentials, OAuth1};
pub use detail::MAX_DETAIL_CHARS;
pub use dialect::Dialect;
pub use dpop::{DPOP, DPOP_NONCE, DpopKey, DpopToken, InvalidDpopKey, Proven, USE_DPOP_NONCE, nonce_of};
pub use endpoint::{Endpoint, Params, Verb};
pub use entry::{ListItem, Listed, Missing, NextPage, Page, PostMarks};
pub use http::HttpClients;
pub use list_endpoint::ListEndpoint;
pub use names::{NameQuestion, NameResolver};
pub use page_question::{EntryFields, PageQuestion, What};
pub use registry::{
    author_of, evident_key, evident_keys, find, find_inverse, find_list_endpoint, find_list_endpoint_named, find_marks,
    find_name_resolver, foreign_names, kept_name, logging_in_by, resolvable_name, spec, table, with_activities,
    with_repositories,
};
pub use reply::{BAD_CERTIFICATE, Finding, Limited, RefusalKind, Reply};
pub use request::{PageRequest, Request};
pub use spec::{ActivitiesSpec, ExportOwner, FixedHost, Host, LoginKind, PlatformSpec, RepositorySpec, WhoAmI, WhoIs};
pub use success::Success;
pub use target_grammar::TargetGrammar;
pub use token_text::InvalidToken;
pub use vocabulary::Vocabulary;
