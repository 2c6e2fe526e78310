//! Many accounts at once, without a command line: `accounts prepare QUEUE ACCOUNTS TASKS` makes a queue in which each account
//! has so many tasks; `accounts drain QUEUE URL SECONDS RATE WORKERS` drains it against a server that says yes to everything,
//! and prints what left, what the limit allows and what it cost.
#![allow(clippy::print_stdout, missing_docs)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cleanup::app::{self, DrainDeps, DrainOptions, Identities, SandboxAccounts};
use cleanup::auth::{OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource};
use cleanup::clock::SystemClock;
use cleanup::domain::{AccountId, Action, Applies, MicroUsd, Platform, Rate, Scope, Target, TargetId, WindowSpec};
use cleanup::engine::{EngineSettings, Event, JobTerms, Listener, shutdown};
use cleanup::limits::Pace;
use cleanup::platforms::{Client, ClientSettings};
use cleanup::store::{DrainLock, LoadRow, LoadedFrom, NewJob, QueueKind, RowPlace, Store};
use sqlx::{ConnectOptions, Connection};

type Outcome = Result<(), Box<dyn Error>>;

/// Says when the first row was settled.
struct First {
    began: Instant,
    told: bool,
}

impl Listener for First {
    fn hear(&mut self, event: &Event) {
        if !self.told && matches!(event, Event::Settled { .. }) {
            self.told = true;
            println!("first_outcome_s {:.3}", self.began.elapsed().as_secs_f64());
        }
    }
}

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match args.as_slice() {
        ["prepare", queue, accounts, tasks] => runtime.block_on(prepare(queue, accounts.parse()?, tasks.parse()?)),
        ["drain", queue, url, seconds, rate, workers] => {
            runtime.block_on(drain(queue, url, seconds.parse()?, rate.parse()?, workers.parse()?))
        }
        // `cargo bench` without arguments has nothing to measure here: see benches/run.
        _ => Ok(()),
    }
}

async fn prepare(queue: &str, accounts: u32, tasks: u32) -> Outcome {
    let mut store = Store::open(std::path::Path::new(queue), QueueKind::Sandbox).await?;
    // All at once: one by one, each account would be a commit.
    let mut rows = Vec::with_capacity(accounts as usize);
    for n in 0..accounts {
        let name = format!("a{n}").parse()?;
        rows.push(format!("[\"a{n}\",\"{}\"]", SandboxAccounts::user_of(&name)?.as_str()));
    }
    let mut raw = sqlx::sqlite::SqliteConnectOptions::new().filename(queue).connect().await?;
    sqlx::query(
        "insert into account (name, platform, user_id) select value ->> 0, 'sandbox', value ->> 1 from json_each(?1)",
    )
    .bind(format!("[{}]", rows.join(",")))
    .execute(&mut raw)
    .await?;
    raw.close().await?;
    let known: Vec<AccountId> = store.accounts().all().await?.into_iter().map(|account| account.id).collect();
    let now = cleanup::clock::SystemClock::shared().now().wall;
    let job = NewJob {
        name: "many".to_owned(),
        path: "/many.csv".into(),
        action: Some(Action::Unfollow),
        account: None,
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    };
    let mut loader = store.loading().begin_round(&job, None, &LoadedFrom::new("made up", 1), None, now).await?;
    let mut line = 1;
    for _ in 0..tasks {
        for account in &known {
            line += 1;
            let target = Target::Id(TargetId::from_i64(1_000_000_000_000_000_007 + line * 7_919)?);
            let place = RowPlace::Task { action: Action::Unfollow, account: *account, target, spared: None };
            loader.push(LoadRow { line: line as u64, place, record: None }).await?;
        }
    }
    println!("{:?}", loader.finish().await?);
    Ok(())
}

async fn drain(queue: &str, url: &str, seconds: u64, rate: Rate, workers: usize) -> Outcome {
    let began = Instant::now();
    let store = Store::open(std::path::Path::new(queue), QueueKind::Sandbox).await?;
    let lock = DrainLock::take(std::path::Path::new(queue)).await?;
    let base: cleanup::platforms::BaseUrl = url.parse()?;
    let client = Arc::new(Client::new(&[&base], ClientSettings { connections: workers, ..ClientSettings::default() })?);
    let (clock, (_sender, shutdown)) = (SystemClock::shared(), shutdown());
    let window = WindowSpec { scope: Scope::Account, rate, applies: Applies::All };
    let run = EngineSettings {
        jobs: None,
        workers,
        pace: Pace::Even,
        request_deadline: Duration::from_secs(30),
        give_up_after: Duration::from_secs(20),
        terms: JobTerms { until: Some(clock.now().tick.after(Duration::from_secs(seconds))), ..JobTerms::default() },
        groups: Vec::new(),
        accept_unnamed: false,
        prices: [((Platform::Sandbox, Action::Unfollow), MicroUsd(0))].into(),
    };
    let options = DrainOptions { run, windows: [(Platform::Sandbox, [window].into())].into(), keep: None };
    let listener = Box::new(First { began, told: false });
    let who = Identities::Sandbox(SandboxAccounts { base: Some(Arc::new(base)), platform: Platform::default() });
    let base: cleanup::platforms::BaseUrl = url.parse()?;
    let (wire, places) = (OAuthHttp::new(&[&base])?, OAuthEndpoints::x(&base, OAuthEndpoints::X_AUTHORIZE)?);
    let beside = Store::open(std::path::Path::new(queue), QueueKind::Sandbox).await?;
    let means = TokenMeans { store: beside, vault: None, wire, places, app: None, oauth1: None, clock: clock.clone() };
    let tokens = Arc::new(TokenSource::new(means));
    let mut store = store;
    who.set_static(&tokens, &store.accounts().all().await?).await?;
    let watch = cleanup::store::QueueWatch::of(store.place()).await;
    let footing = DrainDeps { store, lock, client, tokens, clock, shutdown, listener, watch };
    let ended = app::drain(footing, &who, options).await?;
    println!("requests {} in_s {:.1}", ended.finish.requests, began.elapsed().as_secs_f64());
    Ok(())
}
