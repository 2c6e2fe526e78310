//! Which of X's two sets of names an endpoint is asked in: the new ones, unless it refused them; the record of requests remembers.

use std::collections::HashMap;

use super::rules::Rules;
use crate::platforms::{ListEndpoint, Vocabulary};
use crate::store::{Store, StoreError};

/// By endpoint, what it is asked in.
#[derive(Debug, Default)]
pub(super) struct Vocabularies(HashMap<&'static str, Vocabulary>);

impl Vocabularies {
    /// What to ask an endpoint in.
    pub(super) async fn of(&mut self, reading: &ListEndpoint, store: &mut Store) -> Result<Vocabulary, StoreError> {
        let endpoint = reading.name;
        if let Some(known) = self.0.get(endpoint) {
            return Ok(*known);
        }
        let refusals = [Vocabulary::New.refusal(), Vocabulary::Old.refusal()];
        let newest = store.lists().newest_finding(endpoint, refusals).await?;
        let known = newest.as_deref().and_then(Vocabulary::after_refusal).unwrap_or(Vocabulary::New);
        self.0.insert(endpoint, known);
        Ok(known)
    }

    /// An endpoint refused the names it was asked in. It is asked in the others from now on.
    pub(super) fn refused(&mut self, rules: &Rules, asked: Vocabulary) -> Vocabulary {
        self.0.insert(rules.endpoint, asked.other());
        asked.other()
    }
}
