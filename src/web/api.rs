//! JSON beside the pages: to read only, and exactly what the commands' `--json` gives.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::problem::Problem;
use super::state::Web;
use crate::cli::commands::{account_list_json, schedule};
use crate::cli::standing::{Look, Standing};

/// `cleanup status --json`
pub(super) async fn status(State(web): State<Arc<Web>>) -> Result<Json<Value>, Problem> {
    let standing = look(&web).await.map_err(Problem::json)?;
    Ok(Json(standing.to_json(&web.settings()).map_err(|error| Problem::from(error).json())?))
}

/// `cleanup status JOB --json`
pub(super) async fn job(State(web): State<Arc<Web>>, Path(name): Path<String>) -> Result<Json<Value>, Problem> {
    let mut standing = look(&web).await.map_err(Problem::json)?;
    standing.jobs.retain(|(status, _)| status.job.name == name);
    if standing.jobs.is_empty() {
        return Err(Problem::not_found("there is no job of that name").json());
    }
    Ok(Json(standing.to_json(&web.settings()).map_err(|error| Problem::from(error).json())?))
}

/// `cleanup account list --json`
pub(super) async fn accounts(State(web): State<Arc<Web>>) -> Result<Json<Value>, Problem> {
    let mut store = web.reading().await;
    let listed = account_list_json(&web.settings(), &mut store).await;
    Ok(Json(listed.map_err(|error| Problem::from(error).json())?))
}

/// `cleanup schedule list --json`
pub(super) async fn schedules(State(web): State<Arc<Web>>) -> Result<Json<Value>, Problem> {
    let mut store = web.reading().await;
    let listed = schedule::listed_json(&mut store, web.clock.now().wall).await;
    Ok(Json(listed.map_err(|error| Problem::from(error).json())?))
}

async fn look(web: &Web) -> Result<Standing, Problem> {
    let settings = web.settings();
    let mut store = web.reading().await;
    Ok(Look::at_all(&settings, &web.clock).look(&mut store).await?)
}
