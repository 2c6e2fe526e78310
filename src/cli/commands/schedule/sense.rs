//! What a schedule does, in a sentence for people who did not type its words.

use std::path::Path;

use super::words::{list_of, run_of};
use crate::cli::args::{BoundsArgs, FilterArgs, ListArgs, RunArgs};
use crate::domain::{AccountName, Action, counted};
use crate::error::CommandError;
use crate::store::StoredSchedule;

/// The most files that are named.
const MAX_NAMED: usize = 3;

/// What it does, in a sentence. It may hold foreign text.
///
/// # Errors
/// Words that this version does not understand: another one wrote them.
pub(crate) fn sentence(stored: &StoredSchedule) -> Result<String, CommandError> {
    let run = run_of(&stored.words)?;
    let list = stored.list_words.as_deref().map(list_of).transpose()?;
    let mut text = match &list {
        Some(list) => of_list(list, &run),
        None => of_files(&run),
    };
    text += &bounds(&run.drain.bounds);
    Ok(text + ".")
}

fn of_files(run: &RunArgs) -> String {
    let mut files: Vec<String> = run.files.files.iter().take(MAX_NAMED).map(|file| name_of(file)).collect();
    if run.files.files.len() > MAX_NAMED {
        files.push(format!("{} more files", run.files.files.len() - MAX_NAMED));
    }
    let action = match run.rows.action {
        Some(action) => format!(" ({action} where a row does not say)"),
        None => String::new(),
    };
    let who = run.rows.account.as_ref().map_or_else(String::new, |account| format!(" as {account}"));
    let rules = rules(&run.rows.which);
    format!("Loads {} and works on the rows that are left{who}{action}{rules}", joined(&files))
}

fn of_list(list: &ListArgs, run: &RunArgs) -> String {
    // Mostly it was known who that is when the schedule was made, and then it stands in the words.
    let whose = list.account.as_ref().map_or_else(|| "the default or only account".to_owned(), AccountName::to_string);
    let deed = match run.rows.action {
        Some(Action::DeletePost) => "deletes".to_owned(),
        // Regular verbs, all of them.
        Some(action) => format!("{action}s"),
        None => "works on".to_owned(),
    };
    let rules = rules(&list.filter.which);
    format!("Reads the {} of {whose} anew, then {deed} what is on the list{rules}", list.list)
}

/// What is spared, for those options that people ask after first; the others stand in the command.
fn rules(which: &FilterArgs) -> String {
    let mut text = String::new();
    if let Some(age) = &which.older_than {
        text += &format!(", older than {age}");
    }
    if let Some(age) = &which.newer_than {
        text += &format!(", newer than {age}");
    }
    if let Some(limit) = which.limit {
        text += &format!(", at most {limit} of them");
    }
    if let Some(file) = &which.only {
        text += &format!(", nothing but what {} names", name_of(file));
    }
    if let Some(file) = &which.keep {
        text += &format!(", never what {} names", name_of(file));
    }
    let further = which.before.is_some()
        || which.after.is_some()
        || which.not_following_back
        || which.inactive_since.is_some()
        || which.max_likes.is_some()
        || which.max_reposts.is_some()
        || which.matching.is_some();
    if further {
        text += ", and by the further rules of its words";
    }
    text
}

fn bounds(bounds: &BoundsArgs) -> String {
    let requests = |most: u64| counted(most, "request", "requests");
    match (bounds.max_requests, bounds.max_spend) {
        (None, None) => String::new(),
        (Some(most), None) => format!("; ends after {}", requests(most)),
        (None, Some(most)) => format!("; ends before it has spent more than {most}"),
        (Some(most), Some(spend)) => {
            format!("; ends after {}, or before it has spent more than {spend}", requests(most))
        }
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::Wall;

    fn said(words: &[&str], list: Option<&[&str]>) -> String {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let stored = StoredSchedule {
            id: 1,
            name: "n".into(),
            cron: "0 2 * * *".into(),
            zone: "UTC".into(),
            until_time: None,
            for_ms: None,
            jitter_ms: 0,
            jitter_seed: 0,
            words: owned(words),
            list_words: list.map(owned),
            created_at: Wall(0),
            settled_to: Wall(0),
            skipped: Vec::new(),
        };
        sentence(&stored).unwrap()
    }

    #[test]
    fn files_and_lists_are_told_in_a_sentence() {
        assert_eq!(said(&["--", "/a/unfollow.csv"], None), "Loads unfollow.csv and works on the rows that are left.");
        let words = ["--account=work", "--keep=/k.csv", "--max-requests=9", "--", "/a.csv", "/b.csv"];
        assert_eq!(
            said(&words, None),
            "Loads a.csv and b.csv and works on the rows that are left as work, never what k.csv names; ends after 9 requests."
        );
        let list = ["--older-than=1y", "--max-likes=4", "--output=/l/n.csv", "--", "likes"];
        assert_eq!(
            said(&["--action=unlike", "--", "/l/n.csv"], Some(&list)),
            "Reads the likes of the default or only account anew, then unlikes what is on the list, older than 1y, and by the further \
             rules of its words."
        );
    }
}
