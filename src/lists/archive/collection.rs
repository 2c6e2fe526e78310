//! A collection of ActivityStreams as a stream of its items: `{"type": "OrderedCollection", ..., "orderedItems": [ ... ]}`.
//!
//! In: bytes. Out: the JSON of one item after the other, objects and texts, in one buffer: memory does not grow with the file. What stands
//! beside the items is passed over, and has to be JSON that ends.

use std::io::Read;

use super::script::Script;
use super::{ArchiveFault, MAX_ENTRY_BYTES};

/// Under which name a collection has its items.
const ITEMS: &[u8] = b"\"orderedItems\"";

/// A collection that is being read.
pub(super) struct Collection<R> {
    json: Script<R>,
}

impl<R: Read> Collection<R> {
    /// Reads up to the first item.
    ///
    /// # Errors
    /// The file is cut, or no object with items.
    pub(super) fn begin(from: R, file: &str) -> Result<Collection<R>, ArchiveFault> {
        let mut collection = Collection { json: Script::of(from, file) };
        collection.expect(b'{')?;
        if collection.json.next_byte()? == b'}' {
            return Err(collection.without_items());
        }
        loop {
            if collection.member()? {
                collection.expect(b'[')?;
                return Ok(collection);
            }
            collection.json.value(MAX_ENTRY_BYTES)?;
            if collection.json.next_byte()? == b'}' {
                return Err(collection.without_items());
            }
            collection.expect(b',')?;
        }
    }

    /// How many items were given out.
    pub(super) fn items(&self) -> u64 {
        self.json.entries()
    }

    /// The JSON of the next item; none behind the last one, where the object has to end, too.
    ///
    /// # Errors
    /// The file is cut, is no collection, or an item is too long or too deep.
    pub(super) fn next_item(&mut self) -> Result<Option<&[u8]>, ArchiveFault> {
        if self.json.next_byte()? == b']' {
            self.expect(b']')?;
            return self.end().map(|()| None);
        }
        if self.items() > 0 {
            self.expect(b',')?;
        }
        self.json.entry().map(Some)
    }

    /// What stands behind the items.
    fn end(&mut self) -> Result<(), ArchiveFault> {
        while self.json.next_byte()? == b',' {
            self.expect(b',')?;
            if self.member()? {
                return Err(self.json.bad("its items stand in it twice".to_owned()));
            }
            self.json.value(MAX_ENTRY_BYTES)?;
        }
        self.expect(b'}')?;
        self.json.end()
    }

    /// Steps behind a name and its colon; says whether it is that of the items.
    fn member(&mut self) -> Result<bool, ArchiveFault> {
        if self.json.next_byte()? != b'"' {
            return Err(self.json.bad("a name should stand here".to_owned()));
        }
        let is_items = self.json.value(MAX_ENTRY_BYTES)? == ITEMS;
        self.expect(b':')?;
        Ok(is_items)
    }

    fn expect(&mut self, byte: u8) -> Result<(), ArchiveFault> {
        let found = self.json.next_byte()?;
        if found == byte {
            self.json.step();
            return Ok(());
        }
        let (byte, found) = (char::from(byte), char::from(found));
        Err(self.json.bad(format!("{byte:?} should stand here, and {found:?} does")))
    }

    fn without_items(&self) -> ArchiveFault {
        self.json.bad("there is no \"orderedItems\" in it".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn items(text: &str) -> Result<Vec<String>, ArchiveFault> {
        let mut collection = Collection::begin(text.as_bytes(), "outbox.json")?;
        let mut all = Vec::new();
        while let Some(item) = collection.next_item()? {
            all.push(String::from_utf8_lossy(item).into_owned());
        }
        Ok(all)
    }

    #[test]
    fn items_come_out_whatever_stands_beside_them() {
        for (text, expected) in [
            (r#"{"orderedItems":[]}"#, &[][..]),
            (" {\n\"orderedItems\" : [ ] ,\"x\":1}\n", &[]),
            (
                r#"{"@context":["a",{"b":"]}\""}],"totalItems":2,"orderedItems":[{"a":"]"},"u\"]"],"z":null}"#,
                &[r#"{"a":"]"}"#, r#""u\"]""#],
            ),
            (r#"{"a":-1.5e3,"b":true,"orderedItems":["x" , "y"]}"#, &["\"x\"", "\"y\""]),
        ] {
            assert_eq!(items(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_collection_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            "{",
            r#"{"type":"OrderedCollection"}"#,
            r#"{"orderedItems":{}}"#,
            r#"{"orderedItems":"x"}"#,
            r#"{"orderedItems":[1]}"#,
            r#"{"orderedItems":[["x"]]}"#,
            r#"{"orderedItems":["x" "y"]}"#,
            r#"{"orderedItems":["x",]}"#,
            r#"{"orderedItems":["x"]"#,
            r#"{"orderedItems":["x"],"orderedItems":[]}"#,
            r#"{"orderedItems":["x"]} x"#,
            r#"{"orderedItems":["x"#,
            r#"{orderedItems:[]}"#,
            r#"{"orderedItems" []}"#,
            r#"{"a":,"orderedItems":[]}"#,
        ] {
            assert!(items(text).is_err(), "{text}");
        }
        let deep = format!(r#"{{"orderedItems":[{}]}}"#, "{\"a\":".repeat(70));
        assert!(matches!(items(&deep), Err(ArchiveFault::TooDeep { .. })));
        let long = format!(r#"{{"orderedItems":["{}"]}}"#, "x".repeat(MAX_ENTRY_BYTES));
        assert!(matches!(items(&long), Err(ArchiveFault::TooLong { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[\\[\\]{}\",:a\\\\1 ]{0,40}") {
            let _ = items(&text);
            let _ = items(&format!("{{\"orderedItems\":[{text}"));
        }

        #[test]
        fn whatever_is_an_item_comes_out_as_it_was(texts in proptest::collection::vec("\\PC{0,20}", 0..6), total in any::<u32>()) {
            let value = serde_json::json!({ "id": "x", "totalItems": total, "orderedItems": texts });
            let read: Vec<String> =
                items(&value.to_string()).unwrap().iter().map(|item| serde_json::from_str(item).unwrap()).collect();
            prop_assert_eq!(read, texts);
        }
    }
}
