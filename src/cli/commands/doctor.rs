//! `cleanup doctor`: looks for everything that can be wrong, changes nothing, and says what mends it.
//!
//! The configuration has been read when this begins: one that cannot be is told before, with exit code 78.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app;
use crate::auth::{KeyChoice, Vault, Why, list};
use crate::cli::args::DoctorArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::domain::Platform;
use crate::store::{Account, Credential, DrainLock, Store};

/// With less room than this a load or a long run will fail, in bytes.
const BAD_FREE_BYTES: u64 = 64 << 20;
/// With less room than this ten million rows do not fit, in bytes.
const SCARCE_FREE_BYTES: u64 = 2 << 30;
/// The most accounts that are named one by one.
const MAX_NAMED: usize = 20;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Good,
    Warning,
    /// The kind decides the exit code.
    Bad(Grave),
}

/// What a bad finding is about, the gravest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Grave {
    Account,
    Queue,
    Config,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Level::Good => "ok",
            Level::Warning => "warn",
            Level::Bad(_) => "bad",
        }
    }

    const fn exit_code(self) -> u8 {
        match self {
            Level::Good | Level::Warning => 0,
            Level::Bad(Grave::Account) => Kind::Person.exit_code(),
            Level::Bad(Grave::Queue) => Kind::Io.exit_code(),
            Level::Bad(Grave::Config) => Kind::Config.exit_code(),
        }
    }
}

/// One line of the list.
struct Finding {
    what: &'static str,
    level: Level,
    text: String,
    remedy: Option<String>,
}

impl Finding {
    fn good(what: &'static str, text: impl Into<String>) -> Finding {
        Finding { what, level: Level::Good, text: text.into(), remedy: None }
    }

    fn of(what: &'static str, level: Level, text: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { what, level, text: text.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks, and tells.
///
/// # Errors
/// Stdout cannot be written. What is wrong is in the list, and in the exit code.
pub async fn run(context: &Context, args: &DoctorArgs) -> Result<u8, CliError> {
    let mut findings = vec![Finding::good("config", "read")];
    findings.extend(settings(context));
    match context.settings.db() {
        Ok(path) => {
            findings.extend(files(path));
            findings.extend(disk(path));
            findings.extend(queue(context).await);
        }
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            findings.push(Finding::of("queue", Level::Bad(Grave::Config), error.to_string(), hint));
        }
    }
    if args.json {
        let list: Vec<Value> = findings.iter().map(to_json).collect();
        let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good);
        context.printer.json(&json!({ "findings": list, "exit_code": worst.exit_code() }))?;
        return Ok(worst.exit_code());
    }
    for finding in &findings {
        context.printer.data(&format!("{:<4}  {}: {}", finding.level.name(), finding.what, escaped(&finding.text)))?;
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.level != Level::Good) {
            context.printer.data(&format!("      {}", escaped(remedy)))?;
        }
    }
    Ok(findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Good).exit_code())
}

fn to_json(finding: &Finding) -> Value {
    json!({ "what": finding.what, "level": finding.level.name(), "text": finding.text, "remedy": finding.remedy })
}

/// Addresses, credentials in the environment, windows.
fn settings(context: &Context) -> Vec<Finding> {
    let settings = &context.settings;
    let mut findings = Vec::new();
    let bad = |error: CliError| {
        let hint = error.hint.clone().unwrap_or_default();
        Finding::of("config", Level::Bad(Grave::Config), error.message, hint)
    };
    match app::Bases::of(settings) {
        Ok(bases) => findings.push(Finding::good("platforms", format!("X at {}, AIsa at {}", bases.x, bases.aisa))),
        Err(error) => findings.push(bad(error)),
    }
    match app::environment_accounts(&settings.credentials) {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            findings.push(Finding::good("environment", format!("credentials for {} platforms", found.len())));
        }
        Err(error) => findings.push(bad(error)),
    }
    if let Some(redirect) = &settings.app.redirect
        && let Err(error) = redirect.parse::<crate::auth::Redirect>()
    {
        findings.push(Finding::of("config", Level::Bad(Grave::Config), error.to_string(), "mend [x] redirect"));
    }
    let warnings = Platform::ALL.into_iter().flat_map(|platform| settings.window_warnings(platform));
    let mut warnings: Vec<String> = warnings.collect();
    warnings.dedup();
    findings.extend(warnings.into_iter().map(|warning| {
        Finding::of("windows", Level::Warning, warning, "if that is not meant, mend [[windows]] in the config file")
    }));
    findings
}

