//! The command line: every command and option, with its help, its default and its environment variable.

use crate::fleet::Outage;
use crate::host::journal::DEFAULT_WATCH_DELAY_SECONDS;
use crate::net::guard::addresses::parse_network;
use crate::net::guard::origin::{Origin, PublicUrl};
use crate::net::http::audience::Watch;
use crate::playing_time::parse_playing_time;
use crate::telemetry::LogForm;
use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};
use hyper::Uri;
use ipnet::IpNet;
use room::session::DEFAULT_VIEWER_BYTES_PER_SECOND;
use room::{DEFAULT_KEEP_ROOMS_SECONDS, DEFAULT_KICK_COOLDOWN_SECONDS};
use rustls::pki_types::ServerName;
use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;
use shared::recording::WATCH_DELAY_LIMIT_SECONDS;
use shared::setup::TICK_RATE_RANGE_HZ;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Longest name of a node, in bytes.
const NODE_NAME_LIMIT_BYTES: usize = 32;

/// The server's whole command line.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "game-server",
    version,
    about = "The Driftbelt game server: play in a browser, host, replay.",
    after_help = "Options may also stand in a TOML file (--config) under their long names without the dashes, such as \
                  `port = 9443`. A flag wins over the environment, the environment over the file.",
    args_conflicts_with_subcommands = true,
    // The last of equal options wins, so that a person can override a script's.
    args_override_self = true
)]
pub struct Cli {
    /// What to do; without a command, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of `serve`, which may be left out.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What the server can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serve the game and record it (the default).
    Serve(Box<ServeOptions>),
    /// Show a recording in the browser.
    Replay(ReplayOptions),
    /// Re-simulate recordings and compare the hash of every tick.
    Verify {
        /// Recordings to verify.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    #[cfg(unix)]
    /// Tell the running server to execute its newest binary, without losing a match (Unix only).
    Upgrade {
        /// Its directory for recordings
        #[arg(long, value_name = "DIR", env = "DRIFTBELT_RECORDINGS", default_value = "recordings")]
        recordings: PathBuf,
    },
    #[cfg(unix)]
    /// Stop the running server and wait until it has ended (Unix only).
    Stop {
        /// Its directory for recordings
        #[arg(long, value_name = "DIR", env = "DRIFTBELT_RECORDINGS", default_value = "recordings")]
        recordings: PathBuf,
        /// End the matches, too: the next start does not continue them
        #[arg(long)]
        for_good: bool,
    },
    #[cfg(unix)]
    /// Tell the running server to give its rooms to the others of its fleet, and to take no newcomers (Unix only).
    Drain {
        /// Its directory for recordings
        #[arg(long, value_name = "DIR", env = "DRIFTBELT_RECORDINGS", default_value = "recordings")]
        recordings: PathBuf,
    },
    /// Print a link that opens the console of the running server, once and within ten minutes.
    AdminLink {
        /// Its directory for recordings
        #[arg(long, value_name = "DIR", env = "DRIFTBELT_RECORDINGS", default_value = "recordings")]
        recordings: PathBuf,
    },
    /// Ask the running server whether it is well: exit code 0 if it is, for health checks.
    Health(HealthOptions),
    /// Cut a part out of a recording, as a recording that stands for itself.
    Clip(ClipOptions),
    /// Print what a recording holds.
    Info {
        /// The recording.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Play a recording to viewers without sockets: cost by stage, and what the bytes are spent on.
    BenchReplay {
        /// The recording.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Viewers: one follows each player, the rest stand evenly spread
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=20_000))]
        viewers: u16,
    },
}

