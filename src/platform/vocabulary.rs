//! The two sets of names that X's reading endpoints know. In August 2026 X renamed what it calls a tweet to a post (OpenAPI 2.167):
//! the parameter `tweet.fields` became `post.fields`, `referenced_tweets` became `referenced_posts`, and the newest post of a user
//! is an expansion where it was a field. The wire followed endpoint by endpoint, so both are asked in and both are read.
//!
//! In: what is to be asked for. Out: the query; and whether a refusal names a field of the set that was asked in. Pure.

use super::answer::{Body, BodyEnd};

/// Which names a request asks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vocabulary {
    /// `post.fields`, since August 2026.
    New,
    /// `tweet.fields`, before.
    Old,
}

/// What a reading endpoint is asked to tell of each entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryFields {
    /// Whom a handle names: nothing that was renamed.
    Names,
    /// Users, whom people recognise and what filters ask for.
    Users,
    /// Posts and their authors.
    Posts,
}

const NAMES: &str = "user.fields=description,name,username";
const USERS_NEW: &str = "user.fields=created_at,description,name,public_metrics,username";
const USERS_OLD: &str = "user.fields=created_at,description,most_recent_tweet_id,name,public_metrics,username";
/// The newest posts come as objects of their own, which are billed; their authors say whose they are.
const NEWEST_POSTS: &str = "user.fields=created_at,description,name,public_metrics,username\
                            &expansions=most_recent_post_id&post.fields=author_id";
const POSTS_NEW: &str = "post.fields=author_id,created_at,public_metrics,referenced_posts,text\
                         &expansions=author_id&user.fields=name,username";
const POSTS_OLD: &str = "tweet.fields=author_id,created_at,public_metrics,referenced_tweets,text\
                         &expansions=author_id&user.fields=name,username";

impl Vocabulary {
    /// The other one.
    pub const fn other(self) -> Vocabulary {
        match self {
            Vocabulary::New => Vocabulary::Old,
            Vocabulary::Old => Vocabulary::New,
        }
    }

    /// The word in the queue for a request that was refused because of its names.
    pub const fn refusal(self) -> &'static str {
        match self {
            Vocabulary::New => "new_names_refused",
            Vocabulary::Old => "old_names_refused",
        }
    }

    /// What to ask in after such a refusal.
    pub fn after_refusal(word: &str) -> Option<Vocabulary> {
        [Vocabulary::New, Vocabulary::Old].into_iter().find(|asked| asked.refusal() == word).map(Vocabulary::other)
    }

    /// The query that asks for these fields: constant, percent-encoded where it has to be.
    pub(super) const fn query(self, fields: EntryFields, newest_posts: bool) -> &'static str {
        match (fields, self) {
            (EntryFields::Names, _) => NAMES,
            (EntryFields::Users, Vocabulary::New) if newest_posts => NEWEST_POSTS,
            (EntryFields::Users, Vocabulary::New) => USERS_NEW,
            // The old field costs nothing.
            (EntryFields::Users, Vocabulary::Old) => USERS_OLD,
            (EntryFields::Posts, Vocabulary::New) => POSTS_NEW,
            (EntryFields::Posts, Vocabulary::Old) => POSTS_OLD,
        }
    }

    /// Whether the body of a 400 names something that only this vocabulary has.
    pub(super) fn is_named_in(self, body: &Body) -> bool {
        let words: [&[u8]; 3] = match self {
            Vocabulary::New => [b"post.fields", b"referenced_posts", b"most_recent_post_id"],
            Vocabulary::Old => [b"tweet.fields", b"referenced_tweets", b"most_recent_tweet_id"],
        };
        body.end == BodyEnd::Whole && words.iter().any(|word| body.bytes.windows(word.len()).any(|part| part == *word))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_refusal_that_names_a_field_is_told_from_others() {
        let body = |text: &str| Body::whole(text);
        let emulator =
            body(r#"{"errors":[{"message":"invalid value 'most_recent_tweet_id'"}],"title":"Invalid Request"}"#);
        assert!(Vocabulary::Old.is_named_in(&emulator) && !Vocabulary::New.is_named_in(&emulator));
        let older =
            body(r#"{"errors":[{"message":"The query parameter [post.fields] is not one of [id,max_results]"}]}"#);
        assert!(Vocabulary::New.is_named_in(&older) && !Vocabulary::Old.is_named_in(&older));
        for text in [r#"{"errors":[{"message":"Invalid 'pagination_token':['x']. "}]}"#, "", "{}"] {
            assert!(!Vocabulary::New.is_named_in(&body(text)) && !Vocabulary::Old.is_named_in(&body(text)), "{text}");
        }
        let cut = Body { end: BodyEnd::BrokeOff, ..body("post.fields") };
        assert!(!Vocabulary::New.is_named_in(&cut));
    }

    #[test]
    fn each_is_remembered_by_the_other_being_refused() {
        for asked in [Vocabulary::New, Vocabulary::Old] {
            assert_eq!(Vocabulary::after_refusal(asked.refusal()), Some(asked.other()));
        }
        assert_eq!(Vocabulary::after_refusal("page"), None);
    }

    #[test]
    fn queries_need_no_encoding_and_share_no_renamed_word() {
        for fields in [EntryFields::Names, EntryFields::Users, EntryFields::Posts] {
            for (asked, newest) in [(Vocabulary::New, false), (Vocabulary::New, true), (Vocabulary::Old, true)] {
                let query = asked.query(fields, newest);
                assert!(query.bytes().all(|b| b.is_ascii_alphanumeric() || b"._,=&".contains(&b)), "{query}");
                assert!(!asked.other().is_named_in(&Body::whole(query)), "{query}");
            }
        }
    }
}
