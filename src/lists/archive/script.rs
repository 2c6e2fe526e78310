//! One of X's files as a stream of entries: `window.YTD.like.part0 = [ {..}, {..} ]`, a semicolon at the end or not.
//!
//! In: bytes. Out: the JSON of one entry after the other, in one buffer: memory does not grow with the file. Only what tells
//! where an entry ends is looked at here (strings and brackets); what is in it is for `records`.

use std::io::{BufRead, BufReader, Read};

use super::{ArchiveFault, MAX_ENTRY_BYTES, MAX_JSON_DEPTH, MAX_PROLOGUE_BYTES};

/// How many bytes are asked for at a time.
const BLOCK_BYTES: usize = 1 << 16;
/// The longest number or word, in bytes.
const MAX_SCALAR_BYTES: usize = 64;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file that is being read.
pub(super) struct Script<R> {
    from: BufReader<R>,
    file: String,
    /// Entries that were given out.
    entries: u64,
    entry: Vec<u8>,
}

impl<R: Read> Script<R> {
    /// A file of JSON alone, from its beginning on.
    pub(super) fn of(from: R, file: &str) -> Script<R> {
        let from = BufReader::with_capacity(BLOCK_BYTES, from);
        Script { from, file: file.to_owned(), entries: 0, entry: Vec::new() }
    }

