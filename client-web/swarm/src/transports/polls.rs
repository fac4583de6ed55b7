//! A line over plain requests, as the browser uses them: polls receive, posts send.

use super::line::{Counted, Ends, Line, Meter, Timed, sleep_until};
use crate::target::Target;
use anyhow::Context;
use shared::PROTOCOL_VERSION;
use shared::batch::{Piece, pieces, put_message};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Polls that wait at the same time.
    polls: usize,
    query: &'static str,
    /// From one poll to the next, if it is not answered later.
    interval: Duration,
}

/// As the browser's client does it.
pub const LONG: Pace = Pace { polls: 2, query: "", interval: Duration::ZERO };
/// As the browser's client does it.
pub const SHORT: Pace = Pace { polls: 1, query: "?wait=0", interval: Duration::from_millis(50) };

/// What Chromium adds to every request of a page: without it, the overhead would look better than it is.
const BROWSER_HEADERS: &str = "Connection: keep-alive\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    sec-ch-ua-platform: \"Linux\"\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Safari/537.36\r\nsec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
    sec-ch-ua-mobile: ?0\r\nAccept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Dest: empty\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n";

/// Opens a polling connection with the Hello; `delay` is simulated for each direction.
pub fn open(target: &Target, hello: Vec<u8>, delay: Duration, pace: Pace) -> anyhow::Result<Line> {
    let meter = Arc::new(Meter::default());
    let connect = || Requests::connect(target.address, meter.clone(), delay);
    let mut posts = connect()?;
    let (status, id) = posts.request("POST", &format!("/poll?version={PROTOCOL_VERSION}"), &hello)?;
    anyhow::ensure!(status == 201, "the server answers {status}");
    let path = format!("/poll/{}", String::from_utf8(id).context("an id that is no text")?);
    let (line, Ends { outgoing, incoming }) = Line::new(meter.clone(), Duration::ZERO);
    let turns = Arc::new(Mutex::new(Turns::new(incoming)));
    for _ in 0..pace.polls {
        let (polls, path, turns) = (connect()?, path.clone(), turns.clone());
        thread::spawn(move || poll(polls, &path, pace, &turns));
    }
    thread::spawn(move || post(posts, &path, &outgoing));
    Ok(line)
}

/// Puts answers into the order of their numbers.
struct Turns {
    next_number: u64,
    next_sent: u64,
    early: BTreeMap<u64, Vec<u8>>,
    /// None once the server has closed.
    incoming: Option<Sender<Timed>>,
}

impl Turns {
    fn new(incoming: Sender<Timed>) -> Turns {
        Turns { next_number: 0, next_sent: 0, early: BTreeMap::new(), incoming: Some(incoming) }
    }

    fn next_number(&mut self) -> Option<u64> {
        self.incoming.as_ref()?;
        self.next_number += 1;
        Some(self.next_number - 1)
    }

    fn add(&mut self, number: u64, batch: Vec<u8>) {
        self.early.insert(number, batch);
        while let Some(batch) = self.early.remove(&self.next_sent) {
            self.next_sent += 1;
            for piece in pieces(&batch) {
                let Some(incoming) = &self.incoming else { return };
                let open = match piece {
                    Ok(Piece::Message(message)) => incoming.send((Instant::now(), message.to_vec())).is_ok(),
                    Ok(Piece::Close { .. }) | Err(_) => false,
                };
                if !open {
                    self.incoming = None;
                }
            }
        }
    }
}

fn poll(mut polls: Requests, path: &str, pace: Pace, turns: &Mutex<Turns>) {
    let turns = || turns.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let due = Instant::now() + pace.interval;
        let Some(number) = turns().next_number() else { return };
        match polls.request("GET", &format!("{path}/{number}{}", pace.query), b"") {
            Ok((200, batch)) => turns().add(number, batch),
            _ => return turns().incoming = None,
        }
        sleep_until(due);
    }
}

/// One post at a time; messages sent during it go into the next one.
fn post(mut posts: Requests, path: &str, outgoing: &Receiver<Timed>) {
    for number in 0_u64.. {
        let Ok((_, first)) = outgoing.recv() else { return };
        let mut batch = Vec::new();
        put_message(&first, &mut batch);
        outgoing.try_iter().for_each(|(_, message)| put_message(&message, &mut batch));
        if !matches!(posts.request("POST", &format!("{path}/{number}"), &batch), Ok((204, _))) {
            return;
        }
    }
}

/// One connection for one request at a time.
struct Requests {
    stream: BufReader<Counted>,
    meter: Arc<Meter>,
    delay: Duration,
    host: SocketAddr,
}

impl Requests {
    fn connect(host: SocketAddr, meter: Arc<Meter>, delay: Duration) -> io::Result<Requests> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Requests { stream: BufReader::new(Counted { stream, meter: meter.clone() }), meter, delay, host })
    }

    fn request(&mut self, method: &str, path: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{BROWSER_HEADERS}", self.host);
        if method == "POST" {
            request.push_str(&format!("Content-Length: {}\r\nOrigin: http://{}\r\n", body.len(), self.host));
        }
        request.push_str("\r\n");
        self.meter.requests.fetch_add(1, Relaxed);
        thread::sleep(self.delay);
        self.stream.get_mut().write_all(&[request.as_bytes(), body].concat())?;
        let answer = self.read_answer();
        thread::sleep(self.delay);
        answer
    }

    fn read_answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let malformed = || io::Error::from(io::ErrorKind::InvalidData);
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            if status.is_none() {
                let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
                status = Some(code.ok_or_else(malformed)?);
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.parse().map_err(|_| malformed())?;
            }
        }
        let mut body = Vec::new();
        (&mut self.stream).take(length).read_to_end(&mut body)?;
        Ok((status.unwrap_or_default(), body))
    }
}
