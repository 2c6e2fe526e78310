//! Where each key of the config file stands. In: the file's text. Out: lines by dotted keys. What does not belong here: what a key means.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

/// The lines of the keys of a config file, by their dotted names: `run.workers`, and `windows.0` for the first of its tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyLines(BTreeMap<String, usize>);

impl KeyLines {
    /// The lines of a text; none where it is no TOML, which whoever reads its values says better.
    pub(super) fn of(text: &str) -> KeyLines {
        let mut lines = KeyLines::default();
        if let Ok(table) = DeTable::parse(text) {
            lines.collect(text, table.get_ref(), "");
        }
        lines
    }

    fn collect(&mut self, text: &str, table: &DeTable<'_>, within: &str) {
        for (key, value) in table {
            let name = format!("{within}{}", key.get_ref());
            match value.get_ref() {
                DeValue::Table(table) => self.collect(text, table, &format!("{name}.")),
                DeValue::Array(values) => {
                    for (index, value) in values.iter().enumerate() {
                        self.0.insert(format!("{name}.{index}"), line_of(text, value.span().start));
                    }
                }
                _ => {
                    self.0.insert(name, line_of(text, key.span().start));
                }
            }
        }
    }

    /// The line of a key; none where the file does not have it.
    pub(super) fn get(&self, key: &str) -> Option<usize> {
        self.0.get(key).copied()
    }

    /// The keys of a section, without its name, each with its line.
    pub(super) fn within<'a>(&'a self, section: &'a str) -> impl Iterator<Item = (&'a str, usize)> {
        let inner = move |key: &'a str| key.strip_prefix(section)?.strip_prefix('.');
        self.0.iter().filter_map(move |(key, line)| Some((inner(key)?, *line)))
    }
}

/// The line of a byte, 1 and up.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_line() {
        let text = "db = \"q\"\n\n[run]\nworkers = 2 # two\npace = \"even\"\n[[windows]]\nrate = \"1/h\"\n\n[[windows]]\n\
                    rate = \"2/h\"\n[prices]\n\"unlike\" = 1\n";
        let lines = KeyLines::of(text);
        let found = ["db", "run.workers", "run.pace", "windows.0", "windows.1", "prices.unlike", "run.notify"]
            .map(|key| lines.get(key));
        assert_eq!(found, [Some(1), Some(4), Some(5), Some(6), Some(9), Some(12), None]);
        assert_eq!(lines.within("prices").collect::<Vec<_>>(), [("unlike", 12)]);
        assert_eq!(KeyLines::of("run.workers = 3\nx = { api = \"a\" }").get("x.api"), Some(2));
        assert_eq!(KeyLines::of("[run"), KeyLines::default());
    }
}
