//! What a server is made of, by its options.

use super::error::StartError;
use super::port::{check_host, lan_address};
use crate::assets::{AssetError, Assets, Choice};
use crate::cli::{ReplayOptions, ServeOptions};
use crate::config::check_text;
use crate::files::read_text;
use crate::fleet::FleetOptions;
use crate::host::clips::Clips;
use crate::host::journal::{Directory, JournalOptions, Retention};
use crate::host::lobby::LobbyOptions;
use crate::host::locks::Locks;
use crate::net::edge::acme::Wanted;
use crate::net::edge::tls::{Certificate, CertificateFiles, default_directory};
use crate::net::guard::bans::{Bans, BansError};
use crate::net::guard::limits::{Limits, PROBES_LIMIT_SOCKETS, REFUSALS_LIMIT_CONNECTIONS};
use crate::net::guard::origin::{Origins, PublicUrl};
use crate::net::guard::proxies::Proxies;
use crate::net::http;
use crate::net::http::admin::AdminToken;
use crate::net::http::admin_log::AdminLog;
use crate::net::http::audience::Watch;
use crate::net::http::clips::KeptClips;
use crate::net::http::recording_source::Recordings;
use crate::net::play::context::Purpose;
use hyper::header::HeaderValue;
use room::RoomOptions;
use room::conduct::SpeechLimits;
use room::network::{NetworkLimits, Networks};
use shared::recording::{HEADER_LIMIT_BYTES, Header, Watching};
use shared::setup::{DEFAULT_TICK_RATE_HZ, Setup};
use std::collections::BTreeMap;
use std::io::Read;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Beside the recordings: who is banned.
const BANS_FILE: &str = "bans.toml";
/// Beside the recordings: what administrators have ordered.
const ADMIN_LOG_FILE: &str = "admin.log";
/// Files that the process itself opens: reactors, the log, locks, files that are read once.
const PROCESS_FILES: usize = 64;
/// Files that a recorded room has open: the recording, a handle to wait for the disk with, and the next recording.
const FILES_PER_ROOM: usize = 3;
/// Of the connections, one in this many may poll, and as many requests may wait for the next piece of a match: the others' sockets
/// are left to players.
const WAITING_SHARE: usize = 4;
const BYTES_PER_MIB: u64 = 1024 * 1024;

/// What a server is made of.
pub struct Plan {
    pub purpose: Purpose,
    pub host: Option<IpAddr>,
    pub port: u16,
    pub certificate: Option<CertificateFiles>,
    pub acme: Option<Wanted>,
    pub lobby: LobbyOptions,
    /// Of the recordings and what is kept beside them.
    pub directory: Directory,
    pub recordings: Recordings,
    pub watch: Watch,
    pub clips: Option<KeptClips>,
    pub origins: Origins,
    pub public_url: Option<PublicUrl>,
    pub security_policy: HeaderValue,
    pub admin: Option<AdminToken>,
    pub admin_log: AdminLog,
    pub bans: Bans,
    pub proxies: Proxies,
    pub limits: Limits,
    /// `None` for a server that stands alone.
    pub fleet: Option<FleetOptions>,
    /// Where players find this server and no other of its fleet.
    pub fleet_url: Option<PublicUrl>,
}

