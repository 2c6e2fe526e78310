//! What the Mastodon API has beside its actions: whose a token is, and lists, whose pages name the next one in a `Link` header.

use std::collections::HashMap;

use axum::Router;
use axum::extract::{Path, RawPathParams, Request, State};
use axum::http::header;
use axum::response::Response;
use axum::routing::get;
use oauth2::url::form_urlencoded;

use super::authn::Received;
use super::bodies_lists::Fields;
use super::bodies_mastodon as bodies;
use super::decision::Answer;
use super::exchange::{authenticated, deliver, receive};
use super::headers::{plain, put, respond};
use super::lists::Shelf;
use super::mastodon_ids;
use super::platform_state::Platform;
use super::reads::{ReadAsk, ReadQuery, cursor, index_of};
use super::rendered;
use super::target_fate::Fate;
use super::who::{KnownUser, SimulatedApi};
use super::world::World;
use crate::domain::{Action, TargetKind};

/// The lists: their paths, and the scope that a token needs for each.
const LISTS: [(&str, Shelf, &str); 9] = [
    ("/api/v1/accounts/{id}/following", Shelf::Following, "read:accounts"),
    ("/api/v1/accounts/{id}/followers", Shelf::Followers, "read:accounts"),
    ("/api/v1/favourites", Shelf::Likes, "read:favourites"),
    ("/api/v1/accounts/{id}/statuses", Shelf::Posts, "read:statuses"),
    ("/api/v1/mutes", Shelf::Mutes, "read:mutes"),
    ("/api/v1/blocks", Shelf::Blocks, "read:blocks"),
    ("/api/v1/bookmarks", Shelf::Bookmarks, "read:bookmarks"),
    ("/api/v1/followed_tags", Shelf::FollowedTags, "read:follows"),
    ("/api/v1/domain_blocks", Shelf::BlockedDomains, "read:blocks"),
];

/// The most users of one question.
const MOST_RELATIONSHIPS: usize = 80;

/// The routes.
pub(super) fn routes(mut router: Router<Platform>) -> Router<Platform> {
    for (path, shelf, scope) in LISTS {
        let handler = move |State(platform): State<Platform>, params: RawPathParams, request: Request| async move {
            let path_user = params.iter().next().map(|(_, text)| text.to_owned());
            let is_of_pins = shelf == Shelf::Posts && request.uri().query().is_some_and(asks_for_pins);
            list(platform, (if is_of_pins { Shelf::Pins } else { shelf }, scope), path_user, request).await
        };
        router = router.route(path, get(handler));
    }
    let router = router.route("/api/v1/statuses/{id}", get(status));
    let router = router.route("/api/v1/accounts/relationships", get(relationships));
    let router = router.route("/api/v1/accounts/verify_credentials", get(verify_credentials));
    router.route("/api/v1/accounts/lookup", get(look_up)).route("/api/v2/search", get(search))
}

/// Who has an address. No window counts it.
async fn look_up(State(platform): State<Platform>, request: Request) -> Response {
    named(platform, request, ("acct", &[]), |called| match bodies::user_of_address(called) {
        Some(user) => bodies::known_account(user),
        None => bodies::unknown_record(),
    })
    .await
}

/// The post of a link.
async fn search(State(platform): State<Platform>, request: Request) -> Response {
    named(platform, request, ("q", &["read:search"]), |called| bodies::posts_found(bodies::post_of_link(called))).await
}

/// The answer to a question about one name.
async fn named(
    platform: Platform,
    request: Request,
    (parameter, scopes): (&str, &[&str]),
    say: impl Fn(&str) -> super::rendered::Rendered,
) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    if authenticated(&platform, SimulatedApi::Mastodon, false, &received).is_err() {
        return plain(bodies::denied());
    }
    if !scopes.is_empty() && platform.host_oauth().lacks(received.bearer(), scopes) {
        return plain(bodies::out_of_scope());
    }
    let pairs: HashMap<_, _> = form_urlencoded::parse(received.query().as_bytes()).collect();
    let called = pairs.get(parameter).map(AsRef::as_ref).unwrap_or_default();
    platform.pause(platform.latency.unwrap_or_default()).await;
    plain(say(called))
}

async fn verify_credentials(State(platform): State<Platform>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let Ok(user) = authenticated(&platform, SimulatedApi::Mastodon, false, &received) else {
        return plain(bodies::denied());
    };
    if platform.host_oauth().lacks(received.bearer(), &["profile", "read:accounts"]) {
        return plain(bodies::out_of_scope());
    }
    let who = KnownUser { dialect: SimulatedApi::Mastodon, user };
    let answer = platform.at_once(|world, now| world.look_up(now, who));
    platform.pause(platform.latency.unwrap_or_default()).await;
    respond(bodies::worded_user(answer.verdict, user), SimulatedApi::Mastodon, answer, platform.clock.now().wall)
}

