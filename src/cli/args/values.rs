//! Readers of option values. Each message says what would have been right.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::app::named_target;
use crate::config::{Per, ProgressMode};
use crate::domain::{Action, MicroUsd, Platform, Rate, Target, UserId, Visibility, parse_duration};
use crate::limits::Pace;
use crate::lists::filter::{MAX_ORDERED_ENTRIES, Order};
use crate::sandbox::FieldNames;
use crate::store::QueuePlace;
use crate::text::is_letter_or_digit;

/// `--action`: names, hidden aliases, and a suggestion where one is misspelt.
pub(super) fn action() -> impl TypedValueParser<Value = Action> {
    PossibleValuesParser::new(undoing()).try_map(|text| Action::parse(&text).ok_or("no action"))
}

/// `--actions` of a login: what takes an undo back as well.
pub(super) fn any_action() -> impl TypedValueParser<Value = Action> {
    let inverse = Action::ALL.into_iter().filter(|action| !action.is_undoing());
    let inverse = inverse.map(|action| PossibleValue::new(action.name()).hide(true));
    let names: Vec<PossibleValue> = undoing().into_iter().chain(inverse).collect();
    let named = |text: &str| Action::parse(text).or_else(|| Action::named(text));
    PossibleValuesParser::new(names).try_map(move |text| named(&text.to_ascii_lowercase()).ok_or("no action"))
}

fn undoing() -> [PossibleValue; Action::UNDOING.len()] {
    Action::UNDOING.map(|action| {
        let name = PossibleValue::new(action.name());
        match action {
            Action::Unrepost => name.alias("unretweet"),
            Action::DeletePost => name.aliases(["delete", "delete_post"]),
            // Files write them so, too.
            Action::RemoveFollower => name.alias("remove_follower"),
            Action::LeaveList => name.alias("leave_list"),
            Action::DeleteList => name.alias("delete_list"),
            Action::UnpinList => name.alias("unpin_list"),
            Action::ListUnblock => name.alias("list_unblock"),
            Action::UnfollowTag => name.alias("unfollow_tag"),
            Action::UnblockDomain => name.alias("unblock_domain"),
            _ => name,
        }
    })
}

/// `--platform`
pub(super) fn platform() -> impl TypedValueParser<Value = Platform> {
    let names = Platform::ALL.map(Platform::name);
    PossibleValuesParser::new(names).try_map(|text| Platform::named(&text).ok_or("no platform"))
}

/// `--platform` where somebody logs in: nobody has to in the sandbox.
pub(super) fn real_platform() -> impl TypedValueParser<Value = Platform> {
    PossibleValuesParser::new(Platform::real().map(Platform::name))
        .try_map(|text| Platform::named(&text).ok_or("no platform"))
}

/// `--user-id`
pub(super) fn user_id(text: &str) -> Result<UserId, String> {
    let numeric = (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = text.parse().ok().filter(|_| numeric);
    id.ok_or_else(|| "a user ID has 1 to 19 digits; it is not the handle".into())
}

/// `--pace`
pub(super) fn pace() -> impl TypedValueParser<Value = Pace> {
    PossibleValuesParser::new(["even", "front-load"])
        .map(|text| if text == "even" { Pace::Even } else { Pace::FrontLoad })
}

/// `--per`
pub(super) fn per() -> impl TypedValueParser<Value = Per> {
    PossibleValuesParser::new(["account", "endpoint"])
        .map(|text| if text == "endpoint" { Per::Endpoint } else { Per::Account })
}

/// `--progress`
pub(super) fn progress() -> impl TypedValueParser<Value = ProgressMode> {
    let names = ProgressMode::ALL.map(ProgressMode::name);
    PossibleValuesParser::new(names).try_map(|text| ProgressMode::named(&text).ok_or("no mode"))
}

/// `--field-names`
pub(super) fn field_names() -> impl TypedValueParser<Value = FieldNames> {
    PossibleValuesParser::new(FieldNames::ALL.map(FieldNames::name))
        .try_map(|text| FieldNames::named(&text).ok_or("no names"))
}

/// `--order`
pub(super) fn order() -> impl TypedValueParser<Value = Order> {
    PossibleValuesParser::new(Order::ALL.map(Order::name)).try_map(|text| Order::named(&text).ok_or("no order"))
}

/// `--visibility`
pub(super) fn visibility() -> impl TypedValueParser<Value = Visibility> {
    PossibleValuesParser::new(Visibility::ALL.map(Visibility::name))
        .try_map(|text| Visibility::named(&text).ok_or("no visibility"))
}

/// `--limit`: what is limited may have to stand in memory.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    let limit = text.parse().ok().filter(|limit| (1..=MAX_ORDERED_ENTRIES).contains(limit));
    limit.ok_or_else(|| format!("give a number from 1 to {MAX_ORDERED_ENTRIES}"))
}