impl Plan {
    /// A server for the game or for a conformance suite.
    pub fn of_game(purpose: Purpose, options: &ServeOptions, limits: Limits) -> Result<Plan, StartError> {
        let shares = Shares::of(open_files(), options.rooms_limit, limits.downloads);
        let connections = options.connections_limit.min(shares.connections);
        let waiting = (connections / WAITING_SHARE).max(1);
        tracing::info!(
            connections,
            waiting,
            rooms = shares.rooms,
            downloads = shares.downloads,
            "shares of the files that this process may open"
        );
        let delay = Duration::from_secs(options.watch_delay_seconds.into());
        let directory = Directory::new(options.recordings.clone()).with_delay(delay);
        let lobby = LobbyOptions {
            setup: setup(options)?,
            mode: choice(options).mode,
            fixed_seed: options.seed.is_some(),
            rooms_limit: if options.no_record { options.rooms_limit } else { shares.rooms },
            modes: assets(options).setups(&choice(options)),
            watching: assets(options).watching()?,
            room: room_options(options)?,
            journal: (!options.no_record).then(|| journal_options(options, directory.clone())),
            locks: locks(options)?,
        };
        let host = options.listen.host;
        let public_origin = options.public_url.iter().map(|url| url.origin.clone());
        let acme = acme(options)?;
        let certificate = match given_certificate(options)? {
            None if !options.listen.no_tls => {
                let addresses: Vec<_> = lan_address().into_iter().chain(host).collect();
                Some(CertificateFiles::self_signed(&data(options), &addresses)?)
            }
            given => given,
        };
        Ok(Plan {
            purpose,
            host,
            port: options.listen.port,
            certificate,
            acme,
            lobby,
            recordings: Recordings::Directory(directory.clone()),
            directory,
            watch: options.watch,
            clips: clips(options, delay),
            origins: Origins::new(public_origin.chain(options.origin.iter().cloned()).collect()),
            public_url: options.public_url.clone(),
            security_policy: security_policy(options)?,
            admin: admin_token(options)?,
            admin_log: AdminLog::new(options.recordings.join(ADMIN_LOG_FILE)),
            bans: bans(options)?,
            proxies: Proxies::new(options.trusted_proxy.clone()),
            limits: Limits {
                connections,
                polling_connections: limits.polling_connections.min(waiting),
                waiting_watchers: limits.waiting_watchers.min(waiting),
                refusals: shares.refusals,
                downloads: shares.downloads,
                downloads_per_address: options.downloads_per_address_limit,
                connections_per_address: options.connections_per_address_limit,
                ..limits
            },
            fleet: fleet(options)?,
            fleet_url: fleet_url(options).cloned(),
        })
    }

    /// A server that shows one recording, on this machine only.
    pub fn of_replay(options: &ReplayOptions) -> Result<Plan, StartError> {
        let unreadable = |error| StartError::Unreadable { file: options.file.clone(), error };
        let file = std::path::absolute(&options.file).map_err(unreadable)?;
        let mut start = Vec::new();
        let opened = std::fs::File::open(&file).map_err(unreadable)?;
        opened.take(HEADER_LIMIT_BYTES as u64).read_to_end(&mut start).map_err(unreadable)?;
        Header::read(&start).map_err(|error| StartError::Recording { file: options.file.clone(), error })?;
        let choice =
            Choice { mode: "belt".into(), drones: None, seed: 0, tick_rate_hz: DEFAULT_TICK_RATE_HZ };
        let setup = Assets::Embedded.setup(&choice)?;
        Ok(Plan {
            purpose: Purpose::Game,
            host: None,
            port: options.port,
            certificate: None,
            acme: None,
            lobby: LobbyOptions {
                setup,
                mode: choice.mode,
                fixed_seed: false,
                modes: BTreeMap::new(),
                watching: BTreeMap::new(),
                rooms_limit: 0,
                room: RoomOptions::default(),
                journal: None,
                locks: Locks::for_now().map_err(StartError::Randomness)?,
            },
            directory: Directory::new(file.parent().map(Into::into).unwrap_or_default()),
            recordings: Recordings::File(file),
            watch: Watch::Nobody,
            clips: None,
            origins: Origins::Own,
            public_url: None,
            security_policy: http::security_policy(&[], &[]).ok_or(StartError::FrameAncestors)?,
            admin: None,
            admin_log: AdminLog::default(),
            bans: Bans::default(),
            proxies: Proxies::default(),
            limits: Limits::default(),
            fleet: None,
            fleet_url: None,
        })
    }

    /// Whether the options make a server, as far as can be told without opening it.
    pub fn check(options: &ServeOptions) -> Result<(), StartError> {
        check_host(
            options.listen.host,
            !options.listen.no_tls,
            &Proxies::new(options.trusted_proxy.clone()),
        )?;
        acme(options)?;
        fleet(options)?;
        admin_token(options)?;
        security_policy(options)?;
        assets(options).words()?;
        assets(options).watching()?;
        bans(options)?;
        given_certificate(options)?.map(Certificate::load).transpose()?;
        Ok(setup(options)?.check()?)
    }
}

