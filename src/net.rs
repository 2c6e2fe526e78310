//! Listening: the one loop that accepts connections, and how many there may be. In: sockets. Out: connections as they come. What does not
//! belong here: what is said on them, who may say it.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// Out of file handles, most likely: connections that end will free some.
const ACCEPT_BACKOFF_MS: u64 = 50;

/// What happens to one connection more than there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits until one has ended.
    Wait,
    /// The oldest is dropped for it.
    DropOldest,
}

/// Sockets that listen, and the connections that came by them. Dropped, it drops them all.
#[derive(Debug)]
pub struct Acceptor {
    sockets: Vec<TcpListener>,
    most: usize,
    when_full: WhenFull,
    open: JoinSet<()>,
    oldest_first: VecDeque<AbortHandle>,
}

impl Acceptor {
    /// Sockets by which at most so many connections come at a time.
    pub fn new(sockets: Vec<TcpListener>, most: usize, when_full: WhenFull) -> Acceptor {
        Acceptor { sockets, most, when_full, open: JoinSet::new(), oldest_first: VecDeque::new() }
    }

    /// The next connection, and who is at its other end. Not one is lost where this is given up before it is done.
    pub async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let has_room = self.when_full == WhenFull::DropOldest || self.open.len() < self.most;
            let accepted = tokio::select! {
                biased;
                Some(_) = self.open.join_next() => continue,
                accepted = accept(&self.sockets), if has_room => accepted,
            };
            match accepted {
                Ok(came) => return came,
                Err(_) => tokio::time::sleep(Duration::from_millis(ACCEPT_BACKOFF_MS)).await,
            }
        }
    }

    /// Serves a connection beside the others.
    pub fn serve(&mut self, connection: impl Future<Output = ()> + Send + 'static) {
        self.oldest_first.retain(|handle| !handle.is_finished());
        if self.oldest_first.len() >= self.most
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            oldest.abort();
        }
        self.oldest_first.push_back(self.open.spawn(connection));
    }

    /// Stops listening and lets connections end, for so long at most; what has not ended by then is dropped.
    pub async fn close(mut self, wait: Duration) {
        self.sockets.clear();
        let all_ended = async { while self.open.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(wait, all_ended).await;
    }
}

/// From whichever socket somebody comes by; there are two at most, of `localhost`'s two addresses.
async fn accept(sockets: &[TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    let (stream, peer) = match sockets {
        [one] => one.accept().await?,
        [one, other, ..] => tokio::select! {
            accepted = one.accept() => accepted?,
            accepted = other.accept() => accepted?,
        },
        [] => std::future::pending().await,
    };
    stream.set_nodelay(true)?;
    Ok((stream, peer))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::task::Poll;
    use tokio::io::AsyncReadExt;

    async fn connected(address: SocketAddr, most: usize) -> Vec<TcpStream> {
        let mut streams = Vec::new();
        for _ in 0..most {
            streams.push(TcpStream::connect(address).await.unwrap());
        }
        streams
    }

    async fn acceptor(when_full: WhenFull) -> (SocketAddr, Acceptor) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (listener.local_addr().unwrap(), Acceptor::new(vec![listener], 2, when_full))
    }

    #[tokio::test(flavor = "current_thread")]
    async fn one_more_waits_until_another_has_ended() {
        let (address, mut acceptor) = acceptor(WhenFull::Wait).await;
        let streams = connected(address, 3).await;
        let mut ends = Vec::new();
        for stream in &streams[..2] {
            let (come, peer) = acceptor.accept().await;
            assert_eq!(peer, stream.local_addr().unwrap());
            let (end, ended) = tokio::sync::oneshot::channel::<()>();
            ends.push(end);
            acceptor.serve(async move {
                let _ = ended.await;
                drop(come);
            });
        }
        let mut third = Box::pin(acceptor.accept());
        let is_waiting = std::future::poll_fn(|cx| Poll::Ready(third.as_mut().poll(cx).is_pending())).await;
        assert!(is_waiting);
        drop(ends.pop());
        assert_eq!(third.await.1, streams[2].local_addr().unwrap());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_oldest_goes_for_one_more() {
        let (address, mut acceptor) = acceptor(WhenFull::DropOldest).await;
        let mut streams = connected(address, 3).await;
        for _ in 0..3 {
            let (stream, _) = acceptor.accept().await;
            acceptor.serve(async move {
                let _stream = stream;
                std::future::pending().await
            });
        }
        let mut byte = [0; 1];
        // The socket of a task that is told to end closes once the runtime has a turn.
        let gone =
            tokio::select! { read = streams[0].read(&mut byte) => read, _ = acceptor.accept() => unreachable!() };
        assert!(gone.is_ok_and(|length| length == 0));
        assert!(streams[1].try_read(&mut byte).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock));
    }
}
