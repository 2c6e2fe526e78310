//! `cleanup audit`: the attempts and the requests that read, counted again by the rule that the limiter keeps.
//!
//! In: every attempt of every account, what it read, and the windows as they are set now. Out: each window's fullest moment; exit code 1 if
//! any was over. The counting is `limits::Audit`; the ticks of several boots are put on one `line`.

mod apps;
mod line;
mod reads;

use serde_json::{Value, json};

use self::apps::AppAudit;
use self::line::Line;
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
    let (mut found, mut apps) = (Vec::new(), Vec::new());
    if let Some(mut store) = context.existing_queue().await? {
        for account in store.accounts().await? {
            let specs = context.settings.windows(account.platform);
            found.push(recount(&mut store, account, &specs, &context.clock).await?);
        }
        apps = apps::recount(&mut store, &found, &context.settings).await?;
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
