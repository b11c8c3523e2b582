//! A client that costs next to nothing, so that what is measured is the server.
//!
//! One connection, kept alive, one request at a time, each written as bytes that were made before.
//! A full client was rejected: on a machine with few processors it takes as much of them as the
//! server, and every ratio would come nearer to 1.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::surroundings::all;

/// Connections of one measurement.
pub(crate) const CONNECTIONS: usize = 64;

/// The longest head of an answer that is read, in bytes.
const HEAD_BYTES: usize = 64 * 1024;

/// A request with everything that it says.
pub(crate) fn request(
    method: &str,
    target: &str,
    token: &str,
    content_type: &str,
    body: &str,
) -> Vec<u8> {
    let authorization =
        if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\n{authorization}\
         content-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An answer whose body lies in the connection until the next request.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// The answer, unless it is a refusal.
    pub(crate) fn accepted(self) -> Result<Self> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        bail!("answered {}: {}", self.status, String::from_utf8_lossy(self.body))
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads the whole answer. Answers of unknown length are not understood.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.read.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read_some().await?;
            if let Some(end) = end_of_head(&self.read) {
                break end;
            }
            if HEAD_BYTES < self.read.len() {
                bail!("the head of an answer does not end");
            }
        };
        let text = std::str::from_utf8(self.read.get(..head).unwrap_or_default())?;
        let status = status(text)?;
        let length = match length(text)? {
            Some(length) => length,
            None if status == 204 || status == 304 => 0,
            None => bail!("an answer {status} does not say how long it is"),
        };
        let end = head + length;
        while self.read.len() < end {
            self.read_some().await?;
        }
        Ok(Answer { status, body: self.read.get(head..end).unwrap_or_default() })
    }

    /// Sends a request whose answer has no end, and gives the bytes as they come: head first.
    pub(crate) async fn follow(mut self, request: &[u8]) -> Result<TcpStream> {
        self.stream.write_all(request).await?;
        Ok(self.stream)
    }

    async fn read_some(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the connection was closed in the middle of an answer");
        }
        Ok(())
    }
}

/// Asks on all connections at the same time, on each what is its own, one after the other.
pub(crate) async fn ask_all(
    connections: Vec<Connection>,
    requests: impl Fn(usize) -> Vec<Bytes>,
) -> Result<(Duration, Vec<Connection>)> {
    let mut clients = JoinSet::new();
    let all_ready = Arc::new(Barrier::new(connections.len() + 1));
    for (client, mut connection) in connections.into_iter().enumerate() {
        let (requests, all_ready) = (requests(client), Arc::clone(&all_ready));
        clients.spawn(async move {
            all_ready.wait().await;
            for request in requests {
                connection.ask(&request).await?.accepted()?;
            }
            Ok(connection)
        });
    }
    all_ready.wait().await;
    let begun = Instant::now();
    let connections = all(clients).await?;
    Ok((begun.elapsed(), connections))
}

/// Where the body begins; `None` while the head is not whole.
fn end_of_head(read: &[u8]) -> Option<usize> {
    read.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn status(head: &str) -> Result<u16> {
    let status = head.split(' ').nth(1).and_then(|text| text.get(..3)?.parse().ok());
    status.with_context(|| format!("no status in {head:?}"))
}

fn length(head: &str) -> Result<Option<usize>> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    Ok(lengths.next().map(|(_, value)| value.trim().parse()).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let end = end_of_head(answer).expect("a whole head");
        let head = std::str::from_utf8(&answer[..end]).expect("text");
        assert_eq!(
            (status(head).expect("a status"), length(head).expect("a length")),
            (200, Some(2))
        );
        assert_eq!(end_of_head(b"HTTP/1.1 200 OK\r\n"), None);
        assert!(status("nonsense").is_err());
        assert!(length("content-length: x\r\n").is_err());
    }
}
