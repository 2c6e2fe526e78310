//! A page of a list, as the Mastodon API writes it: an array of accounts or statuses; where it goes on says the `Link` header alone.
//! In: a question or an answer. Out: a query; a [`Page`], or none where it is none. Pure.

use serde_json::Value;

use super::is_name;
use super::plain_text::plain_text;
use crate::domain::{PostTraits, Target, TargetKind, Visibility, Wall};
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
        What::Names(_) | What::Users(_) => String::new(),
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
        // A post may be a picture alone, and then its text is known to be empty.
        text: shown.get("content").and_then(Value::as_str).map(plain_text),
        is_repost: item.get("reblog").map(Value::is_object),
        repost_of: repeated.and_then(id),
        traits: traits(item, shown),
        link: link(shown),
        is_opaque: true,
        ..Listed::bare(id(item)?)
    })
}

/// Who may see it, and whether it is pinned, is said of a repost itself; what it shows is the post that it repeats.
fn traits(item: &Value, shown: &Value) -> PostTraits {
    let visibility = text(item, "visibility").and_then(Visibility::named);
    let is_repost = item.get("reblog").is_some_and(Value::is_object);
    // Servers say `pinned` only of what can be pinned: neither reposts nor direct posts.
    let cannot_be_pinned = is_repost || visibility == Some(Visibility::Direct);
    PostTraits {
        visibility,
        is_reply: item.get("in_reply_to_id").map(|id| !id.is_null()),
        has_media: shown.get("media_attachments").and_then(Value::as_array).map(|media| !media.is_empty()),
        is_pinned: item.get("pinned").and_then(Value::as_bool).or(cannot_be_pinned.then_some(false)),
    }
}

fn id(item: &Value) -> Option<Target> {
    let text = item.get("id")?.as_str().filter(|text| is_name(text))?;
    text.parse().ok()
}

pub(super) fn text<'a>(item: &'a Value, field: &str) -> Option<&'a str> {
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

pub(super) fn html(item: &Value, field: &str) -> Option<String> {
    text(item, field).map(plain_text).filter(|text| !text.is_empty())
}

pub(super) fn link(item: &Value) -> Option<String> {
    text(item, "url").filter(|url| url.starts_with("https://") && url.len() <= 1_000).map(str::to_owned)
}

pub(super) fn time(item: &Value, field: &str) -> Option<Wall> {
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
    fn what_kind_of_post_it_is_and_unknown_where_nothing_is_said() {
        let posts = r#"[
            {"id":"1","visibility":"unlisted","in_reply_to_id":"7","media_attachments":[{"id":"9"}],"pinned":true,"reblog":null,"content":""},
            {"id":"2","visibility":"private","in_reply_to_id":null,"media_attachments":[],"pinned":false,"reblog":null},
            {"id":"3","visibility":"direct","in_reply_to_id":null,"media_attachments":[],"reblog":null},
            {"id":"4","visibility":"public","in_reply_to_id":null,"media_attachments":[],"content":"",
             "reblog":{"id":"8","visibility":"unlisted","in_reply_to_id":"7","media_attachments":[{"id":"9"}],"content":"<p>a</p>"}},
            {"id":"5","visibility":"mutuals_only","media_attachments":7},
            {"id":"6","visibility":"public","in_reply_to_id":null,"media_attachments":[],"reblog":null}]"#;
        let page = read(TargetKind::Post, posts).unwrap();
        let told = |at: usize| page.entries[at].traits;
        let traits =
            |visibility, is_reply, has_media, is_pinned| PostTraits { visibility, is_reply, has_media, is_pinned };
        assert_eq!(told(0), traits(Some(Visibility::Unlisted), Some(true), Some(true), Some(true)));
        assert_eq!(page.entries[0].text.as_deref(), Some(""), "a picture alone has a text that is empty");
        assert_eq!(told(1), traits(Some(Visibility::Private), Some(false), Some(false), Some(false)));
        assert_eq!(
            told(2),
            traits(Some(Visibility::Direct), Some(false), Some(false), Some(false)),
            "nobody can pin it"
        );
        let repost = traits(Some(Visibility::Public), Some(false), Some(true), Some(false));
        assert_eq!(told(3), repost, "a repost shows the media of what it repeats, and is no reply itself");
        assert_eq!(told(4), PostTraits::UNKNOWN);
        assert_eq!(page.entries[4].text, None);
        assert_eq!(told(5).is_pinned, None, "a server that says nothing of pinning has not said that it is not pinned");
    }

    #[test]
    fn what_is_no_list_is_no_page() {
        assert_eq!(read(TargetKind::User, "[]").unwrap().entries, []);
        for body in ["{}", r#"{"error":"x"}"#, "", "[", "<html>", "null", r#"[{"id":"1","id":"2"}]"#] {
            assert_eq!(read(TargetKind::User, body), None, "{body}");
        }
    }
}
