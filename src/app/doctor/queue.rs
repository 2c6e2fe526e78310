//! What is in the queue: whole or not, who drains it, who can act.

use super::finding::{DoctorFinding, Grave, bad, fault, good, warning};
use super::{clock, snapshots};
use crate::app::status::{TroubledAccount, only_unfinished, reason_of};
use crate::app::{self, command, command_line};
use crate::auth::{KeyHeld, KeyPlace, Vault, VaultError, Why, list};
use crate::config::Settings;
use crate::domain::{Action, Wall, counted};
use crate::error::CommandError;
use crate::store::{Account, Credential, DamagedTask, DrainLock, QueuePlace, Store, StoreError, way_back};
use crate::text::shell_word;

/// The most accounts that are named one by one.
const MAX_NAMED: usize = 20;

/// What is in the queue: whole or not, counted right or not; who drains it; who can act.
pub(super) async fn look(settings: &Settings, now: Wall) -> Vec<DoctorFinding> {
    let mut store = match existing_queue(settings).await {
        Ok(Some(store)) => store,
        Ok(None) => {
            let mut findings = vec![good("queue", "there is no queue yet")];
            findings.extend(no_login(settings, &[]));
            return findings;
        }
        Err(error) => {
            let mut findings = vec![fault("queue", error)];
            findings.extend(settings.db().ok().and_then(|place| snapshots::copies(settings, place)));
            return findings;
        }
    };
    let mut findings = integrity(settings, &mut store, now).await;
    findings.push(match DrainLock::is_held(store.place()).await {
        Ok(true) => {
            let who = DrainLock::holder(store.place()).await.map_or_else(String::new, |holder| format!(" ({holder})"));
            good("drain", format!("a process is working on this queue now{who}"))
        }
        Ok(false) => good("drain", "no process is working on this queue"),
        Err(error) => bad(
            "drain",
            Grave::Queue,
            error.to_string(),
            "check that the lock file beside the queue is yours and can be read",
        ),
    });
    findings.extend(accounts(settings, &mut store).await);
    findings.extend(snapshots::look(settings, &mut store).await);
    findings.extend(clock::look(settings, &mut store, now).await);
    store.close().await;
    findings
}

async fn existing_queue(settings: &Settings) -> Result<Option<Store>, CommandError> {
    Ok(Store::open_existing(settings.db()?, settings.kind).await?)
}

async fn integrity(settings: &Settings, store: &mut Store, now: Wall) -> Vec<DoctorFinding> {
    let found = match store.admin().integrity().await {
        Ok(found) => found,
        Err(error) => return vec![bad("queue", Grave::Queue, error.to_string(), backup(store.place()))],
    };
    let mut findings = vec![good(if store.place().file().is_some() { "sqlite" } else { "postgresql" }, found.sqlite)];
    for fault in &found.faults {
        findings.push(bad("queue", Grave::Queue, fault.clone(), backup(store.place())));
    }
    let recount = command(settings, &["doctor", "--repair"]);
    for job in &found.miscounted {
        let text = format!("the counters of {job} do not match its rows");
        findings.push(bad("queue", Grave::Queue, text, format!("{recount}  (counts the rows again)")));
    }
    for job in &found.misplaced {
        let text =
            format!("the record of where the rows of {job} stand in its file is damaged: its receipts may lack rows");
        let remedy = format!("{recount}, then load the file of {job} again");
        findings.push(bad("queue", Grave::Queue, text, remedy));
    }
    for (what, count) in &found.orphans {
        let remedy =
            format!("{recount}; if that does not help, please report this (receipts and limits are not affected)");
        findings.push(bad("queue", Grave::Queue, format!("{what}: {count}"), remedy));
    }
    findings.extend(damaged(settings, store, now).await);
    if findings.len() == 1 {
        findings.push(good("queue", "not damaged, and every counter is right"));
    }
    for (job, rows) in &found.blamed {
        let rows = counted(*rows, "row", "rows");
        let text = format!(
            "{job}: {rows} failed as `crashed` under an older version, and are probably done at the platform; sending them again does no harm"
        );
        findings.push(warning("queue", text, command(settings, &["retry", job])));
    }
    findings
}