/// Who may read and write the queue, its companions and the key.
fn files(queue: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut open = false;
    for path in private_files(queue) {
        let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
        if about.file_type().is_symlink() || about.mode() & 0o077 == 0 {
            continue;
        }
        open = true;
        let is_key = path.extension().is_some_and(|ending| ending == "key");
        let level = if is_key { Level::Bad(Grave::Config) } else { Level::Warning };
        let shown = path.display();
        let mode = about.mode() & 0o7777;
        let text = format!("{shown} is open to others (mode {mode:04o})");
        findings.push(Finding::of("permissions", level, text, format!("chmod go= '{shown}'")));
    }
    let folder = folder_of(queue);
    if let Ok(about) = std::fs::metadata(&folder) {
        // Where others can write, they can put another file in a lock's place; a sticky folder does not let them.
        if about.mode() & 0o022 != 0 && about.mode() & 0o1000 == 0 {
            open = true;
            let shown = folder.display();
            let text = format!("others can write to the folder {shown} (mode {:04o})", about.mode() & 0o7777);
            findings.push(Finding::of("permissions", Level::Warning, text, format!("chmod go-w '{shown}'")));
        }
    }
    if !open {
        findings.push(Finding::good("permissions", "only you can read the queue"));
    }
    findings
}

fn private_files(queue: &Path) -> Vec<PathBuf> {
    let beside = |ending: &str| {
        let mut name = queue.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        queue.with_file_name(name)
    };
    let mut files = ["", "-wal", "-shm", ".drain.lock", ".load.lock"].map(beside).to_vec();
    files.push(KeyChoice::beside(queue, None).key_file);
    files
}

fn folder_of(queue: &Path) -> PathBuf {
    let folder = queue.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_path_buf()
}

/// The room left where the queue is, or will be.
fn disk(queue: &Path) -> Vec<Finding> {
    let mut folder = folder_of(queue);
    while !folder.exists() {
        match folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => folder = parent.to_path_buf(),
            None => return Vec::new(),
        }
    }
    match rustix::fs::statvfs(&folder) {
        Ok(room) => {
            let free = room.f_bavail.saturating_mul(room.f_frsize);
            let text = format!("{} MiB free at {}", free >> 20, folder.display());
            let remedy = "make room, or keep the queue elsewhere with --db; ten million rows take about 2 GiB";
            vec![match free {
                0..BAD_FREE_BYTES => Finding::of("disk", Level::Bad(Grave::Queue), text, remedy),
                BAD_FREE_BYTES..SCARCE_FREE_BYTES => Finding::of("disk", Level::Warning, text, remedy),
                _ => Finding::good("disk", text),
            }]
        }
        Err(error) => vec![Finding::of("disk", Level::Warning, error.to_string(), "check the file system")],
    }
}

/// What is in the queue: whole or not, counted right or not; who drains it; who can act.
async fn queue(context: &Context) -> Vec<Finding> {
    let mut store = match context.existing_queue().await {
        Ok(Some(store)) => store,
        Ok(None) => return vec![Finding::good("queue", "there is none yet")],
        Err(error) => {
            let grave = if error.kind == Kind::Config { Grave::Config } else { Grave::Queue };
            let hint = error.hint.clone().unwrap_or_default();
            return vec![Finding::of("queue", Level::Bad(grave), error.message, hint)];
        }
    };
    let mut findings = integrity(&mut store).await;
    findings.push(match DrainLock::is_held(store.path()) {
        Ok(true) => Finding::good("drain", "a process is working on this queue now"),
        Ok(false) => Finding::good("drain", "nobody is working on this queue"),
        Err(error) => Finding::of("drain", Level::Bad(Grave::Queue), error.to_string(), "check the lock's file"),
    });
    findings.extend(accounts(context, &mut store).await);
    store.close().await;
    findings
}

