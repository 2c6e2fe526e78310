//! Signatures against those of oauthlib (tests/vectors/oauth1.py made them), and laws.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    name: String,
    keys: [Option<String>; 4],
    method: String,
    url: String,
    form: Option<String>,
    extra: Vec<(String, String)>,
    nonce: String,
    timestamp: i64,
    /// As the header has it, percent-encoded.
    signature: String,
}

fn keys(texts: [Option<&str>; 4]) -> Keys {
    let secret = |text: Option<&str>| Secret::new(text.unwrap_or_default());
    let [consumer_key, consumer_secret, token, token_secret] = texts;
    let token = token.is_some().then(|| OAuth1Token { token: secret(token), secret: secret(token_secret) });
    Keys { consumer_key: secret(consumer_key), consumer_secret: secret(consumer_secret), token }
}

#[test]
fn signatures_equal_those_of_oauthlib() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/vectors/oauth1.json")).unwrap();
    assert!(vectors.len() > 200);
    for vector in vectors {
        let url: Url = vector.url.parse().unwrap();
        let extra: Vec<(&str, &str)> = vector.extra.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let signed = Signed { method: &vector.method, url: &url, form: vector.form.as_deref(), extra: &extra };
        let nonce = u128::from_str_radix(&vector.nonce, 16).unwrap();
        let stamp = Stamp { epoch_seconds: vector.timestamp, nonce };
        let header = authorization(&keys(vector.keys.each_ref().map(Option::as_deref)), signed, stamp);
        let signature = format!("oauth_signature=\"{}\"", vector.signature);
        assert!(header.expose().contains(&signature), "{}: {}", vector.name, header.expose());
    }
}

#[test]
fn every_row_of_v1_has_its_vectors() {
    use crate::domain::Platform;
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/vectors/oauth1.json")).unwrap();
    for row in crate::platforms::table(Platform::XV1) {
        let (before, after) = row.path.split_once("{target}").unwrap_or((row.path, ""));
        let own =
            |v: &&Vector| v.name.starts_with(row.action.name()) && v.url.contains(before) && v.url.contains(after);
        assert!(vectors.iter().filter(own).count() >= 20, "{}", row.action);
    }
}

#[test]
fn the_header_is_quoted_encoded_and_in_order() {
    let url: Url = "https://api.x.com/1.1/blocks/destroy.json".parse().unwrap();
    let signed = Signed { method: "POST", url: &url, form: Some("user_id=1"), extra: &[] };
    let stamp = Stamp { epoch_seconds: 7, nonce: 255 };
    let header = authorization(&keys([Some("k/1"), Some("s"), Some("42-t"), Some("u")]), signed, stamp);
    let expected =
        "OAuth oauth_consumer_key=\"k%2F1\", oauth_nonce=\"000000000000000000000000000000ff\", oauth_signature=\"";
    assert!(header.expose().starts_with(expected), "{}", header.expose());
    let end =
        ", oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"7\", oauth_token=\"42-t\", oauth_version=\"1.0\"";
    assert!(header.expose().ends_with(end), "{}", header.expose());
    assert!(!format!("{header:?}").contains("42-t"));
}

#[test]
fn the_user_is_told_by_the_access_token() {
    let user = |text: &str| user_id(&Secret::new(text)).map(|user| user.to_string());
    assert_eq!(user("2244994945-aB3").as_deref(), Some("2244994945"));
    assert_eq!(user("007-a-b").as_deref(), Some("007"));
    for nobody in ["", "-a", "2244994945", "a1-b", "1 -b", "12345678901234567890-a", "x-1"] {
        assert_eq!(user(nobody), None, "{nobody}");
    }
}

proptest! {
    #[test]
    fn what_is_encoded_decodes_again(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let encoded = encode(&bytes);
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        prop_assert_eq!(decode(&encoded), bytes);
    }

    #[test]
    fn the_order_of_parameters_signs_nothing(
        (pairs, shuffled) in proptest::collection::vec(("[a-c%+]{0,3}", "[ -~]{0,4}"), 0..6)
            .prop_map(|pairs| pairs.into_iter().map(|(k, v)| format!("{k}={}", percent_encode(&v))).collect::<Vec<_>>())
            .prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle())),
    ) {
        let url: Url = "https://api.x.com/a".parse().unwrap();
        let base = |form: &str| base_string(&Signed { method: "POST", url: &url, form: Some(form), extra: &[] }, &[]);
        prop_assert_eq!(base(&pairs.join("&")), base(&shuffled.join("&")));
    }

    #[test]
    fn any_query_and_form_can_be_signed(query in ".{0,40}", form in ".{0,40}") {
        let mut url: Url = "https://api.x.com/a".parse().unwrap();
        url.set_query(Some(&query));
        let signed = Signed { method: "POST", url: &url, form: Some(&form), extra: &[] };
        let stamp = Stamp { epoch_seconds: -1, nonce: u128::MAX };
        let header = authorization(&keys([Some("k"), Some("s"), None, None]), signed, stamp);
        prop_assert!(header.expose().bytes().all(|b| (b' '..=b'~').contains(&b)));
    }
}
