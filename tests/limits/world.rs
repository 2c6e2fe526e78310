//! A machine with clocks, accounts whose record survives, and a platform that counts when requests really arrive.

mod judge;

use std::sync::Arc;
use std::time::Duration;

use cleanup::clock::{Clock, SimulatedClock};
use cleanup::domain::{Action, Moment, RateFacts, Scope, Tick, Wall, WindowSpec};
use cleanup::limits::{
    Hold, HoldChange, Limiter, ObservedAnswer, Pace, Pacer, Reservation, SharedWindows, StoredHold, StoredSlot,
    ThisBoot, Values, WallTrust, Window, Windows,
};
use proptest::test_runner::TestCaseError;

pub(crate) use judge::{fullest, only};

use crate::limits::history::{ACCOUNTS, End, HOSTS, History, Says, Step};

/// What stands in front of the platform: the limiter, or what one might do instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Limiter,
    /// The limiter, but slots whose process died are restored as if counted when they were reserved.
    Forgetful,
    /// The limiter, but every account takes its host for its own.
    HostsApart,
    /// governor, bursts allowed.
    GovernorAlone,
    /// A sliding log of the times of sending.
    SendLog,
}

/// One attempt on record. `upper` is what the record says, `arrived` what only the platform knows, in true milliseconds.
struct Attempt {
    account: usize,
    action: Action,
    boot: u32,
    reserved: Moment,
    reserved_truly: i64,
    trusted: bool,
    upper: Option<Tick>,
    in_flight: bool,
    arrived: Option<i64>,
}

enum Door {
    Limiter(Box<Limiter>),
    Governor(Pacer),
    SendLog(Window),
}

/// The windows that accounts share.
struct Shared {
    app: Windows,
    hosts: Vec<Windows>,
}

impl Shared {
    fn new(specs: &[WindowSpec], hosts: usize) -> Shared {
        let host = || Windows::new(specs, Scope::Host);
        Shared { app: Windows::new(specs, Scope::App), hosts: (0..hosts).map(|_| host()).collect() }
    }

    fn of(&mut self, account: usize) -> SharedWindows<'_> {
        let host = account % self.hosts.len();
        [Some(&mut self.app), Some(&mut self.hosts[host])]
    }

    fn for_each(&mut self, account: usize, what: impl Fn(&mut Windows)) {
        self.of(account).into_iter().flatten().for_each(what);
    }
}

/// Boot, when it was set, what, and whether the wall was trusted then.
type HoldOnRecord = (u32, Moment, Hold, bool);

pub(crate) struct World {
    history: History,
    values: Values,
    gate: Gate,
    clock: Arc<SimulatedClock>,
    /// True milliseconds: the platform's clock.
    truth: i64,
    boot: u32,
    taken_over: Tick,
    trust: WallTrust,
    doors: Vec<Door>,
    shared: Shared,
    record: Vec<Attempt>,
    /// The hold of each account as it is on record.
    holds: Vec<Option<HoldOnRecord>>,
}

const START: i64 = 1_800_000_000_000;

impl World {
    pub(crate) fn new(history: &History, gate: Gate) -> World {
        let start = Moment { tick: Tick(1_000_000), wall: Wall(START) };
        let shortest = history.specs.iter().map(|spec| spec.rate.window()).min().unwrap();
        let mut world = World {
            history: history.clone(),
            values: Values::new(shortest, history.deadline),
            gate,
            clock: SimulatedClock::shared(start),
            truth: START,
            boot: 1,
            taken_over: start.tick,
            trust: WallTrust::default(),
            doors: Vec::new(),
            shared: Shared::new(&[], HOSTS),
            record: Vec::new(),
            holds: vec![None; ACCOUNTS],
        };
        world.start_process(false);
        world
    }