/// `--matching`
pub(super) fn wanted_text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        Err("give the text to look for; nothing matches everything".into())
    } else {
        Ok(text.to_owned())
    }
}

/// `--min-likes`, which spared posts with so many likes or more and was read the other way round: no value is taken any more.
pub(super) fn min_likes(text: &str) -> Result<std::convert::Infallible, String> {
    let same = text.parse::<u64>().ok().and_then(|likes| likes.checked_sub(1));
    let same = same.map_or_else(|| "--max-likes N".to_owned(), |likes| format!("--max-likes {likes}"));
    Err(format!("--min-likes is now --max-likes, which counts one lower; write {same} for the same posts"))
}

/// A length of time, longer than nothing and at most 31 days.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).ok_or("write it as 30s, 10m, 4h or 1h30m")?;
    if duration.is_zero() || duration > Rate::MAX_WINDOW {
        return Err("it must be longer than 0 and at most 31d".into());
    }
    Ok(duration)
}

/// An age, at most 100 years.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    const MAX_AGE_DAYS: u64 = 36_525;
    let age = parse_duration(text).filter(|age| *age <= Duration::from_secs(MAX_AGE_DAYS * 86_400));
    age.ok_or_else(|| "write it as 90d or 12h".into())
}

/// An amount of money above zero.
pub(super) fn spend(text: &str) -> Result<MicroUsd, String> {
    let amount: MicroUsd = text.parse()?;
    if amount == MicroUsd(0) { Err("it must be more than 0".into()) } else { Ok(amount) }
}

/// A queue's file, or the address of its server.
pub(super) fn queue_path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("give the path of the queue's file".into());
    }
    let path = PathBuf::from(text);
    // What is refused here is quoted, without its password.
    if text.contains("://") && !QueuePlace::is_address(&path) {
        return Err("it is not the address of a queue, which is a file, named by its path, or a database postgres://USER@HOST/DATABASE".into());
    }
    Ok(path)
}

/// A job's name: it stands in reports, file names and commands.
pub(super) fn job_name(text: &str) -> Result<String, String> {
    const MAX_JOB_NAME_CHARS: usize = 128;
    let length = text.chars().count();
    if length == 0 || length > MAX_JOB_NAME_CHARS || text.chars().any(char::is_control) || text.trim() != text {
        return Err(format!("a job's name has 1 to {MAX_JOB_NAME_CHARS} characters and no control characters"));
    }
    Ok(text.to_owned())
}

/// A schedule's name: it stands in commands, in lines of a log, and with `--list` in the name of a file.
pub(super) fn schedule_name(text: &str) -> Result<String, String> {
    const MAX_SCHEDULE_NAME_CHARS: usize = 64;
    // With its ending the name of a file, of which the file system takes 255 bytes.
    const MAX_SCHEDULE_NAME_BYTES: usize = 200;
    let length = text.chars().count();
    let is_plain = |c: char| is_letter_or_digit(c) || "-_.".contains(c);
    let is_long = length > MAX_SCHEDULE_NAME_CHARS || text.len() > MAX_SCHEDULE_NAME_BYTES;
    let is_wrong = is_long || !text.chars().all(is_plain) || text.starts_with(['-', '.']);
    if length == 0 || is_wrong {
        return Err(format!(
            "a schedule's name has 1 to {MAX_SCHEDULE_NAME_CHARS} letters, digits, - _ or . and begins with neither - nor ."
        ));
    }
    Ok(text.to_owned())
}

/// The long name of an option, with or without its dashes.
pub(super) fn option_name(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("--").unwrap_or(text);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    if is_name { Ok(name.to_owned()) } else { Err("give the long name of an option, such as max-requests".to_owned()) }
}

