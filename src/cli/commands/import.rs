//! `cleanup import`: a list out of an X data archive, filtered, as a CSV to look at, edit and run.
//!
//! What goes to stdout cannot be taken back, so the archive is read twice then: once to see that it is whole, once to write.
//! A file appears only at the end and needs one reading.

mod messages;
mod owner;

use std::collections::HashSet;

use crate::app::{file_of, refuse_existing, refuse_places};
use crate::cli::args::ImportArgs;
use crate::cli::context::Context;
use crate::cli::output::Output;
use crate::cli::progress::ReadingProgress;
use crate::cli::spared_file::SparedFile;
use crate::domain::{ListKind, Target, counted};
use crate::error::{CommandError, ErrorKind};
use crate::lists::archive::{Archive, MAX_FOLLOWERS, Tally};
use crate::lists::filter::{Filter, FilterCounts, FilterPipeline, Sifted};
use crate::lists::{Entry, ListWriter};

/// Reads the list and writes it.
///
/// # Errors
/// The archive is foreign, cut, hostile or somebody else's (65); an option makes no sense or there is no such account (2); the
/// CSV cannot be written (74).
pub async fn run(context: &Context, args: &ImportArgs) -> Result<u8, CommandError> {
    let kind = args.what.target_kind();
    let filter =
        args.filter.which.options().wanted.resolve(Some(kind), context.clock.now().wall, &context.local.zone)?;
    let which = &args.filter.which;
    let outputs = [args.output.as_ref(), args.filter.spared.as_ref()];
    refuse_places(outputs, [Some(&args.archive), which.keep.as_ref(), which.only.as_ref()])?;
    refuse_existing(outputs, args.force)?;
    let mut archive = Archive::open(&args.archive)?;
    context.printer.say(&owner::sentence(archive.about()));
    if let Some(name) = &args.account {
        owner::refuse_another(context, &args.archive, archive.about(), name).await?;
    }
    if file_of(args.output.as_deref()).is_none() {
        refuse_untold(args, &read(context, &mut archive, args.what, &mut |_| Ok(()))?)?;
    }
    let (output, tally, counts) = write(context, &mut archive, args, filter)?;
    refuse_untold(args, &tally)?;
    output.keep()?;
    messages::say_imported(context, args, &tally, &counts);
    Ok(0)
}

/// A list of reposts none of which says what it repeats is no list that could be worked on.
fn refuse_untold(args: &ImportArgs, tally: &Tally) -> Result<(), CommandError> {
    if tally.untold_reposts == 0 || tally.entries > 0 {
        return Ok(());
    }
    let reposts = counted(
        tally.untold_reposts,
        "repost, and does not say of which post",
        "reposts, and does not say of which posts",
    );
    let message = format!("{} has {reposts}; nothing was written", args.archive.display());
    Err(CommandError::new(ErrorKind::InputData, message)
        .hint("the platform says it: `cleanup list reposts -o unrepost.csv`; an archive of before 2018 does so, too"))
}

/// Streams what passes the filter to where the list goes, and what it spares to the file for that; says what was read.
fn write(
    context: &Context,
    archive: &mut Archive,
    args: &ImportArgs,
    filter: Filter,
) -> Result<(Output, Tally, FilterCounts), CommandError> {
    let output = Output::create_list(args.output.as_deref(), args.force, context.printer)?;
    let complain = output.errors();
    let followers = if filter.not_following_back { followers(context, archive, args.what)? } else { None };
    let mut sieve = FilterPipeline::new(filter, args.filter.which.options().take, args.what.target_kind());
    let mut writer = ListWriter::new(output, args.what, args.raw).map_err(&complain)?;
    let mut spared = SparedFile::create(args.filter.spared.as_ref(), args.what, args.force, args.raw)?;
    let tally = read(context, archive, args.what, &mut |mut entry| {
        if let Some(followers) = &followers {
            entry.follows_back = Some(followers.contains(&entry.target));
        }
        match sieve.push(entry)? {
            Sifted::Out(entry) => writer.write(&entry).map_err(&complain),
            Sifted::Held => Ok(()),
            Sifted::Spared(entry, rule) => spared.write(&entry, rule),
        }
    })?;
    let (held, counts) = sieve.finish();
    held.iter().try_for_each(|entry| writer.write(entry)).map_err(&complain)?;
    spared.keep()?;
    Ok((writer.finish().map_err(complain)?, tally, counts))
}

/// The archive's own followers tell who of those followed follows back.
fn followers(
    context: &Context,
    archive: &mut Archive,
    list: ListKind,
) -> Result<Option<HashSet<Target>>, CommandError> {
    if list != ListKind::Following {
        return Ok(None);
    }
    let mut ids = HashSet::new();
    read(context, archive, ListKind::Followers, &mut |entry| {
        ids.insert(entry.target.clone());
        if ids.len() <= MAX_FOLLOWERS {
            return Ok(());
        }
        let message = format!("the archive has more than {MAX_FOLLOWERS} followers, too many to tell who follows back");
        Err(CommandError::new(ErrorKind::InputData, message)
            .hint("leave out --not-following-back, or use `cleanup list following`"))
    })?;
    Ok(Some(ids))
}

fn read(
    context: &Context,
    archive: &mut Archive,
    list: ListKind,
    each: &mut dyn FnMut(Entry) -> Result<(), CommandError>,
) -> Result<Tally, CommandError> {
    let total_bytes = archive.bytes_of(list);
    let mode = context.settings.run.progress;
    let mut progress = ReadingProgress::new(mode, context.printer, total_bytes, &format!("reading {list}"));
    archive.read(list, &mut |bytes| progress.at(bytes), each)
}
