//! What stands in an account's own repository, on platforms where an action is undone by deleting the record of it. In: nothing. Out:
//! [`OwnRecord`]. What does not belong here: finding it, deleting it.

/// A record of the account's own. Its key says nothing of whom or what it concerns: that stands inside of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OwnRecord {
    /// The collection it is in, such as `app.bsky.graph.follow`.
    pub collection: String,
    /// Its key within the collection.
    pub key: String,
    /// The hash of what it holds: it is deleted only while it holds the same.
    pub cid: String,
    /// What it holds, as JSON: whoever puts it back needs it.
    pub value: String,
}
