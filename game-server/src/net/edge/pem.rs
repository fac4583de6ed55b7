//! Certificate chains and private keys from PEM files. What is wrong with a file is said in words: which file, what, and what to
//! do.

use crate::files;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use rustls::crypto::ring as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Version};

/// The outermost element of DER is a sequence (X.690 §8.9): of more than 127 bytes, as certificates and keys are.
const DER_SEQUENCE: u8 = 0x30;
const DER_LONG_LENGTH_FLOOR: u8 = 0x80;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct FileProblem {
    pub file: PathBuf,
    pub problem: Problem,
}

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("the file is empty: was it written completely?")]
    Empty,
    #[error(
        "the file is binary (DER or PKCS #12), not PEM: `openssl x509 -inform der` converts a certificate, `openssl pkey -inform \
         der` a key, `openssl pkcs12 -nodes` a .p12 or .pfx file"
    )]
    Binary,
    #[error("the PEM is damaged ({0}): copy the file again, whole")]
    Damaged(String),
    #[error(
        "the file has a private key but no certificate: --cert needs the certificate chain, --key the key"
    )]
    OnlyKey,
    #[error(
        "the file has a request for a certificate: --cert needs the certificate that the authority has made of it"
    )]
    OnlyRequest,
    #[error("the file has no certificate: it needs a line -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    #[error(
        "the file has a certificate but no private key: --key needs the key, --cert the certificate chain"
    )]
    OnlyCertificate,
    #[error("the file has no private key: it needs a line such as -----BEGIN PRIVATE KEY-----")]
    NoKey,
    #[error("the private key is encrypted: `openssl pkey -in FILE -out NEW` removes the passphrase")]
    EncryptedKey,
    #[error("the private key cannot be used ({0}): make one of ECDSA P-256, Ed25519 or RSA with 2,048 bits")]
    BadKey(rustls::Error),
    #[error("certificate {0} of the file is not a certificate of X.509")]
    NoX509(usize),
    #[error(
        "the certificate is of X.509 version {0}, which browsers refuse: make one of version 3, with the host's name as \
         subjectAltName"
    )]
    OldVersion(u32),
    #[error(
        "the chain is in the wrong order: the server's own certificate is number {0} and must be the first, followed by the \
         one that signed it"
    )]
    WrongOrder(usize),
    #[error("the certificate does not belong to the private key: --cert and --key must be of one pair")]
    OtherKey,
    #[error("the certificate cannot be used: {0}")]
    Unusable(rustls::Error),
}

/// What can be used but will not please browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    #[error("the chain is not in order: each certificate must be followed by the one that signed it")]
    Unordered,
    #[error(
        "the certificate names no host, so that browsers refuse it: make one with the host's name as subjectAltName"
    )]
    NoNames,
}

/// A certificate chain with its key.
#[derive(Debug)]
pub struct Pair {
    pub key: CertifiedKey,
    pub validity: Validity,
    pub remarks: Vec<Remark>,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub not_before: SystemTime,
    pub not_after: SystemTime,
}

/// The two files of a pair, as bytes.
#[derive(Debug)]
pub struct PairFiles<'a> {
    cert: &'a Path,
    key: &'a Path,
    cert_bytes: Vec<u8>,
    key_bytes: Vec<u8>,
}

/// Tells whether files have changed.
pub type Digest = [u8; SHA256_OUTPUT_LEN];

impl Validity {
    fn of(certificate: &X509Certificate<'_>) -> Validity {
        let time = |time: ASN1Time| {
            let since = Duration::from_secs(time.timestamp().try_into().unwrap_or_default());
            SystemTime::UNIX_EPOCH + since
        };
        let validity = certificate.validity();
        Validity { not_before: time(validity.not_before), not_after: time(validity.not_after) }
    }

    /// The validity of the first certificate of a PEM file.
    pub fn of_pem(pem: &[u8]) -> Option<Validity> {
        let first = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
        X509Certificate::from_der(&first).ok().map(|(_, certificate)| Validity::of(&certificate))
    }

