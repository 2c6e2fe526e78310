//! A round over time: how many of its tasks were settled by when, as SVG, with the same numbers as a table beside it.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};

use super::labels::outcome_class;
use super::layout::{Frame, count};
use crate::domain::{Outcome, Wall};
use crate::store::{MAX_SAMPLED_TASKS, ProgressSamples};
use crate::text::clock_text;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;
/// Points along the time.
const POINTS: usize = 61;
/// Rows of the table beside it.
const TABLE_ROWS: usize = 13;

/// What is stacked, from the ground up.
const LAYERS: [(&str, &str, &[Outcome]); 5] = [
    ("done", "done", &[Outcome::Done]),
    ("gone", "gone", &[Outcome::Gone]),
    ("failed", "failed", &[Outcome::Failed]),
    ("rejected", "rejected", &[Outcome::Rejected]),
    ("cancelled or kept", "spared", &[Outcome::Cancelled, Outcome::Kept]),
];

/// Shares of the tasks, layer by layer, at a time.
struct Point {
    at: Wall,
    shares: [f64; LAYERS.len()],
}

/// The chart; none before anything was settled.
pub(super) fn chart(frame: &Frame, course: &ProgressSamples, running: bool) -> Option<Markup> {
    let points = points(course, running.then_some(frame.now))?;
    let (first, last) = (points.first()?, points.last()?);
    let settled: f64 = last.shares.iter().sum();
    let says =
        format!("{:.0} % of {} tasks were settled by the end of the time shown", settled * 100.0, count(course.total));
    let sampled = course.total > MAX_SAMPLED_TASKS;
    let clock = |at: Wall| clock_text(at, frame.now, &frame.zone);
    Some(html! {
        figure.stack {
            svg.chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(says) {
                (PreEscaped(grid()))
                (PreEscaped(areas(&points)))
                text x=(LEFT) y=(HEIGHT - 8.0) { (clock(first.at)) }
                text x=(WIDTH - RIGHT) y=(HEIGHT - 8.0) text-anchor="end" { (clock(last.at)) }
            }
            figcaption.stack {
                ul.legend {
                    @for (name, class, _) in LAYERS {
                        li { svg viewBox="0 0 10 10" aria-hidden="true" { rect class=(class) width="10" height="10" {} } (name) }
                    }
                }
                @if sampled {
                    p.quiet.small { "Shares, from " (count(course.tasks.len() as u64)) " tasks spread evenly over the job." }
                }
                details {
                    summary { "The same as a table" }
                    div.scroll tabindex="0" role="region" aria-label="Progress over time" { (table(frame, &points)) }
                }
            }
        }
    })
}

fn table(frame: &Frame, points: &[Point]) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "By" } @for (name, ..) in LAYERS { th.number scope="col" { (name) } } } }
            tbody {
                @for point in points.iter().step_by(POINTS / (TABLE_ROWS - 1)) {
                    tr {
                        th scope="row" { (frame.time(point.at)) }
                        @for (share, (name, ..)) in point.shares.iter().zip(LAYERS) { td.number data-label=(name) { (format!("{:.1} %", share * 100.0)) } }
                    }
                }
            }
        }
    }
}

fn points(course: &ProgressSamples, until: Option<Wall>) -> Option<Vec<Point>> {
    let settled = || course.tasks.iter().filter_map(|(_, at)| *at);
    let (first, last) = (settled().min()?, settled().max()?.max(until.unwrap_or(Wall(i64::MIN))));
    let span = (last.0 - first.0).max(1_000);
    let all = course.tasks.len() as f64;
    let mut counts = vec![[0_u64; LAYERS.len()]; POINTS];
    for (outcome, at) in &course.tasks {
        let layer = LAYERS.iter().position(|(.., outcomes)| outcomes.contains(outcome));
        let (Some(at), Some(layer)) = (at, layer) else { continue };
        // The first point at which it had been settled.
        let steps = (POINTS - 1) as i64;
        let point = ((at.0 - first.0) * steps + span - 1) / span;
        counts[usize::try_from(point).unwrap_or(0).min(POINTS - 1)][layer] += 1;
    }
    let mut sums = [0_u64; LAYERS.len()];
    let points = counts.iter().enumerate().map(|(index, fresh)| {
        for (sum, fresh) in sums.iter_mut().zip(fresh) {
            *sum += fresh;
        }
        let at = Wall(first.0 + span * index as i64 / (POINTS - 1) as i64);
        Point { at, shares: sums.map(|sum| sum as f64 / all) }
    });
    Some(points.collect())
}

