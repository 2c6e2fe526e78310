//! Every public method of the store's public types is called here by name: what a second store is held to is all that there is.
//!
//! As the map of rooms (`tests/cli/architecture.rs`) this reads the sources: a method is a `pub fn` within an `impl` of `src/store`, and a call is its
//! name behind a point or two colons.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::common::sources::rust_files;

/// Methods that no test of this folder calls, and why.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("DurableFile::begin", "files for people, beside whatever store there is"),
    ("DurableFile::keep_as", "files for people, beside whatever store there is"),
];

/// A name at the beginning of a text.
fn name(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")
}

/// The type that an `impl` is of: `impl<'s> LoadStore<'s> {`, `impl Trait for Type {`.
fn type_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?;
    let rest = if rest.starts_with('<') { rest.split_once("> ")?.1 } else { rest.trim_start() };
    Some(name(rest.split_once(" for ").map_or(rest, |(_, of)| of)))
}

/// The method that a line declares to everybody.
fn method_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("    pub ")?;
    let rest = rest.trim_start_matches("const ").trim_start_matches("async ");
    rest.strip_prefix("fn ").map(name)
}

/// The names that `mod.rs` hands out: what stands between its `pub use` and the next semicolon.
fn exported(face: &str) -> BTreeSet<String> {
    let uses = face.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let words = uses.flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with(char::is_uppercase)).map(str::to_owned).collect()
}

/// `Type::method`, of every public type.
fn methods(sources: &[(PathBuf, String)]) -> BTreeSet<(String, String)> {
    let face = sources.iter().find(|(path, _)| path.ends_with("src/store/mod.rs")).unwrap();
    let types = exported(&face.1);
    let mut methods = BTreeSet::new();
    for (path, text) in sources.iter().filter(|(path, _)| !path.to_string_lossy().ends_with("tests.rs")) {
        let mut of = "";
        for line in text.split("#[cfg(test)]\nmod tests").next().unwrap().lines() {
            of = type_of(line).unwrap_or(of);
            if let Some(method) = method_of(line) {
                assert!(!of.is_empty(), "{}: {line}", path.display());
                methods.insert((of.to_owned(), method.to_owned()));
            }
        }
    }
    // Whoever is lent by the store is known by the call that lends it.
    let lent =
        ["AccountStore", "AdminStore", "ListStore", "LoadStore", "QueueStore", "ReadStore", "ScheduleStore", "Store"];
    methods.retain(|(of, _)| types.contains(of) || lent.contains(&of.as_str()));
    methods
}

/// Whether a text calls a method of a type: a constructor by both names.
fn calls(text: &str, of: &str, method: &str) -> bool {
    let is_call = |at: usize| {
        let (before, after) = (&text[..at], &text[at + method.len()..]);
        let ends = !after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        ends && (before.ends_with('.') && after.starts_with('(') || before.ends_with(&format!("{of}::")))
    };
    text.match_indices(method).any(|(at, _)| is_call(at))
}

/// What no file of these calls, but for the exceptions.
fn uncalled(methods: &BTreeSet<(String, String)>, tests: &[(PathBuf, String)]) -> Vec<String> {
    let is_called = |of: &str, method: &str| tests.iter().any(|(_, text)| calls(text, of, method));
    let is_exception = |shown: &String| EXCEPTIONS.iter().any(|(exception, _)| exception == shown);
    let missing = methods.iter().filter(|(of, method)| !is_called(of, method));
    missing.map(|(of, method)| format!("{of}::{method}")).filter(|shown| !is_exception(shown)).collect()
}

#[test]
fn every_public_method_of_the_store_is_called_by_these_tests() {
    let methods = methods(&rust_files("src/store"));
    assert!(methods.len() > 150, "{}", methods.len());
    let tests: Vec<_> =
        rust_files("tests/store").into_iter().filter(|(path, _)| !path.ends_with("complete.rs")).collect();
    assert_eq!(uncalled(&methods, &tests), Vec::<String>::new());
    let shown: BTreeSet<String> = methods.iter().map(|(of, method)| format!("{of}::{method}")).collect();
    let old = EXCEPTIONS.iter().filter(|(exception, _)| !shown.contains(*exception)).collect::<Vec<_>>();
    assert!(old.is_empty(), "there is no such method any more: {old:?}");
}

#[test]
fn a_method_that_nobody_calls_is_found() {
    let file = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
    let sources = [
        file("src/store/mod.rs", "pub use read::{ReadStore, Page};\npub(crate) use read::Hidden;"),
        file(
            "src/store/read.rs",
            "impl<'s> ReadStore<'s> {\n    pub async fn rows(&mut self) {}\n    pub(super) fn inner() {}\n    fn own() {}\n}\n\
             impl Page {\n    pub const fn next(&self) {}\n    pub fn of() {}\n}\nimpl Hidden {\n    pub fn told() {}\n}\n\
             #[cfg(test)]\nmod tests {\n    pub fn not_this() {}\n}",
        ),
    ];
    let methods = methods(&sources);
    assert_eq!(methods.len(), 3, "{methods:?}");
    let tests = |text: &str| vec![file("tests/store/read.rs", text)];
    assert_eq!(uncalled(&methods, &tests("store.read().rows(); page.next(); Page::of()")), Vec::<String>::new());
    assert_eq!(
        uncalled(&methods, &tests("// rows\nlet next = rows_of; Other::of(); page.next_one()")),
        ["Page::next", "Page::of", "ReadStore::rows"]
    );
}
