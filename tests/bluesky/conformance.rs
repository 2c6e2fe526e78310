//! The sandbox says what a real server says: the same questions to both, and of the answers the status, the error's word, the keys and
//! whether a limit is told have to be the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::xrpc::{Answered, FOLLOWS, Person, Xrpc};
use crate::common::{Home, SandboxProcess};
use cleanup::sandbox::Sandbox;

/// Keys that a server may have beside those of the protocol, or whose inside is none of a client's business.
const UNCOMPARED: [&str; 4] = ["@context", "verificationMethod", "email", "emailConfirmed"];

/// A server with somebody logged in by an app password, and somebody else.
struct Bench {
    server: Xrpc,
    handle: String,
    app_password: String,
    somebody_else: String,
    me: Person,
    refresh: String,
}

impl Bench {
    fn real(server: &Xrpc) -> Bench {
        let (me, other) = (Person::new(server), Person::new(server));
        let session = server.get("com.atproto.server.getSession", &me.token);
        let made = server.post("com.atproto.server.createAppPassword", &me.token, &json!({ "name": "cleanup" }));
        Bench::logged_in(server, session.text("handle"), made.text("password"), other.did)
    }

    fn sandbox(server: &Xrpc) -> Bench {
        let other = Sandbox::bluesky_did("7".parse().unwrap());
        Bench::logged_in(server, "ada.test".into(), Sandbox::app_password().into(), other)
    }

    fn logged_in(server: &Xrpc, handle: String, app_password: String, somebody_else: String) -> Bench {
        let input = json!({ "identifier": handle, "password": app_password });
        let session = server.post("com.atproto.server.createSession", "", &input);
        assert_eq!(session.status, 200, "{session:?}");
        let me = Person { server: server.clone(), did: session.text("did"), token: session.text("accessJwt") };
        let server = server.clone();
        Bench { server, handle, app_password, somebody_else, me, refresh: session.text("refreshJwt") }
    }

    /// Everything that is asked, and what of each answer has to be the same everywhere.
    fn transcript(&self) -> Vec<String> {
        let mut said = Vec::new();
        self.sessions(&mut |what, answered| said.push(line(what, &answered)));
        self.records(&mut |what, answered| said.push(line(what, &answered)));
        self.refused(&mut |what, answered| said.push(line(what, &answered)));
        said
    }

    fn sessions(&self, note: &mut dyn FnMut(&str, Answered)) {
        let log_in = |input: Value| self.server.post("com.atproto.server.createSession", "", &input);
        note("log in", log_in(json!({ "identifier": self.handle, "password": self.app_password })));
        note("log in by DID", log_in(json!({ "identifier": self.me.did, "password": self.app_password })));
        note("wrong password", log_in(json!({ "identifier": self.handle, "password": "wrong" })));
        note("nobody", log_in(json!({ "identifier": "gone-nobody.test", "password": "wrong" })));
        note("no password", log_in(json!({ "identifier": self.handle })));
        for (what, token) in
            [("mine", self.me.token.as_str()), ("none", ""), ("nonsense", "nonsense"), ("refresh", &self.refresh)]
        {
            note(&format!("session, token {what}"), self.server.get("com.atproto.server.getSession", token));
        }
        let refresh = |token: &str| self.server.ask("POST", "com.atproto.server.refreshSession", token, "");
        let fresh = refresh(&self.refresh);
        let (access, next) = (fresh.text("accessJwt"), fresh.text("refreshJwt"));
        note("refresh", fresh);
        note("refresh again", refresh(&self.refresh));
        note("refresh by an access token", refresh(&self.me.token));
        note("refresh without a token", refresh(""));
        let log_out = |token: &str| self.server.ask("POST", "com.atproto.server.deleteSession", token, "");
        note("log out", log_out(&next));
        note("log out again", log_out(&next));
        note("log out by an access token", log_out(&access));
        note("refresh after the end", refresh(&next));
        note("session after the end", self.server.get("com.atproto.server.getSession", &access));
        let resolve =
            |handle: &str| self.server.get(&format!("com.atproto.identity.resolveHandle?handle={handle}"), "");
        note("resolve", resolve(&self.handle));
        note("resolve nobody", resolve("gone-nobody.test"));
        note("resolve nonsense", resolve("a"));
    }

