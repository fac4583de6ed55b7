//! TLS: the self-signed certificate, WebSockets over TLS, and plain HTTP on a port that serves TLS.

use crate::peer::{BINARY, Frame, serve_for, serve_with};
use crate::well::{open_over_tls, over_tls};
use game_server::net::guard::limits::Limits;
use game_server::net::play::context::Purpose;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connector that trusts this certificate.
pub fn trusting(certificate: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_joins_over_tls() {
    let server = serve_with(&["--no-record"], Limits::default()).await;
    let socket = TcpStream::connect(server.address()).await.unwrap();
    over_tls(socket, &server.directory.path().join("cert.pem")).await;
    assert!(server.server.local_url().starts_with("https://localhost:"));
}

/// Longer than a TLS record and than the default buffer of a TLS session.
const LONG_MESSAGE_BYTES: usize = 100_000;

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_every_length_come_back_over_tls() {
    let limits = Limits { message_bytes: LONG_MESSAGE_BYTES, bytes_burst: u32::MAX, ..Limits::default() };
    let server = serve_for(Purpose::Echo, &["--no-record"], limits).await;
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let mut peer = open_over_tls(socket, &server.directory.path().join("cert.pem")).await;
    for length in [0, 1, 256, 257, 4096, 0, 64 * 1024, LONG_MESSAGE_BYTES] {
        let payload = vec![b'*'; length];
        peer.send(BINARY, &payload).await;
        assert_eq!(peer.frame().await, Some(Frame { opcode: BINARY, payload }), "{length} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_redirected_to_https() {
    let server = serve_with(&["--no-record"], Limits::default()).await;
    let answer = server.request("GET /play/belt-1?x=1 HTTP/1.1\r\nHost: example.test:8443\r\n\r\n").await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (308, "https://example.test:8443/play/belt-1?x=1")
    );
    assert!(answer.header("Content-Security-Policy").starts_with("default-src 'none'"));
    let post = "POST /poll HTTP/1.1\r\nHost: example.test\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(server.request(post).await.header("Location"), "https://example.test/poll");
    assert_eq!(server.request("GET / HTTP/1.1\r\nHost: a@b/c\r\n\r\n").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_created_once_and_its_key_is_private() {
    let first = serve_with(&["--no-record"], Limits::default()).await;
    let path = first.directory.path();
    let made = std::fs::read(path.join("cert.pem")).unwrap();
    let _second = serve_with(&["--no-record", "--data", path.to_str().unwrap()], Limits::default()).await;
    assert_eq!(std::fs::read(path.join("cert.pem")).unwrap(), made);
    // As after a full disk.
    std::fs::write(path.join("cert.pem"), "").unwrap();
    let third = serve_with(&["--no-record", "--data", path.to_str().unwrap()], Limits::default()).await;
    over_tls(TcpStream::connect(third.address()).await.unwrap(), &path.join("cert.pem")).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path.join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_never_ends_is_aborted() {
    let limits = Limits { handshake_timeout: std::time::Duration::from_millis(50), ..Limits::default() };
    let server = serve_with(&["--no-record"], limits).await;
    let mut peer = server.connect().await;
    peer.write(&[22, 3, 1]).await;
    peer.gone().await;
    server.connect().await.gone().await;
}
