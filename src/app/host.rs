//! The name of this host, as jobs remember it.

/// Names that any machine may have.
const OF_NOBODY: [&str; 4] = ["", "localhost", "localhost.localdomain", "(none)"];

/// The name of this host; none where it has none of its own.
pub(super) fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    (!OF_NOBODY.contains(&name.as_str())).then_some(name)
}
