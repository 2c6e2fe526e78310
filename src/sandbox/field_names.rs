//! Which names of fields the sandbox knows: X renamed tweets to posts in August 2026, endpoint by endpoint, and its emulator refuses
//! what X ignores. In: a query. Out: the fields that are asked for, in the names the answer is to use; or the refusal in X's words.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::bodies_lists::{Fields, unknown_parameter, unknown_value};
use super::rendered::Rendered;

crate::domain::with_names! {
    /// How a platform takes what it is asked for.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum FieldNames {
        /// The names until August 2026; others are refused with 400.
        Old => "old",
        /// The same; others are taken, answered with 200, and missing from the answer.
        LenientOld => "lenient-old",
        /// The names since. `tweet.fields` still works and is answered in the old names; unknown fields are missing from the answer.
        #[default]
        New => "new",
        /// The names since; others are refused with 400, as X's emulator does.
        StrictNew => "strict-new",
    }
}

const USER_FIELDS: [&str; 7] =
    ["created_at", "description", "name", "protected", "public_metrics", "username", "verified"];
const POST_FIELDS: [&str; 5] = ["attachments", "author_id", "created_at", "public_metrics", "text"];
const LIST_FIELDS: [&str; 6] = ["created_at", "description", "follower_count", "member_count", "owner_id", "private"];
const POSTS: &str = "post.fields";
const TWEETS: &str = "tweet.fields";

impl FieldNames {
    /// The parameters that name a post's fields.
    const fn post_parameters(self) -> &'static [&'static str] {
        match self {
            FieldNames::Old | FieldNames::LenientOld => &[TWEETS],
            FieldNames::New => &[POSTS, TWEETS],
            FieldNames::StrictNew => &[POSTS],
        }
    }

    const fn is_strict(self) -> bool {
        matches!(self, FieldNames::Old | FieldNames::StrictNew)
    }

    const fn is_old(self) -> bool {
        matches!(self, FieldNames::Old | FieldNames::LenientOld)
    }

    /// The fields that a query asks for.
    pub(super) fn fields(self, pairs: &BTreeMap<Cow<'_, str>, Cow<'_, str>>) -> Result<Fields, Rendered> {
        let known = self.post_parameters();
        if let Some(name) = [POSTS, TWEETS]
            .into_iter()
            .find(|name| self.is_strict() && pairs.contains_key(*name) && !known.contains(name))
        {
            return Err(unknown_parameter(name));
        }
        let asked = known.iter().find(|name| pairs.contains_key(**name)).copied().unwrap_or(known[0]);
        let in_old_names = self.is_old() || asked == TWEETS;
        let own_user = if self.is_old() { &["most_recent_tweet_id"][..] } else { &[] };
        let own_post = if in_old_names { "referenced_tweets" } else { "referenced_posts" };
        let newest = if self.is_old() { "most_recent_tweet_id" } else { "most_recent_post_id" };
        let user = self.chosen(pairs, "user.fields", &[&USER_FIELDS, own_user])?;
        let post = self.chosen(pairs, asked, &[&POST_FIELDS, &[own_post]])?;
        let list = self.chosen(pairs, "list.fields", &[&LIST_FIELDS])?;
        let expansions = self.chosen(pairs, "expansions", &[&["author_id", newest]])?;
        let expands = |name: &str| expansions.iter().any(|word| word == name);
        Ok(Fields { authors: expands("author_id"), newest_posts: expands(newest), user, post, list, in_old_names })
    }

    /// The values of a parameter that are known; the others are refused or passed over.
    fn chosen(
        self,
        pairs: &BTreeMap<Cow<'_, str>, Cow<'_, str>>,
        parameter: &str,
        known: &[&[&str]],
    ) -> Result<Vec<String>, Rendered> {
        let text = pairs.get(parameter).map(AsRef::as_ref).unwrap_or_default();
        let words = text.split(',').filter(|word| !word.is_empty());
        let is_known = |word: &str| known.iter().any(|group| group.contains(&word));
        if let Some(word) = words.clone().find(|word| self.is_strict() && !is_known(word)) {
            return Err(unknown_value(parameter, word));
        }
        Ok(words.filter(|word| is_known(word)).map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fields(names: FieldNames, pairs: &[(&'static str, &'static str)]) -> Result<Fields, Rendered> {
        names.fields(&pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn each_takes_refuses_or_passes_over_what_it_does_not_know() {
        let newest = [("user.fields", "name,most_recent_tweet_id")];
        assert_eq!(fields(FieldNames::Old, &newest).unwrap().user, ["name", "most_recent_tweet_id"]);
        assert_eq!(fields(FieldNames::New, &newest).unwrap().user, ["name"]);
        let refused = fields(FieldNames::StrictNew, &newest).unwrap_err();
        assert!(refused.status == 400 && refused.body.contains("invalid value 'most_recent_tweet_id'"), "{refused:?}");
        let (new, old) = ([("post.fields", "text,referenced_posts")], [("tweet.fields", "text,referenced_tweets")]);
        assert_eq!(fields(FieldNames::Old, &new).unwrap_err().status, 400);
        assert_eq!(fields(FieldNames::StrictNew, &old).unwrap_err().status, 400);
        assert_eq!(fields(FieldNames::LenientOld, &new).unwrap().post, Vec::<String>::new());
        let told = fields(FieldNames::New, &old).unwrap();
        assert!(told.in_old_names && told.post == ["text", "referenced_tweets"]);
        assert!(!fields(FieldNames::New, &new).unwrap().in_old_names);
    }
}
