//! `check --json`: what was found of files, under the names of the contract.

use serde::{Serialize, Serializer};

use super::{CheckedFile, FilesReport};
use crate::app::forecast::{Forecast, ForecastLane};
use crate::app::status::Cost;
use crate::domain::MicroUsd;
use crate::error::CommandError;
use crate::jobfile::CheckReport;
use crate::lists::filter::Rule;

#[derive(Serialize)]
struct FilesJson<'a> {
    files: Vec<FileJson<'a>>,
    error: Option<serde_json::Value>,
    exit_code: u8,
}

#[derive(Serialize)]
struct FileJson<'a> {
    job: &'a str,
    check: &'a CheckReport,
    kept: u64,
    #[serde(serialize_with = "by_rule")]
    kept_by_reason: Vec<(Rule, u64)>,
    queue: Option<QueueJson<'a>>,
    estimate: Option<CostJson>,
}

#[derive(Serialize)]
struct QueueJson<'a> {
    standing: &'static str,
    paused: bool,
    to_send: Vec<LaneJson<'a>>,
    done: u64,
    gone: u64,
    failed: u64,
    cancelled: u64,
    duplicate: u64,
    vanished: u64,
}

#[derive(Serialize)]
struct LaneJson<'a> {
    action: &'static str,
    account: Option<&'a str>,
    platform: &'static str,
    targets: u64,
}

#[derive(Serialize)]
struct CostJson {
    requests: u64,
    seconds: u64,
    seconds_per_endpoint: Option<u64>,
    cost_usd: Option<f64>,
}

impl Serialize for FilesReport {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let files = self.files.iter().map(file_json).collect();
        let error = self.refusal.as_ref().map(CommandError::to_json);
        FilesJson { files, error, exit_code: self.exit_code() }.serialize(to)
    }
}

fn file_json(checked: &CheckedFile) -> FileJson<'_> {
    let forecast = checked.forecast.as_ref();
    let kept: Vec<_> = forecast.into_iter().flat_map(Forecast::spared).collect();
    FileJson {
        job: &checked.file.job,
        check: &checked.report,
        kept: kept.iter().map(|(_, rows)| rows).sum(),
        kept_by_reason: kept,
        queue: forecast.map(queue_json),
        estimate: forecast.map(|forecast| if forecast.is_paused { CostJson::NOTHING } else { cost_json(checked.cost) }),
    }
}

fn queue_json(forecast: &Forecast) -> QueueJson<'_> {
    let rows = &forecast.rows;
    QueueJson {
        standing: forecast.standing.name(),
        paused: forecast.is_paused,
        to_send: forecast.to_send.iter().filter(|_| !forecast.is_paused).map(lane_json).collect(),
        done: rows.done,
        gone: rows.gone,
        failed: rows.failed,
        cancelled: rows.cancelled,
        duplicate: rows.duplicates,
        vanished: rows.vanished,
    }
}

fn lane_json(lane: &ForecastLane) -> LaneJson<'_> {
    LaneJson {
        action: lane.action.name(),
        account: lane.account.as_ref().map(|name| name.as_str()),
        platform: lane.platform.name(),
        targets: lane.targets,
    }
}

fn cost_json(cost: Cost) -> CostJson {
    CostJson {
        requests: cost.requests,
        seconds: cost.length.as_secs(),
        seconds_per_endpoint: cost.length_per_endpoint.map(|length| length.as_secs()),
        cost_usd: cost.price.map(MicroUsd::dollars),
    }
}

impl CostJson {
    /// A paused job sends nothing.
    const NOTHING: CostJson = CostJson { requests: 0, seconds: 0, seconds_per_endpoint: None, cost_usd: Some(0.0) };
}

fn by_rule<S: Serializer>(kept: &[(Rule, u64)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(kept.iter().map(|(rule, rows)| (rule.name(), rows)))
}
