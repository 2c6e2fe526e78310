//! Where a queue is: in a file, or in a database of a server.
//!
//! In: what a person typed. Out: a place to open and to lock, and the words for it. What does not belong here: connecting (`postgres`).
//! The address of a server may hold a password, so it is shown in a form of its own and never as it was typed.

use std::ffi::OsString;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::RwLock;

use super::address_error::AddressError;
use crate::domain::Secret;

/// Where a queue is.
#[derive(Clone, PartialEq, Eq)]
pub enum QueuePlace {
    /// An SQLite file.
    File(Arc<Path>),
    /// A database of a PostgreSQL server.
    Server(Arc<ServerPlace>),
}

/// A database of a server, made for one queue.
pub struct ServerPlace {
    address: Secret,
    shown: String,
    local: PathBuf,
    /// Locks that this process is giving back: each reads, and whoever takes one writes, so that it waits for them.
    pub(super) releases: Arc<RwLock<()>>,
}

/// What may follow the `?` of an address.
const PARAMETERS: [&str; 9] =
    ["host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey"];

impl QueuePlace {
    /// Whether a person means a server by this name.
    pub fn is_address(name: &Path) -> bool {
        let scheme = name.to_str().and_then(|name| name.split_once("://")).map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known)))
    }

    /// Whether a name is no address and looks as if it were meant as one: it may hold a password, so it is refused unseen.
    pub fn looks_like_an_address(name: &Path) -> bool {
        let name = name.to_string_lossy().to_ascii_lowercase();
        let begins =
            ["postgres:", "postgresql:", "postgres//", "postgresql//"].iter().any(|word| name.starts_with(word));
        begins || name.contains("://") || name.contains("password=")
    }

    /// The queue in a server's database; what is kept in files all the same (a key, uploads) is kept in `folder` of this host.
    ///
    /// # Errors
    /// It is no address, or names no database.
    pub fn server(address: Secret, folder: &Path) -> Result<QueuePlace, AddressError> {
        let options = options_of(&address)?;
        let database = options.get_database().filter(|name| !name.is_empty()).ok_or(AddressError::NoDatabase)?;
        let socket = options.get_socket().map(|socket| socket.to_string_lossy().into_owned());
        let host = socket.as_deref().unwrap_or(options.get_host());
        let shown = match &socket {
            Some(socket) => format!("postgres://{}@/{database}?host={socket}", options.get_username()),
            None => format!("postgres://{}@{host}:{}/{database}", options.get_username(), options.get_port()),
        };
        let local = format!("{host}-{}-{database}", options.get_port());
        let local = folder.join(local.replace(|c: char| !c.is_ascii_alphanumeric() && !"-._".contains(c), "_"));
        let releases = Arc::default();
        Ok(QueuePlace::Server(Arc::new(ServerPlace { address, shown, local, releases })))
    }

    /// What files of this host that belong to the queue are named after, and stand beside. A queue in a file is that file.
    pub fn local_path(&self) -> &Path {
        match self {
            QueuePlace::File(path) => path,
            QueuePlace::Server(server) => &server.local,
        }
    }

    /// What another command may name it by: an address goes without its password, which `PGPASSWORD` or `~/.pgpass` has.
    pub fn public_name(&self) -> OsString {
        match self {
            QueuePlace::File(path) => path.as_os_str().to_owned(),
            QueuePlace::Server(server) => server.shown.clone().into(),
        }
    }

    /// The queue's file; none: it is on a server.
    pub fn file(&self) -> Option<&Path> {
        match self {
            QueuePlace::File(path) => Some(path),
            QueuePlace::Server(_) => None,
        }
    }
}

impl ServerPlace {
    /// What the library connects by: the address, and what the environment and `~/.pgpass` add to it now.
    pub(super) fn options(&self) -> Result<PgConnectOptions, AddressError> {
        let options = options_of(&self.address)?;
        let is_here = options.get_socket().is_some() || is_loopback(options.get_host());
        // Unless somebody says otherwise, the library would do without encryption where a server offers none.
        let is_lax = matches!(options.get_ssl_mode(), PgSslMode::Allow | PgSslMode::Prefer);
        Ok(if is_lax && !is_here { options.ssl_mode(PgSslMode::VerifyFull) } else { options })
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.starts_with('/') || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn options_of(address: &Secret) -> Result<PgConnectOptions, AddressError> {
    // What the library does not know it would log, with its value.
    let asked = address.expose().split_once('?').map_or("", |(_, query)| query);
    let names = asked.split('&').filter(|part| !part.is_empty()).map(|part| part.split('=').next().unwrap_or_default());
    if names.into_iter().any(|name| !PARAMETERS.contains(&name)) {
        return Err(AddressError::UnknownParameter);
    }
    // The library's error would quote the address, and with it the password.
    PgConnectOptions::from_str(address.expose()).map_err(|_| AddressError::Unreadable)
}

/// The file, or the address without any secret.
impl fmt::Display for QueuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueuePlace::File(path) => write!(f, "{}", path.display()),
            QueuePlace::Server(server) => f.write_str(&server.shown),
        }
    }
}

