//! Handles of a run's files, looked up before their rows are loaded.

use super::drainer::Drainer;
use super::lookup_bound::bound_of;
use crate::app::deps::AppDeps;
use crate::app::list::{ReadingBounds, account_of, list_reader};
use crate::app::notice::{HandlesResolved, Notice};
use crate::app::signals::Signals;
use crate::app::{Accounts, Prepared, resolve, resolving_account};
use crate::domain::MicroUsd;
use crate::engine::{Signal, Urgency, shutdown};
use crate::error::CommandError;
use crate::lists::fetch::{Budget, Stop};
use crate::store::Store;

impl Drainer {
    /// Asks the platform whose the handles of the files are. A signal, where one came meanwhile; what was told is kept.
    pub(super) async fn look_handles_up(
        &mut self,
        store: &mut Store,
        files: &[Prepared],
        accounts: &Accounts,
        signals: &mut Signals,
        deps: AppDeps<'_>,
    ) -> Result<Option<Signal>, CommandError> {
        let Some(asker) = resolving_account(files, accounts) else { return Ok(None) };
        let account = account_of(store, Some(asker)).await?;
        let (sender, receiver) = shutdown();
        let mut aborted = receiver.clone();
        let run = &mut self.options.run;
        let (max_requests, max_spend) = (run.terms.max_requests, run.terms.max_spend);
        let budget = Budget { max_requests, max_spend, ..Budget::default() };
        let bounds = ReadingBounds { budget, until: run.terms.until, give_up_after: run.give_up_after };
        let beside = store.open_second().await?;
        let way = (&self.session.who, &self.session.client);
        let heard = (receiver, deps.front.fetch_listener(deps));
        let mut reader = list_reader((deps.settings, deps.clock), way, beside, &account, bounds, heard).await?;
        let resolved = tokio::select! {
            resolved = resolve(&mut reader, files, accounts) => resolved?,
            signal = signals.relay(&sender, deps) => match signal {},
            () = aborted.at_least(Urgency::Abort) => return Ok(Some(aborted.now().1.unwrap_or(Signal::Interrupt))),
        };
        // What asking has used up is not there for undoing.
        let Budget { requests, spent, .. } = reader.budget;
        run.terms.max_requests = max_requests.map(|most| most.saturating_sub(requests));
        run.terms.max_spend = max_spend.map(|most| MicroUsd(most.0.saturating_sub(spent.0)));
        if requests > 0 {
            let (found, missing) = (resolved.found, resolved.missing);
            deps.tell(Notice::HandlesResolved(&HandlesResolved { found, missing, requests, spent }));
        }
        match resolved.stopped {
            None => Ok(None),
            Some(Stop::Interrupted(signal)) => Ok(Some(signal)),
            Some(stop) => {
                self.lookup = Some(bound_of(&stop)?);
                deps.tell(Notice::HandlesLeft);
                Ok(None)
            }
        }
    }
}
