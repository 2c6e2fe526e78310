//! What a world is made of, by its seed.

use std::collections::BTreeSet;
use std::time::Duration;

use cleanup::domain::Wall;
use cleanup::limits::Pace;

use crate::common::id;
use crate::drain::outage::START;

const ACCOUNTS: [&str; 3] = ["ada", "bob", "eve"];
/// Rows of the second job, and those that come by an edit, have numbers of their own.
const OF_SECOND: u64 = 10_000;
const OF_EDITS: u64 = 20_000;

/// What happens to it from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The platform answers an account with 5xx alone.
    Outage(usize),
    OutageEnds(usize),
    /// The process dies when so many more events have been heard.
    Kill {
        after_events: usize,
    },
    /// The machine sleeps.
    Suspend(Duration),
    /// The machine dies, is off for so long, and boots again: with its clock as it was, or with another one.
    Reboot {
        off: Duration,
        clock: Option<Wall>,
    },
    /// Somebody, or a dead battery, sets the machine's clock; none: it is set right.
    SetClock(Option<Wall>),
    /// The process is told to end.
    Stop,
    Pause,
    Unpause,
    Retry,
    /// The second job is cancelled.
    Cancel,
    /// The file is loaded again as it is after this edit.
    Reload(usize),
}

/// A row: its number, and the account that it names.
pub type Row = (u64, usize);

#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    pub accounts: usize,
    /// The file of the first job, and what it is after each edit.
    pub files: Vec<Vec<Row>>,
    pub second: Vec<Row>,
    pub kept: BTreeSet<u64>,
    /// Requests of an account in so many seconds.
    pub limit: u64,
    pub window_s: u64,
    /// Requests of all accounts together in the same time.
    pub app_limit: Option<u64>,
    pub workers: usize,
    pub pace: Pace,
    pub faults: String,
    /// What happens, and when, in this order.
    pub deeds: Vec<(Duration, Deed)>,
}

impl World {
    pub fn of(seed: u64) -> World {
        let mut dice = fastrand::Rng::with_seed(seed);
        let accounts = dice.usize(1..=ACCOUNTS.len());
        let limit = dice.u64(1..12);
        let window_s = dice.u64(1..=60) * 60;
        let rows = |from: u64, most: u64, dice: &mut fastrand::Rng| -> Vec<Row> {
            let count = dice.u64(1..=most);
            (from..from + count).map(|number| (number, dice.usize(..accounts))).collect()
        };
        let (first, second) = (rows(0, 30, &mut dice), rows(OF_SECOND, 8, &mut dice));
        let kept = first.iter().map(|(number, _)| *number).filter(|_| dice.u8(..10) == 0).collect();
        let mut world = World {
            seed,
            accounts,
            files: vec![first],
            second,
            kept,
            limit,
            window_s,
            app_limit: (dice.u8(..3) == 0).then(|| dice.u64(limit..=2 * limit)),
            workers: dice.usize(1..=8),
            pace: if dice.bool() { Pace::Even } else { Pace::FrontLoad },
            faults: faults(&mut dice),
            deeds: Vec::new(),
        };
        world.deeds = world.happenings(&mut dice);
        world
    }

    /// Some of everything, at any time while there is work; in the end nothing is out or paused.
    fn happenings(&mut self, dice: &mut fastrand::Rng) -> Vec<(Duration, Deed)> {
        let rows = (self.files[0].len() + self.second.len()) as u64;
        let lasts_s = (rows / (self.limit * self.accounts as u64) + 1) * self.window_s;
        let mut deeds = Vec::new();
        for _ in 0..dice.usize(..12) {
            let at = Duration::from_millis(dice.u64(..lasts_s * 1_000));
            let account = dice.usize(..self.accounts);
            deeds.push(match dice.u8(..18) {
                10 => (at, Deed::Suspend(Duration::from_secs(dice.u64(1..=8 * 3_600)))),
                11..15 => {
                    // Most boot at once, while what was sent before still counts.
                    let off = Duration::from_secs(if dice.u8(..4) > 0 { 20 } else { dice.u64(20..=86_400) });
                    (at, Deed::Reboot { off, clock: dice.bool().then(|| wrong_clock(dice, at)) })
                }
                15 | 16 => (at, Deed::SetClock(Some(wrong_clock(dice, at)))),
                17 => (at, Deed::SetClock(None)),
                0..4 => (at, Deed::Kill { after_events: dice.usize(..12) }),
                4 => (at, Deed::Stop),
                5 => (at, Deed::Outage(account)),
                6 => (at, Deed::Pause),
                7 => (at, Deed::Retry),
                8 => (at, Deed::Cancel),
                _ => (at, Deed::Reload(0)),
            });
        }
        deeds.sort_by_key(|(at, _)| *at);
        for (_, deed) in &mut deeds {
            if let Deed::Reload(edit) = deed {
                *edit = self.files.len();
                self.edit(dice);
            }
        }
        let end = Duration::from_secs(lasts_s + dice.u64(..7_200));
        let outages = (0..self.accounts).map(|account| (end, Deed::OutageEnds(account)));
        deeds.extend(outages.chain([(end, Deed::Unpause), (end, Deed::Retry)]));
        deeds
    }

