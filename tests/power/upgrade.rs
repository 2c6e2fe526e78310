//! A queue of an older version that is being brought up to date.

use super::disk::PowerCut;
use super::recording::Recording;
use crate::common::Home;
use crate::common::tries::{dice, of_forms, tried};
use crate::faults::old_schema::Old;

#[test]
fn an_old_queue_is_the_old_one_or_the_new_one_and_goes_on() {
    let mut dice = dice();
    for name in ["half-done", "died-reloading"] {
        let old = Old::open(name);
        let home = old.copy();
        let recording = Recording::of(&old.command(&home, &["status", "--json"]), "", home.folder.path());
        assert_eq!(recording.done.code, 0, "{}", recording.done.err);
        let cuts = PowerCut::of(&recording, of_forms(6, 100), &mut dice);
        for cut in &cuts {
            let home = Home::new();
            cut.lay_down(&recording, home.folder.path(), &mut dice);
            old.goes_on(&home, &format!("{name}, {cut:?}"));
        }
        tried("the power is cut, upgrade of an old queue", cuts.len());
    }
}
