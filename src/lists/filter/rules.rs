//! The rules at work on one entry.

use super::Rule;
use crate::domain::{Handle, Target, TargetKind, Wall};
use crate::jobfile::keep_list::KeepList;
use crate::lists::{Entry, RowEntry, snowflake};

/// A date later than this behind now is nobody's: clocks differ, but not by two days.
const MAX_AHEAD_MS: i64 = 2 * 86_400_000;

/// What becomes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Every rule lets it pass.
    Pass,
    /// This rule spares it.
    Spared(Rule),
}

/// The rules, with every age and date turned into a moment. A rule that is not set lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Never touch these: users by ID or handle, posts by ID, and the posts of users named by handle.
    pub keep: Option<KeepList>,
    /// Touch nothing but these.
    pub only: Option<KeepList>,
    /// Only what was made before this moment.
    pub older_than: Option<Wall>,
    /// Only what was made at this moment or later.
    pub newer_than: Option<Wall>,
    /// Only what was made before this moment.
    pub before: Option<Wall>,
    /// Only what was made at this moment or later.
    pub after: Option<Wall>,
    /// Only users who do not follow back.
    pub not_following_back: bool,
    /// Only users who are not there any more.
    pub ghosts: bool,
    /// Only users who last posted before this moment.
    pub inactive_since: Option<Wall>,
    /// Only posts with at most so many likes.
    pub max_likes: Option<u64>,
    /// Only posts with at most so many reposts.
    pub max_reposts: Option<u64>,
    /// Only those with this in text, name or handle, whatever the case.
    pub matching: Option<String>,
    /// The time of judging. A date well after it is not believed.
    pub now: Wall,
}

impl Filter {
    /// What becomes of an entry, a user or a post.
    pub fn judge(&self, entry: &Entry, kind: TargetKind) -> Judgement {
        self.judge_known(entry.handle.as_slice(), entry, kind)
    }

    /// The same for a row of a job file.
    pub fn judge_row(&self, row: &RowEntry, kind: TargetKind) -> Judgement {
        self.judge_known(&row.handles, &row.entry, kind)
    }

    fn judge_known(&self, handles: &[Handle], entry: &Entry, kind: TargetKind) -> Judgement {
        let spared = self
            .by_lists(entry, handles)
            .or_else(|| self.by_age(entry, kind))
            .or_else(|| self.by_person(entry))
            .or_else(|| self.by_counts(entry))
            .or_else(|| self.by_text(entry));
        spared.map_or(Judgement::Pass, Judgement::Spared)
    }

    /// When the entry was made, of a repost when it was reposted: by its ID where that tells (X's do), else as its source says. A date in
    /// the future is not known.
    pub fn date(&self, entry: &Entry, kind: TargetKind) -> Option<Wall> {
        let id = entry.repost_id.or(entry.target.id()).filter(|_| !entry.is_opaque);
        let told = id.and_then(|id| snowflake::time(id, kind)).or(entry.created_at);
        told.filter(|at| at.0 <= self.now.0.saturating_add(MAX_AHEAD_MS))
    }