    /// Reads up to the `=`. What stands before it has to be one of `globals`, where a trailing `part` stands for `part0`, `part1` and so
    /// on.
    ///
    /// # Errors
    /// The file begins otherwise, or cannot be read.
    pub(super) fn begin(from: R, file: &str, globals: &[String]) -> Result<Script<R>, ArchiveFault> {
        let mut script = Script::of(from, file);
        let mut prologue = Vec::new();
        let limit = MAX_PROLOGUE_BYTES as u64;
        let read = script.from.by_ref().take(limit).read_until(b'=', &mut prologue);
        read.map_err(|error| ArchiveFault::of_read(error, file))?;
        let text = prologue.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&prologue);
        let global = text.strip_suffix(b"=").and_then(|text| std::str::from_utf8(text).ok()).map(str::trim);
        match global.filter(|global| globals.iter().any(|known| is_global(global, known))) {
            Some(_) => Ok(script),
            None => Err(ArchiveFault::NoScript {
                file: file.to_owned(),
                expected: globals.first().cloned().unwrap_or_default(),
                found: String::from_utf8_lossy(text).chars().take(40).collect(),
            }),
        }
    }

    /// How many entries were given out.
    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// Steps into the list.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn open_list(&mut self) -> Result<(), ArchiveFault> {
        match self.next_byte()? {
            b'[' => {
                self.from.consume(1);
                Ok(())
            }
            other => Err(self.bad(format!("a list should begin here, and {:?} stands here", char::from(other)))),
        }
    }

    /// The JSON of the next entry; none at the end of the list, where nothing but a semicolon may follow.
    ///
    /// # Errors
    /// The file is cut, is no list, or an entry is too long or too deep.
    pub(super) fn next_entry(&mut self) -> Result<Option<&[u8]>, ArchiveFault> {
        let mut byte = self.next_byte()?;
        if byte == b']' {
            self.from.consume(1);
            return self.end().map(|()| None);
        }
        if self.entries > 0 {
            if byte != b',' {
                return Err(self.bad(format!("a comma should stand before it, and {:?} does", char::from(byte))));
            }
            self.from.consume(1);
            byte = self.next_byte()?;
        }
        if byte != b'{' {
            return Err(self.bad(format!("an object should begin here, and {:?} stands here", char::from(byte))));
        }
        self.value(MAX_ENTRY_BYTES)?;
        self.entries += 1;
        Ok(Some(&self.entry))
    }

    /// The JSON of an entry that begins here, an object or a text.
    ///
    /// # Errors
    /// As for [`Script::next_entry`].
    pub(super) fn entry(&mut self) -> Result<&[u8], ArchiveFault> {
        let begin = self.next_byte()?;
        if !matches!(begin, b'{' | b'"') {
            return Err(self.bad(format!("an object or a text should begin here, and {:?} does", char::from(begin))));
        }
        self.value(MAX_ENTRY_BYTES)?;
        self.entries += 1;
        Ok(&self.entry)
    }

    /// The JSON of the one object that the file is, at most so long.
    ///
    /// # Errors
    /// As for [`Script::next_entry`].
    pub(super) fn only_object(mut self, max_bytes: usize) -> Result<Vec<u8>, ArchiveFault> {
        match self.next_byte()? {
            b'{' => drop(self.value(max_bytes)?),
            other => return Err(self.bad(format!("an object should begin here, and {:?} does", char::from(other)))),
        }
        self.end()?;
        Ok(self.entry)
    }

    /// Copies the value that begins here to the buffer.
    ///
    /// # Errors
    /// As for [`Script::next_entry`].
    pub(super) fn value(&mut self, max_bytes: usize) -> Result<&[u8], ArchiveFault> {
        self.entry.clear();
        if !matches!(self.next_byte()?, b'{' | b'[' | b'"') {
            return self.scalar();
        }
        let mut nesting = Nesting::default();
        loop {
            let block = self.from.fill_buf().map_err(|error| ArchiveFault::of_read(error, &self.file))?;
            if block.is_empty() {
                return Err(self.cut());
            }
            let end = nesting.scan(block);
            self.entry.extend_from_slice(&block[..end]);
            self.from.consume(end);
            if nesting.is_too_deep {
                return Err(ArchiveFault::TooDeep { file: self.file.clone(), entry: self.entries + 1 });
            }
            if self.entry.len() > max_bytes {
                let (file, entry) = (self.file.clone(), self.entries + 1);
                return Err(ArchiveFault::TooLong { file, entry, limit: max_bytes });
            }
            if nesting.is_at_end() {
                return Ok(&self.entry);
            }
        }
    }

    /// A number or a word.
    fn scalar(&mut self) -> Result<&[u8], ArchiveFault> {
        while let Some(byte) = self.peek_byte()? {
            if !(byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                break;
            }
            if self.entry.len() == MAX_SCALAR_BYTES {
                let (file, entry) = (self.file.clone(), self.entries + 1);
                return Err(ArchiveFault::TooLong { file, entry, limit: MAX_SCALAR_BYTES });
            }
            self.entry.push(byte);
            self.step();
        }
        if self.entry.is_empty() { Err(self.bad("a value should stand here".to_owned())) } else { Ok(&self.entry) }
    }

    /// Steps over a byte.
    pub(super) fn step(&mut self) {
        self.from.consume(1);
    }

    fn peek_byte(&mut self) -> Result<Option<u8>, ArchiveFault> {
        let block = self.from.fill_buf().map_err(|error| ArchiveFault::of_read(error, &self.file))?;
        Ok(block.first().copied())
    }

    /// The next byte that is no space, still to be consumed.
    ///
    /// # Errors
    /// The file ends here.
    pub(super) fn next_byte(&mut self) -> Result<u8, ArchiveFault> {
        match self.peek()? {
            Some(byte) => Ok(byte),
            None => Err(self.cut()),
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, ArchiveFault> {
        loop {
            let block = self.from.fill_buf().map_err(|error| ArchiveFault::of_read(error, &self.file))?;
            if block.is_empty() {
                return Ok(None);
            }
            let spaces = block.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let found = block.get(spaces).copied();
            self.from.consume(spaces);
            if found.is_some() {
                return Ok(found);
            }
        }
    }

    /// Makes sure that nothing but a semicolon follows.
    ///
    /// # Errors
    /// Something does.
    pub(super) fn end(&mut self) -> Result<(), ArchiveFault> {
        if self.peek()? == Some(b';') {
            self.from.consume(1);
        }
        match self.peek()? {
            None => Ok(()),
            Some(byte) => Err(self.bad(format!("nothing should follow the end, and {:?} does", char::from(byte)))),
        }
    }

    /// The next entry is not what it should be.
    pub(super) fn bad(&self, detail: String) -> ArchiveFault {
        ArchiveFault::BadEntry { file: self.file.clone(), entry: self.entries + 1, detail }
    }

    fn cut(&self) -> ArchiveFault {
        ArchiveFault::CutScript { file: self.file.clone(), entries: self.entries }
    }
}

/// `window.YTD.like.part3` against `window.YTD.like.part`.
fn is_global(text: &str, known: &str) -> bool {
    let Some(rest) = text.strip_prefix(known) else { return false };
    let digits = !rest.is_empty() && rest.len() <= 6 && rest.bytes().all(|byte| byte.is_ascii_digit());
    if known.ends_with(".part") { digits } else { rest.is_empty() }
}

/// Where in an object, a list or a text one is.
#[derive(Default)]
struct Nesting {
    depth: usize,
    is_too_deep: bool,
    is_in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    /// Whether all that has begun has ended.
    fn is_at_end(&self) -> bool {
        self.depth == 0 && !self.is_in_string
    }

    /// Goes on through a block; says how much of it belongs to the object. The list around it counts as one level.
    fn scan(&mut self, block: &[u8]) -> usize {
        let mut at = 0;
        while let Some(byte) = block.get(at) {
            if self.is_escaped {
                self.is_escaped = false;
                at += 1;
                continue;
            }
            if self.is_in_string {
                let rest = &block[at..];
                let Some(skipped) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) else { break };
                self.is_escaped = rest[skipped] == b'\\';
                self.is_in_string = self.is_escaped;
                at += skipped + 1;
                if self.is_at_end() {
                    return at;
                }
                continue;
            }
            at += 1;
            match byte {
                b'"' => self.is_in_string = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth >= MAX_JSON_DEPTH {
                        self.is_too_deep = true;
                        return at;
                    }
                }
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return at;
                    }
                }
                _ => {}
            }
        }
        block.len()
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
