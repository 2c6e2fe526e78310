//! A run over time as bars, with the same numbers as a table.

use maud::{Markup, html};

use super::text::utc;
use crate::domain::Wall;
use crate::store::{Bucket, Histogram};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 56.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// The chart, or a sentence where nothing was settled.
pub(super) fn chart(timeline: &Histogram) -> Markup {
    let most = timeline.stretches.iter().map(total).max().unwrap_or(0);
    if most == 0 {
        return html! { p { "No request has settled a row yet." } };
    }
    let end = at(timeline, timeline.stretches.len());
    let sum = |of: fn(&Bucket) -> u64| timeline.stretches.iter().map(of).sum::<u64>();
    let (done, gone, failed) = (sum(|s| s.done), sum(|s| s.gone), sum(|s| s.failed));
    let length = length_text(timeline.stretch_ms);
    let described = format!(
        "{done} done, {gone} gone and {failed} failed between {} and {}; at most {most} in {length}.",
        utc(timeline.begin),
        utc(end)
    );
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-labelledby="chart-title chart-text" {
                title #chart-title { "Rows settled over time" }
                desc #chart-text { (described) }
                line.axis x1=(LEFT) y1=(TOP) x2=(LEFT) y2=(HEIGHT - BOTTOM) {}
                line.axis x1=(LEFT) y1=(HEIGHT - BOTTOM) x2=(WIDTH) y2=(HEIGHT - BOTTOM) {}
                text x=(LEFT - 6.0) y=(TOP + 10.0) text-anchor="end" { (most) }
                text x=(LEFT - 6.0) y=(HEIGHT - BOTTOM) text-anchor="end" { "0" }
                text x=(LEFT) y=(HEIGHT - 8.0) { (utc(timeline.begin)) }
                text x=(WIDTH) y=(HEIGHT - 8.0) text-anchor="end" { (utc(end)) }
                @for (index, stretch) in timeline.stretches.iter().enumerate() {
                    (bar(index, timeline.stretches.len(), stretch, most))
                }
            }
            figcaption {
                (described)
                ul.legend {
                    @for (class, word) in [("done", "done"), ("gone", "gone"), ("failed", "failed")] {
                        li { svg viewBox="0 0 10 10" aria-hidden="true" { rect.(class) width="10" height="10" {} } (word) }
                    }
                }
            }
        }
        details {
            summary { "The same as a table" }
            div.wide tabindex="0" role="region" aria-label="Rows settled over time" { (table(timeline, &length)) }
        }
    }
}

/// One stretch: done at the bottom, gone and failed above it.
fn bar(index: usize, count: usize, stretch: &Bucket, most: u64) -> Markup {
    let step = (WIDTH - LEFT) / count as f64;
    let scale = (HEIGHT - TOP - BOTTOM) / most as f64;
    let mut y = HEIGHT - BOTTOM;
    let mut parts = Vec::with_capacity(3);
    for (class, value) in [("done", stretch.done), ("gone", stretch.gone), ("failed", stretch.failed)] {
        if value > 0 {
            // A single failed row among thousands must still be seen.
            let height = (value as f64 * scale).max(1.5);
            y -= height;
            parts.push((class, y, height));
        }
    }
    let x = LEFT + step * index as f64;
    html! {
        @for (class, y, height) in parts {
            rect.(class) x=(short(x + step * 0.1)) y=(short(y.max(0.0))) width=(short(step * 0.8)) height=(short(height)) {}
        }
    }
}

fn table(timeline: &Histogram, length: &str) -> Markup {
    html! {
        table {
            caption { "Rows settled in each " (length) "; times without any are left out" }
            thead { tr { th { "from" } th.number { "done" } th.number { "gone" } th.number { "failed" } } }
            tbody {
                @for (index, stretch) in timeline.stretches.iter().enumerate().filter(|(_, stretch)| total(stretch) > 0) {
                    tr {
                        td { (utc(at(timeline, index))) }
                        td.number { (stretch.done) } td.number { (stretch.gone) } td.number { (stretch.failed) }
                    }
                }
            }
        }
    }
}

fn total(stretch: &Bucket) -> u64 {
    stretch.done + stretch.gone + stretch.failed
}

fn at(timeline: &Histogram, index: usize) -> Wall {
    Wall(timeline.begin.0.saturating_add(timeline.stretch_ms.saturating_mul(index as i64)))
}

fn short(value: f64) -> String {
    format!("{value:.1}")
}

/// `15 s`, `3 min`, `2 h`, rounded where the stretch is long.
fn length_text(ms: i64) -> String {
    match ms / 1000 {
        s @ 0..=599 => format!("{s} s"),
        s @ 600..=35_999 => format!("{} min", s / 60),
        s => format!("{} h", s / 3600),
    }
}
