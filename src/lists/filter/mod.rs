//! Filters: which entries of a list go on, and which rule spares each of the others.
//!
//! In: entries, one by one. Out: for each, that it passes or the one [`Rule`] that spares it; then order and limit. What does
//! not belong here: reading entries, and writing them. Pure: time and zone are given, and files have been read.
//!
//! Whoever reads a list puts a [`FilterPipeline`] between reading and writing:
//!
//! ```text
//! // args: cli::args::ListFilterArgs, flattened into the command's options
//! let kind = list.target_kind();
//! let filter = args.which.wanted().resolve(Some(kind), context.clock.now().wall, &context.zone)?;
//! let mut sieve = Sieve::new(filter, args.which.take(), kind);
//! for entry in entries {
//!     match sieve.push(entry)? {
//!         Sifted::Out(entry) => write(record(list, &entry)),
//!         Sifted::Held => {}                                        // it waits for its place in the order
//!         Sifted::Spared(entry, rule) => write_spared(spared_record(list, &entry, rule)),
//!     }
//!     if sieve.is_full() { break }                                  // where reading on costs requests
//! }
//! let (rest, counts) = sieve.finish();
//! for entry in rest { write(record(list, &entry)) }                 // those that were held, in their order
//! for line in counts.lines() { say(line) }                          // on stderr
//! ```
//!
//! **What is not known spares.** A rule that asks for what the source does not tell spares the entry, under a name of its own
//! (`age_unknown` and its like): an entry passes only if every rule is known to let it. One exception: a keep list's handles
//! cannot spare an entry of which only the ID is known; [`FilterCounts::without_handle`] counts those, and its lines say so.

mod filter_rules;
mod pipeline;
mod plain_rules;
mod question;
mod rule;
mod rules;
mod stage;
mod when;

#[cfg(test)]
mod plain_rules_tests;
#[cfg(test)]
mod tests;

pub use filter_rules::{FilterError, FilterRules};
pub use pipeline::{FilterCounts, FilterPipeline, SPARED_BY, Sifted, spared_record};
pub use plain_rules::PlainRules;
pub use rule::Rule;
pub use rules::{Filter, Judgement};
pub use stage::{MAX_ORDERED_ENTRIES, Order, Stage, Staged, Take, TooManyToOrder};
pub use when::{Age, Day, Since, Unreadable};