impl fmt::Debug for ServerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerPlace({})", self.shown)
    }
}

impl fmt::Debug for QueuePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueuePlace({self})")
    }
}

impl PartialEq for ServerPlace {
    fn eq(&self, other: &ServerPlace) -> bool {
        self.address == other.address && self.local == other.local
    }
}

impl Eq for ServerPlace {}

impl From<&QueuePlace> for QueuePlace {
    fn from(place: &QueuePlace) -> QueuePlace {
        place.clone()
    }
}

impl From<&Path> for QueuePlace {
    fn from(path: &Path) -> QueuePlace {
        QueuePlace::File(path.into())
    }
}

impl From<&PathBuf> for QueuePlace {
    fn from(path: &PathBuf) -> QueuePlace {
        path.as_path().into()
    }
}

impl From<PathBuf> for QueuePlace {
    fn from(path: PathBuf) -> QueuePlace {
        QueuePlace::File(path.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn server(address: &str) -> Result<QueuePlace, AddressError> {
        QueuePlace::server(Secret::new(address), Path::new("/home/ada/data"))
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let place = server("postgres://ada:hush@db.example:5433/queue?password=hush&sslmode=verify-full").unwrap();
        assert_eq!(place.to_string(), "postgres://ada@db.example:5433/queue");
        assert!(!format!("{place:?}").contains("hush"));
        assert_eq!(place.local_path(), Path::new("/home/ada/data/db.example-5433-queue"));
        assert_eq!(place.file(), None);
        let socket = server("postgresql://ada@%2Frun%2Fpostgresql/my%2Fqueue").unwrap();
        assert_eq!(socket.to_string(), "postgres://ada@/my/queue?host=/run/postgresql");
        assert!(socket.local_path().ends_with("_run_postgresql-5432-my_queue"), "{:?}", socket.local_path());
    }

    #[test]
    fn what_is_no_address_is_refused_unseen() {
        assert_eq!(server("postgres://ada:hush@db.example:port/q"), Err(AddressError::Unreadable));
        assert_eq!(server("postgres://ada:hush@[::1/q"), Err(AddressError::Unreadable));
        assert_eq!(server("postgres://ada:hush@db.example"), Err(AddressError::NoDatabase));
        assert_eq!(server("postgres://ada@db.example/q?pasword=hush"), Err(AddressError::UnknownParameter));
        for (name, is_address) in
            [("/data/queue.db", false), ("postgres", false), ("postgres://h/d", true), ("Postgres://h/d", true)]
        {
            assert_eq!(QueuePlace::is_address(Path::new(name)), is_address, "{name}");
        }
    }

    #[test]
    fn only_what_stays_on_this_host_goes_without_encryption() {
        let mode = |address: &str| match server(address).unwrap() {
            QueuePlace::Server(server) => format!("{:?}", server.options().unwrap().get_ssl_mode()),
            QueuePlace::File(_) => unreachable!(),
        };
        for here in
            ["postgres://localhost/q", "postgres://127.0.0.1/q", "postgres://[::1]/q", "postgres:///q?host=/run"]
        {
            assert_eq!(mode(here), "Prefer", "{here}");
        }
        assert_eq!(mode("postgres://db.example/q"), "VerifyFull");
        assert_eq!(mode("postgres://db.example/q?sslmode=prefer"), "VerifyFull");
        assert_eq!(mode("postgres://db.example/q?sslmode=require"), "Require");
        assert_eq!(mode("postgres://db.example/q?sslmode=disable"), "Disable", "somebody has said so");
    }

    #[test]
    fn a_misspelt_address_is_no_file() {
        for name in
            ["Postgres:/ada:hush@h/q", "postgresql//ada:hush@h/q", "host=h PASSWORD=hush dbname=q", "mysql://h/q"]
        {
            assert!(QueuePlace::looks_like_an_address(Path::new(name)) && !QueuePlace::is_address(Path::new(name)));
        }
        for name in ["/data/queue.db", "postgres", "postgres/queue.db", "c:queue.db"] {
            assert!(!QueuePlace::looks_like_an_address(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn two_names_of_a_place_are_one_place_only_if_they_are_the_same() {
        assert_eq!(server("postgres://ada@h/q"), server("postgres://ada@h/q"));
        assert_ne!(server("postgres://ada@h/q"), server("postgres://bob@h/q"));
        assert_eq!(QueuePlace::from(Path::new("/q.db")), QueuePlace::from(PathBuf::from("/q.db")));
    }
}
