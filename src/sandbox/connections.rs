//! Connections of the sandbox: a bounded number of bounded ones, and the power to break them.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::severed::Severed;
use crate::net::{Acceptor, WhenFull};

const MAX_CONNECTIONS: usize = 1024;
const MAX_CONNECTION_LIFE_SECONDS: u64 = 3600;
const MAX_HEADER_WAIT_SECONDS: u64 = 120;
const MAX_REQUEST_HEAD_BYTES: usize = 16 * 1024;
const MAX_REQUEST_HEADERS: usize = 64;
const SHUT_DOWN_WAIT_SECONDS: u64 = 5;

/// Accepts until told to stop.
pub(super) async fn serve(listener: TcpListener, router: Router, mut stopped: watch::Receiver<()>) {
    let mut acceptor = Acceptor::new(vec![listener], MAX_CONNECTIONS, WhenFull::Wait);
    loop {
        let (stream, _) = tokio::select! {
            biased;
            _ = stopped.changed() => break,
            came = acceptor.accept() => came,
        };
        acceptor.serve(serve_connection(stream, router.clone(), stopped.clone()));
    }
    acceptor.close(Duration::from_secs(SHUT_DOWN_WAIT_SECONDS)).await;
}

async fn serve_connection(stream: TcpStream, router: Router, mut stopped: watch::Receiver<()>) {
    let service = Severable { routes: TowerToHyperService::new(router) };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(MAX_HEADER_WAIT_SECONDS))
        .max_headers(MAX_REQUEST_HEADERS)
        .max_buf_size(MAX_REQUEST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut life = std::pin::pin!(tokio::time::sleep(Duration::from_secs(MAX_CONNECTION_LIFE_SECONDS)));
    let mut ending = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
            _ = stopped.changed(), if !ending => ending = true,
            () = &mut life, if !ending => ending = true,
        }
        Pin::new(&mut connection).graceful_shutdown();
    };
    let severed = ended.as_ref().err().and_then(|error| error.source()?.downcast_ref::<Severed>().copied());
    let stream = connection.into_parts().io.into_inner();
    if severed == Some(Severed::Reset) {
        // Closing with nothing lingering sends RST in place of FIN. Should it fail, the client sees a FIN.
        let _ = stream.set_zero_linger();
    }
}

/// The routes as hyper calls them. A response that says so becomes an error, at which hyper drops the connection.
struct Severable {
    routes: TowerToHyperService<Router>,
}

impl hyper::service::Service<Request<Incoming>> for Severable {
    type Response = Response<Body>;
    type Error = Severed;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Severed>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.routes.call(request);
        Box::pin(async move {
            let Ok(mut response) = answer.await;
            match response.extensions_mut().remove::<Severed>() {
                Some(severed) => Err(severed),
                None => Ok(response),
            }
        })
    }
}
