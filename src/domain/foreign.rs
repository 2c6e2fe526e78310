//! Text of strangers (cells, names, answers), and what of it must not be shown, or typed, as it is.

/// Whether a character is a control character, or a mark that reorders or hides text around it: a terminal or a page would do
/// something else than show it.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction
            | '\u{2028}' | '\u{2029}' // line ends
            | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}') // unseen
}

/// Whether a shell takes a character for nothing but itself, wherever in a word it stands.
pub fn is_plain_in_shell(c: char) -> bool {
    c.is_alphanumeric() || "_-./@:+,".contains(c)
}
