//! What a file's IDs prove together. Memory does not grow with the file.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::LENGTHS;
use super::chance::binomial_tail;
use super::form::{BITS, DamageForm, Forms, Judged, honest_chance, judge};
use crate::domain::TargetId;

/// A file of so many rows is judged by the smaller probability.
const MANY_ROWS: u64 = 100;
/// Below this probability a small file's hits were not chance.
const CHANCE_FEW: f64 = 1e-3;
/// The same for larger files, and for runs. A file has a dozen tests, and people have many files.
const CHANCE_MANY: f64 = 1e-6;
/// Rounding must not decide where a probability is the limit itself (one of one with 18 digits).
const TOLERANCE: f64 = 1.0 - 1e-9;
/// Different hits that are remembered, so that each counts once. From then on repeats count, and are few beside them.
const MAX_REMEMBERED: usize = 1 << 16;

const FORMS: usize = DamageForm::ALL.len();
const WIDTHS: usize = (*BITS.end() - *BITS.start() + 1) as usize;

/// What an ID is evidence of. The forms overlap (15 digits and zeros are always the shortest of their double), and each ID speaks for
/// one form and against those after it; it says nothing of the forms before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evidence {
    Zeros,
    Shortest,
    Exact,
    Plain,
}

const KINDS: usize = 4;

/// What a whole file has.
#[derive(Clone, Debug, Default)]
pub(in crate::jobfile) struct Tally {
    /// IDs by length.
    ids: [u64; LENGTHS],
    /// Evidence by length, bits and kind.
    evidence: [[[u64; KINDS]; WIDTHS]; LENGTHS],
    /// The run of consecutive hits by length and form: how improbable it is.
    runs: [[Run; FORMS]; LENGTHS],
    /// Whether any run of a length has begun.
    is_running: [bool; LENGTHS],
    remembered: HashSet<u64>,
    scientific: u64,
}

/// Consecutive hits; their improbability is the negative logarithm of the product of their chances, in bits.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    now: f64,
    most: f64,
}

/// Which forms of damage are proven, by length. The empty one rejects nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::jobfile) struct Suspicion([Forms; LENGTHS]);

impl Tally {
    /// Counts an ID. The number of its length and the forms it has, honestly or not; none where it is not judged.
    #[inline]
    pub(in crate::jobfile) fn count(&mut self, id: TargetId) -> Option<(usize, Forms)> {
        let judged = judge(id)?;
        let Judged { length, bits, forms, is_sequence_0 } = judged;
        self.ids[length] += 1;
        if !forms.is_empty() & !is_sequence_0 {
            self.take_hit(&judged, id.value());
        } else {
            // Whether the sequence is 0 is as good as random, so that a branch on it would be guessed wrong half of the time.
            let (counts, plain) = (!is_sequence_0, Evidence::Plain as usize);
            self.evidence[length][(bits - BITS.start()) as usize][plain] += u64::from(counts);
            if counts & self.is_running[length] {
                self.is_running[length] = false;
                self.runs[length].iter_mut().for_each(|run| run.now = 0.0);
            }
        }
        Some((length, forms))
    }

    /// How many IDs of a length were counted.
    pub(in crate::jobfile) fn ids(&self, length: usize) -> u64 {
        self.ids[length]
    }

    /// Counts a cell such as 1.23457E+18: an ID that went through a number for certain.
    pub(in crate::jobfile) fn count_scientific(&mut self) {
        self.scientific += 1;
    }