    /// Plays the whole history and lets the platform judge.
    pub(crate) fn play(mut self) -> Result<(), TestCaseError> {
        for step in self.history.steps.clone() {
            self.step(step);
        }
        for index in 0..self.record.len() {
            self.end(index, 255, End::Answered, None);
        }
        self.judge()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Pass(time) => self.pass(time),
            Step::Suspend(time) => self.suspend(time),
            Step::SetWall { off_seconds } => self.clock.set_wall(Wall(self.truth + off_seconds * 1000)),
            Step::Ask { account, action, want, patient } => {
                if let Some(until) = self.ask(account, action, want).filter(|_| patient) {
                    self.pass(until.since(self.now().tick));
                    self.ask(account, action, want);
                }
            }
            Step::AskInVain { account, action } => {
                let now = self.now().tick;
                if let Door::Limiter(limiter) = &mut self.doors[account]
                    && let Reservation::Granted(n) = limiter.reserve(action, 2, now, self.shared.of(account))
                {
                    limiter.give_back(action, n);
                    self.shared.for_each(account, |windows| windows.give_back(action, n));
                }
            }
            Step::End { pick, arrives, how, says } => {
                let in_flight: Vec<usize> = (0..self.record.len()).filter(|i| self.record[*i].in_flight).collect();
                if let Some(index) = in_flight.get(pick % in_flight.len().max(1)) {
                    self.end(*index, arrives, how, says);
                }
            }
            Step::Kill { arrives, until_restart, asks_date } => {
                self.kill(arrives);
                self.pass(until_restart);
                self.start_process(asks_date);
            }
            Step::Reboot { arrives, off, uptime, until_restart, asks_date, off_seconds } => {
                self.kill(arrives);
                self.boot += 1;
                self.clock.reboot(&self.boot.to_string(), off);
                self.clock.advance(uptime);
                self.truth += i64::try_from(off.as_millis()).unwrap();
                self.clock.set_wall(Wall(self.truth + off_seconds * 1000));
                self.pass(until_restart);
                self.taken_over = self.now().tick;
                self.start_process(asks_date);
            }
        }
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        self.truth += i64::try_from(time.as_millis()).unwrap();
    }

    /// Reserves and commits. Answers until when to wait, where nothing was granted.
    fn ask(&mut self, account: usize, action: Action, want: u32) -> Option<Tick> {
        let now = self.now();
        let reservation = match &mut self.doors[account] {
            Door::Limiter(limiter) => limiter.reserve(action, want, now.tick, self.shared.of(account)),
            Door::Governor(pacer) => match pacer.take(want, now.tick) {
                Ok(n) => Reservation::Granted(n),
                Err(next) => return Some(next),
            },
            Door::SendLog(window) => {
                let n = window.free(now.tick).min(want);
                (0..n).for_each(|_| window.restore(now.tick));
                if n == 0 {
                    return window.next_free(now.tick);
                }
                Reservation::Granted(n)
            }
        };
        let granted = match reservation {
            Reservation::Granted(n) => n,
            Reservation::Wait { until, .. } => return until,
        };
        assert!((1..=want).contains(&granted));
        if let Some((boot, _, hold, _)) = self.holds[account] {
            assert!(boot != self.boot || now.tick >= hold.until, "{granted} left during {hold:?}");
        }
        let attempt = || Attempt {
            account,
            action,
            boot: self.boot,
            reserved: now,
            reserved_truly: self.truth,
            trusted: self.trust.trusts(now),
            upper: None,
            in_flight: true,
            arrived: None,
        };
        let attempts: Vec<Attempt> = (0..granted).map(|_| attempt()).collect();
        self.record.extend(attempts);
        None
    }

    fn end(&mut self, index: usize, arrives: u8, how: End, says: Option<Says>) {
        let (now, truth, grace) = (self.now(), self.truth, self.grace());
        let attempt = &mut self.record[index];
        if !attempt.in_flight {
            return;
        }
        attempt.in_flight = false;
        let upper = match how {
            End::Answered => {
                let arrived = between(attempt.reserved_truly, truth, arrives);
                attempt.arrived = Some(arrived);
                self.trust.check(Wall(arrived / 1000 * 1000), attempt.reserved, now);
                now.tick
            }
            // What the socket still held can arrive after this process has given up.
            End::Lost => {
                attempt.arrived = Some(between(attempt.reserved_truly, truth + grace, arrives));
                self.values.unknown_end(attempt.reserved.tick, now.tick)
            }
            End::NotSent => now.tick,
        };
        attempt.upper = Some(upper);
        let (account, action) = (attempt.account, attempt.action);
        if let Door::Limiter(limiter) = &mut self.doors[account] {
            limiter.ended(action, upper);
            self.shared.for_each(account, |windows| windows.ended(action, upper));
        }
        if let (End::Answered, Some(says)) = (how, says) {
            self.hear(index, says);
        }
    }

    /// The limiter hears the headers of an answer, and its hold goes on record.
    fn hear(&mut self, index: usize, says: Says) {
        let now = self.now();
        let Attempt { account, action, reserved, .. } = self.record[index];
        let reset = Some(Wall(self.truth + says.reset_in_seconds * 1000));
        let facts =
            RateFacts { remaining: says.remaining, reset, date: Some(Wall(self.truth)), ..RateFacts::default() };
        let answer = ObservedAnswer { action, reserved: reserved.tick, answered: says.answered, facts };
        let Door::Limiter(limiter) = &mut self.doors[account] else { return };
        match limiter.observe(&answer, now.tick) {
            Some(HoldChange::Set(hold)) => {
                self.holds[account] = Some((self.boot, now, hold, self.trust.trusts(now)));
            }
            Some(HoldChange::Cleared) => self.holds[account] = None,
            None => {}
        }
    }

    /// Nothing is done, and what closed sockets had left to send sleeps as well.
    fn suspend(&mut self, time: Duration) {
        let (asleep_from, truly, boot) = (self.now().tick, self.truth, self.boot);
        self.pass(time);
        let upper = self.values.woken(self.now().tick);
        for attempt in self.record.iter_mut().filter(|attempt| !attempt.in_flight && attempt.boot == boot) {
            attempt.arrived = attempt.arrived.map(|at| if at > truly { at + self.truth - truly } else { at });
            attempt.upper = attempt.upper.map(|known| if known > asleep_from { upper.max(known) } else { known });
        }
        for door in &mut self.doors {
            if let Door::Limiter(limiter) = door {
                limiter.extend_after_suspend(asleep_from, upper);
            }
        }
        let Shared { app, hosts } = &mut self.shared;
        hosts.iter_mut().chain([app]).for_each(|windows| windows.extend_after_suspend(asleep_from, upper));
    }

    fn grace(&self) -> i64 {
        i64::try_from(self.values.grace.as_millis()).unwrap()
    }

    /// The process dies. What was in flight may still arrive, for as long as the kernel tries.
    fn kill(&mut self, arrives: u8) {
        let last = self.truth + self.grace();
        for attempt in self.record.iter_mut().filter(|attempt| attempt.in_flight) {
            attempt.in_flight = false;
            attempt.arrived = Some(between(attempt.reserved_truly, last, arrives));
        }
    }

    /// A process begins with nothing but the record.
    fn start_process(&mut self, asks_date: bool) {
        let now = self.now();
        self.trust = WallTrust::default();
        if asks_date {
            self.trust.check(Wall(self.truth / 1000 * 1000), now, now);
        }
        let this_boot = ThisBoot { now, wall_trusted: self.trust.trusts(now), taken_over: self.taken_over };
        let first = self.history.specs[0].rate;
        let hosts = if self.gate == Gate::HostsApart { ACCOUNTS } else { HOSTS };
        self.shared = Shared::new(&self.history.specs, hosts);
        if matches!(self.gate, Gate::GovernorAlone | Gate::SendLog) {
            self.doors.extend((self.doors.len()..ACCOUNTS).map(|_| match self.gate {
                Gate::GovernorAlone => Door::Governor(Pacer::new(first, Pace::FrontLoad, now.tick)),
                _ => Door::SendLog(Window::new(first)),
            }));
            return;
        }
        let mut slots: Vec<Vec<(Action, Tick)>> = vec![Vec::new(); ACCOUNTS];
        for attempt in &mut self.record {
            let same_boot = attempt.boot == self.boot;
            let (reserved, wall_trusted) = (attempt.reserved, attempt.trusted);
            let stored = StoredSlot { same_boot, reserved, upper: attempt.upper, wall_trusted };
            let upper = match attempt.upper {
                None if self.gate == Gate::Forgetful => attempt.reserved.tick,
                _ => this_boot.upper(&stored, &self.values),
            };
            if same_boot {
                attempt.upper = Some(upper);
            }
            slots[attempt.account].push((attempt.action, upper));
            let action = attempt.action;
            self.shared.for_each(attempt.account, |windows| windows.restore(action, upper));
        }
        let door = |(slots, hold): (Vec<(Action, Tick)>, &Option<HoldOnRecord>)| {
            let hold = hold.map(|(boot, set, Hold { until, reason, backoff_level }, wall_trusted)| {
                let same_boot = boot == self.boot;
                this_boot.hold(&StoredHold { same_boot, set, until, reason, backoff_level, wall_trusted })
            });
            let mut limiter = Limiter::new(&self.history.specs, self.history.pace, now.tick);
            limiter.restore(slots, hold);
            Door::Limiter(Box::new(limiter))
        };
        self.doors = slots.into_iter().zip(&self.holds).map(door).collect();
    }
}

fn between(from: i64, to: i64, fraction: u8) -> i64 {
    from + (to - from) * i64::from(fraction) / 255
}
