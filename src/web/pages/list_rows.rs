//! The rows of a list, a page of them, each with a tick.

use maud::{Markup, html};

use super::labels::foreign;
use super::layout::{Frame, count};
use super::list_page::{ListPage, list_address};
use crate::app::request::FilterOptions;
use crate::app::saved_list::ListedRow;
use crate::domain::{TargetKind, counted};
use crate::lists::Entry;
use crate::web::lists::fields;

/// Characters of a text that are shown.
const MAX_TEXT_CHARS: usize = 160;

/// The rows, and what can be done with them.
pub(super) fn rows(frame: &Frame, page: &ListPage) -> Markup {
    let is_empty = page.rows.is_empty();
    html! {
        form.stack method="post" action={ "/lists/" (page.id) "/ticks" } {
            @for (name, text) in fields(&page.options) { input type="hidden" name=(name) value=(text); }
            input type="hidden" name="at" value=(page.page);
            @if is_empty {
                div.empty {
                    h2 { "No row passes" }
                    p { "Change the filter" @if page.options != FilterOptions::default() { ", or " a href=(list_address(page.id, &FilterOptions::default())) { "show all" } } "." }
                }
            } @else {
                div.actions {
                    button.primary type="submit" name="go" value="job" disabled[page.left == 0] { "Continue with " (count(page.left)) }
                    button type="submit" name="go" value="stay" { "Keep these ticks" }
                    button type="submit" name="go" value="none" { "Tick all out" }
                    button type="submit" name="go" value="all" { "Tick all in" }
                }
                div.card.flush { div.scroll tabindex="0" role="region" aria-label="Rows" { (table(frame, page)) } }
                div.actions {
                    @if page.page > 0 { button type="submit" name="go" value="previous" { "Previous page" } }
                    @if page.page < page.last_page { button type="submit" name="go" value="next" { "Next page" } }
                    span.quiet { "Page " (count(page.page as u64 + 1)) " of " (count(page.last_page as u64 + 1)) }
                }
            }
        }
    }
}

fn table(frame: &Frame, page: &ListPage) -> Markup {
    // A list of users has followers as a user has, and a name.
    let kind = page.info.list.target_kind();
    let is_user = kind != TargetKind::Post;
    let what = match kind {
        TargetKind::User => "Who",
        TargetKind::Post => "Post",
        TargetKind::List => "List",
        TargetKind::Tag => "Tag",
        TargetKind::Domain => "Server",
    };
    html! {
        table.listed {
            thead { tr {
                th scope="col" { span.unseen { "Ticked" } }
                th scope="col" { (what) }
                th scope="col" { @if is_user { "Since" } @else { "Date" } }
                th.number scope="col" { @if is_user { "Followers" } @else { "Likes" } }
                th scope="col" { "More" }
            } }
            tbody { @for row in &page.rows { (line(frame, page, row, is_user)) } }
        }
    }
}

fn line(frame: &Frame, page: &ListPage, row: &ListedRow, is_user: bool) -> Markup {
    let entry = &row.entry;
    let (id, name) = (format!("row-{}", row.row), name_of(entry));
    let number = if is_user { entry.followers } else { entry.likes };
    html! {
        tr {
            td.tick {
                input type="hidden" name="shown" value=(row.row);
                input #(id) type="checkbox" name="in" value=(row.row) checked[!page.out.has(row.row)];
            }
            th scope="row" {
                label for=(id) { (foreign(&name)) }
                @if let Some(handle) = &entry.handle { @if is_user && handle.to_string() != name { br; span.quiet.small { (foreign(&handle.to_string())) } } }
            }
            @match entry.created_at { Some(at) => td data-label=(if is_user { "since" } else { "from" }) { (frame.time(at)) }, None => td {} }
            @match number { Some(number) => td.number data-label=(if is_user { "followers" } else { "likes" }) { (count(number)) }, None => td.number {} }
            td.cells.brief {
                (more(frame, entry, is_user))
                @if let Some(url) = entry.url(page.info.list.target_kind()).filter(|url| url.starts_with("https://")) {
                    " " a.small href=(url) target="_blank" rel="noopener noreferrer" { "see it there" span.unseen { ": " (foreign(&name)) ", in a new tab" } }
                }
            }
        }
    }
}

/// What people know it by: a name, a handle, the begin of a text, or its ID.
fn name_of(entry: &Entry) -> String {
    let text = entry.text.as_deref().map(brief).filter(|text| !text.is_empty());
    let named = entry.name.clone().filter(|name| !name.trim().is_empty());
    let handle = entry.handle.as_ref().map(ToString::to_string);
    // A user is a name, a post is what it says.
    let known = if entry.followers.is_some() || text.is_none() { named.or(handle).or(text) } else { text };
    known.unwrap_or_else(|| entry.target.to_string())
}

fn brief(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_TEXT_CHARS {
        line
    } else {
        line.chars().take(MAX_TEXT_CHARS).chain(['…']).collect()
    }
}

fn more(frame: &Frame, entry: &Entry, is_user: bool) -> Markup {
    let mut facts: Vec<String> = Vec::new();
    let mut fact = |is: Option<bool>, yes: &str, no: &str| {
        let word = match is {
            Some(true) => yes,
            Some(false) => no,
            None => "",
        };
        if !word.is_empty() {
            facts.push(word.to_owned());
        }
    };
    fact(entry.follows_back, "follows back", "does not follow back");
    fact(entry.is_ghost, "not there any more", "");
    fact(entry.is_repost, "a repost", "");
    fact(entry.traits.is_reply, "a reply", "");
    fact(entry.traits.has_media, "with media", "");
    fact(entry.traits.is_pinned, "pinned", "");
    facts.extend(entry.members.map(|members| counted(members, "member", "members")));
    facts.extend(entry.traits.visibility.map(|visibility| visibility.name().to_owned()));
    facts.extend(entry.reposts.map(|reposts| counted(reposts, "repost", "reposts")));
    html! {
        @if is_user { @if let Some(text) = &entry.text { (foreign(&brief(text))) " " } }
        @else if let Some(name) = &entry.name { span.quiet { "by " (foreign(name)) " " } }
        @if let Some(at) = entry.last_active_at { span.quiet { "last posted " (frame.time(at)) " " } }
        @if !facts.is_empty() { span.quiet.small { (facts.join(" · ")) } }
    }
}