/// The administrator's token: the file's, else the one in the options; `None` if there is none.
fn admin_token(options: &ServeOptions) -> Result<Option<AdminToken>, StartError> {
    let (option, token) = match (&options.admin_token_file, &options.admin_token) {
        (Some(file), _) => {
            let checked =
                |text: String| check_text(text.trim()).map(|()| text).map_err(std::io::Error::other);
            let text = read_text(file)
                .and_then(checked)
                .map_err(|error| StartError::AdminTokenFile { file: file.clone(), error })?;
            (format!("--admin-token-file {}", file.display()), text)
        }
        (None, Some(token)) => ("--admin-token".to_owned(), token.clone()),
        (None, None) => return Ok(None),
    };
    AdminToken::new(&token).map(Some).map_err(|error| StartError::AdminToken { option, error })
}

fn security_policy(options: &ServeOptions) -> Result<HeaderValue, StartError> {
    let nodes = fleet_url(options).map(|url| url.origin.with_siblings()).unwrap_or_default();
    http::security_policy(&options.frame_ancestors, &nodes).ok_or(StartError::FrameAncestors)
}

fn bans(options: &ServeOptions) -> Result<Bans, BansError> {
    Bans::open(options.recordings.join(BANS_FILE), Proxies::new(options.trusted_proxy.clone()))
}

/// The certificate that the options name, if they name one to be used.
fn given_certificate(options: &ServeOptions) -> Result<Option<CertificateFiles>, StartError> {
    match (&options.cert, &options.key) {
        (Some(_), Some(_)) if options.listen.no_tls => Ok(None),
        (Some(cert), Some(key)) => {
            Ok(Some(CertificateFiles { cert: cert.clone(), key: key.clone(), self_signed_for: None }))
        }
        (None, None) => Ok(None),
        _ => Err(StartError::HalfCertificate),
    }
}

/// The directory for data.
fn data(options: &ServeOptions) -> PathBuf {
    options.data.clone().unwrap_or_else(default_directory)
}

/// The locks of rooms. Without a key that lasts, rooms are closed to newcomers after a restart.
fn locks(options: &ServeOptions) -> Result<Locks, StartError> {
    let directory = data(options);
    Locks::open(&directory).or_else(|error| {
        tracing::warn!(%error, directory = %directory.display(), "the key of rooms behind a password cannot be kept");
        Locks::for_now().map_err(StartError::Randomness)
    })
}

/// The certificate to get by ACME; `None` if there is none to get.
fn acme(options: &ServeOptions) -> Result<Option<Wanted>, StartError> {
    let given = &options.acme;
    if given.acme_domain.is_empty() {
        return Ok(None);
    }
    let others = [
        ("--no-tls", options.listen.no_tls),
        ("--cert", options.cert.is_some()),
        ("--key", options.key.is_some()),
    ];
    if let Some((other, _)) = others.into_iter().find(|(_, stands)| *stands) {
        return Err(StartError::AcmeBeside(other));
    }
    Ok(Some(Wanted {
        domains: given.acme_domain.clone(),
        contact: given.acme_contact.clone(),
        directory_url: given.acme_directory.clone(),
        authority: given.acme_ca.clone(),
        data: data(options),
    }))
}

/// The fleet to join; `None` if the server stands alone.
fn fleet(options: &ServeOptions) -> Result<Option<FleetOptions>, StartError> {
    let given = &options.fleet;
    if given.fleet.is_empty() {
        return Ok(None);
    }
    if options.no_record {
        return Err(StartError::Fleet("recordings: leave --no-record out"));
    }
    let url = fleet_url(options)
        .ok_or(StartError::Fleet("--fleet-url, where players find this server and no other"))?;
    let name =
        given.fleet_name.clone().ok_or(StartError::Fleet("--fleet-name, which no other server has"))?;
    Ok(Some(FleetOptions {
        servers: given.fleet.clone(),
        name,
        url: url.to_string(),
        outage: given.fleet_outage,
    }))
}

fn fleet_url(options: &ServeOptions) -> Option<&PublicUrl> {
    let is_member = !options.fleet.fleet.is_empty();
    options.fleet.fleet_url.as_ref().or(options.public_url.as_ref()).filter(|_| is_member)
}

fn assets(options: &ServeOptions) -> Assets {
    options.assets.clone().map_or(Assets::Embedded, Assets::Directory)
}

