//! The map of `src/lib.rs` against the code: which room uses which, no files that use each other in a circle, no two public types of
//! one name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of the code: the path of its module, and its text without comments and tests.
struct Source {
    module: Vec<String>,
    shown: String,
    code: String,
}

pub(super) fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every file but those that hold tests alone.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    rust_files(&root, &mut paths);
    paths.sort();
    let mut sources = Vec::new();
    for path in paths {
        let shown = path.strip_prefix(&root).unwrap().display().to_string();
        let is_test = shown.contains("tests/") || shown.contains("tests.rs") || shown.contains("_law.rs");
        if is_test || shown == "lib.rs" || shown == "main.rs" {
            continue;
        }
        let module = shown.trim_end_matches(".rs").trim_end_matches("/mod").split('/').map(str::to_owned).collect();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        sources.push(Source { module, shown, code });
    }
    assert!(sources.len() > 300, "{}", sources.len());
    sources
}

/// The rooms of the map and what each uses, as `src/lib.rs` has them.
fn map() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    let rows = rows.map(|row| {
        let room = row.split('`').next().unwrap().to_owned();
        let uses = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        (room, uses.split(", ").filter(|room| *room != "nothing").map(str::to_owned).collect())
    });
    let map: BTreeMap<String, BTreeSet<String>> = rows.collect();
    assert!(map.len() > 15, "{map:?}");
    map
}

/// The rooms that each room's code names.
fn used() -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources();
    let rooms: BTreeSet<String> = sources.iter().map(|source| source.module[0].clone()).collect();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        let from = used.entry(source.module[0].clone()).or_default();
        for rest in source.code.split("crate::").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if rooms.contains(&name) && name != source.module[0] {
                from.insert(name);
            }
        }
    }
    used
}

#[test]
fn rooms_use_what_the_map_says() {
    assert_eq!(map(), used(), "left: the table of src/lib.rs; right: the code");
}

#[test]
fn arrows_of_the_map_run_down() {
    let mut map = map();
    while !map.is_empty() {
        let below: Vec<String> = map.iter().filter(|(_, uses)| uses.is_empty()).map(|(room, _)| room.clone()).collect();
        assert!(!below.is_empty(), "a circle of rooms: {map:?}");
        for room in below {
            map.remove(&room);
            for uses in map.values_mut() {
                uses.remove(&room);
            }
        }
    }
}

/// Names with the file that defines each, as `module::Name`, re-exports followed.
struct Names<'a> {
    files: BTreeMap<String, &'a Source>,
    defined: BTreeSet<String>,
    exported: BTreeMap<String, String>,
}

/// The paths of a `use`, one for each name: `a::{b, c::{d, e as f}}` is `a::b`, `a::c::d`, `a::c::e`.
fn paths_of(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()]
            .into_iter()
            .filter(|path| !path.is_empty())
            .collect();
    };
    let (head, inner) = (&tree[..open], tree[open + 1..].trim_end().trim_end_matches('}'));
    let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part);
    let all = parts.iter().flat_map(|part| paths_of(part));
    all.map(|path| if path == "self" { head.trim_end_matches("::").to_owned() } else { format!("{head}{path}") })
        .collect()
}

/// The module path that `path` means in `source`; none where it is not of this crate.
fn absolute(path: &str, source: &Source) -> Option<String> {
    let mut here = source.module.clone();
    let mut words: Vec<&str> = path.split("::").collect();
    if words[0] == "crate" {
        return Some(words[1..].join("::"));
    }
    let is_relative = matches!(words[0], "self" | "super");
    while matches!(words.first(), Some(&"super") | Some(&"self")) {
        if words.remove(0) == "super" {
            here.pop();
        }
    }
    // `mod.rs` names its own modules without a word before them.
    (is_relative || source.shown.ends_with("mod.rs") || !source.shown.contains('/')).then(|| {
        here.extend(words.into_iter().map(str::to_owned));
        here.join("::")
    })
}

/// Every `use` of a file: whether it is an export, and the path.
fn uses_of(source: &Source) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for statement in source.code.split(';') {
        let Some(at) = statement.rfind("use ").filter(|at| {
            let before = statement[..*at].lines().last().unwrap_or("").trim();
            before.is_empty() || before.starts_with("pub")
        }) else {
            continue;
        };
        let is_export = statement[..at].lines().last().unwrap_or("").trim().starts_with("pub");
        found.extend(paths_of(&statement[at + 4..]).into_iter().map(|path| (is_export, path)));
    }
    found
}

fn is_enum(line: &&str) -> bool {
    line.starts_with("pub enum ")
}

