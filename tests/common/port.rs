//! A port that is free now and stays so until it is taken on purpose: from below those that the system gives to connections on their way out
//! and to whoever asks for any.

use std::net::TcpListener;

pub(crate) fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(10_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
