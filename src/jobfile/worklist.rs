//! Worklists as files: what a person takes away as a table, and the ticks that come back from a page or a table.
//!
//! The marker is the name of the first column; its cells name the queue, job and round. There is no column `target_id`, so that
//! nobody takes the file for a job.

use super::cell::is_scientific;
use super::records::Records;
use super::text::{decode, folded, is_blank};
use super::{JobFileError, Source};
use crate::domain::{Target, TaskId};

/// The columns that come back, in the order in which a page saves them.
pub const WORKLIST_COLUMNS: [&str; 5] = ["cleanup_worklist", "task", "action", "target", "done"];
/// The most ticks in one file.
pub const MAX_TICKS_PER_FILE: usize = 1_000_000;
/// The most unreadable rows of which the line is told; all are counted.
const MAX_UNREADABLE_LINES: usize = 20;

/// A saved worklist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedWorklist {
    /// Which worklist it is.
    pub token: String,
    /// The rows that are ticked: the task, its target, the physical line.
    pub ticks: Vec<(TaskId, Target, u64)>,
    /// Rows without a tick.
    pub unticked: u64,
    /// Rows whose task or target cannot be read.
    pub unreadable: u64,
    /// The lines of the first of them.
    pub unreadable_lines: Vec<u64>,
}

impl SavedWorklist {
    /// Whether a source is a saved worklist, by its first cell.
    ///
    /// # Errors
    /// It cannot be read, or is no text.
    pub fn is_one(source: &Source) -> Result<bool, JobFileError> {
        let mut records = Records::open(source, is_known, None)?;
        Ok(records.advance()? && name_of(records.record().get(0).unwrap_or_default()) == WORKLIST_COLUMNS[0])
    }

    /// Reads one. A tick is any of `yes`, `y`, `x`, `1`, `true`, `done` in the column `done`.
    ///
    /// # Errors
    /// A column is missing, its rows are of two worklists, there are more than [`MAX_TICKS_PER_FILE`], or it cannot be read.
    pub fn read(source: &Source) -> Result<SavedWorklist, JobFileError> {
        let mut records = Records::open(source, is_known, None)?;
        let complain = |line, what: &'static str| JobFileError::Worklist { path: source.name().to_owned(), line, what };
        if !records.advance()? {
            return Err(JobFileError::Empty { path: source.name().to_owned() });
        }
        let names: Vec<String> = records.record().iter().map(name_of).collect();
        let column = |name: &str| names.iter().position(|known| known == name);
        let [Some(token), Some(task), _, Some(target), Some(done)] = WORKLIST_COLUMNS.map(column) else {
            return Err(complain(
                records.line(),
                "the columns cleanup_worklist, task, target and done are not all there",
            ));
        };
        let mut saved = SavedWorklist::default();
        while records.advance()? {
            let cell = |index: usize| decode(records.record().get(index).unwrap_or_default());
            let named = cell(token);
            let named = named.trim_matches(is_blank);
            if saved.token.is_empty() {
                saved.token = named.to_owned();
            }
            if named != saved.token {
                return Err(complain(records.line(), "this row is of another worklist than those before it"));
            }
            if !is_tick(&cell(done)) {
                saved.unticked += 1;
                continue;
            }
            let number = cell(task).trim_matches(is_blank).parse().ok().map(TaskId);
            match (number, target_of(&cell(target))) {
                (Some(task), Some(target)) => saved.ticks.push((task, target, records.line())),
                _ => {
                    saved.unreadable += 1;
                    if saved.unreadable_lines.len() < MAX_UNREADABLE_LINES {
                        saved.unreadable_lines.push(records.line());
                    }
                }
            }
            if saved.ticks.len() > MAX_TICKS_PER_FILE {
                return Err(complain(records.line(), "there are more than 1,000,000 ticks"));
            }
        }
        Ok(saved)
    }
}

fn is_known(name: &str) -> bool {
    WORKLIST_COLUMNS.contains(&folded(name).as_str())
}

fn name_of(cell: &[u8]) -> String {
    folded(&decode(cell))
}

fn is_tick(cell: &str) -> bool {
    ["yes", "y", "x", "1", "true", "done"].contains(&folded(cell).as_str())
}

/// A target as we wrote it; a spreadsheet may have left the apostrophe that keeps it text, or made a number of an ID.
fn target_of(cell: &str) -> Option<Target> {
    let bare = cell.trim_matches(is_blank);
    let bare = bare.strip_prefix('\'').unwrap_or(bare);
    if is_scientific(bare) { None } else { bare.parse().ok() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn source(text: &str) -> Source {
        Source::spool("saved.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn ticks_come_back_from_a_page_and_from_a_spreadsheet() {
        let page = "cleanup_worklist,task,action,target,done\nab12,7,unfollow,1001,yes\nab12,8,unfollow,1002,\n";
        let sheet = "\u{feff}CLEANUP_WORKLIST;place;task;action;target;done;note\nab12;1;7;unfollow;'1001;X;a\n\
                     ab12;2;8;unfollow;1002;;b\n";
        for text in [page, sheet] {
            assert!(SavedWorklist::is_one(&source(text)).unwrap(), "{text}");
            let saved = SavedWorklist::read(&source(text)).unwrap();
            let tick = (TaskId(7), "1001".parse().unwrap(), 2);
            assert_eq!((saved.token.as_str(), saved.ticks, saved.unticked), ("ab12", vec![tick], 1));
        }
    }

    #[test]
    fn what_is_no_worklist_is_told_from_one() {
        for text in ["target_id\n1\n", "note,cleanup_worklist\n", ""] {
            assert!(!SavedWorklist::is_one(&source(text)).unwrap_or(false), "{text:?}");
        }
        let error = |text: &str| SavedWorklist::read(&source(text)).unwrap_err().to_string();
        assert!(error("cleanup_worklist,task\n").contains("not all there"));
        let two = "cleanup_worklist,task,action,target,done\na,1,unlike,5,x\nb,1,unlike,5,x\n";
        assert!(error(two).contains("saved.csv:3") && error(two).contains("another worklist"));
    }

    #[test]
    fn a_rounded_target_is_not_guessed() {
        let text = "cleanup_worklist,task,action,target,done\na,1,unlike,1.23E+18,x\na,,unlike,5,x\n";
        let saved = SavedWorklist::read(&source(text)).unwrap();
        assert_eq!((saved.ticks.len(), saved.unreadable, saved.unreadable_lines), (0, 2, vec![2, 3]));
    }

    #[test]
    fn whatever_a_target_is_its_tick_comes_back() {
        let targets = ["7", "007", "@ada", "at://did:plc:a/b/c", "https://a.example/?x=1,2", "@ada@a.example", "-x_9"];
        let mut table = super::super::TableWriter::new(Vec::new(), false);
        table.header(WORKLIST_COLUMNS).unwrap();
        for target in targets {
            ["a", "1", "unlike", target, "x"].iter().try_for_each(|cell| table.cell(cell)).unwrap();
            table.end_row().unwrap();
        }
        let text = String::from_utf8(table.finish().unwrap()).unwrap();
        let saved = SavedWorklist::read(&source(&text)).unwrap();
        let told: Vec<String> = saved.ticks.iter().map(|(_, target, _)| target.to_string()).collect();
        assert_eq!(told, targets);
    }
}
