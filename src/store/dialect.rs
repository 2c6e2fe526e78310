//! Where databases say the same thing in different words. Statements are written in what SQLite and PostgreSQL have in common; the
//! handful of true differences are named here, once, and [`sql!`] puts them between the words of a statement.
//!
//! In common, and to be used: parameters `$1`; `case when`, not `iif`; `on conflict`, not `or replace`; `is [not] distinct from`, not `is`;
//! `count(*) filter (where ...)`, not a sum of comparisons; `cast(sum(...) as bigint)`; a name for every query behind `from`; conditions of a
//! `cross join` behind `where`; `cast($1 as ...) is null` where a parameter may be null. A flag in a table is 0 or 1 (a partial index is
//! found by the very words of its condition, so `true` does not find one); what a statement compares is a boolean.
//!
//! What stays in words of its own: what is asked so often that it is made for one database (a turn, loading, slots).

/// A statement in the words of each database.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Sql {
    pub(in crate::store) sqlite: &'static str,
    pub(in crate::store) postgres: &'static str,
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Sql {
        Sql { sqlite: sql, postgres: sql }
    }
}

/// A statement, of texts and of the parts that [`word!`] knows: `sql!("select id from account where id in ", numbers("$1"))`. Macros of texts
/// may stand between them; they are told whose words they are to be in.
macro_rules! sql {
    (@ [$($sqlite:tt)*] [$($postgres:tt)*]) => {
        $crate::store::dialect::Sql { sqlite: concat!($($sqlite)*), postgres: concat!($($postgres)*) }
    };
    (@ [$($sqlite:tt)*] [$($postgres:tt)*] $text:literal $(, $($rest:tt)*)?) => {
        sql!(@ [$($sqlite)* $text,] [$($postgres)* $text,] $($($rest)*)?)
    };
    (@ [$($sqlite:tt)*] [$($postgres:tt)*] $texts:ident ! ($($of:tt)*) $(, $($rest:tt)*)?) => {
        sql!(@ [$($sqlite)* $texts!(sqlite $($of)*),] [$($postgres)* $texts!(postgres $($of)*),] $($($rest)*)?)
    };
    (@ [$($sqlite:tt)*] [$($postgres:tt)*] $word:ident ($($of:tt)*) $(, $($rest:tt)*)?) => {
        sql!(@ [$($sqlite)* $crate::store::dialect::word!(sqlite $word $($of)*),]
               [$($postgres)* $crate::store::dialect::word!(postgres $word $($of)*),]
               $($($rest)*)?)
    };
    ($($part:tt)+) => { sql!(@ [] [] $($part)+) };
}

/// The time by the clock of the server, in milliseconds, at this very moment.
macro_rules! server_now {
    () => {
        "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)"
    };
}

