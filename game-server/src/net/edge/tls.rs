//! Certificates: files of the host, or a self-signed one that is created once. [`acme`](super::acme) obtains others.

use crate::files;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// How long a self-signed certificate is valid, in days.
const SELF_SIGNED_DAYS: u32 = 397;
/// A self-signed certificate this old, in days, is replaced.
const SELF_SIGNED_RENEWAL_DAYS: u32 = 330;
/// Beside the self-signed certificate; locked while it is written.
const LOCK_FILE: &str = "cert.lock";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: io::Error },
    #[error("{}: {error}", file.display())]
    Pem { file: PathBuf, error: pem::Error },
    #[error("cannot create a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("the certificate and its key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// A certificate chain and its key (PEM).
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
    /// What a self-signed certificate names besides this machine; `None` for files of the host.
    pub self_signed_for: Option<Vec<IpAddr>>,
}

impl CertificateFiles {
    /// The self-signed certificate in `directory`; created if there is none, or it is unusable or about to expire.
    pub fn self_signed(directory: &Path, addresses: &[IpAddr]) -> Result<CertificateFiles, TlsError> {
        fs::create_dir_all(directory).map_err(|error| TlsError::File { file: directory.into(), error })?;
        let (cert, key) = (directory.join("cert.pem"), directory.join("key.pem"));
        let files = CertificateFiles { cert, key, self_signed_for: Some(addresses.into()) };
        files.renew()?;
        Ok(files)
    }

    /// Replaces a self-signed certificate that is unusable or about to expire.
    fn renew(&self) -> Result<(), TlsError> {
        let Some(addresses) = &self.self_signed_for else { return Ok(()) };
        if self.is_fresh() {
            return Ok(());
        }
        // Another server of this directory may be writing the files now. Without locks, one of both may have to start again.
        let lock = fs::File::create(self.cert.with_file_name(LOCK_FILE));
        let _held_until_written = lock.and_then(|lock| lock.lock().map(|()| lock));
        if self.is_fresh() {
            return Ok(());
        }
        self.make(addresses)?;
        tracing::info!(cert = %self.cert.display(), "created a self-signed certificate");
        Ok(())
    }

    fn is_fresh(&self) -> bool {
        let age = self.modified().and_then(|made| made.elapsed().ok());
        age.is_some_and(|age| age < DAY * SELF_SIGNED_RENEWAL_DAYS) && self.load().is_ok()
    }

    fn make(&self, addresses: &[IpAddr]) -> Result<(), TlsError> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".into(), "::1".into()];
        names.extend(addresses.iter().map(IpAddr::to_string));
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Driftbelt on this machine");
        params.not_before = (SystemTime::now() - DAY).into();
        params.not_after = (SystemTime::now() + DAY * SELF_SIGNED_DAYS).into();
        let key = KeyPair::generate()?;
        let cert = params.self_signed(&key)?;
        write_secret(&self.key, key.serialize_pem().as_bytes())
            .map_err(|error| TlsError::File { file: self.key.clone(), error })?;
        fs::write(&self.cert, cert.pem()).map_err(|error| TlsError::File { file: self.cert.clone(), error })
    }

    fn load(&self) -> Result<CertifiedKey, TlsError> {
        let in_cert = |error| TlsError::Pem { file: self.cert.clone(), error };
        let text = |file: &PathBuf| {
            files::read_text(file).map_err(|error| TlsError::File { file: file.clone(), error })
        };
        let chain = text(&self.cert)?;
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().map_err(in_cert)?;
        if chain.is_empty() {
            return Err(in_cert(pem::Error::NoItemsFound));
        }
        let key = PrivateKeyDer::from_pem_slice(text(&self.key)?.as_bytes())
            .map_err(|error| TlsError::Pem { file: self.key.clone(), error })?;
        Ok(CertifiedKey::from_der(chain, key, &ring::default_provider())?)
    }

    fn modified(&self) -> Option<SystemTime> {
        fs::metadata(&self.cert).and_then(|metadata| metadata.modified()).ok()
    }
}

/// The certificate in use. Read again when its files change, so that a renewal needs no restart.
#[derive(Debug)]
pub struct Certificate {
    files: CertificateFiles,
    current: RwLock<(Arc<CertifiedKey>, Option<SystemTime>)>,
    /// The renewal has failed, which was logged.
    failed: AtomicBool,
}

impl Certificate {
    pub fn load(files: CertificateFiles) -> Result<Arc<Certificate>, TlsError> {
        let modified = files.modified();
        let current = RwLock::new((Arc::new(files.load()?), modified));
        Ok(Arc::new(Certificate { files, current, failed: AtomicBool::new(false) }))
    }

    /// Renews a self-signed certificate, and reads the files again if they have changed. If they cannot be used, the old
    /// certificate stays in use.
    pub fn refresh(&self) {
        let renewed = self.files.renew();
        let failed_before = self.failed.swap(renewed.is_err(), Relaxed);
        if let (Err(error), false) = (renewed, failed_before) {
            tracing::error!(%error, "the self-signed certificate cannot be renewed");
        }
        let modified = self.files.modified();
        if modified == self.current.read().unwrap_or_else(PoisonError::into_inner).1 {
            return;
        }
        match self.files.load() {
            Ok(key) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(key), modified);
                tracing::info!(cert = %self.files.cert.display(), "the changed certificate is in use");
            }
            Err(error) => tracing::warn!(%error, "the changed certificate cannot be used"),
        }
    }

    pub fn current(&self) -> Arc<CertifiedKey> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

pub fn server_config(certificates: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The default of `--data`.
pub fn default_directory() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = variable("XDG_DATA_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".local").join("share")));
    data.map_or_else(|| PathBuf::from(".driftbelt"), |data| data.join("driftbelt"))
}

/// Writes a file that only its owner may read.
fn write_secret(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(file)?, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_signed_certificate_is_renewed_while_it_is_in_use() {
        let home = tempfile::tempdir().unwrap();
        let files = CertificateFiles::self_signed(home.path(), &[]).unwrap();
        let certificate = Certificate::load(files.clone()).unwrap();
        let first = certificate.current().cert.clone();
        certificate.refresh();
        assert_eq!(certificate.current().cert, first);
        let old = SystemTime::now() - DAY * SELF_SIGNED_RENEWAL_DAYS;
        fs::File::options().write(true).open(&files.cert).unwrap().set_modified(old).unwrap();
        certificate.refresh();
        assert_ne!(certificate.current().cert, first);
        assert_eq!(
            CertificateFiles::self_signed(home.path(), &[]).unwrap().load().unwrap().cert,
            certificate.current().cert
        );
    }
}
