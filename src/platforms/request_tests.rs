#![allow(clippy::unwrap_used)]

use reqwest::header::AUTHORIZATION;

use super::*;
use crate::clock::SimulatedClock;
use crate::domain::{Action, Moment, Platform, Secret};
use crate::platforms::registry::find;

fn bearer() -> Credentials {
    Credentials::bearer(Secret::new("t0ken")).unwrap()
}

fn oauth1() -> Credentials {
    let [a, b, c, d] = ["key", "secret", "42-token", "token-secret"].map(Secret::new);
    Credentials::oauth1(a, b, c, d).unwrap()
}

fn built(platform: Platform, action: Action, target: &str) -> Result<(String, String), Unbuildable> {
    let credentials = if platform == Platform::XV1 { oauth1() } else { bearer() };
    built_with(&credentials, platform, action, target)
}

fn built_with(
    credentials: &Credentials,
    platform: Platform,
    action: Action,
    target: &str,
) -> Result<(String, String), Unbuildable> {
    let request = Request {
        endpoint: find(platform, action).unwrap(),
        base: &"https://api.example/base".parse().unwrap(),
        credentials,
        user: &"42".parse().unwrap(),
        target: &target.parse().unwrap(),
        record: None,
        send_by: Tick(1),
        deadline: Tick(2),
        clock: &*SimulatedClock::shared(Moment::default()),
    };
    let built = build(&request)?;
    let authorization = built.headers()[AUTHORIZATION].to_str().unwrap();
    match credentials {
        Credentials::Bearer(_) => assert_eq!(authorization, "Bearer t0ken"),
        Credentials::OAuth1(_) => assert!(authorization.starts_with("OAuth oauth_consumer_key=\"key\", ")),
        Credentials::Dpop(_) => assert!(authorization.starts_with("DPoP ")),
    }
    let body = built.body().and_then(|body| body.as_bytes()).unwrap_or_default();
    let line = format!("{} {}", built.method(), built.url());
    Ok((line, String::from_utf8(body.to_vec()).unwrap()))
}

#[test]
fn rows_become_requests_as_documented() {
    use Action::{DeletePost, Unfollow, Unlike, Unrepost};
    for (platform, action, target, line, body) in [
        (Platform::XV2, Unfollow, "007", "DELETE https://api.example/base/2/users/42/following/007", ""),
        (Platform::Sandbox, Unlike, "9", "DELETE https://api.example/base/2/users/42/likes/9", ""),
        (Platform::XV2, DeletePost, "9", "DELETE https://api.example/base/2/tweets/9", ""),
        (Platform::XV1, Unfollow, "9", "POST https://api.example/base/1.1/friendships/destroy.json", "user_id=9"),
        (
            Platform::XV1,
            Unfollow,
            "@Some_One",
            "POST https://api.example/base/1.1/friendships/destroy.json",
            "screen_name=some_one",
        ),
        (Platform::XV1, Unlike, "9", "POST https://api.example/base/1.1/favorites/destroy.json", "id=9"),
        (Platform::XV1, Unrepost, "9", "POST https://api.example/base/1.1/statuses/unretweet/9.json", ""),
        (
            Platform::Aisa,
            Unfollow,
            "9",
            "POST https://api.example/base/apis/v1/twitter/unfollow_twitter",
            r#"{"target_user_id":"9"}"#,
        ),
        (
            Platform::Aisa,
            Unlike,
            "9",
            "POST https://api.example/base/apis/v1/twitter/unlike_twitter",
            r#"{"tweet_id":"9"}"#,
        ),
        (
            Platform::Mastodon,
            Unfollow,
            "01F6KXCP71V24GR0SJGAHRXSQ2",
            "POST https://api.example/base/api/v1/accounts/01F6KXCP71V24GR0SJGAHRXSQ2/unfollow",
            "",
        ),
        (Platform::MastodonSandbox, DeletePost, "007", "DELETE https://api.example/base/api/v1/statuses/007", ""),
        (
            Platform::Mastodon,
            Unrepost,
            "AdvWH-_4",
            "POST https://api.example/base/api/v1/statuses/AdvWH-_4/unreblog",
            "",
        ),
    ] {
        assert_eq!(built(platform, action, target), Ok((line.to_owned(), body.to_owned())));
    }
}

