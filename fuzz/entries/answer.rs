//! Answers of platforms. The first line says what was asked and how it was answered: the platform, an action or a list, the status, and
//! `cut` where the end was not seen; then come headers, an empty line, and the body. Laws: no panic; one answer means one thing; done is said
//! only of a 200 that came whole (and, where nothing was left to undo, of a readable object), gone and refused only of a readable object that came
//! whole, and nothing of a 5xx; what is said of limits is no longer than the longest window; a page has no more than it has, and its next begins elsewhere.

use std::time::Duration;

use cleanup::domain::{Action, ListKind, Platform, RateFacts, Target, UserId};
use cleanup::platforms::{
    Answer, Body, BodyEnd, ContentType, Endpoint, Finding, ListEndpoint, MAX_RETRY_AFTER_SECONDS, NextPage,
    PageQuestion, Subject, Vocabulary, What, classify, find, find_inverse, find_list_endpoint, table,
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

pub fn try_it(data: &[u8]) {
    let (line, rest) = split(data, b"\n");
    let Ok(line) = std::str::from_utf8(line) else { return };
    let mut words = line.split(' ');
    let (Some(platform), Some(asked)) = (words.next().and_then(Platform::named), words.next()) else { return };
    let Some(status) = words.next().and_then(|word| word.parse().ok()) else { return };
    let is_cut = words.next() == Some("cut");
    let (head, body) = split(rest, b"\n\n");
    let headers = headers_of(head);
    let body = Body { bytes: body.to_vec(), end: if is_cut { BodyEnd::BrokeOff } else { BodyEnd::Whole } };
    let answer = |facts| Answer {
        status,
        body: body.clone(),
        facts,
        content_type: ContentType::of(&headers),
        next: NextPage::None,
    };
    if let Some(endpoint) = endpoint_of(platform, asked) {
        let facts = (endpoint.dialect.rate_facts)(&headers);
        judge_facts(facts);
        judge_finding(endpoint, &answer(facts));
    }
    if let Some(list) = list_of(platform, asked) {
        judge_page(list, &answer((list.dialect.rate_facts)(&headers)));
    }
}

fn split<'d>(data: &'d [u8], at: &[u8]) -> (&'d [u8], &'d [u8]) {
    let found = data.windows(at.len()).position(|part| part == at);
    found.map_or((data, &[][..]), |found| (&data[..found], &data[found + at.len()..]))
}

fn headers_of(head: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n') {
        let (name, value) = split(line, b": ");
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

fn endpoint_of(platform: Platform, asked: &str) -> Option<&'static Endpoint> {
    let undoing = Action::named(asked).and_then(|action| find(platform, action));
    undoing.or_else(|| {
        table(platform)
            .iter()
            .find_map(|row| find_inverse(platform, row.action).filter(|back| back.action.name() == asked))
    })
}

fn list_of(platform: Platform, asked: &str) -> Option<&'static ListEndpoint> {
    ListKind::ALL.into_iter().find(|list| list.to_string() == asked).and_then(|list| find_list_endpoint(platform, list))
}

fn judge_facts(facts: RateFacts) {
    let longest = Duration::from_secs(MAX_RETRY_AFTER_SECONDS);
    assert!(facts.retry_after.is_none_or(|wait| wait <= longest), "{facts:?}");
}

fn judge_finding(endpoint: &Endpoint, answer: &Answer) {
    let user: UserId = "7".parse().expect("an ID");
    let target: Target = "9".parse().expect("an ID");
    let finding = classify(endpoint, Subject { user: &user, target: &target }, answer);
    assert_eq!(finding, classify(endpoint, Subject { user: &user, target: &target }, answer));
    let is_whole = answer.body.end == BodyEnd::Whole;
    let is_object = is_whole && matches!(serde_json::from_slice(&answer.body.bytes), Ok(Value::Object(_)));
    let is_blank = is_whole && answer.body.bytes.iter().all(u8::is_ascii_whitespace);
    match &finding {
        Finding::Done { reason: None } => assert!(answer.status == 200 && (is_object || is_blank), "{answer:?}"),
        Finding::Done { reason: Some(_) } | Finding::Gone { .. } | Finding::Refused { .. } => {
            assert!(is_object && matches!(answer.status, 200 | 400..=499), "{finding:?}: {answer:?}");
        }
        Finding::Unanswered { .. } | Finding::NotSent | Finding::Unsendable { .. } => {
            panic!("{finding:?}: there is an answer")
        }
        _ => {}
    }
}

fn judge_page(list: &ListEndpoint, answer: &Answer) {
    let what = What::Entries { count: list.page.1, from: None, newest_posts: false };
    let question =
        PageQuestion { what, fields: list.fields, of: list.of, bounds: list.page, vocabulary: Vocabulary::New };
    let Some(page) = (list.dialect.page)(&question, answer) else { return };
    assert!(answer.body.end == BodyEnd::Whole, "{answer:?}");
    assert!((page.entries.len() as u64 + u64::from(page.unreadable)) <= answer.body.bytes.len() as u64);
    assert!(page.cursor().is_none_or(|cursor| !cursor.is_empty()), "{page:?}");
}
