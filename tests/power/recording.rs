//! What a real process changed on the disk, what it sent and what it said, in the order in which it did: from the text of strace.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Done;
use crate::common::strace::record;

/// Everything by which files, names and people come to know something. `read` and `lseek` move the place at which `write` writes.
const CALLS: &str = "openat,lseek,read,mkdir,mkdirat,write,writev,pwrite64,pwritev,pwritev2,copy_file_range,sendto,sendmsg,fsync,fdatasync,ftruncate,fallocate,\
                     rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,exit_group";

/// A file, whatever its names are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileNumber(pub usize);

/// What a call did.
#[derive(Clone, Debug)]
pub enum Call {
    Write {
        file: FileNumber,
        at: usize,
        bytes: Vec<u8>,
    },
    Truncate {
        file: FileNumber,
        length: usize,
    },
    MakeFolder(PathBuf),
    Name {
        path: PathBuf,
        file: FileNumber,
    },
    Unname(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
        file: FileNumber,
    },
    SyncFile(FileNumber),
    SyncFolder(PathBuf),
    /// To a socket.
    Send(String),
    /// To stdout or stderr.
    Say(String),
    Exit(i32),
}

/// A call with the lines of the record at which it began and had been done.
#[derive(Clone, Debug)]
pub struct Event {
    pub began: usize,
    pub ended: usize,
    pub call: Call,
}

/// A process's life, and the folder it began in.
pub struct Recording {
    pub folder: PathBuf,
    /// What was there before, all of it on the disk.
    pub files_before: Vec<Vec<u8>>,
    pub names_before: HashMap<PathBuf, FileNumber>,
    pub folders_before: Vec<PathBuf>,
    pub events: Vec<Event>,
    pub done: Done,
}

impl Recording {
    /// Of a command that works in `folder`.
    pub fn of(command: &Command, feed: &str, folder: &Path) -> Recording {
        let mut recording = Recording {
            folder: folder.to_path_buf(),
            files_before: Vec::new(),
            names_before: HashMap::new(),
            folders_before: Vec::new(),
            events: Vec::new(),
            done: Done { code: -1, out: String::new(), err: String::new() },
        };
        recording.look_into(folder);
        let scratch = tempfile::tempdir().unwrap();
        let (done, log) = record(command, feed, CALLS, scratch.path());
        let mut reader = Reader {
            folder: folder.to_path_buf(),
            names: recording.names_before.clone(),
            folders: recording.folders_before.iter().cloned().collect(),
            files: recording.files_before.len(),
            open: HashMap::new(),
        };
        for (began, ended, line) in whole_calls(&log) {
            reader.calls_of(&line, &mut |call| recording.events.push(Event { began, ended, call }));
        }
        recording.done = done;
        recording
    }

    fn look_into(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.folders_before.push(path.clone());
                self.look_into(&path);
            } else {
                self.names_before.insert(path.clone(), FileNumber(self.files_before.len()));
                self.files_before.push(std::fs::read(&path).unwrap());
            }
        }
    }
}

/// Calls that were interrupted in the record by those of other threads, put together again: first line, last line, text.
fn whole_calls(log: &str) -> Vec<(usize, usize, String)> {
    let mut begun: HashMap<&str, (usize, String)> = HashMap::new();
    let mut calls = Vec::new();
    for (number, line) in log.lines().enumerate() {
        let (thread, text) = line.split_once(' ').unwrap();
        let text = text.trim_start();
        if let Some(first) = text.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (number, first.to_owned()));
        } else if let Some((_, rest)) = text.strip_prefix("<... ").and_then(|text| text.split_once(" resumed>")) {
            let (began, first) = begun.remove(thread).unwrap();
            calls.push((began, number, first + rest));
        } else {
            calls.push((number, number, text.to_owned()));
        }
    }
    // Whoever was in a call when another thread ended the process has not done it.
    calls
}