    fn records(&self, note: &mut dyn FnMut(&str, Answered)) {
        let made: Vec<(String, String)> =
            ["b", "c", "d"].map(|n| self.me.follow(&format!("did:plc:{}", n.repeat(24)))).into();
        let list = |more: &str| self.me.list(FOLLOWS, more);
        note("list", list(""));
        note("a page", list("&limit=2"));
        let cursor = list("&limit=3").text("cursor");
        note("the page behind the last", list(&format!("&limit=3&cursor={cursor}")));
        note("any cursor", list("&cursor=zzz"));
        note("an empty collection", self.me.list("app.bsky.feed.like", ""));
        note("an unknown collection", self.me.list("com.example.nothing", ""));
        let of =
            |repo: &str| self.server.get(&format!("com.atproto.repo.listRecords?repo={repo}&collection={FOLLOWS}"), "");
        note("list by handle", of(&self.handle));
        note("list of nobody", of("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"));
        let get = |key: &str| {
            let question = format!("com.atproto.repo.getRecord?repo={}&collection={FOLLOWS}&rkey={key}", self.me.did);
            self.server.get(&question, "")
        };
        note("get", get(&made[0].0));
        note("get what is not there", get("3aaaaaaaaaaaa"));
        // A second record of a subject takes the first one's place.
        self.me.follow("did:plc:bbbbbbbbbbbbbbbbbbbbbbbb");
        note("get what was replaced", get(&made[0].0));
        note("delete what has changed", self.me.delete(FOLLOWS, &made[1].0, &made[2].1));
        note("delete", self.me.delete(FOLLOWS, &made[1].0, &made[1].1));
        note("delete again", self.me.delete(FOLLOWS, &made[1].0, &made[1].1));
        note("delete from an unknown collection", self.me.delete("com.example.nothing", &made[1].0, &made[1].1));
        let again = json!({ "$type": FOLLOWS, "subject": format!("did:plc:{}", "c".repeat(24)), "createdAt": "2024-01-01T00:00:00.000Z" });
        let input = json!({ "repo": self.me.did, "collection": FOLLOWS, "rkey": made[1].0, "record": again });
        note("restore", self.server.post("com.atproto.repo.createRecord", &self.me.token, &input));
        note("get what was restored", get(&made[1].0));
        note("list at the end", list(""));
    }

    fn refused(&self, note: &mut dyn FnMut(&str, Answered)) {
        const DELETE: &str = "com.atproto.repo.deleteRecord";
        let record = json!({ "repo": self.me.did, "collection": FOLLOWS, "rkey": "3aaaaaaaaaaaa" });
        let with = |key: &str, value: Value| {
            let mut input = record.clone();
            input[key] = value;
            input
        };
        let delete = |input: Value| self.server.post(DELETE, &self.me.token, &input);
        note("somebody else's", delete(with("repo", self.somebody_else.as_str().into())));
        note("nobody's", delete(with("repo", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa".into())));
        note("no key", delete(json!({ "repo": self.me.did, "collection": FOLLOWS })));
        note("no record key", delete(with("rkey", "a/b".into())));
        note("no CID", delete(with("swapRecord", "nonsense".into())));
        note("no collection", delete(with("collection", "nonsense".into())));
        note("no JSON", self.server.ask("POST", DELETE, &self.me.token, "nonsense"));
        note("no body", self.server.ask("POST", DELETE, &self.me.token, ""));
        note("GET", self.server.get(DELETE, &self.me.token));
        for (what, token) in [("no", ""), ("nonsense for a", "nonsense"), ("a refresh", self.refresh.as_str())] {
            note(&format!("{what} token"), self.server.post(DELETE, token, &record));
        }
        for more in ["limit=0", "limit=101", "limit=x"] {
            note(more, self.me.list(FOLLOWS, &format!("&{more}")));
        }
        note("an odd collection", self.me.list("nonsense", ""));
        note("no token for an app view", self.server.get("app.bsky.graph.getMutes", ""));
    }
}

fn line(what: &str, answered: &Answered) -> String {
    let limits = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit-policy", "retry-after"];
    let limits: Vec<&str> = limits.into_iter().filter(|name| answered.header(name).is_some()).collect();
    let (status, error) = (answered.status, answered.error());
    format!("{what}: {status} {error} {} limits {}", shape(&answered.body), limits.len())
}

/// The keys of an answer with the kinds of their values.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&str, &Value> = fields.iter().map(|(key, value)| (key.as_str(), value)).collect();
            let compared = fields.into_iter().filter(|(key, _)| !UNCOMPARED.contains(key));
            let all: Vec<String> = compared.map(|(key, value)| format!("{key}:{}", shape(value))).collect();
            format!("{{{}}}", all.join(","))
        }
        Value::Array(values) => format!("[{}x{}]", values.len(), values.first().map(shape).unwrap_or_default()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "bool".into(),
        Value::Null => "nothing".into(),
    }
}

#[test]
fn the_sandbox_says_what_a_real_server_says() {
    let Some(real) = Xrpc::real() else { return };
    let home = Home::new();
    let process = SandboxProcess::start(&home, &["--faults", "none", "--lists", "0"]);
    let sandbox = Xrpc::at(&process.url);
    let (real, sandbox) = (Bench::real(&real).transcript(), Bench::sandbox(&sandbox).transcript());
    assert_eq!(real.len(), sandbox.len());
    let different: Vec<_> = real.iter().zip(&sandbox).filter(|(real, sandbox)| real != sandbox).collect();
    assert!(different.is_empty(), "the real one first: {different:#?}");
}
