//! What is in the queue: whole or not, who drains it, who can act.

use super::{Finding, Grave, Level, clock};
use crate::app;
use crate::app::command_line;
use crate::app::status::{TroubledAccount, only_unfinished, reason_of};
use crate::auth::{KeyHeld, KeyPlace, Vault, VaultError, Why, list};
use crate::cli::commands::account;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::store::{Account, Credential, DamagedTask, DrainLock, Store};

/// The most accounts that are named one by one.
const MAX_NAMED: usize = 20;

/// What is in the queue: whole or not, counted right or not; who drains it; who can act.
pub(super) async fn look(context: &Context) -> Vec<Finding> {
    let mut store = match context.existing_queue().await {
        Ok(Some(store)) => store,
        Ok(None) => {
            let mut findings = vec![Finding::good("queue", "there is none yet")];
            findings.extend(no_login(context, &[]));
            return findings;
        }
        Err(error) => {
            let grave = if error.kind == ErrorKind::Config { Grave::Config } else { Grave::Queue };
            let hint = error.hint.clone().unwrap_or_default();
            return vec![Finding::of("queue", Level::Bad(grave), error.message, hint)];
        }
    };
    let mut findings = integrity(context, &mut store).await;
    findings.push(match DrainLock::is_held(store.path()) {
        Ok(true) => {
            let who = DrainLock::holder(store.path()).map_or_else(String::new, |holder| format!(" ({holder})"));
            Finding::good("drain", format!("a process is working on this queue now{who}"))
        }
        Ok(false) => Finding::good("drain", "nobody is working on this queue"),
        Err(error) => Finding::of("drain", Level::Bad(Grave::Queue), error.to_string(), "check the lock's file"),
    });
    findings.extend(accounts(context, &mut store).await);
    findings.extend(clock::look(context, &mut store).await);
    store.close().await;
    findings
}

async fn integrity(context: &Context, store: &mut Store) -> Vec<Finding> {
    const BACKUP: &str = "stop every run, keep a copy of the file, and restore a backup";
    let found = match store.admin().integrity().await {
        Ok(found) => found,
        Err(error) => return vec![Finding::of("queue", Level::Bad(Grave::Queue), error.to_string(), BACKUP)],
    };
    let mut findings = vec![Finding::good("sqlite", found.sqlite)];
    for fault in &found.faults {
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), fault.clone(), BACKUP));
    }
    let recount = context.command(&["doctor", "--repair"]);
    for job in &found.miscounted {
        let text = format!("the counters of {job} are not what counting its rows gives");
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), text, format!("{recount}  (counts them anew)")));
    }
    for job in &found.misplaced {
        let text =
            format!("it is not known any more where the rows of {job} stand in its file: receipts may lack rows");
        let remedy = format!("{recount}, then load the file of {job} again");
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), text, remedy));
    }
    for (what, count) in &found.orphans {
        let remedy =
            format!("{recount}; where that does not help please report this: receipts and limits do not hang on it");
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), format!("{what}: {count}"), remedy));
    }
    findings.extend(damaged(context, store).await);
    if findings.len() == 1 {
        findings.push(Finding::good("queue", "whole, and every counter is right"));
    }
    for (job, rows) in &found.blamed {
        let rows = counted(*rows, "row", "rows");
        let text =
            format!("{job}: {rows} failed as `crashed` in an older version, and are probably done at the platform");
        findings.push(Finding::of("queue", Level::Warning, text, context.command(&["retry", job])));
    }
    findings
}

/// Rows that are not what their files said; they are noted, so that the next load of the file puts them right.
async fn damaged(context: &Context, store: &mut Store) -> Vec<Finding> {
    let found = match store.admin().find_damage().await {
        Ok(found) => store.admin().note_damage(&found, context.clock.now().wall).await,
        Err(error) => Err(error),
    };
    let tasks = match found {
        Ok(()) => store.admin().damaged_tasks(None).await,
        Err(error) => Err(error),
    };
    let tasks = match tasks {
        Ok(tasks) => tasks,
        Err(error) => {
            let remedy = "stop every run, keep a copy of the file, and restore a backup";
            return vec![Finding::of("queue", Level::Bad(Grave::Queue), error.to_string(), remedy)];
        }
    };
    let repair = context.command(&["doctor", "--repair"]);
    let finding = |task: &DamagedTask| {
        let load = context.command(&["load", &task.path.display().to_string()]);
        let remedy = format!("{load}  (the file says which is right); without the file: {repair}");
        Finding::of("queue", Level::Bad(Grave::Queue), app::damage_in_words(task), remedy)
    };
    let mut findings: Vec<Finding> = tasks.iter().take(MAX_NAMED).map(finding).collect();
    if let Some(more) = tasks.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        let text = format!("... and {} that their files did not say", counted(more as u64, "more row", "more rows"));
        findings.push(Finding::of("queue", Level::Bad(Grave::Queue), text, "look at the disk; restore a backup"));
    }
    findings
}

