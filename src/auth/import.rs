//! Many accounts from one CSV file: `name,platform,user_id,access_token,refresh_token,expires_at,access_secret,host`. In: bytes. Out:
//! rows, or everything that is wrong with them by line and column. No cell is ever repeated in a message: in a file whose
//! columns are shifted any of them may be a secret. What does not belong here: asking platforms, saving.

use std::collections::HashMap;
use std::io::Read;

use csv::{ReaderBuilder, StringRecord, Trim};
use zeroize::Zeroizing;

use super::aisa::{aisa_key, aisa_user};
use super::document::Document;
use super::save_login::Login;
use crate::domain::{AccountHost, AccountName, Platform, PlatformUser, Secret, UserId, Wall, counted};
use crate::platforms::{Credentials, Host, LoginKind, spec};
use crate::store::Expiry;

/// The columns; all but the first three may be missing.
pub const IMPORT_COLUMNS: [&str; 8] =
    ["name", "platform", "user_id", "access_token", "refresh_token", "expires_at", "access_secret", "host"];
/// Accounts in one file at most.
pub const MAX_IMPORT_ROWS: usize = 100_000;
/// The longest file, in bytes.
pub const MAX_IMPORT_BYTES: u64 = 256 * 1024 * 1024;
/// Faults that are listed; a file that is wrong throughout need not say so in each row.
pub const MAX_IMPORT_FAULTS: usize = 20;

/// The lifetime of X's tokens, for those whose own is not known, in milliseconds.
const USUAL_LIFETIME_MS: i64 = 7_200_000;

/// An account as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// The line its record begins at, the header counted.
    pub line: u64,
    /// Its name.
    pub name: AccountName,
    /// Where.
    pub platform: Platform,
    /// At which of the platform's hosts; none: it has one address.
    pub host: Option<AccountHost>,
    /// Who; none: the platform has to be asked.
    pub user: Option<UserId>,
    /// The secrets.
    pub document: Document,
    /// When the access token ends.
    pub expiry: Option<Expiry>,
}

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct ImportFault {
    /// The line its record begins at, the header counted.
    pub line: u64,
    /// The column's name.
    pub column: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

/// Why a file cannot be imported (65). Nothing of it is.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(std::io::Error),
    /// The header is wrong.
    #[error("line 1: {reason}; the columns are {}", IMPORT_COLUMNS.join(","), reason = .0)]
    Header(String),
    /// It is longer than [`MAX_IMPORT_BYTES`] or [`MAX_IMPORT_ROWS`].
    #[error("the file has more than {MAX_IMPORT_ROWS} accounts, or more than {} MiB; split it", MAX_IMPORT_BYTES >> 20)]
    TooLong,
    /// Rows are wrong; the first [`MAX_IMPORT_FAULTS`], and how many there are.
    #[error("{} cannot be imported; the first: {}", counted(*count, "row", "rows"), faults.first().map(ToString::to_string).unwrap_or_default())]
    Rows {
        /// The first of them.
        faults: Vec<ImportFault>,
        /// All of them.
        count: usize,
    },
}

/// Reads a file.
///
/// # Errors
/// See [`ImportError`]: it is taken whole or not at all.
pub fn import(file: impl Read) -> Result<Vec<ImportRow>, ImportError> {
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_IMPORT_BYTES + 1).read_to_end(&mut bytes).map_err(ImportError::Io)?;
    if bytes.len() as u64 > MAX_IMPORT_BYTES {
        return Err(ImportError::TooLong);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text);
    let columns = columns(reader.headers().map_err(|error| ImportError::Header(shape(&error)))?)?;
    let (mut rows, mut faults, mut count) = (Vec::new(), Vec::new(), 0);
    let mut seen = Seen::default();
    for record in reader.records() {
        if rows.len() + count >= MAX_IMPORT_ROWS {
            return Err(ImportError::TooLong);
        }
        let read = match record {
            Ok(record) => row(&columns, &record).and_then(|row| seen.first(row)),
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                Err(ImportFault { line, column: "name", problem: shape(&error) })
            }
        };
        match read {
            Ok(row) => rows.push(row),
            Err(fault) => {
                count += 1;
                if faults.len() < MAX_IMPORT_FAULTS {
                    faults.push(fault);
                }
            }
        }
    }
    if count > 0 { Err(ImportError::Rows { faults, count }) } else { Ok(rows) }
}

