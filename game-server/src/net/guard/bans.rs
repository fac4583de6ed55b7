//! Banned addresses and when their bans end, kept in a file that a person can edit, so that a restart lifts no ban.

use crate::files;
use crate::net::guard::addresses::network_of;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use toml::{Table, Value};

/// Above this number, the bans that end first are lifted.
pub const BANS_LIMIT_ADDRESSES: usize = 65_536;
/// Longer bans are shortened to this.
pub const BAN_LIMIT: Duration = Duration::from_secs(100 * 365 * 86_400);
const HEADING: &str = "# Banned addresses and when each ban ends (UTC). Read when the server starts.\n";

/// Why the file of bans cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BansError {
    #[error("{}: {error}", file.display())]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("{}: {error}", file.display())]
    Syntax { file: PathBuf, error: Box<toml::de::Error> },
    #[error("{}: `{line}` must be an address and a time in UTC: \"192.0.2.1\" = 2030-01-31T12:00:00Z", file.display())]
    Line { file: PathBuf, line: String },
    #[error("{}: {count} bans, at most {BANS_LIMIT_ADDRESSES}", file.display())]
    TooMany { file: PathBuf, count: usize },
}

#[derive(Debug, Default)]
pub struct Bans {
    until: Mutex<Until>,
    /// Locked while it is written, so that the newest list is written last.
    file: Mutex<Option<PathBuf>>,
}

/// When the ban of each network ends.
type Until = BTreeMap<IpAddr, SystemTime>;

impl Bans {
    /// The bans of a file, which is created by the first ban. A file that cannot be used is an error, since its bans would not
    /// hold.
    pub fn open(file: PathBuf) -> Result<Bans, BansError> {
        let until = match files::read_text(&file) {
            Ok(text) => parse(&file, &text)?,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Until::new()
            }
            Err(error) => return Err(BansError::Unreadable { file, error }),
        };
        Ok(Bans { until: Mutex::new(until), file: Mutex::new(Some(file)) })
    }

    /// Bans an address for a time. Waits for the disk. If the file cannot be written, the ban holds until a restart.
    pub fn ban(&self, address: IpAddr, time: Duration, now: SystemTime) -> io::Result<()> {
        let network = network_of(address);
        {
            let mut until = self.until();
            if !until.contains_key(&network)
                && until.len() >= BANS_LIMIT_ADDRESSES
                && let Some(first) = until.iter().min_by_key(|(_, until)| **until).map(|(it, _)| *it)
            {
                until.remove(&first);
            }
            until.insert(network, now + time.min(BAN_LIMIT));
        }
        self.write(now)
    }

    /// Lifts a ban; `false` if there is none. Waits for the disk. If the file cannot be written, the ban is lifted until a
    /// restart.
    pub fn pardon(&self, address: IpAddr, now: SystemTime) -> io::Result<bool> {
        let was_banned = self.until().remove(&network_of(address)).is_some();
        if was_banned {
            self.write(now)?;
        }
        Ok(was_banned)
    }

    pub fn is_banned(&self, address: IpAddr, now: SystemTime) -> bool {
        self.until().get(&network_of(address)).is_some_and(|until| now < *until)
    }

    /// Replaces the file atomically, also across a crash.
    fn write(&self, now: SystemTime) -> io::Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &*file else { return Ok(()) };
        let text = {
            let mut until = self.until();
            until.retain(|_, until| now < *until);
            written(&until)
        };
        let directory = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        files::write_whole(file, &text)?;
        // Makes the rename durable.
        files::sync_directory(directory);
        Ok(())
    }

    fn until(&self) -> MutexGuard<'_, Until> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn parse(file: &Path, text: &str) -> Result<BTreeMap<IpAddr, SystemTime>, BansError> {
    let syntax = |error| BansError::Syntax { file: file.into(), error: Box::new(error) };
    let table: Table = text.parse().map_err(syntax)?;
    if table.len() > BANS_LIMIT_ADDRESSES {
        return Err(BansError::TooMany { file: file.into(), count: table.len() });
    }
    let bans = table.iter().map(|(address, until)| {
        let line = || BansError::Line { file: file.into(), line: format!("\"{address}\" = {until}") };
        let network = network_of(address.parse().map_err(|_| line())?);
        let Value::Datetime(until) = until else { return Err(line()) };
        Ok((network, humantime::parse_rfc3339(&until.to_string()).map_err(|_| line())?))
    });
    bans.collect()
}

