//! What loading a file as a new round would come to: its rows are compared only with each other, so their keys are sorted as those of a
//! load are, and nothing is written.
//!
//! In: the rows of a file. Out: counts. Targets that are no numbers are compared by SQLite, beside the others.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::forecast::LoadForecast;
use super::load_row::{LoadRow, RowPlace};
use super::sorter::{Key, Sorter};
use super::sqlite::TableForecaster;
use crate::domain::{AccountId, Action};
use crate::store::codes::number_of;
use crate::store::error::StoreError;

/// A row's place in the third number of its key: in the order of the file, those that can be used first.
const REJECTED: i64 = 1 << 60;
/// Below the row's number stands the rule that spares it.
const RULE_BITS: u32 = 8;

/// Gathers the rows of a new round.
#[derive(Debug)]
pub(super) struct FreshForecaster {
    sorter: Sorter,
    folder: PathBuf,
    rows: i64,
    /// What keys call a lane, by its index; a file may name thousands of accounts.
    lanes: Vec<(Action, AccountId)>,
    numbers: HashMap<(Action, AccountId), i64>,
    /// The lane of the row before, which is nearly always the next one's.
    last_lane: Option<((Action, AccountId), i64)>,
    /// What keys call a rule, by its index from 1; none: the row is not spared.
    rules: Vec<&'static str>,
    /// Rows whose target is no number.
    texts: Option<TableForecaster>,
}

impl FreshForecaster {
    /// Keeps what memory does not hold in `folder`.
    pub(super) fn in_folder(folder: &Path) -> FreshForecaster {
        let (sorter, folder) = (Sorter::in_folder(folder), folder.to_path_buf());
        FreshForecaster {
            sorter,
            folder,
            rows: 0,
            lanes: Vec::new(),
            numbers: HashMap::new(),
            last_lane: None,
            rules: Vec::new(),
            texts: None,
        }
    }

    fn lane(&mut self, lane: (Action, AccountId)) -> i64 {
        if let Some((_, number)) = self.last_lane.filter(|(last, _)| *last == lane) {
            return number;
        }
        let number = *self.numbers.entry(lane).or_insert_with(|| {
            self.lanes.push(lane);
            i64::try_from(self.lanes.len() - 1).unwrap_or(i64::MAX)
        });
        self.last_lane = Some((lane, number));
        number
    }

    pub(super) async fn push_all(&mut self, rows: &[LoadRow]) -> Result<(), StoreError> {
        let mut texts = Vec::new();
        for row in rows {
            let (action, account, target, spared, rejected) = match &row.place {
                RowPlace::Task { action, account, target, spared } => (action, account, target, *spared, 0),
                RowPlace::Rejected { task: Some((action, account, target)), .. } => {
                    (action, account, target, None, REJECTED)
                }
                RowPlace::Rejected { task: None, .. } => continue,
            };
            let Some(target) = number_of(target) else {
                texts.push(row);
                continue;
            };
            self.rows += 1;
            let lane = self.lane((*action, *account));
            let rule = spared.map_or(0, |rule| 1 + index_of(&mut self.rules, rule));
            let key = Key { lane, target, task: rejected | self.rows << RULE_BITS | rule };
            self.sorter.push(key).map_err(|error| StoreError::of_io(&self.folder, error))?;
        }
        if texts.is_empty() {
            return Ok(());
        }
        let table = match &mut self.texts {
            Some(table) => table,
            none => none.insert(TableForecaster::alone().await?),
        };
        table.push_all(texts.into_iter()).await
    }

    pub(super) async fn finish(self) -> Result<LoadForecast, StoreError> {
        let mut forecast = match self.texts {
            Some(table) => table.finish().await?,
            None => LoadForecast::default(),
        };
        let folder = self.folder;
        let counted = count(self.sorter, &self.lanes, &self.rules, &mut forecast);
        counted.map_err(|error| StoreError::of_io(&folder, error))?;
        forecast.to_send.sort_by_key(|(action, account, _)| (action.code(), account.0));
        Ok(forecast)
    }
}

/// Of rows that mean one task the first that can be used decides, as in a load.
fn count(
    sorter: Sorter,
    lanes: &[(Action, AccountId)],
    rules: &[&'static str],
    forecast: &mut LoadForecast,
) -> io::Result<()> {
    let mut to_send = vec![0_u64; lanes.len()];
    let mut kept = vec![0_u64; rules.len()];
    let (mut sorted, mut before) = (sorter.sorted()?, None);
    while let Some(Key { lane, target, task }) = sorted.next()? {
        let is_repeat = before.replace((lane, target)) == Some((lane, target));
        match (is_repeat, task >= REJECTED) {
            (_, true) => {}
            (true, false) => forecast.duplicates += 1,
            (false, false) => {
                let rule = task & ((1 << RULE_BITS) - 1);
                let (counts, index) = if rule == 0 { (&mut to_send, lane) } else { (&mut kept, rule - 1) };
                if let Some(count) = usize::try_from(index).ok().and_then(|index| counts.get_mut(index)) {
                    *count += 1;
                }
            }
        }
    }
    for ((action, account), targets) in lanes.iter().zip(to_send).filter(|(_, targets)| *targets > 0) {
        match forecast.to_send.iter_mut().find(|(one, other, _)| (one, other) == (action, account)) {
            Some((.., sum)) => *sum += targets,
            None => forecast.to_send.push((*action, *account, targets)),
        }
    }
    for (rule, targets) in rules.iter().zip(kept).filter(|(_, targets)| *targets > 0) {
        forecast.add_kept((*rule).to_owned(), targets);
    }
    Ok(())
}

/// Where something stands in a short list; it is added where it is not there.
fn index_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> i64 {
    let at = list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    });
    i64::try_from(at).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::domain::Target;

    fn row(line: u64, (account, target, place): (i64, usize, u8)) -> LoadRow {
        // A leading zero and a handle are no numbers.
        let target: Target = ["7", "8", "1629556410996121225", "07", "@ada", "@bob"][target].parse().unwrap();
        let (action, account) = (if account == 2 { Action::Unmute } else { Action::Unfollow }, AccountId(account));
        let spared = [None, Some("keep_list"), Some("older_than")];
        let place = match place {
            0..3 => RowPlace::Task { action, account, target, spared: spared[usize::from(place)] },
            3 => RowPlace::Rejected { reason: "cut_off".into(), task: Some((action, account, target)) },
            _ => RowPlace::Rejected { reason: "not_an_id".into(), task: None },
        };
        LoadRow { line, place, record: None }
    }

    async fn forecasts(rows: &[LoadRow]) -> [LoadForecast; 2] {
        let mut fresh = FreshForecaster::in_folder(&std::env::temp_dir());
        let mut table = TableForecaster::alone().await.unwrap();
        for some in rows.chunks(3) {
            fresh.push_all(some).await.unwrap();
            table.push_all(some.iter()).await.unwrap();
        }
        let mut both = [fresh.finish().await.unwrap(), table.finish().await.unwrap()];
        both.iter_mut().for_each(|forecast| forecast.kept.sort());
        both
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn sorted_keys_tell_what_a_table_tells(
            rows in proptest::collection::vec((1..3_i64, 0..6_usize, 0..5_u8), 0..40),
        ) {
            let rows: Vec<LoadRow> = (2..).zip(rows).map(|(line, which)| row(line, which)).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let [fresh, table] = runtime.block_on(forecasts(&rows));
            prop_assert_eq!(fresh, table);
        }
    }
}
