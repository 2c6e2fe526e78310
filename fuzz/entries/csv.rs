//! Job files and keep lists: a letter (`k` a keep list, `n` no action, else the action is unfollow) and the file. Laws: no panic;
//! both passes see the same rows, and they add up.

use cleanup::domain::Action;
use cleanup::jobfile::{ReadOptions, RowVerdict, Source, Survey, keep};

pub fn try_it(data: &[u8]) {
    let Some((letter, rest)) = data.split_first() else { return };
    let source = Source::spool("fuzz.csv", rest).expect("a temporary file");
    if *letter == b'k' {
        if let Ok(list) = keep::read_source(&source) {
            assert_eq!(list.len(), list.ids().len() + list.handles().len());
        }
        return;
    }
    let action = (*letter != b'n').then_some(Action::Unfollow);
    let options = ReadOptions { action, ..ReadOptions::default() };
    let Ok(survey) = Survey::of(&source, &options) else { return };
    assert_eq!(survey.rows, survey.usable + survey.rejected);
    let mut rows = survey.rows(&source).expect("it was read before");
    let (mut usable, mut rejected, mut line) = (0, 0, 0);
    while let Some(row) = rows.next().expect("it was read before") {
        assert!(row.line > line, "{} after {line}", row.line);
        line = row.line;
        match row.verdict {
            RowVerdict::Task { .. } => usable += 1,
            RowVerdict::Rejected { .. } => rejected += 1,
        }
    }
    assert_eq!((usable, rejected), (survey.usable, survey.rejected));
}
