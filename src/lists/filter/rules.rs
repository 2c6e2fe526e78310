//! The rules at work on one entry.

use super::question::{QUESTIONS, Question};
use super::{PlainRules, Rule};
use crate::domain::{EntryFact, Handle, Target, TargetKind, Wall};
use crate::jobfile::keep_list::KeepList;
use crate::lists::keep::{author_in, names_in};
use crate::lists::{Column, Entry, RowEntry, snowflake};

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
    /// Never touch these: users by ID or handle, posts by ID, and the posts of users named by handle, or
    /// by ID where that of a post tells its author.
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
    /// Only users who last posted before this moment.
    pub inactive_since: Option<Wall>,
    /// The rules that need neither files nor a clock.
    pub plain: PlainRules,
    /// The time of judging. A date well after it is not believed.
    pub now: Wall,
}

impl Filter {
    /// What becomes of an entry, a user or a post.
    pub fn judge(&self, entry: &Entry, kind: TargetKind) -> Judgement {
        let mut names: Vec<Target> = Vec::new();
        if self.keep.is_some() || self.only.is_some() {
            names.extend(entry.address.as_ref().and_then(|address| address.to_string().parse().ok()));
            // A user's link may be at another host than the address: who copies it into a keep list means the same user.
            names.extend(entry.link.as_deref().filter(|_| kind == TargetKind::User).into_iter().flat_map(names_in));
            names.extend(author_in(&entry.target));
        }
        self.judge_known((entry.handle.as_slice(), &names), entry, kind)
    }

    /// The same for a row of a job file.
    pub fn judge_row(&self, row: &RowEntry, kind: TargetKind) -> Judgement {
        self.judge_known((&row.handles, &row.names), &row.entry, kind)
    }

    fn judge_known(&self, named: (&[Handle], &[Target]), entry: &Entry, kind: TargetKind) -> Judgement {
        let spared = self
            .by_lists(entry, named)
            .or_else(|| self.by_age(entry, kind))
            .or_else(|| self.asked().find_map(|question| self.spared_by(question, entry, kind)));
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
    pub fn misfit(&self, kind: TargetKind) -> Option<String> {
        // No platform says since when a tag is followed or a server blocked.
        if kind.is_told_by_text() && self.asks_age() {
            let things = if kind == TargetKind::Tag { "tags" } else { "servers" };
            return Some(format!(
                "--older-than, --newer-than, --before and --after ask when something began, and {things} have no dates"
            ));
        }
        let is_of_others = |question: &&Question| question.about.is_some_and(|about| about != kind);
        let options: Vec<&str> = self.asked().filter(is_of_others).map(|question| question.option).collect();
        let (about, not) = match kind {
            TargetKind::Post => ("users", "posts"),
            TargetKind::User => ("posts", "users"),
            TargetKind::List => ("users or posts", "lists of users"),
            TargetKind::Tag => ("users or posts", "tags"),
            TargetKind::Domain => ("users or posts", "servers"),
        };
        let verb = if options.len() == 1 { "is" } else { "are" };
        (!options.is_empty()).then(|| format!("{} {verb} about {about}, not {not}", options.join(" and ")))
    }

    /// What is asked about facts that a source of entries does not tell: the first such option, and the rule by which it would spare
    /// every entry.
    pub fn unanswered(&self, tells: impl Fn(EntryFact) -> bool) -> Option<(&'static str, Rule)> {
        let is_told = |question: &&Question| question.fact.is_none_or(&tells);
        self.asked().find(|question| !is_told(question)).map(|question| (question.option, question.unknown_as))
    }

    /// The facts that are asked for, and whether an entry tells each of them.
    pub(super) fn answered<'a>(
        &'a self,
        entry: &'a Entry,
        kind: TargetKind,
    ) -> impl Iterator<Item = (EntryFact, bool)> + 'a {
        self.asked().filter_map(move |question| Some((question.fact?, (question.passes)(self, entry, kind).is_some())))
    }

    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        *self == Filter { now: self.now, ..Filter::default() }
    }

    /// The option whose rule spares all of these first entries of a list because not one of them tells what it asks, and that rule.
    pub fn untold(&self, entries: &[Entry], kind: TargetKind) -> Option<(&'static str, Rule)> {
        let nobody = |tells: &dyn Fn(&Entry) -> bool| !entries.is_empty() && !entries.iter().any(tells);
        if self.asks_age() && nobody(&|entry| self.date(entry, kind).is_some()) {
            return Some(("--older-than, --newer-than, --before and --after", Rule::AgeUnknown));
        }
        let mut sampled = self.asked().filter(|question| question.is_sampled);
        let untold = sampled.find(|question| nobody(&|entry| (question.passes)(self, entry, kind).is_some()))?;
        Some((untold.option, untold.unknown_as))
    }

    /// The columns of a list that are looked into to judge its entries, and to put them in order; none: all of them, and every name that
    /// stands in them.
    pub fn reads(&self, is_ordered: bool) -> Option<Vec<Column>> {
        if self.keep.is_some() || self.only.is_some() {
            return None;
        }
        let dates: &[Column] = if self.asks_age() || is_ordered { &[Column::CreatedAt] } else { &[] };
        Some(self.asked().flat_map(|question| question.reads).chain(dates).copied().collect())
    }

    fn asked(&self) -> impl Iterator<Item = &'static Question> {
        QUESTIONS.iter().filter(|question| (question.is_asked)(self))
    }

    fn spared_by(&self, question: &Question, entry: &Entry, kind: TargetKind) -> Option<Rule> {
        match (question.passes)(self, entry, kind) {
            Some(true) => None,
            Some(false) => Some(question.spared_as),
            None => Some(question.unknown_as),
        }
    }

    fn asks_age(&self) -> bool {
        [self.older_than, self.newer_than, self.before, self.after].iter().any(Option::is_some)
    }

    /// A repost is named by either of its IDs.
    fn by_lists(&self, entry: &Entry, (handles, names): (&[Handle], &[Target])) -> Option<Rule> {
        let (target, own) = (&entry.target, entry.repost_id.map(Target::Id));
        let has_own = |list: &KeepList| own.as_ref().is_some_and(|own| list.contains(own));
        let has_name = |list: &KeepList| names.iter().any(|name| list.contains(name));
        let keeps = |keep: &KeepList| keep.names(target, handles) || has_name(keep) || has_own(keep);
        if self.keep.as_ref().is_some_and(keeps) {
            return Some(Rule::KeepList);
        }
        let only = self.only.as_ref()?;
        let is_named = only.names_for_certain(target, handles) || has_name(only) || has_own(only);
        (!is_named).then_some(Rule::OnlyList)
    }

    fn by_age(&self, entry: &Entry, kind: TargetKind) -> Option<Rule> {
        let Filter { older_than, newer_than, before, after, .. } = self;
        if !self.asks_age() {
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
}
