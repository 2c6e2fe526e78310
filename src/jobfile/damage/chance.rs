//! How probable so many hits are by chance. Pure arithmetic.

/// The most terms a tail is summed from; they fall off geometrically, so a few thousand are the rule.
const MAX_TAIL_TERMS: u64 = 10_000_000;

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
    use super::*;
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