/// `--until` of a schedule: a time of day, for it is meant every time.
pub(super) fn time_of_day(text: &str) -> Result<jiff::civil::Time, String> {
    match text.parse() {
        Ok(super::Until::Clock(time)) => Ok(time),
        _ => Err("write it as 06:00; a schedule's hours end at the same time of day every time".into()),
    }
}

/// `--notify`: a command for the shell.
pub(super) fn notify(text: &str) -> Result<String, String> {
    crate::config::notify_command(text)
}

/// What a target is called by, whoever's it is.
pub(super) fn target(text: &str) -> Result<Target, String> {
    named_target(text).ok_or_else(|| {
        "give an ID, a handle as @name, a link to a profile or post, a DID or the at:// address of a post".to_owned()
    })
}

/// The sandbox's address.
pub(super) fn loopback(text: &str) -> Result<std::net::SocketAddr, String> {
    let address: std::net::SocketAddr = text.parse().map_err(|_| "write it as 127.0.0.1:8765".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("the sandbox serves this machine alone: 127.0.0.1:PORT or [::1]:PORT".into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nonsense_is_refused_with_the_remedy() {
        assert!(duration("soon").unwrap_err().contains("10m"));
        assert!(duration("0s").is_err() && duration("32d").is_err() && duration("1h30m").is_ok());
        assert!(age("90").unwrap_err().contains("90d"));
        assert!(limit("0").is_err() && limit("500001").is_err() && limit("500000").is_ok());
        assert!(wanted_text(" ").is_err() && wanted_text("crypto").is_ok());
        assert!(spend("0.00").is_err() && spend("-1").is_err() && spend("0.005").is_ok());
        assert!(
            queue_path("mysql://x").unwrap_err().contains("postgres://")
                && queue_path("postgres://x").is_ok()
                && queue_path("").is_err()
        );
        assert!(job_name("").is_err() && job_name(" a").is_err() && job_name("a\u{1b}[2J").is_err());
        assert!(job_name("Nachtlauf 3").is_ok());
        assert!(time_of_day("6:00").is_ok() && time_of_day("2027-01-31T06:00").unwrap_err().contains("06:00"));
        let absurd = "x".repeat(65);
        for wrong in
            ["", " ", "two words", "a/b", "..", ".hidden", "-n", "--help", "a\u{1b}[2J", "a\nb", "a\u{202e}b", &absurd]
        {
            let why = schedule_name(wrong).unwrap_err();
            assert!(why.contains("1 to 64 letters, digits, - _ or ."), "{wrong:?}: {why}");
        }
        for right in ["nightly", "Müllabfuhr-2", "Mu\u{308}llabfuhr", "v1.2_b", "_x", &absurd[1..]] {
            assert_eq!(schedule_name(right).unwrap(), right);
        }
        assert!(notify(" ").is_err() && notify("mail -s done me").is_ok());
        assert!(target("ada").unwrap_err().contains("@name") && target("@ada").is_ok() && target("0042").is_ok());
        let ends: Vec<String> = ["https://x.com/Ada", " '42 ", "twitter.com/ada/status/42?s=20", "x.com/i/user/42"]
            .map(|text| target(text).unwrap().to_string())
            .into();
        assert_eq!(ends, ["@ada", "42", "42", "42"]);
        assert!(target("https://example.org/ada").unwrap_err().contains("link"));
        assert_eq!(target("01F6KXCP71V24GR0SJGAHRXSQ2").unwrap().to_string(), "01F6KXCP71V24GR0SJGAHRXSQ2");
        let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
        let post = format!("at://{did}/app.bsky.feed.post/3kabcdefghi2a");
        assert_eq!(target(did).unwrap().to_string(), did);
        assert_eq!(target(&post).unwrap().to_string(), post);
        assert_eq!(target(&format!("https://bsky.app/profile/{did}/post/3kabcdefghi2a")).unwrap().to_string(), post);
        assert!(target("ada-b").is_err() && target("123.0").is_err() && target("1e18").is_err());
        assert!(loopback("0.0.0.0:80").unwrap_err().contains("127.0.0.1") && loopback("[::1]:0").is_ok());
    }
}
