//! An account's repository at a server that does what it is told to: lists records, deletes them, changes them, loses answers, and
//! never answers again. It keeps a record of every deletion that was asked for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub const FOLLOWS: &str = "app.bsky.graph.follow";
/// Entries of a page, whatever is asked for.
const PAGE: usize = 3;

/// The user whose repository it is.
pub const USER: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Good,
    /// It is carried out, and its answer is lost.
    LostAfter,
    /// It is lost.
    LostBefore,
    /// 503.
    Failing,
    /// Of a deletion: the record changes right before it.
    Changed,
    /// It is carried out, and the process that asked dies before it hears of it.
    Dies,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub collection: &'static str,
    pub key: String,
    pub subject: String,
    pub version: u32,
}

#[derive(Default)]
pub struct World {
    pub held: Vec<Held>,
    /// Every record that there ever was, by its key: its subject.
    pub made: BTreeMap<String, String>,
    /// What becomes of the next requests; then all are good.
    pub fates: VecDeque<Fate>,
    /// By subject, the deletions asked for, each with what became of it.
    pub deletions: Vec<(String, Fate)>,
    /// Requests so far.
    pub requests: usize,
}

impl World {
    /// A new record of a subject, at the top of its list.
    pub fn make(&mut self, collection: &'static str, subject: &str) {
        let key = format!("3k{:011}", self.made.len() + 1);
        self.made.insert(key.clone(), subject.to_owned());
        self.held.push(Held { collection, key, subject: subject.to_owned(), version: 1 });
    }

    /// How many records a subject has.
    pub fn count(&self, subject: &str) -> usize {
        self.held.iter().filter(|held| held.subject == subject).count()
    }

    /// A page: the newest first, and behind a cursor what is older.
    fn page(&self, collection: &str, cursor: Option<&str>) -> Value {
        let mut held: Vec<&Held> = self.held.iter().filter(|held| held.collection == collection).collect();
        held.sort_by(|a, b| b.key.cmp(&a.key));
        held.retain(|held| cursor.is_none_or(|cursor| held.key.as_str() < cursor));
        held.truncate(PAGE);
        let record = |held: &&Held| {
            json!({
                "uri": format!("at://{USER}/{}/{}", held.collection, held.key), "cid": cid(held),
                "value": { "$type": held.collection, "subject": held.subject, "createdAt": "2026-01-01T00:00:00.000Z" }
            })
        };
        let records: Vec<Value> = held.iter().map(record).collect();
        match held.last().filter(|_| held.len() == PAGE) {
            Some(last) => json!({ "records": records, "cursor": last.key }),
            None => json!({ "records": records }),
        }
    }

    fn delete(&mut self, body: &Value, fate: Fate) -> (u16, Value) {
        let named = |held: &Held| body["collection"] == held.collection && body["rkey"] == held.key.as_str();
        let Some(place) = self.held.iter().position(named) else { return (200, json!({})) };
        if fate == Fate::Changed {
            self.held[place].version += 1;
        }
        if body["swapRecord"] != cid(&self.held[place]).as_str() {
            return (400, json!({ "error": "InvalidSwap", "message": "Record was at another CID" }));
        }
        self.held.remove(place);
        (200, json!({ "commit": { "cid": "bafycommit", "rev": "3k" } }))
    }
}

fn cid(held: &Held) -> String {
    format!("bafy{}v{}", held.key, held.version)
}

/// The server.
pub struct Repository {
    pub world: Arc<Mutex<World>>,
    pub address: String,
    /// A process dies.
    pub deaths: Arc<Notify>,
    /// A request has come.
    pub asked: Arc<Notify>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Repository {
    pub async fn start() -> Repository {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (world, deaths, asked) =
            (Arc::new(Mutex::new(World::default())), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let shared = (Arc::clone(&world), Arc::clone(&deaths), Arc::clone(&asked));
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (world, deaths, asked) = shared.clone();
                tokio::spawn(async move {
                    let _ = serve(stream, &world, &deaths, &asked).await;
                });
            }
        });
        Repository { world, address, deaths, asked, serving }
    }
}

async fn serve(mut stream: TcpStream, world: &Mutex<World>, deaths: &Notify, asked: &Notify) -> std::io::Result<()> {
    let Some((line, body)) = read(&mut stream).await? else { return Ok(()) };
    let answer = {
        let mut world = world.lock().unwrap();
        world.requests += 1;
        let is_page = line.contains("com.atproto.repo.listRecords");
        let is_deletion = line.contains("com.atproto.repo.deleteRecord");
        // What asks for the time has no fate.
        let fate = if is_page || is_deletion { world.fates.pop_front().unwrap_or(Fate::Good) } else { Fate::Good };
        let fate = if is_page && fate == Fate::Changed { Fate::Good } else { fate };
        if is_deletion {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((body["repo"].as_str(), line.starts_with("POST ")), (Some(USER), true), "{body}");
            let subject = world.made[body["rkey"].as_str().unwrap()].clone();
            world.deletions.push((subject, fate));
            match fate {
                Fate::LostBefore | Fate::Failing => (fate, 503, json!({ "error": "InternalServerError" })),
                _ => {
                    let (status, answer) = world.delete(&body, fate);
                    (fate, status, answer)
                }
            }
        } else if is_page {
            let url = reqwest::Url::parse(&format!("http://x{}", line.split(' ').nth(1).unwrap())).unwrap();
            let value = |name| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            assert_eq!(value("repo").as_deref(), Some(USER));
            let page = world.page(&value("collection").unwrap(), value("cursor").as_deref());
            if fate == Fate::Failing {
                (fate, 503, json!({ "error": "InternalServerError" }))
            } else {
                (fate, 200, page)
            }
        } else {
            (fate, 404, json!({ "error": "NotFound" }))
        }
    };
    asked.notify_waiters();
    let (fate, status, answer) = answer;
    match fate {
        Fate::LostAfter | Fate::LostBefore => Ok(()),
        Fate::Dies => {
            deaths.notify_one();
            std::future::pending().await
        }
        Fate::Good | Fate::Failing | Fate::Changed => {
            let answer = answer.to_string();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                answer.len()
            );
            stream.write_all(format!("{head}{answer}").as_bytes()).await
        }
    }
}

/// The first line of a request, and its body.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<(String, String)>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return Ok(Some((head.lines().next().unwrap_or_default().to_owned(), body.to_owned())));
            }
        }
        let mut more = [0; 4096];
        match stream.read(&mut more).await? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&more[..read]),
        }
    }
}