struct OpenFile {
    file: FileNumber,
    position: usize,
    appends: bool,
}

/// Knows which file each descriptor means.
struct Reader {
    folder: PathBuf,
    names: HashMap<PathBuf, FileNumber>,
    /// All that have ever been there.
    folders: HashSet<PathBuf>,
    files: usize,
    open: HashMap<usize, OpenFile>,
}

impl Reader {
    fn calls_of(&mut self, line: &str, push: &mut dyn FnMut(Call)) {
        let (name, rest) = line.split_once('(').unwrap_or_else(|| panic!("{line:.200}"));
        let (arguments, result) = rest.rsplit_once(" = ").unwrap_or_else(|| panic!("{line:.200}"));
        let arguments = arguments.trim_end().trim_end_matches(')');
        if name == "exit_group" {
            push(Call::Exit(arguments.parse().unwrap()));
            return;
        }
        if result.starts_with('-') || result.starts_with('?') {
            return;
        }
        let returned: usize = result.split([' ', '<']).next().unwrap().parse().unwrap();
        let words: Vec<&str> = arguments.split(", ").collect();
        match name {
            "openat" => self.opened(&words, result, returned, push),
            "mkdir" | "mkdirat" => {
                let path = self.path(&words, usize::from(name == "mkdirat"));
                if path.starts_with(&self.folder) {
                    self.folders.insert(path.clone());
                    push(Call::MakeFolder(path));
                }
            }
            "rename" => self.renamed(path_of(words[0]), path_of(words[1]), push),
            "renameat" | "renameat2" => self.renamed(path_of(words[1]), path_of(words[3]), push),
            "link" | "linkat" => self.linked(&words, name == "linkat", push),
            "copy_file_range" => self.copied(&words, returned, push),
            "unlink" | "unlinkat" | "rmdir" => {
                let path = self.path(&words, usize::from(name == "unlinkat"));
                if self.names.remove(&path).is_some() {
                    push(Call::Unname(path));
                }
            }
            _ => self.of_descriptor(name, &words, arguments, returned, push),
        }
    }

    /// A path argument, in the folder that the argument before it means, or in the process's own.
    fn path(&self, words: &[&str], number: usize) -> PathBuf {
        let folder = words[..number].last().and_then(|word| word.split_once('<'));
        let folder = folder.map_or_else(|| self.folder.clone(), |(_, path)| path_of(path));
        folder.join(path_of(words[number]))
    }

    fn opened(&mut self, words: &[&str], result: &str, descriptor: usize, push: &mut dyn FnMut(Call)) {
        let (path, flags) = (self.path(words, 1), words[2]);
        self.open.remove(&descriptor);
        let is_folder = path.is_dir() || self.folders.contains(&path) || flags.contains("O_DIRECTORY");
        if !path.starts_with(&self.folder) || (is_folder && !flags.contains("O_TMPFILE")) {
            return;
        }
        assert!(result.contains('<'), "{result}");
        let known = self.names.get(&path).copied();
        let file = known.unwrap_or_else(|| {
            self.files += 1;
            FileNumber(self.files - 1)
        });
        if flags.contains("O_TRUNC") {
            push(Call::Truncate { file, length: 0 });
        }
        if known.is_none() && !flags.contains("O_TMPFILE") {
            self.names.insert(path.clone(), file);
            push(Call::Name { path, file });
        }
        let appends = flags.contains("O_APPEND");
        self.open.insert(descriptor, OpenFile { file, position: 0, appends });
    }

    fn renamed(&mut self, from: PathBuf, to: PathBuf, push: &mut dyn FnMut(Call)) {
        let (from, to) = (self.folder.join(from), self.folder.join(to));
        if let Some(file) = self.names.remove(&from) {
            self.names.insert(to.clone(), file);
            push(Call::Rename { from, to, file });
        }
    }

