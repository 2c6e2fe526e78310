//! Every row of the code table, every known body, both hosts.
#![allow(clippy::unwrap_used)]

mod aisa;
mod bodies;
mod laws;
mod tables;

use super::*;
use crate::domain::Action;
use crate::platform::answer::ContentType;
use crate::platform::endpoint::find;

const X: Platform = Platform::XV2;
const V1: Platform = Platform::XV1;
const AISA: Platform = Platform::Aisa;
const HTML: &str = "<!DOCTYPE html><html><body>nope</body></html>";

fn answer(status: u16, body: &str) -> Answer {
    let content_type = if body.starts_with('<') { ContentType::Html } else { ContentType::Json };
    Answer { status, body: Body::whole(body), facts: RateFacts::default(), content_type }
}

/// The finding in short: its kind and its word.
fn short(finding: &Finding) -> String {
    let (kind, reason) = match finding {
        Finding::Done { reason } => ("done", reason.clone().unwrap_or_default()),
        Finding::Gone { reason } => ("gone", reason.clone()),
        Finding::Refused { reason } => ("refused", reason.clone()),
        Finding::Malformed { reason } => ("malformed", reason.clone()),
        Finding::Ambiguous { reason } => ("ambiguous", reason.clone()),
        Finding::Unauthorized { reason } => ("unauthorized", reason.clone()),
        Finding::Account { reason } => ("account", reason.clone()),
        Finding::App { reason } => ("app", reason.clone()),
        Finding::World { reason } => ("world", reason.clone()),
        Finding::Unknown { reason } => ("unknown", reason.clone()),
        Finding::Limited(Limited::Rate) => ("limited", "rate".into()),
        Finding::Limited(Limited::Hidden) => ("limited", "hidden".into()),
        Finding::Limited(Limited::Usage { .. }) => ("limited", "usage".into()),
        Finding::Limited(Limited::Spend { .. }) => ("limited", "spend".into()),
        Finding::Unanswered { .. } | Finding::NotSent => ("not of the classifier", "".into()),
    };
    format!("{kind} {reason}").trim_end().to_owned()
}

fn said(platform: Platform, action: Action, status: u16, body: &str) -> String {
    short(&classify(find(platform, action).unwrap(), &answer(status, body)))
}

fn check(platform: Platform, action: Action, cases: &[(u16, &str, &str)]) {
    for (status, body, finding) in cases {
        assert_eq!(said(platform, action, *status, body), *finding, "{platform} {action} {status} {body}");
    }
}