/// Options of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenOptions,
    /// Certificate chain (PEM) [default: a self-signed one, made once]
    #[arg(long, value_name = "FILE", env = "DRIFTBELT_CERT")]
    pub cert: Option<PathBuf>,
    /// Private key of --cert (PEM)
    #[arg(long, value_name = "FILE", env = "DRIFTBELT_KEY")]
    pub key: Option<PathBuf>,
    /// Certificates by ACME.
    #[command(flatten)]
    pub acme: AcmeOptions,
    /// Directory for certificates that the server makes or obtains [default: the user's data directory]
    #[arg(long, value_name = "DIR", env = "DRIFTBELT_DATA")]
    pub data: Option<PathBuf>,
    /// Where players find the page, such as https://play.example.org or https://example.org/game: the origin whose pages
    /// may play, the address in invite links and link previews, and the path below which a proxy serves it
    /// [default: the address that the browser asks for]
    #[arg(long, value_name = "URL", env = "DRIFTBELT_PUBLIC_URL")]
    pub public_url: Option<PublicUrl>,
    /// Origins whose pages may open sockets besides that of --public-url, such as https://example.org [default: the
    /// server's own]
    #[arg(long, value_name = "ORIGIN", env = "DRIFTBELT_ORIGIN", value_delimiter = ',')]
    pub origin: Vec<Origin>,
    /// Pages that may show the game in a frame: self, or origins such as https://example.org [default: none]
    #[arg(long, value_name = "ORIGIN", env = "DRIFTBELT_FRAME_ANCESTORS", value_delimiter = ',',
          value_parser = parse_frame_ancestor)]
    pub frame_ancestors: Vec<String>,
    /// Proxies whose X-Forwarded-For, -Proto and -Host or Forwarded are trusted, such as 10.0.0.0/8 [default: none]
    #[arg(long, value_name = "CIDR", env = "DRIFTBELT_TRUSTED_PROXY", value_delimiter = ',', value_parser = parse_network)]
    pub trusted_proxy: Vec<IpNet>,
    /// File with the token that opens /api/admin [default: administration is off]
    #[arg(long, value_name = "FILE", env = "DRIFTBELT_ADMIN_TOKEN_FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// The token itself; better as a variable, because other users can read a command line
    #[arg(long, value_name = "TOKEN", env = "DRIFTBELT_ADMIN_TOKEN", hide_env_values = true)]
    pub admin_token: Option<String>,
    /// Directory for recordings
    #[arg(long, value_name = "DIR", env = "DRIFTBELT_RECORDINGS", default_value = "recordings")]
    pub recordings: PathBuf,
    /// Record nothing
    #[arg(long, env = "DRIFTBELT_NO_RECORD", value_parser = BoolishValueParser::new())]
    pub no_record: bool,
    /// Record what players write, too
    #[arg(long, env = "DRIFTBELT_RECORD_CHAT", value_parser = BoolishValueParser::new())]
    pub record_chat: bool,
    /// Which matches may be watched as they go on, and whose recordings be fetched, where a mode or the console says nothing
    #[arg(long, value_enum, value_name = "WHOSE", env = "DRIFTBELT_WATCH", default_value_t = Watch::Public)]
    pub watch: Watch,
    /// How far behind a match those who watch it are, and how long after its end its recording is shown
    #[arg(long, value_name = "SECONDS", env = "DRIFTBELT_WATCH_DELAY_SECONDS",
          default_value_t = DEFAULT_WATCH_DELAY_SECONDS, value_parser = clap::value_parser!(u32).range(..=i64::from(WATCH_DELAY_LIMIT_SECONDS)))]
    pub watch_delay_seconds: u32,
    /// Keep clips for links to them in this directory [default: keep none]
    #[arg(long, value_name = "DIR", env = "DRIFTBELT_CLIPS")]
    pub clips: Option<PathBuf>,
    /// Delete the oldest clips beyond this total size
    #[arg(long, value_name = "MIB", env = "DRIFTBELT_CLIPS_LIMIT_MIB", default_value_t = 1024,
          value_parser = clap::value_parser!(u64).range(1..=1_048_576_000))]
    pub clips_limit_mib: u64,
    /// Delete the oldest clips beyond this number
    #[arg(long, value_name = "N", env = "DRIFTBELT_CLIPS_LIMIT_FILES", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub clips_limit_files: u32,
    /// Delete clips of this many days ago [default: keep them]
    #[arg(long, value_name = "DAYS", env = "DRIFTBELT_CLIPS_LIMIT_DAYS")]
    pub clips_limit_days: Option<u32>,
    /// Most clips kept for one address in an hour
    #[arg(long, value_name = "N", env = "DRIFTBELT_CLIPS_PER_ADDRESS_LIMIT", default_value_t = 20)]
    pub clips_per_address_limit: u32,
    /// Longest wait of players for a stalled disk; then they are sent what it has not stored yet
    #[arg(long, value_name = "MS", env = "DRIFTBELT_RECORDING_WAIT_LIMIT_MS", default_value_t = 500,
          value_parser = clap::value_parser!(u32).range(..=60_000))]
    pub recording_wait_limit_ms: u32,
    /// A longer recording continues in a new file
    #[arg(long, value_name = "MIB", env = "DRIFTBELT_RECORDING_LIMIT_MIB", default_value_t = 1024,
          value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub recording_limit_mib: u64,
    /// Delete the oldest recordings beyond this total size [default: keep all]
    #[arg(long, value_name = "MIB", env = "DRIFTBELT_RECORDINGS_LIMIT_MIB",
          value_parser = clap::value_parser!(u64).range(1..=1_048_576_000))]
    pub recordings_limit_mib: Option<u64>,
    /// Delete recordings that were last written this many days ago [default: keep all]
    #[arg(long, value_name = "DAYS", env = "DRIFTBELT_RECORDINGS_LIMIT_DAYS")]
    pub recordings_limit_days: Option<u32>,
    /// Delete the oldest recordings beyond this number [default: keep all]
    #[arg(long, value_name = "N", env = "DRIFTBELT_RECORDINGS_LIMIT_FILES")]
    pub recordings_limit_files: Option<u32>,
    /// Mode: the name of a file in assets/modes
    #[arg(long, value_name = "NAME", env = "DRIFTBELT_MODE", default_value = "belt")]
    pub mode: String,
    /// Drones and people together are kept at this number [default: the mode's]
    #[arg(long, value_name = "N", env = "DRIFTBELT_DRONES", value_parser = clap::value_parser!(u16).range(..=10_000))]
    pub drones: Option<u16>,
    /// Seed of the random numbers [default: random for every room]
    #[arg(long, value_name = "N", env = "DRIFTBELT_SEED")]
    pub seed: Option<u64>,
    /// Ticks per second
    #[arg(long, value_name = "HZ", env = "DRIFTBELT_TICK_RATE", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(tick_rates()))]
    pub tick_rate: u16,
    /// Read rules, modes and arenas from this directory instead of the binary
    #[arg(long, value_name = "DIR", env = "DRIFTBELT_ASSETS")]
    pub assets: Option<PathBuf>,
    /// How long the seat of a player who lost the connection is kept; the ship drifts
    #[arg(long, value_name = "SECONDS", env = "DRIFTBELT_SEAT_GRACE_SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub seat_grace_seconds: u32,
    /// How long the seats of rooms that continue after a restart wait for their players; 0 ends matches when the server stops
    #[arg(long, value_name = "SECONDS", env = "DRIFTBELT_KEEP_ROOMS_SECONDS", default_value_t = DEFAULT_KEEP_ROOMS_SECONDS,
          value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub keep_rooms_seconds: u32,
    /// How long the address of a player who was kicked gets no new seat in that room
    #[arg(long, value_name = "SECONDS", env = "DRIFTBELT_KICK_COOLDOWN_SECONDS",
          default_value_t = DEFAULT_KICK_COOLDOWN_SECONDS, value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub kick_cooldown_seconds: u32,
    /// Most bytes of entities that a player is sent per second; in a crowd, far and still ones are then sent less often
    #[arg(long, value_name = "BYTES", env = "DRIFTBELT_VIEWER_BYTES_PER_SECOND",
          default_value_t = DEFAULT_VIEWER_BYTES_PER_SECOND, value_parser = clap::value_parser!(u32).range(1024..=1_048_576))]
    pub viewer_bytes_per_second: u32,
    /// Most rooms
    #[arg(long, value_name = "N", env = "DRIFTBELT_ROOMS_LIMIT", default_value_t = 64)]
    pub rooms_limit: usize,
    /// Most connections; fewer if the machine allows fewer open files
    #[arg(long, value_name = "N", env = "DRIFTBELT_CONNECTIONS_LIMIT", default_value_t = 20_000,
          value_parser = at_least_one)]
    pub connections_limit: usize,
    /// Most connections from one address that is not this machine's
    #[arg(long, value_name = "N", env = "DRIFTBELT_CONNECTIONS_PER_ADDRESS_LIMIT", default_value_t = 256,
          value_parser = at_least_one)]
    pub connections_per_address_limit: usize,
    /// Most downloads of recordings at a time from one address
    #[arg(long, value_name = "N", env = "DRIFTBELT_DOWNLOADS_PER_ADDRESS_LIMIT", default_value_t = 8,
          value_parser = at_least_one)]
    pub downloads_per_address_limit: usize,
    /// Most players from one such address, those who lost the connection included
    #[arg(long, value_name = "N", env = "DRIFTBELT_SEATS_PER_ADDRESS_LIMIT", default_value_t = 128,
          value_parser = at_least_one)]
    pub seats_per_address_limit: usize,
    /// Most seats kept at a time for players of one such address who lost the connection
    #[arg(long, value_name = "N", env = "DRIFTBELT_KEPT_SEATS_PER_ADDRESS_LIMIT", default_value_t = 16)]
    pub kept_seats_per_address_limit: usize,
    /// Most rooms opened at a time by players of one such address
    #[arg(long, value_name = "N", env = "DRIFTBELT_ROOMS_PER_ADDRESS_LIMIT", default_value_t = 4,
          value_parser = at_least_one)]
    pub rooms_per_address_limit: usize,
    /// Most chat lines per minute in a room from one address, after a burst
    #[arg(long, value_name = "N", env = "DRIFTBELT_CHAT_LINES_PER_ADDRESS_LIMIT", default_value_t = 120,
          value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub chat_lines_per_address_limit: u32,
    /// Most notices per minute in a room of players from one address who join and leave, after a burst
    #[arg(long, value_name = "N", env = "DRIFTBELT_NOTICES_PER_ADDRESS_LIMIT", default_value_t = 30,
          value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub notices_per_address_limit: u32,
    /// How the server joins a fleet.
    #[command(flatten)]
    pub fleet: FleetArgs,
    /// Form of the log on standard error
    #[arg(long, value_enum, ignore_case = true, value_name = "FORM", env = "DRIFTBELT_LOG", default_value_t = LogForm::Human)]
    pub log: LogForm,
    /// What is logged: error, warn, info, debug, trace, or a filter such as info,game_server::net=debug
    #[arg(long, value_name = "FILTER", env = "DRIFTBELT_LOG_LEVEL", default_value = "info", value_parser = parse_log_level)]
    pub log_level: String,
    /// Show addresses of players in the log
    #[arg(long, env = "DRIFTBELT_LOG_ADDRESSES", value_parser = BoolishValueParser::new())]
    pub log_addresses: bool,
}

