//! What is around the queue: settings, permissions, disk.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::finding::{DoctorFinding, Grave, Severity, bad, good, warning};
use crate::app::{self, writable_remedy};
use crate::auth::KeyChoice;
use crate::config::{Settings, WritableConfig};
use crate::domain::{Action, Platform, counted};
use crate::error::CommandError;
use crate::platforms::spec;
use crate::store::{folder_of, is_foreign};
use crate::text::shell_word;

/// With less room than this a load or a long run will fail, in bytes.
const BAD_FREE_BYTES: u64 = 64 << 20;
/// With less room than this ten million rows do not fit, in bytes.
const SCARCE_FREE_BYTES: u64 = 2 << 30;

/// Addresses, credentials in the environment.
pub(super) fn settings(settings: &Settings) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    let of_error = |error: CommandError| DoctorFinding::of_error("config", Severity::Bad(Grave::Config), error);
    match app::Bases::of(settings) {
        Ok(bases) => {
            findings.push(good("platforms", if settings.is_sandbox() { pretended() } else { addresses(&bases) }));
        }
        Err(error) => findings.push(of_error(error)),
    }
    match app::environment_accounts(&settings.credentials) {
        Ok(found) if found.is_empty() => {}
        Ok(found) => {
            let platforms = counted(found.len(), "platform", "platforms");
            findings.push(good("environment", format!("credentials for {platforms}")));
        }
        Err(error) => findings.push(of_error(error)),
    }
    if let Some(redirect) = &settings.app.redirect
        && let Err(error) = redirect.parse::<crate::auth::Redirect>()
    {
        findings.push(bad("config", Grave::Config, error.to_string(), "correct [x] redirect"));
    }
    if let Some(WritableConfig { file, .. }) = &settings.writable_config {
        let text = format!("{file}: whoever does decides what [run] notify runs and where tokens are sent");
        findings.push(warning("permissions", text, writable_remedy(file)));
    }
    findings
}

/// Where requests go.
fn addresses(bases: &app::Bases) -> String {
    let each = bases.each();
    let at = |(platform, base): &(Platform, _)| format!("{} at {base}", spec(*platform).service);
    let mut all: Vec<String> = each.iter().map(at).collect();
    let of_accounts: Vec<&str> = services(|platform| bases.of_platform(platform).is_none());
    all.extend(
        (!of_accounts.is_empty()).then(|| format!("{} at each account's own server", of_accounts.join(" and "))),
    );
    all.join(", ")
}

/// What the sandbox stands for.
fn pretended() -> String {
    let all = services(|_| true);
    format!("the sandbox stands for {}: no request leaves this machine", all.join(", "))
}

/// What people call the platforms of which that is so, each once.
fn services(is_meant: impl Fn(Platform) -> bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    for service in Platform::real().filter(|platform| is_meant(*platform)).map(|platform| spec(platform).service) {
        if !names.contains(&service) {
            names.push(service);
        }
    }
    names
}

/// Windows that allow more than the platforms document.
pub(super) fn windows(settings: &Settings) -> Option<DoctorFinding> {
    let warnings = Platform::ALL.into_iter().flat_map(|platform| settings.window_warnings(platform, &Action::UNDOING));
    in_one(warnings.collect())
        .map(|text| warning("windows", text, "if you do not want that, correct [[windows]] in the config file"))
}

/// One window may be above what several platforms document for several actions: that is one thing to mend.
fn in_one(mut warnings: Vec<String>) -> Option<String> {
    const BEGIN: &str = "the chosen windows allow more than ";
    warnings.dedup();
    let first = warnings.first()?.clone();
    let more = warnings.iter().skip(1).map(|warning| warning.strip_prefix(BEGIN).unwrap_or(warning));
    Some(more.fold(first, |text, limit| format!("{text}, {limit}")))
}

/// Who may read and write the queue, its companions, the key, and the variables of the timer.
pub(super) fn files(settings: &Settings, queue: &Path) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    let mut open = false;
    let is_on_server = settings.db().is_ok_and(|place| place.file().is_none());
    let is_private = if is_on_server {
        "only you can read what is kept on this machine; who can read the queue, its server decides"
    } else {
        "only you can read the queue"
    };
    for path in private_files(queue).into_iter().chain(settings.timer_variables.clone()) {
        let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
        let is_key = path.extension().is_some_and(|ending| ending == "key");
        let severity = if is_key { Severity::Bad(Grave::Config) } else { Severity::Warning };
        let shown = path.display();
        if is_foreign(&about, &path) {
            open = true;
            let text = format!("{shown} belongs to somebody else, who can change what is in it");
            let remedy = "remove it, or keep the queue in a folder of your own with --db";
            findings.push(DoctorFinding { severity, ..warning("permissions", text, remedy) });
            continue;
        }
        if about.file_type().is_symlink() || about.mode() & 0o077 == 0 {
            continue;
        }
        open = true;
        let mode = about.mode() & 0o7777;
        let text = format!("{shown} is open to others (mode {mode:04o})");
        findings.push(DoctorFinding {
            severity,
            ..warning("permissions", text, format!("chmod go= {}", shell_word(&shown.to_string())))
        });
    }
    let folder = folder_of(queue);
    if let Ok(about) = std::fs::metadata(folder) {
        // Where others can write, they can put another file in a lock's place; a sticky folder does not let them.
        if about.mode() & 0o022 != 0 && about.mode() & 0o1000 == 0 {
            open = true;
            let shown = folder.display();
            let text = format!("others can write to the folder {shown} (mode {:04o})", about.mode() & 0o7777);
            findings.push(warning("permissions", text, format!("chmod go-w {}", shell_word(&shown.to_string()))));
        }
    }
    if !open {
        findings.push(good("permissions", is_private));
    }
    findings
}

fn private_files(queue: &Path) -> Vec<PathBuf> {
    let beside = |ending: &str| {
        let mut name = queue.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        queue.with_file_name(name)
    };
    let mut files = ["", "-wal", "-shm", ".drain.lock", ".load.lock", ".schedule.lock", ".serve.lock", ".link"]
        .map(beside)
        .to_vec();
    files.push(KeyChoice::beside(queue, None).key_file);
    files
}

/// The room left where the queue is, or will be.
pub(super) fn disk(queue: &Path) -> Vec<DoctorFinding> {
    let mut folder = folder_of(queue);
    while !folder.exists() {
        match folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => folder = parent,
            None => return Vec::new(),
        }
    }
    match rustix::fs::statvfs(folder) {
        Ok(room) => {
            let free = room.f_bavail.saturating_mul(room.f_frsize);
            let text = format!("{} MiB free at {}", free >> 20, folder.display());
            let remedy = "make room, or keep the queue elsewhere with --db; ten million rows take about 2 GiB";
            vec![match free {
                0..BAD_FREE_BYTES => bad("disk", Grave::Queue, text, remedy),
                BAD_FREE_BYTES..SCARCE_FREE_BYTES => warning("disk", text, remedy),
                _ => good("disk", text),
            }]
        }
        Err(error) => vec![warning("disk", error.to_string(), "check the file system")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_window_is_one_warning() {
        let warning = |limit: &str| format!("the chosen windows allow more than {limit}");
        let all = vec![warning("50/15m on x-v2"), warning("50/15m on x-v2"), warning("15/15m of unfollow on x-v1")];
        assert_eq!(in_one(all).unwrap_or_default(), warning("50/15m on x-v2, 15/15m of unfollow on x-v1"));
        assert_eq!(in_one(Vec::new()), None);
    }
}