/// What to do where the file itself is broken.
fn backup(queue: &QueuePlace) -> String {
    format!("stop every run, keep a copy of the file, and {}", way_back(queue))
}

/// Rows that are not what their files said; they are noted, so that the next load of the file puts them right.
async fn damaged(settings: &Settings, store: &mut Store, now: Wall) -> Vec<DoctorFinding> {
    let tasks = match note_damage(store, now).await {
        Ok(tasks) => tasks,
        Err(error) => return vec![bad("queue", Grave::Queue, error.to_string(), backup(store.place()))],
    };
    let repair = command(settings, &["doctor", "--repair"]);
    let finding = |task: &DamagedTask| {
        let load = command(settings, &["load", &task.path.display().to_string()]);
        let remedy = format!("{load}  (takes the right values from the file); without the file: {repair}");
        bad("queue", Grave::Queue, app::damage_in_words(task), remedy)
    };
    let mut findings: Vec<DoctorFinding> = tasks.iter().take(MAX_NAMED).map(finding).collect();
    if let Some(more) = tasks.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        let text = format!("... and {} damaged in the same way", counted(more as u64, "more row", "more rows"));
        findings.push(bad(
            "queue",
            Grave::Queue,
            text,
            "check the disk; load the files of the jobs again, or restore a backup",
        ));
    }
    findings
}

async fn note_damage(store: &mut Store, now: Wall) -> Result<Vec<DamagedTask>, StoreError> {
    let found = store.admin().find_damage().await?;
    store.admin().note_damage(&found, now).await?;
    store.admin().damaged_tasks(None).await
}

async fn accounts(settings: &Settings, store: &mut Store) -> Vec<DoctorFinding> {
    account_findings(settings, store).await.unwrap_or_else(|error| vec![fault("accounts", error)])
}

async fn account_findings(settings: &Settings, store: &mut Store) -> Result<Vec<DoctorFinding>, CommandError> {
    let all = list(store).await?;
    let mut findings = key(settings, store).await?;
    if settings.is_sandbox() {
        return Ok(findings);
    }
    findings.extend(no_login(settings, &all));
    let environment = app::environment_accounts(&settings.credentials).unwrap_or_default();
    let (jobs, work) = (store.queue().jobs().await?, app::pending_actions(store).await?);
    let troubled: Vec<(String, String, String)> = all
        .iter()
        .filter_map(|(account, record)| {
            let outside = environment.iter().any(|found| found.is(account));
            let queued = work.get(&account.id).map_or(&[][..], Vec::as_slice);
            let found = (account, record.as_ref());
            let (why, remedy) = trouble(settings, found, outside, queued, only_unfinished(&jobs))?;
            Some((account.name.to_string(), why, remedy))
        })
        .collect();
    for (name, why, remedy) in troubled.iter().take(MAX_NAMED) {
        findings.push(bad("accounts", Grave::Account, format!("{name}: {why}"), remedy.clone()));
    }
    if troubled.len() > MAX_NAMED {
        let text = format!("... and {} more", troubled.len() - MAX_NAMED);
        findings.push(bad("accounts", Grave::Account, text, command_line(settings, &["account", "list"])));
    }
    if troubled.is_empty() && !all.is_empty() {
        let text = format!(
            "{}; according to the queue none needs a new login",
            counted(all.len() as u64, "account", "accounts")
        );
        findings.push(DoctorFinding {
            remedy: Some(command_line(settings, &["account", "check"])),
            ..good("accounts", text)
        });
    }
    let known: Vec<Account> = all.into_iter().map(|(account, _)| account).collect();
    findings.extend(default_account(settings, &known));
    Ok(findings)
}

/// Who acts where neither the command nor the file names an account.
fn default_account(settings: &Settings, known: &[Account]) -> Option<DoctorFinding> {
    if known.is_empty() {
        return None;
    }
    // Credentials that contradict each other are told among the settings.
    let text = match app::default_account(settings, known).ok()? {
        Some(default) => default.sentence(),
        None => "none: name the account with --account or in the file".to_owned(),
    };
    let remedy = Some(command_line(settings, &["account", "default", "NAME"]));
    Some(DoctorFinding { remedy, ..good("default account", text) })
}

