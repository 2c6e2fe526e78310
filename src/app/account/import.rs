//! Many accounts from one CSV file, all of them or none.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::app::deps::AppDeps;
use crate::app::{self, Ways};
use crate::auth::{Document, IMPORT_COLUMNS, ImportError, ImportRow, Login, import, save_login};
use crate::domain::{AccountHost, PlatformUser, TargetId, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::first_damaged;
use crate::platforms::Credentials;
use crate::text::with_near_file;

use super::keep_login::{open_existing_vault, open_vault};

/// Accounts that were imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportedAccounts {
    /// How many.
    pub accounts: usize,
    /// They came from a file, which still holds their tokens.
    pub has_file: bool,
    /// Other users of this machine can read that.
    pub is_open_to_others: bool,
}

/// Imports the accounts of a file; `-` is standard input.
///
/// # Errors
/// A row cannot be used (65), a platform does not say whose a token is (77, 69), a name is somebody else's (2). Then none of
/// the file is kept.
pub async fn import_accounts(deps: AppDeps<'_>, file: &Path) -> Result<ImportedAccounts, CommandError> {
    open_existing_vault(deps).await?;
    let has_file = file != Path::new("-");
    let rows = if has_file { read(file) } else { import(std::io::stdin().lock()) };
    let rows = rows.map_err(|error| refused(file, &error))?;
    if rows.is_empty() {
        return Err(CommandError::new(
            ErrorKind::InputData,
            format!("{}: there are no accounts in it", file.display()),
        )
        .hint(format!("write a line for each account below the header: {}", IMPORT_COLUMNS.join(","))));
    }
    refuse_rounded(file, &rows)?;
    let logins = logins_of(deps, file, rows).await?;
    let (mut store, vault) = open_vault(deps).await?;
    let kept = save_login(&mut store, &vault, &logins, deps.clock.now().wall).await?;
    store.close().await;
    let is_open_to_others = has_file && std::fs::metadata(file).is_ok_and(|about| about.mode() & 0o077 != 0);
    Ok(ImportedAccounts { accounts: kept.len(), has_file, is_open_to_others })
}

/// Each row's login. Two of one user are a mistake.
async fn logins_of(deps: AppDeps<'_>, file: &Path, rows: Vec<ImportRow>) -> Result<Vec<Login>, CommandError> {
    let app = app::app(deps.settings).map(|app| (app.client_id.to_string(), app.is_confidential()));
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
                    none => none.insert(Ways::new(deps.settings, deps.clock.clone(), &hosts)?),
                };
                ask(ways, &row).await?
            }
        };
        let user = PlatformUser { platform: row.platform, host: row.host.clone(), id };
        if let Some(line) = lines.insert(user.clone(), row.line) {
            let message = format!("{}: lines {line} and {} are the same user, {}", file.display(), row.line, user.id);
            return Err(CommandError::new(ErrorKind::InputData, message).hint("drop one of them; nothing was imported"));
        }
        logins.push(row.into_login(user, app.clone()));
    }
    Ok(logins)
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
