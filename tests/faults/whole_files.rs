//! Files that commands write for people and for systemd: whoever is killed leaves the old one or the new one, and nothing else.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use crate::common::strace::{Fault, Injection, Search, WRITING, copy_folder, inject};
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd};
use crate::faults::support::{fresh, other};

const STEP: usize = 9;

/// The files of a folder, with what is in them.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap()))
        .collect()
}

/// A command that writes into the folder `out`, interrupted everywhere; before it, these files were there.
fn interrupted(home: &Home, args: &[&str], before: &[(&str, &str)]) {
    let scratch = tempfile::tempdir().unwrap();
    let prepare = || {
        let copy = Home::new();
        copy_folder(home.folder.path(), copy.folder.path());
        std::fs::create_dir_all(copy.path("out")).unwrap();
        for (name, text) in before {
            copy.write(&format!("out/{name}"), text);
        }
        copy
    };
    let whole = |home: &Home| {
        let output = other(home, args.to_vec()).done();
        assert_eq!(output.code, 0, "{args:?}: {}", output.err);
        // The queue's path is in units, and each home has its own.
        let folder = home.folder.path().to_str().unwrap();
        files(&home.path("out"))
            .into_iter()
            .map(|(name, text)| (name, text.replace(folder, "HOME")))
            .collect::<BTreeMap<_, _>>()
    };
    let after = whole(&prepare());
    let old: BTreeMap<String, String> =
        before.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert!(after.len() >= old.len() && after != old, "{args:?}: {after:?}");
    for fault in [Fault::Kill, Fault::Refusal, Fault::Full] {
        let mut search = Search::new();
        let mut faults = 0;
        for call in
            WRITING.into_iter().filter(|call| fault == Fault::Kill || matches!(*call, "fsync" | "linkat" | "rename"))
        {
            faults += search.until_none_is_hit(if fault == Fault::Kill { STEP } else { 2 }, |nth| {
                let home = prepare();
                let injection = Injection { call, nth, fault, only: &[] };
                let faulted = inject(&other(&home, args.to_vec()), "", &injection, scratch.path());
                let what =
                    format!("{args:?}, {fault:?} at {call} number {nth}: {:?}: {}", faulted.hit, faulted.output.err);
                let ended = faulted.output.exited();
                assert!(matches!(ended, None | Some(0 | 74)), "{ended:?}: {what}");
                let folder = home.folder.path().to_str().unwrap().to_owned();
                for (name, text) in files(&home.path("out")) {
                    let text = text.replace(&folder, "HOME");
                    let is_whole = after.get(&name) == Some(&text) || old.get(&name) == Some(&text);
                    // Between two names of a whole file a kill may come.
                    let is_second_name =
                        fault == Fault::Kill && name.starts_with(".tmp") && after.values().any(|new| *new == text);
                    assert!(is_whole || is_second_name, "{name}: {text:?}: {what}");
                }
                let then = whole(&home);
                assert!(after.iter().all(|(name, text)| then.get(name) == Some(text)), "{what}: {then:?}");
                if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        tried(&format!("{}, receipts and units", fault.words()), faults);
    }
}

#[test]
fn receipts_are_the_old_ones_or_the_new_ones() {
    let home = fresh();
    other(&home, vec!["load", "unfollow.csv"]).done().ends(0);
    interrupted(&home, &["report", "unfollow", "-o", "out/receipts.csv"], &[]);
    interrupted(&home, &["report", "unfollow", "-o", "out/receipts.csv"], &[("receipts.csv", "those of yesterday\n")]);
}

/// Half a unit would be somebody else's file for the next install, which then refuses.
#[test]
fn units_are_whole_and_the_next_install_goes_on() {
    let home = fresh();
    interrupted(&home, &["schedule", "install", "--folder", "out"], &[]);
}
