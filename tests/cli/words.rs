//! Singular and plural: whatever counts, counts with `domain::counted`, and nobody reads "1 rows".

use std::path::{Path, PathBuf};

/// What messages and pages count.
const NOUNS: [&str; 14] = [
    "rows", "entries", "requests", "tasks", "attempts", "accounts", "slots", "handles", "likes", "mutes", "blocks",
    "times", "ghosts", "files",
];

pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// A number in a format string with a plural behind it. Bounds (`{max_rows} rows`, `3/{limit} slots`) are never one.
fn counts_by_hand(line: &str) -> bool {
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("} ") {
        let name = before.rsplit_once('{').map_or("", |(_, name)| name);
        let is_bound = name == "limit" || name.to_lowercase().starts_with("max_");
        if NOUNS
            .iter()
            .any(|noun| behind.strip_prefix(noun).is_some_and(|next| !next.starts_with(char::is_alphanumeric)))
            && !is_bound
        {
            return true;
        }
        rest = behind;
    }
    false
}

#[test]
fn nothing_is_counted_by_hand() {
    let mut files = Vec::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ["app", "auth", "cli", "domain", "jobfile", "lists", "pages", "schedule", "web"] {
        sources(&src.join(room), &mut files);
    }
    files.retain(|file| !file.to_string_lossy().ends_with("_tests.rs"));
    assert!(files.len() > 150, "{}", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            // More rows than one page takes are many, and a part is of all, however few those are.
            let is_many = ["{rows} rows are {count} pages", "{} of {} rows", "% of {} tasks"]
                .iter()
                .any(|text| line.contains(text));
            if counts_by_hand(line) && !is_many && !line.trim_start().starts_with("//") {
                found.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(counts_by_hand("{}: {} rows ({shape})") && !counts_by_hand("at most {max_rows} rows"));
    assert!(found.is_empty(), "say it with domain::counted:\n{}", found.join("\n"));
}
