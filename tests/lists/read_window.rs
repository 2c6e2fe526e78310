//! The law of reading: whatever is killed, suspended or run twice, a platform that counts for itself never sees more requests
//! in a window than it has room for. Two processes share one queue; time is simulated.

use std::time::Duration;

use cleanup::domain::{AccountId, BootId, Moment, Platform, Tick, Wall};
use cleanup::store::{HoldNews, QueueKind, ReadAsk, ReadEnd, ReadGrant, ReadId, ReadSlot, ReadWindow, Store};
use proptest::prelude::*;

use crate::common::wait;

const LIMIT: u32 = 5;
const WINDOW_MS: i64 = 15_000;
const MARGIN_MS: i64 = 20;
const DEADLINE: Duration = Duration::from_secs(3);
const GRACE: Duration = Duration::from_secs(2);

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A process (of two) asks for a slot and sends; the platform counts it so much later.
    Send { process: bool, travels_ms: i64 },
    /// The answer to the oldest request of a process arrives, so much after it was counted.
    Answer { process: bool, back_ms: i64 },
    /// A process gives up on its oldest request.
    GiveUp { process: bool },
    /// A process dies; what it sent may still be counted within deadline and grace.
    Die { process: bool },
    /// Time passes.
    Pass { ms: i64 },
    /// The machine boots again: ticks begin anew, and nothing of before is under way.
    Reboot,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<bool>(), 0_i64..2_500).prop_map(|(process, travels_ms)| Step::Send { process, travels_ms }),
        4 => (any::<bool>(), 0_i64..400).prop_map(|(process, back_ms)| Step::Answer { process, back_ms }),
        1 => any::<bool>().prop_map(|process| Step::GiveUp { process }),
        1 => any::<bool>().prop_map(|process| Step::Die { process }),
        5 => prop_oneof![1_i64..900, 10_000_i64..16_000].prop_map(|ms| Step::Pass { ms }),
        1 => Just(Step::Reboot),
    ]
}

struct World {
    stores: [Store; 2],
    account: AccountId,
    /// Requests under way: process, slot, reserved, when the platform counts it (on the line that never begins anew).
    under_way: Vec<(bool, ReadId, Tick, i64)>,
    counted: Vec<i64>,
    /// On a line of its own, and where this boot began on it.
    now: i64,
    booted: i64,
    boots: u32,
}

impl World {
    fn moment(&self) -> Moment {
        Moment { tick: Tick(self.now - self.booted), wall: Wall(1_700_000_000_000 + self.now) }
    }

