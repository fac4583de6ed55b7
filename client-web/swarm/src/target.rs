//! The server under load: where it is and how it is spoken to.

use anyhow::Context;
use http::{Request, Uri};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
};
use shared::PROTOCOL_VERSION;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use tungstenite::client::IntoClientRequest;

/// How long an answer of the server's pages may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Largest answer that is read.
const ANSWER_LIMIT_BYTES: u64 = 4 * 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Target {
    pub address: SocketAddr,
    uri: Uri,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Target {
    /// Parses `ws://host:port` or `wss://host:port`; `room` is the name of an invite link.
    pub fn new(url: &str, room: Option<&str>) -> anyhow::Result<Target> {
        let base: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        let secure = match base.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            _ => anyhow::bail!("{url} must begin with ws:// or wss://"),
        };
        let authority = base.authority().with_context(|| format!("{url} names no host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let mut addresses =
            (host.as_str(), port).to_socket_addrs().with_context(|| format!("cannot find {host}"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        let query = match room {
            None => String::new(),
            Some(room) => {
                let named = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
                anyhow::ensure!(room.chars().all(named), "{room} is no name of a room");
                format!("?room={room}")
            }
        };
        let uri = format!("{}://{authority}/ws{query}", if secure { "wss" } else { "ws" }).parse()?;
        let name =
            ServerName::try_from(host).context("the host's name is none that a certificate can have")?;
        let tls = secure.then(|| anyhow::Ok((Arc::new(tls(address.ip())?), name))).transpose()?;
        Ok(Target { address, uri, tls })
    }

    /// A fresh TLS session, if TLS is spoken.
    pub(crate) fn tls(&self) -> io::Result<Option<ClientConnection>> {
        let connection =
            self.tls.as_ref().map(|(config, name)| ClientConnection::new(config.clone(), name.clone()));
        connection.transpose().map_err(io::Error::other)
    }

    pub(crate) fn request(&self) -> Result<Request<()>, tungstenite::Error> {
        let builder = tungstenite::client::ClientRequestBuilder::new(self.uri.clone());
        builder.with_sub_protocol(format!("driftbelt.{PROTOCOL_VERSION}")).into_client_request()
    }

    /// Requests a page of the server, such as `/metrics`.
    pub fn page(&self, path: &str) -> anyhow::Result<String> {
        let mut tcp = TcpStream::connect_timeout(&self.address, ANSWER_LIMIT)?;
        tcp.set_read_timeout(Some(ANSWER_LIMIT))?;
        tcp.set_write_timeout(Some(ANSWER_LIMIT))?;
        match self.tls()? {
            Some(connection) => self.ask(path, StreamOwned::new(connection, tcp)),
            None => self.ask(path, &mut tcp),
        }
    }

    /// HTTP/1.0: the answer is not chunked and ends with the connection.
    fn ask(&self, path: &str, mut stream: impl Read + Write) -> anyhow::Result<String> {
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: */*\r\n\r\n")?;
        stream.flush()?;
        let mut bytes = Vec::new();
        match stream.take(ANSWER_LIMIT_BYTES).read_to_end(&mut bytes) {
            // Some servers end TLS without saying so; the answer is there nevertheless.
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error.into()),
            _ => {}
        }
        let text = String::from_utf8(bytes).context("the answer is no text")?;
        let (head, body) = text.split_once("\r\n\r\n").context("the answer is no HTTP")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        anyhow::ensure!(status == "200", "{path} answers {status}");
        Ok(body.to_owned())
    }
}

/// TLS for load tests. On loopback any certificate is accepted: it is self-signed.
fn tls(address: IpAddr) -> anyhow::Result<ClientConfig> {
    anyhow::ensure!(
        address.is_loopback(),
        "wss is for servers on this machine: certificates are not checked"
    );
    let mut provider = rustls::crypto::ring::default_provider();
    // Browsers offer this one first on processors that have AES.
    provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
    let provider = Arc::new(provider);
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(AnyCertificate(provider));
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Accepts every certificate. Only for servers on this machine.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_host_port_and_room() {
        let target = Target::new("ws://127.0.0.1:9000", Some("red-7")).unwrap();
        assert_eq!(target.address, "127.0.0.1:9000".parse().unwrap());
        assert_eq!(target.uri.to_string(), "ws://127.0.0.1:9000/ws?room=red-7");
        assert!(target.tls().unwrap().is_none());
        assert!(Target::new("wss://127.0.0.1:9000", None).unwrap().tls().unwrap().is_some());
    }

    #[test]
    fn what_is_no_socket_is_refused() {
        for url in ["http://127.0.0.1:1", "127.0.0.1:1", "ws://", "wss://192.0.2.1:1"] {
            assert!(Target::new(url, None).is_err(), "{url}");
        }
        assert!(Target::new("ws://127.0.0.1:1", Some("a b&c")).is_err());
    }
}
