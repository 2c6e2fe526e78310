//! The same work in another queue, apalis-sqlite: `apalis URL QUEUE N W` queues N tasks, sends one keep-alive request for each, W at
//! a time, and prints good answers, seconds and requests a second, from the start of the worker until the last outcome is in the
//! database. WAL and synchronous FULL, as our queue has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use apalis::layers::WorkerBuilderExt as _;
use apalis::prelude::*;
use apalis_sqlite::{Config, SqliteStorage};
use futures_util::stream;

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone)]
struct Work {
    client: reqwest::Client,
    url: String,
    good: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
}

async fn undo(task: u64, work: Data<Work>, worker: WorkerContext) -> Result<(), BoxDynError> {
    let url = format!("{}/2/users/77/following/{task}", work.url);
    let sent = work.client.delete(url).header("authorization", "Bearer pretend").timeout(Duration::from_secs(30)).send().await?;
    if sent.status() == 200 && sent.bytes().await.is_ok() {
        work.good.fetch_add(1, Ordering::Relaxed);
    }
    if work.left.fetch_sub(1, Ordering::Relaxed) == 1 {
        worker.stop()?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("apalis URL QUEUE N W");
    let (url, queue) = (next()?, next()?);
    let (tasks, workers): (usize, usize) = (next()?.parse()?, next()?.parse()?);
    let options: apalis_sqlite::SqliteConnectOptions = format!("sqlite://{queue}?mode=rwc").parse()?;
    let options = options.pragma("journal_mode", "wal").pragma("synchronous", "full").busy_timeout(Duration::from_secs(30));
    let pool = apalis_sqlite::SqlitePool::connect_with(options).await?;
    SqliteStorage::setup(&pool).await?;
    let mut backend = SqliteStorage::new(&pool).with_config(Config::default().batch_size(workers));
    let rows = (0..tasks as u64).map(|n| TaskBuilder::new(n).build());
    backend.push_all(&mut stream::iter(rows)).await?;
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(workers)
        .build()?;
    let good = Arc::new(AtomicUsize::new(0));
    let work = Work { client, url, good: Arc::clone(&good), left: Arc::new(AtomicUsize::new(tasks)) };
    let began = Instant::now();
    let worker = WorkerBuilder::new("compare")
        .backend(backend.poll_with_interval(Duration::from_millis(1)))
        .data(work)
        .concurrency(workers)
        .build(undo);
    worker.run().await?;
    let seconds = began.elapsed().as_secs_f64();
    let good = good.load(Ordering::Relaxed);
    println!("{good} {seconds:.3} {:.0}", good as f64 / seconds);
    Ok(())
}
