//! Banned networks, why, by whom and until when, kept in a file that a person can edit, so that a restart lifts no ban.
//!
//! No ban shuts out the host: networks of this machine, of a trusted proxy and of the administrator who asks are refused, and
//! ignored if the file has them.

use crate::files::{self, rfc3339};
use crate::net::guard::addresses::{NETWORK_BITS, network_of, parse_network};
use crate::net::guard::proxies::Proxies;
use ipnet::{IpNet, Ipv6Net};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use toml::value::Datetime;
use toml::{Table, Value};

/// Above this number, the bans that end first are lifted.
pub const BANS_LIMIT_NETWORKS: usize = 65_536;
/// Longest ban: 100 years.
pub const BAN_LIMIT_SECONDS: u64 = 100 * 365 * 86_400;
/// Longest text of why a network is banned.
pub const REASON_LIMIT_BYTES: usize = 256;
/// Longest name of who has banned it.
pub const AUTHOR_LIMIT_BYTES: usize = 64;
/// Networks with fewer bits in common are not banned: they are providers, not people.
pub const V4_BITS_FLOOR: u8 = 16;
pub const V6_BITS_FLOOR: u8 = 32;
const HEADING: &str = "# Banned networks and when each ban ends (UTC). Read when the server starts.\n";

/// Why the file of bans cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BansError {
    #[error("{}: {error}", file.display())]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("{}: {error}", file.display())]
    Syntax { file: PathBuf, error: Box<toml::de::Error> },
    #[error(
        "{}: `{line}` must be an address or network and a time in UTC: \"192.0.2.1\" = 2030-01-31T12:00:00Z, or \
         \"192.0.2.0/24\" = {{ until = 2030-01-31T12:00:00Z, reason = \"…\", author = \"…\" }}",
        file.display()
    )]
    Line { file: PathBuf, line: String },
    #[error("{}: {count} bans, at most {BANS_LIMIT_NETWORKS}", file.display())]
    TooMany { file: PathBuf, count: usize },
}

/// Why a network is not banned, and what to do instead.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Protected {
    #[error(
        "{banned} is not banned: it has {own}, an address of this machine, from which the server must stay reachable; kick or \
         mute the player"
    )]
    Machine { banned: IpNet, own: IpNet },
    #[error(
        "{banned} is not banned: it has addresses of the trusted proxy {proxy}, and everybody behind it would be shut out; \
         kick or mute the player, or narrow --trusted-proxy to the proxy's own address"
    )]
    Proxy { banned: IpNet, proxy: IpNet },
    #[error(
        "{banned} is not banned: it has {own}, from where you ask, and you would be shut out; kick or mute the player, or \
         ban it from another network"
    )]
    Administrator { banned: IpNet, own: IpAddr },
    #[error(
        "{banned} is not banned: it is too large; at most a /{V4_BITS_FLOOR} of IPv4 and a /{V6_BITS_FLOOR} of IPv6 can be \
         banned at once"
    )]
    TooLarge { banned: IpNet },
}

/// Why something is not a ban.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBan {
    #[error("`seconds` must be 1 to {BAN_LIMIT_SECONDS}")]
    Seconds,
    #[error("the reason may have {REASON_LIMIT_BYTES} bytes")]
    Reason,
    #[error("the author may have {AUTHOR_LIMIT_BYTES} bytes")]
    Author,
}

/// The ban of one network.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    #[serde(deserialize_with = "read_time")]
    pub until: SystemTime,
    /// Older files do not say it.
    #[serde(default, deserialize_with = "read_some_time")]
    pub since: Option<SystemTime>,
    pub reason: Option<String>,
    pub author: Option<String>,
}

/// A network that can be banned without harm to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bannable(IpNet);

impl Bannable {
    pub fn network(self) -> IpNet {
        self.0
    }
}

#[derive(Debug, Default)]
pub struct Bans {
    list: Mutex<List>,
    /// Locked while it is written, so that the newest list is written last.
    file: Mutex<Option<PathBuf>>,
    proxies: Proxies,
}

#[derive(Debug, Default)]
struct List {
    bans: BTreeMap<IpNet, Ban>,
    /// The lengths of their prefixes: an address is looked up with each.
    prefixes: BTreeSet<u8>,
}

impl Ban {
    /// Whole seconds until it ends, at least one.
    pub fn seconds_left(&self, now: SystemTime) -> u64 {
        self.until.duration_since(now).map_or(1, |left| left.as_secs().max(1))
    }

