//! Programs that the program starts.

use std::path::Path;

use super::words::sources;

/// One function starts every child, because it is the one that keeps keys and tokens from them.
#[test]
fn no_other_place_starts_a_program() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let starts = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        text.lines().any(|line| line.contains("Command::new(") || line.contains("CommandExt"))
    };
    let found: Vec<_> = files.iter().filter(|file| starts(file)).collect();
    assert!(found.len() == 1 && found[0].ends_with("src/app/child.rs"), "start it with app::child_command: {found:?}");
}
