//! What can be wrong with the address of a queue's server.

/// Why a text is no address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It cannot be read as one.
    #[error("it is no address of a PostgreSQL database, such as postgres://USER@HOST:PORT/DATABASE")]
    Unreadable,
    /// It names a server alone.
    #[error("it names no database: postgres://USER@HOST:PORT/DATABASE")]
    NoDatabase,
    /// Others can see it there.
    #[error(
        "a password in the arguments of a program can be seen by others: put it in PGPASSWORD or ~/.pgpass, or the address in CLEANUP_DB"
    )]
    PasswordShown,
    /// It asks for something that is not known.
    #[error(
        "of what follows the ? of an address, only host, port, user, password, dbname, sslmode, sslrootcert, sslcert and sslkey are known"
    )]
    UnknownParameter,
}
