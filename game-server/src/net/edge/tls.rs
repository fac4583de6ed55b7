//! Certificates: files of the host, or a self-signed one that is created once. [`acme`](super::acme) obtains others.

use crate::files::rfc3339;
use crate::files::write_secret;
use crate::net::edge::pem::{Digest, FileProblem, Pair, PairFiles, Validity};
use metrics::gauge;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

/// How long a self-signed certificate is valid, in days.
const SELF_SIGNED_DAYS: u32 = 397;
/// A self-signed certificate this old, in days, is replaced.
const SELF_SIGNED_RENEWAL_DAYS: u32 = 330;
/// Beside the self-signed certificate; locked while it is written.
const LOCK_FILE: &str = "cert.lock";
/// Certificates that end within so many days are warned of: renewal by others has failed by then.
const ENDS_SOON_DAYS: f64 = 14.0;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {error}: let the server's user write there, or name another directory with --data", file.display())]
    File { file: PathBuf, error: io::Error },
    #[error(transparent)]
    Problem(#[from] FileProblem),
    #[error("cannot create a certificate: {0}")]
    Make(#[from] rcgen::Error),
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
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
        let made = fs::metadata(&self.cert).and_then(|metadata| metadata.modified());
        let age = made.ok().and_then(|made| made.elapsed().ok());
        let is_valid = |pair: Pair| pair.validity.holds(SystemTime::now());
        age.is_some_and(|age| age < DAY * SELF_SIGNED_RENEWAL_DAYS) && self.load().is_ok_and(is_valid)
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

    fn read(&self) -> Result<PairFiles<'_>, FileProblem> {
        PairFiles::read(&self.cert, &self.key)
    }

    fn load(&self) -> Result<Pair, FileProblem> {
        self.read()?.parse()
    }
}

/// The certificate in use. Read again when its files change, so that a renewal needs no restart.
#[derive(Debug)]
pub struct Certificate {
    files: CertificateFiles,
    current: RwLock<Arc<CertifiedKey>>,
    watch: Mutex<Watch>,
}

/// What is known of the files and of the certificate in use.
#[derive(Debug)]
struct Watch {
    /// Of the files as they were read for the certificate in use.
    digest: Digest,
    validity: Validity,
    /// What was last logged of the validity.
    freshness: Freshness,
    /// What was last logged of files that cannot be used: once, not at every look at them.
    problem: Option<String>,
}

/// What a host has to know about a certificate's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Freshness {
    Fine,
    NotYetValid,
    EndsSoon,
    Expired,
}

impl Certificate {
    /// Uses the files. An expired certificate is better than no server, and is logged.
    pub fn load(files: CertificateFiles) -> Result<Arc<Certificate>, TlsError> {
        let read = files.read()?;
        let (digest, pair) = (read.digest(), read.parse()?);
        let watch = Watch { digest, validity: pair.validity, freshness: Freshness::Fine, problem: None };
        files.log_remarks(&pair);
        let current = RwLock::new(Arc::new(pair.key));
        let certificate = Certificate { files, current, watch: Mutex::new(watch) };
        certificate.check_validity(SystemTime::now());
        Ok(Arc::new(certificate))
    }

    /// Renews a self-signed certificate, and reads the files again if they have changed. If they cannot be used, the old
    /// certificate stays in use.
    pub fn refresh(&self, now: SystemTime) {
        let renewed = self.files.renew().map_err(|error| error.to_string());
        let problem = renewed.and_then(|()| self.reload(now)).err();
        let mut watch = self.watch();
        if let Some(problem) = problem.as_ref().filter(|_| problem != watch.problem) {
            tracing::error!(problem, "the changed certificate cannot be used: the old one stays in use");
        }
        watch.problem = problem;
        drop(watch);
        self.check_validity(now);
    }

    fn reload(&self, now: SystemTime) -> Result<(), String> {
        let text = |error: FileProblem| error.to_string();
        let read = self.files.read().map_err(text)?;
        let digest = read.digest();
        if digest == self.watch().digest {
            return Ok(());
        }
        let pair = read.parse().map_err(text)?;
        let mut watch = self.watch();
        if watch.validity.holds(now) && !pair.validity.holds(now) {
            let file = self.files.cert.display();
            return Err(format!("{file}: {}", described(freshness(pair.validity, now), pair.validity)));
        }
        (watch.digest, watch.validity, watch.freshness) = (digest, pair.validity, Freshness::Fine);
        self.files.log_remarks(&pair);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(pair.key);
        tracing::info!(cert = %self.files.cert.display(), "the changed certificate is in use");
        Ok(())
    }

    /// Logs a change for the worse, and keeps the metric.
    fn check_validity(&self, now: SystemTime) {
        let mut watch = self.watch();
        set_days_left("files", watch.validity, now);
        let freshness = freshness(watch.validity, now);
        if freshness != std::mem::replace(&mut watch.freshness, freshness) && freshness != Freshness::Fine {
            let problem = described(freshness, watch.validity);
            tracing::warn!(cert = %self.files.cert.display(), "{problem}");
        }
    }

