//! The forms that damage gives to an ID, and how often an honest ID has them. Pure.

use super::{LENGTHS, MIN_DIGITS};
use crate::domain::TargetId;

crate::domain::with_names! {
    /// How an ID has been damaged.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum DamageForm {
        /// 15 digits and then zeros: a spreadsheet.
        Zeros => "rounded_zeros",
        /// The shortest digits that read back as the same double, then zeros: JavaScript, jq before 1.7, pandas, R.
        Shortest => "shortest_double",
        /// The exact value of a double: Python's `int(float(x))`, pandas, R.
        Exact => "exact_double",
    }
}

/// The forms an ID has, as a set. An honest one may have them by chance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::jobfile) struct Forms(u8);

/// How many sets there are.
pub(in crate::jobfile) const SHAPES: usize = 8;

/// An ID as it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// Number of its length, from 0.
    pub(super) length: usize,
    /// How many bits its number has.
    pub(super) bits: u32,
    /// The forms it has.
    pub(super) forms: Forms,
    /// It may be a snowflake with sequence 0.
    pub(super) is_sequence_0: bool,
}

/// Bits of a number that a double holds exactly, whatever it is.
const EXACT_BITS: u32 = 53;
/// Bits of a snowflake: 41 of time, 10 of machine, 12 of sequence.
const SNOWFLAKE_BITS: u32 = 63;
/// Bits of the shortest and the longest IDs that are judged.
pub(super) const BITS: std::ops::RangeInclusive<u32> = 50..=64;

/// The bounds of [`honest_chance`] for the shortest form, by bits from 54 on. How they come about is said there; the test
/// `no_honest_population_exceeds_its_bounds` works them out again.
const SHORTEST_CHANCE: [f64; 11] = [0.5, 0.3, 0.15, 0.09, 0.07, 0.04, 0.01, 1.0 / 120.0, 0.006, 0.001, 0.000_894];

