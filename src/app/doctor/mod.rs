//! Looks for everything that can be wrong, changes nothing unless it is asked to, and says what mends it.
//!
//! In: settings that could be read, a queue that may be there. Out: a list of findings. What does not belong here: what only the
//! dashboard knows of its settings; whoever asks adds that.

mod clock;
mod finding;
mod machine;
mod queue;
mod repair;
mod snapshots;

pub use self::finding::{DoctorFinding, DoctorReport, Grave, Severity};
use self::finding::{bad, good};
use crate::clock::SharedClock;
use crate::config::Settings;

/// What is looked at, beside everything that is always looked at.
#[derive(Clone, Debug, Default)]
pub struct DoctorRequest {
    /// What the queue itself can tell is put right first, in the name of whoever this is.
    pub repair: Option<String>,
    /// What others have found in the settings.
    pub settings: Vec<DoctorFinding>,
}

/// Looks.
pub async fn doctor(settings: &Settings, clock: &SharedClock, request: DoctorRequest) -> DoctorReport {
    let mut findings = vec![good("config", "read")];
    findings.extend(machine::settings(settings));
    findings.extend(request.settings);
    findings.extend(machine::windows(settings));
    match settings.db() {
        Ok(place) => {
            findings.extend(machine::files(settings, place.local_path()));
            findings.extend(machine::disk(place.local_path()));
            let now = clock.now().wall;
            if let Some(actor) = &request.repair {
                findings.extend(repair::repair(settings, actor, now).await);
            }
            findings.extend(queue::look(settings, now).await);
        }
        Err(error) => {
            let hint = error.hint().unwrap_or_default();
            findings.push(bad("queue", Grave::Config, error.to_string(), hint));
        }
    }
    DoctorReport::from(findings)
}
