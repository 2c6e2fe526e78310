//! The browser of all tests, with eyes for pages on disk.

use std::ops::Deref;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::chromium;

/// A browser with one window and a folder for what it saves.
pub(crate) struct Browser(chromium::Browser);

impl Deref for Browser {
    type Target = chromium::Browser;

    fn deref(&self) -> &chromium::Browser {
        &self.0
    }
}

impl Browser {
    pub fn start() -> Option<Browser> {
        chromium::Browser::with(&["--window-size=1200,900"]).map(Browser)
    }

    pub fn open(&self, path: &Path) {
        self.go(&format!("file://{}", path.display()));
    }

    pub fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        );
    }

    /// A window so wide, in CSS pixels.
    pub fn width(&self, width: u32) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
    }

    /// Text below 4.5:1 (3:1 where it is large), and parts of charts below 3:1, against what is behind them, as computed.
    pub fn weak_contrast(&self) -> Value {
        self.run(include_str!("contrast.js"))
    }

    /// What every page must be, in light and dark and from phone to wide: readable, and no wider than its window.
    pub fn judge(&self, path: &Path) {
        self.open(path);
        for dark in [false, true] {
            self.dark(dark);
            assert_eq!(self.weak_contrast(), json!([]), "dark: {dark}, {}", path.display());
            for width in [360, 1400] {
                self.width(width);
                let over = self.run("return document.documentElement.scrollWidth - window.innerWidth");
                assert!(over.as_i64().unwrap() <= 0, "{over} px over {width} px: {}", path.display());
            }
        }
        let background = |dark| {
            self.dark(dark);
            self.run("return getComputedStyle(document.body).backgroundColor")
        };
        assert_ne!(background(true), background(false));
        let names =
            "return [document.documentElement.lang, document.querySelectorAll('h1').length, document.title.length > 0,
            [...document.querySelectorAll('input')].every((i) => i.getAttribute('aria-label')),
            [...document.querySelectorAll('[src], link')].length]";
        assert_eq!(self.run(names), json!(["en", 1, true, true, 0]));
        let sent = self.run_async(
            "const done = arguments[0]; let blocked = '';
             addEventListener('securitypolicyviolation', (e) => { blocked = e.effectiveDirective; });
             fetch('http://127.0.0.1:9/').then(() => done('sent'), () => setTimeout(() => done(blocked), 0));",
        );
        assert_eq!(sent, "connect-src");
    }
}