    pub fn holds(&self, now: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// Days until the end; negative after it.
    pub fn days_left(&self, now: SystemTime) -> f64 {
        match self.not_after.duration_since(now) {
            Ok(left) => left.as_secs_f64() / DAY.as_secs_f64(),
            Err(past) => -past.duration().as_secs_f64() / DAY.as_secs_f64(),
        }
    }
}

impl<'a> PairFiles<'a> {
    pub fn read(cert: &'a Path, key: &'a Path) -> Result<PairFiles<'a>, FileProblem> {
        let read = |file: &Path| fs::read(file).map_err(|error| in_file(file)(error.into()));
        Ok(PairFiles { cert, key, cert_bytes: read(cert)?, key_bytes: read(key)? })
    }

    pub fn digest(&self) -> Digest {
        // The length keeps the two apart.
        let length = self.cert_bytes.len().to_le_bytes();
        let both = [&length[..], &self.cert_bytes, &self.key_bytes].concat();
        let mut bytes = Digest::default();
        bytes.copy_from_slice(digest(&SHA256, &both).as_ref());
        bytes
    }

    pub fn parse(&self) -> Result<Pair, FileProblem> {
        let (in_cert, in_key) = (in_file(self.cert), in_file(self.key));
        let chain = certificates(&self.cert_bytes).map_err(&in_cert)?;
        let key = private_key(&self.key_bytes).map_err(&in_key)?;
        let signing_key = provider::default_provider().key_provider.load_private_key(key);
        let signing_key = signing_key.map_err(|error| in_key(Problem::BadKey(error)))?;
        let (validity, remarks) = {
            let parsed = parsed(&chain).map_err(&in_cert)?;
            let leaf = parsed.first().ok_or_else(|| in_cert(Problem::NoCertificate))?;
            if leaf.version() != X509Version::V3 {
                return Err(in_cert(Problem::OldVersion(leaf.version().0 + 1)));
            }
            if let Some(spki) = signing_key.public_key() {
                check_key(&parsed, &spki).map_err(&in_cert)?;
            }
            (Validity::of(leaf), remarks(&parsed))
        };
        let key = CertifiedKey::new(chain, signing_key);
        key.keys_match().or_else(|error| match error {
            // This kind of key does not tell its public half.
            rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown) => Ok(()),
            error => Err(in_cert(Problem::Unusable(error))),
        })?;
        Ok(Pair { key, validity, remarks })
    }
}

/// The certificates of a PEM file: at least one.
pub fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, FileProblem> {
    let read = fs::read(file).map_err(Problem::from);
    read.and_then(|bytes| certificates(&bytes)).map_err(in_file(file))
}

fn in_file(file: &Path) -> impl Fn(Problem) -> FileProblem {
    move |problem| FileProblem { file: file.into(), problem }
}

fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let text = pem_text(bytes)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    let chain = chain.map_err(|error| Problem::Damaged(error.to_string()))?;
    match chain.is_empty() {
        false => Ok(chain),
        true if has_label(text, "PRIVATE KEY") => Err(Problem::OnlyKey),
        true if has_label(text, "CERTIFICATE REQUEST") => Err(Problem::OnlyRequest),
        true => Err(Problem::NoCertificate),
    }
}

fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, Problem> {
    let text = pem_text(bytes)?;
    // The second is how older files say it (RFC 1421 §4.6.1.1).
    if has_label(text, "ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err(Problem::EncryptedKey);
    }
    let key = PrivateKeyDer::pem_slice_iter(text.as_bytes()).next();
    match key {
        Some(key) => key.map_err(|error| Problem::Damaged(error.to_string())),
        None if has_label(text, "CERTIFICATE") => Err(Problem::OnlyCertificate),
        None => Err(Problem::NoKey),
    }
}

