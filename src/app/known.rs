//! What jobs remember of the first load of their files: a later one need not say it again. And what accounts are called.
//!
//! In: the queue, names. Out: jobs, and what they say of a file. What does not belong here: whether the file is theirs (`standing`).

use std::collections::HashMap;
use std::path::PathBuf;

use super::recheck::named_column;
use crate::domain::AccountId;
use crate::error::CommandError;
use crate::store::{Job, Store};

/// The jobs that files would be loaded into, as far as the queue has them.
pub async fn known_jobs(store: &mut Store, files: &[PathBuf], named: Option<&str>) -> Result<Vec<Job>, CommandError> {
    let mut known = Vec::new();
    let stems = files.iter().filter_map(|file| file.file_stem()?.to_str());
    let names: Vec<&str> = named.map_or_else(|| stems.collect(), |name| vec![name]);
    for name in names {
        known.extend(known_job(store, name).await?);
    }
    Ok(known)
}

/// A job with all that it remembers. What an older version did not write down is found in its rows.
pub(super) async fn known_job(store: &mut Store, name: &str) -> Result<Option<Job>, CommandError> {
    let Some(mut job) = store.queue().job(name).await? else { return Ok(None) };
    if job.target_column.is_none() && job.loaded_from.reader == 0 {
        job.target_column = named_column(store, &job).await?;
    }
    Ok(Some(job))
}

/// What people call each account of the queue.
pub async fn account_names(store: &mut Store) -> Result<HashMap<AccountId, String>, CommandError> {
    let accounts = store.accounts().all().await?.into_iter();
    Ok(accounts.map(|account| (account.id, account.name.to_string())).collect())
}
