//! The browser of these tests: that of all tests.

#[path = "../common/chromium.rs"]
mod chromium;

pub(crate) use chromium::Browser;
