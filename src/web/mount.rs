//! Where the dashboard stands: over plain http on loopback under a path that nobody can guess, over https at `/`.
//!
//! Cookies know no ports: what a server of this machine sets for 127.0.0.1, a browser sends to every other one, but only with requests for the
//! cookie's path. So the pages and their cookie are under a path of random letters, another with every start, which no other server is asked
//! for. In: requests under that path, which lose it here, so that the rooms behind know one kind of address. Out: their answers, whose
//! addresses have it again. What does not belong here: who may look; whoever knows the path has nothing without the cookie.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::root::Root;
use super::state::Web;

/// No page is longer by far.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// The attributes of pages that hold addresses of the dashboard.
const ATTRIBUTES: [&str; 3] = [" href", " action", " data-events"];
/// The same for everybody and with every start, so that browsers keep them.
const ASSETS: &str = "/assets/";

/// A request that came under the root.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside;

/// Takes the root from requests, and gives it to the addresses in their answers.
pub(super) async fn mount(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let root = &web.root;
    let Some(inside) = root.inside(request.uri().path()).and_then(|path| with_path(request.uri(), path)) else {
        return next.run(request).await;
    };
    *request.uri_mut() = inside;
    request.extensions_mut().insert(Inside);
    let mut answer = next.run(request).await;
    if root.0.is_empty() {
        return answer;
    }
    mount_location(answer.headers_mut(), root);
    let is_page =
        answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page { mount_page(answer, root).await } else { answer }
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let text = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

fn mount_location(headers: &mut HeaderMap, root: &Root) {
    let Some(location) = headers.get(header::LOCATION).and_then(|location| location.to_str().ok()) else { return };
    if location.starts_with('/')
        && root.inside(location).is_none()
        && let Ok(mounted) = HeaderValue::try_from(root.at(location))
    {
        headers.insert(header::LOCATION, mounted);
    }
}

async fn mount_page(answer: Response, root: &Root) -> Response {
    let (mut head, body) = answer.into_parts();
    let page = to_bytes(body, MAX_PAGE_BYTES).await.ok().and_then(|bytes| String::from_utf8(bytes.into()).ok());
    let Some(page) = page else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be shown\n").into_response();
    };
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(mounted(&page, root)))
}

/// A page whose addresses have the root. Nothing else can look like one of them: pages are written by maud, which writes out every `"` of
/// foreign text.
fn mounted(page: &str, root: &Root) -> String {
    let mut mounted = String::with_capacity(page.len() + page.len() / 8);
    for (index, piece) in page.split("=\"/").enumerate() {
        if index > 0 {
            let is_address = ATTRIBUTES.iter().any(|attribute| mounted.ends_with(attribute));
            mounted.push_str("=\"");
            if is_address && !piece.starts_with(&ASSETS[1..]) {
                mounted.push_str(&root.0);
            }
            mounted.push('/');
        }
        mounted.push_str(piece);
    }
    mounted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::web::access::AllowedHosts;
    use maud::html;
    use proptest::prelude::*;

    fn root() -> Root {
        Root("/abc".to_owned())
    }

    #[test]
    fn plain_http_has_a_root_that_is_new_each_time_and_https_has_none() {
        let local = AllowedHosts::loopback("127.0.0.1:7878".parse().unwrap());
        let (one, other) = (Root::new(&local).unwrap(), Root::new(&local).unwrap());
        assert!(one.0.len() > 40 && one.0 != other.0 && !format!("{one:?}").contains(&one.0));
        assert_eq!(one.cookie_path(), one.0);
        let secure = Root::new(&AllowedHosts::behind_proxy("https://cleanup.example.org").unwrap()).unwrap();
        assert_eq!(
            (secure.at("/jobs").as_str(), secure.cookie_path(), secure.inside("/jobs")),
            ("/jobs", "/", Some("/jobs"))
        );
    }

    #[test]
    fn what_is_inside() {
        for (path, inside) in [("/abc", Some("/")), ("/abc/", Some("/")), ("/abc/jobs/1", Some("/jobs/1"))] {
            assert_eq!(root().inside(path), inside, "{path}");
        }
        for outside in ["/", "/jobs", "/abcd/jobs", "/ab", "abc/jobs", "*", ""] {
            assert_eq!(root().inside(outside), None, "{outside}");
        }
        let uri = with_path(&"http://a:1/abc/jobs?x=%2F&y".parse().unwrap(), "/jobs").unwrap();
        assert_eq!(uri.to_string(), "http://a:1/jobs?x=%2F&y");
    }

    #[test]
    fn addresses_of_pages_have_the_root_and_nothing_else_has() {
        let page = html! {
            a href="/" { "=\"/ href=\"/jobs" }
            a href={ "/jobs/" (1) "?q=a" } data-href="/x" { "x" }
            a href="#main" { "main" }
            form action="/theme" { input name="a" value="/theme"; }
            script src="/assets/live.js" data-events="/events" {}
            link href="/assets/style.css";
        };
        let expected = html! {
            a href="/abc/" { "=\"/ href=\"/jobs" }
            a href={ "/abc/jobs/" (1) "?q=a" } data-href="/x" { "x" }
            a href="#main" { "main" }
            form action="/abc/theme" { input name="a" value="/theme"; }
            script src="/assets/live.js" data-events="/abc/events" {}
            link href="/assets/style.css";
        };
        assert_eq!(mounted(&page.into_string(), &root()), expected.into_string());
    }

    proptest! {
        #[test]
        fn foreign_text_is_never_taken_for_an_address(text in "[ a-z=\"/&;<>]{0,40}", value in "[ a-z=\"/&;<>]{0,40}") {
            let page = html! { p title=(value) { (text) " href=\"/" (text) } input value=(text); }.into_string();
            prop_assert_eq!(mounted(&page, &root()), page);
        }
    }
}