fn written(until: &Until) -> String {
    let lines = until
        .iter()
        .map(|(network, until)| format!("\"{network}\" = {}\n", humantime::format_rfc3339_seconds(*until)));
    std::iter::once(HEADING.to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const ONE: &str = "192.0.2.1";
    const MINUTE: Duration = Duration::from_secs(60);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_ban_ends_after_its_time_or_by_a_pardon() {
        let (bans, now) = (Bans::default(), SystemTime::now());
        bans.ban(ip(ONE), MINUTE, now).unwrap();
        assert!(bans.is_banned(ip("::ffff:192.0.2.1"), now));
        assert!(!bans.is_banned(ip("192.0.2.2"), now));
        assert!(!bans.is_banned(ip(ONE), now + 2 * MINUTE));
        bans.ban(ip("2001:db8:1:2::3"), Duration::MAX, now).unwrap();
        assert!(bans.is_banned(ip("2001:db8:1:2:ffff::9"), now + BAN_LIMIT / 2), "its household");
        assert!(bans.pardon(ip("2001:db8:1:2::3"), now).unwrap());
        assert!(!bans.is_banned(ip("2001:db8:1:2::3"), now));
        assert!(!bans.pardon(ip("2001:db8:1:2::3"), now).unwrap());
    }

    #[test]
    fn bans_and_pardons_survive_a_restart() {
        let (home, now) = (TempDir::new().unwrap(), SystemTime::now());
        let file = home.path().join("not/there/bans.toml");
        let open = || Bans::open(file.clone()).unwrap();
        let bans = open();
        bans.ban(ip(ONE), MINUTE, now).unwrap();
        bans.ban(ip("2001:db8:1:2::3"), Duration::MAX, now).unwrap();
        assert!(open().is_banned(ip(ONE), now));
        assert!(open().is_banned(ip("2001:db8:1:2::4"), now + BAN_LIMIT / 2));
        assert!(!open().is_banned(ip(ONE), now + 2 * MINUTE));
        open().pardon(ip(ONE), now).unwrap();
        assert!(!open().is_banned(ip(ONE), now));
        let left = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "nothing but the file itself");
    }

    #[test]
    fn above_the_limit_the_bans_that_end_first_are_lifted() {
        let (bans, now) = (Bans::default(), SystemTime::now());
        let address = |number: usize| IpAddr::V4((0x0a00_0000 + number as u32).into());
        for number in 0..=BANS_LIMIT_ADDRESSES {
            // The second ban ends first.
            let time = if number == 1 { MINUTE } else { 2 * MINUTE };
            bans.ban(address(number), time, now).unwrap();
        }
        assert_eq!(bans.until().len(), BANS_LIMIT_ADDRESSES);
        let let_in: Vec<usize> =
            (0..=BANS_LIMIT_ADDRESSES).filter(|number| !bans.is_banned(address(*number), now)).collect();
        assert_eq!(let_in, [1]);
    }

    #[test]
    fn a_malformed_file_is_refused() {
        let refused = |text: &str| parse(Path::new("bans.toml"), text).unwrap_err().to_string();
        assert!(refused("192.0.2.1 = ").starts_with("bans.toml: TOML parse error at line 1"));
        for line in
            ["\"here\" = 2030-01-31T12:00:00Z", "\"192.0.2.1\" = \"soon\"", "\"192.0.2.1\" = 2030-01-31"]
        {
            assert!(refused(line).starts_with(&format!("bans.toml: `{line}` must be an address")), "{line}");
        }
        let line = |number: u32| format!("\"{}\" = 2030-01-31T12:00:00Z\n", std::net::Ipv4Addr::from(number));
        let many: String = (0..=BANS_LIMIT_ADDRESSES as u32).map(line).collect();
        assert_eq!(refused(&many), "bans.toml: 65537 bans, at most 65536");
        assert_eq!(parse(Path::new("bans.toml"), HEADING).unwrap().len(), 0);
    }
}