    /// A ban from now on.
    pub fn new(
        seconds: u64,
        reason: Option<String>,
        author: Option<String>,
        now: SystemTime,
    ) -> Result<Ban, BadBan> {
        let is_longer = |text: &Option<String>, limit| text.as_ref().is_some_and(|text| text.len() > limit);
        if !(1..=BAN_LIMIT_SECONDS).contains(&seconds) {
            return Err(BadBan::Seconds);
        }
        if is_longer(&reason, REASON_LIMIT_BYTES) {
            return Err(BadBan::Reason);
        }
        if is_longer(&author, AUTHOR_LIMIT_BYTES) {
            return Err(BadBan::Author);
        }
        Ok(Ban { until: now + Duration::from_secs(seconds), since: Some(now), reason, author })
    }
}

impl Bans {
    /// The bans of a file, which is created by the first ban. A file that cannot be used is an error, since its bans would not
    /// hold.
    pub fn open(file: PathBuf, proxies: Proxies) -> Result<Bans, BansError> {
        let mut bans = match files::read_text(&file) {
            Ok(text) => parse(&file, &text)?,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                BTreeMap::new()
            }
            Err(error) => return Err(BansError::Unreadable { file, error }),
        };
        bans.retain(|network, _| is_bannable(*network, &proxies));
        let mut list = List::default();
        list.change(|all| *all = bans);
        Ok(Bans { list: Mutex::new(list), file: Mutex::new(Some(file)), proxies })
    }

    /// The network that is banned with this one, unless the host or the administrator would be shut out.
    pub fn bannable(&self, network: IpNet, administrator: Option<IpAddr>) -> Result<Bannable, Protected> {
        bannable(network, &self.proxies, administrator)
    }

    /// Bans a network. Waits for the disk. If the file cannot be written, the ban holds until a restart.
    pub fn ban(&self, Bannable(network): Bannable, ban: Ban, now: SystemTime) -> io::Result<()> {
        self.list().change(|bans| {
            if !bans.contains_key(&network)
                && bans.len() >= BANS_LIMIT_NETWORKS
                && let Some(first) = bans.iter().min_by_key(|(_, ban)| ban.until).map(|(it, _)| *it)
            {
                bans.remove(&first);
            }
            bans.insert(network, ban);
        });
        self.write(now)
    }

    /// Lifts a ban; `false` if there is none. Waits for the disk. If the file cannot be written, the ban is lifted until a
    /// restart.
    pub fn pardon(&self, network: IpNet, now: SystemTime) -> io::Result<bool> {
        let network = household(network);
        let was_banned = self.list().change(|bans| bans.remove(&network).is_some());
        if was_banned {
            self.write(now)?;
        }
        Ok(was_banned)
    }

    /// Takes other bans in place of all, but those that would shut out the host. Waits for the disk. If the file cannot be
    /// written, they hold until a restart.
    pub fn replace(&self, bans: Vec<(IpNet, Ban)>, now: SystemTime) -> io::Result<()> {
        let bans = bans.into_iter().map(|(network, ban)| (household(network), ban));
        let bans = bans.filter(|(network, _)| is_bannable(*network, &self.proxies));
        let bans: BTreeMap<_, _> = bans.take(BANS_LIMIT_NETWORKS).collect();
        self.list().change(|all| *all = bans);
        self.write(now)
    }

    /// The bans in force.
    pub fn all(&self, now: SystemTime) -> Vec<(IpNet, Ban)> {
        let list = self.list();
        let bans = list.bans.iter().filter(|(_, ban)| now < ban.until);
        bans.map(|(network, ban)| (*network, ban.clone())).collect()
    }

    pub fn is_banned(&self, address: IpAddr, now: SystemTime) -> bool {
        self.banned_within(address, now).is_some()
    }

    /// The banned network that an address is in.
    pub fn banned_within(&self, address: IpAddr, now: SystemTime) -> Option<IpNet> {
        let address = network_of(address);
        let list = self.list();
        let mut networks =
            list.prefixes.iter().filter_map(|bits| Some(IpNet::new(address, *bits).ok()?.trunc()));
        networks.find(|network| list.bans.get(network).is_some_and(|ban| now < ban.until))
    }

    /// Replaces the file atomically, also across a crash.
    fn write(&self, now: SystemTime) -> io::Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &*file else { return Ok(()) };
        let text = self.list().change(|bans| {
            bans.retain(|_, ban| now < ban.until);
            written(bans)
        });
        let directory = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        files::write_whole(file, &text)?;
        // Makes the rename durable.
        if let Err(error) = files::sync_directory(directory) {
            tracing::debug!(directory = %directory.display(), %error, "a directory cannot be synchronized");
        }
        Ok(())
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn change<T>(&mut self, change: impl FnOnce(&mut BTreeMap<IpNet, Ban>) -> T) -> T {
        let result = change(&mut self.bans);
        self.prefixes = self.bans.keys().map(IpNet::prefix_len).collect();
        result
    }
}