/// Options about the port, which those who look for the server need too.
#[derive(Clone, Debug, Args)]
pub struct ListenOptions {
    /// Address to listen on [default: all; with --no-tls 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", env = "DRIFTBELT_HOST", value_parser = parse_host)]
    pub host: Option<IpAddr>,
    /// Port of the page, the sockets and the API; 0 takes any free one
    #[arg(long, value_name = "PORT", env = "DRIFTBELT_PORT", default_value_t = 8443)]
    pub port: u16,
    /// Serve plain HTTP; on a loopback address, or on any to the proxies of --trusted-proxy
    #[arg(long, env = "DRIFTBELT_NO_TLS", value_parser = BoolishValueParser::new())]
    pub no_tls: bool,
    /// File with options
    #[arg(long, value_name = "FILE", env = "DRIFTBELT_CONFIG")]
    pub config: Option<PathBuf>,
}

/// Options of `health`.
#[derive(Clone, Debug, Args)]
pub struct HealthOptions {
    /// What to ask, such as https://play.example.org [default: a server of these options on this machine]
    #[arg(long, value_name = "URL")]
    pub url: Option<Uri>,
    /// Where the server listens: the variables and the file of `serve` count.
    #[command(flatten)]
    pub listen: ListenOptions,
}

/// Options of `serve` about certificates by ACME.
#[derive(Clone, Debug, Args)]
pub struct AcmeOptions {
    /// Obtain and renew a certificate for this domain by ACME; its port 443 must reach this server
    #[arg(long, value_name = "NAME", env = "DRIFTBELT_ACME_DOMAIN", value_delimiter = ',', value_parser = parse_domain)]
    pub acme_domain: Vec<String>,
    /// Address for messages of the authority about the account [default: none]
    #[arg(long, value_name = "EMAIL", env = "DRIFTBELT_ACME_CONTACT", value_parser = parse_contact)]
    pub acme_contact: Option<String>,
    /// Directory URL of the authority; the default is Let's Encrypt
    #[arg(long, value_name = "URL", env = "DRIFTBELT_ACME_DIRECTORY", value_parser = parse_directory,
          default_value = LETS_ENCRYPT_PRODUCTION_DIRECTORY)]
    pub acme_directory: String,
    /// Root certificates of a private authority (PEM) [default: those that browsers trust]
    #[arg(long, value_name = "FILE", env = "DRIFTBELT_ACME_CA")]
    pub acme_ca: Option<PathBuf>,
}

