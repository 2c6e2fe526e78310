//! The form of a new job: empty, or filled in again where what was sent is refused. The file that was sent is kept meanwhile, so that
//! only what is wrong has to be chosen anew.

use std::path::Path;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::choices::{Choices, choose, complete};
use super::{Waiting, spell_as_known};
use crate::app::{self, DefaultReason};
use crate::web::address::AddressKey;
use crate::web::middleware::Visitor;
use crate::web::pages::{self, KeptFile, NewForm};
use crate::web::problem::Problem;
use crate::web::state::Web;

/// Names to choose from.
const MAX_NAMES: usize = 100;

/// The empty form.
pub(in crate::web) async fn new(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let form = form(&web, Choices::default(), None, None).await?;
    Ok(pages::new(&web.frame(visitor, "/new"), &form))
}

/// The form as it was filled in, with what is wrong with it. `waiting` has the file, where one was sent.
pub(super) async fn filled_in(
    web: &Web,
    visitor: Visitor,
    choices: Choices,
    waiting: Option<(u64, &Waiting)>,
    refused: &Problem,
) -> Result<Response, Problem> {
    let kept = waiting.map(|(id, waiting)| kept_file(id, waiting));
    let form = form(web, choices, kept, Some(refused.words())).await?;
    Ok((refused.status(), pages::new(&web.frame(visitor, "/new"), &form)).into_response())
}

/// What goes wrong with a waiting file because of what was chosen is answered with the form; the rest is a page of its own.
pub(super) async fn or_form(
    web: &Web,
    visitor: Visitor,
    (id, waiting): (u64, &Waiting),
    problem: Problem,
) -> Result<Response, Problem> {
    if problem.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return Err(problem);
    }
    filled_in(web, visitor, waiting.choices.clone(), Some((id, waiting)), &problem).await
}

/// The form of a waiting file, for the page that says what is wrong with it.
pub(super) async fn of_waiting(web: &Web, id: u64, waiting: &Waiting) -> Result<NewForm, Problem> {
    form(web, waiting.choices.clone(), Some(kept_file(id, waiting)), None).await
}

fn kept_file(id: u64, waiting: &Waiting) -> KeptFile {
    KeptFile { id, shown: waiting.shown.clone(), has_keep_list: waiting.keep.is_some() }
}

async fn form(
    web: &Web,
    choices: Choices,
    kept: Option<KeptFile>,
    refused: Option<(String, String)>,
) -> Result<NewForm, Problem> {
    let known = web.read_store().await.accounts().all().await?;
    let accounts = known.iter().take(MAX_NAMES).map(|account| account.name.to_string()).collect();
    let default = app::default_account(&web.settings(), &known)?.map(|default| match (default.name, default.reason) {
        (Some(name), _) => name.to_string(),
        (None, DefaultReason::Environment(variable)) => format!("the account of {variable}"),
        (None, _) => "the standard account".to_owned(),
    });
    Ok(NewForm { accounts, default, choices, kept, refused })
}

/// Other choices for a file that waits.
pub(in crate::web) async fn choose_again(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(id): AddressKey<u64>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let before = web.uploads.get(id)?;
    let mut choices = Choices::default();
    for (name, text) in &fields {
        choose(&mut choices, name, text.trim())?;
    }
    let refused = complete(&mut choices, Path::new(&before.shown));
    spell_as_known(&web, &mut choices).await?;
    let waiting = before.with(&web.uploads.folder, choices, refused);
    let answer = match &waiting.refused {
        Some(refused) => filled_in(&web, visitor, waiting.choices.clone(), Some((id, &waiting)), refused).await?,
        None => Redirect::to(&format!("/new/{id}")).into_response(),
    };
    web.uploads.replace(id, waiting);
    Ok(answer)
}
