//! In front of every handler: the name asked for, the page that asks, the session; behind it: the headers that keep browsers
//! from doing what no page of ours wants.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::access::{Asker, DEVICE_SECONDS, Device, OriginRefusal, Session};
use super::connections::Connection;
use super::mount::Inside;
use super::pages::{self, Theme};
use super::problem::Problem;
use super::state::{LoginMethod, Web};

/// How long a request may take, from its head to the answer's; uploads, receipts and events have bounds of their own.
const MAX_REQUEST_SECONDS: u64 = 30;
/// How long an upload may take.
const MAX_UPLOAD_SECONDS: u64 = 900;

/// The longest body of a form; uploads have a bound of their own.
pub(super) const MAX_FORM_BYTES: usize = 64 * 1024;

/// The begin of the session's cookie; the port follows, for cookies know none and other servers of this machine set theirs.
const COOKIE: &str = "cleanup_session_";
/// Over https, with the prefix that no other name of the domain can set.
const SECURE_COOKIE: &str = "__Host-cleanup_session";
const THEME_COOKIE: &str = "cleanup_theme";
/// What a browser that has logged in with the password is known by.
const DEVICE_COOKIE: &str = "__Host-cleanup_device";

/// Where everybody may ask whether the server is alive.
pub(super) const HEALTH: &str = "/healthz";
/// Where an export is sent to.
pub(super) const EXPORTS: &str = "/lists/export";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Who asks, as handlers see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    /// None on the pages that everybody may see.
    pub(super) session: Option<Session>,
    pub(super) theme: Theme,
    /// With a session, or the scraper: not one of those whose connections go first.
    is_known: bool,
}

impl Visitor {
    /// The name in the audit log.
    pub(super) fn actor(&self) -> String {
        self.session.map_or_else(|| "dashboard".to_owned(), |session| format!("dashboard (browser {})", session.number))
    }
}

/// Lets a request through, or not.
pub(super) async fn protect(State(web): State<Arc<Web>>, mut request: Request, next: Next) -> Response {
    let answer = match judge(&web, &request) {
        Ok(visitor) => {
            if let Some(connection) = request.extensions().get::<Connection>().filter(|_| visitor.is_known) {
                connection.know();
            }
            request.extensions_mut().insert(visitor);
            let (theme, is_page) = (visitor.theme, !is_for_programs(request.uri().path()));
            let is_long = request.method() == Method::POST && is_upload(request.uri().path());
            let seconds = Duration::from_secs(if is_long { MAX_UPLOAD_SECONDS } else { MAX_REQUEST_SECONDS });
            let answer = if is_change(&request) {
                finish_change(request, next, seconds).await
            } else {
                let answer = tokio::time::timeout(seconds, next.run(request)).await;
                answer.unwrap_or_else(|_| too_long("the request took too long\n"))
            };
            if is_page { Problem::themed(answer, theme) } else { answer }
        }
        Err(refused) => closing(*refused),
    };
    with_headers(answer)
}

/// Whether programs alone ask there.
fn is_for_programs(path: &str) -> bool {
    ["/api/", "/assets/"].iter().any(|start| path.starts_with(start)) || ["/metrics", "/events", HEALTH].contains(&path)
}

/// Whether a request changes something. Receiving a file does not: nothing is queued by it. Nor does a password: whoever goes away does not
/// want to come in, and what was offered need not be stretched.
fn is_change(request: &Request) -> bool {
    let path = request.uri().path();
    *request.method() == Method::POST && !["/new", "/login", EXPORTS].contains(&path)
}

/// Whether a file comes with a request, or is read for it.
fn is_upload(path: &str) -> bool {
    path.starts_with("/new") || path == EXPORTS
}

