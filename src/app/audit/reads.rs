//! The requests that read, counted again: each list and lookup has windows of its own.
//!
//! Whoever reads after the machine has booted puts the slots of before on the ticks of this boot (`store::read_slot`): they count as
//! if taken just now, and when they were taken is lost. So only what was read since the machine booted is judged, together with
//! what came before it.

use std::collections::BTreeMap;

use super::report::{ReadAudit, WindowAudit};
use crate::clock::SharedClock;
use crate::domain::{Applies, Platform, Scope, Tick, Wall, WindowSpec};
use crate::error::CommandError;
use crate::limits::Audit;
use crate::platforms::{find_list_endpoint_named, spec};
use crate::store::{Account, ReadSpan, Store};

/// Wall clock and ticks drift apart by less within a boot, in milliseconds. Where the clock was set, what was read before is not judged.
const MAX_DRIFT_MS: i64 = 60_000;

/// Recounts what an account has read, endpoint by endpoint.
pub(super) async fn recount(
    store: &mut Store,
    account: &Account,
    clock: &SharedClock,
) -> Result<Vec<ReadAudit>, CommandError> {
    let (now, boot) = (clock.now(), clock.boot());
    // The wall time at which this boot's ticks began.
    let shift = now.wall.0.saturating_sub(now.tick.0);
    let mut found: BTreeMap<String, (u64, Tick, Audit)> = BTreeMap::new();
    let count = |span: ReadSpan| {
        let is_judged = span.boot == boot.0 && is_since(shift, &span);
        let empty = || (0, Tick(i64::MIN), Audit::new(&windows_of(account.platform, &span.endpoint)));
        let (requests, last, audit) = found.entry(span.endpoint.clone()).or_insert_with(empty);
        // Two processes may write down their slots in another order than that in which they looked at the clock.
        *last = span.reserved.tick.max(*last);
        *requests += 1;
        audit.read(*last, span.counted_until, is_judged);
    };
    store.read().reads_of(account.id, count).await?;
    let wall = |tick: Tick| Wall(tick.0.saturating_add(shift));
    let audit = |(endpoint, (requests, _, audit)): (String, (u64, Tick, Audit))| {
        let windows = audit.finish().into_iter().map(|found| WindowAudit::new(found, None, wall)).collect();
        ReadAudit { endpoint, requests, windows }
    };
    Ok(found.into_iter().map(audit).collect())
}

/// Whether a slot was taken since the ticks began, by both clocks.
fn is_since(began: i64, span: &ReadSpan) -> bool {
    let (tick, wall) = (span.reserved.tick.0, span.reserved.wall.0);
    let off = wall.saturating_sub(tick).saturating_sub(began);
    wall >= began.saturating_add(MAX_DRIFT_MS) && off.saturating_abs() <= MAX_DRIFT_MS
}

/// The account's own windows of an endpoint; the app's would need the requests of all its accounts in one order.
fn windows_of(platform: Platform, endpoint: &str) -> Vec<WindowSpec> {
    let shorter = spec(platform).windows_shorter;
    let reading = find_list_endpoint_named(platform, endpoint);
    let own =
        reading.map(|reading| reading.documented).unwrap_or_default().iter().filter(|d| d.scope == Scope::Account);
    let window = |rate: crate::domain::Rate| WindowSpec { scope: Scope::Account, rate, applies: Applies::All };
    own.map(|documented| window(documented.rate.shortened(shorter))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;

    #[test]
    fn only_what_was_read_since_the_machine_booted_is_judged() {
        const BEGAN: i64 = 1_800_000_000_000;
        let span = |tick: i64, wall: i64| ReadSpan {
            endpoint: "tweets".into(),
            boot: "now".into(),
            reserved: Moment { tick: Tick(tick), wall: Wall(wall) },
            counted_until: Tick(tick + 10),
        };
        assert!(is_since(BEGAN, &span(600_000, BEGAN + 600_000)));
        assert!(is_since(BEGAN, &span(600_000, BEGAN + 630_000)), "clocks drift");
        // Of the boot before: a tick of that one, or cut to the tick at which it was put on this one.
        assert!(!is_since(BEGAN, &span(600_000, BEGAN - 3_000_000)));
        assert!(!is_since(BEGAN, &span(20_000, BEGAN - 30_000)));
        // The clock was set since.
        assert!(!is_since(BEGAN, &span(600_000, BEGAN + 4_200_000)));
    }
}
