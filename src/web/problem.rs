//! What went wrong, as a page: what happened and what to do, with the status that fits.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::pages::{self, Theme};
use crate::error::{CommandError, ErrorKind};

/// An error on its way to a browser.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    as_json: bool,
}

impl Problem {
    /// There is no such thing.
    pub(super) fn not_found(what: &str) -> Problem {
        Problem {
            status: StatusCode::NOT_FOUND,
            kind: ErrorKind::Usage,
            message: what.to_owned(),
            hint: Some("It may have been deleted meanwhile, or the address is mistyped.".to_owned()),
            as_json: false,
        }
    }

    /// The request cannot be done as it is.
    pub(super) fn unusable(message: impl Into<String>, hint: &str) -> Problem {
        let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
        let (status, kind) = (StatusCode::UNPROCESSABLE_ENTITY, ErrorKind::Usage);
        Problem { status, kind, message: message.into(), hint, as_json: false }
    }

    /// More than is received.
    pub(super) fn too_long(message: impl Into<String>, hint: &str) -> Problem {
        Problem { status: StatusCode::PAYLOAD_TOO_LARGE, ..Problem::unusable(message, hint) }
    }

    /// More at once than this server does.
    pub(super) fn busy(message: &str) -> Problem {
        let hint = Some("Try again in a moment.".to_owned());
        let (status, kind) = (StatusCode::SERVICE_UNAVAILABLE, ErrorKind::Busy);
        Problem { status, kind, message: message.to_owned(), hint, as_json: false }
    }

    /// Its status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What happened, and what to do.
    pub(super) fn words(&self) -> (String, String) {
        (self.message.clone(), self.hint.clone().unwrap_or_default())
    }

    /// As a page of this look.
    fn page(&self, theme: Theme) -> Response {
        let page = pages::problem(theme, self.status.as_u16(), &self.message, self.hint.as_deref());
        (self.status, page).into_response()
    }

    /// The answer of a handler, as its visitor has chosen to see it: a page of a problem looks as the others do, also where no handler was
    /// reached because the address or the form could not be read.
    pub(super) fn themed(mut answer: Response, theme: Theme) -> Response {
        let status = answer.status();
        match answer.extensions_mut().remove::<Problem>() {
            Some(problem) => (status, problem.page(theme)).into_response(),
            None => match unread(&answer) {
                Some(message) => {
                    let hint = "Go back, load that page again, and try once more.";
                    Problem { status, ..Problem::unusable(message, hint) }.page(theme)
                }
                None => answer,
            },
        }
    }

    /// The same for a program.
    pub(super) fn json(self) -> Problem {
        Problem { as_json: true, ..self }
    }
}

/// What happened, where a request was refused before its handler, in words for programs.
fn unread(answer: &Response) -> Option<&'static str> {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    match answer.status() {
        _ if !is_plain => None,
        StatusCode::BAD_REQUEST => {
            Some("There is no page at this address: what stands behind its question mark cannot be read.")
        }
        StatusCode::METHOD_NOT_ALLOWED => Some("There is no page at this address: it is that of a button."),
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => Some("The form could not be read."),
        _ => None,
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Problem {
        let status = match error.kind {
            ErrorKind::Usage | ErrorKind::Config | ErrorKind::InputData => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Person | ErrorKind::Busy => StatusCode::CONFLICT,
            ErrorKind::Unreachable | ErrorKind::Io => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if error.kind == ErrorKind::Fault {
            tracing::error!(%error, "the dashboard");
        }
        Problem { status, kind: error.kind, message: error.message, hint: error.hint, as_json: false }
    }
}

impl From<crate::store::StoreError> for Problem {
    fn from(error: crate::store::StoreError) -> Problem {
        CommandError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.as_json {
            // As the commands answer in `--json`.
            let Problem { status, kind, message, hint, .. } = self;
            let error = CommandError { kind, message, hint, source: None };
            return (status, super::api::Json(error.to_answer())).into_response();
        }
        // How it looks is the visitor's choice, which the guard knows.
        let mut answer = self.page(Theme::Auto);
        answer.extensions_mut().insert(self);
        answer
    }
}
