//! The numbers behind a bar or a line, and what is said above it. Pure: nothing is read and nothing is printed.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::app::RunPlan;
use crate::app::status::{estimate, hold_text};
use crate::cli::context::with_options;
use crate::domain::{AccountId, Action, Moment, Scope, TargetName, Tick, Wall, counted};
use crate::engine::{Event, Progress, WindowLevel};
use crate::text::{LocalClock, clipped, escaped, shell_word, span_text};

/// A speed is told once it has been watched for so long.
const SPEED_AFTER: Duration = Duration::from_secs(10);
/// The longest piece of an answer that a notice shows.
const MAX_DETAIL_CHARS: usize = 200;
/// Names on keep lists told at once.
const MAX_KEPT_NAMES: usize = 5;

const LOG_LOST: &str = "the write-ahead log (-wal) of this queue is gone, and with it what was sent last: every window counts as full from now on, and rows may be asked for a second time (undoing twice does no harm); copy a queue together with its -wal file, or take it elsewhere with `cleanup db move`";

const RESTORED: &str = "the queue was restored from a snapshot, which does not know what was sent since: every window counts as full from now on, and rows may be asked for a second time (undoing twice does no harm)";

/// The numbers behind a bar or a line. Pure.
#[derive(Debug)]
pub struct View {
    plan: RunPlan,
    /// What commands in notices need to be for the queue at hand.
    command_options: String,
    began: Tick,
    settled_now: u64,
    last: Progress,
    /// Accounts that need a person: nobody can say when what they have left will be done.
    stopped: HashSet<AccountId>,
}

impl View {
    /// A view of a run that begins at `now`.
    pub fn new(plan: RunPlan, command_options: String, now: Moment) -> View {
        View {
            plan,
            command_options,
            began: now.tick,
            settled_now: 0,
            last: Progress::default(),
            stopped: HashSet::new(),
        }
    }

    /// Counts an event in.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::Settled { account, action, .. } => {
                self.settled_now += 1;
                let mut work = self.plan.work.iter_mut();
                if let Some((_, _, left)) = work.find(|(a, what, _)| a == account && what == action) {
                    *left = left.saturating_sub(1);
                }
            }
            Event::Decided { tasks, .. } => self.settled_now += tasks,
            Event::Progress(progress) => self.last = progress.clone(),
            Event::AccountStopped { account, .. } => {
                self.stopped.insert(*account);
            }
            _ => {}
        }
    }

    /// Settled tasks, and all of them. Rows loaded meanwhile can make it more than were planned.
    pub fn position(&self) -> (u64, u64) {
        let settled = self.plan.settled + self.settled_now;
        (settled, self.plan.total.max(settled))
    }

    /// When the last request will have left, by the limit; none where nothing is left or no window is known yet, and where this run
    /// does not do all that is left: it ends before, or an account needs a person.
    pub fn eta(&self, now: Wall) -> Option<Wall> {
        let mut left = self.plan.work.iter().filter(|(_, _, left)| *left > 0).peekable();
        let is_known = !self.last.windows.is_empty() && left.peek().is_some();
        if !is_known || self.plan.is_capped || left.any(|(account, ..)| self.stopped.contains(account)) {
            return None;
        }
        let from = self.last.next_slot_at.unwrap_or(now).max(now);
        let mut work: HashMap<AccountId, Vec<(Action, u64)>> = HashMap::new();
        for (account, action, left) in &self.plan.work {
            work.entry(*account).or_default().push((*action, *left));
        }
        let eta = work.values().map(|work| estimate::eta(work, &self.last.windows, self.plan.pace, from)).max();
        eta.filter(|at| self.plan.until.is_none_or(|until| *at <= until))
    }

    /// Speed, slots left, next slot and ETA in few characters (a terminal has 80), as far as they are known.
    pub fn facts(&self, now: Moment, local: &LocalClock) -> String {
        let mut facts = Vec::with_capacity(4);
        let watched = now.tick.since(self.began);
        if watched >= SPEED_AFTER && self.settled_now > 0 {
            facts.push(format!("{:.1}/min", self.settled_now as f64 * 60.0 / watched.as_secs_f64()));
        }
        if let Some(level) = shortest(&self.last.windows) {
            let limit = level.spec.rate.limit();
            facts.push(format!("{}/{limit} slots left", limit.saturating_sub(level.used)));
        }
        if let Some(at) = self.last.next_slot_at.filter(|at| *at > now.wall) {
            facts.push(format!("next {}", local.text(at, now.wall)));
        }
        if let Some(at) = self.eta(now.wall) {
            facts.push(format!("done ~{}", local.text(at, now.wall)));
        } else if let Some(until) = self.plan.until {
            facts.push(format!("until {}", local.text(until, now.wall)));
        }
        facts.join(", ")
    }

    /// All of it in one line.
    pub fn line(&self, now: Moment, local: &LocalClock) -> String {
        let ((settled, total), facts) = (self.position(), self.facts(now, local));
        let comma = if facts.is_empty() { "" } else { ", " };
        format!("{settled} of {total} settled{comma}{facts}")
    }

    /// What has to be said at once.
    pub fn notice(&self, event: &Event, now: Wall, local: &LocalClock) -> Option<String> {
        let name = |account: &AccountId| self.plan.names.get(account).map_or("?", String::as_str);
        match event {
            Event::Started { recovered, crashed } => cut_off(*recovered, *crashed),
            Event::LogLost { was_restored } => Some(if *was_restored { RESTORED } else { LOG_LOST }.to_owned()),
            Event::Held { account, reason, until } => Some(format!(
                "account {} waits until {}: {}",
                escaped(name(account)),
                local.text(*until, now),
                hold_text(reason)
            )),
            Event::AccountStopped { account, reason, detail } => Some(format!(
                "account {} needs you ({reason}): {}",
                escaped(name(account)),
                clipped(detail, MAX_DETAIL_CHARS)
            )),
            Event::Unreachable { since, detail } => Some(format!(
                "no answer for {}, still trying: {}",
                span_text(*since),
                clipped(detail, MAX_DETAIL_CHARS)
            )),
            Event::Outage { account, action, since, next_at, detail } => Some(format!(
                "account {}: since {} the platform answers {action} with errors ({}); its rows wait, next try {}",
                escaped(name(account)),
                local.text(*since, now),
                clipped(detail, MAX_DETAIL_CHARS),
                local.text(*next_at, now)
            )),
            Event::OutageEnded { account, action, since } => Some(format!(
                "account {}: the platform answers {action} again, after {}",
                escaped(name(account)),
                span_text(now.since(*since))
            )),
            Event::NamesFound { account, found, settled, kept, requests, spent, .. } => {
                let cost = if spent.0 > 0 { format!(", {spent}") } else { String::new() };
                let rows = format!("names looked up: {found} found, {settled} not found or repeated");
                let of_lists = format!("{} looked up", counted(*kept, "name of keep lists", "names of keep lists"));
                let told = match (found + settled, kept) {
                    (_, 0) => rows,
                    (0, _) => of_lists,
                    _ => format!("{rows}; {of_lists}"),
                };
                let requests = counted(*requests, "request", "requests");
                Some(format!("account {}: {told}; {requests}{cost}", escaped(name(account))))
            }
            Event::KeptNobody { account, names } => Some(kept_nobody_text(name(account), names)),
            Event::NamesWait { account, until, why, .. } => Some(format!(
                "account {}: looking names up waits until {}: {}",
                escaped(name(account)),
                local.text(*until, now),
                escaped(why)
            )),
            Event::RecordsSought { account, action } => Some(format!(
                "account {}: reading {}",
                escaped(name(account)),
                if action.is_undoing() {
                    format!("its own records, to find what {action} deletes")
                } else {
                    format!("what is there already, before {action} restores the rest")
                }
            )),
            Event::RecordsFound { account, action, entries } => Some(format!(
                "account {}: {} read for {action}",
                escaped(name(account)),
                counted(*entries, "record was", "records were")
            )),
            Event::RecordsWait { account, until, why, .. } => Some(format!(
                "account {}: reading its records waits until {}: {}",
                escaped(name(account)),
                local.text(*until, now),
                escaped(why)
            )),
            Event::Withheld { why } => Some(format!(
                "{}; this process sends no row that this list may protect until it can be read",
                escaped(why)
            )),
            Event::QueueAway { why } => Some(format!("{}; nothing is sent until it is back", escaped(why))),
            Event::QueueBack => Some("the queue is there again; the run continues".to_owned()),
            Event::HeldBack { job, reason, tasks } => {
                Some(with_options(&held_back_text(job, reason, *tasks), &self.command_options))
            }
            Event::Shared { .. }
            | Event::NamesSought { .. }
            | Event::Settled { .. }
            | Event::Decided { .. }
            | Event::PutBack { .. }
            | Event::GroupEnded(_)
            | Event::Progress(_)
            | Event::Committed { .. }
            | Event::Answered { .. } => None,
        }
    }
}

