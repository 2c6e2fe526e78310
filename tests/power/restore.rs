//! A queue that is being taken back to a snapshot.

use super::disk::PowerCut;
use super::recording::Recording;
use crate::common::Home;
use crate::common::tries::{dice, of_forms, tried};
use crate::faults::restore::{Kept, restore};

#[test]
fn a_restore_is_whole_or_has_not_been() {
    let mut dice = dice();
    let kept = Kept::new();
    let recording = Recording::of(&restore(&kept.home), "", kept.home.folder.path());
    assert_eq!(recording.done.code, 0, "{}", recording.done.err);
    let cuts = PowerCut::of(&recording, of_forms(9, 300), &mut dice);
    for cut in &cuts {
        let home = Home::new();
        cut.lay_down(&recording, home.folder.path(), &mut dice);
        kept.judge(&home, cut.exit_code(&recording) == Some(0), &format!("{cut:?}"));
    }
    tried("the power is cut, restore of a snapshot", cuts.len());
}
