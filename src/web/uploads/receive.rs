//! The first step of an upload: a form with a file is received, piece by piece, within its bounds, and put where it waits.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::choices::{Choices, choose, complete};
use super::form::filled_in;
use super::kept_bytes::{KeptBytes, MAX_KEPT_BYTES};
use super::place::keep_list_of;
use super::{Received, Uploads, Waiting, spell_as_known};
use crate::error::CommandError;
use crate::web::middleware::Visitor;
use crate::web::problem::Problem;
use crate::web::state::Web;

/// The longest file that is received.
const MAX_UPLOAD_BYTES: u64 = 256 * 1024 * 1024;
/// The longest export that is received.
pub(in crate::web) const MAX_EXPORT_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The longest form: a file, a keep list and a few words.
pub(in crate::web) const MAX_BODY_BYTES: usize = 2 * MAX_UPLOAD_BYTES as usize + 64 * 1024;
/// A sender that is silent for so long is dropped.
const MAX_SILENCE_SECONDS: u64 = 20;
/// The longest text of a field that is no file.
const MAX_FIELD_BYTES: usize = 1_024;

/// The first step: receives the file, and goes to the page that says what is in it.
pub(in crate::web) async fn receive(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
) -> Result<Response, Problem> {
    refuse_length(&request, MAX_BODY_BYTES as u64)?;
    let kept = KeptBytes::default();
    let mut form = match Multipart::from_request(request.map(|body| kept.counting(body)), &()).await {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let (mut choices, mut shown) = (Choices::default(), String::new());
    let (mut file, mut keep, mut seen) = (None, None, Vec::new());
    while let Some(field) = next_field(&mut form, &kept).await? {
        let Some(name) = FIELDS.into_iter().find(|known| field.name() == Some(known)) else {
            text_of(field, &kept).await?;
            continue;
        };
        if seen.contains(&name) {
            return Err(Problem::unusable(
                format!("The form has {name:?} more than once."),
                "Choose one file, and send the form again.",
            ));
        }
        seen.push(name);
        match name {
            "file" => {
                shown = field.file_name().unwrap_or_default().chars().take(200).collect();
                file = Some(store_file(&web.uploads, field, &kept, MAX_UPLOAD_BYTES).await?.0);
            }
            "keep" => {
                keep = Some(store_file(&web.uploads, field, &kept, MAX_UPLOAD_BYTES).await?)
                    .filter(|(_, bytes)| *bytes > 0)
            }
            _ => choose(&mut choices, name, &text_of(field, &kept).await?)?,
        }
    }
    let Some(file) = file.filter(|_| !shown.is_empty()) else {
        let none = Problem::unusable("No file was chosen.", "Choose the CSV whose rows are to be sent.");
        return filled_in(&web, visitor, choices, None, &none).await;
    };
    let refused = complete(&mut choices, Path::new(&shown));
    spell_as_known(&web, &mut choices).await?;
    let now = web.clock.now().tick;
    let keep_place = keep_list_of(&web.uploads.folder, &choices.job, fastrand::u64(..));
    let (file, keep) = (Arc::new(file), keep.map(|(keep, _)| Arc::new(keep)));
    let waiting = Waiting { choices, shown, file, keep, keep_place, since: now, refused };
    let (choices, refused) = (waiting.choices.clone(), waiting.refused.clone());
    let id = web.uploads.put(waiting, now);
    match refused {
        Some(refused) => filled_in(&web, visitor, choices, Some((id, &*web.uploads.get(id)?)), &refused).await,
        None => Ok(Redirect::to(&format!("/new/{id}")).into_response()),
    }
}

/// Receives a form with an export of somebody's data: the file, what its sender calls it, and which list of it is wanted.
pub(in crate::web) async fn receive_export(web: &Web, request: Request) -> Result<(Received, String, String), Problem> {
    refuse_length(&request, MAX_EXPORT_BYTES + 64 * 1024)?;
    let kept = KeptBytes::default();
    let form = Multipart::from_request(request.map(|body| kept.counting(body)), &()).await;
    let mut form = form.map_err(|_| Problem::unusable("This is no form with a file.", "Use the form of the page."))?;
    let (mut file, mut what) = (None, String::new());
    while let Some(field) = next_field(&mut form, &kept).await? {
        match field.name() {
            Some("export") if file.is_none() => {
                let shown: String = field.file_name().unwrap_or_default().chars().take(200).collect();
                file = Some((store_file(&web.uploads, field, &kept, MAX_EXPORT_BYTES).await?.0, shown));
            }
            Some("what") => what = text_of(field, &kept).await?,
            _ => drop(text_of(field, &kept).await?),
        }
    }
    match file.filter(|(_, shown)| !shown.is_empty()) {
        Some((file, shown)) => Ok((file, shown, what)),
        None => Err(Problem::unusable("No file was chosen.", "Choose the export that the service has made for you.")),
    }
}

fn refuse_length(request: &Request, most: u64) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) { Err(too_long("The form is")) } else { Ok(()) }
}

