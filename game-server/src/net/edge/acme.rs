//! Certificates by ACME (RFC 8555). The challenge comes over the server's own port, as a TLS handshake with a protocol of its
//! own (TLS-ALPN-01, RFC 8737): no other port has to be open.
//!
//! Clients that ask for another name, or come before there is a certificate, get the self-signed one: `localhost` and what
//! looks after the server's health work at any time.

use crate::net::edge::tls::{self, Certificate, TlsError};
use crate::net::play::context::ConnectionContext;
use futures_util::StreamExt;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};
use rustls_acme::acme::ACME_TLS_ALPN_NAME;
use rustls_acme::caches::DirCache;
use rustls_acme::{
    AcmeConfig, AcmeState, CertCache, EventError, EventOk, ResolvesServerCertAcme, is_tls_alpn_challenge,
};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// In the directory for data: the account's key, and certificates with theirs.
const FOLDER: &str = "acme";
/// The least time between two orders. The first attempts of the ACME client come seconds after each other, and authorities
/// count: they refuse a domain for hours after a few failures.
const ORDERS_INTERVAL: Duration = Duration::from_secs(60);

/// Which certificate is wanted, and from whom.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The names that the certificate is for, in lower case.
    pub domains: Vec<String>,
    /// An address for mail about the account.
    pub contact: Option<String>,
    /// URL of the authority's directory.
    pub directory_url: String,
    /// Whom to trust when talking to the authority (PEM); nothing for whom browsers trust.
    pub authority: Option<PathBuf>,
    /// The directory for data.
    pub data: PathBuf,
}

/// A certificate that is ordered, used and renewed.
#[derive(Debug)]
pub struct Acme {
    certificates: Arc<Certificates>,
    state: AcmeState<io::Error>,
    directory_url: String,
}

/// Which certificate a client gets.
#[derive(Debug)]
struct Certificates {
    domains: Vec<String>,
    issued: Arc<ResolvesServerCertAcme>,
    own: Arc<Certificate>,
}

impl Acme {
    /// Puts the certificate to use that was kept, if there is one; orders nothing yet. `own` is for everyone else.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub async fn open(wanted: Wanted, own: Arc<Certificate>) -> Result<Acme, TlsError> {
        let Wanted { domains, contact, directory_url, authority, data } = wanted;
        let folder = data.join(FOLDER);
        let in_folder = |error| TlsError::File { file: folder.clone(), error };
        make_private(&folder).map_err(in_folder)?;
        let cache = DirCache::new(folder.clone());
        let kept = cache.load_cert(&domains, &directory_url).await.map_err(in_folder)?;
        let config = match authority {
            Some(file) => AcmeConfig::new_with_client_config(&domains, trusting(&file)?),
            None => AcmeConfig::new(&domains),
        };
        let contact = contact.map(|address| format!("mailto:{address}"));
        let state = config.directory(&directory_url).contact(contact).cache(cache).state();
        let certificates = Arc::new(Certificates { domains, issued: state.resolver(), own });
        let mut acme = Acme { certificates, state, directory_url };
        if kept.is_some() {
            // Not left to the task: players who come back after a restart would be shown the self-signed one.
            acme.step().await;
        }
        Ok(acme)
    }

    /// The TLS configuration that serves these certificates, and answers challenges.
    ///
    /// # Errors
    /// [`TlsError`] if the cryptography does not work.
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let mut config = tls::server_config(self.certificates.clone())?;
        config.alpn_protocols.push(ACME_TLS_ALPN_NAME.to_vec());
        Ok(config)
    }

    /// Orders and renews until the server stops.
    pub async fn renew(mut self, context: Arc<ConnectionContext>) {
        tokio::select! {
            () = self.work() => {}
            () = context.stopped() => {}
        }
    }

    async fn work(&mut self) {
        loop {
            if self.step().await {
                sleep(ORDERS_INTERVAL).await;
            }
        }
    }

    /// Waits for what happens next, and tells of it; `true` if that was the end of an order.
    async fn step(&mut self) -> bool {
        let Some(event) = self.state.next().await else { return true };
        let domains = self.certificates.domains.join(", ");
        match event {
            Ok(EventOk::DeployedCachedCert) => tracing::info!(domains, "the certificate by ACME is in use"),
            Ok(EventOk::DeployedNewCert) => tracing::info!(domains, "a new certificate by ACME is in use"),
            Ok(EventOk::AccountCacheStore) => tracing::debug!("the key of the ACME account is kept"),
            Ok(EventOk::CertCacheStore) => return true,
            Err(error @ EventError::Order(_)) => {
                let directory = &self.directory_url;
                tracing::warn!(
                    domains,
                    %error,
                    "no certificate by ACME; it is tried again. Does the DNS of these domains point here, is their port \
                     443 forwarded to this server's port, and does this machine reach {directory}?"
                );
                return true;
            }
            Err(error @ (EventError::CachedCertParse(_) | EventError::NewCertParse(_))) => {
                tracing::warn!(domains, %error, "a certificate by ACME cannot be used; another one is ordered");
                return true;
            }
            Err(error) => {
                tracing::warn!(domains, %error, "may this user read and write in `{FOLDER}` of the directory for data?");
                return matches!(error, EventError::CertCacheStore(_));
            }
        }
        false
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if is_tls_alpn_challenge(&hello) {
            return self.issued.resolve(hello);
        }
        let name = hello.server_name();
        let issued = match name.is_some_and(|name| self.domains.iter().any(|domain| domain == name)) {
            true => self.issued.resolve(hello),
            false => None,
        };
        issued.or_else(|| Some(self.own.current()))
    }
}

/// Whether this was only the handshake of a challenge, and nothing comes after it.
#[must_use]
pub fn is_challenge(connection: &ServerConnection) -> bool {
    connection.alpn_protocol() == Some(ACME_TLS_ALPN_NAME)
}

/// How the authority is talked to when only the certificates of a file are trusted.
fn trusting(file: &Path) -> Result<Arc<ClientConfig>, TlsError> {
    let in_file = |error| TlsError::Pem { file: file.into(), error };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(in_file)? {
        roots.add(certificate.map_err(in_file)?)?;
    }
    if roots.is_empty() {
        return Err(in_file(pem::Error::NoItemsFound));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions()?.with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Makes a directory that nobody else may look into: what is written there has the modes that the system gives.
fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    #[cfg(unix)]
    fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
