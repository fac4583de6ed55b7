//! The real binary as a process, which can be killed and started again on its port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// A running server.
pub struct ServerProcess {
    pub child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

/// Starts the binary with recordings in the directory. Port 0 takes any.
pub fn start(home: &TempDir, port: u16, options: &[&str]) -> ServerProcess {
    start_binary(Path::new(env!("CARGO_BIN_EXE_game-server")), home, port, options)
}

pub fn start_binary(binary: &Path, home: &TempDir, port: u16, options: &[&str]) -> ServerProcess {
    start_command(&mut command(binary, home, port, options))
}

/// Starts a server and waits until it is open.
pub fn start_command(command: &mut Command) -> ServerProcess {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    let url = loop {
        let Some(line) = lines.next() else { panic!("the server ended before it was open: {said:#?}") };
        let line = line.unwrap();
        if let Some(url) = line.strip_prefix("Driftbelt is open: ") {
            break url.trim().to_owned();
        }
        said.push(line);
    };
    let port = url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    // Its log is read on, so that it never waits for a reader, and shown if the test fails.
    let log = Arc::new(Mutex::new(said));
    std::thread::spawn({
        let log = log.clone();
        move || {
            for line in lines.map_while(Result::ok) {
                eprintln!("{line}");
                log.lock().unwrap().push(line);
            }
        }
    });
    ServerProcess { child, address: (Ipv4Addr::LOCALHOST, port).into(), log }
}

/// The command that starts the binary.
pub fn command(binary: &Path, home: &TempDir, port: u16, options: &[&str]) -> Command {
    let mut command = Command::new(binary);
    // Tests are about what is written, not about how fast this machine's disk is.
    command.args(["serve", "--no-tls", "--recording-wait-limit-ms", "60000", "--port", &port.to_string()]);
    command.arg("--recordings").arg(home.path()).args(options).current_dir(home.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

impl ServerProcess {
    /// What it answers to a request of a path: head and body.
    pub fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    /// What it answers to the start of a request and this body: head and body.
    pub fn ask(&self, start: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let length = body.len();
        let rest = format!("Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        write!(stream, "{start}{rest}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// How many lines of its log say this.
    pub fn said(&self, words: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(words)).count()
    }

    /// Ends it without a word, as a crash does.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The recordings of a directory.
pub fn recordings(home: &TempDir) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "belt")).collect()
}

#[cfg(unix)]
/// Puts a file in the place of the running binary, as an installer does: never into it.
pub fn replace(place: &Path, content: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    let new = place.with_extension("new");
    std::fs::write(&new, content).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&new, place).unwrap();
}