fn pem_text(bytes: &[u8]) -> Result<&str, Problem> {
    match bytes {
        [DER_SEQUENCE, (DER_LONG_LENGTH_FLOOR..), ..] => Err(Problem::Binary),
        [DER_SEQUENCE, length, rest @ ..] if usize::from(*length) == rest.len() => Err(Problem::Binary),
        _ => match files::text_of(bytes)? {
            text if text.trim().is_empty() => Err(Problem::Empty),
            text => Ok(text),
        },
    }
}

/// Whether a file has a section whose label ends so (RFC 7468 §2).
fn has_label(text: &str, end: &str) -> bool {
    let mut labels =
        text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    labels.any(|label| label.ends_with(end))
}

fn parsed<'a>(chain: &'a [CertificateDer<'_>]) -> Result<Vec<X509Certificate<'a>>, Problem> {
    let parse = |(number, der): (usize, &'a CertificateDer<'_>)| match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(certificate),
        Err(_) => Err(Problem::NoX509(number)),
    };
    (1..).zip(chain).map(parse).collect()
}

/// Whether the first certificate of the chain has this public key.
fn check_key(chain: &[X509Certificate<'_>], spki: &[u8]) -> Result<(), Problem> {
    let Ok((_, key)) = SubjectPublicKeyInfo::from_der(spki) else { return Ok(()) };
    let has_key = |certificate: &X509Certificate<'_>| {
        certificate.public_key().subject_public_key == key.subject_public_key
    };
    match chain.iter().position(has_key) {
        Some(0) => Ok(()),
        Some(position) => Err(Problem::WrongOrder(position + 1)),
        None => Err(Problem::OtherKey),
    }
}

