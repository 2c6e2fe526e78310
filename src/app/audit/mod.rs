//! The attempts and the requests that read, counted again by the rule that the limiter keeps.
//!
//! In: every attempt of every account, the windows within which it was sent, and what was read. Out: each window's fullest
//! moment. The counting is `limits::Audit`; the ticks of several boots are put on one `line`.

mod line;
mod reads;
mod report;
mod windows;

use self::line::Line;
pub use self::report::{AccountAudit, AttemptTally, AuditReport, ReadAudit, SharedAudit, WindowAudit};
use self::windows::Windows;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountHost, AccountId, Platform, Scope};
use crate::error::CommandError;
use crate::limits::Audit;
use crate::store::{Account, AttemptSpan, DrainWindows, Store};

/// Counts the record again. Accounts of one platform are taken for one app's, as a run takes them.
pub async fn audit(store: &mut Store, settings: &Settings, clock: &SharedClock) -> Result<AuditReport, CommandError> {
    let record = store.queue().windows_of_drains().await?;
    let mut report = AuditReport::default();
    let accounts = store.accounts().all().await?;
    for account in accounts.clone() {
        let mut recount = Recount::new(settings, &record, account.platform, Scope::Account);
        store.read().attempts_of(account.id, |span| recount.add(&span)).await?;
        let reads = reads::recount(store, &account, clock).await?;
        let (tally, windows) = recount.finish();
        let Account { name, platform, user_id, .. } = account;
        let (name, user_id) = (name.to_string(), user_id.to_string());
        report.accounts.push(AccountAudit { name, platform, user_id, tally, windows, reads });
    }
    for (scope, (platform, host), together) in sharing(&accounts) {
        let mut recount = Recount::new(settings, &record, platform, scope);
        if recount.windows.all().is_empty() {
            continue;
        }
        store.read().attempts_of_all(&together, |span| recount.add(&span)).await?;
        let (tally, windows) = recount.finish();
        let found = SharedAudit { platform, host: host.map(|host| host.to_string()), tally, windows };
        if scope == Scope::Host { &mut report.hosts } else { &mut report.apps }.push(found);
    }
    let of_accounts = report
        .accounts
        .iter()
        .flat_map(|account| account.windows.iter().chain(account.reads.iter().flat_map(|read| &read.windows)));
    let shared = report.apps.iter().chain(&report.hosts).flat_map(|found| &found.windows);
    report.is_over = of_accounts.chain(shared).any(|window| window.over > 0);
    Ok(report)
}

/// Where several accounts may share windows: at a platform, at a host of it; and which accounts.
type Sharing<'a> = (Scope, (Platform, Option<&'a AccountHost>), Vec<AccountId>);

/// Who shares windows with whom, platforms first.
fn sharing(accounts: &[Account]) -> Vec<Sharing<'_>> {
    let mut groups: Vec<Sharing<'_>> = Vec::new();
    for account in accounts {
        let places = [(Scope::App, None), (Scope::Host, account.host.as_ref())];
        for (scope, place) in places.map(|(scope, host)| (scope, (account.platform, host))) {
            match groups.iter_mut().find(|(known, at, _)| (*known, *at) == (scope, place)) {
                Some((.., together)) => together.push(account.id),
                None => groups.push((scope, place, vec![account.id])),
            }
        }
    }
    groups.sort_by_key(|(scope, (platform, _), _)| (*scope == Scope::Host, *platform));
    groups
}

/// A recount that is under way: attempts come in the order in which they were made.
struct Recount<'a> {
    windows: Windows,
    record: &'a DrainWindows,
    audit: Audit,
    line: Line,
    tally: AttemptTally,
}

impl Recount<'_> {
    fn new<'a>(settings: &Settings, record: &'a DrainWindows, platform: Platform, scope: Scope) -> Recount<'a> {
        let windows = Windows::of(settings, record, platform, scope);
        let audit = Audit::new(&windows.all());
        Recount { windows, record, audit, line: Line::default(), tally: AttemptTally::default() }
    }

    fn add(&mut self, span: &AttemptSpan) {
        let (reserved, upper) = self.line.place(span);
        let (within, is_recorded) = self.windows.within(self.record, span.drain);
        self.audit.attempt(span.action, reserved, upper, within);
        self.tally.attempts += 1;
        self.tally.unrecorded += u64::from(!is_recorded);
    }

    /// Today's windows, and those of earlier runs that something was sent within.
    fn finish(self) -> (AttemptTally, Vec<WindowAudit>) {
        let Recount { windows, audit, line, tally, .. } = self;
        let found = audit.finish().into_iter().map(|found| (windows.is_today(&found.spec), found));
        let found = found.filter(|(is_today, found)| *is_today || found.at.is_some());
        let found = found.map(|(is_today, found)| WindowAudit::new(found, Some(is_today), |tick| line.wall(tick)));
        (tally, found.collect())
    }
}
