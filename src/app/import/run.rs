//! The import of one list, from the first look at the request to the last row.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::Serialize;

use super::owner::refuse_another;
use crate::app::deps::AppDeps;
use crate::app::list::{ListOutput, ListSink};
use crate::app::notice::Notice;
use crate::app::request::FilterOptions;
use crate::app::{file_of, refuse_existing, refuse_places};
use crate::domain::{AccountName, ListKind, Platform, Target, counted};
use crate::error::{CommandError, ErrorKind};
use crate::lists::archive::{MAX_FOLLOWERS, Tally};
use crate::lists::filter::{Filter, FilterCounts, FilterPipeline, Sifted};
use crate::lists::{Entry, Export};

/// A list to be taken out of an archive.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The export: a zip, the folder unpacked from it, or a CAR file.
    pub archive: PathBuf,
    /// Which list.
    pub what: ListKind,
    /// Whose archive it has to be; none: anybody's.
    pub account: Option<AccountName>,
    /// Which entries go on.
    pub which: FilterOptions,
    /// The file it is written to; none and `-` are stdout.
    pub output: Option<PathBuf>,
    /// The file of what a rule spared.
    pub spared: Option<PathBuf>,
    /// They replace files that are there.
    pub force: bool,
    /// Cells stand as they are, without the guard against formulas.
    pub raw: bool,
}

/// What was read and written.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// What the archive had.
    pub tally: Tally,
    /// What passed, and what was spared by which rule.
    pub counts: FilterCounts,
    /// The platform whose rows they are, where an account of another one would be taken unless it is named.
    pub platform: Option<Platform>,
}

/// Reads the list and writes it.
///
/// # Errors
/// The archive is foreign, cut, hostile or somebody else's (65); an option makes no sense or there is no such account (2); the
/// CSV cannot be written (74).
pub async fn import(deps: AppDeps<'_>, request: &ImportRequest) -> Result<ImportReport, CommandError> {
    let wanted = &request.which.wanted;
    let filter = wanted.resolve(Some(request.what.target_kind()), deps.clock.now().wall, &deps.local.zone)?;
    let outputs = [request.output.as_ref(), request.spared.as_ref()];
    refuse_places(outputs, [Some(&request.archive), wanted.keep.as_ref(), wanted.only.as_ref()])?;
    refuse_existing(outputs, request.force)?;
    let mut archive = Export::open(&request.archive)?;
    deps.tell(Notice::Archive(archive.about()));
    if let Some(name) = &request.account {
        refuse_another(deps, &request.archive, archive.about(), name).await?;
    }
    if file_of(request.output.as_deref()).is_none() {
        refuse_untold(request, &read(deps, &mut archive, request.what, &mut |_| Ok(()))?)?;
    }
    let (sink, report) = write(deps, &mut archive, request, filter.clone())?;
    refuse_untold(request, &report.tally)?;
    refuse_unanswered(request, &filter, &report.counts)?;
    sink.keep()?;
    Ok(report)
}

/// A list of reposts none of which says what it repeats is no list that could be worked on.
fn refuse_untold(request: &ImportRequest, tally: &Tally) -> Result<(), CommandError> {
    if tally.untold_reposts == 0 || tally.entries > 0 {
        return Ok(());
    }
    let reposts = counted(
        tally.untold_reposts,
        "repost, and does not say of which post",
        "reposts, and does not say of which posts",
    );
    let message = format!("{} has {reposts}; nothing was written", request.archive.display());
    Err(CommandError::new(ErrorKind::InputData, message)
        .hint("the platform says it: `cleanup list reposts -o unrepost.csv`; an archive of before 2018 does so, too"))
}

/// A rule about something that not one entry of the list tells has spared all of them.
fn refuse_unanswered(request: &ImportRequest, filter: &Filter, counts: &FilterCounts) -> Result<(), CommandError> {
    let unanswered = filter.unanswered(|fact| counts.told.contains(&fact));
    let Some((option, rule)) = unanswered.filter(|_| counts.read > 0) else { return Ok(()) };
    let message = format!(
        "{option} cannot be applied to {} of {}: {}, so every entry would be left out",
        request.what,
        request.archive.display(),
        rule.sentence()
    );
    Err(CommandError::new(ErrorKind::Usage, message).hint(format!("leave out {option}")))
}

/// Streams what passes the filter to where the list goes, and what it spares to the file for that; says what was read.
fn write(
    deps: AppDeps<'_>,
    archive: &mut Export,
    request: &ImportRequest,
    filter: Filter,
) -> Result<(Box<dyn ListSink>, ImportReport), CommandError> {
    let ImportRequest { what, force, raw, .. } = *request;
    let (file, spared) = (request.output.as_ref(), request.spared.as_ref());
    let mut sink = deps.front.list_sink(ListOutput { list: what, file, spared, force, raw })?;
    let followers = if filter.plain.not_following_back { followers(deps, archive, what)? } else { None };
    let asks_pinned = filter.plain.keep_pinned && what == ListKind::Posts;
    let pinned = if asks_pinned { archive.pinned()? } else { None };
    let mut pipeline = FilterPipeline::new(filter, request.which.take, what.target_kind());
    let tally = read(deps, archive, what, &mut |mut entry| {
        if let Some(followers) = &followers {
            entry.follows_back = Some(followers.contains(&entry.target));
        }
        if let Some(pinned) = &pinned {
            entry.traits.is_pinned = Some(pinned.contains(&entry.target));
        }
        match pipeline.push(entry)? {
            Sifted::Out(entry) => sink.write(&entry),
            Sifted::Held => Ok(()),
            Sifted::Spared(entry, rule) => sink.spare(&entry, rule),
        }
    })?;
    let (held, counts) = pipeline.finish();
    held.iter().try_for_each(|entry| sink.write(entry))?;
    Ok((sink, ImportReport { tally, counts, platform: archive.platform() }))
}

/// The archive's own followers tell who of those followed follows back.
fn followers(deps: AppDeps<'_>, archive: &mut Export, list: ListKind) -> Result<Option<HashSet<Target>>, CommandError> {
    if list != ListKind::Following {
        return Ok(None);
    }
    let mut ids = HashSet::new();
    read(deps, archive, ListKind::Followers, &mut |entry| {
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
    deps: AppDeps<'_>,
    archive: &mut Export,
    list: ListKind,
    each: &mut dyn FnMut(Entry) -> Result<(), CommandError>,
) -> Result<Tally, CommandError> {
    let total_bytes = archive.bytes_of(list);
    let mut progress = deps.front.reading_progress(deps, list, total_bytes);
    archive.read(list, &mut |bytes| progress(bytes), each)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::lists::filter::Rule;

    #[test]
    fn the_report_counts_what_each_rule_spared() {
        let counts = FilterCounts { read: 3, spared: [(Rule::KeepList, 1)].into(), ..FilterCounts::default() };
        let report = ImportReport { tally: Tally { entries: 3, ..Tally::default() }, counts, platform: None };
        let json = serde_json::to_value(report).unwrap();
        assert_eq!(json["counts"].to_string(), r#"{"read":3,"spared":{"keep_list":1},"without_handle":0}"#);
        assert_eq!((&json["tally"]["entries"], &json["platform"]), (&3.into(), &serde_json::Value::Null));
    }
}
