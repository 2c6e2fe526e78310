//! Many rows of the database as one row of texts, a text for each column: one awaited row instead of ten thousand, and numbers
//! behind each other are read several times faster than an array for every row.

use serde::de::DeserializeOwned;

use super::error::StoreError;
use crate::domain::{Target, TargetId, digits_value};

/// Numbers as `group_concat` writes them; none where there were no rows.
pub(super) fn numbers(text: Option<&str>) -> Result<Vec<i64>, StoreError> {
    each_number(text).collect()
}

/// The same, one by one.
pub(super) fn each_number(text: Option<&str>) -> impl Iterator<Item = Result<i64, StoreError>> {
    parse_each(text, b',', |number| match digits_value(number) {
        Some(value) => i64::try_from(value).ok(),
        None => std::str::from_utf8(number).ok()?.parse().ok(),
    })
}

/// Stands between targets, in which there may be any character that can be printed.
macro_rules! target_separator {
    () => {
        "\u{1f}"
    };
}

pub(super) use target_separator;

/// Targets as `group_concat` writes them with [`target_separator`].
pub(super) fn targets(text: Option<&str>) -> Result<Vec<Target>, StoreError> {
    each_target(text).collect()
}

/// The same, one by one.
pub(super) fn each_target(text: Option<&str>) -> impl Iterator<Item = Result<Target, StoreError>> {
    parse_each(text, target_separator!().as_bytes()[0], |target| match TargetId::from_digits(target) {
        Ok(id) => Some(Target::Id(id)),
        Err(_) => std::str::from_utf8(target).ok()?.parse().ok(),
    })
}

/// What `json_group_array` wrote.
pub(super) fn values<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::impossible(error.to_string()))
}

/// The same column for every row, where it is null in all of them: which is told by a null instead of an array.
pub(super) fn sparse<T: DeserializeOwned>(text: Option<&str>) -> Result<Vec<Option<T>>, StoreError> {
    text.map_or_else(|| Ok(Vec::new()), values)
}

/// Each part between separators.
pub(super) fn parse_each<T>(
    text: Option<&str>,
    separator: u8,
    parse: impl Fn(&[u8]) -> Option<T>,
) -> impl Iterator<Item = Result<T, StoreError>> {
    let parts = text.into_iter().flat_map(move |text| text.as_bytes().split(move |byte| *byte == separator));
    parts.map(move |part| {
        parse(part).ok_or_else(|| StoreError::impossible(format!("the value {:?}", String::from_utf8_lossy(part))))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_are_read_as_sqlite_writes_them() {
        assert_eq!(numbers(None).unwrap(), Vec::<i64>::new());
        assert_eq!(numbers(Some("1,-2,30")).unwrap(), [1, -2, 30]);
        assert!(numbers(Some("1,,2")).is_err());
        assert_eq!(targets(Some("007\u{1f}@jack\u{1f}9999999999999999999\u{1f}a,b")).unwrap().len(), 4);
        assert_eq!(sparse::<String>(Some(r#"[null,"a,b"]"#)).unwrap(), [None, Some("a,b".to_owned())]);
        assert!(sparse::<String>(None).unwrap().is_empty());
    }
}
