//! A transaction that met another one at the same rows is run again, a few times, each after a short pause of a random length: two that met
//! do not meet again. What does not belong here: which error says so ([`StoreError::Conflict`](crate::store::StoreError::Conflict)).

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often one is run again.
const MOST: u32 = 6;
/// The longest first pause, in milliseconds; each is at most twice as long as the one before.
const FIRST_MS: u64 = 10;

/// The retries of one transaction.
#[derive(Debug, Default)]
pub(super) struct ConflictRetries {
    made: u32,
}

impl ConflictRetries {
    /// Pauses before the next one; false: there have been enough.
    pub(super) async fn pause(&mut self) -> bool {
        if self.made == MOST {
            return false;
        }
        let longest = FIRST_MS << self.made;
        self.made += 1;
        // Its keys are random.
        let random = RandomState::new().hash_one(self.made) % longest;
        tokio::time::sleep(Duration::from_millis(1 + random)).await;
        true
    }
}
