//! IDs that a spreadsheet has rounded. Excel keeps 15 digits: 1234567890123456789 becomes 1234567890123450000, and that may
//! be somebody else. Some honest IDs end so too, so the file as a whole is judged, per length. Pure.

/// Digits a spreadsheet keeps.
const KEPT_DIGITS: usize = 15;
/// The lengths at which the zeros are judged.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=19;
/// Below this probability it was not chance.
const CHANCE: f64 = 0.001;
/// The most terms a tail is summed from; they fall off geometrically, so a few thousand are the rule.
const MAX_TAIL_TERMS: u64 = 10_000_000;

/// The number of judged lengths.
pub(super) const JUDGED: usize = 4;

/// Where a length stands in the tables, if it is judged.
pub(super) fn index(digits: usize) -> Option<usize> {
    if LENGTHS.contains(&digits) { Some(digits - LENGTHS.start()) } else { None }
}

/// Whether an ID has 15 digits and then only zeros.
pub(super) fn ends_in_zeros(id: crate::domain::TargetId) -> bool {
    const STEP: [u64; JUDGED] = [10, 100, 1_000, 10_000];
    // Nine of ten are told by a constant, which needs no division.
    id.value().is_multiple_of(10) && index(id.digits()).is_some_and(|index| id.value().is_multiple_of(STEP[index]))
}

/// What a whole file has: IDs by length, those that end in zeros, and cells such as 1.23E+18.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) ids: [u64; JUDGED],
    pub(super) zeros: [u64; JUDGED],
    pub(super) scientific: u64,
}

/// Which lengths lose their IDs that end in zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict([bool; JUDGED]);

impl Tally {
    /// Counts an ID; true where it ends in zeros.
    pub(super) fn count(&mut self, id: crate::domain::TargetId) -> bool {
        let Some(index) = index(id.digits()) else { return false };
        self.ids[index] += 1;
        let zeros = ends_in_zeros(id);
        self.zeros[index] += u64::from(zeros);
        zeros
    }

    /// Judges every length.
    pub(super) fn verdict(&self) -> Verdict {
        let mut reject = [false; JUDGED];
        for (index, reject) in reject.iter_mut().enumerate() {
            let digits = LENGTHS.start() + index;
            let honest = 0.1_f64.powi((digits - KEPT_DIGITS) as i32);
            let by_chance = binomial_tail(self.ids[index], self.zeros[index], honest);
            // The tolerance keeps rounding from deciding where the probability is 0.001 itself (one of one with 18 digits).
            let too_many = by_chance < CHANCE * (1.0 - 1e-9);
            *reject = too_many || (digits >= 17 && self.scientific > 0);
        }
        Verdict(reject)
    }
}

impl Verdict {
    /// Whether this ID is rejected.
    pub(super) fn rejects(self, id: crate::domain::TargetId) -> bool {
        index(id.digits()).is_some_and(|index| self.0[index]) && ends_in_zeros(id)
    }

    /// Whether IDs of the length with this index are rejected if they end in zeros.
    pub(super) fn rejects_index(self, index: usize) -> bool {
        self.0.get(index).copied().unwrap_or(false)
    }
}

