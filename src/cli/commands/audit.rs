//! `cleanup audit`: the attempts and the requests that read, counted again by the rule that the limiter keeps.
//!
//! In: every attempt of every account, the windows within which it was sent, and what was read. Out: each window's fullest moment; exit
//! code 1 if any was over. The counting is `limits::Audit`; the ticks of several boots are put on one `line`.

mod apps;
mod line;
mod reads;
mod windows;

use std::collections::HashMap;

use serde_json::{Value, json};

use self::apps::AppAudit;
use self::line::Line;
use self::reads::ReadAudit;
use self::windows::{Tally, Windows, count};

use crate::app::status::seconds;
use crate::cli::args::AuditArgs;
use crate::cli::context::Context;
use crate::clock::SharedClock;
use crate::domain::{Applies, Platform, Scope, Tick, Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::limits::{Audit, Fullest};
use crate::store::{Account, AttemptSpan, DrainWindows, Store};
use crate::text::{escaped, full_text};

/// Recounts the record.
///
/// # Errors
/// The queue cannot be read.
pub async fn run(context: &Context, args: &AuditArgs) -> Result<u8, CommandError> {
    let (mut found, mut apps) = (Vec::new(), Vec::new());
    if let Some(mut store) = context.existing_queue().await? {
        let record = store.queue().windows_of_drains().await?;
        let of = |platform| (platform, Windows::of(&context.settings, &record, platform, Scope::Account));
        let by_platform: HashMap<Platform, Windows> = Platform::ALL.into_iter().map(of).collect();
        for account in store.accounts().all().await? {
            let Some(windows) = by_platform.get(&account.platform) else { continue };
            found.push(recount(&mut store, account, (windows, &record), &context.clock).await?);
        }
        apps = apps::recount(&mut store, &found, &context.settings, &record).await?;
        store.close().await;
    }
    let is_over = found.iter().any(AccountAudit::is_over) || apps.iter().any(AppAudit::is_over);
    if args.json {
        let accounts: Vec<Value> = found.iter().map(AccountAudit::json).collect();
        context.printer.json(&json!({ "accounts": accounts, "apps": apps.iter().map(AppAudit::json).collect::<Vec<_>>(), "over": is_over }))?;
    } else if found.is_empty() {
        let is_there = context.settings.db().is_ok_and(|path| path.exists());
        let why = if is_there { String::new() } else { format!(": {}", context.no_queue_sentence()) };
        context.printer.data(&format!("no attempts are on record{why}"))?;
    } else {
        let zone = context.zone.get();
        let told = found.iter().map(|audit| audit.told(zone)).chain(apps.iter().map(|audit| audit.told(zone)));
        let told: Vec<String> = told.collect();
        context.printer.data(&told.join("\n"))?;
    }
    let unrecorded = found.iter().map(|audit| audit.tally.unrecorded).sum();
    warn(context, is_over, unrecorded);
    Ok(if is_over { ErrorKind::Fault.exit_code() } else { 0 })
}

/// What has to be known beside the numbers.
fn warn(context: &Context, is_over: bool, unrecorded: u64) {
    if unrecorded > 0 {
        context.printer.warn(&format!(
            "{} sent by an earlier version, which did not write down its limits: judged by those of today",
            counted(unrecorded, "attempt was", "attempts were")
        ));
    }
    if is_over {
        context.printer.warn(if context.settings.are_windows_chosen() {
            "requests were sent beyond the limits named here; without --rate and --per each is judged by those it was sent under"
        } else if unrecorded > 0 {
            "requests were sent beyond a limit; it may have been another one then"
        } else {
            "requests were sent beyond the limit that was set then"
        });
    }
}

struct AccountAudit {
    account: Account,
    tally: Tally,
    windows: Vec<Counted>,
    line: Line,
    reads: Vec<ReadAudit>,
}

async fn recount(
    store: &mut Store,
    account: Account,
    (windows, record): (&Windows, &DrainWindows),
    clock: &SharedClock,
) -> Result<AccountAudit, CommandError> {
    let (mut audit, mut line, mut tally) = (Audit::new(&windows.all()), Line::default(), Tally::default());
    let each = |span: AttemptSpan| tally.add(count(&mut audit, &mut line, (windows, record), &span));
    store.read().attempts_of(account.id, each).await?;
    let reads = reads::recount(store, &account, clock).await?;
    Ok(AccountAudit { account, tally, windows: of_interest(audit, windows), line, reads })
}

/// A window and whether it is set now.
struct Counted {
    found: Fullest,
    is_today: bool,
}

/// Today's windows, and those of earlier runs that something was sent within.
fn of_interest(audit: Audit, windows: &Windows) -> Vec<Counted> {
    let counted = audit.finish().into_iter().map(|found| Counted { is_today: windows.is_today(&found.spec), found });
    counted.filter(|counted| counted.is_today || counted.found.at.is_some()).collect()
}

impl Counted {
    fn json(&self, wall: impl Fn(Option<Tick>) -> Option<Wall>) -> Value {
        let mut window = window_json(&self.found, wall);
        window["current"] = self.is_today.into();
        window
    }

    fn told(&self, at: impl Fn(Option<Tick>) -> String) -> String {
        let then = if self.is_today { "" } else { " (the limit of that time)" };
        line(&self.found, then, at)
    }
}

impl AccountAudit {
    fn is_over(&self) -> bool {
        self.windows.iter().any(|counted| counted.found.over > 0) || self.reads.iter().any(ReadAudit::is_over)
    }

    fn json(&self) -> Value {
        let window = |counted: &Counted| counted.json(|tick| tick.map(|tick| self.line.wall(tick)));
        json!({
            "name": self.account.name.as_str(),
            "platform": self.account.platform.name(),
            "user_id": self.account.user_id.as_str(),
            "attempts": self.tally.attempts,
            "unrecorded": self.tally.unrecorded,
            "windows": self.windows.iter().map(window).collect::<Vec<_>>(),
            "reads": self.reads.iter().map(ReadAudit::json).collect::<Vec<_>>(),
        })
    }

    fn told(&self, zone: &jiff::tz::TimeZone) -> String {
        let (name, platform) = (escaped(self.account.name.as_str()), self.account.platform);
        let mut lines = vec![format!(
            "{name}  {platform} user {}: {}",
            self.account.user_id,
            counted(self.tally.attempts, "attempt", "attempts")
        )];
        let at = |tick: Option<Tick>| tick.map_or_else(String::new, |tick| full_text(self.line.wall(tick), zone));
        lines.extend(self.windows.iter().map(|counted| counted.told(at)));
        lines.extend(self.reads.iter().flat_map(|reads| reads.lines(zone)));
        lines.join("\n")
    }
}

/// What was found about a window, in a line. `then` says whose limit it was.
fn line(found: &Fullest, then: &str, at: impl Fn(Option<Tick>) -> String) -> String {
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
    format!("  {rate}{what}{then}: {fullest}{over}")
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