#[test]
fn a_record_is_deleted_by_its_key_while_it_is_the_one_that_was_read() {
    let did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
    let record = OwnRecord {
        collection: "app.bsky.graph.follow".into(),
        key: "3n3i5bcegls2n".into(),
        cid: "bafyrei".into(),
        value: "{}".into(),
    };
    let post = format!("at://{did}/app.bsky.feed.post/3l6oveex3ii2l");
    let asked = |action, target: &str, record: Option<&OwnRecord>| {
        let request = Request {
            endpoint: find(Platform::Bluesky, action).unwrap(),
            base: &"https://pds.example".parse().unwrap(),
            credentials: &bearer(),
            user: &did.parse().unwrap(),
            target: &target.parse().unwrap(),
            record,
            send_by: Tick(1),
            deadline: Tick(2),
            clock: &*SimulatedClock::shared(Moment::default()),
        };
        build(&request).map(|built| {
            let body = built.body().and_then(|body| body.as_bytes()).unwrap_or_default().to_vec();
            (format!("{} {}", built.method(), built.url()), String::from_utf8(body).unwrap())
        })
    };
    let (line, body) = asked(Action::Unfollow, did, Some(&record)).unwrap();
    assert_eq!(line, "POST https://pds.example/xrpc/com.atproto.repo.deleteRecord");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let wanted = serde_json::json!({ "repo": did, "collection": record.collection, "rkey": record.key, "swapRecord": record.cid });
    assert_eq!(body, wanted);
    assert_eq!(asked(Action::Unfollow, did, None), Err(NO_RECORD));
    assert_eq!(NO_RECORD.concerns, Concern::Account, "no row is at fault");
    for (action, target, path, body) in [
        (Action::Unmute, did, "app.bsky.graph.unmuteActor", format!(r#"{{"actor":"{did}"}}"#)),
        (Action::Unbookmark, &post, "app.bsky.bookmark.deleteBookmark", format!(r#"{{"uri":"{post}"}}"#)),
    ] {
        assert_eq!(asked(action, target, None), Ok((format!("POST https://pds.example/xrpc/{path}"), body)));
    }
    for (action, target) in [(Action::Unfollow, post.as_str()), (Action::Unlike, did), (Action::DeletePost, "7")] {
        assert!(asked(action, target, Some(&record)).is_err(), "{action} {target}");
    }
}

#[test]
fn a_handle_goes_only_where_one_is_taken() {
    let refusal = |platform, action, target| built(platform, action, target).map_err(|why| (why.reason, why.concerns));
    let handle = Err(("handle_not_accepted", Concern::Row));
    assert_eq!(refusal(Platform::XV2, Action::Unfollow, "@a"), handle);
    assert_eq!(refusal(Platform::XV1, Action::Unlike, "@a"), handle);
    assert_eq!(refusal(Platform::Mastodon, Action::Unfollow, "@a"), handle);
    for platform in Platform::ALL {
        for key in ["did:plc:a&user_id=7", "a/../b", "a%2Fb", "ada@example.org", "a?b#c"] {
            let refused = refusal(platform, Action::Unfollow, key);
            assert_eq!(refused, Err(("key_not_accepted", Concern::Row)), "{platform} {key}");
        }
    }
    assert!(built(Platform::XV1, Action::Unblock, "@a").is_ok());
}

#[test]
fn credentials_of_the_wrong_kind_are_not_sent() {
    for action in Action::UNDOING.into_iter().filter(|action| find(Platform::XV2, *action).is_some()) {
        let at_v2 = built_with(&oauth1(), Platform::XV2, action, "9");
        assert_eq!(at_v2.err(), (action == Action::Unbookmark).then_some(OAUTH2_ONLY), "{action}");
    }
    assert_eq!(built_with(&bearer(), Platform::XV1, Action::Unlike, "9"), Err(OAUTH1_ONLY));
    assert_eq!(built_with(&oauth1(), Platform::Aisa, Action::Unlike, "9"), Err(KEY_ONLY));
    assert!([OAUTH2_ONLY, OAUTH1_ONLY, KEY_ONLY].iter().all(|why| why.concerns == Concern::Account));
}
