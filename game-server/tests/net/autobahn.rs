//! The Autobahn cases against our own connection code, over ws and wss. `cargo xtask test` installs the suite and runs this.

use crate::peer::{TestServer, serve_for};
use crate::tls::trusting;
use game_server::net::guard::limits::Limits;
use game_server::net::play::context::Purpose;
use rustls::pki_types::ServerName;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// Where the program of the suite lies.
const SUITE_VARIABLE: &str = "KOSOKU";
/// Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, sizes, fragmentation alone. The rest is
/// compression, which we do not offer.
const GROUPS: [&str; 9] = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"];
/// Cases that run at the same time.
const CASES_AT_ONCE: &str = "8";
/// The largest message of the suite (9.1.6).
const MESSAGE_BYTES: usize = 16 * 1024 * 1024;

async fn echo(options: &[&str]) -> TestServer {
    // The suite sends as fast as it can, and is silent as long as it likes.
    let limits = Limits {
        message_bytes: MESSAGE_BYTES,
        messages_per_second: u32::MAX,
        messages_burst: u32::MAX,
        bytes_per_second: u32::MAX,
        bytes_burst: u32::MAX,
        silence_timeout: Duration::from_secs(600),
        write_timeout: Duration::from_secs(60),
        ..Limits::default()
    };
    serve_for(Purpose::Echo, &[options, &["--no-record"]].concat(), limits).await
}

/// Runs the suite against what listens there; its report lies in `folder` of the build directory.
async fn run_suite(address: SocketAddr, folder: &str) {
    let suite = std::env::var_os(SUITE_VARIABLE);
    let suite = suite.expect("KOSOKU names the program of the suite: run this by `cargo xtask test`");
    let mut command = Command::new(suite);
    command
        .args(["-p", CASES_AT_ONCE, "-o"])
        .arg(format!("{}/autobahn/{folder}", env!("CARGO_TARGET_TMPDIR")));
    command.args(GROUPS.iter().flat_map(|group| ["-i", group]));
    command.arg(format!("ws://{address}/ws"));
    let status = tokio::task::spawn_blocking(move || command.status()).await.unwrap().unwrap();
    assert!(status.success(), "cases failed: see above");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the suite: `cargo xtask test` installs it"]
async fn no_case_fails_over_ws() {
    run_suite(echo(&["--no-tls"]).await.address(), "ws").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the suite: `cargo xtask test` installs it"]
async fn no_case_fails_over_wss() {
    let server = echo(&[]).await;
    // The suite itself speaks no TLS.
    let tunnel = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let entrance = tunnel.local_addr().unwrap();
    let connector = trusting(&server.directory.path().join("cert.pem"));
    let exit = server.address();
    tokio::spawn(async move {
        while let Ok((mut inner, _)) = tunnel.accept().await {
            let connector = connector.clone();
            tokio::spawn(async move {
                let socket = TcpStream::connect(exit).await.unwrap();
                let name = ServerName::try_from("localhost").unwrap();
                let mut outer = connector.connect(name, socket).await.unwrap();
                // How a stream ends is for the suite to judge.
                let _ = copy_bidirectional(&mut inner, &mut outer).await;
            });
        }
    });
    run_suite(entrance, "wss").await;
}
