//! Text and times as pages show them.

use crate::domain::{Wall, counted, is_unsafe};

/// The most characters of a stranger's text that a page shows.
const MAX_SHOWN_CHARS: usize = 280;

/// A stranger's text for a page: what would reorder or hide text around it is shown as a replacement mark, line ends as spaces,
/// and an over-long one is cut. Escaping is maud's.
pub fn foreign(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(MAX_SHOWN_CHARS)
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_unsafe(c) => '\u{fffd}',
            c => c,
        })
        .collect();
    if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// `2026-11-22 14:38:31 UTC`
pub(super) fn utc(at: Wall) -> String {
    at.rfc3339().replace('T', " ").replace('Z', " UTC")
}

/// `1 row`, `2 rows`
pub(super) fn rows(count: u64) -> String {
    counted(count, "row", "rows")
}

/// The shares of parts in their sum, in tenths of a percent that add up to 1,000: each is cut, and what is missing then goes to those
/// that lost most by it. All are 0 where there is nothing.
pub(super) fn shares(parts: &[u64]) -> Vec<u64> {
    let whole: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let exact = |part: &u64| u128::from(*part) * 1000;
    let mut tenths: Vec<u128> = parts.iter().map(|part| exact(part) / whole).collect();
    let missing = 1000_u128.saturating_sub(tenths.iter().sum());
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(exact(&parts[*index]) % whole));
    for index in order.into_iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        tenths[index] += 1;
    }
    tenths.into_iter().map(|tenths| u64::try_from(tenths).unwrap_or(1000)).collect()
}

/// A share in words; what is there is never shown as nothing.
pub(super) fn share_text(part: u64, tenths: u64) -> String {
    match tenths {
        0 if part > 0 => "under 0.1 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_are_rounded_and_what_is_there_is_not_nothing() {
        assert_eq!(shares(&[1, 1, 1]), [334, 333, 333]);
        assert_eq!(shares(&[2, 1]), [667, 333]);
        assert_eq!(shares(&[0, 0]), [0, 0]);
        assert_eq!(shares(&[u64::MAX, u64::MAX]), [500, 500]);
        assert_eq!(
            (share_text(1, 0), share_text(0, 0), share_text(5, 334)),
            ("under 0.1 %".into(), "0.0 %".into(), "33.4 %".into())
        );
    }

    proptest! {
        #[test]
        fn shares_add_up_and_are_off_by_less_than_a_tenth(parts in proptest::collection::vec(0_u64..1_000_000, 1..12)) {
            let whole: u64 = parts.iter().sum();
            prop_assume!(whole > 0);
            let shares = shares(&parts);
            prop_assert_eq!(shares.iter().sum::<u64>(), 1000);
            for (part, tenths) in parts.iter().zip(shares) {
                let exact = *part as f64 * 1000.0 / whole as f64;
                prop_assert!((tenths as f64 - exact).abs() < 1.0, "{} of {}: {}", part, whole, tenths);
            }
        }
    }
}
