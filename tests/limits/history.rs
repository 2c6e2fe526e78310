//! What can happen to a run, as proptest makes it up and shrinks it.

use std::time::Duration;

use cleanup::domain::{Action, Applies, Rate, Scope, WindowSpec};
use cleanup::limits::{Answered, Pace};
use proptest::prelude::*;

pub(crate) const ACCOUNTS: usize = 3;
/// The accounts are at these in turn: two share one.
pub(crate) const HOSTS: usize = 2;

/// How a request in flight ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Answered,
    /// Reset, or timed out: nobody knows.
    Lost,
    /// Past its `send_by`: the slot stays.
    NotSent,
}

/// What an answer says about limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Says {
    pub(crate) answered: Answered,
    pub(crate) remaining: Option<u32>,
    pub(crate) reset_in_seconds: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Pass(Duration),
    /// Asks, and with `patient` waits as long as it is told and asks again, at the very first moment.
    Ask {
        account: usize,
        action: Action,
        want: u32,
        patient: bool,
    },
    /// Reserves, and the commit fails.
    AskInVain {
        account: usize,
        action: Action,
    },
    /// One of those in flight ends. `arrives` is where between its reservation and its end the platform counted it, in 255ths.
    End {
        pick: usize,
        arrives: u8,
        how: End,
        says: Option<Says>,
    },
    /// Both clocks run on while nothing is done.
    Suspend(Duration),
    SetWall {
        off_seconds: i64,
    },
    Kill {
        arrives: u8,
        until_restart: Duration,
        asks_date: bool,
    },
    Reboot {
        arrives: u8,
        off: Duration,
        /// Longer than zero: the queue moves to a machine that has been up so long.
        uptime: Duration,
        until_restart: Duration,
        asks_date: bool,
        off_seconds: i64,
    },
}

/// A configuration and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) specs: Vec<WindowSpec>,
    pub(crate) pace: Pace,
    pub(crate) deadline: Duration,
    pub(crate) steps: Vec<Step>,
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn fraction() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0_u8), Just(255_u8), any::<u8>()]
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(vec![Action::Unfollow, Action::Unlike])
}

/// How far the wall clock is from the truth: an hour, or so little that it may still be believed.
fn off_seconds() -> impl Strategy<Value = i64> {
    prop_oneof![Just(3_600), Just(-3_600), -59_i64..59, Just(0)]
}

fn says() -> impl Strategy<Value = Says> {
    let answered = prop_oneof![
        20 => Just(Answered::Served),
        2 => Just(Answered::Otherwise),
        1 => Just(Answered::Limited),
        1 => Just(Answered::Capped),
    ];
    (answered, prop::option::of(0_u32..9), -2_i64..9).prop_map(|(answered, remaining, reset_in_seconds)| Says {
        answered,
        remaining,
        reset_in_seconds,
    })
}

fn everyday() -> impl Strategy<Value = Step> {
    let how = prop::sample::select(vec![End::Answered, End::Answered, End::Answered, End::Lost, End::NotSent]);
    prop_oneof![
        3 => millis(0..400).prop_map(Step::Pass),
        1 => millis(0..8_000).prop_map(Step::Pass),
        10 => (0..ACCOUNTS, action(), 1_u32..8, any::<bool>())
            .prop_map(|(account, action, want, patient)| Step::Ask { account, action, want, patient }),
        1 => (0..ACCOUNTS, action()).prop_map(|(account, action)| Step::AskInVain { account, action }),
        12 => (any::<usize>(), fraction(), how, prop::option::weighted(0.3, says()))
            .prop_map(|(pick, arrives, how, says)| Step::End { pick, arrives, how, says }),
    ]
}

fn kill() -> impl Strategy<Value = Step> {
    (fraction(), millis(0..3_000), any::<bool>()).prop_map(|(arrives, until_restart, asks_date)| Step::Kill {
        arrives,
        until_restart,
        asks_date,
    })
}

fn set_wall() -> impl Strategy<Value = Step> {
    off_seconds().prop_map(|off_seconds| Step::SetWall { off_seconds })
}

fn reboot() -> impl Strategy<Value = Step> {
    let off = prop_oneof![Just(Duration::ZERO), millis(0..400), millis(0..400_000)];
    let uptime = prop_oneof![3 => Just(Duration::ZERO), 1 => millis(0..40_000)];
    (fraction(), off, uptime, millis(0..100), any::<bool>(), off_seconds()).prop_map(
        |(arrives, off, uptime, until_restart, asks_date, off_seconds)| Step::Reboot {
            arrives,
            off,
            uptime,
            until_restart,
            asks_date,
            off_seconds,
        },
    )
}

fn suspend() -> impl Strategy<Value = Step> {
    prop_oneof![millis(0..9_000), millis(1_000..400_000)].prop_map(Step::Suspend)
}

fn mishap() -> impl Strategy<Value = Step> {
    prop_oneof![1 => suspend(), 1 => set_wall(), 2 => kill(), 1 => reboot()]
}

fn spec(scope: Scope, applies: Applies) -> impl Strategy<Value = WindowSpec> {
    (1_u32..7, 1_u64..9).prop_map(move |(limit, seconds)| {
        let times = match scope {
            Scope::App => 4,
            Scope::Host => 2,
            Scope::Account => 1,
        };
        WindowSpec { scope, rate: Rate::fixed(limit * times, seconds * u64::from(times)), applies }
    })
}

fn specs() -> impl Strategy<Value = Vec<WindowSpec>> {
    let all = spec(Scope::Account, Applies::All);
    let one = spec(Scope::Account, Applies::Only(Action::Unlike));
    let app = spec(Scope::App, Applies::Only(Action::Unfollow));
    let host = spec(Scope::Host, Applies::All);
    (all, prop::option::of(one), prop::option::of(app), prop::option::of(host))
        .prop_map(|(all, one, app, host)| [Some(all), one, app, host].into_iter().flatten().collect())
}

fn history(steps: BoxedStrategy<Step>) -> impl Strategy<Value = History> {
    let pace = prop::sample::select(vec![Pace::Even, Pace::FrontLoad, Pace::FrontLoad]);
    (specs(), pace, millis(100..3_000), prop::collection::vec(steps, 1..250))
        .prop_map(|(specs, pace, deadline, steps)| History { specs, pace, deadline, steps })
}

/// Everything that can happen.
pub(crate) fn eventful() -> impl Strategy<Value = History> {
    history(prop_oneof![12 => everyday(), 1 => mishap()].boxed())
}

/// Reboots, one after the other, and somebody at the wall clock.
pub(crate) fn restless() -> impl Strategy<Value = History> {
    history(prop_oneof![18 => everyday(), 2 => set_wall(), 2 => reboot(), 1 => suspend()].boxed())
}

/// Nothing but traffic.
pub(crate) fn quiet() -> impl Strategy<Value = History> {
    history(everyday().boxed())
}
