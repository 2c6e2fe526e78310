//! What holds for any bytes.

use proptest::prelude::*;

use super::*;

/// Bytes that look like answers often enough to reach every branch.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"data\"",
        "\"following\"",
        "\"errors\"",
        "\"code\"",
        "\"type\"",
        "\"id_str\"",
        "\"7\"",
        "true",
        "false",
        "null",
        "34",
        "272",
        "\"resource-not-found\"",
        "\"error\"",
        "200",
        "\"status\"",
        "\"success\"",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(words, 0..40).prop_map(|words| words.concat().into_bytes()),
        json(3).prop_map(|value| value.to_string().into_bytes()),
        likely().prop_map(|value| value.to_string().into_bytes()),
        likely().prop_map(|value| value.to_string().into_bytes()),
    ]
}

/// Objects made of the parts of real answers.
fn likely() -> impl Strategy<Value = Value> {
    let fields = ["following", "liked", "retweeted", "muting", "blocking", "deleted", "bookmarked"];
    let flags = ["following", "requested", "favourited", "reblogged", "muting", "blocking", "bookmarked"];
    let value = prop_oneof![4 => any::<bool>().prop_map(Value::from), 1 => json(1)];
    let data = prop::collection::vec(value, 7)
        .prop_map(move |values| Value::Object(fields.iter().map(|name| (*name).to_owned()).zip(values).collect()));
    let code = prop::sample::select(vec![34_u64, 50, 63, 88, 109, 110, 135, 136, 144, 185, 272, 326, 453, 9999]);
    let kind = prop::sample::select(vec!["resource-not-found", "disallowed-resource", "credits", "about:blank"]);
    let error = prop_oneof![
        code.prop_map(|code| serde_json::json!({ "code": code })),
        kind.prop_map(|kind| serde_json::json!({ "type": format!("https://api.x.com/2/problems/{kind}") })),
        json(1),
    ];
    let part = prop_oneof![
        3 => data.prop_map(|data| ("data", data)),
        3 => prop::collection::vec(error, 0..3).prop_map(|errors| ("errors", Value::from(errors))),
        2 => prop::sample::select(vec!["7", "9"]).prop_map(|id| ("id_str", Value::from(id))),
        1 => prop::sample::select(vec![7_u64, 9]).prop_map(|id| ("id", Value::from(id))),
        1 => json(1).prop_map(|value| ("code", value)),
        1 => json(1).prop_map(|value| ("status", value)),
    ];
    let of_x = prop::collection::vec(part, 1..4);
    // Half of what a resource says is right, and half of what it should say is there.
    let id = prop_oneof![3 => Just(Value::from("9")), 1 => Just(Value::from("7")), 1 => Just(Value::from(9))];
    let said = prop_oneof![4 => Just(Value::Bool(false)), 1 => Just(Value::Bool(true)), 1 => Just(Value::Null)];
    let flag = (prop::sample::select(flags.to_vec()), said);
    let resource = (id, prop::collection::vec(flag, 0..12))
        .prop_map(|(id, flags)| flags.into_iter().chain([("id", id)]).collect::<Vec<_>>());
    prop_oneof![of_x, resource]
        .prop_map(|parts| Value::Object(parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()))
}

