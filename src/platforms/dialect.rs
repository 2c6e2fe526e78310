//! How a platform writes and explains itself. In: nothing. Out: [`Dialect`], which each platform's folder fills in, and the
//! [`Question`] that an answer is read against. What does not belong here: reading answers (`classify`), sending (`client`).

use reqwest::header::HeaderMap;

use super::answer::{Answer, Body};
use super::classify::{Object, Subject};
use super::entry::Page;
use super::page_question::PageQuestion;
use super::reply::Finding;
use super::success::Success;
use super::target_grammar::TargetGrammar;
use super::vocabulary::Vocabulary;
use crate::domain::{RateFacts, TargetKind};

/// What was asked, as far as the answer's meaning hangs on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) dialect: &'static Dialect,
    pub(super) success: Success,
    /// Whom it concerned, and what the target is; none where the request had no target, so that no answer can blame one.
    pub(super) subject: Option<(TargetKind, Subject<'a>)>,
    pub(super) facts: RateFacts,
}

impl Question<'_> {
    /// What the target is.
    pub(super) fn kind(&self) -> Option<TargetKind> {
        self.subject.map(|(kind, _)| kind)
    }
}

/// How a platform writes its answers, and pages are asked for. Pure functions: no clock, no history, no I/O.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// Which texts name its users and posts.
    pub(super) target: TargetGrammar,
    /// Whether it hands on the answers of another API, whose error codes its own are not.
    pub(super) is_gateway: bool,
    /// The HTTP status that the envelope of a 200 names in place of its own; none where it has no envelope, or says that all is well. 0
    /// where it says that something failed, and not what.
    pub(super) envelope: fn(&Object) -> Option<u16>,
    /// What the body of an answer with this status explains, if anything.
    pub(super) explain: fn(&Question<'_>, &Object, u16) -> Vec<Finding>,
    /// What the body of a 5xx says beyond that the platform fails. It is no evidence about a target, whatever it says.
    pub(super) failing: fn(&Object, u16) -> Option<Finding>,
    /// Fields beside a confirming flag that may name the target, and name no other where they are there.
    pub(super) target_echoes: &'static [&'static str],
    /// Whether a text of an answer can be an ID.
    pub(super) is_id: fn(&str) -> bool,
    /// What the headers say of limits and time.
    pub rate_facts: fn(&HeaderMap) -> RateFacts,
    /// The query that asks for a page, percent-encoded, without its `?`.
    pub(super) page_query: fn(&PageQuestion<'_>) -> String,
    /// Whether the body of a 400 names something that only this set of names has.
    pub(super) names_refused: fn(Vocabulary, &Body) -> bool,
    /// The page that an answer holds; none where it is none.
    pub page: fn(&PageQuestion<'_>, &Answer) -> Option<Page>,
}
