//! The platform's own count, and the recount of our record: both must find nothing over any limit.

use cleanup::domain::{Applies, Rate, Scope, WindowSpec};
use cleanup::limits::Audit;
use proptest::test_runner::TestCaseError;

use super::{Attempt, Gate, World};
use crate::limits::history::{ACCOUNTS, HOSTS};

impl World {
    /// The platform's own count, and our recount of the record.
    pub(crate) fn judge(&self) -> Result<(), TestCaseError> {
        let naive = matches!(self.gate, Gate::GovernorAlone | Gate::SendLog);
        for spec in self.history.specs.iter().take(if naive { 1 } else { usize::MAX }) {
            let sharing = match spec.scope {
                Scope::App => 1,
                Scope::Host => HOSTS,
                Scope::Account => ACCOUNTS,
            };
            for account in 0..sharing {
                let mine = |attempt: &&Attempt| attempt.account % sharing == account;
                let counted = self.record.iter().filter(mine).filter(|attempt| spec.applies.counts(attempt.action));
                let most = fullest(counted.filter_map(|attempt| attempt.arrived).collect(), spec.rate);
                let limit = spec.rate.limit() as usize;
                if most > limit {
                    let told = format!("account {account}: {most} in one window of {}", spec.rate);
                    return Err(TestCaseError::fail(told));
                }
            }
        }
        if self.gate == Gate::Limiter && self.boot == 1 { self.recount() } else { Ok(()) }
    }

    fn recount(&self) -> Result<(), TestCaseError> {
        for account in 0..ACCOUNTS {
            let own = |spec: &&WindowSpec| spec.scope == Scope::Account;
            let specs: Vec<WindowSpec> = self.history.specs.iter().filter(own).copied().collect();
            let mut audit = Audit::new(&specs);
            for attempt in self.record.iter().filter(|attempt| attempt.account == account) {
                audit.attempt(attempt.action, attempt.reserved.tick, attempt.upper.unwrap(), &specs);
            }
            for found in audit.finish() {
                if found.over > 0 || found.most > found.spec.rate.limit() {
                    return Err(TestCaseError::fail(format!("the audit disagrees: {found:?}")));
                }
            }
        }
        Ok(())
    }
}

/// The most that arrived in any closed window, wherever it begins.
pub(crate) fn fullest(mut arrived: Vec<i64>, rate: Rate) -> usize {
    arrived.sort_unstable();
    let window = i64::try_from(rate.window().as_millis()).unwrap();
    let mut first = 0;
    let mut most = 0;
    for last in 0..arrived.len() {
        while arrived[last] - arrived[first] > window {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

/// One window for everything.
pub(crate) fn only(rate: Rate) -> Vec<WindowSpec> {
    vec![WindowSpec { scope: Scope::Account, rate, applies: Applies::All }]
}
