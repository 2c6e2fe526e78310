//! Reading stopped before its end: why, what is kept, and what to type next.

use serde::Serialize;

use crate::domain::{ListKind, Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::{Budget, Stop, Untold};
use crate::text::{LocalClock, shell_word};

/// A list that was not read to its end. What was read is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnfinishedReading {
    /// Which.
    pub list: ListKind,
    /// Why.
    pub why: String,
    /// What is kept, and what to type next.
    pub resume: String,
    /// 4, or the signal's.
    pub exit_code: u8,
}

/// What to say of a list of which so many entries are kept. `again` is the command that goes on.
///
/// # Errors
/// What needs a person, or never answers.
pub(in crate::app) fn unfinished(
    (list, kept): (ListKind, u64),
    stop: &Stop,
    (again, account): (&str, &str),
    budget: &Budget,
    (local, now): (&LocalClock, Wall),
) -> Result<UnfinishedReading, CommandError> {
    let kept = match list {
        // They are found among the account's posts.
        ListKind::Reposts => {
            counted(kept, "post that was searched for reposts is", "posts that were searched for reposts are")
        }
        _ => counted(kept, "entry that was read is", "entries that were read are"),
    };
    let resume = format!("{kept} kept; {again}, with the options you gave, continues from there");
    let name = list.name();
    let (why, exit_code) = match stop {
        Stop::Person(reason, said) => {
            let error = CommandError::new(ErrorKind::Person, format!("{name} cannot be read ({reason}): {said}"));
            return Err(error.hint(format!("{}; {resume}", remedy(reason, account))));
        }
        Stop::Malformed(said) => {
            let error = CommandError::new(
                ErrorKind::Person,
                format!("the platform refuses the request for {name} as malformed: {said}"),
            );
            return Err(error.hint(format!(
                "the token may belong to another account: `cleanup account check {}` says whose it is; {resume}",
                shell_word(account)
            )));
        }
        Stop::Untold(Untold::Rule(option, rule)) => {
            let message = format!(
                "{name}: the filter cannot be applied: for the first entries {}, so every entry would be left out; nothing was written",
                rule.sentence()
            );
            return Err(CommandError::new(ErrorKind::Usage, message).hint(format!(
                "leave out {option}; {kept} kept, and {again} with the other options continues from there (--fresh reads from the start)"
            )));
        }
        Stop::Untold(Untold::Reposts) => {
            let message = format!(
                "{name}: the platform does not say which posts the first reposts repeat, so they cannot be undone by those posts' IDs; nothing was written"
            );
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint("undo them on the platform's own pages; or list them with `cleanup list posts`, and delete them by their own IDs with --action delete-post"));
        }
        Stop::Unreachable(said) => {
            let message = format!("{name} is not read to its end: no answer from the platform: {said}");
            return Err(CommandError::new(ErrorKind::Unreachable, message).hint(resume));
        }
        // Whoever reads a list waits.
        Stop::Deadline | Stop::Later(..) => (
            "the time given by --until or --for is over, or the rate limit allows no request before its end".to_owned(),
            4,
        ),
        Stop::Requests => ("--max-requests is used up".to_owned(), 4),
        Stop::Spend => {
            let (most, spent) = (budget.max_spend.unwrap_or_default(), budget.spent_text());
            (format!("another page would cost more than --max-spend {most} leaves (spent so far: {spent})"), 4)
        }
        Stop::Cap(until) => (format!("the platform accepts no more requests until {}", local.text(*until, now)), 4),
        Stop::World(said) => (format!("the platform answers, but sends no usable page: {said}"), 4),
        Stop::Interrupted(signal) => (format!("stopped by {}", signal.name()), signal.exit_code()),
    };
    Ok(UnfinishedReading { list, why, resume, exit_code })
}

/// What to do first, before the list is read again.
fn remedy(reason: &str, account: &str) -> String {
    let account = shell_word(account);
    match reason {
        "credits_depleted" => "buy credits in the developer console".to_owned(),
        "oauth2_only" => format!("log in with OAuth 2.0: `cleanup account login {account}`"),
        "unauthorized" | "login_needed" | "invalid_token" => {
            format!("log in again with `cleanup account login {account}`, or set a fresh token")
        }
        "login_disabled" => format!("log in with a browser at the server of {account} and do what it asks"),
        "account_locked" | "account_suspended" => "log in at x.com and do what it asks".to_owned(),
        _ => format!(
            "check that the app may read this list, and that the login has the scopes for it: `cleanup account check {account}`"
        ),
    }
}