    async fn take(&mut self, step: Step) {
        let (now, boot) = (self.moment(), BootId(format!("boot-{}", self.boots)));
        let windows = [ReadWindow {
            limit: LIMIT,
            counts_for: Duration::from_millis((WINDOW_MS + MARGIN_MS) as u64),
            is_shared: false,
        }];
        let ask = ReadAsk {
            account: self.account,
            app: "app",
            endpoint: "following",
            windows: &windows,
            boot: &boot,
            deadline: DEADLINE,
            grace: GRACE,
        };
        let end = |upper: Tick, status| ReadEnd {
            counted_until: upper,
            ended_at: now.wall,
            http_status: status,
            finding: "page",
            detail: String::new(),
            resources: 0,
            left: Vec::new(),
        };
        let oldest = |world: &World, process| world.under_way.iter().position(|request| request.0 == process);
        match step {
            Step::Send { process, travels_ms } => {
                if let ReadSlot::Granted(ReadGrant { id, .. }) =
                    self.stores[usize::from(process)].lists().reserve_read(&ask, now).await.unwrap()
                {
                    self.under_way.push((process, id, now.tick, self.now + travels_ms));
                    self.counted.push(self.now + travels_ms);
                }
            }
            Step::Answer { process, back_ms } => {
                let Some(at) = oldest(self, process) else { return };
                let (_, id, reserved, counted) = self.under_way.remove(at);
                self.now = self.now.max(counted) + back_ms;
                let now = self.moment();
                let past = now.tick > reserved.after(DEADLINE);
                let upper = if past { reserved.after(DEADLINE).max(now.tick).after(GRACE) } else { now.tick };
                let end = ReadEnd { ended_at: now.wall, ..end(upper, (!past).then_some(200)) };
                let store = &mut self.stores[usize::from(process)];
                store.lists().end_read(id, &end, HoldNews::Same, &ask).await.unwrap();
            }
            Step::GiveUp { process } => {
                let Some(at) = oldest(self, process) else { return };
                let (_, id, reserved, _) = self.under_way.remove(at);
                let upper = reserved.after(DEADLINE).max(now.tick).after(GRACE);
                let store = &mut self.stores[usize::from(process)];
                store.lists().end_read(id, &end(upper, None), HoldNews::Same, &ask).await.unwrap();
            }
            Step::Die { process } => self.under_way.retain(|request| request.0 != process),
            Step::Pass { ms } => self.now += ms,
            Step::Reboot => {
                // What was under way has been counted by then, or never will be.
                self.now = self.counted.iter().copied().fold(self.now, i64::max) + 1;
                self.booted = self.now;
                self.boots += 1;
                self.under_way.clear();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn no_window_ever_holds_more_than_its_limit(steps in prop::collection::vec(step(), 20..120)) {
        let counted = wait(async {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("q.db");
            let mut first = Store::open(&path, QueueKind::Real).await.unwrap();
            let name = "ada".parse().unwrap();
            let account = first.accounts().ensure_account(&name, Platform::XV2, &"42".parse().unwrap()).await.unwrap();
            let second = Store::open(&path, QueueKind::Real).await.unwrap();
            let mut world = World {
                stores: [first, second],
                account,
                under_way: Vec::new(),
                counted: Vec::new(),
                now: 1_000_000,
                booted: 0,
                boots: 1,
            };
            for step in steps {
                world.take(step).await;
            }
            world.counted
        });
        for start in &counted {
            let inside = counted.iter().filter(|at| (*start..=start + WINDOW_MS).contains(at)).count();
            prop_assert!(inside <= LIMIT as usize, "{inside} in the window from {start}: {counted:?}");
        }
    }
}

#[test]
fn the_window_is_used_to_the_full_and_frees_when_it_should() {
    wait(async {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        let account = store
            .accounts()
            .ensure_account(&"ada".parse().unwrap(), Platform::XV2, &"42".parse().unwrap())
            .await
            .unwrap();
        let boot = BootId("b".into());
        let windows = [ReadWindow { limit: 2, counts_for: Duration::from_secs(10), is_shared: true }];
        let ask = ReadAsk {
            account,
            app: "app",
            endpoint: "following",
            windows: &windows,
            boot: &boot,
            deadline: DEADLINE,
            grace: GRACE,
        };
        let at = |ms: i64| Moment { tick: Tick(ms), wall: Wall(1_700_000_000_000 + ms) };
        for ms in [0, 500] {
            let ReadSlot::Granted(ReadGrant { id, .. }) = store.lists().reserve_read(&ask, at(ms)).await.unwrap()
            else {
                panic!("no slot")
            };
            let end = ReadEnd {
                counted_until: Tick(ms + 100),
                ended_at: at(ms).wall,
                http_status: Some(200),
                finding: "page",
                detail: String::new(),
                resources: 3,
                left: Vec::new(),
            };
            store.lists().end_read(id, &end, HoldNews::Same, &ask).await.unwrap();
        }
        assert_eq!(store.lists().reserve_read(&ask, at(1_000)).await.unwrap(), ReadSlot::Full(Tick(10_100)));
        assert_eq!(store.lists().reserve_read(&ask, at(10_099)).await.unwrap(), ReadSlot::Full(Tick(10_100)));
        let other = ReadAsk { endpoint: "likes", ..ask };
        assert!(matches!(store.lists().reserve_read(&other, at(1_000)).await.unwrap(), ReadSlot::Granted(_)));
        assert!(matches!(store.lists().reserve_read(&ask, at(10_100)).await.unwrap(), ReadSlot::Granted(_)));
        // Nobody has ended that one: it counts past its deadline and grace, and then from when it is found.
        assert_eq!(store.lists().reserve_read(&ask, at(10_200)).await.unwrap(), ReadSlot::Full(Tick(10_600)));
    });
}
