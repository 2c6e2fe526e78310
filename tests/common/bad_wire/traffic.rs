//! Messages of HTTP/1.1 with a length, as the program and the sandbox send them.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request, or an answer.
pub struct Message {
    /// With the empty line at its end.
    pub head: String,
    pub body: Vec<u8>,
}

impl Message {
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }

    pub async fn write_to(&self, stream: &mut TcpStream) -> Result<()> {
        stream.write_all(&self.bytes()).await
    }

    /// The last part of a request's path.
    pub fn last_of_path(&self) -> String {
        let path = self.head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The head with other lines in place of its length.
    pub fn head_with(&self, lines: &str) -> String {
        let kept = self.head.trim_end().split("\r\n").filter(|line| length_of(line).is_none());
        let kept: Vec<&str> = kept.collect();
        format!("{}\r\n{lines}\r\n", kept.join("\r\n"))
    }
}

fn length_of(line: &str) -> Option<usize> {
    let (name, value) = line.split_once(':')?;
    name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
}

/// The next message; none where the other side has closed instead.
pub async fn read_message(stream: &mut TcpStream) -> Result<Option<Message>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end + 4].to_vec()).map_err(|_| Error::from(ErrorKind::InvalidData))?;
            let length = head.split("\r\n").find_map(length_of).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = bytes.split_off(end + 4);
                // Nobody here sends a second request before the answer to the first.
                assert_eq!(body.len(), length, "{head}");
                return Ok(Some(Message { head, body }));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return if bytes.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
    }
}
