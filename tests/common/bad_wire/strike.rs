//! How each fault is done to a connection.

use std::io::{ErrorKind, Result, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fault::WireFault;
use super::traffic::Message;

/// How long a connection idles before something happens to it.
const IDLE: Duration = Duration::from_millis(30);
/// From byte to byte of an answer that trickles: longer than any deadline of these tests takes, for an answer of some hundred bytes.
const DRIP: Duration = Duration::from_millis(40);
/// How much later than it was sent a request arrives.
const LATE_ARRIVAL: Duration = Duration::from_millis(2_200);
/// How long a connection is waited for that should be closed at the deadline.
const LATE: Duration = Duration::from_secs(3);
/// The most that is poured out: who takes so much has no bound.
const FLOOD_BYTES: u64 = 256 << 20;
/// Does it, to the connection of a request whose answer is there where the platform was asked. The connection, where it stays open.
pub async fn strike(
    fault: WireFault,
    mut client: TcpStream,
    answer: Option<Message>,
    poured: &AtomicU64,
) -> Result<Option<TcpStream>> {
    let Some(answer) = answer else {
        until_gone(&mut client).await;
        return Ok(None);
    };
    match fault {
        WireFault::ClosedIdle | WireFault::ResetIdle | WireFault::TimedOutIdle => {
            end_idle(fault, &mut client, &answer).await?;
        }
        WireFault::AnsweredTwice
        | WireFault::PromisesTooLittle
        | WireFault::TwoFramings
        | WireFault::TwoLengths
        | WireFault::NoContentWithBody => {
            // In one piece, so that the rest is there before the next request can be.
            client.write_all(&misframed(fault, &answer)).await?;
            return Ok(Some(client));
        }
        WireFault::PromisesTooMuch | WireFault::BreaksOff => {
            let length = format!("content-length: {}\r\n", answer.body.len() + 100);
            client.write_all(&[answer.head_with(&length).as_bytes(), &answer.body].concat()).await?;
            if fault == WireFault::PromisesTooMuch {
                until_gone(&mut client).await;
            }
        }
        WireFault::Trickles => drip(&mut client, &answer.bytes()).await?,
        WireFault::BodyTrickles => {
            let head = answer.head_with(&format!("content-length: {}\r\n", answer.body.len() + 100_000));
            client.write_all(head.as_bytes()).await?;
            drip(&mut client, &answer.body).await?;
        }
        WireFault::Vanishes | WireFault::AnswerVanishes | WireFault::ArrivesLate => until_gone(&mut client).await,
        WireFault::AnsweredLate => {
            let _ = tokio::time::timeout(LATE, until_gone(&mut client)).await;
            client.write_all(lie().as_bytes()).await?;
            return Ok(Some(client));
        }
        WireFault::PackedBomb => {
            client.write_all(&bomb(&answer)).await?;
            return Ok(Some(client));
        }
        WireFault::EndlessHead | WireFault::EndlessInterim | WireFault::EndlessBody | WireFault::HugeBody => {
            flood(fault, &mut client, &answer, poured).await?;
        }
    }
    Ok(None)
}

/// Lets time pass in which the request is under way. Whether the program is still there: on a machine that stands still, it may have given up
/// long ago.
pub async fn delay(client: &TcpStream) -> bool {
    tokio::time::sleep(LATE_ARRIVAL).await;
    client.try_read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// Until the program has closed it. What it may still say is dropped.
async fn until_gone(client: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while client.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}

async fn end_idle(fault: WireFault, client: &mut TcpStream, answer: &Message) -> Result<()> {
    answer.write_to(client).await?;
    tokio::time::sleep(IDLE).await;
    match fault {
        WireFault::ResetIdle => client.set_zero_linger(),
        WireFault::TimedOutIdle => {
            let told = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            client.write_all(told.as_bytes()).await
        }
        _ => Ok(()),
    }
}

/// An answer that ends a run if it is taken for that of a request.
fn lie() -> String {
    let body = r#"{"title":"Unauthorized","type":"about:blank","status":401,"detail":"a lie"}"#;
    let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/problem+json";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// An answer with bytes behind it that belong to no answer, or to one that nobody asked for.
fn misframed(fault: WireFault, answer: &Message) -> Vec<u8> {
    let (body, length, lie) = (String::from_utf8_lossy(&answer.body), answer.body.len(), lie());
    let text = match fault {
        WireFault::PromisesTooLittle => {
            format!("{}{body}{lie}", answer.head_with(&format!("content-length: {}\r\n", length / 2)))
        }
        WireFault::TwoFramings => {
            let pieces = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
            let lines = format!("content-length: {}\r\ntransfer-encoding: chunked\r\n", pieces.len() + lie.len());
            format!("{}{pieces}{lie}", answer.head_with(&lines))
        }
        WireFault::TwoLengths => {
            let lines = format!("content-length: {length}\r\ncontent-length: {}\r\n", length + lie.len());
            format!("{}{body}{lie}", answer.head_with(&lines))
        }
        WireFault::NoContentWithBody => {
            format!("HTTP/1.1 204 No Content\r\ncontent-length: {}\r\n\r\n{lie}", lie.len())
        }
        _ => format!("{}{body}{lie}", answer.head),
    };
    text.into_bytes()
}

async fn drip(client: &mut TcpStream, bytes: &[u8]) -> Result<()> {
    // Spaces behind JSON are JSON still.
    for byte in bytes.iter().copied().chain(std::iter::repeat(b' ')) {
        client.write_all(&[byte]).await?;
        tokio::time::sleep(DRIP).await;
    }
    Ok(())
}

/// The answer, packed with so many spaces that it unpacks to 32 MiB: members of a file of gzip are one text.
fn bomb(answer: &Message) -> Vec<u8> {
    const MIB: usize = 1 << 20;
    let pack = |bytes: &[u8]| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    };
    let body = [pack(&answer.body), pack(&[b' '; MIB]).repeat(32)].concat();
    let lines = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", body.len());
    [answer.head_with(&lines).as_bytes(), &body].concat()
}

/// Bytes without an end, until the program has closed the connection.
async fn flood(fault: WireFault, client: &mut TcpStream, answer: &Message, poured: &AtomicU64) -> Result<()> {
    let body = String::from_utf8_lossy(&answer.body);
    let spaces = " ".repeat(16 << 10);
    let (first, again) = match fault {
        WireFault::EndlessHead => (answer.head.trim_end().to_owned() + "\r\n", "x-more: and more\r\n".repeat(1_000)),
        WireFault::EndlessInterim => (String::new(), "HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000)),
        WireFault::HugeBody => (answer.head_with(&format!("content-length: {}\r\n", FLOOD_BYTES * 2)) + &body, spaces),
        _ => {
            let piece = format!("{:x}\r\n{spaces}\r\n", spaces.len());
            let body = format!("{:x}\r\n{body}\r\n", body.len());
            (answer.head_with("transfer-encoding: chunked\r\n") + &body, piece)
        }
    };
    client.write_all(first.as_bytes()).await?;
    let mut bytes = 0;
    while bytes < FLOOD_BYTES {
        client.write_all(again.as_bytes()).await?;
        bytes += again.len() as u64;
        poured.fetch_add(again.len() as u64, Ordering::SeqCst);
        if fault == WireFault::EndlessInterim {
            // Each is read and dropped, as fast as they come: what ends it is the deadline.
            tokio::time::sleep(DRIP).await;
        }
    }
    Ok(())
}
