//! A page of a list, as the Mastodon API writes it: an array of accounts or statuses; where it goes on says the `Link` header alone.
//! In: a question or an answer. Out: a query; a [`Page`], or none where it is none. Pure.

use serde_json::Value;

use super::is_name;
use super::names;
use super::plain_text::plain_text;
use super::things;
use crate::domain::{PostTraits, Target, TargetKind, TargetName, Visibility, Wall};
use crate::platforms::answer::Answer;
use crate::platforms::classify::{read, read_list};
use crate::platforms::entry::{Listed, Missing, Page, PostMarks};
use crate::platforms::oauth1::percent_encode;
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
        What::Names(names) => {
            let name = percent_encode(names.first().map_or("", |name| name.as_str()));
            match question.of {
                TargetKind::User => format!("acct={name}"),
                _ => format!("q={name}&type=statuses&resolve=true&limit=2"),
            }
        }
        What::Post(_) => String::new(),
        What::Users(users) => {
            let asked: Vec<String> = users.iter().map(|user| format!("id[]={user}")).collect();
            asked.join("&")
        }
    }
}

/// Reads a page.
pub(super) fn page(question: &PageQuestion<'_>, answer: &Answer) -> Option<Page> {
    match question.what {
        What::Names(names) => found(names.first()?, question.of, answer),
        What::Post(post) => marked(post, answer),
        What::Users(_) => followed(answer),
        What::Entries { .. } => list(question.of, answer),
    }
}

/// Whom of those who were asked about the account follows, or has asked to.
fn followed(answer: &Answer) -> Option<Page> {
    let mut page = Page::default();
    for item in read_list(&answer.body).ok()? {
        let holds = |field: &str| item.get(field).and_then(Value::as_bool);
        let is_followed = holds("following")? || holds("requested").unwrap_or(false);
        let id = item.get("id").and_then(Value::as_str).filter(|id| is_name(id))?;
        if is_followed {
            page.entries.push(Listed::bare(id.parse().ok()?));
        }
    }
    Some(page)
}

/// What the account has done to a post. One that is not there, or that the account may not see any more, tells nothing.
fn marked(post: &Target, answer: &Answer) -> Option<Page> {
    let root = read(&answer.body).ok()?;
    if answer.status == 404 {
        root.get("error")?.as_str()?;
        let missing = Missing { asked: post.to_string(), reason: "unavailable" };
        return Some(Page { missing: vec![missing], ..Page::default() });
    }
    let is_asked_for = answer.status == 200 && root.get("id").and_then(Value::as_str) == Some(&post.to_string());
    let holds = |field: &str| root.get(field).and_then(Value::as_bool);
    let marks = PostMarks {
        liked: holds("favourited"),
        reposted: holds("reblogged"),
        bookmarked: holds("bookmarked"),
        pinned: holds("pinned"),
    };
    is_asked_for.then(|| Page { entries: vec![Listed { marks, ..Listed::bare(post.clone()) }], ..Page::default() })
}

/// Whom an address means, or which post a link. That the server knows nobody of that name is no proof that there is nobody: it looks among
/// those alone that it knows, and may not reach the post's server.
fn found(name: &TargetName, of: TargetKind, answer: &Answer) -> Option<Page> {
    let root = read(&answer.body).ok()?;
    let nobody =
        |reason| Page { missing: vec![Missing { asked: name.as_str().to_owned(), reason }], ..Page::default() };
    match (of, answer.status) {
        (TargetKind::User, 200) => {
            let user = account(&Value::Object(root))?;
            Some(Page { entries: vec![user], ..Page::default() })
        }
        (TargetKind::User, 404) => root.get("error")?.as_str().map(|_| nobody("handle_not_found")),
        (TargetKind::Post, 200) => match root.get("statuses")?.as_array()?.as_slice() {
            [post] => Some(Page { entries: vec![status(post)?], ..Page::default() }),
            [] => Some(nobody("post_not_found")),
            // Two posts of one link are none.
            _ => Some(nobody("unavailable")),
        },
        _ => None,
    }
}

