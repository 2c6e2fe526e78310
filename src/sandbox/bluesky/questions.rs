//! What is asked of a PDS: the methods the sandbox has, and what each takes. In: a query or a JSON body. Out: a [`Question`], or the
//! sentence with which it is refused.

use std::borrow::Cow;

use oauth2::url::form_urlencoded;
use serde_json::Value;

use super::names::{is_cid, is_did, is_handle};

crate::domain::with_names! {
    /// A method.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in crate::sandbox) enum Method {
        CreateSession => "com.atproto.server.createSession",
        RefreshSession => "com.atproto.server.refreshSession",
        DeleteSession => "com.atproto.server.deleteSession",
        GetSession => "com.atproto.server.getSession",
        ResolveHandle => "com.atproto.identity.resolveHandle",
        ListRecords => "com.atproto.repo.listRecords",
        GetRecord => "com.atproto.repo.getRecord",
        DeleteRecord => "com.atproto.repo.deleteRecord",
        CreateRecord => "com.atproto.repo.createRecord",
        PutRecord => "com.atproto.repo.putRecord",
        MuteActor => "app.bsky.graph.muteActor",
        UnmuteActor => "app.bsky.graph.unmuteActor",
        GetMutes => "app.bsky.graph.getMutes",
        GetFollowers => "app.bsky.graph.getFollowers",
        CreateBookmark => "app.bsky.bookmark.createBookmark",
        DeleteBookmark => "app.bsky.bookmark.deleteBookmark",
        GetBookmarks => "app.bsky.bookmark.getBookmarks",
        GetProfiles => "app.bsky.actor.getProfiles",
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Asker {
    /// Anybody; a token is not looked at.
    Anybody,
    /// Whoever shows an access token.
    Account,
    /// Whoever shows a refresh token.
    Session,
}

/// What is asked for, about whom as the request names them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox) enum Question {
    LogIn {
        identifier: String,
        password: String,
    },
    Refresh,
    LogOut,
    Session,
    Resolve {
        handle: String,
    },
    Records {
        repo: String,
        collection: String,
        most: usize,
        cursor: Option<String>,
    },
    Record {
        repo: String,
        collection: String,
        key: String,
    },
    Delete {
        repo: String,
        collection: String,
        key: String,
        swap: Option<String>,
    },
    Create {
        repo: String,
        collection: String,
        key: Option<String>,
        value: Value,
        /// Whether no record may have the key yet.
        must_be_new: bool,
    },
    /// Muting, unmuting: a DID or a handle. Bookmarking and its undoing: a post's URI.
    AppView {
        subject: String,
    },
    AppViewPage {
        /// Whose list; the asker's own, where nobody is named.
        of: Option<String>,
        most: u32,
        cursor: Option<String>,
    },
    Profiles {
        actors: Vec<String>,
    },
}

/// What is said of a body that cannot be read; it has an error's word of its own.
pub(in crate::sandbox) const NOT_JSON: &str = "The body is not valid JSON";
/// The most accounts of one question about profiles.
const MOST_ACTORS: usize = 25;

impl Method {
    pub(in crate::sandbox) const fn is_procedure(self) -> bool {
        !matches!(
            self,
            Method::GetSession
                | Method::ResolveHandle
                | Method::ListRecords
                | Method::GetRecord
                | Method::GetMutes
                | Method::GetFollowers
                | Method::GetBookmarks
                | Method::GetProfiles
        )
    }

    /// Whether an app view answers, which the server passes it on to.
    pub(in crate::sandbox) fn is_app_views(self) -> bool {
        self.name().starts_with("app.bsky.")
    }

    pub(in crate::sandbox) const fn asker(self) -> Asker {
        match self {
            Method::CreateSession | Method::ResolveHandle | Method::ListRecords | Method::GetRecord => Asker::Anybody,
            Method::RefreshSession | Method::DeleteSession => Asker::Session,
            _ => Asker::Account,
        }
    }

