//! Batches of rows as JSON: one statement takes thousands of rows in one text, which costs two thread wake-ups instead of two each.
//!
//! In: rows and their lanes. Out: JSON for the statements of `load`. What does not belong here: SQL.

use std::fmt::Write as _;

use super::super::load_row::{LoadRow, RowPlace};
use crate::domain::{LaneId, Target};
use crate::store::codes::write_target;

/// A row that waits for its batch, and the lane it goes to; none: it makes no task.
#[derive(Debug)]
pub(super) struct Buffered {
    pub(super) row: LoadRow,
    pub(super) lane: Option<LaneId>,
}

impl Buffered {
    pub(super) fn target(&self) -> Option<&Target> {
        target_of(self).map(|(target, _)| target)
    }
}

/// The lane and first line of rows that follow each other line by line in one lane: nearly every batch of a plain file.
pub(super) fn straight_run(tasks: &[&Buffered]) -> Option<(LaneId, u64)> {
    let first = tasks.first()?;
    let straight = tasks.iter().enumerate().all(|(offset, item)| {
        let spared = matches!(item.row.place, RowPlace::Task { spared: Some(_), .. });
        item.lane == first.lane && item.row.line == first.row.line + offset as u64 && !spared
    });
    first.lane.filter(|_| straight).map(|lane| (lane, first.row.line))
}

fn target_of(item: &Buffered) -> Option<(&Target, Option<&'static str>)> {
    match &item.row.place {
        RowPlace::Task { target, spared, .. } => Some((target, *spared)),
        RowPlace::Rejected { task, .. } => task.as_ref().map(|(.., target)| (target, None)),
    }
}

fn rejected_for(item: &Buffered) -> Option<&str> {
    match &item.row.place {
        RowPlace::Task { .. } => None,
        RowPlace::Rejected { reason, .. } => Some(reason),
    }
}

pub(super) fn targets(tasks: &[&Buffered]) -> String {
    let mut json = String::with_capacity(tasks.len() * 20 + 2);
    for item in tasks {
        json.push(if json.is_empty() { '[' } else { ',' });
        if let Some((target, _)) = target_of(item) {
            write_target(&mut json, target);
        }
    }
    json.push(']');
    json
}

/// Rows as `[lane, line, target, spared]`, and behind it their record and why they are rejected where they are staged.
pub(super) fn scattered(tasks: &[&Buffered], staged: bool) -> String {
    let mut json = String::with_capacity(tasks.len() * 32 + 2);
    json.push('[');
    for item in tasks {
        if json.len() > 1 {
            json.push(',');
        }
        let (Some(lane), Some((target, spared))) = (item.lane, target_of(item)) else { continue };
        let _ = write!(json, "[{lane},{},", item.row.line);
        write_target(&mut json, target);
        let _ = match spared {
            Some(rule) => write!(json, ",\"{rule}\""),
            None => write!(json, ",null"),
        };
        if staged {
            let _ = write!(json, ",{}", serde_json::json!(item.row.record));
            let _ = match rejected_for(item) {
                Some(reason) => write!(json, ",{}", serde_json::json!(reason)),
                None => write!(json, ",null"),
            };
        }
        json.push(']');
    }
    json.push(']');
    json
}

pub(super) fn records(tasks: &[&Buffered], first: i64) -> String {
    let mut json = String::from("[");
    for (offset, item) in tasks.iter().enumerate() {
        if let Some(record) = &item.row.record {
            let comma = if json.len() > 1 { "," } else { "" };
            let _ = write!(json, "{comma}[{},{}]", first + offset as i64, serde_json::json!(record));
        }
    }
    json.push(']');
    json
}

pub(super) fn rejected(rest: &[&Buffered]) -> String {
    let rows: Vec<_> = rest
        .iter()
        .map(|item| {
            let reason = rejected_for(item).unwrap_or_default();
            serde_json::json!([item.row.line, reason, item.row.record])
        })
        .collect();
    serde_json::Value::Array(rows).to_string()
}
