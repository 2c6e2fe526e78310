//! A file's bytes, with the limits kept while they come: a zip's directory may lie about sizes.

use std::io::{self, Read};

use super::{ArchiveFault, MAX_BYTES_PER_COMPRESSED_BYTE, MAX_FILE_BYTES, MAX_TOTAL_BYTES};

/// How large a file is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// In the zip; in a folder the same as `unpacked`.
    pub(super) packed: u64,
    /// Unpacked.
    pub(super) unpacked: u64,
}

impl Size {
    /// Whether a file may be read at all, by what is said of it.
    ///
    /// # Errors
    /// It is too big, or grows too much.
    pub(super) fn check(self, file: &str) -> Result<(), ArchiveFault> {
        if self.unpacked > MAX_FILE_BYTES {
            return Err(ArchiveFault::FileTooBig { file: file.to_owned() });
        }
        if self.unpacked > self.packed.saturating_mul(MAX_BYTES_PER_COMPRESSED_BYTE) {
            return Err(ArchiveFault::Bomb { file: file.to_owned() });
        }
        Ok(())
    }
}

/// Counts the bytes of all files, and tells whoever watches.
pub(super) struct Meter<'w> {
    total_bytes: u64,
    watch: &'w mut dyn FnMut(u64),
}

impl<'w> Meter<'w> {
    /// A meter at zero; `watch` hears the total each time it has grown.
    pub(super) fn new(watch: &'w mut dyn FnMut(u64)) -> Meter<'w> {
        Meter { total_bytes: 0, watch }
    }
}

/// Passes a file's bytes on until they are more than they may be. The fault travels inside an `io::Error`.
pub(super) struct Bounded<'a, R> {
    from: R,
    file: String,
    size: Size,
    bytes: u64,
    meter: &'a mut dyn Count,
}

/// A [`Meter`] whoever it tells.
trait Count {
    fn count(&mut self, bytes: u64) -> Result<(), ArchiveFault>;
}

impl Count for Meter<'_> {
    fn count(&mut self, bytes: u64) -> Result<(), ArchiveFault> {
        self.total_bytes += bytes;
        if self.total_bytes > MAX_TOTAL_BYTES {
            return Err(ArchiveFault::TooBig);
        }
        (self.watch)(self.total_bytes);
        Ok(())
    }
}

impl<'a, R: Read> Bounded<'a, R> {
    /// Passes on what `from` gives of a file that is said to have this size.
    pub(super) fn new(from: R, file: String, size: Size, meter: &'a mut Meter<'_>) -> Bounded<'a, R> {
        Bounded { from, file, size, bytes: 0, meter }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buf)?;
        self.bytes += count as u64;
        let so_far = Size { unpacked: self.bytes, ..self.size };
        so_far.check(&self.file).and_then(|()| self.meter.count(count as u64)).map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(bytes: u64, packed: u64) -> Result<u64, ArchiveFault> {
        let mut seen = 0;
        let mut watch = |total| seen = total;
        let mut meter = Meter::new(&mut watch);
        let size = Size { packed, unpacked: 1 };
        let mut bounded = Bounded::new(io::repeat(b'x').take(bytes), "data/like.js".into(), size, &mut meter);
        let copied = io::copy(&mut bounded, &mut io::sink());
        copied.map_err(|error| ArchiveFault::of_read(error, "data/like.js"))?;
        Ok(seen)
    }

    #[test]
    fn a_lie_about_the_size_ends_when_it_is_found_out() {
        assert_eq!(read(20_000, 100).unwrap(), 20_000);
        assert!(matches!(read(20_001, 100), Err(ArchiveFault::Bomb { .. })));
        assert!(matches!(read(MAX_FILE_BYTES + 1, MAX_FILE_BYTES), Err(ArchiveFault::FileTooBig { .. })));
    }

    #[test]
    fn what_is_said_is_checked_before_anything_is_read() {
        let check = |packed, unpacked| Size { packed, unpacked }.check("x");
        assert!(check(0, 0).is_ok() && check(1, 200).is_ok());
        assert!(matches!(check(1, 201), Err(ArchiveFault::Bomb { .. })));
        assert!(matches!(check(MAX_FILE_BYTES, MAX_FILE_BYTES + 1), Err(ArchiveFault::FileTooBig { .. })));
    }
}