    pub fn current(&self) -> Arc<CertifiedKey> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CertificateFiles {
    fn log_remarks(&self, pair: &Pair) {
        // The self-signed one is as it is meant to be.
        if self.self_signed_for.is_none() {
            for remark in &pair.remarks {
                tracing::warn!(cert = %self.cert.display(), "{remark}");
            }
        }
    }
}

/// Shows how long a certificate of the host's files or by ACME is valid.
pub fn set_days_left(source: &'static str, validity: Validity, now: SystemTime) {
    let seconds = validity.days_left(now) * DAY.as_secs_f64();
    gauge!("driftbelt_certificate_remaining_seconds", "source" => source).set(seconds);
}

fn freshness(validity: Validity, now: SystemTime) -> Freshness {
    match validity {
        Validity { not_before, .. } if now < not_before => Freshness::NotYetValid,
        Validity { not_after, .. } if now > not_after => Freshness::Expired,
        _ if validity.days_left(now) < ENDS_SOON_DAYS => Freshness::EndsSoon,
        _ => Freshness::Fine,
    }
}

fn described(freshness: Freshness, validity: Validity) -> String {
    let (start, end) = (rfc3339(validity.not_before), rfc3339(validity.not_after));
    match freshness {
        Freshness::Fine => format!("the certificate is valid until {end}"),
        Freshness::NotYetValid => {
            format!(
                "the certificate is not valid before {start}, and browsers refuse it: check the clock of this machine, or take an older certificate"
            )
        }
        Freshness::EndsSoon => format!(
            "the certificate expires on {end}: renew it now; the new files are used without a restart"
        ),
        Freshness::Expired => {
            format!(
                "the certificate has expired on {end}, and browsers refuse it: renew it; the new files are used without a restart"
            )
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_self_signed_certificate_is_renewed_while_it_is_in_use() {
        let home = tempfile::tempdir().unwrap();
        let files = CertificateFiles::self_signed(home.path(), &[]).unwrap();
        let certificate = Certificate::load(files.clone()).unwrap();
        let first = certificate.current().cert.clone();
        certificate.refresh(SystemTime::now());
        assert_eq!(certificate.current().cert, first);
        let old = SystemTime::now() - DAY * SELF_SIGNED_RENEWAL_DAYS;
        fs::File::options().write(true).open(&files.cert).unwrap().set_modified(old).unwrap();
        certificate.refresh(SystemTime::now());
        assert_ne!(certificate.current().cert, first);
        assert_eq!(
            CertificateFiles::self_signed(home.path(), &[]).unwrap().load().unwrap().key.cert,
            certificate.current().cert
        );
    }

    fn write_pair(files: &CertificateFiles, days: std::ops::Range<u32>, now: SystemTime) {
        let mut params = CertificateParams::new(vec!["play.test".to_owned()]).unwrap();
        params.not_before = (now + DAY * days.start).into();
        params.not_after = (now + DAY * days.end).into();
        let key = KeyPair::generate().unwrap();
        fs::write(&files.cert, params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
    }

    #[test]
    fn changed_files_are_used_if_they_can_be_used() {
        let (home, now) = (tempfile::tempdir().unwrap(), SystemTime::now() - DAY);
        let files = CertificateFiles {
            cert: home.path().join("cert.pem"),
            key: home.path().join("key.pem"),
            self_signed_for: None,
        };
        write_pair(&files, 0..30, now);
        let certificate = Certificate::load(files.clone()).unwrap();
        let state = |at: u32| {
            certificate.refresh(now + DAY * at);
            let (key, watch) = (certificate.current(), certificate.watch());
            (key.cert[0].to_vec(), watch.freshness, watch.problem.clone())
        };
        let first = certificate.current().cert[0].to_vec();
        assert_eq!(state(1), (first.clone(), Freshness::Fine, None));
        assert_eq!(state(17), (first.clone(), Freshness::EndsSoon, None));
        let renewed = fs::read(&files.cert).unwrap();
        fs::write(&files.cert, "").unwrap();
        let (kept, _, problem) = state(17);
        assert!(kept == first && problem.unwrap().contains("the file is empty"));
        fs::remove_file(&files.cert).unwrap();
        assert!(state(17).2.unwrap().contains("No such file"));
        fs::write(&files.cert, renewed).unwrap();
        assert_eq!(state(17).2, None, "as before");
        write_pair(&files, 20..50, now);
        let (kept, _, problem) = state(18);
        assert!(kept == first && problem.unwrap().contains("is not valid before"));
        let (second, freshness, problem) = state(20);
        assert!(
            second != first && freshness == Freshness::Fine && problem.is_none(),
            "without another change"
        );
        write_pair(&files, 0..21, now);
        let (kept, _, problem) = state(22);
        assert!(kept == second && problem.unwrap().contains("has expired on"));
        assert_eq!(state(51).1, Freshness::Expired);
        write_pair(&files, 0..49, now);
        assert!(state(51).2.is_none(), "one expired certificate is as good as another");
        assert!(Certificate::load(files).is_ok());
    }
}
