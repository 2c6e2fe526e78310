//! Receipts to download: written to a temporary file first, so that memory does not grow with the job, and then streamed.

use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use super::actions::find;
use super::address::AddressKey;
use super::problem::Problem;
use super::state::Web;
use crate::app::{ReceiptRows, write_receipts};
use crate::error::CommandError;
use crate::jobfile::ReceiptFormat;
use crate::store::{Job, Store};

/// What is read from the file at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// As CSV.
pub(super) async fn csv(State(web): State<Arc<Web>>, AddressKey(job): AddressKey<i64>) -> Result<Response, Problem> {
    let mut store = web.write_store().await?;
    let job = find(&mut store, job).await?;
    let body = receipts(&web, store, &job, ReceiptFormat::Csv).await?;
    Ok(attached(body, &format!("{}-report", job.name)))
}

/// A table to be saved under this name, as far as every system takes it.
fn attached(body: Body, name: &str) -> Response {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let attachment = format!("attachment; filename=\"{name}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, attachment)];
    (headers, body).into_response()
}

/// A table that was written to a temporary file.
pub(super) fn download(mut file: File, name: &str) -> Result<Response, Problem> {
    file.rewind().map_err(|error| CommandError::io("the folder for temporary files", error))?;
    Ok(attached(pieces_of(file, None), name))
}

/// As `report --format json` gives them.
pub(super) async fn json(State(web): State<Arc<Web>>, Path(name): Path<String>) -> Result<Response, Problem> {
    let mut store = web.write_store().await.map_err(|error| Problem::from(error).json())?;
    let found = store.queue().job(&name).await.map_err(|error| Problem::from(error).json())?;
    let job = found.ok_or_else(|| Problem::not_found("there is no job of that name").json())?;
    let body = receipts(&web, store, &job, ReceiptFormat::Json).await.map_err(Problem::json)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

async fn receipts(web: &Web, mut store: Store, job: &Job, format: ReceiptFormat) -> Result<Body, Problem> {
    let Ok(place) = Arc::clone(&web.reports).try_acquire_owned() else {
        return Err(Problem::busy("Other receipts are being written."));
    };
    let complain = |error| CommandError::io("the folder for temporary files", error);
    let file = tempfile::tempfile().map_err(complain)?;
    let wanted = ReceiptRows { round: job.round_number, format, raw: false };
    let (writer, _) = write_receipts(&mut store, job, &wanted, std::io::BufWriter::new(file), &complain).await?;
    store.close().await;
    let mut file = writer.into_inner().map_err(|error| complain(error.into_error()))?;
    file.rewind().map_err(complain)?;
    Ok(pieces_of(file, Some(place)))
}

/// A file, piece by piece. `place` is held until the last of them.
fn pieces_of(file: File, place: Option<OwnedSemaphorePermit>) -> Body {
    let pieces = stream::unfold((file, place), |(mut file, place)| async move {
        let mut piece = vec![0; PIECE_BYTES];
        match file.read(&mut piece) {
            Ok(0) => None,
            Ok(length) => {
                piece.truncate(length);
                Some((Ok::<_, std::io::Error>(Bytes::from(piece)), (file, place)))
            }
            Err(error) => Some((Err(error), (file, place))),
        }
    });
    Body::from_stream(pieces)
}
