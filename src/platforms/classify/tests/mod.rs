//! Every row of the code table, every known body, both hosts.
#![allow(clippy::unwrap_used)]

mod aisa;
mod bluesky;
mod bodies;
mod laws;
mod mastodon;
mod subjects;
mod tables;

use super::*;
use crate::domain::{Action, Platform, RateFacts, TargetKind};
use crate::platforms::answer::ContentType;
use crate::platforms::entry::NextPage;
use crate::platforms::registry::find;
use crate::platforms::reply::{Limited, RefusalKind};

const X: Platform = Platform::XV2;
const V1: Platform = Platform::XV1;
const AISA: Platform = Platform::Aisa;
const HTML: &str = "<!DOCTYPE html><html><body>nope</body></html>";

fn answer(status: u16, body: &str) -> Answer {
    let content_type = if body.starts_with('<') { ContentType::Html } else { ContentType::Json };
    Answer { status, body: Body::whole(body), facts: RateFacts::default(), content_type, next: NextPage::None }
}

/// The finding in short: its kind and its word.
fn short(finding: &Finding) -> String {
    let (kind, reason) = match finding {
        Finding::Done { reason } => ("done", reason.clone().unwrap_or_default()),
        Finding::Gone { reason } => ("gone", reason.clone()),
        Finding::Refused { reason } => ("refused", reason.clone()),
        Finding::RecordChanged { reason } => ("changed", reason.clone()),
        Finding::Ambiguous { refusal: RefusalKind::NotFound, reason } => ("not found", reason.clone()),
        Finding::Ambiguous { refusal: RefusalKind::UnreadableNotFound, reason } => ("no answer of X", reason.clone()),
        Finding::Ambiguous { refusal: RefusalKind::BadRequest, reason } => ("bad request", reason.clone()),
        Finding::Ambiguous { refusal: RefusalKind::OtherRecord, reason } => ("other", reason.clone()),
        Finding::Ambiguous { refusal: RefusalKind::Forbidden, reason } => ("ambiguous", reason.clone()),
        Finding::Unauthorized { reason } => ("unauthorized", reason.clone()),
        Finding::NotGranted { reason } => ("not granted", reason.clone()),
        Finding::Account { reason } => ("account", reason.clone()),
        Finding::App { reason } => ("app", reason.clone()),
        Finding::Transient { reason } => ("world", reason.clone()),
        Finding::Unknown { reason } => ("unknown", reason.clone()),
        Finding::Limited(Limited::Rate) => ("limited", "rate".into()),
        Finding::Limited(Limited::Hidden) => ("limited", "hidden".into()),
        Finding::Limited(Limited::Usage { .. }) => ("limited", "usage".into()),
        Finding::Limited(Limited::Spend { .. }) => ("limited", "spend".into()),
        Finding::Unanswered { .. } | Finding::NotSent | Finding::Unproven { .. } | Finding::Unsendable { .. } => {
            ("not of the classifier", "".into())
        }
    };
    format!("{kind} {reason}").trim_end().to_owned()
}

/// What an answer means, of user 42 and target 9.
fn judged(platform: Platform, action: Action, answer: &Answer) -> Finding {
    let (user, target) = ("42".parse().unwrap(), "9".parse().unwrap());
    classify(find(platform, action).unwrap(), Subject { user: &user, target: &target }, answer)
}

fn said(platform: Platform, action: Action, status: u16, body: &str) -> String {
    short(&judged(platform, action, &answer(status, body)))
}

fn check(platform: Platform, action: Action, cases: &[(u16, &str, &str)]) {
    for (status, body, finding) in cases {
        assert_eq!(said(platform, action, *status, body), *finding, "{platform} {action} {status} {body}");
    }
}
