//! Which of X's two sets of names an endpoint is asked in: the new ones, unless it refused them; the record of requests remembers.

use super::judging::ended;
use super::means::FetchError;
use super::reader::{Reader, Rules};
use crate::platform::{Reading, Reply, Vocabulary};
use crate::store::{HoldNews, ReadEnd, ReadGrant};

impl Reader {
    /// What to ask an endpoint in.
    pub(super) async fn vocabulary(&mut self, reading: &Reading) -> Result<Vocabulary, FetchError> {
        let endpoint = reading.collection.name();
        if let Some(known) = self.vocabularies.get(endpoint) {
            return Ok(*known);
        }
        let refusals = [Vocabulary::New.refusal(), Vocabulary::Old.refusal()];
        let newest = self.means.store.newest_finding(endpoint, refusals).await?;
        let known = newest.as_deref().and_then(Vocabulary::after_refusal).unwrap_or(Vocabulary::New);
        self.vocabularies.insert(endpoint, known);
        Ok(known)
    }

    /// Writes down that an endpoint refused the names it was asked in. It is asked in the others from now on.
    pub(super) async fn names_refused(
        &mut self,
        grant: &ReadGrant,
        reply: &Reply,
        asked: Vocabulary,
        rules: &Rules,
    ) -> Result<Vocabulary, FetchError> {
        let now = self.means.clock.now();
        let end = ReadEnd { finding: asked.refusal(), ..ended(reply, grant, rules, now.tick, now, 0) };
        self.means.store.end_read(grant.id, &end, HoldNews::Same, &rules.ask()).await?;
        self.vocabularies.insert(rules.endpoint, asked.other());
        Ok(asked.other())
    }
}
