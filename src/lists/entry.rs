//! What a list holds. In: nothing. Out: the nouns. What does not belong here: where they were read.

use crate::domain::{Handle, PostTraits, Target, TargetId, TargetKind, TargetName, Wall};

/// One entry of a list: a user or a post, and what its source told of it. Only the ID is sure to be known: an archive's
/// following, follower, block and mute files hold nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The user or post.
    pub target: Target,
    /// The user's handle; of a post, its author's.
    pub handle: Option<Handle>,
    /// What a user is called where that is no handle of X's form: an address, the name of a host.
    pub address: Option<TargetName>,
    /// The user's display name; of a post, its author's. Foreign text.
    pub name: Option<String>,
    /// When the account or post was made, as the source says. [`TargetId`]s of posts may tell it where the source does not.
    pub created_at: Option<Wall>,
    /// When a user last posted, where the source has it.
    pub last_active_at: Option<Wall>,
    /// How many follow a user.
    pub followers: Option<u64>,
    /// How many are on a list of users.
    pub members: Option<u64>,
    /// Whether a user follows the account back.
    pub follows_back: Option<bool>,
    /// Whether a user is not there any more, as far as that was asked.
    pub is_ghost: Option<bool>,
    /// How many like a post.
    pub likes: Option<u64>,
    /// How often a post was reposted.
    pub reposts: Option<u64>,
    /// A post's text, or a user's description. Foreign text.
    pub text: Option<String>,
    /// Whether a post is a repost (its text in an archive begins `RT @`).
    pub is_repost: Option<bool>,
    /// Of a repost under its own ID, the post that it repeats: v2 undoes reposts by that.
    pub repost_of: Option<Target>,
    /// Of a post that was reposted, the ID of the account's own repost: v1.1 undoes reposts by that.
    pub repost_id: Option<TargetId>,
    /// What kind of post a post is.
    pub traits: PostTraits,
    /// Where a person sees it, where the source says so.
    pub link: Option<String>,
    /// Whether its ID is a host's own: it tells no time, whatever it looks like, and X has no page for it.
    pub is_opaque: bool,
}

impl Entry {
    /// An entry of which only the target is known.
    pub const fn bare(target: Target) -> Entry {
        Entry {
            target,
            handle: None,
            address: None,
            name: None,
            created_at: None,
            last_active_at: None,
            followers: None,
            members: None,
            follows_back: None,
            is_ghost: None,
            likes: None,
            reposts: None,
            text: None,
            is_repost: None,
            repost_of: None,
            repost_id: None,
            traits: PostTraits::UNKNOWN,
            link: None,
            is_opaque: false,
        }
    }

    /// Where a person sees it; none where its target does not tell. X finds a user and a post by ID alone; the handle makes the link
    /// readable. A key that is an address is its own, and anything else is no link: a job file may come from a stranger.
    pub fn url(&self, kind: TargetKind) -> Option<String> {
        if self.link.is_some() || self.is_opaque {
            return self.link.clone();
        }
        let id = match &self.target {
            Target::Id(id) => id,
            Target::Handle(handle) => return Some(format!("https://x.com/{}", handle.as_str())),
            Target::Key(key) => return key.as_str().starts_with("https://").then(|| key.to_string()),
        };
        Some(match (kind, &self.handle) {
            (TargetKind::User, Some(handle)) => format!("https://x.com/{}", handle.as_str()),
            (TargetKind::User, None) => format!("https://x.com/i/user/{id}"),
            (TargetKind::Post, Some(handle)) => format!("https://x.com/{}/status/{id}", handle.as_str()),
            (TargetKind::Tag | TargetKind::Domain, _) => return None,
            (TargetKind::List, _) => format!("https://x.com/i/lists/{id}"),
            (TargetKind::Post, None) => format!("https://x.com/i/web/status/{id}"),
        })
    }

    /// A post of the account as the post that it repeats.
    pub fn into_repost(self) -> Reposted {
        match (self.repost_of.clone(), self.is_repost) {
            (_, Some(false)) => Reposted::No,
            (None, _) => Reposted::Untold,
            // Author, name and counts are the repost's own; of the post repeated its text names the author.
            (Some(post), _) => Reposted::Post(Box::new(Entry {
                handle: self.text.as_deref().and_then(reposted_author),
                created_at: self.created_at,
                text: self.text,
                repost_id: self.target.id(),
                traits: self.traits,
                link: self.link,
                is_opaque: self.is_opaque,
                ..Entry::bare(post)
            })),
        }
    }
}

/// What a post of the account is among its reposts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reposted {
    /// A repost of this post.
    Post(Box<Entry>),
    /// No repost.
    No,
    /// It is or may be a repost, and nothing says of which post.
    Untold,
}

/// Whose post a repost repeats, as its text begins: `RT @ada: so it is`.
pub fn reposted_author(text: &str) -> Option<Handle> {
    let (author, _) = text.strip_prefix("RT @")?.split_once(':')?;
    author.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_repost_is_listed_under_the_post_it_repeats() {
        let repost = Entry {
            handle: Some("me".parse().unwrap()),
            created_at: Some(Wall(7)),
            likes: Some(0),
            text: Some("RT @Ada_L: so it is".into()),
            is_repost: Some(true),
            repost_of: Some("8".parse().unwrap()),
            ..Entry::bare("9".parse().unwrap())
        };
        let Reposted::Post(post) = repost.clone().into_repost() else { panic!() };
        assert_eq!((post.target.to_string(), post.repost_id.unwrap().to_string()), ("8".to_owned(), "9".to_owned()));
        assert_eq!(post.handle.unwrap().as_str(), "ada_l", "the author of the post, not the account");
        assert_eq!((post.created_at, post.likes), (Some(Wall(7)), None), "counts of the repost are not the post's");
        assert_eq!(Entry { is_repost: Some(false), ..repost.clone() }.into_repost(), Reposted::No);
        for is_repost in [None, Some(true)] {
            let untold = Entry { is_repost, repost_of: None, ..repost.clone() };
            assert_eq!(untold.into_repost(), Reposted::Untold);
        }
        assert_eq!(reposted_author("RT @a-b: x"), None);
        assert_eq!(reposted_author("good morning: all"), None);
    }
}
