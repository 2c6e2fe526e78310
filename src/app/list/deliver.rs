//! From the queue to whoever writes the list: entries in the platform's order, through the filter.

use std::path::PathBuf;

use serde::Serialize;

use crate::app::request::ListRequest;
use crate::domain::ListKind;
use crate::error::CommandError;
use crate::lists::Entry;
use crate::lists::fetch::{Beside, Kept};
use crate::lists::filter::{Filter, FilterPipeline, Rule, Sifted};
use crate::platforms::ListEndpoint;
use crate::store::{ReadingId, Store};

/// Where a list is to be written.
#[derive(Clone, Copy, Debug)]
pub struct ListOutput<'a> {
    /// Which list.
    pub list: ListKind,
    /// The file; none and `-` are stdout.
    pub file: Option<&'a PathBuf>,
    /// The file of what a rule spared.
    pub spared: Option<&'a PathBuf>,
    /// They replace files that are there.
    pub force: bool,
    /// Cells stand as they are, without the guard against formulas.
    pub raw: bool,
}

/// Takes the entries of a list.
pub trait ListSink {
    /// One that passed the filter.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&mut self, entry: &Entry) -> Result<(), CommandError>;

    /// One that did not.
    ///
    /// # Errors
    /// As [`ListSink::write`].
    fn spare(&mut self, entry: &Entry, rule: Rule) -> Result<(), CommandError>;

    /// That was all of them. How many were written?
    ///
    /// # Errors
    /// As [`ListSink::write`]; there is another file in the place now.
    fn keep(self: Box<Self>) -> Result<u64, CommandError>;
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delivered {
    /// Entries in the file.
    pub written: u64,
    /// What was spared, a line for each rule.
    pub spared: Vec<String>,
    /// Posts that may be reposts of nobody knows what.
    pub untold_reposts: u64,
}

/// Writes the list.
pub(super) async fn deliver(
    request: &ListRequest,
    store: &mut Store,
    (row, reading): (&ListEndpoint, ReadingId),
    beside: Beside,
    filter: Filter,
    mut sink: Box<dyn ListSink>,
) -> Result<Delivered, CommandError> {
    let mut sieve = FilterPipeline::new(filter, request.which.take, request.list.target_kind());
    let mut kept = Kept::of((request.list, row), reading, beside);
    loop {
        let entries = kept.next(store).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            match sieve.push(entry)? {
                Sifted::Out(entry) => sink.write(&entry)?,
                Sifted::Held => {}
                Sifted::Spared(entry, rule) => sink.spare(&entry, rule)?,
            }
        }
    }
    let (held, counts) = sieve.finish();
    held.iter().try_for_each(|entry| sink.write(entry))?;
    Ok(Delivered { written: sink.keep()?, spared: counts.lines(), untold_reposts: kept.untold_reposts() })
}
