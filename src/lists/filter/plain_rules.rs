//! The rules that are judged as they were asked for: no file is read for them, and no clock.

use serde_json::Value;

use crate::domain::Visibility;

/// Rules that mean the same whenever they are asked. What each of them asks is in [`super::question`].
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PlainRules {
    /// Only users who do not follow back.
    pub not_following_back: bool,
    /// Only users who are not there any more.
    pub ghosts: bool,
    /// Only posts with at most so many likes.
    pub max_likes: Option<u64>,
    /// Only posts with at most so many reposts.
    pub max_reposts: Option<u64>,
    /// Only posts that one of these may see; empty: all.
    pub visibility: Vec<Visibility>,
    /// Only reposts.
    pub only_reposts: bool,
    /// Only replies.
    pub only_replies: bool,
    /// Only posts with media.
    pub with_media: bool,
    /// Only posts without media.
    pub without_media: bool,
    /// No post that is pinned.
    pub keep_pinned: bool,
    /// Only those with this in text, name or handle, whatever the case.
    pub matching: Option<String>,
    /// Only those without this in text, name and handle, whatever the case.
    pub not_matching: Option<String>,
}

impl PlainRules {
    /// What no single rule is wrong about.
    pub fn contradiction(&self) -> Option<String> {
        (self.with_media && self.without_media)
            .then(|| "no post passes both --with-media and --without-media".to_owned())
    }

    /// Each rule that is set, and what it is set to: the same as long as the rules are the same.
    pub fn named(&self) -> Vec<(String, Value)> {
        // By way of JSON, so that no rule can be left out.
        let Ok(Value::Object(rules)) = serde_json::to_value(self) else { return Vec::new() };
        let is_set =
            |value: &Value| !matches!(value, Value::Null | Value::Bool(false)) && value != &Value::Array(vec![]);
        let set = rules.into_iter().filter(|(_, value)| is_set(value));
        set.map(|(name, value)| (name.replace('-', "_"), value)).collect()
    }
}