impl ImportRow {
    /// The login of a row whose user is known; `app` is the configured app's public ID and whether it has a secret.
    pub fn into_login(self, user: PlatformUser, app: Option<(String, bool)>) -> Login {
        let is_of_app = spec(self.platform).login == LoginKind::OAuth2;
        let app = app.filter(|_| is_of_app && matches!(self.document, Document::OAuth2 { .. }));
        let Self { name, document, expiry, .. } = self;
        Login { name, user, document, scopes: None, expiry, app }
    }
}

/// Names and users that have been read, and on which line.
#[derive(Default)]
struct Seen {
    names: HashMap<AccountName, u64>,
    users: HashMap<PlatformUser, u64>,
}

impl Seen {
    fn first(&mut self, row: ImportRow) -> Result<ImportRow, ImportFault> {
        let fault = |column, line: u64| {
            let problem = format!("the same as in line {line}; each account may be there only once");
            Err(ImportFault { line: row.line, column, problem })
        };
        if let Some(line) = self.names.insert(row.name.clone(), row.line) {
            return fault("name", line);
        }
        let user = row.user.clone().map(|id| PlatformUser { platform: row.platform, host: row.host.clone(), id });
        if let Some(user) = user
            && let Some(line) = self.users.insert(user, row.line)
        {
            return fault("user_id", line);
        }
        Ok(row)
    }
}

/// Which cell of a record belongs to which column of [`IMPORT_COLUMNS`].
fn columns(header: &StringRecord) -> Result<[Option<usize>; 8], ImportError> {
    let mut places = [None; 8];
    for (place, name) in header.iter().enumerate() {
        let known = IMPORT_COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(name));
        let Some(known) = known else {
            return Err(ImportError::Header(format!("column {} is none of these", place + 1)));
        };
        if places[known].replace(place).is_some() {
            return Err(ImportError::Header(format!("the column {} is there twice", IMPORT_COLUMNS[known])));
        }
    }
    match (0..4).find(|needed| places[*needed].is_none() && *needed != 2) {
        Some(missing) => Err(ImportError::Header(format!("the column {} is missing", IMPORT_COLUMNS[missing]))),
        None => Ok(places),
    }
}