fn remarks(chain: &[X509Certificate<'_>]) -> Vec<Remark> {
    let is_unordered = chain.windows(2).any(|pair| pair[0].issuer() != pair[1].subject());
    let names = chain.first().and_then(|leaf| leaf.subject_alternative_name().ok().flatten());
    let names_hosts = names.is_some_and(|names| !names.value.general_names.is_empty());
    let remarks = [(is_unordered, Remark::Unordered), (!names_hosts, Remark::NoNames)];
    remarks.into_iter().filter(|(applies, _)| *applies).map(|(_, remark)| remark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use tempfile::TempDir;

    /// Of a request with the subject `CN=old`: `openssl x509 -req -signkey key.pem -days 36500`.
    const V1_CERT: &str = "-----BEGIN CERTIFICATE-----
MIIBFzCBvwIULOnk53Kb+5GBuXBujts7ML5CbZwwCgYIKoZIzj0EAwIwDjEMMAoG
A1UEAwwDb2xkMCAXDTI2MTEyNzEyNTYxNFoYDzIxMjYxMTAzMTI1NjE0WjAOMQww
CgYDVQQDDANvbGQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARYFan3L/J2hvo9
GI8I+68b+N6MW8xmu9W4aXr2RVgZUhXRCS1A75pD2m1cATWKL3Ddl1vnaz753f0K
k/KNvFJiMAoGCCqGSM49BAMCA0cAMEQCIBUuXRY8QOIgq3XdPNj0DVMTg8OjVGTt
d7d7qcjlSwSUAiAHSB8dGDORXkRSUXebCPDmo9qCQ6wISyV9/2Gxl2JAfQ==
-----END CERTIFICATE-----\n";

    fn problem(cert: &[u8], key: &[u8]) -> String {
        let home = TempDir::new().unwrap();
        let (cert_file, key_file) = (home.path().join("cert.pem"), home.path().join("key.pem"));
        fs::write(&cert_file, cert).unwrap();
        fs::write(&key_file, key).unwrap();
        let parsed = PairFiles::read(&cert_file, &key_file).and_then(|files| files.parse());
        match parsed {
            Ok(Pair { remarks, .. }) => remarks.iter().map(Remark::to_string).collect(),
            Err(error) => error.to_string().replace(&home.path().display().to_string(), ""),
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        let marked = std::iter::once('\u{feff}').chain(text.chars()).collect::<String>();
        marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn what_is_wrong_is_said_with_the_file_and_the_remedy() {
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "authority");
        let authority = params.self_signed(&authority_key).unwrap();
        let key_pair = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["play.test".to_owned()]).unwrap();
        let leaf = params.signed_by(&key_pair, &authority, &authority_key).unwrap();
        let nameless = CertificateParams::new(Vec::new()).unwrap().self_signed(&key_pair).unwrap().pem();
        let (cert, key, root) = (leaf.pem(), key_pair.serialize_pem(), authority.pem());
        let chain = format!("{cert}{root}");
        let windows = format!("\u{feff}{}", chain.replace('\n', "\r\n"));
        let (other, request) = (KeyPair::generate().unwrap().serialize_pem(), params_request(&key_pair));
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIGj\n-----END RSA PRIVATE KEY-----\n";
        let (marked, unmarked, key16) = (utf16(&cert), utf16(&cert)[2..].to_vec(), utf16(&key));
        let reversed = format!("{root}{cert}");
        let cut = &cert[..cert.len() / 2];
        let cases: [(&[u8], &[u8], &str); 21] = [
            (chain.as_bytes(), key.as_bytes(), ""),
            (windows.as_bytes(), key.as_bytes(), ""),
            (b"", key.as_bytes(), "/cert.pem: the file is empty"),
            (chain.as_bytes(), b"\r\n", "/key.pem: the file is empty"),
            (leaf.der(), key.as_bytes(), "/cert.pem: the file is binary (DER"),
            (chain.as_bytes(), key_pair.serialized_der(), "/key.pem: the file is binary (DER"),
            (chain.as_bytes(), &[0x30, 3, 2, 1, 0xff], "/key.pem: the file is binary (DER"),
            (&marked, key.as_bytes(), "/cert.pem: the file is UTF-16: save it as UTF-8"),
            (&unmarked, key.as_bytes(), "/cert.pem: the file is UTF-16: save it as UTF-8"),
            (chain.as_bytes(), &key16, "/key.pem: the file is UTF-16: save it as UTF-8"),
            (cut.as_bytes(), key.as_bytes(), "/cert.pem: the PEM is damaged"),
            (key.as_bytes(), key.as_bytes(), "/cert.pem: the file has a private key but no certificate"),
            (request.as_bytes(), key.as_bytes(), "/cert.pem: the file has a request"),
            (b"hello", key.as_bytes(), "/cert.pem: the file has no certificate"),
            (chain.as_bytes(), cert.as_bytes(), "/key.pem: the file has a certificate but no private key"),
            (chain.as_bytes(), encrypted.as_bytes(), "/key.pem: the private key is encrypted: `openssl pkey"),
            (chain.as_bytes(), older.as_bytes(), "/key.pem: the private key is encrypted: `openssl pkey"),
            (
                chain.as_bytes(),
                other.as_bytes(),
                "/cert.pem: the certificate does not belong to the private key",
            ),
            (V1_CERT.as_bytes(), key.as_bytes(), "/cert.pem: the certificate is of X.509 version 1"),
            (nameless.as_bytes(), key.as_bytes(), "the certificate names no host"),
            (
                reversed.as_bytes(),
                key.as_bytes(),
                "/cert.pem: the chain is in the wrong order: the server's own certificate is number 2",
            ),
        ];
        for (cert, key, expected) in cases {
            let found = problem(cert, key);
            assert!(
                found.starts_with(expected) && found.is_empty() == expected.is_empty(),
                "{expected}: {found}"
            );
        }
        let unordered = problem(format!("{cert}{V1_CERT}{root}").as_bytes(), key.as_bytes());
        assert_eq!(unordered, Remark::Unordered.to_string());
        let missing =
            PairFiles::read(Path::new("/missing/cert.pem"), Path::new("/missing/key.pem")).unwrap_err();
        assert!(missing.to_string().starts_with("/missing/cert.pem: No such file"), "{missing}");
    }

    fn params_request(key: &KeyPair) -> String {
        let params = CertificateParams::new(vec!["play.test".to_owned()]).unwrap();
        params.serialize_request(key).unwrap().pem().unwrap()
    }
}
