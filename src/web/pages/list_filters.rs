//! The form of a filter: every rule that can be about the entries of a list, filled in with what is asked for.

use maud::{Markup, html};

use super::labels::foreign;
use super::list_page::ListPage;
use crate::web::lists::{ORDER, RuleField, RuleKind, fields, rules_of};

/// The form, and beside it the names that are never touched or alone are.
pub(super) fn filters(page: &ListPage) -> Markup {
    let asked: Vec<(String, String)> =
        fields(&page.options).into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    let here = format!("/lists/{}", page.id);
    html! {
        section.card aria-labelledby="filter" {
            h2 #filter { "Filter" }
            form.stack method="get" action=(here) role="search" aria-label="Filter" {
                div.rules { (rule_fields(rules_of(page.info.list).chain([&ORDER]), &asked)) }
                fieldset.ticks {
                    legend.unseen { "Only some" }
                    (rule_ticks(rules_of(page.info.list), &asked))
                }
                p.quiet.small { "A rule about what nothing is known of spares the row." }
                div.actions {
                    button.primary type="submit" { "Filter" }
                    @if !asked.is_empty() { a.button href=(here) { "Show all" } }
                }
            }
            details { summary { "Names" @if page.has_names[0] || page.has_names[1] { " (some are given)" } }
                div.pair {
                    (names(page.id, "keep", "Never touch these", page.has_names[0]))
                    (names(page.id, "only", "Touch nothing but these", page.has_names[1]))
                }
            }
        }
    }
}

/// The fields of rules that are filled in.
pub(super) fn rule_fields(rules: impl Iterator<Item = &'static RuleField>, asked: &[(String, String)]) -> Markup {
    html! { @for rule in rules.filter(|rule| rule.kind != RuleKind::Tick) { (field(rule, asked)) } }
}

/// The boxes of rules that are ticked.
pub(super) fn rule_ticks(rules: impl Iterator<Item = &'static RuleField>, asked: &[(String, String)]) -> Markup {
    html! { @for rule in rules.filter(|rule| rule.kind == RuleKind::Tick) { (tick(rule, asked)) } }
}

fn value<'a>(asked: &'a [(String, String)], name: &str) -> &'a str {
    asked.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str())
}

fn field(rule: &RuleField, asked: &[(String, String)]) -> Markup {
    let (name, text) = (rule.name, value(asked, rule.name));
    html! {
        @match rule.kind {
            RuleKind::Some(words) => fieldset.words {
                legend { (rule.label) }
                @for word in words {
                    label.check {
                        input type="checkbox" name=(name) value=(word) checked[asked.iter().any(|(known, text)| known == name && text == word)];
                        span { (word) }
                    }
                }
            },
            RuleKind::One(words) => div.field {
                label for=(name) { (rule.label) }
                select #(name) name=(name) {
                    option value="" { "as they stand on the list" }
                    @for word in words { option value=(word) selected[text == *word] { (word) } }
                }
            },
            RuleKind::When(example) => div.field {
                label for=(name) { (rule.label) }
                input #(name) type="text" name=(name) value=(foreign(text)) maxlength="40" autocomplete="off" aria-describedby=(format!("{name}-hint"));
                span.hint #(format!("{name}-hint")) { "such as " (example) }
            },
            RuleKind::Number => div.field {
                label for=(name) { (rule.label) }
                input #(name) type="text" inputmode="numeric" name=(name) value=(foreign(text)) maxlength="12" autocomplete="off";
            },
            RuleKind::Text => div.field {
                label for=(name) { (rule.label) }
                input #(name) type="text" name=(name) value=(foreign(text)) maxlength="200" autocomplete="off";
            },
            RuleKind::Tick => {},
        }
    }
}

fn tick(rule: &RuleField, asked: &[(String, String)]) -> Markup {
    html! {
        label.check {
            input type="checkbox" name=(rule.name) value="1" checked[!value(asked, rule.name).is_empty()];
            span { (rule.label) }
        }
    }
}

fn names(id: u64, part: &str, label: &str, is_given: bool) -> Markup {
    html! {
        form.stack method="post" action={ "/lists/" (id) "/names" } {
            input type="hidden" name="part" value=(part);
            div.field {
                label for=(part) { (label) }
                textarea #(part) name=(part) rows="4" maxlength="50000" spellcheck="false" autocapitalize="none" aria-describedby=(format!("{part}-hint")) {}
                span.hint #(format!("{part}-hint")) {
                    "IDs, handles or links, one a line. "
                    @if is_given { strong { "Some are given; what you keep here replaces them, and nothing drops them." } }
                }
            }
            div.actions { button type="submit" { "Keep the names" span.unseen { " (" (label) ")" } } }
        }
    }
}
