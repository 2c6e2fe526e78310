//! `cleanup audit`: the attempts and the requests that read, counted again by the rule that the limiter keeps.
//!
//! In: every attempt of every account, what it read, and the windows as they are set now. Out: each window's fullest moment; exit code 1 if
//! any was over. The counting is `limits::Audit`; here the ticks of several boots are put on one line.

mod reads;

use serde_json::{Value, json};

use self::reads::ReadAudit;

use crate::cli::args::AuditArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::cli::standing::seconds;
use crate::cli::timing::full_text;
use crate::clock::SharedClock;
use crate::domain::{Applies, Scope, Tick, Wall, WindowSpec, counted};
use crate::limits::{Audit, Fullest};
use crate::store::{Account, AttemptSpan, Store};

/// Recounts the record.
///
/// # Errors
/// The queue cannot be read.
pub async fn run(context: &Context, args: &AuditArgs) -> Result<u8, CliError> {
    let mut found = Vec::new();
    if let Some(mut store) = context.existing_queue().await? {
        for account in store.accounts().await? {
            let specs = context.settings.windows(account.platform);
            found.push(recount(&mut store, account, &specs, &context.clock).await?);
        }
        store.close().await;
    }
    let is_over = found.iter().any(AccountAudit::is_over);
    if args.json {
        let accounts: Vec<Value> = found.iter().map(AccountAudit::json).collect();
        context.printer.json(&json!({ "accounts": accounts, "over": is_over }))?;
    } else if found.is_empty() {
        context.printer.data("no attempts are on record")?;
    } else {
        let told: Vec<String> = found.iter().map(|audit| audit.told(context.zone.get())).collect();
        context.printer.data(&told.join("\n"))?;
    }
    if is_over {
        context
            .printer
            .warn("requests were sent beyond a limit as it is set now; a run with a higher --rate shows here too");
    }
    Ok(if is_over { Kind::Fault.exit_code() } else { 0 })
}

struct AccountAudit {
    account: Account,
    attempts: u64,
    windows: Vec<Fullest>,
    line: Line,
    reads: Vec<ReadAudit>,
}

async fn recount(
    store: &mut Store,
    account: Account,
    specs: &[WindowSpec],
    clock: &SharedClock,
) -> Result<AccountAudit, CliError> {
    // An app's window would need the attempts of all its accounts in one order.
    let own: Vec<WindowSpec> = specs.iter().filter(|spec| spec.scope == Scope::Account).copied().collect();
    let (mut audit, mut line, mut attempts) = (Audit::new(&own), Line::default(), 0);
    let count = |span: AttemptSpan| {
        let (reserved, upper) = line.place(&span);
        audit.attempt(span.action, reserved, upper);
        attempts += 1;
    };
    store.attempts_of(account.id, count).await?;
    let reads = reads::recount(store, &account, clock).await?;
    Ok(AccountAudit { account, attempts, windows: audit.finish(), line, reads })
}

impl AccountAudit {
    fn is_over(&self) -> bool {
        self.windows.iter().any(|found| found.over > 0) || self.reads.iter().any(ReadAudit::is_over)
    }

    fn json(&self) -> Value {
        let window = |found: &Fullest| window_json(found, |tick| tick.map(|tick| self.line.wall(tick)));
        json!({
            "name": self.account.name.as_str(),
            "platform": self.account.platform.name(),
            "user_id": self.account.user_id.as_str(),
            "attempts": self.attempts,
            "windows": self.windows.iter().map(window).collect::<Vec<_>>(),
            "reads": self.reads.iter().map(ReadAudit::json).collect::<Vec<_>>(),
        })
    }

    fn told(&self, zone: &jiff::tz::TimeZone) -> String {
        let (name, platform) = (escaped(self.account.name.as_str()), self.account.platform);
        let mut lines = vec![format!(
            "{name}  {platform} user {}: {}",
            self.account.user_id,
            counted(self.attempts, "attempt", "attempts")
        )];
        let at = |tick: Option<Tick>| tick.map_or_else(String::new, |tick| full_text(self.line.wall(tick), zone));
        lines.extend(self.windows.iter().map(|found| line(found, at)));
        lines.extend(self.reads.iter().flat_map(|reads| reads.lines(zone)));
        lines.join("\n")
    }
}

/// What was found about a window, in a line.
fn line(found: &Fullest, at: impl Fn(Option<Tick>) -> String) -> String {
    let what = only(found).map_or_else(String::new, |action| format!(" {action}"));
    let (limit, rate) = (found.spec.rate.limit(), found.spec.rate);
    let fullest = match found.at {
        Some(_) => format!("fullest {} of {limit} at {}", found.most, at(found.at)),
        None => "never used".to_owned(),
    };
    let over = match found.over {
        0 => String::new(),
        over => format!("; OVER {}, first at {}", counted(over, "time", "times"), at(found.first_over)),
    };
    format!("  {rate}{what}: {fullest}{over}")
}

/// The same as JSON.
fn window_json(found: &Fullest, wall: impl Fn(Option<Tick>) -> Option<Wall>) -> Value {
    let at = |tick| wall(tick).map(Wall::rfc3339);
    json!({
        "limit": found.spec.rate.limit(),
        "window_s": seconds(found.spec.rate.window()),
        "action": only(found).map(crate::domain::Action::name),
        "fullest": found.most,
        "fullest_at": at(found.at),
        "over": found.over,
        "first_over_at": at(found.first_over),
    })
}