    /// Some rows go, some come, one may stand there twice.
    fn edit(&mut self, dice: &mut fastrand::Rng) {
        let edit = self.files.len() as u64;
        let mut rows = self.files[self.files.len() - 1].clone();
        rows.retain(|_| dice.u8(..5) > 0);
        let new = (0..dice.u64(1..5)).map(|number| OF_EDITS + edit * 100 + number);
        rows.extend(new.map(|number| (number, dice.usize(..self.accounts))));
        rows.extend(rows.first().copied().filter(|_| dice.bool()));
        self.files.push(rows);
    }

    pub fn account(number: usize) -> String {
        ACCOUNTS[number].to_owned()
    }

    pub fn rate(&self) -> String {
        format!("{}/{}s", self.limit, self.window_s)
    }

    pub fn app_rate(&self) -> Option<String> {
        self.app_limit.map(|limit| format!("{limit}/{}s", self.window_s))
    }

    pub fn file(&self, edit: usize) -> String {
        text(&self.files[edit])
    }

    pub fn second_file(&self) -> String {
        text(&self.second)
    }

    pub fn keep_list(&self) -> String {
        let lines: Vec<String> = self.kept.iter().map(|number| id(*number).to_string()).collect();
        format!("# the list\n{}\n", lines.join("\n"))
    }

    /// Those that were in the file before an edit, and are not after it. None of them comes back.
    pub fn dropped_by(&self, edit: usize) -> Vec<u64> {
        let left: BTreeSet<u64> = self.files[edit].iter().map(|(number, _)| *number).collect();
        let before = self.files[..edit].iter().flatten().map(|(number, _)| *number);
        before.filter(|number| !left.contains(number)).collect()
    }

    /// Every target that some file names.
    pub fn named(&self) -> BTreeSet<String> {
        let rows = self.files.iter().flatten().chain(&self.second);
        rows.map(|(number, _)| id(*number).to_string()).collect()
    }
}

/// A clock that is wrong by minutes to days, or altogether: of 1970, 2038 or 9999.
fn wrong_clock(dice: &mut fastrand::Rng, at: Duration) -> Wall {
    let right = START.wall.after(at).0;
    let off_ms = 1_000 * dice.i64(60..=3 * 86_400);
    Wall(match dice.u8(..7) {
        0 => 1_000 * dice.i64(0..86_400),
        1 => 1_000 * (i64::from(i32::MAX) - 30),
        2 => 253_402_214_400_000,
        3 | 4 => right - off_ms,
        _ => right + off_ms,
    })
}

fn faults(dice: &mut fastrand::Rng) -> String {
    if dice.u8(..4) == 0 {
        return "none".to_owned();
    }
    let kinds = ["429", "5xx", "reset", "lost", "cut", "gone"];
    let mut some = Vec::new();
    for kind in kinds {
        if dice.bool() {
            some.push(format!("{kind}={}%", dice.u8(1..6)));
        }
    }
    if some.is_empty() { "none".to_owned() } else { some.join(",") }
}

fn text(rows: &[Row]) -> String {
    let lines: Vec<String> =
        rows.iter().map(|(number, account)| format!("{},unfollow,{}\n", id(*number), ACCOUNTS[*account])).collect();
    format!("user_id,action,account\n{}", lines.concat())
}
