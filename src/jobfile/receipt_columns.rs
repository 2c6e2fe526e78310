//! What receipts call their columns. Pure.

use std::collections::HashSet;

use crate::domain::json_text;

/// The columns after the input's own.
const OURS: [&str; 6] = ["line", "outcome", "reason", "http_status", "attempts", "finished_at"];

/// The input's columns, those with our names renamed, then ours.
pub(super) fn out_columns(columns: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len() + OURS.len());
    for column in columns {
        let mut name = column.clone();
        if OURS.contains(&name.as_str()) {
            name = format!("input_{name}");
            while columns.contains(&name) {
                name = format!("input_{name}");
            }
        }
        names.push(name);
    }
    names.extend(OURS.map(str::to_owned));
    names
}

/// Encoded keys, each once in an object: a nameless column is `column_N`, a repeated name gets its number too.
pub(super) fn json_keys(names: &[String]) -> Vec<String> {
    let ours: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut seen = HashSet::new();
    let mut keys = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let mut key = if name.is_empty() { format!("column_{}", index + 1) } else { name.clone() };
        let is_taken =
            |key: &String, seen: &HashSet<String>| seen.contains(key) || (key != name && ours.contains(key.as_str()));
        while is_taken(&key, &seen) {
            key = format!("{key}_{}", index + 1);
        }
        keys.push(format!("{}:", json_text(key.as_str())));
        seen.insert(key);
    }
    keys
}