/// A deed that has begun goes on to its end, also where the browser has gone or the time for its answer is over: half a deed would be told
/// as none.
async fn finish_change(request: Request, next: Next, seconds: Duration) -> Response {
    let whole = async {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, MAX_FORM_BYTES).await;
        body.map(|body| Request::from_parts(head, body.into()))
    };
    let request = match tokio::time::timeout(seconds, whole).await {
        Ok(Ok(request)) => request,
        Ok(Err(_)) => {
            return closing((StatusCode::PAYLOAD_TOO_LARGE, "the form is too long, or broke off\n").into_response());
        }
        Err(_) => return too_long("the request took too long\n"),
    };
    match tokio::time::timeout(seconds, tokio::spawn(next.run(request))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(%error, "a command of the dashboard ended without an answer");
            (StatusCode::INTERNAL_SERVER_ERROR, "this ended without an answer: the pages show whether it was done\n")
                .into_response()
        }
        Err(_) => too_long("this takes long, and continues in the background: the pages show its state\n"),
    }
}

fn too_long(words: &'static str) -> Response {
    closing((StatusCode::REQUEST_TIMEOUT, words).into_response())
}

fn judge(web: &Web, request: &Request) -> Result<Visitor, Box<Response>> {
    let headers = request.headers();
    let path = request.uri().path();
    let theme = cookies(headers, THEME_COOKIE).next().map_or(Theme::Auto, Theme::parse);
    // That somebody is here is no secret, and whoever looks after containers knows no name of ours.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if path == HEALTH && reads {
        return Ok(Visitor { session: None, theme, is_known: false });
    }
    // A scraper with its token is no browser: nobody can make it ask, and it cannot choose what it puts into Host.
    if path == "/metrics" && is_scraper(web, headers) {
        return Ok(Visitor { session: None, theme, is_known: true });
    }
    // One with a wrong token is told so, whatever name it knows the server by.
    if path == "/metrics" && headers.contains_key(header::AUTHORIZATION) {
        return Err(Box::new(nobody()));
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let asker = Asker {
        host: text(header::HOST),
        origin: headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?")),
        site: text(FETCH_SITE),
        mode: text(FETCH_MODE),
    };
    let is_repeated = |name: &HeaderName| headers.get_all(name).iter().count() > 1;
    // An address with a name in it asks for that name, whatever `Host` says.
    let says_another =
        |named: &Authority| !text(header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(named.as_str()));
    if is_repeated(&header::HOST) || request.uri().authority().is_some_and(says_another) {
        return Err(refusal(OriginRefusal::Host));
    }
    // No browser says twice where a request comes from.
    if [header::ORIGIN, FETCH_SITE, FETCH_MODE].iter().any(is_repeated) {
        return Err(refusal(OriginRefusal::Origin));
    }
    web.places.admit(&asker, !reads || path == "/events").map_err(refusal)?;
    let name = session_cookie_name(web);
    let now = web.clock.now().tick;
    let is_inside = request.extensions().get::<Inside>().is_some();
    // Other programs of this host may have set one of the same name.
    let is_use = is_use(request.method(), path, headers);
    let session = cookies(headers, &name).filter(|_| is_inside).find_map(|token| web.sessions.find(token, is_use, now));
    let for_everybody = path == "/login" || path.starts_with("/assets/");
    if session.is_some() || for_everybody {
        return Ok(Visitor { session, theme, is_known: session.is_some() });
    }
    Err(Box::new(match (&web.entry, reads) {
        _ if path.starts_with("/api/") || path == "/events" || path == "/metrics" || !reads => nobody(),
        (LoginMethod::Password(_), _) => Redirect::to("/login").into_response(),
        (LoginMethod::Link, _) => (StatusCode::UNAUTHORIZED, pages::no_entry(theme)).into_response(),
    }))
}

/// Programs are told how to say who they are; a browser asks for no password by this.
fn nobody() -> Response {
    let scheme = [(header::WWW_AUTHENTICATE, "Bearer")];
    (
        StatusCode::UNAUTHORIZED,
        scheme,
        "no valid session or token; log in to the dashboard, or send the metrics token\n",
    )
        .into_response()
}