fn x(index: usize) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * index as f64 / (POINTS - 1) as f64
}

fn y(share: f64) -> f64 {
    TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share)
}

fn grid() -> String {
    let mut lines = String::new();
    for percent in [0, 25, 50, 75, 100] {
        let at = y(f64::from(percent) / 100.0);
        let right = WIDTH - RIGHT;
        // Writing to a String cannot fail.
        let _ = write!(
            lines,
            r#"<line x1="{LEFT}" x2="{right}" y1="{at:.1}" y2="{at:.1}"/><text x="{:.1}" y="{:.1}" text-anchor="end">{percent} %</text>"#,
            LEFT - 6.0,
            at + 4.0
        );
    }
    lines
}

fn areas(points: &[Point]) -> String {
    let mut areas = String::new();
    for (layer, (_, class, _)) in LAYERS.iter().enumerate() {
        let below = |point: &Point| point.shares[..layer].iter().sum::<f64>();
        if points.last().is_none_or(|point| point.shares[layer] == 0.0) {
            continue;
        }
        let mut path = String::new();
        for (index, point) in points.iter().enumerate() {
            let _ = write!(path, "{:.1},{:.1} ", x(index), y(below(point) + point.shares[layer]));
        }
        for (index, point) in points.iter().enumerate().rev() {
            let _ = write!(path, "{:.1},{:.1} ", x(index), y(below(point)));
        }
        let _ = write!(areas, r#"<polygon class="{class}" points="{}"/>"#, path.trim_end());
    }
    areas
}

/// The bar of a job: what became of its rows.
pub(super) fn job_meter(counts: &crate::store::OutcomeCounts) -> Markup {
    let parts = [
        (counts.done, outcome_class(Outcome::Done)),
        (counts.gone, outcome_class(Outcome::Gone)),
        (counts.failed, outcome_class(Outcome::Failed)),
        (counts.rejected, outcome_class(Outcome::Rejected)),
        (counts.cancelled + counts.kept + counts.duplicate, outcome_class(Outcome::Kept)),
    ];
    let says = format!("{} of {} rows settled", count(counts.settled()), count(counts.rows()));
    super::layout::meter(&parts, counts.rows(), &says)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_only_grow_and_end_where_the_tasks_stand(tasks in proptest::collection::vec((0_u8..3, 0_i64..100_000), 1..80)) {
            let outcome = |code| [Outcome::Done, Outcome::Failed, Outcome::Pending][usize::from(code)];
            let tasks: Vec<_> = tasks.into_iter().map(|(code, at)| {
                let outcome = outcome(code);
                (outcome, (outcome != Outcome::Pending).then_some(Wall(at)))
            }).collect();
            let done = tasks.iter().filter(|(outcome, _)| *outcome == Outcome::Done).count() as f64;
            let settled = tasks.iter().filter(|(_, at)| at.is_some()).count();
            let all = tasks.len() as f64;
            let course = ProgressSamples { total: tasks.len() as u64, tasks };
            let points = points(&course, None);
            prop_assert_eq!(points.is_some(), settled > 0);
            if let Some(points) = points {
                prop_assert!(points.windows(2).all(|pair| pair[0].shares.iter().zip(pair[1].shares).all(|(a, b)| *a <= b)));
                prop_assert!((points.last().unwrap().shares[0] - done / all).abs() < 1e-9);
                prop_assert_eq!(points.len(), POINTS);
            }
        }
    }
}
