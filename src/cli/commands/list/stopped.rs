//! Reading stopped before its end: why, what is kept, and what to type next.

use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::lists::ListKind;
use crate::lists::fetch::{Reader, Stop, Untold};
use crate::lists::filter::Rule;

/// The exit code of a reading that is not finished: 4, or the signal's. What needs a person, or never answers, is an error.
pub(in crate::cli::commands) fn ending(
    context: &Context,
    again: &str,
    list: ListKind,
    stop: &Stop,
    kept: u64,
    reader: &Reader,
) -> Result<u8, CommandError> {
    let kept = match list {
        // They are found among the account's posts.
        ListKind::Reposts => counted(kept, "post that was looked through is", "posts that were looked through are"),
        _ => counted(kept, "entry is", "entries are"),
    };
    let go_on = format!("{kept} kept; {again}, with the options you gave, goes on from there");
    let name = list.name();
    let (why, code) = match stop {
        Stop::Person(reason, said) => {
            let error = CommandError::new(ErrorKind::Person, format!("{name} cannot be read ({reason}): {said}"));
            return Err(error.hint(format!("{}; then: {go_on}", remedy(reason))));
        }
        Stop::Malformed(said) => {
            let error = CommandError::new(
                ErrorKind::Person,
                format!("the platform does not take the request for {name}: {said}"),
            );
            return Err(error.hint("is the token this account's? `cleanup account check` says whose it is"));
        }
        Stop::Untold(Untold::Rule(rule)) => {
            let message = format!("{name}: of the entries that came first {}, so all would be spared", rule.sentence());
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint(format!("leave out {}, and {go_on}; --fresh asks anew", option_of(*rule))));
        }
        Stop::Untold(Untold::Reposts) => {
            let message =
                format!("{name}: the platform does not say of the reposts that came first which posts they repeat");
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint("undo them on the platform's own pages, or delete them by their own IDs: `cleanup list posts`"));
        }
        Stop::Unreachable(said) => {
            let error = CommandError::new(ErrorKind::Unreachable, format!("no answer from the platform: {said}"));
            return Err(error.hint(go_on));
        }
        Stop::Deadline => ("the deadline has come, or no slot comes before it".to_owned(), 4),
        Stop::Requests => ("--max-requests is used up".to_owned(), 4),
        Stop::Spend => {
            let most = reader.budget.max_spend.unwrap_or_default();
            (
                format!(
                    "another page would go beyond --max-spend {most} (spent so far: {})",
                    reader.budget.spent_text()
                ),
                4,
            )
        }
        Stop::Cap(until) => {
            let now = context.clock.now().wall;
            (format!("the platform's cap lasts until {}", context.local_clock().text(*until, now)), 4)
        }
        Stop::World(said) => (format!("the platform answers, but with no page: {said}"), 4),
        Stop::Interrupted(signal) => (format!("stopped by {}", signal.name()), signal.exit_code()),
    };
    context.printer.say(&format!("{name} is not read to its end: {}; nothing was written", crate::text::escaped(&why)));
    context.printer.say(&go_on);
    Ok(code)
}

/// The option whose question cannot be answered.
fn option_of(rule: Rule) -> &'static str {
    match rule {
        Rule::ActivityUnknown => "--inactive-since",
        Rule::LikesUnknown => "--max-likes",
        Rule::RepostsUnknown => "--max-reposts",
        Rule::AgeUnknown => "the rules about age",
        _ => "that rule",
    }
}

fn remedy(reason: &str) -> &'static str {
    match reason {
        "credits_depleted" => "buy credits in the developer console",
        "oauth2_only" => "log in with OAuth 2.0",
        "unauthorized" | "login_needed" | "invalid_token" => {
            "log in again with `cleanup account login`, or set a fresh token"
        }
        "account_locked" | "account_suspended" => "log in at x.com and do what it asks",
        _ => "see that the app may read this list, and that the login has the scopes for it (`cleanup account check`)",
    }
}
