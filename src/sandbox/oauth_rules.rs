//! What an authorization server goes by, what befalls it, and what it has counted.

use std::time::Duration;

/// The client ID of the app that every sandbox knows.
pub(super) const SANDBOX_APP: &str = "sandbox-app";
/// Where people log in.
pub(super) const AUTHORIZE_PATH: &str = "/i/oauth2/authorize";

/// An app that is registered at the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxApp {
    /// Its public ID.
    pub client_id: String,
    /// Its secret; none: a public client.
    pub secret: Option<String>,
    /// Where it may send browsers back to, to the letter.
    pub redirects: Vec<String>,
}

/// How the authorization server behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthRules {
    /// Who may ask.
    pub apps: Vec<SandboxApp>,
    /// How long access tokens live.
    pub token_lifetime: Duration,
    /// How long codes live.
    pub code_lifetime: Duration,
}

impl Default for OAuthRules {
    /// One public app, `sandbox-app`, with the usual redirect address; tokens of two hours, codes of 30 seconds.
    fn default() -> OAuthRules {
        OAuthRules {
            apps: vec![SandboxApp {
                client_id: SANDBOX_APP.into(),
                secret: None,
                redirects: vec!["http://127.0.0.1:8080/callback".into()],
            }],
            token_lifetime: Duration::from_secs(7200),
            code_lifetime: Duration::from_secs(30),
        }
    }
}

/// What befalls one request for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// The connection closes, and nothing has happened.
    LoseBefore,
    /// It happens, and the answer is lost.
    LoseAfter,
    /// 503, and nothing has happened.
    Busy,
    /// It never answers, and nothing has happened.
    HangBefore,
    /// It happens, and it never answers.
    HangAfter,
}

/// What has been asked of the authorization server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuthLedger {
    /// Codes exchanged.
    pub exchanged: u64,
    /// Pairs given for refresh tokens.
    pub refreshed: u64,
    /// Requests with a refresh token that had been used before: each revokes its login.
    pub reused: u64,
    /// The most often any one refresh token has arrived, faults included.
    pub most_arrivals: u64,
    /// Tokens revoked on demand.
    pub revoked: u64,
}
