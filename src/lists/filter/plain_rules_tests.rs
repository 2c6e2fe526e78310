#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::tests::{entries, kinds, plain_rules, plainly, user};
use super::*;
use crate::domain::{EntryFact, PostTraits, TargetKind, Visibility};
use crate::lists::Entry;

/// What the options say, read word by word: an entry passes only if every rule is known to let it.
fn passes(rules: &PlainRules, entry: &Entry, kind: TargetKind) -> bool {
    let has = |text: &str| {
        let all = [entry.text.clone(), entry.name.clone(), entry.handle.as_ref().map(ToString::to_string)];
        all.iter().flatten().any(|told| told.to_lowercase().contains(&text.to_lowercase()))
    };
    let is_silent = entry.text.is_none() && entry.name.is_none() && entry.handle.is_none();
    let says_nothing = if kind == TargetKind::Post { entry.text.is_none() } else { is_silent };
    let PostTraits { visibility, is_reply, has_media, is_pinned } = entry.traits;
    // Taken apart, so that a rule that is not asked here does not compile.
    let PlainRules {
        not_following_back,
        ghosts,
        max_likes,
        max_reposts,
        visibility: wanted,
        only_reposts,
        only_replies,
        with_media,
        without_media,
        keep_pinned,
        matching,
        not_matching,
    } = rules;
    let spares = [
        *not_following_back && entry.follows_back != Some(false),
        *ghosts && entry.is_ghost != Some(true),
        max_likes.is_some_and(|most| entry.likes.is_none_or(|likes| likes > most)),
        max_reposts.is_some_and(|most| entry.reposts.is_none_or(|reposts| reposts > most)),
        !wanted.is_empty() && visibility.is_none_or(|told| !wanted.contains(&told)),
        *only_reposts && entry.is_repost != Some(true),
        *only_replies && is_reply != Some(true),
        *with_media && has_media != Some(true),
        *without_media && has_media != Some(false),
        *keep_pinned && is_pinned != Some(false),
        matching.as_ref().is_some_and(|text| !has(text)),
        not_matching.as_ref().is_some_and(|text| says_nothing || has(text)),
    ];
    !spares.contains(&true)
}

proptest! {
    #[test]
    fn an_entry_passes_as_the_options_say(
        rules in plain_rules(), all in prop::collection::vec(entries(), 1..20), kind in kinds(),
    ) {
        let filter = plainly(rules.clone());
        for entry in &all {
            let is_let_through = filter.judge(entry, kind) == Judgement::Pass;
            prop_assert_eq!(is_let_through, passes(&rules, entry, kind), "{:?} {:?}", entry, kind);
        }
    }

    #[test]
    fn other_rules_have_other_names(one in plain_rules(), other in plain_rules()) {
        prop_assert_eq!(one == other, one.named() == other.named());
    }
}

fn post(traits: PostTraits) -> Entry {
    Entry { traits, ..user("12") }
}

#[test]
fn each_rule_names_what_it_spares_and_what_it_cannot_know() {
    let rule = |plain: PlainRules, traits: PostTraits| plainly(plain).judge(&post(traits), TargetKind::Post);
    let (known, unknown) = (
        PostTraits {
            visibility: Some(Visibility::Direct),
            is_reply: Some(false),
            has_media: Some(true),
            is_pinned: Some(true),
        },
        PostTraits::UNKNOWN,
    );
    let none = PlainRules::default;
    for (plain, spared_as, unknown_as) in [
        (
            PlainRules { visibility: vec![Visibility::Public, Visibility::Unlisted], ..none() },
            "visibility",
            "visibility_unknown",
        ),
        (PlainRules { only_replies: true, ..none() }, "only_replies", "reply_unknown"),
        (PlainRules { without_media: true, ..none() }, "without_media", "media_unknown"),
        (PlainRules { keep_pinned: true, ..none() }, "keep_pinned", "pinned_unknown"),
    ] {
        let name = |judgement| match judgement {
            Judgement::Spared(rule) => rule.name(),
            Judgement::Pass => "passes",
        };
        assert_eq!((name(rule(plain.clone(), known)), name(rule(plain, unknown))), (spared_as, unknown_as));
    }
    assert_eq!(rule(PlainRules { with_media: true, ..none() }, known), Judgement::Pass);
    assert_eq!(rule(PlainRules { visibility: vec![Visibility::Direct], ..none() }, known), Judgement::Pass);
}

#[test]
fn what_does_not_hold_a_text_is_known_by_the_text_alone() {
    let filter = plainly(PlainRules { not_matching: Some("KEEP".into()), ..PlainRules::default() });
    let told = |text: Option<&str>| Entry {
        handle: Some("ada".parse().unwrap()),
        text: text.map(str::to_owned),
        ..user("12")
    };
    let judge = |text, kind| filter.judge(&told(text), kind);
    assert_eq!(judge(Some("please keep this"), TargetKind::Post), Judgement::Spared(Rule::NotMatching));
    assert_eq!(judge(Some(""), TargetKind::Post), Judgement::Pass, "a post may be a picture alone");
    assert_eq!(judge(None, TargetKind::Post), Judgement::Spared(Rule::TextUnknown));
    assert_eq!(judge(None, TargetKind::User), Judgement::Pass, "many users describe themselves with nothing");
}

#[test]
fn a_fact_that_a_source_does_not_tell_is_named_by_its_option() {
    let filter = plainly(PlainRules { with_media: true, keep_pinned: true, ..PlainRules::default() });
    assert_eq!(filter.unanswered(|fact| fact == EntryFact::HasMedia), Some(("--keep-pinned", Rule::PinnedUnknown)));
    assert_eq!(filter.unanswered(|_| true), None);
    assert_eq!(plainly(PlainRules::default()).unanswered(|_| false), None);
    let both = PlainRules { with_media: true, without_media: true, ..PlainRules::default() };
    assert!(both.contradiction().unwrap().contains("--without-media"));
}

/// A rule that is set and that nothing asks would let everything through.
#[test]
fn every_rule_is_asked_by_one_question() {
    let all = PlainRules {
        not_following_back: true,
        ghosts: true,
        max_likes: Some(1),
        max_reposts: Some(1),
        visibility: vec![Visibility::Public],
        only_reposts: true,
        only_replies: true,
        with_media: true,
        without_media: true,
        keep_pinned: true,
        matching: Some("a".to_owned()),
        not_matching: Some("b".to_owned()),
    };
    let asked: Vec<&str> = question::QUESTIONS.iter().map(|question| question.option).collect();
    let named: Vec<String> = all.named().into_iter().map(|(name, _)| format!("--{}", name.replace('_', "-"))).collect();
    assert!(named.len() >= 12, "{named:?}");
    for option in &named {
        assert_eq!(asked.iter().filter(|known| *known == option).count(), 1, "{option}");
    }
    let filter = plainly(all);
    assert!(question::QUESTIONS.iter().all(|q| (q.is_asked)(&filter) == named.iter().any(|option| option == q.option)));
}
