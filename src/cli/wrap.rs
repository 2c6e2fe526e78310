//! Lines broken between words for a terminal, which breaks them anywhere. Pure. What a person copies stays whole: a command in `backticks`
//! and a word that is longer than the line.

/// Narrower terminals break lines themselves.
const MIN_COLUMNS: usize = 40;
/// How far a line that goes on is indented, beyond its first part.
const INDENT: usize = 2;

/// The text with its lines broken at spaces, so that none is wider than `columns` where that can be helped.
pub(super) fn wrap(text: &str, columns: usize) -> String {
    if columns < MIN_COLUMNS {
        return text.to_owned();
    }
    text.split('\n').map(|line| wrap_line(line, columns)).collect::<Vec<_>>().join("\n")
}

fn wrap_line(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let own_indent = line.len() - line.trim_start_matches(' ').len();
    let mut wrapped = line[..own_indent].to_owned();
    let mut used = own_indent;
    for (index, word) in words(&line[own_indent..]).into_iter().enumerate() {
        let needed = width(word);
        let has_room = used + 1 + needed <= columns;
        if index > 0 && has_room {
            wrapped.push(' ');
            used += 1;
        } else if index > 0 {
            wrapped.push('\n');
            used = own_indent + INDENT;
            wrapped.extend(std::iter::repeat_n(' ', used));
        }
        wrapped.push_str(word);
        used += needed;
    }
    wrapped
}

/// What stands between spaces; a command in backticks is one.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut begin, mut is_command) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        match c {
            '`' => is_command = !is_command,
            ' ' if !is_command => {
                words.push(&line[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    words.push(&line[begin..]);
    words
}

/// How many columns a text takes, colours left out.
pub(super) fn width(text: &str) -> usize {
    let (mut columns, mut is_color) = (0, false);
    for c in text.chars() {
        match c {
            '\u{1b}' => is_color = true,
            'm' if is_color => is_color = false,
            _ if is_color => {}
            _ => columns += 1,
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_between_words_and_commands_stay_whole() {
        let consent =
            "X forbids bulk and aggressive actions, and any action without the account owner's express consent";
        assert_eq!(
            wrap(consent, 60),
            "X forbids bulk and aggressive actions, and any action\n  without the account owner's express consent"
        );
        let command = "row by row, in the order of the file: `cleanup report unfollow --sandbox --db /tmp/q.db` or so";
        assert_eq!(
            wrap(command, 50),
            "row by row, in the order of the file:\n  `cleanup report unfollow --sandbox --db /tmp/q.db`\n  or so"
        );
        assert_eq!(wrap("a\n  b", 80), "a\n  b");
        assert_eq!(wrap(consent, 0), consent, "a terminal that does not say how wide it is");
        let painted = format!("\u{1b}[1;33mwarning\u{1b}[0m: {}", "x".repeat(70));
        assert_eq!(wrap(&painted, 79), painted, "colours take no room");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_short_words_fit(words in proptest::collection::vec("[a-z`]{1,12}", 1..40), columns in 40_usize..120) {
            let text = words.join(" ");
            let wrapped = wrap(&text, columns);
            let again: Vec<&str> = wrapped.split_whitespace().collect();
            prop_assert_eq!(again, words.iter().map(String::as_str).collect::<Vec<_>>());
            if !text.contains('`') {
                prop_assert!(wrapped.lines().all(|line| line.len() <= columns), "{}", wrapped);
            }
        }
    }
}
