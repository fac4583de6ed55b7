//! TLS for real: the self-signed certificate, a socket over it, and plain HTTP where TLS is spoken.

use crate::peer::{Peer, hello, serve_with};
use game_server::net::limits::Limits;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use shared::message::ServerMessage;
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
    let connector = trusting(&server.directory.path().join("cert.pem"));
    let socket = TcpStream::connect(server.address()).await.unwrap();
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
    let mut peer = Peer::new(stream);
    peer.upgrade().await;
    peer.say(&hello()).await;
    peer.hear_until(|message| matches!(message, ServerMessage::Welcome(_))).await;
    assert!(server.server.local_url().starts_with("https://localhost:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_sent_on_to_https() {
    let server = serve_with(&["--no-record"], Limits::default()).await;
    let answer = server.request("GET /play/belt-1?x=1 HTTP/1.1\r\nHost: example.test:8443\r\n\r\n").await;
    assert_eq!(
        (answer.status, answer.header("Location")),
        (308, "https://example.test:8443/play/belt-1?x=1")
    );
    assert_eq!(server.request("GET / HTTP/1.1\r\nHost: a@b/c\r\n\r\n").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_is_made_once_and_its_key_kept_secret() {
    let first = serve_with(&["--no-record"], Limits::default()).await;
    let path = first.directory.path();
    let made = std::fs::read(path.join("cert.pem")).unwrap();
    let _second = serve_with(&["--no-record", "--data", path.to_str().unwrap()], Limits::default()).await;
    assert_eq!(std::fs::read(path.join("cert.pem")).unwrap(), made);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path.join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_never_ends_is_given_up() {
    let limits = Limits { handshake_timeout: std::time::Duration::from_millis(50), ..Limits::default() };
    let server = serve_with(&["--no-record"], limits).await;
    let mut peer = server.connect().await;
    peer.write(&[22, 3, 1]).await;
    peer.gone().await;
    server.connect().await.gone().await;
}