    fn linked(&mut self, words: &[&str], has_folders: bool, push: &mut dyn FnMut(Call)) {
        let (from, to) =
            if has_folders { (path_of(words[1]), path_of(words[3])) } else { (path_of(words[0]), path_of(words[1])) };
        let to = self.folder.join(to);
        let descriptor =
            from.to_str().and_then(|text| text.strip_prefix("/proc/self/fd/")).map(|text| text.parse().unwrap());
        let file = match descriptor {
            Some(descriptor) => self.open.get(&descriptor).map(|open| open.file),
            None => self.names.get(&self.folder.join(from)).copied(),
        };
        let file = file.unwrap_or_else(|| panic!("{words:?}: which file?"));
        self.names.insert(to.clone(), file);
        push(Call::Name { path: to, file });
    }

    /// From a file that is the same still.
    fn copied(&mut self, words: &[&str], length: usize, push: &mut dyn FnMut(Call)) {
        let ((from, path), (to, _)) = (descriptor_of(words[0]), descriptor_of(words[2]));
        let begin = self.open.get(&from).map_or(0, |open| open.position);
        let bytes = std::fs::read(path).unwrap()[begin..begin + length].to_vec();
        self.open.entry(from).and_modify(|open| open.position += length);
        let open = self.open.get_mut(&to).unwrap_or_else(|| panic!("{words:?}: never opened"));
        push(Call::Write { file: open.file, at: open.position, bytes });
        open.position += length;
    }

    fn of_descriptor(
        &mut self,
        name: &str,
        words: &[&str],
        arguments: &str,
        returned: usize,
        push: &mut dyn FnMut(Call),
    ) {
        let (number, target) = descriptor_of(words[0]);
        if !target.starts_with(&self.folder) {
            if matches!(name, "write" | "writev" | "sendto" | "sendmsg") {
                let text = String::from_utf8_lossy(&bytes_of(&arguments[words[0].len()..])).into_owned();
                let is_said = number == 1 || number == 2;
                push(if is_said { Call::Say(text) } else { Call::Send(text) });
            }
            return;
        }
        if matches!(name, "fsync" | "fdatasync") && !self.open.contains_key(&number) {
            push(Call::SyncFolder(target));
            return;
        }
        let open = self.open.get_mut(&number).unwrap_or_else(|| panic!("{name} of {target:?}: never opened"));
        match name {
            "lseek" => open.position = returned,
            "read" => open.position += returned,
            "fsync" | "fdatasync" => push(Call::SyncFile(open.file)),
            // Room for what may have to be written, in a file without a name.
            "fallocate" => {}
            "ftruncate" => push(Call::Truncate { file: open.file, length: words[1].parse().unwrap() }),
            "pwrite64" => {
                let at = words[3].parse().unwrap();
                push(Call::Write { file: open.file, at, bytes: written(words[1], returned) });
            }
            "write" => {
                // What is appended stands where the file ends; those that are appended to have no other writer here.
                assert!(!open.appends, "{target:?} is appended to, of which this knows nothing");
                push(Call::Write { file: open.file, at: open.position, bytes: written(words[1], returned) });
                open.position += returned;
            }
            other => panic!("{other} of {target:?}: unknown"),
        }
    }
}

fn written(word: &str, returned: usize) -> Vec<u8> {
    let mut bytes = bytes_of(word);
    bytes.truncate(returned);
    bytes
}

/// A descriptor, and what it means.
fn descriptor_of(word: &str) -> (usize, PathBuf) {
    let (number, target) = word.split_once('<').unwrap_or((word, ""));
    (number.parse().unwrap(), PathBuf::from(String::from_utf8_lossy(&bytes_of(target)).into_owned()))
}

fn path_of(word: &str) -> PathBuf {
    PathBuf::from(String::from_utf8(bytes_of(word)).unwrap())
}

/// All bytes that stand in a text as `\x41`.
fn bytes_of(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits.map(|part| u8::from_str_radix(&part[..2], 16).unwrap()).collect()
}
