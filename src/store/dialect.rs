//! Where databases say the same thing in different words. Statements are written in what SQLite and PostgreSQL have in common; the
//! handful of true differences are named here, once, and [`sql!`] puts them between the words of a statement.
//!
//! In common, and to be used: parameters `$1`; `case when`, not `iif`; `on conflict`, not `or replace`; `is [not] distinct from`, not `is`;
//! `count(*) filter (where ...)`, not a sum of comparisons; `cast(sum(...) as bigint)`; a name for every query behind `from`; conditions of a
//! `cross join` behind `where`; `cast($1 as ...) is null` where a parameter may be null. A flag in a table is 0 or 1 (a partial index is
//! found by the very words of its condition, so `true` does not find one); what a statement compares is a boolean.
//!
//! What stays in words of its own: what is asked so often that it is made for one database (a turn, loading, slots).

/// A statement, of texts and of the parts that [`word!`] knows: `sql!("select id from account where id in ", numbers("$1"))`. Macros of texts
/// may stand between them.
macro_rules! sql {
    (@ [$($done:tt)*]) => { concat!($($done)*) };
    (@ [$($done:tt)*] $text:literal $(, $($rest:tt)*)?) => { sql!(@ [$($done)* $text,] $($($rest)*)?) };
    (@ [$($done:tt)*] $texts:ident ! $of:tt $(, $($rest:tt)*)?) => { sql!(@ [$($done)* $texts! $of,] $($($rest)*)?) };
    (@ [$($done:tt)*] $word:ident ($($of:tt)*) $(, $($rest:tt)*)?) => {
        sql!(@ [$($done)* $crate::store::dialect::word!($word $($of)*),] $($($rest)*)?)
    };
    ($($part:tt)+) => { sql!(@ [] $($part)+) };
}

/// What SQLite calls it.
macro_rules! word {
    // What a word is said of: a text, or another word.
    (part $text:literal) => { $text };
    (part ($($word:tt)+)) => { $crate::store::dialect::word!($($word)+) };
    // The numbers, or the texts, of a JSON array: a query of the column `value`.
    (numbers $list:literal) => {
        concat!("(select value from json_each(", $list, "))")
    };
    (texts $list:literal) => {
        concat!("(select value from json_each(", $list, "))")
    };
    (targets $list:literal) => {
        concat!("(select value from json_each(", $list, "))")
    };
    // The arrays of a JSON array: a query of `nth`, from 0 on, and of these members of each array.
    (rows $list:literal $(, $kind:ident $name:literal $at:literal)+) => {
        concat!("(select key as nth", $(", value ->> ", $at, " as ", $name,)+ " from jsonb_each(", $list, "))")
    };
    // A target as JSON: a number or a text.
    (quoted $target:literal) => {
        concat!("json_quote(", $target, ")")
    };
    // The type that a target is stored with, and the bytes of a text (of a number's text) in hexadecimal digits.
    (kind $target:literal) => {
        concat!("typeof(", $target, ")")
    };
    (hex $text:literal) => {
        concat!("hex(", $text, ")")
    };
    // Rows of a query in the one text: an array, each of its members an array of these values.
    (json_rows $values:literal) => {
        concat!("json_group_array(json_array(", $values, "))")
    };
    // A column of a query in one text: as a JSON array; as numbers behind commas; as targets behind their separator.
    (json_column $value:literal) => {
        concat!("json_group_array(", $value, ")")
    };
    (joined $number:literal) => {
        concat!("group_concat(", $number, ")")
    };
    (joined_targets $target:literal) => {
        concat!("group_concat(", $target, ", '", $crate::store::columns::target_separator!(), "')")
    };
    // Whether one text holds another, whatever the case of letters from a to z.
    (holds $text:literal, $part:literal) => {
        concat!("instr(lower(", $text, "), lower(", $part, ")) > 0")
    };
    // Whether a target is stored as a number, and the number.
    (is_number $target:literal) => { concat!("typeof(", $target, ") = 'integer'") };
    (number $target:literal) => { $target };
    // A text that nobody guesses.
    (random_token) => { "lower(hex(randomblob(16)))" };
    // Which index a table is read by, or that it is read without: the planner would do otherwise.
    (not_indexed) => { " not indexed" };
    (indexed_by $index:literal) => {
        concat!(" indexed by ", $index)
    };
    // Whether a target is stored as a text, in words that an index is searched by.
    (is_text $target:literal) => {
        concat!($target, " >= ''")
    };
    // Two sums over what targets say, so that one of them changes with any bit of a number.
    (halves_summed $target:literal) => {
        concat!(
            "sum(case when typeof(",
            $target,
            ") = 'integer' then ",
            $target,
            " & 4294967295 else 1 end),
             sum(case when typeof(",
            $target,
            ") = 'integer' then ",
            $target,
            " >> 32 else 0 end)"
        )
    };
    // The greater, or the lesser, of two values that are there.
    (greatest $one:tt, $other:literal) => {
        concat!("max(", $crate::store::dialect::word!(part $one), ", ", $other, ")")
    };
    (least $one:literal, $other:literal) => {
        concat!("min(", $one, ", ", $other, ")")
    };
}

pub(in crate::store) use word;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::{Path, PathBuf};

    /// What only SQLite understands, or understands in its own way.
    const WORDS_OF_SQLITE: [&str; 17] = [
        "iif(",
        "insert or ",
        "update or ",
        "typeof(",
        "rowid",
        " ->> ",
        "json_each(",
        "json_array(",
        "json_group_array(",
        "json_quote(",
        "group_concat(",
        "instr(",
        " indexed by ",
        "pragma ",
        "sum(task.state",
        " is not '",
        "from temp.",
    ];

    /// What is about SQLite's file, or is made for one database on purpose.
    const OF_ONE_DATABASE: [&str; 12] = [
        "dialect.rs",
        "sqlite_file.rs",
        "db.rs",
        "open.rs",
        "schema.rs",
        "accounts/credential_wipe.rs",
        "load/",
        "queue/turn_sql.rs",
        "queue/slots.rs",
        "advice.rs",
        "error.rs",
        "sqlite_codes.rs",
    ];

    fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rust_files(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn ordinary_statements_are_in_the_words_of_both_databases() {
        let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
        let mut files = Vec::new();
        rust_files(&store, &mut files);
        let mut foreign = Vec::new();
        let mut read = 0;
        for file in files {
            let name = file.strip_prefix(&store).unwrap().display().to_string();
            if name.ends_with("_tests.rs") || OF_ONE_DATABASE.iter().any(|other| name.starts_with(other)) {
                continue;
            }
            read += 1;
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().lines().enumerate();
            for (at, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
                let numbered = line.as_bytes().windows(2).any(|two| two[0] == b'?' && two[1].is_ascii_digit());
                if numbered || WORDS_OF_SQLITE.iter().any(|word| line.contains(word)) {
                    foreign.push(format!("{name}:{}: {}", at + 1, line.trim()));
                }
            }
        }
        assert!(read > 45, "{read}");
        assert!(foreign.is_empty(), "for `word!`:\n{}", foreign.join("\n"));
    }
}
