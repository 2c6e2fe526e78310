//! How a page looks, at the width of a phone and of a wide screen, in both themes: nothing to scroll sideways, no word broken in the middle,
//! nothing that axe-core finds. `CLEANUP_SHOTS=FOLDER` keeps the pictures.

use base64::Engine;
use serde_json::json;

use super::served::Served;
use crate::common::chromium::Browser;

const AXE: &str = include_str!("vendor/axe.min.js");

/// Words of people's length that stand in two lines. IDs, paths and names longer than a phone is wide have to be broken somewhere.
const BROKEN_WORDS: &str = r"
    const broken = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (!text.parentElement.checkVisibility()) continue;
        for (const token of text.data.matchAll(/\S+/gu)) for (const word of token[0].matchAll(/[\p{L}\d]+/gu)) {
            if (token[0].length > 20) continue;
            range.setStart(text, token.index + word.index);
            range.setEnd(text, token.index + word.index + word[0].length);
            const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
            if (tops.size > 1) broken.push(word[0] + ' in ' + text.data.slice(0, 60));
        }
    }
    return broken;";

/// Widths and themes.
const SCREENS: [(u32, &str); 4] = [(360, "light"), (1440, "light"), (360, "dark"), (1440, "dark")];
/// A width between them.
const TABLET: u32 = 820;

/// Whoever looks has axe at hand in every page from now on.
pub(super) fn bring_axe(browser: &Browser) {
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": AXE }));
}

/// Makes the screen so wide, and the system's choice that theme.
pub(super) fn set_screen(browser: &Browser, (width, theme): (u32, &str)) {
    // Without the moment in which one colour becomes another, which axe would measure.
    let features = json!([
        { "name": "prefers-color-scheme", "value": theme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ]);
    let media = json!({ "features": features });
    browser.devtools("Emulation.setEmulatedMedia", media);
    let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    browser.devtools("Emulation.setDeviceMetricsOverride", size);
}

/// Looks at pages on every screen.
pub(super) fn look_at(browser: &Browser, served: &Served, pages: &[(&str, &str)]) {
    set_screen(browser, (TABLET, "light"));
    for (name, path) in pages {
        browser.go(&served.url(path));
        fits(browser, name, TABLET);
    }
    for screen in SCREENS {
        set_screen(browser, screen);
        for (name, path) in pages {
            browser.go(&served.url(path));
            look(browser, name, screen);
        }
    }
}

/// Looks at the page that is open, on every screen.
pub(super) fn look_here(browser: &Browser, name: &str) {
    for screen in SCREENS {
        set_screen(browser, screen);
        look(browser, name, screen);
    }
}

/// Nothing to scroll sideways, and words in one piece.
fn fits(browser: &Browser, name: &str, width: u32) {
    let wide = browser.run("return document.documentElement.scrollWidth").as_u64().unwrap();
    assert!(wide <= u64::from(width), "{name} is {wide} wide at {width}");
    let broken = browser.run(BROKEN_WORDS);
    assert_eq!(broken, json!([]), "{name} at {width}: words are broken in the middle");
}

/// It fits, there is something on it, and axe finds nothing.
pub(super) fn look(browser: &Browser, name: &str, (width, theme): (u32, &str)) {
    fits(browser, name, width);
    assert!(browser.text().len() > 30, "{name} at {width}, {theme}: {}", browser.text());
    let rules = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
    let violations = browser.run_async(&format!(
        "const done = arguments[0]; axe.run(document, {{ runOnly: {rules} }}).then(found => done(found.violations.map(
         v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))), error => done([String(error)]))"
    ));
    assert_eq!(violations, json!([]), "{name} at {width}, {theme}");
    let Some(folder) = std::env::var_os("CLEANUP_SHOTS") else { return };
    let picture = browser.devtools("Page.captureScreenshot", json!({ "format": "png", "captureBeyondViewport": true }));
    let png = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
    // An empty page of this size is packed into about 3 kB.
    assert!(png.starts_with(b"\x89PNG") && png.len() > 6_000, "{name} at {width}, {theme}: {} bytes", png.len());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(std::path::Path::new(&folder).join(format!("{name}-{width}-{theme}.png")), png).unwrap();
}