    fn take_hit(&mut self, judged: &Judged, value: u64) {
        let Judged { length, bits, forms, .. } = *judged;
        let evidence = match forms {
            forms if forms.has(DamageForm::Zeros) => Evidence::Zeros,
            forms if forms.has(DamageForm::Shortest) => Evidence::Shortest,
            _ => Evidence::Exact,
        };
        if self.remembered.len() < MAX_REMEMBERED && !self.remembered.insert(value) {
            return;
        }
        self.is_running[length] = true;
        self.evidence[length][(bits - BITS.start()) as usize][evidence as usize] += 1;
        let runs = &mut self.runs[length];
        for form in DamageForm::ALL {
            match (evidence as usize).cmp(&(form as usize)) {
                Ordering::Less => {}
                Ordering::Equal => runs[form as usize].grow(-honest_chance(form, length, bits).log2()),
                Ordering::Greater => runs[form as usize].now = 0.0,
            }
        }
    }

    /// Judges every length of a file with so many rows.
    pub(in crate::jobfile) fn suspicion(&self, rows: u64) -> Suspicion {
        let mut proven = [Forms::default(); LENGTHS];
        for (length, proven) in proven.iter_mut().enumerate() {
            for form in DamageForm::ALL {
                // A spreadsheet writes both.
                let by_spreadsheet = form == DamageForm::Zeros && length > 0 && self.scientific > 0;
                if by_spreadsheet || self.is_proven(form, length, rows) {
                    proven.insert(form);
                }
            }
        }
        self.spread(&mut proven);
        Suspicion(proven)
    }

    /// What is proven for one length holds for those from 17 digits on that have too few IDs to prove it alone, where none of theirs speaks
    /// against it: a file goes through a number as a whole. Lengths with many honest IDs always have some that do.
    fn spread(&self, proven: &mut [Forms; LENGTHS]) {
        for form in DamageForm::ALL {
            if !proven[1..].iter().any(|forms| forms.has(form)) {
                continue;
            }
            let against = |kinds: &[u64; KINDS]| kinds[form as usize + 1..].iter().sum::<u64>();
            for (forms, evidence) in proven.iter_mut().zip(&self.evidence).skip(1) {
                forms.insert_if(form, evidence.iter().map(against).sum::<u64>() == 0);
            }
        }
    }

    fn is_proven(&self, form: DamageForm, length: usize, rows: u64) -> bool {
        let run = self.runs[length][form as usize].most;
        if (-run).exp2() * (rows.max(1) as f64) < CHANCE_MANY {
            return true;
        }
        let (mut ids, mut hits, mut expected) = (0_u64, 0_u64, 0.0);
        for (bits, kinds) in BITS.zip(&self.evidence[length]) {
            let judged: u64 = kinds[form as usize..].iter().sum();
            ids += judged;
            hits += kinds[form as usize];
            expected += judged as f64 * honest_chance(form, length, bits);
        }
        if hits == 0 {
            return false;
        }
        // IDs of different bits have different chances. The binomial of their mean is an upper bound where hits exceed what is expected
        // by more than one (Hoeffding 1956), and no smaller than it by a hair below.
        let chance = expected / ids as f64;
        if length > 0 {
            ids += self.scientific;
            hits += self.scientific;
        }
        let limit = if rows < MANY_ROWS { CHANCE_FEW } else { CHANCE_MANY };
        chance < 1.0 && binomial_tail(ids, hits, chance) < limit * TOLERANCE
    }
}

impl Run {
    fn grow(&mut self, bits: f64) {
        self.now += bits;
        self.most = self.most.max(self.now);
    }
}

impl Suspicion {
    /// Whether nothing is proven.
    pub(in crate::jobfile) fn is_empty(self) -> bool {
        self == Suspicion::default()
    }

    /// The form by which this ID is damaged.
    pub(in crate::jobfile) fn of(self, id: TargetId) -> Option<DamageForm> {
        // Nearly all files are whole.
        if self.is_empty() {
            return None;
        }
        let judged = judge(id)?;
        self.of_forms(judged.length, judged.forms)
    }

    /// The form by which IDs of this length that have these forms are damaged.
    pub(in crate::jobfile) fn of_forms(self, length: usize, forms: Forms) -> Option<DamageForm> {
        forms.named_by(*self.0.get(length)?)
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
