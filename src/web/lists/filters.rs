//! The rules of a filter as fields of a form, under the names that the command line gives them. One table: what the form shows, what an
//! address holds, and what is read of both.

use serde_json::{Map, Value};

use crate::app::request::FilterOptions;
use crate::domain::{ListKind, TargetKind, Visibility};
use crate::lists::filter::Order;
use crate::web::pages::encoded;
use crate::web::problem::Problem;

/// How a rule is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum RuleKind {
    /// It is asked or not.
    Tick,
    /// A text.
    Text,
    /// An age or a date, as in the example.
    When(&'static str),
    /// A number.
    Number,
    /// Some of these words.
    Some(&'static [&'static str]),
    /// One of these words.
    One(&'static [&'static str]),
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub(in crate::web) struct RuleField {
    /// Its option's name, without dashes.
    pub(in crate::web) name: &'static str,
    /// What the form says.
    pub(in crate::web) label: &'static str,
    pub(in crate::web) kind: RuleKind,
    /// What it is about; none: users and posts.
    pub(in crate::web) about: Option<TargetKind>,
}

const USERS: Option<TargetKind> = Some(TargetKind::User);
const POSTS: Option<TargetKind> = Some(TargetKind::Post);

const fn rule(name: &'static str, label: &'static str, kind: RuleKind, about: Option<TargetKind>) -> RuleField {
    RuleField { name, label, kind, about }
}

const VISIBILITIES: [&str; 4] =
    [Visibility::Public.name(), Visibility::Unlisted.name(), Visibility::Private.name(), Visibility::Direct.name()];

/// Every rule but the two that are files: who is never touched, and who alone is.
pub(in crate::web) static RULES: [RuleField; 18] = [
    rule("matching", "With this text", RuleKind::Text, None),
    rule("not-matching", "Without this text", RuleKind::Text, None),
    rule("older-than", "Older than", RuleKind::When("1y, 6mo, 30d"), None),
    rule("newer-than", "Newer than", RuleKind::When("1y, 6mo, 30d"), None),
    rule("before", "From before", RuleKind::When("2020-01-31"), None),
    rule("after", "From this date on", RuleKind::When("2020-01-31"), None),
    rule("not-following-back", "Only who does not follow back", RuleKind::Tick, USERS),
    rule("ghosts", "Only who is not there any more", RuleKind::Tick, USERS),
    rule("inactive-since", "Has not posted since", RuleKind::When("1y or 2024-01-31"), USERS),
    rule("max-likes", "At most so many likes", RuleKind::Number, POSTS),
    rule("max-reposts", "At most so many reposts", RuleKind::Number, POSTS),
    rule("visibility", "Who may see it", RuleKind::Some(&VISIBILITIES), POSTS),
    rule("only-reposts", "Only reposts", RuleKind::Tick, POSTS),
    rule("only-replies", "Only replies", RuleKind::Tick, POSTS),
    rule("with-media", "Only with pictures, videos or sounds", RuleKind::Tick, POSTS),
    rule("without-media", "Only without them", RuleKind::Tick, POSTS),
    rule("keep-pinned", "Never what is pinned", RuleKind::Tick, POSTS),
    rule("limit", "At most so many", RuleKind::Number, None),
];

/// Which come first, beside the rules.
pub(in crate::web) const ORDER: RuleField =
    rule("order", "Which come first", RuleKind::One(&[Order::Oldest.name(), Order::Newest.name()]), None);

/// The rules that can be about the entries of a list.
pub(in crate::web) fn rules_of(list: ListKind) -> impl Iterator<Item = &'static RuleField> {
    let kind = list.target_kind();
    RULES.iter().filter(move |rule| rule.about.is_none_or(|about| about == kind)).filter(move |rule| {
        // Whoever follows, follows; and tags and servers have no dates.
        let asks_when = matches!(rule.name, "older-than" | "newer-than" | "before" | "after");
        !(rule.name == "not-following-back" && list == ListKind::Followers || asks_when && kind.is_told_by_text())
    })
}

