//! As much HTTP/1.1 as one loopback needs: one request, one answer, then the connection closes.
//!
//! By hand, because two crates (a server and a client) would weigh more than these lines: no TLS,
//! no keep-alive, no chunks. Bounds: `MAX_HEAD`, `MAX_BODY`, and a time-out on every read.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::super::stopwatch::Stopwatch;

const MAX_HEAD: usize = 16 << 10;
const MAX_BODY: usize = 1 << 20;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Reads one request. An error is an answer of its own, with its status.
pub(super) fn read_request(stream: &mut TcpStream) -> std::result::Result<Asked, u16> {
    let (head, mut body) = read_head(stream).map_err(|_| 400_u16)?;
    let text = String::from_utf8(head).map_err(|_| 400_u16)?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Err(400) };
    let header = |name: &str| {
        let named = text.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
        named
            .filter(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .next()
    };
    if header("transfer-encoding").is_some() {
        return Err(411);
    }
    let length = match header("content-length").map(|length| length.parse::<usize>()) {
        None => 0,
        Some(Ok(length)) if length <= MAX_BODY => length,
        Some(Ok(_)) => return Err(413),
        Some(Err(_)) => return Err(400),
    };
    if header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(|_| 400_u16)?;
    }
    let mut chunk = [0_u8; 4096];
    while body.len() < length {
        match stream.read(&mut chunk) {
            Ok(read @ 1..) => body.extend_from_slice(&chunk[..read]),
            _ => return Err(400),
        }
    }
    body.truncate(length);
    let path = path.split('?').next().unwrap_or_default().to_owned();
    Ok(Asked { method: method.to_owned(), path, body })
}

/// The head up to its empty line, and what came after it.
fn read_head(stream: &mut TcpStream) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut read, mut chunk) = (Vec::new(), [0_u8; 4096]);
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = read.split_off(end + 4);
            read.truncate(end);
            return Ok((read, body));
        }
        if read.len() > MAX_HEAD {
            return Err(Error::new(ErrorKind::InvalidData, "the head is too long"));
        }
        match stream.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => read.extend_from_slice(&chunk[..count]),
        }
    }
}

/// Answers a request.
pub(super) fn answer(stream: &mut TcpStream, status: u16, body: &str) -> Result<()> {
    let reason = match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        _ => "Error",
    };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.flush()
}

/// Posts a JSON document and returns the status of the answer.
///
/// # Errors
/// If nobody is there, or there is no answer within `timeout`.
pub(super) fn post(to: SocketAddr, path: &str, body: &[u8], timeout: Duration) -> Result<u16> {
    let watch = Stopwatch::start();
    let mut stream = TcpStream::connect_timeout(&to, timeout)?;
    stream.set_write_timeout(Some(timeout))?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {to}\r\nuser-agent: Alertmanager/windtunnel\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let (mut read, mut chunk) = (Vec::new(), [0_u8; 1024]);
    loop {
        let line = read.windows(2).position(|two| two == b"\r\n");
        if let Some(end) = line {
            let text = String::from_utf8_lossy(&read[..end]).into_owned();
            let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
            let odd = || Error::new(ErrorKind::InvalidData, format!("no status in {text:?}"));
            return status.ok_or_else(odd);
        }
        let left = watch.left(timeout);
        if left.is_zero() || read.len() > MAX_HEAD {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => read.extend_from_slice(&chunk[..count]),
        }
    }
}