async fn accounts(context: &Context, store: &mut Store) -> Vec<Finding> {
    let bad = |error: CommandError| {
        let grave = if error.kind == ErrorKind::Config { Grave::Config } else { Grave::Queue };
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
    findings.extend(no_login(context, &all));
    let environment = app::environment_accounts(&context.settings.credentials).unwrap_or_default();
    let jobs = match store.queue().jobs().await {
        Ok(jobs) => jobs,
        Err(error) => return bad(error.into()),
    };
    let troubled: Vec<(String, String, String)> = all
        .iter()
        .filter_map(|(account, record)| {
            let outside = environment.iter().any(|found| found.is(account));
            let (why, remedy) = trouble(context, account, record.as_ref(), outside, only_unfinished(&jobs))?;
            Some((account.name.to_string(), why, remedy))
        })
        .collect();
    for (name, why, remedy) in troubled.iter().take(MAX_NAMED) {
        findings.push(Finding::of("accounts", Level::Bad(Grave::Account), format!("{name}: {why}"), remedy.clone()));
    }
    if troubled.len() > MAX_NAMED {
        let text = format!("... and {} more", troubled.len() - MAX_NAMED);
        findings.push(Finding::of(
            "accounts",
            Level::Bad(Grave::Account),
            text,
            command_line(&context.settings, &["account", "list"]),
        ));
    }
    if troubled.is_empty() && !all.is_empty() {
        let text = format!("{} known, none needs a login as far as is on record", all.len());
        findings.push(Finding {
            remedy: Some(command_line(&context.settings, &["account", "check"])),
            ..Finding::good("accounts", text)
        });
    }
    let known: Vec<Account> = all.into_iter().map(|(account, _)| account).collect();
    findings.extend(default_account(context, &known));
    findings
}

/// Who acts where neither the command nor the file names an account.
fn default_account(context: &Context, known: &[Account]) -> Option<Finding> {
    if known.is_empty() {
        return None;
    }
    // Credentials that contradict each other are told among the settings.
    let text = match app::default_account(&context.settings, known).ok()? {
        Some(default) => account::default::told(&default),
        None => "none: a command or a file has to name the account that acts".to_owned(),
    };
    let remedy = Some(command_line(&context.settings, &["account", "default", "NAME"]));
    Some(Finding { remedy, ..Finding::good("default account", text) })
}

/// Nobody is logged in anywhere: then nothing can be sent but to the sandbox.
fn no_login(context: &Context, known: &[(Account, Option<Credential>)]) -> Option<Finding> {
    // Credentials that contradict each other are told among the settings.
    let is_there = app::environment_accounts(&context.settings.credentials).map_or(true, |found| !found.is_empty());
    if context.settings.is_sandbox() || is_there || !known.is_empty() {
        return None;
    }
    let text = "no account is logged in, so nothing can be sent to a real platform";
    let login = command_line(&context.settings, &["account", "login"]);
    Some(Finding::of("accounts", Level::Warning, text, format!("{login}  (or --sandbox, which needs none)")))
}

/// Why an account cannot act, as far as is on record, and the way out; nobody is asked. `outside`: its credentials are those of the
/// environment.
fn trouble(
    context: &Context,
    account: &Account,
    record: Option<&Credential>,
    outside: bool,
    job: Option<&str>,
) -> Option<(String, String)> {
    let login_needed = match record {
        _ if outside => None,
        None => Some(Why::Missing),
        Some(record) => record.login_needed.as_deref().map(Why::parse),
    };
    let name = account.name.as_str();
    if let Some(why) = login_needed {
        return Some((why.sentence().to_owned(), command_line(&context.settings, &["account", "login", name])));
    }
    let trouble = account.trouble.as_ref()?;
    let remedy =
        TroubledAccount { settings: &context.settings, name, job }.remedy_shown_by(reason_of(trouble), "doctor");
    Some((trouble.clone(), remedy))
}

/// Whether the key at hand opens what is sealed, and where it is. No key is made or moved here.
async fn key(context: &Context, store: &mut Store) -> Result<Vec<Finding>, CommandError> {
    let choice = app::key_choice(&context.settings, store.path());
    let sealed = store.accounts().has_credentials().await?;
    let Some(stamp) = store.accounts().vault_stamp().await?.filter(|_| sealed) else {
        return Ok(vec![Finding::good(
            "key",
            format!("nothing is sealed yet; {} will seal logins", choice.would_be()),
        )]);
    };
    let vault = match Vault::open(&choice, &stamp).await {
        Ok(vault) => vault,
        Err(error) => return Ok(vec![cannot_open(error)]),
    };
    let mut findings = vec![Finding::good("key", format!("{} opens the sealed logins", vault.held()))];
    let file = choice.key_file.display();
    match (vault.held(), choice.place) {
        (KeyHeld::Keyring, _) if choice.key_file.exists() => {
            let text = format!("the key is in the OS keyring, and the key file {file} is there too");
            let remedy = format!("rm '{file}'  (once no other queue of that folder needs it)");
            findings.push(Finding::of("key", Level::Warning, text, remedy));
        }
        (KeyHeld::File(_), KeyPlace::Keyring) => {
            let text = "the OS keyring is chosen, and does not have the key yet";
            findings.push(Finding::of(
                "key",
                Level::Warning,
                text,
                format!("{}  (the next use puts it there)", command_line(&context.settings, &["account", "check"])),
            ));
        }
        _ => {}
    }
    Ok(findings)
}

fn cannot_open(error: VaultError) -> Finding {
    let (grave, remedy) = match &error {
        VaultError::Keyring(keyring) if keyring.needs_person() => (Grave::Account, keyring.hint()),
        VaultError::Keyring(keyring) => (Grave::Config, keyring.hint()),
        _ => {
            let remedy = "the message says what to set or restore; without the key every account has to log in again";
            (Grave::Config, remedy)
        }
    };
    Finding::of("key", Level::Bad(grave), error.to_string(), remedy)
}
