//! The log's file. In: lines. Out: the file, and one complaint where it takes no more of them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::fmt::MakeWriter;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::Complain;
use crate::store::is_foreign;

/// Opens a log file to append to; a new one is readable by its owner alone. In a folder that others can write to, a link or a file of
/// somebody else's may stand in its place: through the link the lines would go wherever it leads, and from the file others would read them.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let file = match append(path, OFlags::NOFOLLOW) {
        Err(error) => match path.symlink_metadata() {
            Ok(link) if link.is_symlink() && is_foreign(&link, path) => {
                return Err(io::Error::other("it is a link that somebody else has made"));
            }
            Ok(link) if link.is_symlink() => append(path, OFlags::empty()),
            _ => Err(error),
        },
        opened => opened,
    };
    let file = file.map_err(|error| match Errno::from_io_error(&error) {
        Some(Errno::NXIO) => io::Error::other("it is a pipe that nobody reads"),
        _ => error,
    })?;
    // Asked of the open file, so that nobody changes it in between. A terminal or /dev/null is nobody's file.
    let about = file.metadata()?;
    if !about.file_type().is_char_device() && is_foreign(&about, path) {
        return Err(io::Error::other("it belongs to somebody else"));
    }
    Ok(file)
}

fn append(path: &Path, flags: OFlags) -> io::Result<File> {
    // Without waiting for somebody who reads, where it is a pipe.
    let flags = (flags | OFlags::NONBLOCK).bits().cast_signed();
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)
}

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

    fn make_pipe(path: &Path) -> bool {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).is_ok()
    }

    #[test]
    fn a_link_and_a_file_of_somebody_elses_are_refused_and_ones_own_are_used() {
        let home = tempfile::tempdir().unwrap();
        let (log, link, target) = (home.path().join("log"), home.path().join("link"), home.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        open(&link).unwrap().write_all(b"a\n").unwrap();
        open(&log).unwrap().write_all(b"b\n").unwrap();
        open(&log).unwrap().write_all(b"c\n").unwrap();
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        assert_eq!((text(&target).as_str(), text(&log).as_str()), ("a\n", "b\nc\n"));
        open(Path::new("/dev/null")).unwrap();
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let nobody = |path: &Path| std::os::unix::fs::lchown(path, Some(65_534), None).unwrap();
        nobody(&link);
        assert!(open(&link).unwrap_err().to_string().contains("a link that somebody else has made"));
        assert_eq!(text(&target), "a\n");
        std::fs::remove_file(&target).unwrap();
        open(&link).unwrap_err();
        assert!(!target.exists(), "nothing is made at its other end");
        nobody(&log);
        assert!(open(&log).unwrap_err().to_string().contains("belongs to somebody else"));
        // In a folder of that user's: it is ours to look after.
        nobody(home.path());
        open(&log).unwrap();
    }

    #[test]
    fn a_pipe_that_nobody_reads_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("pipe");
        if make_pipe(&pipe) {
            assert!(open(&pipe).unwrap_err().to_string().contains("a pipe that nobody reads"));
        }
    }

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