    /// Whether a rule of the filter can never be answered for entries of this kind: a sentence that says so.
    pub fn misfit(&self, kind: TargetKind) -> Option<&'static str> {
        let person = self.not_following_back || self.ghosts || self.inactive_since.is_some();
        let counts = self.max_likes.is_some() || self.max_reposts.is_some();
        match kind {
            TargetKind::Post if person => {
                Some("--not-following-back, --ghosts and --inactive-since are about users, not posts")
            }
            TargetKind::User if counts => Some("--max-likes and --max-reposts are about posts, not users"),
            _ => None,
        }
    }

    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        *self == Filter { now: self.now, ..Filter::default() }
    }

    /// The rule that spares all of these entries because not one of them tells what it asks.
    pub fn untold(&self, entries: &[Entry], kind: TargetKind) -> Option<Rule> {
        let nobody = |tells: &dyn Fn(&Entry) -> bool| !entries.is_empty() && !entries.iter().any(tells);
        let asks_age = [self.older_than, self.newer_than, self.before, self.after].iter().any(Option::is_some);
        match () {
            () if asks_age && nobody(&|entry| self.date(entry, kind).is_some()) => Some(Rule::AgeUnknown),
            () if self.inactive_since.is_some() && nobody(&|entry| entry.last_active_at.is_some()) => {
                Some(Rule::ActivityUnknown)
            }
            () if self.max_likes.is_some() && nobody(&|entry| entry.likes.is_some()) => Some(Rule::LikesUnknown),
            () if self.max_reposts.is_some() && nobody(&|entry| entry.reposts.is_some()) => Some(Rule::RepostsUnknown),
            () => None,
        }
    }

    /// A repost is named by either of its IDs.
    fn by_lists(&self, entry: &Entry, handles: &[Handle]) -> Option<Rule> {
        let (target, own) = (&entry.target, entry.repost_id.map(Target::Id));
        let has_own = |list: &KeepList| own.as_ref().is_some_and(|own| list.contains(own));
        let keeps = |keep: &KeepList| keep.names(target, handles) || has_own(keep);
        if self.keep.as_ref().is_some_and(keeps) {
            return Some(Rule::KeepList);
        }
        let only = self.only.as_ref()?;
        let is_named = only.names_for_certain(target, handles) || has_own(only);
        (!is_named).then_some(Rule::OnlyList)
    }

    fn by_age(&self, entry: &Entry, kind: TargetKind) -> Option<Rule> {
        let Filter { older_than, newer_than, before, after, .. } = self;
        if [older_than, newer_than, before, after].iter().all(|rule| rule.is_none()) {
            return None;
        }
        let Some(at) = self.date(entry, kind) else { return Some(Rule::AgeUnknown) };
        let is_before = |cut: &Wall| at < *cut;
        match () {
            () if older_than.as_ref().is_some_and(|cut| !is_before(cut)) => Some(Rule::OlderThan),
            () if newer_than.as_ref().is_some_and(is_before) => Some(Rule::NewerThan),
            () if before.as_ref().is_some_and(|cut| !is_before(cut)) => Some(Rule::Before),
            () if after.as_ref().is_some_and(is_before) => Some(Rule::After),
            () => None,
        }
    }

    fn by_person(&self, entry: &Entry) -> Option<Rule> {
        if self.not_following_back {
            match entry.follows_back {
                None => return Some(Rule::FollowsBackUnknown),
                Some(true) => return Some(Rule::NotFollowingBack),
                Some(false) => {}
            }
        }
        if self.ghosts {
            match entry.is_ghost {
                None => return Some(Rule::GhostUnknown),
                Some(false) => return Some(Rule::NotAGhost),
                Some(true) => {}
            }
        }
        match (self.inactive_since, entry.last_active_at) {
            (None, _) => None,
            (Some(_), None) => Some(Rule::ActivityUnknown),
            (Some(cut), Some(at)) => (at >= cut).then_some(Rule::InactiveSince),
        }
    }

    fn by_counts(&self, entry: &Entry) -> Option<Rule> {
        at_most(self.max_likes, entry.likes, Rule::MaxLikes, Rule::LikesUnknown)
            .or_else(|| at_most(self.max_reposts, entry.reposts, Rule::MaxReposts, Rule::RepostsUnknown))
    }

    fn by_text(&self, entry: &Entry) -> Option<Rule> {
        let wanted = self.matching.as_ref()?.to_lowercase();
        let handle = entry.handle.as_ref().map(ToString::to_string);
        let mut told = [entry.text.as_ref(), entry.name.as_ref(), handle.as_ref()].into_iter().flatten().peekable();
        if told.peek().is_none() {
            return Some(Rule::TextUnknown);
        }
        (!told.any(|text| text.to_lowercase().contains(&wanted))).then_some(Rule::Matching)
    }
}

/// The rule that a bound spares by, where it spares; `unknown` where there is a bound and no count.
fn at_most(most: Option<u64>, count: Option<u64>, over: Rule, unknown: Rule) -> Option<Rule> {
    match (most?, count) {
        (_, None) => Some(unknown),
        (most, Some(count)) => (count > most).then_some(over),
    }
}
