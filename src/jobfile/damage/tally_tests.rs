#![allow(clippy::unwrap_used)]
use super::super::MIN_DIGITS;
use super::*;

fn id(text: &str) -> TargetId {
    text.parse().unwrap()
}

/// What is proven by these IDs in a file of so many rows.
fn suspicion(ids: &[&str], rows: u64) -> Suspicion {
    let mut tally = Tally::default();
    for text in ids {
        let _ = tally.count(id(text));
    }
    tally.suspicion(rows)
}

#[test]
fn one_id_alone_by_its_length() {
    let rejected = |text: &str| suspicion(&[text], 1).of(id(text));
    assert_eq!(rejected("1234567890123450"), None);
    assert_eq!(rejected("12345678901234500"), None);
    // One in a thousand exactly is not below one in a thousand.
    assert_eq!(rejected("123456789012345000"), None);
    assert_eq!(rejected("1234567890123450000"), Some(DamageForm::Zeros));
    assert_eq!(rejected("1629556410996121344"), None, "1 in 256");
    assert_eq!(rejected("1629556410996121300"), None, "1 in 120");
    // No number begins with a zero.
    assert_eq!(rejected("0234567890123450000"), None);
}

#[test]
fn two_ids_that_went_through_a_double_are_enough_alone_and_not_among_many() {
    let exact = ["1629556410996121344", "1629556410996133632"];
    let shortest = ["1629556410996121300", "1629556410996133600"];
    for (ids, form) in [(exact, DamageForm::Exact), (shortest, DamageForm::Shortest)] {
        assert_eq!(suspicion(&ids, 2).of(id(ids[0])), Some(form));
        assert_eq!(suspicion(&ids, 2).of(id("1629556410996121225")), None);
        assert_eq!(suspicion(&ids, 100), Suspicion::default());
        // The same one twice is one.
        assert_eq!(suspicion(&[ids[0], ids[0], ids[0]], 3), Suspicion::default());
    }
    // With a cell such as 1.63E+18 one is enough.
    let mut tally = Tally::default();
    tally.count(id(shortest[0]));
    tally.count_scientific();
    assert_eq!(tally.suspicion(2).of(id(shortest[0])), Some(DamageForm::Shortest));
}

#[test]
fn multiples_of_4096_prove_nothing_and_are_rejected_once_a_form_is_proven() {
    let honest: Vec<String> = (0..500_u64).map(|n| ((388_000_000_000 + n * 977) << 22 | n << 12).to_string()).collect();
    let honest: Vec<&str> = honest.iter().map(String::as_str).collect();
    assert!(suspicion(&honest, 500).is_empty());
    let damaged = ["1629556410996121344", "1629556410996133632", "1629556410996126720", "1629556410996139008"];
    let all = suspicion(&[&honest[..], &damaged].concat(), 504);
    assert_eq!((all.of(id(honest[7])), all.of(id(damaged[0]))), (Some(DamageForm::Exact), Some(DamageForm::Exact)));
    assert_eq!(all.of(id("1629556410996121225")), None);
}

#[test]
fn an_e_cell_condemns_zeros_from_17_digits_up() {
    let mut tally = Tally::default();
    assert!(tally.suspicion(50_000).is_empty());
    tally.count_scientific();
    let suspicion = tally.suspicion(50_000);
    assert_eq!(suspicion.of(id("1234567890123450")), None);
    for zeros in ["12345678901234500", "123456789012345000", "1234567890123450000", "1629556410987520000"] {
        assert_eq!(suspicion.of(id(zeros)), Some(DamageForm::Zeros), "{zeros}");
    }
    for whole in ["1234567890123450001", "1629556410996121344", "1629556410996121300"] {
        assert_eq!(suspicion.of(id(whole)), None, "{whole}");
    }
}

#[test]
fn a_length_with_few_ids_goes_by_what_the_others_prove_unless_its_own_speak_against_it() {
    let many: Vec<String> =
        (0..6_u64).map(|n| ((1_629_556_410_996_121_225 + n * 98_765_432_109) as f64).to_string()).collect();
    let mut ids: Vec<&str> = many.iter().map(String::as_str).collect();
    let rare = ["730364881661191800", "12345678901234568"];
    rare.iter().for_each(|alone| assert!(suspicion(&[alone], 1).is_empty(), "{alone}"));
    ids.extend(rare);
    let all = suspicion(&ids, 8);
    assert_eq!(ids.iter().map(|text| all.of(id(text))).collect::<Vec<_>>(), [Some(DamageForm::Shortest); 8]);
    // One whole ID of that length, and it is not the file that went through a number.
    ids.push("730364881661191866");
    let mixed = suspicion(&ids, 9);
    assert_eq!(
        ids[6..].iter().map(|text| mixed.of(id(text))).collect::<Vec<_>>(),
        [None, Some(DamageForm::Shortest), None]
    );
    assert_eq!(mixed.of(id(ids[0])), Some(DamageForm::Shortest));
    // 16 digits: too many honest ones look so.
    assert_eq!(all.of(id("1234567890123450")), None);
}

#[test]
fn how_many_are_too_many() {
    // By length: of 1, 10, 99, 100 and 1,000 IDs, the fewest that end in zeros and are rejected (worked out with exact fractions).
    let fewest: [[u64; 5]; LENGTHS] = [[2, 6, 21, 28, 149], [2, 3, 6, 9, 29], [2, 2, 3, 5, 10], [1, 1, 2, 3, 5]];
    for (length, fewest) in fewest.into_iter().enumerate() {
        for (ids, zeros) in [1, 10, 99, 100, 1_000].into_iter().zip(fewest) {
            for (hits, want) in [(zeros, zeros <= ids), (zeros - 1, false)] {
                let mut tally = Tally::default();
                let hits = hits.min(ids);
                let bits = (10_u64.pow((length + MIN_DIGITS) as u32 - 1).ilog2() + 1 - BITS.start()) as usize;
                tally.evidence[length][bits] = [hits, 0, 0, ids - hits];
                assert_eq!(tally.is_proven(DamageForm::Zeros, length, ids), want, "{length} {ids} {hits}");
            }
        }
    }
}
