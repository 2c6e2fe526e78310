//! Targets as texts: nothing is lost, and nothing is two things.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn an_id_comes_back_as_it_was_written(text in "[0-9]{1,19}") {
        let id: TargetId = text.parse().unwrap();
        prop_assert_eq!(id.to_string(), text);
        if let Some(stored) = id.as_i64() {
            prop_assert_eq!(TargetId::from_i64(stored).unwrap(), id);
        }
    }

    #[test]
    fn digits_are_read_as_the_standard_library_reads_numbers(
        digits in proptest::collection::vec(b'0'..=b'9', 1..20), at in 0..19_usize, byte: u8,
    ) {
        let mut text = digits;
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        let expected = match std::str::from_utf8(&text) {
            Ok(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse::<u64>().ok(),
            _ => None,
        };
        prop_assert_eq!(TargetId::from_digits(&text).ok().map(TargetId::value), expected);
    }
}

proptest! {
    #[test]
    fn a_target_leads_back_to_itself_and_no_text_is_two_of_them(text in prop_oneof![
        "[0-9]{1,21}", "@?[A-Za-z0-9_]{1,17}", "@[a-z]{1,4}@[a-z]{1,4}\\.example", "[ -~é\u{200b}\t]{1,12}", "did:plc:[a-z2-7]{24}",
    ]) {
        let forms = [
            text.parse().map(Target::Id).ok(),
            text.strip_prefix('@').and_then(|bare| bare.parse().ok()).map(Target::Handle),
            text.parse().map(Target::Key).ok(),
        ];
        prop_assert!(forms.iter().flatten().count() <= 1, "{:?}", forms);
        let target = text.parse::<Target>().ok();
        prop_assert_eq!(&target, &forms.into_iter().flatten().next());
        if let Some(target) = target {
            prop_assert_eq!(target.to_string().parse(), Ok(target.clone()));
            if !matches!(target, Target::Handle(_)) {
                prop_assert_eq!(target.to_string(), text);
            }
        }
    }
}

#[test]
fn keys_that_platforms_have_and_texts_that_are_none() {
    let longest = "a".repeat(TargetKey::MAX_BYTES);
    for text in [
        "01HZX3V9QK8Y5N2J7M4C6W1R0T",
        "AbCdEfGh-_9",
        "did:plc:z72i7hdynmk6r22z27h6tvur",
        "at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.graph.follow/3k2yihcrp6c2y",
        "https://social.example/users/ada?a=1,2&b=\"x\"",
        "https://例え.example/ユーザー",
        "@ada@social.example",
        "12345678901234567890",
        "a b",
        &longest,
    ] {
        let key: TargetKey = text.parse().unwrap();
        assert_eq!((key.as_str(), key.to_string()), (text, text.to_owned()));
        assert_eq!(text.parse(), Ok(Target::Key(key)));
    }
    let too_long = format!("{longest}a");
    for text in [
        "",
        " a",
        "a ",
        "a\tb",
        "a\nb",
        "a\u{0}",
        "a\u{7f}",
        "a\u{202e}b",
        "a\u{a0}b",
        "\u{feff}a",
        "7",
        "007",
        "@ada",
        &too_long,
    ] {
        assert_eq!(text.parse::<TargetKey>(), Err(InvalidTargetKey), "{text:?}");
    }
    // A handle without its @ is a key to the type; whether a platform has such keys is its grammar's matter.
    assert!("ada".parse::<TargetKey>().is_ok());
}

#[test]
fn the_edges_of_what_an_integer_can_hold() {
    let id = |text: &str| text.parse::<TargetId>().unwrap();
    assert_eq!(id("9223372036854775807").as_i64(), Some(i64::MAX));
    assert_eq!(id("9223372036854775808").as_i64(), None);
    assert_eq!(id("9999999999999999999").as_i64(), None);
    assert_eq!(id("0").as_i64(), Some(0));
    assert_eq!(id("00").as_i64(), None);
    assert_eq!(id("007").as_i64(), None);
    assert_ne!(id("007"), id("7"));
    for bad in ["", "12345678901234567890", "1a", "-1", "+1", " 1", "１"] {
        assert_eq!(bad.parse::<TargetId>(), Err(InvalidId), "{bad:?}");
    }
}

#[test]
fn handles_are_compared_without_case() {
    assert_eq!("@Jack".parse::<Handle>().unwrap(), "jack".parse().unwrap());
    assert!("@".parse::<Handle>().is_err());
    assert!("a234567890123456".parse::<Handle>().is_err());
    assert!("a-b".parse::<Handle>().is_err());
}
