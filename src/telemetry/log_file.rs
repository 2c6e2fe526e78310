//! The log's file. In: lines. Out: the file, and one complaint where it takes no more of them.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::fmt::MakeWriter;

use super::Complain;

/// A file that log lines are appended to.
pub(super) struct LogFile {
    file: File,
    complain: Complain,
    has_complained: AtomicBool,
}

impl LogFile {
    pub(super) fn new(file: File, complain: Complain) -> LogFile {
        LogFile { file, complain, has_complained: AtomicBool::new(false) }
    }
}

impl<'w> MakeWriter<'w> for LogFile {
    type Writer = LogLine<'w>;

    fn make_writer(&'w self) -> LogLine<'w> {
        LogLine(self)
    }
}

/// A line on its way. The file is open for appending, so the kernel puts lines of several threads one behind the other.
pub(super) struct LogLine<'w>(&'w LogFile);

impl Write for LogLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let LogLine(log) = self;
        if let Err(error) = (&log.file).write_all(line)
            && !log.has_complained.swap(true, Ordering::Relaxed)
        {
            (log.complain)(&error);
        }
        // Nobody above could do anything about it.
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_full_disk_is_told_once() {
        let told = Arc::new(AtomicUsize::new(0));
        let heard = Arc::clone(&told);
        let full = File::options().append(true).open("/dev/full").unwrap();
        let log = LogFile::new(
            full,
            Box::new(move |error| {
                assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                heard.fetch_add(1, Ordering::Relaxed);
            }),
        );
        for _ in 0..3 {
            log.make_writer().write_all(b"line\n").unwrap();
        }
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }
}
