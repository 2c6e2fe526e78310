//! The path under which the dashboard stands.

use super::access::{AllowedHosts, NoRandom, RandomToken};

/// The path under which the dashboard stands, without a `/` at its end: empty over https.
#[derive(Clone)]
pub struct Root(pub(super) String);

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Root(***)")
    }
}

impl Root {
    /// A new one for these addresses.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new(places: &AllowedHosts) -> Result<Root, NoRandom> {
        if places.is_secure() {
            return Ok(Root(String::new()));
        }
        Ok(Root(format!("/{}", RandomToken::new()?.expose())))
    }

    /// The address of a path of the dashboard.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The path that the session's cookie is for.
    pub(super) fn cookie_path(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// An address under the root, without it.
    pub(super) fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        match path.strip_prefix(&self.0)? {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }
}