async fn integrity(store: &mut Store) -> Vec<Finding> {
    const BACKUP: &str = "stop every run, keep a copy of the file, and restore a backup";
    const REPORT: &str = "please report this; receipts and limits do not hang on it";
    let found = match store.integrity().await {
        Ok(found) => found,
        Err(error) => return vec![Finding::of("queue", Level::Bad(Grave::Queue), error.to_string(), BACKUP)],
    };
    let mut findings = vec![Finding::good("sqlite", found.sqlite)];
    for fault in &found.faults {
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), fault.clone(), BACKUP));
    }
    for job in &found.miscounted {
        let text = format!("the counters of {job} are not what counting its rows gives");
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), text, REPORT));
    }
    for (what, count) in &found.orphans {
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), format!("{count} {what}"), REPORT));
    }
    if findings.len() == 1 {
        findings.push(Finding::good("queue", "whole, and every counter is right"));
    }
    findings
}

async fn accounts(context: &Context, store: &mut Store) -> Vec<Finding> {
    let bad = |error: CliError| {
        let grave = if error.kind == Kind::Config { Grave::Config } else { Grave::Queue };
        vec![Finding::of("accounts", Level::Bad(grave), error.message, error.hint.unwrap_or_default())]
    };
    let all = match list(store).await {
        Ok(all) => all,
        Err(error) => return bad(error.into()),
    };
    let mut findings = match key(context, store).await {
        Ok(found) => found,
        Err(error) => return bad(error),
    };
    if context.settings.is_sandbox() {
        return findings;
    }
    let environment = app::environment_accounts(&context.settings.credentials).unwrap_or_default();
    let troubled: Vec<(String, String)> = all
        .iter()
        .filter(|(account, _)| !environment.iter().any(|found| found.is(account)))
        .filter_map(|(account, record)| trouble(account, record.as_ref()).map(|why| (account.name.to_string(), why)))
        .collect();
    for (name, why) in troubled.iter().take(MAX_NAMED) {
        let login = format!("cleanup account login {name}");
        findings.push(Finding::of("accounts", Level::Bad(Grave::Account), format!("{name}: {why}"), login));
    }
    if troubled.len() > MAX_NAMED {
        let text = format!("... and {} more", troubled.len() - MAX_NAMED);
        findings.push(Finding::of("accounts", Level::Bad(Grave::Account), text, "cleanup account list"));
    }
    if troubled.is_empty() && !all.is_empty() {
        let text = format!("{} known, none needs a login as far as is on record", all.len());
        findings.push(Finding { remedy: Some("cleanup account check".into()), ..Finding::good("accounts", text) });
    }
    findings
}

/// Why an account cannot act, as far as is on record; nobody is asked.
fn trouble(account: &Account, record: Option<&Credential>) -> Option<String> {
    let why = match record {
        None => Some(Why::Missing),
        Some(record) => record.login_needed.as_deref().map(Why::parse),
    };
    why.map(|why| why.sentence().to_owned()).or_else(|| account.trouble.clone())
}

/// Whether the key at hand opens what is sealed. No key is made here.
async fn key(context: &Context, store: &mut Store) -> Result<Vec<Finding>, CliError> {
    if !store.has_credentials().await? {
        return Ok(Vec::new());
    }
    let Some(stamp) = store.vault_stamp().await? else { return Ok(Vec::new()) };
    let choice = KeyChoice::beside(store.path(), context.settings.credentials.key.clone());
    Ok(vec![match Vault::open(&choice, &stamp) {
        Ok(_) => Finding::good("key", "it opens the sealed logins"),
        Err(error) => {
            let remedy = "the message says what to set or restore; without the key every account has to log in again";
            Finding::of("key", Level::Bad(Grave::Config), error.to_string(), remedy)
        }
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_decides() {
        let code = |levels: &[Level]| levels.iter().copied().max().map(Level::exit_code);
        assert_eq!(code(&[Level::Good, Level::Warning]), Some(0));
        assert_eq!(code(&[Level::Bad(Grave::Account), Level::Warning]), Some(77));
        assert_eq!(code(&[Level::Bad(Grave::Account), Level::Bad(Grave::Queue)]), Some(74));
        assert_eq!(code(&[Level::Bad(Grave::Config), Level::Bad(Grave::Queue), Level::Good]), Some(78));
    }
}
