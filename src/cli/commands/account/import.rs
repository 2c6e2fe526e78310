//! `cleanup account import`: many accounts from one CSV file, all of them or none.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::app::{self, Ways};
use crate::auth::{Document, IMPORT_COLUMNS, ImportError, ImportRow, Login, import, save_login};
use crate::cli::args::AccountImportArgs;
use crate::cli::context::Context;
use crate::domain::{AccountHost, PlatformUser, TargetId, UserId, counted};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::first_damaged;
use crate::platforms::Credentials;
use crate::text::with_near_file;

/// Imports them.
///
/// # Errors
/// A row cannot be used (65), a platform does not say whose a token is (77, 69), a name is somebody else's (2). Then none of
/// the file is kept.
pub(super) async fn run(context: &Context, args: &AccountImportArgs) -> Result<u8, CommandError> {
    super::open_existing(context).await?;
    let from_stdin = args.file == Path::new("-");
    let rows = if from_stdin { import(std::io::stdin().lock()) } else { read(&args.file) };
    let rows = rows.map_err(|error| refused(&args.file, &error))?;
    if rows.is_empty() {
        return Err(CommandError::new(
            ErrorKind::InputData,
            format!("{}: there are no accounts in it", args.file.display()),
        )
        .hint(format!("write a line for each account below the header: {}", IMPORT_COLUMNS.join(","))));
    }
    refuse_rounded(&args.file, &rows)?;
    let app = app::app(&context.settings).map(|app| (app.client_id.to_string(), app.is_confidential()));
    let mut lines: HashMap<PlatformUser, u64> = HashMap::new();
    let mut logins: Vec<Login> = Vec::with_capacity(rows.len());
    let hosts: Vec<AccountHost> = rows.iter().filter_map(|row| row.host.clone()).collect();
    let mut ways = None;
    for row in rows {
        let id = match &row.user {
            Some(user) => user.clone(),
            None => {
                let ways = match &mut ways {
                    Some(ways) => ways,
                    none => none.insert(Ways::new(&context.settings, context.clock.clone(), &hosts)?),
                };
                ask(ways, &row).await?
            }
        };
        let user = PlatformUser { platform: row.platform, host: row.host.clone(), id };
        if let Some(line) = lines.insert(user.clone(), row.line) {
            let message =
                format!("{}: lines {line} and {} are the same user, {}", args.file.display(), row.line, user.id);
            return Err(CommandError::new(ErrorKind::InputData, message).hint("drop one of them; nothing was imported"));
        }
        logins.push(row.into_login(user, app.clone()));
    }
    let (mut store, vault) = super::open(context).await?;
    let kept = save_login(&mut store, &vault, &logins, context.clock.now().wall).await?;
    store.close().await;
    context.printer.say(&format!("imported: {}, stored encrypted", counted(kept.len(), "account", "accounts")));
    if !from_stdin {
        let name = args.file.display().to_string();
        let shown = crate::text::escaped(&name);
        context.printer.say(&format!("delete {shown} now: it holds the tokens in clear"));
        if std::fs::metadata(&args.file).is_ok_and(|about| about.mode() & 0o077 != 0) {
            context.printer.warn(&format!("other users of this machine can read {shown}"));
        }
    }
    Ok(0)
}

fn read(path: &Path) -> Result<Vec<ImportRow>, ImportError> {
    import(std::fs::File::open(path).map_err(ImportError::Io)?)
}

/// A table with user IDs that a spreadsheet or a program has rounded gives tokens to strangers' names.
fn refuse_rounded(path: &Path, rows: &[ImportRow]) -> Result<(), CommandError> {
    // IDs of platforms with hosts of their own are not X's, and are not judged by how X's look.
    let with_id = |row: &ImportRow| {
        let user = row.user.as_ref().filter(|_| row.host.is_none())?;
        Some((row.line, user.as_str().parse::<TargetId>().ok()?))
    };
    let (lines, ids): (Vec<u64>, Vec<TargetId>) = rows.iter().filter_map(with_id).unzip();
    let Some((place, form)) = first_damaged(&ids) else { return Ok(()) };
    let (line, form_text) = (lines[place], form.describe());
    let message = format!(
        "{}: line {line}, column user_id: the ID is {form_text}, more often in this file than by chance, and may be somebody else's",
        path.display()
    );
    let hint = format!("{}; or leave user_id empty, and the platform is asked; nothing was imported", form.remedy());
    Err(CommandError::new(ErrorKind::InputData, message).hint(hint))
}

/// The platform knows whose an OAuth 2.0 token is; all others say so themselves.
async fn ask(ways: &Ways, row: &ImportRow) -> Result<UserId, CommandError> {
    let unknown = || {
        CommandError::new(ErrorKind::InputData, format!("line {}: the user is missing", row.line))
            .hint("fill in user_id; only the user of an OAuth 2.0 token can be asked; nothing was imported")
    };
    let access = match &row.document {
        Document::OAuth2 { access, .. } | Document::AtHost { access, .. } | Document::Session { access, .. } => {
            access.clone()
        }
        Document::OAuth1 { .. } | Document::Bound { .. } | Document::Aisa { .. } => return Err(unknown()),
    };
    let credentials = Credentials::bearer(access).map_err(|error| {
        CommandError::new(ErrorKind::InputData, format!("line {}: {error}", row.line))
            .hint("copy the token again; nothing was imported")
    })?;
    let base = ways.bases.at(row.platform, row.host.as_ref())?;
    let at = (row.platform, &*base);
    let asked = ways.user_of(at, &credentials).await.map_err(|reply| {
        let error = app::nobody(at, &reply);
        let message = format!("line {}, {}: {}; nothing was imported", row.line, row.name, error.message);
        CommandError { message, ..error }
    })?;
    asked.ok_or_else(unknown)
}

fn refused(path: &Path, error: &ImportError) -> CommandError {
    let mut message = format!("{}: {error}", path.display());
    if let ImportError::Rows { faults, count } = error {
        for fault in faults.iter().skip(1) {
            message.push_str(&format!("; {fault}"));
        }
        if *count > faults.len() {
            message.push_str(&format!("; and {} more", count - faults.len()));
        }
    }
    let hint = match error {
        ImportError::Io(source) if source.kind() == std::io::ErrorKind::NotFound => {
            with_near_file(path, "check the path; - is standard input")
        }
        _ => "nothing was imported; correct the file and run the command again".to_owned(),
    };
    CommandError::new(ErrorKind::InputData, message).hint(hint)
}
