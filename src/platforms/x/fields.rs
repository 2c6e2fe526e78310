//! What X's reading endpoints are asked to tell of each entry. In August 2026 X renamed what it calls a tweet to a post (OpenAPI 2.167):
//! the parameter `tweet.fields` became `post.fields`, `referenced_tweets` became `referenced_posts`, and the newest post of a user
//! is an expansion where it was a field. The wire followed endpoint by endpoint, so both are asked in and both are read.
//!
//! In: what is to be asked for. Out: the query; and whether a refusal names a field of the set that was asked in. Pure.

use crate::domain::TargetName;
use crate::platforms::answer::{Body, BodyEnd};
use crate::platforms::page_question::{EntryFields, PageQuestion, What};
use crate::platforms::vocabulary::Vocabulary;

const NAMES: &str = "user.fields=description,name,username";
const USERS_NEW: &str = "user.fields=created_at,description,name,public_metrics,username";
const USERS_OLD: &str = "user.fields=created_at,description,most_recent_tweet_id,name,public_metrics,username";
/// The newest posts come as objects of their own, which are billed; their authors say whose they are.
const NEWEST_POSTS: &str = "user.fields=created_at,description,name,public_metrics,username\
                            &expansions=most_recent_post_id&post.fields=author_id";
const LISTS: &str = "list.fields=created_at,description,follower_count,member_count,private";
const POSTS_NEW: &str = "post.fields=attachments,author_id,created_at,public_metrics,referenced_posts,text\
                         &expansions=author_id&user.fields=name,username";
const POSTS_OLD: &str = "tweet.fields=attachments,author_id,created_at,public_metrics,referenced_tweets,text\
                         &expansions=author_id&user.fields=name,username";

/// The query of a page. Cursors and handles need no percent-encoding by their types.
pub(super) fn page_query(question: &PageQuestion<'_>) -> String {
    let PageQuestion { what, fields, bounds, vocabulary, .. } = *question;
    if fields == EntryFields::AllLists {
        return LISTS.to_owned();
    }
    let asked = match what {
        What::Entries { count, from, .. } => {
            let count = count.clamp(bounds.0, bounds.1);
            let from = from.map_or_else(String::new, |from| format!("&pagination_token={from}"));
            format!("max_results={count}{from}")
        }
        What::Names(names) => {
            let names: Vec<&str> = names.iter().map(TargetName::as_str).collect();
            format!("usernames={}", names.join(","))
        }
        // Nothing of this platform asks for profiles, or for one post.
        What::Users(_) | What::Post(_) => String::new(),
    };
    let newest_posts = matches!(what, What::Entries { newest_posts: true, .. });
    format!("{asked}&{}", query(vocabulary, fields, newest_posts))
}

/// The query that asks for these fields: constant, percent-encoded where it has to be.
fn query(vocabulary: Vocabulary, fields: EntryFields, newest_posts: bool) -> &'static str {
    match (fields, vocabulary) {
        // The others nobody asks for here.
        (EntryFields::Names | EntryFields::Followed | EntryFields::Marks | EntryFields::Things, _) => NAMES,
        (EntryFields::Lists | EntryFields::AllLists, _) => LISTS,
        (EntryFields::Users, Vocabulary::New) if newest_posts => NEWEST_POSTS,
        (EntryFields::Users, Vocabulary::New) => USERS_NEW,
        // The old field costs nothing.
        (EntryFields::Users, Vocabulary::Old) => USERS_OLD,
        (EntryFields::Posts, Vocabulary::New) => POSTS_NEW,
        (EntryFields::Posts, Vocabulary::Old) => POSTS_OLD,
    }
}

/// Whether the body of a 400 names something that only this vocabulary has.
pub(super) fn is_named_in(vocabulary: Vocabulary, body: &Body) -> bool {
    let words: [&[u8]; 3] = match vocabulary {
        Vocabulary::New => [b"post.fields", b"referenced_posts", b"most_recent_post_id"],
        Vocabulary::Old => [b"tweet.fields", b"referenced_tweets", b"most_recent_tweet_id"],
    };
    body.end == BodyEnd::Whole && words.iter().any(|word| body.bytes.windows(word.len()).any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::platforms::answer::BodyEnd;

    #[test]
    fn a_refusal_that_names_a_field_is_told_from_others() {
        let body = |text: &str| Body::whole(text);
        let emulator =
            body(r#"{"errors":[{"message":"invalid value 'most_recent_tweet_id'"}],"title":"Invalid Request"}"#);
        assert!(is_named_in(Vocabulary::Old, &emulator) && !is_named_in(Vocabulary::New, &emulator));
        let older =
            body(r#"{"errors":[{"message":"The query parameter [post.fields] is not one of [id,max_results]"}]}"#);
        assert!(is_named_in(Vocabulary::New, &older) && !is_named_in(Vocabulary::Old, &older));
        for text in [r#"{"errors":[{"message":"Invalid 'pagination_token':['x']. "}]}"#, "", "{}"] {
            assert!(!is_named_in(Vocabulary::New, &body(text)) && !is_named_in(Vocabulary::Old, &body(text)), "{text}");
        }
        let cut = Body { end: BodyEnd::BrokeOff, ..body("post.fields") };
        assert!(!is_named_in(Vocabulary::New, &cut));
    }

    #[test]
    fn queries_need_no_encoding_and_share_no_renamed_word() {
        for fields in [EntryFields::Names, EntryFields::Users, EntryFields::Posts, EntryFields::Lists] {
            for (asked, newest) in [(Vocabulary::New, false), (Vocabulary::New, true), (Vocabulary::Old, true)] {
                let query = query(asked, fields, newest);
                assert!(query.bytes().all(|b| b.is_ascii_alphanumeric() || b"._,=&".contains(&b)), "{query}");
                assert!(!is_named_in(asked.other(), &Body::whole(query)), "{query}");
            }
        }
    }
}
