//! The states that systemd is notified of: ready, alive, reloading, stopping.

use crate::process::{command, replace};
use std::fs;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// The first message of this kind. The watchdog's may come between others.
fn expect(socket: &UnixDatagram, kind: &str) -> String {
    loop {
        let mut bytes = [0; 256];
        let length = socket.recv(&mut bytes).unwrap();
        let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
        if message.starts_with(kind) {
            return message;
        }
        assert_eq!(message.trim(), "WATCHDOG=1", "before {kind}");
    }
}

#[test]
fn systemd_is_told_of_the_start_upgrades_health_and_the_stop() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(ANSWER_LIMIT)).unwrap();
    let binary = home.path().join("game-server");
    replace(&binary, &fs::read(env!("CARGO_BIN_EXE_game-server")).unwrap());
    // A port that nothing else uses: only one that is known can be tried at READY.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = command(&binary, &home, port, &[]);
    server.stderr(std::process::Stdio::null());
    let mut server = server.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000").spawn().unwrap();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &server.id().to_string()]).status().unwrap();
        assert!(sent.success());
    };
    expect(&socket, "READY=1");
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    expect(&socket, "WATCHDOG=1");
    signal("-HUP");
    let reloading = expect(&socket, "RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    expect(&socket, "READY=1");
    expect(&socket, "WATCHDOG=1");
    // An upgrade that cannot be.
    fs::remove_file(&binary).unwrap();
    signal("-USR2");
    expect(&socket, "RELOADING=1");
    expect(&socket, "READY=1");
    signal("-TERM");
    expect(&socket, "STOPPING=1");
    assert_eq!(server.wait().unwrap().code(), Some(0));
}
