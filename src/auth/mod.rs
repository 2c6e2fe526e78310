//! Who we may act as: credentials at rest, logging in, and keeping tokens fresh.
//!
//! In: what people log in with, and what platforms answer to it. Out: credentials that are ready for a request, or the news
//! that an account needs a person. What does not belong here: requests that undo anything (`platform`), talking to a terminal
//! or opening a browser (`cli`), SQL (`store`).
//!
//! ```text
//!   login, import --> keep --> vault (seal) --> store
//!   store --> vault (open) --> tokens --> credentials for a request
//!                                 |  due, or a 401: refresh (pure) decides, flight asks the server (grant), saved before use
//! ```

mod advice;
mod aisa;
mod bound_login;
mod bound_server;
mod cached_login;
mod callback;
mod discovery;
mod document;
mod grant;
mod host_app;
mod import;
mod key;
mod key_place;
mod keyring;
mod listener;
mod login;
mod nonce;
mod oauth_http;
mod pin;
mod redirect;
mod refresh;
mod refresher;
mod revoke;
mod save_login;
mod session;
mod tokens;
mod vault;
mod vault_error;

pub use aisa::{AisaLink, InvalidKey, aisa_key, aisa_link, aisa_user};
pub use bound_login::{BoundAttempt, BoundGrant, bound_scopes_for};
pub use bound_server::BoundTerms;
pub use cached_login::{Current, NoToken};
pub use callback::{CallbackCheck, Code, NoCode};
pub use discovery::{AuthServer, DiscoveryError, Home};
pub use document::{Document, DocumentError, HostApp, MakeOAuth1};
pub use grant::{App, AppProof, GrantError, InvalidEndpoint, OAuthEndpoints, Pair};
pub use host_app::{HostOffers, RegisterError, register_app};
pub use import::{
    IMPORT_COLUMNS, ImportError, ImportFault, ImportRow, MAX_IMPORT_BYTES, MAX_IMPORT_FAULTS, MAX_IMPORT_ROWS, import,
};
pub use key::KeyChoice;
pub use key_place::KeyPlace;
pub use keyring::{KEYRING_WAIT_SECONDS, KeyringError};
pub use listener::{CallbackListener, LOGIN_WAIT_SECONDS};
pub use login::{Attempt, CodeReturn, LoginError, scopes_for};
pub use oauth_http::{OAuthHttp, WireError, WireSetup};
pub use pin::{PinAttempt, PinLogin, Sign, ToSign};
pub use redirect::{InvalidRedirect, Redirect};
pub use refresh::{
    AHEAD_SECONDS, Aftermath, MAX_TRIES, REJECTED_AGAIN_SECONDS, RefreshCause, Step, StoredToken, Why, aftermath,
    decide, due_at,
};
pub use revoke::Revoker;
pub use save_login::{KeepError, LoggedOut, Login, list, list_of, logout, records_of, save_login, stored_document};
pub use session::{AppSession, LoginEnd};
pub use tokens::{TokenMeans, TokenSource};
pub use vault::Vault;
pub use vault_error::{KeyHeld, MIN_PASSPHRASE_CHARS, VaultError};
