//! From the queue to the CSV: entries in the platform's order, through the filter, to stdout or to a file that appears whole.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::app::request::ListRequest;
use crate::cli::context::Context;
use crate::cli::output::{WholeFile, list_error};
use crate::domain::counted;
use crate::error::CommandError;
use crate::lists::fetch::Kept;
use crate::lists::filter::{Filter, FilterPipeline, Rule, Sifted};
use crate::lists::{Entry, ListWriter};
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
    let spared = args.once.spared.as_deref().map(|path| SparedFile::create(path, args)).transpose()?;
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        None => {
            let out = context.printer.data_writer();
            let complain = out.errors();
            let (mut out, rows) = sift(context, args, store, delivery, out, spared, &complain).await?;
            out.flush().map_err(complain)?;
            Ok(rows)
        }
        Some(path) => {
            let complain = |error| list_error(path, error);
            let file = WholeFile::create_list(path, args.once.force).map_err(complain)?;
            let (file, rows) = sift(context, args, store, delivery, file, spared, &complain).await?;
            file.keep().map_err(complain)?;
            Ok(rows)
        }
    }
}

async fn sift<W: Write>(
    context: &Context,
    args: &ListRequest,
    store: &mut Store,
    delivery: Delivery,
    to: W,
    mut spared: Option<SparedFile>,
    complain: &impl Fn(io::Error) -> CommandError,
) -> Result<(W, u64), CommandError> {
    let Delivery { reading, followers, filter } = delivery;
    let mut sieve = FilterPipeline::new(filter, args.which.take, args.list.target_kind());
    let mut writer = ListWriter::new(to, args.list, args.once.raw).map_err(complain)?;
    let mut kept = Kept::of(args.list, reading, followers);
    loop {
        let entries = kept.next(store).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            match sieve.push(entry)? {
                Sifted::Out(entry) => writer.write(&entry).map_err(complain)?,
                Sifted::Held => {}
                Sifted::Spared(entry, rule) => {
                    if let Some(spared) = &mut spared {
                        spared.write(&entry, rule)?;
                    }
                }
            }
        }
    }
    let (held, counts) = sieve.finish();
    for entry in &held {
        writer.write(entry).map_err(complain)?;
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
    if let Some(spared) = spared {
        spared.keep()?;
    }
    let rows = writer.rows();
    Ok((writer.finish().map_err(complain)?, rows))
}

/// Those that were spared, each with the rule that spared it.
struct SparedFile {
    list: ListWriter<WholeFile>,
    path: PathBuf,
}

impl SparedFile {
    fn create(path: &Path, args: &ListRequest) -> Result<SparedFile, CommandError> {
        let begin = || ListWriter::of_spared(WholeFile::create_list(path, args.once.force)?, args.list, args.once.raw);
        let list = begin().map_err(|error| CommandError::io(path.display(), error))?;
        Ok(SparedFile { list, path: path.to_owned() })
    }

    fn write(&mut self, entry: &Entry, rule: Rule) -> Result<(), CommandError> {
        self.list.write_spared(entry, rule).map_err(|error| CommandError::io(self.path.display(), error))
    }

    fn keep(self) -> Result<(), CommandError> {
        let SparedFile { list, path } = self;
        list.finish().and_then(WholeFile::keep).map_err(|error| list_error(&path, error))
    }
}