/// As [`bannable`]; logs why not.
fn is_bannable(network: IpNet, proxies: &Proxies) -> bool {
    let refused = bannable(network, proxies, None).err();
    if let Some(reason) = &refused {
        tracing::warn!("a ban is ignored: {reason}");
    }
    refused.is_none()
}

fn bannable(network: IpNet, proxies: &Proxies, administrator: Option<IpAddr>) -> Result<Bannable, Protected> {
    let banned = household(network);
    let overlaps = |other: &IpNet| other.contains(&banned) || banned.contains(other);
    if let Some(own) = networks_of_this_machine().into_iter().find(overlaps) {
        return Err(Protected::Machine { banned, own });
    }
    if let Some(proxy) = proxies.networks().iter().copied().find(overlaps) {
        return Err(Protected::Proxy { banned, proxy });
    }
    if let Some(own) = administrator.filter(|own| banned.contains(&network_of(*own))) {
        return Err(Protected::Administrator { banned, own });
    }
    let floor = match banned {
        IpNet::V4(_) => V4_BITS_FLOOR,
        IpNet::V6(_) => V6_BITS_FLOOR,
    };
    if banned.prefix_len() < floor {
        return Err(Protected::TooLarge { banned });
    }
    Ok(Bannable(banned))
}

/// What is banned together with a network, which may be one address.
fn household(network: IpNet) -> IpNet {
    match network {
        IpNet::V6(v6) if v6.prefix_len() > NETWORK_BITS => {
            Ipv6Net::new(v6.addr(), NETWORK_BITS).map_or(network, |network| network.trunc().into())
        }
        network => network.trunc(),
    }
}

/// Loopback, and the addresses of all interfaces as of now.
fn networks_of_this_machine() -> Vec<IpNet> {
    let loopback = [
        IpNet::new_assert(Ipv4Addr::LOCALHOST.into(), 8).trunc(),
        IpNet::from(IpAddr::from(Ipv6Addr::LOCALHOST)),
    ];
    loopback.into_iter().chain(interface_addresses().into_iter().map(IpNet::from)).collect()
}

#[cfg(unix)]
fn interface_addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let address = |interface: nix::ifaddrs::InterfaceAddress| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
    };
    interfaces.filter_map(address).collect()
}

#[cfg(not(unix))]
fn interface_addresses() -> Vec<IpAddr> {
    Vec::new()
}

pub fn parse(file: &Path, text: &str) -> Result<BTreeMap<IpNet, Ban>, BansError> {
    let syntax = |error| BansError::Syntax { file: file.into(), error: Box::new(error) };
    let table: Table = text.parse().map_err(syntax)?;
    if table.len() > BANS_LIMIT_NETWORKS {
        return Err(BansError::TooMany { file: file.into(), count: table.len() });
    }
    let bans = table.iter().map(|(network, value)| {
        let line = || BansError::Line { file: file.into(), line: format!("\"{network}\" = {value}") };
        let network = household(parse_network(network).map_err(|_| line())?);
        Ok((network, read_ban(value).ok_or_else(line)?))
    });
    bans.collect()
}

fn read_ban(value: &Value) -> Option<Ban> {
    match value {
        Value::Datetime(until) => {
            Some(Ban { until: system_time(until)?, since: None, reason: None, author: None })
        }
        value => value.clone().try_into().ok(),
    }
}

fn system_time(time: &Datetime) -> Option<SystemTime> {
    humantime::parse_rfc3339(&time.to_string()).ok()
}

fn read_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let time = Datetime::deserialize(deserializer)?;
    system_time(&time).ok_or_else(|| serde::de::Error::custom("not a time in UTC"))
}

fn read_some_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    read_time(deserializer).map(Some)
}