impl<'a> Names<'a> {
    fn of(sources: &'a [Source]) -> Names<'a> {
        let files = sources.iter().map(|source| (source.module.join("::"), source)).collect();
        let mut names = Names { files, defined: BTreeSet::new(), exported: BTreeMap::new() };
        for source in sources {
            let module = source.module.join("::");
            // An enum within `with_all!` or `with_names!` is one of the file like any other.
            let top = source.code.lines().map(|line| line.strip_prefix("    ").filter(is_enum).unwrap_or(line));
            for line in top.filter(|line| !line.starts_with(' ')) {
                let words: Vec<&str> = line.split_whitespace().filter(|word| !word.starts_with("pub")).collect();
                let at = words.iter().position(|word| {
                    ["fn", "struct", "enum", "trait", "const", "static", "type", "union"].contains(word)
                });
                if let Some(name) = at.filter(|at| *at <= 2).and_then(|at| words.get(at + 1)) {
                    let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    names.defined.insert(format!("{module}::{name}"));
                }
            }
            for (is_export, path) in uses_of(source) {
                let name = path.rsplit("::").next().unwrap().to_owned();
                if let Some(path) = absolute(&path, source).filter(|_| is_export) {
                    names.exported.insert(format!("{module}::{name}"), path);
                }
            }
        }
        names
    }

    /// The file that defines what `path` names.
    fn file_of(&self, path: &str) -> Option<&str> {
        let mut path = path.to_owned();
        for _ in 0..8 {
            if self.defined.contains(&path) {
                return self.files.get(path.rsplit_once("::")?.0).map(|source| source.shown.as_str());
            }
            match self.exported.get(&path) {
                Some(next) => path = next.clone(),
                // A module, or a name within a type.
                None => {
                    return self
                        .files
                        .get(&path)
                        .filter(|source| !source.shown.ends_with("mod.rs"))
                        .map(|source| source.shown.as_str());
                }
            }
        }
        None
    }
}

/// Which file uses which.
fn file_arrows(sources: &[Source]) -> BTreeMap<&str, BTreeSet<String>> {
    let names = Names::of(sources);
    let mut arrows: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.shown.ends_with("mod.rs")) {
        let to = arrows.entry(&source.shown).or_default();
        for (_, path) in uses_of(source) {
            let file = absolute(&path, source).and_then(|path| names.file_of(&path).map(str::to_owned));
            to.extend(file.filter(|file| *file != source.shown));
        }
    }
    arrows
}

/// The groups of files in which each reaches every other.
fn circles(arrows: &BTreeMap<&str, BTreeSet<String>>) -> BTreeSet<Vec<String>> {
    let reach = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(file) = next.pop() {
            for to in arrows.get(file.as_str()).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<String>> = arrows.keys().map(|file| (*file, reach(file))).collect();
    let group = |file: &str| -> Vec<String> {
        let mutual =
            reached[file].iter().filter(|other| reached.get(other.as_str()).is_some_and(|back| back.contains(file)));
        mutual.cloned().collect()
    };
    arrows.keys().map(|file| group(file)).filter(|group| !group.is_empty()).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let sources = sources();
    let arrows = file_arrows(&sources);
    let known = arrows.values().map(BTreeSet::len).sum::<usize>();
    assert!(known > 800, "the arrows are not read: {known}");
    let circles = circles(&arrows);
    assert!(circles.is_empty(), "{circles:#?}");
}

/// The test can fail: a circle of three, and an arrow from outside.
#[test]
fn a_planted_circle_is_found() {
    let file = |name: &str, code: &str| Source {
        module: name.trim_end_matches(".rs").split('/').map(str::to_owned).collect(),
        shown: name.to_owned(),
        code: code.to_owned(),
    };
    let sources = [
        file("a/mod.rs", "mod b;\nmod c;\nmod d;\npub use self::d::{D, E as F};\npub use b::B;"),
        file("a/b.rs", "use super::c::{C, c};\npub struct B;"),
        file("a/c.rs", "use crate::a::{D};\npub struct C;\npub(crate) fn c() {}"),
        file("a/d.rs", "use super::B;\npub struct D;\npub enum E {}"),
        file("e.rs", "use crate::{a::{B, c}};"),
    ];
    let sources = sources
        .map(|source| Source { module: source.module.into_iter().filter(|word| word != "mod").collect(), ..source });
    let found = circles(&file_arrows(&sources));
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [["a/b.rs", "a/c.rs", "a/d.rs"]]);
}

#[test]
fn a_public_type_has_its_name_for_itself() {
    let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in &sources() {
        for line in source.code.lines() {
            let kinds = ["pub struct ", "pub enum ", "pub trait "];
            // An enum that knows all of its variants stands one step in.
            let line = line.strip_prefix("    ").filter(is_enum).unwrap_or(line);
            if let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) {
                let name = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
                types.entry(name).or_default().push(source.shown.clone());
            }
        }
    }
    assert!(types.len() > 300, "{}", types.len());
    types.retain(|_, files| files.len() > 1);
    assert!(types.is_empty(), "{types:#?}");
}

/// The lines that name a platform, outside the folder of the platforms and the list of their names.
fn lines_naming_a_platform(sources: &[Source]) -> Vec<String> {
    let may = |source: &&Source| source.module[0] == "platforms" || source.shown == "domain/platform.rs";
    let names = |line: &&str| {
        line.split("Platform::")
            .skip(1)
            .any(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()) && !rest.starts_with("ALL"))
    };
    let of = |source: &Source| -> Vec<String> {
        source.code.lines().filter(names).map(|line| format!("{}: {}", source.shown, line.trim())).collect()
    };
    sources.iter().filter(|source| !may(source)).flat_map(of).collect()
}

#[test]
fn nothing_but_its_folder_and_the_registry_names_a_platform() {
    assert_eq!(lines_naming_a_platform(&sources()), Vec::<String>::new());
    let planted = Source {
        module: vec!["app".into()],
        shown: "app/planted.rs".into(),
        code: "if platform == Platform::Aisa { Platform::ALL } else {}".into(),
    };
    assert_eq!(lines_naming_a_platform(&[planted]).len(), 1);
}