/// The fields of the form. What else is in it is read past.
const FIELDS: [&str; 12] = [
    "file",
    "keep",
    "strict",
    "trust_ids",
    "again",
    "allow_shrink",
    "moved",
    "job",
    "action",
    "account",
    "platform",
    "column",
];

fn unreadable(error: &MultipartError, kept: &KeptBytes) -> Problem {
    if kept.are_too_many() {
        let message = format!("More than {} MiB of the form stand outside its fields.", MAX_KEPT_BYTES / (1024 * 1024));
        return Problem::too_long(message, "Send the file with the form of this page.");
    }
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_long("The form is");
    }
    Problem::unusable(format!("The upload cannot be read: {error}"), "Send it again.")
}

fn too_long(what: &str) -> Problem {
    let message = format!("{what} too long: a file may have {} MiB.", MAX_UPLOAD_BYTES / (1024 * 1024));
    Problem::too_long(message, "Load it on the machine itself: cleanup load FILE.csv")
}

async fn next_field<'f>(form: &'f mut Multipart, kept: &KeptBytes) -> Result<Option<Field<'f>>, Problem> {
    let silence = Duration::from_secs(MAX_SILENCE_SECONDS);
    match tokio::time::timeout(silence, form.next_field()).await {
        Ok(Ok(field)) => Ok(field),
        Ok(Err(error)) => Err(unreadable(&error, kept)),
        Err(_) => Err(Problem::unusable("The upload stopped under way.", "Send it again.")),
    }
}

async fn next_piece(field: &mut Field<'_>, kept: &KeptBytes) -> Result<Option<axum::body::Bytes>, Problem> {
    let silence = Duration::from_secs(MAX_SILENCE_SECONDS);
    match tokio::time::timeout(silence, field.chunk()).await {
        Ok(Ok(piece)) => {
            kept.give_out(piece.as_ref().map_or(0, |piece| piece.len()));
            Ok(piece)
        }
        Ok(Err(error)) => Err(unreadable(&error, kept)),
        Err(_) => Err(Problem::unusable("The upload stopped under way.", "Send it again.")),
    }
}

async fn text_of(mut field: Field<'_>, kept: &KeptBytes) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(piece) = next_piece(&mut field, kept).await? {
        if text.len() + piece.len() > MAX_FIELD_BYTES {
            return Err(Problem::unusable("A field of the form is too long.", ""));
        }
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text)
        .map(|text| text.trim().to_owned())
        .map_err(|_| Problem::unusable("A field of the form is not UTF-8.", ""))
}

/// Writes a field to a file of its own, which stays as long as what is given; and its length.
async fn store_file(
    uploads: &Uploads,
    mut field: Field<'_>,
    kept: &KeptBytes,
    most: u64,
) -> Result<(Received, u64), Problem> {
    let (mut file, received) = uploads.create()?;
    let complain = |error| CommandError::io(received.0.display(), error);
    let mut bytes = 0_u64;
    while let Some(piece) = next_piece(&mut field, kept).await? {
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(too_long("The file is"));
        }
        file.write_all(&piece).map_err(complain)?;
    }
    // A queued file is the job's from then on, after a power failure too.
    file.sync_all().map_err(complain)?;
    Ok((received, bytes))
}
