//! What a confirmed effect looks like.

/// What a confirmed effect looks like, in a `200` with a JSON object, or with a list where that is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// The field at this JSON pointer has this value.
    Flag {
        /// An RFC 6901 pointer.
        pointer: &'static str,
        /// What it must hold.
        value: bool,
    },
    /// The object that v1.1 hands back (a user, a post): at this JSON pointer stands the target's ID, as a string. Where another ID
    /// stands, something else has been answered.
    Record {
        /// An RFC 6901 pointer.
        pointer: &'static str,
    },
    /// What it was done to, in the state that is to be reached: its ID is the target's to the letter, and every field holds what is said
    /// here. Without any fields the record alone confirms.
    Resource {
        /// Where the ID stands, an RFC 6901 pointer.
        id: &'static str,
        /// RFC 6901 pointers, and what each must hold.
        fields: &'static [(&'static str, bool)],
    },
    /// The same, as the only entry of a list.
    ListedResource {
        /// Where the ID stands, an RFC 6901 pointer.
        id: &'static str,
        /// RFC 6901 pointers, and what each must hold.
        fields: &'static [(&'static str, bool)],
    },
    /// The same, where one of these fields will do.
    EitherResource {
        /// Where the ID stands, an RFC 6901 pointer.
        id: &'static str,
        /// RFC 6901 pointers of which one has to hold true.
        fields: &'static [&'static str],
    },
    /// At this JSON pointer stands an object that says what was changed. Nothing else than an answer without it says that there was nothing to
    /// change.
    Change {
        /// An RFC 6901 pointer of one name.
        pointer: &'static str,
        /// Texts that an answer without it must have; none: it has nothing at all.
        unchanged: &'static [&'static str],
    },
    /// The endpoint has nothing to say: an empty body, or an empty object.
    NoOutput,
    /// At this JSON pointer stands an ID as the platform writes them, as a string; whose is not known before.
    Id {
        /// An RFC 6901 pointer.
        pointer: &'static str,
    },
}
