//! `health`: asks a running server whether it is well, for the health checks of containers and service managers.

use crate::cli::HealthOptions;
use anyhow::{Context, anyhow, bail};
use hyper::Uri;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// What is asked for where the URL names no path.
const PATH: &str = "/healthz";
/// Longest wait for each of the connection and the parts of the answer.
const TIMEOUT: Duration = Duration::from_secs(3);
/// What is read of an answer.
const ANSWER_LIMIT_BYTES: u64 = 16 * 1024;

/// Prints the server's answer.
///
/// # Errors
/// There is no server, or it is not well.
pub fn run(options: &HealthOptions) -> anyhow::Result<String> {
    let url = match &options.url {
        Some(url) => url.clone(),
        None => configured_url(options)?,
    };
    let answer = ask(&url).with_context(|| format!("unhealthy: {url}"))?;
    Ok(format!("healthy: {url}: {answer}"))
}

/// Where a server of the same options listens, as seen from this machine.
fn configured_url(options: &HealthOptions) -> anyhow::Result<Uri> {
    let listen = &options.listen;
    if listen.port == 0 {
        bail!("with port 0 the server takes any free one: name it with --url");
    }
    let host = match listen.host {
        Some(IpAddr::V6(host)) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        Some(host) if !host.is_unspecified() => host,
        _ => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let scheme = if listen.no_tls { "http" } else { "https" };
    Ok(format!("{scheme}://{}{PATH}", SocketAddr::new(host, listen.port)).parse()?)
}

fn ask(url: &Uri) -> anyhow::Result<String> {
    let tls = match url.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => bail!("the URL must begin with http:// or https://"),
    };
    let authority = url.authority().context("the URL names no host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = connect(&host, port)?;
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let path = if path == "/" { PATH } else { path };
    // By HTTP/1.0 the answer ends with the connection and has no framing.
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\nUser-Agent: game-server health\r\n\r\n");
    let answer = if tls {
        let name = ServerName::try_from(host)?;
        let connection = ClientConnection::new(Arc::new(trusting_anybody()?), name)?;
        exchange(StreamOwned::new(connection, stream), &request)
    } else {
        exchange(stream, &request)
    };
    let (status, text) = read_answer(&answer?).ok_or_else(|| anyhow!("what answers does not speak HTTP"))?;
    if status != 200 {
        bail!("it answers {status}: {text}");
    }
    Ok(text)
}

fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let addresses = (host, port).to_socket_addrs().with_context(|| format!("the address of {host}"))?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    Err(last
        .map_or_else(|| anyhow!("{host} has no address"), anyhow::Error::new)
        .context("nobody listens there"))
}

fn exchange(mut stream: impl Read + Write, request: &str) -> anyhow::Result<Vec<u8>> {
    let sent = stream.write_all(request.as_bytes()).and_then(|()| stream.flush());
    sent.context("the request cannot be sent")?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_LIMIT_BYTES).read_to_end(&mut answer) {
        // A peer may close without a goodbye of TLS: the answer is there.
        Err(error) if answer.is_empty() => Err(error).context("no answer"),
        _ => Ok(answer),
    }
}

/// The status, and the first line of the body.
fn read_answer(answer: &[u8]) -> Option<(u16, String)> {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.lines().next().unwrap_or_default().to_owned()))
}

/// The server's certificate may be a self-signed one, and nothing secret is sent.
fn trusting_anybody() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(AnyCertificate(provider));
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

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
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