/// Options of `serve` about fleets.
#[derive(Clone, Debug, Args)]
pub struct FleetArgs {
    /// NATS servers of the fleet that this server joins, such as nats://a:4222,nats://b:4222 [default: it stands alone]
    #[arg(long, value_name = "URL", env = "DRIFTBELT_FLEET", value_delimiter = ',')]
    pub fleet: Vec<String>,
    /// This server's name in the fleet, which no other has
    #[arg(long, value_name = "NAME", env = "DRIFTBELT_FLEET_NAME", value_parser = parse_node_name)]
    pub fleet_name: Option<String>,
    /// Where players find this server, which no other answers, such as https://n2.play.example.org
    /// [default: that of --public-url]
    #[arg(long, value_name = "URL", env = "DRIFTBELT_FLEET_URL")]
    pub fleet_url: Option<PublicUrl>,
    /// What rooms do while the fleet does not answer: stand still, or go on and be lost if this machine is
    #[arg(long, value_enum, value_name = "WHAT", env = "DRIFTBELT_FLEET_OUTAGE", default_value_t = Outage::Pause)]
    pub fleet_outage: Outage,
}

/// Options of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayOptions {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Port of the page on this machine; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
}

/// Options of `clip`.
#[derive(Clone, Debug, Args)]
pub struct ClipOptions {
    /// The recording.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the clip begins, counted from the recording's start, such as 12:30
    #[arg(long, value_name = "TIME", value_parser = parse_playing_time)]
    pub from: Duration,
    /// Where it ends, such as 13:05
    #[arg(long, value_name = "TIME", value_parser = parse_playing_time)]
    pub to: Duration,
    /// The clip's file, which must not exist yet
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

fn parse_host(text: &str) -> Result<IpAddr, String> {
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let number = text.trim_start_matches('[').trim_end_matches(']');
    number.parse().map_err(|_| "must be an IP address of this machine, such as 0.0.0.0, or localhost".into())
}

/// As in a Content-Security-Policy.
fn parse_frame_ancestor(text: &str) -> Result<String, String> {
    match text.trim().trim_matches('\'').to_ascii_lowercase().as_str() {
        "*" => Ok("*".into()),
        word @ ("self" | "none") => Ok(format!("'{word}'")),
        origin => origin.parse().map(|origin: Origin| origin.to_string()),
    }
}

fn parse_domain(text: &str) -> Result<String, String> {
    match ServerName::try_from(text) {
        Ok(ServerName::DnsName(name)) if !text.ends_with('.') => Ok(name.as_ref().to_ascii_lowercase()),
        _ => Err("must be a DNS name such as play.example.org, without scheme, port or path".into()),
    }
}

/// As a part of a subject of NATS.
fn parse_node_name(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let fits = (1..=NODE_NAME_LIMIT_BYTES).contains(&text.len()) && text.chars().all(is_plain);
    let reason = || format!("must be 1 to {NODE_NAME_LIMIT_BYTES} letters, digits and -");
    fits.then(|| text.to_owned()).ok_or_else(reason)
}

fn parse_contact(text: &str) -> Result<String, String> {
    let parts = text.split_once('@');
    let fits = parts.is_some_and(|(who, host)| !who.is_empty() && !host.is_empty()) && !text.contains(':');
    fits.then(|| text.to_owned()).ok_or_else(|| "must be an address for mail such as you@example.org".into())
}

fn parse_directory(text: &str) -> Result<String, String> {
    let uri = text.parse::<Uri>().ok();
    let fits = uri.is_some_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some());
    fits.then(|| text.to_owned()).ok_or_else(|| "must be a URL that begins with https://".into())
}

/// A word that is no level would name a module, and hide the lines of all others.
fn parse_log_level(text: &str) -> Result<String, String> {
    let is_sound = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    match text.parse::<EnvFilter>() {
        Ok(_) if text.split(',').all(is_sound) => Ok(text.into()),
        _ => Err(
            "must be error, warn, info, debug, trace, off, or a filter such as info,game_server::net=debug"
                .into(),
        ),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("must be a whole number from 1".into()),
        Ok(number) => Ok(number),
    }
}

fn tick_rates() -> std::ops::RangeInclusive<i64> {
    let (low, high) = TICK_RATE_RANGE_HZ;
    low.into()..=high.into()
}