/// What a form or an address asks for. What is no rule is left alone.
///
/// # Errors
/// A rule is filled in with what it cannot be.
pub(in crate::web) fn parse(fields: &[(String, String)]) -> Result<FilterOptions, Problem> {
    let mut asked = Map::new();
    for (name, text) in fields.iter().map(|(name, text)| (name, text.trim())).filter(|(_, text)| !text.is_empty()) {
        let Some(rule) = RULES.iter().chain([&ORDER]).find(|rule| rule.name == name) else { continue };
        let wrong = |why: &str| {
            Problem::unusable(format!("“{}” cannot be {text:?}.", rule.label), &format!("{why} Go back and change it."))
        };
        let value = match rule.kind {
            RuleKind::Tick => Value::Bool(true),
            RuleKind::Text | RuleKind::When(_) | RuleKind::One(_) => Value::String(text.to_owned()),
            RuleKind::Number => Value::from(text.parse::<u64>().map_err(|_| wrong("It is a whole number."))?),
            RuleKind::Some(_) => {
                let before = asked.remove(rule.name);
                let mut several = before.and_then(|before| before.as_array().cloned()).unwrap_or_default();
                several.push(Value::String(text.to_owned()));
                Value::Array(several)
            }
        };
        // Alone first, so that the error is about it.
        let alone = Value::Object(Map::from_iter([(rule.name.to_owned(), value.clone())]));
        serde_json::from_value::<FilterOptions>(alone).map_err(|error| wrong(&sentence(&error.to_string())))?;
        asked.insert(rule.name.to_owned(), value);
    }
    let options: FilterOptions = serde_json::from_value(Value::Object(asked))
        .map_err(|error| Problem::unusable(sentence(&error.to_string()), "Go back and change it."))?;
    match options.wanted.plain.contradiction() {
        Some(why) => Err(Problem::unusable(sentence(&why), "Go back, and ask for one of them.")),
        None => Ok(options),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// What was asked for, as fields again: each rule that is set, and what it is set to.
pub(in crate::web) fn fields(options: &FilterOptions) -> Vec<(&'static str, String)> {
    let Ok(Value::Object(asked)) = serde_json::to_value(options) else { return Vec::new() };
    let mut fields = Vec::new();
    for rule in RULES.iter().chain([&ORDER]) {
        match asked.get(rule.name) {
            Some(Value::Bool(true)) => fields.push((rule.name, "1".to_owned())),
            Some(Value::String(text)) => fields.push((rule.name, text.clone())),
            Some(Value::Number(number)) => fields.push((rule.name, number.to_string())),
            Some(Value::Array(words)) => {
                fields.extend(words.iter().filter_map(Value::as_str).map(|word| (rule.name, word.to_owned())));
            }
            _ => {}
        }
    }
    fields
}

/// The query of an address that asks for the same.
pub(in crate::web) fn query(options: &FilterOptions) -> String {
    let pairs = fields(options).into_iter().map(|(name, text)| format!("{name}={}", encoded(&text)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::CommandFactory;

    use super::*;

    fn pairs(text: &[(&str, &str)]) -> Vec<(String, String)> {
        text.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    /// A value that each rule takes.
    fn example(rule: &RuleField) -> &'static str {
        match rule.kind {
            RuleKind::Tick => "1",
            RuleKind::Text => "a text",
            RuleKind::When(example) => example.split([',', ' ']).next().unwrap(),
            RuleKind::Number => "7",
            RuleKind::Some(words) | RuleKind::One(words) => words[0],
        }
    }

    #[test]
    fn what_is_asked_for_comes_back_as_it_was_filled_in() {
        for rule in RULES.iter().chain([&ORDER]) {
            let options = parse(&pairs(&[(rule.name, example(rule)), ("page", "3")])).unwrap();
            assert_ne!(options, FilterOptions::default(), "{} is not taken", rule.name);
            assert_eq!(fields(&options), [(rule.name, example(rule).to_owned())]);
        }
        let two = parse(&pairs(&[("visibility", "direct"), ("visibility", "private"), ("matching", "a&b=c")])).unwrap();
        assert_eq!(query(&two), "matching=a%26b%3Dc&visibility=direct&visibility=private");
        assert_eq!(parse(&pairs(&[("matching", " "), ("limit", "")])).unwrap(), FilterOptions::default());
    }

    #[test]
    fn what_cannot_be_is_said_of_the_field() {
        for (name, text) in [("older-than", "soon"), ("limit", "many"), ("visibility", "nobody"), ("order", "best")] {
            let (why, _) = parse(&pairs(&[(name, text)])).unwrap_err().words();
            let label = RULES.iter().chain([&ORDER]).find(|rule| rule.name == name).unwrap().label;
            assert!(why.contains(label) && why.contains(text), "{why}");
        }
        assert!(parse(&pairs(&[("with-media", "1"), ("without-media", "1")])).is_err());
    }

    #[test]
    fn every_rule_of_the_command_line_has_its_field() {
        let tree = crate::cli::args::Cli::command();
        let list = tree.find_subcommand("list").unwrap();
        let options = list.get_arguments().filter(|option| option.get_help_heading() == Some("Which ones"));
        let mut options: Vec<&str> =
            options.filter(|option| !option.is_hide_set()).filter_map(|option| option.get_long()).collect();
        // Names are pasted beside the form, and nobody has to save what is spared, for it is on the list.
        options.retain(|option| !["keep", "only", "spared"].contains(option));
        let mut fields: Vec<&str> = RULES.iter().chain([&ORDER]).map(|rule| rule.name).collect();
        options.sort_unstable();
        fields.sort_unstable();
        assert_eq!(fields, options);
    }

    #[test]
    fn a_rule_about_posts_is_not_offered_for_users() {
        let names = |list| rules_of(list).map(|rule| rule.name).collect::<Vec<_>>();
        assert!(names(ListKind::Following).contains(&"not-following-back"));
        assert!(!names(ListKind::Followers).contains(&"not-following-back"));
        assert!(!names(ListKind::Following).contains(&"max-likes") && names(ListKind::Likes).contains(&"max-likes"));
        assert!(!names(ListKind::Posts).contains(&"ghosts"));
    }
}