fn row(columns: &[Option<usize>; 8], record: &StringRecord) -> Result<ImportRow, ImportFault> {
    let line = record.position().map_or(0, csv::Position::line);
    let fault = |column: usize, problem: &str| ImportFault {
        line,
        column: IMPORT_COLUMNS.get(column).copied().unwrap_or_default(),
        problem: problem.to_owned(),
    };
    let cell = |column: usize| columns[column].and_then(|place| record.get(place)).unwrap_or_default();
    let secret = |column: usize| match cell(column) {
        "" => Ok(None),
        text => match Credentials::bearer(Secret::new(text)) {
            Ok(_) => Ok(Some(Secret::new(text))),
            Err(_) => Err(fault(column, "a token has printable characters only and no spaces")),
        },
    };
    if record.len() > columns.iter().flatten().count() {
        return Err(fault(6, "there are more cells than columns; is there an unquoted comma?"));
    }
    let name = cell(0).parse().map_err(|why: String| fault(0, &why))?;
    let platform = Platform::named(cell(1)).filter(|platform| !platform.is_sandbox());
    let platform = platform.ok_or_else(|| {
        let known: Vec<&str> = Platform::real().map(Platform::name).collect();
        fault(1, &format!("one of {}", known.join(", ")))
    })?;
    let login = spec(platform).login;
    let host = match (spec(platform).host, cell(7)) {
        (Host::Fixed(_), "") => None,
        (Host::Fixed(_), _) => return Err(fault(7, "this platform has one address; leave it empty")),
        (Host::OfAccount, "") => return Err(fault(7, "the server that the account lives at, such as example.social")),
        (Host::OfAccount, name) => Some(name.parse::<AccountHost>().map_err(|why| fault(7, &why.to_string()))?),
    };
    let token = secret(3)?.ok_or_else(|| fault(3, "it is empty"))?;
    let (refresh, access_secret) = (secret(4)?, secret(6)?);
    let expiry = expiry(cell(5)).map_err(|why| fault(5, why))?;
    let mut user = match cell(2) {
        "" => None,
        digits if !matches!(login, LoginKind::OAuth2 | LoginKind::OAuth1) || is_id(digits) => {
            Some(digits.parse::<UserId>().map_err(|why| fault(2, &why))?)
        }
        _ => return Err(fault(2, "a user ID has 1 to 19 digits (or leave it empty, and the platform is asked)")),
    };
    let document = match (login, access_secret) {
        (LoginKind::Key, Some(_)) => return Err(fault(6, "an AIsa key has none; leave it empty")),
        (LoginKind::Key, None) => {
            let key = aisa_key(token.expose()).map_err(|why| fault(3, &why.to_string()))?;
            // Whatever the file says: here an account is its key.
            user = Some(aisa_user(&key).map_err(|why| fault(3, &why.to_string()))?);
            Document::Aisa { key }
        }
        (LoginKind::AppAtHost, Some(_)) => return Err(fault(6, "a token of this platform has none; leave it empty")),
        (LoginKind::AppAtHost, None) if refresh.is_some() || expiry.is_some() => {
            return Err(fault(4, "tokens of this platform do not end; leave refresh_token and expires_at empty"));
        }
        (LoginKind::AppPassword { .. }, _) => {
            return Err(fault(1, "accounts of this platform are logged in one by one, with `cleanup account login`"));
        }
        (LoginKind::OAuth1, None) => return Err(fault(6, "x-v1 uses OAuth 1.0a, which needs the token's secret")),
        (_, Some(token_secret)) => {
            if refresh.is_some() {
                return Err(fault(4, "either a refresh token (OAuth 2.0) or an access secret (OAuth 1.0a), not both"));
            }
            // The digits before the first dash of such a token are its user.
            let told = token.expose().split_once('-').map(|(user, _)| user).filter(|user| is_id(user));
            let told: Option<UserId> = told.and_then(|user| user.parse().ok());
            // A user ID that a spreadsheet has rounded shows here.
            if user.is_some() && told.is_some() && user != told {
                return Err(fault(
                    2,
                    "it is not the user that the token begins with; leave it empty, or copy it again as text",
                ));
            }
            user = user.or(told);
            if user.is_none() {
                return Err(fault(2, "it is empty, and the token does not begin with it"));
            }
            Document::OAuth1 { token, token_secret }
        }
        (_, None) => Document::OAuth2 { access: token, refresh },
    };
    let expiry = expiry.filter(|_| matches!(document, Document::OAuth2 { .. }));
    Ok(ImportRow { line, name, platform, host, user, document, expiry })
}

/// Epoch seconds. Milliseconds are a common mistake, and told apart by their size.
fn expiry(cell: &str) -> Result<Option<Expiry>, &'static str> {
    if cell.is_empty() {
        return Ok(None);
    }
    match cell.parse::<i64>() {
        Ok(seconds) if (0..100_000_000_000).contains(&seconds) => {
            Ok(Some(Expiry { at: Wall(seconds * 1000), lifetime_ms: USUAL_LIFETIME_MS }))
        }
        Ok(_) => Err("epoch seconds are expected (10 digits), not milliseconds"),
        Err(_) => Err("epoch seconds are expected, such as 1790000000"),
    }
}

fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the CSV itself suffers from, without any of its text.
fn shape(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".into(),
        csv::ErrorKind::Io(error) => format!("it cannot be read: {}", error.kind()),
        _ => "it is no CSV".into(),
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
