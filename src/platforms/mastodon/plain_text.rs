//! The text of a post or a description, which the Mastodon API writes in HTML. In: HTML. Out: what a reader sees. Pure. It is for
//! filters and for people; nothing is shown as HTML again.

/// The most that is kept; a server may allow long posts.
const MAX_CHARS: usize = 32_000;
/// No name of a character is longer.
const MAX_ENTITY_BYTES: usize = 10;

/// What a reader sees: tags are left out, paragraphs and line breaks become line ends, names of characters the characters.
pub(super) fn plain_text(html: &str) -> String {
    let (mut text, mut rest) = (String::new(), html);
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('<') { tag(rest, &mut text) } else { entity(rest, &mut text) };
        rest = &rest[taken..];
    }
    text.push_str(rest);
    let text = text.trim();
    text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end]).to_owned()
}

/// Takes a tag, which may break a line; a lone `<` is text. Says how many bytes it has.
fn tag(rest: &str, text: &mut String) -> usize {
    let Some(end) = rest.find('>') else {
        text.push('<');
        return 1;
    };
    let name: String = rest[1..end].chars().take_while(|c| *c == '/' || c.is_ascii_alphanumeric()).collect();
    match name.to_ascii_lowercase().trim_end_matches('/') {
        "br" | "/li" => text.push('\n'),
        "/p" => text.push_str("\n\n"),
        _ => {}
    }
    end + 1
}

/// Takes a character that is written by its name or number; a lone `&` is text. Says how many bytes that has.
fn entity(rest: &str, text: &mut String) -> usize {
    let end = rest.bytes().take(MAX_ENTITY_BYTES).position(|byte| byte == b';');
    let named = end.and_then(|end| Some((end, character(&rest[1..end])?)));
    let (taken, c) = named.map_or((1, '&'), |(end, c)| (end + 1, c));
    text.push(c);
    taken
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_reader_sees() {
        for (html, text) in [
            ("<p>Hello <a href=\"https://a.example/@b\" class=\"u-url mention\">@<span>b</span></a></p>", "Hello @b"),
            ("<p>one<br>two<br />three</p><p>four</p>", "one\ntwo\nthree\n\nfour"),
            (
                "1 &lt; 2 &amp;&amp; 3 &#62; 2 &#x1F986; &quot;x&quot; &unknown; & <",
                "1 < 2 && 3 > 2 🦆 \"x\" &unknown; & <",
            ),
            ("a &lt;b&gt; c", "a <b> c"),
            ("", ""),
        ] {
            assert_eq!(plain_text(html), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(html in "[a-z<>&;#x/é🦆0-9 ]{0,60}") {
            plain_text(&html);
        }

        #[test]
        fn what_has_no_markup_stays_as_it_is(text in "[a-zéñ🦆0-9 ]{0,60}") {
            prop_assert_eq!(plain_text(&text), text.trim());
        }
    }
}
