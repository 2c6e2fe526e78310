//! "Did you mean ...?"

/// Names further apart than this many edits are no typing mistakes.
const MAX_SUGGESTION_EDITS: usize = 3;

/// The known name that somebody who typed `name` may have meant.
pub fn nearest<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known)).min();
    let near = near.filter(|(edits, _)| *edits <= MAX_SUGGESTION_EDITS && *edits < name.chars().count());
    near.map(|(_, near)| near)
}
