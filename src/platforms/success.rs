//! What a confirmed effect looks like.

/// What a confirmed effect looks like, in a `200` with a JSON object.
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
    /// At this JSON pointer stands a numeric ID, as a string; whose is not known before.
    Id {
        /// An RFC 6901 pointer.
        pointer: &'static str,
    },
}
