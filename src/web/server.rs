//! The server: a listener, a bounded number of bounded connections. Who is slow is dropped, whoever it is; where there are too many, the
//! oldest of those without a session.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::connections::{Connections, Place};
use super::stream::Progressing;
use crate::net::{Acceptor, WhenFull};

/// How long connections last.
#[derive(Clone, Copy, Debug)]
struct Lives {
    /// Streams of events last longest; the browser comes back by itself.
    whole: Duration,
    /// Without a session. Whoever comes in has long done so by then.
    stranger: Duration,
    /// While its peer takes nothing of its answer.
    stalled: Duration,
}

const LIVES: Lives =
    Lives { whole: Duration::from_secs(1_800), stranger: Duration::from_secs(60), stalled: Duration::from_secs(10) };
/// From the first byte of a head to its last; also how long a connection may be silent between requests.
const MAX_HEAD_SECONDS: u64 = 10;
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// More than [`Connections`] lets stay: it is that which decides who goes.
const MAX_CONNECTIONS: usize = 1_024;
/// Requests under way when the process is told to end.
const SHUT_DOWN_WAIT_SECONDS: u64 = 2;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
#[error("the dashboard cannot listen on {address}: {source}")]
pub struct ServerError {
    /// The address asked for.
    address: SocketAddr,
    source: io::Error,
}

/// A server that listens. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    listener: Option<TcpListener>,
    stop: watch::Sender<()>,
    serving: Option<JoinHandle<()>>,
}

impl Server {
    /// Takes the address; port 0 takes a free one.
    ///
    /// # Errors
    /// It cannot be had.
    pub async fn bind(address: SocketAddr) -> Result<Server, ServerError> {
        let failed = |source| ServerError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Server { address, listener: Some(listener), stop: watch::channel(()).0, serving: None })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves on the current runtime. A second call changes nothing.
    pub fn serve(&mut self, router: Router) {
        if let Some(listener) = self.listener.take() {
            self.serving = Some(tokio::spawn(serve(listener, router, self.stop.subscribe(), LIVES)));
        }
    }

    /// Stops listening, lets requests under way end for two seconds, closes every connection.
    pub async fn shut_down(self) {
        drop(self.stop);
        if let Some(serving) = self.serving {
            // An error here is a panic of the server's task, which the runtime has reported.
            let _ = serving.await;
        }
    }
}

async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<()>, lives: Lives) {
    let all = Connections::default();
    let mut acceptor = Acceptor::new(vec![listener], MAX_CONNECTIONS, WhenFull::Wait);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            _ = stopped.changed() => break,
            came = acceptor.accept() => came,
        };
        let place = all.admit(peer.ip().to_canonical());
        acceptor.serve(serve_connection(stream, place, router.clone(), stopped.clone(), lives));
    }
    acceptor.close(Duration::from_secs(SHUT_DOWN_WAIT_SECONDS)).await;
}

async fn serve_connection(
    stream: TcpStream,
    place: Place,
    router: Router,
    mut stopped: watch::Receiver<()>,
    lives: Lives,
) {
    let (router, connection) = (TowerToHyperService::new(router), place.connection().clone());
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(connection.clone());
        router.call(request)
    });
    let stream = Progressing::new(stream, lives.stalled);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(MAX_HEAD_SECONDS))
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let begun = tokio::time::Instant::now();
    let mut life = std::pin::pin!(tokio::time::sleep(lives.stranger));
    let whole = begun + lives.whole;
    let mut ending = false;
    loop {
        tokio::select! {
            // How a connection ended interests nobody.
            _ = poll_fn(|cx| Pin::new(&mut connection).poll(cx)) => return,
            _ = stopped.changed(), if !ending => ending = true,
            () = place.evicted() => return,
            () = &mut life => {
                if life.deadline() == whole || !place.connection().is_known() {
                    return;
                }
                life.as_mut().reset(whole);
                continue;
            }
        }
        Pin::new(&mut connection).graceful_shutdown();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::connections::Connection;
    use super::*;
    use axum::Extension;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const HOUR: Duration = Duration::from_secs(3_600);

    async fn serving(lives: Lives) -> (SocketAddr, watch::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), watch::channel(()).0);
        let known = |Extension(connection): Extension<Connection>| async move { connection.know() };
        let router = Router::new().route("/known", get(known)).route("/long", get(|| async { "x".repeat(64 << 20) }));
        tokio::spawn(serve(listener, router, stop.subscribe(), lives));
        (address, stop)
    }

    async fn ask(stream: &mut TcpStream, path: &str) -> io::Result<usize> {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await?;
        stream.read(&mut [0; 1024]).await
    }

    /// A connection on which somebody is known; on a busy machine its moment as a stranger may be over too early.
    async fn known(address: SocketAddr) -> TcpStream {
        loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            if ask(&mut stream, "/known").await.is_ok_and(|length| length > 0) {
                return stream;
            }
        }
    }

    /// Waits until the other side has closed it, however it does.
    async fn ended(mut stream: TcpStream) {
        let mut piece = vec![0; 1 << 16];
        while stream.read(&mut piece).await.is_ok_and(|length| length > 0) {}
    }

    #[tokio::test]
    async fn a_stranger_stays_for_a_moment_and_who_is_known_for_longer() {
        let (short, shorter) = (Duration::from_millis(400), Duration::from_millis(200));
        let (address, _stop) = serving(Lives { whole: HOUR, stranger: short, stalled: HOUR }).await;
        let mut person = known(address).await;
        // It came later, so the time of the first as a stranger is over as well.
        ended(TcpStream::connect(address).await.unwrap()).await;
        assert!(ask(&mut person, "/known").await.unwrap() > 0);
        let (address, _stop) = serving(Lives { whole: short, stranger: shorter, stalled: HOUR }).await;
        ended(known(address).await).await;
    }

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_dropped() {
        let (address, _stop) =
            serving(Lives { whole: HOUR, stranger: HOUR, stalled: Duration::from_millis(100) }).await;
        let mut lazy = TcpStream::connect(address).await.unwrap();
        lazy.write_all(b"GET /long HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        // Nothing is read here, so what is said tells whether somebody still listens.
        while lazy.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
