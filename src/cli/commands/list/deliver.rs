//! From the queue to the CSV: entries in the platform's order, through the filter, to stdout or to a file that appears whole.

use crate::app::request::ListRequest;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::cli::spared_file::SparedFile;
use crate::domain::counted;
use crate::error::CommandError;
use crate::lists::ListWriter;
use crate::lists::fetch::Kept;
use crate::lists::filter::{Filter, FilterPipeline, Sifted};
use crate::store::{ReadingId, Store};

/// What is written.
pub(super) struct Delivery {
    pub(super) reading: ReadingId,
    /// Who follows the account, where it was asked.
    pub(super) followers: Option<ReadingId>,
    pub(super) filter: Filter,
}

/// Writes the list; says how many entries it has.
pub(super) async fn deliver(
    context: &Context,
    args: &ListRequest,
    store: &mut Store,
    delivery: Delivery,
) -> Result<u64, CommandError> {
    let once = &args.once;
    let mut spared = SparedFile::create(once.spared.as_ref(), args.list, once.force, once.raw)?;
    let output = Output::create_list(args.output.as_deref(), once.force, context.printer)?;
    let complain = output.errors();
    let Delivery { reading, followers, filter } = delivery;
    let mut sieve = FilterPipeline::new(filter, args.which.take, args.list.target_kind());
    let mut writer = ListWriter::new(output, args.list, once.raw).map_err(&complain)?;
    let mut kept = Kept::of(args.list, reading, followers);
    loop {
        let entries = kept.next(store).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            match sieve.push(entry)? {
                Sifted::Out(entry) => writer.write(&entry).map_err(&complain)?,
                Sifted::Held => {}
                Sifted::Spared(entry, rule) => spared.write(&entry, rule)?,
            }
        }
    }
    let (held, counts) = sieve.finish();
    for entry in &held {
        writer.write(entry).map_err(&complain)?;
    }
    for line in counts.lines() {
        context.printer.say(&line);
    }
    if kept.untold_reposts() > 0 {
        let posts = counted(
            kept.untold_reposts(),
            "post may be a repost, and the platform does not say of what; it is",
            "posts may be reposts, and the platform does not say of what; they are",
        );
        context.printer.warn(&format!("{posts} not on this list"));
    }
    spared.keep()?;
    let rows = writer.rows();
    writer.finish().map_err(complain)?.keep()?;
    Ok(rows)
}
