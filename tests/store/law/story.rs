//! What can happen to a queue, as proptest makes it up and shrinks it. Numbers pick among what there is when their step comes.

use cleanup::domain::{Action, TaskState, Transition};
use proptest::collection::vec;
use proptest::prelude::*;

/// What rows are about: every form that a target has.
pub(super) const TARGETS: [&str; 8] =
    ["1", "2", "007", "7", "9999999999999999999", "at://did:plc:a/x,\"y\"", "@ada", "1212161512043446272"];

/// What is done, by number.
pub(super) const ACTIONS: [Action; 2] = [Action::Unfollow, Action::Unlike];

/// What a row asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    Task,
    Spared,
    /// It cannot be used.
    Nothing {
        /// It says all the same of which task another reading may have made it.
        names_task: bool,
    },
}

/// A row of a file.
#[derive(Clone, Debug)]
pub(super) struct FileRow {
    pub(super) target: usize,
    pub(super) action: usize,
    pub(super) account: usize,
    pub(super) asks: Asks,
    /// Which other cells it has; 0: none.
    pub(super) cells: u8,
    /// A cell with a line break stands before it.
    pub(super) is_behind_gap: bool,
}

/// An answer to a request in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) pick: usize,
    pub(super) becomes: TaskState,
    /// None: nobody saw one.
    pub(super) has_status: bool,
    pub(super) maybe_applied: bool,
}

/// So many tasks of a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    pub(super) lane: usize,
    pub(super) count: u32,
    /// Only as far as this task; or this one alone.
    pub(super) bound: Option<(usize, bool)>,
}

/// What else a turn says.
#[derive(Clone, Copy, Debug)]
pub(super) enum News {
    Hold { account: usize, begins: bool },
    Trouble { account: usize, begins: bool },
    Outage { account: usize, action: usize, begins: bool },
    Allowance { account: usize, action: usize, day: bool, remaining: u32 },
    ClockChecked(bool),
    FirstAnswer,
}

/// What people tell a job.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Pause,
    Continue,
    Cancel,
    Retry,
    RetryReason,
    RetryOne(usize),
    /// What was off the account's list, and is on it again by these bits.
    Reopen {
        listed: u8,
    },
    /// A later reader finds rows unusable.
    Reject([usize; 2]),
    /// A worklist, and its ticks.
    Tick([usize; 3]),
    /// The account's list was read: it has the targets of these bits.
    Look {
        listed: u8,
        is_whole: bool,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The first load of a job, or its next round.
    Load {
        job: usize,
        rows: Vec<FileRow>,
        dies: bool,
    },
    Reload {
        job: usize,
        rows: Vec<FileRow>,
        allow_shrink: bool,
    },
    Begin {
        reboots: bool,
    },
    Turn {
        answers: Vec<Answer>,
        moves: Vec<(usize, Transition, bool)>,
        wants: Vec<Want>,
        news: Vec<News>,
    },
    /// So many milliseconds before anybody notices.
    Die(i64),
    End,
    Tell {
        job: usize,
        order: Order,
    },
    /// A job that restores what another has done.
    Undo {
        job: usize,
    },
    Forget {
        job: usize,
        slots_too: bool,
    },
    Pass(i64),
}

fn row() -> impl Strategy<Value = FileRow> {
    let asks = prop_oneof![
        8 => Just(Asks::Task),
        2 => Just(Asks::Spared),
        2 => any::<bool>().prop_map(|names_task| Asks::Nothing { names_task }),
    ];
    let place = (
        0..TARGETS.len(),
        prop_oneof![5 => Just(0_usize), 1 => Just(1)],
        prop_oneof![5 => Just(0_usize), 1 => Just(1)],
    );
    (place, asks, prop_oneof![4 => Just(0_u8), 1 => Just(1), 1 => Just(2)], prop::bool::weighted(0.2)).prop_map(
        |((target, action, account), asks, cells, is_behind_gap)| FileRow {
            target,
            action,
            account,
            asks,
            cells,
            is_behind_gap,
        },
    )
}

fn rows() -> impl Strategy<Value = Vec<FileRow>> {
    vec(row(), 1..14)
}