/// Nobody is logged in anywhere: then nothing can be sent but to the sandbox.
fn no_login(settings: &Settings, known: &[(Account, Option<Credential>)]) -> Option<DoctorFinding> {
    // Credentials that contradict each other are told among the settings.
    let is_there = app::environment_accounts(&settings.credentials).map_or(true, |found| !found.is_empty());
    if settings.is_sandbox() || is_there || !known.is_empty() {
        return None;
    }
    let text = "no account is logged in, so nothing can be sent to a real platform";
    let login = command_line(settings, &["account", "login"]);
    Some(warning("accounts", text, format!("{login}  (or --sandbox, which needs none)")))
}

/// Why an account cannot act, as far as is on record, and the way out; nobody is asked. `outside`: its credentials are those of the
/// environment. `queued`: what it has to do.
fn trouble(
    settings: &Settings,
    (account, record): (&Account, Option<&Credential>),
    outside: bool,
    queued: &[Action],
    job: Option<&str>,
) -> Option<(String, String)> {
    let login_needed = match record {
        _ if outside => None,
        None => Some(Why::Missing),
        Some(record) => record.login_needed.as_deref().map(Why::parse),
    };
    let name = account.name.as_str();
    if let Some(why) = login_needed {
        return Some((why.sentence().to_owned(), command_line(settings, &["account", "login", name])));
    }
    let trouble = account.trouble.as_ref()?;
    let login_actions = &app::login_actions(account, record, queued.iter().copied())[..];
    let troubled = TroubledAccount { settings, name, job, login_actions };
    Some((trouble.clone(), troubled.remedy_shown_by(reason_of(trouble), "doctor")))
}

/// Whether the key at hand opens what is sealed, and where it is. No key is made or moved here.
async fn key(settings: &Settings, store: &mut Store) -> Result<Vec<DoctorFinding>, CommandError> {
    let choice = app::key_choice(settings, store.place().local_path());
    let sealed = store.accounts().has_credentials().await?;
    let Some(stamp) = store.accounts().vault_stamp().await?.filter(|_| sealed) else {
        return Ok(vec![good(
            "key",
            format!("no login is stored yet; logins will be encrypted with {}", choice.would_be()),
        )]);
    };
    let vault = match Vault::open(&choice, &stamp).await {
        Ok(vault) => vault,
        Err(error) => return Ok(vec![cannot_open(error)]),
    };
    let mut findings = vec![good("key", format!("{} decrypts the stored logins", vault.held()))];
    let file = choice.key_file.display();
    match (vault.held(), choice.place) {
        (KeyHeld::Keyring, _) if choice.key_file.exists() => {
            let text = format!("the key is in the OS keyring, and the key file {file} is there too");
            let remedy = format!("rm {}  (once no other queue of that folder needs it)", shell_word(&file.to_string()));
            findings.push(warning("key", text, remedy));
        }
        (KeyHeld::File(_), KeyPlace::Keyring) => {
            let text = "the OS keyring is configured as the place of the key, but does not hold it yet";
            findings.push(warning(
                "key",
                text,
                format!(
                    "{}  (puts it there, as any use of a login does)",
                    command_line(settings, &["account", "check"])
                ),
            ));
        }
        _ => {}
    }
    Ok(findings)
}

fn cannot_open(error: VaultError) -> DoctorFinding {
    let (grave, remedy) = match &error {
        VaultError::Keyring(keyring) if keyring.needs_person() => (Grave::Account, keyring.hint()),
        VaultError::Keyring(keyring) => (Grave::Config, keyring.hint()),
        _ => {
            let remedy = "set or restore the key as this message says; without it, every account has to log in again (`cleanup account login NAME`)";
            (Grave::Config, remedy)
        }
    };
    bad("key", grave, error.to_string(), remedy)
}
