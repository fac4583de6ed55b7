//! A small ACME authority (RFC 8555). It does not check signatures, but it does check the server's answer to the challenge
//! (TLS-ALPN-01, RFC 8737).

use axum::body::{Body, to_bytes};
use axum::response::Response;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue, LOCATION};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SignatureAlgorithm,
};
use ring::digest::{SHA256, digest};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest};

pub const ACME_PROTOCOL: &[u8] = b"acme-tls/1";
const ACME_IDENTIFIER: &str = "1.3.6.1.5.5.7.1.31";
const TOKEN: &str = "a-token-of-this-challenge";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An authority with one account and one domain. Requests wait until it knows the address of the domain.
pub struct Authority {
    pub url: String,
    domain: String,
    certificate: Certificate,
    key: KeyPair,
    directory: TempDir,
    server: watch::Sender<Option<SocketAddr>>,
    thumbprint: Mutex<String>,
    /// How far the order is: "pending", "ready" or "valid".
    pub order: watch::Sender<&'static str>,
    issued: Mutex<String>,
    pub requests: AtomicUsize,
}

impl Authority {
    pub async fn open(domain: &str) -> Arc<Authority> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::new(Vec::new()).unwrap());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("ca.pem"), certificate.pem()).unwrap();
        let authority = Arc::new(Authority {
            url: format!("https://localhost:{}", listener.local_addr().unwrap().port()),
            domain: domain.into(),
            certificate,
            key,
            directory,
            server: watch::Sender::default(),
            thumbprint: Mutex::default(),
            order: watch::Sender::new("pending"),
            issued: Mutex::default(),
            requests: AtomicUsize::new(0),
        });
        tokio::spawn(authority.clone().run(listener));
        authority
    }

    /// The root certificate for its clients.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Sets the address of the domain.
    pub fn resolve(&self, server: SocketAddr) {
        self.server.send_replace(Some(server));
    }

    fn issue(&self, name: &str, key: &impl PublicKeyData) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = (SystemTime::now() - DAY).into();
        params.not_after = (SystemTime::now() + 90 * DAY).into();
        params.signed_by(key, &self.certificate, &self.key).unwrap()
    }

    async fn run(self: Arc<Authority>, listener: TcpListener) {
        let key = KeyPair::generate().unwrap();
        let chain = vec![self.issue("localhost", &key).der().clone()];
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        while let Ok((socket, _)) = listener.accept().await {
            let (authority, acceptor) = (self.clone(), acceptor.clone());
            tokio::spawn(async move {
                let stream = TokioIo::new(acceptor.accept(socket).await.unwrap());
                let service = hyper::service::service_fn(move |request| authority.clone().answer(request));
                // Clients close without ceremony after the response.
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
            });
        }
    }

    async fn answer(self: Arc<Authority>, request: Request<Incoming>) -> Result<Response, Infallible> {
        self.requests.fetch_add(1, SeqCst);
        let path = request.uri().path().to_owned();
        let body = to_bytes(Body::new(request.into_body()), usize::MAX).await.unwrap();
        let (protected, payload) = signed(&body);
        let at = |path: &str| format!("{}/{path}", self.url);
        let answer = match path.as_str() {
            "/directory" => {
                self.server.subscribe().wait_for(Option::is_some).await.unwrap();
                json!({ "newNonce": at("nonce"), "newAccount": at("account"), "newOrder": at("order") })
            }
            "/account" => {
                assert_eq!(payload["contact"], json!(["mailto:host@example.test"]));
                let part = |name: &str| protected["jwk"][name].as_str().unwrap();
                let (crv, kty, x, y) = (part("crv"), part("kty"), part("x"), part("y"));
                let jwk = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#);
                *self.thumbprint.lock().unwrap() = encoded(digest(&SHA256, jwk.as_bytes()).as_ref());
                json!({ "status": "valid" })
            }
            "/challenge" => {
                self.validate().await;
                self.order.send_replace("ready");
                self.challenge()
            }
            "/authorization" => {
                let status = if *self.order.borrow() == "pending" { "pending" } else { "valid" };
                let identifier = json!({ "type": "dns", "value": self.domain });
                json!({ "status": status, "identifier": identifier, "challenges": [self.challenge()] })
            }
            "/finalize" => {
                let request = BASE64_URL_SAFE_NO_PAD.decode(payload["csr"].as_str().unwrap()).unwrap();
                let request = X509CertificationRequest::from_der(&request).unwrap().1;
                let key = request.certification_request_info.subject_pki.subject_public_key.data.to_vec();
                *self.issued.lock().unwrap() = self.issue(&self.domain, &Requested(key)).pem();
                self.order.send_replace("valid");
                self.order()
            }
            "/order" => self.order(),
            "/certificate" => Value::String(self.issued.lock().unwrap().clone()),
            _ => Value::Null,
        };
        let text = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        let mut answer = Response::new(Body::from(if path == "/nonce" { String::new() } else { text }));
        let headers = answer.headers_mut();
        headers.insert(HeaderName::from_static("replay-nonce"), HeaderValue::from_static("once"));
        headers.insert(LOCATION, HeaderValue::from_str(&at(&path[1..])).unwrap());
        Ok(answer)
    }

    fn order(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.url);
        json!({
            "status": *self.order.borrow(),
            "authorizations": [at("authorization")],
            "finalize": at("finalize"),
            "certificate": at("certificate"),
        })
    }

    fn challenge(&self) -> Value {
        json!({ "type": "tls-alpn-01", "url": format!("{}/challenge", self.url), "token": TOKEN })
    }

    /// Checks that the server at the domain answers the challenge and then closes the connection.
    async fn validate(&self) {
        let server = self.server.borrow().unwrap();
        let mut stream = shake_hands(server, &self.domain, ACME_PROTOCOL).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(ACME_PROTOCOL));
        let shown = shown(&stream);
        let certificate = X509Certificate::from_der(&shown).unwrap().1;
        let names = certificate.subject_alternative_name().unwrap().unwrap().value;
        assert_eq!(names.general_names.len(), 1);
        assert_eq!(names.general_names[0].to_string(), format!("DNSName({})", self.domain));
        let mut extensions = certificate.extensions().iter();
        let identifier =
            extensions.find(|extension| extension.oid.to_id_string() == ACME_IDENTIFIER).unwrap();
        let authorization = format!("{TOKEN}.{}", self.thumbprint.lock().unwrap());
        let expected = [&[4, 32], digest(&SHA256, authorization.as_bytes()).as_ref()].concat();
        assert!(identifier.critical);
        assert_eq!(identifier.value, expected);
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }
}

/// A TLS handshake of a client that accepts any certificate.
pub async fn shake_hands(
    server: SocketAddr,
    name: &str,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().dangerous();
    let mut config = config.with_custom_certificate_verifier(Arc::new(AcceptAny)).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let socket = TcpStream::connect(server).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await
}

/// The certificate that the server presented.
pub fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

/// The two halves of a signed request; nothing if it is not signed.
fn signed(body: &[u8]) -> (Value, Value) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let part = |name: &str| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(body[name].as_str().unwrap_or_default()).unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    (part("protected"), part("payload"))
}

fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The public key of a request for a certificate.
struct Requested(Vec<u8>);

impl PublicKeyData for Requested {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// Accepts any certificate.
#[derive(Debug)]
struct AcceptAny;

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
