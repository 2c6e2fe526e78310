//! Rows of the queue that are not what their file said: told, and put right by the file, or by the cells that were kept of them.
//!
//! In: what a claim or `doctor` has noted, a file. Out: rows that are right again, and the others set aside. What does not belong here:
//! finding damage (`store`).

use std::collections::{BTreeSet, HashSet};

use super::load_options::LoadOptions;
use super::named_accounts::Accounts;
use super::names::NameBook;
use super::preparing::Prepared;
use super::row_batches::next_batch;
use super::row_ids::opaque_ids;
use crate::domain::{AccountId, Action, RoundId, Target, Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{cells_from_stored, read_opaque, read_target};
use crate::store::{Account, Claimant, DamagedTask, RowPlace, Store};
use crate::text::shell_word;

/// The most damaged rows that a message names.
const MAX_NAMED: usize = 5;

/// What became of damaged rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Rows that are what they were again.
    pub restored: u64,
    /// Rows of which nobody can say what they were: they are never sent.
    pub given_up: u64,
}

impl Mended {
    /// Whether there was anything to mend.
    pub const fn is_empty(self) -> bool {
        self.restored == 0 && self.given_up == 0
    }
}

/// What is right about a damaged row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth<'a> {
    /// What this key says.
    Key(&'a Claimant),
    /// What the row itself says.
    Row,
    /// Both; an index is out of order.
    Both,
    /// Nobody can say.
    Unknown,
}

/// What is right, by a third voice: `confirms` says whether it names what a key or the row says.
pub fn truth_of(damaged: &DamagedTask, confirms: impl Fn(&Claimant) -> bool) -> Truth<'_> {
    if damaged.targets_agree() {
        return if damaged.state_is_torn { Truth::Unknown } else { Truth::Both };
    }
    // Each key is another task's as far as the queue knows, so where both are named it is the key's.
    match damaged.keys.iter().find(|key| confirms(key)) {
        Some(key) => Truth::Key(key),
        None if confirms(&damaged.row) => Truth::Row,
        None => Truth::Unknown,
    }
}

/// A damaged row in words: which, and what the queue says of it.
pub fn damage_in_words(damaged: &DamagedTask) -> String {
    let plain = |claimant: &Claimant| match &claimant.target {
        Some(target) => target.to_string(),
        None => format!("{} (no target)", claimant.stored),
    };
    let keys: Vec<String> = damaged.keys.iter().map(plain).collect();
    let keys = if keys.is_empty() { "nothing".to_owned() } else { keys.join(" and ") };
    let (job, line, row) = (&damaged.job, damaged.line, plain(&damaged.row));
    if damaged.targets_agree() {
        return format!("line {line} of {job} ({row}): it is missing from an index of the queue");
    }
    format!("line {line} of {job}: its row says {row}, its key says {keys}")
}

