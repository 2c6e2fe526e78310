//! Pages without a browser: what is in them, what cannot be, and how big they are.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::{Outcome, Wall};
use crate::store::{Bucket, Histogram};

const HOSTILE: &str = "<script>alert(1)</script>\u{202e}\"'&</bdi><img src=x onerror=alert(2)>";

fn row(place: u64, label: &str) -> LinkRow {
    let what = Card {
        url: Some(format!("https://x.com/i/user/{place}")),
        label: label.to_owned(),
        name: Some(label.to_owned()),
        text: Some(label.to_owned()),
    };
    let (action, target) = ("unfollow", "1000000000000000007".to_owned());
    LinkRow { place, task: place as i64, action, target, what, note: "failed: not_authorized (403)".to_owned() }
}

fn worklist(rows: &[LinkRow], job: &str) -> String {
    let files = ["a b.html".to_owned(), "a b-2.html".to_owned()];
    let part = Part { number: 1, files: &files };
    let page = WorklistPage {
        job,
        token: "00ff",
        made_at: Wall(0),
        is_sandbox: false,
        rows,
        total: 600,
        part,
        saved_as: "worklist.csv",
        load: "cleanup load worklist.csv",
        csv: "cleanup report x --worklist --format csv",
    };
    worklist_page(&page)
}

fn report(look: Vec<LookRow>) -> String {
    let stretches = (0..u64::from(MAX_BARS)).map(|n| Bucket { done: 50, gone: n % 3, failed: n % 2 }).collect();
    report_page(&ReportPage {
        job: HOSTILE.to_owned(),
        round: (2, 2),
        is_sandbox: true,
        made_at: Wall(1_700_000_000_000),
        outcomes: vec![OutcomeRow { outcome: Outcome::Failed, reason: Some(HOSTILE.to_owned()), rows: 7 }],
        timeline: Histogram { begin: Wall(0), stretch_ms: 15_000, stretches },
        look_total: look.len() as u64,
        look,
        next: vec![("cleanup explain 1".to_owned(), "tells")],
    })
}

fn look(line: u64) -> LookRow {
    LookRow {
        line: Some(line),
        what: row(line, HOSTILE).what,
        outcome: "failed",
        reason: Some("not_authorized".to_owned()),
        http_status: Some(403),
        attempts: 3,
        finished_at: Some(Wall(0)),
    }
}

#[test]
fn a_stranger_s_text_stays_text() {
    let rows = [row(1, HOSTILE)];
    let files = ["x.html".to_owned()];
    let restore =
        restore_page(HOSTILE, &rows, 1, Part { number: 1, files: &files }, Wall(0), false, &["Nothing comes back."]);
    for (page, scripts) in [(worklist(&rows, HOSTILE), 1), (restore, 0), (report(vec![look(2)]), 0)] {
        assert_eq!(page.matches("<script>").count(), scripts, "{page}");
        assert!(!page.contains("<img") && !page.contains('\u{202e}'), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;\u{fffd}&quot;"), "{page}");
        assert!(page.contains("default-src 'none'"), "{page}");
    }
}

#[test]
fn pages_of_normal_size_stay_under_100_kb() {
    let rows: Vec<LinkRow> = (1..=MAX_LINKS_PER_PAGE).map(|n| row(n, "@synthetic_name")).collect();
    let mut looks: Vec<LookRow> = (1..=MAX_LOOK_ROWS).map(look).collect();
    for look in &mut looks {
        look.what = row(look.line.unwrap(), "@synthetic_name").what;
    }
    let (list, report) = (worklist(&rows, "unfollow").len(), report(looks).len());
    assert!(list < 100_000, "{list} bytes");
    assert!(report < 100_000, "{report} bytes");
}

#[test]
fn parts_lead_to_each_other() {
    let page = worklist(&[row(1, "@a")], "unfollow");
    assert!(page.contains("file 1 of 2") && page.contains("href=\"./a%20b-2.html\"") && !page.contains("previous"));
}

#[test]
fn an_over_long_text_is_cut_and_says_so() {
    assert_eq!(foreign(&"é".repeat(281)).chars().count(), 281);
    assert!(foreign(&"é".repeat(281)).ends_with('…'));
    assert_eq!(foreign("a\nb\u{2066}c"), "a b\u{fffd}c");
}