    /// Reads what a request asks for.
    pub(in crate::sandbox) fn question(self, query: &str, body: &str) -> Result<Question, String> {
        let query = Query { method: self, pairs: form_urlencoded::parse(query.as_bytes()).collect() };
        let input = || Input::parse(body);
        Ok(match self {
            Method::CreateSession => {
                let input = input()?;
                Question::LogIn { identifier: input.text("identifier")?, password: input.text("password")? }
            }
            Method::RefreshSession => Question::Refresh,
            Method::DeleteSession => Question::LogOut,
            Method::GetSession => Question::Session,
            Method::ResolveHandle => Question::Resolve { handle: query.checked("handle", "handle", is_handle)? },
            Method::ListRecords => Question::Records {
                repo: query.checked("repo", "at-identifier", is_identifier)?,
                collection: query.checked("collection", "NSID", is_nsid)?,
                most: query.most(50)? as usize,
                cursor: query.get("cursor"),
            },
            Method::GetRecord => Question::Record {
                repo: query.checked("repo", "at-identifier", is_identifier)?,
                collection: query.checked("collection", "NSID", is_nsid)?,
                key: query.checked("rkey", "record key", is_key)?,
            },
            Method::DeleteRecord => {
                let input = input()?;
                Question::Delete {
                    repo: input.checked("repo", "at-identifier", is_identifier)?,
                    collection: input.checked("collection", "NSID", is_nsid)?,
                    key: input.checked("rkey", "record key", is_key)?,
                    swap: input.optional("swapRecord", "CID string", is_cid)?,
                }
            }
            Method::CreateRecord | Method::PutRecord => {
                let input = input()?;
                let value = input.0.get("record").cloned().ok_or_else(|| missing("record", " at $"))?;
                let collection = input.checked("collection", "NSID", is_nsid)?;
                if value["$type"] != collection.as_str() {
                    return Err(format!("Invalid $type: expected {collection}, got {}", value["$type"]));
                }
                let repo = input.checked("repo", "at-identifier", is_identifier)?;
                let key = match self {
                    Method::PutRecord => Some(input.checked("rkey", "record key", is_key)?),
                    _ => input.optional("rkey", "record key", is_key)?,
                };
                let must_be_new = input.0.get("swapRecord").is_some_and(Value::is_null);
                Question::Create { repo, collection, key, value, must_be_new }
            }
            Method::MuteActor | Method::UnmuteActor => {
                Question::AppView { subject: input()?.checked("actor", "at-identifier", is_identifier)? }
            }
            Method::CreateBookmark | Method::DeleteBookmark => {
                Question::AppView { subject: input()?.checked("uri", "AT-URI", |uri| uri.starts_with("at://"))? }
            }
            Method::GetMutes | Method::GetBookmarks => {
                Question::AppViewPage { of: None, most: query.most(50)?, cursor: query.get("cursor") }
            }
            Method::GetFollowers => {
                let of = query.checked("actor", "at-identifier", is_identifier)?;
                Question::AppViewPage { of: Some(of), most: query.most(50)?, cursor: query.get("cursor") }
            }
            Method::GetProfiles => Question::Profiles { actors: query.actors()? },
        })
    }
}

fn is_identifier(text: &str) -> bool {
    is_did(text) || is_handle(text)
}

fn is_nsid(text: &str) -> bool {
    text.split('.').count() >= 3 && is_handle(text)
}

fn is_key(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_~.:-".contains(&byte);
    (1..=512).contains(&text.len()) && text.bytes().all(plain) && text != "." && text != ".."
}

fn missing(name: &str, at: &str) -> String {
    format!("Missing required key \"{name}\"{at}")
}

/// The parameters of a query.
struct Query<'a> {
    method: Method,
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Query<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.to_string())
    }

    fn wrong(&self, why: &str) -> String {
        format!("Invalid {} params: {why}", self.method.name())
    }

    fn checked(&self, name: &str, what: &str, is_legal: impl Fn(&str) -> bool) -> Result<String, String> {
        let text = self.get(name).ok_or_else(|| self.wrong(&missing(name, "")))?;
        if is_legal(&text) { Ok(text) } else { Err(self.wrong(&format!("Invalid {what} (got \"{text}\")"))) }
    }

    fn most(&self, usual: u32) -> Result<u32, String> {
        let Some(text) = self.get("limit") else { return Ok(usual) };
        match text.parse() {
            Ok(most @ 1..=100) => Ok(most),
            Ok(0) => Err(self.wrong("integer too small (minimum 1, got 0)")),
            Ok(more) => Err(self.wrong(&format!("integer too big (maximum 100, got {more})"))),
            Err(_) => Err(self.wrong(&format!("Expected integer value type (got \"{text}\")"))),
        }
    }

    fn actors(&self) -> Result<Vec<String>, String> {
        let named = self.pairs.iter().filter(|(key, _)| key == "actors" || key == "actors[]");
        let actors: Vec<String> = named.map(|(_, value)| value.to_string()).collect();
        if let Some(wrong) = actors.iter().find(|actor| !is_identifier(actor)) {
            return Err(self.wrong(&format!("Invalid at-identifier (got \"{wrong}\")")));
        }
        match actors.len() {
            0 => Err(self.wrong(&missing("actors", ""))),
            1..=MOST_ACTORS => Ok(actors),
            more => Err(self.wrong(&format!("array too big (maximum {MOST_ACTORS}, got {more})"))),
        }
    }
}

/// A JSON body.
struct Input(Value);

impl Input {
    fn parse(body: &str) -> Result<Input, String> {
        if body.is_empty() {
            return Err("A request body is expected but none was provided".into());
        }
        let value: Value = serde_json::from_str(body).map_err(|_| NOT_JSON.to_owned())?;
        if value.is_object() { Ok(Input(value)) } else { Err("Expected object value type at $".into()) }
    }

    fn text(&self, name: &str) -> Result<String, String> {
        match self.0.get(name) {
            None => Err(missing(name, " at $")),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(format!("Expected string value type at $.{name}")),
        }
    }

    fn checked(&self, name: &str, what: &str, is_legal: impl Fn(&str) -> bool) -> Result<String, String> {
        let text = self.text(name)?;
        if is_legal(&text) { Ok(text) } else { Err(format!("Invalid {what} (got \"{text}\") at $.{name}")) }
    }

    fn optional(&self, name: &str, what: &str, is_legal: impl Fn(&str) -> bool) -> Result<Option<String>, String> {
        if self.0.get(name).is_none_or(Value::is_null) {
            return Ok(None);
        }
        self.checked(name, what, is_legal).map(Some)
    }
}

#[cfg(test)]
#[path = "questions_tests.rs"]
mod tests;
