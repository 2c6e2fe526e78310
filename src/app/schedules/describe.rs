//! What a schedule does, in a sentence for people who did not type its words.

use std::path::Path;

use crate::app::request::{FilterOptions, ListRequest, RunBounds, RunRequest, ScheduledRun};
use crate::domain::{AccountName, Action, counted};
use crate::lists::filter::{FilterRules, PlainRules};

/// The most files that are named.
const MAX_NAMED: usize = 3;

/// What it does, in a sentence. It may hold foreign text.
pub fn describe(request: &ScheduledRun) -> String {
    let text = match &request.list {
        Some(list) => of_list(list, &request.run),
        None => of_files(&request.run),
    };
    text + &bounds(&request.run.bounds) + "."
}

fn of_files(run: &RunRequest) -> String {
    let mut files: Vec<String> = run.load.files.iter().take(MAX_NAMED).map(|file| name_of(file)).collect();
    if run.load.files.len() > MAX_NAMED {
        files.push(format!("{} more files", run.load.files.len() - MAX_NAMED));
    }
    let action = match run.load.rows.action {
        Some(action) => format!(" ({action} where a row does not say)"),
        None => String::new(),
    };
    let who = run.load.rows.account.as_ref().map_or_else(String::new, |account| format!(" as {account}"));
    let rules = rules(&run.load.rows.which);
    format!("Loads {} and works on the rows that are left{who}{action}{rules}", joined(&files))
}

fn of_list(list: &ListRequest, run: &RunRequest) -> String {
    // Mostly it was known who that is when the schedule was made, and then it stands in the words.
    let whose = list.account.as_ref().map_or_else(|| "the default or only account".to_owned(), AccountName::to_string);
    let deed = match run.load.rows.action {
        Some(Action::DeletePost | Action::DeleteList) => "deletes".to_owned(),
        Some(Action::LeaveList) => "leaves".to_owned(),
        Some(Action::UnpinList) => "unpins".to_owned(),
        Some(Action::ListUnblock | Action::UnblockDomain) => "unblocks".to_owned(),
        Some(Action::UnfollowTag) => "unfollows".to_owned(),
        Some(Action::RemoveFollower) => "removes from the followers".to_owned(),
        // Regular verbs, all of them.
        Some(action) => format!("{action}s"),
        None => "works on".to_owned(),
    };
    let rules = rules(&list.which);
    format!("Reads the {} of {whose} anew, then {deed} what is on the list{rules}", list.list)
}

/// What is spared, for those options that people ask after first; the others stand in the command.
fn rules(which: &FilterOptions) -> String {
    let mut text = String::new();
    let FilterRules { keep, only, older_than, newer_than, before, after, inactive_since, plain } = &which.wanted;
    if let Some(age) = older_than {
        text += &format!(", older than {age}");
    }
    if let Some(age) = newer_than {
        text += &format!(", newer than {age}");
    }
    if let Some(limit) = which.take.limit {
        text += &format!(", at most {limit} of them");
    }
    if let Some(file) = only {
        text += &format!(", only what {} names", name_of(file));
    }
    if let Some(file) = keep {
        text += &format!(", never what {} names", name_of(file));
    }
    let further = before.is_some() || after.is_some() || inactive_since.is_some() || *plain != PlainRules::default();
    if further {
        text += ", and by the other rules of its command line";
    }
    text
}

fn bounds(bounds: &RunBounds) -> String {
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

    fn said(request: &str) -> String {
        describe(&ScheduledRun::from_json(request).unwrap())
    }

    #[test]
    fn files_and_lists_are_told_in_a_sentence() {
        let files = r#"{"run":{"files":["/a/unfollow.csv"]}}"#;
        assert_eq!(said(files), "Loads unfollow.csv and works on the rows that are left.");
        let files = r#"{"run":{"files":["/a.csv","/b.csv"],"account":"work","keep":"/k.csv","max-requests":9}}"#;
        assert_eq!(
            said(files),
            "Loads a.csv and b.csv and works on the rows that are left as work, never what k.csv names; ends after 9 requests."
        );
        let list = r#"{"run":{"files":["/l/n.csv"],"action":"unlike"},
                       "list":{"list":"likes","older-than":"1y","max-likes":4,"output":"/l/n.csv"}}"#;
        assert_eq!(
            said(list),
            "Reads the likes of the default or only account anew, then unlikes what is on the list, older than 1y, and by the other \
             rules of its command line."
        );
    }
}
