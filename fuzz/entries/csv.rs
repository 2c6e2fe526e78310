//! Job files and keep lists: a letter (`k` a keep list, `n` no action, else the action is unfollow) and the file. Laws: no panic;
//! both passes see the same rows, and they add up; whoever trusts the IDs loses none of them to their looks.

use cleanup::domain::Action;
use cleanup::jobfile::{DamageForm, ReadOptions, RowVerdict, Source, Survey, keep_list};

pub fn try_it(data: &[u8]) {
    let Some((letter, rest)) = data.split_first() else { return };
    let source = Source::spool("fuzz.csv", rest).expect("a temporary file");
    if *letter == b'k' {
        if let Ok(list) = keep_list::read_source(&source, |text| text.parse().ok().into_iter().collect()) {
            assert_eq!(list.len(), list.targets().count());
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
    let by_looks = |survey: &Survey| -> u64 {
        let of_form = |code: &str| DamageForm::ALL.into_iter().any(|form| form.name() == code);
        survey.rejected_by_fault.iter().filter(|(fault, _)| of_form(fault.code())).map(|(_, rows)| rows).sum()
    };
    assert_eq!(by_looks(&survey), survey.damage.iter().map(|found| found.damaged).sum::<u64>());
    // A last row that looks cut off is believed as well.
    let cut: u64 =
        survey.rejected_by_fault.iter().filter(|(fault, _)| fault.code() == "cut_off").map(|(_, rows)| rows).sum();
    assert!(cut <= 1);
    let trusting = Survey::of(&source, &ReadOptions { trust_ids: true, ..options }).expect("it was read before");
    assert_eq!((by_looks(&trusting), trusting.usable), (0, survey.usable + by_looks(&survey) + cut));
}
