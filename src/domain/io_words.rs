use std::io;

/// What the system said about a file, in words: a full disk is told as what it is, whatever the system calls it.
pub fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota of this user is used up".to_owned(),
        _ => error.to_string(),
    }
}
