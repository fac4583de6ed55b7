//! Certificates by ACME (RFC 8555). The challenge is a TLS handshake with its own ALPN protocol on the server's port
//! (TLS-ALPN-01, RFC 8737): no other port has to be open.
//!
//! Clients that ask for another name, or connect before a certificate is issued, get the self-signed one: `localhost` and health
//! checks always work.

use crate::net::edge::pem::{Validity, read_certificates};
use crate::net::edge::tls::{self, Certificate, TlsError};
use crate::net::play::context::ConnectionContext;
use futures_util::StreamExt;
use rustls::crypto::ring;
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
use std::time::{Duration, SystemTime};
use tokio::time::sleep;

/// In the data directory: the keys of the account and of the certificates.
const FOLDER: &str = "acme";
/// Shortest time between two orders. rustls-acme retries within seconds at first, and authorities refuse a domain for hours
/// after a few failures.
const ORDERS_INTERVAL: Duration = Duration::from_secs(60);
/// How often the metric of the days left is kept.
const DAYS_LEFT_INTERVAL: Duration = Duration::from_secs(60);

/// The certificate to obtain, and from which authority.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// In lower case.
    pub domains: Vec<String>,
    /// Mail address of the account.
    pub contact: Option<String>,
    pub directory_url: String,
    /// Root certificates for the connection to the authority (PEM); by default those that browsers trust.
    pub authority: Option<PathBuf>,
    /// The data directory.
    pub data: PathBuf,
}

/// Orders a certificate and renews it.
#[derive(Debug)]
pub struct Acme {
    certificates: Arc<Certificates>,
    state: AcmeState<io::Error>,
    directory_url: String,
    folder: PathBuf,
}

/// Chooses the certificate for a client.
#[derive(Debug)]
struct Certificates {
    domains: Vec<String>,
    issued: Arc<ResolvesServerCertAcme>,
    own: Arc<Certificate>,
}

impl Acme {
    /// Uses the certificate kept by an earlier process, if there is one; orders nothing yet. `own` is for other names.
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
        let mut acme = Acme { certificates, state, directory_url, folder };
        if kept.is_some() {
            // Now, not in the task: players who reconnect after a restart must not get the self-signed one.
            acme.step().await;
        }
        Ok(acme)
    }

    /// Serves these certificates, and answers challenges.
    pub fn server_config(&self) -> Result<ServerConfig, TlsError> {
        let mut config = tls::server_config(self.certificates.clone())?;
        config.alpn_protocols.push(ACME_TLS_ALPN_NAME.to_vec());
        Ok(config)
    }

    /// Orders and renews until the server stops.
    pub async fn renew(mut self, context: Arc<ConnectionContext>) {
        let expiry = show_days_left(
            self.folder.clone(),
            self.certificates.domains.clone(),
            self.directory_url.clone(),
        );
        tokio::select! {
            () = self.work() => {}
            () = expiry => {}
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

    /// Waits for the next event and logs it; `true` at the end of an order.
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
                    "no certificate by ACME; retrying. Does the DNS of these domains point here, is their port 443 \
                     forwarded to this server's port, and does this machine reach {directory}?"
                );
                return true;
            }
            Err(error @ (EventError::CachedCertParse(_) | EventError::NewCertParse(_))) => {
                tracing::warn!(domains, %error, "a certificate by ACME cannot be used; ordering another one");
                return true;
            }
            Err(error) => {
                tracing::warn!(domains, %error, "may this user read and write in `{FOLDER}` of the data directory?");
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

/// Keeps the metric of the certificate that was obtained last.
async fn show_days_left(folder: PathBuf, domains: Vec<String>, directory_url: String) {
    let cache = DirCache::new(folder);
    loop {
        if let Ok(Some(kept)) = cache.load_cert(&domains, &directory_url).await
            && let Some(validity) = Validity::of_pem(&kept)
        {
            tls::set_days_left("acme", validity, SystemTime::now());
        }
        sleep(DAYS_LEFT_INTERVAL).await;
    }
}

/// Whether the handshake was that of a challenge, after which nothing is sent.
pub fn is_challenge(connection: &ServerConnection) -> bool {
    connection.alpn_protocol() == Some(ACME_TLS_ALPN_NAME)
}

/// For a connection to an authority that trusts only the certificates of a file.
fn trusting(file: &Path) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(file)? {
        roots.add(certificate)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions()?.with_root_certificates(roots);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Makes a directory that only its owner may open, since the files in it have the default permissions.
fn make_private(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    #[cfg(unix)]
    fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}
