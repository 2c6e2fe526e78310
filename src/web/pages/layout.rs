//! What every page stands in.

use axum::response::Html;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::labels;
use crate::app::serve::EngineState;
use crate::domain::Wall;
use crate::text::{clock_text, full_text};

crate::domain::with_names! {
    /// How it looks.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(in crate::web) enum Theme {
        /// As the system has it.
        #[default]
        Auto => "auto",
        /// Dark on light.
        Light => "light",
        /// Light on dark.
        Dark => "dark",
    }
}

impl Theme {
    /// Reads the word; anything else is the system's.
    pub(in crate::web) fn parse(text: &str) -> Theme {
        Theme::named(text).unwrap_or(Theme::Auto)
    }

    /// What the switch leads to, and what it says.
    const fn next(self) -> (Theme, &'static str) {
        match self {
            Theme::Auto => (Theme::Light, "Theme: system"),
            Theme::Light => (Theme::Dark, "Theme: light"),
            Theme::Dark => (Theme::Auto, "Theme: dark"),
        }
    }
}

/// What a page of somebody who is let in stands in.
pub(in crate::web) struct Frame {
    pub(in crate::web) theme: Theme,
    /// The entry of the navigation that is current.
    pub(in crate::web) at: &'static str,
    pub(in crate::web) is_sandbox: bool,
    pub(in crate::web) engine: EngineState,
    /// What the command before has done.
    pub(in crate::web) said: Option<String>,
    pub(in crate::web) now: Wall,
    pub(in crate::web) zone: TimeZone,
}

const NAVIGATION: [(&str, &str); 7] = [
    ("/", "Now"),
    ("/lists", "Lists"),
    ("/jobs", "Jobs"),
    ("/new", "New job"),
    ("/schedules", "Schedules"),
    ("/accounts", "Accounts"),
    ("/log", "Log"),
];

impl Frame {
    /// A time as people read it here, with the whole of it for machines and for whoever points at it.
    pub(in crate::web) fn time(&self, at: Wall) -> Markup {
        html! {
            time datetime=(at.rfc3339()) title=(full_text(at, &self.zone)) { (clock_text(at, self.now, &self.zone)) }
        }
    }

    /// The same as text.
    pub(in crate::web) fn clock(&self, at: Wall) -> String {
        clock_text(at, self.now, &self.zone)
    }

    /// The page.
    pub(in crate::web) fn page(&self, title: &str, content: &Markup) -> Html<String> {
        let (next, label) = self.theme.next();
        let (kind, engine) = labels::engine_chip(&self.engine);
        let body = html! {
            a.skip href="#main" { "Skip to content" }
            header.top {
                div.bar {
                    a.brand href="/" { "cleanup" }
                    nav.main aria-label="Main" {
                        ul {
                            @for (path, name) in NAVIGATION {
                                li { a href=(path) aria-current=[(path == self.at).then_some("page")] { (name) } }
                            }
                        }
                    }
                    div.tools {
                        @if self.is_sandbox { span.chip.warn.plain { "sandbox" } }
                        span #engine data-live { span class={ "chip " (kind) } { (engine) } }
                        form method="post" action="/theme" {
                            input type="hidden" name="theme" value=(next.name());
                            button.small type="submit" { (label) }
                        }
                    }
                }
            }
            main #main tabindex="-1" {
                @if let Some(text) = self.said.as_deref().and_then(labels::said) {
                    div.note.good role="status" { p { (text) } }
                }
                (content)
            }
            footer.end {
                "Times are local (" (self.zone.iana_name().unwrap_or("this machine's zone")) "). This page is "
                span #live-state { "as it was at " (clock_text(self.now, self.now, &self.zone)) }
                ". "
                form method="post" action="/logout" { button.small type="submit" { "Log out" } }
            }
            script src=(asset("live.js")) data-events="/events" defer {}
        };
        document(self.theme, title, &body)
    }
}

/// An asset's address; it changes with the program.
fn asset(name: &str) -> String {
    format!("/assets/{name}?v={}", env!("CARGO_PKG_VERSION"))
}

/// A whole document. The title may be foreign text.
pub(super) fn document(theme: Theme, title: &str, body: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme.name()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (labels::foreign(title)) " · cleanup" }
                link rel="stylesheet" href=(asset("style.css"));
                link rel="icon" type="image/svg+xml" href=(asset("icon.svg"));
            }
            body { (body) }
        }
    };
    Html(page.into_string())
}

/// A number with thin spaces between thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The way through a list that is shown a page at a time.
#[derive(Debug, Default)]
pub(in crate::web) struct Pager {
    /// The address of the first page, where the page before is not known.
    pub(in crate::web) first: Option<String>,
    /// The address of the page before.
    pub(in crate::web) previous: Option<String>,
    /// The address of the next page, and what its link says.
    pub(in crate::web) next: Option<(String, &'static str)>,
}

impl Pager {
    /// The links.
    pub(super) fn links(&self) -> Markup {
        html! {
            @if let Some(first) = &self.first { a.button href=(first) { "First page" } }
            @if let Some(previous) = &self.previous { a.button rel="prev" href=(previous) { "Previous page" } }
            @if let Some((next, label)) = &self.next { a.button rel="next" href=(next) { (label) } }
        }
    }
}

/// A bar of parts, each a share of the whole under a class of the style sheet. `says` is it in words.
pub(super) fn meter(parts: &[(u64, &str)], whole: u64, says: &str) -> Markup {
    let scale = |part: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 1000.0 };
    let mut from = 0_u64;
    let mut rects = String::new();
    for (part, class) in parts.iter().filter(|(part, _)| *part > 0) {
        use std::fmt::Write as _;
        // Classes are ours, numbers are numbers. Writing to a String cannot fail.
        let _ = write!(
            rects,
            r#"<rect class="{class}" x="{:.1}" y="0" width="{:.1}" height="10"/>"#,
            scale(from),
            scale(*part)
        );
        from += part;
    }
    html! {
        svg.meter viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label=(says) { (PreEscaped(rects)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1_000, 10_000_000].map(count), ["0", "999", "1\u{202f}000", "10\u{202f}000\u{202f}000"]);
    }

    #[test]
    fn a_meter_of_nothing_is_empty() {
        assert!(!meter(&[(0, "done")], 0, "none").into_string().contains("rect"));
        assert!(meter(&[(1, "done"), (1, "failed")], 4, "half").into_string().contains(r#"x="250.0""#));
    }
}
