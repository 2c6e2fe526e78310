//! What was chosen beside the file: read off the form's fields, with what the file's name says where the form does not.

use std::path::Path;

use crate::app::request::{ReloadOptions, RowOptions};
use crate::domain::{Action, Platform};
use crate::text::is_letter_or_digit;
use crate::web::problem::Problem;

/// What was chosen beside the file.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Choices {
    pub(in crate::web) job: String,
    pub(in crate::web) rows: RowOptions,
    pub(in crate::web) reload: ReloadOptions,
}

/// With what is put behind it, a job's name is the name of a file, and those have at most 255 bytes.
const MAX_JOB_NAME_BYTES: usize = 200;

/// What a file's name says where the form does not, and what cannot be of the whole.
pub(super) fn complete(choices: &mut Choices, shown: &Path) -> Option<Problem> {
    let stem = shown.file_stem().and_then(|stem| stem.to_str());
    // As `load` has it: the file's name decides where nothing else does.
    choices.rows.action = choices.rows.action.or_else(|| Action::parse(stem?));
    let name = if choices.job.is_empty() { stem.unwrap_or_default() } else { choices.job.as_str() };
    match job_name(name) {
        Ok(name) => {
            choices.job = name;
            None
        }
        Err(problem) => Some(problem),
    }
}

/// Takes a field of the form.
pub(super) fn choose(choices: &mut Choices, name: &str, text: &str) -> Result<(), Problem> {
    let wrong = |what: &str| Problem::unusable(format!("{text:?} is no {what}."), "Go back and choose another.");
    match (name, text) {
        ("strict", _) => choices.rows.strict = true,
        ("trust_ids", _) => choices.rows.trust_ids = true,
        ("again", _) => choices.reload.again = true,
        ("allow_shrink", _) => choices.reload.allow_shrink = true,
        ("moved", _) => choices.reload.moved = true,
        (_, "") => {}
        ("job", _) => choices.job = text.to_owned(),
        ("action", _) => choices.rows.action = Some(Action::parse(text).ok_or_else(|| wrong("action"))?),
        ("account", _) => choices.rows.account = Some(text.parse().map_err(|_| wrong("name of an account"))?),
        ("platform", _) => choices.rows.platform = Some(Platform::named(text).ok_or_else(|| wrong("platform"))?),
        ("column", _) => choices.rows.column = Some(text.to_owned()),
        _ => {}
    }
    Ok(())
}

/// A job's name becomes the name of a file.
fn job_name(text: &str) -> Result<String, Problem> {
    let fine = |c: char| is_letter_or_digit(c) || " -_.,+".contains(c);
    let is_fine = !text.is_empty() && text.len() <= MAX_JOB_NAME_BYTES && text.chars().all(fine);
    if !is_fine || text.starts_with('.') || text.trim() != text {
        let hint = format!(
            "Letters, digits, spaces and - _ . , + are fine, up to {MAX_JOB_NAME_BYTES} bytes of them (a letter beyond a to z takes two \
             to four), not beginning with a dot. Give the job another name below."
        );
        return Err(Problem::unusable(format!("{text:?} cannot be the name of a job."), &hint));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_name_is_a_file_name_that_leads_nowhere_else() {
        for fine in ["unfollow", "old likes 2019", "Zoë_2.1", "Zoe\u{308}_2.1", &"x".repeat(200), &"名".repeat(66)] {
            assert!(job_name(fine).is_ok(), "{fine}");
        }
        for bad in ["", "..", ".x", "a/b", "a\\b", "a\0", " a", "a\n", "<b>", &"x".repeat(201), &"名".repeat(100)] {
            assert!(job_name(bad).is_err(), "{bad:?}");
        }
    }
}
