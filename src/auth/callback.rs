//! What a browser brings back from a platform's page, or a person pastes: the code, if it is the answer to this very login.

use oauth2::CsrfToken;

use crate::domain::Secret;

/// The longest redirect address or code that is read from a person.
const MAX_PASTED_BYTES: usize = 8192;
const MAX_CODE_BYTES: usize = 2048;

/// What the platform hands back for a person's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Secret);

impl Code {
    pub(super) fn secret(&self) -> &Secret {
        &self.0
    }
}

/// What a redirect said instead of a code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCode {
    /// The person or the platform said no.
    #[error("access was not granted: {0}")]
    Denied(String),
    /// It belongs to another login.
    #[error("this answer belongs to another login (its state differs); use the address of this login, and only once")]
    WrongState,
    /// Another server answered than was asked.
    #[error("this answer is from another server than the one that was asked")]
    WrongServer,
    /// It holds no code.
    #[error("there is no code in it; paste the whole address that the browser ends at, or the code alone")]
    Missing,
}

/// What a browser that comes back has to bring, so that it is this login's answer.
#[derive(Debug)]
pub struct CallbackCheck {
    state: CsrfToken,
    /// Who has to answer, where servers say that of themselves (RFC 9207).
    issuer: Option<String>,
}

impl CallbackCheck {
    pub(super) fn new(state: CsrfToken, issuer: Option<String>) -> CallbackCheck {
        CallbackCheck { state, issuer }
    }

    /// The code in what a person pasted: the address the browser ended at, its query, or the bare code.
    ///
    /// # Errors
    /// See [`NoCode`].
    pub fn code_from_paste(&self, pasted: &str) -> Result<Code, NoCode> {
        let pasted = pasted.trim().trim_matches(['"', '\'', '<', '>']);
        if pasted.is_empty() || pasted.len() > MAX_PASTED_BYTES {
            return Err(NoCode::Missing);
        }
        if let Some((_, query)) = pasted.split_once('?') {
            return self.code_from_query(query, false);
        }
        if pasted.starts_with("code=") || pasted.starts_with("state=") || pasted.contains("&code=") {
            return self.code_from_query(pasted, false);
        }
        code(pasted)
    }

    /// The code in a redirect's query. The state is always checked where it is there; from the browser it has to be.
    pub(super) fn code_from_query(&self, query: &str, state_needed: bool) -> Result<Code, NoCode> {
        let query = query.split('#').next().unwrap_or_default();
        let (mut found, mut state, mut issuer, mut error, mut more) = (None, None, None, None, None);
        for (name, value) in oauth2::url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => found = Some(value),
                "state" => state = Some(value),
                "iss" => issuer = Some(value),
                "error" => error = Some(value),
                "error_description" => more = Some(value),
                _ => {}
            }
        }
        let ours = match &state {
            Some(state) => same(state, self.state.secret()),
            None => !state_needed,
        };
        if !ours {
            return Err(NoCode::WrongState);
        }
        if self.issuer.is_some() && issuer.as_deref() != self.issuer.as_deref() {
            return Err(NoCode::WrongServer);
        }
        if let Some(error) = error {
            return Err(NoCode::Denied(shown(&[Some(&*error), more.as_deref()])));
        }
        code(&found.ok_or(NoCode::Missing)?)
    }
}

fn code(text: &str) -> Result<Code, NoCode> {
    let legal = (1..=MAX_CODE_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if legal { Ok(Code(Secret::new(text))) } else { Err(NoCode::Missing) }
}

/// Compares without telling by its time where the texts differ.
fn same(given: &str, ours: &str) -> bool {
    let difference = given.bytes().zip(ours.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    given.len() == ours.len() && difference == 0
}

/// A server's words, for people: printable, bounded.
fn shown(texts: &[Option<&str>]) -> String {
    const MAX_SHOWN_CHARS: usize = 200;
    let all: Vec<&str> = texts.iter().copied().flatten().collect();
    all.join(": ").chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(MAX_SHOWN_CHARS).collect()
}
