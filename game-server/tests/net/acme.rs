//! A certificate by ACME: ordered, validated by a challenge, used, kept.

use crate::authority::{ACME_PROTOCOL, Authority, shake_hands, shown};
use crate::peer::{Peer, TestServer, serve_with};
use crate::tls::trusting;
use game_server::net::edge::acme::{Acme, Wanted};
use game_server::net::edge::tls::{Certificate, CertificateFiles};
use game_server::net::guard::limits::Limits;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::client::TlsStream;

const DOMAIN: &str = "play.example.test";
const HTTP: &[u8] = b"http/1.1";
/// After this, a test fails instead of waiting.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two checks of a condition that cannot be awaited.
const GLANCES: Duration = Duration::from_millis(5);

async fn serve(authority: &Authority, data: &Path) -> TestServer {
    let (directory, trust) = (format!("{}/directory", authority.url), authority.file());
    let options = [
        ["--acme-domain", "Play.Example.Test"],
        ["--acme-contact", "host@example.test"],
        ["--acme-directory", &directory],
        ["--acme-ca", trust.to_str().unwrap()],
        ["--data", data.to_str().unwrap()],
        ["--host", "127.0.0.1"],
    ];
    serve_with(&[options.as_flattened(), &["--no-record"]].concat(), Limits::default()).await
}

/// A connection of a client that trusts only this file's authority.
async fn connect(server: &TestServer, name: &str, trust: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpStream::connect(server.address()).await.unwrap();
    trusting(trust).connect(ServerName::try_from(name.to_owned()).unwrap(), socket).await
}

async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looks = async {
        loop {
            match look().await {
                Some(seen) => return seen,
                None => sleep(GLANCES).await,
            }
        }
    };
    timeout(PATIENCE, looks).await.expect("this should have come by now")
}

/// Whether a whole certificate is on the disk.
fn is_kept(data: &Path) -> bool {
    let files = std::fs::read_dir(data.join("acme")).unwrap();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
    texts.into_iter().any(|text| text.ends_with("-----END CERTIFICATE-----\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_obtained_by_a_challenge_and_kept() {
    let authority = Authority::open(DOMAIN).await;
    let data = tempfile::tempdir().unwrap();
    let server = serve(&authority, data.path()).await;

    let own = CertificateDer::from_pem_file(data.path().join("cert.pem")).unwrap();
    for name in [DOMAIN, "localhost"] {
        let before = shake_hands(server.address(), name, HTTP).await.unwrap();
        assert_eq!(shown(&before), own, "{name}");
    }
    assert!(shake_hands(server.address(), DOMAIN, ACME_PROTOCOL).await.is_err());

    authority.resolve(server.address());
    let mut order = authority.order.subscribe();
    timeout(PATIENCE, order.wait_for(|status| *status == "valid")).await.unwrap().unwrap();
    let stream = until(async || connect(&server, DOMAIN, &authority.file()).await.ok()).await;
    let mut peer = Peer::new(stream);
    peer.write(format!("GET /healthz HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n").as_bytes()).await;
    let answer = peer.read_answer(true).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"alive\n".as_slice()));
    for name in ["localhost", "other.example.test"] {
        let beside = shake_hands(server.address(), name, HTTP).await.unwrap();
        assert_eq!(shown(&beside), own, "{name}");
    }
    assert!(shake_hands(server.address(), DOMAIN, ACME_PROTOCOL).await.is_err());

    until(async || is_kept(data.path()).then_some(())).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(data.path().join("acme")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    let issued = shown(&shake_hands(server.address(), DOMAIN, HTTP).await.unwrap());
    let requests = authority.requests.load(SeqCst);
    drop(peer);
    server.server.stop().await;
    let server = serve(&authority, data.path()).await;
    let again = connect(&server, DOMAIN, &authority.file()).await.unwrap();
    assert_eq!(shown(&again), issued);

    // It is in use as soon as `open` returns: players reconnect at once after a restart.
    let wanted = Wanted {
        domains: vec![DOMAIN.into()],
        contact: None,
        directory_url: format!("{}/directory", authority.url),
        authority: Some(authority.file()),
        data: data.path().into(),
    };
    let files = CertificateFiles::self_signed(data.path(), &[]).unwrap();
    let acme = Acme::open(wanted, Certificate::load(files).unwrap()).await.unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(acme.server_config().unwrap()));
    let (near, far) = tokio::io::duplex(16 * 1024);
    let connector = trusting(&authority.file());
    let client = connector.connect(ServerName::try_from(DOMAIN).unwrap(), far);
    let (accepted, connected) = tokio::join!(acceptor.accept(near), client);
    assert!(accepted.is_ok() && connected.is_ok());
    assert_eq!(authority.requests.load(SeqCst), requests);
}
