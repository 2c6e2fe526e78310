//! The client against a real server on loopback. Time is simulated: no test waits for a clock.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;
use crate::clock::SimulatedClock;
use crate::domain::Platform;
use crate::domain::{Action, Moment, Secret, Target};
use crate::platforms::registry::find;
use crate::platforms::reply::RefusalKind;
use crate::platforms::spec;

const TOKEN: &str = "s3cr3t-token";

/// What the server does with every connection once a request has come in.
#[derive(Clone)]
enum Script {
    /// Writes this and closes.
    Say(String),
    /// Answers with the request's own `authorization` line in a problem's detail.
    Echo,
    /// Writes this and then neither goes on nor closes.
    Stall(String),
}

/// A server that hands out what it was asked, head and body, one message per connection.
async fn serve(script: Script) -> (BaseUrl, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (asked, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_request(&mut stream).await;
            let answer = match &script {
                Script::Say(text) | Script::Stall(text) => text.clone(),
                Script::Echo => {
                    let line = request.lines().find(|line| line.starts_with("authorization")).unwrap_or("none");
                    http(403, "", &serde_json::json!({ "detail": line }).to_string())
                }
            };
            stream.write_all(answer.as_bytes()).await.ok();
            asked.send(request).ok();
            if matches!(script, Script::Stall(_)) {
                kept.push(stream);
            }
        }
    });
    (base, requests)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let head = text.find("\r\n\r\n").map(|end| end + 4);
        let length =
            text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
        if head.is_some_and(|head| text.len() >= head + length) {
            return text;
        }
        match stream.read(&mut buffer).await.unwrap() {
            0 => return text,
            read => text.push_str(std::str::from_utf8(&buffer[..read]).unwrap()),
        }
    }
}

