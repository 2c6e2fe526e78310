//! A page of a list, as the Mastodon API writes it: an array of accounts or statuses; where it goes on says the `Link` header alone.
//! In: a question or an answer. Out: a query; a [`Page`], or none where it is none. Pure.

use serde_json::Value;

use super::is_name;
use super::plain_text::plain_text;
use crate::domain::{Target, TargetKind, Wall};
use crate::platforms::answer::Answer;
use crate::platforms::classify::read_list;
use crate::platforms::entry::{Listed, Page};
use crate::platforms::page_question::{PageQuestion, What};

/// The most that is kept of a name.
const MAX_NAME_CHARS: usize = 300;
/// The last millisecond of a day.
const DAY_MS: i64 = 86_400_000 - 1;

/// The query of a page. A cursor is the query of the link that named it, whole; it was checked when it came.
pub(super) fn query(question: &PageQuestion<'_>) -> String {
    match question.what {
        What::Entries { from: Some(cursor), .. } => cursor.to_owned(),
        What::Entries { count, from: None, .. } => {
            format!("limit={}", count.clamp(question.bounds.0, question.bounds.1))
        }
        // No list of these platforms looks up users.
        What::Handles(_) | What::Users(_) => String::new(),
    }
}

/// Reads a page.
pub(super) fn page(of: TargetKind, answer: &Answer) -> Option<Page> {
    let items = read_list(&answer.body).ok()?;
    let entries: Vec<Listed> = items
        .iter()
        .filter_map(|item| match of {
            TargetKind::User => account(item),
            TargetKind::Post => status(item),
        })
        .collect();
    let unreadable = u32::try_from(items.len() - entries.len()).unwrap_or(u32::MAX);
    Some(Page { entries, next: answer.next.clone(), missing: Vec::new(), unreadable })
}

fn account(item: &Value) -> Option<Listed> {
    Some(Listed {
        name: name(item),
        created_at: time(item, "created_at"),
        last_active_at: day(item, "last_status_at"),
        followers: item.get("followers_count").and_then(Value::as_u64),
        text: html(item, "note"),
        link: link(item),
        is_opaque: true,
        ..Listed::bare(id(item)?)
    })
}

fn status(item: &Value) -> Option<Listed> {
    // A repost says null of its own text, and holds the whole post that it repeats.
    let repeated = item.get("reblog").filter(|post| post.is_object());
    let shown = repeated.unwrap_or(item);
    Some(Listed {
        name: shown.get("account").and_then(name),
        created_at: time(item, "created_at"),
        likes: item.get("favourites_count").and_then(Value::as_u64),
        reposts: item.get("reblogs_count").and_then(Value::as_u64),
        text: html(shown, "content"),
        is_repost: item.get("reblog").map(Value::is_object),
        repost_of: repeated.and_then(id),
        link: link(shown),
        is_opaque: true,
        ..Listed::bare(id(item)?)
    })
}

fn id(item: &Value) -> Option<Target> {
    let text = item.get("id")?.as_str().filter(|text| is_name(text))?;
    text.parse().ok()
}

fn text<'a>(item: &'a Value, field: &str) -> Option<&'a str> {
    item.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// The display name and the address. The address is no handle here: it names somebody at a host.
fn name(account: &Value) -> Option<String> {
    let shown = text(account, "display_name");
    let name = match (shown, text(account, "acct")) {
        (Some(shown), Some(address)) => format!("{shown} (@{address})"),
        (None, Some(address)) => format!("@{address}"),
        (shown, None) => shown?.to_owned(),
    };
    Some(name.chars().take(MAX_NAME_CHARS).collect())
}

fn html(item: &Value, field: &str) -> Option<String> {
    text(item, field).map(plain_text).filter(|text| !text.is_empty())
}

fn link(item: &Value) -> Option<String> {
    text(item, "url").filter(|url| url.starts_with("https://") && url.len() <= 1_000).map(str::to_owned)
}

fn time(item: &Value, field: &str) -> Option<Wall> {
    let at = text(item, field)?.parse::<jiff::Timestamp>().ok()?;
    Some(Wall(at.as_millisecond()))
}

/// A day, at its end: who posted on it was active until then for all that is known.
fn day(item: &Value, field: &str) -> Option<Wall> {
    let date = text(item, field)?.get(..10)?.parse::<jiff::civil::Date>().ok()?;
    let begins = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond();
    Some(Wall(begins + DAY_MS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::RateFacts;
    use crate::platforms::answer::{Body, ContentType};
    use crate::platforms::entry::NextPage;

    fn read(of: TargetKind, body: &str) -> Option<Page> {
        let answer = Answer {
            status: 200,
            body: Body::whole(body),
            facts: RateFacts::default(),
            content_type: ContentType::Json,
            next: NextPage::At("limit=2&max_id=7".into()),
        };
        page(of, &answer)
    }

    #[test]
    fn accounts_and_statuses_as_servers_write_them() {
        let users = r#"[{"id":"01F6KXCP71V24GR0SJGAHRXSQ2","acct":"ada@example.org","display_name":"Ada","note":"<p>a &amp; b</p>",
            "created_at":"2024-05-01T00:00:00.000Z","last_status_at":"2026-11-01","followers_count":7,"url":"https://example.org/@ada"},
            {"id":"12","acct":"bob","display_name":"","followers_count":"many"},{"acct":"nobody"},{"id":"a/b"},7]"#;
        let page = read(TargetKind::User, users).unwrap();
        assert_eq!((page.entries.len(), page.unreadable), (2, 3));
        let ada = &page.entries[0];
        assert_eq!(ada.id.to_string(), "01F6KXCP71V24GR0SJGAHRXSQ2");
        assert_eq!((ada.name.as_deref(), ada.text.as_deref()), (Some("Ada (@ada@example.org)"), Some("a & b")));
        assert_eq!((ada.followers, ada.handle.clone()), (Some(7), None));
        assert!(page.entries.iter().all(|entry| entry.is_opaque));
        assert_eq!(ada.last_active_at, Some(Wall(1_793_577_599_999)));
        assert_eq!((page.entries[1].name.as_deref(), page.entries[1].followers), (Some("@bob"), None));
        assert_eq!(page.cursor(), Some("limit=2&max_id=7"));

        let posts = r#"[{"id":"5","created_at":"2026-01-01T00:00:00Z","content":"","favourites_count":1,"reblogs_count":2,
            "account":{"acct":"me"},"reblog":{"id":"4","content":"<p>hi</p>","url":"https://b.example/4","account":{"acct":"b@b.example"}}},
            {"id":"3","content":"<p>own</p>","reblog":null,"account":{"acct":"me"}},{"id":"2"}]"#;
        let page = read(TargetKind::Post, posts).unwrap();
        let told: Vec<_> =
            page.entries.iter().map(|e| (e.is_repost, e.repost_of.as_ref().map(Target::to_string))).collect();
        assert_eq!(told, [(Some(true), Some("4".to_owned())), (Some(false), None), (None, None)]);
        assert_eq!(
            (page.entries[0].text.as_deref(), page.entries[0].name.as_deref()),
            (Some("hi"), Some("@b@b.example"))
        );
        assert_eq!((page.entries[0].likes, page.entries[0].reposts), (Some(1), Some(2)));
    }

    #[test]
    fn what_is_no_list_is_no_page() {
        assert_eq!(read(TargetKind::User, "[]").unwrap().entries, []);
        for body in ["{}", r#"{"error":"x"}"#, "", "[", "<html>", "null", r#"[{"id":"1","id":"2"}]"#] {
            assert_eq!(read(TargetKind::User, body), None, "{body}");
        }
    }
}
