//! Which addresses are banned, and until when. They are kept in a file that a person can read and write, so that a restart
//! lets nobody in again.

use crate::net::guard::addresses::network_of;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use toml::{Table, Value};

/// Most addresses that are banned at the same time; of more, those whose time is up first are let in again.
pub const BANS_LIMIT_ADDRESSES: usize = 65_536;
/// Longest ban: what is longer is cut to a century.
pub const BAN_LIMIT: Duration = Duration::from_secs(100 * 365 * 86_400);
/// What the file begins with.
const OPENING: &str =
    "# Addresses that this server lets nobody in from, and until when (UTC). Read when it starts.\n";

/// Why the file of bans cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BansError {
    /// It cannot be read.
    #[error("{}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not TOML.
    #[error("{}: {error}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// One of its lines bans nobody.
    #[error("{}: `{line}` must be an address and a time in UTC: \"192.0.2.1\" = 2030-01-31T12:00:00Z", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// What stands there.
        line: String,
    },
    /// More than a server keeps.
    #[error("{}: {count} bans, at most {BANS_LIMIT_ADDRESSES}", file.display())]
    TooMany {
        /// The file.
        file: PathBuf,
        /// How many there are.
        count: usize,
    },
}

/// Which addresses are banned.
#[derive(Debug, Default)]
pub struct Bans {
    until: Mutex<Until>,
    /// Held while it is written: the newest list must be the one that stays.
    file: Mutex<Option<PathBuf>>,
}

/// Networks, and until when each is banned.
type Until = BTreeMap<IpAddr, SystemTime>;

impl Bans {
    /// The bans that a file holds, and that will be kept there. There need not be one.
    ///
    /// # Errors
    /// [`BansError`] says what is wrong with the file: a host who banned somebody must know that the ban does not hold.
    pub fn open(file: PathBuf) -> Result<Bans, BansError> {
        let until = match fs::read_to_string(&file) {
            Ok(text) => parse(&file, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Until::new(),
            Err(error) => return Err(BansError::Unreadable { file, error }),
        };
        Ok(Bans { until: Mutex::new(until), file: Mutex::new(Some(file)) })
    }

    /// Bans an address for a time. Takes as long as the disk takes.
    ///
    /// # Errors
    /// If the file cannot be written: the ban holds, but not longer than this process.
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

    /// Lets a banned address in again. Says whether it was banned. Takes as long as the disk takes.
    ///
    /// # Errors
    /// If the file cannot be written: the address is let in, until this process ends.
    pub fn pardon(&self, address: IpAddr, now: SystemTime) -> io::Result<bool> {
        let was_banned = self.until().remove(&network_of(address)).is_some();
        if was_banned {
            self.write(now)?;
        }
        Ok(was_banned)
    }

    /// Whether an address is banned.
    #[must_use]
    pub fn is_banned(&self, address: IpAddr, now: SystemTime) -> bool {
        self.until().get(&network_of(address)).is_some_and(|until| now < *until)
    }

    /// Replaces the file as a whole: whoever reads it sees the old one or the new one, also after a crash.
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
        let new = file.with_extension("toml.new");
        let mut writing = File::create(&new)?;
        writing.write_all(text.as_bytes())?;
        writing.sync_all()?;
        fs::rename(&new, file)?;
        // Without this the new name may be lost with the power. Not every system opens directories.
        let _ = File::open(directory).and_then(|directory| directory.sync_all());
        Ok(())
    }

    fn until(&self) -> MutexGuard<'_, Until> {
        self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bans in a file's text.
///
/// # Errors
/// [`BansError`] names the line.
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
    std::iter::once(OPENING.to_owned()).chain(lines).collect()
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
    fn a_ban_ends_with_its_time_or_a_pardon() {
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
    fn bans_are_found_again_and_so_is_who_was_pardoned() {
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
    fn of_too_many_bans_those_that_end_first_go() {
        let (bans, now) = (Bans::default(), SystemTime::now());
        let address = |number: usize| IpAddr::V4((0x0a00_0000 + number as u32).into());
        for number in 0..=BANS_LIMIT_ADDRESSES {
            // The second is the shortest.
            let time = if number == 1 { MINUTE } else { 2 * MINUTE };
            bans.ban(address(number), time, now).unwrap();
        }
        assert_eq!(bans.until().len(), BANS_LIMIT_ADDRESSES);
        let let_in: Vec<usize> =
            (0..=BANS_LIMIT_ADDRESSES).filter(|number| !bans.is_banned(address(*number), now)).collect();
        assert_eq!(let_in, [1]);
    }

    #[test]
    fn a_file_that_bans_nobody_clearly_is_refused() {
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
        assert_eq!(parse(Path::new("bans.toml"), OPENING).unwrap().len(), 0);
    }
}
