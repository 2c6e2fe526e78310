//! Filter, order and limit in one, with a count for every rule: what stands between reading a list and writing it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Filter, Judgement, Rule, Stage, Staged, Take, TooManyToOrder};
use crate::domain::{EntryFact, ListKind, TargetKind, counted};
use crate::lists::{Entry, record};

/// The last column of a list of spared entries: the name of the rule.
pub const SPARED_BY: &str = "spared_by";

/// A spared entry's cells: those of [`record`], and the rule's name under [`SPARED_BY`].
pub fn spared_record(list: ListKind, entry: &Entry, rule: Rule) -> Vec<String> {
    let mut cells = record(list, entry);
    cells.push(rule.name().to_owned());
    cells
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sifted {
    /// It goes on now.
    Out(Entry),
    /// It passed, and waits for its place in the order.
    Held,
    /// This entry, perhaps one that was held before, is spared.
    Spared(Entry, Rule),
}

/// How many went on, and how many each rule spared. They add up to the entries read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FilterCounts {
    /// Entries read.
    pub read: u64,
    /// Entries spared, by rule.
    pub spared: BTreeMap<Rule, u64>,
    /// Entries that the keep list did not name by ID and of which no name is known, while the list has names.
    pub without_handle: u64,
    /// The facts that rules ask for, of those that an entry told.
    #[serde(skip)]
    pub told: Vec<EntryFact>,
}

impl FilterCounts {
    /// Entries that went on.
    pub fn passed(&self) -> u64 {
        self.read.saturating_sub(self.spared.values().sum())
    }

    /// A line for each rule that spared anything, for stderr, and one where a keep list could not see everybody.
    pub fn lines(&self) -> Vec<String> {
        let rule = |(rule, count): (&Rule, &u64)| format!("spared {count}: {} ({rule})", rule.sentence());
        let mut lines: Vec<String> = self.spared.iter().map(rule).collect();
        if self.without_handle > 0 {
            let entries = counted(self.without_handle, "entry has", "entries have");
            lines.push(format!(
                "{entries} no name here, so the names on the keep list spare none of them: give `cleanup run` the same --keep, which looks \
                 names up before anything is sent, or add their IDs"
            ));
        }
        lines
    }
}

/// Filter, order and limit at work on a list.
#[derive(Debug)]
pub struct FilterPipeline {
    filter: Filter,
    kind: TargetKind,
    stage: Stage<Entry>,
    counts: FilterCounts,
    /// The keep list has names.
    keeps_names: bool,
}

impl FilterPipeline {
    /// Nothing has been read yet.
    pub fn new(filter: Filter, take: Take, kind: TargetKind) -> FilterPipeline {
        let keeps_names = filter.keep.as_ref().is_some_and(|keep| keep.named_targets().next().is_some());
        FilterPipeline { filter, kind, stage: Stage::new(take), counts: FilterCounts::default(), keeps_names }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// There are more than can be put in order.
    pub fn push(&mut self, entry: Entry) -> Result<Sifted, TooManyToOrder> {
        self.counts.read += 1;
        self.note_told(&entry);
        if let Judgement::Spared(rule) = self.filter.judge(&entry, self.kind) {
            return Ok(self.spare(entry, rule));
        }
        let is_nameless = entry.handle.is_none() && entry.address.is_none();
        self.counts.without_handle += u64::from(self.keeps_names && is_nameless);
        let date = self.filter.date(&entry, self.kind);
        Ok(match self.stage.push(date, entry)? {
            Staged::Out(entry) => Sifted::Out(entry),
            Staged::Held => Sifted::Held,
            Staged::Spared(entry, rule) => self.spare(entry, rule),
        })
    }

    /// Whether nothing that comes now can go on: whoever pays for reading may stop.
    pub fn is_full(&self) -> bool {
        self.stage.is_full()
    }

    /// Entries that have passed by now.
    pub fn passed(&self) -> u64 {
        self.counts.passed()
    }

    /// What was held, in its order, and the counts.
    pub fn finish(self) -> (Vec<Entry>, FilterCounts) {
        (self.stage.finish(), self.counts)
    }

    fn note_told(&mut self, entry: &Entry) {
        for (fact, is_told) in self.filter.answered(entry, self.kind) {
            if is_told && !self.counts.told.contains(&fact) {
                self.counts.told.push(fact);
            }
        }
    }

    fn spare(&mut self, entry: Entry, rule: Rule) -> Sifted {
        *self.counts.spared.entry(rule).or_default() += 1;
        Sifted::Spared(entry, rule)
    }
}
