//! The last copy of a post: a server hands it back in the answer that deletes it. In: that answer. Out: what a person would need to write it
//! again, as text. Pure.

use serde_json::Value;

use super::plain_text::plain_text;
use crate::platforms::classify::Object;

/// The most that is kept.
const MAX_CHARS: usize = 32_000;

/// Its warning, its text as it was written, its poll, and what its media showed; none where it had none of these, as a repost.
pub(super) fn last_copy(status: &Object) -> Option<String> {
    let text = |name: &str| status.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let warning = text("spoiler_text").map(|warning| format!("CW: {warning}"));
    let written = text("text").map(str::to_owned).or_else(|| text("content").map(plain_text));
    let options = status.get("poll").and_then(|poll| poll.get("options")).and_then(Value::as_array);
    let options: Vec<&str> =
        options.into_iter().flatten().filter_map(|option| option.get("title").and_then(Value::as_str)).collect();
    let poll = (!options.is_empty()).then(|| format!("poll: {}", options.join(" / ")));
    let media = status.get("media_attachments").and_then(Value::as_array).into_iter().flatten().map(medium);
    let parts: Vec<String> = [warning, written, poll].into_iter().flatten().chain(media).collect();
    let copy: String = parts.join("\n\n").chars().filter(|c| *c != '\0').take(MAX_CHARS).collect();
    (!copy.is_empty()).then_some(copy)
}

/// The file itself goes with the post; what is left is what it was and how it was described.
fn medium(medium: &Value) -> String {
    let text = |name: &str| medium.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (kind, description) = (text("type").unwrap_or("file"), text("description"));
    description.map_or_else(|| format!("[{kind}]"), |description| format!("[{kind}: {description}]"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::platforms::answer::Body;
    use crate::platforms::classify::read;

    fn copy(json: &str) -> Option<String> {
        last_copy(&read(&Body::whole(json)).unwrap())
    }

    #[test]
    fn what_it_takes_to_write_a_post_again_is_kept() {
        let whole = r#"{"id":"9","text":"hi @ada\nbye","content":"<p>hi</p>","spoiler_text":"ducks","poll":{"options":[{"title":"yes"},{"title":"no"}]},
            "media_attachments":[{"type":"image","description":"a duck","url":"https://files.example/1"},{"type":"video","description":null}]}"#;
        let expected = "CW: ducks\n\nhi @ada\nbye\n\npoll: yes / no\n\n[image: a duck]\n\n[video]";
        assert_eq!(copy(whole).as_deref(), Some(expected));
        // Not every server hands back the source.
        assert_eq!(copy(r#"{"id":"9","content":"<p>a &amp; b</p>"}"#).as_deref(), Some("a & b"));
        assert_eq!(copy(r#"{"id":"9","text":"","content":"","media_attachments":[],"reblog":{"text":"x"}}"#), None);
        assert_eq!(copy(r#"{"id":"9","text":7,"poll":null,"media_attachments":7}"#), None);
        assert_eq!(copy("{\"text\":\"a\\u0000b\"}").as_deref(), Some("ab"));
        let long = format!(r#"{{"text":"{}"}}"#, "é".repeat(40_000 / 2));
        assert_eq!(copy(&long).unwrap().chars().count(), 20_000);
    }
}
