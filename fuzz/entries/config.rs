//! The config file as a whole. Laws: no panic; what makes no sense is told with a line of the file; a line more before it moves that line by one
//! and changes nothing else.

use std::path::Path;

use cleanup::config::{ConfigError, ConfigFile};

const BYTE_ORDER_MARK: char = '\u{feff}';

pub fn try_it(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let told = fault(text);
    if let Some((line, why)) = &told {
        assert!((1..=text.matches('\n').count() + 1).contains(line), "{text:?} has no line {line}");
        assert!(!why.is_empty(), "{text:?}: {line}");
    }
    if !text.starts_with(BYTE_ORDER_MARK) {
        let moved = told.map(|(line, why)| (line + 1, why));
        assert_eq!(fault(&format!("# one more\n{text}")), moved, "{text:?}");
    }
}

/// The line and the words of what makes no sense.
fn fault(text: &str) -> Option<(usize, String)> {
    match ConfigFile::parse(text, Path::new("config.toml")) {
        Ok(_) => None,
        Err(ConfigError::File { line, why, .. }) => Some((line, why)),
        Err(other) => panic!("{text:?}: {other}"),
    }
}