/// What rooms start from.
fn setup(options: &ServeOptions) -> Result<Setup, AssetError> {
    assets(options).setup(&choice(options))
}

fn choice(options: &ServeOptions) -> Choice {
    Choice {
        mode: options.mode.clone(),
        drones: options.drones,
        seed: options.seed.unwrap_or_default(),
        tick_rate_hz: options.tick_rate,
    }
}

fn room_options(options: &ServeOptions) -> Result<RoomOptions, AssetError> {
    Ok(RoomOptions {
        seat_grace_seconds: options.seat_grace_seconds,
        keep_rooms_seconds: options.keep_rooms_seconds,
        kick_cooldown_seconds: options.kick_cooldown_seconds,
        records_chat: options.record_chat,
        viewer_bytes_per_second: options.viewer_bytes_per_second,
        networks: Networks::new(NetworkLimits {
            seats: options.seats_per_address_limit,
            kept_seats: options.kept_seats_per_address_limit,
            rooms: options.rooms_per_address_limit,
        }),
        speech_limits: SpeechLimits {
            chat_lines_per_minute: options.chat_lines_per_address_limit,
            notices_per_minute: options.notices_per_address_limit,
        },
        words: Arc::new(assets(options).words()?),
        ..RoomOptions::default()
    })
}

fn journal_options(options: &ServeOptions, directory: Directory) -> JournalOptions {
    JournalOptions {
        directory,
        wait_limit_ms: options.recording_wait_limit_ms,
        file_limit_bytes: options.recording_limit_mib * BYTES_PER_MIB,
        watching: Watching::default(),
        retention: Retention {
            total_limit_bytes: options.recordings_limit_mib.map(|limit| limit * BYTES_PER_MIB),
            age_limit_days: options.recordings_limit_days,
            files_limit: options.recordings_limit_files,
        },
    }
}

/// What the files that the process may open are for. Nothing of one kind takes a file of another.
#[derive(Debug, PartialEq, Eq)]
struct Shares {
    connections: usize,
    refusals: usize,
    rooms: usize,
    downloads: usize,
}

impl Shares {
    /// Where files are few, every share is small, but none is empty.
    fn of(files: usize, rooms_limit: usize, downloads_limit: usize) -> Shares {
        let quarter = files / 4;
        let process = PROCESS_FILES.min(quarter);
        let rooms = rooms_limit.min(quarter / FILES_PER_ROOM).max(rooms_limit.min(1));
        let downloads = downloads_limit.min(files / 8).max(1);
        let refusals = REFUSALS_LIMIT_CONNECTIONS.min(files / 8).max(1);
        let others = process + rooms * FILES_PER_ROOM + downloads + refusals + PROBES_LIMIT_SOCKETS;
        Shares { connections: files.saturating_sub(others).max(1), refusals, rooms, downloads }
    }
}

/// What keeps clips, if the options name a directory for them.
fn clips(options: &ServeOptions, delay: Duration) -> Option<KeptClips> {
    let directory = Directory::new(options.clips.clone()?).with_delay(delay);
    let retention = Retention {
        total_limit_bytes: Some(options.clips_limit_mib * BYTES_PER_MIB),
        age_limit_days: options.clips_limit_days,
        files_limit: Some(options.clips_limit_files),
    };
    Some(KeptClips { clips: Clips::new(directory, retention), per_address: options.clips_per_address_limit })
}

/// Raises the soft limit of open files as far as it goes.
fn open_files() -> usize {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => {
            tracing::info!(files, "files that this process may open");
            usize::try_from(files).unwrap_or(usize::MAX)
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is unknown");
            usize::MAX
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_shared_and_no_share_is_empty() {
        let shares =
            |connections, refusals, rooms, downloads| Shares { connections, refusals, rooms, downloads };
        assert_eq!(Shares::of(20_000, 64, 64), shares(19_608, 64, 64, 64));
        assert_eq!(Shares::of(1024, 64, 64), shares(632, 64, 64, 64));
        assert_eq!(Shares::of(128, 64, 64), shares(26, 16, 10, 16));
        assert_eq!(Shares::of(20_000, 0, 64).rooms, 0, "a server that shows a recording");
        assert!(Shares::of(8, 64, 64).connections > 0);
    }
}