fn json(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop::sample::select(vec![34_u64, 272, 88, 326, 200, 404, 7]).prop_map(Value::from),
        prop::sample::select(vec!["https://x/resource-not-found", "7", "success", "about:blank", "credits"])
            .prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "data",
        "following",
        "errors",
        "code",
        "type",
        "title",
        "detail",
        "id_str",
        "error",
        "status",
        "liked",
    ]);
    leaf.prop_recursive(depth, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..4).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn the_laws_hold_for_any_bytes(
        platform in prop::sample::select(Platform::ALL.to_vec()),
        action in prop::sample::select(Action::ALL.to_vec()),
        status in prop_oneof![3 => Just(200_u16), 3 => 400..430_u16, 1 => any::<u16>()],
        bytes in bodies(),
        complete in prop::bool::weighted(0.8),
    ) {
        let Some(endpoint) = find(platform, action) else { return Ok(()) };
        let end = if complete { crate::platforms::BodyEnd::Whole } else { crate::platforms::BodyEnd::BrokeOff };
        let body = Body { bytes, end };
        let readable = complete && matches!(serde_json::from_slice(&body.bytes), Ok(Value::Object(_)));
        let root: Value = serde_json::from_slice(&body.bytes).unwrap_or_default();
        let said = Answer { status, body, facts: RateFacts::default(), content_type: ContentType::Json, next: NextPage::None };
        let finding = judged(platform, endpoint.action, &said);
        match finding {
            Finding::Done { reason: None } => {
                let is_blank = complete && said.body.bytes.iter().all(u8::is_ascii_whitespace);
                prop_assert!(status == 200 && (readable || is_blank && endpoint.success == Success::NoOutput));
                match endpoint.success {
                    Success::Flag { pointer, value } => prop_assert_eq!(root.pointer(pointer), Some(&Value::Bool(value))),
                    Success::Record { pointer } => prop_assert_eq!(root.pointer(pointer), Some(&Value::from("9"))),
                    Success::ListedResource { .. } => prop_assert!(false, "no row is answered with a list"),
                    Success::Resource { id, fields } => {
                        prop_assert_eq!(root.pointer(id), Some(&Value::from("9")));
                        for (pointer, value) in fields {
                            prop_assert_eq!(root.pointer(pointer), Some(&Value::Bool(*value)));
                        }
                    }
                    Success::Change { pointer, .. } => prop_assert!(root.pointer(pointer).is_some_and(Value::is_object)),
                    Success::NoOutput => {
                        let is_empty = root == Value::Object(serde_json::Map::new());
                        prop_assert!(is_blank || is_empty);
                    }
                    Success::EitherResource { id, fields } => {
                        prop_assert_eq!(root.pointer(id), Some(&Value::from("9")));
                        prop_assert!(fields.iter().any(|pointer| root.pointer(pointer) == Some(&Value::Bool(true))));
                    }
                    Success::Id { pointer } => prop_assert!(root.pointer(pointer).is_some_and(Value::is_string)),
                }
            }
            Finding::Done { reason: Some(ref reason) } if matches!(endpoint.success, Success::Change { .. }) => {
                prop_assert!(readable && status == 200 && *reason == "already");
                let is_bare = root.as_object().is_some_and(|root| root.values().all(Value::is_null));
                let is_there = root["uri"].is_string() && root["cid"].is_string();
                prop_assert!(is_bare && endpoint.action.is_undoing() || is_there && !endpoint.action.is_undoing());
            }
            Finding::Done { reason: Some(ref reason) } => {
                prop_assert!(readable && *reason == "already" && ["109", "110", "272"].iter().any(|code| root.to_string().contains(code)));
            }
            Finding::Gone { .. } | Finding::Refused { .. } => {
                prop_assert!(readable && (status == 200 || (400..500).contains(&status)));
            }
            Finding::Unanswered { .. } | Finding::NotSent | Finding::Unsendable { .. } => prop_assert!(false, "the classifier knows only answers"),
            _ => {}
        }
        if (500..600).contains(&status) {
            // Nobody is to be asked again for a method that is not there.
            let is_world = matches!(finding, Finding::Transient { .. } | Finding::App { .. });
            prop_assert!(is_world);
        }
    }

    #[test]
    fn a_confirmed_effect_cut_anywhere_is_never_done(at in 0..27_usize) {
        let text = r#"{"data":{"following":false}}"#;
        let body = Body::whole(&text.as_bytes()[..at]);
        let said = Answer { status: 200, body, facts: RateFacts::default(), content_type: ContentType::Json, next: NextPage::None };
        let finding = judged(Platform::XV2, Action::Unfollow, &said);
        let is_unknown = matches!(finding, Finding::Unknown { .. });
        prop_assert!(is_unknown);
    }
}