/// Whether a person does something, rather than a page that is open and follows by itself. Programs say neither.
fn is_use(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    if *method == Method::POST {
        return true;
    }
    let is = |name: HeaderName, wanted: &str| headers.get(name).is_none_or(|value| value == wanted);
    path != "/events" && is(FETCH_MODE, "navigate") && is(FETCH_DEST, "document")
}

fn refusal(why: OriginRefusal) -> Box<Response> {
    Box::new(match why {
        OriginRefusal::Host => (
            StatusCode::MISDIRECTED_REQUEST,
            "this server does not answer to that name: use the address that `cleanup serve` shows\n",
        )
            .into_response(),
        OriginRefusal::Origin => (
            StatusCode::FORBIDDEN,
            "this request does not come from a page of this server: reload the page and try again\n",
        )
            .into_response(),
    })
}

fn is_scraper(web: &Web, headers: &HeaderMap) -> bool {
    let Some(token) = &web.metrics_token else { return false };
    let offered = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    offered.is_some_and(|(scheme, offered)| {
        scheme.eq_ignore_ascii_case("bearer") && super::access::same(offered, token.expose())
    })
}

/// The body of a refused request is not read: the connection ends with the answer.
fn closing(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn with_headers(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not no-referrer: that makes browsers send `Origin: null` with our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(move |pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The header that gives a browser its session.
pub(super) fn session_cookie(web: &Web, token: &str) -> String {
    let (name, path) = (session_cookie_name(web), web.root.cookie_path());
    let secure = if web.places.is_secure() { "; Secure" } else { "" };
    format!("{name}={token}; HttpOnly; SameSite=Strict; Path={path}{secure}")
}

fn session_cookie_name(web: &Web) -> String {
    if web.places.is_secure() { SECURE_COOKIE.to_owned() } else { format!("{COOKIE}{}", web.places.port()) }
}

/// The header that takes it away.
pub(super) fn no_session_cookie(web: &Web) -> String {
    session_cookie(web, "") + "; Max-Age=0"
}

/// The browser that asks, where it has logged in before.
pub(super) fn device_of(web: &Web, headers: &HeaderMap) -> Option<Device> {
    let now = web.clock.now().wall;
    cookies(headers, DEVICE_COOKIE).find_map(|offered| web.devices.find(offered, now))
}

/// The header that lets a browser be known again at its next login.
pub(super) fn device_cookie(token: &str) -> String {
    format!("{DEVICE_COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={DEVICE_SECONDS}; Secure")
}

/// The header that remembers a theme.
pub(super) fn theme_cookie(web: &Web, theme: Theme) -> String {
    let secure = if web.places.is_secure() { "; Secure" } else { "" };
    format!("{THEME_COOKIE}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000{secure}", theme.name())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_person_who_acts_is_told_from_a_page_that_follows() {
        let is = |method: Method, path: &str, told: &[(HeaderName, &'static str)]| {
            let told = told.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            is_use(&method, path, &told.collect())
        };
        let page = [(FETCH_MODE, "navigate"), (FETCH_DEST, "document")];
        assert!(is(Method::GET, "/jobs", &page), "a page is opened");
        assert!(is(Method::POST, "/jobs/1/pause", &[(FETCH_MODE, "navigate")]), "a button is pressed");
        assert!(is(Method::GET, "/api/status", &[]), "a program asks");
        assert!(!is(Method::GET, "/jobs", &[(FETCH_MODE, "cors"), (FETCH_DEST, "empty")]), "the script asks again");
        assert!(!is(Method::GET, "/jobs", &[(FETCH_MODE, "same-origin"), (FETCH_DEST, "empty")]));
        assert!(!is(Method::GET, "/assets/icon.svg", &[(FETCH_MODE, "no-cors"), (FETCH_DEST, "image")]));
        assert!(!is(Method::GET, "/events", &[]) && !is(Method::GET, "/events", &page), "the stream of events");
    }
}