/// Why a run has stopped at damaged rows.
pub(super) fn stopped_at(damaged: &[DamagedTask]) -> CommandError {
    let named: Vec<String> = damaged.iter().take(MAX_NAMED).map(damage_in_words).collect();
    let more = damaged.len().saturating_sub(MAX_NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let message = format!(
        "{} of the queue {} not what the file said, and nothing more was sent: {}{more}",
        counted(damaged.len() as u64, "row", "rows"),
        if damaged.len() == 1 { "is" } else { "are" },
        named.join("; ")
    );
    let path = damaged.first().map_or_else(|| "FILE".to_owned(), |first| shell_word(&first.path.to_string_lossy()));
    let hint = format!(
        "load the file again, which has the right values: `cleanup load {path}`; `cleanup doctor` looks for more such rows; check the disk, too"
    );
    CommandError::new(ErrorKind::Io, message).hint(hint)
}

/// Puts the job's damaged rows right by its file. A row of which the file names neither what the queue's row nor what its key says is
/// set aside; if the file still has it, the load that follows takes it for new.
///
/// # Errors
/// The file has changed, the queue cannot be read or written.
pub(super) async fn mend_by_file(
    store: &mut Store,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
    now: Wall,
) -> Result<Mended, CommandError> {
    let Some(job) = store.queue().job(&file.job).await? else { return Ok(Mended::default()) };
    let of_round = |damaged: &DamagedTask| damaged.round == job.round;
    if !store.admin().damaged_tasks(Some(&file.job)).await?.iter().any(of_round) {
        return Ok(Mended::default());
    }
    store.admin().note_damage_of(job.round, now).await?;
    let mut damaged = store.admin().damaged_tasks(Some(&file.job)).await?;
    damaged.retain(of_round);
    let claimants = |damaged: &DamagedTask| [&damaged.keys[..], std::slice::from_ref(&damaged.row)].concat();
    let asked: HashSet<Named> = damaged.iter().flat_map(claimants).filter_map(named_by).collect();
    let mut named: HashSet<Named> = HashSet::new();
    let mut sieve = options.rules.begin(&file.survey, &file.source, accounts.of_job(&file.job))?;
    let mut rows = file.survey.rows(&file.source)?;
    let mut book = NameBook::of(store, file).await?;
    loop {
        let batch = next_batch(&mut rows, accounts.of_job(&file.job), &mut sieve, &mut book).await?;
        if batch.is_empty() {
            break;
        }
        for row in batch {
            let (RowPlace::Task { action, account, target, .. }
            | RowPlace::Rejected { task: Some((action, account, target)), .. }) = row.place
            else {
                continue;
            };
            let row = (action, account, target);
            if asked.contains(&row) {
                named.insert(row);
            }
        }
    }
    let confirms = |claimant: &Claimant| named_by(claimant.clone()).is_some_and(|row| named.contains(&row));
    let mended = mend(store, &damaged, confirms, now).await?;
    store.admin().rebuild_keys(job.round).await?;
    Ok(mended)
}

/// What a row of a file names.
type Named = (Action, AccountId, Target);

fn named_by(claimant: Claimant) -> Option<Named> {
    let (action, account) = claimant.place?;
    Some((action, account, claimant.target?))
}

/// Puts damaged rows right by the cells that were kept of them: what two of three say. For a person who asks for it; without cells there
/// are two voices, and nobody can say.
pub async fn mend_by_cells(store: &mut Store, now: Wall) -> Result<Mended, CommandError> {
    let accounts = store.accounts().all().await?;
    let rounds =
        |damaged: Vec<DamagedTask>| -> BTreeSet<i64> { damaged.iter().map(|damaged| damaged.round.0).collect() };
    let rounds = rounds(store.admin().damaged_tasks(None).await?);
    for round in &rounds {
        store.admin().note_damage_of(RoundId(*round), now).await?;
    }
    let (mut mended, mut book) = (Mended::default(), NameBook::of_queue(store).await?);
    for damaged in store.admin().damaged_tasks(None).await? {
        let place = damaged.keys.iter().chain([&damaged.row]).find_map(|claimant| claimant.place);
        let named = named_by_cells(&mut book, &accounts, place, damaged.record.as_deref()).await?;
        let confirms = |claimant: &Claimant| {
            claimant.place.is_some() && claimant.target.as_ref().is_some_and(|target| named.contains(target))
        };
        let one = mend(store, std::slice::from_ref(&damaged), confirms, now).await?;
        mended.restored += one.restored;
        mended.given_up += one.given_up;
    }
    for round in rounds {
        store.admin().rebuild_keys(RoundId(round)).await?;
    }
    Ok(mended)
}

/// Whatever a row's cells may name: IDs, links, and what the platform said names mean.
async fn named_by_cells(
    book: &mut NameBook,
    accounts: &[Account],
    place: Option<(Action, AccountId)>,
    record: Option<&str>,
) -> Result<Vec<Target>, CommandError> {
    let mut named = Vec::new();
    let (Some((action, account)), Some(record)) = (place, record) else { return Ok(named) };
    let platform = accounts.iter().find(|known| known.id == account).map(|known| known.platform);
    let (ids, kind) = (platform.and_then(opaque_ids), action.target_kind());
    for cell in cells_from_stored(record) {
        let read = match ids {
            Some(ids) => read_opaque(cell.as_bytes(), ids, kind),
            None => read_target(cell.as_bytes(), Some(kind)),
        };
        let Ok(target) = read else { continue };
        named.extend(book.meaning((account, platform), action, target.clone()).await?);
        named.push(target);
    }
    Ok(named)
}

/// Puts rows right; their keys are made anew afterwards.
async fn mend(
    store: &mut Store,
    damaged: &[DamagedTask],
    confirms: impl Fn(&Claimant) -> bool,
    now: Wall,
) -> Result<Mended, CommandError> {
    let mut mended = Mended::default();
    for task in damaged {
        match truth_of(task, &confirms) {
            Truth::Key(key) => store.admin().mend_row(task, key).await?,
            Truth::Row | Truth::Both => {}
            Truth::Unknown => {
                store.admin().give_damaged_up(task, now).await?;
                mended.given_up += 1;
                continue;
            }
        }
        mended.restored += 1;
    }
    Ok(mended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{LaneId, TargetId, TaskId, TaskState};

    fn claimant(target: i64) -> Claimant {
        Claimant {
            lane: LaneId(1),
            place: Some((Action::Unfollow, AccountId(1))),
            target: TargetId::from_i64(target).map(Target::Id).ok(),
            stored: target.to_string(),
        }
    }

    fn damaged(row: i64, keys: &[i64]) -> DamagedTask {
        DamagedTask {
            task: TaskId(1),
            job: "unfollow".into(),
            path: "/x/unfollow.csv".into(),
            round: RoundId(1),
            line: 71,
            state: TaskState::Pending,
            state_is_torn: false,
            row: claimant(row),
            keys: keys.iter().copied().map(claimant).collect(),
            record: None,
        }
    }

    #[test]
    fn a_third_voice_decides_and_without_one_nobody_does() {
        let says = |target: i64| move |claimant: &Claimant| claimant.stored == target.to_string();
        let task = damaged(5, &[4]);
        assert_eq!(truth_of(&task, says(4)), Truth::Key(&task.keys[0]));
        assert_eq!(truth_of(&task, says(5)), Truth::Row);
        assert_eq!(truth_of(&task, says(6)), Truth::Unknown);
        assert_eq!(truth_of(&task, |_| true), Truth::Key(&task.keys[0]));
        assert_eq!(truth_of(&damaged(5, &[]), says(5)), Truth::Row);
        let both = damaged(5, &[5]);
        assert_eq!(truth_of(&both, says(6)), Truth::Both);
        assert_eq!(truth_of(&DamagedTask { state_is_torn: true, ..both }, says(5)), Truth::Unknown);
    }

    #[test]
    fn what_is_damaged_is_named() {
        let told = damage_in_words(&damaged(5, &[4]));
        assert_eq!(told, "line 71 of unfollow: its row says 5, its key says 4");
        assert!(damage_in_words(&damaged(-5, &[])).ends_with("its row says -5 (no target), its key says nothing"));
        let error = stopped_at(&vec![damaged(5, &[4]); 7]);
        assert_eq!(error.kind, ErrorKind::Io);
        assert!(error.message.starts_with("7 rows of the queue are not") && error.message.ends_with("and 2 more"));
        assert!(error.hint.is_some_and(|hint| hint.contains("`cleanup load /x/unfollow.csv`")));
    }
}
