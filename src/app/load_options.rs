//! How files are loaded.

use super::request::ReloadOptions;
use super::row_filter::RowRules;

/// How files are loaded.
#[derive(Debug, Default)]
pub struct LoadOptions {
    /// What loading a file again may do.
    pub reload: ReloadOptions,
    /// Which rows go on; the others are spared.
    pub rules: RowRules,
}