fn only(found: &Fullest) -> Option<crate::domain::Action> {
    match found.spec.applies {
        Applies::All => None,
        Applies::Only(action) => Some(action),
    }
}

/// The most boots whose wall times are kept for telling; earlier ones are told by the oldest kept.
const MAX_BOOTS: usize = 10_000;

/// One line of ticks for the attempts of several boots.
///
/// Within a boot ticks are exact. Between two boots the wall clock tells how much time passed, if both sides were checked
/// against the platform's. Else nobody knows, and the new boot's beginning is put right behind all that could have been
/// counted before it: its machine cannot have been up earlier.
#[derive(Debug, Default)]
struct Line {
    boot: Option<Boot>,
    /// Where each boot begins on the line, and what turns its ticks into wall time.
    walls: Vec<(Tick, i64)>,
}

#[derive(Debug)]
struct Boot {
    name: String,
    /// What turns its ticks into those of the line.
    shift: i64,
    checked: bool,
    last_reserved: Tick,
    last_wall: Wall,
    last_upper: Tick,
}

impl Line {
    /// Where an attempt lies: not before the one placed last.
    fn place(&mut self, span: &AttemptSpan) -> (Tick, Tick) {
        let (tick, wall) = (span.reserved.tick, span.reserved.wall);
        let shift = match &self.boot {
            Some(boot) if boot.name == span.boot => boot.shift,
            Some(boot) => boot.shift_of_next(span),
            None => 0,
        };
        let before = self.boot.as_ref().map(|boot| (boot.last_reserved, boot.last_upper));
        let reserved = Tick(tick.0.saturating_add(shift)).max(before.map_or(Tick(i64::MIN), |(reserved, _)| reserved));
        let upper = Tick(span.upper.0.saturating_add(shift)).max(reserved);
        if self.boot.as_ref().is_none_or(|boot| boot.name != span.boot) && self.walls.len() < MAX_BOOTS {
            self.walls.push((reserved, wall.0.saturating_sub(reserved.0)));
        }
        self.boot = Some(Boot {
            name: span.boot.clone(),
            shift,
            checked: span.clock_checked,
            last_reserved: reserved,
            last_wall: wall,
            last_upper: before.map_or(upper, |(_, last)| last.max(upper)),
        });
        (reserved, upper)
    }

    /// The wall time of a tick of the line.
    fn wall(&self, tick: Tick) -> Wall {
        let behind = self.walls.partition_point(|(begins, _)| *begins <= tick);
        let shift = behind.checked_sub(1).and_then(|index| self.walls.get(index)).map_or(0, |(_, shift)| *shift);
        Wall(tick.0.saturating_add(shift))
    }
}

impl Boot {
    fn shift_of_next(&self, span: &AttemptSpan) -> i64 {
        let (tick, wall) = (span.reserved.tick, span.reserved.wall);
        // Tick 0 of the new boot is behind everything.
        let behind = self.last_upper.0;
        if !(self.checked && span.clock_checked) {
            return behind;
        }
        let by_wall = self.last_reserved.after(wall.since(self.last_wall));
        by_wall.0.saturating_sub(tick.0).max(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, Moment};

    fn span(boot: &str, tick: i64, wall: i64, clock_checked: bool) -> AttemptSpan {
        AttemptSpan {
            boot: boot.into(),
            clock_checked,
            action: Action::Unlike,
            reserved: Moment { tick: Tick(tick), wall: Wall(wall) },
            upper: Tick(tick + 100),
        }
    }

    #[test]
    fn within_a_boot_the_wall_clock_says_nothing() {
        let mut line = Line::default();
        assert_eq!(line.place(&span("a", 1_000, 50_000, true)), (Tick(1_000), Tick(1_100)));
        assert_eq!(line.place(&span("a", 2_000, 9, true)), (Tick(2_000), Tick(2_100)));
        assert_eq!(line.wall(Tick(2_000)), Wall(51_000));
    }

    #[test]
    fn across_boots_checked_clocks_tell_the_time_between() {
        let mut line = Line::default();
        line.place(&span("a", 500_000, 1_000_000, true));
        let (reserved, _) = line.place(&span("b", 20_000, 1_600_000, true));
        assert_eq!(reserved, Tick(1_100_000));
        assert_eq!(line.wall(reserved), Wall(1_600_000));
    }

    #[test]
    fn unchecked_clocks_tell_nothing_and_a_boot_begins_behind_the_last() {
        for (first, second) in [(true, false), (false, true)] {
            let mut line = Line::default();
            line.place(&span("a", 500_000, 1_000_000, first));
            let (reserved, _) = line.place(&span("b", 20_000, 900_000_000, second));
            assert_eq!(reserved, Tick(520_100));
        }
        let mut line = Line::default();
        line.place(&span("a", 500_000, 1_000_000, true));
        let (reserved, _) = line.place(&span("b", 20_000, 7, true));
        assert_eq!(reserved, Tick(520_100), "a clock that went back");
    }
}