fn shortest(windows: &[WindowLevel]) -> Option<&WindowLevel> {
    let own = windows.iter().filter(|level| level.spec.scope == Scope::Account);
    own.min_by_key(|level| level.spec.rate.window())
}

/// What became of rows that an older version of the program had queued, and what to type next.
pub(crate) fn held_back_text(job: &str, reason: &str, tasks: u64) -> String {
    let rows = counted(tasks, "row that an older version queued is", "rows that an older version queued are");
    let (job, word) = (escaped(job), shell_word(job));
    format!(
        "{job}: {rows} rejected by this version ({reason}) and not sent; `cleanup report {word}` shows them; load the file again to see what to do"
    )
}

/// Names on keep lists that spare no row that has an ID alone.
fn kept_nobody_text(account: &str, names: &[(TargetName, String)]) -> String {
    let shown = names.iter().take(MAX_KEPT_NAMES).map(|(name, reason)| format!("{name} ({reason})"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_KEPT_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let one = names.len() == 1;
    format!(
        "account {}: the platform has told nobody by {} on the keep list: {}{more}; {} no row that has an ID alone, so add the ID where you know it",
        escaped(account),
        if one { "this name" } else { "these names" },
        escaped(&shown),
        if one { "it spares" } else { "they spare" }
    )
}

/// What an earlier run left that died.
fn cut_off(recovered: u64, crashed: u64) -> Option<String> {
    let again = (recovered > 0).then(|| {
        let rows =
            counted(recovered, "row was being sent and is sent again", "rows were being sent and are sent again");
        format!("{rows} after the others")
    });
    let failed = (crashed > 0).then(|| {
        let rows = counted(crashed, "row has failed (crashed)", "rows have failed (crashed)");
        format!("{rows}: it was the only request in flight when the program died, three times in a row")
    });
    let told: Vec<String> = [again, failed].into_iter().flatten().collect();
    (!told.is_empty()).then(|| format!("an earlier run was cut off: {}", told.join("; ")))
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
