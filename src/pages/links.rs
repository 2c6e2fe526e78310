//! Lists of links to work off by hand: the worklist with its ticks, and the list to restore.

use maud::{Markup, html};

use super::shell::{WORKLIST_SCRIPT, document};
use super::text::{foreign, utc};
use crate::domain::Wall;

/// A user or post as a page names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Where a person sees it; none where it cannot be told (a rejected row).
    pub url: Option<String>,
    /// The handle with its `@`, or the ID, or a rejected row's cells. May be foreign text.
    pub label: String,
    /// The display name. Foreign text.
    pub name: Option<String>,
    /// A post's text or a user's description. Foreign text.
    pub text: Option<String>,
}

impl Card {
    pub(super) fn markup(&self) -> Markup {
        html! {
            @match &self.url {
                Some(url) => { a href=(url) { bdi { (foreign(&self.label)) } } }
                None => { bdi { (foreign(&self.label)) } }
            }
            @if let Some(name) = &self.name { " " bdi.name { (foreign(name)) } }
            @if let Some(text) = &self.text { " " bdi.quiet { (foreign(text)) } }
        }
    }
}

/// One row of a list of links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Its place in the whole list, from 1.
    pub place: u64,
    /// The task's number in the queue.
    pub task: i64,
    /// What to do, such as `unfollow`.
    pub action: &'static str,
    /// The target's ID or handle.
    pub target: String,
    /// What it is about.
    pub what: Card,
    /// Why it is here, and what to keep in mind.
    pub note: String,
}

/// Which of several files a page is.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// From 1.
    pub number: u64,
    /// The files' names, relative to each other.
    pub files: &'a [String],
}

/// A worklist, or a part of it.
#[derive(Debug)]
pub struct WorklistPage<'a> {
    /// The job's name.
    pub job: &'a str,
    /// Names queue, job and round.
    pub token: &'a str,
    /// When it was made.
    pub made_at: Wall,
    /// Whether the pretend platform is meant.
    pub is_sandbox: bool,
    /// The rows of this part.
    pub rows: &'a [LinkRow],
    /// The rows of all parts.
    pub total: u64,
    /// Which part this is.
    pub part: Part<'a>,
    /// The name under which the browser saves the ticks.
    pub saved_as: &'a str,
    /// The command that takes a saved file back.
    pub load: &'a str,
    /// The command that gives the list as CSV.
    pub csv: &'a str,
}

/// The worklist as a page.
pub fn worklist_page(page: &WorklistPage<'_>) -> String {
    let title = format!("cleanup worklist: {}", foreign(page.job));
    let body = html! {
        main {
            h1 { "By hand: " bdi { (foreign(page.job)) } }
            p.quiet { (page.total) " to do" (part_text(page.part)) ", in the order of the job; made " (utc(page.made_at)) "."
                @if page.is_sandbox { " A job of the sandbox: nothing of it happened on X." } }
            p { "Open each link, do what the row says on the platform's own page, and tick it. Then save the ticks and give the
                 file to " code { (page.load) } ": the ticked rows are then done, with the reason " code { "by_hand" } ". Ticks are kept
                 in this browser where it allows that; save them before you clear it." }
            noscript { p { strong { "Without JavaScript" } " the links work, but ticks cannot be saved. Make the list as a
                 table with " code { (page.csv) } ", write yes into its column done, and load that file instead." } }
            ol.links #list data-token=(page.token) data-part=(page.part.number) data-file=(page.saved_as) {
                @for row in page.rows {
                    li {
                        span.place { (row.place) }
                        label {
                            input type="checkbox" autocomplete="off" data-task=(row.task) data-action=(row.action)
                                data-target=(row.target) aria-label=(format!("done: {} {}", row.action, foreign(&row.what.label)));
                            (row.action)
                        }
                        span.about { (row.what.markup()) " " span.quiet { (row.note) } }
                    }
                }
            }
            (part_links(page.part))
            div.bar #bar hidden {
                button #save type="button" { "Save the ticks" }
                span #count role="status" {}
                span #saved role="status" {}
            }
        }
    };
    document(&title, Some(WORKLIST_SCRIPT), &body)
}

/// The list to restore by hand, or a part of it. `cannot` says what does not come back, in whole sentences.
pub fn restore_page(
    job: &str,
    rows: &[LinkRow],
    total: u64,
    part: Part<'_>,
    made_at: Wall,
    is_sandbox: bool,
    cannot: &[&str],
) -> String {
    let title = format!("cleanup undo: {}", foreign(job));
    let body = html! {
        main {
            h1 { "To restore by hand: " bdi { (foreign(job)) } }
            p.quiet { (total) " done" (part_text(part)) ", newest first; made " (utc(made_at)) "."
                @if is_sandbox { " A job of the sandbox: nothing of it happened on X." } }
            h2 { "What does not come back" }
            ul { @for sentence in cannot { li { (sentence) } } }
            h2 { "The list" }
            @if rows.is_empty() { p { "Nothing was done that could be restored." } }
            ol.links {
                @for row in rows {
                    li {
                        span.place { (row.place) }
                        span { strong { (row.action) } }
                        span.about { (row.what.markup()) " " span.quiet { (row.note) } }
                    }
                }
            }
            (part_links(part))
        }
    };
    document(&title, None, &body)
}

fn part_text(part: Part<'_>) -> String {
    if part.files.len() < 2 { String::new() } else { format!(", file {} of {}", part.number, part.files.len()) }
}

/// The neighbours, the first and the last: a list may have hundreds of parts.
fn part_links(part: Part<'_>) -> Markup {
    let last = part.files.len() as u64;
    if last < 2 {
        return html! {};
    }
    let named = [
        ("first", Some(1)),
        ("previous", part.number.checked_sub(1).filter(|number| *number > 0)),
        ("next", Some(part.number + 1).filter(|number| *number <= last)),
        ("last", Some(last)),
    ];
    html! {
        nav aria-label="Files of this list" {
            ul {
                @for (word, number) in named {
                    @if let Some((number, file)) = number.and_then(|number| Some((number, part.files.get(number as usize - 1)?))) {
                        li { a href=(format!("./{}", percent(file))) target="_self" { (word) " (file " (number) ")" } }
                    }
                }
            }
        }
    }
}

/// A file's name as a link: what is not plain is percent-encoded.
fn percent(name: &str) -> String {
    let mut link = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(byte as char);
        } else {
            link.push_str(&format!("%{byte:02X}"));
        }
    }
    link
}