async fn status(State(platform): State<Platform>, Path(called): Path<String>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let Ok(user) = authenticated(&platform, SimulatedApi::Mastodon, false, &received) else {
        return plain(bodies::denied());
    };
    if platform.host_oauth().lacks(received.bearer(), &["read:statuses"]) {
        return plain(bodies::out_of_scope());
    }
    let who = KnownUser { dialect: SimulatedApi::Mastodon, user };
    let post = mastodon_ids::number_of(&called);
    let number = post.to_string();
    let (answer, undone) = platform.at_once(|world, now| {
        // What only looks undone is told as it is.
        let is_ghost = world.fate_of(TargetKind::Post, post) == Fate::Ghost;
        let of_posts = [Action::Unlike, Action::Unrepost, Action::Unbookmark, Action::Unpin];
        let undone: Vec<Action> =
            of_posts.into_iter().filter(|action| !is_ghost && world.times_done(who, *action, &number) > 0).collect();
        (world.look_up(now, who), undone)
    });
    platform.pause(platform.latency.unwrap_or_default()).await;
    let worded = bodies::worded_status(answer.verdict, &called, &undone);
    respond(worded, SimulatedApi::Mastodon, answer, platform.clock.now().wall)
}

/// How the account and users stand to each other, each that is asked about.
async fn relationships(State(platform): State<Platform>, request: Request) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let Ok(user) = authenticated(&platform, SimulatedApi::Mastodon, false, &received) else {
        return plain(bodies::denied());
    };
    if platform.host_oauth().lacks(received.bearer(), &["read:follows"]) {
        return plain(bodies::out_of_scope());
    }
    let who = KnownUser { dialect: SimulatedApi::Mastodon, user };
    let pairs = form_urlencoded::parse(received.query().as_bytes());
    let asked: Vec<String> =
        pairs.filter(|(name, _)| name == "id[]").map(|(_, id)| id.into_owned()).take(MOST_RELATIONSHIPS).collect();
    let (answer, told) = platform.at_once(|world, now| {
        let there =
            |world: &mut World, called: &str, shelf| !world.has_undone(who, shelf, mastodon_ids::number_of(called));
        let told: Vec<(String, Vec<Shelf>)> = asked
            .into_iter()
            .map(|called| {
                let shelves = bodies::RELATIONS.map(|(shelf, _)| shelf);
                let on = shelves.into_iter().filter(|shelf| there(world, &called, *shelf)).collect();
                (called, on)
            })
            .collect();
        (world.look_up(now, who), told)
    });
    platform.pause(platform.latency.unwrap_or_default()).await;
    let worded = bodies::worded_relationships(answer.verdict, &told);
    respond(worded, SimulatedApi::Mastodon, answer, platform.clock.now().wall)
}

async fn list(
    platform: Platform,
    (shelf, scope): (Shelf, &str),
    path_user: Option<String>,
    request: Request,
) -> Response {
    let Some(received) = receive(request).await else { return plain(rendered::too_large()) };
    let Ok(user) = authenticated(&platform, SimulatedApi::Mastodon, false, &received) else {
        return plain(bodies::denied());
    };
    if platform.host_oauth().lacks(received.bearer(), &[scope]) {
        return plain(bodies::out_of_scope());
    }
    let (count, from) = wanted(shelf, received.query());
    let ask = ReadAsk { path_user, wanted: ReadQuery::Page { shelf, count, from }, fields: Fields::default() };
    let who = KnownUser { dialect: SimulatedApi::Mastodon, user };
    let (decision, leaf) = platform.at_once(|world, now| world.read(now, who, &ask));
    platform.pause(platform.latency.unwrap_or_default()).await;
    let links = links(&received, (shelf, count, from), leaf.next.as_deref());
    let say = |answer: Answer| {
        let worded = bodies::worded_page(answer.verdict, &leaf, shelf, answer.wording);
        let mut response = respond(worded, SimulatedApi::Mastodon, answer, platform.clock.now().wall);
        if response.status().is_success() && !leaf.entries.is_empty() {
            put(response.headers_mut(), header::LINK, &links);
        }
        response
    };
    deliver(decision, say, &platform).await
}

/// Whether a query is for the posts that are pinned, and no others.
fn asks_for_pins(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "pinned" && value == "true")
}

/// How many entries, and from which on. A number beyond the most is cut, as Mastodon does, and a cursor that is none begins the list.
fn wanted(shelf: Shelf, query: &str) -> (u32, u32) {
    let (usual, most) = match shelf.kind() {
        TargetKind::User => (40, 80),
        TargetKind::Post | TargetKind::List => (20, 40),
        TargetKind::Tag | TargetKind::Domain => (100, 200),
    };
    let pairs: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    let count = pairs.get("limit").and_then(|count| count.parse().ok()).unwrap_or(usual).clamp(1, most);
    (count, pairs.get("max_id").and_then(|cursor| index_of(shelf, cursor)).unwrap_or(0))
}

/// Where the list goes on, and where it came from. The cursor is no entry's ID.
fn links(received: &Received, (shelf, count, from): (Shelf, u32, u32), next: Option<&str>) -> String {
    let at = format!("http://{}{}", received.header(header::HOST), received.parts.uri.path());
    let next = next.map(|next| format!("<{at}?limit={count}&max_id={next}>; rel=\"next\", ")).unwrap_or_default();
    format!("{next}<{at}?limit={count}&min_id={}>; rel=\"prev\"", cursor(shelf, from))
}
