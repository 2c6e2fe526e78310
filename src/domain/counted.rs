//! Numbers with their nouns. In: a number, the words. Out: text. Every message and page that counts something says it so.

/// A number with what is counted: `1 row`, `2 rows`. A verb that has to agree goes along: `1 row is`, `2 rows are`.
pub fn counted(count: impl TryInto<u64>, one: &str, many: &str) -> String {
    // What does not fit into 64 bits is many.
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_nothing_else() {
        let texts = [0_u64, 1, 2, 21].map(|count| counted(count, "entry is", "entries are"));
        assert_eq!(texts, ["0 entries are", "1 entry is", "2 entries are", "21 entries are"]);
        assert_eq!(counted(1_usize, "row", "rows"), "1 row");
    }
}
