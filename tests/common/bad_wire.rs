//! A wire between the program and a platform that misbehaves at requests that were chosen, and behaves at all others: connections that close
//! or die, bytes that come late or without an end, lengths that are wrong.

pub mod fault;
mod strike;
mod traffic;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

pub use fault::WireFault;
use traffic::{Message, read_message};

use super::SandboxProcess;

/// The wire. With it end its connections.
pub struct BadWire {
    pub url: String,
    shared: Arc<Shared>,
    _end: oneshot::Sender<()>,
}

/// One fault that struck.
#[derive(Clone, Debug)]
pub struct Strike {
    pub fault: WireFault,
    /// The last part of the request's path: the target, where the request names one.
    pub target: String,
    /// Whether its connection had carried an answer before.
    pub is_pooled: bool,
}

struct Shared {
    sandbox: String,
    /// By the number of the request, over all connections.
    plan: BTreeMap<usize, WireFault>,
    requests: AtomicUsize,
    connections: AtomicUsize,
    struck: Mutex<Vec<Strike>>,
    /// Bytes of answers without an end that were taken.
    poured: AtomicU64,
}

impl BadWire {
    /// A wire to a sandbox, with the faults that strike by the number of the request, from 0 on.
    pub fn before(sandbox: &SandboxProcess, plan: BTreeMap<usize, WireFault>) -> BadWire {
        BadWire::on(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), sandbox, plan)
    }

    /// The same at an address that is there.
    pub fn on(listener: std::net::TcpListener, sandbox: &SandboxProcess, plan: BTreeMap<usize, WireFault>) -> BadWire {
        let shared = Arc::new(Shared {
            sandbox: sandbox.url.trim_start_matches("http://").to_owned(),
            plan,
            requests: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            struck: Mutex::default(),
            poured: AtomicU64::new(0),
        });
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (end, ended) = oneshot::channel();
        let accepted = Arc::clone(&shared);
        std::thread::spawn(move || {
            super::wait(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! { () = accept(listener, accepted) => {}, _ = ended => {} }
            });
        });
        BadWire { url, shared, _end: end }
    }

    pub fn strikes(&self) -> Vec<Strike> {
        self.shared.struck.lock().unwrap().clone()
    }

    /// How often each target was hit by faults that leave the platform with the request, and the program without its answer.
    pub fn lost_answers(&self) -> HashMap<String, u32> {
        let mut hits = HashMap::new();
        for strike in self.strikes().iter().filter(|strike| strike.fault.loses_the_answer()) {
            *hits.entry(strike.target.clone()).or_default() += 1;
        }
        hits
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Bytes of answers without an end that were taken, by the program or by the kernel for it.
    pub fn poured(&self) -> u64 {
        self.shared.poured.load(Ordering::SeqCst)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        // One that breaks off ends with its task, whoever broke it off.
        tokio::spawn(async move { carry(stream, &shared).await.ok() });
    }
}

/// Carries the requests of one connection, until a fault or the program ends it.
async fn carry(mut client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut server = TcpStream::connect(&shared.sandbox).await?;
    server.set_nodelay(true)?;
    for turn in 0.. {
        let Some(request) = read_message(&mut client).await? else { break };
        let number = shared.requests.fetch_add(1, Ordering::SeqCst);
        let Some(fault) = shared.plan.get(&number).copied() else {
            let answer = ask(&mut server, &request).await?;
            answer.write_to(&mut client).await?;
            continue;
        };
        let strike = Strike { fault, target: request.last_of_path(), is_pooled: turn > 0 };
        shared.struck.lock().unwrap().push(strike);
        if fault == WireFault::ArrivesLate && !strike::delay(&client).await {
            break;
        }
        let answer = if fault.reaches_the_platform() { Some(ask(&mut server, &request).await?) } else { None };
        match strike::strike(fault, client, answer, &shared.poured).await? {
            Some(open) => client = open,
            None => break,
        }
    }
    Ok(())
}

async fn ask(server: &mut TcpStream, request: &Message) -> std::io::Result<Message> {
    request.write_to(server).await?;
    read_message(server).await?.ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}
