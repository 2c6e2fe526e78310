//! JSON beside the pages: to read only, and exactly what the commands' `--json` gives.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use super::problem::Problem;
use super::state::Web;
use crate::app::account::{AccountList, account_list};
use crate::app::schedules::{SchedulesJson, list_schedules};
use crate::app::status::{QueueStatus, StatusQuery};
use crate::domain::{is_same_name, json_text};

/// JSON that somebody may ask for in a terminal: escaped as the commands' is.
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], json_text(&self.0)).into_response()
    }
}

/// `cleanup status --json`
pub(super) async fn status(State(web): State<Arc<Web>>) -> Result<Json<Value>, Problem> {
    let standing = look(&web).await.map_err(Problem::json)?;
    Ok(Json(standing.to_json(&web.settings()).map_err(|error| Problem::from(error).json())?))
}

/// `cleanup status JOB --json`
pub(super) async fn job(State(web): State<Arc<Web>>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let mut standing = look(&web).await.map_err(Problem::json)?;
    standing.jobs.retain(|job| is_same_name(&job.status.job.name, &name));
    if standing.jobs.is_empty() {
        return Err(Problem::not_found("there is no job of that name").json());
    }
    Ok(Json(standing.to_json(&web.settings()).map_err(|error| Problem::from(error).json())?))
}

/// `cleanup account list --json`
pub(super) async fn accounts(State(web): State<Arc<Web>>) -> Result<Json<AccountList>, Problem> {
    let mut store = web.read_store().await;
    let listed = account_list(&web.settings(), &mut store).await;
    Ok(Json(listed.map_err(|error| Problem::from(error).json())?))
}

/// `cleanup schedule list --json`
pub(super) async fn schedules(State(web): State<Arc<Web>>) -> Result<Json<SchedulesJson>, Problem> {
    let mut store = web.read_store().await;
    let listed = list_schedules(&mut store).await;
    let listed = listed.map_err(|error| Problem::from(error).json())?;
    Ok(Json(SchedulesJson::of(&listed, web.clock.now().wall)))
}

async fn look(web: &Web) -> Result<QueueStatus, Problem> {
    let settings = web.settings();
    let mut store = web.read_store().await;
    Ok(StatusQuery::at_all(&settings, &web.clock).look(&mut store).await?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn its_json_can_be_shown_in_a_terminal() {
        let answer = Json(serde_json::json!({ "job": "\u{9b}2J\u{202e}a" })).into_response();
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        assert_eq!(body, r#"{"job":"\u009b2J\u202ea"}"#);
    }
}