/// What each database calls it.
macro_rules! word {
    // What a word is said of: a text, or another word.
    (part $database:ident $text:literal) => { $text };
    (part $database:ident ($($word:tt)+)) => { $crate::store::dialect::word!($database $($word)+) };
    // The numbers, the texts or the targets of a JSON array: a query of the column `value`.
    (sqlite numbers $list:literal) => { concat!("(select value from json_each(", $list, "))") };
    (postgres numbers $list:literal) => {
        concat!("(select cast(value as bigint) as value from jsonb_array_elements_text(cast(", $list, " as jsonb)))")
    };
    (sqlite texts $list:literal) => { concat!("(select value from json_each(", $list, "))") };
    (postgres texts $list:literal) => {
        concat!("(select value from jsonb_array_elements_text(cast(", $list, " as jsonb)))")
    };
    ($database:ident targets $list:literal) => { $crate::store::dialect::word!($database texts $list) };
    // The arrays of a JSON array: a query of `nth`, from 0 on, and of these members of each array.
    (sqlite rows $list:literal $(, $kind:ident $name:literal $at:literal)+) => {
        concat!("(select key as nth", $(", value ->> ", $at, " as ", $name,)+ " from jsonb_each(", $list, "))")
    };
    (postgres rows $list:literal $(, $kind:ident $name:literal $at:literal)+) => {
        concat!(
            "(select nth - 1 as nth", $(", ", $crate::store::dialect::word!(member $kind $at), " as ", $name,)+
            " from jsonb_array_elements(cast(", $list, " as jsonb)) with ordinality each (value, nth))"
        )
    };
    (member number $at:literal) => { concat!("cast(value ->> ", $at, " as bigint)") };
    (member text $at:literal) => { concat!("value ->> ", $at) };
    (member target $at:literal) => { concat!("value ->> ", $at) };
    // A target as JSON: a number or a text.
    (sqlite quoted $target:literal) => { concat!("json_quote(", $target, ")") };
    (postgres quoted $target:literal) => { concat!("coalesce(cast(to_json(", $target, ") as text), 'null')") };
    // The type that a target is stored with, and the bytes of a text (of a number's text) in hexadecimal digits.
    (sqlite kind $target:literal) => { concat!("typeof(", $target, ")") };
    (postgres kind $target:literal) => { "'text'" };
    (sqlite hex $text:literal) => { concat!("hex(", $text, ")") };
    (postgres hex $text:literal) => { concat!("encode(convert_to(", $text, ", 'UTF8'), 'hex')") };
    // Rows of a query in the one text: an array, each of its members an array of these values.
    (sqlite json_rows $values:literal) => { concat!("json_group_array(json_array(", $values, "))") };
    (postgres json_rows $values:literal) => {
        concat!("coalesce(cast(json_agg(json_build_array(", $values, ")) as text), '[]')")
    };
    // A column of a query in one text: as a JSON array; as numbers behind commas; as targets behind their separator.
    (sqlite json_column $value:literal) => { concat!("json_group_array(", $value, ")") };
    (postgres json_column $value:literal) => { concat!("cast(json_agg(", $value, ") as text)") };
    (sqlite joined $number:literal) => { concat!("group_concat(", $number, ")") };
    (postgres joined $number:literal) => { concat!("string_agg(cast(", $number, " as text), ',')") };
    (sqlite joined_targets $target:literal) => {
        concat!("group_concat(", $target, ", '", $crate::store::columns::target_separator!(), "')")
    };
    (postgres joined_targets $target:literal) => {
        concat!("string_agg(", $target, ", '", $crate::store::columns::target_separator!(), "')")
    };
    // Whether one text holds another, whatever the case of letters from a to z.
    (sqlite holds $text:literal, $part:literal) => { concat!("instr(lower(", $text, "), lower(", $part, ")) > 0") };
    (postgres holds $text:literal, $part:literal) => { concat!("strpos(lower(", $text, "), lower(", $part, ")) > 0") };
    // Whether a target is stored as a number, and the number. PostgreSQL has texts alone: those that SQLite has as numbers are meant.
    (sqlite is_number $target:literal) => { concat!("typeof(", $target, ") = 'integer'") };
    (postgres is_number $target:literal) => {
        concat!("(", $target, " ~ '^(0|[1-9][0-9]{0,18})$' and (length(", $target, ") < 19 or ", $target,
                " <= '9223372036854775807'))")
    };
    (sqlite number $target:literal) => { $target };
    (postgres number $target:literal) => { concat!("cast(", $target, " as bigint)") };
    // Whether a target is stored as a text, in words that an index is searched by.
    (sqlite is_text $target:literal) => { concat!($target, " >= ''") };
    (postgres is_text $target:literal) => { concat!("not ", $crate::store::dialect::word!(postgres is_number $target)) };
    // Two sums over what targets say, so that one of them changes with any bit of a number.
    (sqlite halves_summed $target:literal) => {
        concat!(
            "sum(case when typeof(", $target, ") = 'integer' then ", $target, " & 4294967295 else 1 end),
             sum(case when typeof(", $target, ") = 'integer' then ", $target, " >> 32 else 0 end)"
        )
    };
    (postgres halves_summed $target:literal) => {
        concat!(
            "cast(sum(hashtextextended(", $target, ", 0) & 4294967295) as bigint),
             cast(sum(hashtextextended(", $target, ", 0) >> 32) as bigint)"
        )
    };
    // A text that nobody guesses.
    (sqlite random_token) => { "lower(hex(randomblob(16)))" };
    (postgres random_token) => { "replace(cast(gen_random_uuid() as text), '-', '')" };
    // Which index a table is read by, or that it is read without: SQLite's planner would do otherwise.
    (sqlite indexed_by $index:literal) => { concat!(" indexed by ", $index) };
    (postgres indexed_by $index:literal) => { "" };
    (sqlite not_indexed) => { " not indexed" };
    (postgres not_indexed) => { "" };
    // Makes an index anew.
    (sqlite reindex $index:literal) => { concat!("reindex ", $index) };
    (postgres reindex $index:literal) => { concat!("reindex index ", $index) };
    // The greater, or the lesser, of two values that are there.
    (sqlite greatest $one:tt, $other:literal) => {
        concat!("max(", $crate::store::dialect::word!(part sqlite $one), ", ", $other, ")")
    };
    (postgres greatest $one:tt, $other:literal) => {
        concat!("greatest(", $crate::store::dialect::word!(part postgres $one), ", ", $other, ")")
    };
    (sqlite least $one:literal, $other:literal) => { concat!("min(", $one, ", ", $other, ")") };
    (postgres least $one:literal, $other:literal) => { concat!("least(", $one, ", ", $other, ")") };
    // What has nothing in common.
    (sqlite either $sqlite:literal, $postgres:literal) => { $sqlite };
    (postgres either $sqlite:literal, $postgres:literal) => { $postgres };
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
    const OF_ONE_DATABASE: [&str; 13] = [
        "dialect.rs",
        "sqlite_file.rs",
        "db.rs",
        "open.rs",
        "schema.rs",
        "accounts/credential_wipe.rs",
        "load/",
        "queue/turn_sql.rs",
        "queue/turn_sql_postgres.rs",
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