impl DamageForm {
    /// What such an ID is, as a clause.
    pub const fn describe(self) -> &'static str {
        match self {
            DamageForm::Zeros => "15 digits and then zeros, as a spreadsheet writes a long number",
            DamageForm::Shortest => {
                "the shortest digits of a double, as JavaScript and jq before 1.7 write a long number"
            }
            DamageForm::Exact => "the exact value of a double, as pandas, R and int(float(x)) write a long number",
        }
    }

    /// How to get the IDs whole, as a clause.
    pub const fn remedy(self) -> &'static str {
        match self {
            DamageForm::Zeros => "export again, and format the column as text before opening the file",
            DamageForm::Shortest => {
                "export again, and read IDs as text (id_str in JSON, jq 1.7 or newer, dtype=str in pandas)"
            }
            DamageForm::Exact => "export again, and read IDs as text (dtype=str in pandas, id_str in JSON)",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Forms {
    /// The set with this number, below [`SHAPES`].
    pub(in crate::jobfile) fn numbered(shape: usize) -> Forms {
        Forms(shape as u8 % SHAPES as u8)
    }

    /// The set's number.
    pub(in crate::jobfile) fn shape(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn has(self, form: DamageForm) -> bool {
        self.0 & form.bit() != 0
    }

    pub(super) fn insert(&mut self, form: DamageForm) {
        self.insert_if(form, true);
    }

    pub(super) fn insert_if(&mut self, form: DamageForm, has: bool) {
        self.0 |= form.bit() * u8::from(has);
    }

    pub(in crate::jobfile) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The form by which an ID is called damaged where these are proven; none where it has none of them. The exact value comes first,
    /// because IDs that are exact values prove the other forms as well when there are many; the reverse is not so.
    pub(super) fn named_by(self, proven: Forms) -> Option<DamageForm> {
        DamageForm::ALL.into_iter().rev().find(|form| self.has(*form) && proven.has(*form))
    }
}

/// An ID as it is judged; none where no form of damage can have touched it: it is short, or begins with a zero, which no number does.
pub(super) fn judge(id: TargetId) -> Option<Judged> {
    let length = id.digits().checked_sub(MIN_DIGITS).filter(|length| *length < LENGTHS)?;
    let value = id.value();
    let bits = u64::BITS - value.leading_zeros();
    const LEAST: [u64; LENGTHS] =
        [1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000];
    if value < LEAST[length] {
        return None;
    }
    // Whether an ID is even, or a multiple of 4,096, is as good as random: no branch is taken on it.
    let mut forms = Forms::default();
    if bits > EXACT_BITS {
        forms.insert_if(DamageForm::Exact, value.trailing_zeros() >= bits - EXACT_BITS);
        if is_shortest(value, bits) {
            forms.insert(DamageForm::Shortest);
            forms.insert_if(DamageForm::Zeros, ends_in_zeros(value, length));
        }
    } else {
        forms.insert_if(DamageForm::Zeros, ends_in_zeros(value, length));
    }
    Some(Judged { length, bits, forms, is_sequence_0: value.trailing_zeros() >= 12 && bits <= SNOWFLAKE_BITS })
}

/// Whether an ID has 15 digits and then only zeros. It is the shortest of its double then, for a double keeps any 15 digits.
fn ends_in_zeros(value: u64, length: usize) -> bool {
    // By constants, because they need no division.
    match length {
        0 => value.is_multiple_of(10),
        1 => value.is_multiple_of(100),
        2 => value.is_multiple_of(1_000),
        _ => value.is_multiple_of(10_000),
    }
}

/// Whether a number is what its double prints: of all numbers that read as the same double, the one with the most zeros at its end,
/// and of several of these the closest. Two that are equally close both count.
fn is_shortest(value: u64, bits: u32) -> bool {
    // Doubles of so many bits lie 2^(bits - 53) apart, and any stretch of that length has a multiple of every power of ten below. So
    // what is printed ends in as many zeros as the largest of these at least.
    let (step, fits) = match bits - EXACT_BITS {
        0..=3 => (1, true),
        4..=6 => (10, value.is_multiple_of(10)),
        7..=9 => (100, value.is_multiple_of(100)),
        _ => (1_000, value.is_multiple_of(1_000)),
    };
    if !fits {
        return false;
    }
    let beyond = value % (step * 10);
    if beyond == 0 {
        return true;
    }
    let double = value as f64;
    let (below, above) = (value - beyond, value - beyond + step * 10);
    if below as f64 == double || above as f64 == double {
        return false;
    }
    2 * value.abs_diff(double as u64) <= step
}

/// At most so often an honest ID of these digits and bits has a form, multiples of 4,096 left out.
///
/// The milliseconds and the machine are as good as random, so an honest ID is as often divisible by 5^k as any number. Its last 12 bits
/// are the sequence, from 1 here; how sequence numbers are spread differs from list to list, but a larger one is never more frequent
/// than a smaller one. Every such distribution is a mixture of uniform ones on 1 to m, so the bound is the largest mean over any m:
/// - 15 digits and k zeros: 5^k divides it in 1 of 5^k cases, 2^k divides the sequence in at most 1 of 2^k: together 1/10^k;
/// - exact double: 2^(bits - 53) divides the sequence in at most one of as many cases (15 of 4,095 where all are as frequent and there are 61
///   bits);
/// - shortest double: counted over all sequences and all remainders of the powers of ten that matter. One number of 2^(bits - 53) is the
///   shortest of its double, but small sequence numbers lie close to a double, and are more often its shortest than others.
pub(super) fn honest_chance(form: DamageForm, length: usize, bits: u32) -> f64 {
    match form {
        DamageForm::Zeros => 0.1_f64.powi(length as i32 + 1),
        DamageForm::Shortest => {
            let place = bits.checked_sub(EXACT_BITS + 1).and_then(|place| SHORTEST_CHANCE.get(place as usize));
            place.copied().unwrap_or(1.0)
        }
        DamageForm::Exact => 0.5_f64.powi(bits.saturating_sub(EXACT_BITS) as i32),
    }
}
