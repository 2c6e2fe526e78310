//! Which characters are letters, for names that people give.

/// Marks above and below the letter before them. macOS writes the accents of file names so.
const COMBINING_MARKS: std::ops::RangeInclusive<char> = '\u{300}'..='\u{36f}';

/// Whether it is a letter or a digit of any script, or an accent written by itself behind its letter.
pub fn is_letter_or_digit(c: char) -> bool {
    c.is_alphanumeric() || COMBINING_MARKS.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_count_however_they_are_written() {
        assert!("Zoë1名Zoe\u{308}".chars().all(is_letter_or_digit));
        assert!(!" -./\u{200d}\u{202e}\0".chars().any(is_letter_or_digit));
    }
}
