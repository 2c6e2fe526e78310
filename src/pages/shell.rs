//! The frame of every page: head, policy, style.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

/// The style of every page.
const STYLE: &str = include_str!("style.css");
/// What saves the ticks of a worklist.
pub(super) const WORKLIST_SCRIPT: &str = include_str!("worklist.js");

/// A whole document. `script` is code of ours that the page may run; nothing else may.
pub(super) fn document(title: &str, script: Option<&'static str>, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(script));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) }
                // Links open beside the page; browsers give such a window no way back to it.
                base target="_blank";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                footer { p { "Made by cleanup. This file loads nothing and sends nothing." } }
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    };
    markup.into_string()
}

/// Nothing from anywhere, but for the style and the script inside.
fn policy(script: Option<&str>) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let script = script.map_or_else(|| "'none'".to_owned(), hash);
    format!("default-src 'none'; style-src {}; script-src {script}; base-uri 'none'; form-action 'none'", hash(STYLE))
}