fn answer() -> impl Strategy<Value = Answer> {
    use TaskState::{Done, Failed, Gone, Pending, Provisional, Waiting};
    let becomes = prop::sample::select(vec![Done, Done, Gone, Failed, Pending, Waiting, Provisional, Provisional]);
    (0_usize..8, becomes, prop::bool::weighted(0.8), any::<bool>()).prop_map(|(pick, becomes, has_status, maybe)| {
        // What is done, gone, refused or doubted is so by an answer.
        let has_status = has_status || !matches!(becomes, Pending | Waiting);
        Answer { pick, becomes, has_status, maybe_applied: maybe }
    })
}

fn news() -> impl Strategy<Value = News> {
    let who = || prop_oneof![3 => Just(0_usize), 1 => Just(1)];
    prop_oneof![
        1 => (who(), any::<bool>()).prop_map(|(account, begins)| News::Hold { account, begins }),
        1 => (who(), any::<bool>()).prop_map(|(account, begins)| News::Trouble { account, begins }),
        2 => (who(), who(), any::<bool>())
            .prop_map(|(account, action, begins)| News::Outage { account, action, begins }),
        3 => (who(), who(), any::<bool>(), 0_u32..6)
            .prop_map(|(account, action, day, remaining)| News::Allowance { account, action, day, remaining }),
        1 => any::<bool>().prop_map(News::ClockChecked),
        2 => Just(News::FirstAnswer),
    ]
}

fn turn() -> impl Strategy<Value = Step> {
    use Transition::{BelieveGone, ConfirmByRepeat, ConfirmFailed, FindDeleted, FindNoRecord, Requeue, Spare, Wake};
    // Doubts are rare, and are decided when there are any.
    let doubts = [ConfirmFailed, BelieveGone, ConfirmByRepeat, Requeue];
    let by = [[Wake, Wake, FindNoRecord, FindDeleted, Spare].as_slice(), &doubts, &doubts].concat();
    // Some come too late: their task is no longer where they think.
    let moves = (0_usize..8, prop::sample::select(by), prop::bool::weighted(0.25));
    let want = (0_usize..4, 1_u32..5, prop::option::weighted(0.2, (0_usize..8, any::<bool>())))
        .prop_map(|(lane, count, bound)| Want { lane, count, bound });
    let (answers, moves, wants) = (vec(answer(), 0..4), vec(moves, 0..5), vec(want, 0..3));
    (answers, moves, wants, vec(news(), 0..2)).prop_map(|(answers, moves, wants, news)| Step::Turn {
        answers,
        moves,
        wants,
        news,
    })
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![
        1 => Just(Order::Pause),
        2 => Just(Order::Continue),
        1 => Just(Order::Cancel),
        5 => Just(Order::Retry),
        1 => Just(Order::RetryReason),
        2 => (0_usize..8).prop_map(Order::RetryOne),
        4 => any::<u8>().prop_map(|listed| Order::Reopen { listed }),
        1 => prop::array::uniform2(0_usize..8).prop_map(Order::Reject),
        2 => prop::array::uniform3(0_usize..8).prop_map(Order::Tick),
        3 => (any::<u8>(), prop::bool::weighted(0.8)).prop_map(|(listed, is_whole)| Order::Look { listed, is_whole }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let job = || prop_oneof![4 => Just(0_usize), 1 => Just(1)];
    prop_oneof![
        1 => (job(), rows(), prop::bool::weighted(0.3)).prop_map(|(job, rows, dies)| Step::Load { job, rows, dies }),
        5 => (job(), rows(), prop::bool::weighted(0.8))
            .prop_map(|(job, rows, allow_shrink)| Step::Reload { job, rows, allow_shrink }),
        2 => prop::bool::weighted(0.4).prop_map(|reboots| Step::Begin { reboots }),
        18 => turn(),
        4 => prop_oneof![Just(1_i64), 40_000_i64..2_000_000].prop_map(Step::Die),
        1 => Just(Step::End),
        7 => (job(), order()).prop_map(|(job, order)| Step::Tell { job, order }),
        1 => job().prop_map(|job| Step::Undo { job }),
        1 => (0_usize..3, any::<bool>()).prop_map(|(job, slots_too)| Step::Forget { job, slots_too }),
        2 => prop_oneof![3 => 1_i64..2_000, 1 => 1_i64..2_000_000].prop_map(Step::Pass),
    ]
}

/// A file, a drain, and what comes of them.
pub(super) fn stories() -> impl Strategy<Value = Vec<Step>> {
    (rows(), vec(step(), 4..30)).prop_map(|(rows, steps)| {
        let mut story = vec![Step::Load { job: 0, rows, dies: false }, Step::Begin { reboots: false }];
        story.extend(steps);
        story
    })
}