fn http(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

struct Asker {
    client: Client,
    base: BaseUrl,
    credentials: Credentials,
    clock: Arc<SimulatedClock>,
}

impl Asker {
    fn new(base: BaseUrl) -> Asker {
        let client = Client::new(&[&base], ClientSettings::default()).unwrap();
        let start = Moment { tick: Tick(100_000), wall: Wall(0) };
        let credentials = Credentials::bearer(Secret::new(TOKEN)).unwrap();
        Asker { client, base, credentials, clock: SimulatedClock::shared(start) }
    }

    async fn ask(&self, platform: Platform, action: Action, send_by: Tick) -> Reply {
        let user = "42".parse().unwrap();
        let target: Target = "007".parse().unwrap();
        let request = Request {
            endpoint: find(platform, action).unwrap(),
            base: &self.base,
            credentials: &self.credentials,
            user: &user,
            target: &target,
            record: None,
            send_by,
            deadline: Tick(130_000),
            clock: &*self.clock,
        };
        self.client.perform(request).await
    }

    async fn unfollow(&self) -> Reply {
        self.ask(Platform::XV2, Action::Unfollow, Tick(105_000)).await
    }
}

fn oauth1() -> Credentials {
    let [a, b, c, d] = ["c0nsumer", "c0nsumer-s3cret", "42-t0ken", "t0ken-s3cret"].map(Secret::new);
    Credentials::oauth1(a, b, c, d).unwrap()
}

async fn unfollow(script: Script) -> (Reply, Vec<String>) {
    let (base, mut requests) = serve(script).await;
    let reply = Asker::new(base).unfollow().await;
    let mut asked = Vec::new();
    while let Ok(request) = requests.try_recv() {
        asked.push(request);
    }
    (reply, asked)
}

fn unanswered_as(reason: &'static str, maybe_sent: bool) -> Finding {
    Finding::Unanswered { reason: reason.into(), maybe_sent }
}

fn unknown(reason: &'static str) -> Finding {
    Finding::Unknown { reason: reason.into() }
}

#[tokio::test]
async fn a_success_with_its_headers() {
    let headers = "x-rate-limit-limit: 50\r\nx-rate-limit-remaining: 49\r\ndate: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
    let said = Script::Say(http(200, headers, r#"{"data":{"following":false}}"#));
    let (base, mut requests) = serve(said).await;
    let reply = Asker::new(base).unfollow().await;
    assert_eq!(reply.finding, Finding::Done { reason: None });
    assert_eq!((reply.http_status, reply.detail.as_str()), (Some(200), ""));
    assert_eq!((reply.facts.limit, reply.facts.remaining), (Some(50), Some(49)));
    assert_eq!(reply.facts.date, Some(Wall(1_700_000_000_000)));

    let request = requests.recv().await.unwrap();
    assert!(request.starts_with("DELETE /2/users/42/following/007 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(concat!("user-agent: cleanup/", env!("CARGO_PKG_VERSION"))), "{request}");
    assert!(request.contains("authorization: Bearer s3cr3t-token\r\n"), "{request}");
    assert!(!request.contains("accept-encoding") && !request.contains("cookie"), "{request}");
}

#[tokio::test]
async fn form_and_json_bodies_arrive() {
    for (platform, kind, body, answer) in [
        (Platform::XV1, "application/x-www-form-urlencoded", "user_id=007", r#"{"id_str":"7"}"#),
        (
            Platform::Aisa,
            "application/json",
            r#"{"target_user_id":"007"}"#,
            r#"{"code":200,"data":{"following":false}}"#,
        ),
    ] {
        let (base, mut requests) = serve(Script::Say(http(200, "", answer))).await;
        let mut asker = Asker::new(base);
        if platform == Platform::XV1 {
            asker.credentials = oauth1();
        }
        let reply = asker.ask(platform, Action::Unfollow, Tick(105_000)).await;
        assert_eq!(reply.finding, Finding::Done { reason: None });
        let request = requests.recv().await.unwrap();
        assert!(request.contains(&format!("content-type: {kind}\r\n")) && request.ends_with(body), "{request}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_unknown_with_its_status() {
    let whole = r#"{"data":{"following":false}}"#;
    let promised = http(200, "", whole).replace("content-length: 28", "content-length: 29");
    let (reply, asked) = unfollow(Script::Say(promised)).await;
    assert_eq!((reply.finding, reply.http_status), (unknown("cut_body"), Some(200)));
    assert_eq!(asked.len(), 1);

    let chunked = format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1c\r\n{whole}\r\n");
    let (reply, _) = unfollow(Script::Say(chunked)).await;
    assert_eq!((reply.finding, reply.http_status), (unknown("cut_body"), Some(200)));
}

#[tokio::test]
async fn a_huge_body_is_not_read_to_its_end() {
    for length in [MAX_ANSWER_BYTES, MAX_ANSWER_BYTES + 1, 4 * MAX_ANSWER_BYTES] {
        let body = format!(r#"{{"data":{{"following":false}}}}{}"#, " ".repeat(length - 28));
        let (reply, _) = unfollow(Script::Say(http(200, "", &body))).await;
        let fits = length <= MAX_ANSWER_BYTES;
        let finding = if fits { Finding::Done { reason: None } } else { unknown("cut_body") };
        assert_eq!((reply.finding, reply.http_status), (finding, Some(200)), "{length}");
    }
}

#[tokio::test]
async fn a_connection_lost_before_the_answer_is_not_sent_again() {
    let (reply, asked) = unfollow(Script::Say(String::new())).await;
    assert_eq!((reply.finding, reply.http_status), (unanswered_as("connection_lost", true), None));
    assert_eq!(asked.len(), 1);
    assert!(!reply.detail.is_empty() && !reply.detail.contains("following"), "{}", reply.detail);

    let (reply, _) = unfollow(Script::Say("SMTP ready\r\n\r\n".into())).await;
    assert_eq!(reply.finding, unanswered_as("connection_lost", true));
}

#[tokio::test]
async fn nobody_there_means_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let reply = Asker::new(base).unfollow().await;
    assert_eq!((reply.finding, reply.http_status), (unanswered_as("connect_failed", false), None));
}

#[tokio::test]
async fn a_silent_server_is_waited_for_until_the_deadline_on_the_clock() {
    let (base, mut requests) = serve(Script::Stall(String::new())).await;
    let asker = Asker::new(base);
    let time_passes = async {
        requests.recv().await.unwrap();
        asker.clock.advance(Duration::from_secs(30));
    };
    let (reply, ()) = tokio::join!(asker.unfollow(), time_passes);
    assert_eq!((reply.finding, reply.http_status), (unanswered_as("timeout", true), None));
}

#[tokio::test]
async fn a_body_that_stalls_is_cut_at_the_deadline() {
    let half = "HTTP/1.1 200 X\r\ncontent-length: 28\r\n\r\n{\"data\":";
    let (base, mut requests) = serve(Script::Stall(half.into())).await;
    let asker = Asker::new(base);
    let time_passes = async {
        requests.recv().await.unwrap();
        // What was written is in the socket; every yield lets the client take another look at it.
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        asker.clock.advance(Duration::from_secs(30));
    };
    let (reply, ()) = tokio::join!(asker.unfollow(), time_passes);
    assert_eq!((reply.finding, reply.http_status), (unknown("cut_body"), Some(200)));
}

#[tokio::test]
async fn localhost_is_loopback_without_a_name_server() {
    let (base, _requests) = serve(Script::Say(http(200, "", r#"{"data":{"following":false}}"#))).await;
    let named: BaseUrl = base.as_str().replace("127.0.0.1", "localhost").parse().unwrap();
    assert_eq!(Asker::new(named).unfollow().await.finding, Finding::Done { reason: None });
}

#[tokio::test]
async fn past_send_by_nothing_arrives() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let asker = Asker::new(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let reply = asker.ask(Platform::XV2, Action::Unfollow, Tick(99_999)).await;
    assert_eq!((reply.finding, reply.http_status), (Finding::NotSent, None));
    asker.clock.advance(Duration::from_secs(30));
    let reply = asker.ask(Platform::XV2, Action::Unfollow, Tick(i64::MAX)).await;
    assert_eq!(reply.finding, Finding::NotSent, "the deadline has passed too");
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    for status in [301, 302, 307, 308] {
        let (reply, asked) = unfollow(Script::Say(http(status, "location: /elsewhere\r\n", ""))).await;
        assert_eq!((reply.finding, reply.http_status), (unknown("redirected"), Some(status)));
        assert_eq!(asked.len(), 1);
    }
}

#[tokio::test]
async fn the_token_comes_back_in_no_text() {
    let (base, _requests) = serve(Script::Echo).await;
    let asker = Asker::new(base);
    let reply = asker.unfollow().await;
    assert_eq!(reply.detail, "authorization: Bearer ***");
    let printed = format!("{reply:?} {:?} {:?}", asker.credentials, asker.client);
    assert!(!printed.contains(TOKEN), "{printed}");
}

#[tokio::test]
async fn none_of_the_four_secrets_comes_back_in_a_text() {
    let (base, mut requests) = serve(Script::Echo).await;
    let mut asker = Asker::new(base);
    asker.credentials = oauth1();
    let reply = asker.unfollow().await;
    assert!(reply.detail.starts_with("authorization: OAuth oauth_consumer_key=\"***\""), "{}", reply.detail);
    let printed = format!("{reply:?} {:?} {:?}", asker.credentials, asker.client);
    assert!(["c0nsumer", "s3cret", "t0ken"].iter().all(|secret| !printed.contains(secret)), "{printed}");
    assert!(requests.recv().await.unwrap().contains("oauth_timestamp=\"0\", oauth_token=\"42-t0ken\""));
}

#[tokio::test]
async fn credentials_of_the_wrong_kind_stop_the_account_before_anything_is_sent() {
    let (base, mut requests) = serve(Script::Echo).await;
    let mut asker = Asker::new(base);
    asker.credentials = oauth1();
    let reply = asker.ask(Platform::XV2, Action::Unbookmark, Tick(105_000)).await;
    assert_eq!((reply.finding, reply.http_status), (Finding::Account { reason: "oauth2_only".into() }, None));
    assert!(reply.detail.contains("OAuth 2.0") && requests.try_recv().is_err(), "{}", reply.detail);
}

#[tokio::test]
async fn an_edge_page_blames_no_target() {
    let page = http(404, "content-type: text/html; charset=utf-8\r\n", "<html>404</html>");
    let (reply, _) = unfollow(Script::Say(page)).await;
    let unreadable =
        Finding::Ambiguous { refusal: RefusalKind::UnreadableNotFound, reason: "not_found_unreadable".into() };
    assert_eq!((reply.finding, reply.detail.as_str()), (unreadable, "a web page (HTML) of 16 bytes instead of JSON"));
}

#[tokio::test]
async fn me_names_the_user_or_says_why_not() {
    let deadline = Tick(130_000);
    let (base, mut requests) = serve(Script::Say(http(200, "", r#"{"data":{"id":"2244994945","name":"A"}}"#))).await;
    let asker = Asker::new(base);
    let who = spec(Platform::XV2).who_am_i.as_ref().unwrap();
    let user = asker.client.me(who, &asker.base, &asker.credentials, deadline, &*asker.clock).await.unwrap();
    assert_eq!((user.user.as_str(), user.name), ("2244994945", None));
    let request = requests.recv().await.unwrap();
    assert!(
        request.starts_with("GET /2/users/me HTTP/1.1\r\n") && request.contains("Bearer s3cr3t-token"),
        "{request}"
    );

    for (status, body, finding) in [
        (401, r#"{"title":"Unauthorized"}"#, Finding::Unauthorized { reason: "unauthorized".into() }),
        (
            404,
            r#"{"errors":[{"code":34}]}"#,
            Finding::Ambiguous { refusal: RefusalKind::NotFound, reason: "not_found_unclear".into() },
        ),
        (200, r#"{"data":{"id":"a/b"}}"#, unknown("unexpected_value")),
        (200, "[]", unknown("unexpected_body")),
    ] {
        let (base, _requests) = serve(Script::Say(http(status, "", body))).await;
        let asker = Asker::new(base);
        let who = spec(Platform::XV2).who_am_i.as_ref().unwrap();
        let reply = asker.client.me(who, &asker.base, &asker.credentials, deadline, &*asker.clock).await.unwrap_err();
        assert_eq!((reply.finding, reply.http_status), (finding, Some(status)), "{body}");
    }
}

#[tokio::test]
async fn the_platforms_date_is_asked_without_credentials() {
    let said = http(404, "date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "no such page");
    let (base, mut requests) = serve(Script::Say(said)).await;
    let asker = Asker::new(base);
    assert_eq!(asker.client.platform_date(&asker.base).await, Some(Wall(1_700_000_000_000)));
    assert!(!requests.recv().await.unwrap().contains("authorization"));

    let (base, _requests) = serve(Script::Say(http(200, "", ""))).await;
    assert_eq!(asker.client.platform_date(&base).await, None);
}

#[tokio::test]
async fn a_base_the_client_was_not_made_for_gets_nothing() {
    let (base, _requests) = serve(Script::Stall(String::new())).await;
    let mut asker = Asker::new(base);
    asker.base = "https://api.example".parse().unwrap();
    assert_eq!(asker.unfollow().await.finding, unanswered_as("connect_failed", false));
}
