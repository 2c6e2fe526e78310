//! A schedule's run with some of its options changed: what is given takes the place of what was kept, `--without` takes an option out.

use serde_json::Value;

use super::{ListRequest, RunRequest, ScheduledRun, given};

/// An option that is to be taken out, and is not there: its long name.
#[derive(Debug, PartialEq, Eq)]
pub struct NotSet(pub String);

impl ScheduledRun {
    /// The options of `run` and `list` that were given replace those that were kept; the long names in `without` are taken out.
    ///
    /// # Errors
    /// One of `without` is not there.
    pub fn changed(
        &self,
        run: &RunRequest,
        list: Option<&ListRequest>,
        without: &[&String],
    ) -> Result<ScheduledRun, NotSet> {
        let mut value = self.to_value();
        for name in without {
            let mut was_there = false;
            for part in ["run", "list"] {
                if let Some(options) = value.get_mut(part).and_then(Value::as_object_mut) {
                    was_there |= options.shift_remove(name.as_str()).is_some();
                }
            }
            if !was_there || *name == "files" || *name == "list" {
                return Err(NotSet((*name).clone()));
            }
        }
        overlay(&mut value["run"], run);
        if let Some(list) = list {
            overlay(&mut value["list"], list);
        }
        // Both sides were read from these very types.
        Ok(serde_json::from_value(value).unwrap_or_else(|_| self.clone()))
    }
}

fn overlay(kept: &mut Value, more: &impl serde::Serialize) {
    let more = given(serde_json::to_value(more).unwrap_or_default());
    let (Some(kept), Value::Object(more)) = (kept.as_object_mut(), more) else { return };
    kept.extend(more);
}
