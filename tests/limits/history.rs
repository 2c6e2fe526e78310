//! What can happen to a run, as proptest makes it up and shrinks it.

use std::time::Duration;

use cleanup::domain::{Action, Applies, Rate, Scope, WindowSpec};
use cleanup::limits::Pace;
use proptest::prelude::*;

pub(crate) const ACCOUNTS: usize = 3;

/// How a request in flight ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Answered,
    /// Reset, or timed out: nobody knows.
    Lost,
    /// Past its `send_by`: the slot stays.
    NotSent,
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

fn everyday() -> impl Strategy<Value = Step> {
    let how = prop::sample::select(vec![End::Answered, End::Answered, End::Answered, End::Lost, End::NotSent]);
    prop_oneof![
        3 => millis(0..400).prop_map(Step::Pass),
        1 => millis(0..8_000).prop_map(Step::Pass),
        10 => (0..ACCOUNTS, action(), 1_u32..8, any::<bool>())
            .prop_map(|(account, action, want, patient)| Step::Ask { account, action, want, patient }),
        1 => (0..ACCOUNTS, action()).prop_map(|(account, action)| Step::AskInVain { account, action }),
        12 => (any::<usize>(), fraction(), how).prop_map(|(pick, arrives, how)| Step::End { pick, arrives, how }),
    ]
}

fn mishap() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => millis(1_000..100_000).prop_map(Step::Suspend),
        1 => off_seconds().prop_map(|off_seconds| Step::SetWall { off_seconds }),
        2 => (fraction(), millis(0..3_000), any::<bool>())
            .prop_map(|(arrives, until_restart, asks_date)| Step::Kill { arrives, until_restart, asks_date }),
        1 => (fraction(), millis(0..400_000), millis(0..3_000), any::<bool>(), off_seconds()).prop_map(
            |(arrives, off, until_restart, asks_date, off_seconds)| {
                Step::Reboot { arrives, off, until_restart, asks_date, off_seconds }
            }
        ),
    ]
}

fn spec(scope: Scope, applies: Applies) -> impl Strategy<Value = WindowSpec> {
    (1_u32..7, 1_u64..9).prop_map(move |(limit, seconds)| {
        let times = if scope == Scope::App { 4 } else { 1 };
        WindowSpec { scope, rate: Rate::fixed(limit * times, seconds * u64::from(times)), applies }
    })
}

fn specs() -> impl Strategy<Value = Vec<WindowSpec>> {
    let all = spec(Scope::Account, Applies::All);
    let one = spec(Scope::Account, Applies::Only(Action::Unlike));
    let app = spec(Scope::App, Applies::Only(Action::Unfollow));
    (all, prop::option::of(one), prop::option::of(app))
        .prop_map(|(all, one, app)| [Some(all), one, app].into_iter().flatten().collect())
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

/// Nothing but traffic.
pub(crate) fn quiet() -> impl Strategy<Value = History> {
    history(everyday().boxed())
}
