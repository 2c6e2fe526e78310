//! How long a reading goes on where nobody answers: waiting for a slot is no silence.

use std::sync::Arc;
use std::time::Duration;

use cleanup::auth::{OAuthEndpoints, OAuthHttp, TokenMeans, TokenSource};
use cleanup::clock::{Clock, SimulatedClock};
use cleanup::domain::{ListKind, Moment, Platform, Secret, Tick, UserId, Wall};
use cleanup::engine::shutdown;
use cleanup::lists::fetch::{Budget, FetchDeps, FetchEvent, PageAnswer, Reader, Stop, Way};
use cleanup::platforms::{BaseUrl, Client, ClientSettings, Credentials, What, find_list_endpoint};
use cleanup::store::{HoldNews, QueueKind, ReadEnd, ReadSlot, Store};

const GIVE_UP_AFTER: Duration = Duration::from_secs(10);

/// Nobody listens there any more.
fn closed_port() -> BaseUrl {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap()).parse().unwrap()
}

async fn reader(
    folder: &std::path::Path,
    clock: &Arc<SimulatedClock>,
    tell: Box<dyn FnMut(FetchEvent) + Send>,
) -> Reader {
    let open = || async { Store::open(&folder.join("queue.db"), QueueKind::Sandbox).await.unwrap() };
    let (mut store, base) = (open().await, closed_port());
    let user: UserId = "77".parse().unwrap();
    let account = store.accounts().ensure_account(&"ada".parse().unwrap(), Platform::Sandbox, &user).await.unwrap();
    let (wire, places) =
        (OAuthHttp::new(&[&base]).unwrap(), OAuthEndpoints::x(&base, OAuthEndpoints::X_AUTHORIZE).unwrap());
    let token_store = open().await;
    let means =
        TokenMeans { store: token_store, vault: None, wire, places, app: None, oauth1: None, clock: clock.clone() };
    let tokens = TokenSource::new(means);
    tokens.set_static(account, Arc::new(Credentials::bearer(Secret::new("pretend")).unwrap())).await.unwrap();
    let deps = FetchDeps {
        store,
        client: Arc::new(Client::new(&[&base], ClientSettings::default()).unwrap()),
        tokens: Arc::new(tokens),
        clock: clock.clone(),
        shutdown: shutdown().1,
        request_deadline: Duration::from_secs(30),
        give_up_after: GIVE_UP_AFTER,
        until: None,
    };
    let way = Way { account, platform: Platform::Sandbox, user, base: Arc::new(base), app: "sandbox".into() };
    Reader::new(deps, way, Budget::default(), tell)
}

/// All slots of the list's window are taken now.
async fn use_up(reader: &mut Reader, reading: &cleanup::platforms::ListEndpoint, now: Moment) {
    let rules = reader.rules(reading);
    while let ReadSlot::Granted(grant) = reader.deps.store.lists().reserve_read(&rules.ask(), now).await.unwrap() {
        let end = ReadEnd {
            counted_until: now.tick,
            ended_at: now.wall,
            http_status: Some(200),
            finding: "page",
            detail: String::new(),
            resources: 0,
            left: Vec::new(),
        };
        reader.deps.store.lists().end_read(grant.id, &end, HoldNews::Same, &rules.ask()).await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_for_the_window_is_no_silence() {
    let folder = tempfile::tempdir().unwrap();
    let clock = SimulatedClock::shared(Moment { tick: Tick(0), wall: Wall(1_800_000_000_000) });
    let (events, told) = std::sync::mpsc::channel();
    // Time goes on when the reader waits, and only then.
    let hears = {
        let clock = clock.clone();
        move |event: FetchEvent| {
            match &event {
                FetchEvent::Waiting { until, .. } => clock.advance(until.since(clock.now().wall)),
                FetchEvent::Trouble(_) => clock.advance(Duration::from_secs(5)),
                FetchEvent::Page { .. } => {}
            }
            let _ = events.send(event);
        }
    };
    let mut reader = reader(folder.path(), &clock, Box::new(hears)).await;
    let reading = find_list_endpoint(Platform::Sandbox, ListKind::Following).unwrap();
    use_up(&mut reader, reading, clock.now()).await;
    let what = What::Entries { count: 100, from: None, newest_posts: false };
    let PageAnswer::Stopped(stop) = reader.ask(reading, what).await.unwrap() else { panic!("a page from nobody") };
    assert!(matches!(stop, Stop::Unreachable(_)), "{stop:?}");
    let told: Vec<FetchEvent> = told.try_iter().collect();
    assert!(matches!(told[0], FetchEvent::Waiting { .. }), "{told:?}");
    assert!(clock.now().tick.since(Tick(0)) > GIVE_UP_AFTER * 2, "the window is longer than the patience");
    let troubles = told.iter().filter(|event| matches!(event, FetchEvent::Trouble(_))).count();
    assert_eq!(troubles, 2, "it asks again for as long as its patience lasts: {told:?}");
}