fn list(of: TargetKind, answer: &Answer) -> Option<Page> {
    let items = read_list(&answer.body).ok()?;
    let entries: Vec<Listed> = items
        .iter()
        .filter_map(|item| match of {
            TargetKind::User => account(item),
            TargetKind::Post => status(item),
            TargetKind::List => None,
            TargetKind::Tag => tag(item),
            TargetKind::Domain => thing(item.as_str()?),
        })
        .collect();
    let unreadable = u32::try_from(items.len() - entries.len()).unwrap_or(u32::MAX);
    Some(Page { entries, next: answer.next.clone(), missing: Vec::new(), unreadable })
}

fn tag(item: &Value) -> Option<Listed> {
    let listed = thing(&format!("#{}", text(item, "name")?))?;
    Some(Listed { link: link(item), ..listed })
}

/// A tag or a server. Its text tells no time.
fn thing(name: &str) -> Option<Listed> {
    Some(Listed { is_opaque: true, ..Listed::bare(things::read(name)?) })
}

fn account(item: &Value) -> Option<Listed> {
    Some(Listed {
        address: address(item),
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

/// Where a user is found from any server. Of a user of the account's own server `acct` leaves the host out; the page has it.
fn address(account: &Value) -> Option<TargetName> {
    let acct = text(account, "acct")?;
    let host = || link(account)?.strip_prefix("https://")?.split('/').next().map(str::to_owned);
    let whole = if acct.contains('@') { acct.to_owned() } else { format!("{acct}@{}", host()?) };
    names::read(&whole)?.name()
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
    use crate::platforms::page_question::EntryFields;
    use crate::platforms::vocabulary::Vocabulary;

    fn answer(status: u16, body: &str) -> Answer {
        let (facts, content_type) = (RateFacts::default(), ContentType::Json);
        let next = NextPage::At("limit=2&max_id=7".into());
        Answer { status, body: Body::whole(body), facts, content_type, next }
    }

    fn asked(what: What<'_>, of: TargetKind) -> PageQuestion<'_> {
        PageQuestion { what, fields: EntryFields::Users, of, bounds: (1, 80), vocabulary: Vocabulary::New }
    }

    fn read(of: TargetKind, body: &str) -> Option<Page> {
        page(&asked(What::Entries { count: 2, from: None, newest_posts: false }, of), &answer(200, body))
    }

    #[test]
    fn an_address_means_an_account_and_a_link_a_post() {
        let address = ["ada@example.org".parse().unwrap()];
        let link = ["https://b.example/@b/7".parse().unwrap()];
        let (user, post) =
            (asked(What::Names(&address), TargetKind::User), asked(What::Names(&link), TargetKind::Post));
        assert_eq!(query(&user), "acct=ada%40example.org");
        assert_eq!(query(&post), "q=https%3A%2F%2Fb.example%2F%40b%2F7&type=statuses&resolve=true&limit=2");
        let id = |page: Option<Page>| page.unwrap().entries[0].id.to_string();
        assert_eq!(
            id(page(&user, &answer(200, r#"{"id":"01F6K","username":"ada","acct":"ada@example.org"}"#))),
            "01F6K"
        );
        let status = r#"{"id":"5","uri":"https://b.example/users/b/statuses/7","account":{"acct":"b@b.example"}}"#;
        let found = format!(r#"{{"accounts":[],"statuses":[{status}],"hashtags":[]}}"#);
        assert_eq!(id(page(&post, &answer(200, &found))), "5");
        let why = |page: Option<Page>| page.unwrap().missing[0].reason;
        // Mastodon's words, and GoToSocial's.
        for error in [r#"{"error":"Record not found"}"#, r#"{"error":"Not Found: account not found"}"#] {
            assert_eq!(why(page(&user, &answer(404, error))), "handle_not_found");
        }
        let none = r#"{"accounts":[],"statuses":[],"hashtags":[]}"#;
        assert_eq!(why(page(&post, &answer(200, none))), "post_not_found");
        let two = format!(r#"{{"statuses":[{status},{status}]}}"#);
        assert_eq!(why(page(&post, &answer(200, &two))), "unavailable");
        for (question, status, body) in [
            (&user, 404, "<html>"),
            (&user, 404, "{}"),
            (&user, 200, "{}"),
            (&user, 401, r#"{"error":"The access token is invalid"}"#),
            (&post, 403, r#"{"error":"This action is outside the authorized scopes"}"#),
            (&post, 404, r#"{"error":"Not Found"}"#),
            (&post, 200, r#"{"statuses":{}}"#),
        ] {
            assert_eq!(page(question, &answer(status, body)), None, "{status} {body}");
        }
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
