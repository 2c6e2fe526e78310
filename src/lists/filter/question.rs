//! What each rule beside lists and dates asks of an entry: the one place that says how it is judged. A new rule is a field of
//! [`PlainRules`](super::PlainRules), an entry here, its names in `rule.rs`, and its option in `cli/args/filter.rs`.

use super::{Filter, Rule};
use crate::domain::{EntryFact, TargetKind};
use crate::lists::{Column, Entry};

/// What a rule asks.
pub(super) struct Question {
    /// The option that asks it.
    pub(super) option: &'static str,
    /// What it is about; none: users and posts.
    pub(super) about: Option<TargetKind>,
    /// The fact that answers it; none: it is found by comparing lists, or every source tells it.
    pub(super) fact: Option<EntryFact>,
    /// The columns of a list in which its answer stands.
    pub(super) reads: &'static [Column],
    /// Whether a filter asks it.
    pub(super) is_asked: fn(&Filter) -> bool,
    /// Whether an entry passes; none: its source does not tell.
    pub(super) passes: fn(&Filter, &Entry, TargetKind) -> Option<bool>,
    /// The rule that spares what does not pass.
    pub(super) spared_as: Rule,
    /// The rule that spares what nothing is known of.
    pub(super) unknown_as: Rule,
    /// Whether it tells something when none of the first entries of a list answers it: then no other will.
    pub(super) is_sampled: bool,
}

const POSTS: Option<TargetKind> = Some(TargetKind::Post);
const USERS: Option<TargetKind> = Some(TargetKind::User);
/// Where text, name and handle stand.
const WORDS: [Column; 3] = [Column::Text, Column::Name, Column::Handle];

/// A question to every entry of a kind, which is not sampled.
const fn question(
    (option, about): (&'static str, Option<TargetKind>),
    (fact, reads): (Option<EntryFact>, &'static [Column]),
    is_asked: fn(&Filter) -> bool,
    passes: fn(&Filter, &Entry, TargetKind) -> Option<bool>,
    (spared_as, unknown_as): (Rule, Rule),
) -> Question {
    Question { option, about, fact, reads, is_asked, passes, spared_as, unknown_as, is_sampled: false }
}

/// One whose fact the platform tells of every entry, or of none.
const fn sampled(question: Question) -> Question {
    Question { is_sampled: true, ..question }
}

/// All of them, in the order in which they are asked.
pub(super) static QUESTIONS: [Question; 13] = [
    question(
        ("--not-following-back", USERS),
        (None, &[Column::FollowsBack]),
        |filter| filter.plain.not_following_back,
        |_, entry, _| entry.follows_back.map(|back| !back),
        (Rule::NotFollowingBack, Rule::FollowsBackUnknown),
    ),
    question(
        ("--ghosts", USERS),
        (None, &[]),
        |filter| filter.plain.ghosts,
        |_, entry, _| entry.is_ghost,
        (Rule::NotAGhost, Rule::GhostUnknown),
    ),
    sampled(question(
        ("--inactive-since", USERS),
        (Some(EntryFact::LastPosted), &[Column::LastActiveAt]),
        |filter| filter.inactive_since.is_some(),
        |filter, entry, _| Some(entry.last_active_at? < filter.inactive_since?),
        (Rule::InactiveSince, Rule::ActivityUnknown),
    )),
    sampled(question(
        ("--max-likes", POSTS),
        (Some(EntryFact::Likes), &[Column::Likes]),
        |filter| filter.plain.max_likes.is_some(),
        |filter, entry, _| Some(entry.likes? <= filter.plain.max_likes?),
        (Rule::MaxLikes, Rule::LikesUnknown),
    )),
    sampled(question(
        ("--max-reposts", POSTS),
        (Some(EntryFact::Reposts), &[Column::Reposts]),
        |filter| filter.plain.max_reposts.is_some(),
        |filter, entry, _| Some(entry.reposts? <= filter.plain.max_reposts?),
        (Rule::MaxReposts, Rule::RepostsUnknown),
    )),
    question(
        ("--visibility", POSTS),
        (Some(EntryFact::Visibility), &[Column::Visibility]),
        |filter| !filter.plain.visibility.is_empty(),
        |filter, entry, _| Some(filter.plain.visibility.contains(&entry.traits.visibility?)),
        (Rule::Visibility, Rule::VisibilityUnknown),
    ),
    question(
        ("--only-reposts", POSTS),
        (Some(EntryFact::IsRepost), &[Column::IsRepost]),
        |filter| filter.plain.only_reposts,
        |_, entry, _| entry.is_repost,
        (Rule::OnlyReposts, Rule::RepostUnknown),
    ),
    question(
        ("--only-replies", POSTS),
        (Some(EntryFact::IsReply), &[Column::IsReply]),
        |filter| filter.plain.only_replies,
        |_, entry, _| entry.traits.is_reply,
        (Rule::OnlyReplies, Rule::ReplyUnknown),
    ),
    question(
        ("--with-media", POSTS),
        (Some(EntryFact::HasMedia), &[Column::HasMedia]),
        |filter| filter.plain.with_media,
        |_, entry, _| entry.traits.has_media,
        (Rule::WithMedia, Rule::MediaUnknown),
    ),
    question(
        ("--without-media", POSTS),
        (Some(EntryFact::HasMedia), &[Column::HasMedia]),
        |filter| filter.plain.without_media,
        |_, entry, _| entry.traits.has_media.map(|has| !has),
        (Rule::WithoutMedia, Rule::MediaUnknown),
    ),
    question(
        ("--keep-pinned", POSTS),
        (Some(EntryFact::IsPinned), &[Column::IsPinned]),
        |filter| filter.plain.keep_pinned,
        |_, entry, _| entry.traits.is_pinned.map(|pinned| !pinned),
        (Rule::KeepPinned, Rule::PinnedUnknown),
    ),
    question(
        ("--matching", None),
        (Some(EntryFact::Words), &WORDS),
        |filter| filter.plain.matching.is_some(),
        |filter, entry, _| has_text(entry, filter.plain.matching.as_deref()?),
        (Rule::Matching, Rule::TextUnknown),
    ),
    question(
        ("--not-matching", None),
        (Some(EntryFact::Text), &WORDS),
        |filter| filter.plain.not_matching.is_some(),
        |filter, entry, kind| {
            // The author of a post is not what it says: without its text nobody knows what is in it.
            let is_told = kind != TargetKind::Post || entry.text.is_some();
            let has = has_text(entry, filter.plain.not_matching.as_deref()?)?;
            if has { Some(false) } else { is_told.then_some(true) }
        },
        (Rule::NotMatching, Rule::TextUnknown),
    ),
];

/// Whether a text is in text, name or handle, whatever the case; none: nothing of them is known.
fn has_text(entry: &Entry, wanted: &str) -> Option<bool> {
    let wanted = wanted.to_lowercase();
    let handle = entry.handle.as_ref().map(ToString::to_string);
    let address = entry.address.as_ref().map(ToString::to_string);
    let told = [entry.text.as_ref(), entry.name.as_ref(), handle.as_ref(), address.as_ref()];
    let mut told = told.into_iter().flatten().peekable();
    told.peek()?;
    Some(told.any(|text| text.to_lowercase().contains(&wanted)))
}