fn written(bans: &BTreeMap<IpNet, Ban>) -> String {
    let lines = bans.iter().map(|(network, ban)| {
        let text = |key: &str, text: &Option<String>| match text {
            Some(text) => format!(", {key} = {}", Value::from(text.as_str())),
            None => String::new(),
        };
        let since = ban.since.map_or_else(String::new, |since| format!(", since = {}", rfc3339(since)));
        let (reason, author) = (text("reason", &ban.reason), text("author", &ban.author));
        let until = rfc3339(ban.until);
        format!("\"{}\" = {{ until = {until}{since}{reason}{author} }}\n", shown(*network))
    });
    std::iter::once(HEADING.to_owned()).chain(lines).collect()
}

/// A network as a person writes it: one address without its length.
pub fn shown(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const ONE: &str = "203.0.113.1";
    const MINUTE: Duration = Duration::from_secs(60);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn network(text: &str) -> Bannable {
        Bans::default().bannable(parse_network(text).unwrap(), None).unwrap()
    }

    fn ban(seconds: u64, now: SystemTime) -> Ban {
        Ban::new(seconds, Some("flooded the \"chat\"\n".into()), Some("Eve".into()), now).unwrap()
    }

    fn open(file: &Path) -> Bans {
        Bans::open(file.into(), Proxies::default()).unwrap()
    }

    #[test]
    fn a_ban_ends_after_its_time_or_by_a_pardon() {
        let (bans, now) = (Bans::default(), SystemTime::now());
        bans.ban(network(ONE), ban(60, now), now).unwrap();
        assert!(bans.is_banned(ip("::ffff:203.0.113.1"), now));
        assert!(!bans.is_banned(ip("203.0.113.2"), now));
        assert!(!bans.is_banned(ip(ONE), now + 2 * MINUTE));
        bans.ban(network("2001:db8:1:2::3"), ban(BAN_LIMIT_SECONDS, now), now).unwrap();
        bans.ban(network("::ffff:198.51.100.9/120"), ban(60, now), now).unwrap();
        assert!(
            bans.is_banned(ip("2001:db8:1:2:ffff::9"), now + 99 * 365 * 24 * 60 * MINUTE),
            "its household"
        );
        assert_eq!(bans.banned_within(ip("198.51.100.77"), now), Some("198.51.100.0/24".parse().unwrap()));
        assert!(!bans.is_banned(ip("198.51.101.9"), now));
        for (pardoned, was_banned) in [
            ("198.51.100.9", false),
            ("198.51.100.0/24", true),
            ("2001:db8:1:2::4", true),
            ("2001:db8:1:2::3", false),
        ] {
            assert_eq!(bans.pardon(parse_network(pardoned).unwrap(), now).unwrap(), was_banned, "{pardoned}");
        }
        assert!(!bans.is_banned(ip("2001:db8:1:2::3"), now));
    }

    #[test]
    fn bans_and_pardons_survive_a_restart() {
        let (home, now) = (TempDir::new().unwrap(), SystemTime::UNIX_EPOCH + MINUTE);
        let file = home.path().join("not/there/bans.toml");
        let bans = open(&file);
        let bare = Ban { since: None, reason: None, author: None, ..ban(60, now) };
        bans.ban(network(ONE), ban(60, now), now).unwrap();
        bans.ban(network("2001:db8:1:2::3"), bare, now).unwrap();
        assert_eq!(open(&file).all(now), bans.all(now));
        assert_eq!(open(&file).all(now).len(), 2);
        assert!(!open(&file).is_banned(ip(ONE), now + 2 * MINUTE));
        open(&file).pardon(parse_network(ONE).unwrap(), now).unwrap();
        assert!(!open(&file).is_banned(ip(ONE), now));
        let left = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing but the file itself");
        let far = SystemTime::UNIX_EPOCH + 2 * files::LATEST_TIME;
        bans.ban(network(ONE), ban(60, far), far).unwrap();
        assert!(open(&file).is_banned(ip(ONE), now), "whatever the clock said");
    }

    #[test]
    fn no_ban_shuts_out_the_host() {
        let proxies = Proxies::new(vec![parse_network("10.0.0.0/24").unwrap()]);
        let home = TempDir::new().unwrap();
        let file = home.path().join("bans.toml");
        let refused = [
            ("127.0.0.1", "an address of this machine"),
            ("::1", "an address of this machine"),
            ("::ffff:127.1.2.3", "an address of this machine"),
            ("0.0.0.0/0", "an address of this machine"),
            ("::/0", "an address of this machine"),
            ("10.0.0.7", "the trusted proxy 10.0.0.0/24"),
            ("10.0.0.0/16", "the trusted proxy 10.0.0.0/24"),
            ("198.0.0.0/8", "too large"),
            ("2001:db8::/31", "too large"),
        ];
        let line = |network: &str| format!("\"{network}\" = 2030-01-31T12:00:00Z\n");
        let lines = refused.iter().map(|(network, _)| line(network));
        fs::write(&file, lines.chain([line(ONE)]).collect::<String>()).unwrap();
        let bans = Bans::open(file, proxies).unwrap();
        assert_eq!(bans.all(SystemTime::UNIX_EPOCH).len(), 1, "the others are ignored");
        for (network, reason) in refused {
            let error = bans.bannable(parse_network(network).unwrap(), None).unwrap_err().to_string();
            assert!(error.contains(reason), "{network}: {error}");
        }
        for (own, banned) in [(ONE, "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1:2:9::9")] {
            let banned = parse_network(banned).unwrap();
            assert!(matches!(bans.bannable(banned, Some(ip(own))), Err(Protected::Administrator { .. })));
            assert!(bans.bannable(banned, Some(ip("198.51.100.1"))).is_ok());
        }
        for own in interface_addresses() {
            assert!(bans.bannable(own.into(), None).is_err(), "{own}");
        }
    }

    #[test]
    fn a_ban_is_bounded() {
        let now = SystemTime::UNIX_EPOCH;
        let of = |seconds, reason: usize, author: usize| {
            Ban::new(seconds, Some("x".repeat(reason)), Some("x".repeat(author)), now).err()
        };
        assert_eq!(of(BAN_LIMIT_SECONDS, REASON_LIMIT_BYTES, AUTHOR_LIMIT_BYTES), None);
        for seconds in [0, BAN_LIMIT_SECONDS + 1, u64::MAX] {
            assert_eq!(of(seconds, 0, 0), Some(BadBan::Seconds));
        }
        assert_eq!(of(1, REASON_LIMIT_BYTES + 1, 0), Some(BadBan::Reason));
        assert_eq!(of(1, 0, AUTHOR_LIMIT_BYTES + 1), Some(BadBan::Author));
    }

    #[test]
    fn above_the_limit_the_bans_that_end_first_are_lifted() {
        let now = SystemTime::UNIX_EPOCH;
        let address = |number: usize| IpNet::from(IpAddr::V4((0xc600_0000 + number as u32).into()));
        let all = (1..=BANS_LIMIT_NETWORKS).map(|number| {
            // The second ban ends first.
            (address(number), ban(if number == 2 { 60 } else { 120 }, now))
        });
        let bans = Bans::default();
        bans.list().change(|list| *list = all.collect());
        bans.ban(Bannable(address(0)), ban(120, now), now).unwrap();
        assert_eq!(bans.list().bans.len(), BANS_LIMIT_NETWORKS);
        assert!(!bans.is_banned(address(2).addr(), now));
        assert!(bans.is_banned(address(0).addr(), now) && bans.is_banned(address(1).addr(), now));
    }

    #[test]
    fn a_malformed_file_is_refused() {
        let refused = |text: &str| parse(Path::new("bans.toml"), text).unwrap_err().to_string();
        assert!(refused("203.0.113.1 = ").starts_with("bans.toml: TOML parse error at line 1"));
        for line in [
            "\"here\" = 2030-01-31T12:00:00Z",
            "\"203.0.113.1\" = \"soon\"",
            "\"203.0.113.1\" = 2030-01-31",
            "\"203.0.113.1\" = { reason = \"no end\" }",
            "\"203.0.113.1\" = { resaon = \"a slip\", until = 2030-01-31T12:00:00Z }",
        ] {
            assert!(refused(line).starts_with(&format!("bans.toml: `{line}` must be an address")), "{line}");
        }
        let line = |number: u32| format!("\"{}\" = 2030-01-31T12:00:00Z\n", std::net::Ipv4Addr::from(number));
        let many: String = (0..=BANS_LIMIT_NETWORKS as u32).map(line).collect();
        assert_eq!(refused(&many), "bans.toml: 65537 bans, at most 65536");
        assert_eq!(parse(Path::new("bans.toml"), HEADING).unwrap().len(), 0);
    }
}
