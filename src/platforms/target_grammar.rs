//! Which texts name users and posts on a platform. In: a text. Out: a [`Target`], or why it is none. Pure.

use crate::domain::{InvalidTarget, Target, TargetKind, TargetName};

/// Which texts name a platform's users and posts.
#[derive(Clone, Copy, Debug)]
pub struct TargetGrammar {
    /// What a text names; none where it is no name there. It leads back to the same text.
    pub(super) parse: fn(&str) -> Option<Target>,
    /// Whether such a name can be nothing else, whoever reads it: neither a number, nor a handle without its `@`, nor a word. Only of texts
    /// that are names.
    pub(super) is_evident: fn(&str) -> bool,
    /// What a person writes for a target: what [`TargetGrammar::parse`] takes, and links that hold it.
    pub(super) read: fn(&str) -> Option<Target>,
    /// What a target is, where its text tells.
    pub(super) kind_of: fn(&Target) -> Option<TargetKind>,
    /// Whose post it is; none: no text of a post tells that.
    pub(super) author_of: Option<fn(&Target) -> Option<Target>>,
    /// Where a person sees it, where its text alone tells.
    pub(super) page_of: fn(&Target) -> Option<String>,
    /// Where a person sees it at the account's own server (`https://example.social`), given its user's or author's address.
    pub(super) page_at: fn(&str, TargetKind, &Target, Option<&TargetName>) -> Option<String>,
    /// What to say where a handle is no name there.
    pub(super) not_a_handle: &'static str,
    /// What to say of any other text that is none.
    pub not_a_name: &'static str,
    /// How a person writes a user, how a post, and how a list of users: what follows "write".
    pub written_as: [&'static str; 3],
    /// How a person writes a tag, and how a server; none: an account of the platform can do nothing with either.
    pub things_written_as: Option<[&'static str; 2]>,
}

impl TargetGrammar {
    /// Numeric IDs of 1 to 19 digits, and handles with their `@`, which an endpoint need not take.
    pub(super) const NUMBERS: TargetGrammar = TargetGrammar {
        parse: number_or_handle,
        is_evident: |_| false,
        read: number_or_handle,
        kind_of: |_| None,
        author_of: None,
        page_of: |_| None,
        page_at: |_, _, _, _| None,
        not_a_handle: "this endpoint takes a numeric ID, not a handle",
        not_a_name: "this endpoint takes a numeric ID, not a key of another platform",
        written_as: [
            "the numeric ID of the user, @handle or a link",
            "the numeric ID of the post or a link",
            "the numeric ID of the list or a link",
        ],
        things_written_as: None,
    };

    /// What a text names.
    ///
    /// # Errors
    /// It is no name on this platform.
    pub fn parse(&self, text: &str) -> Result<Target, InvalidTarget> {
        (self.parse)(text).ok_or(InvalidTarget)
    }

    /// What a person's text names, links among them.
    ///
    /// # Errors
    /// It names nothing on this platform.
    pub fn read(&self, text: &str) -> Result<Target, InvalidTarget> {
        (self.read)(text).ok_or(InvalidTarget)
    }

    /// What says what a person's text names; none where it names nothing.
    pub const fn reader(&self) -> fn(&str) -> Option<Target> {
        self.read
    }

    /// What says whether a target is a user or a post; none where its text does not tell.
    pub const fn kinds(&self) -> fn(&Target) -> Option<TargetKind> {
        self.kind_of
    }

    /// What says whether a text that is read as an ID can be nothing else.
    pub const fn evidence(&self) -> fn(&str) -> bool {
        self.is_evident
    }

    /// Whether a target is a user or a post, where its text tells.
    pub fn kind_of(&self, target: &Target) -> Option<TargetKind> {
        (self.kind_of)(target)
    }

    /// Whether the text of a post tells whose it is.
    pub const fn tells_authors(&self) -> bool {
        self.author_of.is_some()
    }

    /// Whose post a target is, where its text tells.
    pub fn author_of(&self, target: &Target) -> Option<Target> {
        self.author_of.and_then(|author_of| author_of(target))
    }

    /// Where a person sees a target, where its text alone tells.
    pub fn page_of(&self, target: &Target) -> Option<String> {
        (self.page_of)(target)
    }

    /// Where a person sees a target at the account's own server; `address` is what its user, or its author, is called.
    pub fn page_at(
        &self,
        server: &str,
        kind: TargetKind,
        target: &Target,
        address: Option<&TargetName>,
    ) -> Option<String> {
        (self.page_at)(server, kind, target, address)
    }

    /// Whether the platform has such names.
    pub fn takes(&self, target: &Target) -> bool {
        (self.parse)(&target.to_string()).as_ref() == Some(target)
    }
}

fn number_or_handle(text: &str) -> Option<Target> {
    match text.parse().ok()? {
        Target::Key(_) => None,
        target => Some(target),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_and_handles_are_no_keys() {
        let numbers = TargetGrammar::NUMBERS;
        for text in ["0", "007", "9223372036854775807", "@ada"] {
            let target = numbers.parse(text).unwrap();
            assert!(numbers.takes(&target) && target.to_string() == text);
        }
        for text in ["", "01F6KXCP71V24GR0SJGAHRXSQ2", "did:plc:a", "99999999999999999999", "@ada@example.org"] {
            assert_eq!(numbers.parse(text), Err(InvalidTarget), "{text}");
        }
    }
}