/// The probability of `hits` or more in `tries`, each with probability `p` (0 < p < 1). Summed in log-space, exact to about
/// nine digits; at or below the mean it answers 1, for it is then at least one half.
pub fn binomial_tail(tries: u64, hits: u64, p: f64) -> f64 {
    if hits == 0 || (hits as f64) <= (tries as f64 * p).floor() {
        return 1.0;
    }
    if hits > tries {
        return 0.0;
    }
    let (n, k) = (tries as f64, hits as f64);
    let first = ln_choose(tries, hits) + k * p.ln() + (n - k) * (-p).ln_1p();
    // The sum of the terms relative to the first; each is smaller than the one before it.
    let (mut sum, mut term) = (1.0_f64, 1.0_f64);
    for i in hits..tries.min(hits.saturating_add(MAX_TAIL_TERMS)) {
        term *= (tries - i) as f64 / (i + 1) as f64 * (p / (1.0 - p));
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    (first + sum.ln()).exp().min(1.0)
}

fn ln_choose(n: u64, k: u64) -> f64 {
    const MAX_FACTORS: u64 = 100_000;
    let k = k.min(n - k);
    if k <= MAX_FACTORS {
        return (1..=k).map(|j| ((n - k + j) as f64 / j as f64).ln()).sum();
    }
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Stirling's series; used for large numbers only.
fn ln_factorial(n: u64) -> f64 {
    let n = n as f64;
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::TargetId;
    use proptest::prelude::*;

    fn near(got: f64, want: f64) {
        assert!((got / want - 1.0).abs() < 1e-9, "{got} is not {want}");
    }

    #[test]
    fn tails_worked_out_by_hand() {
        near(binomial_tail(1, 1, 0.1), 0.1);
        near(binomial_tail(1, 1, 0.0001), 0.0001);
        // 2 of 2: p^2; at least 1 of 2: 1 - 0.9^2, which is above the mean.
        near(binomial_tail(2, 2, 0.1), 0.01);
        near(binomial_tail(2, 1, 0.1), 0.19);
        near(binomial_tail(3, 2, 0.1), 3.0 * 0.01 * 0.9 + 0.001);
        near(binomial_tail(10, 1, 0.0001), 1.0 - 0.9999_f64.powi(10));
        near(binomial_tail(11, 1, 0.0001), 1.0 - 0.9999_f64.powi(11));
        near(binomial_tail(5, 4, 0.5), 6.0 / 32.0);
        // Worked out with exact fractions.
        near(binomial_tail(100, 22, 0.1), 0.0003119180049885031);
        near(binomial_tail(500, 14, 0.01), 0.0006463479451103411);
        near(binomial_tail(1_000, 5, 0.001), 0.00363687802952179);
        near(binomial_tail(5_000, 5, 0.0001), 0.00017183933815807423);
        near(binomial_tail(200, 200, 0.1), 1e-200);
        assert_eq!(binomial_tail(0, 0, 0.1), 1.0);
        assert_eq!(binomial_tail(10, 0, 0.1), 1.0);
        assert_eq!(binomial_tail(10, 11, 0.1), 0.0);
    }

    #[test]
    fn large_files_stay_finite_and_sensible() {
        // 10 million 16-digit IDs: the mean is 1,000,000 and sigma 948.7, so 3 sigma more is about one in 740.
        let tail = binomial_tail(10_000_000, 1_002_846, 0.1);
        assert!((0.0012..0.0015).contains(&tail), "{tail}");
        assert_eq!(binomial_tail(10_000_000, 1_000_000, 0.1), 1.0);
        assert_eq!(binomial_tail(10_000_000, 10_000_000, 0.0001), 0.0);
        assert!(binomial_tail(u64::MAX, u64::MAX / 2, 0.1) >= 0.0);
    }

    #[test]
    fn one_id_alone_by_its_length() {
        let rejected = |text: &str| {
            let id: TargetId = text.parse().unwrap();
            let mut tally = Tally::default();
            assert!(tally.count(id));
            tally.verdict().rejects(id)
        };
        assert!(!rejected("1234567890123450"));
        assert!(!rejected("12345678901234500"));
        // One in a thousand exactly is not below one in a thousand.
        assert!(!rejected("123456789012345000"));
        assert!(rejected("1234567890123450000"));
    }

    #[test]
    fn an_e_cell_condemns_zeros_from_17_digits_up() {
        let tally = Tally { ids: [100, 100, 5_000, 50_000], zeros: [5, 1, 1, 1], scientific: 1 };
        let id = |text: &str| text.parse::<TargetId>().unwrap();
        assert!(!tally.verdict().rejects(id("1234567890123450")));
        for zeros in ["12345678901234500", "123456789012345000", "1234567890123450000"] {
            assert!(tally.verdict().rejects(id(zeros)));
            assert!(!Tally { scientific: 0, ..tally }.verdict().rejects(id(zeros)));
        }
        assert!(!tally.verdict().rejects(id("1234567890123450001")));
    }

    #[test]
    fn how_many_are_too_many() {
        // By length: of 1, 10, 100 and 1,000 IDs, the fewest that end in zeros and are rejected (exact fractions again).
        let fewest: [[u64; 4]; JUDGED] = [[2, 6, 21, 131], [2, 3, 6, 22], [2, 2, 3, 6], [1, 1, 2, 3]];
        for (index, fewest) in fewest.into_iter().enumerate() {
            for (ids, zeros) in [1, 10, 100, 1_000].into_iter().zip(fewest) {
                let mut tally = Tally::default();
                (tally.ids[index], tally.zeros[index]) = (ids, zeros.min(ids));
                assert_eq!(tally.verdict().rejects_index(index), zeros <= ids, "{index} {ids} {zeros}");
                tally.zeros[index] = zeros - 1;
                assert!(!tally.verdict().rejects_index(index), "{index} {ids} {zeros}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_tail_is_a_probability_that_falls_with_the_hits(n in 1_u64..3_000, p in 0.0001_f64..0.5) {
            let mut last = 1.0;
            for hits in 0..=n.min(60) {
                let tail = binomial_tail(n, hits, p);
                prop_assert!((0.0..=1.0).contains(&tail));
                prop_assert!(tail <= last * (1.0 + 1e-9), "{tail} after {last}");
                last = tail;
            }
        }
    }
}
