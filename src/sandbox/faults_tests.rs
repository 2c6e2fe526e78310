#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_displayed_reads_back(
        shares in proptest::array::uniform9(0_u32..166_000), delay in 0_u64..600_000,
    ) {
        let faults = Faults { shares, slow_delay: Duration::from_millis(delay) };
        prop_assert_eq!(faults.to_string().parse::<Faults>(), Ok(faults));
    }

    #[test]
    fn a_mix_is_what_it_says(percent in 0_u32..=100) {
        let faults: Faults = format!("{percent}%").parse().unwrap();
        prop_assert_eq!(faults.shares[..GONE].iter().sum::<u32>(), percent * ONE_PERCENT);
    }
}

#[test]
fn texts_people_write() {
    let read = |text: &str| text.parse::<Faults>().unwrap();
    assert_eq!(read(" None "), Faults::NONE);
    assert_eq!(read("0%"), Faults::NONE);
    assert_eq!(read("5%").to_string(), "5%");
    assert_eq!(read("429=1%,5xx=1%,reset=1%,lost=1%,cut=1%,gone=2%,refused=1%"), read("5%"));
    assert_eq!(read("5XX = 0.25% , gone=0%").to_string(), "5xx=0.25%");
    assert_eq!(read("slow=10%@250ms").to_string(), "slow=10%@250ms");
    assert_eq!(read(&Faults::MILD.to_string()), Faults::MILD);
}

#[test]
fn every_error_names_the_remedy() {
    for (text, why) in [
        ("", "no %"),
        ("5", "no %"),
        ("101%", "100%"),
        ("0.00001%", "100%"),
        ("-1%", "100%"),
        ("losst=1%", "did you mean lost?"),
        ("lost", "no %"),
        ("lost=1%,", "no ="),
        ("lost=1%,lost=2%", "twice"),
        ("lost=60%,cut=60%", "add up"),
        ("gone=60%,refused=60%", "add up"),
        ("lost=1%@2s", "only slow"),
        ("slow=1%@2h", "no delay"),
    ] {
        let error = text.parse::<Faults>().unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("write none, 5%"), "{text:?}: {error}");
    }
}

#[test]
fn the_dice_keep_to_the_shares() {
    let faults: Faults = "lost=25%,gone=50%".parse().unwrap();
    let mut dice = fastrand::Rng::with_seed(7);
    let lost = (0..100_000).filter(|_| faults.strike(&mut dice) == Some(Strike::Lost)).count();
    let gone = (0..100_000).filter(|_| faults.target_strike(&mut dice) == Some(TargetStrike::Gone)).count();
    assert!((24_000..26_000).contains(&lost) && (49_000..51_000).contains(&gone), "{lost} {gone}");
    assert!((0..10_000).all(|_| Faults::NONE.strike(&mut dice).is_none()));
}
