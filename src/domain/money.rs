//! Money, exact: an integer number of millionths of a US dollar.

use std::fmt;
use std::str::FromStr;

/// An amount in millionths of a US dollar. X's prices have three decimals, so sums stay exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MicroUsd(pub u64);

impl MicroUsd {
    /// The amount in dollars, for JSON.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// So many times the amount.
    pub const fn times(self, count: u64) -> MicroUsd {
        MicroUsd(self.0.saturating_mul(count))
    }

    /// The sum.
    pub const fn plus(self, other: MicroUsd) -> MicroUsd {
        MicroUsd(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for MicroUsd {
    /// `$0.97`, `$0.005`: two decimals, more where the amount has them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let digits = format!("{part:06}");
        let kept = digits.trim_end_matches('0').len().max(2);
        write!(f, "${whole}.{}", &digits[..kept])
    }
}

impl FromStr for MicroUsd {
    type Err = String;

    /// Reads `5`, `5.00`, `$0.015`: at most six decimals.
    fn from_str(text: &str) -> Result<MicroUsd, String> {
        let complaint = || format!("{text:?} is not an amount in dollars such as 5.00");
        let plain = text.trim().trim_start_matches('$');
        let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if plain.is_empty() || plain == "." || part.len() > 6 || !digits(whole) || !digits(part) {
            return Err(complaint());
        }
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| complaint())? };
        let part: u64 = format!("{part:0<6}").parse().map_err(|_| complaint())?;
        whole.checked_mul(1_000_000).and_then(|micro| micro.checked_add(part)).map(MicroUsd).ok_or_else(complaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_write() {
        for (text, micro, shown) in
            [("5", 5_000_000, "$5.00"), ("0.97", 970_000, "$0.97"), ("$.005", 5_000, "$0.005"), ("0", 0, "$0.00")]
        {
            let amount: MicroUsd = text.parse().unwrap();
            assert_eq!(amount, MicroUsd(micro));
            assert_eq!(amount.to_string(), shown);
        }
        for bad in ["", ".", "-1", "1e3", "0.0000001", "abc", "99999999999999999999"] {
            assert!(bad.parse::<MicroUsd>().is_err(), "{bad}");
        }
    }
}
