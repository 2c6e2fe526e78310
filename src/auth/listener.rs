//! The place on loopback where the browser comes back to. In: connections. Out: the code of one login. What does not belong
//! here: opening the browser.
//!
//! It answers GET of the one path and nothing else; a wrong state or a stray request (favicon, another tab, another program)
//! gets its page and does not end the wait, however many there are: the deadline bounds it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::callback::{CallbackCheck, Code, NoCode};
use super::login::LoginError;
use super::redirect::{InvalidRedirect, Redirect};
use crate::net::{Acceptor, WhenFull};

/// How long a login waits for the browser, in seconds, unless told otherwise.
pub const LOGIN_WAIT_SECONDS: u64 = 300;

const MAX_REQUEST_BYTES: usize = 16 * 1024;
const REQUEST_SECONDS: u64 = 10;
const ANSWER_SECONDS: u64 = 2;
/// Connections that are read at the same time. One more, and the oldest goes: the browser speaks as soon as it is connected.
const MAX_OPEN: usize = 32;

/// Sockets that listen.
#[derive(Debug)]
pub struct CallbackListener {
    sockets: Vec<TcpListener>,
    redirect: Redirect,
}

/// What a request deserves.
enum Page {
    Welcome,
    Sorry(String),
    NotHere,
}

impl CallbackListener {
    /// Listens where the redirect address says. Do it before the browser opens.
    ///
    /// # Errors
    /// The port is taken. Of `localhost`'s two addresses one is enough.
    pub async fn bind(redirect: &Redirect) -> Result<CallbackListener, LoginError> {
        let mut sockets = Vec::new();
        let mut failed = None;
        for address in redirect.listen() {
            match TcpListener::bind(address).await {
                Ok(socket) => sockets.push(socket),
                // A port that somebody else has would get our code: that is never "one is enough".
                Err(source) if source.kind() == io::ErrorKind::AddrInUse => {
                    return Err(LoginError::Listen { address: *address, source });
                }
                Err(source) => failed = Some(LoginError::Listen { address: *address, source }),
            }
        }
        match failed {
            Some(failed) if sockets.is_empty() => Err(failed),
            _ => Ok(CallbackListener { sockets, redirect: redirect.clone() }),
        }
    }

    /// Listens on a port that is free, for a login whose redirect address is registered when it begins.
    ///
    /// # Errors
    /// This machine's own address cannot be listened on.
    pub async fn bind_free_port() -> Result<CallbackListener, LoginError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let failed = |source| LoginError::Listen { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let port = socket.local_addr().map_err(failed)?.port();
        let redirect = format!("http://{}:{port}/callback", Ipv4Addr::LOCALHOST).parse();
        let redirect = redirect.map_err(|error: InvalidRedirect| failed(io::Error::other(error)))?;
        Ok(CallbackListener { sockets: vec![socket], redirect })
    }

    /// Where the browser comes back to.
    pub fn redirect(&self) -> &Redirect {
        &self.redirect
    }

    /// Waits for the browser, `wait_seconds` at most.
    ///
    /// # Errors
    /// Access was denied, or nobody came.
    pub async fn wait(self, check: &CallbackCheck, wait_seconds: u64) -> Result<Code, LoginError> {
        let wait = Duration::from_secs(wait_seconds);
        match tokio::time::timeout(wait, self.serve(check)).await {
            Ok(ended) => ended,
            Err(_) => Err(LoginError::TimedOut(wait_seconds)),
        }
    }

    /// Connections are read side by side, each with its own deadline: browsers open some in advance and say nothing on them.
    async fn serve(self, check: &CallbackCheck) -> Result<Code, LoginError> {
        let CallbackListener { sockets, redirect } = self;
        let mut acceptor = Acceptor::new(sockets, MAX_OPEN, WhenFull::DropOldest);
        let (read, mut heads) = mpsc::channel(1);
        loop {
            let (mut stream, line) = tokio::select! {
                biased;
                Some(head) = heads.recv() => head,
                (stream, _) = acceptor.accept() => {
                    let read = read.clone();
                    acceptor.serve(async move {
                        if let Ok(Ok(head)) = tokio::time::timeout(Duration::from_secs(REQUEST_SECONDS), head(stream)).await {
                            let _ = read.send(head).await;
                        }
                    });
                    continue;
                }
            };
            let (page, ended) = judge(&line, &redirect.path, check);
            // A browser that does not want the page has brought the code nevertheless.
            let _ = tokio::time::timeout(Duration::from_secs(ANSWER_SECONDS), say(&mut stream, &page)).await;
            if let Some(ended) = ended {
                return ended.map_err(LoginError::from);
            }
        }
    }
}

/// Reads a request's head and gives its first line. The body of a GET does not interest anybody.
async fn head(mut stream: TcpStream) -> io::Result<(TcpStream, String)> {
    let mut head = Vec::new();
    let mut piece = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let length = stream.read(&mut piece).await?;
        if length == 0 || head.len() + length > MAX_REQUEST_BYTES {
            return Err(io::Error::other("no request"));
        }
        head.extend_from_slice(&piece[..length]);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok((stream, String::from_utf8_lossy(line).into_owned()))
}

/// What a request deserves, and whether the login ends with it.
fn judge(line: &str, ours: &str, check: &CallbackCheck) -> (Page, Option<Result<Code, NoCode>>) {
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if method != "GET" || path != ours {
        return (Page::NotHere, None);
    }
    match check.code_from_query(query, true) {
        Ok(code) => (Page::Welcome, Some(Ok(code))),
        Err(denied @ NoCode::Denied(_)) => (Page::Sorry(denied.to_string()), Some(Err(denied))),
        Err(other) => (Page::Sorry(other.to_string()), None),
    }
}

async fn say(stream: &mut TcpStream, page: &Page) -> io::Result<()> {
    let (status, title, text) = match page {
        Page::Welcome => {
            ("200 OK", "Almost done", "Access was granted. You can close this page and go back to the terminal.")
        }
        Page::Sorry(why) => ("400 Bad Request", "That did not work", why.as_str()),
        Page::NotHere => ("404 Not Found", "Nothing here", "This address only waits for a login to come back."),
    };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>cleanup: {title}</title>\
         <style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}}</style>\
         <h1>{title}</h1><p>{text}</p></html>\n"
    );
    // The code stands in the page's address: nothing may load, frame or be told about it.
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         referrer-policy: no-referrer\r\nx-content-type-options: nosniff\r\n\
         content-security-policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
